"""A zoo of acceptors, and one of requestors: sound ones that conform, and many with one fault each.

`ZOO` is for proving that a tester finds faults. `ZOO[name](carrier, aet="ZOO", port=0)` listens on that
carrier; its `address` tells where, its `expects` in which areas a tester ought to see the fault.
`REQUESTORS[name](carrier, address)` connects to a listener at once.
"""

from .acceptor import PlainAcceptor
from .faults_accept import FAULTS as ACCEPT_FAULTS
from .faults_connection import FAULTS as CONNECTION_FAULTS
from .faults_data import FAULTS as DATA_FAULTS
from .faults_listener import FAULTS as LISTENER_FAULTS
from .faults_request import FAULTS as REQUEST_FAULTS
from .faults_requestor import FAULTS as REQUESTOR_FAULTS
from .faults_requestor_state import FAULTS as REQUESTOR_STATE_FAULTS
from .faults_state import FAULTS as STATE_FAULTS
from .requestor import PlainRequestor, SlowRequestor

ZOO: dict[str, type[PlainAcceptor]] = {
    kind.fault: kind
    for kind in (
        *CONNECTION_FAULTS,
        *LISTENER_FAULTS,
        *STATE_FAULTS,
        *REQUEST_FAULTS,
        *ACCEPT_FAULTS,
        *DATA_FAULTS,
    )
}
"""The faulty acceptors by the name of their fault."""

REQUESTORS: dict[str, type[PlainRequestor]] = {
    kind.fault: kind for kind in (*REQUESTOR_FAULTS, *REQUESTOR_STATE_FAULTS)
}
"""The faulty requestors by the name of their fault."""

__all__ = ["REQUESTORS", "ZOO", "PlainAcceptor", "PlainRequestor", "SlowRequestor"]
