"""What a requestor's cases share: the acceptance in parts, cases that begin with it, and how they go on and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from dicomnet.statemachine import AAssociateRQ

from .. import octets
from ..case import (
    AS_MALFORMED,
    AS_RELEASE,
    REQUESTOR,
    Answer,
    Await,
    AwaitUser,
    Case,
    Check,
    Connect,
    Grade,
    Level,
    Reading,
    Send,
    Step,
    Stimulus,
    as_event,
)
from ..conversation import Asked, accepted, last_asked, response, syntax_of
from ..evidence import Evidence
from ..octets import answer
from ..oracle import Cell
from ..requestor import ACCEPTED, ANSWERS, ASKED, CALLED, END, RELEASING

__all__ = ["ACCEPTED", "ANSWERS", "ASKED", "CALLED", "END", "RELEASING", "syntax_of"]

Make = Callable[[AAssociateRQ], bytes | str]
"""Makes octets for a request of the target; or says why the case does not apply to it."""

AC_TITLE: Final = "A-ASSOCIATE-AC"
AS_AC: Final = as_event("Evt3")

# A user who goes on, or gives up in the way that the standard has for it: what he dislikes is his to judge.
FREE: Final = AwaitUser("Evt11", prefix=False, free=True)
# How soon a user answers a release, whom nothing was asked besides, is for its cell to say.
ANSWERS_RELEASE: Final = ("Sta8", "Evt14")

# A user who has no reason to give up.
SERVED: Final = AwaitUser("Evt11", prefix=False, late=True)
# Who has asked for the release gets it; who has not is asked, so that nobody stays who is deaf.
REPLY: Final[tuple[Step, ...]] = (
    Send("A-RELEASE-RP", octets.RELEASE_RP, as_event("Evt13"), check="Evt13", released=True),
    Send("A-RELEASE-RQ (is it there?)", octets.RELEASE_RQ, AS_RELEASE, check="Evt12", released=False),
    Await(),
)


def odd_acceptance(accepted: Grade, note: str) -> tuple[Reading, ...]:
    """An acceptance that is wrong through the tester's fault: an invalid PDU, or one that the user may abort, or not.

    Table 9-10 does not list what makes a PDU invalid, so the first two are right; `accepted` grades the last.
    """
    return (
        *AS_MALFORMED,
        (Stimulus("Evt3", None, (Answer("Evt15"),)),),
        (Stimulus("Evt3", grade=accepted, note=note),),
    )


# A right acceptance that is of no use to the user. Some say that it is their provider who aborts then (source 2).
DISLIKED: Final[tuple[Reading, ...]] = (
    *AS_AC,
    (
        Stimulus(
            "Evt19",
            grade=Grade.NON_STRICT,
            note="aborts as the service provider (2) what is right, and only of no use to its user (0)",
            deafens=True,
        ),
    ),
)


def contexts_of(request: AAssociateRQ, results: Callable[[int], int] = lambda _: 0) -> tuple[bytes, ...]:
    """Each proposed context with the first of its transfer syntaxes, and the result for its position."""
    return tuple(
        answer(context.id, results(position), syntax_of(context))
        for position, context in enumerate(request.presentation_contexts)
    )


def acceptance_of(
    request: AAssociateRQ, contexts: Iterable[bytes], *subs: bytes, longest: int = 16384
) -> bytes:
    """An acceptance with these contexts; `subs` are further sub-items of the user information."""
    return accepted(request, *contexts, subs=subs, longest=longest)


def plain(request: AAssociateRQ) -> bytes:
    """The acceptance of every context."""
    return acceptance_of(request, contexts_of(request))


def of_request(make: Make) -> Callable[[Evidence], bytes | str]:
    """Octets that depend on the request that was received."""

    def made(evidence: Evidence) -> bytes | str:
        request = evidence.request()
        return "the target has sent no association request" if request is None else make(request)

    return made


def of_message(make: Callable[[Asked], bytes]) -> Callable[[Evidence], bytes | str]:
    """Octets that depend on the last message of the target's user."""

    def made(evidence: Evidence) -> bytes | str:
        asked = last_asked(evidence)
        return asked if isinstance(asked, str) else make(asked)

    return made


def accepting(title: str, make: Make, readings: tuple[Reading, ...] = AS_AC) -> Send:
    """The step that sends an acceptance."""
    return Send(f"{AC_TITLE}: {title}", b"", readings, made=of_request(make))


def requestor_case(
    case_id: str,
    title: str,
    clause: str,
    requirement: str,
    *steps: Step,
    level: Level = Level.MUST,
    checks: tuple[Check, ...] = (),
    slow: bool = False,
    rests_on: Cell | None = None,
) -> Case:
    """A case whose target is the requestor; for `rests_on` see `Case`."""
    whole = f"requestor.{case_id}"
    return Case(
        whole,
        title,
        clause,
        requirement,
        steps,
        level=level,
        checks=checks,
        slow=slow,
        kind=whole,
        role=REQUESTOR.name,
        rests_on=rests_on,
    )


def accepted_case(
    case_id: str,
    title: str,
    clause: str,
    requirement: str,
    make: Make,
    *,
    readings: tuple[Reading, ...] = AS_AC,
    user: AwaitUser = SERVED,
    level: Level = Level.MUST,
    checks: tuple[Check, ...] = (),
) -> Case:
    """A case whose point is one acceptance; then the user's messages are answered until he has done."""
    return requestor_case(
        case_id,
        title,
        clause,
        requirement,
        Connect(),
        Await(),
        accepting(title, make, readings),
        Await(),
        user,
        *REPLY,
        *END,
        level=level,
        checks=checks,
        # Whose user goes without a release does so after any acceptance.
        rests_on=("Sta6", "Evt11"),
    )


# A message of its user is waited for and answered, in one piece.
ANSWERED: Final[tuple[Step, ...]] = (*ASKED, replace(ANSWERS, made=response), Await())
