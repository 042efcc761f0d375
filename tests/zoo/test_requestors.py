"""The requestors of the zoo: the sound one does what the table says, and each of the others has one fault only."""

from __future__ import annotations

import inspect

import pytest

from dicomnet.statemachine import (
    AAbort,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRSP,
    Framer,
    PDataTF,
    Pdu,
    Violation,
    encode_command,
)
from dicomnet.transports import Address, Link, MemoryTransport, Request, TcpTransport

from . import REQUESTORS, PlainAcceptor, PlainRequestor, SlowRequestor
from . import octets as o

RESPONSE = o.pdvs((encode_command(CEchoRSP(1)), True))
STIMULI = {
    "AC": o.AC,
    "RJ": o.RJ,
    "RQ": o.RQ,
    "P-DATA": RESPONSE,
    "RELEASE-RQ": o.RELEASE,
    "RELEASE-RP": o.RELEASE_RP,
    "ABORT": o.ABORT,
    "unknown": o.HTTP,
    "invalid": o.MALFORMED,
}
ABORTED = {
    **dict.fromkeys(STIMULI, "AB2/2 END@30"),
    "ABORT": "END@0",
    "unknown": "AB2/1 END@30",
    "invalid": "AB2/6 END@30",
}
# PS3.8 2020 Table 9-10, the columns of a requestor: what leads there, what has been said by then, and what each
# stimulus is answered. Steps follow at once; the stimulus comes in the same turn as the last one. ARTIM takes thirty
# seconds, the user's patience sixty.
COLUMNS: dict[str, tuple[list[bytes], str, dict[str, str]]] = {
    "Sta5": ([b""], "RQ", {**ABORTED, "AC": "DATA AB0/0 END@90", "RJ": "END@0"}),
    "Sta6": (
        [o.AC, b""],
        "RQ DATA",
        {**ABORTED, "P-DATA": "RELEASE-RQ AB0/0 END@90", "RELEASE-RQ": "RELEASE-RP END@30"},
    ),
    "Sta7": (
        [o.AC, RESPONSE, b""],
        "RQ DATA RELEASE-RQ",
        {**ABORTED, "P-DATA": "AB0/0 END@90", "RELEASE-RQ": "RELEASE-RP AB0/0 END@90", "RELEASE-RP": "END@0"},
    ),
    "Sta8": ([o.AC, o.RELEASE], "RQ DATA", ABORTED),
    "Sta9": ([o.AC, RESPONSE, o.RELEASE], "RQ DATA RELEASE-RQ", ABORTED),
    "Sta11": (
        [o.AC, RESPONSE, o.RELEASE, b""],
        "RQ DATA RELEASE-RQ RELEASE-RP",
        {**ABORTED, "RELEASE-RP": "END@0"},
    ),
    "Sta13": (
        [o.AC, o.RELEASE, b""],
        "RQ DATA RELEASE-RP",
        {
            **dict.fromkeys(STIMULI, "END@30"),
            "RQ": "AB2/2 END@30",
            "ABORT": "END@0",
            "unknown": "AB2/1 END@30",
            "invalid": "AB2/6 END@30",
        },
    ),
}


class Listener:
    """Takes one connection, and writes down in a few words what comes on it."""

    def __init__(self, carrier: MemoryTransport) -> None:
        self._carrier = carrier
        self._framer = Framer()
        self.words: list[str] = []
        self.link: Link
        self.address = carrier.listen(Address("", 0), 1, self).address

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        self.link = request.take(self)

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""

    def on_open(self) -> None:
        """Never told to this side."""

    def on_failed(self, code: str) -> None:
        """Never told to this side."""

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        self.words += [_word(pdu) for pdu, _ in self._framer.feed(octets)]

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self.words.append(f"END@{self._carrier.now():.0f}")

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self.words.append("RESET")


def _word(pdu: Pdu | Violation) -> str:
    match pdu:
        case AAbort():
            return f"AB{pdu.source}/{pdu.reason}"
        case AAssociateRQ():
            return "RQ"
        case PDataTF():
            return "DATA"
        case AReleaseRQ():
            return "RELEASE-RQ"
        case AReleaseRP():
            return "RELEASE-RP"
        case _:
            return "BAD"


def play(steps: list[bytes], kind: type[PlainRequestor] = PlainRequestor) -> str:
    """What the requestor says to these octets."""
    carrier = MemoryTransport()
    here = Listener(carrier)
    kind(carrier, here.address)
    carrier.run(lambda: False, 0.0)
    for octets in steps:
        here.link.send(octets)
        carrier.run(lambda: False, 0.0)
    carrier.run(lambda: False, 200.0)
    return " ".join(here.words)


@pytest.mark.parametrize(("state", "stimulus"), [(state, each) for state in COLUMNS for each in STIMULI])
def test_the_plain_requestor_does_what_the_table_says(state: str, stimulus: str) -> None:
    steps, before, answers = COLUMNS[state]
    script = [*steps[:-1], steps[-1] + STIMULI[stimulus]]
    assert play(script) == f"{before} {answers[stimulus]}"


@pytest.mark.parametrize("kind", [PlainRequestor, SlowRequestor])
@pytest.mark.parametrize("carrier", [MemoryTransport, TcpTransport])
def test_the_sound_ones_have_an_echo_on_any_carrier(
    carrier: type[MemoryTransport | TcpTransport], kind: type[PlainRequestor]
) -> None:
    there = carrier()
    acceptor = PlainAcceptor(there)
    try:
        requestor = kind(there, acceptor.address)
        assert there.run(lambda: requestor.state == "Sta1", 10.0)
        assert requestor.answered
        assert there.run(lambda: not acceptor.connections, 5.0)
    finally:
        there.end()


@pytest.mark.parametrize("name", sorted(REQUESTORS))
def test_each_fault_says_what_it_is(name: str) -> None:
    kind = REQUESTORS[name]
    assert kind.fault == name
    assert bool(kind.expects) is not bool(kind.by_hand)
    assert "PS3." in (inspect.getdoc(kind) or "")
