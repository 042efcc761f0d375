"""A running network as a value, and back: how an exploration runs the real runtime from any state that it reached.

A scene is one listener and some requestors, each in a lane of its own: the requestor, the way to its child, the child.
It is thawed from values (a `Hub` for the listener, a `Lane` for each requestor that matters to the step, strangers for
the other requests in the queue), runs on the stepwise carrier, and is frozen again. Nothing of the runtime is modelled
a second time; what is left out of a value is what cannot matter later (see `_inert`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from dicomnet.statemachine import (
    Endpoint,
    Kept,
    Model,
    Output,
    Pdu,
    TakeChild,
    TimerStart,
    Trace,
    Value,
)

from .base import Address, Link, LinkHandler, Request
from .memory import MemoryEnd, MemoryListening, MemoryRequest
from .network import Network, NetworkObject
from .played import PlayedEngine, PlayedSecurity
from .reference import echo_request
from .secure import LinkState, SecureLink
from .stepwise import StepwiseTransport
from .user import Handler, Settings

TIMERS = ("artim", "connect", "handshake")
PORT = 11112
WHERE = Address("", PORT)
PROPOSAL = echo_request("SCP", "SCU")
Report = tuple[str, object]
"""A report that is under way: its name, and what it is about."""


class EndState(NamedTuple):
    """One end of a connection."""

    closed: bool = False
    open: bool = False
    sent_end: bool = False


class Layers(NamedTuple):
    """Who has a security layer, which is only played: the requestors, the listener with its children."""

    requestor: bool = False
    acceptor: bool = False


NO_LAYERS = Layers()


class ObjectState(NamedTuple):
    """A network object: its endpoint (a timer's generation is 1 where it runs, else 0), and its hold on the link.

    Where the link it holds has a security layer: what that remembers, and its engine (role, stage, rest) once begun.
    """

    endpoint: Endpoint
    holds: bool = False
    secure: LinkState | None = None
    engine: tuple[str, str, bytes] | None = None


class Lane(NamedTuple):
    """A requestor, its request or connection, its child, and what is under way between them."""

    requestor: ObjectState
    child: ObjectState | None = None
    path: Value[Kept] | None = None
    tries: int = 0
    comes_again: bool = False
    near: EndState | None = None
    far: EndState | None = None
    to_listener: tuple[Report, ...] = ()
    to_requestor: tuple[Report, ...] = ()


class Hub(NamedTuple):
    """The listening object and the library. The queue is kept apart: its entries belong to lanes."""

    listener: Endpoint
    library: Value[int]
    open: bool


class Noted(NamedTuple):
    """Something that was observed: by whom (requestor, child, listener, carrier), in which lane, what, and of what."""

    who: str
    slot: int | None
    what: str
    about: object = None


class Stranger:
    """A request of a lane that is not part of the scene: it notes what becomes of it."""

    peer = WHERE
    gone = False

    def __init__(self, scene: Scene, place: int) -> None:
        self._scene = scene
        self.place = place

    def take(self, handler: LinkHandler) -> Link:
        """See `Request.take`."""
        return MemoryEnd(self._scene.stepwise, handler, WHERE)

    def drop(self, code: str) -> None:
        """See `Request.drop`."""
        self._scene.note("stranger", self.place, "dropped", code)


class _Witness(Handler):
    """Notes what an object is told, and does once what the scene wants done inside a callback."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def on_accept(self, listener: NetworkObject) -> None:
        self._scene.told(listener, "on_accept")

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self._scene.told(subject, "on_connect", outcome)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self._scene.told(subject, "on_close", outcome)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        slot = child.slot if isinstance(child, SceneObject) else None
        self._scene.told(listener, "on_child_close", (slot, outcome))

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        self._scene.told(subject, "on_secure_link_ready", outcome)

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        self._scene.told(subject, "on_primitive", primitive)


class SceneObject(NetworkObject):
    """A network object that can be made from a value and told as one."""

    def __init__(self, scene: Scene, number: int, who: str, slot: int | None) -> None:
        super().__init__(scene, number, scene.witness)
        self.scene = scene
        self.who = who
        self.slot = slot
        self.proposal = PROPOSAL
        self.attempt: MemoryRequest | None = None

    def layered(self) -> SceneObject:
        """The same, with the scene's security layer."""
        self._security = self.scene.played
        return self

    def thaw_end(self, state: ObjectState) -> MemoryEnd:
        """Make this object's end of the link, and hold it where the value says so."""
        if state.secure is None:
            end = MemoryEnd(self.scene.stepwise, self, WHERE)
            self._link = end if state.holds else None
            return end
        secure = SecureLink(self)
        secure.thaw(
            state.secure, None if state.engine is None else PlayedEngine(self.scene.played, *state.engine)
        )
        secure.link = end = MemoryEnd(self.scene.stepwise, secure, WHERE)
        self._link = self._secure = secure
        return end

    def thaw(self, state: ObjectState) -> None:
        """Become what the value says, but for its end of the link."""
        endpoint = self.endpoint = state.endpoint
        for timer, running in zip(
            TIMERS, (endpoint.artim, endpoint.connect_timer, endpoint.handshake_timer), strict=True
        ):
            if running:
                self.start_timer(TimerStart(timer, 1))

    def frozen(self) -> ObjectState:
        """This object as a value."""
        artim, connect, handshake = (int(name in self._timers) for name in TIMERS)
        endpoint = replace(self.endpoint, artim=artim, connect_timer=connect, handshake_timer=handshake)
        link = self._link
        end = self.end_of_link
        holds = end is not None and not end.closed
        if not holds or not isinstance(link, SecureLink):
            return ObjectState(endpoint, holds)
        engine = link.engine
        return ObjectState(
            endpoint, holds, link.frozen(), engine.frozen() if isinstance(engine, PlayedEngine) else None
        )

    @property
    def end_of_link(self) -> MemoryEnd | None:
        """The end of the link that it holds, inside the security layer where there is one."""
        link = self._link.link if isinstance(self._link, SecureLink) else self._link
        return link if isinstance(link, MemoryEnd) else None

    def ring(self, name: str) -> None:
        """Let a running timer run out."""
        timer = self._timers[name]
        stepwise = self.scene.stepwise
        stepwise.ring(next(index for index, each in enumerate(stepwise.timers) if each is timer))
        self._timers.pop(name, None)

    def open_link(self) -> None:
        """Send the connection request, and know it again."""
        super().open_link()
        end = self.end_of_link
        assert end is not None
        self.attempt = end.request

    def send_pdu(self, pdu: Pdu) -> None:
        """Send a PDU, and note that one left."""
        self.scene.note(self.who, self.slot, "pdu", pdu.name)
        super().send_pdu(pdu)

    def be_taken(self, listener: NetworkObject, number: int) -> list[Output]:
        """Become a child, of the lane whose request it is."""
        assert isinstance(listener, SceneListener)
        self.slot = listener.slot_of(number)
        self.scene.note("child", self.slot, "accepted", listener.place_of(number))
        return super().be_taken(listener, number)


class SceneListener(SceneObject):
    """The listening object of a scene."""

    def thaw_queue(self, hub: Hub, requests: Sequence[Request]) -> None:
        """Listen as the hub says, with these requests in the queue."""
        numbers = tuple(range(1, len(requests) + 1))
        queue = self.scene.model.listener.value(
            hub.listener.listener.control, replace(hub.listener.listener.context, waiting=numbers)
        )
        self.endpoint = replace(hub.listener, listener=queue)
        self._requests = dict(zip(numbers, requests, strict=True))
        self._request_ids = count(len(requests) + 1)
        if hub.open:
            self._listening = self.scene.stepwise.listen(WHERE, queue.context.capacity, self)

    def frozen_hub(self) -> Hub:
        """The hub as a value, and without its queue."""
        value = self.endpoint.listener
        bare = self.scene.model.listener.value(value.control, replace(value.context, waiting=()))
        endpoint = replace(self.frozen().endpoint, listener=bare)
        return Hub(endpoint, self.scene.library, self._listening is not None)

    def place_of(self, number: int) -> int:
        """The place (from 0) that a request had in the queue at the beginning; -1 where it came later."""
        request = self._requests[number]
        return request.place if isinstance(request, Stranger) else -1

    def slot_of(self, number: int) -> int | None:
        """The lane of a request; None where it is a stranger's."""
        request = self._requests.get(number)
        return self.scene.slot_of(request) if isinstance(request, MemoryRequest) else None

    def in_line(self) -> tuple[tuple[str, int], ...]:
        """The queue, from the head: ("stranger", place), ("lane", slot), or ("nobody", 0) for what is no request."""
        line: list[tuple[str, int]] = []
        for number in self.endpoint.listener.context.waiting:
            request = self._requests.get(number)
            if isinstance(request, Stranger):
                line.append(("stranger", request.place))
            elif isinstance(request, MemoryRequest):
                line.append(("lane", self.scene.slot_of(request)))
            else:
                line.append(("nobody", 0))
        return tuple(line)

    def _feed(self, part: str, event: str, payload: object) -> list[Output]:
        before = self.in_line()
        mine = self.slot_of(payload) if isinstance(payload, int) else None
        outputs = super()._feed(part, event, payload)
        after = self.in_line()
        if event in ("request", "withdraw") and before != after:
            self.scene.note("carrier", mine, "queued" if event == "request" else "withdrawn")
        elif event == "accept" and not any(isinstance(each.effect, TakeChild) for each in outputs):
            self.scene.note("carrier", next((at for kind, at in before if kind == "lane"), None), "gone")
        return outputs

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`; noted before the entry is forgotten."""
        if isinstance(request, MemoryRequest) and ("lane", self.scene.slot_of(request)) in self.in_line():
            self.scene.note("carrier", self.scene.slot_of(request), "withdrawn")
        super().on_withdrawn(request)


class Scene(Network):
    """A network thawed from values. `queue` says, from the head, which lane stands there; None is a stranger."""

    WHERE = WHERE
    PROPOSAL = PROPOSAL

    def __init__(
        self,
        model: Model,
        hub: Hub,
        queue: Sequence[int | None],
        lanes: Mapping[int, Lane],
        layers: Layers = NO_LAYERS,
    ) -> None:
        self.layers = layers
        self.played = PlayedSecurity()
        self.stepwise = StepwiseTransport(model)
        super().__init__(self.stepwise, Settings(tables=model))
        self.trace = self.stepwise.trace = Trace()
        self.noted: list[Noted] = []
        self.witness = _Witness(self)
        self.react: dict[str, Callable[[Scene, NetworkObject], None]] = {}
        self._library = hub.library
        self._inside = False
        self._ids = count(1)
        self.listener = SceneListener(self, next(self._ids), "listener", None)
        self._requests: dict[int, int] = {}
        self.requestors: dict[int, SceneObject] = {}
        self.children: dict[int, SceneObject] = {}
        self.spares: list[SceneObject] = []
        for slot, lane in sorted(lanes.items()):
            self._thaw_lane(slot, lane)
        self.listener.thaw_queue(hub, [self._in_queue(place, slot) for place, slot in enumerate(queue)])
        for slot, lane in lanes.items():
            self._thaw_way(slot, lane)
        self.bystander = SceneObject(self, next(self._ids), "bystander", None)
        self._let_stand_by(self.bystander)
        for each in (self.listener, *self.requestors.values(), *self.children.values()):
            if each.endpoint.connection.control != "CLOSED":
                self._objects[each.id] = each

    @property
    def library(self) -> Value[int]:
        """The state of the library."""
        return self._library

    def _let_stand_by(self, bystander: SceneObject) -> None:
        """A connected child of no lane, which no step concerns."""
        stands = self.model.connection.value("CONNECTED", bystander.endpoint.connection.context)
        bystander.endpoint = replace(bystander.endpoint, connection=stands)
        bystander.listener = self.listener
        self._objects[bystander.id] = bystander

    @property
    def harmed(self) -> bool:
        """Whether something happened to the bystander."""
        return self.bystander.endpoint.connection.control != "CONNECTED"

    def shutdown(self) -> None:
        """See `Network.shutdown`; the bystander, which no listener counts, leaves before it."""
        self.forget(self.bystander)
        super().shutdown()

    def _in_queue(self, place: int, slot: int | None) -> Request:
        if slot is None:
            return Stranger(self, place)
        request = self.requestors[slot].attempt
        assert request is not None
        return request

    def _thaw_lane(self, slot: int, lane: Lane) -> None:
        requestor = self.requestors[slot] = SceneObject(self, next(self._ids), "requestor", slot)
        if self.layers.requestor:
            requestor.layered()
        near: MemoryEnd | None = None
        if lane.near is not None and lane.path is not None:
            near = requestor.thaw_end(lane.requestor)
            near.closed, near.open, near.sent_end = lane.near
            request = near.request = MemoryRequest(self.stepwise, near, PORT, WHERE)
            request.path, request.tries = lane.path, lane.tries
            requestor.attempt = request
            self._requests[id(request)] = slot
            if lane.comes_again:
                self.stepwise.call_later(0.0, request.arrive)
        requestor.thaw(lane.requestor)
        if lane.child is None:
            return
        child = self.children[slot] = SceneObject(self, next(self._ids), "child", slot)
        child.listener = self.listener
        if self.layers.acceptor:
            child.layered()
        if lane.far is not None:
            far = child.thaw_end(lane.child)
            far.closed, far.open, far.sent_end = lane.far
            if near is not None and near.request is not None:
                far.other, near.other, near.request.acceptor = near, far, far
        child.thaw(lane.child)

    def _thaw_way(self, slot: int, lane: Lane) -> None:
        """What is under way, and where the request has been."""
        request = self.requestors[slot].attempt
        if request is None:
            return
        request.listening = self.stepwise.listener_at(PORT) or MemoryListening(
            self.stepwise, WHERE, self.listener
        )
        for name, about in lane.to_listener:
            receiver = request if name in ("arrive", "withdrawn") else request.acceptor
            self.stepwise.hop(getattr(receiver, name), about)
        for name, about in lane.to_requestor:
            self.stepwise.hop(getattr(request.requestor, name), about)

    # --- what happens ------------------------------------------------------------------------------------

    def slot_of(self, request: MemoryRequest) -> int:
        """The lane of a request."""
        known = self._requests.get(id(request))
        if known is not None:
            return known
        for slot, requestor in self.requestors.items():
            if requestor.attempt is request:
                return slot
        raise AssertionError("a request of no lane")

    def note(self, who: str, slot: int | None, what: str, about: object = None) -> None:
        """Write down what was observed."""
        self.noted.append(Noted(who, slot, what, about))

    def told(self, subject: NetworkObject, what: str, about: object = None) -> None:
        """A callback: write it down, and do what is to be done inside it."""
        assert isinstance(subject, SceneObject)
        if self._inside:
            self.note(subject.who, subject.slot, "re-entered", what)
        self._inside = True
        self.note(subject.who, subject.slot, what, about)
        try:
            reaction = self.react.pop(what, None)
            if reaction is not None:
                reaction(self, subject)
        finally:
            self._inside = False

    def spare(self) -> SceneObject:
        """A fresh object to accept into."""
        made = SceneObject(self, next(self._ids), "child", None)
        if self.layers.acceptor:
            made.configure_security(self.played)
        self._objects[made.id] = made
        self.spares.append(made)
        return made

    def child_of(self, slot: int) -> SceneObject | None:
        """The lane's newest child."""
        accepted = (spare for spare in reversed(self.spares) if spare.slot == slot)
        return next(accepted, self.children.get(slot))

    def under_way(self, slot: int, *, to_listener: bool) -> int | None:
        """Where among what is under way the lane's next report in this direction is; None where there is none."""
        return next(iter(self._under_way(slot, to_listener)), None)

    def _under_way(self, slot: int, to_listener: bool) -> list[int]:
        request = self.requestors[slot].attempt
        if request is None:
            return []
        receivers = [request, request.acceptor] if to_listener else [request.requestor]
        return [
            index
            for index, (report, _) in enumerate(self.stepwise.under_way)
            if any(_receiver(report) is each for each in receivers)
        ]

    # --- freezing ----------------------------------------------------------------------------------------

    def frozen_lane(self, slot: int) -> Lane:
        """A lane as a value."""
        requestor = self.requestors[slot]
        child = self.child_of(slot)
        request = requestor.attempt
        mine, theirs = requestor.frozen(), None if child is None else child.frozen()
        bare = Lane(mine, theirs)
        if theirs is not None and theirs.endpoint.connection.control == "CLOSED":
            theirs, bare = ObjectState(theirs.endpoint), Lane(mine)
        if request is None:
            return bare
        queued = ("lane", slot) in self.listener.in_line()
        lane = Lane(
            mine,
            theirs,
            _settled(request.path),
            request.tries,
            any(timer.callback == request.arrive for timer in self.stepwise.timers),
            _end(request.requestor),
            None if request.acceptor is None else _end(request.acceptor),
            self._reports(slot, to_listener=True),
            self._reports(slot, to_listener=False),
        )
        if not lane.comes_again and lane.path is not None and lane.path.control != "SENT":
            lane = lane._replace(tries=0)
        return bare if not queued and _inert(lane) else lane

    def _reports(self, slot: int, *, to_listener: bool) -> tuple[Report, ...]:
        way = self.stepwise.under_way
        return tuple((way[index][0].__name__, way[index][1]) for index in self._under_way(slot, to_listener))


def _receiver(report: Callable[[Any], None]) -> object:
    return getattr(report, "__self__", None)


def _end(end: MemoryEnd) -> EndState:
    return EndState(closed=True) if end.closed else EndState(end.closed, end.open, end.sent_end)


def _settled(path: Value[Kept]) -> Value[Kept]:
    """Once it is taken or over, what a path remembers is never read again."""
    return path if path.control not in ("TAKEN", "OVER") else path.machine.value(path.control, Kept())


# What, arriving at an end that is closed, has no effect but on an end that is not.
_VAIN = frozenset({"opened", "arrived", "ended", "broken"})


def _inert(lane: Lane) -> bool:
    """Both ends are closed, and nothing is under way that anybody would notice: the attempt has left no trace."""
    ends = all(end is None or end.closed for end in (lane.near, lane.far))
    vain = all(name in _VAIN for name, _ in (*lane.to_listener, *lane.to_requestor))
    child = None if lane.child is None else lane.child.endpoint
    rings = child is not None and bool(child.artim or child.connect_timer or child.handshake_timer)
    return ends and vain and not lane.comes_again and not rings
