"""Explores every interleaving of a listener with its queue and some requestors, on the runtime itself."""

from dicomnet.statemachine import PROFILES, Model

from .counterexample import as_test, sequence
from .examine import Fate, examine, examine_all
from .packed import Packed
from .planted import PLANTED
from .prove import Proof, prove
from .replay import Replay, Step, replay
from .search import Found, search
from .world import World


def tables(profile: str, mutant: str | None = None) -> Model:
    """The tables of a profile, with a planted fault where one is named. Raises `KeyError` for unknown names."""
    model = PROFILES[profile]
    return model if mutant is None else PLANTED[mutant].plant(model)


def unreduced(model: Model, clients: int, places: int, limit: int) -> Found:
    """Explore the core moves without symmetry, up to `limit` states."""
    world = World(model, clients, places, core=True)
    search(world, limit)
    return Packed(world).search(limit)


__all__ = [
    "PLANTED",
    "Fate",
    "Found",
    "Packed",
    "Proof",
    "Replay",
    "Step",
    "World",
    "as_test",
    "examine",
    "examine_all",
    "prove",
    "replay",
    "search",
    "sequence",
    "tables",
    "unreduced",
]
