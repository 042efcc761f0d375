"""What the cases written by hand share: a request and what is behind it, data in an association, a cut PDU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import octets
from ..case import (
    AS_ECHO,
    AS_INVALID,
    AS_NOTHING,
    Answer,
    Await,
    Case,
    Check,
    Connect,
    Grade,
    Level,
    Reading,
    Send,
    Step,
    as_request,
)
from ..evidence import Evidence
from ..generate import ASSOCIATED, END, PROBE, finish

PS38: Final = "PS3.8 2020"
PS37: Final = "PS3.7 2020"

# A user may always say no where the requestor's own fault is the reason.
ANY_REJECTION: Final = Answer("Evt8")
ABORTS: Final = Answer("Evt15")


def accepts(grade: Grade = Grade.NON_STRICT, note: str = "") -> Answer:
    """The user accepts what it need not accept."""
    return Answer("Evt7", grade, note)


def odd_request(accepted: Grade, note: str) -> tuple[Reading, ...]:
    """A request that is wrong through the tester's fault: taken for an invalid PDU, rejected, aborted, or accepted.

    Table 9-10 does not list what makes a PDU invalid, so each of the first three is right; `accepted` grades the last.
    """
    (request,) = as_request(ANY_REJECTION, ABORTS, accepts(accepted, note))
    return (*AS_INVALID, request)


def request_case(
    case_id: str,
    title: str,
    sent: bytes,
    clause: str,
    requirement: str,
    *,
    readings: tuple[Reading, ...] = (),
    answers: tuple[Answer, ...] = (),
    level: Level = Level.MUST,
    checks: tuple[Check, ...] = (),
    echo: bool = True,
) -> Case:
    """A case whose point is one association request; `echo` then tries context 1 with a C-ECHO."""
    send = Send(f"A-ASSOCIATE-RQ: {title}", sent, readings or as_request(*answers))
    tail = (*PROBE, *END) if echo else END
    return Case(
        case_id,
        title,
        clause,
        requirement,
        (Connect(), send, Await(), *tail),
        level=level,
        checks=checks,
        kind=case_id,
    )


def associated_case(
    case_id: str,
    title: str,
    clause: str,
    requirement: str,
    *steps: Step,
    level: Level = Level.MUST,
    checks: tuple[Check, ...] = (),
    slow: bool = False,
) -> Case:
    """A case that begins in an association, and ends with the check of the state and an A-ABORT."""
    return Case(
        case_id,
        title,
        clause,
        requirement,
        finish(*ASSOCIATED, *steps),
        level=level,
        checks=checks,
        slow=slow,
        kind=case_id,
    )


def echo_step(what: str = "C-ECHO request", sent: bytes = octets.ECHO) -> Send:
    """A C-ECHO request, however it is wrapped."""
    return Send(f"P-DATA-TF: {what}", sent, AS_ECHO)


def part(what: str, sent: bytes, pieces: tuple[int, ...] = ()) -> Send:
    """Octets that end inside a PDU."""
    return Send(what, sent, AS_NOTHING, pieces)


def made(what: str, make: Callable[[Evidence], bytes | str], readings: tuple[Reading, ...]) -> Send:
    """A step whose octets depend on what the target has said."""
    return Send(what, b"", readings, made=make)
