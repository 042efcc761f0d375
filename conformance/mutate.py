"""The proof that the suite can fail: every single-fault mutant of a reference peer's machine against its suite.

Product search sorts the mutants first. Those that cannot be told from outside must raise no failure; those that differ
only inside what is tolerated must give non-strict or informational; the rest must give a failure. A mutant runs with a
user who answers at once and with one who answers later, so that the states in which a user thinks can be held.

A case can only behave differently on a mutant if its run on the true machine reaches the mutated cell, so only
those cases are run; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import ClassVar

from dicomnet.statemachine import (
    ASSOCIATION,
    LocalProtocolError,
    Machine,
    Model,
    Mutant,
    Transition,
    mutants,
)
from dicomnet.transports import (
    Address,
    MemoryTransport,
    Network,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Settings,
    Transport,
)

from . import requestor
from .bench import SANITY_REQUESTOR
from .caller import Nothing, Reception, Running
from .case import AwaitTimer, Case
from .generate import timer_cases
from .players import PLAYERS
from .product import Judge, Kind, classify
from .run import CaseRun
from .suite import all_cases
from .target import Pace, Target
from .verdict import Cell, Verdict
from .workers import in_order, worker_processes

USERS: tuple[float, ...] = (0.0, 1.0)
CALLED, CALLING = "ANY-SCP", "DICOMNET"
PACE = Pace(quiet=0.2, patience=5.0, timer=300.0, prompt=0.2)
CASE_LIMIT = 1000.0
# After so many seconds a requestor's user gives up: where a case waits for that within its time, else not at all.
GIVES_UP, PATIENT = 100.0, CASE_LIMIT
SOFT = frozenset({Verdict.NON_STRICT, Verdict.INFORMATIONAL})
CHUNK = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant: its class, and what the suite said of it.

    `witness` is the shortest sequence of inputs that shows the difference; `case` the first case that saw it. `good`
    tells whether the suite said what the class demands.
    """

    id: str
    operator: str
    kind: str
    witness: tuple[str, ...]
    verdict: str
    case: str
    good: bool


def run_case(
    case: Case, machine: Machine[str | None], answer_after: float, met: set[Cell] | None = None
) -> Verdict:
    """The verdict of one case on the reference acceptor with this association machine, in memory.

    The cells that the acceptor met, blank ones too, are added to `met`.
    """
    trace: list[Transition] | None = None if met is None else []
    carrier = MemoryTransport()
    target, networks = STANDS[case.role](carrier, case, Model(association=machine), answer_after, trace)
    run = CaseRun(case, target)
    run.start()
    carrier.run(lambda: run.result is not None, CASE_LIMIT)
    run.abandon()
    if met is not None and trace is not None:
        met.update((t.state, t.event) for t in trace if t.machine == machine.name)
        met.update(*(each.refused for each in networks()))
    assert run.result is not None
    assert run.result.verdict is not Verdict.ERROR, f"{case.id}: {run.result.evidence.traceback}"
    return run.result.verdict


Networks = Callable[[], list[Network]]
Trace = list[Transition] | None


def _acceptor(
    carrier: MemoryTransport, case: Case, tables: Model, answer_after: float, trace: Trace
) -> tuple[Target, Networks]:
    settings = Settings(tables=tables)
    acceptor = ReferenceAcceptor(carrier, Policy(aet=CALLED), settings, answer_after=answer_after)
    acceptor.network.trace = trace
    address = acceptor.listen(Address("", 0))
    return Target(carrier, address, CALLED, CALLING, PACE), lambda: [acceptor.network]


def _requestor(
    carrier: MemoryTransport, case: Case, tables: Model, answer_after: float, trace: Trace
) -> tuple[Target, Networks]:
    waits = any(isinstance(step, AwaitTimer) and step.user for step in case.steps)
    trigger = _ReferenceTrigger(tables, answer_after, GIVES_UP if waits else PATIENT, trace)
    here = Address("", 0)
    target = Target(carrier, here, CALLED, CALLING, PACE, caller=Reception(carrier, here, trigger))
    return target, lambda: trigger.networks


STANDS = {"acceptor": _acceptor, "requestor": _requestor}


class _ReferenceTrigger:
    """Lets the reference requestor call, with these tables."""

    watches: ClassVar[bool] = False

    def __init__(self, tables: Model, answer_after: float, gives_up: float, trace: Trace) -> None:
        self._tables = tables
        self._answer_after = answer_after
        self._gives_up = gives_up
        self._trace = trace
        self.networks: list[Network] = []

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Running:
        """See `Trigger`."""
        try:
            started = ReferenceRequestor(
                carrier,
                address,
                CALLED,
                CALLING,
                timeout=self._gives_up,
                answer_after=self._answer_after,
                tables=self._tables,
                trace=self._trace,
            )
        except LocalProtocolError as error:
            gone(str(error))
        else:
            self.networks.append(started.network)
        return Nothing()


def cases_of(role: str) -> tuple[Case, ...]:
    """The cases that a mutant of this role is judged by; the shortest first."""
    if role == "acceptor":
        cases = (*all_cases(), *timer_cases())
    else:
        waits = (case for case in requestor.generated(1) if case.slow and case.depth)
        cases = (SANITY_REQUESTOR, *requestor.generated(), *waits)
    # What is between connections is no matter of one association's table.
    return tuple(sorted((case for case in cases if not case.several), key=_cost))


@cache
def coverage(role: str) -> dict[Cell, tuple[tuple[Case, float], ...]]:
    """For each cell the (case, user) that reach it on the true machine; the shortest cases first."""
    table: dict[Cell, list[tuple[Case, float]]] = {}
    for case in cases_of(role):
        for answer_after in USERS:
            met: set[Cell] = set()
            verdict = run_case(case, ASSOCIATION, answer_after, met)
            assert verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE), (
                f"{case.id} is no pass on the true machine"
            )
            for cell in met:
                table.setdefault(cell, []).append((case, answer_after))
    return {cell: tuple(rows) for cell, rows in table.items()}


def _cost(case: Case) -> tuple[bool, int]:
    return (case.slow, len(case.steps))


@cache
def _judge(role: str) -> Judge:
    return Judge(PLAYERS[role])


@cache
def _reached(role: str) -> frozenset[str]:
    states: set[str] = set()
    player = PLAYERS[role]
    for late in (False, True):
        kind, _ = classify(ASSOCIATION, player, _judge(role), late=late, states=states)
        assert kind is Kind.UNOBSERVABLE, "the true machine differs from itself"
    return frozenset(states | player.passed)


def examine(mutant: Mutant, role: str = "acceptor") -> Outcome:
    """Sort one mutant of the machine of this role, and run its suite against it."""
    kind, witness = _sort(mutant, role)
    verdict, case = Verdict.PASS, ""
    rows = coverage(role).get((mutant.state, mutant.event), ())
    for each, answer_after in rows:
        said = run_case(each, mutant.machine, answer_after)
        if said is Verdict.FAIL:
            verdict, case = said, each.id
            break
        if said in SOFT and verdict is Verdict.PASS:
            verdict, case = said, each.id
            if kind is Kind.TOLERATED:
                continue
    good = {
        Kind.OBSERVABLE: verdict is Verdict.FAIL,
        Kind.TOLERATED: verdict in SOFT,
        Kind.UNOBSERVABLE: verdict is not Verdict.FAIL,
    }[kind]
    return Outcome(mutant.id, mutant.operator, kind.value, witness, verdict.value, case, good)


def _sort(mutant: Mutant, role: str) -> tuple[Kind, tuple[str, ...]]:
    if mutant.state not in _reached(role):
        return Kind.UNOBSERVABLE, ()
    worst: tuple[Kind, tuple[str, ...]] = (Kind.UNOBSERVABLE, ())
    for late in (False, True):
        kind, witness = classify(mutant.machine, PLAYERS[role], _judge(role), late=late)
        if kind is Kind.OBSERVABLE:
            return kind, witness
        if kind is Kind.TOLERATED and worst[0] is Kind.UNOBSERVABLE:
            worst = (kind, witness)
    return worst


def _examine_range(role: str, bounds: tuple[int, int]) -> list[Outcome]:
    chosen = list(mutants(ASSOCIATION))[bounds[0] : bounds[1]]
    return [examine(mutant, role) for mutant in chosen]


def examine_all(
    jobs: int | None, progress: Callable[[int, int], None], role: str = "acceptor"
) -> list[Outcome]:
    """All mutants for this role, on `jobs` processes (None = one per core); `progress` hears (done, total)."""
    total = sum(1 for _ in mutants(ASSOCIATION))
    ranges = [(start, min(start + CHUNK, total)) for start in range(0, total, CHUNK)]
    outcomes: list[Outcome] = []

    def collect(chunks: Iterator[list[Outcome]]) -> None:
        for chunk in chunks:
            outcomes.extend(chunk)
            progress(len(outcomes), total)

    progress(0, total)
    examined = partial(_examine_range, role)
    if jobs == 1:
        collect(map(examined, ranges))
    else:
        with worker_processes(jobs) as pool:
            collect(in_order(pool, examined, ranges))
    return outcomes


def matrix_as_dict(outcomes: list[Outcome]) -> dict[str, object]:
    """The matrix as plain data: totals, and every mutant that the suite got wrong."""

    def count(kind: Kind, *, good: bool | None = None) -> int:
        return sum(1 for o in outcomes if o.kind == kind.value and (good is None or o.good is good))

    wrong = [asdict(o) for o in outcomes if not o.good]
    return {
        "total": len(outcomes),
        "unobservable": count(Kind.UNOBSERVABLE),
        "tolerated": count(Kind.TOLERATED),
        "tolerated_told": count(Kind.TOLERATED, good=True),
        "observable": count(Kind.OBSERVABLE),
        "killed": count(Kind.OBSERVABLE, good=True),
        "survivors": [row for row in wrong if row["kind"] == Kind.OBSERVABLE.value],
        "tolerated_not_told": [row for row in wrong if row["kind"] == Kind.TOLERATED.value],
        "false_alarms": [row for row in wrong if row["kind"] == Kind.UNOBSERVABLE.value],
        "by_operator": _by_operator(outcomes),
    }


def _by_operator(outcomes: list[Outcome]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for outcome in outcomes:
        row = table.setdefault(
            outcome.operator, {"total": 0, **{kind.value: 0 for kind in Kind}, "killed": 0}
        )
        row["total"] += 1
        row[outcome.kind] += 1
        row["killed"] += outcome.kind == Kind.OBSERVABLE.value and outcome.good
    return table
