"""A machine, or the coupling, as Mermaid text: for pages that draw it themselves. Built from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dicomnet.statemachine import Coupling, Machine

from .arrows import View, arrows_of

# Also what begins an entity, a comment or directive, a formula, Markdown, and a shape.
_ESCAPED: Final = {
    "<": "#lt;",
    ">": "#gt;",
    '"': "#quot;",
    **{sign: f"#{ord(sign)};" for sign in "#;:&%$`{}\\"},
}


def escaped(text: str) -> str:
    """Text in which nothing is taken for Mermaid's own signs, and every character can be shown."""
    plain = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(_ESCAPED.get(c, c) for c in plain)


def machine_mermaid(machine: Machine[Any], view: View | None = None) -> str:
    """The state diagram of a machine, or of what a view leaves of it; an arrow says its events by action."""
    found = arrows_of(machine, view)
    shown = {name for arrow in found for name in (arrow.source, arrow.target)}
    title = machine.title if view is None else f"{machine.title}: {view.title}"
    lines = ["stateDiagram-v2", f"  accTitle: {escaped(title)}"]
    lines += [
        f"  {_name(s.name)}: {escaped(f'{s.name}: {s.meaning}')}"
        for s in machine.states
        if view is None or s.name in shown
    ]
    lines.append(f"  [*] --> {_name(machine.initial)}")
    for arrow in found:
        said = "<br/>".join(
            dict.fromkeys(
                escaped(f"{', '.join(kind.name for kind in line.events)} / {line.action.name}")
                for line in arrow.lines
            )
        )
        guard = f"<br/>{escaped(f'[{arrow.guard}]')}" if arrow.guard else ""
        refused = "<br/>(refused)" if arrow.refused else ""
        lines.append(f"  {_name(arrow.source)} --> {_name(arrow.target)}: {said}{guard}{refused}")
    return "\n".join(lines) + "\n"


def coupling_mermaid(
    coupling: Coupling, machines: Mapping[str, Machine[Any]], *, states: bool = False
) -> str:
    """The parts of an endpoint, with their `states` or without, and what one of them gives to another."""
    parts = list(dict.fromkeys(name for rule in coupling.rules for name in (rule.part, rule.to)))
    lines = ["flowchart LR"]
    for part in parts:
        title = f'{_name(part)}["{escaped(part)}<br/>{escaped(machines[part].title)}"]'
        lines += _composed(title, machines[part]) if states else [f"  {title}"]
    for rule in coupling.rules:
        arrow = "-.->" if rule.silent else "-->"
        lines.append(
            f'  {_name(rule.part)} {arrow}|"{escaped(f"{rule.trigger} gives {rule.event}")}"| {_name(rule.to)}'
        )
    return "\n".join(lines) + "\n"


def _composed(title: str, machine: Machine[Any]) -> list[str]:
    """A part with its states, and the ways between them."""
    part = _name(machine.name)
    lines = [f"  subgraph {title}"]
    lines += [f'    {part}_{_name(state.name)}["{escaped(state.name)}"]' for state in machine.states]
    ways = dict.fromkeys((a.source, a.target) for a in arrows_of(machine) if a.source != a.target)
    lines += [f"    {part}_{_name(source)} --> {part}_{_name(target)}" for source, target in ways]
    return [*lines, "  end"]


def _name(state: str) -> str:
    """A name without what Mermaid would read as more than a name."""
    return "".join(c if c.isalnum() else "_" for c in state)
