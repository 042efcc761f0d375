"""A message sequence chart of what happened: lifelines, messages with their time, and where it parted from what was
expected. As SVG, which needs no engine, and as Mermaid text; the same octets each time.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from .mermaid import escaped

SVG_NAMESPACE: Final = "http://www.w3.org/2000/svg"
# Pixels: of the column of times, of a line of text, of the head of a lifeline, and around the whole.
TIMES, LINE, HEAD, MARGIN = 84, 17, 34, 16
# Pixels between two lifelines: where there are up to two, three, and more; of a character.
GAPS, CHARACTER = (360, 360, 264, 204), 8
# Characters of a line: of what spans the whole, and of any text in Mermaid.
BANNER_WIDTH, MERMAID_WIDTH = 84, 48
MAX_STEPS: Final = 1000

# Colours that differ for the colour-blind as well, and that a dark page turns round. All of it is said of this drawing
# alone, so that a page in which it stands keeps its own.
_STYLE: Final = """
.dicomnet-chart { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --box: #eef1f5;
 --here: #0b5cad; --there: #9a4b00; --wrong: #b3261e; --wrongbox: #fdeceb; --state: #e7f1e4; --stateline: #3f7a34; }
@media (prefers-color-scheme: dark) { .dicomnet-chart { --ink: #e6edf3; --soft: #9aa4af; --paper: #14181d;
 --box: #232a32; --here: #79b8ff; --there: #f0a860; --wrong: #ff8a80; --wrongbox: #3a1d1b; --state: #1d2b1e;
 --stateline: #7fc07a; } }
.dicomnet-chart text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
.dicomnet-chart .paper { fill: var(--paper); }
.dicomnet-chart .head { fill: var(--box); stroke: var(--soft); }
.dicomnet-chart .life { stroke: var(--soft); }
.dicomnet-chart .time { fill: var(--soft); font-size: 12px; }
.dicomnet-chart .label { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
.dicomnet-chart .note { fill: var(--box); }
.dicomnet-chart .state { fill: var(--state); stroke: var(--stateline); }
.dicomnet-chart .off { fill: var(--wrongbox); stroke: var(--wrong); stroke-dasharray: 4 2; }
.dicomnet-chart .here { stroke: var(--here); fill: none; stroke-width: 1.6; }
.dicomnet-chart .heretip { fill: var(--here); }
.dicomnet-chart .there { stroke: var(--there); fill: none; stroke-width: 1.6; }
.dicomnet-chart .theretip { fill: var(--there); }
.dicomnet-chart .wrong { fill: var(--wrongbox); stroke: var(--wrong); }
.dicomnet-chart .wrongtext { fill: var(--wrong); }
.dicomnet-chart .title { font-weight: bold; }
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


@dataclass(frozen=True, slots=True)
class State:
    """The state in which a lifeline is from here on. `detail` is shown when it is pointed at.

    `off`: what was done does not follow from the table, whose state this is.
    """

    at: str
    text: str
    detail: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class States:
    """The states into which lifelines have come at one moment, at most one for each."""

    each: tuple[State, ...]


Happening = Message | Note | Parting | States


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its title, the lifelines from left to right (the first is this end), and what happens, in order.

    `counted`: the times of what happens are numbers of steps, and not seconds.
    """

    title: str
    lifelines: tuple[str, ...]
    happenings: tuple[Happening, ...]
    counted: bool = False

    def __post_init__(self) -> None:
        """Raises `ValueError` where something happens at a lifeline that is not there, or there is too much."""
        if len(self.happenings) > MAX_STEPS:
            raise ValueError(f"a chart of more than {MAX_STEPS} steps is no picture")
        for each in self.happenings:
            for end in _ends(each):
                if end not in self.lifelines:
                    raise ValueError(f"there is no lifeline {end!r}")

    def moment(self, seconds: float) -> str:
        """A time as the chart shows it."""
        return f"step {seconds:.0f}" if self.counted else clock(seconds)

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return chart_svg(self)


def lifelines_of(happenings: Iterable[Happening]) -> tuple[str, ...]:
    """The lifelines at which something happens, in the order in which they are met."""
    return tuple(dict.fromkeys(end for each in happenings for end in _ends(each)))


def _ends(happening: Happening) -> tuple[str, ...]:
    """The lifelines that something concerns."""
    match happening:
        case Parting():
            return ()
        case Note():
            return (happening.at,)
        case States():
            return tuple(state.at for state in happening.each)
        case Message():
            return (happening.source, happening.target)


def chart_svg(chart: Chart) -> str:
    """The chart as an SVG document."""
    return _Drawing(chart).text()


class _Drawing:
    """The SVG while it grows downwards."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        last = len(chart.lifelines) - 1
        gap = GAPS[min(last, len(GAPS) - 1)]
        # What stands on one lifeline is narrower than the way to the next.
        self._room = gap - 28
        side = self._room // 2 + 8
        self._width = 2 * (MARGIN + side) + TIMES + gap * last
        self._at = {name: MARGIN + TIMES + side + gap * index for index, name in enumerate(chart.lifelines)}
        self._banner = min(BANNER_WIDTH, (self._width - 2 * MARGIN - 24) // CHARACTER)
        self._rows = ET.Element("g")
        self._y = MARGIN
        for line in _lines(chart.title, self._width - 2 * MARGIN):
            self._y += LINE
            self._text(self._rows, MARGIN, self._y, line, "title")
        self._y += 12
        self._top = self._y
        self._heads = {name: _lines(name, self._room - 12) for name in chart.lifelines}
        self._head = HEAD + LINE * (max(map(len, self._heads.values()), default=1) - 1)
        self._y += self._head + 10
        for each in chart.happenings:
            match each:
                case Message():
                    self._message(each)
                case Note():
                    self._note(each)
                case States():
                    self._states(each)
                case Parting():
                    self._parting(each)
        self._y += 14

    def text(self) -> str:
        """The document."""
        size = {"width": str(self._width), "height": str(self._y), "viewBox": f"0 0 {self._width} {self._y}"}
        title = _plain(self._chart.title)
        named = {"role": "img", "aria-label": title, "class": "dicomnet-chart"}
        root = ET.Element("svg", {"xmlns": SVG_NAMESPACE, **named, **size})
        ET.SubElement(root, "title").text = title
        ET.SubElement(root, "style").text = _STYLE
        ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
        for name, x in self._at.items():
            ends = {"y1": str(self._top + self._head), "y2": str(self._y - 8)}
            ET.SubElement(root, "line", {"class": "life", "x1": str(x), "x2": str(x), **ends})
            lines = self._heads[name]
            self._box(root, "head", x, self._top, max(60, CHARACTER * max(map(len, lines))) + 28, self._head)
            for number, line in enumerate(lines):
                self._text(root, x, self._top + 22 + LINE * number, line, "title", anchor="middle")
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

    def _box(self, parent: ET.Element, kind: str, x: int, y: int, wide: int, high: int, rx: int = 4) -> None:
        """A box with rounded corners, whose middle is `x`."""
        place = {"x": str(x - wide // 2), "y": str(y), "width": str(wide), "height": str(high), "rx": str(rx)}
        ET.SubElement(parent, "rect", {"class": kind, **place})

    def _message(self, message: Message) -> None:
        group = ET.SubElement(self._rows, "g")
        ET.SubElement(group, "title").text = _plain(message.detail or message.text)
        start, end = self._at[message.source], self._at[message.target]
        kind = "here" if message.source == self._chart.lifelines[0] else "there"
        lines = _lines(message.text, max(abs(end - start) - 12, self._room))
        self._y += 8
        for number, line in enumerate(lines):
            self._y += LINE
            if number == 0:
                self._time(group, message.seconds)
            self._text(group, (start + end) // 2, self._y, line, "label", anchor="middle")
        self._y += 7
        tip = 9 if end > start else -9
        ET.SubElement(group, "path", {"class": kind, "d": f"M {start} {self._y} H {end - tip}"})
        ends = f"{end},{self._y} {end - tip},{self._y - 5} {end - tip},{self._y + 5}"
        ET.SubElement(group, "polygon", {"class": f"{kind}tip", "points": ends})

    def _note(self, note: Note) -> None:
        group = ET.SubElement(self._rows, "g")
        lines = _lines(note.text, self._room - 20)
        x, wide = self._at[note.at], CHARACTER * max(map(len, lines)) + 20
        self._y += 10
        self._box(group, "note", x, self._y, wide, LINE * len(lines) + 8)
        for number, line in enumerate(lines):
            self._y += LINE
            if number == 0:
                self._time(group, note.seconds)
            self._text(group, x, self._y, line, anchor="middle")
        self._y += 8

    def _states(self, states: States) -> None:
        self._y += 8
        rows = [(state, _lines(state.text, self._room - 24)) for state in states.each]
        for state, lines in rows:
            group = ET.SubElement(self._rows, "g")
            ET.SubElement(group, "title").text = _plain(state.detail or state.text)
            wide = CHARACTER * max(map(len, lines)) + 24
            kind = "state off" if state.off else "state"
            self._box(group, kind, self._at[state.at], self._y, wide, LINE * len(lines) + 6, 10)
            for number, line in enumerate(lines, 1):
                self._text(group, self._at[state.at], self._y + LINE * number, line, anchor="middle")
        self._y += LINE * max((len(lines) for _, lines in rows), default=0) + 6

    def _parting(self, parting: Parting) -> None:
        group = ET.SubElement(self._rows, "g", {"class": "parting"})
        lines = [
            *textwrap.wrap(f"expected: {_plain(parting.expected)}", self._banner),
            *textwrap.wrap(f"observed: {_plain(parting.observed)}", self._banner),
        ]
        self._y += 12
        wide = self._width - 2 * MARGIN
        self._box(group, "wrong", MARGIN + wide // 2, self._y, wide, LINE * len(lines) + 14)
        self._y += 4
        for line in lines:
            self._y += LINE
            self._text(group, MARGIN + 12, self._y, line, "wrongtext")
        self._y += 14

    def _time(self, parent: ET.Element, seconds: float) -> None:
        self._text(parent, MARGIN, self._y, self._chart.moment(seconds), "time")


def _lines(text: str, pixels: int) -> list[str]:
    """Text in lines that are not wider; at least one."""
    return textwrap.wrap(_plain(text), max(4, pixels // CHARACTER)) or [""]


def chart_mermaid(chart: Chart) -> str:
    """The chart as Mermaid text, for pages that draw it themselves."""
    names = {name: f"L{index}" for index, name in enumerate(chart.lifelines)}
    lines = ["sequenceDiagram", f"  accTitle: {escaped(chart.title).strip() or '-'}"]
    lines += [f"  participant {short} as {_mermaid(name)}" for name, short in names.items()]
    whole = ",".join(dict.fromkeys((names[chart.lifelines[0]], names[chart.lifelines[-1]])))
    for each in chart.happenings:
        match each:
            case Message():
                text = _mermaid(f"{chart.moment(each.seconds)} {each.text}")
                lines.append(f"  {names[each.source]}->>{names[each.target]}: {text}")
            case Note():
                text = _mermaid(f"{chart.moment(each.seconds)} {each.text}")
                lines.append(f"  Note over {names[each.at]}: {text}")
            case States():
                lines += [f"  Note over {names[state.at]}: {_mermaid(state.text)}" for state in each.each]
            case Parting():
                lines.append("  rect rgb(253, 236, 235)")
                text = (
                    f"{_mermaid(f'expected: {each.expected}')}<br/>{_mermaid(f'observed: {each.observed}')}"
                )
                lines += [f"  Note over {whole}: {text}", "  end"]
    return "\n".join(lines) + "\n"


def clock(seconds: float) -> str:
    """A time as it is shown: milliseconds below a second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _plain(text: str) -> str:
    """Text without what XML does not know, or what would break a line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _mermaid(text: str, wide: int = MERMAID_WIDTH) -> str:
    """Text in lines; it stands behind a colon or `as`, where Mermaid takes an empty one for a mistake."""
    return "<br/>".join(escaped(line) for line in _lines(text, wide * CHARACTER)) or "-"
