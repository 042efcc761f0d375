"""The listener and its FIFO of connection requests (rows 4 to 10, 18 to 20 of the connection layer).

The context holds the capacity (the backlog), the ids of the waiting requests, oldest first, and how many
accepted children are alive. `accept` always takes the head, whichever request's `on_accept` prompted it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..effects import Callback, FailCall, Reply, TakeChild, WireListen, WireUnlisten
from ..kernel import STAY, Action, Branch, Guard, Machine, Payload, State, event_kinds, only_used, parse_grid
from ..wire.quick import quick

SOURCE: Final = "dicomnet connection layer"

GRID: Final = """
             IDLE   LISTENING  CLOSED
open         LS-1   .          .
request      LS-2   LS-3       LS-2
accept       LS-4   LS-5       LS-4
withdraw     .      LS-6       .
child-ended  .      LS-7       LS-8
close        .      LS-9       .
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """What a listener remembers: capacity (requests), waiting request ids (oldest first), children alive."""

    capacity: int = 0
    waiting: tuple[int, ...] = ()
    children: int = 0


@dataclass(frozen=True, slots=True)
class AcceptCall:
    """The payload of `accept`: whether the child is an IDLE object, and the child itself (opaque).

    `child_plain`: the child has no security layer although its listener has one. `gone`: the carrier tells of the
    request at the head that its requestor has reset it.
    """

    child_idle: bool
    child: object
    child_plain: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What `take-child` carries: the request at the head and the child that gets it."""

    request: int
    child: object


_new_queue = quick(Queue)
_new_taken = quick(Taken)


def _head(queue: Queue, call: Payload) -> Taken:
    return _new_taken(queue.waiting[0], call.child if isinstance(call, AcceptCall) else None)


def _has_room(queue: Queue, _payload: Payload) -> bool:
    return len(queue.waiting) < queue.capacity


def _child_unfit(_queue: Queue, call: Payload) -> bool:
    return isinstance(call, AcceptCall) and not call.child_idle


def _child_plain(_queue: Queue, call: Payload) -> bool:
    return isinstance(call, AcceptCall) and call.child_plain


def _first(queue: Queue, _call: Payload) -> int:
    return queue.waiting[0]


def _gone(queue: Queue, call: Payload) -> bool:
    return bool(queue.waiting) and isinstance(call, AcceptCall) and call.gone


def _enqueue(queue: Queue, request: Payload) -> Queue:
    return _new_queue(queue.capacity, (*queue.waiting, request), queue.children)


def _take_head(queue: Queue, _call: Payload) -> Queue:
    return _new_queue(queue.capacity, queue.waiting[1:], queue.children + 1)


def _drop_head(queue: Queue, _call: Payload) -> Queue:
    return _new_queue(queue.capacity, queue.waiting[1:], queue.children)


def _remove(queue: Queue, request: Payload) -> Queue:
    left = tuple(entry for entry in queue.waiting if entry != request)
    return _new_queue(queue.capacity, left, queue.children)


def _empty(queue: Queue, _payload: Payload) -> Queue:
    return _new_queue(queue.capacity, (), queue.children)


def _one_less(queue: Queue, _payload: Payload) -> Queue:
    return _new_queue(queue.capacity, queue.waiting, queue.children - 1)


def _has_room_linux(queue: Queue, _payload: Payload) -> bool:
    """Linux keeps one more than it was asked for [measured on Linux 6]."""
    return len(queue.waiting) <= queue.capacity


ACTIONS: Final = {
    action.name: action
    for action in (
        Action(
            "LS-1",
            "row 4",
            "listen with an empty queue",
            (Branch("LISTENING", (WireListen(),), updates=("set-capacity",)),),
        ),
        Action("LS-2", "row 6", "refuse: nobody listens", (Branch(STAY, (Reply("refused"),)),)),
        Action(
            "LS-3",
            "rows 5 and 7",
            "put the request at the tail and say so; refuse it where the queue is full",
            (
                Branch("LISTENING", (Callback("on_accept", "ok"),), when="room", updates=("enqueue",)),
                Branch("LISTENING", (Reply("refused"),), when="full"),
            ),
        ),
        Action("LS-4", "refusals", "refuse: not listening", (Branch(STAY, refuse="not_listening"),)),
        Action(
            "LS-5",
            "rows 3, 8 and 9",
            "give the head of the queue to the child",
            (
                Branch("LISTENING", when="child-not-idle", refuse="wrong_state"),
                Branch("LISTENING", when="child-plain", refuse="wrong_security_mode"),
                Branch("LISTENING", when="queue-empty", refuse="would_block"),
                Branch(
                    "LISTENING",
                    (TakeChild(), Reply("accepted", carries="head")),
                    when="request-waits",
                    updates=("take-head",),
                ),
            ),
        ),
        Action("LS-6", "row 20", "remove the request", (Branch("LISTENING", updates=("remove",)),)),
        Action(
            "LS-7",
            "row 18",
            "one child less, and say so",
            (
                Branch(
                    "LISTENING",
                    (Callback("on_child_close", "as-told", carries="payload"),),
                    updates=("one-less",),
                ),
            ),
        ),
        Action("LS-8", "row 18", "one child less", (Branch("CLOSED", updates=("one-less",)),)),
        Action(
            "LS-9",
            "row 19",
            "drop every waiting request, in queue order",
            (Branch("CLOSED", (WireUnlisten(), Reply("reset", carries="queue")), updates=("empty",)),),
        ),
    )
}

LISTENER: Final[Machine[Queue]] = Machine(
    name="listener",
    title="Listener with its FIFO of connection requests",
    source=SOURCE,
    states=(
        State("IDLE", "not listening yet", "idle"),
        State("LISTENING", "takes requests into its queue", "establishment"),
        State("CLOSED", "listens no more; accepted children live on", "closing"),
    ),
    events=event_kinds(
        ("open", "local-user", "begin to listen"),
        ("request", "transport", "a connection request arrived"),
        ("accept", "local-user", "accept the first request of the queue"),
        ("withdraw", "transport", "a requestor took its request back"),
        ("child-ended", "transport", "an accepted child ended"),
        ("close", "local-user", "stop listening"),
    ),
    cells=parse_grid(GRID),
    actions=ACTIONS,
    initial="IDLE",
    context=Queue(),
    cell_clause=SOURCE,
    guards={
        "room": _has_room,
        "full": lambda queue, payload: not _has_room(queue, payload),
        "child-not-idle": _child_unfit,
        "child-plain": _child_plain,
        "queue-empty": lambda queue, _payload: not queue.waiting,
        "request-waits": lambda queue, _payload: bool(queue.waiting),
    },
    updates={
        "set-capacity": lambda queue, capacity: _new_queue(capacity, queue.waiting, queue.children),
        "enqueue": _enqueue,
        "take-head": _take_head,
        "remove": _remove,
        "empty": _empty,
        "one-less": _one_less,
    },
    selectors={
        "head": _head,
        "queue": lambda queue, _payload: queue.waiting,
    },
)

# --- the listeners of real TCP ----------------------------------------------------------------------------
# A carrier of TCP withdraws nothing: a request whose requestor has gone keeps its place.

_TAKE: Final = (TakeChild(), Reply("accepted", carries="head"))
_GONE: Final = (Reply("gone", carries="first"), FailCall("reset"))

ACTIONS_TCP: Final = {
    action.name: action
    for action in (
        Action(
            "LT-3",
            "rows 5 and 7; tcp-linux: overflow",
            "put the request at the tail and say so; where the queue is full, it is lost on the way",
            (
                Branch("LISTENING", (Callback("on_accept", "ok"),), when="room", updates=("enqueue",)),
                Branch("LISTENING", (Reply("overflow"),), when="full"),
            ),
        ),
        Action(
            "LW-3",
            "rows 5, 7 and 10; tcp-winsock: level",
            "put the request at the tail; say so where none waits that was told of; refuse it where the queue is full",
            (
                Branch("LISTENING", (Callback("on_accept", "ok"),), when="first", updates=("enqueue",)),
                Branch("LISTENING", when="room", updates=("enqueue",)),
                Branch("LISTENING", (Reply("refused"),), when="full"),
            ),
        ),
        Action(
            "LW-5",
            "rows 8, 9 and 10; tcp-winsock: level, reset while queued",
            "give the head of the queue to the child, or report that it was reset; say so where more wait",
            (
                *ACTIONS["LS-5"].branches[:3],
                Branch(
                    "LISTENING",
                    (*_GONE, Callback("on_accept", "ok")),
                    when="gone-and-more",
                    updates=("drop-head",),
                ),
                Branch("LISTENING", _GONE, when="gone", updates=("drop-head",)),
                Branch(
                    "LISTENING", (*_TAKE, Callback("on_accept", "ok")), when="more", updates=("take-head",)
                ),
                Branch("LISTENING", _TAKE, when="request-waits", updates=("take-head",)),
            ),
        ),
    )
}


def _listener_tcp(
    name: str, title: str, request: str, accept: str, guards: dict[str, Guard[Queue]]
) -> Machine[Queue]:
    cells = {
        state: {event: action for event, action in row.items() if event != "withdraw"}
        for state, row in LISTENER.cells.items()
    }
    cells["LISTENING"] |= {"request": request, "accept": accept}
    return only_used(
        replace(
            LISTENER,
            name=name,
            title=title,
            cells=cells,
            actions={**ACTIONS, **ACTIONS_TCP},
            guards={**LISTENER.guards, **guards},
            updates={**LISTENER.updates, "drop-head": _drop_head},
            selectors={**LISTENER.selectors, "first": _first},
        )
    )


LISTENER_LINUX: Final = _listener_tcp(
    "listener-tcp-linux",
    "Listener with its FIFO of connection requests (tcp-linux)",
    "LT-3",
    "LS-5",
    {
        "room": _has_room_linux,
        "full": lambda queue, payload: not _has_room_linux(queue, payload),
    },
)
LISTENER_WINSOCK: Final = _listener_tcp(
    "listener-tcp-winsock",
    "Listener with its FIFO of connection requests (tcp-winsock)",
    "LW-3",
    "LW-5",
    {
        "first": lambda queue, _payload: not queue.waiting and queue.capacity > 0,
        "more": lambda queue, _payload: len(queue.waiting) > 1,
        "gone": _gone,
        "gone-and-more": lambda queue, call: len(queue.waiting) > 1 and _gone(queue, call),
    },
)
