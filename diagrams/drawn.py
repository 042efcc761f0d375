"""The diagrams by their names."""

from __future__ import annotations

from dicomnet.statemachine import COUPLING, MACHINES

from .dot import coupling_dot, machine_dot
from .marks import Marks
from .mermaid import coupling_mermaid, machine_mermaid

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
