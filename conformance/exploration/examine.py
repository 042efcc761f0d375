"""Every single-fault mutant of the connection layer's tables: what becomes of it.

A mutant is caught by a row, by an invariant that breaks in some interleaving, or it is compared with the true tables:
where no interleaving lets anybody tell them apart it is equivalent, within the requestors and places explored. What is
told apart, though no row and no invariant speaks of it, survives, and is shown with the steps that tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from dicomnet.statemachine import PROFILES, Machine, ModelMutant, model_mutants

from ..workers import in_order, worker_processes
from .coverage import Item
from .rows import check_rows
from .search import Found, search
from .twin import TwinWorld
from .world import World

# What is explored of a mutant that no row catches, small, then larger: requestors, places, core moves alone, who has
# a security layer).
Size = tuple[int, int, bool, str]
SIZES: tuple[Size, ...] = (
    (1, 1, False, "none"),
    (1, 1, False, "played"),
    (1, 1, False, "played-requestor"),
    (1, 1, False, "played-acceptor"),
    (3, 2, True, "none"),
    (3, 2, True, "played"),
    (2, 1, False, "none"),
)
SHARED = ("library", "listener")
LIMIT = 200_000
CHUNK = 32


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: `row`, `invariant`, `equivalent` or `survives`; and what showed it."""

    id: str
    table: str
    operator: str
    fate: str
    shown_by: str


def examine(mutant: ModelMutant, profile: str) -> Fate:
    """Rows first, then exploration, then the comparison with the true tables."""
    failures = check_rows(mutant.model, profile, first=True)
    if failures:
        fate, shown_by = "row", f"row {failures[0].row}"
    else:
        fate, shown_by = _explore(
            mutant, profile, [size for size in SIZES if _touched(mutant, profile, size)]
        )
    return Fate(mutant.id, mutant.table, mutant.operator, fate, shown_by)


@cache
def _fired(profile: str, size: Size) -> frozenset[Item]:
    """What the exploration of the true tables fires."""
    clients, places, core, security = size
    world = World(PROFILES[profile], clients, places, core=core, security=security)
    found = search(world, LIMIT)
    assert found.complete, "the true tables must be explored to the end"
    return frozenset(world.fired.items)


def _touched(mutant: ModelMutant, profile: str, size: Size) -> bool:
    """Whether an exploration comes to the cell of the mutant at all: up to there both runs are the same.

    A cell that only refuses is never asked in an exploration: what is refused without need breaks an invariant.
    Requestors meet in the listener and the library alone: what is changed elsewhere shows with one requestor, or, where
    it matters who else waits, with core moves.
    """
    clients, _, core, _ = size
    if clients > 1 and not core and not _is_shared(mutant):
        return False
    if not mutant.cell:
        return True
    machine: Machine[Any] = getattr(mutant.model, mutant.table)
    state, event = mutant.cell
    start = f"{state} x {event}"
    return any(
        table == machine.name and (item == start or item.startswith(f"{start} ["))
        for table, item in _fired(profile, size)
    )


def _is_shared(mutant: ModelMutant) -> bool:
    """Whether it is in what requestors share: the library, the listener's table, or the listening object."""
    if mutant.table in SHARED:
        return True
    return "listen" in mutant.change if mutant.cell is None else mutant.cell[0] == "LISTENING"


def _explore(mutant: ModelMutant, profile: str, sizes: list[Size]) -> tuple[str, str]:
    """The comparison first: what cannot be told apart breaks no invariant either."""
    model, told = mutant.model, ""
    cell = None if mutant.cell is None else (getattr(model, mutant.table).name, *mutant.cell)
    for clients, places, core, security in sizes:
        if not told:
            twins = TwinWorld(
                PROFILES[profile], model, clients, places, core=core, security=security, cell=cell
            )
            told = _told_apart(_search(twins))
        if told:
            found = _search(World(model, clients, places, core=core, security=security))
            if isinstance(found, str):
                return "invariant", found
            if found.broken is not None:
                return "invariant", f"invariant {found.broken.invariant} ({_steps(found)})"
    return ("survives", told) if told else ("equivalent", "")


def _told_apart(found: Found | str) -> str:
    """How the two sides are told apart; nothing where they are not."""
    if isinstance(found, str):
        return found
    if found.broken is not None:
        return f"{found.broken.text} ({_steps(found)})"
    return "" if found.complete else f"not compared to the end: more than {LIMIT} states"


def _steps(found: Found) -> str:
    return ", ".join(str(step) for step in found.steps)


def _search(world: World) -> Found | str:
    """A search; tables with a fault may also break the runtime itself, which is told in words."""
    try:
        return search(world, LIMIT)
    except Exception as error:  # noqa: BLE001 - whatever a planted fault leads to
        return f"the runtime fails: {type(error).__name__}: {error}"


def _examine_range(task: tuple[str, int, int]) -> list[Fate]:
    profile, start, end = task
    return [examine(mutant, profile) for mutant in islice(model_mutants(PROFILES[profile]), start, end)]


def examine_all(
    profile: str, jobs: int | None, progress: Callable[[int, int], None], executor: Executor | None = None
) -> list[Fate]:
    """All mutants of a profile's tables, on `jobs` processes (None: one per core) or on an executor handed in."""
    total = sum(1 for _ in model_mutants(PROFILES[profile]))
    tasks = [(profile, start, min(start + CHUNK, total)) for start in range(0, total, CHUNK)]
    if executor is not None:
        return _collect(executor.map(_examine_range, tasks), total, progress)
    with worker_processes(jobs) as pool:
        return _collect(in_order(pool, _examine_range, tasks), total, progress)


def _collect(chunks: Iterable[list[Fate]], total: int, progress: Callable[[int, int], None]) -> list[Fate]:
    fates: list[Fate] = []
    for chunk in chunks:
        fates.extend(chunk)
        progress(len(fates), total)
    return fates
