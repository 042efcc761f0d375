"""Two sets of tables side by side: whether anybody could tell one from the other.

The search is the same; every step is run on both, and what was noted is compared: calls that were refused, callbacks
with their outcomes and order, who was accepted, PDUs. Where the whole is explored and nothing differs, no user and no
peer of so many requestors can tell the two apart.

Where the two differ in one cell, a step that both sides begin alike and that does not come to this cell goes alike on
both: it is run on the true tables alone, once for all mutants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar, cast

from dicomnet.statemachine import PARTS, Broken, Endpoint, Model
from dicomnet.transports import NO_LAYERS, Layers

from .local import SECURITIES, Deed, Ground, Outcome, Watched, Yard
from .world import World

T = TypeVar("T")
Cell = tuple[str, str, str]
"""A machine, a state, an event."""
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


_Step = tuple[Yard, int, tuple[tuple[Watched, int | None], ...], Deed]
# What a step leads to on true tables: by profile, whether all arrives at once, who has a layer; then by the step.
_OUTCOMES: dict[tuple[str, bool, Layers], dict[_Step, Outcome]] = {}
MOST_OUTCOMES: Final = 50_000


class TwinGround(Ground):
    """Runs each step on the tables of `model` and on `other`, which differs in `cell` (machine, state, event) alone.

    Without a cell nothing is known of where the two differ.
    """

    def __init__(
        self, model: Model, other: Model, cell: Cell | None, *, atomic: bool, layers: Layers = NO_LAYERS
    ) -> None:
        super().__init__(model, atomic=atomic, layers=layers)
        self.other = Ground(other, atomic=atomic, layers=layers)
        self._cell = cell
        self._known = _OUTCOMES.setdefault((model.name, atomic, layers), {})

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
        ours = self._ours(yards.first, waiting, tuple((each.first, place) for each, place in pairs), deed)
        alike = yards.first == yards.second and all(each.first == each.second for each, _ in pairs)
        if alike and not self._touches(ours):
            return _merged(ours, ours)
        tables = self.other.model
        lanes = [(_moved_lane(each.second, tables), place) for each, place in pairs]
        try:
            theirs = self.other.run(_moved_yard(yards.second, tables), waiting, lanes, deed)
        except Exception as error:  # noqa: BLE001 - a step that the other side does not even have
            return ours._replace(broken=Broken(DIFFERS, f"the other side cannot: {type(error).__name__}"))
        return _merged(ours, theirs)

    def _ours(
        self, yard: Yard, waiting: int, lanes: tuple[tuple[Watched, int | None], ...], deed: Deed
    ) -> Outcome:
        step = (yard, waiting, lanes, deed)
        outcome = self._known.get(step)
        if outcome is None:
            outcome = super().run(yard, waiting, lanes, deed)
            if len(self._known) < MOST_OUTCOMES:
                self._known[step] = outcome
        return outcome

    def _touches(self, outcome: Outcome) -> bool:
        """Whether a step may have come to the cell: it took an arrow of it, or something was refused somewhere."""
        if self._cell is None or outcome.refusal or outcome.broken is not None:
            return True
        return any((each.machine, each.state, each.event) == self._cell for each in outcome.trace) or any(
            each.what == "refused" for each in outcome.noted
        )


def _merged(ours: Outcome, theirs: Outcome) -> Outcome:
    after = tuple(cast("Watched", _Pair(*each)) for each in zip(ours.lanes, theirs.lanes, strict=True))
    broken = None if ours is theirs else _difference(ours, theirs)
    return ours._replace(yard=cast("Yard", _Pair(ours.yard, theirs.yard)), lanes=after, broken=broken)


def _moved_yard(yard: Yard, model: Model) -> Yard:
    """The same value on the tables of `model`: the values of machines know by which table they step."""
    hub = yard.hub
    library = model.library.value(hub.library.control, hub.library.context)
    return yard._replace(hub=hub._replace(listener=_moved(hub.listener, model), library=library))


def _moved_lane(watched: Watched, model: Model) -> Watched:
    lane = watched.lane
    child, path = lane.child, lane.path
    moved = lane._replace(
        requestor=lane.requestor._replace(endpoint=_moved(lane.requestor.endpoint, model)),
        child=None if child is None else child._replace(endpoint=_moved(child.endpoint, model)),
        path=None if path is None else model.path.value(path.control, path.context),
    )
    return watched._replace(lane=moved)


def _moved(endpoint: Endpoint, model: Model) -> Endpoint:
    parts = {part: getattr(endpoint, part) for part in PARTS}
    return replace(
        endpoint, **{part: getattr(model, part).value(v.control, v.context) for part, v in parts.items()}
    )


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
        self,
        model: Model,
        other: Model,
        clients: int,
        places: int,
        *,
        core: bool,
        security: str = "none",
        cell: Cell | None = None,
    ) -> None:
        super().__init__(model, clients, places, core=core, security=security)
        self.ground = TwinGround(model, other, cell, atomic=core, layers=SECURITIES[security])

    def plain(self, lane: int) -> Watched:
        """See `World.plain`: the first side's."""
        return cast("_Pair[Watched]", super().plain(lane)).first
