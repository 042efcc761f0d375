"""The runtime: the steps of making a DICOM connection, on any carrier, decided by the tables.

Start the library, make a network object, listen or connect, accept into a child, associate, exchange,
release, close. A `NetworkObject` holds one frozen `Endpoint`; every call and report of the carrier is an
event for it. States change at once, also those of another object that an effect speaks to (the child that is
accepted, the listener whose child has ended); deeds and callbacks are queued and done in order, never
re-entered. So a callback may call the API freely and finds every state as its calls have made it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count
from typing import cast

from dicomnet.statemachine import (
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    Callback,
    CreateObject,
    EndAllObjects,
    Endpoint,
    FailCall,
    Framer,
    Issue,
    Limits,
    LocalProtocolError,
    Output,
    PDataTF,
    Pdu,
    TakeChild,
    TellListener,
    TimerStart,
    Transition,
    accept_call,
    encode,
    event_of,
    event_of_timer,
    feed,
    step,
)

from .base import Address, Link, LinkHandler, Listening, Request, Timer, Transport
from .interpreter import execute
from .secure import Failed, Secured, SecureLink, Security, refuse_no_layer, refuse_on_wire
from .user import Handler, Settings, refuse_no_handler

DEFAULT_BACKLOG = 16
# What one event may lead to, through callbacks that call the API, before the run is cut.
MAX_DEEDS = 10_000
# How many of the exceptions that users' callbacks raised are kept, the newest ones.
ERRORS_KEPT = 100
# The states in which an association exists or is asked for (Sta2 waits for a request, Sta13 for the end).
WITHOUT_ASSOCIATION = frozenset({"Sta1", "Sta2", "Sta13"})
# What a carrier reports of a connection that could not be made, as an event; anything else is a refusal.
FAILURES = {
    "reset": "connect-reset",
    "timeout": "connect-timeout",
    "unreachable": "unreachable",
    "name_not_resolved": "not-resolved",
}
# Effects that speak to another object; all others are deeds of their own.
BETWEEN_OBJECTS = frozenset({TakeChild, TellListener})
NOTHING_PREPARED: tuple[Pdu | None, bytes] = (None, b"")


class Network:
    """The started library on one carrier: it makes network objects and runs their outputs to completion.

    With `security` every object is configured with that layer when it is made.
    """

    def __init__(
        self, carrier: Transport, settings: Settings | None = None, security: Security | None = None
    ) -> None:
        self.carrier = carrier
        self.security = security
        self.settings = settings or Settings()
        self.model = self.settings.tables or carrier.tables
        self.limits = Limits(data=self.settings.max_length)
        self.errors: list[Exception] = []
        # For evidence of coverage: the transitions taken, and the (state, event) that were refused.
        self.trace: list[Transition] | None = None
        self.refused: set[tuple[str, str]] = set()
        self._library = self.model.library.start()
        self._objects: dict[int, NetworkObject] = {}
        self._ids = count(1)
        self._queue: deque[tuple[NetworkObject, Output]] = deque()
        self._running = False

    @property
    def alive(self) -> tuple[NetworkObject, ...]:
        """The objects that have not ended, oldest first."""
        return tuple(self._objects.values())

    def startup(self) -> None:
        """Start the library once more (row 1)."""
        self._step_library("startup")

    def shutdown(self) -> None:
        """Take one start back; the last one ends all objects (rows 21, 23).

        Raises `LocalProtocolError("not_initialised")` when there is none left.
        """
        self._step_library("shutdown")

    def new_object(self, handler: Handler | None = None) -> NetworkObject:
        """A new network object, IDLE (row 2).

        Raises `LocalProtocolError`: not_initialised, invalid_argument (a handler that lacks a callback, or what
        `configure_security` raises).
        """
        if handler is None:
            handler = Handler()
        else:
            refuse_no_handler(handler)
        self._step_library("new-object")
        made = NetworkObject(self, next(self._ids), handler)
        if self.security is not None:
            made.configure_security(self.security)
        self._objects[made.id] = made
        return made

    def _step_library(self, event: str) -> None:
        self._library, transition, _ = step(self._library, self.model.library.event[event])
        if self.trace is not None:
            self.trace.append(transition)
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
        # Inside a callback the queue holds what was decided before: none of it is told any more.
        for each in alive:
            self.hush(each)
        for each in alive:
            each.give("connection", "shutdown")

    def forget(self, ended: NetworkObject) -> None:
        """Keep no reference to an object that has ended."""
        self._objects.pop(ended.id, None)

    def post(self, target: NetworkObject, outputs: list[Output]) -> None:
        """Queue outputs and run the queue to its end, unless it is running already."""
        self._enqueue(target, outputs)
        if self._running:
            return
        self._running = True
        try:
            for _ in range(MAX_DEEDS):
                if not self._queue:
                    return
                execute(*self._queue.popleft())
            # No true table goes on for ever; a changed one, or a user who answers himself, may.
            self._queue.clear()
            self.keep(RuntimeError(f"one event led to more than {MAX_DEEDS} deeds; the rest is dropped"))
        finally:
            self._running = False

    def _enqueue(self, target: NetworkObject, outputs: list[Output]) -> None:
        """Queue outputs. What speaks to another object changes its state now; its deeds take their place."""
        for output in outputs:
            effect = output.effect
            if type(effect) not in BETWEEN_OBJECTS:
                self._queue.append((target, output))
            elif isinstance(effect, TakeChild):
                child: NetworkObject = output.payload.child
                self._enqueue(child, child.be_taken(target, output.payload.request))
            elif isinstance(effect, TellListener) and target.listener is not None:
                outcome = effect.outcome if output.payload is None else str(output.payload)
                self._enqueue(target.listener, target.listener.hear_of(target, outcome))

    def keep(self, error: Exception) -> None:
        """Keep what went wrong, of many errors the newest."""
        self.errors.append(error)
        del self.errors[:-ERRORS_KEPT]

    def hush(self, subject: NetworkObject) -> None:
        """Nothing of what is queued is told to the user of `subject` any more."""
        if self._queue:
            told = (Callback, Issue)
            self._queue = deque(
                row for row in self._queue if row[0] is not subject or not isinstance(row[1].effect, told)
            )

    def associations(self, listener: NetworkObject, besides: NetworkObject) -> int:
        """How many associations stand, or are asked for, on children of `listener`."""
        return sum(
            each.listener is listener
            and each is not besides
            and each.endpoint.association.control not in WITHOUT_ASSOCIATION
            for each in self._objects.values()
        )

    def call_user(
        self, subject: NetworkObject, harmless: bool, callback: Callable[..., None], *arguments: object
    ) -> None:
        """Call the user's code; what it raises harms its own object at most, and where `harmless` not even that."""
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is kept
            self.keep(error)
            if not harmless:
                subject.close_forced()


class NetworkObject:
    """One network object. Where the tables refuse, a call raises `LocalProtocolError` and changes nothing.

    Only `accept` may raise one, reset, when something has changed.
    """

    def __init__(self, network: Network, number: int, handler: Handler) -> None:
        self.network = network
        self.id = number
        self.handler = handler
        self.endpoint = Endpoint.new(network.model)
        self.listener: NetworkObject | None = None
        self.proposal: AAssociateRQ | None = None
        self.peer: Address | None = None
        self.data: object = None  # the user's own
        self._security: Security | None = None
        self._secure: SecureLink | None = None
        self._link: Link | None = None
        self._target: Address | None = None
        self._opened: Listening | None = None
        self._listening: Listening | None = None
        self._requests: dict[int, Request] = {}
        self._request_ids = count(1)
        self._timers: dict[str, Timer] = {}
        self._framer = Framer(network.limits)
        self._prepared = NOTHING_PREPARED

    # --- the steps of making a connection ----------------------------------------------------------------

    def configure_security(self, security: Security) -> None:
        """Let the link of this object be secured in this way (row 3). A child is configured before it is accepted into.

        The handler's `on_private_key_password` is asked at once where an encrypted key is loaded; what it raises is
        raised here, and nothing has changed then.
        Raises `LocalProtocolError`: wrong_state (not IDLE), invalid_argument (a certificate or key is wrong, or
        the layer is one for memory alone and the carrier is none).
        """
        # What is refused must not read any file.
        feed(self.endpoint, self.network.model, "connection", "configure")
        refuse_no_layer(security)
        refuse_on_wire(security, self.network.carrier)
        self._security = security.load(lambda: self.handler.on_private_key_password(self))
        self.give("connection", "configure")

    def listen(self, address: Address, backlog: int = DEFAULT_BACKLOG) -> Address:
        """Listen (row 4); port 0 is any free one. Gives the address with the real port.

        Raises `LocalProtocolError`: already_connected, invalid_argument, address_in_use, address_unavailable.
        """
        if backlog < 0 or not 0 <= address.port <= 65535:
            raise LocalProtocolError("invalid_argument", f"backlog {backlog}, port {address.port}")
        # A listen that is refused must not touch the carrier.
        feed(self.endpoint, self.network.model, "connection", "listen", backlog)
        opened = self.network.carrier.listen(address, backlog, self)
        self._opened = opened
        self.give("connection", "listen", backlog)
        return opened.address

    def connect(self, address: Address) -> None:
        """Ask for a connection (rows 5 to 7); `on_connect` tells its outcome.

        Raises `LocalProtocolError`: already_connected, invalid_argument (no such port).
        """
        self._aim(address)
        self.give("connection", "connect", address)

    def accept(self, child: NetworkObject) -> None:
        """Give the first request of the queue to `child` (rows 8, 9).

        Raises `LocalProtocolError`: not_listening, wrong_state (the child), wrong_security_mode (the listener has a
        security layer and the child has none), would_block (nothing waits). And reset, after which the first request
        is gone, as its requestor has reset it (tcp-winsock); the child is unused, and the next may be accepted.
        """
        head = self.endpoint.listener.context.waiting[:1]
        gone = bool(head) and head[0] in self._requests and self._requests[head[0]].gone
        call = accept_call(self.endpoint, child.endpoint, child, gone=gone)
        for output in self.give("listener", "accept", call):
            if isinstance(output.effect, FailCall):
                raise LocalProtocolError(output.effect.code, "the first request was reset, and waits no more")

    def close(self) -> None:
        """End in an orderly way (rows 16, 19, 24); an association that is alive ends without a PDU."""
        self.end("close")

    def close_forced(self) -> None:
        """End by reset (row 17)."""
        self.end("close-forced")

    def end(self, event: str) -> None:
        """End by close or close-forced: whoever ends an object himself hears no more of what came before."""
        # Also where the peer has ended it a moment ago: after his own close nobody hears of that any more.
        if self.endpoint.connection.control != "CLOSED" or event == "close":
            self.network.hush(self)
        self.give("connection", event)

    @property
    def waiting(self) -> int:
        """How many requests wait in this listener's queue."""
        return len(self.endpoint.listener.context.waiting)

    @property
    def held(self) -> int:
        """How many requests it holds: as many as wait, once all that was decided is done."""
        return len(self._requests)

    @property
    def children(self) -> int:
        """How many accepted children of this listener have not ended."""
        return self.endpoint.listener.context.children

    @property
    def secured(self) -> Secured | None:
        """What the security layer agreed on, with the peer's certificate; None before, and without one."""
        return None if self._secure is None else self._secure.secured

    @property
    def security_failure(self) -> Failed | None:
        """Why the link could not be secured, or broke: the outcome code and a sentence; None where it did not."""
        return None if self._secure is None else self._secure.failure

    # --- the association's service primitives ------------------------------------------------------------
    # What a PDU may not say is refused before any table is asked (`invalid_argument`): nothing changes then.

    def _prepare(self, pdu: Pdu) -> None:
        self._prepared = (pdu, encode(pdu))

    def associate(self, request: AAssociateRQ) -> None:
        """Ask for an association on a connection that stands (Evt1). Raises not_connected."""
        self._propose(request, "associate")

    def dial(self, address: Address, request: AAssociateRQ) -> None:
        """Connect and associate in one call: Evt1 now, Evt2 when the connection stands."""
        self._aim(address)
        self._propose(request, "dial", address)

    def _propose(self, request: AAssociateRQ, event: str, address: Address | None = None) -> None:
        self._prepare(request)
        before, self.proposal = self.proposal, request
        try:
            self.give("connection", event, address)
        except LocalProtocolError:
            self.proposal = before
            raise

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

    def give(self, part: str, event: str, payload: object = None) -> list[Output]:
        """Give an event to one part of the endpoint and run what follows; gives the outputs, done or still to be."""
        outputs = self._feed(part, event, payload)
        if outputs:
            self.network.post(self, outputs)
        if self.endpoint.connection.control == "CLOSED":
            self.network.forget(self)
        return outputs

    def _feed(self, part: str, event: str, payload: object) -> list[Output]:
        network = self.network
        try:
            self.endpoint, outputs = feed(self.endpoint, network.model, part, event, payload, network.trace)
        except LocalProtocolError:
            network.refused.add((self.endpoint.association.control, event))
            raise
        return outputs

    def _report(self, part: str, event: str, payload: object = None) -> None:
        """A report of the carrier. No true table refuses one; where a changed table does, it is kept."""
        try:
            self.give(part, event, payload)
        except LocalProtocolError as error:
            self.network.keep(error)

    def be_taken(self, listener: NetworkObject, number: int) -> list[Output]:
        """Become the child of `listener` that gets its request `number`; gives what is to be done."""
        self.listener = listener
        request = listener.hand_over(number)
        # Known at once, also inside a callback, where the deed of taking the link waits for its turn.
        self.peer = request.peer
        return self._feed("connection", "take", request)

    def hand_over(self, number: int) -> Request:
        """Let go of a request that a child was accepted for."""
        return self._requests.pop(number)

    def hear_of(self, child: NetworkObject, outcome: str) -> list[Output]:
        """An accepted child has ended; gives what is to be done."""
        return self._feed("listener", "child-ended", (child, outcome))

    def on_open(self) -> None:
        """The carrier's report: see `LinkHandler`."""
        self._report("connection", "connect-ok")

    def on_failed(self, code: str) -> None:
        """The carrier's report."""
        self._report("connection", FAILURES.get(code, "connect-refused"))

    def on_octets(self, octets: bytes) -> None:
        """The carrier's report."""
        for received, _ in self._framer.feed(octets):
            if self.endpoint.connection.control != "CONNECTED":
                return
            if isinstance(received, AAssociateRQ):
                self._report(*event_of(received, slot_free=self._slot_free()))
            else:
                self._report(*event_of(received))

    def on_end(self) -> None:
        """The carrier's report."""
        self._report("connection", "peer-closed")

    def on_reset(self) -> None:
        """The carrier's report."""
        self._report("connection", "peer-reset")

    def on_secured(self) -> None:
        """The security layer's report: see `SecureHandler`."""
        self._report("security", "secured")

    def on_security_failed(self, code: str) -> None:
        """The security layer's report."""
        self._report("security", "failed", code)

    def on_cut(self) -> None:
        """The security layer's report."""
        self._report("security", "cut")

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
        most = self.network.settings.max_associations
        if self.listener is None or self.listener.children <= most:
            return True
        return self.network.associations(self.listener, self) < most

    def _aim(self, address: Address) -> None:
        if not 0 < address.port <= 65535:
            raise LocalProtocolError("invalid_argument", f"there is no port {address.port} to connect to")
        if self.endpoint.connection.control == "IDLE":
            self._target = address

    # --- deeds, called by the interpreter alone ----------------------------------------------------------

    def send_pdu(self, pdu: Pdu) -> None:
        """Send a PDU on the link."""
        if self._link is not None:
            prepared, octets = self._prepared
            self._prepared = NOTHING_PREPARED
            self._link.send(octets if prepared is pdu else encode(pdu))

    def issue(self, primitive: str, payload: object) -> None:
        """Hand a primitive to the user."""
        self.network.call_user(self, False, self.handler.on_primitive, self, primitive, payload)

    def call_back(self, name: str, outcome: str, payload: object) -> None:
        """Call the user's handler."""
        handler = self.handler
        if outcome == "as-told" and isinstance(payload, str):
            outcome = payload
        match name:
            case "on_accept":
                self.network.call_user(self, True, handler.on_accept, self)
            case "on_connect":
                self.network.call_user(self, False, handler.on_connect, self, outcome)
            case "on_close":
                self.network.call_user(self, False, handler.on_close, self, outcome)
            case "on_secure_link_ready":
                self.network.call_user(self, False, handler.on_secure_link_ready, self, outcome)
            case "on_child_close":
                child, told = cast("tuple[NetworkObject, str]", payload)
                self.network.call_user(self, True, handler.on_child_close, self, child, told)
            case _:
                raise AssertionError(f"no callback {name}")

    def start_timer(self, timer: TimerStart) -> None:
        """Start a timer; an older one of that name is stopped."""
        self.stop_timer(timer)
        settings = self.network.settings
        seconds: float = getattr(settings, timer.timer)

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
        self._framer = Framer(self.network.limits)
        target = self._target
        self._bind(lambda handler: self.network.carrier.connect(target, handler))

    def take_link(self, request: Request) -> None:
        """Take the request that the listener gave to this child."""
        self._bind(request.take)

    def _bind(self, open_link: Callable[[LinkHandler], Link]) -> None:
        """Hold the link that is opened; where there is a security layer, it stands between."""
        if self._security is None:
            self._link = open_link(self)
            return
        self._link = self._secure = secure = SecureLink(self)
        secure.link = open_link(secure)

    def secure_link(self, role: str) -> None:
        """Begin to secure the link."""
        if self._link is not None and self._secure is not None and self._security is not None:
            self._secure.begin(self._security.engine(role, self._target))

    def close_link(self) -> None:
        """Close the link in an orderly way, or withdraw the request."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def reset_link(self) -> None:
        """Reset the link."""
        link, self._link = self._link, None
        if link is not None:
            link.reset()

    def open_listening(self) -> None:
        """Adopt the carrier's listener that `listen` has opened."""
        self._listening, self._opened = self._opened, None

    def close_listening(self) -> None:
        """Close the carrier's listener."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()

    def answer_requests(self, outcome: str, numbers: int | tuple[int, ...]) -> None:
        """Tell requests what became of them. An acceptance is told by the carrier's `take`."""
        if outcome == "accepted":
            return
        for number in numbers if isinstance(numbers, tuple) else (numbers,):
            dropped = self._requests.pop(number, None)
            if dropped is not None:
                dropped.drop(outcome)
