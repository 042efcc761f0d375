"""The report as JSON (schema `dicomnet-report/1`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ..baseline import NO_BASELINE, Baseline, Comparison, ExpectedDeviation, Standing
from ..evidence import Entry
from ..session import Report
from ..unreachable import unreachable
from ..verdict import Result
from .files import replace_text
from .text import Repeat

SCHEMA = "dicomnet-report/1"


def report_as_dict(report: Report, repeat: Repeat, baseline: Baseline = NO_BASELINE) -> dict[str, object]:
    """The report as plain data, with what a baseline makes of it."""
    compared = baseline.compare(report)
    return {
        "schema": SCHEMA,
        "version": version("dicomnet"),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "command": report.command or None,
        "target": report.target,
        "role": report.role,
        "interrupted": report.interrupted,
        "blamed": report.blamed or None,
        "remarks": report.remarks,
        "cases": [_case(result, repeat, compared) for result in report.results],
        "cells": report.cells(),
        "unreachable": unreachable(report.role),
        "summary": report.summary(),
        "baseline": _baseline(baseline, compared) if baseline.name else None,
    }


def _baseline(baseline: Baseline, compared: Comparison) -> dict[str, object]:
    """What is expected, expired and gone."""
    standings = {
        standing.value: [_entry(entry) for entry in compared.entries(standing)] for standing in Standing
    }
    return {"file": baseline.name, **standings}


def _entry(entry: ExpectedDeviation) -> dict[str, object]:
    return {
        "case": entry.case,
        "on": entry.on or None,
        "verdict": entry.verdict.value,
        "reason": entry.reason,
        "expires": entry.expires.isoformat(),
    }


def _case(result: Result, repeat: Repeat, compared: Comparison) -> dict[str, object]:
    case = result.case
    standing = compared.of(result)
    return {
        "id": case.id,
        "title": case.title,
        "clause": case.clause,
        "requirement": case.requirement,
        "level": case.level.value,
        "role": case.role,
        "transport": result.transport,
        "verdict": result.verdict.value,
        **({"baseline": standing[0].value} if standing else {}),
        "expected": result.expected,
        "observed": result.observed,
        "cell": list(case.cell) if case.cell is not None else None,
        "driven": result.driven or None,
        "notes": result.notes,
        "close": {"how": result.ending.how, "after": round(result.ending.after, 6)},
        "attempts": result.attempts,
        "seconds": round(result.seconds, 6),
        "evidence": [entry_as_dict(entry) for entry in result.evidence.entries],
        "evidence_dropped": result.evidence.dropped,
        "traceback": result.evidence.traceback or None,
        "repeat": repeat(case.id),
    }


def entry_as_dict(entry: Entry) -> dict[str, object]:
    """One line of the timeline, as plain data."""
    return {
        "seconds": round(entry.seconds, 6),
        # Where a case has several connections, each entry says which it belongs to.
        **({"connection": entry.connection} if entry.connection else {}),
        "who": entry.who,
        "what": entry.what,
        "octets": entry.octets.hex(),
        "total": entry.total,
    }


def write_json(report: Report, repeat: Repeat, path: Path, baseline: Baseline = NO_BASELINE) -> None:
    """Write the report."""
    text = json.dumps(report_as_dict(report, repeat, baseline), indent=1, ensure_ascii=True)
    replace_text(path, text + "\n")
