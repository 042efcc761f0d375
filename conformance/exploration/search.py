"""The search: breadth first over every state that can be reached, so that what it finds is as short as it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from dicomnet.statemachine import Broken

from .replay import Replay, Step
from .world import Label, State, World

REPORT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """What an exploration found: how much there is, how long it took in seconds, and the first thing that broke.

    `complete` is False where the search was cut at its limit of states: then nothing is proven. `queued`: whether a
    request ever was in the queue, in a search that is complete.
    """

    states: int
    transitions: int
    seconds: float
    complete: bool
    broken: Broken | None = None
    steps: tuple[Step, ...] = ()
    queued: bool = True


def search(
    world: World, limit: int, progress: Callable[[int, int], None] = lambda _states, _waiting: None
) -> Found:
    """Explore until everything was seen, something broke, or `limit` states are known."""
    began = perf_counter()
    start = world.initial()
    # From where each state was reached first: the shortest way to it.
    came: dict[State, tuple[State, Label] | None] = {start: None}
    layer = [start]
    transitions = 0
    while layer:
        following: list[State] = []
        for state in layer:
            for label, after, broken in world.successors(state):
                transitions += 1
                if broken is not None:
                    steps = _concrete(world, _way(came, state, label))
                    seconds = perf_counter() - began
                    return Found(len(came), transitions, seconds, complete=False, broken=broken, steps=steps)
                if after not in came:
                    came[after] = (state, label)
                    following.append(after)
                    if len(came) % REPORT_EVERY == 0:
                        progress(len(came), len(following))
            if len(came) > limit:
                return Found(len(came), transitions, perf_counter() - began, complete=False)
        layer = following
    queued = any(queue for _, queue, _ in came)
    return Found(len(came), transitions, perf_counter() - began, complete=True, queued=queued)


def _way(came: dict[State, tuple[State, Label] | None], state: State, last: Label) -> list[Label]:
    """The moves from the beginning to a state, and the last one."""
    way = [last]
    before = came[state]
    while before is not None:
        state, label = before
        way.append(label)
        before = came[state]
    return way[::-1]


def _concrete(world: World, way: list[Label]) -> tuple[Step, ...]:
    """The same moves by clients with numbers, found by doing them in one whole scene."""
    replay = Replay(world.ground.model, world.clients, world.places, core=world.core, security=world.security)
    steps: list[Step] = []
    for label in way:
        client = None
        if label.place is not None:
            client = replay.queue()[label.place]
        elif label.lane is not None:
            wanted = world.plain(label.lane)
            waiting = replay.queue()
            client = next(
                each for each in range(world.clients) if each not in waiting and replay.lane(each) == wanted
            )
        step = Step(label.move, None if client is None else client + 1)
        steps.append(step)
        replay.do(step)
    return tuple(steps)
