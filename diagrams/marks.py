"""How far each cell of a table was covered by a run, as colour and sign; the signs alone tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Mark(Enum):
    """What is known of a cell. The later a mark stands here, the more it weighs where several meet on an arrow."""

    UNREACHABLE = "cannot be driven from outside"
    UNSEEN = "not driven in this run"
    PASSED = "driven, as the table says"
    LESS = "driven, less than strict"
    OPEN = "driven, nothing could be told"
    FAILED = "driven, not as the table says"


SIGN: Final[Mapping[Mark, str]] = {
    Mark.UNREACHABLE: "-",
    Mark.UNSEEN: "o",
    Mark.PASSED: "\N{CHECK MARK}",
    Mark.LESS: "~",
    Mark.OPEN: "?",
    Mark.FAILED: "\N{BALLOT X}",
}
# On paper: the fill of a cell, and the ink of an arrow. Blue, orange and vermilion are told apart by the colour-blind.
FILL: Final[Mapping[Mark, str]] = {
    Mark.UNREACHABLE: "#e6e6e6",
    Mark.UNSEEN: "#ffffff",
    Mark.PASSED: "#cfe5f7",
    Mark.LESS: "#fbe5b0",
    Mark.OPEN: "#e5d9f2",
    Mark.FAILED: "#f4b6a6",
}
INK: Final[Mapping[Mark, str]] = {
    Mark.UNREACHABLE: "#9a9a9a",
    Mark.UNSEEN: "#5f6b76",
    Mark.PASSED: "#0b5cad",
    Mark.LESS: "#9a6700",
    Mark.OPEN: "#6f42a5",
    Mark.FAILED: "#b3261e",
}
Marks = Mapping[tuple[str, str], Mark]


def heaviest(marks: Marks, cells: list[tuple[str, str]]) -> Mark:
    """The mark of several cells together."""
    order = list(Mark)
    return max((marks.get(cell, Mark.UNSEEN) for cell in cells), key=order.index)
