"""What must always hold of connections, as machines that watch: one table each, for whoever can observe.

A monitor is a machine for the one kernel like any other. Its events are what was observed: calls that succeeded,
callbacks that were told, what the carrier did. A blank cell, or a branch that refuses, is an invariant that broke;
`look` gives the next value or says which one. Exploration, simulation, stateful tests and the contract test of the
carriers feed the same tables.

`LIFE` watches one network object (invariants 3 to 6). `LINE` watches one listener and its queue (1, 2, 5 and 8);
it has a form for each profile. That callbacks are never re-entered (7), that the counts add up (8) and that nothing is
left unfired (9) is for those to see who observe the whole.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from ..errors import LocalProtocolError
from ..kernel import (
    STAY,
    Action,
    Branch,
    Machine,
    Payload,
    State,
    Value,
    event_kinds,
    only_used,
    parse_grid,
    step,
)

SOURCE: Final = "dicomnet connection layer, invariants"
C = TypeVar("C", bound=Hashable)

LIFE_GRID: Final = """
              FRESH  ASKED  LINKED  STANDS  LISTENS  FORCED  OVER
configured    LI-8   .      .       .       .        .       .
listen        LI-1   .      .       .       .        .       .
connect       LI-2   .      .       .       .        .       .
taken         LI-3   .      .       .       .        .       .
connected     .      LI-3   .       .       .        .       .
failed        .      LI-4   .       .       .        .       .
ready         .      .      LI-9    .       .        .       .
not-ready     .      .      LI-5    .       .        .       .
closed        .      .      .       LI-5    .        LI-5    .
close         LI-5   LI-5   LI-5    LI-5    LI-5     LI-7    LI-7
forced        LI-6   LI-6   LI-6    LI-6    LI-6     LI-7    LI-7
pdu           .      .      .       LI-7    .        LI-10   LI-10
heard         .      .      .       .       LI-7     .       .
rest          LI-7   LI-7   LI-7    LI-7    LI-7     .       LI-7
end-of-time   LI-7   .      LI-11   LI-7    LI-7     .       LI-7
"""


def _plain(name: str, row: str, description: str, following: str, *updates: str) -> Action:
    return Action(name, row, description, (Branch(following, updates=updates),))


PLAIN, LAYERED, READY = "plain", "layered", "ready"


def _unready(link: str, _payload: Payload) -> bool:
    return link == LAYERED


LIFE: Final[Machine[str]] = Machine(
    name="life",
    title="What one network object may be told",
    source=SOURCE,
    states=(
        State("FRESH", "not used yet, or back from a connect that failed", "idle"),
        State("ASKED", "connect was called; its outcome is to come", "establishment"),
        State("LINKED", "connected or accepted, and its link is not secured yet", "establishment"),
        State(
            "STANDS",
            "ready: connected or accepted, and secured where it has a security layer",
            "data-transfer",
        ),
        State("LISTENS", "listening", "establishment"),
        State("FORCED", "ended by force or by shutdown: exactly one on_close is to come", "closing"),
        State("OVER", "ended: nothing more is told", "closing"),
    ),
    events=event_kinds(
        ("configured", "local-user", "it has a security layer"),
        ("listen", "local-user", "listen succeeded"),
        ("connect", "local-user", "connect was taken on"),
        ("taken", "local-user", "it was accepted into"),
        ("connected", "transport", "on_connect(ok)"),
        ("failed", "transport", "on_connect with an error"),
        ("ready", "transport", "on_secure_link_ready(ok)"),
        ("not-ready", "transport", "on_secure_link_ready with an error"),
        ("closed", "transport", "on_close"),
        ("close", "local-user", "close was called"),
        ("forced", "local-user", "close_forced, shutdown, or a callback that raised"),
        ("pdu", "local-user", "an association PDU left"),
        ("heard", "transport", "on_accept or on_child_close"),
        ("rest", "timer", "nothing is left to happen but timers"),
        ("end-of-time", "timer", "nothing is left to happen, and every timer has run out"),
    ),
    # A PDU that was decided on before the end may still leave; where it never was ready, none may.
    cells=parse_grid(LIFE_GRID),
    actions={
        action.name: action
        for action in (
            _plain("LI-1", "row 4", "it listens", "LISTENS"),
            _plain("LI-2", "row 5", "an outcome is due", "ASKED"),
            Action(
                "LI-3",
                "rows 8 and 12",
                "it stands, or its link is still to be secured",
                (Branch("LINKED", when="layered"), Branch("STANDS", when="ready")),
            ),
            _plain("LI-4", "rows 6, 7, 19 and 22", "it may be used again", "FRESH"),
            _plain("LI-5", "invariant 5", "the last it is told, or its own end", "OVER"),
            _plain("LI-6", "invariant 5", "one on_close is due", "FORCED"),
            _plain("LI-7", "invariant 5", "nothing changes", STAY),
            _plain("LI-8", "row 3", "its link is to be secured", STAY, "layer"),
            _plain("LI-9", "invariant 4", "its link is secured", "STANDS", "get-ready"),
            Action(
                "LI-10",
                "invariant 6",
                "it was ready",
                (Branch(STAY, when="ready"), Branch(STAY, when="layered", refuse="invariant 6")),
            ),
            Action(
                "LI-11",
                "invariant 4",
                "a handshake comes to its end, at the latest by its timer",
                (Branch(STAY, refuse="invariant 4"),),
            ),
        )
    },
    initial="FRESH",
    context=PLAIN,
    contexts=(PLAIN, LAYERED, READY),
    cell_clause=SOURCE,
    guards={"layered": _unready, "ready": lambda link, payload: not _unready(link, payload)},
    updates={
        "layer": lambda _link, _payload: LAYERED,
        "get-ready": lambda _link, _payload: READY,
    },
)

# Which invariant a blank cell of LIFE stands for.
LIFE_INVARIANT: Final = {
    "connected": 3,
    "failed": 3,
    "ready": 4,
    "not-ready": 4,
    "end-of-time": 3,
    "closed": 5,
    "rest": 5,
    "heard": 5,
    "pdu": 6,
}

# Which invariant an event of a listener's monitor is about.
LINE_INVARIANT: Final = {"queued": 8, "accepted": 1, "gone": 1, "told": 2, "child-closed": 5}


@dataclass(frozen=True, slots=True)
class Line:
    """What a listener's monitor remembers: places, the requests in the order in which they came to the queue.

    `untold` are those whose on_accept is still to come; `silent` (level) says that on_accept was told and accept was
    not called since; `children` are those that were accepted and of whose end the listener was not told.
    """

    places: int = 0
    waiting: tuple[Hashable, ...] = ()
    untold: tuple[Hashable, ...] = ()
    silent: bool = False
    children: frozenset[Hashable] = frozenset()


LINE_GRID: Final = """
              CLOSED  OPEN
open          LN-1    .
queued        .       LN-2
withdrawn     LN-9    LN-3
accepted      .       LN-4
told          .       LN-5
child-closed  .       LN-6
close         LN-9    LN-7
rest          LN-9    LN-8
"""
LINE_LEVEL: Final = {"queued": "LV-2", "gone": "LV-4", "told": "LV-5", "rest": "LV-8"}


def _fifo(line: Line, accepted: Payload) -> bool:
    return line.waiting[:1] == (accepted[0],)


def _accept(line: Line, accepted: Payload) -> Line:
    _request, child = accepted
    return replace(line, waiting=line.waiting[1:], silent=False, children=line.children | {child})


def _lose(line: Line, _lost: Payload) -> Line:
    return replace(line, waiting=line.waiting[1:], silent=False)


def _without(line: Line, request: Payload) -> Line:
    left = tuple(each for each in line.waiting if each != request)
    return replace(line, waiting=left)


def _queued(line: Line, request: Payload) -> Line:
    return replace(line, waiting=(*line.waiting, request), untold=(*line.untold, request))


def _judged(name: str, number: int, description: str, when: str, *updates: str) -> Action:
    """It holds where `when` does; else invariant `number` broke."""
    held = Branch("OPEN", when=when, updates=updates)
    return Action(
        name, f"invariant {number}", description, (held, Branch("OPEN", refuse=f"invariant {number}"))
    )


def _line(name: str, title: str, extra: int, changes: dict[str, str]) -> Machine[Line]:
    cells = parse_grid(LINE_GRID)
    cells["OPEN"] |= changes
    return only_used(
        Machine(
            name=name,
            title=title,
            source=SOURCE,
            states=(
                State("CLOSED", "not listening", "idle"),
                State("OPEN", "listening", "establishment"),
            ),
            events=event_kinds(
                ("open", "local-user", "listen succeeded"),
                ("queued", "transport", "a request got its place in the queue"),
                ("withdrawn", "transport", "a request was taken out of the queue by its requestor"),
                ("accepted", "local-user", "accept succeeded"),
                ("gone", "local-user", "accept reported that its request was reset"),
                ("told", "transport", "on_accept"),
                ("child-closed", "transport", "on_child_close: the child"),
                ("close", "local-user", "the listener ended"),
                ("rest", "timer", "nothing is left to happen but timers"),
            ),
            cells=cells,
            actions={action.name: action for action in LINE_ACTIONS},
            initial="CLOSED",
            context=Line(),
            cell_clause=SOURCE,
            guards={
                "room": lambda line, _payload: len(line.waiting) < line.places + extra,
                "first-in-first-out": _fifo,
                "one-for-each": lambda line, _payload: bool(line.untold),
                "all-told": lambda line, _payload: not line.untold,
                "once-until-accept": lambda line, _payload: not line.silent and bool(line.waiting),
                "told-if-any": lambda line, _payload: line.silent or not line.waiting,
                "own-child": lambda line, child: child in line.children,
            },
            updates={
                "set-places": lambda line, places: replace(line, places=places),
                "enqueue": _queued,
                "enqueue-quietly": lambda line, request: replace(line, waiting=(*line.waiting, request)),
                "remove": _without,
                "take": _accept,
                "lose": _lose,
                "one-told": lambda line, _payload: replace(line, untold=line.untold[1:]),
                "silence": lambda line, _payload: replace(line, silent=True),
                "let-go": lambda line, child: replace(line, children=line.children - {child}),
                "forget": lambda line, _payload: Line(),
            },
        )
    )


LINE_ACTIONS: Final = (
    _plain("LN-1", "row 4", "it listens with an empty queue", "OPEN", "set-places"),
    _judged("LN-2", 8, "the queue holds no more than it has places", "room", "enqueue"),
    _plain("LN-3", "row 20", "the entry is gone, wherever it stood", "OPEN", "remove"),
    _judged("LN-4", 1, "accept takes the first", "first-in-first-out", "take"),
    _judged("LN-5", 2, "one on_accept for each request that came to the queue", "one-for-each", "one-told"),
    _judged("LN-6", 5, "it hears once of each child", "own-child", "let-go"),
    _plain("LN-7", "invariant 5", "it hears no more", "CLOSED", "forget"),
    _judged("LN-8", 2, "each request that came to the queue was told of", "all-told"),
    _plain("LN-9", "row 24", "nothing changes", STAY),
    _judged("LV-2", 8, "the queue holds no more than it has places", "room", "enqueue-quietly"),
    _judged("LV-4", 1, "accept reports the reset of the first", "first-in-first-out", "lose"),
    _judged(
        "LV-5", 2, "on_accept once, and not again until accept was called", "once-until-accept", "silence"
    ),
    _judged("LV-8", 2, "where requests wait, on_accept was told since the last accept", "told-if-any"),
)

LINES: Final = {
    "dicomnet": _line("line", "What one listener may be told", 0, {}),
    "tcp-linux": _line("line-tcp-linux", "What one listener may be told (tcp-linux)", 1, {}),
    "tcp-winsock": _line("line-tcp-winsock", "What one listener may be told (tcp-winsock)", 0, LINE_LEVEL),
}
"""The monitor of a listener in each profile, by the profile's name."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that broke: its number, and what was observed where it could not be."""

    invariant: int
    text: str


def look(value: Value[C], event: str, payload: Payload = None) -> Value[C] | Broken:
    """Let a monitor see an event: its next value, or the invariant that broke."""
    machine: Machine[Any] = value.machine
    try:
        return step(value, machine.event[event], payload)[0]
    except LocalProtocolError as refusal:
        number = refusal.code.removeprefix("invariant ")
        known = LIFE_INVARIANT.get(event, 5) if machine is LIFE else LINE_INVARIANT.get(event, 5)
        action = machine.action_at(value.control, event)
        demand = "this cannot be" if action is None else f"it should hold that {action.description}"
        text = f"{machine.event[event].meaning}, in {value.control}: {demand}"
        return Broken(int(number) if number.isdigit() else known, text)


FORMS: Final[dict[int, dict[str, str]]] = {
    1: {
        "dicomnet": "the k-th accept yields the k-th request of those not withdrawn",
        "tcp-linux": "accept yields requests in the order in which the queue received them; none is withdrawn",
        "tcp-winsock": "accept yields requests, or reports that they were reset, in the order in which the queue "
        "received them; none is withdrawn",
    },
    2: {
        "dicomnet": "exactly one on_accept for each request that reached the queue",
        "tcp-linux": "exactly one on_accept for each request that reached the queue",
        "tcp-winsock": "one on_accept between two accepts while requests wait",
    },
    3: {
        "dicomnet": "each connect ends in exactly one on_connect, or in the object's own end before it; "
        "on_connect(ok) not before its accept",
        "tcp-linux": "each connect ends in exactly one on_connect, or in the object's own end before it",
        "tcp-winsock": "each connect ends in exactly one on_connect, or in the object's own end before it",
    },
    4: dict.fromkeys(
        ("dicomnet", "tcp-linux", "tcp-winsock"),
        "on_secure_link_ready at most once, after on_connect(ok) or accept; an error is the last that is told",
    ),
    5: dict.fromkeys(
        ("dicomnet", "tcp-linux", "tcp-winsock"),
        "at most one on_close, and it is the last; none after close, one after close_forced; each child told once",
    ),
    6: dict.fromkeys(
        ("dicomnet", "tcp-linux", "tcp-winsock"),
        "no association PDU before the connection stands and is secured",
    ),
    7: dict.fromkeys(
        ("dicomnet", "tcp-linux", "tcp-winsock"),
        "calls from inside a callback take effect in order, no callback is entered inside another, "
        "one that raises is reported once",
    ),
    8: {
        "dicomnet": "the queue holds at most N; every attempt is accounted for",
        "tcp-linux": "the queue holds at most N + 1; every attempt is accounted for",
        "tcp-winsock": "the queue holds at most N; every attempt is accounted for",
    },
    9: dict.fromkeys(
        ("dicomnet", "tcp-linux", "tcp-winsock"),
        "every queued request can still be accepted; every row and every branch fires",
    ),
}
"""The invariants by number, in the form that each profile has."""
