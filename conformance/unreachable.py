"""What an outside requestor cannot drive in an acceptor: every such cell of Table 9-10, with the reason.

The cases of `generate` drive the other cells; a test holds the two against the table, so no cell is forgotten.
"""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import ASSOCIATION

from .generate import generated
from .oracle import Cell

_REQUESTOR: Final = "only the end that asks for the association is ever here"
_RELEASER: Final = "the target's own user would have to ask for release"

# A state of which no cell can be driven, or a single cell.
_REASONS: Final[dict[str, str]] = {
    "Sta1 x Evt1": "the target's own user would have to ask for an association",
    "Sta3 x Evt15": "the target's own user would have to abort while it is asked; nothing sent can make it do so",
    "Sta4": _REQUESTOR,
    "Sta5": _REQUESTOR,
    "Sta6 x Evt11": _RELEASER,
    "Sta7": _RELEASER,
    "Sta9": f"release collision at the end that asked for the association: {_RELEASER}",
    "Sta10": f"release collision: {_RELEASER}",
    "Sta11": f"release collision at the end that asked for the association: {_RELEASER}",
    "Sta12": f"release collision: {_RELEASER}",
}


def unreachable() -> dict[str, dict[str, str]]:
    """State, then event: why no outside requestor can cause it in an acceptor. In the order of the table."""
    table: dict[str, dict[str, str]] = {}
    for state, row in ASSOCIATION.cells.items():
        for event in row:
            reason = _REASONS.get(f"{state} x {event}") or _REASONS.get(state)
            if reason is not None:
                table.setdefault(state, {})[event] = reason
    return table


def driven() -> frozenset[Cell]:
    """The cells of which there are cases."""
    return frozenset(case.cell for case in generated() if case.cell is not None)


def cell_counts() -> tuple[int, int, int]:
    """How many cells Table 9-10 has, how many the suite drives, and how many cannot be reached from outside."""
    total = sum(len(row) for row in ASSOCIATION.cells.values())
    return total, len(driven()), sum(len(row) for row in unreachable().values())


def unreachable_lines() -> list[str]:
    """The list in words: one line for the cells of a state that share a reason."""
    shared: dict[tuple[str, str], list[str]] = {}
    for state, row in unreachable().items():
        for event, reason in row.items():
            shared.setdefault((state, reason), []).append(event)
    return [f"{state} x {', '.join(events)}: {reason}" for (state, reason), events in shared.items()]
