"""The run: scripts are drawn, run one by one, judged; what breaks is made smaller, repeated alone, and said once.

Hypothesis draws and shrinks. It works in rounds: each ends with its first breach that is new, or after so many scripts.
A network is no pure function, so a script that was run once in a round is not run again: what Hypothesis sees is always
the same, and whether the target does the same again is found out apart from it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from ..bench import RETRY_SECONDS, Bench
from ..faults import TesterFault
from ..octets import RQ
from ..oracle import CLOSED_EARLY, TOO_MANY
from ..reports.text import AS_ALLOWED
from ..verdict import Result, Verdict
from .compiled import compiled
from .outcome import MAX_REMARKS, Effort, Finding, Outcome, Told
from .root import Root, root_of
from .script import MAX_ACTS, Act, Say, Script
from .strategies import scripts

# Hypothesis remembers what it drew: a round is short, so that memory is bounded.
ROUND: Final = 300
# Of one round's shrinking, whatever its time.
MAX_SHRINKS: Final = 400
MILD: Final = (Verdict.NON_STRICT, Verdict.INFORMATIONAL)

_DIGITS: Final = re.compile(r"\d+|'[^']*'")

Progress = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class _Trial:
    """What one script showed; `script` is the part of it that was needed."""

    script: Script
    root: Root | None
    result: Result
    example: int


class _Enough(BaseException):
    """A bound is reached. Hypothesis lets through what is no `Exception`."""


class _BreachError(AssertionError):
    """A script shows something that is new."""


class Fuzzer:
    """Runs drawn scripts on a bench; `outcome` holds what is known at any time.

    `progress` is told after each script; `clock` gives seconds, and is the user's time, not the carrier's.
    """

    def __init__(
        self,
        bench: Bench,
        outcome: Outcome,
        effort: Effort,
        progress: Progress,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outcome = outcome
        self._bench = bench
        self._effort = effort
        self._progress = progress
        self._clock = clock
        self._scripts = scripts(bench.target.role, bench.request)
        self._until = float("inf") if effort.seconds is None else clock() + effort.seconds
        self._known: dict[Script, _Trial] = {}
        self._beside: dict[tuple[str, str, str, str], _Trial] = {}
        self._not_seen_again: list[Root] = []
        self._goal: Root | None = None
        self._best: _Trial | None = None
        self._shrinks = 0
        self._shrink_until = 0.0

    def run(self) -> None:
        """Round after round, until a bound is reached. Raises `TesterFault` where the tester itself failed."""
        try:
            self._rounds()
        except BaseException:
            # What was being made smaller is not repeated any more.
            if self._best is not None and self._goal is not None and not self._is_known(self._goal):
                self.outcome.flaky.append(Told(f"{self._goal}, not repeated", self._best.script))
            raise

    def _rounds(self) -> None:
        number = 0
        while self._going_on():
            examples = self.outcome.examples
            self._round(number)
            number += 1
            if self._best is not None:
                self._settle(self._best)
            elif self.outcome.examples == examples:
                break  # nothing new is drawn any more
        for trial in self._beside.values():
            if self.outcome.lost is None and len(self.outcome.findings) < self._effort.findings:
                self._settle(trial)

    def _going_on(self) -> bool:
        effort, outcome = self._effort, self.outcome
        return (
            outcome.lost is None
            and self._clock() < self._until
            and (effort.examples is None or outcome.examples < effort.examples)
            and len(outcome.findings) < effort.findings
        )

    # --- one round ---------------------------------------------------------------------------------------

    def _round(self, number: int) -> None:
        self._goal = self._best = None
        self._known.clear()
        effort = settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=(
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
            ),
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
        )

        @seed(self._effort.seed * 1_000_003 + number)
        @effort
        @given(self._scripts)
        def attempt(script: Script) -> None:
            self._attempt(script)

        with suppress(_BreachError, _Enough):
            attempt()

    def _attempt(self, script: Script) -> None:
        """Run a script that was drawn. Raises `_BreachError` where it shows what this round is after."""
        trial = self._known.get(script)
        if trial is None:
            if self._goal is None:
                if not self._going_on():
                    raise _Enough
            else:
                self._shrinks += 1
                if self._shrinks > MAX_SHRINKS or self._clock() > self._shrink_until:
                    raise _Enough
            trial = self._known[script] = self.judge(script)
        root = trial.root
        if root is None or self._is_known(root):
            return
        if self._goal is None:
            self._goal = root
            self._shrinks = 0
            self._shrink_until = self._clock() + self._effort.shrinking / 2
        if root.gist != self._goal.gist:
            self._beside.setdefault(root.gist, trial)
            return
        if self._best is None or trial.script.size < self._best.script.size:
            self._best = trial
        raise _BreachError

    def _is_known(self, root: Root) -> bool:
        return any(finding.root.covers(root) for finding in self.outcome.findings) or any(
            each.covers(root) for each in self._not_seen_again
        )

    # --- one script --------------------------------------------------------------------------------------

    def judge(self, script: Script) -> _Trial:
        """Run a script once, then a healthy association. Raises `_Enough` where the target serves no more."""
        bench, outcome = self._bench, self.outcome
        target = bench.target
        made = compiled(script, target.called, target.calling, bench.request)
        outcome.examples += 1
        try:
            run = bench.once(made.case)
        except TesterFault as fault:
            if TOO_MANY not in fault.result.observed:
                raise
            # There are more ways to take this script than can be followed: nothing is learned from it.
            self._look_after(script, fault.result)
            return _Trial(script, None, fault.result, outcome.examples)
        result = run.result
        assert result is not None
        outcome.cells |= result.cells
        root: Root | None = None
        if result.verdict is Verdict.FAIL:
            if run.progress[0] >= made.lenient_from:
                self._tell(
                    f"behind a half-close: expected {result.expected}, observed {result.observed}", script
                )
            elif not _may_be_lost(script, result):
                root = root_of(run, made)
        elif result.verdict in MILD:
            for note in result.notes or result.observed.split("; "):
                self._tell(note, script)
        result.evidence.sent.clear()
        self._look_after(script, result)
        self._progress(outcome)
        needed = script if root is None else made.until(run.progress[0], script)
        return _Trial(needed, root, result, outcome.examples)

    def _look_after(self, script: Script, result: Result) -> None:
        """The canary: does the target still serve? A requestor does as long as it calls."""
        if self._bench.target.role == "requestor" and result.evidence.request() is not None:
            self.outcome.good = script
            return
        seconds = self._bench.recover()
        if seconds is None:
            self.outcome.lost = script
            raise _Enough
        self.outcome.good = script
        if seconds > max(RETRY_SECONDS, 2 * self._bench.target.pace.patience):
            self._tell("served again only after a while", script)

    def _tell(self, text: str, script: Script) -> None:
        """Once, with the smallest script."""
        outcome = self.outcome
        if text in (AS_ALLOWED, CLOSED_EARLY):
            return
        for position, told in enumerate(outcome.told):
            if _DIGITS.sub("#", told.text) == _DIGITS.sub("#", text):
                if script.size < told.script.size:
                    outcome.told[position] = Told(text, script)
                return
        if len(outcome.told) < MAX_REMARKS:
            outcome.told.append(Told(text, script))

    # --- a finding ---------------------------------------------------------------------------------------

    def _without(self, trial: _Trial) -> _Trial:
        """The same breach without acts that it does not need. Hypothesis makes small what is in an act."""
        until = self._clock() + self._effort.shrinking / 2
        # With the answers waited for in between, less depends on who is quicker.
        trial = self._if_same(trial, _waiting(trial.script))
        position = len(trial.script.acts) - 1
        while position >= 0 and self._clock() < until:
            before = trial
            for smaller in _simpler(trial.script, position):
                trial = self._if_same(trial, smaller)
                if trial is not before:
                    break
            position = min(position, len(trial.script.acts)) - 1
        return trial

    def _if_same(self, trial: _Trial, other: Script) -> _Trial:
        """The trial of the other script, where it shows the same breach; else the one that there is."""
        if other == trial.script:
            return trial
        tried = self.judge(other)
        same = tried.root is not None and trial.root is not None and tried.root.gist == trial.root.gist
        return replace(tried, example=trial.example) if same else trial

    def _settle(self, trial: _Trial) -> None:
        """Repeat alone, slower: what is seen again is a finding."""
        assert trial.root is not None
        if self._is_known(trial.root):
            return
        with suppress(_Enough):
            trial = self._without(trial)
        target = self._bench.target
        script, root = trial.script, trial.root
        assert root is not None
        if self._is_known(root) or self.outcome.lost is not None:
            return
        made = compiled(script, target.called, target.calling, self._bench.request)
        second = self._bench.confirm(made.case, trial.result, 2)
        if second.verdict is Verdict.FAIL:
            self.outcome.findings.append(Finding(root, script, second, trial.example))
        else:
            self._not_seen_again.append(root)
            self.outcome.flaky.append(Told(str(root), script))
        try:
            self._look_after(script, second)
        except _Enough:
            return
        self._progress(self.outcome)


def _waiting(script: Script) -> Script:
    """The script with a wait between any two sends, as far as there is room for it."""
    acts: list[Act] = []
    for act in script.acts:
        if acts and isinstance(act, Say) and isinstance(acts[-1], Say):
            acts.append("await")
        acts.append(act)
    return Script(tuple(acts)) if len(acts) <= MAX_ACTS else script


def _simpler(script: Script, position: int) -> Iterator[Script]:
    """The script without this act, or with a plainer one."""
    acts = script.acts
    # Without the wait between two sends, what is seen may depend on who is quicker.
    parts = isinstance(acts[position], str) and any(isinstance(act, Say) for act in acts[position + 1 :])
    if len(acts) > 1 and not parts:
        yield Script((*acts[:position], *acts[position + 1 :]))
    act = acts[position]
    if not isinstance(act, Say):
        return
    plainer = Say(RQ if act.octets[:1] == RQ[:1] else act.octets)
    if plainer != act:
        yield Script((*acts[:position], plainer, *acts[position + 1 :]))
    if act.pieces and plainer.octets != act.octets:
        yield Script((*acts[:position], Say(act.octets), *acts[position + 1 :]))


def _may_be_lost(script: Script, result: Result) -> bool:
    """A reset may have thrown away what the target said before it, where it had not read all that was sent."""
    if result.ending.how != "RST" or not result.observed.startswith("closed (RST)"):
        return False
    before: list[bool] = [isinstance(act, Say) for act in script.acts]
    return any(first and second for first, second in pairwise(before))
