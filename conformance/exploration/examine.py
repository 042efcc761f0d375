"""Every single-fault mutant of the connection layer's tables: what becomes of it.

A mutant is caught by a row, by an invariant that breaks in some interleaving, or it is compared with the true tables:
where no interleaving lets anybody tell them apart it is equivalent, within the requestors and places explored. What is
told apart, though no row and no invariant speaks of it, survives, and is shown with the steps that tell.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

from dicomnet.statemachine import PROFILES, Model, ModelMutant, model_mutants

from .rows import check_rows
from .search import Found, search
from .twin import TwinWorld
from .world import World

# What is explored of a mutant that no row catches: small, and then larger (requestors, places, core moves alone).
SIZES = ((1, 1, False), (3, 2, True), (2, 1, False))
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
    fate, shown_by = _examine(mutant.model, profile)
    return Fate(mutant.id, mutant.table, mutant.operator, fate, shown_by)


def _examine(model: Model, profile: str) -> tuple[str, str]:
    failures = check_rows(model, profile, first=True)
    if failures:
        return "row", f"row {failures[0].row}"
    for clients, places, core in SIZES:
        found = _search(World(model, clients, places, core=core))
        if isinstance(found, str):
            return "invariant", found
        if found.broken is not None:
            steps = ", ".join(str(step) for step in found.steps)
            return "invariant", f"invariant {found.broken.invariant} ({steps})"
    for clients, places, core in SIZES:
        found = _search(TwinWorld(PROFILES[profile], model, clients, places, core=core))
        if isinstance(found, str):
            return "invariant", found
        if found.broken is not None:
            steps = ", ".join(str(step) for step in found.steps)
            return "survives", f"{found.broken.text} ({steps})"
        if not found.complete:
            return "survives", f"not compared to the end: more than {LIMIT} states"
    return "equivalent", ""


def _search(world: World) -> Found | str:
    """A search; tables with a fault may also break the runtime itself, which is told in words."""
    try:
        return search(world, LIMIT)
    except Exception as error:  # noqa: BLE001 - whatever a planted fault leads to
        return f"the runtime fails: {type(error).__name__}: {error}"


def _examine_range(task: tuple[str, int, int]) -> list[Fate]:
    profile, start, end = task
    chosen = list(model_mutants(PROFILES[profile]))[start:end]
    return [examine(mutant, profile) for mutant in chosen]


def _start_worker() -> None:
    """An interruption is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def examine_all(
    profile: str, jobs: int | None, progress: Callable[[int, int], None], executor: Executor | None = None
) -> list[Fate]:
    """All mutants of a profile's tables, on `jobs` processes or on an executor that is handed in."""
    total = sum(1 for _ in model_mutants(PROFILES[profile]))
    tasks = [(profile, start, min(start + CHUNK, total)) for start in range(0, total, CHUNK)]
    made = executor or ProcessPoolExecutor(
        jobs or os.cpu_count() or 1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
    )
    fates: list[Fate] = []

    def collect(chunks: Iterator[list[Fate]]) -> None:
        for chunk in chunks:
            fates.extend(chunk)
            progress(len(fates), total)

    with nullcontext() if executor else made:
        collect(iter(made.map(_examine_range, tasks)))
    return fates
