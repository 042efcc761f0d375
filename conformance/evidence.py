"""What was sent and seen on one connection: a timeline of octets and decoded PDUs, bounded in size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Final

from dicomnet.statemachine import (
    HEADER_LENGTH,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    Command,
    Framer,
    PDataTF,
    Pdu,
    PresentationContextAC,
    PresentationContextRQ,
    Violation,
    decode_command,
    describe_abort,
    describe_context_result,
    describe_reject,
)

from .uid_names import uid_name

MAX_ENTRIES: Final = 400
FIRST_OCTETS: Final = 16
MAX_OCTETS_SHOWN: Final = 512
MAX_CONTEXTS: Final = 128
MAX_SYNTAXES: Final = 6
NAMES: Final = {
    kind.pdu_type: kind.name
    for kind in (AAssociateRQ, AAssociateAC, AAssociateRJ, PDataTF, AReleaseRQ, AReleaseRP, AAbort)
}


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
    `traceback` is that of a fault of the tester itself.
    """

    entries: list[Entry] = field(default_factory=list[Entry])
    sent: list[bytes] = field(default_factory=list[bytes])
    received: list[Pdu | Violation] = field(default_factory=list[Pdu | Violation])
    octets: list[bytes] = field(default_factory=list[bytes])
    dropped: int = 0
    first: bytes = b""
    connection: str = ""
    since: float = 0.0
    traceback: str = ""

    def began(self, octets: bytes) -> None:
        """The first octets of the target tell what it speaks, whatever the framer makes of them."""
        self.first = self.first or octets[:FIRST_OCTETS]

    def hears(self, pdu: Pdu | Violation, octets: bytes) -> None:
        """A PDU of the target."""
        self.received.append(pdu)
        self.octets.append(octets)

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

    def request(self) -> AAssociateRQ | None:
        """The first A-ASSOCIATE-RQ that was received."""
        return next((pdu for pdu in self.received if isinstance(pdu, AAssociateRQ)), None)

    def acceptance(self) -> bytes:
        """The octets of the first A-ASSOCIATE-AC that was received; none where there was none."""
        both = zip(self.received, self.octets, strict=True)
        return next((raw for pdu, raw in both if isinstance(pdu, AAssociateAC)), b"")

    def context(self, number: int) -> PresentationContextAC | None:
        """The first answer to a presentation context."""
        accepted = self.accepted()
        answers = () if accepted is None else accepted.presentation_contexts
        return next((context for context in answers if context.id == number), None)

    def data(self) -> list[PDataTF]:
        """The P-DATA-TF PDUs that were received."""
        return [pdu for pdu in self.received if isinstance(pdu, PDataTF)]

    def story(self, how: str) -> str:
        """The names of the PDUs that were received, of several alike in a row their number; and the end, by `how`."""
        alike = [(name, len(list(row))) for name, row in groupby(_name(pdu) for pdu in self.received)]
        names = [name if times == 1 else f"{times} {name}" for name, times in alike]
        return ", ".join([*names, f"closed ({how})"] if how in ("FIN", "RST") else names) or "nothing"


def _name(pdu: Pdu | Violation) -> str:
    return "no valid PDU" if isinstance(pdu, Violation) else pdu.name


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
            contexts = _contexts(_answer(context) for context in pdu.presentation_contexts)
            return f"{pdu.name}: contexts {contexts}; maximum length {pdu.user_information.max_length}"
        case AAssociateRQ():
            contexts = _contexts(_proposal(context) for context in pdu.presentation_contexts)
            return f"{pdu.name}: {pdu.calling_ae_title!r} calls {pdu.called_ae_title!r}; contexts {contexts}"
        case PDataTF():
            return f"{pdu.name}: " + ", ".join(
                f"context {p.context_id} {'command' if p.is_command else 'data set'}"
                f"{', last' if p.is_last else ''}, {len(p.fragment)} octets"
                + (f" ({_command(p.fragment)})" if p.is_command and p.is_last else "")
                for p in pdu.pdvs
            )
        case _:
            return pdu.name


def describe_silence(framer: Framer, seconds: float) -> str:
    """That nothing came for so long, and what of a PDU had come before that."""
    silence = f"nothing for {seconds:.3g} s"
    header = framer.pending_header
    if not header:
        return silence
    name = NAMES.get(header[0], "PDU")
    of = ""
    if len(header) == HEADER_LENGTH:
        of = f" of {HEADER_LENGTH + int.from_bytes(header[2:], 'big')}"
    return f"an incomplete {name} ({framer.pending}{of} octets), then {silence}"


def silent(observed: str) -> bool:
    """Whether what was observed is that something did not come."""
    return observed.startswith("nothing for") or ", then nothing for" in observed


def not_an_echo_response(command: Command | Violation) -> str:
    """Why an answer is none to a C-ECHO request."""
    match command:
        case Violation():
            return f"no valid C-ECHO response: {command.reason} (octet {command.offset}, {command.clause})"
        case CEchoRQ():
            return "no C-ECHO response but a C-ECHO request"
        case _:
            return f"no C-ECHO response but the command 0x{command.command_field:04X}"


def _contexts(each: Iterable[str]) -> str:
    """So many as ids allow are shown; a hostile target may send more."""
    shown = list(islice(each, MAX_CONTEXTS + 1))
    more = shown[MAX_CONTEXTS:] and ["and more"]
    return ", ".join((*shown[:MAX_CONTEXTS], *more)) or "none"


def _answer(context: PresentationContextAC) -> str:
    result = f"{context.id} {describe_context_result(context.result)}"
    # With another result the transfer syntax has no meaning (PS3.8 2020 Table 9-18).
    if context.result != 0 or context.transfer_syntax is None:
        return result
    return f"{result} ({uid_name(context.transfer_syntax)})"


def _proposal(context: PresentationContextRQ) -> str:
    syntaxes = [uid_name(name) for name in context.transfer_syntaxes[:MAX_SYNTAXES]]
    more = context.transfer_syntaxes[MAX_SYNTAXES:] and ["..."]
    return f"{context.id} {uid_name(context.abstract_syntax)} ({', '.join((*syntaxes, *more))})"


def _command(fragment: bytes) -> str:
    """The kind of a command set, and of which SOP class it speaks."""
    command = decode_command(fragment)
    if isinstance(command, Violation):
        return f"no valid command set by itself: {command.reason}"
    kind = type(command).__name__
    if command.affected_sop_class_uid is None:
        return kind
    return f"{kind}, {uid_name(command.affected_sop_class_uid)}"
