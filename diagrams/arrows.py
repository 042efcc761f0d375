"""What there is to draw in a machine: its arrows, read from the tables.

Every branch of every cell is on exactly one arrow. Cells that lead from the same state to the same state
under the same guard share an arrow; on it, the events of one action share a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dicomnet.statemachine import STAY, Action, Branch, EventKind, Machine


@dataclass(frozen=True, slots=True)
class Line:
    """One line on an arrow: the events that do the same through one branch of one action."""

    events: tuple[EventKind, ...]
    action: Action
    branch: Branch


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two states. `guard` is the condition it stands under; `refused` says that the
    machine refuses these events and stays as it is.
    """

    source: str
    target: str
    guard: str | None
    refused: bool
    lines: tuple[Line, ...]


def arrows_of(machine: Machine[Any]) -> tuple[Arrow, ...]:
    """The arrows of a machine in table order: by source, then by target, plain before guarded."""
    order = {state.name: index for index, state in enumerate(machine.states)}
    grouped: dict[tuple[str, str, str | None, bool], dict[tuple[str, int], Line]] = {}
    for source, kind, action, index, branch in _branches(machine):
        target = source if branch.next == STAY else branch.next
        key = (source, target, branch.when, branch.refuse is not None)
        lines = grouped.setdefault(key, {})
        before = lines.get((action.name, index))
        events = (kind,) if before is None else (*before.events, kind)
        lines[action.name, index] = Line(events, action, branch)
    found = (Arrow(*key, tuple(lines.values())) for key, lines in grouped.items())
    return tuple(
        sorted(found, key=lambda arrow: (order[arrow.source], order[arrow.target], arrow.guard is not None))
    )


def _branches(machine: Machine[Any]) -> Iterator[tuple[str, EventKind, Action, int, Branch]]:
    for state in machine.states:
        for kind in machine.events:
            action = machine.action_at(state.name, kind.name)
            if action is not None:
                for index, branch in enumerate(action.branches):
                    yield state.name, kind, action, index, branch
