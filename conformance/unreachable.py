"""What the tester cannot drive in a target: every such cell of Table 9-10, with the reason.

The generated cases drive the other cells; a test holds the two against the table, so no cell is forgotten.
"""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import ASSOCIATION

from . import generate, requestor
from .oracle import Cell

_REQUESTOR: Final = "only the end that asks for the association is ever here"
_ACCEPTOR: Final = "only the end that is asked for the association is ever here"
_RELEASER: Final = "the target's own user would have to ask for release"
_ABORTER: Final = (
    "the target's own user would have to abort when it is asked to release; nothing sent can make it"
)

# For each end: a state of which no cell can be driven, or a single cell.
_REASONS: Final[dict[str, dict[str, str]]] = {
    "acceptor": {
        "Sta1 x Evt1": "the target's own user would have to ask for an association",
        "Sta3 x Evt15": (
            "the target's own user would have to abort while it is asked; nothing sent can make it do so"
        ),
        "Sta4": _REQUESTOR,
        "Sta5": _REQUESTOR,
        "Sta6 x Evt11": _RELEASER,
        "Sta7": _RELEASER,
        "Sta9": f"release collision at the end that asked for the association: {_RELEASER}",
        "Sta10": f"release collision: {_RELEASER}",
        "Sta11": f"release collision at the end that asked for the association: {_RELEASER}",
        "Sta12": f"release collision: {_RELEASER}",
    },
    "requestor": {
        "Sta1 x Evt5": "the target would have to listen",
        "Sta2": _ACCEPTOR,
        "Sta3": _ACCEPTOR,
        "Sta4 x Evt15": "the target's own user would have to abort before there is a connection to see it on",
        "Sta9 x Evt15": _ABORTER,
        "Sta10": f"release collision: {_ACCEPTOR}",
        "Sta12": f"release collision: {_ACCEPTOR}",
    },
}
_GENERATED: Final = {"acceptor": generate.generated, "requestor": requestor.generated}


def unreachable(role: str = "acceptor") -> dict[str, dict[str, str]]:
    """State, then event: why no tester can cause it in a target of this role. In the order of the table."""
    reasons = _REASONS[role]
    table: dict[str, dict[str, str]] = {}
    for state, row in ASSOCIATION.cells.items():
        for event in row:
            reason = reasons.get(f"{state} x {event}") or reasons.get(state)
            if reason is not None:
                table.setdefault(state, {})[event] = reason
    return table


def driven(role: str = "acceptor") -> frozenset[Cell]:
    """The cells of which there are cases."""
    return frozenset(case.cell for case in _GENERATED[role]() if case.cell is not None)


def cell_counts(role: str = "acceptor") -> tuple[int, int, int]:
    """How many cells Table 9-10 has, how many the suite drives, and how many cannot be reached from outside."""
    total = sum(len(row) for row in ASSOCIATION.cells.values())
    return total, len(driven(role)), sum(len(row) for row in unreachable(role).values())


def unreachable_lines(role: str = "acceptor") -> list[str]:
    """The list in words: one line for the cells of a state that share a reason."""
    shared: dict[tuple[str, str], list[str]] = {}
    for state, row in unreachable(role).items():
        for event, reason in row.items():
            shared.setdefault((state, reason), []).append(event)
    return [f"{state} x {', '.join(events)}: {reason}" for (state, reason), events in shared.items()]
