"""A message sequence chart of what happened: lifelines, messages with their time, and where it parted from what was
expected. As SVG, which needs no engine, and as Mermaid text; the same octets each time.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from .mermaid import escaped

SVG_NAMESPACE: Final = "http://www.w3.org/2000/svg"
# Pixels: of the column of times, between lifelines, of a line of text, and around the whole.
TIMES, GAP, LINE, MARGIN = 84, 360, 17, 16
LABEL_WIDTH: Final = 44
NOTE_WIDTH: Final = 34
BANNER_WIDTH: Final = 84
HEAD: Final = 34
CHARACTER: Final = 8
MAX_STEPS: Final = 1000

# Colours that differ for the colour-blind as well, and that a dark page turns round.
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --box: #eef1f5;
 --here: #0b5cad; --there: #9a4b00; --wrong: #b3261e; --wrongbox: #fdeceb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #14181d; --box: #232a32;
 --here: #79b8ff; --there: #f0a860; --wrong: #ff8a80; --wrongbox: #3a1d1b; } }
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
.paper { fill: var(--paper); } .head { fill: var(--box); stroke: var(--soft); } .life { stroke: var(--soft); }
.time { fill: var(--soft); font-size: 12px; } .note { fill: var(--box); }
.here { stroke: var(--here); fill: none; stroke-width: 1.6; } .heretip { fill: var(--here); }
.there { stroke: var(--there); fill: none; stroke-width: 1.6; } .theretip { fill: var(--there); }
.wrong { fill: var(--wrongbox); stroke: var(--wrong); } .wrongtext { fill: var(--wrong); }
.title { font-weight: bold; }
"""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that goes from one lifeline to another. `detail` is shown when it is pointed at."""

    seconds: float
    source: str
    target: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happens at one lifeline."""

    seconds: float
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Parting:
    """Where what was seen parts from what was expected."""

    expected: str
    observed: str


Happening = Message | Note | Parting


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its title, the lifelines from left to right (the first is this end), and what happens, in order."""

    title: str
    lifelines: tuple[str, ...]
    happenings: tuple[Happening, ...]

    def __post_init__(self) -> None:
        """Raises `ValueError` where something happens at a lifeline that is not there, or there is too much."""
        if len(self.happenings) > MAX_STEPS:
            raise ValueError(f"a chart of more than {MAX_STEPS} steps is no picture")
        for each in self.happenings:
            ends = (
                ()
                if isinstance(each, Parting)
                else (each.at,)
                if isinstance(each, Note)
                else (each.source, each.target)
            )
            for end in ends:
                if end not in self.lifelines:
                    raise ValueError(f"there is no lifeline {end!r}")


def chart_svg(chart: Chart) -> str:
    """The chart as an SVG document."""
    return _Drawing(chart).text()


class _Drawing:
    """The SVG while it grows downwards."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        last = len(chart.lifelines) - 1
        self._width = 2 * MARGIN + TIMES + GAP * last + NOTE_WIDTH * CHARACTER
        self._at = {name: MARGIN + TIMES + 120 + GAP * index for index, name in enumerate(chart.lifelines)}
        self._rows = ET.Element("g")
        self._y = MARGIN
        for line in textwrap.wrap(chart.title, BANNER_WIDTH) or [""]:
            self._y += LINE
            self._text(self._rows, MARGIN, self._y, line, "title")
        self._y += 12
        self._top = self._y
        self._y += HEAD + 10
        for each in chart.happenings:
            match each:
                case Message():
                    self._message(each)
                case Note():
                    self._note(each)
                case Parting():
                    self._parting(each)
        self._y += 14

    def text(self) -> str:
        """The document."""
        size = {"width": str(self._width), "height": str(self._y), "viewBox": f"0 0 {self._width} {self._y}"}
        root = ET.Element("svg", {"xmlns": SVG_NAMESPACE, "role": "img", **size})
        ET.SubElement(root, "title").text = _plain(self._chart.title)
        ET.SubElement(root, "style").text = _STYLE
        ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
        for name, x in self._at.items():
            ET.SubElement(
                root,
                "line",
                {
                    "class": "life",
                    "x1": str(x),
                    "x2": str(x),
                    "y1": str(self._top + HEAD),
                    "y2": str(self._y - 8),
                },
            )
            wide = max(88, CHARACTER * len(name) + 28)
            box = {
                "x": str(x - wide // 2),
                "y": str(self._top),
                "width": str(wide),
                "height": str(HEAD),
                "rx": "4",
            }
            ET.SubElement(root, "rect", {"class": "head", **box})
            self._text(root, x, self._top + 22, name, "title", anchor="middle")
        root.append(self._rows)
        ET.indent(root, " ")
        return ET.tostring(root, encoding="unicode") + "\n"

    def _text(self, parent: ET.Element, x: int, y: int, text: str, kind: str = "", anchor: str = "") -> None:
        attributes = {"x": str(x), "y": str(y)}
        if kind:
            attributes["class"] = kind
        if anchor:
            attributes["text-anchor"] = anchor
        ET.SubElement(parent, "text", attributes).text = _plain(text)

    def _message(self, message: Message) -> None:
        group = ET.SubElement(self._rows, "g")
        ET.SubElement(group, "title").text = _plain(message.detail or message.text)
        start, end = self._at[message.source], self._at[message.target]
        kind = "here" if message.source == self._chart.lifelines[0] else "there"
        lines = textwrap.wrap(_plain(message.text), LABEL_WIDTH) or [""]
        self._y += 8
        for number, line in enumerate(lines):
            self._y += LINE
            if number == 0:
                self._time(group, message.seconds)
            self._text(group, (start + end) // 2, self._y, line, anchor="middle")
        self._y += 7
        tip = 9 if end > start else -9
        ET.SubElement(group, "path", {"class": kind, "d": f"M {start} {self._y} H {end - tip}"})
        ends = f"{end},{self._y} {end - tip},{self._y - 5} {end - tip},{self._y + 5}"
        ET.SubElement(group, "polygon", {"class": f"{kind}tip", "points": ends})

    def _note(self, note: Note) -> None:
        group = ET.SubElement(self._rows, "g")
        lines = textwrap.wrap(_plain(note.text), NOTE_WIDTH) or [""]
        x, wide = self._at[note.at], CHARACTER * max(map(len, lines)) + 28
        self._y += 10
        box = {
            "x": str(x - wide // 2),
            "y": str(self._y),
            "width": str(wide),
            "height": str(LINE * len(lines) + 8),
        }
        ET.SubElement(group, "rect", {"class": "note", "rx": "3", **box})
        for number, line in enumerate(lines):
            self._y += LINE
            if number == 0:
                self._time(group, note.seconds)
            self._text(group, x, self._y, line, anchor="middle")
        self._y += 8

    def _parting(self, parting: Parting) -> None:
        group = ET.SubElement(self._rows, "g", {"class": "parting"})
        wide = BANNER_WIDTH if len(self._at) > 1 else LABEL_WIDTH
        lines = [
            *textwrap.wrap(f"expected: {_plain(parting.expected)}", wide),
            *textwrap.wrap(f"observed: {_plain(parting.observed)}", wide),
        ]
        self._y += 12
        box = {"x": str(MARGIN), "y": str(self._y), "width": str(self._width - 2 * MARGIN)}
        ET.SubElement(
            group, "rect", {"class": "wrong", "height": str(LINE * len(lines) + 14), "rx": "4", **box}
        )
        self._y += 4
        for line in lines:
            self._y += LINE
            self._text(group, MARGIN + 12, self._y, line, "wrongtext")
        self._y += 14

    def _time(self, parent: ET.Element, seconds: float) -> None:
        self._text(parent, MARGIN, self._y, clock(seconds), "time")


def chart_mermaid(chart: Chart) -> str:
    """The chart as Mermaid text, for pages that draw it themselves."""
    names = {name: f"L{index}" for index, name in enumerate(chart.lifelines)}
    lines = ["sequenceDiagram", f"  accTitle: {_mermaid(chart.title)}"]
    lines += [f"  participant {short} as {_mermaid(name)}" for name, short in names.items()]
    whole = ",".join(dict.fromkeys((names[chart.lifelines[0]], names[chart.lifelines[-1]])))
    for each in chart.happenings:
        match each:
            case Message():
                text = f"{clock(each.seconds)} {each.text}"
                lines.append(f"  {names[each.source]}->>{names[each.target]}: {_mermaid(text)}")
            case Note():
                lines.append(
                    f"  Note over {names[each.at]}: {_mermaid(f'{clock(each.seconds)} {each.text}')}"
                )
            case Parting():
                lines.append("  rect rgb(253, 236, 235)")
                text = f"expected: {each.expected}<br/>observed: {each.observed}"
                lines += [f"  Note over {whole}: {_mermaid(text)}", "  end"]
    return "\n".join(lines) + "\n"


def clock(seconds: float) -> str:
    """A time as it is shown: milliseconds below a second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _plain(text: str) -> str:
    """Text without what XML does not know, or what would break a line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _mermaid(text: str) -> str:
    return "<br/>".join(map(escaped, text.split("<br/>")))
