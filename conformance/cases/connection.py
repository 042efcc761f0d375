"""Several connections at a time: PS3.8 2020 9.1.4, 9.2 and Table 9-21.

A canary, which is a healthy association on a connection of its own, shows whether one peer can keep the others from
being served. The standard gives each connection a machine of its own, and leaves to the implementation how many it
serves at a time; so that is told. That it serves again when the others have gone is demanded.
"""

from __future__ import annotations

from typing import Final

from ..case import (
    AS_ABORT,
    AS_RELEASE,
    Await,
    AwaitTimer,
    Canary,
    Case,
    Close,
    Connect,
    Fill,
    Idle,
    Leave,
    Reset,
    Send,
    Served,
    Start,
    Step,
    Wait,
    as_request,
)
from ..generate import ASSOCIATED, FOREVER, HEALTHY
from ..octets import ABORT_USER, RELEASE_RQ, RQ
from .build import PS38, part
from .data import UNFINISHED
from .ending import LONG_REQUEST

LISTENER_CLAUSE: Final = f"{PS38} 9.1.4; {PS38} 9.2"
LIMIT_CLAUSE: Final = f"{PS38} 9.3.4, Table 9-21; {PS38} 9.1.4"
LEAVER_CLAUSE: Final = f"{PS38} Table 9-10, Evt17; {PS38} 9.2"

AT_ONCE, QUEUED, CHURN = 8, 5, 50
# More than the ten or so that many targets allow; and more than common queues of a listener hold besides.
CROWD, BACKLOG = 12, 48
MOST: Final = 40

SILENT: Final[tuple[Step, ...]] = (Connect(), Idle(FOREVER), Close())
RELEASE: Final[tuple[Step, ...]] = (Send("A-RELEASE-RQ", RELEASE_RQ, AS_RELEASE), Await())
ABORT: Final[tuple[Step, ...]] = (Send("A-ABORT", ABORT_USER, AS_ABORT), Await())
STANDING: Final[tuple[Step, ...]] = (*ASSOCIATED, Idle(FOREVER), *RELEASE)
# The request is on its way before the target can have taken the connection, where others keep it busy.
EARLY: Final[tuple[Step, ...]] = (
    Connect(),
    Send("A-ASSOCIATE-RQ (right behind the connect)", RQ, as_request()),
    Idle(FOREVER),
)
DRIBBLE_SECONDS: Final = 0.1


def _beside(
    case_id: str, title: str, requirement: str, who: str, *steps: Step, clause: str = LISTENER_CLAUSE
) -> Case:
    """One peer in front, a canary beside it; the peer leaves, and the canary must be served."""
    front = Start(who, steps, lead=True)
    return Case(
        case_id,
        title,
        clause,
        requirement,
        (front, Canary(HEALTHY), Leave(who), Served("canary")),
        kind=case_id,
    )


_RECOVERS: Final = "it is told whether a healthy one is served beside it; when it has gone, one must be."

SILENT_PEER: Final = _beside(
    "conn.silent-peer",
    "a connection that says nothing, and a healthy association beside it",
    f"A silent peer may keep the target busy: {_RECOVERS}",
    "silent",
    *SILENT,
)
SECOND_ASSOCIATION: Final = _beside(
    "conn.second-association",
    "an association that stands idle, and another beside it",
    f"An idle association may keep the target busy: {_RECOVERS}",
    "idle",
    *STANDING,
)


def _in_front() -> tuple[Case, ...]:
    return (
        SILENT_PEER,
        SECOND_ASSOCIATION,
        _beside(
            "conn.slow-peer",
            "a request that comes octet by octet, and a healthy association beside it",
            f"A slow peer may keep the target busy: {_RECOVERS}",
            "slow",
            Connect(),
            part("the beginning of a long A-ASSOCIATE-RQ", LONG_REQUEST),
            AwaitTimer(part("one octet more", b"\0"), every=DRIBBLE_SECONDS),
            Close(),
        ),
        _beside(
            "conn.half-message",
            "an association with half a message, and a healthy association beside it",
            "Each connection has a machine of its own: a message that is begun on one is no part of another.",
            "half",
            *ASSOCIATED,
            UNFINISHED,
            Idle(FOREVER),
            *RELEASE,
        ),
    )


def _queues() -> tuple[Case, ...]:
    busy = Start("busy", STANDING, lead=True)
    queued = Start("queued", HEALTHY, QUEUED)
    served = (Leave("busy"), Served("queued", order=True))
    return (
        Case(
            "conn.at-once",
            f"{AT_ONCE} requestors at the same moment",
            LISTENER_CLAUSE,
            "Each of several requestors is answered; one at a time or side by side, and in which order, is told.",
            (Start("requestor", HEALTHY, AT_ONCE), Served("requestor", order=True)),
            kind="conn.at-once",
        ),
        Case(
            "conn.queue.order",
            f"{QUEUED} requestors behind an association that stands, their requests sent before they are taken",
            LISTENER_CLAUSE,
            "Who sent a request while the target was busy is answered when it is free; the order is told.",
            (busy, queued, Wait("queued"), *served),
            kind="conn.queue.order",
        ),
        *(
            Case(
                f"conn.queue.{name}",
                f"peers that {name} while others before them are served, and {QUEUED} healthy ones behind them",
                LEAVER_CLAUSE,
                "A peer that leaves before it is served takes nothing from those behind it.",
                (
                    busy,
                    Start("mute", (*SILENT[:2], end), 2),
                    Start("early", (*EARLY, end), 2),
                    queued,
                    Wait("early"),
                    Leave("mute"),
                    Leave("early"),
                    *served,
                ),
                kind=f"conn.queue.{name}",
            )
            for name, end in (("close", Close()), ("reset", Reset()))
        ),
    )


# A target that does not notice that such a peer has gone holds its place until ARTIM ends it: that is a long timer.
def _churn() -> tuple[Case, ...]:
    return tuple(
        Case(
            f"conn.churn.{name}",
            f"{CHURN} connections, one after the other, each {said} at once, and a healthy association meanwhile",
            LEAVER_CLAUSE,
            "A peer that leaves before it has said anything costs the target nothing.",
            (
                Start("fleeting", (Connect(), end), CHURN, one_by_one=True),
                Canary(HEALTHY, limit=True),
                Wait("fleeting"),
                Leave("fleeting"),
                Served("canary", fresh=HEALTHY),
            ),
            slow=True,
            kind=f"conn.churn.{name}",
        )
        for name, said, end in (("close", "closed", Close()), ("reset", "reset", Reset()))
    )


def _crowds() -> tuple[Case, ...]:
    return tuple(
        Case(
            case_id,
            f"{many} connections that say nothing, and a healthy association beside them",
            f"{LISTENER_CLAUSE}; {PS38} Table 9-21",
            requirement,
            (
                Start("silent", SILENT, many),
                Wait("silent"),
                Canary(HEALTHY, limit=True),
                Leave("silent"),
                Served("canary", fresh=HEALTHY),
            ),
            slow=many == BACKLOG,
            kind=case_id,
        )
        for case_id, many, requirement in (
            (
                "conn.crowd",
                CROWD,
                "A limit of connections is the target's own; when they have gone, it serves again.",
            ),
            (
                "conn.backlog",
                BACKLOG,
                "A queue of connections that was full is no end of service: when they have gone, it serves again.",
            ),
        )
    )


def _limits() -> tuple[Case, ...]:
    cases: list[Case] = []
    for case_id, said, end in (
        ("conn.limit", "released", RELEASE),
        ("conn.slots.close", "closed without a release", (Close(),)),
        ("conn.slots.reset", "reset", (Reset(),)),
        ("conn.slots.abort", "aborted", ABORT),
    ):
        steps = (*ASSOCIATED, Idle(FOREVER), *end)
        canary = case_id == "conn.limit"
        cases.append(
            Case(
                case_id,
                f"one association more until the target takes no more, {MOST} at most; all {said}; as many again",
                LIMIT_CLAUSE,
                "A target that has no room says so in an A-ASSOCIATE-RJ (2/3/2, or 2/3/1); what was held comes back.",
                (
                    Fill("held", steps, MOST, canary=HEALTHY if canary else ()),
                    *((Canary(HEALTHY, limit=True),) if canary else ()),
                    Leave("held"),
                    Served("next"),
                    Leave("next"),
                    *((Served("canary"),) if canary else ()),
                    Fill("again", steps, MOST, again=True),
                    Leave("again"),
                ),
                kind=case_id,
            )
        )
    return tuple(cases)


CASES: Final[tuple[Case, ...]] = (*_limits(), *_in_front(), *_queues(), *_churn(), *_crowds())
