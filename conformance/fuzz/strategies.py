"""What is drawn: PDUs of every type, octets that are nearly PDUs, segmentations, and scripts that hold them.

They are ordinary Hypothesis strategies, to be used in tests of one's own as well. Whatever they draw is bounded: a
script has up to 8 sends. Most scripts first lead the peer to a state, since most of what can be sent to one that has
just been connected to ends there. Needs the extra `dicomnet[hypothesis]`.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

if find_spec("hypothesis") is None:
    raise ImportError(
        "dicomnet.conformance.fuzz.strategies needs Hypothesis: pip install 'dicomnet[hypothesis]'"
    )

from hypothesis import strategies as st

from dicomnet.statemachine import AAssociateRQ
from dicomnet.transports import echo_request

from .. import octets as o
from .acceptance_strategies import acceptances
from .called_strategies import answering
from .pdu_strategies import (
    COMMAND,
    FIXED,
    data_pdus,
    fixed_pdus,
    near_valid,
    pdus,
    raw_octets,
    segmentations,
)
from .repertoire import Repertoire
from .request_strategies import requests
from .script import Act, Say, Script

__all__ = [
    "acceptances",
    "data_pdus",
    "fixed_pdus",
    "near_valid",
    "pdus",
    "raw_octets",
    "requests",
    "scripts",
    "segmentations",
]

# --- scripts ----------------------------------------------------------------------------------------------


APPROACHES: Final[dict[str, tuple[Act, ...]]] = {
    "Sta6": (Say(o.RQ), "await"),
    "Sta2": (),
    "Sta3": (Say(o.RQ),),
    "Sta8": (Say(o.RQ), "await", Say(o.RELEASE_RQ)),
    "Sta13, released": (Say(o.RQ), "await", Say(o.RELEASE_RQ), "await"),
    "Sta13, aborted": (Say(o.RQ), "await", Say(o.RQ)),
    "Sta13, rejected": (Say(o.RQ_BAD_VERSION), "await"),
    "in a message": (Say(o.RQ), "await", Say(o.pdu(4, o.raw_pdv(1, COMMAND, o.echo_command()[:30])))),
    "after data": (Say(o.RQ), "await", Say(o.ECHO), "await"),
}
PROBE: Final[tuple[Act, ...]] = (Say(o.ECHO), "listen")
TAILS: Final[tuple[tuple[Act, ...], ...]] = (
    (*PROBE, Say(o.ABORT_USER), "await"),
    (*PROBE, Say(o.RELEASE_RQ), "listen"),
    (Say(o.ECHO), "await", Say(o.AC), "listen"),
    (Say(o.ABORT_USER), "listen"),
    (Say(o.RELEASE_RQ), "await", Say(o.ECHO), "listen", Say(o.RQ), "listen"),
    (Say(o.ECHO[:40]), "half-close", "listen"),
    ("listen",),
    ("half-close", "listen"),
    ("close",),
    ("reset",),
)


@st.composite
def _requested(draw: st.DrawFn) -> list[Act]:
    """A request of any kind, and what is said on the contexts that it proposes."""
    acts: list[Act] = [Say(draw(requests()), draw(segmentations())), "await"]
    for number in draw(st.sampled_from(((1,), (3,), (), (1, 1), (1, 3)))):
        acts += [Say(o.echo(number, draw(st.sampled_from((o.MESSAGE_ID, 0x1234))))), "await"]
    return acts


ACCEPTOR: Final = Repertoire(
    approaches=APPROACHES,
    # What can be said in an association is the most.
    weights=("Sta6",) * 5 + ("Sta2",) * 3 + ("in a message",) + tuple(APPROACHES),
    kinds={
        "known": st.sampled_from((*FIXED, o.RQ, o.ECHO, o.UNKNOWN_TYPE)),
        "data": data_pdus(),
        "nearly": near_valid(),
        "fixed": fixed_pdus(),
        "request": requests(),
        "raw": raw_octets(12),
    },
    often=("known",) * 5 + ("data",) * 4 + ("nearly",) * 5 + ("fixed", "request", "raw"),
    before=(o.ECHO, o.RELEASE_RQ, o.RQ),
    opened=_requested(),
    tails=TAILS,
)


def scripts(role: str = "acceptor", request: AAssociateRQ | None = None) -> st.SearchStrategy[Script]:
    """Scripts for a peer of this role.

    A requestor is answered: `request` is what it sends (the reference requestor's where it is not given). Raises
    `ValueError` for another role.
    """
    if role == "acceptor":
        return ACCEPTOR.scripts()
    if role != "requestor":
        raise ValueError(f"there are no scripts for a peer that is {role}")
    return answering(request or echo_request("ANY-SCP", "ANY-SCU")).scripts()
