"""The whole proof for one profile: the rows one by one, then every interleaving, then what never fired."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass

from dicomnet.statemachine import Model

from .coverage import NEVER, everything
from .rows import RowFailure, check_rows, fired_by_rows
from .search import Found, search
from .world import World

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found: rows that do not hold, the search, and by table (fired, all, what never fired without a reason).

    `peak` is the most memory that the process has used so far, in octets.
    """

    rows: tuple[RowFailure, ...]
    found: Found
    coverage: dict[str, tuple[int, int, tuple[str, ...]]]
    peak: int

    @property
    def unfired(self) -> tuple[str, ...]:
        """What never fired, though nothing says why."""
        return tuple(f"{table}: {each}" for table, row in self.coverage.items() for each in row[2])

    @property
    def holds(self) -> bool:
        """Everything was explored, and holds."""
        return self.found.complete and not self.rows and not self.unfired


def prove(
    model: Model, clients: int, places: int, *, core: bool, limit: int, progress: Progress | None = None
) -> Proof:
    """Check the rows, then explore up to `limit` states; `progress` hears (states known, waiting)."""
    rows = check_rows(model, model.name)
    world = World(model, clients, places, core=core)
    found = search(world, limit, progress or (lambda _states, _waiting: None))
    fired = world.fired.items | fired_by_rows(model, model.name)
    coverage = {}
    for table, items in everything(model).items():
        missing = tuple(item for item in items if (table, item) not in fired)
        excused = {item for item in missing if (table, item) in NEVER.get(model.name, {})}
        coverage[table] = (
            len(items) - len(missing),
            len(items) - len(excused),
            tuple(item for item in missing if item not in excused),
        )
    return Proof(rows, found, coverage, peak_memory())


def peak_memory() -> int:
    """The most memory that this process has used, in octets."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
