"""The run of a suite against one target: sanity first, then the cases one by one, long timers side by side at the end.

After every case a healthy association with a C-ECHO tells at once whether the case has hurt the target. A failure is
said only after the case was repeated alone with three times the waits. Everything is told as a stream of events;
reporters listen to it and know nothing of each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dicomnet.statemachine import CONTEXT_ACCEPTED, VERIFICATION, describe_context_result
from dicomnet.transports import Address, Secured, Transport

from . import octets
from .case import Await, AwaitTimer, Case, Connect, Idle, Send, Step, as_event, as_request
from .cases.connection import SECOND_ASSOCIATION, SILENT_PEER
from .crowd import BUSY_SECONDS, Crowd
from .evidence import Evidence, silent
from .faults import TesterFault, blame, carry_on, own_fault
from .generate import HEALTHY, by_cell
from .run import CaseRun, Pace, Target
from .security import Hints, TlsTarget, judge_secure, needs_no_association, only_tls
from .uid_names import uid_name
from .verdict import Cell, Result, Verdict, passed, usable

SANITY_RUNS = 3
CONFIRM_FACTOR = 3.0
# What a case may take at most besides the waits that its steps ask for, in seconds.
CASE_GRACE = 30.0
SIDE_BY_SIDE = 8
RETRY_SECONDS = 1.0
# A slowest answer of this many seconds is a user who thinks, not a wire.
SLOW_USER = 0.5
PROMPT_FACTOR, MIN_PROMPT = 8.0, 0.25
# Nagle's algorithm and a delayed acknowledgement together may hold an answer back for 40 ms.
MIN_QUIET, MAX_QUIET = 0.05, 2.0
# The first run of a case is short of patience; what is late then is a failure only if it is late when confirmed.
MIN_PATIENCE, PATIENCE_FACTOR = 0.3, 10.0
# Nothing is known of the target yet, and a configuration is not to be blamed for a user who thinks.
FIRST_PATIENCE = 10.0
# The first failure that is nothing but silence is given this long, once for a target: some are slow in odd places.
LONG_PATIENCE = 3.0


def _echo(evidence: Evidence) -> bytes | str:
    """Data on a context that was rejected would be a fault of ours, and would tell nothing."""
    context = evidence.context(1)
    if context is None or context.result == CONTEXT_ACCEPTED:
        return octets.ECHO
    return f"context 1 was rejected: {describe_context_result(context.result)} ({context.result})"


SANITY = Case(
    id="sanity.echo",
    title="association, C-ECHO, release",
    clause="PS3.8 2020 7.1 to 7.3; PS3.7 2020 9.1.5",
    requirement="A target that serves Verification accepts an association, answers a C-ECHO and a release.",
    steps=tuple(
        replace(step, made=_echo) if isinstance(step, Send) and step.octets == octets.ECHO else step
        for step in HEALTHY
    ),
)
PROMPT = Case(
    id="sanity.prompt",
    title="how fast the service provider answers by itself",
    clause="PS3.8 2020 Table 9-10, Sta6 x Evt3",
    requirement="Measures the time of an answer in which no user has a part.",
    steps=(
        Connect(),
        Send("A-ASSOCIATE-RQ", octets.RQ, as_request()),
        Await(),
        Send("A-ASSOCIATE-AC", octets.AC, as_event("Evt3")),
        Await(),
    ),
)


@dataclass(frozen=True, slots=True)
class Options:
    """How a suite is run; times are in seconds.

    `artim_limit`: how long to wait for ARTIM; `connect`: for a connection; `recover_limit`: how long a target that is
    full, or does not answer, may take to serve again after a case; `idle`: how long an association is left idle,
    longer than a common ARTIM runs; `patience`, `quiet`: None = from what the sanity runs show. `concurrent`: how many
    associations the target is stated to serve side by side (0: it is not stated).
    """

    artim_limit: float = 300.0
    connect: float = 10.0
    recover_limit: float = 75.0
    idle: float = 45.0
    patience: float | None = None
    quiet: float | None = None
    concurrent: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """A target's suite begins: how many cases."""

    label: str
    target: str
    total: int


@dataclass(frozen=True, slots=True)
class CaseStarted:
    """A case begins (or, for a long wait, goes on)."""

    case: Case


@dataclass(frozen=True, slots=True)
class CaseFinished:
    """A case has its verdict."""

    result: Result


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth telling that is no verdict."""

    text: str


Event = Started | CaseStarted | CaseFinished | Remark
Emit = Callable[[Event], None]


@dataclass(slots=True)
class Report:
    """What was learned of one or more targets."""

    target: str
    results: list[Result] = field(default_factory=list[Result])
    remarks: list[str] = field(default_factory=list[str])
    blamed: str = ""
    interrupted: bool = False

    def summary(self) -> dict[str, int]:
        """How many cases have which verdict; every verdict is named."""
        counts = Counter(result.verdict for result in self.results)
        return {verdict.value: counts[verdict] for verdict in Verdict}

    def cells(self) -> dict[str, dict[str, int]]:
        """How often each cell of Table 9-10 was surely driven."""
        counts = Counter(cell for result in self.results for cell in result.cells)
        table: dict[str, dict[str, int]] = {}
        for (state, event), times in sorted(
            counts.items(), key=lambda row: (_number(row[0][0]), _number(row[0][1]))
        ):
            table.setdefault(state, {})[event] = times
        return table

    def exit_code(self, *, allow_inconclusive: bool = False) -> int:
        """0 no failure, 1 failures, 3 could not test, 4 the tester failed, 130 interrupted."""
        verdicts = {result.verdict for result in self.results}
        if self.interrupted:
            return 130
        if Verdict.ERROR in verdicts:
            return 4
        if Verdict.FAIL in verdicts:
            return 1
        open_musts = any(
            r.verdict is Verdict.INCONCLUSIVE and r.case.level.value == "MUST" for r in self.results
        )
        if self.blamed or (open_musts and not allow_inconclusive):
            return 3
        return 0


def _number(name: str) -> int:
    return int("".join(filter(str.isdigit, name)))


class Session:
    """Runs cases against one target on one carrier."""

    def __init__(
        self,
        carrier: Transport,
        address: Address,
        called: str,
        calling: str,
        options: Options,
        emit: Emit,
        label: str,
        tls: TlsTarget | None = None,
    ) -> None:
        pace = Pace(
            quiet=options.quiet or 0.5,
            patience=options.patience or FIRST_PATIENCE,
            connect=options.connect,
            timer=options.artim_limit,
            idle=options.idle,
        )
        self._target = Target(carrier, address, called, calling, pace, tls)
        self._options = options
        self._emit = emit
        self._label = label
        self._report: Report | None = None
        self._healthy: Callable[[Result], bool] = passed
        self._crowds: dict[str, Result] = {}
        self._cells: dict[Cell, list[Result]] = {}
        self._hurried = options.patience is None
        self._insecure = False

    def run(self, cases: tuple[Case, ...], report: Report) -> None:
        """Run the cases; every result goes into `report` as soon as it is known."""
        self._report = report
        # What is loaded when the first UID is named would be taken for the target's slowness.
        uid_name(VERIFICATION)
        self._emit(Started(self._label, str(self._target.address), len(cases)))
        try:
            if not self._sanity(report):
                self._judge_handshakes(cases)
                return
        except TesterFault as fault:
            self._tell(fault.result)
            return
        # Those that wait for long timers run side by side, but not those that have several connections themselves.
        slow = [case for case in cases if case.slow and not (case.several or case.secure)]
        quick = [case for case in cases if case not in slow]
        for position, case in enumerate(quick):
            self._emit(CaseStarted(case))
            result, alive = self._judge_and_check(case)
            self._tell(result)
            if not alive:
                self._give_up([*quick[position + 1 :], *slow])
                return
        self._wait_for_timers(slow)

    # --- sanity and calibration --------------------------------------------------------------------------

    def _sanity(self, report: Report) -> bool:
        slowest = 0.0
        for _ in range(SANITY_RUNS):
            run = self._once(SANITY)
            result = run.result
            assert result is not None
            if not passed(result) and usable(result):
                # It can be associated with; what is wrong after that is for the cases to say.
                self._healthy = usable
                self._remark(f"{self._label}: sanity expected {result.expected}, observed {result.observed}")
            elif not passed(result):
                self._insecure = only_tls(self._target, result)
                report.blamed = blame(result, self._target)
                result.verdict = Verdict.INCONCLUSIVE
                result.transport = self._label
                result.notes.append(report.blamed)
                self._tell(result)
                return False
            slowest = max(slowest, run.slowest)
        options = self._options
        pace = self._target.pace
        quiet = options.quiet or max(min(max(4 * slowest, MIN_QUIET), MAX_QUIET), 1.5 * slowest)
        patience = options.patience or max(MIN_PATIENCE, PATIENCE_FACTOR * slowest)
        self._target = replace(self._target, pace=replace(pace, quiet=quiet, patience=patience))
        if slowest >= SLOW_USER:
            self._measure_provider()
        agreed = self._target.tls and self._target.tls.said()
        if isinstance(agreed, Secured):
            self._remark(f"{self._label}: {agreed.version} with {agreed.suite}")
        self._remark(
            f"{self._label}: slowest answer {slowest * 1000:.1f} ms; silence counts after {quiet:.3g} s, "
            f"an answer is overdue after {patience:.3g} s"
        )
        return True

    def _measure_provider(self) -> None:
        """A target whose user thinks shows Sta3 and Sta8, if it is known how fast its provider is."""
        run = self._once(PROMPT)
        assert run.result is not None
        pace = self._target.pace
        prompt = max(PROMPT_FACTOR * run.latest, MIN_PROMPT)
        if run.result.verdict is Verdict.PASS and prompt < pace.quiet:
            self._target = replace(self._target, pace=replace(pace, prompt=prompt))
            self._remark(
                f"{self._label}: the user takes his time; the provider answers within {prompt:.3g} s"
            )

    # --- one case ----------------------------------------------------------------------------------------

    def _judge_and_check(self, case: Case) -> tuple[Result, bool]:
        """The verdict on a case, and whether the target still serves. A fault of our own costs this case alone."""
        try:
            result = self._judge(case)
            return result, self._check_health(result)
        except Exception as error:  # noqa: BLE001 - the other cases are not to suffer
            return self._fault(case, error), True

    def _fault(self, case: Case, error: Exception) -> Result:
        if isinstance(error, TesterFault):
            return replace(error.result, case=case)
        return own_fault(case, self._label, error)

    def _once(self, case: Case, pace: Pace | None = None) -> CaseRun:
        """Run a case; a target that is busy gets time to become free. Raises TesterFault where we failed ourselves."""
        run = self._try(case, pace)
        for seconds in BUSY_SECONDS:
            if not run.busy:
                return run
            self._target.carrier.run(lambda: False, seconds)
            run = self._try(case, pace)
        if run.busy and run.result is not None:
            run.result.notes.append(f"rejected for now, {len(BUSY_SECONDS) + 1} times")
        return run

    def _try(self, case: Case, pace: Pace | None) -> CaseRun:
        target = self._target if pace is None else replace(self._target, pace=pace)
        run = CaseRun(case, target)
        run.start()
        used = target.pace
        waits = sum(_longest(step, used) for step in case.steps)
        limit = waits + used.connect + CASE_GRACE
        carry_on([run], lambda: target.carrier.run(lambda: run.result is not None, limit))
        run.abandon()
        assert run.result is not None
        run.result.transport = self._label
        if run.result.verdict is Verdict.ERROR:
            raise TesterFault(run.result)
        return run

    def _judge(self, case: Case) -> Result:
        """Run a case; what is not a pass is repeated: alone, and slower where it is a failure."""
        if case.several:
            return self._together(case)
        if case.secure:
            return self._secured(case)
        result = self._once(case).result
        assert result is not None
        if result.verdict is Verdict.INCONCLUSIVE:
            self._recover()
            second = self._once(case).result
            assert second is not None
            second.attempts = 2
            return second if second.verdict is not Verdict.FAIL else self._confirm(case, second, 3)
        if result.verdict is Verdict.FAIL and self._is_anothers(case, result):
            return result
        if result.verdict is Verdict.FAIL or (
            case.level.value != "MUST" and result.verdict is Verdict.NON_STRICT
        ):
            return self._confirm(case, result, 2)
        return result

    def _is_anothers(self, case: Case, result: Result) -> bool:
        """A difference that only the check of the reached state saw is another cell's, where that cell has it too."""
        checked = result.checking
        if checked is None or checked == case.cell:
            return False
        for other in self._of_cell(checked):
            if other.verdict is Verdict.FAIL and _gist(other.observed) == _gist(result.observed):
                result.verdict = result.otherwise
                result.notes.append(
                    f"the state that was reached cannot be checked: {checked[0]} x {checked[1]} itself fails "
                    f"(see {other.case.id}): expected {other.expected}, observed {other.observed}"
                )
                return True
        return False

    def _of_cell(self, cell: Cell) -> list[Result]:
        """The results of the cases for this cell; they are run once, when they are first asked for."""
        if cell not in self._cells:
            self._cells[cell] = []
            for case in by_cell().get(cell, ()):
                self._recover()
                result = self._once(case).result
                assert result is not None
                result.evidence.settle()
                self._cells[cell].append(result)
        return self._cells[cell]

    def _confirm(self, case: Case, first: Result, attempts: int) -> Result:
        self._recover()
        pace = self._target.pace.slower(CONFIRM_FACTOR)
        second = self._once(case, pace).result
        assert second is not None
        if second.verdict is first.verdict and self._hurried and silent(second.observed):
            self._hurried = False
            self._recover()
            attempts += 1
            second = self._once(case, replace(pace, patience=max(pace.patience, LONG_PATIENCE))).result
            assert second is not None
            if second.verdict is not first.verdict:
                self._slow_down(LONG_PATIENCE)
        second.attempts = attempts
        if second.verdict is not first.verdict:
            second.notes.append(f"not confirmed: at first {first.verdict.value} ({first.observed})")
        return second

    def _slow_down(self, patience: float) -> None:
        self._target = replace(self._target, pace=replace(self._target.pace, patience=patience))
        self._remark(
            f"{self._label}: slow in odd places; an answer is overdue after {patience:.3g} s from now on"
        )

    # --- health ------------------------------------------------------------------------------------------

    def _recover(self) -> float | None:
        """Wait until a healthy echo succeeds; gives the seconds it took, None when it never did."""
        carrier = self._target.carrier
        began = carrier.now()
        while True:
            result = self._once(SANITY).result
            assert result is not None
            if self._healthy(result):
                return carrier.now() - began
            if carrier.now() - began > self._options.recover_limit:
                return None
            carrier.run(lambda: False, RETRY_SECONDS)

    def _check_health(self, result: Result) -> bool:
        seconds = self._recover()
        if seconds is None:
            result.verdict = Verdict.FAIL
            result.notes.append(
                f"after this case the target no longer serves: no healthy echo for {self._options.recover_limit:.3g} s"
            )
            return False
        if seconds > max(RETRY_SECONDS, 2 * self._target.pace.patience):
            result.notes.append(f"after this case the target served again only after {seconds:.3g} s")
        return True

    def _give_up(self, cases: list[Case]) -> None:
        for case in cases:
            result = Result(case, self._label, Verdict.INCONCLUSIVE)
            result.expected, result.observed = (
                "a target that serves",
                "the target stopped serving before this case",
            )
            self._tell(result)

    # --- long timers -------------------------------------------------------------------------------------

    def _wait_for_timers(self, cases: list[Case]) -> None:
        """Waits for ARTIM run side by side, where the target serves several connections at a time."""
        if not cases:
            return
        try:
            width = SIDE_BY_SIDE if self._serves_several() else 1
        except Exception as error:  # noqa: BLE001 - the waits need not suffer
            self._tell(self._fault(SILENT_PEER, error))
            width = 1
        if width == 1:
            self._remark(
                f"{self._label}: serves one connection at a time, so the long waits follow one another"
            )
        for start in range(0, len(cases), width):
            self._run_batch(cases[start : start + width])

    def _run_batch(self, cases: list[Case]) -> None:
        runs = [CaseRun(case, self._target) for case in cases]
        for run in runs:
            self._emit(CaseStarted(run.case))
            run.start()
        pace = self._target.pace
        limit = max(sum(_longest(step, pace) for step in case.steps) for case in cases) + CASE_GRACE

        def over() -> bool:
            return all(run.result is not None for run in runs)

        carry_on(runs, lambda: self._target.carrier.run(over, limit))
        for run in runs:
            try:
                result = self._after_wait(run)
            except Exception as error:  # noqa: BLE001 - the other cases are not to suffer
                result = self._fault(run.case, error)
            self._tell(result)

    def _after_wait(self, run: CaseRun) -> Result:
        """The verdict of a case that ran side by side with others; a failure is repeated alone."""
        run.abandon()
        result = run.result
        assert result is not None
        result.transport = self._label
        if result.verdict is Verdict.ERROR:
            return result
        failed = result.verdict is Verdict.FAIL and not self._is_anothers(run.case, result)
        if failed or run.busy:
            result = self._confirm(run.case, result, 2)
        if result.ending.how in ("FIN", "RST"):
            result.notes.append(f"closed {result.ending.after:.3g} s after the start")
        self._check_health(result)
        return result

    # --- several connections -----------------------------------------------------------------------------

    def _serves_several(self) -> bool:
        return self._together(SILENT_PEER).verdict is Verdict.PASS

    def _together(self, case: Case) -> Result:
        """The verdict of a case of several connections; how a target serves is found out once."""
        known = self._crowds.get(case.id)
        if known is None:
            known = self._crowds[case.id] = self._confirmed(case)
        return known

    def _confirmed(self, case: Case) -> Result:
        # How it serves is what other cases go by, so these two are not in a hurry.
        tells = case in (SILENT_PEER, SECOND_ASSOCIATION)
        slower = replace(self._target, pace=self._target.pace.slower(CONFIRM_FACTOR))
        result = self._crowd(case, slower if tells else self._target)
        if result.verdict in (Verdict.PASS, Verdict.NON_STRICT):
            return result  # what was seen was seen; only that something did not come may be impatience
        if case is SILENT_PEER and result.verdict is Verdict.INFORMATIONAL and self._stalls():
            # Serving one association at a time is a choice; standing still for one silent peer is none.
            result.verdict = Verdict.NON_STRICT
            result.notes.append(
                "associations side by side are served, but a silent peer keeps everybody waiting"
            )
        open_question = result.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
        # Where a silent peer keeps others waiting, one more who waits is no news, and need not be seen twice.
        if not open_question and (tells or not self._serves_several()):
            return result
        if self._recover() is None:
            return result  # it never came back, so there is nothing to be seen twice
        second = self._crowd(case, slower)
        attempts = 2
        for seconds in BUSY_SECONDS:
            if second.verdict is not Verdict.INCONCLUSIVE:
                break
            self._target.carrier.run(lambda: False, seconds)
            second = self._crowd(case, slower)
            attempts += 1
        second.attempts = attempts
        if second.verdict is not result.verdict:
            second.notes.append(f"not confirmed: at first {result.verdict.value} ({result.observed})")
        return second

    def _crowd(self, case: Case, target: Target) -> Result:
        options = self._options
        whole = self._healthy is passed
        crowd = Crowd(
            case,
            target,
            self._healthy,
            whole=whole,
            concurrent=options.concurrent,
            recover=options.recover_limit,
        )
        result = crowd.run()
        result.transport = self._label
        if result.verdict is Verdict.ERROR:
            raise TesterFault(result)
        return result

    def _secured(self, case: Case, hints: Hints | None = None) -> Result:
        slower, options = self._target.pace.slower(CONFIRM_FACTOR), self._options
        slower = replace(slower, patience=max(slower.patience, LONG_PATIENCE))
        usual = Hints(options.concurrent, options.recover_limit, self._recover, self._stalls)
        return replace(judge_secure(case, self._target, slower, hints or usual), transport=self._label)

    def _judge_handshakes(self, cases: tuple[Case, ...]) -> None:
        """No link becomes secure: what is wrong with the target's TLS can be said all the same, if it is there."""
        for case in filter(needs_no_association, cases if self._insecure else ()):
            self._emit(CaseStarted(case))
            try:
                result = self._secured(case, Hints())
            except Exception as error:  # noqa: BLE001 - the other cases are not to suffer
                result = self._fault(case, error)
            self._tell(result)
            if result.ending.how == "none":
                return

    def _stalls(self) -> bool:
        self._recover()
        return self._together(SECOND_ASSOCIATION).verdict is Verdict.PASS

    # --- telling -----------------------------------------------------------------------------------------

    def _tell(self, result: Result) -> None:
        assert self._report is not None
        self._report.results.append(result)
        self._emit(CaseFinished(result))
        result.evidence.settle()

    def _remark(self, text: str) -> None:
        assert self._report is not None
        self._report.remarks.append(text)
        self._emit(Remark(text))


def _gist(observed: str) -> str:
    """What was observed, without how long was waited for it."""
    return "nothing" if silent(observed) else observed


def _longest(step: Step, pace: Pace) -> float:
    """How long a step may take at most, in seconds."""
    match step:
        case AwaitTimer():
            return pace.timer
        case Idle():
            return min(step.seconds, pace.idle)
        case _:
            return pace.patience + pace.quiet
