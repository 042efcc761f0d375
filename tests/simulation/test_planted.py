"""That a simulation can fail: planted faults are found within a few hundred seeds, and shrink to a few acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dicomnet.conformance import draw_plan, shrink, simulate
from dicomnet.conformance.exploration import PLANTED, plant
from dicomnet.statemachine import (
    CONNECTION,
    LISTENER,
    MODEL,
    PATH,
    Branch,
    Callback,
    LocalProtocolError,
    Machine,
    Model,
    with_cell,
)
from dicomnet.transports import NetworkObject

SEEDS = 300
PROFILE, FAULTS = "dicomnet", "calm"
MOST_ACTS = 10


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


def never_withdrawn() -> Model:
    """The listener does not hear that a request was taken back."""
    return Model(path=changed(PATH, "QUEUED", "leave", lambda branch: replace(branch, effects=())))


# Of the named faults: which invariant may break. Each is planted in whichever table has it.
NAMED = {
    "lifo": (1,),
    "swap-from-three": (1,),
    "accepts-any": (1,),
    "jumps-the-queue": (1,),
    "lost-tail-on-withdraw": (1, 7, 8),
    "wrong-one-withdrawn": (1, 7, 8),
    "one-too-many": (8,),
    "no-slot-back": (8,),
    "queue-survives-close": (8, 9),
    "timer-leaves-entry": (8,),
    "double-on-connect": (3, 5),
    "on-connect-before-accept": (3,),
    "on-connect-after-close": (3, 5),
    "on-accept-twice": (2,),
    "close-tells-twice": (5,),
    "child-told-twice": (5,),
    "close-aborts": (7,),
}
# The rows demand more than the invariants do: `dicomnet check` finds these by a row.
NOT_OF_AN_INVARIANT = {
    "silent-refusal": "the connect timer brings an outcome in the end",
    "silent-loss": "no invariant says that an association hears of its connection's end",
}
MORE: dict[str, tuple[Model, tuple[int, ...]]] = {
    "lost withdraw": (lost_withdraw(), (1, 7, 8)),
    "double callback": (double_callback(), (5,)),
    "no callback": (no_callback(), (3, 5)),
    "never withdrawn": (never_withdrawn(), (1, 3, 8)),
    "a hole in the listener's table": (
        Model(listener=with_cell(LISTENER, "LISTENING", "child-ended", None)),
        (5, 7),
    ),
}
WRONG = MORE | {name: (plant(name, MODEL), invariants) for name, invariants in NAMED.items()}


def first_broken(tables: Model) -> int | None:
    """The first seed that breaks an invariant."""
    return next(
        (seed for seed in range(SEEDS) if simulate(draw_plan(seed, PROFILE, FAULTS), tables).broken), None
    )


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_fault_is_found_and_shrinks(name: str) -> None:
    tables, invariants = WRONG[name]
    seed = first_broken(tables)
    assert seed is not None, f"not found within {SEEDS} seeds"
    plan = draw_plan(seed, PROFILE, FAULTS)
    broken = simulate(plan, tables).broken
    assert broken is not None
    assert broken.invariant in invariants
    shorter = shrink(plan, broken, tables)
    again = simulate(shorter, tables).broken
    assert again is not None
    assert again.invariant == broken.invariant
    assert len(shorter.acts) <= MOST_ACTS
    assert simulate(shorter, MODEL).broken is None


@pytest.mark.parametrize("name", NOT_OF_AN_INVARIANT)
def test_what_breaks_a_row_alone_breaks_no_invariant(name: str) -> None:
    assert first_broken(plant(name, MODEL)) is None


def test_every_named_fault_is_planted() -> None:
    there = {
        name for name, planted in PLANTED.items() if "dicomnet" in planted.profiles and not planted.secure
    }
    assert NAMED.keys() | NOT_OF_AN_INVARIANT.keys() == there


# --- what accept reports as reset -------------------------------------------------------------------------


def broken_by(seeds: int = 120) -> set[tuple[int, str]]:
    """The invariants that break with tcp-winsock, and the words without their names."""
    found: set[tuple[int, str]] = set()
    for seed in range(seeds):
        breach = simulate(draw_plan(seed, "tcp-winsock", "hostile")).broken
        if breach is not None:
            found.add((breach.invariant, breach.text.partition(", ")[0].partition(": ")[2]))
    return found


def test_a_reset_that_accept_invents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomnet.transports.memory.MemoryRequest.gone", property(lambda _self: True))
    assert (1, "accept tells of a reset") in broken_by()


def test_else_nothing_breaks() -> None:
    assert broken_by() == set()


def test_a_reset_that_accept_does_not_report(monkeypatch: pytest.MonkeyPatch) -> None:
    true = NetworkObject.accept

    def quiet(self: NetworkObject, child: NetworkObject) -> None:
        try:
            true(self, child)
        except LocalProtocolError as refusal:
            if refusal.code != "reset":
                raise

    monkeypatch.setattr(NetworkObject, "accept", quiet)
    assert (1, "the request was dropped as reset") in broken_by()
