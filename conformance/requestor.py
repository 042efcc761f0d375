"""The cases that follow from Table 9-10 where the target is the requestor: the tester is the acceptor it has called.

What the user of a requestor does unasked (data, the release, an abort) cannot be caused, but it can be waited for: a
requestor that waits for the answer to its first message is in Sta6, one that has asked for the release in Sta7. An
A-RELEASE-RQ then tells the states apart: Sta6 and Sta7 answer it, the others abort, Sta13 is silent.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from dicomnet.statemachine import PDV, CEchoRSP, Request, encode_command

from . import octets
from .case import (
    ANY_REQUEST,
    AS_ABORT,
    AS_ABORT_PROVIDER,
    AS_INVALID,
    AS_LENIENT_DATA,
    AS_MALFORMED,
    AS_ODD_RELEASE,
    AS_RELEASE,
    REQUESTOR,
    Await,
    AwaitTimer,
    AwaitUser,
    Case,
    Connect,
    Idle,
    Level,
    Send,
    Step,
    as_event,
)
from .conversation import accept, response
from .oracle import Cell
from .view import Approach, Stroke, View, lead, table_of

AS_REQUEST: Final = as_event("Evt6", Request(ANY_REQUEST, None))
AS_DATA: Final = as_event("Evt10")
# A response to nothing that was asked: of a right form, and on a context that most requestors propose.
STRAY: Final = octets.data(PDV(1, True, True, encode_command(CEchoRSP(octets.MESSAGE_ID))))

STROKES: Final = (
    Stroke("evt3", "Evt3", "A-ASSOCIATE-AC", octets.AC, as_event("Evt3")),
    Stroke("evt4", "Evt4", "A-ASSOCIATE-RJ", octets.RJ, as_event("Evt4")),
    Stroke("evt6", "Evt6", "A-ASSOCIATE-RQ", octets.RQ, AS_REQUEST),
    Stroke("evt10", "Evt10", "P-DATA-TF (C-ECHO response)", STRAY, AS_DATA),
    Stroke("evt12", "Evt12", "A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE),
    Stroke("evt13", "Evt13", "A-RELEASE-RP", octets.RELEASE_RP, as_event("Evt13")),
    Stroke("evt16", "Evt16", "A-ABORT of the service user", octets.ABORT_USER, AS_ABORT),
    Stroke(
        "evt16.provider", "Evt16", "A-ABORT of the service provider", octets.ABORT_PROVIDER, AS_ABORT_PROVIDER
    ),
    Stroke("evt19", "Evt19", "PDU of unknown type 0x0B", octets.UNKNOWN_TYPE, AS_INVALID),
    Stroke("evt19.length", "Evt19", "A-RELEASE-RQ with length 6", octets.INVALID_LENGTH, AS_ODD_RELEASE),
    Stroke(
        "evt19.content",
        "Evt19",
        "P-DATA-TF whose PDV says length 1",
        octets.INVALID_PDV,
        (*AS_MALFORMED, AS_LENIENT_DATA),
    ),
)

CALLED: Final[tuple[Step, ...]] = (Connect(), Await(prefix=True))
ACCEPTS: Final = Send("A-ASSOCIATE-AC (every context accepted)", b"", as_event("Evt3"), made=accept)
ANSWERS: Final = Send("P-DATA-TF (response: success)", b"", AS_DATA, made=response)
ACCEPTED: Final[tuple[Step, ...]] = (*CALLED, replace(ACCEPTS, prefix=True))
ASKED: Final[tuple[Step, ...]] = (*ACCEPTED, AwaitUser("Evt9"))
RELEASING: Final[tuple[Step, ...]] = (*ACCEPTED, AwaitUser("Evt11"))
_RELEASE: Final = Send("A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE, prefix=True)
# The event follows in the same turn: whether the user has answered by then cannot be seen, and need not be.
ANSWERING: Final[tuple[Step, ...]] = (*ASKED, _RELEASE)
COLLIDING: Final[tuple[Step, ...]] = (*RELEASING, _RELEASE)
COLLIDED: Final[tuple[Step, ...]] = (*COLLIDING, Await(prefix=True))
RELEASED: Final[tuple[Step, ...]] = (*ANSWERING, Await(prefix=True))
ABORTED: Final[tuple[Step, ...]] = (
    *ASKED,
    *lead("A-ASSOCIATE-AC (a second one, to be aborted)", octets.AC, as_event("Evt3")),
)

APPROACHES: Final = (
    Approach("sta5", "Sta5", CALLED, "before any answer to the association request"),
    Approach("sta6", "Sta6", ASKED, "while the user waits for the answer to a message"),
    Approach("sta7", "Sta7", RELEASING, "while the release is awaited"),
    Approach("sta8", "Sta8", ANSWERING, "while the user thinks about the release", ("Sta8", "Evt14")),
    Approach(
        "sta9",
        "Sta9",
        COLLIDING,
        "while the user thinks about the release that met its own",
        ("Sta9", "Evt14"),
    ),
    Approach(
        "sta11", "Sta11", COLLIDED, "after the response to the release that met its own", ("Sta9", "Evt14")
    ),
    Approach("sta13", "Sta13", ABORTED, "after the target's A-ABORT"),
    Approach("sta13.released", "Sta13", RELEASED, "after the target's A-RELEASE-RP", ("Sta8", "Evt14")),
)

PROBE: Final[tuple[Step, ...]] = (
    Send("A-RELEASE-RQ (which state was reached?)", octets.RELEASE_RQ, AS_RELEASE, check="Evt12"),
    Await(quiet=True),
)
CLOSING: Final[tuple[Step, ...]] = (
    PROBE[0],
    Await(),
    Send("A-ASSOCIATE-AC (is the association over?)", octets.AC, as_event("Evt3"), check="Evt3"),
    Await(quiet=True),
)
END: Final[tuple[Step, ...]] = (
    Send("A-ABORT (to end)", octets.ABORT_USER, AS_ABORT, check="Evt16"),
    Await(),
)

VIEW: Final = View(
    side=REQUESTOR,
    prefix="requestor",
    approaches=APPROACHES,
    strokes=STROKES,
    only={},
    probe=PROBE,
    closing=CLOSING,
    slowly=(*PROBE, *CLOSING[2:]),
    end=END,
    waits=((APPROACHES[6], True), (APPROACHES[7], True)),
    poke=Send("A-ASSOCIATE-AC", octets.AC, as_event("Evt3")),
    after_timer=(
        Send("A-ASSOCIATE-AC (which state is this?)", octets.AC, as_event("Evt3"), check="Evt3"),
        Await(quiet=True),
    ),
)
finish: Final = VIEW.finish

# What a requestor that is well does with an acceptor that is well.
HEALTHY: Final[tuple[Step, ...]] = (
    Connect(),
    Await(),
    ACCEPTS,
    AwaitUser("Evt11", prefix=False),
    Send("A-RELEASE-RP", octets.RELEASE_RP, as_event("Evt13")),
    Await(),
)


def generated(depth: int = 0) -> tuple[Case, ...]:
    """Every case that follows from the table, in a fixed order; `depth` 1 adds those with one more input."""
    cases = [*VIEW.cells(), *_user_cells(), *_busy_users(), *VIEW.timers(), *_patience()]
    if depth:
        cases.extend(VIEW.deeper(cases))
    return tuple(cases)


def _user_cells() -> list[Case]:
    """The cells that the target's own user causes: request, data, release, and the answers to a release."""
    sta1 = Approach("sta1", "Sta1", (), "from idle")
    sta4 = Approach("sta4", "Sta4", (), "while the connection is asked for")
    _, sta6, _, sta8, sta9, *_ = APPROACHES
    release = replace(_RELEASE, prefix=False)
    # Nothing else may follow the request before it is answered.
    begun = finish(Connect(), Await(quiet=True))
    return [
        VIEW.case(sta1, "evt1", "Evt1", "association request of the user", begun),
        VIEW.case(sta4, "evt2", "Evt2", "connection", begun),
        VIEW.case(sta4, "evt17", "Evt17", "refusal of the connection", (Connect(refused=True),)),
        VIEW.case(sta6, "evt9", "Evt9", "data of the user", finish(*ASKED)),
        VIEW.case(
            sta6, "evt10.answer", "Evt10", "the answer to its message", finish(*ASKED, ANSWERS, Await())
        ),
        VIEW.case(sta6, "evt11", "Evt11", "release of the user", finish(*RELEASING)),
        VIEW.case(sta8, "evt14", "Evt14", "release response of the user", finish(*ASKED, release, Await())),
        VIEW.case(
            sta9, "evt14", "Evt14", "release response of the user", finish(*RELEASING, release, Await())
        ),
    ]


# For a user who takes a second for whatever he does.
OWED_SECONDS: Final = 1.5


def _busy_users() -> list[Case]:
    """What a user does who is told two things at a time, or what he has not asked for."""
    _, sta6, sta7, sta8, *_ = APPROACHES
    release = replace(_RELEASE, prefix=False)
    stray = Send("P-DATA-TF (C-ECHO response)", STRAY, AS_DATA)
    told = (*ASKED, stray, Await(quiet=True))
    response = Send("A-RELEASE-RP", octets.RELEASE_RP, as_event("Evt13"), check="Evt13")
    abort = "abort by a user who is answered what he has not asked"
    waits = (*told, AwaitTimer(), *VIEW.after_timer, *END)
    return [
        # A user need not abort: the provider's answer tells in which state it was left.
        VIEW.case(sta6, "evt15.stray", "Evt15", abort, (*told, *VIEW.after_timer, *END)),
        VIEW.case(sta6, "evt15.released", "Evt15", abort, (*told, response, Await(quiet=True), *END)),
        VIEW.case(sta6, "evt15.stray+evt18", "Evt15", f"{abort}, then expiry of ARTIM,", waits, slow=True),
        VIEW.case(sta8, "evt9", "Evt9", "data of the user", finish(*ACCEPTED, release, Await())),
        VIEW.case(
            sta8,
            "evt14.answered",
            "Evt14",
            "release response of the user, with the answer to his message,",
            finish(*ASKED, ANSWERS, release, Await()),
        ),
        VIEW.case(sta8, "evt15", "Evt15", abort, finish(*ASKED, stray, release, Await())),
        VIEW.case(
            sta7,
            "evt10.stays",
            "Evt10",
            "P-DATA-TF (C-ECHO response), after which it is still Sta7,",
            (*RELEASING, stray, Await(quiet=True), *VIEW.after_timer, *END),
        ),
        # A user may abort what he has not asked for; then the response to his release meets Sta13.
        replace(
            VIEW.case(
                sta7,
                "evt13.late",
                "Evt13",
                "A-RELEASE-RP, after P-DATA-TF (C-ECHO response),",
                (*RELEASING, stray, Await(quiet=True), response, Await()),
            ),
            cell=None,
        ),
        # Here a user who takes his time has said his message, and still owes the answer to the release.
        VIEW.case(
            sta8,
            "evt10.owed",
            "Evt10",
            "P-DATA-TF (C-ECHO response) after the user's data",
            (*ACCEPTED, _RELEASE, Idle(OWED_SECONDS), stray, Await(quiet=True), *VIEW.after_timer, *END),
        ),
    ]


def _patience() -> list[Case]:
    """A user who hears nothing gives up, or waits for ever: no clause bounds that, so it is told and not graded."""
    sta5, sta6, sta7, *_ = APPROACHES
    sta11 = APPROACHES[5]
    return [
        VIEW.case(
            way,
            "evt15",
            "Evt15",
            "abort by a user who hears nothing",
            (*way.steps, AwaitTimer(user=True)),
            level=Level.SHOULD,
            slow=True,
        )
        for way in (sta5, sta6, sta7, sta11)
    ]


@cache
def by_cell() -> dict[Cell, tuple[Case, ...]]:
    """The cases that drive each cell, without those that wait for a timer."""
    return table_of(generated())
