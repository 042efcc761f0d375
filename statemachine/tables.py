"""The tables as text: the coupling as plain data, an effect in words, any table as Markdown.

The plain data of a machine are made by `kernel.table_as_dict`. All of it is read from the tables and from
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from .effects import Effect, effect_as_dict
from .kernel import STAY, Action, Branch, Machine
from .machines.coupling import Coupling, Rule

COUPLING_TITLE: Final = "How the parts of an endpoint meet"
COUPLING_SOURCE: Final = "dicomnet connection layer"

# Fields of an effect whose value says by itself what it is.
_PLAIN = ("pdu", "primitive", "name")


def effect_words(effect: Effect) -> str:
    """An effect in one line: the operation, what it is about, and every other field in brackets.

    >>> from dicomnet.statemachine import SendPdu
    >>> effect_words(SendPdu("A-ASSOCIATE-RJ", source=(2, 3)))
    'send-pdu A-ASSOCIATE-RJ (source 2 or 3)'
    """
    row = effect_as_dict(effect)
    words = [str(row.pop("op")), *(str(row.pop(field)) for field in _PLAIN if field in row)]
    details = [_detail(field.replace("_", " "), value) for field, value in row.items()]
    return " ".join(words) + (f" ({', '.join(details)})" if details else "")


def _detail(name: str, value: object) -> str:
    if value is True:
        return name
    if isinstance(value, list):
        return f"{name} {' or '.join(str(each) for each in cast('list[object]', value))}"
    return f"{name} {value}"


def coupling_as_dict(coupling: Coupling) -> dict[str, object]:
    """The running coupling as plain data (the schema of `dicomnet table coupling --format json`)."""
    return {
        "machine": "coupling",
        "title": COUPLING_TITLE,
        "source": COUPLING_SOURCE,
        "rules": [_rule_as_dict(rule) for rule in coupling.rules],
        "diverted": [_rule_as_dict(rule) for rule in coupling.diverted],
        "absorbed": [
            {"part": row.part, "event": row.event, "states": list(row.states), "why": row.why}
            for row in coupling.absorbed
        ],
    }


def _rule_as_dict(rule: Rule) -> dict[str, object]:
    return {
        "part": rule.part,
        "trigger": rule.trigger,
        "where": None if rule.where is None else {"part": rule.where[0], "states": list(rule.where[1])},
        "to": rule.to,
        "event": rule.event,
        "silent": rule.silent,
        "why": rule.why,
    }


def table_as_markdown(machine: Machine[Any]) -> str:
    """The running machine as Markdown: the grid as it is printed, states, events, and what each action does."""
    cells = machine.cells
    grid = [["Event", *(state.name for state in machine.states)]]
    grid += [
        [kind.name, *(cells.get(state.name, {}).get(kind.name, "") for state in machine.states)]
        for kind in machine.events
    ]
    cited = "" if machine.cell_clause == machine.source else f"; cells: {machine.cell_clause}"
    lines = [
        f"# {machine.title}",
        "",
        f"Source: {machine.source}{cited}. It starts in {machine.initial}. A blank cell is refused.",
        "",
        *_table(grid),
        "",
        "## States",
        "",
        *_table([["State", "Phase", "Meaning"], *([s.name, s.phase, s.meaning] for s in machine.states)]),
        "",
        "## Events",
        "",
        *_table([["Event", "Origin", "Meaning"], *([e.name, e.origin, e.meaning] for e in machine.events)]),
        "",
        "## Actions",
        "",
        (
            "Effects stand in the order in which they are done. Of several branches the first whose condition "
            "holds is taken."
        ),
    ]
    for action in machine.actions.values():
        lines += ["", *_action_lines(action)]
    return "\n".join(lines) + "\n"


def _action_lines(action: Action) -> Iterator[str]:
    yield f"### {action.name}"
    yield ""
    yield f"{action.clause}: {action.description}."
    yield ""
    for branch in action.branches:
        condition = "" if branch.when is None else f"when {branch.when}: "
        yield f"- {condition}{_branch_words(branch)}"


def _branch_words(branch: Branch) -> str:
    if branch.refuse is not None:
        return f"refused ({branch.refuse})"
    words = [effect_words(effect) for effect in branch.effects]
    words += [f"update {update}" for update in branch.updates]
    words.append("same state" if branch.next == STAY else f"next {branch.next}")
    return "; ".join(words)


def coupling_as_markdown(coupling: Coupling) -> str:
    """The running coupling as Markdown: rules in the order in which they are tried, what is diverted and absorbed."""
    rules = [["Part", "Trigger", "Where", "To", "Event", "Silent", "Why"]]
    rules += [_rule_cells(rule) for rule in coupling.rules]
    diverted = [["Part", "Event", "Where", "To", "As", "Silent", "Why"]]
    diverted += [_rule_cells(rule) for rule in coupling.diverted]
    absorbed = [["Part", "Event", "States", "Why"]]
    absorbed += [[row.part, row.event, ", ".join(row.states), row.why] for row in coupling.absorbed]
    lines = [
        f"# {COUPLING_TITLE}",
        "",
        (
            f"Source: {COUPLING_SOURCE}. The first rule that fits is taken; a trigger with no rule is an output of "
            "the endpoint. A silent rule drops what the fed machine would tell the user."
        ),
        "",
        *_table(rules),
        "",
        "## Diverted",
        "",
        "Events that another part takes while it is in these states, before they reach the part they were meant for.",
        "",
        *_table(diverted),
        "",
        "## Absorbed",
        "",
        "Blank in the tables, yet brought by life: dropped before it reaches a table.",
        "",
        *_table(absorbed),
    ]
    return "\n".join(lines) + "\n"


def _rule_cells(rule: Rule) -> list[str]:
    where = "" if rule.where is None else f"{rule.where[0]} in {', '.join(rule.where[1])}"
    return [rule.part, rule.trigger, where, rule.to, rule.event, "yes" if rule.silent else "", rule.why]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table with its columns in line; the first row is the head."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(3, *(len(row[column]) for row in escaped)) for column in range(len(rows[0]))]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in escaped
    ]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return (f"| {line} |" for line in lines)
