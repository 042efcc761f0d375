"""A Sphinx extension: `.. dicomnet:: NAME` puts a diagram, or the table itself, into a page.

Add `dicomnet.diagrams.sphinx` to `extensions` in conf.py (needs `pip install 'dicomnet[sphinx]'`). HTML shows the
picture as SVG inside the page; other builders, and the option `:table:`, show the table. `:caption:` and `:name:` are
those of a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.metadata import version
from typing import ClassVar, Final

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import only
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata, OptionSpec

from .drawn import DIAGRAMS, TABLE_BEHIND
from .render import RenderError
from .shown import Diagram, svg_of, unknown
from .tabular import TABLES, Rows, table_rows

_LOG: Final = logging.getLogger(__name__)
# A picture is wider than many a page: it is scrolled by itself, with the keyboard as well.
_SCROLLED: Final = 'class="dicomnet-diagram" style="overflow-x: auto" role="region" tabindex="0"'

NAMES: Final = tuple(dict.fromkeys((*TABLES, *DIAGRAMS)))


class DicomnetDirective(SphinxDirective):
    """`.. dicomnet:: NAME`: one of the diagrams and tables of `dicomnet diagram` and `dicomnet table`.

    A name that there is not, or a picture that nothing can draw, is a warning at its place, and the page goes on.
    """

    required_arguments = 1
    option_spec: ClassVar[OptionSpec | None] = {
        "table": directives.flag,
        "caption": directives.unchanged_required,
        "name": directives.unchanged,
    }

    def run(self) -> Sequence[nodes.Node]:
        """The nodes that stand in its place."""
        name: str = self.arguments[0]
        if name not in NAMES:
            self._warn(unknown(name, NAMES))
            return []
        title = Diagram(name).title if name in DIAGRAMS else ""
        shown: list[nodes.Node] = [self._table(table_rows(TABLE_BEHIND.get(name, name)), title)]
        if "table" not in self.options and title:
            try:
                picture = self._picture(title, svg_of(name))
            except RenderError as error:
                self._warn(f"{name}: {error}; the table is shown instead")
            else:
                shown = [only("", *picture, expr="format_html"), only("", *shown, expr="not format_html")]
        whole = nodes.container("", *shown, classes=["dicomnet"])
        self.add_name(whole)
        return [whole]

    def _picture(self, title: str, svg: str) -> list[nodes.Node]:
        """The picture, for HTML alone."""
        div = f'<div {_SCROLLED} aria-label="{escape(title)}">\n{svg}</div>'
        picture: list[nodes.Node] = [nodes.raw("", div, format="html")]
        if "caption" in self.options:
            picture.append(nodes.paragraph("", "", *self._caption(), classes=["caption"]))
        return picture

    def _caption(self) -> list[nodes.Node]:
        inline, messages = self.parse_inline(self.options["caption"])
        return [*inline, *messages]

    def _table(self, rows: Rows, title: str) -> nodes.table:
        columns = range(len(rows.head))
        widths = [max(len(row[column]) for row in (rows.head, *rows.rows)) for column in columns]
        group = nodes.tgroup(cols=len(rows.head))
        group += [nodes.colspec(colwidth=min(max(width, 4), 40)) for width in widths]
        head, body = nodes.thead(), nodes.tbody()
        head += _row(rows.head)
        body += [_row(row) for row in rows.rows]
        group += [head, body]
        table = nodes.table("", classes=["dicomnet-table", "longtable"])
        caption = self._caption() if "caption" in self.options else [nodes.Text(title or rows.title)]
        table += [nodes.title("", "", *caption), group]
        return table

    def _warn(self, text: str) -> None:
        _LOG.warning("dicomnet: %s", text, location=self.get_location(), type="dicomnet")


def _row(cells: tuple[str, ...]) -> nodes.row:
    row = nodes.row()
    row += [nodes.entry("", nodes.paragraph(cell, cell)) for cell in cells]
    return row


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx. Pages are made anew where another version of dicomnet draws them."""
    app.add_config_value("dicomnet_version", version("dicomnet"), "env", (str,))
    app.add_directive("dicomnet", DicomnetDirective)
    return {"version": version("dicomnet"), "parallel_read_safe": True, "parallel_write_safe": True}
