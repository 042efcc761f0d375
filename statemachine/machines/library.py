"""The library lifecycle: STOPPED or STARTED, counted (connection layer, rows 1, 2, 21, 23)."""

from __future__ import annotations

from typing import Final

from ..effects import CreateObject, EndAllObjects
from ..kernel import Action, Branch, Machine, Payload, State, event_kinds, parse_grid

SOURCE: Final = "dicomnet connection layer"

GRID: Final = """
            STOPPED   STARTED
startup     LB-1      LB-1
new-object  LB-2      LB-3
shutdown    LB-2      LB-4
"""


def _is_last(count: int, _payload: Payload) -> bool:
    return count <= 1


LIBRARY: Final[Machine[int]] = Machine(
    name="library",
    title="Library lifecycle",
    source=SOURCE,
    states=(
        State("STOPPED", "not started: no network object can be made", "idle"),
        State("STARTED", "started; the count says how often", "idle"),
    ),
    events=event_kinds(
        ("startup", "local-user", "start the library once more"),
        ("new-object", "local-user", "make a network object"),
        ("shutdown", "local-user", "take one start back"),
    ),
    cells=parse_grid(GRID),
    actions={
        action.name: action
        for action in (
            Action("LB-1", "row 1", "count one more start", (Branch("STARTED", updates=("count-up",)),)),
            Action(
                "LB-2",
                "rows 2 and 23",
                "refuse: the library is not started",
                (Branch("STOPPED", refuse="not_initialised"),),
            ),
            Action("LB-3", "row 2", "make a network object", (Branch("STARTED", (CreateObject(),)),)),
            Action(
                "LB-4",
                "rows 21 and 23",
                "take one start back; the last one ends all objects",
                (
                    Branch("STOPPED", (EndAllObjects(),), when="last-start", updates=("count-down",)),
                    Branch("STARTED", when="not-last-start", updates=("count-down",)),
                ),
            ),
        )
    },
    initial="STOPPED",
    context=0,
    cell_clause=SOURCE,
    guards={"last-start": _is_last, "not-last-start": lambda count, payload: not _is_last(count, payload)},
    updates={
        "count-up": lambda count, _payload: count + 1,
        "count-down": lambda count, _payload: count - 1,
    },
)
