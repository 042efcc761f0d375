"""The same search without symmetry, for the core moves: each requestor is one of its own, a state is one integer.

The integer holds the yard (lowest), a lane for each client, and the queue as clients from the head. What follows from a
state is mostly one addition: the differences are made once for each local situation, from the world's own outcomes.
"""

from __future__ import annotations

from time import perf_counter

from .search import Found
from .world import Label, State, World


class Packed:
    """The packed form of a world with the core moves whose lanes and yards are all known (it was searched before)."""

    def __init__(self, world: World) -> None:
        assert world.core
        self._world = world
        self._yard_bits = len(world.yards.values).bit_length()
        self._lane_bits = len(world.lanes.values).bit_length()
        self._bits = world.clients.bit_length()
        self._shifts = [self._yard_bits + self._lane_bits * client for client in range(world.clients)]
        self._queue_shift = self._yard_bits + self._lane_bits * world.clients
        self._yard_mask = (1 << self._yard_bits) - 1
        self._lane_mask = (1 << self._lane_bits) - 1
        self._entry_mask = (1 << self._bits) - 1
        self._tables: dict[tuple[int, int], list[tuple[int, list[tuple[int, ...] | None]]]] = {}
        self._queued: dict[tuple[int, int, int, int], list[tuple[int, int, bool]]] = {}

    def search(self, limit: int) -> Found:
        """Explore until everything was seen or `limit` states are known; what breaks was found with symmetry."""
        began = perf_counter()
        layer = [self._initial()]
        seen = set(layer)
        transitions = 0
        while layer:
            following: list[int] = []
            for state in layer:
                after = self.successors(state)
                transitions += len(after)
                for each in after:
                    if each not in seen:
                        seen.add(each)
                        following.append(each)
                if len(seen) > limit:
                    return Found(len(seen), transitions, perf_counter() - began, complete=False)
            layer = following
        return Found(len(seen), transitions, perf_counter() - began, complete=True)

    def arrangements(self, limit: int) -> dict[State, int]:
        """How many states there are for each state with symmetry, up to `limit` states in all."""
        counts: dict[State, int] = {}
        seen = {self._initial()}
        layer = list(seen)
        while layer and len(seen) <= limit:
            for state in layer:
                plain = self._plain(state)
                counts[plain] = counts.get(plain, 0) + 1
            layer = [
                each for state in layer for each in dict.fromkeys(self.successors(state)) if each not in seen
            ]
            layer = list(dict.fromkeys(layer))
            seen.update(layer)
        return counts

    def _plain(self, state: int) -> State:
        queue = state >> self._queue_shift
        entries = self._entries(queue, -(-queue.bit_length() // self._bits))
        lanes = [(state >> shift) & self._lane_mask for shift in self._shifts]
        bag = sorted(lane for client, lane in enumerate(lanes) if client not in entries)
        return (state & self._yard_mask, tuple(lanes[client] for client in entries), tuple(bag))

    def _initial(self) -> int:
        yard, _, bag = self._world.initial()
        return yard + sum(lane << shift for lane, shift in zip(bag, self._shifts, strict=True))

    def successors(self, state: int) -> list[int]:
        """All states that follow."""
        yard = state & self._yard_mask
        queue = state >> self._queue_shift
        waiting = -(-queue.bit_length() // self._bits)
        mask = self._lane_mask
        rows = self._tables.get((yard, waiting)) or self._table(yard, waiting)
        after: list[int] = []
        for shift, row in rows:
            lane = (state >> shift) & mask
            differences = row[lane]
            if differences is None:
                differences = row[lane] = self._differences(yard, waiting, shift, lane)
            after += [state + difference for difference in differences]
        for place in range(waiting):
            shift = self._shifts[(queue >> (self._bits * place) & self._entry_mask) - 1]
            lane = (state >> shift) & mask
            for dyard, dlane, stays in self._of_queued(yard, waiting, place, lane):
                change = dyard + (dlane << shift)
                if not stays:
                    change += (self._without(queue, place) - queue) << self._queue_shift
                after.append(state + change)
        return after

    def _table(self, yard: int, waiting: int) -> list[tuple[int, list[tuple[int, ...] | None]]]:
        """For each client what its moves add to a state, by lane: made when it is first needed."""
        # Whoever waits is looked at by place.
        known = [() if self._waits(lane) else None for lane in range(len(self._world.lanes.values))]
        made = self._tables[yard, waiting] = [(shift, list(known)) for shift in self._shifts]
        return made

    def _waits(self, lane: int) -> bool:
        path = self._world.plain(lane).lane.path
        return path is not None and path.control == "QUEUED"

    def _entries(self, queue: int, waiting: int) -> list[int]:
        return [(queue >> (self._bits * place) & self._entry_mask) - 1 for place in range(waiting)]

    def _without(self, queue: int, place: int) -> int:
        low = self._bits * place
        return (queue & ((1 << low) - 1)) | (queue >> (low + self._bits) << low)

    def _differences(self, yard: int, waiting: int, shift: int, lane: int) -> tuple[int, ...]:
        """What each move of a client that is not in the queue adds to a state."""
        found: list[int] = []
        client = self._shifts.index(shift)
        state = (yard, (0,) * waiting, (lane,))
        for move in self._world.possible(lane):
            done = self._world.compiled(state, Label(move.name, lane=lane))
            assert done.broken is None
            joins = len(done.queue) > waiting
            found.append(
                (done.yard - yard)
                + ((done.lanes[0] - lane) << shift)
                + ((client + 1) << (self._queue_shift + self._bits * waiting) if joins else 0)
            )
        return tuple(found)

    def _of_queued(self, yard: int, waiting: int, place: int, lane: int) -> list[tuple[int, int, bool]]:
        """What each move of a client in the queue, and accept at its head, changes: yard, lane, whether it stays."""
        key = (yard, waiting, place, lane)
        known = self._queued.get(key)
        if known is None:
            state = (yard, (lane,) * waiting, ())
            names = [move.name for move in self._world.possible(lane)]
            names += self._world.takes if place == 0 else ()
            known = self._queued[key] = []
            for name in names:
                done = self._world.compiled(state, Label(name, place=place))
                known.append((done.yard - yard, done.lanes[0] - lane, len(done.queue) == waiting))
        return known
