"""The run of a suite against one target: sanity first, then the cases one by one, long timers side by side at the end.

After every case a healthy association with a C-ECHO tells at once whether the case has hurt the target. A failure is
said only after the case was repeated alone with three times the waits. Everything is told as a stream of events;
reporters listen to it and know nothing of each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dicomnet.transports import Address, Transport

from .bench import CASE_GRACE, LONG_PATIENCE, RETRY_SECONDS, Bench, Options, first_pace, longest
from .case import Case
from .cases.connection import SECOND_ASSOCIATION, SILENT_PEER
from .crowd import BUSY_SECONDS, Crowd
from .evidence import silent
from .faults import TesterFault, carry_on, own_fault
from .run import CaseRun
from .security import Hints, TlsTarget, judge_secure, needs_no_association
from .target import Caller, Target
from .verdict import Cell, Result, Verdict, passed

SIDE_BY_SIDE = 8


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
    """What was learned of one or more targets; `role` is the end of the association that they have.

    `command` is what was run, where it was a command.
    """

    target: str
    results: list[Result] = field(default_factory=list[Result])
    remarks: list[str] = field(default_factory=list[str])
    blamed: str = ""
    interrupted: bool = False
    role: str = "acceptor"
    command: str = ""

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
        caller: Caller | None = None,
    ) -> None:
        target = Target(carrier, address, called, calling, first_pace(options), tls, caller)
        self._bench = Bench(target, options, label, self._remark)
        self._emit = emit
        self._report: Report | None = None
        self._crowds: dict[str, Result] = {}
        self._cells: dict[Cell, list[Result]] = {}
        # Failures that only the check of the reached state saw, the first of each kind.
        self._checks: list[Result] = []

    def run(self, cases: tuple[Case, ...], report: Report) -> None:
        """Run the cases; every result goes into `report` as soon as it is known."""
        self._report = report
        self._emit(Started(self._bench.label, str(self._bench.target.address), len(cases)))
        try:
            broken = self._bench.sanity()
            if broken is not None:
                report.blamed = broken.notes[-1]
                self._tell(broken)
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
        return own_fault(case, self._bench.label, error)

    def _judge(self, case: Case) -> Result:
        """Run a case; what is not a pass is repeated: alone, and slower where it is a failure."""
        if case.several:
            return self._together(case)
        if case.secure:
            return self._secured(case)
        result = self._bench.once(case).result
        assert result is not None
        if result.verdict is Verdict.INCONCLUSIVE and self._is_anothers(case, result):
            return result
        if result.verdict is Verdict.INCONCLUSIVE:
            self._bench.recover()
            second = self._bench.once(case).result
            assert second is not None
            second.attempts = 2
            return second if second.verdict is not Verdict.FAIL else self._bench.confirm(case, second, 3)
        if result.verdict is Verdict.FAIL and self._is_anothers(case, result):
            return result
        if result.verdict is Verdict.FAIL or (
            case.level.value != "MUST" and result.verdict is Verdict.NON_STRICT
        ):
            return self._bench.confirm(case, result, 2)
        return result

    def _is_anothers(self, case: Case, result: Result) -> bool:
        """A difference that is another cell's is told there.

        Such is one that only the check of the reached state saw, where that cell fails as well, or was seen to fail
        before; and one that is met on the way to the point of the case.
        """
        checked = result.checking
        if checked is not None and checked != case.cell:
            same = self._same(self._of_cell(checked), result) or self._same(self._checks, result)
            if same is None:
                return False
            result.verdict = result.otherwise
            why = f"the state that was reached cannot be checked: {checked[0]} x {checked[1]} itself fails"
        else:
            found = self._rests(case, result)
            if found is None:
                return False
            cell, same = found
            result.verdict = Verdict.NOT_APPLICABLE
            why = f"{cell[0]} x {cell[1]}, on which this rests, fails in the same way"
        result.notes.append(f"{why} (see {same.case.id}): expected {same.expected}, observed {same.observed}")
        return True

    def _rests(self, case: Case, result: Result) -> tuple[Cell, Result] | None:
        """A cell that the case rests on and that fails in the same way, with its result."""
        for cell in (case.rests_on, self._bench.kit.begins):
            if cell is not None and cell != case.cell:
                same = self._same(self._of_cell(cell), result)
                if same is not None:
                    return cell, same
        return None

    def _same(self, others: list[Result], result: Result) -> Result | None:
        """One that failed in the same way; a state check that failed is the same where it was of the same cell."""
        for other in others:
            same_check = other.checking in (None, result.checking)
            if (
                other.verdict is Verdict.FAIL
                and same_check
                and _gist(other.observed) == _gist(result.observed)
            ):
                return other
        return None

    def _of_cell(self, cell: Cell) -> list[Result]:
        """The results of the cases for this cell; they are run once, when they are first asked for."""
        if cell not in self._cells:
            self._cells[cell] = []
            for case in self._bench.kit.by_cell().get(cell, ()):
                self._bench.recover()
                result = self._bench.once(case).result
                assert result is not None
                result.evidence.settle()
                self._cells[cell].append(result)
        return self._cells[cell]

    # --- health ------------------------------------------------------------------------------------------

    def _check_health(self, result: Result) -> bool:
        seconds = self._bench.recover()
        if seconds is None:
            result.verdict = Verdict.FAIL
            result.notes.append(
                f"after this case the target no longer serves: no healthy association for "
                f"{self._bench.options.recover_limit:.3g} s"
            )
            return False
        if seconds > max(RETRY_SECONDS, 2 * self._bench.target.pace.patience):
            result.notes.append(f"after this case the target served again only after {seconds:.3g} s")
        return True

    def _give_up(self, cases: list[Case]) -> None:
        for case in cases:
            result = Result(case, self._bench.label, Verdict.INCONCLUSIVE)
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
                f"{self._bench.label}: serves one connection at a time, so the long waits follow one another"
            )
        for start in range(0, len(cases), width):
            self._run_batch(cases[start : start + width])

    def _run_batch(self, cases: list[Case]) -> None:
        runs = [CaseRun(case, self._bench.target) for case in cases]
        for run in runs:
            self._emit(CaseStarted(run.case))
            run.start()
        pace = self._bench.target.pace
        limit = max(sum(longest(step, pace) for step in case.steps) for case in cases) + CASE_GRACE

        def over() -> bool:
            return all(run.over for run in runs)

        carry_on(runs, lambda: self._bench.target.carrier.run(over, limit))
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
        result.transport = self._bench.label
        if result.verdict is Verdict.ERROR:
            return result
        bad = result.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE) and not self._is_anothers(
            run.case, result
        )
        if (bad and result.verdict is Verdict.FAIL) or run.busy:
            result = self._bench.confirm(run.case, result, 2)
        if result.ending.how in ("FIN", "RST"):
            result.notes.append(f"closed {result.ending.after:.3g} s after the start")
        self._check_health(result)
        return result

    # --- several connections -----------------------------------------------------------------------------

    def _serves_several(self) -> bool:
        caller = self._bench.target.caller
        if caller is not None:
            return caller.side_by_side
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
        slower = self._bench.slower()
        result = self._crowd(case, slower if tells else self._bench.target)
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
        if self._bench.recover() is None:
            return result  # it never came back, so there is nothing to be seen twice
        second = self._crowd(case, slower)
        attempts = 2
        for seconds in BUSY_SECONDS:
            if second.verdict is not Verdict.INCONCLUSIVE:
                break
            self._bench.target.carrier.run(lambda: False, seconds)
            second = self._crowd(case, slower)
            attempts += 1
        second.attempts = attempts
        if second.verdict is not result.verdict:
            second.notes.append(f"not confirmed: at first {result.verdict.value} ({result.observed})")
        return second

    def _crowd(self, case: Case, target: Target) -> Result:
        options = self._bench.options
        whole = self._bench.healthy is passed
        crowd = Crowd(
            case,
            target,
            self._bench.healthy,
            whole=whole,
            concurrent=options.concurrent,
            recover=options.recover_limit,
        )
        result = crowd.run()
        result.transport = self._bench.label
        if result.verdict is Verdict.ERROR:
            raise TesterFault(result)
        return result

    def _secured(self, case: Case, hints: Hints | None = None) -> Result:
        slower, options = self._bench.slower().pace, self._bench.options
        slower = replace(slower, patience=max(slower.patience, LONG_PATIENCE))
        usual = Hints(options.concurrent, options.recover_limit, self._bench.recover, self._stalls)
        return replace(
            judge_secure(case, self._bench.target, slower, hints or usual), transport=self._bench.label
        )

    def _judge_handshakes(self, cases: tuple[Case, ...]) -> None:
        """No link becomes secure: what is wrong with the target's TLS can be said all the same, if it is there."""
        for case in filter(needs_no_association, cases if self._bench.insecure else ()):
            self._emit(CaseStarted(case))
            try:
                result = self._secured(case, Hints())
            except Exception as error:  # noqa: BLE001 - the other cases are not to suffer
                result = self._fault(case, error)
            self._tell(result)
            if result.ending.how == "none":
                return

    def _stalls(self) -> bool:
        self._bench.recover()
        return self._together(SECOND_ASSOCIATION).verdict is Verdict.PASS

    # --- telling -----------------------------------------------------------------------------------------

    def _tell(self, result: Result) -> None:
        assert self._report is not None
        self._report.results.append(result)
        if result.verdict is Verdict.FAIL and result.checking not in (None, result.case.cell):
            self._checks.append(result)
        self._emit(CaseFinished(result))
        result.evidence.settle()

    def _remark(self, text: str) -> None:
        assert self._report is not None
        self._report.remarks.append(text)
        self._emit(Remark(text))


def _gist(observed: str) -> str:
    """What was observed, without how long was waited for it, and whether octets were left unread at a close."""
    observed = observed.partition(", on the way there")[0]
    if silent(observed):
        return "nothing"
    return "closed" if observed in ("closed (FIN)", "closed (RST)") else observed
