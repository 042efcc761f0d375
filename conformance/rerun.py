"""What failed in an earlier run, read from its JSON report."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

from .baseline import BaselineError, read_json_file
from .bench import KITS
from .reports.jsonfile import SCHEMA
from .verdict import Verdict

AGAIN: Final = (Verdict.FAIL.value, Verdict.INCONCLUSIVE.value, Verdict.ERROR.value)


def failed_in(path: Path) -> tuple[str, ...]:
    """The ids of the cases that failed, stayed inconclusive, or met a fault of the tester, each once.

    Raises `BaselineError` where the file is no report, or one of a run that could not test anything.
    """
    report = read_json_file(path, SCHEMA)
    rows = report.get("cases")
    if not isinstance(rows, list):
        raise BaselineError(f'{path}: "cases" must be a list')
    ids: list[str] = []
    verdicts = {verdict.value for verdict in Verdict}
    for number, row in enumerate(cast("list[object]", rows), 1):
        fields = cast("dict[str, object]", row) if isinstance(row, dict) else {}
        case, verdict = fields.get("id"), fields.get("verdict")
        if not isinstance(case, str) or verdict not in verdicts:
            raise BaselineError(f"{path}: case {number} has no id, or no verdict that is known")
        if verdict in AGAIN:
            ids.append(case)
    insane = [kit.sanity.id for kit in KITS.values() if kit.sanity.id in ids]
    if report.get("blamed") or insane:
        why = report.get("blamed") or f"{insane[0]} failed"
        raise BaselineError(f"{path}: that run could not test its target ({why}): run the suite again")
    return tuple(dict.fromkeys(ids))
