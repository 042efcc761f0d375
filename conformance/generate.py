"""The cases that follow from Table 9-10: every cell that an outside requestor can drive in an acceptor.

A case leads the target to the state, gives the event, lets the oracle say what may come, and then checks which state
was reached: a C-ECHO tells the acceptor's states apart (Sta2 and Sta3 abort it, Sta6 answers it, Sta13 is silent),
and an A-ABORT must end the connection from everywhere. With `depth` 1 one more input stands between the event and
the check, so that a fault behind an extra state is found as well.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from dicomnet.statemachine import AAssociateRJ

from . import octets
from .case import (
    ACCEPTOR,
    AS_ABORT,
    AS_ABORT_PROVIDER,
    AS_ECHO,
    AS_FORBIDDEN,
    AS_INVALID,
    AS_ODD_DATA,
    AS_ODD_RELEASE,
    AS_RELEASE,
    Answer,
    Await,
    Case,
    Connect,
    Grade,
    Idle,
    Level,
    Send,
    Step,
    as_event,
    as_request,
    reject,
)
from .octets import ABORT_USER
from .oracle import Cell
from .view import Approach, Stroke, View, lead, table_of

_REJECTED_VERSION: Final = AAssociateRJ(1, 2, 2)


STROKES: Final = (
    Stroke("evt3", "Evt3", "A-ASSOCIATE-AC", octets.AC, as_event("Evt3")),
    Stroke("evt4", "Evt4", "A-ASSOCIATE-RJ", octets.RJ, as_event("Evt4")),
    Stroke("evt6", "Evt6", "A-ASSOCIATE-RQ", octets.RQ, as_request()),
    Stroke("evt10", "Evt10", "P-DATA-TF (C-ECHO request)", octets.ECHO, AS_ECHO),
    Stroke("evt12", "Evt12", "A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE),
    Stroke("evt13", "Evt13", "A-RELEASE-RP", octets.RELEASE_RP, as_event("Evt13")),
    Stroke("evt16", "Evt16", "A-ABORT of the service user", ABORT_USER, AS_ABORT),
    Stroke(
        "evt16.provider", "Evt16", "A-ABORT of the service provider", octets.ABORT_PROVIDER, AS_ABORT_PROVIDER
    ),
    Stroke("evt19", "Evt19", "PDU of unknown type 0x0B", octets.UNKNOWN_TYPE, AS_INVALID),
    Stroke("evt19.length", "Evt19", "A-RELEASE-RQ with length 6", octets.INVALID_LENGTH, AS_ODD_RELEASE),
    Stroke("evt19.content", "Evt19", "P-DATA-TF whose PDV says length 1", octets.INVALID_PDV, AS_ODD_DATA),
)
BAD_VERSION: Final = Stroke(
    "evt6.version",
    "Evt6",
    "A-ASSOCIATE-RQ with protocol version 0x0002",
    octets.RQ_BAD_VERSION,
    as_request(rejection=_REJECTED_VERSION),
)
UNKNOWN_TITLE: Final = Stroke(
    "evt6.title",
    "Evt6",
    "A-ASSOCIATE-RQ for a title that nobody has",
    octets.rq(called=octets.NOBODY),
    as_request(
        reject(1, 1, 7),
        Answer(
            "Evt7", Grade.INFORMATIONAL, "the target answers to any called AE title: its user rejects nothing"
        ),
    ),
)
UNKNOWN_CONTEXT: Final = Stroke(
    "evt10.context",
    "Evt10",
    "P-DATA-TF (C-ECHO request on a context that was not proposed)",
    octets.echo(5),
    AS_FORBIDDEN,
)
CONNECTED: Final[tuple[Step, ...]] = (Connect(),)
ASSOCIATED: Final[tuple[Step, ...]] = (*CONNECTED, *lead("A-ASSOCIATE-RQ", octets.RQ, as_request()))
# The event follows in the same turn: whether the user has answered by then cannot be seen, and need not be.
REQUESTED: Final[tuple[Step, ...]] = (
    *CONNECTED,
    Send("A-ASSOCIATE-RQ", octets.RQ, as_request(), prefix=True),
)
RELEASING: Final[tuple[Step, ...]] = (
    *ASSOCIATED,
    Send("A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE, prefix=True),
)
RELEASED: Final[tuple[Step, ...]] = (*ASSOCIATED, *lead("A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE))
ABORTED: Final[tuple[Step, ...]] = (
    *ASSOCIATED,
    Send("A-ASSOCIATE-RQ (a second one, to be aborted)", octets.RQ, as_request(), prefix=True),
)
REJECTED: Final[tuple[Step, ...]] = (
    *CONNECTED,
    *lead(BAD_VERSION.what, BAD_VERSION.octets, BAD_VERSION.readings),
)


APPROACHES: Final = (
    Approach("sta2", "Sta2", CONNECTED, "before any association request"),
    Approach("sta3", "Sta3", REQUESTED, "while the user thinks about the association request"),
    Approach("sta6", "Sta6", ASSOCIATED, "in an established association"),
    Approach("sta8", "Sta8", RELEASING, "while the user thinks about the release"),
    Approach("sta13", "Sta13", ABORTED, "after the target's A-ABORT"),
    Approach("sta13.released", "Sta13", RELEASED, "after the target's A-RELEASE-RP"),
    Approach("sta13.rejected", "Sta13", REJECTED, "after the target's A-ASSOCIATE-RJ"),
)

PROBE: Final[tuple[Step, ...]] = (
    Send("C-ECHO (which state was reached?)", octets.ECHO, AS_ECHO, check="Evt10"),
    Await(quiet=True),
)
# A C-ECHO alone cannot tell Sta13 from the states that wait for A-RELEASE-RP; an A-ASSOCIATE-AC can. It follows the
# answer, where one is due: what a target closes with octets unread is thrown away with what it has just said.
PROBE_CLOSING: Final[tuple[Step, ...]] = (
    PROBE[0],
    Await(),
    Send("A-ASSOCIATE-AC (is the association over?)", octets.AC, as_event("Evt3"), check="Evt3"),
    Await(quiet=True),
)
# One after the other, for a user who may still be thinking about what the case itself sent.
PROBE_SLOWLY: Final[tuple[Step, ...]] = (*PROBE, *PROBE_CLOSING[2:])
END: Final[tuple[Step, ...]] = (Send("A-ABORT (to end)", ABORT_USER, AS_ABORT, check="Evt16"), Await())


# What a target that is well serves at any time.
HEALTHY: Final[tuple[Step, ...]] = (
    *CONNECTED,
    Send("A-ASSOCIATE-RQ", octets.RQ, as_request()),
    Await(),
    Send("P-DATA-TF (C-ECHO request)", octets.ECHO, AS_ECHO),
    Await(),
    Send("A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE),
    Await(),
)
# Where ARTIM did not expire, the target must still be in the state in which it was left.
AFTER_TIMER: Final[tuple[Step, ...]] = (
    Send("A-ASSOCIATE-RQ (which state is this?)", octets.RQ, as_request(), check="Evt6"),
    Await(quiet=True),
)


# Here the target has had time to answer before the wait begins.
_ABORTED_QUIETLY: Final = replace(APPROACHES[4], steps=(*ABORTED, Await(prefix=True)))
VIEW: Final = View(
    side=ACCEPTOR,
    prefix="ul",
    approaches=APPROACHES,
    strokes=STROKES,
    only={"Sta2": (BAD_VERSION,)},
    probe=PROBE,
    closing=PROBE_CLOSING,
    slowly=PROBE_SLOWLY,
    end=END,
    waits=(
        (APPROACHES[0], False),
        (_ABORTED_QUIETLY, True),
        (APPROACHES[5], True),
        (APPROACHES[6], False),
    ),
    poke=Send("A-ASSOCIATE-AC", octets.AC, as_event("Evt3")),
    after_timer=AFTER_TIMER,
)
finish: Final = VIEW.finish


def generated(depth: int = 0) -> tuple[Case, ...]:
    """Every case that follows from the table, in a fixed order; `depth` 1 adds those with one more input."""
    cases = [*VIEW.cells(), *_user_cells(), *VIEW.timers(), *_others()]
    if depth:
        cases.extend(VIEW.deeper(cases))
    return tuple(cases)


def timer_cases() -> tuple[Case, ...]:
    """The wait for ARTIM behind every cell that leads to Sta13 (a part of depth 1)."""
    return tuple(case for case in VIEW.deeper(list(generated())) if case.slow)


# Less than any user takes who takes his time, and less than any silence lasts.
OWED_SECONDS: Final = 0.04


def _user_cells() -> list[Case]:
    """The cells that the target's own user causes: accept, reject, data, release response."""
    echo = Send("P-DATA-TF (C-ECHO request)", octets.ECHO, AS_ECHO)
    release = Send("A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE)
    forbidden = UNKNOWN_CONTEXT.send()
    fresh = Approach("sta1", "Sta1", (), "from idle")
    sta3, sta6, sta8 = APPROACHES[1], APPROACHES[2], APPROACHES[3]
    request = Send("A-ASSOCIATE-RQ", octets.RQ, as_request())
    return [
        VIEW.case(fresh, "evt5", "Evt5", "connection request", finish(*CONNECTED, request, Await())),
        VIEW.case(sta3, "evt7", "Evt7", "acceptance by the user", finish(*CONNECTED, request, Await())),
        VIEW.case(
            sta3, "evt8", "Evt8", "rejection by the user", finish(*CONNECTED, UNKNOWN_TITLE.send(), Await())
        ),
        VIEW.case(sta6, "evt9", "Evt9", "data of the user", finish(*ASSOCIATED, echo, Await())),
        VIEW.case(
            sta8, "evt14", "Evt14", "release response of the user", finish(*ASSOCIATED, release, Await())
        ),
        VIEW.case(
            sta8,
            "evt9",
            "Evt9",
            "data of the user that was asked to release",
            finish(*ASSOCIATED, echo, release, Await()),
        ),
        VIEW.case(
            sta6,
            "evt15",
            "Evt15",
            "abort by the user",
            (*ASSOCIATED, forbidden, Await(quiet=True), *PROBE_SLOWLY, *END),
        ),
        VIEW.case(
            sta8,
            "evt15",
            "Evt15",
            "abort by the user that was asked to release",
            (*ASSOCIATED, forbidden, release, Await(quiet=True), *PROBE_SLOWLY, *END),
        ),
        # Here a user who takes his time still owes the release when the next PDU comes.
        replace(
            VIEW.case(
                APPROACHES[4],
                "owed.evt19",
                "Evt19",
                "PDU of unknown type",
                finish(
                    *ASSOCIATED,
                    forbidden,
                    Idle(OWED_SECONDS),
                    release,
                    Await(),
                    STROKES[8].send(),
                    Await(quiet=True),
                ),
            ),
            title="a PDU of unknown type after the user's abort, a release still to be answered",
        ),
    ]


# As long as the pace of the run allows.
FOREVER: Final = 3600.0


def _others() -> list[Case]:
    idle = Case(
        id="ul.sta6.idle",
        title="an association that is idle for longer than ARTIM commonly runs",
        clause="PS3.8 2020 9.1.5; AE-6, PS3.8 2020 Table 9-6",
        requirement="ARTIM is stopped when the request has come: it does not end an association that stands.",
        steps=finish(*ASSOCIATED, Idle(FOREVER)),
        # A target's own supervision of idle associations may be as short; it is no fault of the protocol machine.
        level=Level.SHOULD,
        slow=True,
        kind="idle",
    )
    return [idle]


@cache
def by_cell() -> dict[Cell, tuple[Case, ...]]:
    """The cases that drive each cell, without those that wait for a timer."""
    return table_of(generated())
