"""Every single-fault mutant of a machine, from its tables, none sampled.

A mutant changes one cell. Where it changes what an action does, that cell gets a private copy of the
action, so that one mutant is one fault in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ..effects import ArtimStart, ArtimStop, Effect, Issue, SendPdu
from ..kernel import Action, Branch, Machine

OPERATORS: Final = (
    "wrong-action",
    "wrong-next",
    "wrong-effect",
    "missing-effect",
    "reordered-effects",
    "wrong-guard",
    "missing-cell",
    "filled-blank",
)
# Sources that may be sent at all: the encoder refuses the reserved ones.
ABORT_SOURCES: Final = (0, 2)
REJECT_SOURCES: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the operator, the cell, what was changed in words, and the machine that has it."""

    operator: str
    state: str
    event: str
    change: str
    machine: Machine[Any]

    @property
    def id(self) -> str:
        """A name that says it all."""
        return f"{self.operator}:{self.state}x{self.event}:{self.change}"


def mutants(machine: Machine[Any]) -> Iterator[Mutant]:
    """All of them, in table order."""
    for state in machine.states:
        for kind in machine.events:
            action = machine.action_at(state.name, kind.name)
            if action is None:
                yield from _filled(machine, state.name, kind.name)
            else:
                yield from _changed(machine, state.name, kind.name, action)


def _filled(machine: Machine[Any], state: str, event: str) -> Iterator[Mutant]:
    for name in machine.actions:
        yield Mutant("filled-blank", state, event, name, with_cell(machine, state, event, name))


def _changed(machine: Machine[Any], state: str, event: str, action: Action) -> Iterator[Mutant]:
    for name in machine.actions:
        if name != action.name:
            yield Mutant("wrong-action", state, event, name, with_cell(machine, state, event, name))
    yield Mutant("missing-cell", state, event, action.name, with_cell(machine, state, event, None))
    for operator, change, branches in _branch_changes(machine, action):
        private = replace(action, name=f"{action.name}*", branches=branches)
        changed = replace(
            with_cell(machine, state, event, private.name), actions={**machine.actions, private.name: private}
        )
        yield Mutant(operator, state, event, f"{action.name}:{change}", changed)


def with_cell(machine: Machine[Any], state: str, event: str, action: str | None) -> Machine[Any]:
    """The machine with another action in one cell (None makes it blank)."""
    row = {name: each for name, each in machine.cells[state].items() if name != event}
    if action is not None:
        row[event] = action
    return replace(machine, cells={**machine.cells, state: row})


Change = tuple[str, str, tuple[Branch, ...]]


def _branch_changes(machine: Machine[Any], action: Action) -> Iterator[Change]:
    branches = action.branches
    for index, branch in enumerate(branches):

        def put(changed: Branch, at: int = index) -> tuple[Branch, ...]:
            return (*branches[:at], changed, *branches[at + 1 :])

        for state in machine.states:
            if state.name != branch.next:
                yield "wrong-next", f"{index}->{state.name}", put(replace(branch, next=state.name))
        effects = branch.effects
        for position, effect in enumerate(effects):
            rest = (effects[:position], effects[position + 1 :])
            yield "missing-effect", f"{index}.{position}", put(replace(branch, effects=(*rest[0], *rest[1])))
            for other in _other_effects(machine, effect):
                changed = replace(branch, effects=(*rest[0], other, *rest[1]))
                yield "wrong-effect", f"{index}.{position}={_say(other)}", put(changed)
            if rest[1]:
                swapped = (*rest[0], rest[1][0], effect, *rest[1][1:])
                yield "reordered-effects", f"{index}.{position}", put(replace(branch, effects=swapped))
    if len(branches) == 2:
        first, second = branches
        yield "wrong-guard", "swapped", (replace(first, when=second.when), replace(second, when=first.when))
        yield "wrong-guard", "always-first", (replace(first, when=None), second)
        yield "wrong-guard", "always-second", (replace(second, when=None), first)


def _other_effects(machine: Machine[Any], effect: Effect) -> Iterator[Effect]:
    if isinstance(effect, SendPdu):
        for other in _effects(machine, SendPdu):
            if other.pdu != effect.pdu:
                yield other
        if effect.pdu == "A-ABORT":
            for source in ABORT_SOURCES:
                if source != effect.chosen_source:
                    yield replace(effect, source=source, chosen_source=source)
        if effect.pdu == "A-ASSOCIATE-RJ":
            allowed = effect.source if isinstance(effect.source, tuple) else (effect.source,)
            for source in REJECT_SOURCES:
                if source not in allowed:
                    yield replace(effect, source=source)
    elif isinstance(effect, Issue):
        for primitive in _effects(machine, Issue):
            if primitive.primitive != effect.primitive:
                yield primitive
    elif isinstance(effect, ArtimStart):
        yield ArtimStop()
    elif isinstance(effect, ArtimStop):
        yield ArtimStart()


def _effects(machine: Machine[Any], kind: type[Any]) -> list[Any]:
    """One effect of each name that the machine uses, in table order."""
    found: dict[str, Any] = {}
    for action in machine.actions.values():
        for branch in action.branches:
            for effect in branch.effects:
                if isinstance(effect, kind):
                    name = effect.pdu if isinstance(effect, SendPdu) else getattr(effect, "primitive", "")
                    found.setdefault(name, effect)
    return list(found.values())


def _say(effect: Effect) -> str:
    match effect:
        case SendPdu():
            source = effect.chosen_source if effect.pdu == "A-ABORT" else effect.source
            return effect.pdu if source is None else f"{effect.pdu}({source})"
        case Issue():
            return effect.primitive
        case _:
            return effect.op
