"""Every single-fault mutant of a machine, from its tables, none sampled.

A mutant changes one cell. Where it changes what an action does, that cell gets a private copy of the
action, so that one mutant is one fault in one place.

`OPERATORS` change what every table has. `ALL_OPERATORS` add what the tables of the connection layer say beside
it: updates of a context, codes of refusals, what an effect carries, branches of more than two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ..effects import (
    ArtimStart,
    ArtimStop,
    Callback,
    ConnectTimerStart,
    ConnectTimerStop,
    CreateObject,
    Deliver,
    Effect,
    EndAllObjects,
    HandshakeTimerStart,
    HandshakeTimerStop,
    Issue,
    Offer,
    Reply,
    SecureBegin,
    SendPdu,
    Signal,
    TakeChild,
    Tell,
    TellListener,
    WireClose,
    WireListen,
    WireRequest,
    WireReset,
    WireTake,
    WireUnlisten,
    WireWithdraw,
)
from ..kernel import STAY, Action, Branch, Machine

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
ALL_OPERATORS: Final = (
    *OPERATORS,
    "doubled-effect",
    "missing-carry",
    "missing-update",
    "wrong-update",
    "wrong-refusal",
    "not-refused",
    "refused",
    "missing-branch",
    "swapped-branches",
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


def mutants(machine: Machine[Any], operators: tuple[str, ...] = OPERATORS) -> Iterator[Mutant]:
    """All of them that these operators make, in table order."""
    for state in machine.states:
        for kind in machine.events:
            action = machine.action_at(state.name, kind.name)
            if action is None:
                found = _filled(machine, state.name, kind.name)
            else:
                found = _changed(machine, state.name, kind.name, action)
            yield from (mutant for mutant in found if mutant.operator in operators)


def _filled(machine: Machine[Any], state: str, event: str) -> Iterator[Mutant]:
    for name in machine.actions:
        yield Mutant("filled-blank", state, event, name, with_cell(machine, state, event, name))


def _changed(machine: Machine[Any], state: str, event: str, action: Action) -> Iterator[Mutant]:
    for name in machine.actions:
        if name != action.name:
            yield Mutant("wrong-action", state, event, name, with_cell(machine, state, event, name))
    yield Mutant("missing-cell", state, event, action.name, with_cell(machine, state, event, None))
    changes = (*_branch_changes(machine, state, action), *_more_changes(machine, action))
    for operator, change, branches in changes:
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


def _branch_changes(machine: Machine[Any], at_state: str, action: Action) -> Iterator[Change]:
    branches = action.branches
    for index, branch in enumerate(branches):

        def put(changed: Branch, at: int = index) -> tuple[Branch, ...]:
            return (*branches[:at], changed, *branches[at + 1 :])

        following = at_state if branch.next == STAY else branch.next
        for state in machine.states:
            # A refusal goes nowhere.
            if state.name != following and branch.refuse is None:
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


def _more_changes(machine: Machine[Any], action: Action) -> Iterator[Change]:
    branches = action.branches
    for index, branch in enumerate(branches):
        rest = (branches[:index], branches[index + 1 :])
        for operator, change, changed in _changes_of(machine, branch):
            yield operator, f"{index}{change}", (*rest[0], changed, *rest[1])
        if len(branches) > 1:
            yield "missing-branch", str(index), (*rest[0], *rest[1])
        if len(branches) > 2 and rest[1]:
            yield "swapped-branches", str(index), (*rest[0], rest[1][0], branch, *rest[1][1:])
        if len(branches) > 2 and branch.when is not None:
            yield "wrong-guard", f"{index}=always", (*rest[0], replace(branch, when=None), *rest[1])


def _changes_of(machine: Machine[Any], branch: Branch) -> Iterator[tuple[str, str, Branch]]:
    """What else can be wrong in one branch: (operator, where and how, the branch that has it)."""
    effects, updates = branch.effects, branch.updates
    for position, effect in enumerate(effects):
        rest = (effects[:position], effects[position + 1 :])
        if isinstance(effect, TOLD):
            twice = (*rest[0], effect, effect, *rest[1])
            yield "doubled-effect", f".{position}", replace(branch, effects=twice)
        if effect.carries is not None:
            bare = (*rest[0], replace(effect, carries=None), *rest[1])
            yield "missing-carry", f".{position}", replace(branch, effects=bare)
    for position, update in enumerate(updates):
        left = (updates[:position], updates[position + 1 :])
        yield "missing-update", f".{update}", replace(branch, updates=(*left[0], *left[1]))
        for other in machine.updates:
            if other != update:
                yield (
                    "wrong-update",
                    f".{update}={other}",
                    replace(branch, updates=(*left[0], other, *left[1])),
                )
    if not updates and branch.refuse is None:
        for other in machine.updates:
            yield "wrong-update", f".none={other}", replace(branch, updates=(other,))
    if branch.refuse is None:
        yield "refused", "", replace(branch, refuse=machine.blank_code)
        return
    yield "not-refused", "", replace(branch, refuse=None)
    codes = {b.refuse for a in machine.actions.values() for b in a.branches if b.refuse} | {
        machine.blank_code
    }
    for code in sorted(codes - {branch.refuse}):
        yield "wrong-refusal", f"={code}", replace(branch, refuse=code)


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
    elif type(effect) in OPPOSITES:
        yield from (other() for other in OPPOSITES[type(effect)])
    else:
        yield from _other_words(machine, effect)


OPPOSITES: Final[dict[type[Any], tuple[Callable[[], Effect], ...]]] = {
    ArtimStart: (ArtimStop,),
    ArtimStop: (ArtimStart,),
    ConnectTimerStart: (ConnectTimerStop,),
    ConnectTimerStop: (ConnectTimerStart,),
    HandshakeTimerStart: (HandshakeTimerStop,),
    HandshakeTimerStop: (HandshakeTimerStart,),
    WireClose: (WireReset,),
    WireReset: (WireClose,),
    WireWithdraw: (WireReset,),
    WireListen: (WireUnlisten,),
    WireUnlisten: (WireListen,),
    CreateObject: (EndAllObjects,),
    EndAllObjects: (CreateObject,),
}
# What somebody is told: twice is not once.
TOLD: Final = (Callback, TellListener, Tell, Reply, TakeChild, WireRequest, WireTake, Offer, Deliver)
# The words of an effect that a fault may confuse with those of the same effect elsewhere in the machine.
WORDS: Final[dict[type[Any], tuple[str, ...]]] = {
    Callback: ("name", "outcome"),
    Signal: ("name",),
    Reply: ("outcome",),
    TellListener: ("outcome",),
    Tell: ("to", "report", "outcome"),
    SecureBegin: ("role",),
}


def _other_words(machine: Machine[Any], effect: Effect) -> Iterator[Effect]:
    """The effect with one of its words replaced by another that the machine has for it."""
    kind = type(effect)
    alike = [e for a in machine.actions.values() for b in a.branches for e in b.effects if type(e) is kind]
    for word in WORDS.get(kind, ()):
        # In the order of the table, each once.
        found = dict.fromkeys(getattr(each, word) for each in alike)
        for other in found:
            if other != getattr(effect, word):
                changed: dict[str, Any] = {word: other}
                yield replace(effect, **changed)


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
            words = (getattr(effect, word) for word in WORDS.get(type(effect), ()))
            return ".".join((effect.op, *(str(word) for word in words)))
