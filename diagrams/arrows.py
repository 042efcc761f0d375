"""What there is to draw in a machine: its arrows, read from the tables.

Every branch of every cell is on exactly one arrow. Cells that lead from the same state to the same state
under the same guard share an arrow; on it, the events of one action share a line. Where every branch of an action
leads the same way, the guard decides nothing that is drawn, and is left to the tips.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dicomnet.statemachine import STAY, Action, Branch, EventKind, Machine


@dataclass(frozen=True, slots=True)
class View:
    """A part of a machine: what is left without these events and these guards, as far as it can be reached.

    `title` is said behind the machine's own. Raises nothing for names that the machine does not have: a test looks.
    """

    name: str
    machine: str
    title: str
    without_events: frozenset[str] = frozenset()
    without_guards: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One line on an arrow: the events of one origin that do the same through one branch of one action."""

    events: tuple[EventKind, ...]
    action: Action
    branch: Branch

    @property
    def origin(self) -> str:
        """Who causes the events: local-user, peer-pdu, transport or timer."""
        return self.events[0].origin


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

    @property
    def origins(self) -> tuple[str, ...]:
        """Who causes its events, each once."""
        return tuple(dict.fromkeys(line.origin for line in self.lines))


_Key = tuple[str, str, str | None, bool]


def arrows_of(machine: Machine[Any], view: View | None = None) -> tuple[Arrow, ...]:
    """The arrows of a machine, or of what a view leaves of it, by source, then by target, plain before guarded."""
    order = {state.name: index for index, state in enumerate(machine.states)}
    grouped: dict[_Key, dict[tuple[str, int, str], Line]] = {}
    for key, kind, action, index, branch in _branches(machine, view):
        lines = grouped.setdefault(key, {})
        place = (action.name, index, kind.origin)
        before = lines.get(place)
        events = (kind,) if before is None else (*before.events, kind)
        lines[place] = Line(events, action, branch)
    found = tuple(Arrow(*key, tuple(lines.values())) for key, lines in grouped.items())
    if view is not None:
        reached = _reached(machine.initial, found)
        found = tuple(arrow for arrow in found if arrow.source in reached)
    return tuple(
        sorted(found, key=lambda arrow: (order[arrow.source], order[arrow.target], arrow.guard is not None))
    )


def _branches(
    machine: Machine[Any], view: View | None
) -> Iterator[tuple[_Key, EventKind, Action, int, Branch]]:
    no_events, no_guards = (
        (frozenset[str](),) * 2 if view is None else (view.without_events, view.without_guards)
    )
    for state in machine.states:
        for kind in machine.events:
            action = machine.action_at(state.name, kind.name)
            if action is None or kind.name in no_events:
                continue
            ways = {(_target(state.name, each), each.refuse) for each in action.branches}
            decided = len(ways) > 1 or action.branches[0].refuse is not None
            for index, branch in enumerate(action.branches):
                if branch.when not in no_guards:
                    guard = branch.when if decided else None
                    key = (state.name, _target(state.name, branch), guard, branch.refuse is not None)
                    yield key, kind, action, index, branch


def _target(source: str, branch: Branch) -> str:
    return source if branch.next == STAY else branch.next


def _reached(initial: str, arrows: tuple[Arrow, ...]) -> set[str]:
    reached, todo = {initial}, [initial]
    while todo:
        here = todo.pop()
        for arrow in arrows:
            if arrow.source == here and arrow.target not in reached:
                reached.add(arrow.target)
                todo.append(arrow.target)
    return reached
