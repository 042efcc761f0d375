"""Draws the tables: DOT source that is the same each time, and its picture. Reads tables and nothing else."""

from dicomnet.statemachine import COUPLING, MACHINES

from .arrows import Arrow, Line, arrows_of
from .dot import coupling_dot, machine_dot
from .render import FORMATS, RenderError, picture

DIAGRAMS: tuple[str, ...] = (*MACHINES, "coupling")


def dot_of(name: str) -> str:
    """The DOT source of one of `DIAGRAMS`; raises `KeyError` for any other name."""
    return coupling_dot(COUPLING, MACHINES) if name == "coupling" else machine_dot(MACHINES[name])


__all__ = [
    "DIAGRAMS",
    "FORMATS",
    "Arrow",
    "Line",
    "RenderError",
    "arrows_of",
    "coupling_dot",
    "dot_of",
    "machine_dot",
    "picture",
]
