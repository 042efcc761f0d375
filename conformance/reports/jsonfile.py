"""The report as JSON (schema `dicomnet-report/1`)."""

from __future__ import annotations

import json
from pathlib import Path

from ..session import Report
from ..verdict import Result

SCHEMA = "dicomnet-report/1"


def report_as_dict(report: Report, repeat: str) -> dict[str, object]:
    """The report as plain data; `repeat` is the command that repeats one case, with `{id}` for its id."""
    return {
        "schema": SCHEMA,
        "target": report.target,
        "interrupted": report.interrupted,
        "blamed": report.blamed or None,
        "remarks": report.remarks,
        "cases": [_case(result, repeat) for result in report.results],
        "cells": report.cells(),
        "summary": report.summary(),
    }


def _case(result: Result, repeat: str) -> dict[str, object]:
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
        "repeat": repeat.format(id=case.id),
    }


def write_json(report: Report, repeat: str, path: Path) -> None:
    """Write the report; a file of that name is replaced only when the whole text is there."""
    text = json.dumps(report_as_dict(report, repeat), indent=1, ensure_ascii=True)
    replace_text(path, text + "\n")


def replace_text(path: Path, text: str) -> None:
    """Write a text file by way of a temporary one beside it."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
