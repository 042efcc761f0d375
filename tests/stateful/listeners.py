"""Listeners with one fault each, to show that the checks of FIFO order see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dicomnet.statemachine import LISTENER, AcceptCall, Machine, Queue, Taken


def _last(queue: Queue, call: object) -> Taken:
    return Taken(queue.waiting[-1], call.child if isinstance(call, AcceptCall) else None)


def _without_last(queue: Queue, _call: object) -> Queue:
    return replace(queue, waiting=queue.waiting[:-1], children=queue.children + 1)


def _to_the_front(queue: Queue, request: int) -> Queue:
    return replace(queue, waiting=(request, *queue.waiting))


def _remove_first(queue: Queue, _request: int) -> Queue:
    return replace(queue, waiting=queue.waiting[1:])


LIFO: Final[Machine[Queue]] = replace(
    LISTENER,
    selectors={**LISTENER.selectors, "head": _last},
    updates={**LISTENER.updates, "take-head": _without_last},
)
JUMPING_THE_QUEUE: Final = replace(LISTENER, updates={**LISTENER.updates, "enqueue": _to_the_front})
WRONG_ONE_WITHDRAWN: Final = replace(LISTENER, updates={**LISTENER.updates, "remove": _remove_first})


def _always(_queue: Queue, _payload: object) -> bool:
    return True


def _never(_queue: Queue, _payload: object) -> bool:
    return False


NO_LIMIT: Final = replace(
    LISTENER,
    guards={**LISTENER.guards, "room": _always, "full": _never},
)
FAULTY: Final = {
    "LIFO": LIFO,
    "jumping the queue": JUMPING_THE_QUEUE,
    "the wrong one withdrawn": WRONG_ONE_WITHDRAWN,
    "no limit": NO_LIMIT,
}
