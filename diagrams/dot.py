"""A machine, or the coupling, as DOT: built from the tables alone, the same bytes each time.

What is drawn: every state with its name and meaning, coloured by phase and, in a large machine, boxed with those of
its phase; every branch of every cell on an arrow `event / action [guard]`, in the colour and letters of who causes the
event. Where one state is entered from nearly everywhere (Sta1 and Sta13 of the
association), arrows into it would be a knot; there each source gets a small copy of that state at hand. So
does a state with guarded or refused arrows to itself, as several loops on one node lie across one another.
Under the figure stands its key: the events, the actions, the colours.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from html import escape as html
from typing import Any, Final

import graphviz

from dicomnet.statemachine import (
    COUPLING_SOURCE,
    COUPLING_TITLE,
    Coupling,
    Machine,
    Rule,
    State,
    effect_words,
)

from . import marks as marked
from .arrows import Arrow, Line, View, arrows_of
from .marks import Mark, Marks, heaviest
from .standard import address_of

FONT: Final = "Helvetica"
# Fill colours by phase; text on each of them is black and stays readable in grey.
FILL: Final = {
    "idle": "#e8e8e8",
    "establishment": "#d9e8f6",
    "data-transfer": "#dcefd4",
    "release": "#fcf0cc",
    "closing": "#f6dad5",
}
PLAIN_FILL: Final = "#ffffff"
INK: Final = "#222222"
# Who causes an event: colours that the colour-blind can tell apart, and letters that tell them apart without colour.
ORIGINS: Final = {
    "local-user": ("the local user", "#0060a8", "b"),
    "peer-pdu": ("the peer", "#a84300", ""),
    "transport": ("the transport", "#00684f", "i"),
    "timer": ("a timer", "#8a3a78", "u"),
}
BOX_INK: Final = "#b4bcc5"
BOX_FONT: Final = "#59636e"
# A machine of so many states is boxed by phase.
LARGE: Final = 8
# From so many other states on, a state is drawn again beside each state that leads to it.
KNOT: Final = 6
MEANING_WIDTH: Final = 25
LABEL_WIDTH: Final = 30
GUARD_WIDTH: Final = 24
KEY_ROWS: Final = 19
KEY_WIDTH: Final = 48
START: Final = "start"
ENDPOINT_TITLE: Final = "An endpoint: its parts, their states, and how they meet"


def machine_dot(
    machine: Machine[Any], marks: Marks | None = None, view: View | None = None, *, key: bool = True
) -> str:
    """The DOT source of a machine's state diagram, or of what a view leaves of it.

    With `marks` its arrows say what a run has covered. Without the `key` it does not say what the events and actions
    are, and fits a smaller paper.
    """
    found = arrows_of(machine, view)
    knots = _knots(machine, found)
    name = machine.name if view is None else view.name
    graph = _graph(name, _caption(machine, found, knots, marks, view, listed=key), "TB")
    graph.node(START, "", shape="circle", width="0.12", fixedsize="true", fillcolor=INK, tooltip="start")
    graph.edge(START, machine.initial, tooltip=f"starts in {machine.initial}")
    shown = {name for arrow in found for name in (arrow.source, arrow.target)}
    states = [state for state in machine.states if view is None or state.name in shown]
    boxed = len(states) >= LARGE
    for phase in dict.fromkeys(state.phase for state in states):
        with graph.subgraph(name=f"cluster_{phase}" if boxed else None) as box:
            if boxed:
                box.attr(label=phase, color=BOX_INK, fontcolor=BOX_FONT, labeljust="l", style="rounded")
            for state in (each for each in states if each.phase == phase):
                _state(box, machine, state)
                for copied in _copied(found, knots, state.name):
                    _copy(box, f"{copied} from {state.name}", machine.state[copied])
    if boxed:
        graph.attr(newrank="true", ranksep="0.25")
        _below(graph, states, found, knots)
    for arrow in found:
        target = f"{arrow.target} from {arrow.source}" if _wants_copy(arrow, knots) else arrow.target
        _edge(graph, machine, found, arrow, target, marks)
    return graph.source


def _copied(found: tuple[Arrow, ...], knots: set[str], source: str) -> dict[str, None]:
    """The states that are drawn again beside this one."""
    return dict.fromkeys(a.target for a in found if a.source == source and _wants_copy(a, knots))


def _below(graph: graphviz.Digraph, states: list[State], found: tuple[Arrow, ...], knots: set[str]) -> None:
    """Keep each phase below all of the phase before it, by arrows that nobody sees."""
    phases = list(dict.fromkeys(state.phase for state in states))
    phase_of = {state.name: state.phase for state in states}
    for arrow in found:
        before, behind = phases.index(phase_of[arrow.source]), phases.index(phase_of[arrow.target])
        if behind == before + 1 and not _wants_copy(arrow, knots):
            for state in (each for each in states if each.phase == phase_of[arrow.source]):
                for copied in _copied(found, knots, state.name):
                    graph.edge(f"{copied} from {state.name}", arrow.target, style="invis", weight="0")


def coupling_dot(coupling: Coupling, machines: Mapping[str, Machine[Any]]) -> str:
    """The DOT source of the coupling: the parts of an endpoint, and what one of them gives to another.

    `machines` (by name) say what the parts and their events are.
    """
    note = (
        "An arrow says trigger -> event [where]: the trigger of one part is the event of the other. Dashed: what the "
        "fed machine would tell the user is dropped. Dotted: an event that the other part takes instead. "
        "A trigger with no arrow goes out of the endpoint."
    )
    parts = list(dict.fromkeys(name for rule in coupling.rules for name in (rule.part, rule.to)))
    key = [
        ("Rules", [(f"{_rule_words(rule)} of {rule.to}:", rule.why) for rule in coupling.rules]),
        (
            "Diverted",
            [(f"{rule.part}, {_rule_words(rule)} of {rule.to}:", rule.why) for rule in coupling.diverted],
        ),
        (
            "Absorbed",
            [(f"{row.part}, {row.event} in {', '.join(row.states)}:", row.why) for row in coupling.absorbed],
        ),
    ]
    graph = _graph("coupling", _key(COUPLING_TITLE, COUPLING_SOURCE, note, key, {}, []), "LR")
    for name in parts:
        _part(graph, machines[name])
    _coupled(graph, coupling, machines)
    return graph.source


def endpoint_dot(coupling: Coupling, machines: Mapping[str, Machine[Any]]) -> str:
    """The DOT source of the composed endpoint: its parts with their states, and what one of them gives to another."""
    parts = list(dict.fromkeys(name for rule in coupling.rules for name in (rule.part, rule.to)))
    note = (
        "Each box is a machine with its states and the ways between them. A bold arrow says trigger -> event [where]: "
        "the trigger of one part is the event of the other. Dashed: what the fed machine would tell the user is "
        "dropped. Dotted: an event that the other part takes instead."
    )
    phases = {state.phase: _fill(state) for name in parts for state in machines[name].states}
    graph = _graph("endpoint", _key(ENDPOINT_TITLE, COUPLING_SOURCE, note, [], phases, []), "LR")
    for name in parts:
        machine = machines[name]
        with graph.subgraph(name=f"cluster_{name}") as box:
            box.attr(label="", color=BOX_INK, style="rounded")
            _part(box, machine)
            for state in machine.states:
                tip, fill = _state_tip(state), _fill(state)
                box.node(
                    f"{name} {state.name}",
                    state.name,
                    tooltip=tip,
                    fillcolor=fill,
                    fontsize="9",
                    height="0.2",
                )
            # Where it starts stands beside what it is.
            box.edge(name, f"{name} {machine.initial}", style="invis")
            for ends in dict.fromkeys(
                (a.source, a.target) for a in arrows_of(machine) if a.source != a.target
            ):
                source, target = (f"{name} {end}" for end in ends)
                box.edge(
                    source, target, color=BOX_FONT, arrowsize="0.5", penwidth="0.6", tooltip=" to ".join(ends)
                )
    _coupled(graph, coupling, machines, penwidth="1.6")
    return graph.source


def _part(graph: graphviz.Digraph, machine: Machine[Any]) -> None:
    label = f"<<b>{html(machine.name)}</b><br/>{html(machine.title)}>"
    tip = f"{machine.name}: {machine.title} ({machine.source})"
    graph.node(machine.name, label, tooltip=tip, fillcolor=PLAIN_FILL)


def _coupled(
    graph: graphviz.Digraph, coupling: Coupling, machines: Mapping[str, Machine[Any]], **drawn: str
) -> None:
    """What one part gives to another: an arrow for all that differ in trigger and event only."""
    bundles: dict[tuple[str, str, object, bool], list[Rule]] = {}
    for rule in coupling.rules:
        bundles.setdefault((rule.part, rule.to, rule.where, rule.silent), []).append(rule)
    for rules in bundles.values():
        _rules(graph, rules, machines[rules[0].to], "dashed" if rules[0].silent else "solid", **drawn)
    diverted: dict[tuple[str, str, object], list[Rule]] = {}
    for rule in coupling.diverted:
        diverted.setdefault((rule.part, rule.to, rule.where), []).append(rule)
    for rules in diverted.values():
        _rules(graph, rules, machines[rules[0].to], "dotted", **drawn)


def _graph(name: str, caption: str, direction: str) -> graphviz.Digraph:
    return graphviz.Digraph(
        name,
        graph_attr={
            "fontname": FONT,
            "fontsize": "10",
            "label": caption,
            "labelloc": "b",
            "nodesep": "0.3",
            "pad": "0.2",
            "rankdir": direction,
            "ranksep": "0.45",
            "tooltip": name,
        },
        node_attr={
            "color": INK,
            "fontname": FONT,
            "fontsize": "11",
            "shape": "box",
            "style": "rounded,filled",
        },
        edge_attr={"arrowsize": "0.8", "color": INK, "fontname": FONT, "fontsize": "9"},
    )


# --- states ----------------------------------------------------------------------------------------------


def _fill(state: State) -> str:
    return FILL.get(state.phase, PLAIN_FILL)


def _state(graph: graphviz.Digraph, machine: Machine[Any], state: State) -> None:
    graph.node(
        state.name,
        _state_label(state),
        tooltip=_state_tip(state),
        fillcolor=_fill(state),
        **_link(machine.source),
    )


def _link(clause: str) -> dict[str, str]:
    """Where the clause can be read, in the standard; a page opens it beside this one."""
    address = address_of(clause)
    return {} if address is None else {"URL": address, "target": "_blank"}


def _state_label(state: State) -> str:
    lines = textwrap.wrap(state.meaning, MEANING_WIDTH, break_on_hyphens=False)
    return f"<<b>{html(state.name)}</b><br/>{'<br/>'.join(html(line, quote=False) for line in lines)}>"


def _state_tip(state: State) -> str:
    return _text(f"{state.name} ({state.phase}): {state.meaning}")


def _copy(graph: graphviz.Digraph, name: str, state: State) -> None:
    graph.node(
        name,
        state.name,
        tooltip=_state_tip(state),
        fillcolor=_fill(state),
        fontsize="9",
        height="0.2",
        margin="0.07,0.03",
        width="0.2",
    )


def _knots(machine: Machine[Any], found: tuple[Arrow, ...]) -> set[str]:
    """The states that are entered from at least KNOT other states."""
    sources = {
        state.name: {a.source for a in found if a.target == state.name and a.source != state.name}
        for state in machine.states
    }
    return {name for name, others in sources.items() if len(others) >= KNOT}


def _is_loop(arrow: Arrow) -> bool:
    """Whether it is drawn as a loop: there is at most one such arrow at each state."""
    return arrow.source == arrow.target and arrow.guard is None and not arrow.refused


def _wants_copy(arrow: Arrow, knots: set[str]) -> bool:
    return (arrow.source == arrow.target or arrow.target in knots) and not _is_loop(arrow)


# --- arrows ----------------------------------------------------------------------------------------------


def _edge(
    graph: graphviz.Digraph,
    machine: Machine[Any],
    found: tuple[Arrow, ...],
    arrow: Arrow,
    target: str,
    marks: Marks | None,
) -> None:
    ink, wide, sign = INK, "1", ""
    if marks is None and len(arrow.origins) == 1:
        ink = ORIGINS[arrow.origins[0]][1]
    if marks is not None:
        cells = [(arrow.source, kind.name) for line in arrow.lines for kind in line.events]
        mark = heaviest(marks, cells)
        ink, sign = marked.INK[mark], f"{marked.SIGN[mark]} "
        wide = "2" if mark is Mark.FAILED else "1"
    tip = _text("\n".join(_line_tip(machine, line) for line in arrow.lines))
    graph.edge(
        arrow.source,
        target,
        _label(_arrow_lines(arrow, sign, plain=marks is not None)),
        color=ink,
        fontcolor=ink,
        labeltooltip=tip,
        style="dashed" if arrow.refused else "solid",
        tooltip=tip,
        **_link(arrow.lines[0].action.clause),
        **({} if marks is None else {"penwidth": wide}),
        **_ports(found, arrow, target),
    )


def _ports(found: tuple[Arrow, ...], arrow: Arrow, target: str) -> dict[str, str]:
    """Keep clear of a loop, which stands at the right of its state: one that leads to no other is below all others."""
    last = target == arrow.target != arrow.source and _has_loop(found, target) and _is_last(found, target)
    return {"headport": "n"} if last else {}


def _is_last(found: tuple[Arrow, ...], name: str) -> bool:
    return all(each.target == name for each in found if each.source == name)


def _has_loop(found: tuple[Arrow, ...], name: str) -> bool:
    return any(each.source == name and _is_loop(each) for each in found)


def _arrow_lines(arrow: Arrow, sign: str = "", *, plain: bool = False) -> list[str]:
    """The lines of an arrow as DOT's HTML: each event in the letters of who causes it, unless they are to be plain."""
    said: dict[str, None] = {}
    for line in arrow.lines:
        code = f": {line.branch.refuse}" if arrow.refused else ""
        for part in _wrap(f"{_event_names([kind.name for kind in line.events])} / {line.action.name}{code}"):
            said[html(part, quote=False) if plain else _lettered(line.origin, part)] = None
    guard = [] if arrow.guard is None else textwrap.wrap(f"[{arrow.guard}]", GUARD_WIDTH)
    first, *rest = [*said, *(html(part, quote=False) for part in guard)]
    return [sign + first, *rest]


def _lettered(origin: str, text: str) -> str:
    _, ink, tag = ORIGINS[origin]
    inner = html(text, quote=False)
    return f'<font color="{ink}">{f"<{tag}>{inner}</{tag}>" if tag else inner}</font>'


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, LABEL_WIDTH, break_on_hyphens=False, break_long_words=False)


def _event_names(names: list[str]) -> str:
    """The names in a row; Evt3, Evt4 and Evt6 become Evt3,4,6."""
    if all(name.startswith("Evt") for name in names):
        return "Evt" + ",".join(name.removeprefix("Evt") for name in names)
    return ", ".join(names)


def _line_tip(machine: Machine[Any], line: Line) -> str:
    guard = "" if line.branch.when is None else f" when {line.branch.when}"
    if line.branch.refuse is not None:
        done = f"refused ({line.branch.refuse})"
    else:
        done = "; ".join(effect_words(effect) for effect in line.branch.effects) or "no effect"
    clause = f"{machine.cell_clause}; {line.action.clause}"
    events = [f"{kind.name}: {kind.meaning}" for kind in line.events]
    return "\n".join([*events, f"{line.action.name}{guard}: {done}", f"({clause})"])


def _rules(graph: graphviz.Digraph, rules: list[Rule], to: Machine[Any], style: str, **drawn: str) -> None:
    """One arrow for the rules that differ in trigger and event only."""
    first = rules[0]
    said = [_rule_words(rule) for rule in rules]
    if first.where is not None:
        said += _wrap(f"[{first.where[0]} in {', '.join(first.where[1])}]")
    lines = [html(line, quote=False) for line in said]
    tip = _text(
        "\n".join(f"{_rule_words(rule)} ({to.event[rule.event].meaning}): {rule.why}" for rule in rules)
    )
    graph.edge(
        first.part,
        first.to,
        _label(lines),
        labeltooltip=tip,
        style=style,
        tooltip=tip,
        **drawn,
    )


def _rule_words(rule: Rule) -> str:
    return f"{rule.trigger} -> {rule.event}"


def _label(lines: list[str]) -> str:
    """Lines of DOT's HTML set flush left, a little off the arrow."""
    return "<" + "".join(f' {line} <br align="left"/>' for line in lines) + ">"


def _text(text: str) -> str:
    """Text for an attribute in which a line break is a line break, and a backslash is none of DOT's."""
    return graphviz.escape(text).replace("\n", "\\n")


# --- the key ---------------------------------------------------------------------------------------------


def _caption(
    machine: Machine[Any],
    found: tuple[Arrow, ...],
    knots: set[str],
    marks: Marks | None,
    view: View | None = None,
    *,
    listed: bool = True,
) -> str:
    note = "An arrow says event / action [guard]."
    if any(_wants_copy(arrow, knots) for arrow in found):
        note += " A small box is the state of that name, drawn again."
    if any(arrow.refused for arrow in found):
        note += " Dashed: refused with that code."
    note += " An event with no arrow in a state is refused there."
    lines = [line for arrow in found for line in arrow.lines]
    events, actions = (
        {kind.name for line in lines for kind in line.events},
        {line.action.name for line in lines},
    )
    key = [
        ("Events", [(kind.name, kind.meaning) for kind in machine.events if kind.name in events]),
        ("Actions", [(a.name, a.description) for a in machine.actions.values() if a.name in actions]),
    ]
    shown = {name for arrow in found for name in (arrow.source, arrow.target)}
    phases = {state.phase: _fill(state) for state in machine.states if state.name in shown}
    if marks is not None:
        note += " Arrows: what a run has covered; of several cells on one the worst counts."
        phases |= {f"{marked.SIGN[mark]} {mark.value}": marked.FILL[mark] for mark in Mark}
    title = machine.title if view is None else f"{machine.title}: {view.title}"
    origins = [] if marks is not None else [o for o in ORIGINS if any(o in arrow.origins for arrow in found)]
    return _key(title, machine.source, note, key if listed else [], phases, origins)


def _key(
    title: str,
    source: str,
    note: str,
    lists: list[tuple[str, list[tuple[str, str]]]],
    phases: Mapping[str, str],
    origins: list[str],
) -> str:
    """An HTML-like label: title, note, the colours, and the lists in even columns of KEY_ROWS at most."""
    columns: list[str] = []
    for heading, rows in lists:
        height = -(-len(rows) // -(-len(rows) // KEY_ROWS))
        columns += [
            _column(heading if first == 0 else "", rows[first : first + height])
            for first in range(0, len(rows), height)
        ]
    swatches = "".join(f'<td bgcolor="{fill}">{html(phase)}</td>' for phase, fill in phases.items())
    legend = f'<tr><td align="left"><table border="0" cellspacing="4"><tr>{swatches}</tr></table></td></tr>'
    lists_told = f'<tr><td align="left"><table border="0" cellspacing="8"><tr>{"".join(columns)}</tr></table></td></tr>'
    causes = ", ".join(_lettered(origin, ORIGINS[origin][0]) for origin in origins)
    caused = f'<tr><td align="left">An event is caused by {causes}.</td></tr>' if origins else ""
    return (
        '<<table border="0" cellpadding="1">'
        f'<tr><td align="left"><font point-size="13"><b>{html(title)}</b> ({html(source)})</font></td></tr>'
        f'<tr><td align="left">{html(" ".join(note.split()))}</td></tr>'
        f"{caused}{legend if len(phases) > 1 else ''}"
        f"{lists_told if columns else ''}"
        "</table>>"
    )


def _column(heading: str, rows: list[tuple[str, str]]) -> str:
    """One cell of text: rows of cells would be pulled apart to the height of the longest column."""
    lines = [_bold(heading) or " ", *(line for name, text in rows for line in _entry(name, text))]
    text = "".join(f'{line}<br align="left"/>' for line in lines)
    return f'<td valign="top" align="left" balign="left"><font point-size="9">{text}</font></td>'


def _entry(name: str, text: str) -> Iterator[str]:
    first, *rest = textwrap.wrap(
        text, max(KEY_WIDTH - len(name), KEY_WIDTH // 2), break_on_hyphens=False
    ) or [""]
    yield _bold(name) + html(first, quote=False)
    yield from (f"    {html(line, quote=False)}" for line in rest)


def _bold(text: str) -> str:
    """Empty where the text is: DOT's HTML has no empty tags."""
    return f"<b>{html(text)}</b> " if text else ""
