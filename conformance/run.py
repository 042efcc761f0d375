"""One case on one connection: carries out the steps, asks the oracle after each observation, stops at the first
difference. By callbacks, so that the same code runs on virtual time and on real sockets, and many at once.
"""

from __future__ import annotations

from collections.abc import Callable

from dicomnet.statemachine import (
    AAssociateRJ,
    AReleaseRQ,
    Framer,
    PDataTF,
    Pdu,
    Violation,
)
from dicomnet.transports import Link, Timer

from .bounds import TESTER_LIMITS, too_much, waits_for_user
from .case import (
    SIDES,
    Await,
    AwaitTimer,
    AwaitUser,
    Case,
    Close,
    Connect,
    Grade,
    HalfClose,
    Idle,
    Reset,
    Send,
    as_event,
    told_of,
)
from .conversation import Asked, Conversation, longest_pdu
from .evidence import Evidence, describe, describe_silence
from .faults import own_fault
from .guarded import guarded
from .octets import cut, with_titles
from .oracle import Hypothesis, Oracle, cell_clause
from .placing import place
from .row import Row
from .target import Target, Visit
from .verdict import DEVIATION, Cell, Ending, Result, Verdict, verdict_of

PIECE_SECONDS = 0.001
TRANSIENT = 2  # "rejected for now" (PS3.8 2020 Table 9-21)


class CaseRun:
    """The run of one case; `result` is set and `done` is called when it is over."""

    def __init__(
        self,
        case: Case,
        target: Target,
        done: Callable[[Result], None] | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self.case = case
        self.result: Result | None = None
        self._target = target
        self._done = done
        self._oracle = Oracle(side=SIDES[case.role])
        self._talk = Conversation()
        self._released = False  # the user of a requestor has asked for the release
        self._visit: Visit | None = None
        self._framer = Framer(TESTER_LIMITS)
        self._evidence = evidence or Evidence()
        self._steps = list(case.steps)
        self._position = -1
        self._step_began = 0.0
        self._link: Link | None = None
        self._timer: Timer | None = None
        self._began = target.carrier.now()
        self._opened: float | None = None
        self._sent = self._began
        self._answered = False
        self._ending = Ending("none", 0.0)
        self._pieces: list[bytes] = []
        self._received = 0
        self._answers = 0
        self._row = Row()
        self.checking: Cell | None = None  # the state check in which the difference was seen
        self.busy = False  # the target rejected the association for now, which is no verdict on the case
        self.slowest = 0.0  # the longest time from what was sent to an answer, in seconds
        self.latest = 0.0  # the same for the last answer

    @guarded
    def start(self) -> None:
        """Begin."""
        self._next()

    # --- steps -------------------------------------------------------------------------------------------

    def _next(self) -> None:
        self._cancel()
        if self.result is not None:
            return
        self._position += 1
        over = self._oracle.over and self._opened is not None
        ahead = (s for s in self._steps[self._position :] if isinstance(s, AwaitUser) and not s.free)
        if over and (unmet := next(ahead, None)) is not None:
            self._user_did_not(unmet)
            return
        if self._position >= len(self._steps) or over:
            self._conclude()
            return
        step = self._steps[self._position]
        self._answered, self._step_began = False, self._target.carrier.now()
        match step:
            case Connect():
                self._connect(step, self._target)
            case Send():
                self._send(step)
            case Await():
                self._await(step)
            case AwaitUser():
                self._await_user(step)
            case AwaitTimer():
                self._await_timer(step, self._target.pace.timer)
            case Idle():
                idle = min(step.seconds, self._target.pace.idle)
                self._wait(idle, lambda: self._silence(idle, patient=False, then=self._next))
            case HalfClose():
                assert self._link is not None
                self._note("tester", "half-close (FIN)")
                self._link.half_close()
                self._oracle.ended()
                self._next()
            case Close() | Reset():
                self._close(step)
            case _:
                raise AssertionError("a step of several connections on one")

    def _connect(self, step: Connect, target: Target) -> None:
        self._wait(target.pace.connect, lambda: self.on_failed("timeout"))
        if target.caller is None:
            self._note("tester", "connect")
            self._link = target.carrier.connect(target.address, self)
        elif step.refused and not target.caller.watches:
            why = "started by hand; whether it gives up cannot be seen"
            self._finish(Verdict.NOT_APPLICABLE, self.case.requirement, why)
        else:
            self._note("tester", f"wait for the requestor to connect{', and refuse it' * step.refused}")
            self._visit = target.caller.expect(self, refused=step.refused)

    def _send(self, step: Send) -> None:
        if step.released not in (None, self._released):
            self._row = Row()
            self._next()
            return
        made = step.octets if step.made is None else step.made(self._evidence)
        if isinstance(made, str):
            self._finish(Verdict.NOT_APPLICABLE, self.case.requirement, made)
            return
        octets = with_titles(made, self._target.called, self._target.calling)
        self._evidence.sent.append(octets)
        self._note("tester", step.what, octets)
        if not isinstance(self._steps[self._position - 1], Send):
            self._row = Row()
        self._row.add(self._oracle.states(), step)
        # The oracle hears of it first: an answer may come while the pieces are still on their way.
        self._oracle.sent(step.heard)
        self._pieces = cut(octets, step.pieces)
        self._send_piece()

    def _send_piece(self) -> None:
        if self.result is not None:
            return
        if self._link is None:  # reset between two pieces, as the oracle allows
            self._next()
            return
        self._sent = self._target.carrier.now()
        self._link.send(self._pieces.pop(0))
        if self._pieces and not self._oracle.over:
            self._wait(PIECE_SECONDS, self._send_piece)
        else:
            self._next()

    def _close(self, step: Close | Reset) -> None:
        assert self._link is not None
        if isinstance(step, Close):
            self._note("tester", "close (FIN)")
            self._link.close()
        else:
            self._note("tester", "reset (RST)")
            self._link.reset()
        self._link = None
        self._ending = Ending("tester", self._seconds())
        self._oracle.gone()
        self._conclude()

    # --- waiting -----------------------------------------------------------------------------------------

    def _await(self, step: Await) -> None:
        """Decide what to wait for now."""
        oracle = self._oracle
        if oracle.over or (self._answered and oracle.all_settled and not step.quiet):
            self._next()
            return
        pace = self._target.pace
        if step.patient and not self._answered:
            self._be_patient(pace.quiet)
        elif oracle.any_settled:
            self._wait(pace.quiet, lambda: self._silence(pace.quiet, patient=False, then=self._next))
        elif pace.prompt is not None and pace.prompt < pace.patience:
            self._wait(
                pace.prompt, lambda: self._silence(pace.prompt or 0.0, patient=False, then=self._be_patient)
            )
        elif step.late:
            self._wait(pace.patience, lambda: self._go_on(step.late))
        else:
            self._be_patient()

    def _go_on(self, note: str) -> None:
        """What is overdue may come later: less than strict, and judged when it comes."""
        self._oracle.tolerate(Grade.NON_STRICT, note)
        self._next()

    def _be_patient(self, least: float = 0.0) -> None:
        """Only the target's user has still to answer, or nothing is known of how fast the target is."""
        patience = max(self._target.pace.patience, least)
        self._wait(patience, lambda: self._silence(patience, patient=True, then=self._next))

    def _silence(self, seconds: float, *, patient: bool, then: Callable[[], None]) -> None:
        expected = self._oracle.expected()
        if self._oracle.saw_silence(patient=patient):
            then()
        else:
            self._differ(expected, describe_silence(self._framer, seconds))

    def _await_user(self, step: AwaitUser) -> None:
        """See `AwaitUser`. What the user has done already counts as well."""
        serves = step.event == "Evt11"
        while serves and self._talk.waiting:
            self._answer(self._talk.waiting.popleft())
        if self._released if serves else self._talk.waiting:
            self._oracle.caught_up()
            if not serves:
                self._talk.waiting.pop()
            self._next()
        elif self._released or self._oracle.dissolved:
            self._user_did_not(step)
        else:
            silence, in_all = waits_for_user(step, self._target)
            left = self._step_began + in_all - self._target.carrier.now()
            then = self._user_did_not if silence <= left else self._user_goes_on
            self._wait(max(min(silence, left), 0.0), lambda: then(step))

    def _answer(self, asked: Asked) -> None:
        # Who sends one message after the other has read what answered those before.
        self._oracle.caught_up()
        octets = asked.answer(longest_pdu(self._evidence))
        self._note("tester", "P-DATA-TF (response: success)", octets)
        self._oracle.sent(as_event("Evt10"))
        self._sent = self._target.carrier.now()
        if self._link is not None:
            self._link.send(octets)

    def _user_did_not(self, step: AwaitUser) -> None:
        """Nothing says that a user must send data, or when he is to release: such a case says nothing of this one."""
        gone = self._oracle.dissolved
        if step.free or (step.late and not gone and not self._target.releases):
            (self._conclude if gone else self._next)()
            return
        verdict = Verdict.INCONCLUSIVE if step.prefix else DEVIATION[self.case.level]
        self._finish(verdict, step.wanted, self._evidence.story(self._ending.how))

    def _user_goes_on(self, step: AwaitUser) -> None:
        """His messages have no end, which nothing forbids."""
        if step.free or (step.late and not self._target.releases):
            self._next()
        else:
            seconds = self._target.carrier.now() - self._step_began
            self._take_no_more(f"still sends messages after {seconds:.3g} s")

    def _take_no_more(self, why: str) -> None:
        """A user may send as much as he likes; only an acceptor, whom all this answers, goes wrong by it."""
        if self._target.caller is None:
            self._differ(self._oracle.expected(), why)
        elif any(finding.grade is Grade.FAIL for finding in self.case.findings(self._evidence)):
            self._grade()
        else:
            why = f"{why}, which is more than the tester takes: give it less to send"
            self._finish(Verdict.INCONCLUSIVE, self.case.requirement, why)

    def _await_timer(self, step: AwaitTimer, left: float) -> None:
        """Wait in turns of the pokes; the pokes end when the time that is allowed is used up."""
        poke = step.poke
        if not (step.user or self._oracle.timed()):
            self._next()  # no timer runs in the state that was reached
            return
        if poke is None or left <= step.every:
            self._wait(left, self._still_waits if step.user else self._no_timer)
            return

        def again() -> None:
            assert self._link is not None
            self._note("tester", poke.what, poke.octets)
            self._oracle.sent(poke.readings)
            self._link.send(poke.octets)
            self._await_timer(step, left - step.every)

        self._wait(step.every, again)

    def _still_waits(self) -> None:
        waited = f"its user still waits after {self._target.pace.timer:.3g} s; no clause bounds that"
        self._oracle.tolerate(Grade.INFORMATIONAL, waited)
        self._next()

    def _no_timer(self) -> None:
        """No ARTIM, or one that is longer than the run allows: noted; what the steps say next is still judged."""
        open_still = f"still open after {self._target.pace.timer:.3g} s"
        self._note("tester", open_still)
        if not self._oracle.saw_no_timer():
            text = f"{open_still}: no ARTIM, or a longer one (the standard fixes no value)"
            self._oracle.tolerate(Grade.NON_STRICT, text)
        self._next()

    # --- what the carrier reports ------------------------------------------------------------------------

    @guarded
    def on_open(self) -> None:
        """See `LinkHandler`."""
        self._opened = self._target.carrier.now()
        self._note("target", "connection open")
        self._oracle.connected()
        self._next()

    @guarded
    def on_visit(self, link: Link) -> None:
        """The requestor has connected; what it needed to be started is not counted."""
        self._link = link
        self._sent = self._target.carrier.now()
        self.on_open()

    def tell(self, what: str) -> None:
        """See `Visited`."""
        self._note("target", what)

    @guarded
    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self._note("target", f"no connection: {code}")
        if isinstance(self._steps[0], Connect) and self._steps[0].refused:
            self._oracle.refused()
            if code == "timeout":
                self._oracle.tolerate(
                    Grade.INFORMATIONAL, "goes on, although nobody listens; no clause bounds that"
                )
            self._conclude()
            return
        # Only where the connection itself is the point of the case is its absence a deviation.
        point = self.case.cell is not None and self.case.cell[0] == "Sta1"
        verdict = DEVIATION[self.case.level] if point else Verdict.INCONCLUSIVE
        self._finish(verdict, "a connection", f"no connection: {code}")

    @guarded
    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        self._received += len(octets)
        self._evidence.began(octets)
        for received, raw in self._framer.feed(octets):
            if self.result is not None:
                return
            self._evidence.hears(received, raw)
            self._answers += 1
            self._note("target", describe(received), raw)
            if isinstance(received, Violation):
                self._differ(self._oracle.expected(), describe(received))
                return
            if not self._oracle.saw(received):
                self.busy = isinstance(received, AAssociateRJ) and received.result == TRANSIENT
                self._differ(self._oracle.expected(), describe(received))
                return
            self._hear(received)
            self._saw_answer()
        if beyond := too_much(self.case.role, self._received, len(self._evidence.received)):
            self._take_no_more(beyond)
        elif self.result is None:
            self._look_again()

    @guarded
    def on_end(self) -> None:
        """See `LinkHandler`."""
        self._ended("FIN")

    @guarded
    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self._link = None
        self._ended("RST")

    def _ended(self, how: str) -> None:
        if self.result is not None or self._oracle.over:
            return
        self._ending = Ending(how, self._seconds())
        self._note("target", f"closed ({how})")
        expected, now = self._oracle.expected(), self._target.carrier.now()
        if self._framer.pending:
            self._cut(how, expected)
        elif not self._oracle.saw_close(now - (self._opened or self._began), now - self._sent):
            self._differ(expected, f"closed ({how})")
        else:
            self._saw_answer()
            self._look_again()

    def _cut(self, how: str, expected: tuple[str, ...]) -> None:
        """What was on its way is lost by a reset, however right it was: nobody can judge that."""
        text = f"closed inside a PDU, after {self._framer.pending} octets of it"
        if how == "RST":
            self._finish(Verdict.INCONCLUSIVE, " or ".join(expected), f"{text} (RST: the rest may be lost)")
        else:
            self._differ(expected, text)

    def _hear(self, pdu: Pdu) -> None:
        """What the user of a requestor does unasked."""
        if isinstance(pdu, PDataTF):
            self._talk.feed(pdu)
        self._released = self._released or isinstance(pdu, AReleaseRQ)

    def _saw_answer(self) -> None:
        self._answered = True
        self.latest = self._target.carrier.now() - self._sent
        self.slowest = max(self.slowest, self.latest)

    def _look_again(self) -> None:
        """Something was seen that the oracle explains: go on from where the steps stand."""
        step = self._steps[min(self._position, len(self._steps) - 1)]
        if isinstance(step, Await):
            self._cancel()
            self._await(step)
        elif isinstance(step, AwaitUser):
            self._cancel()
            self._await_user(step)
        elif isinstance(step, AwaitTimer) and self._oracle.over:
            self._next()

    # --- the end -----------------------------------------------------------------------------------------

    def _differ(self, expected: tuple[str, ...], observed: str) -> None:
        step = self._steps[self._position]
        prefix = (isinstance(step, (Send, Await)) and step.prefix) or self._oracle.on_the_way
        words = " or ".join(expected) or "nothing"
        if prefix:
            states = "/".join(self._oracle.states())
            self._finish(Verdict.INCONCLUSIVE, words, f"{observed}, on the way there (in {states})")
        else:
            self.checking = self._row.state_check()
            seen_in = " or ".join(map(cell_clause, self._row.checked(self._oracle, self.case.cell)))
            if seen_in:
                words = f"{words} (in the check of the state that was reached: {seen_in})"
            notes = self._row.behind(self._oracle, self.case.cell) if seen_in else None
            self._finish(DEVIATION[self.case.level], words, observed, notes)

    def _conclude(self) -> None:
        if self.case.lingers:
            self._wait(self.case.lingers, self._grade)
        else:
            self._grade()

    def _grade(self) -> None:
        """All steps are done and explained: grade, checks, cells."""
        grade, notes = self._oracle.best, self._oracle.notes()
        expected, observed = "as the tables allow", self._evidence.story(self._ending.how)
        if findings := self.case.findings(self._evidence):
            grade = max(grade, *(finding.grade for finding in findings))
            expected, observed = self.case.requirement, told_of(findings)
        self._finish(verdict_of(grade, self.case.level), expected, observed, notes)

    def _finish(self, verdict: Verdict, expected: str, observed: str, notes: list[str] | None = None) -> None:
        if self.result is not None:
            return
        self._cancel()
        if self._link is not None:
            if self._ending.how == "none":
                self._ending = Ending("open" if self._opened is not None else "none", self._seconds())
            self._link.close()
        sure, possible = self._oracle.cells()
        result = Result(
            self.case,
            self._target.carrier.name,
            verdict,
            expected,
            observed,
            list(notes or ()),
            self._ending,
            self._evidence,
            sure,
            seconds=self._target.carrier.now() - self._began,
            checking=self.checking,
            otherwise=verdict_of(self._oracle.best, self.case.level),
        )
        place(result, sure, possible)
        self.result = result
        self._leave()
        if self._done is not None:
            self._done(result)

    @property
    def idle(self) -> bool:
        """Whether the case has come to a step that only passes time, or to its end."""
        if self.result is not None:
            return True
        return isinstance(self._steps[max(self._position, 0)], (Idle, AwaitTimer))

    @property
    def progress(self) -> tuple[int, int, bool]:
        """Something has happened when this has changed: the step, the octets received, whether it is over."""
        return self._position, self._received, self.result is not None

    @property
    def hypotheses(self) -> frozenset[Hypothesis]:
        """How a conforming target may have gone until now; at a difference, until what none of these explains."""
        return self._oracle.hypotheses

    @property
    def opened(self) -> bool:
        """Whether the connection stood."""
        return self._opened is not None

    @property
    def answered(self) -> bool:
        """Whether a PDU of the target has come."""
        return self._answers > 0

    @property
    def accepted(self) -> bool:
        """Whether the target has accepted the association."""
        return self._evidence.accepted() is not None

    @guarded
    def leave(self) -> None:
        """Go on behind the step that passes time; where the case has not come there, end as its last step does."""
        if self.result is not None:
            return
        self._cancel()
        if self.idle:
            self._next()
        else:
            last = self._steps[-1]
            self._close(last if isinstance(last, (Close, Reset)) else Close())

    @guarded
    def abandon(self, why: str = "no end within the time that a case may take") -> None:
        """Give up: the case has used up the time that it may take."""
        if self.result is None:
            if self._position < 0:
                self._position = 0
            self._differ(self._oracle.expected(), why)

    def break_off(self, error: Exception) -> None:
        """The tester itself has failed: the verdict says so, and nothing more is heard of the connection."""
        self._cancel()
        link, self._link = self._link, None
        self.result = own_fault(self.case, self._target.carrier.name, error, self._evidence)
        self.result.seconds = self._seconds()
        if link is not None:
            link.close()
        self._leave()
        if self._done is not None:
            self._done(self.result)

    def _leave(self) -> None:
        if self._visit is not None:
            self._visit.leave()

    @property
    def over(self) -> bool:
        """Whether there is a verdict, and nothing is left of what was started for the case."""
        return self.result is not None and (self._visit is None or self._visit.over)

    # --- small things ------------------------------------------------------------------------------------

    def _seconds(self) -> float:
        return self._target.carrier.now() - self._began

    def _note(self, who: str, what: str, octets: bytes = b"") -> None:
        self._evidence.add(self._seconds(), who, what, octets)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._cancel()

        def expired() -> None:
            self._timer = None
            if self.result is None:
                self._go_on_with(then)

        self._timer = self._target.carrier.call_later(seconds, expired)

    @guarded
    def _go_on_with(self, then: Callable[[], None]) -> None:
        then()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
