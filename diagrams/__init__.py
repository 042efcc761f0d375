"""Draws the tables: DOT source that is the same each time, and its picture. Reads tables and nothing else."""

from .arrows import Arrow, Line, View, arrows_of
from .dot import coupling_dot, endpoint_dot, machine_dot
from .drawn import DIAGRAMS, VIEWS, dot_of, mermaid_of, title_of
from .heat import heat_svg
from .marks import SIGN, Mark, Marks
from .mermaid import coupling_mermaid, machine_mermaid
from .render import FORMATS, RenderError, engine, picture
from .sequence import (
    MAX_STEPS,
    Chart,
    Happening,
    Message,
    Note,
    Parting,
    State,
    States,
    chart_mermaid,
    chart_svg,
    lifelines_of,
)
from .shown import Diagram, svg_of
from .standard import address_of
from .tabular import (
    TABLES,
    TLS_PROFILES_TABLE,
    Rows,
    machine_html,
    rows_csv,
    table_csv,
    table_html,
    table_rows,
)
from .theme import CLASS, DARK, THEMES

__all__ = [
    "CLASS",
    "DARK",
    "DIAGRAMS",
    "FORMATS",
    "MAX_STEPS",
    "SIGN",
    "TABLES",
    "THEMES",
    "TLS_PROFILES_TABLE",
    "VIEWS",
    "Arrow",
    "Chart",
    "Diagram",
    "Happening",
    "Line",
    "Mark",
    "Marks",
    "Message",
    "Note",
    "Parting",
    "RenderError",
    "Rows",
    "State",
    "States",
    "View",
    "address_of",
    "arrows_of",
    "chart_mermaid",
    "chart_svg",
    "coupling_dot",
    "coupling_mermaid",
    "dot_of",
    "endpoint_dot",
    "engine",
    "heat_svg",
    "lifelines_of",
    "machine_dot",
    "machine_html",
    "machine_mermaid",
    "mermaid_of",
    "picture",
    "rows_csv",
    "svg_of",
    "table_csv",
    "table_html",
    "table_rows",
    "title_of",
]
