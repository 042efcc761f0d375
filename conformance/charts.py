"""Sequence charts of what a report holds: one case, with its messages, its times and its verdict."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Final, cast

from dicomnet.diagrams import Chart, Happening, Message, Note, Parting, State, States

from .baseline import BaselineError, read_json_file
from .following import Followed
from .reports.jsonfile import SCHEMA

TESTER: Final = "tester"
# What one end does with the connection: it goes from one to the other, as a PDU does.
_DEEDS: Final = ("connect", "close", "half-close", "reset", "connection open")
_UNHAPPY: Final = frozenset({"fail", "non-strict", "inconclusive", "error"})
NEAR: Final = 3


class NoChartError(Exception):
    """There is nothing to be drawn; the text says why, and what there is."""


def chart_of(case: Mapping[str, object]) -> Chart:
    """The chart of a case of the JSON report, with the states that Table 9-10 says the ends are in."""
    evidence = [
        cast("Mapping[str, object]", row)
        for row in cast("Sequence[object]", case.get("evidence") or ())
        if isinstance(row, dict)
    ]
    target = f"target ({case.get('role', 'acceptor')})"
    others = list(dict.fromkeys(_other(row, target) for row in evidence)) or [target]
    states = _states(case, [(row, _other(row, target)) for row in evidence], several=len(others) > 1)
    happenings: list[Happening] = []
    parts = 0
    for row, told in zip(evidence, states, strict=True):
        happenings.append(_happening(row, _other(row, target)))
        if told:
            happenings.append(States(told))
        # Where it is the target that did what was not expected, it is there that both part.
        if row.get("who") != TESTER and str(row.get("what")) == str(case.get("observed")):
            parts = len(happenings)
    if str(case.get("verdict")) in _UNHAPPY:
        parting = Parting(str(case.get("expected", "")), str(case.get("observed", "")))
        happenings.insert(parts or len(happenings), parting)
    title = f"{case.get('id')}: {case.get('title')} ({case.get('verdict')}, {case.get('transport')})"
    return Chart(title, (TESTER, *others), tuple(happenings))


def _states(
    case: Mapping[str, object], rows: Sequence[tuple[Mapping[str, object], str]], *, several: bool
) -> list[tuple[State, ...]]:
    """The states that are news after each row; of several connections those of the target's ends alone.

    Where what is tried is the handshake of TLS, the octets are no PDUs, and there is nothing to be followed.
    """
    if str(case.get("id", "")).startswith("tls."):
        return [()] * len(rows)
    called = case.get("role") == "requestor"
    followed: dict[str, Followed] = {}
    places: list[int] = []
    met: Counter[str] = Counter()
    for row, other in rows:
        if other not in followed:
            followed[other] = Followed(*((other, TESTER) if called else (TESTER, other)))
        _follow(followed[other], row, TESTER if row.get("who") == TESTER else other)
        places.append(met[other])
        met[other] += 1
    return [
        followed[other].states(place, *([other] if several else [TESTER, other]))
        for place, (_, other) in zip(places, rows, strict=True)
    ]


def _follow(followed: Followed, row: Mapping[str, object], who: str) -> None:
    what, octets = str(row.get("what", "")), _octets(row)
    if octets:
        followed.sends(who, octets, int(_number(row, "total")))
    elif what == "connect":
        followed.asks()
    elif what == "connection open":
        followed.opens()
    elif what.startswith(("close", "reset")):
        followed.leaves(who)
    elif what.startswith("half-close"):
        followed.half_closes(who)
    else:
        followed.nothing()


def _octets(row: Mapping[str, object]) -> bytes:
    """The octets of a row; none where they are not written as such."""
    try:
        return bytes.fromhex(str(row.get("octets") or ""))
    except ValueError:
        return b""


def _number(row: Mapping[str, object], name: str) -> float:
    """A number of a row; 0 where it is none."""
    try:
        number = float(str(row.get(name) or 0))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0


def _other(row: Mapping[str, object], target: str) -> str:
    """Where a case has several connections, each has a lifeline of its own."""
    connection = row.get("connection")
    return f"{target} {connection}" if connection else target


def _happening(row: Mapping[str, object], other: str) -> Happening:
    seconds, what = _number(row, "seconds"), str(row.get("what", ""))
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
    try:
        return chart_of(found[0])
    except ValueError as error:
        raise NoChartError(f"{path}: case {case_id!r} cannot be drawn: {error}") from error
