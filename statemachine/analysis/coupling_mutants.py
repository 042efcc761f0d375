"""Every single-fault mutant of the coupling, from its table, and those of all tables of a model, none sampled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ..endpoint import PARTS, Model
from ..kernel import Machine
from ..machines.coupling import Absorbed, Coupling, Rule
from .mutants import ALL_OPERATORS, mutants

COUPLING_OPERATORS: Final = (
    "missing-rule",
    "wrong-event",
    "wrong-part",
    "wrong-where",
    "silent-flipped",
    "rules-swapped",
    "not-absorbed",
    "absorbed-too",
)
CONNECTION_LAYER: Final = ("library", "connection", "listener", "path", "security")
"""The machines of the connection layer, as `Model` names them; the association's mutants are the suite's business."""


@dataclass(frozen=True, slots=True)
class ModelMutant:
    """A model with one fault: in which table, by which operator, what was changed in words.

    `cell` is the (state, event) of the machine that it is in; None in the coupling.
    """

    table: str
    operator: str
    change: str
    model: Model
    cell: tuple[str, str] | None = None

    @property
    def id(self) -> str:
        """A name that says it all."""
        return f"{self.table}:{self.operator}:{self.change}"


def model_mutants(model: Model) -> Iterator[ModelMutant]:
    """All mutants of the tables of the connection layer and of the coupling, in table order."""
    tables: dict[str, Machine[Any]] = {name: getattr(model, name) for name in CONNECTION_LAYER}
    for name, machine in tables.items():
        for mutant in mutants(machine, ALL_OPERATORS):
            where = f"{mutant.state}x{mutant.event}:{mutant.change}"
            changed: dict[str, Any] = {name: mutant.machine}
            cell = (mutant.state, mutant.event)
            yield ModelMutant(name, mutant.operator, where, replace(model, **changed), cell)
    for operator, change, coupling in coupling_mutants(model):
        yield ModelMutant("coupling", operator, change, replace(model, coupling=coupling))


def coupling_mutants(model: Model) -> Iterator[tuple[str, str, Coupling]]:
    """Each fault of the coupling of `model`: (operator, what was changed, the coupling that has it)."""
    coupling = model.coupling
    rules = coupling.rules
    for index, rule in enumerate(rules):
        said = f"{rule.part}.{rule.trigger}->{rule.to}.{rule.event}"
        yield "missing-rule", said, replace(coupling, rules=(*rules[:index], *rules[index + 1 :]))
        for operator, change, changed in _changed_rules(model, rule):
            there = (*rules[:index], changed, *rules[index + 1 :])
            yield operator, f"{said}:{change}", replace(coupling, rules=there)
        for later in range(index + 1, len(rules)):
            other = rules[later]
            if (other.part, other.trigger) == (rule.part, rule.trigger):
                there = (*rules[:index], other, *rules[index + 1 : later], rule, *rules[later + 1 :])
                yield "rules-swapped", f"{said}:{other.to}.{other.event}", replace(coupling, rules=there)
    for operator, change, diverted in _changed_diverted(model, coupling.diverted):
        yield operator, change, replace(coupling, diverted=diverted)
    for index, row in enumerate(coupling.absorbed):
        rest = (coupling.absorbed[:index], coupling.absorbed[index + 1 :])
        for operator, change, changed_rows in _changed_rows(model, row):
            absorbed = (*rest[0], *changed_rows, *rest[1])
            yield operator, f"{row.part}.{row.event}:{change}", replace(coupling, absorbed=absorbed)


def _changed_diverted(
    model: Model, diverted: tuple[Rule, ...]
) -> Iterator[tuple[str, str, tuple[Rule, ...]]]:
    """Each fault of what another part takes; an event says nothing to the user, so that none of it is silent."""
    for index, rule in enumerate(diverted):
        said = f"diverted {rule.part}.{rule.trigger}->{rule.to}.{rule.event}"
        rest = (diverted[:index], diverted[index + 1 :])
        yield "missing-rule", said, (*rest[0], *rest[1])
        for operator, change, changed in _changed_rules(model, rule):
            if operator != "silent-flipped":
                yield operator, f"{said}:{change}", (*rest[0], changed, *rest[1])


def _changed_rules(model: Model, rule: Rule) -> Iterator[tuple[str, str, Rule]]:
    for part in PARTS:
        machine: Machine[Any] = getattr(model, part)
        operator = "wrong-event" if part == rule.to else "wrong-part"
        for kind in machine.events:
            if (part, kind.name) != (rule.to, rule.event):
                yield operator, f"{part}.{kind.name}", replace(rule, to=part, event=kind.name)
        if part != rule.part:
            yield "wrong-part", f"of-{part}", replace(rule, part=part)
    yield "silent-flipped", str(not rule.silent), replace(rule, silent=not rule.silent)
    if rule.where is not None:
        yield "wrong-where", "anywhere", replace(rule, where=None)
    for part in PARTS:
        states = tuple(state.name for state in getattr(model, part).states)
        for state in states:
            if rule.where != (part, (state,)):
                yield "wrong-where", f"{part}={state}", replace(rule, where=(part, (state,)))


def _changed_rows(model: Model, row: Absorbed) -> Iterator[tuple[str, str, tuple[Absorbed, ...]]]:
    for state in row.states:
        left = tuple(each for each in row.states if each != state)
        yield "not-absorbed", state, (replace(row, states=left),) if left else ()
    machine: Machine[Any] = getattr(model, row.part)
    for extra in machine.states:
        if extra.name not in row.states:
            yield "absorbed-too", extra.name, (replace(row, states=(*row.states, extra.name)),)
