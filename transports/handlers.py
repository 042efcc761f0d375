"""Handlers to build on: callbacks that are registered, and the user of one association of the Verification service.

The steps stay the caller's: who listens accepts, and who connects calls `associate`, `echo`, `release` and `close`.
What `Verification` takes over is what is the same in every program: the answer to a request, the command set of
C-ECHO, and telling the primitives apart.
"""

from __future__ import annotations

from collections.abc import Callable

from dicomnet.statemachine import (
    CONTEXT_ACCEPTED,
    STATUS_SUCCESS,
    VERIFICATION,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    CEchoRSP,
    LocalProtocolError,
    PDataTF,
    Request,
    Violation,
    decode_command,
    describe_abort,
    encode_command,
)

from .messages import Assembler, Message, fragments
from .negotiation import Policy, negotiate
from .network import NetworkObject
from .user import CALLBACKS, Handler

# Where data are told of (Table 9-10), and where they may be sent.
TALKING = frozenset({"Sta6", "Sta7", "Sta8"})
MAY_SEND = frozenset({"Sta6", "Sta8"})


class Callbacks(Handler):
    """A handler made of functions, `Callbacks(on_accept=..., on_connect=...)`; what is left out does nothing.

    Each function takes what the method of `Handler` of that name takes, and what it raises is treated alike.
    Raises `LocalProtocolError("invalid_argument")` for one that cannot be called.
    """

    def __init__(
        self,
        *,
        on_accept: Callable[[NetworkObject], object] | None = None,
        on_connect: Callable[[NetworkObject, str], object] | None = None,
        on_close: Callable[[NetworkObject, str], object] | None = None,
        on_child_close: Callable[[NetworkObject, NetworkObject, str], object] | None = None,
        on_secure_link_ready: Callable[[NetworkObject, str], object] | None = None,
        on_private_key_password: Callable[[NetworkObject], str | bytes | None] | None = None,
        on_primitive: Callable[[NetworkObject, str, object], object] | None = None,
    ) -> None:
        given = (
            on_accept,
            on_connect,
            on_close,
            on_child_close,
            on_secure_link_ready,
            on_private_key_password,
            on_primitive,
        )
        for name, callback in zip(CALLBACKS, given, strict=True):
            if callback is not None and not callable(callback):
                raise LocalProtocolError("invalid_argument", f"{name}: {callback!r} cannot be called")
        self._accept = on_accept
        self._connect = on_connect
        self._close = on_close
        self._child_close = on_child_close
        self._secure_link_ready = on_secure_link_ready
        self._private_key_password = on_private_key_password
        self._primitive = on_primitive

    def on_accept(self, listener: NetworkObject) -> None:
        """See `Handler`."""
        if self._accept is not None:
            self._accept(listener)

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        if self._connect is not None:
            self._connect(subject, outcome)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        if self._close is not None:
            self._close(subject, outcome)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        if self._child_close is not None:
            self._child_close(listener, child, outcome)

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        if self._secure_link_ready is not None:
            self._secure_link_ready(subject, outcome)

    def on_private_key_password(self, subject: NetworkObject) -> str | bytes | None:
        """See `Handler`."""
        return None if self._private_key_password is None else self._private_key_password(subject)

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """See `Handler`."""
        if self._primitive is not None:
            self._primitive(subject, primitive, payload)


def why_over(cause: object) -> str | None:
    """Why an association was aborted, from the payload of the indication; None where the connection just ended."""
    match cause:
        case AAbort():
            return f"the peer aborted: {describe_abort(cause.source, cause.reason)}"
        case Violation():
            return f"the peer broke the protocol: {cause.reason} (octet {cause.offset})"
        case AAssociateRQ() | AAssociateAC() | AAssociateRJ() | PDataTF() | AReleaseRQ() | AReleaseRP():
            return f"the peer sent {cause.name} out of turn"
        case _:
            return None


class Verification(Handler):
    """The user of one association of the Verification SOP class (PS3.4 Annex A), as SCP, as SCU, or as both.

    As it is, it is an SCP: it answers the association request by `policy`, each C-ECHO with success, and the
    release. An SCU calls `subject.associate(echo_request(...))`, then `echo`, then `subject.release()`, each when the
    one before was answered. Override what matters; the outcome of every step is told by a method of its own.
    What the peer sends that is no C-ECHO is answered by an abort.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._peer_max = 0
        self._contexts: tuple[int, ...] = ()
        self._assembler = Assembler()
        self._message_id = 0
        self._asked = False

    # --- what the user does ------------------------------------------------------------------------------

    def respond(
        self, subject: NetworkObject, request: AAssociateRQ, answer: AAssociateAC | AAssociateRJ
    ) -> None:
        """Answer an association request. Raises what `NetworkObject.respond` raises."""
        subject.respond(answer)
        if isinstance(answer, AAssociateAC):
            self._begin(request, answer, request.user_information.max_length)

    def echo(self, subject: NetworkObject) -> None:
        """Send a C-ECHO request, the next when it was answered (PS3.7 2020, D.3.3.3: one at a time unless agreed).

        Raises `LocalProtocolError`: wrong_state (no association, none with the Verification SOP class, or an
        earlier C-ECHO is not answered yet), invalid_argument (the peer's maximum length leaves no room for one).
        """
        if self._asked:
            raise LocalProtocolError("wrong_state", "the last C-ECHO is not answered yet")
        if not self._contexts:
            raise LocalProtocolError("wrong_state", "no association with the Verification SOP class stands")
        number = self._message_id % 0xFFFF + 1
        for part in self._fragments(self._contexts[0], encode_command(CEchoRQ(number))):
            subject.send_data(part)
        self._message_id, self._asked = number, True

    # --- what the user is told ---------------------------------------------------------------------------

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`; without a security layer a connection that stands is ready."""
        if outcome == "ok" and subject.endpoint.security.control == "NONE":
            self.on_ready(subject)

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`; of an acceptor's child it is nothing new: its association is the peer's to ask for."""
        if outcome == "ok" and subject.listener is None:
            self.on_ready(subject)

    def on_ready(self, subject: NetworkObject) -> None:
        """The requestor's connection stands and, where it has a security layer, is secured: it may associate."""

    def on_associate_request(self, subject: NetworkObject, request: AAssociateRQ) -> None:
        """The peer asks for an association. Unless overridden it is answered by `policy`."""
        try:
            self.respond(subject, request, negotiate(request, self.policy))
        except LocalProtocolError as error:
            if error.code != "invalid_argument":
                raise
            # What the peer sent cannot be said in an answer. It must not wait for one for ever.
            self._give_up(subject, f"no answer to the association request is possible: {error.message}")

    def on_associated(self, subject: NetworkObject, answer: AAssociateAC) -> None:
        """The peer accepted the association."""

    def on_rejected(self, subject: NetworkObject, answer: AAssociateRJ) -> None:
        """The peer rejected it; the connection is closed."""

    def on_echo_request(self, subject: NetworkObject, request: CEchoRQ) -> int:
        """The peer sent a C-ECHO; gives the status to answer, 0 for success."""
        return STATUS_SUCCESS

    def on_echo(self, subject: NetworkObject, status: int) -> None:
        """The peer answered the C-ECHO with this status, 0 for success."""

    def on_release_request(self, subject: NetworkObject) -> None:
        """The peer releases. Unless overridden it is answered; the peer then closes.

        Where both release at the same time, the acceptor answers after he was answered (PS3.8 2020, 7.2.2.1, Sta12).
        """
        if subject.endpoint.association.control != "Sta10":
            subject.respond_release()

    def on_released(self, subject: NetworkObject) -> None:
        """The peer answered the release; the connection is closed, as PS3.8 9.2 AR-3 says."""

    def on_aborted(self, subject: NetworkObject, why: str) -> None:
        """The association was aborted: by the peer, by its provider or by this end, or the connection was lost."""

    # --- telling them apart ------------------------------------------------------------------------------

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """Tell the primitives apart; see `Handler`."""
        match primitive, payload:
            case "A-ASSOCIATE indication", Request(pdu=request):
                self.on_associate_request(subject, request)
            case "A-ASSOCIATE confirmation (accept)", AAssociateAC():
                if subject.proposal is not None:
                    self._begin(subject.proposal, payload, payload.user_information.max_length)
                self.on_associated(subject, payload)
            case "A-ASSOCIATE confirmation (reject)", AAssociateRJ():
                self.on_rejected(subject, payload)
            case "P-DATA indication", PDataTF():
                self._data(subject, payload)
            case "A-RELEASE indication", _:
                self.on_release_request(subject)
            case "A-RELEASE confirmation", _:
                self._over()
                self.on_released(subject)
                if subject.endpoint.association.control == "Sta12":
                    self.on_release_request(subject)
            case (("A-ABORT indication" | "A-P-ABORT indication"), _):
                self._over()
                self.on_aborted(subject, why_over(payload) or "the connection was lost")
            case _:
                pass

    def _begin(self, request: AAssociateRQ, answer: AAssociateAC, peer_max: int | None) -> None:
        offered = {each.id for each in request.presentation_contexts if each.abstract_syntax == VERIFICATION}
        taken = (each.id for each in answer.presentation_contexts if each.result == CONTEXT_ACCEPTED)
        self._contexts = tuple([number for number in taken if number in offered])
        self._peer_max = peer_max or 0
        self._assembler = Assembler()
        self._asked = False

    def _over(self) -> None:
        self._contexts = ()
        self._asked = False

    def _answer(self, subject: NetworkObject, context: int, request: CEchoRQ) -> str | None:
        status = self.on_echo_request(subject, request)
        if subject.endpoint.association.control not in MAY_SEND:
            return None  # released or ended meanwhile
        try:
            answer = encode_command(CEchoRSP(request.message_id, status, request.affected_sop_class_uid))
            parts = self._fragments(context, answer)
        except LocalProtocolError as error:
            return f"no answer to the C-ECHO is possible: {error.message}"
        for part in parts:
            subject.send_data(part)
        return None

    def _give_up(self, subject: NetworkObject, why: str) -> None:
        """Abort for what the peer sent, and tell it as any other abort."""
        self._over()
        subject.abort()
        self.on_aborted(subject, why)

    def _fragments(self, context: int, command: bytes) -> tuple[PDataTF, ...]:
        try:
            return fragments(context, command, self._peer_max)
        except ValueError as error:
            raise LocalProtocolError("invalid_argument", str(error)) from error

    def _data(self, subject: NetworkObject, data: PDataTF) -> None:
        # Context ids and the order of fragments are the user's business (PS3.8 Annex E names no event).
        for pdv in data.pdvs:
            if pdv.context_id not in self._contexts:
                self._give_up(
                    subject, f"the peer sent data on context {pdv.context_id}, which was not accepted"
                )
                return
        for message in self._assembler.feed(data):
            why = message.fault or self._message(subject, message)
            if why is not None:
                self._give_up(subject, why)
            if subject.endpoint.association.control not in TALKING:
                return  # ended here, or by the user inside a callback: nothing more is told

    def _message(self, subject: NetworkObject, message: Message) -> str | None:
        """Do what a command asks for; gives what is wrong with it."""
        command = decode_command(message.command)
        match command:
            case CEchoRSP(message_id_responded_to=number) if self._asked and number == self._message_id:
                self._asked = False
                self.on_echo(subject, command.status)
            case CEchoRQ():
                return self._answer(subject, message.context_id, command)
            case Violation():
                return f"the peer sent a command that is none: {command.reason}"
            case _:
                return "the peer sent a command that is no C-ECHO, or an answer to nothing that was asked"
        return None
