"""The diagrams by their names."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import ASSOCIATION, COUPLING, COUPLING_TITLE, MACHINES

from .arrows import View
from .dot import ENDPOINT_TITLE, coupling_dot, endpoint_dot, machine_dot
from .marks import Marks
from .mermaid import coupling_mermaid, machine_mermaid

# What one end of an association sees of its machine: the other end's way in is not there, and what follows from it.
VIEWS: Final = {
    view.name: view
    for view in (
        View(
            "association-requestor",
            ASSOCIATION.name,
            "the end that asks for the association",
            frozenset({"Evt5"}),
            frozenset({"local-end-is-association-acceptor"}),
        ),
        View(
            "association-acceptor",
            ASSOCIATION.name,
            "the end that is asked for the association",
            frozenset({"Evt1"}),
            frozenset({"local-end-is-association-requestor"}),
        ),
    )
}
COUPLED, COMPOSED = "coupling", "endpoint"
# The table behind a diagram that is none of its own.
TABLE_BEHIND: Final = {COMPOSED: COUPLED} | {view.name: view.machine for view in VIEWS.values()}
DIAGRAMS: tuple[str, ...] = (*MACHINES, *VIEWS, COUPLED, COMPOSED)


def title_of(name: str) -> str:
    """What one of `DIAGRAMS` shows; raises `KeyError` for any other name."""
    if name in (COUPLED, COMPOSED):
        return COUPLING_TITLE if name == COUPLED else ENDPOINT_TITLE
    view = VIEWS.get(name)
    return MACHINES[name].title if view is None else f"{MACHINES[view.machine].title}: {view.title}"


def dot_of(name: str, marks: Marks | None = None, *, key: bool = True) -> str:
    """The DOT source of one of `DIAGRAMS`; raises `KeyError` for any other name.

    With `marks` the arrows of a machine are coloured by how far a run has covered them; without the `key` it is not
    said what the events and actions of a machine are.
    """
    if name in (COUPLED, COMPOSED):
        return (coupling_dot if name == COUPLED else endpoint_dot)(COUPLING, MACHINES)
    view = VIEWS.get(name)
    return machine_dot(MACHINES[name if view is None else view.machine], marks, view, key=key)


def mermaid_of(name: str) -> str:
    """The Mermaid text of one of `DIAGRAMS`; raises `KeyError` for any other name."""
    if name in (COUPLED, COMPOSED):
        return coupling_mermaid(COUPLING, MACHINES, states=name == COMPOSED)
    view = VIEWS.get(name)
    return machine_mermaid(MACHINES[name if view is None else view.machine], view)
