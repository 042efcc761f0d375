"""A plain conforming requestor of C-ECHO, from PS3.8 2020 9.2 and 9.3 and from no table of this project.

It is one `if`/`elif` chain for each state of the requestor. Every deed is a method of its own, so that a
faulty requestor is this one with one method changed. Of the project it uses the codec and a carrier alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    IMPLEMENTATION_CLASS_UID,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
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
    UserInformation,
    Violation,
    decode_command,
    encode,
    encode_command,
)
from dicomnet.transports import Address, Link, Timer, Transport

from .acceptor import MAXIMUM_COMMAND, PDV_OVERHEAD, STA1, STA6, STA8, STA13, UNEXPECTED_PDU

STA4, STA5, STA7, STA9, STA11 = "Sta4", "Sta5", "Sta7", "Sta9", "Sta11"
CONTEXT, MESSAGE = 1, 1


class PlainRequestor:
    """A requestor that does what PS3.8 2020 Table 9-10 says, on any carrier: one association with one C-ECHO.

    `fault` names the fault of a faulty one. `expects` are patterns of the ids of the cases that are about it, and
    `by_hand` of those that do not follow from the table.

    `artim` and `patience`, which is how long its user waits for an answer, are in seconds.
    """

    fault: ClassVar[str] = ""
    expects: ClassVar[str] = ""
    by_hand: ClassVar[str] = ""
    think_seconds: ClassVar[float] = 0.0
    """How long the user takes for all he does. Zero is a later turn all the same, so that Sta8 and Sta9 exist."""
    limits: ClassVar[Limits] = Limits()
    maximum_length: ClassVar[int] = 16384

    def __init__(
        self,
        carrier: Transport,
        address: Address,
        called: str = "ZOO",
        calling: str = "REQUESTOR",
        artim: float = 30.0,
        patience: float = 60.0,
    ) -> None:
        self.carrier = carrier
        self.address = address
        self.called, self.calling = called, calling
        self.artim_seconds = artim
        self.patience_seconds = patience
        self.artim: Timer | None = None
        self.patience: Timer | None = None
        self.framer = Framer(self.limits)
        self.state = STA1
        self.accepted: dict[int, str] = {}
        self.peer_maximum = 0
        self.message = bytearray()
        self.asked = False
        self.answered = False
        self.link: Link
        self.connect()

    # --- the connection, and the timers --------------------------------------------------------------------

    def connect(self) -> None:
        """Evt1: AE-1."""
        self.state = STA4
        self.link = self.carrier.connect(self.address, self)

    def on_open(self) -> None:
        """Evt2: AE-2."""
        self.state = STA5
        self.patience = self.carrier.call_later(self.patience_seconds, self.user_gives_up)
        self.send(self.request())

    def on_failed(self, code: str) -> None:
        """There is no connection."""
        self.state = STA1

    def on_octets(self, octets: bytes) -> None:
        """Cut the octets into PDUs and see to each."""
        for pdu, _ in self.frame(octets):
            if self.state == STA1:
                return
            self.received(pdu)

    def on_end(self) -> None:
        """Evt17: the peer closed, in the middle of a PDU or not."""
        self.close()

    def on_reset(self) -> None:
        """Evt17, the hard way."""
        self.close()

    def close(self) -> None:
        """Close the connection; all is over."""
        self.stop_artim()
        self.stop_patience()
        self.state = STA1
        self.link.close()

    def start_artim(self) -> None:
        """Start ARTIM."""
        self.stop_artim()
        self.artim = self.carrier.call_later(self.artim_seconds, self.close)

    def stop_artim(self) -> None:
        """Stop ARTIM."""
        if self.artim is not None:
            self.artim.cancel()
            self.artim = None

    def stop_patience(self) -> None:
        """The user waits for nothing any more."""
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None

    def send(self, octets: bytes) -> None:
        """Send octets."""
        self.link.send(octets)

    def frame(self, octets: bytes) -> list[Received]:
        """The PDUs that these octets complete."""
        return self.framer.feed(octets)

    # --- what arrives --------------------------------------------------------------------------------------

    def received(self, pdu: Pdu | Violation) -> None:
        """One PDU, or one that is none (Evt19)."""
        if self.state == STA13:
            self.in_sta13(pdu)
        elif isinstance(pdu, AAbort):
            self.abort_received()
        elif self.state == STA5:
            self.in_sta5(pdu)
        elif self.state == STA6:
            self.in_sta6(pdu)
        elif self.state == STA7:
            self.in_sta7(pdu)
        elif self.state == STA11:
            self.in_sta11(pdu)
        else:
            self.unexpected(pdu)

    def in_sta5(self, pdu: Pdu | Violation) -> None:
        """Sta5: waiting for the answer to the association request."""
        if isinstance(pdu, AAssociateAC):
            self.associated(pdu)
        elif isinstance(pdu, AAssociateRJ):
            self.rejected()
        else:
            self.unexpected(pdu)

    def in_sta6(self, pdu: Pdu | Violation) -> None:
        """Sta6: the association stands."""
        if isinstance(pdu, PDataTF):
            self.data_received(pdu)
        elif isinstance(pdu, AReleaseRQ):
            self.release_requested()
        else:
            self.unexpected(pdu)

    def in_sta7(self, pdu: Pdu | Violation) -> None:
        """Sta7: the release was asked for."""
        if isinstance(pdu, PDataTF):
            self.data_in_sta7(pdu)
        elif isinstance(pdu, AReleaseRQ):
            self.release_collides()
        elif isinstance(pdu, AReleaseRP):
            self.released()
        else:
            self.unexpected(pdu)

    def in_sta11(self, pdu: Pdu | Violation) -> None:
        """Sta11: the peer's release was answered, this end's own was not yet."""
        if isinstance(pdu, AReleaseRP):
            self.released()
        else:
            self.unexpected(pdu)

    def in_sta13(self, pdu: Pdu | Violation) -> None:
        """Sta13: waiting for the peer to close."""
        if isinstance(pdu, AAbort):
            self.close()
        elif isinstance(pdu, AAssociateRQ | Violation):
            self.send_abort(2, self.reason_of(pdu))

    def unexpected(self, pdu: Pdu | Violation) -> None:
        """A PDU that has no business here: AA-8."""
        self.abort(2, self.reason_of(pdu))

    def reason_of(self, pdu: Pdu | Violation) -> int:
        """The reason that a provider's abort gives for this."""
        return pdu.abort_reason if isinstance(pdu, Violation) else UNEXPECTED_PDU

    # --- deeds of the provider -----------------------------------------------------------------------------

    def request(self) -> bytes:
        """The A-ASSOCIATE-RQ."""
        information = UserInformation(
            max_length=self.maximum_length, implementation_class_uid=IMPLEMENTATION_CLASS_UID
        )
        context = PresentationContextRQ(CONTEXT, VERIFICATION, (IMPLICIT_LE,))
        return encode(AAssociateRQ(self.called, self.calling, (context,), information))

    def associated(self, acceptance: AAssociateAC) -> None:
        """AE-3."""
        self.state = STA6
        contexts = acceptance.presentation_contexts
        self.accepted = {each.id: each.transfer_syntax or "" for each in contexts if each.result == 0}
        self.peer_maximum = acceptance.user_information.max_length or 0
        self.later(self.user_begins if self.is_what_was_asked(acceptance) else self.user_aborts)

    def is_what_was_asked(self, acceptance: AAssociateAC) -> bool:
        """Version 1, the one application context that there is, and the transfer syntax that was proposed."""
        return (
            acceptance.protocol_version & 1 == 1
            and acceptance.application_context == APPLICATION_CONTEXT
            and self.accepted.get(CONTEXT, IMPLICIT_LE) == IMPLICIT_LE
        )

    def rejected(self) -> None:
        """AE-4."""
        self.close()

    def abort(self, source: int, reason: int) -> None:
        """AA-1 (source 0) and AA-8 (source 2)."""
        self.send_abort(source, reason)
        self.wait_for_end()

    def send_abort(self, source: int, reason: int) -> None:
        """Send an A-ABORT."""
        self.send(bytes((7, 0, 0, 0, 0, 4, 0, 0, source, reason)))

    def wait_for_end(self) -> None:
        """The association is over; ARTIM bounds how long the connection stands."""
        self.state = STA13
        self.stop_patience()
        self.start_artim()

    def abort_received(self) -> None:
        """AA-3."""
        self.close()

    def release_requested(self) -> None:
        """AR-2."""
        self.state = STA8
        self.later(self.user_responds)

    def release_collides(self) -> None:
        """AR-8, on the requestor's side."""
        self.state = STA9
        self.later(self.user_responds)

    def released(self) -> None:
        """AR-3."""
        self.close()

    # --- the user ------------------------------------------------------------------------------------------

    def later(self, deed: Callable[[], None]) -> None:
        """Let the user do it when he has thought."""
        self.carrier.call_later(self.think_seconds, deed)

    def user_begins(self) -> None:
        """Ask for the echo, where there is a context for it; else there is nothing to stay for."""
        if self.state == STA6 and not self.asked:
            self.asked = True
            if self.may_send():
                self.echo()
            else:
                self.release()

    def may_send(self) -> bool:
        """Whether there is a context for what is to be sent."""
        return CONTEXT in self.accepted

    def echo(self) -> None:
        """A C-ECHO-RQ in fragments that the peer has room for: DT-1."""
        octets = encode_command(CEchoRQ(MESSAGE))
        size = self.fragment_size(octets)
        if size < 2:
            self.abort(0, 0)
            return
        for start in range(0, len(octets), size):
            end = start + size
            self.send(encode(PDataTF((PDV(CONTEXT, True, end >= len(octets), octets[start:end]),))))

    def fragment_size(self, octets: bytes) -> int:
        """How many octets of a message one PDU may hold: an even number, and all where there is no limit."""
        if self.peer_maximum == 0:
            return len(octets)
        return min(len(octets), (self.peer_maximum - PDV_OVERHEAD) & ~1)

    def data_received(self, data: PDataTF) -> None:
        """Evt10 in Sta6, DT-2: put the answer together; anything else makes the user abort."""
        for pdv in data.pdvs:
            if not pdv.is_command or pdv.context_id != CONTEXT or len(self.message) > MAXIMUM_COMMAND:
                self.later(self.user_aborts)
                return
            self.message += pdv.fragment
            if pdv.is_last:
                command = decode_command(bytes(self.message))
                self.message.clear()
                right = isinstance(command, CEchoRSP) and command.message_id_responded_to == MESSAGE
                self.later(self.user_releases if right else self.user_aborts)

    def data_in_sta7(self, data: PDataTF) -> None:
        """AR-6: it is the user's, who waits for the release and wants no more of it."""

    def user_releases(self) -> None:
        """The echo was answered."""
        if self.state == STA6 and not self.answered:
            self.answered = True
            self.release()

    def release(self) -> None:
        """Evt11 in Sta6: AR-1."""
        self.send(encode(AReleaseRQ()))
        self.state = STA7

    def user_responds(self) -> None:
        """Evt14: AR-4 in Sta8, AR-9 in Sta9."""
        if self.state == STA8:
            self.respond()
            self.wait_for_end()
        elif self.state == STA9:
            self.respond()
            self.state = STA11

    def respond(self) -> None:
        """Answer the release request."""
        self.send(encode(AReleaseRP()))

    def user_aborts(self) -> None:
        """Evt15: AA-1."""
        if self.state not in (STA1, STA4, STA13):
            self.abort(0, 0)

    def user_gives_up(self) -> None:
        """Nothing has come for too long."""
        self.patience = None
        self.user_aborts()


class SlowRequestor(PlainRequestor):
    """A conforming one whose user takes a second for all he does."""

    think_seconds = 1.0
