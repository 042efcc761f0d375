"""The reference acceptor (Verification SCP) and requestor (Verification SCU), on any carrier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dicomnet.statemachine import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    IMPLICIT_LE,
    VERIFICATION,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    CEchoRQ,
    CEchoRSP,
    LocalProtocolError,
    PDataTF,
    PresentationContextRQ,
    Request,
    UserInformation,
    Violation,
    decode_command,
    describe_abort,
    describe_reject,
    encode_command,
)

from .base import Address, Timer, Transport
from .messages import Assembler, fragments
from .negotiation import Policy, negotiate
from .network import DEFAULT_BACKLOG, Handler, Network, NetworkObject, Settings

Log = Callable[[str], None]


def _silent(_line: str) -> None:
    pass


class ReferenceAcceptor(Handler):
    """Accepts every connection and serves C-ECHO. `answer_after` (seconds) delays whatever its user answers."""

    def __init__(
        self,
        carrier: Transport,
        policy: Policy,
        settings: Settings | None = None,
        *,
        answer_after: float = 0.0,
        log: Log = _silent,
    ) -> None:
        self.network = Network(carrier, settings or Settings(max_length=policy.max_length))
        self.policy = policy
        self.answer_after = answer_after
        self.log = log
        self.network.startup()
        self._listener = self.network.new_object(self)

    def listen(self, address: Address, backlog: int = DEFAULT_BACKLOG) -> Address:
        """Begin to serve; gives the address with the real port."""
        return self._listener.listen(address, backlog)

    def close(self) -> None:
        """Stop serving and end every connection."""
        self.network.shutdown()

    def on_accept(self, listener: NetworkObject) -> None:
        """Accept the first request of the queue."""
        listener.accept(self.network.new_object(_VerificationUser(self)))


class _VerificationUser(Handler):
    """The user of one association: answers the request, the echoes and the release."""

    def __init__(self, acceptor: ReferenceAcceptor) -> None:
        self._acceptor = acceptor
        self._peer_max = 0
        self._contexts: frozenset[int] = frozenset()
        self._assembler = Assembler()
        self._waiting: list[Timer] = []

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: Any) -> None:
        """Answer what the association tells; what does not fit a primitive's form is not answered."""
        match primitive, payload:
            case "A-ASSOCIATE indication", Request():
                self._answer(lambda: self._associate(subject, payload.pdu))
            case "P-DATA indication", PDataTF():
                self._answer(lambda: self._data(subject, payload))
            case "A-RELEASE indication", _:
                self._answer(subject.respond_release)
            case (("A-ABORT indication" | "A-P-ABORT indication"), _):
                self._cancel()
                self._acceptor.log(f"{subject.peer}: {primitive}")
            case _:
                pass

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """Nothing is left to answer."""
        self._cancel()

    def _cancel(self) -> None:
        for timer in self._waiting:
            timer.cancel()
        self._waiting.clear()

    def _answer(self, answer: Callable[[], None]) -> None:
        def now() -> None:
            try:
                answer()
            except LocalProtocolError as error:
                # The association went on while the user was thinking; there is nobody left to answer.
                self._acceptor.log(f"too late: {error}")

        if self._acceptor.answer_after:
            carrier = self._acceptor.network.carrier
            self._waiting.append(carrier.call_later(self._acceptor.answer_after, now))
        else:
            now()

    def _associate(self, subject: NetworkObject, request: AAssociateRQ) -> None:
        answer = negotiate(request, self._acceptor.policy)
        if isinstance(answer, AAssociateAC):
            self._peer_max = request.user_information.max_length or 0
            self._contexts = frozenset(c.id for c in answer.presentation_contexts if c.result == 0)
            self._acceptor.log(f"{subject.peer}: association of {request.calling_ae_title!r} accepted")
        else:
            text = describe_reject(answer.result, answer.source, answer.reason)
            self._acceptor.log(f"{subject.peer}: association of {request.calling_ae_title!r}: {text}")
        subject.respond(answer)

    def _data(self, subject: NetworkObject, data: PDataTF) -> None:
        # Context ids and the order of fragments are the user's business (PS3.8 Annex E names no event).
        if any(pdv.context_id not in self._contexts for pdv in data.pdvs):
            subject.abort()
            return
        for message in self._assembler.feed(data):
            command = Violation if message.fault else decode_command(message.command)
            if not isinstance(command, CEchoRQ):
                subject.abort()
                return
            response = encode_command(CEchoRSP(command.message_id, 0, command.affected_sop_class_uid))
            try:
                parts = fragments(message.context_id, response, self._peer_max)
            except ValueError:
                subject.abort()
                return
            for part in parts:
                subject.send_data(part)
            self._acceptor.log(f"{subject.peer}: C-ECHO answered")


def echo_request(called: str, calling: str, max_length: int = 16384) -> AAssociateRQ:
    """The association request of a Verification SCU."""
    return AAssociateRQ(
        called,
        calling,
        (PresentationContextRQ(1, VERIFICATION, (IMPLICIT_LE,)),),
        UserInformation(
            max_length=max_length,
            implementation_class_uid=IMPLEMENTATION_CLASS_UID,
            implementation_version_name=IMPLEMENTATION_VERSION_NAME,
        ),
    )


@dataclass(slots=True)
class EchoResult:
    """What became of one C-ECHO: `ok`, what to say, and how long it took in seconds."""

    ok: bool = False
    text: str = "no answer"
    seconds: float = 0.0
    done: bool = False


class ReferenceRequestor(Handler):
    """One association with one C-ECHO, released in order; `result` tells what became of it."""

    def __init__(
        self, carrier: Transport, address: Address, called: str, calling: str, *, timeout: float = 30.0
    ) -> None:
        self.network = Network(carrier, Settings(connect=timeout))
        self.result = EchoResult()
        self._carrier = carrier
        self._assembler = Assembler()
        self._began = carrier.now()
        self._timer = carrier.call_later(timeout, self._overdue)
        self.network.startup()
        self._subject = self.network.new_object(self)
        self._subject.dial(address, echo_request(called, calling))

    def _finish(self, ok: bool, text: str) -> None:
        if not self.result.done:
            self._timer.cancel()
            self.result = EchoResult(ok, text, self._carrier.now() - self._began, done=True)

    def _overdue(self) -> None:
        self._finish(False, "the peer did not answer in time")
        self._subject.abort()
        self._subject.close()

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """Refused, unreachable, too late."""
        if outcome != "ok":
            self._finish(False, f"no connection: {outcome}")

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: Any) -> None:
        """Associate, echo, release."""
        match primitive, payload:
            case "A-ASSOCIATE confirmation (accept)", AAssociateAC():
                self._echo(subject, payload)
            case "A-ASSOCIATE confirmation (reject)", AAssociateRJ():
                text = describe_reject(payload.result, payload.source, payload.reason)
                self._finish(False, f"association rejected: {text}")
            case "P-DATA indication", PDataTF():
                self._data(subject, payload)
            case "A-RELEASE indication", _:
                subject.respond_release()
                self._finish(False, "the peer released before it answered the C-ECHO")
            case "A-RELEASE confirmation", _:
                self._finish(True, "C-ECHO answered with status 0x0000")
            case (("A-ABORT indication" | "A-P-ABORT indication"), AAbort()):
                self._finish(False, f"the peer aborted: {describe_abort(payload.source, payload.reason)}")
            case (("A-ABORT indication" | "A-P-ABORT indication"), Violation()):
                self._finish(False, f"the peer broke the protocol: {payload.reason} (octet {payload.offset})")
            case (("A-ABORT indication" | "A-P-ABORT indication"), _):
                self._finish(False, "the connection was lost")
            case _:
                pass

    def _echo(self, subject: NetworkObject, accepted: AAssociateAC) -> None:
        context = next((c for c in accepted.presentation_contexts if c.id == 1), None)
        if context is None or context.result != 0:
            self._finish(False, "the peer does not accept the Verification SOP class")
            subject.release()
            return
        command = encode_command(CEchoRQ(1))
        try:
            parts = fragments(1, command, accepted.user_information.max_length or 0)
        except ValueError as error:
            self._finish(False, str(error))
            subject.abort()
            return
        for part in parts:
            subject.send_data(part)

    def _data(self, subject: NetworkObject, data: PDataTF) -> None:
        for message in self._assembler.feed(data):
            response = None if message.fault else decode_command(message.command)
            if isinstance(response, CEchoRSP) and response.message_id_responded_to == 1:
                if response.status == 0:
                    subject.release()
                else:
                    self._finish(False, f"C-ECHO answered with status 0x{response.status:04X}")
                    subject.abort()
                return
            self._finish(
                False, message.fault or "the peer answered with something that is no C-ECHO response"
            )
            subject.abort()
            return
