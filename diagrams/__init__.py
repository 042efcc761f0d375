"""Draws the tables: DOT source that is the same each time, and its picture. Reads tables and nothing else."""

from dicomnet.statemachine import COUPLING, MACHINES

from .arrows import Arrow, Line, arrows_of
from .dot import coupling_dot, machine_dot
from .heat import heat_svg
from .marks import Mark, Marks
from .mermaid import coupling_mermaid, machine_mermaid
from .render import FORMATS, RenderError, picture
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
from .tabular import TABLES, TLS_PROFILES_TABLE, table_csv, table_html, table_rows

DIAGRAMS: tuple[str, ...] = (*MACHINES, "coupling")


def dot_of(name: str, marks: Marks | None = None) -> str:
    """The DOT source of one of `DIAGRAMS`; raises `KeyError` for any other name.

    With `marks` the arrows of a machine are coloured by how far a run has covered them.
    """
    if name == "coupling":
        return coupling_dot(COUPLING, MACHINES)
    return machine_dot(MACHINES[name], marks)


def mermaid_of(name: str) -> str:
    """The Mermaid text of one of `DIAGRAMS`; raises `KeyError` for any other name."""
    if name == "coupling":
        return coupling_mermaid(COUPLING, MACHINES)
    return machine_mermaid(MACHINES[name])


__all__ = [
    "DIAGRAMS",
    "FORMATS",
    "MAX_STEPS",
    "TABLES",
    "TLS_PROFILES_TABLE",
    "Arrow",
    "Chart",
    "Happening",
    "Line",
    "Mark",
    "Marks",
    "Message",
    "Note",
    "Parting",
    "RenderError",
    "State",
    "States",
    "arrows_of",
    "chart_mermaid",
    "chart_svg",
    "coupling_dot",
    "coupling_mermaid",
    "dot_of",
    "heat_svg",
    "lifelines_of",
    "machine_dot",
    "machine_mermaid",
    "mermaid_of",
    "picture",
    "table_csv",
    "table_html",
    "table_rows",
]
