"""Light and dark pictures: each colour of the drawings has another that stands on dark paper."""

from __future__ import annotations

import re
from typing import Final

THEMES: Final = ("auto", "light", "dark")
PAPER: Final = "#14181d"
DARK_INK: Final = "#e6edf3"
CLASS: Final = "dicomnet-diagram"
# The colours of states by phase, of ink and boxes, of who causes an event, and of what a run has covered.
DARK: Final = {
    "#ffffff": "#1d232a",
    "#e8e8e8": "#2b323a",
    "#d9e8f6": "#17344d",
    "#dcefd4": "#1f3a22",
    "#fcf0cc": "#453a12",
    "#f6dad5": "#4a2320",
    "#222222": "#c9d1d9",
    "#b4bcc5": "#4a545e",
    "#59636e": "#9aa4af",
    "#0060a8": "#79b8ff",
    "#a84300": "#f0a060",
    "#00684f": "#5fd0a8",
    "#8a3a78": "#e49ad2",
    "#e6e6e6": "#2b323a",
    "#cfe5f7": "#17344d",
    "#fbe5b0": "#453a12",
    "#e5d9f2": "#33254a",
    "#f4b6a6": "#5a241d",
    "#9a9a9a": "#77818b",
    "#5f6b76": "#9aa4af",
    "#0b5cad": "#79b8ff",
    "#9a6700": "#f0c060",
    "#6f42a5": "#c9a8ff",
    "#b3261e": "#ff8a80",
}
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}\b")


def darkened(source: str) -> str:
    """A DOT source with the colours of dark paper."""
    body = _COLOUR.sub(lambda match: DARK.get(match[0], match[0]), source)
    head, brace, rest = body.partition("{")
    defaults = f'\n\tgraph [bgcolor="{PAPER}" fontcolor="{DARK_INK}"]\n' + "".join(
        f'\t{each} [fontcolor="{DARK_INK}"]\n' for each in ("node", "edge")
    )
    return f"{head}{brace}{defaults}{rest.lstrip(chr(10))}"


def dark_rules(svg: str, css_class: str) -> str:
    """The style by which what is drawn in an element of this class is dark where that is preferred."""
    rules = [f".{css_class} text:not([fill]) {{ fill: {DARK_INK}; }}"]
    for light, dark in {"white": PAPER, "black": DARK_INK, **DARK}.items():
        rules += [
            f'.{css_class} [{name}="{light}"] {{ {name}: {dark}; }}'
            for name in ("fill", "stroke")
            if f'{name}="{light}"' in svg
        ]
    return f"@media (prefers-color-scheme: dark) {{\n{chr(10).join(rules)}\n}}"


def adaptive(svg: str) -> str:
    """An SVG that follows its reader's wish: light as it is drawn, and dark where that is preferred."""
    style = f"<style>{dark_rules(svg, CLASS)}</style>"
    at = svg.index("<svg")
    end = svg.index(">", at)
    return f'{svg[:at]}<svg class="{CLASS}"{svg[at + 4 : end + 1]}\n{style}{svg[end + 1 :]}'
