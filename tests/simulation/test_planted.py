"""That a simulation can fail: planted faults are found within a few hundred seeds, and shrink to a few acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from dicomnet.conformance import draw_plan, shrink, simulate
from dicomnet.statemachine import (
    CONNECTION,
    LISTENER,
    MODEL,
    PATH,
    Branch,
    Callback,
    Machine,
    Model,
    Queue,
    Taken,
    Tell,
    with_cell,
)

SEEDS = 300
MOST_ACTS = 10


def lifo() -> Model:
    """A listener that hands out the newest request."""

    def newest(queue: Queue, call: Any) -> Taken:  # noqa: ANN401 - as the kernel's payloads
        return Taken(queue.waiting[-1], getattr(call, "child", None))

    def without_newest(queue: Queue, _call: Any) -> Queue:  # noqa: ANN401
        return replace(queue, waiting=queue.waiting[:-1], children=queue.children + 1)

    return Model(
        listener=replace(
            LISTENER,
            selectors={**LISTENER.selectors, "head": newest},
            updates={**LISTENER.updates, "take-head": without_newest},
        )
    )


def changed(
    machine: Machine[Any], state: str, event: str, change: Callable[[Branch], Branch]
) -> Machine[Any]:
    """The machine with each branch of one cell's action changed."""
    action = machine.action_at(state, event)
    assert action is not None
    return replace(
        machine,
        actions={
            **machine.actions,
            action.name: replace(action, branches=tuple(change(branch) for branch in action.branches)),
        },
    )


def lost_withdraw() -> Model:
    """A listener that keeps the request of a requestor who has gone."""
    return Model(
        listener=changed(LISTENER, "LISTENING", "withdraw", lambda branch: replace(branch, updates=()))
    )


def double_callback() -> Model:
    """Every callback of a peer's reset is told twice."""

    def twice(branch: Branch) -> Branch:
        told = tuple(effect for effect in branch.effects if isinstance(effect, Callback))
        return replace(branch, effects=(*branch.effects, *told))

    return Model(connection=changed(CONNECTION, "CONNECTED", "peer-reset", twice))


def no_callback() -> Model:
    """A refused requestor is told nothing."""

    def silent(branch: Branch) -> Branch:
        return replace(branch, effects=tuple(e for e in branch.effects if not isinstance(e, Callback)))

    return Model(connection=changed(CONNECTION, "CONNECTING", "connect-refused", silent))


def connected_in_the_queue() -> Model:
    """The requestor is told that it is connected before it was accepted."""
    opened = Tell("requestor", "open")
    return Model(path=changed(PATH, "OFFERED", "queued", lambda branch: replace(branch, effects=(opened,))))


def never_withdrawn() -> Model:
    """The listener does not hear that a request was taken back."""
    return Model(path=changed(PATH, "QUEUED", "leave", lambda branch: replace(branch, effects=())))


def one_too_many() -> Model:
    """A listener that takes one request more than it has places for."""

    def room(queue: Queue, _payload: Any) -> bool:  # noqa: ANN401
        return len(queue.waiting) <= queue.capacity

    def full(queue: Queue, payload: Any) -> bool:  # noqa: ANN401
        return not room(queue, payload)

    return Model(
        listener=replace(
            LISTENER,
            guards={**LISTENER.guards, "room": room, "full": full},
        )
    )


@dataclass(frozen=True)
class Planted:
    make: Callable[[], Model]
    invariants: tuple[int, ...]


PLANTED = {
    "lifo": Planted(lifo, (1,)),
    "lost withdraw": Planted(lost_withdraw, (1, 7, 8)),
    "double callback": Planted(double_callback, (5,)),
    "no callback": Planted(no_callback, (3, 5)),
    "connected in the queue": Planted(connected_in_the_queue, (3,)),
    "never withdrawn": Planted(never_withdrawn, (1, 3, 8)),
    "one too many": Planted(one_too_many, (8,)),
    "a hole in the listener's table": Planted(
        lambda: Model(listener=with_cell(LISTENER, "LISTENING", "child-ended", None)), (5, 7)
    ),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_fault_is_found_and_shrinks(planted: Planted) -> None:
    tables = planted.make()
    for seed in range(SEEDS):
        plan = draw_plan(seed, "dicomnet", "calm")
        broken = simulate(plan, tables).broken
        if broken is not None:
            break
    else:
        pytest.fail(f"not found within {SEEDS} seeds")
    assert broken.invariant in planted.invariants
    shorter = shrink(plan, broken, tables)
    again = simulate(shorter, tables).broken
    assert again is not None
    assert again.invariant == broken.invariant
    assert len(shorter.acts) <= MOST_ACTS
    assert simulate(shorter, MODEL).broken is None
