"""The whole proof for one profile: the rows one by one, then every interleaving, then what never fired."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from dicomnet.statemachine import PROFILES, Model

from .coverage import NEVER, Item, everything
from .packed import Packed
from .planted import plant
from .rows import RowFailure, check_rows, fired_by_rows
from .search import Found, search
from .world import World


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proven: so many requestors and places, which moves, and up to how many states.

    `security` names who has a security layer; `mutant` names a planted fault; without `symmetry` the core moves are
    explored a second time, requestors told apart.
    """

    profile: str
    clients: int
    places: int
    core: bool = True
    mutant: str | None = None
    limit: int = 2_000_000
    symmetry: bool = True
    security: str = "none"

    def __str__(self) -> str:
        fault = "" if self.mutant is None else f" with the fault {self.mutant}"
        clients = f"{self.clients} requestor{'s' if self.clients != 1 else ''}"
        security = "" if self.security == "none" else f", security {self.security}"
        return (
            f"profile {self.profile}{fault}, {clients}, backlog {self.places}, {self.events} events{security}"
        )

    @property
    def events(self) -> str:
        """core or all."""
        return "core" if self.core else "all"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one table: how much fired of what can, and what never did though nothing says why."""

    fired: int
    total: int
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found: rows that do not hold, the search (and the one without symmetry), and what fired by table.

    `excused` is what cannot fire: table, what, why. `peak` is the most memory that the process has used, in octets.
    """

    question: Question
    rows: tuple[RowFailure, ...]
    found: Found
    whole: Found | None
    coverage: dict[str, Coverage]
    excused: tuple[tuple[str, str, str], ...]
    peak: int

    @property
    def unfired(self) -> tuple[str, ...]:
        """What never fired, though nothing says why. A search that was cut says nothing of that."""
        if not self.found.complete:
            return ()
        return tuple(f"{table}: {each}" for table, row in self.coverage.items() for each in row.never)

    @property
    def verdict(self) -> str:
        """proven, violated, or not proven."""
        if self.rows or self.unfired or self.found.broken is not None:
            return "violated"
        complete = self.found.complete and (self.whole is None or self.whole.complete)
        return "proven" if complete else "not proven: there are more states than --max-states allows"

    @property
    def holds(self) -> bool:
        """Everything was explored, and holds."""
        return self.verdict == "proven"


def tables(profile: str, mutant: str | None = None) -> Model:
    """The tables of a profile, with a planted fault where one is named. Raises `KeyError` for unknown names."""
    model = PROFILES[profile]
    return model if mutant is None else plant(mutant, model)


def prove(question: Question, progress: Callable[[int, int], None] | None = None) -> Proof:
    """Check the rows, then explore; `progress` hears (states known, states still to look at)."""
    model = tables(question.profile, question.mutant)
    rows = check_rows(model, question.profile)
    world = World(model, question.clients, question.places, core=question.core, security=question.security)
    found = search(world, question.limit, progress or _silent)
    whole = None
    if not question.symmetry and found.complete:
        whole = Packed(world).search(question.limit)
    fired = world.fired.items | fired_by_rows(model, question.profile)
    excuses = NEVER[question.profile]
    coverage = {
        table: _coverage(table, items, fired, excuses)
        for table, items in everything(model, secure=question.security != "none").items()
        if items
    }
    excused = tuple(
        (table, item, why) for (table, item), why in excuses.items() if (table, item) not in fired
    )
    return Proof(question, rows, found, whole, coverage, excused, peak_memory())


def _silent(_states: int, _waiting: int) -> None:
    pass


def _coverage(table: str, items: tuple[str, ...], fired: set[Item], excuses: dict[Item, str]) -> Coverage:
    missing = [item for item in items if (table, item) not in fired]
    never = tuple(item for item in missing if (table, item) not in excuses)
    return Coverage(len(items) - len(missing), len(items) - len(missing) + len(never), never)


def peak_memory() -> int:
    """The most memory that this process has used, in octets; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource  # not there on Windows, where all else runs

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
