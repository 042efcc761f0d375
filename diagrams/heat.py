"""A table of states and events as a picture: which cells a run has covered, and how they came out."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final
from xml.etree import ElementTree as ET

from dicomnet.statemachine import Machine

from .marks import FILL, SIGN, Mark, Marks
from .sequence import SVG_NAMESPACE
from .theme import dark_rules

# Pixels: of a cell, of the column of events, of the row of states, and around the whole.
WIDE, HIGH, EVENTS, HEAD, MARGIN, LEGEND = 58, 30, 76, 30, 16, 22
CLASS: Final = "dicomnet-cells"
# All of it is said of this drawing alone, so that a page in which it stands keeps its own.
_STYLE: Final = """
.dicomnet-cells text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; }
.dicomnet-cells .title { font-weight: bold; font-size: 14px; } .dicomnet-cells .head { font-weight: bold; }
.dicomnet-cells .sign { font-size: 13px; }
.dicomnet-cells rect { stroke: #8a939c; stroke-width: 0.6; }
.dicomnet-cells .paper { stroke: none; fill: #ffffff; }
.dicomnet-cells .blank { fill: #f7f7f7; stroke: #dcdfe3; }
"""
_DARK: Final = """
@media (prefers-color-scheme: dark) { .dicomnet-cells .paper { fill: #14181d; }
.dicomnet-cells .blank { fill: #14181d; stroke: #2b323a; } }
"""


def heat_svg(machine: Machine[Any], marks: Marks, title: str) -> str:
    """The SVG: a column for each state, a row for each event; a blank cell is one that the table leaves blank."""
    width = 2 * MARGIN + EVENTS + WIDE * len(machine.states)
    top = MARGIN + 26
    height = top + HEAD + HIGH * len(machine.events) + LEGEND * 3 + MARGIN
    size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    root = ET.Element("svg", {"xmlns": SVG_NAMESPACE, "role": "img", "class": CLASS, **size})
    ET.SubElement(root, "title").text = _plain(title)
    drawn = "".join(f'fill="{FILL[mark]}"' for mark in Mark)
    ET.SubElement(root, "style").text = _STYLE + dark_rules(drawn, CLASS) + _DARK
    ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _text(root, MARGIN, MARGIN + 12, title, "title")
    for column, state in enumerate(machine.states):
        x = MARGIN + EVENTS + WIDE * column + WIDE // 2
        head = _text(root, x, top + 20, state.name, "head", middle=True)
        ET.SubElement(head, "title").text = state.meaning
    for row, event in enumerate(machine.events):
        y = top + HEAD + HIGH * row
        head = _text(root, MARGIN, y + 20, event.name, "head")
        ET.SubElement(head, "title").text = event.meaning
        for column, state in enumerate(machine.states):
            _cell(root, machine, marks, (state.name, event.name), MARGIN + EVENTS + WIDE * column, y)
    _legend(root, machine, marks, top + HEAD + HIGH * len(machine.events) + LEGEND)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def _cell(
    root: ET.Element, machine: Machine[Any], marks: Marks, cell: tuple[str, str], x: int, y: int
) -> None:
    group = ET.SubElement(root, "g")
    box = {"x": str(x), "y": str(y), "width": str(WIDE - 2), "height": str(HIGH - 2)}
    action = machine.action_at(*cell)
    if action is None:
        ET.SubElement(group, "rect", {"class": "blank", **box})
        return
    mark = marks.get(cell, Mark.UNSEEN)
    ET.SubElement(
        group, "title"
    ).text = f"{cell[0]} x {cell[1]}: {mark.value}\n{action.name}: {action.description} ({action.clause})"
    ET.SubElement(group, "rect", {"fill": FILL[mark], **box})
    _text(group, x + (WIDE - 2) // 2, y + 19, f"{SIGN[mark]} {action.name}", "sign", middle=True)


def _legend(root: ET.Element, machine: Machine[Any], marks: Marks, y: int) -> None:
    legal = [
        (state.name, event.name)
        for state in machine.states
        for event in machine.events
        if machine.action_at(state.name, event.name) is not None
    ]
    counts = Counter(marks.get(cell, Mark.UNSEEN) for cell in legal)
    for index, mark in enumerate(Mark):
        x, row = MARGIN + (index % 3) * 280, y + LEGEND * (index // 3)
        swatch = {"x": str(x), "y": str(row), "width": "16", "height": "14", "fill": FILL[mark]}
        ET.SubElement(root, "rect", swatch)
        _text(root, x + 24, row + 11, f"{SIGN[mark]} {counts[mark]} {mark.value}", "")


def _text(parent: ET.Element, x: int, y: int, text: str, kind: str, *, middle: bool = False) -> ET.Element:
    attributes = {"x": str(x), "y": str(y)} | ({"class": kind} if kind else {})
    element = ET.SubElement(parent, "text", attributes | ({"text-anchor": "middle"} if middle else {}))
    element.text = _plain(text)
    return element


def _plain(text: str) -> str:
    """Text without what XML does not know."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
