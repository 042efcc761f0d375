"""The one kernel: every machine of the project is data for the `step` in this file.

A machine is two tables. The first says which *action* stands in a cell (state, event); a blank cell is a
refusal. The second says what an action is: branches, each with a named guard, effects in order, named
updates of the context, and the next state. A machine's value is (control, context): control indexes the
table, context is a small frozen record that only named guards read and only named updates write. Whatever
affects a transition stands in these tables or does not exist.

How it is made fast without ceasing to be a table: the grid is compiled once into interned values that hold
a row of ready results, so that a step without payload is two look-ups, and one that only carries its payload
is three. A cell whose outcome depends on the payload or on the context holds a small function instead. A
machine with finitely many contexts is compiled for all of them; one with unboundedly many (a queue) resolves
its cells at each step.

A step that is refused raises `LocalProtocolError` and leaves the value as it was, because values never
change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from .effects import Effect, effect_as_dict
from .errors import LocalProtocolError
from .wire.quick import quick

C = TypeVar("C", bound=Hashable)
Payload = Any
STAY: Final = "="
Outputs = tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A control state: its name in the source text, what it means, and the phase it is drawn in."""

    name: str
    meaning: str
    phase: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event. `origin` says who causes it: local-user, peer-pdu, transport or timer."""

    name: str
    meaning: str
    origin: str
    index: int
    pdu: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One outcome of an action; `next` may be `STAY`. With `refuse` set it is a refusal with that code."""

    next: str
    effects: tuple[Effect, ...] = ()
    when: str | None = None
    updates: tuple[str, ...] = ()
    refuse: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A named action with the clause that defines it. The first branch whose guard holds is taken."""

    name: str
    clause: str
    description: str
    branches: tuple[Branch, ...]


def straight(
    name: str, clause: str, description: str, following: str, *effects: Effect, update: str = ""
) -> Action:
    """An action with one outcome, whatever the context."""
    updates = (update,) if update else ()
    return Action(name, clause, description, (Branch(following, effects, updates=updates),))


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """One arrow of a machine, shared and made once: where, why, through which action, to where."""

    machine: str
    state: str
    event: str
    action: str
    clause: str
    when: str | None
    effects: tuple[Effect, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Value(Generic[C]):
    """The value of a machine: (control, context). The rows belong to the compiled table and never differ."""

    control: str
    context: C
    ready: list[tuple[Value[C], Transition, Outputs] | None] = field(repr=False, compare=False)
    plain: list[tuple[Value[C], Transition] | None] = field(repr=False, compare=False)
    moves: list[Move[C] | None] = field(repr=False, compare=False)
    machine: Machine[C] = field(repr=False, compare=False)


_new_value = quick(Value)

Result = tuple[Value[C], Transition, Outputs]
Move = Callable[[Value[C], Payload], tuple[Value[C], Transition, Outputs]]


def step(value: Value[C], event: EventKind, payload: Payload = None) -> Result[C]:
    """Give `event` to a machine: (next value, the transition taken, one output per effect or ()).

    The outputs run parallel to the transition's effects; an effect that carries nothing has None, and where
    no effect carries anything the outputs are empty. Raises `LocalProtocolError` where the table refuses.
    """
    ready = value.ready[event.index]
    if ready is not None:
        return ready
    plain = value.plain[event.index]
    if plain is not None:
        following, transition = plain
        return (following, transition, (payload,))
    move = value.moves[event.index]
    if move is None:
        return value.machine.refuse(value.control, event)
    return move(value, payload)


Guard = Callable[[C, Payload], bool]
Update = Callable[[C, Payload], C]
Selector = Callable[[C, Payload], Payload]


@dataclass(frozen=True, eq=False)
class Machine(Generic[C]):
    """A machine as data.

    `cells` maps state to event to action name. `contexts` lists every context where they are finitely many.
    `blank_code` is the code of the refusal in a blank cell. `source` names the text that the tables follow.
    """

    name: str
    title: str
    source: str
    states: tuple[State, ...]
    events: tuple[EventKind, ...]
    cells: Mapping[str, Mapping[str, str]]
    actions: Mapping[str, Action]
    initial: str
    context: C
    cell_clause: str
    guards: Mapping[str, Guard[C]] = field(default_factory=dict[str, Guard[C]])
    updates: Mapping[str, Update[C]] = field(default_factory=dict[str, Update[C]])
    selectors: Mapping[str, Selector[C]] = field(default_factory=dict[str, Selector[C]])
    contexts: tuple[C, ...] | None = None
    blank_code: str = "wrong_state"

    @cached_property
    def event(self) -> dict[str, EventKind]:
        """The kinds of event by name."""
        return {kind.name: kind for kind in self.events}

    @cached_property
    def state(self) -> dict[str, State]:
        """The states by name."""
        return {state.name: state for state in self.states}

    def start(self) -> Value[C]:
        """The machine's first value."""
        return self.value(self.initial, self.context)

    def value(self, control: str, context: C) -> Value[C]:
        """The value (control, context); the same object each time where the contexts are finite."""
        interned = self._interned
        if interned:
            return interned[control, context]
        return _new_value(
            control, context, self._nothing_ready, self._nothing_plain, self._moves[control], self
        )

    def action_at(self, state: str, event: str) -> Action | None:
        """The action in a cell, or None where the cell is blank."""
        name = self.cells.get(state, {}).get(event)
        return None if name is None else self.actions[name]

    def legal_events(self, state: str) -> tuple[str, ...]:
        """The events that have an action in `state`, in table order."""
        row = self.cells.get(state, {})
        return tuple(kind.name for kind in self.events if kind.name in row)

    @cached_property
    def _possible(self) -> dict[str, str]:
        """For each state the events that are not refused there whatever comes with them, in words."""
        words: dict[str, str] = {}
        for state in self.state:
            branches = {
                name: self.actions[self.cells[state][name]].branches for name in self.legal_events(state)
            }
            taken = [name for name, row in branches.items() if any(each.refuse is None for each in row)]
            words[state] = ", ".join(taken) or "nothing"
        return words

    def refuse(self, control: str, event: EventKind, code: str | None = None) -> Result[C]:
        """Raise the refusal for `event` in state `control`."""
        raise LocalProtocolError(
            code or self.blank_code,
            f"{event.name} ({event.meaning}) is not possible in {control} of the {self.name} machine; "
            f"possible there: {self._possible[control]}",
        )

    # --- compiling ---------------------------------------------------------------------------------------

    @cached_property
    def _nothing_ready(self) -> list[Result[C] | None]:
        return [None] * len(self.events)

    @cached_property
    def _nothing_plain(self) -> list[tuple[Value[C], Transition] | None]:
        return [None] * len(self.events)

    @cached_property
    def _moves(self) -> dict[str, list[Move[C] | None]]:
        return {state.name: [self._move(state.name, kind) for kind in self.events] for state in self.states}

    @cached_property
    def _interned(self) -> dict[tuple[str, C], Value[C]]:
        if self.contexts is None:
            return {}
        size = len(self.events)
        table = {
            (state.name, context): Value(
                state.name, context, [None] * size, [None] * size, self._moves[state.name], self
            )
            for state in self.states
            for context in self.contexts
        }
        for value in table.values():
            for kind in self.events:
                self._prepare(table, value, kind)
        return table

    def _prepare(self, table: dict[tuple[str, C], Value[C]], value: Value[C], kind: EventKind) -> None:
        """Put the cell into the value's rows where nothing but the value decides what comes next."""
        action = self.action_at(value.control, kind.name)
        if action is None or len(action.branches) != 1:
            return
        branch = action.branches[0]
        if branch.when or branch.updates or branch.refuse:
            return
        transition = self._transition(value.control, kind, action, branch)
        following = table[transition.next, value.context]
        carries = [effect.carries for effect in branch.effects]
        if not any(carries):
            value.ready[kind.index] = (following, transition, ())
        elif carries == ["payload"]:
            value.plain[kind.index] = (following, transition)

    def _transition(self, state: str, kind: EventKind, action: Action, branch: Branch) -> Transition:
        return Transition(
            self.name,
            state,
            kind.name,
            action.name,
            action.clause,
            branch.when,
            branch.effects,
            state if branch.next == STAY else branch.next,
        )

    def _move(self, state: str, kind: EventKind) -> Move[C] | None:
        action = self.action_at(state, kind.name)
        if action is None:
            return None
        branches = [(branch, self._transition(state, kind, action, branch)) for branch in action.branches]
        return self._general_move(kind, branches)

    def _general_move(self, kind: EventKind, branches: list[tuple[Branch, Transition]]) -> Move[C]:
        ways = [self._way(branch, transition) for branch, transition in branches]

        def move(value: Value[C], payload: Payload) -> Result[C]:
            context = value.context
            for guard, carriers, updates, refuse, transition in ways:
                if guard is not None and not guard(context, payload):
                    continue
                if refuse is not None:
                    return self.refuse(value.control, kind, refuse)
                outputs = tuple([carrier(context, payload) for carrier in carriers]) if carriers else ()
                for update in updates:
                    context = update(context, payload)
                if context is value.context and transition.next == value.control:
                    return (value, transition, outputs)
                return (self.value(transition.next, context), transition, outputs)
            return self.refuse(value.control, kind)

        return move

    def _way(self, branch: Branch, transition: Transition) -> Way[C]:
        """A branch with its names looked up."""
        carries = [effect.carries for effect in branch.effects]
        return (
            None if branch.when is None else self.guards[branch.when],
            [self._carrier(name) for name in carries] if any(carries) else [],
            [self.updates[name] for name in branch.updates],
            branch.refuse,
            transition,
        )

    def _carrier(self, carries: str | None) -> Selector[C]:
        if carries is None:
            return _nothing
        return _payload if carries == "payload" else self.selectors[carries]


# A branch with its names looked up: guard, what each effect carries, updates, code of the refusal, transition.
Way = tuple[Guard[C] | None, list[Selector[C]], list[Update[C]], str | None, Transition]


def _nothing(_context: object, _payload: Payload) -> Payload:
    return None


def _payload(_context: object, payload: Payload) -> Payload:
    return payload


def parse_grid(text: str) -> dict[str, dict[str, str]]:
    """Read a table in the shape it is printed in: first line the states, then a line per event.

    A dot is a blank cell. Gives state to event to action name.
    """
    lines = [line.split() for line in text.strip().splitlines() if line.strip()]
    states = lines[0]
    cells: dict[str, dict[str, str]] = {}
    for state in states:
        assert state not in cells, f"state {state} stands twice"
        cells[state] = {}
    events: set[str] = set()
    for event, *row in lines[1:]:
        assert event not in events, f"event {event} stands twice"
        assert len(row) == len(states), f"{event}: {len(row)} cells for {len(states)} states"
        events.add(event)
        for state, action in zip(states, row, strict=True):
            if action != ".":
                cells[state][event] = action
    return cells


def only_used(machine: Machine[C]) -> Machine[C]:
    """The machine without the events, actions, guards, updates and selectors that no cell leads to."""
    named = {name for row in machine.cells.values() for name in row.values()}
    met = {event for row in machine.cells.values() for event in row}
    actions = {name: action for name, action in machine.actions.items() if name in named}
    branches = [branch for action in actions.values() for branch in action.branches]
    guards = {branch.when for branch in branches}
    updates = {update for branch in branches for update in branch.updates}
    carried = {effect.carries for branch in branches for effect in branch.effects}
    rows = ((e.name, e.origin, e.meaning) for e in machine.events if e.name in met)
    return replace(
        machine,
        events=event_kinds(*rows),
        actions=actions,
        guards={name: guard for name, guard in machine.guards.items() if name in guards},
        updates={name: update for name, update in machine.updates.items() if name in updates},
        selectors={name: selector for name, selector in machine.selectors.items() if name in carried},
    )


def event_kinds(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> tuple[EventKind, ...]:
    """Kinds of event from rows (name, origin, meaning[, PDU])."""
    return tuple(
        EventKind(row[0], row[2], row[1], index, row[3] if len(row) == 4 else None)
        for index, row in enumerate(rows)
    )


def table_as_dict(machine: Machine[Any]) -> dict[str, object]:
    """The running machine as plain data (the schema of `dicomnet table NAME --format json`)."""
    return {
        "machine": machine.name,
        "title": machine.title,
        "source": machine.source,
        "initial": machine.initial,
        "states": {s.name: {"meaning": s.meaning, "phase": s.phase} for s in machine.states},
        "events": {e.name: _event_as_dict(e) for e in machine.events},
        "cells": {
            state.name: {
                kind.name: _cell_as_dict(machine, state.name, kind.name)
                for kind in machine.events
                if kind.name in machine.cells.get(state.name, {})
            }
            for state in machine.states
        },
    }


def _event_as_dict(kind: EventKind) -> dict[str, object]:
    row: dict[str, object] = {"meaning": kind.meaning, "origin": kind.origin}
    if kind.pdu is not None:
        row["pdu"] = kind.pdu
    return row


def _cell_as_dict(machine: Machine[Any], state: str, event: str) -> dict[str, object]:
    action = machine.actions[machine.cells[state][event]]
    return {
        "action": action.name,
        "clause": f"{machine.cell_clause}; {action.clause}",
        "description": action.description,
        "branches": [_branch_as_dict(state, branch) for branch in action.branches],
    }


def _branch_as_dict(state: str, branch: Branch) -> dict[str, object]:
    row: dict[str, object] = {
        "when": branch.when,
        "effects": [effect_as_dict(effect) for effect in branch.effects],
        "next": state if branch.next == STAY else branch.next,
    }
    if branch.updates:
        row["updates"] = list(branch.updates)
    if branch.refuse is not None:
        row["refuse"] = branch.refuse
    return row
