"""Whether the evidence places the target in the state that a case is about."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import ASSOCIATION

from .oracle import CLOSED_EARLY
from .verdict import Cell, Result, Verdict

# Where a target is whose user has nothing to say: that it was not there is no choice of his.
_RESTING: Final = frozenset({"Sta2", "Sta5", "Sta6", "Sta7"})


def place(result: Result, sure: frozenset[Cell], possible: frozenset[Cell]) -> None:
    """Say where the target was. `sure` are the cells that were driven for certain, `possible` those that may be."""
    cell = result.case.cell
    if cell is None:
        return
    if cell in sure:
        result.driven = "driven"
    elif cell[0] == "Sta13" and CLOSED_EARLY in result.notes:
        result.driven = "closed early"  # whether it was before the event or after it
    elif cell in possible:
        result.driven = "cannot be told"
    else:
        others = sorted({state for state, event in sure if event == cell[1]})
        result.driven = f"handled in {'/'.join(others)}" if others else "not driven"
    if result.driven != "driven" and result.verdict is Verdict.PASS:
        if ASSOCIATION.event[cell[1]].origin == "local-user" and result.driven == "not driven":
            result.verdict = Verdict.NOT_APPLICABLE  # it is the target's user who decides
        elif cell[0] in _RESTING and result.driven != "cannot be told":
            result.verdict = Verdict.INCONCLUSIVE
        result.notes.append(f"{cell[0]} x {cell[1]}: {result.driven}")
