"""Expected deviations (schema `dicomnet-baseline/1`): which failures of a target are known, why, and until when.

A baseline makes no verdict better. It says which of them are news: a failure that is not in it, one that is in it and
no longer happens, and one whose time is over.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from .case import SIDES
from .cases.tls import every_tls_case
from .session import Report
from .suite import all_cases
from .verdict import Result, Verdict

SCHEMA: Final = "dicomnet-baseline/1"
# What a run without a baseline fails for; the others need no excuse.
EXPECTABLE: Final = (Verdict.FAIL, Verdict.INCONCLUSIVE)
# The ways by which a suite reaches a target, as the reports call them.
CARRIERS: Final = ("tcp", "memory", "memory, user answers after 1 s")
LABELS: Final = tuple(f"{carrier}{tls}" for carrier in CARRIERS for tls in ("", ", TLS"))
DAYS: Final = 90
TO_BE_SAID: Final = "TO BE SAID: why this is expected"
FIELDS: Final = {"case", "verdict", "reason", "expires", "on"}
# A file with many faults is told by its first.
MOST_FAULTS: Final = 8
# The largest report of a run is some megabytes; what is so much larger is another file, or a device without end.
MOST_OCTETS: Final = 400_000_000


class BaselineError(ValueError):
    """A file that is no baseline, or one that cannot be meant as it is written; the text says where and what."""


class Standing(Enum):
    """What a baseline makes of a result."""

    EXPECTED = "expected"
    EXPIRED = "expired"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ExpectedDeviation:
    """An expected deviation: `case` (its id) gets `verdict`, for this `reason`, up to and including `expires` (UTC).

    `on` is the transport label for which it is expected; "" = any.
    """

    case: str
    verdict: Verdict
    reason: str
    expires: date
    on: str = ""

    @property
    def named(self) -> str:
        """The case, and on what."""
        return f"{self.case} on {self.on}" if self.on else self.case


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a baseline makes of a report: by the result's transport and case id, and the entries by their standing."""

    standings: dict[tuple[str, str], tuple[Standing, ExpectedDeviation]] = field(
        default_factory=dict[tuple[str, str], tuple[Standing, ExpectedDeviation]]
    )

    def of(self, result: Result) -> tuple[Standing, ExpectedDeviation] | None:
        """The standing of a result and the entry that decides it; None where the baseline says nothing of it."""
        return self.standings.get((result.transport, result.case.id))

    def is_(self, result: Result, standing: Standing) -> bool:
        """Whether this is the standing of the result."""
        found = self.of(result)
        return found is not None and found[0] is standing

    def entries(self, standing: Standing) -> list[ExpectedDeviation]:
        """The entries of that standing, each once."""
        return list(dict.fromkeys(entry for kind, entry in self.standings.values() if kind is standing))

    def words(self, result: Result) -> str:
        """The standing in words; "" where there is none."""
        found = self.of(result)
        if found is None:
            return ""
        standing, entry = found
        if standing is Standing.EXPECTED:
            return f"expected until {entry.expires}: {entry.reason}"
        if standing is Standing.EXPIRED:
            return f"was expected until {entry.expires}, which is over: {entry.reason}"
        return (
            f"the baseline expects {entry.verdict.value}, which no longer happens "
            f"(now {result.verdict.value}): take the entry out ({entry.reason})"
        )

    def exit_code(self, report: Report, *, allow_inconclusive: bool = False) -> int:
        """That of the report without what is expected; what is gone or expired is a failure (1)."""
        news = [result for result in report.results if not self.is_(result, Standing.EXPECTED)]
        code = replace(report, results=news).exit_code(allow_inconclusive=allow_inconclusive)
        bad = any(standing is not Standing.EXPECTED for standing, _ in self.standings.values())
        return 1 if bad and code in (0, 3) else code


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a file (`name`), as they are to be read on a day."""

    entries: tuple[ExpectedDeviation, ...] = ()
    name: str = ""
    today: date = date.min

    def compare(self, report: Report) -> Comparison:
        """The standing of each result. Of cases that were not run, or not judged, nothing is said."""
        standings: dict[tuple[str, str], tuple[Standing, ExpectedDeviation]] = {}
        for entry in self.entries:
            mine = [
                result
                for result in report.results
                if result.case.id == entry.case and entry.on in ("", result.transport)
            ]
            met = [result for result in mine if result.verdict is entry.verdict]
            for result in met:
                standing = Standing.EXPIRED if entry.expires < self.today else Standing.EXPECTED
                standings[result.transport, entry.case] = standing, entry
            # An inconclusive case and a fault of our own leave the question open.
            if not met and mine and all(_settled(result) for result in mine):
                for result in mine:
                    standings[result.transport, entry.case] = Standing.GONE, entry
        return Comparison(standings)

    def renewed(self, report: Report) -> tuple[ExpectedDeviation, ...]:
        """The entries for this report: what fails in it, with the reasons that are known already.

        Entries of cases that were not run stay; what is new or expired gets a reason and a date to be looked at.
        """
        kept = {
            (entry.case, entry.on): entry
            for entry in self.entries
            if all(result.case.id != entry.case for result in report.results)
        }
        compared = self.compare(report)
        for result in report.results:
            if not _excusable(result):
                continue
            found = compared.of(result)
            alike = [other for other in report.results if other.case.id == result.case.id]
            on = "" if all(other.verdict is result.verdict for other in alike) else result.transport
            if found is not None and found[0] is Standing.EXPECTED:
                entry = replace(found[1], on=on)
            else:
                expires = self.today + timedelta(days=DAYS)
                entry = ExpectedDeviation(result.case.id, result.verdict, TO_BE_SAID, expires, on)
            kept[entry.case, entry.on] = entry
        return tuple(kept.values())


NO_BASELINE: Final = Baseline()
"""Nothing is expected."""


def _settled(result: Result) -> bool:
    return result.verdict not in (Verdict.INCONCLUSIVE, Verdict.ERROR)


def _excusable(result: Result) -> bool:
    """Whether a run fails for this result; a case that was not even begun, as the target was gone, is no deviation."""
    if result.verdict is Verdict.INCONCLUSIVE:
        return result.case.level.value == "MUST" and bool(result.evidence.entries)
    return result.verdict is Verdict.FAIL


def this_day() -> date:
    """Today, in UTC: a baseline runs out on one day for everybody."""
    return datetime.now(UTC).date()


def baseline_text(entries: Collection[ExpectedDeviation]) -> str:
    """The file: JSON, a line for each field, to be edited and compared."""
    rows = [
        {
            "case": entry.case,
            **({"on": entry.on} if entry.on else {}),
            "verdict": entry.verdict.value,
            "reason": entry.reason,
            "expires": entry.expires.isoformat(),
        }
        for entry in entries
    ]
    return json.dumps({"schema": SCHEMA, "expected": rows}, indent=2, ensure_ascii=False) + "\n"


def read_baseline(path: Path, today: date | None = None) -> Baseline:
    """Read a baseline; `today` (UTC) decides what is expired. Raises `BaselineError`."""
    content = read_json_file(path, SCHEMA)
    rows = content.get("expected")
    if not isinstance(rows, list):
        raise BaselineError(f'{path}: "expected" must be a list of entries')
    if extra := sorted(set(content) - {"schema", "expected"}):
        raise BaselineError(f"{path}: unknown fields: {', '.join(extra)}")
    faults: list[str] = []
    entries: list[ExpectedDeviation] = []
    for number, row in enumerate(cast("list[object]", rows), 1):
        try:
            entries.append(_entry(row))
        except ValueError as error:
            faults.append(f"entry {number}{_name(row)}: {error}")
    faults += _twice(entries)
    if faults:
        more = [f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise BaselineError(f"{path}: " + "; ".join([*faults[:MOST_FAULTS], *more]))
    return Baseline(tuple(entries), str(path), today or this_day())


def read_json_file(path: Path, schema: str) -> dict[str, Any]:
    """The object in a JSON file of this schema. Raises `BaselineError`."""
    try:
        with path.open("rb") as file:
            octets = file.read(MOST_OCTETS)
        content: Any = json.loads(octets.decode("utf-8-sig"))
    except OSError as error:
        raise BaselineError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except RecursionError as error:
        raise BaselineError(f"{path}: no JSON: nested too deeply") from error
    except ValueError as error:
        told = "a number that is too long" if "4300 digits" in str(error) else error
        raise BaselineError(f"{path}: no JSON: {told}") from error
    found: Any = cast("dict[str, Any]", content).get("schema") if isinstance(content, dict) else None
    if found != schema:
        told = f"it is of schema {found!r}" if found else "it names no schema"
        raise BaselineError(f"{path}: {told}, not {schema!r}")
    return cast("dict[str, Any]", content)


@cache
def known_ids() -> frozenset[str]:
    """The id of every case there is, at any depth and in any TLS profile."""
    roles = (case.id for role in SIDES for case in all_cases(1, role=role))
    return frozenset(roles) | frozenset(every_tls_case())


def _entry(row: object) -> ExpectedDeviation:
    if not isinstance(row, dict):
        raise BaselineError("is no object")
    fields = cast("dict[str, object]", row)
    if extra := sorted(set(fields) - FIELDS):
        raise BaselineError(f"unknown fields: {', '.join(extra)}")
    text = {name: _text(fields, name) for name in ("case", "verdict", "reason", "expires")}
    if text["case"] not in known_ids():
        raise BaselineError("there is no such case (see dicomnet test --list)")
    verdicts = {verdict.value: verdict for verdict in EXPECTABLE}
    if text["verdict"] not in verdicts:
        raise BaselineError(
            f"verdict: {text['verdict']!r} is not {' or '.join(verdicts)}, which need an excuse"
        )
    try:
        expires = date.fromisoformat(text["expires"])
    except ValueError:
        expires = None
    if expires is None or expires.isoformat() != text["expires"]:
        raise BaselineError(f"expires: {text['expires']!r} is no date, as in 2027-01-31")
    on = _text(fields, "on") if "on" in fields else ""
    if on and on not in LABELS:
        raise BaselineError(f"on: {on!r} is none of {'; '.join(LABELS)}")
    return ExpectedDeviation(text["case"], verdicts[text["verdict"]], text["reason"], expires, on)


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BaselineError(
            f"{name}: {'is missing' if value is None else 'must be a text that is not empty'}"
        )
    return value


def _name(row: object) -> str:
    case = cast("dict[str, object]", row).get("case") if isinstance(row, dict) else None
    return f" ({case})" if isinstance(case, str) else ""


def _twice(entries: list[ExpectedDeviation]) -> list[str]:
    """Entries that say the same thing, or of which one is for any transport and another for one of them."""
    faults: list[str] = []
    for position, entry in enumerate(entries):
        for other in entries[:position]:
            if other.case == entry.case and (other.on == entry.on or "" in (other.on, entry.on)):
                faults.append(f"{entry.named} is there twice")
                break
    return faults
