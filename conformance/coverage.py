"""What a report says of each cell of Table 9-10: driven or not, and how it came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from dicomnet.diagrams import Mark
from dicomnet.statemachine import ASSOCIATION

from .baseline import BaselineError, read_json_file
from .charts import NoChartError
from .oracle import Cell
from .reports.jsonfile import SCHEMA

MARK_OF: Final = {
    "pass": Mark.PASSED,
    "non-strict": Mark.LESS,
    "informational": Mark.LESS,
    "fail": Mark.FAILED,
    "inconclusive": Mark.OPEN,
    "error": Mark.OPEN,
}


def read_report(path: Path) -> dict[str, object]:
    """A report of `dicomnet test`. Raises `NoChartError` where the file is none."""
    try:
        return read_json_file(path, SCHEMA)
    except BaselineError as error:
        raise NoChartError(str(error)) from error


def marks_of(report: Mapping[str, object]) -> dict[Cell, Mark]:
    """The mark of each legal cell. What is driven on the way to another case counts as well."""
    marks = dict.fromkeys(
        ((state, event) for state, row in ASSOCIATION.cells.items() for event in row), Mark.UNSEEN
    )
    for cell, _ in _cells(report.get("unreachable")):
        _mark(marks, cell, Mark.UNREACHABLE)
    for cell, times in _cells(report.get("cells")):
        if times:
            _mark(marks, cell, Mark.PASSED)
    order = list(Mark)
    rows = report.get("cases")
    for row in cast("Sequence[object]", rows if isinstance(rows, list) else ()):
        case = cast("Mapping[str, object]", row if isinstance(row, dict) else {})
        pair, mark = case.get("cell"), MARK_OF.get(str(case.get("verdict")))
        if mark is None or not isinstance(pair, list) or len(cast("list[object]", pair)) != 2:
            continue
        state, event = map(str, cast("list[object]", pair))
        before = marks.get((state, event))
        if before is not None and order.index(mark) > order.index(before):
            marks[state, event] = mark
    return marks


def _mark(marks: dict[Cell, Mark], cell: Cell, mark: Mark) -> None:
    if cell in marks:
        marks[cell] = mark


def _cells(table: object) -> list[tuple[Cell, object]]:
    """State, then event, as the report has them."""
    if not isinstance(table, dict):
        return []
    rows = cast("dict[str, object]", table)
    return [
        ((state, event), value)
        for state, row in rows.items()
        if isinstance(row, dict)
        for event, value in cast("dict[str, object]", row).items()
    ]
