"""The kernel by itself, on a small machine of its own."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from dicomnet.statemachine import (
    MACHINES,
    STAY,
    Action,
    Branch,
    Callback,
    LocalProtocolError,
    Machine,
    State,
    effect_as_dict,
    event_kinds,
    parse_grid,
    step,
    table_as_dict,
    with_cell,
)

DOOR = """
       SHUT   OPEN
push   D-1    D-2
count  D-3    D-3
knock  D-4    .
paint  D-5    D-5
"""


def door(*, finite: bool = False) -> Machine[int]:
    """A door that counts how often it was pushed, and whose paint depends on the payload."""
    return Machine(
        name="door",
        title="Door",
        source="a carpenter",
        states=(State("SHUT", "shut", "idle"), State("OPEN", "open", "idle")),
        events=event_kinds(
            ("push", "local-user", "push"),
            ("count", "local-user", "count"),
            ("knock", "peer-pdu", "knock", "KNOCK"),
            ("paint", "local-user", "paint"),
        ),
        cells=parse_grid(DOOR),
        actions={
            "D-1": Action("D-1", "1", "open", (Branch("OPEN", (Callback("opened", "ok"),)),)),
            "D-2": Action("D-2", "2", "shut", (Branch("SHUT"),)),
            "D-3": Action(
                "D-3",
                "3",
                "count to two",
                (
                    Branch(STAY, refuse="too_many", when="twice"),
                    Branch(STAY, (Callback("counted", "ok", carries="head"),), updates=("up", "up-again")),
                ),
            ),
            "D-4": Action("D-4", "4", "hear", (Branch(STAY, (Callback("heard", "ok", carries="payload"),)),)),
            "D-5": Action(
                "D-5",
                "5",
                "the first guard that holds wins",
                (Branch("OPEN", when="red"), Branch("SHUT", when="any-colour")),
            ),
        },
        initial="SHUT",
        context=0,
        contexts=(0, 2) if finite else None,
        cell_clause="a carpenter",
        guards={
            "twice": lambda context, _payload: context >= 2,
            "red": lambda _context, payload: payload == "red",
            "any-colour": lambda _context, payload: isinstance(payload, str),
        },
        updates={
            "up": lambda context, _payload: context + 1,
            "up-again": lambda context, _payload: context + 1,
        },
        selectors={"head": lambda context, payload: (context, payload)},
        blank_code="no_such_thing",
    )


MACHINE = door()
KIND = MACHINE.event


@pytest.mark.parametrize("finite", [True, False])
def test_a_step_gives_value_transition_and_outputs(finite: bool) -> None:
    machine = door(finite=finite)
    value, transition, outputs = step(machine.start(), machine.event["push"])
    assert (value.control, value.context) == ("OPEN", 0)
    assert (transition.state, transition.event, transition.action, transition.next) == (
        "SHUT",
        "push",
        "D-1",
        "OPEN",
    )
    assert transition.effects == (Callback("opened", "ok"),)
    assert outputs == ()


def test_outputs_run_parallel_to_the_effects() -> None:
    _, transition, outputs = step(MACHINE.start(), KIND["knock"], "twice")
    assert len(transition.effects) == len(outputs) == 1
    assert outputs == ("twice",)


def test_a_selector_sees_the_context_before_the_updates() -> None:
    value, _, outputs = step(MACHINE.start(), KIND["count"], "x")
    assert outputs == ((0, "x"),)
    assert value.context == 2  # both updates, in order


def test_the_first_guard_that_holds_is_taken() -> None:
    assert step(MACHINE.start(), KIND["paint"], "red")[1].when == "red"
    assert step(MACHINE.start(), KIND["paint"], "blue")[1].when == "any-colour"
    open_door = MACHINE.value("OPEN", 0)
    assert step(open_door, KIND["paint"], "red")[0].control == "OPEN"
    assert step(open_door, KIND["paint"], "blue")[0].control == "SHUT"


def test_no_guard_holds_is_a_refusal() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        step(MACHINE.start(), KIND["paint"], 7)
    assert caught.value.code == "no_such_thing"


def test_what_is_refused_is_not_told_as_possible() -> None:
    """`count` is refused at times, and stays possible; an action that only refuses is as good as a blank cell."""
    never = Action("D-5", "5", "no paint", (Branch(STAY, refuse="no_paint"),))
    machine = replace(MACHINE, actions={**MACHINE.actions, "D-5": never})
    with pytest.raises(LocalProtocolError, match=r"paint .* possible there: push, count, knock$") as caught:
        step(machine.start(), machine.event["paint"])
    assert caught.value.code == "no_paint"
    assert "paint" in machine.legal_events("SHUT")


def test_a_blank_cell_is_refused_with_what_is_possible_there() -> None:
    with pytest.raises(LocalProtocolError, match=r"knock \(knock\) .* OPEN .*: push, count, paint") as caught:
        step(MACHINE.value("OPEN", 0), KIND["knock"])
    assert caught.value.code == "no_such_thing"


@pytest.mark.parametrize("finite", [True, False])
def test_a_refusing_branch_has_its_own_code_and_changes_nothing(finite: bool) -> None:
    machine = door(finite=finite)
    value = machine.value("SHUT", 2)
    with pytest.raises(LocalProtocolError) as caught:
        step(value, machine.event["count"])
    assert caught.value.code == "too_many"
    assert value == machine.value("SHUT", 2)


def test_a_step_that_changes_nothing_gives_the_same_value() -> None:
    value = MACHINE.start()
    assert step(value, KIND["knock"], 1)[0] is value


def test_values_are_frozen_and_hashable() -> None:
    value = MACHINE.start()
    with pytest.raises(FrozenInstanceError):
        value.control = "OPEN"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]
    assert value == MACHINE.value("SHUT", 0) != MACHINE.value("OPEN", 0)
    assert len({value, MACHINE.value("SHUT", 0), MACHINE.value("SHUT", 1)}) == 2
    assert "ready" not in repr(value)


def test_finite_contexts_are_interned() -> None:
    machine = door(finite=True)
    assert machine.value("OPEN", 2) is machine.value("OPEN", 2)
    shut = step(machine.value("OPEN", 2), machine.event["push"])
    assert step(machine.value("OPEN", 2), machine.event["push"]) is shut  # one ready result, shared
    assert shut[0] is machine.value("SHUT", 2)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("a b\nx A .\ny A", "y: 1 cells for 2 states"),
        ("a b\nx A . .", "x: 3 cells for 2 states"),
        ("a a\nx A .", "state a stands twice"),
        ("a b\nx A .\nx . A", "event x stands twice"),
    ],
)
def test_a_grid_that_is_out_of_shape(grid: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        parse_grid(grid)


def test_a_grid_is_read_as_it_is_printed() -> None:
    assert parse_grid("  s t\n\n e A .\n f . B\n") == {"s": {"e": "A"}, "t": {"f": "B"}}


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_is_whole(name: str) -> None:
    """Each name that a table uses is declared, and each that is declared is used."""
    machine = MACHINES[name]
    used = {action for row in machine.cells.values() for action in row.values()}
    branches = [branch for action in machine.actions.values() for branch in action.branches]
    selectors = {e.carries for b in branches for e in b.effects} - {None, "payload"}
    assert used == set(machine.actions)
    assert set(machine.cells) == set(machine.state)
    assert {event for row in machine.cells.values() for event in row} == set(machine.event)
    assert {b.next for b in branches} - {STAY} <= set(machine.state)
    assert {b.when for b in branches} - {None} == set(machine.guards)
    assert {u for b in branches for u in b.updates} == set(machine.updates)
    assert selectors == set(machine.selectors)


@pytest.mark.parametrize("name", MACHINES)
def test_a_table_is_plain_data(name: str) -> None:
    machine = MACHINES[name]
    table = table_as_dict(machine)
    again = json.loads(json.dumps(table))
    assert again == table
    assert list(again["states"]) == list(machine.state)
    for state, row in machine.cells.items():
        for event, action in row.items():
            cell = again["cells"][state][event]
            branches = machine.actions[action].branches
            assert cell["action"] == action
            assert cell["clause"].startswith(machine.cell_clause)
            assert [b["next"] for b in cell["branches"]] == [
                state if b.next == STAY else b.next for b in branches
            ]
            assert [b["effects"] for b in cell["branches"]] == [
                [effect_as_dict(e) for e in b.effects] for b in branches
            ]


def test_details_of_a_table_as_data() -> None:
    cell = table_as_dict(MACHINE)
    assert cell["events"]["knock"] == {"meaning": "knock", "origin": "peer-pdu", "pdu": "KNOCK"}  # type: ignore[index] # pyright: ignore[reportIndexIssue]
    refusing, counting = cell["cells"]["OPEN"]["count"]["branches"]  # type: ignore[index] # pyright: ignore[reportIndexIssue, reportUnknownVariableType]
    assert refusing == {"when": "twice", "effects": [], "next": "OPEN", "refuse": "too_many"}
    assert counting["updates"] == ["up", "up-again"]


def test_one_cell_changed_leaves_the_true_machine_alone() -> None:
    changed = with_cell(MACHINE, "OPEN", "knock", "D-4")
    assert step(changed.value("OPEN", 0), KIND["knock"], 1)[1].action == "D-4"
    blank = with_cell(MACHINE, "SHUT", "push", None)
    assert blank.legal_events("SHUT") == ("count", "knock", "paint")
    assert MACHINE.legal_events("OPEN") == ("push", "count", "paint")
    assert MACHINE.legal_events("SHUT") == ("push", "count", "knock", "paint")


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(LocalProtocolError("would_block", "nothing waits")))
    assert (error.code, error.message, str(error)) == (
        "would_block",
        "nothing waits",
        "would_block: nothing waits",
    )
