"""The run of one case that judges a peer's TLS: says what the steps say on raw connections, and lets them be looked at.

It works below the association, on the carrier under TLS. Each step's `Want` says what is wrong in what was heard; this
module knows no rule of TLS itself. What this machine could not send is `unsupported`, never a pass.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from dicomnet.statemachine import AAssociateAC, AReleaseRP, PDataTF, tls
from dicomnet.transports import Failed, Secured, Transport

from .case import Case, Finding, Grade, Level
from .cases.tls_build import spoken
from .evidence import Evidence
from .octets import ECHO, RELEASE_RQ, RQ, cut, with_titles
from .run import PIECE_SECONDS
from .target import Pace, Target
from .tls_steps import (
    Beside,
    Credential,
    Heard,
    Part,
    Probe,
    Renegotiate,
    Said,
    SecureStep,
    Shake,
    Stop,
    Tell,
    Until,
    Verify,
    Want,
    Way,
)
from .tls_wire import Asking, Inside, Wire
from .verdict import Ending, Result, Verdict, verdict_of

SOON_SECONDS: Final = 0.2
# Where an end is due, a connection that is open for so long hangs.
HANG_SECONDS: Final = 15.0
# A stalled handshake is watched for so long at most; what comes later is told as "or a longer one".
TIMER_SECONDS: Final = 60.0
# A segment may hold many records; more of them than this is not sent by any case.
MAX_PIECES: Final = 10_000
# So long may the first octet of TLS take, where there was no association from which it could be known.
TLS_PATIENCE: Final = 3.0
SEVERITY: Final = (Grade.PASS, Grade.INFORMATIONAL, Grade.NON_STRICT, Grade.FAIL)
_ANSWERS: Final = (AAssociateAC, PDataTF, AReleaseRP)


class Contexts(Protocol):
    """What the tester's own TLS is made of: the user's settings, and what a case wants otherwise."""

    @property
    def host(self) -> str:
        """The name by which the target's certificate is to know it."""
        ...

    @property
    def certificate(self) -> bool:
        """Whether the user gave a client certificate."""
        ...

    def context(self, step: Shake) -> ssl.SSLContext | str:
        """The context for this handshake; or why this machine cannot make it."""
        ...

    def asking(self, name: str) -> Callable[[Heard], Asking] | str:
        """What makes TLS that can ask for a renegotiation, with this server_name; or why this machine has none."""
        ...


@dataclass(frozen=True, slots=True)
class TlsTarget:
    """What is below the association of a target: the raw carrier, and the tester's TLS.

    `said` is what became of the newest handshake of an association: what was agreed on, or why it failed.
    """

    raw: Transport
    contexts: Contexts
    said: Callable[[], Secured | Failed | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of the target besides.

    `concurrent` is how many associations the user states the target to serve side by side (0: nothing is stated),
    `recover_limit` (seconds) how long it may take to serve again, which `recover` waits for. `serves_several` finds out
    whether it serves two associations side by side; it is asked only where a healthy one was starved.
    """

    concurrent: int = 0
    recover_limit: float = 75.0
    recover: Callable[[], object] = lambda: None
    serves_several: Callable[[], bool] = lambda: False


def needs_no_association(case: Case) -> bool:
    """Whether the case asks nothing of the target but its half of a handshake, or the end of what is none."""
    return (
        case.secure
        and not case.slow
        and all(
            (isinstance(step, Probe) and not step.keep)
            or (isinstance(step, Shake) and step.verify is not Verify.NOTHING)
            or isinstance(step, Part)
            for step in case.steps
        )
    )


def speaks_tls(target: Target) -> bool:
    """Whether the target answers a ClientHello by TLS, be it by an alert: without that nothing of TLS can be judged."""
    return SecureRun(spoken(), target).run().verdict is Verdict.PASS


def only_tls(target: Target, result: Result) -> bool:
    """Whether a target without an association has at least a half of a handshake that can be judged.

    In TLS 1.3 a refusal of our certificate comes behind our own handshake, so that the link was open.
    """
    if target.tls is None:
        return False
    failed = result.ending.how == "none" or isinstance(target.tls.said(), Failed)
    return failed and speaks_tls(replace(target, pace=replace(target.pace, patience=TLS_PATIENCE)))


def judge_secure(
    case: Case,
    target: Target,
    slower: Pace,
    hints: Hints,
) -> Result:
    """The verdict on a case; what deviates, or tells nothing, is repeated once, with the `slower` pace."""
    if target.tls is None:
        why = "the target is reached without TLS"
        return Result(case, target.carrier.name, Verdict.NOT_APPLICABLE, case.requirement, why)

    first = SecureRun(case, target, hints).run()
    # A slow answer is no missing one, where a missing one is less than strict.
    may_lack = case.level is not Level.MUST or any(isinstance(step, Renegotiate) for step in case.steps)
    lax = first.verdict is Verdict.NON_STRICT and may_lack
    starved = first.verdict is not Verdict.PASS and any(isinstance(step, Beside) for step in case.steps)
    if not (lax or starved or first.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)):
        return first
    hints.recover()
    second = SecureRun(case, replace(target, pace=slower), hints, thorough=True).run()
    second.attempts = 2
    if second.verdict is not first.verdict:
        second.notes.append(f"not confirmed: at first {first.verdict.value} ({first.observed})")
    return second


class SecureRun:
    """One case on one target, once. `thorough`: an end that is due is waited for longer than answers are."""

    def __init__(
        self,
        case: Case,
        target: Target,
        hints: Hints | None = None,
        *,
        thorough: bool = False,
    ) -> None:
        self._thorough = thorough
        self._case = case
        self._target = target
        assert target.tls is not None
        self._contexts = target.tls.contexts
        self._carrier = target.tls.raw
        self._hints = hints or Hints()
        self._began = self._carrier.now()
        self._evidence = Evidence()
        self._heard: list[Heard] = []
        self._wire: Wire | None = None
        self._kept: list[Wire] = []
        self._findings: list[Finding] = []
        self._stop: Stop | None = None
        self._wanted = ""

    def run(self) -> Result:
        """Carry out the steps; gives the verdict with the evidence."""
        try:
            for step in self._case.steps:
                assert isinstance(step, SecureStep)
                self._do(step)
                if self._stop is not None or any(f.grade is Grade.FAIL for f in self._findings):
                    break
        finally:
            for wire in (*self._kept, *([self._wire] if self._wire else [])):
                wire.close()
        return self._result()

    def _do(self, step: SecureStep) -> None:
        match step:
            case Probe():
                self._probe(step)
            case Shake():
                self._shake(step)
            case Renegotiate():
                self._renegotiate(step)
            case Tell():
                self._tell(step)
            case Part():
                self._part(step)
            case Beside():
                self._beside()

    # --- raw connections ---------------------------------------------------------------------------------

    @property
    def _pace(self) -> Pace:
        return self._target.pace

    def _open(self, what: str) -> Wire | None:
        """A raw connection that stands; None where there is none, and the case is over."""
        if self._wire is not None:
            self._wire.close()
        self._note("tester", "connect")
        wire = self._wire = Wire(self._carrier, self._target.address, what)
        wire.note = lambda told, octets: self._note("target", told, octets)
        heard = wire.heard
        heard.before = tuple(self._heard)
        heard.certificate = self._contexts.certificate
        self._heard.append(heard)
        self._carrier.run(lambda: heard.opened or bool(heard.failed), self._pace.connect)
        if heard.opened:
            return wire
        self._stop = Stop(Verdict.INCONCLUSIVE, f"no connection: {heard.failed or 'timeout'}")
        return None

    def _send(self, wire: Wire, octets: bytes, pieces: tuple[int, ...]) -> None:
        """The octets in segments of these sizes, as long as there is somebody to send them to."""
        for number, piece in enumerate(cut(octets, pieces)[:MAX_PIECES]):
            if number:
                self._carrier.run(lambda: bool(wire.heard.ending), PIECE_SECONDS)
            if wire.heard.ending:
                return
            wire.send(piece)

    def _wait(self, wire: Wire, seconds: float, over: Callable[[], bool]) -> None:
        """Let things happen until `over`, or the end, or until nothing of it for so long."""
        heard = wire.heard
        heard.waited = seconds
        self._carrier.run(lambda: bool(heard.ending or heard.failed) or over(), seconds)

    def _probe(self, step: Probe) -> None:
        wire = self._open(step.what)
        if wire is None:
            return
        octets = self._written(step)
        self._evidence.sent.append(octets)
        self._note("tester", step.what, octets)
        self._send(wire, octets, step.pieces)
        heard, pace = wire.heard, self._pace
        match step.until:
            case Until.ANSWER:
                self._wait(wire, pace.patience, lambda: heard.answer.whole or heard.speaks_plainly)
            case Until.END:
                limit = max(pace.patience, HANG_SECONDS) if self._thorough else pace.patience
                # A PDU in the clear is what must not come: no end makes it good.
                self._wait(wire, limit, lambda: heard.shut or heard.speaks_plainly)
            case Until.QUIET:
                self._wait(wire, pace.quiet, lambda: heard.shut)
            case Until.TIMER:
                self._wait(wire, min(pace.timer, TIMER_SECONDS), lambda: heard.shut)
        self._look(step.want, heard)
        if step.keep:
            self._kept.append(wire)
            self._wire = None
        else:
            wire.close()

    def _written(self, step: Probe) -> bytes:
        octets = b""
        if step.hello is not None:
            hello = step.hello
            if step.named and (hello.extensions or hello.versions or hello.groups):
                hello = replace(hello, server_name=_as_name(self._contexts.host))
            octets = tls.client_hello_record(hello, step.record, step.records)
        octets += self._titled(step.octets)
        return octets if step.part is None else octets[: step.part]

    def _titled(self, octets: bytes) -> bytes:
        return with_titles(octets, self._target.called, self._target.calling)

    # --- TLS inside --------------------------------------------------------------------------------------

    def _shake(self, step: Shake) -> None:
        context = self._contexts.context(step)
        if isinstance(context, str):
            self._stop = Stop(Verdict.UNSUPPORTED, context)
            return
        wire = self._open(step.what)
        if wire is None:
            return
        heard = wire.heard
        self._note("tester", f"{step.what} ({step.credential.value})")
        inside = wire.inside = Inside(context, self._contexts.host, heard)
        inside.turn()
        self._turns(wire, lambda: heard.secured, step.pieces)
        if heard.secured and step.behind:
            behind = self._titled(step.behind)
            heard.reason = inside.write(behind)
            self._note("tester", "inside TLS, in one segment with the end of the handshake", behind)
        self._flush(wire, step.pieces)
        self._note("tester", f"handshake: {heard.told()}")
        self._look(step.want, heard)

    def _turns(self, wire: Wire, done: Callable[[], bool], pieces: tuple[int, ...] = ()) -> None:
        """One turn after the other until it is `done`, or does not go on.

        What is to be sent is cut here, which takes turns of the carrier itself.
        """
        heard = wire.heard
        limit = self._carrier.now() + self._pace.patience
        while not (done() or heard.error or heard.ending):
            self._flush(wire, pieces)
            # A slow handshake is given its time from its last octet on.
            limit = max(limit, wire.sent + self._pace.patience)
            if not self._more(wire, limit - self._carrier.now()):
                break

    def _renegotiate(self, step: Renegotiate) -> None:
        asking = self._contexts.asking(_as_name(self._contexts.host))
        if isinstance(asking, str):
            self._stop = Stop(Verdict.UNSUPPORTED, asking)
            return
        wire = self._open(step.what)
        if wire is None:
            return
        heard = wire.heard
        self._note("tester", f"{step.what} ({Credential.GIVEN.value})")
        inside = wire.inside = asking(heard)
        inside.turn()
        self._turns(wire, lambda: heard.secured)
        self._flush(wire)
        self._note("tester", f"handshake: {heard.told()}")
        if heard.secured and not (heard.error or heard.closed or heard.ending):
            why, octets = inside.ask(), inside.out()
            if why or octets[:1] != bytes((tls.names.HANDSHAKE,)):
                why = why or "it made no record of it"
                self._stop = Stop(Verdict.UNSUPPORTED, f"pyOpenSSL did not ask for a renegotiation: {why}")
                return
            self._note("tester", "inside TLS: ClientHello", octets)
            self._evidence.sent.append(octets)
            wire.send(octets)
            heard.asked = True
            self._turns(wire, lambda: heard.renewed or heard.closed)
            self._flush(wire)
        self._look(step.want, heard)

    def _more(self, wire: Wire, seconds: float) -> bool:
        """Wait until the target has said more; gives whether it has, or has ended it."""
        seen = len(wire.heard.octets)
        self._wait(wire, seconds, lambda: len(wire.heard.octets) != seen)
        return len(wire.heard.octets) != seen or bool(wire.heard.ending)

    def _flush(self, wire: Wire, pieces: tuple[int, ...] = ()) -> None:
        assert wire.inside is not None
        octets = wire.inside.out()
        if octets:
            self._evidence.sent.append(octets)
            self._note("tester", "records of TLS", octets)
            self._send(wire, octets, pieces)

    def _tell(self, step: Tell) -> None:
        wire = self._wire
        assert wire is not None
        assert isinstance(wire.inside, Inside)
        octets = self._titled(step.octets) if wire.heard.secured else b""
        chunks = cut(octets, step.records) if octets else []
        if chunks:
            self._note("tester", f"inside TLS: {step.what}", octets)
        for chunk in chunks:
            reason = wire.inside.write(chunk) or (
                "" if wire.inside.made_record() else "it made no record of it"
            )
            if reason:
                self._stop = Stop(
                    Verdict.UNSUPPORTED, f"the TLS library of this machine did not send it: {reason}"
                )
                return
        self._flush(wire, step.pieces)
        heard = wire.heard
        self._wait(
            wire,
            self._pace.patience,
            lambda: len(heard.pdus) >= step.answers or bool(heard.error) or heard.closed,
        )
        self._look(step.want, heard)

    def _part(self, step: Part) -> None:
        wire = self._wire
        assert wire is not None
        self._note("tester", step.way.value)
        heard = wire.heard
        if step.way is Way.NOTIFY and isinstance(wire.inside, Inside):
            wire.inside.notify()
            wire.flush()
        if step.want is not None:
            self._wait(wire, self._pace.patience, lambda: heard.closed)
            self._look(step.want, heard)
        if step.way is Way.RST:
            wire.reset()
        else:
            wire.close()

    # --- a healthy one beside it -------------------------------------------------------------------------

    def _beside(self) -> None:
        stated = len(self._kept) < self._hints.concurrent
        others = f"{len(self._kept)} {'other' if len(self._kept) == 1 else 'others'}"
        talk = self._healthy()
        if talk is None:
            return
        self._carrier.run(lambda: talk.over, self._pace.patience)
        starved = not talk.over
        if starved:
            text = f"a healthy association was starved for as long as {others} stayed ({self._pace.patience:.3g} s)"
            self._find(Grade.FAIL if stated else Grade.INFORMATIONAL, text)
        left = self._carrier.now()
        for wire in self._kept:
            self._note("tester", "close (FIN)")
            wire.close()
        self._carrier.run(lambda: talk.over, self._hints.recover_limit)
        seconds = self._carrier.now() - left
        talk.wire.close()
        if not talk.over:
            self._find(
                Grade.FAIL,
                f"and it was not served either when they had gone ({self._hints.recover_limit:.3g} s)",
            )
        elif not talk.served:
            grade = Grade.FAIL if stated else Grade.NON_STRICT
            self._find(grade, f"beside {others} a healthy association got: {talk.wire.heard.told()}")
        elif starved:
            when = "at once" if seconds < SOON_SECONDS else f"{seconds:.3g} s"
            self._findings[-1] = replace(
                self._findings[-1], text=f"{self._findings[-1].text}, and served {when} after that"
            )
        if starved and not stated and self._hints.serves_several():
            self._find(
                Grade.NON_STRICT, "associations side by side are served, but this keeps everybody waiting"
            )

    def _find(self, grade: Grade, text: str) -> None:
        self._findings.append(Finding(self._case.clause, text, grade))

    def _healthy(self) -> Talk | None:
        context = self._contexts.context(Shake("", Want("", lambda _: ())))
        if isinstance(context, str):
            self._stop = Stop(Verdict.UNSUPPORTED, context)
            return None
        self._note("tester", "a healthy association: connect, handshake, C-ECHO, release")
        wire = Wire(self._carrier, self._target.address, "a healthy association")
        wire.note = lambda told, octets: self._note("target", f"[healthy] {told}", octets)
        self._heard.append(wire.heard)
        wire.inside = Inside(context, self._contexts.host, wire.heard)
        return Talk(wire, tuple(map(self._titled, (RQ, ECHO, RELEASE_RQ))))

    # --- the verdict -------------------------------------------------------------------------------------

    def _look(self, want: Want, heard: Heard) -> None:
        self._wanted = want.says
        said: Iterable[Said] = want.look(heard)
        for item in said:
            if isinstance(item, Stop):
                self._stop = self._stop or item
            else:
                self._findings.append(item)

    def _result(self) -> Result:
        worst = max((f.grade for f in self._findings), key=SEVERITY.index, default=Grade.PASS)
        told = [f for f in self._findings if f.grade is worst]
        stop, observed, expected, notes = self._stop, "", self._case.requirement, list[str]()
        verdict = verdict_of(worst, self._case.level)
        if worst is Grade.FAIL or (told and stop is None):
            observed = "; ".join(f"{f.text} ({f.clause})" for f in told)
            expected = self._wanted if worst is Grade.FAIL else expected
            notes += [f.text for f in self._findings if f not in told and f.text]
        elif stop is not None:
            verdict, observed = stop.verdict, stop.text
            notes += [f.text for f in self._findings if f.text]
        else:
            observed = self._story()
        last = self._heard[-1] if self._heard else Heard()
        ending = Ending(last.ending or ("open" if last.opened else "none"), last.after)
        return Result(
            self._case,
            self._carrier.name,
            verdict,
            expected,
            observed,
            notes,
            ending,
            self._evidence,
            seconds=self._carrier.now() - self._began,
        )

    def _story(self) -> str:
        return "; ".join(heard.told() for heard in self._heard) or "nothing"

    def _note(self, who: str, what: str, octets: bytes = b"") -> None:
        self._evidence.add(self._carrier.now() - self._began, who, what, octets)


class Talk:
    """A healthy association that goes on by itself, whatever else is waited for."""

    def __init__(self, wire: Wire, script: tuple[bytes, ...]) -> None:
        self.wire = wire
        self.over = False
        self._script = script
        self._said = 0
        wire.changed = self._changed

    @property
    def served(self) -> bool:
        """Every message was answered as it should be."""
        pdus = self.wire.heard.pdus
        return len(pdus) == len(_ANSWERS) and all(map(isinstance, pdus, _ANSWERS))

    def _changed(self) -> None:
        heard, inside = self.wire.heard, self.wire.inside
        assert isinstance(inside, Inside)
        if self.over:
            return
        if heard.failed or heard.ending or heard.error:
            self.over = True
            return
        inside.turn()
        while heard.secured and self._said <= len(heard.pdus) and self._said < len(self._script):
            inside.write(self._script[self._said])
            self._said += 1
        if len(heard.pdus) >= len(self._script):
            inside.notify()
            self.over = True
        self.wire.flush()


def _as_name(host: str) -> str:
    """The host as the extension server_name may hold it: no address (RFC 6066 3)."""
    return "" if not host or ":" in host or host.replace(".", "").isdigit() else host
