"""Which cells, branches and rules the rows fire: tables that note what is taken of them, and are the same otherwise."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast

from dicomnet.statemachine import Branch, Coupling, Machine, Model, Payload, Rule

from .rows import plays
from .stage import Stage

C = TypeVar("C", bound=Hashable)
Guard = Callable[[C, Payload], bool]
Arrow = tuple[str, str, str, int]
"""Table, state, event, which branch."""
WATCHED: Final = ("library", "connection", "listener", "path")

_OVER: Final = "a request is over when its requestor has ended or was told, or the listener let go of it"
CANNOT_FIRE: Final[dict[str, dict[Arrow, str]]] = {
    "dicomnet": {
        ("path", "OVER", "refused", 0): _OVER,
        ("path", "OVER", "leave", 0): _OVER,
        ("path", "OVER", "break", 0): _OVER,
    },
    "tcp-linux": {
        ("path", "OFFERED", "refused", 0): "the listener of Linux loses a request, and refuses none",
        ("path", "QUEUED", "take", 1): "whoever stands in the queue was told that he is connected",
        ("path", "OVER", "give-up", 0): "a request that is over asks for no place again",
        ("path", "OVER", "refused", 0): _OVER,
        ("path", "OVER", "reset", 0): _OVER,
        ("path", "OVER", "end", 0): _OVER,
    },
    "tcp-winsock": {
        ("path", "OFFERED", "take", 0): "only a half-open request was told before it is queued",
        ("path", "QUEUED", "take", 1): "whoever stands in the queue was told that he is connected",
        ("path", "OVER", "refused", 0): _OVER,
        ("path", "OVER", "reset", 0): _OVER,
        ("path", "OVER", "end", 0): _OVER,
    },
}
"""By profile: the arrows that the runtime over memory cannot fire, each with the reason."""


@dataclass
class Fired:
    """What was taken: arrows of the machines, rules of the coupling by their place, what was absorbed."""

    arrows: set[Arrow] = field(default_factory=set[Arrow])
    rules: set[int] = field(default_factory=set[int])
    absorbed: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])


class _States(tuple[str, ...]):  # noqa: SLOT001 - it takes what it notes along
    """The states of a rule's `where`, which note that they were found to fit."""

    number: int
    anywhere: bool
    fired: Fired

    def __contains__(self, state: object) -> bool:
        fits = self.anywhere or super().__contains__(state)
        if fits:
            self.fired.rules.add(self.number)
        return fits


class _Absorbing(frozenset[tuple[str, str, str]]):
    """What is absorbed, noting what was."""

    fired: Fired

    def __contains__(self, row: object) -> bool:
        found = super().__contains__(row)
        if found:
            self.fired.absorbed.add(cast("tuple[str, str, str]", row))
        return found


def watched(model: Model, fired: Fired) -> Model:
    """The same tables, which note in `fired` what is taken of them."""
    tables: dict[str, Any] = {name: _watched(name, getattr(model, name), fired) for name in WATCHED}
    rules = tuple(_rule(index, rule, fired) for index, rule in enumerate(model.coupling.rules))
    made = replace(model, coupling=Coupling(rules, model.coupling.absorbed), **tables)
    absorbing = _Absorbing(model.absorbed)
    absorbing.fired = fired
    # In the place where the model keeps what it has worked out.
    vars(made)["absorbed"] = absorbing
    return made


def _rule(index: int, rule: Rule, fired: Fired) -> Rule:
    part, states = rule.where or (rule.to, ())
    noting = _States(states)
    noting.number, noting.anywhere, noting.fired = index, rule.where is None, fired
    return replace(rule, where=(part, noting))


def _watched(table: str, machine: Machine[C], fired: Fired) -> Machine[C]:
    """Each cell gets an action of its own, and each branch a guard that notes it."""
    actions, guards = dict(machine.actions), dict(machine.guards)
    cells: dict[str, dict[str, str]] = {}
    for state, row in machine.cells.items():
        cells[state] = {}
        for event, name in row.items():
            own = f"{name} {state} {event}"
            cells[state][event] = own
            branches: list[Branch] = []
            for index, branch in enumerate(machine.actions[name].branches):
                noting = f"{own} {index}"
                guard = None if branch.when is None else machine.guards[branch.when]
                guards[noting] = _noting(guard, (table, state, event, index), fired)
                branches.append(replace(branch, when=noting))
            actions[own] = replace(machine.actions[name], name=own, branches=tuple(branches))
    return replace(machine, cells=cells, actions=actions, guards=guards)


def _noting(guard: Guard[C] | None, at: Arrow, fired: Fired) -> Guard[C]:
    def holds(context: C, payload: Payload) -> bool:
        if guard is not None and not guard(context, payload):
            return False
        fired.arrows.add(at)
        return True

    return holds


def fired_by_rows(model: Model, profile: str) -> Fired:
    """What all plays of a profile fire on these tables."""
    fired = Fired()
    noting = watched(model, fired)
    for play in plays(profile):
        Stage(noting).play(play.steps)
    return fired


def arrows_of(model: Model) -> tuple[Arrow, ...]:
    """Every arrow of the connection layer's machines, in table order."""
    return tuple(
        (name, state, event, index)
        for name in WATCHED
        for state, row in getattr(model, name).cells.items()
        for event, action in row.items()
        for index, _ in enumerate(getattr(model, name).actions[action].branches)
    )
