"""What is said of a case: the verdict, and apart from it how the connection ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from dicomnet.statemachine import AAssociateRQ

from .case import Case, Grade, Level
from .evidence import Evidence

Cell = tuple[str, str]


class Verdict(Enum):
    """The ladder of verdicts."""

    PASS = "pass"
    NON_STRICT = "non-strict"
    INFORMATIONAL = "informational"
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    NOT_APPLICABLE = "not-applicable"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


# What a deviation is called, by how binding the requirement is.
DEVIATION: Final = {
    Level.MUST: Verdict.FAIL,
    Level.SHOULD: Verdict.NON_STRICT,
    Level.MAY: Verdict.INFORMATIONAL,
}
BY_GRADE: Final = {
    Grade.PASS: Verdict.PASS,
    Grade.NON_STRICT: Verdict.NON_STRICT,
    Grade.INFORMATIONAL: Verdict.INFORMATIONAL,
}


def verdict_of(grade: Grade, level: Level) -> Verdict:
    """The verdict for a grade, at the level of the requirement."""
    return DEVIATION[level] if grade is Grade.FAIL else BY_GRADE[grade]


@dataclass(frozen=True, slots=True)
class Ending:
    """How the connection ended: `how` is FIN, RST, open (the target left it open), tester (the tester closed it

    first) or none (there was none); `after` is seconds since it was asked for.
    """

    how: str
    after: float


@dataclass(slots=True)
class Result:
    """The verdict on one case, with its evidence.

    `checking` is the cell by which the state that was reached was checked when a difference was seen, and `otherwise`
    the verdict without that check.
    """

    case: Case
    transport: str
    verdict: Verdict
    expected: str = ""
    observed: str = ""
    notes: list[str] = field(default_factory=list[str])
    ending: Ending = Ending("none", 0.0)
    evidence: Evidence = field(default_factory=Evidence)
    cells: frozenset[Cell] = frozenset()
    driven: str = ""
    seconds: float = 0.0
    attempts: int = 1
    checking: Cell | None = None
    otherwise: Verdict = Verdict.PASS


def passed(result: Result) -> bool:
    """The whole sanity case went well."""
    return result.verdict in (Verdict.PASS, Verdict.NON_STRICT)


def usable(result: Result) -> bool:
    """The target accepted an association with Verification, whatever came after it."""
    accepted = result.evidence.accepted()
    return accepted is not None and any(context.result == 0 for context in accepted.presentation_contexts)


def has_called(result: Result) -> bool:
    """The requestor has sent what is to be an association request, whatever is wrong with it or came after it."""
    return any(octets[:1] == bytes((AAssociateRQ.pdu_type,)) for octets in result.evidence.octets)
