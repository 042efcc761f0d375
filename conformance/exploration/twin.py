"""Two sets of tables side by side: whether anybody could tell one from the other.

The search is the same; every step is run on both, and what was noted is compared: calls that were refused, callbacks
with their outcomes and order, who was accepted, PDUs. Where the whole is explored and nothing differs, no user and no
peer of so many requestors can tell the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from dicomnet.statemachine import Broken, Model
from dicomnet.transports import NO_LAYERS, Layers

from .local import SECURITIES, Deed, Ground, Outcome, Watched, Yard
from .world import World

T = TypeVar("T")
DIFFERS = 0
"""The number that stands for "the two differ" where an invariant's would stand."""


@dataclass(frozen=True)
class _Pair(Generic[T]):
    """A value of each side; whoever asks what may happen next looks at the first."""

    first: T
    second: T

    @property
    def lane(self) -> object:
        """The first side's lane."""
        return cast("Watched", self.first).lane

    @property
    def hub(self) -> object:
        """The first side's listener."""
        return cast("Yard", self.first).hub


class TwinGround(Ground):
    """Runs each step on the tables of `model` and on `other`."""

    def __init__(self, model: Model, other: Model, *, atomic: bool, layers: Layers = NO_LAYERS) -> None:
        super().__init__(model, atomic=atomic, layers=layers)
        self.other = Ground(other, atomic=atomic, layers=layers)

    def begin(self, places: int) -> Yard:
        """Both begin."""
        return cast("Yard", _Pair(super().begin(places), self.other.begin(places)))

    def newcomer(self) -> Watched:
        """A newcomer to both."""
        return cast("Watched", _Pair(super().newcomer(), self.other.newcomer()))

    def run(
        self, yard: Yard, waiting: int, lanes: Sequence[tuple[Watched, int | None]], deed: Deed
    ) -> Outcome:
        """Run a deed on both sides; where they differ, that is what broke."""
        yards = cast("_Pair[Yard]", yard)
        pairs = [(cast("_Pair[Watched]", each), place) for each, place in lanes]
        ours = super().run(yards.first, waiting, [(each.first, place) for each, place in pairs], deed)
        try:
            theirs = self.other.run(
                yards.second, waiting, [(each.second, place) for each, place in pairs], deed
            )
        except Exception as error:  # noqa: BLE001 - a step that the other side does not even have
            return ours._replace(broken=Broken(DIFFERS, f"the other side cannot: {type(error).__name__}"))
        after = tuple(cast("Watched", _Pair(*each)) for each in zip(ours.lanes, theirs.lanes, strict=True))
        merged = ours._replace(yard=cast("Yard", _Pair(ours.yard, theirs.yard)), lanes=after, broken=None)
        return merged._replace(broken=_difference(ours, theirs))


def _difference(ours: Outcome, theirs: Outcome) -> Broken | None:
    for ours_seen, theirs_seen in zip(ours.noted, theirs.noted, strict=False):
        if ours_seen != theirs_seen:
            return Broken(DIFFERS, f"{ours_seen} and {theirs_seen}")
    if len(ours.noted) != len(theirs.noted):
        return Broken(DIFFERS, f"{len(ours.noted)} and {len(theirs.noted)} observations")
    for name in ("refusal", "queue", "dropped", "took", "broken"):
        if getattr(ours, name) != getattr(theirs, name):
            return Broken(DIFFERS, f"{name}: {getattr(ours, name)} and {getattr(theirs, name)}")
    return None


class TwinWorld(World):
    """A world that runs on two sets of tables."""

    def __init__(
        self, model: Model, other: Model, clients: int, places: int, *, core: bool, security: str = "none"
    ) -> None:
        super().__init__(model, clients, places, core=core, security=security)
        self.ground = TwinGround(model, other, atomic=core, layers=SECURITIES[security])

    def plain(self, lane: int) -> Watched:
        """See `World.plain`: the first side's."""
        return cast("_Pair[Watched]", super().plain(lane)).first
