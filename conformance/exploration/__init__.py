"""Explores every interleaving of a listener with its queue and some requestors, on the runtime itself."""

from dicomnet.statemachine import PROFILES, Model

from .counterexample import as_test, sequence
from .coverage import NEVER, everything
from .examine import Fate, examine, examine_all
from .moves import moves_of
from .packed import Packed
from .planted import PLANTED, plant
from .prove import Proof, prove
from .replay import Replay, Step, replay
from .rows import NOT_YET, RowFailure, check_rows, fired_by_rows, plays
from .search import Found, search
from .twin import DIFFERS, TwinWorld
from .world import World


def tables(profile: str, mutant: str | None = None) -> Model:
    """The tables of a profile, with a planted fault where one is named. Raises `KeyError` for unknown names."""
    model = PROFILES[profile]
    return model if mutant is None else plant(mutant, model)


def unreduced(model: Model, clients: int, places: int, limit: int) -> Found:
    """Explore the core moves without symmetry, up to `limit` states."""
    world = World(model, clients, places, core=True)
    search(world, limit)
    return Packed(world).search(limit)


__all__ = [
    "DIFFERS",
    "NEVER",
    "NOT_YET",
    "PLANTED",
    "Fate",
    "Found",
    "Packed",
    "Proof",
    "Replay",
    "RowFailure",
    "Step",
    "TwinWorld",
    "World",
    "as_test",
    "check_rows",
    "everything",
    "examine",
    "examine_all",
    "fired_by_rows",
    "moves_of",
    "plant",
    "plays",
    "prove",
    "replay",
    "search",
    "sequence",
    "tables",
    "unreduced",
]
