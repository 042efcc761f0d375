"""What every run against a target stands on: is it there, how fast is it, and does it still serve?

A `Bench` tells the target's pace from healthy associations, runs one case, repeats what is no pass, slower and alone,
and waits until the target serves again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dicomnet.statemachine import CONTEXT_ACCEPTED, VERIFICATION, AAssociateRQ, describe_context_result
from dicomnet.transports import Secured

from . import octets, requestor
from .bounds import USER_SECONDS
from .case import Await, AwaitTimer, AwaitUser, Case, Connect, Idle, Send, Step, as_event, as_request
from .crowd import BUSY_SECONDS
from .evidence import Evidence, silent
from .faults import TesterFault, blame, carry_on
from .generate import HEALTHY, by_cell
from .run import CaseRun
from .security import only_tls
from .target import Pace, Target
from .uid_names import uid_name
from .verdict import Cell, Result, Verdict, has_called, passed, usable

SANITY_RUNS = 3
CONFIRM_FACTOR = 3.0
# What a case may take at most besides the waits that its steps ask for, in seconds.
CASE_GRACE = 30.0
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
# A requestor's user who owes an answer, to a release above all, may think: no healthy association shows how long.
USER_PATIENCE = 10.0
USERS_ANSWER = "A-RELEASE-RP"


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


SANITY_REQUESTOR = Case(
    id="sanity.requestor",
    title="association, the user's messages answered, release",
    clause="PS3.8 2020 7.1 to 7.3",
    requirement="A requestor that is accepted and answered asks for the release, and closes when it has it.",
    steps=requestor.HEALTHY,
    role="requestor",
)
PROMPT_REQUESTOR = replace(
    PROMPT,
    clause="PS3.8 2020 Table 9-10, Sta6 x Evt3",
    steps=requestor.ABORTED,
    role="requestor",
)


@dataclass(frozen=True, slots=True)
class Kit:
    """What is needed to judge targets of one end: the sane case, one for the provider's speed, and the cells' cases.

    `begins` is the cell by which the target begins everything, where that is the target's to do.
    """

    sanity: Case
    prompt: Case
    by_cell: Callable[[], dict[Cell, tuple[Case, ...]]]
    usable: Callable[[Result], bool]
    begins: Cell | None = None


KITS = {
    "acceptor": Kit(SANITY, PROMPT, by_cell, usable),
    "requestor": Kit(SANITY_REQUESTOR, PROMPT_REQUESTOR, requestor.by_cell, has_called, ("Sta1", "Evt1")),
}


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


def first_pace(options: Options) -> Pace:
    """How long is waited while nothing is known of the target yet."""
    return Pace(
        quiet=options.quiet or 0.5,
        patience=options.patience or FIRST_PATIENCE,
        connect=options.connect,
        timer=options.artim_limit,
        idle=options.idle,
    )


class Bench:
    """One target under test, and how it is run against.

    `target` holds its pace, as it is known by now; `healthy` says whether a sanity case went as well as this target
    lets one go. `label` names the carrier; `remark` is told what is worth telling and is no verdict.
    """

    def __init__(self, target: Target, options: Options, label: str, remark: Callable[[str], None]) -> None:
        self.target = target
        self.kit = KITS[target.role]
        self.options = options
        self.label = label
        self.healthy: Callable[[Result], bool] = passed
        self.insecure = False  # the link could not be secured, and that is all that is wrong
        self.request: AAssociateRQ | None = None  # what a requestor asks for
        self._remark = remark
        # The silences that were not given long yet: of the provider, and of a requestor's user who owes an answer.
        self._hurried = {False, True} if options.patience is None else set[bool]()

    def sanity(self) -> Result | None:
        """Healthy associations: from them the pace is told. Gives the one that failed, with the blame as a note."""
        # What is loaded when the first UID is named would be taken for the target's slowness.
        uid_name(VERIFICATION)
        slowest = 0.0
        for _ in range(SANITY_RUNS):
            run = self.once(self.kit.sanity)
            result = run.result
            assert result is not None
            if not passed(result) and self.kit.usable(result):
                # It can be associated with; what is wrong after that is for the cases to say.
                self.healthy = self.kit.usable
                self.target = replace(self.target, releases=False)
                self._remark(f"{self.label}: sanity expected {result.expected}, observed {result.observed}")
            elif not passed(result):
                self.insecure = only_tls(self.target, result)
                result.verdict = Verdict.INCONCLUSIVE
                result.notes.append(blame(result, self.target))
                return result
            slowest = max(slowest, run.slowest)
            self.request = result.evidence.request()
        options = self.options
        pace = self.target.pace
        quiet = options.quiet or max(min(max(4 * slowest, MIN_QUIET), MAX_QUIET), 1.5 * slowest)
        patience = options.patience or max(MIN_PATIENCE, PATIENCE_FACTOR * slowest)
        self.target = replace(self.target, pace=replace(pace, quiet=quiet, patience=patience))
        if slowest >= SLOW_USER:
            self._measure_provider()
        agreed = self.target.tls and self.target.tls.said()
        if isinstance(agreed, Secured):
            self._remark(f"{self.label}: {agreed.version} with {agreed.suite}")
        self._remark(
            f"{self.label}: slowest answer {slowest * 1000:.1f} ms; silence counts after {quiet:.3g} s, "
            f"an answer is overdue after {patience:.3g} s"
        )
        return None

    def _measure_provider(self) -> None:
        """A target whose user thinks shows Sta3 and Sta8, if it is known how fast its provider is."""
        run = self.once(self.kit.prompt)
        assert run.result is not None
        pace = self.target.pace
        prompt = max(PROMPT_FACTOR * run.latest, MIN_PROMPT)
        if run.result.verdict is Verdict.PASS and prompt < pace.quiet:
            self.target = replace(self.target, pace=replace(pace, prompt=prompt))
            self._remark(f"{self.label}: the user takes his time; the provider answers within {prompt:.3g} s")

    def once(self, case: Case, pace: Pace | None = None) -> CaseRun:
        """Run a case; a target that is busy gets time to become free. Raises TesterFault where we failed ourselves."""
        run = self._try(case, pace)
        for seconds in BUSY_SECONDS:
            if not run.busy:
                return run
            self.target.carrier.run(lambda: False, seconds)
            run = self._try(case, pace)
        if run.busy and run.result is not None:
            run.result.notes.append(f"rejected for now, {len(BUSY_SECONDS) + 1} times")
        return run

    def _try(self, case: Case, pace: Pace | None) -> CaseRun:
        target = self.target if pace is None else replace(self.target, pace=pace)
        run = CaseRun(case, target)
        run.start()
        used = target.pace
        waits = sum(longest(step, used) for step in case.steps)
        limit = waits + used.connect + CASE_GRACE
        carry_on([run], lambda: target.carrier.run(lambda: run.over, limit))
        run.abandon()
        assert run.result is not None
        run.result.transport = self.label
        if run.result.verdict is Verdict.ERROR:
            raise TesterFault(run.result)
        return run

    def slower(self) -> Target:
        """The target with the longer waits of what is repeated."""
        return replace(self.target, pace=self.target.pace.slower(CONFIRM_FACTOR))

    def recover(self) -> float | None:
        """Wait until a healthy echo succeeds; gives the seconds it took, None when it never did."""
        carrier = self.target.carrier
        began = carrier.now()
        while True:
            result = self.once(self.kit.sanity).result
            assert result is not None
            if self.healthy(result):
                return carrier.now() - began
            if carrier.now() - began > self.options.recover_limit:
                return None
            carrier.run(lambda: False, RETRY_SECONDS)

    def confirm(self, case: Case, first: Result, attempts: int) -> Result:
        """Repeat a case alone, slower; what is not seen again is told. `attempts`: how many there are then."""
        self.recover()
        pace = self.slower().pace
        second = self.once(case, pace).result
        assert second is not None
        owed = self.target.role == "requestor" and USERS_ANSWER in second.expected
        if second.verdict is first.verdict and owed in self._hurried and silent(second.observed):
            self._hurried.discard(owed)
            self.recover()
            attempts += 1
            long = USER_PATIENCE if owed else LONG_PATIENCE
            second = self.once(case, replace(pace, patience=max(pace.patience, long))).result
            assert second is not None
            if second.verdict is not first.verdict:
                self._slow_down(long)
        if second.verdict is Verdict.FAIL and owed and silent(second.observed):
            second.notes.append(
                "no clause bounds how long a user may take: that he is overdue is our reading"
            )
        second.attempts = attempts
        if second.verdict is not first.verdict:
            second.notes.append(f"not confirmed: at first {first.verdict.value} ({first.observed})")
        return second

    def _slow_down(self, patience: float) -> None:
        self.target = replace(self.target, pace=replace(self.target.pace, patience=patience))
        self._remark(
            f"{self.label}: slow in odd places; an answer is overdue after {patience:.3g} s from now on"
        )


def longest(step: Step, pace: Pace) -> float:
    """How long a step may take at most, in seconds."""
    match step:
        case AwaitTimer():
            return pace.timer
        case AwaitUser():
            return max(pace.patience, USER_SECONDS)
        case Idle():
            return min(step.seconds, pace.idle)
        case _:
            return pace.patience + pace.quiet
