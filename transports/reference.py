"""The reference acceptor (Verification SCP) and requestor (Verification SCU), on any carrier."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    IMPLICIT_LE,
    VERIFICATION,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    CEchoRQ,
    CEchoRSP,
    LocalProtocolError,
    Model,
    PDataTF,
    PresentationContextRQ,
    Request,
    Transition,
    UserInformation,
    Violation,
    decode_command,
    describe_reject,
    encode_command,
)

from .base import Address, Timer, Transport
from .handlers import why_over
from .messages import Assembler, fragments
from .negotiation import Policy, negotiate
from .network import DEFAULT_BACKLOG, Network, NetworkObject
from .secure import Secured, Security
from .user import Handler, Settings

# Connections beyond the associations: to tell a peer that there is no room, and for those that say nothing.
SPARE_CONNECTIONS = 64
# How many questions of one peer may wait for the answers of a user who thinks.
MOST_UNANSWERED = 64

# No association was asked for: the link is being secured, or the request is awaited.
SILENT = frozenset({"Sta1", "Sta2"})

Log = Callable[[str], None]


class ReferenceAcceptor(Handler):
    """Accepts connections and serves C-ECHO. `answer_after` (seconds) delays whatever its user answers.

    It accepts every connection at once, up to a bound that keeps finite what hostile peers can hold. Beyond it the
    oldest connection that has not asked for an association yet is reset for the next one (PS3.8 2020 9.1.4 allows it
    for lack of resources), so that peers who say nothing cannot keep the others waiting; where there is none, requests
    wait in the queue until a connection has ended.
    """

    def __init__(
        self,
        carrier: Transport,
        policy: Policy,
        settings: Settings | None = None,
        *,
        answer_after: float = 0.0,
        log: Log | None = None,
        security: Security | None = None,
    ) -> None:
        self.network = Network(carrier, settings or Settings(max_length=policy.max_length), security)
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
        self._accept(listener)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """There is room for a request that had to wait."""
        self._accept(listener)

    def _accept(self, listener: NetworkObject) -> None:
        most = self.network.settings.max_associations + SPARE_CONNECTIONS
        while listener.waiting and (listener.children < most or self._made_room(listener)):
            child = self.network.new_object(_VerificationUser(self))
            try:
                listener.accept(child)
            except LocalProtocolError as refusal:
                child.close()
                if refusal.code != "reset":  # of the first request, which is gone; the next may be accepted
                    raise

    def _made_room(self, listener: NetworkObject) -> bool:
        for child in self.network.alive:
            if child.listener is listener and child.endpoint.association.control in SILENT:
                if self.log is not None:
                    self.log(f"{child.peer}: reset, as it says nothing and others wait")
                child.close_forced()
                return True
        return False


class _Later:
    """What a user still thinks about: he does it in the order in which it was asked for, `seconds` after that."""

    def __init__(self, carrier: Transport, seconds: float) -> None:
        self._carrier = carrier
        self._seconds = seconds
        self._waiting: deque[tuple[Callable[[], None], Timer]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, deed: Callable[[], None]) -> None:
        """Do it when its time has come; what was to be done before it comes first."""
        self._waiting.append((deed, self._carrier.call_later(self._seconds, self._next)))

    def clear(self) -> None:
        """Nothing of it is left to be done."""
        for _, timer in self._waiting:
            timer.cancel()
        self._waiting.clear()

    def _next(self) -> None:
        # Timers that are due together may ring in any order; answers go out in the order of the questions.
        if self._waiting:
            self._waiting.popleft()[0]()


class _VerificationUser(Handler):
    """The user of one association: answers the request, the echoes and the release."""

    def __init__(self, acceptor: ReferenceAcceptor) -> None:
        self._acceptor = acceptor
        self._peer_max = 0
        self._contexts: frozenset[int] = frozenset()
        self._assembler = Assembler()
        self._later = _Later(acceptor.network.carrier, acceptor.answer_after)

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """Answer what the association tells; what does not fit a primitive's form is not answered."""
        match primitive:
            case "A-ASSOCIATE indication" if isinstance(payload, Request):
                self._answer(subject, partial(self._associate, subject, payload.pdu))
            case "P-DATA indication" if isinstance(payload, PDataTF):
                self._answer(subject, partial(self._data, subject, payload))
            case "A-RELEASE indication":
                self._answer(subject, subject.respond_release)
            case "A-ABORT indication" | "A-P-ABORT indication":
                self._later.clear()
                self._tell(subject, primitive)
            case _:
                pass

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """Tell what the security layer came to."""
        secured = subject.secured
        if outcome != "ok":
            self._tell(subject, "the link could not be secured: {}", security_words(subject, outcome))
        elif secured is not None:
            self._tell(subject, "secured: {} {}", secured.version, secured.suite)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """Nothing is left to answer."""
        self._later.clear()

    def _tell(self, subject: NetworkObject, what: str, *about: object) -> None:
        """Log a line; what it is about is put into words only where somebody logs."""
        if self._acceptor.log is not None:
            self._acceptor.log(f"{subject.peer}: {what.format(*about)}")

    def _answer(self, subject: NetworkObject, answer: Callable[[], None]) -> None:
        if not self._acceptor.answer_after:
            self._now(subject, answer)
        elif len(self._later) < MOST_UNANSWERED:
            self._later.add(partial(self._now, subject, answer))
        else:
            self._tell(subject, "more than {} unanswered", MOST_UNANSWERED)
            self._later.clear()
            subject.abort()

    def _now(self, subject: NetworkObject, answer: Callable[[], None]) -> None:
        try:
            answer()
        except LocalProtocolError as error:
            if error.code == "invalid_argument":
                # What the peer sent cannot be said in an answer. It must not wait for one for ever.
                self._tell(subject, "no answer is possible: {}", error.message)
                subject.abort()
            else:
                # The association went on while the user was thinking; there is nobody left to answer.
                self._tell(subject, "too late: {}", error)

    def _associate(self, subject: NetworkObject, request: AAssociateRQ) -> None:
        answer = negotiate(request, self._acceptor.policy)
        if isinstance(answer, AAssociateAC):
            self._peer_max = request.user_information.max_length or 0
            self._contexts = frozenset(c.id for c in answer.presentation_contexts if c.result == 0)
            self._tell(subject, "association of {!r} accepted", request.calling_ae_title)
        else:
            text = describe_reject(answer.result, answer.source, answer.reason)
            self._tell(subject, "association of {!r}: {}", request.calling_ae_title, text)
        subject.respond(answer)

    def _data(self, subject: NetworkObject, data: PDataTF) -> None:
        # Context ids and the order of fragments are the user's business (PS3.8 Annex E names no event).
        for pdv in data.pdvs:
            if pdv.context_id not in self._contexts:
                self._tell(
                    subject, "the peer sent data on context {}, which was not accepted", pdv.context_id
                )
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
            self._tell(subject, "C-ECHO answered")


def security_words(subject: NetworkObject, outcome: str) -> str:
    """What became of a link that could not be secured, or that broke: the code, and why."""
    failure = subject.security_failure
    return outcome if failure is None or not failure.text else f"{outcome}: {failure.text}"


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


def _misfit(accepted: AAssociateAC) -> str | None:
    """Why an acceptance is none of what a Verification SCU has asked for; what it merely turns down is no reason."""
    if not accepted.protocol_version & 1:
        return f"the peer speaks protocol version 0x{accepted.protocol_version:04X}, which is not version 1"
    if accepted.application_context != APPLICATION_CONTEXT:
        return f"the peer accepts another application context: {accepted.application_context!r}"
    for context in accepted.presentation_contexts:
        if (context.id, context.result) == (1, 0) and context.transfer_syntax != IMPLICIT_LE:
            return (
                f"the peer accepts with a transfer syntax that was not proposed: {context.transfer_syntax!r}"
            )
    return None


@dataclass(slots=True)
class EchoResult:
    """What became of one C-ECHO: `ok`, what to say, how long it took in seconds, and what TLS agreed on."""

    ok: bool = False
    text: str = "no answer"
    seconds: float = 0.0
    done: bool = False
    secured: Secured | None = None


class ReferenceRequestor(Handler):
    """One association with one C-ECHO, released in order; `result` tells what became of it.

    After `timeout` seconds its user gives up. `answer_after` (seconds) delays whatever he does. `tables` are those that
    run, where not the carrier's; the transitions taken are appended to `trace`.
    """

    def __init__(
        self,
        carrier: Transport,
        address: Address,
        called: str,
        calling: str,
        *,
        timeout: float = 30.0,
        security: Security | None = None,
        answer_after: float = 0.0,
        tables: Model | None = None,
        trace: list[Transition] | None = None,
    ) -> None:
        settings = Settings(connect=timeout, handshake=timeout, tables=tables)
        self.network = Network(carrier, settings, security)
        self.network.trace = trace
        self.result = EchoResult()
        self._answer_after = answer_after
        self._later = _Later(carrier, answer_after)
        self._carrier = carrier
        self._assembler = Assembler()
        self._answered = False
        self._secured: Secured | None = None
        self._began = carrier.now()
        self._timer = carrier.call_later(timeout, self._overdue)
        self.network.startup()
        self._subject = self.network.new_object(self)
        self._subject.dial(address, echo_request(called, calling))

    @property
    def over(self) -> bool:
        """Whether the result is known and the association is over: nothing is cut off by going now."""
        return self.result.done and self._subject.endpoint.association.control in ("Sta1", "Sta13")

    def _finish(self, ok: bool, text: str, *, over: bool = True) -> None:
        """The result is known; unless `over`, the timer still bounds how long the connection may stand."""
        if over:
            self._timer.cancel()
        if not self.result.done:
            seconds = self._carrier.now() - self._began
            self.result = EchoResult(ok, text, seconds, done=True, secured=self._secured)

    def _overdue(self) -> None:
        self._give_up("the peer did not answer in time")
        self._now(self._subject.close)

    def _give_up(self, why: str) -> None:
        self._finish(False, why)
        self._later.clear()
        self._now(self._subject.abort)

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """Refused, unreachable, too late."""
        if outcome != "ok":
            self._finish(False, f"no connection: {outcome}")

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """The peer ended the connection, and nothing was known yet."""
        self._later.clear()
        failure = subject.security_failure
        lost = "the connection was lost"
        self._finish(False, lost if failure is None else f"{lost}: {security_words(subject, outcome)}")

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """What was agreed on, or that the link could not be secured."""
        self._secured = subject.secured
        if outcome != "ok":
            self._finish(False, f"the link could not be secured: {security_words(subject, outcome)}")

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """Associate, echo, release."""
        match primitive, payload:
            case "A-ASSOCIATE confirmation (accept)", AAssociateAC():
                self._do(partial(self._echo, subject, payload))
            case "A-ASSOCIATE confirmation (reject)", AAssociateRJ():
                text = describe_reject(payload.result, payload.source, payload.reason)
                self._finish(False, f"association rejected: {text}")
            case "P-DATA indication", PDataTF():
                self._do(partial(self._data, subject, payload))
            case "A-RELEASE indication", _:
                self._do(partial(self._released, subject))
            case "A-RELEASE confirmation", _:
                self._finish(True, "C-ECHO answered with status 0x0000")
            case (("A-ABORT indication" | "A-P-ABORT indication"), _):
                self._later.clear()
                self._ended(subject, payload)
            case _:
                pass

    def _do(self, deed: Callable[[], None]) -> None:
        if not self._answer_after:
            self._now(deed)
        elif len(self._later) < MOST_UNANSWERED:
            self._later.add(partial(self._now, deed))
        else:
            self._give_up(f"the peer said more than {MOST_UNANSWERED} things before one was answered")

    def _now(self, deed: Callable[[], None]) -> None:
        # The association may have gone on while the user was thinking: then there is nobody left to tell.
        with suppress(LocalProtocolError):
            deed()

    def _released(self, subject: NetworkObject) -> None:
        if not self._answered:
            self._finish(False, "the peer released before it answered the C-ECHO")
        subject.respond_release()

    def _ended(self, subject: NetworkObject, cause: object) -> None:
        why = why_over(cause)
        # A connection that could not be made, or secured, is told by a callback that knows why.
        known = subject.endpoint.connection.control == "IDLE" or subject.endpoint.security.control == "FAILED"
        if why is not None or not known:
            self._finish(False, why or "the connection was lost")

    def _echo(self, subject: NetworkObject, accepted: AAssociateAC) -> None:
        wrong = _misfit(accepted)
        if wrong is not None:
            self._finish(False, wrong)
            subject.abort()
            return
        context = next((c for c in accepted.presentation_contexts if c.id == 1), None)
        if context is None or context.result != 0:
            self._finish(False, "the peer does not accept the Verification SOP class", over=False)
            subject.release()
            return
        command = encode_command(CEchoRQ(1))
        try:
            parts = fragments(1, command, accepted.user_information.max_length or 0)
        except ValueError as error:
            self._give_up(str(error))
            return
        for part in parts:
            subject.send_data(part)

    def _data(self, subject: NetworkObject, data: PDataTF) -> None:
        if self._answered:
            return  # whatever it is, it was not asked for
        for message in self._assembler.feed(data):
            response = None if message.fault else decode_command(message.command)
            if not isinstance(response, CEchoRSP) or response.message_id_responded_to != 1:
                text = message.fault or "the peer answered with something that is no C-ECHO response"
            elif response.status:
                text = f"C-ECHO answered with status 0x{response.status:04X}"
            else:
                self._answered = True
                subject.release()
                return
            self._give_up(text)
            return
