"""The report as JSON (schema `dicomnet-report/1`)."""

from __future__ import annotations

import json
from pathlib import Path

from ..session import Report
from ..unreachable import unreachable
from ..verdict import Result
from .files import replace_text
from .text import Repeat

SCHEMA = "dicomnet-report/1"


def report_as_dict(report: Report, repeat: Repeat) -> dict[str, object]:
    """The report as plain data."""
    return {
        "schema": SCHEMA,
        "target": report.target,
        "interrupted": report.interrupted,
        "blamed": report.blamed or None,
        "remarks": report.remarks,
        "cases": [_case(result, repeat) for result in report.results],
        "cells": report.cells(),
        "unreachable": unreachable(),
        "summary": report.summary(),
    }


def _case(result: Result, repeat: Repeat) -> dict[str, object]:
    case = result.case
    return {
        "id": case.id,
        "title": case.title,
        "clause": case.clause,
        "requirement": case.requirement,
        "level": case.level.value,
        "role": case.role,
        "transport": result.transport,
        "verdict": result.verdict.value,
        "expected": result.expected,
        "observed": result.observed,
        "driven": result.driven or None,
        "notes": result.notes,
        "close": {"how": result.ending.how, "after": round(result.ending.after, 6)},
        "attempts": result.attempts,
        "seconds": round(result.seconds, 6),
        "evidence": [
            {
                "seconds": round(entry.seconds, 6),
                "who": entry.who,
                "what": entry.what,
                "octets": entry.octets.hex(),
                "total": entry.total,
            }
            for entry in result.evidence.entries
        ],
        "evidence_dropped": result.evidence.dropped,
        "traceback": result.evidence.traceback or None,
        "repeat": repeat(case.id),
    }


def write_json(report: Report, repeat: Repeat, path: Path) -> None:
    """Write the report."""
    text = json.dumps(report_as_dict(report, repeat), indent=1, ensure_ascii=True)
    replace_text(path, text + "\n")
