"""Sequence charts of what a report holds: one case, with its messages, its times and its verdict."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from dicomnet.diagrams import Chart, Happening, Message, Note, Parting

from .baseline import BaselineError, read_json_file
from .reports.jsonfile import SCHEMA

TESTER: Final = "tester"
# What one end does with the connection: it goes from one to the other, as a PDU does.
_DEEDS: Final = ("connect", "close", "half-close", "reset", "connection open")
_UNHAPPY: Final = frozenset({"fail", "non-strict", "inconclusive", "error"})
NEAR: Final = 3


class NoChartError(Exception):
    """There is nothing to be drawn; the text says why, and what there is."""


def chart_of(case: Mapping[str, object]) -> Chart:
    """The chart of a case of the JSON report."""
    rows = cast("Sequence[Mapping[str, object]]", case.get("evidence") or ())
    target = f"target ({case.get('role', 'acceptor')})"
    others = list(dict.fromkeys(_other(row, target) for row in rows)) or [target]
    happenings: list[Happening] = [_happening(row, _other(row, target)) for row in rows]
    if case.get("verdict") in _UNHAPPY:
        happenings.append(Parting(str(case.get("expected", "")), str(case.get("observed", ""))))
    title = f"{case.get('id')}: {case.get('title')} ({case.get('verdict')}, {case.get('transport')})"
    return Chart(title, (TESTER, *others), tuple(happenings))


def _other(row: Mapping[str, object], target: str) -> str:
    """Where a case has several connections, each has a lifeline of its own."""
    connection = row.get("connection")
    return f"{target} {connection}" if connection else target


def _happening(row: Mapping[str, object], other: str) -> Happening:
    seconds, what = float(str(row.get("seconds", 0))), str(row.get("what", ""))
    by_tester = row.get("who") == TESTER
    octets = str(row.get("octets") or "")
    if octets or what.startswith(_DEEDS):
        total = row.get("total") or 0
        detail = f"{what}\n{total} octets: {octets}" if octets else what
        ends = (TESTER, other) if by_tester else (other, TESTER)
        return Message(seconds, *ends, what, detail)
    return Note(seconds, TESTER if by_tester else other, what)


def chart_from(path: Path, case_id: str, transport: str = "") -> Chart:
    """The chart of one case of a report; of several transports the first, or the one that is named.

    Raises `NoChartError` where the file is no such report, or the case is not in it.
    """
    try:
        report = read_json_file(path, SCHEMA)
    except BaselineError as error:
        raise NoChartError(str(error)) from error
    rows = [
        cast("dict[str, object]", row)
        for row in cast("list[object]", report.get("cases") or ())
        if isinstance(row, dict)
    ]
    found = [row for row in rows if row.get("id") == case_id and transport in ("", row.get("transport"))]
    if not found:
        known = sorted({str(row.get("id")) for row in rows})
        near = difflib.get_close_matches(case_id, known, n=NEAR) or known[:NEAR]
        told = f"; near: {', '.join(near)}" if near else ""
        raise NoChartError(f"{path}: case {case_id!r} is not in this report{told}")
    return chart_of(found[0])
