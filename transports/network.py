"""The runtime: the steps of making a DICOM connection, on any carrier, decided by the tables.

Start the library, make a network object, listen or connect, accept into a child, associate, exchange, release,
close. A `NetworkObject` holds one frozen `Endpoint`; every call and every report of the carrier is an event for
it, and the outputs are queued and executed in order, never re-entered: a callback may call the API freely.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from dicomnet.statemachine import (
    MODEL,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AcceptCall,
    CreateObject,
    EndAllObjects,
    Endpoint,
    Framer,
    Limits,
    LocalProtocolError,
    Model,
    Output,
    PDataTF,
    Pdu,
    Reply,
    TakeChild,
    TimerStart,
    Transition,
    encode,
    event_of,
    event_of_timer,
    feed,
    step,
)

from .base import Address, Link, Listening, Request, Timer, Transport
from .interpreter import execute

ARTIM_SECONDS = 30.0
CONNECT_SECONDS = 30.0
DEFAULT_BACKLOG = 16


class Handler:
    """What the user of a network object is told. Override what matters; the rest does nothing.

    A callback may call the API. One that raises is reported once to `Network.errors`; unless it was `on_accept` or
    `on_child_close`, its object is then ended by force, and no other object is harmed.
    """

    def on_accept(self, listener: NetworkObject) -> None:
        """A request has joined the queue of `listener`."""

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """The connect call came to its end: ok, refused, reset, timeout, ..."""

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """The connection ended without this end's close(): ok, reset, aborted."""

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """A child that this listener accepted has ended."""

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: Any) -> None:
        """The association issued a primitive (PS3.8 2020, 7.1 to 7.6); the payload is what was received."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and times of a network: ARTIM and connect timer in seconds, PDU lengths in octets.

    `max_length` bounds the PDU-length of the P-DATA-TF PDUs that this end takes (0 = the ceiling of the codec);
    `max_associations` is the number of accepted connections with an association at one time.
    """

    artim: float = ARTIM_SECONDS
    connect: float = CONNECT_SECONDS
    max_length: int = 16384
    max_associations: int = 100
    tables: Model = MODEL


class Network:
    """The started library on one carrier: it makes network objects and runs their outputs to completion."""

    def __init__(self, carrier: Transport, settings: Settings | None = None) -> None:
        self.carrier = carrier
        self.settings = settings or Settings()
        self.model = self.settings.tables
        self.errors: list[Exception] = []
        # For evidence of coverage: the transitions taken, and the (state, event) that the association refused.
        self.trace: list[Transition] | None = None
        self.refused: set[tuple[str, str]] = set()
        self._library = self.model.library.start()
        self._objects: dict[int, NetworkObject] = {}
        self._ids = count(1)
        self._queue: deque[tuple[NetworkObject, Output]] = deque()
        self._running = False

    def startup(self) -> None:
        """Start the library once more (row 1)."""
        self._step_library("startup")

    def shutdown(self) -> None:
        """Take one start back; the last one ends all objects (rows 21, 23).

        Raises `LocalProtocolError("not_initialised")` when there is none left.
        """
        self._step_library("shutdown")

    def new_object(self, handler: Handler | None = None) -> NetworkObject:
        """A new network object, IDLE (row 2). Raises `LocalProtocolError("not_initialised")`."""
        self._step_library("new-object")
        made = NetworkObject(self, next(self._ids), handler or Handler())
        self._objects[made.id] = made
        return made

    def _step_library(self, event: str) -> None:
        self._library, transition, _ = step(self._library, self.model.library.event[event])
        for effect in transition.effects:
            match effect:
                case EndAllObjects():
                    self._end_all()
                case CreateObject():
                    pass
                case _:
                    raise AssertionError(f"{effect.op} is no deed of the library")

    def _end_all(self) -> None:
        alive = sorted(
            self._objects.values(), key=lambda each: each.endpoint.connection.control == "LISTENING"
        )
        for each in alive:
            each.give("connection", "shutdown")

    def forget(self, ended: NetworkObject) -> None:
        """Keep no reference to an object that has ended."""
        self._objects.pop(ended.id, None)

    def post(self, target: NetworkObject, outputs: list[Output]) -> None:
        """Queue outputs and run the queue to its end, unless it is running already."""
        self._queue.extend((target, output) for output in outputs)
        if self._running:
            return
        self._running = True
        try:
            while self._queue:
                execute(*self._queue.popleft())
        finally:
            self._running = False

    def call_user(self, subject: NetworkObject, callback: Callable[[], None], harmless: bool) -> None:
        """Call the user's code; what it raises harms its own object at most."""
        try:
            callback()
        except Exception as error:  # the user's code may raise anything; it is kept, not swallowed
            self.errors.append(error)
            if not harmless:
                subject.close_forced()


class NetworkObject:
    """One network object. Calls raise `LocalProtocolError` where the tables refuse; nothing is changed then."""

    def __init__(self, network: Network, number: int, handler: Handler) -> None:
        self.network = network
        self.id = number
        self.handler = handler
        self.endpoint = Endpoint.new(network.model)
        self.listener: NetworkObject | None = None
        self.proposal: AAssociateRQ | None = None
        self.peer: Address | None = None
        self.data: Any = None
        self._link: Link | None = None
        self._target: Address | None = None
        self._opened: Listening | None = None
        self._listening: Listening | None = None
        self._requests: dict[int, Request] = {}
        self._request_ids = count(1)
        self._timers: dict[str, Timer] = {}
        self._framer = Framer(Limits(data=network.settings.max_length))
        self._prepared: tuple[Pdu | None, bytes] = (None, b"")

    # --- the seed's steps --------------------------------------------------------------------------------

    def listen(self, address: Address, backlog: int = DEFAULT_BACKLOG) -> Address:
        """Listen (row 4); port 0 is any free one. Gives the address with the real port.

        Raises `LocalProtocolError`: already_connected, invalid_argument, address_in_use, address_unavailable.
        """
        if backlog < 0 or not 0 <= address.port <= 65535:
            raise LocalProtocolError("invalid_argument", f"backlog {backlog}, port {address.port}")
        feed(
            self.endpoint, self.network.model, "connection", "listen", backlog
        )  # refused? then touch nothing
        opened = self.network.carrier.listen(address, backlog, self)
        self._opened = opened
        self.give("connection", "listen", backlog)
        return opened.address

    def connect(self, address: Address) -> None:
        """Ask for a connection (rows 5 to 7); `on_connect` tells its outcome."""
        self._aim(address)
        self.give("connection", "connect", address)

    def accept(self, child: NetworkObject) -> None:
        """Give the first request of the queue to `child` (rows 8, 9).

        Raises `LocalProtocolError`: not_listening, wrong_state (the child), would_block (nothing waits).
        """
        idle = child.endpoint.connection.control == "IDLE"
        self.give("listener", "accept", AcceptCall(idle, child))

    def close(self) -> None:
        """End in an orderly way (rows 16, 19, 24); an association that is alive ends without a PDU."""
        self.give("connection", "close")

    def close_forced(self) -> None:
        """End by reset (row 17)."""
        self.give("connection", "close-forced")

    # --- the association's service primitives ------------------------------------------------------------
    # What a PDU may not say is refused before any table is asked (`invalid_argument`), so nothing changes then.

    def _prepare(self, pdu: Pdu) -> None:
        self._prepared = (pdu, encode(pdu))

    def associate(self, request: AAssociateRQ) -> None:
        """Ask for an association on a connection that stands (Evt1). Raises not_connected."""
        self._prepare(request)
        self.proposal = request
        self.give("connection", "associate")

    def dial(self, address: Address, request: AAssociateRQ) -> None:
        """Connect and associate in one call: Evt1 now, Evt2 when the connection stands."""
        self._prepare(request)
        self._aim(address)
        self.proposal = request
        self.give("connection", "dial", address)

    def respond(self, answer: AAssociateAC | AAssociateRJ) -> None:
        """Accept or reject the association request (Evt7, Evt8)."""
        self._prepare(answer)
        self.give("association", "Evt7" if isinstance(answer, AAssociateAC) else "Evt8", answer)

    def send_data(self, data: PDataTF) -> None:
        """P-DATA request (Evt9)."""
        self._prepare(data)
        self.give("association", "Evt9", data)

    def release(self) -> None:
        """A-RELEASE request (Evt11)."""
        self.give("association", "Evt11")

    def respond_release(self) -> None:
        """A-RELEASE response (Evt14)."""
        self.give("association", "Evt14")

    def abort(self) -> None:
        """A-ABORT request (Evt15); nothing where the association is already over."""
        self.give("association", "Evt15")

    # --- events in ---------------------------------------------------------------------------------------

    def give(self, part: str, event: str, payload: Any = None) -> None:
        """Give an event to one part of the endpoint and run what follows."""
        network = self.network
        try:
            self.endpoint, outputs = feed(self.endpoint, network.model, part, event, payload, network.trace)
        except LocalProtocolError:
            network.refused.add((self.endpoint.association.control, event))
            raise
        self._after(outputs)

    def _after(self, outputs: list[Output]) -> None:
        if outputs:
            self.network.post(self, outputs)
        if self.endpoint.connection.control == "CLOSED":
            self.network.forget(self)

    def _report(self, part: str, event: str, payload: Any = None) -> None:
        """A report of the carrier. No true table refuses one; where a changed table does, it is kept and told."""
        try:
            self.give(part, event, payload)
        except LocalProtocolError as error:
            self.network.errors.append(error)

    def on_open(self) -> None:
        """The carrier's report: see `LinkHandler`."""
        self._report("connection", "connect-ok")

    def on_failed(self, code: str) -> None:
        """The carrier's report. What is neither reset nor timeout is told as refused."""
        self.give(
            "connection",
            {"reset": "connect-reset", "timeout": "connect-timeout"}.get(code, "connect-refused"),
        )

    def on_octets(self, octets: bytes) -> None:
        """The carrier's report."""
        for received, _ in self._framer.feed(octets):
            if self.endpoint.connection.control != "CONNECTED":
                return
            part, event, payload = event_of(received, slot_free=self._slot_free())
            self._report(part, event, payload)

    def on_end(self) -> None:
        """The carrier's report."""
        self._report("connection", "peer-closed")

    def on_reset(self) -> None:
        """The carrier's report."""
        self._report("connection", "peer-reset")

    def has_room(self) -> bool:
        """Whether a request may join the queue now."""
        queue = self.endpoint.listener.context
        return len(queue.waiting) < queue.capacity

    def on_request(self, request: Request) -> None:
        """The carrier's report: see `ListenHandler`."""
        number = next(self._request_ids)
        self._requests[number] = request
        self._report("listener", "request", number)

    def on_withdrawn(self, request: Request) -> None:
        """The carrier's report."""
        for number, waiting in list(self._requests.items()):
            if waiting is request:
                del self._requests[number]
                self._report("listener", "withdraw", number)

    def _slot_free(self) -> bool:
        if self.listener is None:
            return True
        children = self.listener.endpoint.listener.context.children
        return children <= self.network.settings.max_associations

    def _aim(self, address: Address) -> None:
        if self.endpoint.connection.control == "IDLE":
            self._target = address

    # --- deeds, called by the interpreter alone ----------------------------------------------------------

    def send_pdu(self, pdu: Pdu) -> None:
        """Send a PDU on the link."""
        if self._link is not None:
            prepared, octets = self._prepared
            self._link.send(octets if prepared is pdu else encode(pdu))

    def issue(self, primitive: str, payload: Any) -> None:
        """Hand a primitive to the user."""
        self.network.call_user(
            self, lambda: self.handler.on_primitive(self, primitive, payload), harmless=False
        )

    def call_back(self, name: str, outcome: str, payload: Any) -> None:
        """Call the user's handler."""
        handler = self.handler
        match name:
            case "on_accept":
                self.network.call_user(self, lambda: handler.on_accept(self), harmless=True)
            case "on_connect":
                self.network.call_user(self, lambda: handler.on_connect(self, outcome), harmless=False)
            case "on_close":
                self.network.call_user(self, lambda: handler.on_close(self, outcome), harmless=False)
            case "on_child_close":
                child, told = payload
                self.network.call_user(self, lambda: handler.on_child_close(self, child, told), harmless=True)
            case _:
                raise AssertionError(f"no callback {name}")

    def start_timer(self, timer: TimerStart) -> None:
        """Start a timer; an older one of that name is stopped."""
        self.stop_timer(timer)
        settings = self.network.settings
        seconds = settings.artim if timer.timer == "artim" else settings.connect

        def expired() -> None:
            due = event_of_timer(self.endpoint, timer)
            if due is not None:
                self._report(*due)

        self._timers[timer.timer] = self.network.carrier.call_later(seconds, expired)

    def stop_timer(self, timer: TimerStart) -> None:
        """Stop a timer."""
        running = self._timers.pop(timer.timer, None)
        if running is not None:
            running.cancel()

    def open_link(self) -> None:
        """Send the connection request."""
        assert self._target is not None
        self.peer = self._target
        self._framer = Framer(Limits(data=self.network.settings.max_length))
        self._link = self.network.carrier.connect(self._target, self)

    def take_link(self, request: Request) -> None:
        """Take the request that the listener gave to this child."""
        self.peer = request.peer
        self._link = request.take(self)

    def close_link(self) -> None:
        """Close the link in an orderly way, or withdraw the request."""
        link, self._link = self._link, None
        self._stop_timers()
        if link is not None:
            link.close()

    def reset_link(self) -> None:
        """Reset the link."""
        link, self._link = self._link, None
        self._stop_timers()
        if link is not None:
            link.reset()

    def _stop_timers(self) -> None:
        # A timer of a link that is gone could only bring a stale event; it need not keep the carrier awake.
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def open_listening(self) -> None:
        """Adopt the carrier's listener that `listen` opened (it may have been refused; then nothing changes)."""
        self._listening, self._opened = self._opened, None

    def close_listening(self) -> None:
        """Close the carrier's listener."""
        if self._listening is not None:
            self._listening.close()

    def answer_requests(self, effect: TakeChild | Reply, payload: Any) -> None:
        """Tell requests what became of them. The acceptance itself is the carrier's `take`."""
        if isinstance(effect, TakeChild):
            request = self._requests.pop(payload.request)
            child: NetworkObject = payload.child
            child.listener = self
            child.give("connection", "take", request)
        elif effect.outcome != "accepted":
            for number in payload if isinstance(payload, tuple) else (payload,):
                dropped = self._requests.pop(number, None)
                if dropped is not None:
                    dropped.drop(effect.outcome)

    def tell_listener(self, outcome: str) -> None:
        """Tell the listener that accepted this object of its end."""
        if self.listener is not None:
            self.listener.give("listener", "child-ended", (self, outcome))
