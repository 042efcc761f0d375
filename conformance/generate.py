"""The cases that follow from Table 9-10: every cell that an outside requestor can drive in an acceptor.

A case leads the target to the state, gives the event, lets the oracle say what may come, and then checks which state
was reached: a C-ECHO tells the acceptor's states apart (Sta2 and Sta3 abort it, Sta6 answers it, Sta13 is silent),
and an A-ABORT must end the connection from everywhere. With `depth` 1 one more input stands between the event and
the check, so that a fault behind an extra state is found as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from dicomnet.statemachine import ASSOCIATION, AAssociateRJ

from . import octets
from .case import (
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
    AwaitTimer,
    Case,
    Close,
    Connect,
    Grade,
    HalfClose,
    Idle,
    Level,
    Reading,
    Reset,
    Send,
    Step,
    as_event,
    as_request,
    reject,
)
from .octets import ABORT_USER
from .oracle import Cell, Oracle, cell_clause

_REJECTED_VERSION: Final = AAssociateRJ(1, 2, 2)


@dataclass(frozen=True, slots=True)
class Stroke:
    """One way to cause an event at the target: a name for the id, octets and what they may be taken for."""

    name: str
    event: str
    what: str
    octets: bytes
    readings: tuple[Reading, ...]


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
ENDS: Final[tuple[tuple[str, str, Step], ...]] = (
    ("evt17.close", "close of the connection", Close()),
    ("evt17.reset", "reset of the connection", Reset()),
)


def _send(stroke: Stroke) -> Send:
    return Send(stroke.what, stroke.octets, stroke.readings)


def lead(what: str, octets_: bytes, readings: tuple[Reading, ...]) -> tuple[Step, ...]:
    """A step on the way to the point of a case."""
    return (Send(what, octets_, readings, prefix=True), Await(prefix=True))


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


@dataclass(frozen=True, slots=True)
class Approach:
    """A way to a state: the id's middle, the state, the steps, and how it is said."""

    name: str
    state: str
    steps: tuple[Step, ...]
    said: str


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
# A C-ECHO alone cannot tell Sta13 from the states that wait for A-RELEASE-RP; an A-ASSOCIATE-AC can.
PROBE_CLOSING: Final[tuple[Step, ...]] = (
    PROBE[0],
    Send("A-ASSOCIATE-AC (is the association over?)", octets.AC, as_event("Evt3"), check="Evt3"),
    Await(quiet=True),
)
# One after the other, for a user who may still be thinking about what the case itself sent.
PROBE_SLOWLY: Final[tuple[Step, ...]] = (*PROBE, *PROBE_CLOSING[1:])
END: Final[tuple[Step, ...]] = (Send("A-ABORT (to end)", ABORT_USER, AS_ABORT, check="Evt16"), Await())


# Where ARTIM did not expire, the target must still be in the state in which it was left.
AFTER_TIMER: Final[tuple[Step, ...]] = (
    Send("A-ASSOCIATE-RQ (which state is this?)", octets.RQ, as_request(), check="Evt6"),
    Await(quiet=True),
)


def finish(*steps: Step) -> tuple[Step, ...]:
    """Steps of a case, then the check of the state that was reached, and the end."""
    return (*steps, *(PROBE_CLOSING if "Sta13" in ends_of(steps) else PROBE), *END)


def ends_waiting(steps: tuple[Step, ...]) -> bool:
    """Whether every conforming target is in Sta13 after these steps, whenever its user answered."""
    return ends_of(steps) == {"Sta13"}


def ends_of(steps: tuple[Step, ...]) -> set[str]:
    """The states in which a conforming target may be after these steps, once its user has answered."""
    oracle = Oracle(track=False)
    for step in steps:
        match step:
            case Connect():
                oracle.connected()
            case Send():
                oracle.sent(step.readings)
            case Await():
                oracle.settle()
            case _:
                pass
    oracle.settle()
    return set(oracle.states())


def generated(depth: int = 0) -> tuple[Case, ...]:
    """Every case that follows from the table, in a fixed order; `depth` 1 adds those with one more input."""
    cases = [case for approach in APPROACHES for case in _cells(approach)]
    cases.extend(_user_cells())
    cases.extend(_timers())
    cases.extend(_others())
    if depth:
        cases.extend(_deeper(cases))
    return tuple(cases)


def _strokes(approach: Approach) -> tuple[Stroke, ...]:
    return (*STROKES, BAD_VERSION) if approach.state == "Sta2" else STROKES


def _cells(approach: Approach) -> list[Case]:
    cases: list[Case] = []
    for stroke in _strokes(approach):
        steps = finish(*approach.steps, _send(stroke), Await())
        cases.append(_case(approach, stroke.name, stroke.event, stroke.what, steps))
    for name, what, step in ENDS:
        cases.append(_case(approach, name, "Evt17", what, (*approach.steps, step)))
    half = (*approach.steps, HalfClose(), Await())
    cases.append(
        _case(approach, "evt17.half", "Evt17", "half-close of the connection", half, level=Level.SHOULD)
    )
    return cases


def _case(
    approach: Approach,
    name: str,
    event: str,
    what: str,
    steps: tuple[Step, ...],
    *,
    level: Level = Level.MUST,
    slow: bool = False,
) -> Case:
    action = ASSOCIATION.action_at(approach.state, event)
    assert action is not None, f"{approach.state} x {event} is blank"
    does = f"{action.name}: {action.description}"
    return Case(
        id=f"ul.{approach.name}.{name}",
        title=f"{what} {approach.said}",
        clause=cell_clause((approach.state, event)),
        requirement=f"A target in {approach.state} that meets {event} ({what}) does {does}.",
        steps=steps,
        level=level,
        cell=(approach.state, event),
        slow=slow,
        kind=f"{approach.state}.{name}",
    )


# Less than any user takes who takes his time, and less than any silence lasts.
OWED_SECONDS: Final = 0.04


def _user_cells() -> list[Case]:
    """The cells that the target's own user causes: accept, reject, data, release response."""
    echo = Send("P-DATA-TF (C-ECHO request)", octets.ECHO, AS_ECHO)
    release = Send("A-RELEASE-RQ", octets.RELEASE_RQ, AS_RELEASE)
    forbidden = _send(UNKNOWN_CONTEXT)
    fresh = Approach("sta1", "Sta1", (), "from idle")
    sta3, sta6, sta8 = APPROACHES[1], APPROACHES[2], APPROACHES[3]
    request = Send("A-ASSOCIATE-RQ", octets.RQ, as_request())
    return [
        _case(fresh, "evt5", "Evt5", "connection request", finish(*CONNECTED, request, Await())),
        _case(sta3, "evt7", "Evt7", "acceptance by the user", finish(*CONNECTED, request, Await())),
        _case(
            sta3, "evt8", "Evt8", "rejection by the user", finish(*CONNECTED, _send(UNKNOWN_TITLE), Await())
        ),
        _case(sta6, "evt9", "Evt9", "data of the user", finish(*ASSOCIATED, echo, Await())),
        _case(sta8, "evt14", "Evt14", "release response of the user", finish(*ASSOCIATED, release, Await())),
        _case(
            sta8,
            "evt9",
            "Evt9",
            "data of the user that was asked to release",
            finish(*ASSOCIATED, echo, release, Await()),
        ),
        _case(
            sta6,
            "evt15",
            "Evt15",
            "abort by the user",
            (*ASSOCIATED, forbidden, Await(quiet=True), *PROBE_SLOWLY, *END),
        ),
        _case(
            sta8,
            "evt15",
            "Evt15",
            "abort by the user that was asked to release",
            (*ASSOCIATED, forbidden, release, Await(quiet=True), *PROBE_SLOWLY, *END),
        ),
        # Here a user who takes his time still owes the release when the next PDU comes.
        replace(
            _case(
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
                    _send(STROKES[8]),
                    Await(quiet=True),
                ),
            ),
            title="a PDU of unknown type after the user's abort, a release still to be answered",
        ),
    ]


def _timers() -> list[Case]:
    return [
        _case(APPROACHES[index], "evt18", "Evt18", "expiry of ARTIM", _until_expiry(steps), slow=True)
        for index, steps in (
            (0, CONNECTED),
            (4, (*ABORTED, Await(prefix=True))),
            (5, RELEASED),
            (6, REJECTED),
        )
    ] + [
        _case(
            APPROACHES[index],
            "evt18.poked",
            "Evt18",
            "expiry of ARTIM in spite of PDUs that are to be dropped,",
            _until_expiry(steps, AwaitTimer(Send("A-ASSOCIATE-AC", octets.AC, as_event("Evt3")))),
            slow=True,
        )
        for index, steps in ((4, (*ABORTED, Await(prefix=True))), (5, RELEASED))
    ]


def _until_expiry(steps: tuple[Step, ...], wait: AwaitTimer | None = None) -> tuple[Step, ...]:
    probe = PROBE_CLOSING if ends_waiting(steps) else ()
    return (*steps, wait or AwaitTimer(), *probe, *AFTER_TIMER, *END)


def _then_timer(case: Case, before: tuple[Step, ...]) -> Case:
    """The case, and instead of the check the wait for ARTIM, which every way into Sta13 starts."""
    return replace(
        case,
        id=f"{case.id}+evt18",
        title=f"{case.title}, then expiry of ARTIM",
        steps=_until_expiry(before),
        slow=True,
        depth=1,
    )


def timer_cases() -> tuple[Case, ...]:
    """The wait for ARTIM behind every cell that leads to Sta13 (a part of depth 1)."""
    return tuple(case for case in _deeper(list(generated())) if case.slow)


def _before_check(case: Case) -> tuple[Step, ...] | None:
    """The steps of a case without the check of the state and the end; None where it has none."""
    for check in (PROBE_SLOWLY, PROBE_CLOSING, PROBE):
        tail = (*check, *END)
        if case.steps[-len(tail) :] == tail and not case.slow:
            return case.steps[: -len(tail)]
    return None


def _deeper(cases: list[Case]) -> list[Case]:
    """Each case that ends with the check of the state, with one more input before the check."""
    deeper: list[Case] = []
    for case in cases:
        before = _before_check(case)
        if before is None:
            continue
        if "Sta13" in ends_of(before):
            deeper.append(_then_timer(case, before))
        for stroke in STROKES:
            more = replace(_send(stroke), check=stroke.event)
            steps = finish(*before, more, Await())
            title = f"{case.title}, then {stroke.what}"
            deeper.append(replace(case, id=f"{case.id}+{stroke.name}", title=title, steps=steps, depth=1))
    return deeper


# As long as the pace of the run allows.
FOREVER: Final = 3600.0
SILENT_PEER: Final = Case(
    id="conn.silent-peer",
    title="a connection that says nothing, and a healthy association beside it",
    clause="PS3.8 2020 9.1.4",
    requirement="One silent peer does not keep the target from serving others (one at a time is a choice, and told).",
    steps=(Connect(), Idle(FOREVER)),
    level=Level.MAY,
    held=1,
    kind="silent peer",
)
SECOND_ASSOCIATION: Final = Case(
    id="conn.second-association",
    title="an association that stands idle, and another beside it",
    clause="PS3.8 2020 9.1.4",
    requirement="Whether associations are served side by side or one at a time is the target's choice, and told.",
    steps=(*ASSOCIATED, Idle(FOREVER)),
    level=Level.MAY,
    held=1,
    kind="second association",
)


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
    return [idle, SECOND_ASSOCIATION, SILENT_PEER]


@cache
def by_cell() -> dict[Cell, tuple[Case, ...]]:
    """The cases that drive each cell, without those that wait for a timer."""
    table: dict[Cell, tuple[Case, ...]] = {}
    for case in generated():
        if case.cell is not None and not case.slow:
            table[case.cell] = (*table.get(case.cell, ()), case)
    return table
