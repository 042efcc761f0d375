"""One case on one connection: carries out the steps, asks the oracle after each observation, stops at the first
difference. It works by callbacks, so the same code runs on virtual time and on real sockets, and many at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from dicomnet.statemachine import ASSOCIATION, AAssociateRJ, Framer, Limits, Violation
from dicomnet.transports import Address, Link, Timer, Transport

from .case import (
    Await,
    AwaitTimer,
    Case,
    Close,
    Connect,
    Grade,
    HalfClose,
    Idle,
    Reading,
    Reset,
    Send,
)
from .evidence import Evidence, describe, describe_silence
from .faults import own_fault
from .octets import cut, with_titles
from .oracle import CLOSED_EARLY, Hypothesis, Oracle, cell_clause
from .verdict import DEVIATION, Cell, Ending, Result, Verdict, verdict_of

if TYPE_CHECKING:
    from .security import TlsTarget

# What the tester takes from a target: more than it announces, so that too long a PDU is seen and named.
TESTER_LIMITS = Limits(data=1 << 20)
MAX_RECEIVED = 1 << 22
MAX_PDUS = 10_000
PIECE_SECONDS = 0.001
# "Rejected for now" (PS3.8 2020 Table 9-21).
TRANSIENT = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the tester waits, in seconds.

    `quiet`: silence that counts as "no answer"; `patience`: for an answer that is due; `connect`: for the
    connection; `timer`: for the target's ARTIM; `idle`: nothing is left idle for longer. `prompt`: what the service
    provider does by itself has come after this long (None: not known); it matters where the user takes his time.
    """

    quiet: float = 0.2
    patience: float = 5.0
    connect: float = 10.0
    timer: float = 300.0
    idle: float = 45.0
    prompt: float | None = None

    def slower(self, factor: float) -> Pace:
        """The same with longer waits for answers and silence."""
        prompt = None if self.prompt is None else self.prompt * factor
        return replace(self, quiet=self.quiet * factor, patience=self.patience * factor, prompt=prompt)


@dataclass(frozen=True, slots=True)
class Target:
    """The system under test: where it is and how it is called; what is below the association, where that is TLS."""

    carrier: Transport
    address: Address
    called: str
    calling: str
    pace: Pace
    tls: TlsTarget | None = None


P = ParamSpec("P")


def _guarded(method: Callable[Concatenate[CaseRun, P], None]) -> Callable[Concatenate[CaseRun, P], None]:
    """A fault of our own ends this case and no other: several run side by side, and the carrier knows no cases."""

    @wraps(method)
    def guarded(self: CaseRun, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            if self.result is not None:
                raise
            self.break_off(error)

    return guarded


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
        self._oracle = Oracle()
        self._framer = Framer(TESTER_LIMITS)
        self._evidence = evidence or Evidence()
        self._steps = list(case.steps)
        self._position = -1
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
        # What was sent in a row, each with the states in which the target may have been before it.
        self._row: list[tuple[tuple[str, ...], Send]] = []
        self.checking: Cell | None = None  # the state check in which the difference was seen
        self.busy = False  # the target rejected the association for now, which is no verdict on the case
        self.slowest = 0.0  # the longest time from what was sent to an answer, in seconds
        self.latest = 0.0  # the same for the last answer

    @_guarded
    def start(self) -> None:
        """Begin."""
        self._next()

    # --- steps -------------------------------------------------------------------------------------------

    def _next(self) -> None:
        self._cancel()
        if self.result is not None:
            return
        self._position += 1
        if self._position >= len(self._steps) or (self._oracle.over and self._opened is not None):
            self._conclude()
            return
        step = self._steps[self._position]
        self._answered = False
        match step:
            case Connect():
                self._note("tester", "connect")
                self._wait(self._target.pace.connect, lambda: self.on_failed("timeout"))
                self._link = self._target.carrier.connect(self._target.address, self)
            case Send():
                self._send(step)
            case Await():
                self._await(step)
            case AwaitTimer():
                self._await_timer(step, self._target.pace.timer)
            case Idle():
                self._be_idle(min(step.seconds, self._target.pace.idle))
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

    def _send(self, step: Send) -> None:
        made = step.octets if step.made is None else step.made(self._evidence)
        if isinstance(made, str):
            self._finish(Verdict.NOT_APPLICABLE, self.case.requirement, made)
            return
        octets = with_titles(made, self._target.called, self._target.calling)
        self._evidence.sent.append(octets)
        self._note("tester", step.what, octets)
        if not isinstance(self._steps[self._position - 1], Send):
            self._row = []
        self._row.append((self._oracle.states(), step))
        # The oracle hears of it first: an answer may come while the pieces are still on their way.
        self._oracle.sent(_leading(step.readings) if step.prefix else step.readings)
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

    def _be_idle(self, seconds: float) -> None:
        self._wait(seconds, lambda: self._silence(seconds, patient=False, then=self._next))

    def _silence(self, seconds: float, *, patient: bool, then: Callable[[], None]) -> None:
        expected = self._oracle.expected()
        if self._oracle.saw_silence(patient=patient):
            then()
        else:
            self._differ(expected, describe_silence(self._framer, seconds))

    def _await_timer(self, step: AwaitTimer, left: float) -> None:
        """Wait in turns of the pokes; the pokes end when the time that is allowed is used up."""
        poke = step.poke
        if not self._oracle.timed():
            self._next()  # no timer runs in the state that was reached
            return
        if poke is None or left <= step.every:
            self._wait(left, self._no_timer)
            return

        def again() -> None:
            assert self._link is not None
            self._note("tester", poke.what, poke.octets)
            self._oracle.sent(poke.readings)
            self._link.send(poke.octets)
            self._await_timer(step, left - step.every)

        self._wait(step.every, again)

    def _no_timer(self) -> None:
        """No ARTIM, or one that is longer than the run allows: noted; what the steps say next is still judged."""
        limit = self._target.pace.timer
        self._note("tester", f"still open after {limit:.3g} s")
        if self._oracle.saw_no_timer():
            self._next()
            return
        self._oracle.tolerate(
            Grade.NON_STRICT,
            f"still open after {limit:.3g} s: no ARTIM, or a longer one (the standard fixes no value)",
        )
        self._next()

    # --- what the carrier reports ------------------------------------------------------------------------

    @_guarded
    def on_open(self) -> None:
        """See `LinkHandler`."""
        self._opened = self._target.carrier.now()
        self._note("target", "connection open")
        self._oracle.connected()
        self._next()

    @_guarded
    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self._note("target", f"no connection: {code}")
        # Only where the connection itself is the point of the case is its absence a deviation.
        point = self.case.cell is not None and self.case.cell[0] == "Sta1"
        verdict = DEVIATION[self.case.level] if point else Verdict.INCONCLUSIVE
        self._finish(verdict, "a connection", f"no connection: {code}")

    @_guarded
    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        self._received += len(octets)
        self._evidence.began(octets)
        for received, raw in self._framer.feed(octets):
            if self.result is not None:
                return
            self._evidence.received.append(received)
            self._evidence.octets.append(raw)
            self._answers += 1
            self._note("target", describe(received), raw)
            expected = self._oracle.expected()
            if isinstance(received, Violation):
                self._differ(expected, describe(received))
                return
            if len(self._evidence.received) > MAX_PDUS:
                self._differ(expected, f"more than {MAX_PDUS} PDUs without an end")
                return
            if not self._oracle.saw(received):
                self.busy = isinstance(received, AAssociateRJ) and received.result == TRANSIENT
                self._differ(expected, describe(received))
                return
            self._saw_answer()
        if self._received > MAX_RECEIVED and self.result is None:
            self._differ(self._oracle.expected(), f"more than {MAX_RECEIVED} octets without an end")
        elif self.result is None:
            self._look_again()

    @_guarded
    def on_end(self) -> None:
        """See `LinkHandler`."""
        self._ended("FIN")

    @_guarded
    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self._link = None
        self._ended("RST")

    def _ended(self, how: str) -> None:
        if self.result is not None or self._oracle.over:
            return
        self._ending = Ending(how, self._seconds())
        self._note("target", f"closed ({how})")
        if self._framer.pending:
            self._differ(
                self._oracle.expected(), f"closed inside a PDU, after {self._framer.pending} octets of it"
            )
            return
        expected = self._oracle.expected()
        now = self._target.carrier.now()
        if not self._oracle.saw_close(now - (self._opened or self._began), now - self._sent):
            self._differ(expected, f"closed ({how})")
            return
        self._saw_answer()
        self._look_again()

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
            self.checking = self._state_check()
            seen_in = " or ".join(map(cell_clause, self._checked()))
            if seen_in:
                words = f"{words} (in the check of the state that was reached: {seen_in})"
            self._finish(DEVIATION[self.case.level], words, observed, self._behind() if seen_in else None)

    def _state_check(self) -> Cell | None:
        """The cell by which the state that was reached is being checked; None where the case itself goes on."""
        if not self._row:
            return None
        before, sent = self._row[-1]
        return (before[0], sent.check) if sent.check and len(before) == 1 else None

    def _checked(self) -> list[Cell]:
        """The cells that what was sent last drives, where it only checks the state behind the point of the case."""
        if not all(sent.check for _, sent in self._row):
            return []
        # Where something is due whatever the target has read, it is due in a certain cell.
        done = [h for h in self._oracle.hypotheses if not h.unread and not h.over]
        if done and all(h.unseen for h in done):
            due = {(h.unseen[0].transition.state, h.unseen[0].transition.event) for h in done}
            return [] if self.case.cell in due else sorted(due)
        cells = dict.fromkeys((state, sent.check) for before, sent in self._row for state in before)
        return [cell for cell in cells if ASSOCIATION.action_at(*cell) is not None]

    def _behind(self) -> list[str]:
        """What is to be said of the point of the case, where the difference was seen only behind it."""
        cell = self.case.cell
        return [
            *self._notes(),
            *([f"{cell[0]} x {cell[1]} itself showed what the tables allow"] if cell else []),
        ]

    def _notes(self) -> list[str]:
        """What the simplest of the best explanations say."""
        best = self._oracle.explanations()
        fewest = min(len(h.notes) for h in best)
        return sorted({note for h in best if len(h.notes) == fewest for note in h.notes})

    def _conclude(self) -> None:
        """All steps are done and explained: grade, checks, cells."""
        grade, notes = self._oracle.best, self._notes()
        findings = [finding for check in self.case.checks for finding in check.look(self._evidence)]
        if findings:
            worst = max(findings, key=lambda finding: finding.grade)
            grade = max(grade, worst.grade)
            observed = "; ".join(f"{finding.text} ({finding.clause})" for finding in findings)
            self._finish(verdict_of(grade, self.case.level), self.case.requirement, observed, notes)
            return
        expected = "as the tables allow"
        self._finish(verdict_of(grade, self.case.level), expected, self._story(), notes)

    def _story(self) -> str:
        names = [describe(pdu).split(":")[0] for pdu in self._evidence.received]
        end = f"closed ({self._ending.how})" if self._ending.how in ("FIN", "RST") else ""
        return ", ".join([*names, end] if end else names) or "nothing"

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
        self._place(result, sure, possible)
        self.result = result
        if self._done is not None:
            self._done(result)

    def _place(
        self, result: Result, sure: frozenset[tuple[str, str]], possible: frozenset[tuple[str, str]]
    ) -> None:
        """Say whether the evidence places the target in the state that the case is about."""
        cell = self.case.cell
        if cell is None:
            return
        if cell in sure:
            result.driven = "driven"
        elif cell[0] == "Sta13" and CLOSED_EARLY in result.notes:
            result.driven = "closed early"  # whether it was before the event or after it
        elif cell in possible:
            result.driven = "cannot be told"
        else:
            others = sorted({state for state, event in sure if event == cell[1]})
            result.driven = f"handled in {'/'.join(others)}" if others else "not driven"
        if result.driven != "driven" and result.verdict is Verdict.PASS:
            if ASSOCIATION.event[cell[1]].origin == "local-user" and result.driven == "not driven":
                result.verdict = Verdict.NOT_APPLICABLE  # it is the target's user who decides
            elif cell[0] in ("Sta2", "Sta6") and result.driven != "cannot be told":
                result.verdict = Verdict.INCONCLUSIVE
            result.notes.append(f"{cell[0]} x {cell[1]}: {result.driven}")

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

    @_guarded
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

    @_guarded
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
        if self._done is not None:
            self._done(self.result)

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

    @_guarded
    def _go_on_with(self, then: Callable[[], None]) -> None:
        then()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _leading(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    return tuple(tuple(replace(stimulus, lead=True) for stimulus in reading) for reading in readings)
