"""The diagrams as text to be put into a page, and as objects that a notebook shows."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import quoteattr

from .drawn import DIAGRAMS, dot_of, mermaid_of, title_of
from .render import picture

# More pictures than there are tables.
_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Diagram:
    """One of `DIAGRAMS`, by its name; a notebook shows it. Raises `ValueError` for any other, and tells near names."""

    name: str

    def __post_init__(self) -> None:
        """See the class."""
        if self.name not in DIAGRAMS:
            raise ValueError(unknown(self.name, DIAGRAMS))

    @property
    def title(self) -> str:
        """What it shows."""
        return title_of(self.name)

    @property
    def dot(self) -> str:
        """The DOT source."""
        return dot_of(self.name)

    @property
    def mermaid(self) -> str:
        """The Mermaid text."""
        return mermaid_of(self.name)

    @property
    def svg(self) -> str:
        """The SVG element, to stand in a page; see `svg_of`."""
        return svg_of(self.name)

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.svg


@lru_cache(maxsize=_KEPT)
def svg_of(name: str) -> str:
    """The SVG element of one of `DIAGRAMS`, to stand in a page of HTML: without a prolog, its ids its own.

    Raises `ValueError`, which tells near names, for any other name, and `RenderError` where nothing could draw it.
    """
    diagram = Diagram(name)
    drawn = picture(diagram.dot, "svg").decode("utf-8")
    element = drawn[drawn.index("<svg") :].replace(' id="', f' id="dicomnet-{name}-')
    # Graphviz says more of a thing by a link, which may lead nowhere: a page's style is not to underline it.
    element = element.replace("<a xlink:", '<a style="text-decoration: none" xlink:')
    return element.replace("<svg", f'<svg role="img" aria-label={quoteattr(diagram.title)}', 1).strip() + "\n"


def unknown(name: str, names: tuple[str, ...]) -> str:
    """What is said of a name that is none of `names`."""
    near = difflib.get_close_matches(name, names, n=3)
    told = f"near: {', '.join(near)}" if near else f"there are: {', '.join(names)}"
    return f"there is no {name!r}; {told}"
