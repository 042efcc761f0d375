"""The proof that the suite can fail: every single-fault mutant of the reference acceptor's machine against the suite.

Product search sorts the mutants first. Those that cannot be told from outside must raise no failure; those that differ
only inside what is tolerated must give non-strict or informational; the rest must give a failure. A mutant runs with a
user who answers at once and with one who answers later, so that Sta3 and Sta8 can be held.

A case can only behave differently on a mutant if its run on the true machine reaches the mutated cell, so only
those cases are run; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache

from dicomnet.statemachine import ASSOCIATION, Machine, Model, Mutant, Transition, mutants
from dicomnet.transports import Address, MemoryTransport, Policy, ReferenceAcceptor, Settings

from .case import Case
from .generate import timer_cases
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
    settings = Settings(tables=Model(association=machine))
    acceptor = ReferenceAcceptor(carrier, Policy(aet=CALLED), settings, answer_after=answer_after)
    acceptor.network.trace = trace
    address = acceptor.listen(Address("", 0))
    run = CaseRun(case, Target(carrier, address, CALLED, CALLING, PACE))
    run.start()
    carrier.run(lambda: run.result is not None, CASE_LIMIT)
    run.abandon()
    if met is not None and trace is not None:
        met.update((t.state, t.event) for t in trace if t.machine == machine.name)
        met.update(acceptor.network.refused)
    assert run.result is not None
    assert run.result.verdict is not Verdict.ERROR, f"{case.id}: {run.result.evidence.traceback}"
    return run.result.verdict


@cache
def coverage() -> dict[Cell, tuple[tuple[Case, float], ...]]:
    """For each cell the (case, user) that reach it on the true machine; the shortest cases first."""
    table: dict[Cell, list[tuple[Case, float]]] = {}
    for case in sorted((*all_cases(), *timer_cases()), key=_cost):
        if case.several:
            continue  # what is between connections is no matter of one association's table
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
def _judge() -> Judge:
    return Judge()


@cache
def _reached() -> frozenset[str]:
    states: set[str] = set()
    for late in (False, True):
        kind, _ = classify(ASSOCIATION, _judge(), late=late, states=states)
        assert kind is Kind.UNOBSERVABLE, "the true machine differs from itself"
    # Sta1 is reached before and after every connection.
    return frozenset(states | {"Sta1"})


def examine(mutant: Mutant) -> Outcome:
    """Sort one mutant and run the suite against it."""
    kind, witness = _sort(mutant)
    verdict, case = Verdict.PASS, ""
    rows = coverage().get((mutant.state, mutant.event), ())
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


def _sort(mutant: Mutant) -> tuple[Kind, tuple[str, ...]]:
    if mutant.state not in _reached():
        return Kind.UNOBSERVABLE, ()
    worst: tuple[Kind, tuple[str, ...]] = (Kind.UNOBSERVABLE, ())
    for late in (False, True):
        kind, witness = classify(mutant.machine, _judge(), late=late)
        if kind is Kind.OBSERVABLE:
            return kind, witness
        if kind is Kind.TOLERATED and worst[0] is Kind.UNOBSERVABLE:
            worst = (kind, witness)
    return worst


def _examine_range(bounds: tuple[int, int]) -> list[Outcome]:
    chosen = list(mutants(ASSOCIATION))[bounds[0] : bounds[1]]
    return [examine(mutant) for mutant in chosen]


def examine_all(jobs: int | None, progress: Callable[[int, int], None]) -> list[Outcome]:
    """All mutants, on `jobs` processes (None = one per core); `progress` hears (done, total)."""
    total = sum(1 for _ in mutants(ASSOCIATION))
    ranges = [(start, min(start + CHUNK, total)) for start in range(0, total, CHUNK)]
    outcomes: list[Outcome] = []

    def collect(chunks: Iterator[list[Outcome]]) -> None:
        for chunk in chunks:
            outcomes.extend(chunk)
            progress(len(outcomes), total)

    progress(0, total)
    if jobs == 1:
        collect(map(_examine_range, ranges))
    else:
        with worker_processes(jobs) as pool:
            collect(in_order(pool, _examine_range, ranges))
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
