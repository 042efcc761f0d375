"""Words that the reports share: what is safe to show, and the reason for a verdict in one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from ..evidence import Entry
from ..oracle import CLOSED_EARLY
from ..verdict import Result, Verdict

# What a run that agreed with the tables is expected to show; it explains nothing.
AS_ALLOWED = "as the tables allow"
# So many octets of a PDU are shown in a line.
SHOWN = 16


class Repeat(Protocol):
    """Gives the command that repeats these cases."""

    def __call__(self, *ids: str) -> str:
        """The command line."""
        ...


_EDITION = re.compile(r"(PS3\.\d+) (\d{4})\b")


def printable(text: str, keep: str = "") -> str:
    """The text without what a terminal would obey or XML cannot hold: a hostile target may send any character."""
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text
    )


def short_clause(clause: str) -> str:
    """The clause without the cell: what stands before the event, the action or the second source."""
    return clause.split(" x ")[0].split(";")[0]


def without_edition(clause: str) -> str:
    """The clause without the year; the reader is told it once."""
    return _EDITION.sub(r"\1", clause)


def editions(clauses: Iterable[str]) -> str:
    """The parts and years that these clauses cite."""
    found = {match.groups() for clause in clauses for match in _EDITION.finditer(clause)}
    return ", ".join(f"{part} {year}" for part, year in sorted(found))


def natural(text: str) -> list[tuple[bool, int, str]]:
    """A key for sorting in which 9.3.10 comes after 9.3.2."""
    words = (word for word in re.split(r"(\d+)", text) if word)
    return [(True, int(word), "") if word.isdigit() else (False, 0, word) for word in words]


def reason(result: Result) -> str:
    """Why the verdict is what it is, in one line."""
    notes = [note for note in result.notes if note != CLOSED_EARLY]
    differs = result.expected not in (AS_ALLOWED, result.case.requirement, "")
    if result.verdict is Verdict.NOT_APPLICABLE or not (notes or differs):
        return result.observed
    if differs:
        return "; ".join((f"{result.observed}; expected: {result.expected}", *notes))
    return "; ".join(notes)


def in_full(result: Result, repeat: Repeat, standing: str = "") -> str:
    """All there is to know of a result, by lines; `standing` is what a baseline makes of it."""
    case = result.case
    rows = [
        ("clause", case.clause),
        ("requirement", f"{case.level.value}: {case.requirement}"),
        ("expected", result.expected),
        ("observed", result.observed),
        ("baseline", standing),
        *(("note", note) for note in result.notes),
        *(
            ("evidence", f"{entry.seconds:8.3f} s  {entry.who:<7}{entry.told}{_some(entry)}")
            for entry in result.evidence.entries
        ),
        ("repeat", repeat(case.id)),
    ]
    lines = [f"{result.verdict.value}  {case.id}  {case.title}"]
    lines += [f"  {name:<13}{text}" for name, text in rows if text]
    return "\n".join(printable(line) for line in lines)


def _some(entry: Entry) -> str:
    """The first octets of an entry, where it has any."""
    more = " ..." if entry.total > SHOWN else ""
    return f"  {entry.octets[:SHOWN].hex(' ')}{more}" if entry.total else ""


def same_failure(result: Result) -> tuple[str, str, str]:
    """Failures with the same key most likely have one cause: the clause, what was expected and what came.

    How long nothing came differs from run to run.
    """
    observed = re.sub(r"[\d.]+ s\b", "... s", result.observed)
    return short_clause(result.case.clause), result.expected, observed
