"""What was sent and seen on one connection: a timeline of octets and decoded PDUs, bounded in size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from dicomnet.statemachine import (
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    PDataTF,
    Pdu,
    PresentationContextAC,
    Violation,
    decode_command,
    describe_abort,
    describe_context_result,
    describe_reject,
)

MAX_ENTRIES: Final = 400
FIRST_OCTETS: Final = 16
MAX_OCTETS_SHOWN: Final = 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: seconds since the case began, who, what, and the octets (cut).

    `connection` names the connection, where a case has several.
    """

    seconds: float
    who: str
    what: str
    octets: bytes = b""
    total: int = 0
    connection: str = ""

    @property
    def told(self) -> str:
        """What happened, and on which connection."""
        return f"[{self.connection}] {self.what}" if self.connection else self.what


@dataclass(slots=True)
class Evidence:
    """The timeline of one case, what the tester sent, and the PDUs of the target: decoded, and as octets.

    Several connections may write into one timeline: `connection` is this one's name in it, `since` its beginning.
    """

    entries: list[Entry] = field(default_factory=list[Entry])
    sent: list[bytes] = field(default_factory=list[bytes])
    received: list[Pdu | Violation] = field(default_factory=list[Pdu | Violation])
    octets: list[bytes] = field(default_factory=list[bytes])
    dropped: int = 0
    first: bytes = b""
    connection: str = ""
    since: float = 0.0

    def began(self, octets: bytes) -> None:
        """The first octets of the target tell what it speaks, whatever the framer makes of them."""
        self.first = self.first or octets[:FIRST_OCTETS]

    def add(self, seconds: float, who: str, what: str, octets: bytes = b"") -> None:
        """Note something; past `MAX_ENTRIES` it is only counted."""
        if len(self.entries) >= MAX_ENTRIES:
            self.dropped += 1
            return
        shown = bytes(octets[:MAX_OCTETS_SHOWN])
        self.entries.append(Entry(self.since + seconds, who, what, shown, len(octets), self.connection))

    def settle(self) -> None:
        """The verdict is known: keep only the timeline, which is bounded, so that many cases cannot fill memory."""
        for what in (self.sent, self.received, self.octets):
            what.clear()

    def accepted(self) -> AAssociateAC | None:
        """The first A-ASSOCIATE-AC that was received."""
        return next((pdu for pdu in self.received if isinstance(pdu, AAssociateAC)), None)

    def context(self, number: int) -> PresentationContextAC | None:
        """The first answer to a presentation context."""
        accepted = self.accepted()
        answers = () if accepted is None else accepted.presentation_contexts
        return next((context for context in answers if context.id == number), None)

    def data(self) -> list[PDataTF]:
        """The P-DATA-TF PDUs that were received."""
        return [pdu for pdu in self.received if isinstance(pdu, PDataTF)]


def describe(pdu: Pdu | Violation) -> str:
    """A PDU in a line: its name and its decisive fields."""
    match pdu:
        case Violation():
            return f"no valid PDU: {pdu.reason} (octet {pdu.offset}, {pdu.clause})"
        case AAbort():
            return f"{pdu.name}: {describe_abort(pdu.source, pdu.reason)}"
        case AAssociateRJ():
            return f"{pdu.name}: {describe_reject(pdu.result, pdu.source, pdu.reason)}"
        case AAssociateAC():
            contexts = ", ".join(
                f"{c.id} {describe_context_result(c.result)}" for c in pdu.presentation_contexts
            )
            return (
                f"{pdu.name}: contexts {contexts or 'none'}; maximum length {pdu.user_information.max_length}"
            )
        case AAssociateRQ():
            return f"{pdu.name}: {pdu.calling_ae_title!r} calls {pdu.called_ae_title!r}"
        case PDataTF():
            return f"{pdu.name}: " + ", ".join(
                f"context {p.context_id} {'command' if p.is_command else 'data set'}"
                f"{', last' if p.is_last else ''}, {len(p.fragment)} octets"
                + (f" ({type(decode_command(p.fragment)).__name__})" if p.is_command and p.is_last else "")
                for p in pdu.pdvs
            )
        case _:
            return pdu.name
