"""The world that is explored: states as small integers, and what follows from each.

A state is (yard, queue, bag): numbers of values that are kept once each. With symmetry the bag holds the lanes that
are not in the queue, sorted, for no requestor differs from another but by what happened to it; without symmetry a
lane is (number, requestor). Successors come from `Ground.run` through a memory.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cache
from typing import Final, Generic, NamedTuple, TypeVar

from dicomnet.statemachine import Broken, Model
from dicomnet.transports import Scene

from .coverage import Fired
from .local import SECURITIES, Deed, Ground, Outcome, Watched, Yard
from .moves import (
    ACCEPT_TOLD,
    SHUT,
    SHUTDOWN,
    TAKES,
    YARD,
    Move,
    moves_of,
    refused_wrongly,
    takes_of,
    told_of,
)

State = tuple[int, tuple[int, ...], tuple[int, ...]]
"""The yard, the lanes in the queue from the head, the other lanes, sorted."""
Taking = tuple[tuple[int, int | None], ...]
"""The lanes that take part in a step, each with its place in the queue, or None."""
T = TypeVar("T", bound=Hashable)


class Label(NamedTuple):
    """A move and who makes it: a place in the queue, a lane of the bag, or nobody (the listener's own)."""

    move: str
    place: int | None = None
    lane: int | None = None


class Compiled(NamedTuple):
    """An outcome in numbers; `queue` as in `Outcome`."""

    yard: int
    lanes: tuple[int, ...]
    queue: tuple[int, ...]
    dropped: tuple[tuple[int, str], ...]
    broken: Broken | None


class _Numbers(Generic[T]):
    """Values that are kept once each, by number."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._known: dict[T, int] = {}

    def of(self, value: T) -> int:
        """The number of a value."""
        number = self._known.get(value)
        if number is None:
            number = self._known[value] = len(self.values)
            self.values.append(value)
        return number


class World:
    """One listener with `places` in its queue and `clients` requestors, on the given tables.

    `security` names who has a security layer (see `SECURITIES`).
    """

    def __init__(
        self, model: Model, clients: int, places: int, *, core: bool, security: str = "none"
    ) -> None:
        layers = SECURITIES[security]
        self.security = security
        self.ground = Ground(model, atomic=core, layers=layers)
        self.clients = clients
        self.places = places
        self.core = core
        self.moves: Final = moves_of(model.traits, core=core, secure=any(layers))
        self.takes: Final = takes_of(core=core, secure=all(layers))
        self.told: Final = told_of(model.traits, core=core)
        self.lanes: _Numbers[Watched] = _Numbers()
        self.yards: _Numbers[Yard] = _Numbers()
        self.fired = Fired()
        self._by_name = {move.name: move for move in (*self.moves, SHUT, *self.told, *TAKES.values())}
        self._memory: dict[tuple[object, ...], Compiled] = {}
        self._possible: dict[int, tuple[Move, ...]] = {}

    def initial(self) -> State:
        """Everybody is fresh, the listener listens."""
        fresh = self.lanes.of(self.ground.newcomer())
        return (self.yards.of(self.ground.begin(self.places)), (), (fresh,) * self.clients)

    # --- successors --------------------------------------------------------------------------------------

    def successors(self, state: State) -> Iterator[tuple[Label, State, Broken | None]]:
        """Every move that is possible, what it leads to, and the invariant that it broke."""
        _, queue, bag = state
        for place, lane in enumerate(queue):
            for move in self.possible(lane):
                label = Label(move.name, place=place)
                yield label, *self.move(state, label)
        before = -1
        for lane in bag:
            if lane != before:
                before = lane
                for move in self.possible(lane):
                    label = Label(move.name, lane=lane)
                    yield label, *self.move(state, label)
        for name in self._yard_moves(state):
            yield Label(name), *self.move(state, Label(name))

    def possible(self, lane: int) -> tuple[Move, ...]:
        """The moves that a lane has."""
        possible = self._possible.get(lane)
        if possible is None:
            watched = self.lanes.values[lane]
            possible = self._possible[lane] = tuple(move for move in self.moves if move.when(watched))
        return possible

    def _yard_moves(self, state: State) -> Iterator[str]:
        yard = self.yards.values[state[0]]
        if yard.hub.listener.connection.control == "LISTENING" and state[1]:
            yield from self.takes
            head = self.lanes.values[state[1][0]]
            yield from (move.name for move in self.told if move.when(head))
        if self.core:
            return
        if yard.hub.listener.connection.control == "LISTENING":
            yield "listener closes"
            yield "listener closes by force"
        if yard.hub.library.control == "STARTED":
            yield SHUTDOWN

    def move(self, state: State, label: Label) -> tuple[State, Broken | None]:
        """What a move leads to from a state."""
        if label.move == SHUTDOWN:
            return self._shutdown(state)
        if label.place is None and label.lane is None:
            return self._yard_move(state, label.move)
        return self._lane_move(state, label)

    def _lane_move(self, state: State, label: Label) -> tuple[State, Broken | None]:
        _, queue, bag = state
        done = self.compiled(state, label)
        if done.broken is not None:
            return state, done.broken
        left = bag if label.lane is None else _without(bag, label.lane)
        return self._after(state, queue, left, done)

    def compiled(self, state: State, label: Label) -> Compiled:
        """What a lane's move leads to, for that lane, the listener and the queue."""
        yard, queue, _ = state
        lane = queue[label.place] if label.place is not None else label.lane
        assert lane is not None
        move = self._by_name[label.move]
        taking: Taking = ((lane, label.place),)
        if move.head and queue and label.place != 0:
            taking = (*taking, (queue[0], 0))
        return self._done(yard, len(queue), taking, label.move, move.deed)

    def _yard_move(self, state: State, name: str) -> tuple[State, Broken | None]:
        yard, queue, bag = state
        if name == ACCEPT_TOLD.name:
            return self._lane_move(state, Label(name, place=0))
        done = self._done(yard, len(queue), (), name, YARD[name])
        if done.broken is not None:
            return state, done.broken
        if name not in TAKES:
            return self._after(state, queue, bag, done)
        # Which request was taken is known now; the step is run again with its lane in the scene.
        return self._lane_move(state, Label(name, place=self._took(done, len(queue))))

    @staticmethod
    def _took(done: Compiled, waiting: int) -> int:
        return next(place for place in range(waiting) if place not in done.queue)

    def _shutdown(self, state: State) -> tuple[State, Broken | None]:
        """Children and requestors first, then the listener and the library."""
        first: Broken | None = None
        for lane in state[2]:
            state, broken = self._lane_move(state, Label(SHUT.name, lane=lane))
            first = first or broken
        for place in range(len(state[1])):
            state, broken = self._lane_move(state, Label(SHUT.name, place=place))
            first = first or broken
        state, broken = self._yard_move(state, SHUTDOWN)
        return state, first or broken

    def _after(
        self, state: State, queue: tuple[int, ...], bag: tuple[int, ...], done: Compiled
    ) -> tuple[State, Broken | None]:
        after = tuple([queue[each] if each >= 0 else done.lanes[-1 - each] for each in done.queue])
        freed = [lane for slot, lane in enumerate(done.lanes) if -1 - slot not in done.queue]
        for place, code in done.dropped:
            dropped = self._drop(queue[place], code)
            if dropped.broken is not None:
                return state, dropped.broken
            freed += dropped.lanes
        return (done.yard, after, tuple(sorted((*bag, *freed))) if freed else bag), None

    def _drop(self, lane: int, code: str) -> Compiled:
        """What becomes of a lane whose request the listener drops."""
        key: tuple[object, ...] = ("drop", lane, code)
        done = self._memory.get(key)
        if done is None:
            lanes = [(self.lanes.values[lane], None)]
            done = self._remember(key, self.ground.run(self.yards.values[0], 0, lanes, _dropping(code)))
        return done

    def plain(self, lane: int) -> Watched:
        """The value of a lane."""
        return self.lanes.values[lane]

    def _done(self, yard: int, waiting: int, taking: Taking, name: str, deed: Deed) -> Compiled:
        """What a step led to when it was first run."""
        key = (yard, waiting, taking, name)
        return self._memory.get(key) or self._remember(key, self._run(yard, waiting, taking, name, deed))

    def _run(self, yard: int, waiting: int, taking: Taking, name: str, deed: Deed) -> Outcome:
        """Run a step on the runtime itself; one that is refused, though it should be possible, breaks invariant 9."""
        lanes = [(self.lanes.values[lane], place) for lane, place in taking]
        done = self.ground.run(self.yards.values[yard], waiting, lanes, deed)
        # A lane may have nothing to do with a shutdown; every other step is there because it is possible.
        wrong = refused_wrongly(name, done.refusal)
        if wrong and done.broken is None:
            return done._replace(broken=Broken(9, f"{name} {wrong}"))
        if name in TAKES and done.took is None and done.broken is None:
            return done._replace(broken=Broken(9, "accept took nothing, and requests wait"))
        return done

    def _remember(self, key: tuple[object, ...], done: Outcome) -> Compiled:
        self.fired.add(done.trace)
        lanes = tuple([self.lanes.of(each) for each in done.lanes])
        compiled = Compiled(self.yards.of(done.yard), lanes, done.queue, done.dropped, done.broken)
        self._memory[key] = compiled
        return compiled


@cache
def _dropping(code: str) -> Deed:
    """The listener lets go of a lane's request; the same deed each time."""

    def deed(scene: Scene, slot: int) -> None:
        request = scene.requestors[slot].attempt
        assert request is not None
        request.drop(code)

    return deed


def _without(bag: tuple[int, ...], lane: int) -> tuple[int, ...]:
    at = bag.index(lane)
    return bag[:at] + bag[at + 1 :]


__all__ = ["Label", "State", "World"]
