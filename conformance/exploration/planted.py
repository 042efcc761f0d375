"""Named faults: what goes wrong in implementations of the connection layer, as tables with one fault each.

`plant("lifo", model)` gives the tables of `model` with that fault. `dicomnet check --mutant NAME` shows each failing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from dicomnet.statemachine import (
    PROFILES,
    AcceptCall,
    Callback,
    Effect,
    HandshakeTimerStart,
    Machine,
    Model,
    Payload,
    Queue,
    Rule,
    SendPdu,
    Signal,
    Taken,
    Tell,
    TellListener,
    WireWithdraw,
)

EVERYWHERE: Final = tuple(PROFILES)
Effects = tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault: its name, what it does in one sentence, the profiles that can have it, how it is planted.

    `secure`: it shows only where links have a security layer.
    """

    name: str
    sentence: str
    profiles: tuple[str, ...]
    plant: Callable[[Model], Model]
    secure: bool = False


def plant(name: str, model: Model) -> Model:
    """The tables of `model` with the fault of this name (KeyError where there is none)."""
    return PLANTED[name].plant(model)


# --- which request is taken, kept, lost -----------------------------------------------------------------


def _takes(pick: Callable[[Queue], int]) -> Callable[[Model], Model]:
    """A listener whose accept takes the request at the place that `pick` tells."""

    def head(queue: Queue, call: Payload) -> Taken:
        return Taken(queue.waiting[pick(queue)], call.child if isinstance(call, AcceptCall) else None)

    def take(queue: Queue, _call: Payload) -> Queue:
        at = pick(queue)
        left = (*queue.waiting[:at], *queue.waiting[at + 1 :])
        return replace(queue, waiting=left, children=queue.children + 1)

    def change(model: Model) -> Model:
        machine = model.listener
        selectors, updates = {**machine.selectors, "head": head}, {**machine.updates, "take-head": take}
        return replace(model, listener=replace(machine, selectors=selectors, updates=updates))

    return change


@dataclass(frozen=True, slots=True)
class PromptedQueue(Queue):
    """A queue that knows whose on_accept was told last, until an accept is called."""

    prompted: int | None = None


def _prompted_place(queue: Queue) -> int:
    prompted = queue.prompted if isinstance(queue, PromptedQueue) else None
    return queue.waiting.index(prompted) if prompted in queue.waiting else 0


def _takes_what_prompted(model: Model) -> Model:
    taking = _takes(_prompted_place)(model).listener

    def remembering(name: str) -> Callable[[Queue, Payload], Queue]:
        update = taking.updates[name]

        def changed(queue: Queue, payload: Payload) -> Queue:
            after = update(queue, payload)
            prompted = queue.prompted if isinstance(queue, PromptedQueue) else None
            if name == "enqueue":
                prompted = payload
            elif name == "take-head":
                prompted = None
            return PromptedQueue(after.capacity, after.waiting, after.children, prompted)

        return changed

    updates = {name: remembering(name) for name in taking.updates}
    return replace(model, listener=replace(taking, updates=updates, context=PromptedQueue()))


def _updates(**changed: Callable[[Queue, Payload], Queue]) -> Callable[[Model], Model]:
    """A listener that writes down something else: the names of its updates, with _ for -."""
    by_name = {name.replace("_", "-"): update for name, update in changed.items()}

    def change(model: Model) -> Model:
        machine = model.listener
        return replace(model, listener=replace(machine, updates={**machine.updates, **by_name}))

    return change


def _loses_the_tail(queue: Queue, request: Payload) -> Queue:
    left = tuple(entry for entry in queue.waiting if entry != request)
    return replace(queue, waiting=left[:-1] if len(left) > 1 else left)


def _one_too_many(model: Model) -> Model:
    machine = model.listener
    room = machine.guards["room"]

    def more(queue: Queue, payload: Payload) -> bool:
        return room(queue, payload) or room(replace(queue, waiting=queue.waiting[:-1]), payload)

    def full(queue: Queue, payload: Payload) -> bool:
        return not more(queue, payload)

    guards = {**machine.guards, "room": more, "full": full}
    return replace(model, listener=replace(machine, guards=guards))


# --- who is told, and what ------------------------------------------------------------------------------


def _effects(table: str, change: Callable[[Effects], Effects], *actions: str) -> Callable[[Model], Model]:
    """The effects of some actions of a table changed, in whatever cell they stand."""

    def changed(model: Model) -> Model:
        machine: Machine[Any] = getattr(model, table)
        there = dict(machine.actions)
        for name in actions:
            if name in there:
                branches = tuple(replace(each, effects=change(each.effects)) for each in there[name].branches)
                there[name] = replace(there[name], branches=branches)
        tables: dict[str, Any] = {table: replace(machine, actions=there)}
        return replace(model, **tables)

    return changed


def _twice(*kinds: type[Any], name: str = "") -> Callable[[Effects], Effects]:
    """Each effect of these kinds done twice (with `name`, the callbacks of that name)."""

    def change(effects: Effects) -> Effects:
        twice: list[Effect] = []
        for each in effects:
            told = isinstance(each, kinds) and (not name or getattr(each, "name", "") == name)
            twice += [each, each] if told else [each]
        return tuple(twice)

    return change


def _without(*kinds: type[Any]) -> Callable[[Effects], Effects]:
    return lambda effects: tuple(each for each in effects if not isinstance(each, kinds))


def _and(*more: Effect) -> Callable[[Effects], Effects]:
    return lambda effects: (*effects, *more)


def _queue_survives(model: Model) -> Model:
    machine = model.listener
    action = machine.actions[machine.cells["LISTENING"]["close"]]
    branches = tuple(replace(each, effects=each.effects[:1], updates=()) for each in action.branches)
    actions = {**machine.actions, action.name: replace(action, branches=branches)}
    return replace(model, listener=replace(machine, actions=actions))


def _rule(trigger: str, changed: Callable[[Rule], Rule]) -> Callable[[Model], Model]:
    """One rule of the coupling changed."""

    def change(model: Model) -> Model:
        rules = tuple(changed(rule) if rule.trigger == trigger else rule for rule in model.coupling.rules)
        return replace(model, coupling=replace(model.coupling, rules=rules))

    return change


def _all(*changes: Callable[[Model], Model]) -> Callable[[Model], Model]:
    """Several changes that are one fault."""

    def change(model: Model) -> Model:
        for each in changes:
            model = each(model)
        return model

    return change


def _before(*more: Effect) -> Callable[[Effects], Effects]:
    return lambda effects: (*more, *effects)


def _never(_queue: Queue, _call: Payload) -> bool:
    return False


def _takes_any_child(model: Model) -> Model:
    machine = model.listener
    guards = {**machine.guards, "child-plain": _never}
    return replace(model, listener=replace(machine, guards=guards))


def _not_diverted(trigger: str) -> Callable[[Model], Model]:
    def change(model: Model) -> Model:
        left = tuple(rule for rule in model.coupling.diverted if rule.trigger != trigger)
        return replace(model, coupling=replace(model.coupling, diverted=left))

    return change


def _secure_fault(
    name: str, sentence: str, plant_it: Callable[[Model], Model], *profiles: str
) -> tuple[str, Planted]:
    return name, Planted(name, sentence, profiles or EVERYWHERE, plant_it, secure=True)


_READY: Final = Callback("on_secure_link_ready", "ok")
_ABORT: Final = SendPdu("A-ABORT", chosen_source=2, chosen_reason="by-cause")


def _fault(
    name: str, sentence: str, plant_it: Callable[[Model], Model], *profiles: str
) -> tuple[str, Planted]:
    return name, Planted(name, sentence, profiles or EVERYWHERE, plant_it)


PLANTED: Final = dict(
    (
        _fault(
            "lifo", "accept takes the last request of the queue", _takes(lambda queue: len(queue.waiting) - 1)
        ),
        _fault(
            "swap-from-three",
            "accept takes the second request as soon as three wait",
            _takes(lambda queue: int(len(queue.waiting) > 2)),
        ),
        _fault(
            "accepts-any",
            "accept takes the request whose on_accept was told last, not the first",
            _takes_what_prompted,
        ),
        _fault(
            "jumps-the-queue",
            "a new request goes to the front of the queue",
            _updates(enqueue=lambda queue, new: replace(queue, waiting=(new, *queue.waiting))),
        ),
        _fault(
            "lost-tail-on-withdraw",
            "a request that is taken back takes the last of the others with it",
            _updates(remove=_loses_the_tail),
            "dicomnet",
        ),
        _fault(
            "wrong-one-withdrawn",
            "a request that is taken back removes the first of the queue",
            _updates(remove=lambda queue, _request: replace(queue, waiting=queue.waiting[1:])),
            "dicomnet",
        ),
        _fault("one-too-many", "a full queue takes one request more", _one_too_many),
        _fault(
            "no-slot-back",
            "a child that has ended is still counted",
            _updates(one_less=lambda queue, _told: queue),
        ),
        _fault(
            "queue-survives-close",
            "a listener that closes tells its waiting requestors nothing",
            _queue_survives,
        ),
        _fault(
            "timer-leaves-entry",
            "a connect whose timer ran out leaves its request in the queue",
            _effects("connection", _without(WireWithdraw), "CN-9"),
            "dicomnet",
        ),
        _fault(
            "double-on-connect",
            "on_connect(ok) is told twice",
            _effects("connection", _twice(Callback), "CN-6"),
        ),
        _fault(
            "on-connect-before-accept",
            "the requestor hears that it is connected as soon as its request is queued",
            _effects("path", _and(Tell("requestor", "open")), "PA-3"),
            "dicomnet",
        ),
        _fault(
            "on-connect-after-close",
            "close of an object that is CONNECTING tells on_connect",
            _effects("connection", _and(Callback("on_connect", "aborted")), "CN-14"),
        ),
        _fault(
            "silent-refusal",
            "a requestor that is refused hears nothing until its timer",
            _effects("path", _without(Tell), "PA-2", "PL-1"),
        ),
        _fault(
            "on-accept-twice",
            "a request that joins the queue tells on_accept twice",
            _effects("listener", _twice(Callback, name="on_accept"), "LS-3", "LT-3", "LW-3"),
        ),
        _fault(
            "close-tells-twice",
            "on_close is told twice where the peer closes",
            _effects("connection", _twice(Callback), "CN-10"),
        ),
        _fault(
            "child-told-twice",
            "the listener hears twice of a child that the peer closes",
            _effects("connection", _twice(TellListener), "CN-10"),
        ),
        _fault(
            "close-aborts",
            "close with an association alive sends an A-ABORT",
            _rule("local-end", lambda rule: replace(rule, event="Evt15")),
        ),
        _fault(
            "silent-loss",
            "an association whose connection the peer ends is not told of it",
            _rule("peer-end", lambda rule: replace(rule, silent=True)),
        ),
        _secure_fault(
            "ready-twice",
            "on_secure_link_ready(ok) is told twice",
            _effects("security", _twice(Callback), "SE-4"),
        ),
        _secure_fault(
            "ready-before-accept",
            "on_secure_link_ready(ok) is told when the request is sent",
            _effects("connection", _and(_READY), "CN-3"),
        ),
        _secure_fault(
            "closed-after-failed-handshake",
            "a handshake that fails tells on_close as well",
            _effects("connection", _and(Callback("on_close", "aborted")), "CN-28"),
        ),
        _secure_fault(
            "associates-before-ready",
            "associate is not refused while the link is being secured",
            _not_diverted("associate"),
        ),
        _secure_fault(
            "abort-after-failed-handshake",
            "a handshake that fails sends an A-ABORT",
            _effects("connection", _before(_ABORT), "CN-28"),
        ),
        _secure_fault(
            "artim-covers-handshake",
            "ARTIM starts at accept, and not when the link is secured",
            _all(
                _effects("security", _and(Signal("child-secured")), "SE-3"),
                _effects("security", _without(Signal), "SE-4"),
            ),
        ),
        _secure_fault(
            "endless-handshake",
            "no timer bounds the handshake",
            _effects("security", _without(HandshakeTimerStart), "SE-2", "SE-3"),
        ),
        _secure_fault(
            "takes-plain-child",
            "a listener with a security layer accepts into a child that has none",
            _takes_any_child,
        ),
    )
)
"""The faults by name."""
