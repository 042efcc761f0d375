"""A plain conforming acceptor of C-ECHO, from PS3.8 2020 9.2 and 9.3 and from no table of this project.

It is one `if`/`elif` chain for each state of the acceptor. Every deed is a method of its own, so that a
faulty acceptor is this one with one method changed. Of the project it uses the codec and a carrier alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    EXPLICIT_LE,
    IMPLEMENTATION_CLASS_UID,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    CEchoRSP,
    Framer,
    Limits,
    PDataTF,
    Pdu,
    PresentationContextRQ,
    Received,
    Violation,
    decode_command,
    encode,
    encode_command,
)
from dicomnet.transports import Address, Link, Listening, Request, Timer, Transport

STA1, STA2, STA3, STA6, STA8, STA13 = "Sta1", "Sta2", "Sta3", "Sta6", "Sta8", "Sta13"
UNEXPECTED_PDU = 2
MAXIMUM_COMMAND = 1 << 16
PDV_OVERHEAD = 6
SOP_CLASS_NOT_SUPPORTED = 0x0122

Codes = tuple[int, int, int]
"""Result, source and reason of a rejection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the acceptor says to one proposed presentation context."""

    id: int
    result: int
    transfer_syntax: str


class Connection:
    """What an acceptor keeps of one connection. What happens to it is told to the acceptor."""

    def __init__(self, acceptor: PlainAcceptor, request: Request) -> None:
        self.acceptor = acceptor
        self.state = STA2
        self.framer = Framer(acceptor.limits)
        self.artim: Timer | None = None
        self.accepted: dict[int, str] = {}
        self.peer_maximum = 0
        self.message = bytearray()
        self.message_context: int | None = None
        self.echoes = 0
        self.held: list[Received] = []
        self.link: Link = request.take(self)

    def on_open(self) -> None:
        """Never told to an acceptor's side."""

    def on_failed(self, code: str) -> None:
        """Never told to an acceptor's side."""

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        self.acceptor.octets_arrived(self, octets)

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self.acceptor.peer_ended(self)

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self.acceptor.peer_reset(self)


class PlainAcceptor:
    """An acceptor that does what PS3.8 2020 Table 9-10 says, on any carrier.

    `address` tells where it listens. `fault` names the fault of a faulty one, and `expects` the areas,
    separated by spaces, in which a tester ought to see it.

    `aet` is the only called AE title that it answers to; `artim` is in seconds.
    """

    fault: ClassVar[str] = ""
    expects: ClassVar[str] = ""
    think_seconds: ClassVar[float] = 0.0
    """How long the user takes to answer. Zero is a later turn all the same, so that Sta3 and Sta8 exist."""
    limit: ClassVar[int] = 32
    limits: ClassVar[Limits] = Limits()
    maximum_length: ClassVar[int] = 16384
    transfer_syntaxes: ClassVar[tuple[str, ...]] = (IMPLICIT_LE, EXPLICIT_LE)

    def __init__(self, carrier: Transport, aet: str = "ZOO", port: int = 0, artim: float = 30.0) -> None:
        self.carrier = carrier
        self.aet = aet.strip(" ")
        self.artim_seconds = artim
        self.connections: set[Connection] = set()
        self.waiting: list[Request] = []
        self.listening: Listening = carrier.listen(Address("", port), 64, self)
        self.address = self.listening.address

    # --- listening ---------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        self.waiting.append(request)
        self.admit()

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""
        if request in self.waiting:
            self.waiting.remove(request)

    def blocked(self) -> bool:
        """Whether requests have to wait now. A sound acceptor never makes them wait."""
        return False

    def admit(self) -> None:
        """Take the requests that wait (Evt5, AE-5)."""
        while self.waiting and not self.blocked():
            connection = Connection(self, self.waiting.pop(0))
            self.connections.add(connection)
            self.start_artim(connection, "connect")

    # --- ARTIM and the end -------------------------------------------------------------------------------

    def start_artim(self, at: Connection, cause: str) -> None:
        """Start ARTIM, afresh where it runs; `cause` is connect, reject, release or abort."""
        self.stop_artim(at)
        at.artim = self.carrier.call_later(self.artim_seconds, lambda: self.artim_expired(at))

    def stop_artim(self, at: Connection) -> None:
        """Stop ARTIM."""
        if at.artim is not None:
            at.artim.cancel()
            at.artim = None

    def artim_expired(self, at: Connection) -> None:
        """Evt18: AA-2."""
        self.close(at)

    def close(self, at: Connection) -> None:
        """Close the connection and forget it."""
        self.stop_artim(at)
        at.state = STA1
        self.connections.discard(at)
        at.link.close()

    def peer_ended(self, at: Connection) -> None:
        """Evt17: the peer closed, in the middle of a PDU or not."""
        self.close(at)

    def peer_reset(self, at: Connection) -> None:
        """Evt17, the hard way."""
        self.close(at)

    # --- what arrives ------------------------------------------------------------------------------------

    def octets_arrived(self, at: Connection, octets: bytes) -> None:
        """Cut the octets into PDUs and see to each."""
        for pdu, raw in self.frame(at, octets):
            if at.state == STA1:
                return
            self.received(at, pdu, raw)

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """The PDUs that these octets complete."""
        return at.framer.feed(octets)

    def received(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """One PDU, or one that is none (Evt19)."""
        if at.state == STA2:
            self.in_sta2(at, pdu, raw)
        elif at.state == STA3:
            self.in_sta3(at, pdu)
        elif at.state == STA6:
            self.in_sta6(at, pdu, raw)
        elif at.state == STA8:
            self.in_sta8(at, pdu)
        elif at.state == STA13:
            self.in_sta13(at, pdu, raw)

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Sta2: waiting for the request."""
        if isinstance(pdu, AAssociateRQ):
            self.request_received(at, pdu, raw)
        elif isinstance(pdu, AAbort):
            self.close(at)
        else:
            self.abort(at, 0, 0)

    def in_sta3(self, at: Connection, pdu: Pdu | Violation) -> None:
        """Sta3: the user thinks about the request."""
        if isinstance(pdu, AAbort):
            self.close(at)
        else:
            self.abort(at, 2, self.reason_of(pdu))

    def in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Sta6: the association stands."""
        if isinstance(pdu, PDataTF):
            self.data_received(at, pdu, raw)
        elif isinstance(pdu, AReleaseRQ):
            self.release_requested(at)
        elif isinstance(pdu, AAbort):
            self.abort_received(at)
        else:
            self.not_expected_in_sta6(at, pdu, raw)

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """A PDU that has no business in Sta6: AA-8."""
        self.abort(at, 2, self.reason_of(pdu))

    def in_sta8(self, at: Connection, pdu: Pdu | Violation) -> None:
        """Sta8: the user has yet to answer the release request."""
        if isinstance(pdu, AAbort):
            self.close(at)
        else:
            self.abort(at, 2, self.reason_of(pdu))

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Sta13: waiting for the peer to close."""
        if isinstance(pdu, AAbort):
            self.close(at)
        elif isinstance(pdu, AAssociateRQ | Violation):
            self.send_abort(at, 2, self.reason_of(pdu))

    def reason_of(self, pdu: Pdu | Violation) -> int:
        """The reason that a provider's abort gives for this."""
        return pdu.abort_reason if isinstance(pdu, Violation) else UNEXPECTED_PDU

    # --- aborting and rejecting --------------------------------------------------------------------------

    def abort(self, at: Connection, source: int, reason: int) -> None:
        """AA-1 (source 0) and AA-8 (source 2)."""
        self.send_abort(at, source, reason)
        at.state = STA13
        self.start_artim(at, "abort")

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        """Send an A-ABORT."""
        at.link.send(bytes((7, 0, 0, 0, 0, 4, 0, 0, source, reason)))

    def abort_received(self, at: Connection) -> None:
        """The peer aborted the association: AA-3."""
        self.close(at)

    def reject(self, at: Connection, codes: Codes) -> None:
        """AE-6 (source 2 or 3) and AE-8 (source 1)."""
        self.send_reject(at, codes)
        at.state = STA13
        self.start_artim(at, "reject")

    def send_reject(self, at: Connection, codes: Codes) -> None:
        """Send an A-ASSOCIATE-RJ."""
        at.link.send(bytes((3, 0, 0, 0, 0, 4, 0, *codes)))

    # --- the request -------------------------------------------------------------------------------------

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """Evt6 in Sta2: AE-6."""
        self.stop_artim(at)
        codes = self.provider_refusal(request)
        if codes is not None:
            self.reject(at, codes)
            return
        at.state = STA3
        self.later(lambda: self.user_answers(at, request, raw))

    def later(self, callback: Callable[[], None]) -> None:
        """Let the user answer when it has thought."""
        self.carrier.call_later(self.think_seconds, callback)

    def provider_refusal(self, request: AAssociateRQ) -> Codes | None:
        """Why the provider does not take the request, if so."""
        if not self.knows_version(request.protocol_version):
            return 1, 2, 2
        if self.is_full():
            return 2, 3, 2
        return None

    def knows_version(self, version: int) -> bool:
        """Bit 0 stands for version 1, and the other bits are not looked at."""
        return version & 1 == 1

    def is_full(self) -> bool:
        """Whether there are more connections than this acceptor serves."""
        return len(self.connections) > self.limit

    def user_answers(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """Evt7 or Evt8, unless the request is gone."""
        if at.state != STA3:
            return
        codes = self.user_refusal(request, raw)
        if codes is not None:
            self.reject(at, codes)
        else:
            self.accept(at, request, raw)

    def user_refusal(self, request: AAssociateRQ, raw: bytes) -> Codes | None:
        """Why the user does not take the request, if so."""
        if not self.knows_application_context(request.application_context):
            return 1, 1, 2
        if not self.is_called(request.called_ae_title, raw):
            return 1, 1, 7
        if not request.calling_ae_title:
            return 1, 1, 3
        if not self.are_proper([context.id for context in request.presentation_contexts]):
            return 1, 1, 1
        return None

    def knows_application_context(self, name: str) -> bool:
        """There is one application context."""
        return name == APPLICATION_CONTEXT

    def is_called(self, title: str, raw: bytes) -> bool:
        """Whether the called AE title is this acceptor's; `title` is trimmed."""
        return title == self.aet

    def are_proper(self, ids: list[int]) -> bool:
        """Whether the context ids are odd and each is used once."""
        return len(set(ids)) == len(ids) and all(number % 2 for number in ids)

    # --- the acceptance ----------------------------------------------------------------------------------

    def accept(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """AE-7."""
        answers = self.answers(request)
        at.accepted = {answer.id: answer.transfer_syntax for answer in answers if answer.result == 0}
        at.peer_maximum = request.user_information.max_length or 0
        at.state = STA6
        self.send_accept(at, self.accept_octets(raw, answers, b"".join(self.user_items(request))))

    def send_accept(self, at: Connection, octets: bytes) -> None:
        """Send an A-ASSOCIATE-AC."""
        at.link.send(octets)

    def answers(self, request: AAssociateRQ) -> list[Answer]:
        """One answer to each context proposed."""
        return [self.answer(context) for context in request.presentation_contexts]

    def answer(self, context: PresentationContextRQ) -> Answer:
        """The answer to one context; the first transfer syntax that is known wins."""
        if context.abstract_syntax != VERIFICATION:
            return Answer(context.id, 3, IMPLICIT_LE)
        for transfer_syntax in context.transfer_syntaxes:
            if transfer_syntax in self.transfer_syntaxes:
                return Answer(context.id, 0, transfer_syntax)
        return Answer(context.id, 4, IMPLICIT_LE)

    def user_items(self, request: AAssociateRQ) -> list[bytes]:
        """The sub-items of the user information: an answer only to what was asked."""
        items = [
            item(0x51, self.maximum_length.to_bytes(4, "big")),
            item(0x52, IMPLEMENTATION_CLASS_UID.encode("ascii")),
        ]
        if request.user_information.async_window is not None:
            items.append(item(0x53, b"\0\1\0\1"))
        for role in request.user_information.roles:
            if role.sop_class_uid == VERIFICATION:
                items.append(self.role_item(role.scu_role, role.scp_role))
                break
        return items

    def role_item(self, scu_role: int, scp_role: int) -> bytes:
        """The roles granted: this acceptor is an SCP and never an SCU."""
        return role_selection(int(scu_role == 1), 0)

    def accept_octets(self, raw: bytes, answers: list[Answer], user_items: bytes) -> bytes:
        """The A-ASSOCIATE-AC; its reserved octets 11 to 74 repeat those of the request."""
        body = b"\0\1\0\0" + self.repeated(raw) + item(0x10, APPLICATION_CONTEXT.encode("ascii"))
        for answer in answers:
            fixed = bytes((answer.id, 0, answer.result, 0))
            body += item(0x21, fixed + item(0x40, answer.transfer_syntax.encode("ascii")))
        body += item(0x50, user_items)
        return b"\2\0" + len(body).to_bytes(4, "big") + body

    def repeated(self, raw: bytes) -> bytes:
        """The octets of the request that the acceptance repeats: both titles and what is reserved."""
        return raw[10:74]

    # --- data --------------------------------------------------------------------------------------------

    def data_received(self, at: Connection, data: PDataTF, raw: bytes) -> None:
        """Evt10 in Sta6: DT-2."""
        for pdv in data.pdvs:
            if at.state != STA6:
                return
            self.fragment_received(at, pdv)

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        """Put a command together; whatever is no command on an accepted context makes the user abort."""
        if not pdv.is_command or pdv.context_id not in at.accepted:
            self.abort(at, 0, 0)
            return
        if at.message_context not in (None, pdv.context_id):
            self.abort(at, 0, 0)
            return
        at.message_context = pdv.context_id
        at.message += pdv.fragment
        if len(at.message) > MAXIMUM_COMMAND:
            self.abort(at, 0, 0)
        elif pdv.is_last:
            command = bytes(at.message)
            at.message.clear()
            at.message_context = None
            self.command_received(at, pdv.context_id, command)

    def command_received(self, at: Connection, context_id: int, octets: bytes) -> None:
        """Answer a C-ECHO-RQ; there is no other service here."""
        command = decode_command(octets)
        if isinstance(command, CEchoRQ):
            at.echoes += 1
            self.echo(at, context_id, command)
        else:
            self.abort(at, 0, 0)

    def echo(self, at: Connection, context_id: int, command: CEchoRQ) -> None:
        """PS3.7 2020 9.3.5.2."""
        if command.affected_sop_class_uid == VERIFICATION:
            self.respond(at, context_id, CEchoRSP(command.message_id))
        else:
            self.respond(at, context_id, CEchoRSP(command.message_id, SOP_CLASS_NOT_SUPPORTED, None))

    def respond(self, at: Connection, context_id: int, response: CEchoRSP) -> None:
        """Send a command in fragments that the peer has room for."""
        octets = self.encoded(at, context_id, response)
        size = self.fragment_size(at, octets)
        if size < 2:
            self.abort(at, 0, 0)
            return
        for start in range(0, len(octets), size):
            end = start + size
            pdv = PDV(context_id, True, end >= len(octets), octets[start:end])
            at.link.send(encode(PDataTF((pdv,))))

    def encoded(self, at: Connection, context_id: int, response: CEchoRSP) -> bytes:
        """PS3.7 2020 6.3.1: implicit VR little endian, whatever the context has."""
        return encode_command(response)

    def fragment_size(self, at: Connection, octets: bytes) -> int:
        """How many octets of a message one PDU may hold: an even number, and all where there is no limit."""
        if at.peer_maximum == 0:
            return len(octets)
        return min(len(octets), (at.peer_maximum - PDV_OVERHEAD) & ~1)

    # --- release -----------------------------------------------------------------------------------------

    def release_requested(self, at: Connection) -> None:
        """Evt12 in Sta6: AR-2. What was begun of a message is nobody's any more."""
        at.state = STA8
        self.later(lambda: self.user_releases(at))

    def user_releases(self, at: Connection) -> None:
        """Evt14 in Sta8: AR-4."""
        if at.state == STA8:
            self.release(at)

    def release(self, at: Connection) -> None:
        """Answer the release request."""
        at.link.send(encode(AReleaseRP()))
        at.state = STA13
        self.start_artim(at, "release")


def item(kind: int, value: bytes) -> bytes:
    """An item of an association PDU: type, a reserved octet, a length of 2 octets, the value."""
    return bytes((kind, 0)) + len(value).to_bytes(2, "big") + value


def role_selection(scu_role: int, scp_role: int) -> bytes:
    """Sub-item 0x54 for Verification."""
    uid = VERIFICATION.encode("ascii")
    return item(0x54, len(uid).to_bytes(2, "big") + uid + bytes((scu_role, scp_role)))
