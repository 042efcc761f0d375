"""A carrier in memory with a virtual clock: deterministic, no socket, no thread, no coroutine.

A hop is one entry of a heap ordered by (time, sequence). What becomes of a connection request until it is taken is
decided by the path's table of the carrier's profile: in `dicomnet` the requestor hears `on_open` when its request
is taken, in `tcp-*` as soon as it stands in the listener's queue.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from typing import Any

from dicomnet.statemachine import (
    MODEL,
    AskAgain,
    Deliver,
    LocalProtocolError,
    Model,
    Offer,
    Payload,
    Tell,
    Transition,
    step,
)

from .base import Address, Link, LinkHandler, ListenHandler, Transport

# A run of so many turns is a loop of two peers; it is cut rather than followed for ever.
MAX_TURNS = 5_000_000
# As many cancelled timers may stay where they are: fewer are not worth the sweeping.
CANCELLED_KEPT = 64
# After how many seconds a lost request comes again, each time; then it is given up (tcp-linux).
AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)


class MemoryTimer:
    """A running timer of the virtual clock."""

    __slots__ = ("_carrier", "callback")

    def __init__(self, carrier: MemoryTransport, callback: Callable[[], None]) -> None:
        self._carrier = carrier
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """See `Timer.cancel`."""
        if self.callback is not None:
            self.callback = None
            self._carrier.cancelled()

    def __call__(self, _argument: object = None) -> None:
        """Ring. It has run out then: to cancel it is harmless."""
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


# When, the order of entry, what to call (a timer, which may be cancelled, or a report), and what it is about.
_Due = tuple[float, int, Callable[[Any], None], object]


class MemoryTransport:
    """The in-memory carrier. `latency` is the time of one hop, in seconds of the virtual clock.

    `tables` are those of the profile that it plays: `PROFILES["dicomnet"]`, "tcp-linux" or "tcp-winsock".
    """

    name = "memory"

    def __init__(self, latency: float = 0.0, tables: Model = MODEL) -> None:
        self.tables = tables
        # For evidence of coverage: the transitions of the path.
        self.trace: list[Transition] | None = None
        # After how many seconds a lost request comes again, each time.
        self.again: tuple[float, ...] = AGAIN_SECONDS
        # Where a request is lost (tcp-linux): whether only the handshake's last step is, so that it is half open.
        self.half_open = False
        # Where a request was reset while it waited (tcp-winsock): whether accept says so, and not the first read.
        self.accept_tells = False
        self._latency = latency
        self._now = 0.0
        self._sequence = count()
        self._heap: list[_Due] = []
        self._cancelled = 0
        self._listeners: dict[int, MemoryListening] = {}
        self._ports = count(49152)

    def now(self) -> float:
        """Virtual seconds since the carrier was made."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> MemoryTimer:
        """See `Transport.call_later`."""
        timer = MemoryTimer(self, callback)
        due: _Due = (self._now + seconds, next(self._sequence), timer, None)
        heappush(self._heap, due)
        return timer

    def cancelled(self) -> None:
        """A timer was cancelled: sweep them out when they are the greater part of what is due."""
        self._cancelled += 1
        heap = self._heap
        if self._cancelled > CANCELLED_KEPT and 2 * self._cancelled > len(heap):
            heap[:] = [
                due for due in heap if not isinstance(due[2], MemoryTimer) or due[2].callback is not None
            ]
            heapify(heap)
            self._cancelled = 0

    @property
    def running(self) -> int:
        """How many timers were started and neither rang nor were stopped."""
        return sum(isinstance(due[2], MemoryTimer) and due[2].callback is not None for due in self._heap)

    def hop(self, report: Callable[[Any], None], about: object = None) -> None:
        """Let `report(about)` be made at the other end of a hop."""
        heappush(self._heap, (self._now + self._latency, next(self._sequence), report, about))

    def loses_acknowledgement(self) -> bool:
        """Whether the request that is lost now is half open."""
        return self.half_open

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        """See `Transport.connect`."""
        ours = MemoryEnd(self, handler, address)
        ours.request = MemoryRequest(self, ours, address.port, self.next_address())
        self.hop(ours.request.arrive)
        return ours

    def next_address(self) -> Address:
        """An address that no end of this carrier has had."""
        return Address("memory", next(self._ports))

    def listener_at(self, port: int) -> MemoryListening | None:
        """Who listens on a port."""
        return self._listeners.get(port)

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> MemoryListening:
        """See `Transport.listen`; the backlog is kept by the listener machine."""
        port = address.port or next(self._ports)
        if port in self._listeners:
            raise LocalProtocolError("address_in_use", f"another listener holds port {port} of this carrier")
        listening = MemoryListening(self, Address(address.host, port), handler)
        self._listeners[port] = listening
        return listening

    def unlisten(self, port: int) -> None:
        """Forget a listener."""
        self._listeners.pop(port, None)

    @property
    def due(self) -> float | None:
        """When the next thing happens, at the earliest, on this carrier's clock; None when nothing is left."""
        return self._heap[0][0] if self._heap else None

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """See `Transport.run`. With nothing left to happen the clock jumps to the limit."""
        end = inf if limit is None else self._now + limit
        heap = self._heap
        for _ in range(MAX_TURNS):
            if done():
                return True
            if not heap or heap[0][0] > end:
                if limit is not None:
                    self._now = max(self._now, end)
                break
            when, _, report, about = heappop(heap)
            if about is None and isinstance(report, MemoryTimer) and report.callback is None:
                self._cancelled -= 1
                continue
            self._now = when
            report(about)
        return done()

    def end(self) -> None:
        """Forget everything that is open or on its way."""
        self._heap.clear()
        self._cancelled = 0
        self._listeners.clear()


class MemoryListening:
    """A listener that is open in memory."""

    __slots__ = ("_carrier", "address", "handler")

    def __init__(self, carrier: MemoryTransport, address: Address, handler: ListenHandler) -> None:
        self._carrier = carrier
        self.address = address
        self.handler = handler

    def close(self) -> None:
        """See `Listening.close`."""
        self._carrier.unlisten(self.address.port)


class MemoryRequest:
    """A request in memory, on its way as the path's table says."""

    __slots__ = ("_carrier", "_port", "acceptor", "listening", "path", "peer", "requestor", "tries")

    def __init__(self, carrier: MemoryTransport, requestor: MemoryEnd, port: int, peer: Address) -> None:
        self._carrier = carrier
        self._port = port
        self.requestor = requestor
        self.acceptor: MemoryEnd | None = None
        self.path = carrier.tables.path.start()
        self.listening: MemoryListening | None = None
        self.tries = 0
        self.peer = peer

    # What the listener does with it.

    @property
    def gone(self) -> bool:
        """See `Request.gone`: where the path's table knows of it, and the carrier chooses so."""
        return "gone" in self._carrier.tables.path.event and self.path.context.reset and self.tells()

    def tells(self) -> bool:
        """Whether accept tells of the reset; else the first read does."""
        return self._carrier.accept_tells

    def take(self, handler: LinkHandler) -> Link:
        """See `Request.take`."""
        ours = self.acceptor = self.make_end(handler)
        ours.other = self.requestor
        self.requestor.other = ours
        self.give("take")
        return ours

    def drop(self, code: str) -> None:
        """See `Request.drop`; `overflow` where the queue is full and the carrier loses the request."""
        if code == "overflow" and self._carrier.loses_acknowledgement():
            code = "half-open"
        self.give(code if code in self._carrier.tables.path.event else "refused")

    # How it is carried; a carrier with faults does it in other ways.

    def make_end(self, handler: LinkHandler) -> MemoryEnd:
        """The acceptor's end, when it is taken."""
        return MemoryEnd(self._carrier, handler, self.peer)

    def toward_requestor(self, report: Callable[[Any], None], about: object = None) -> None:
        """Let a report be made at the requestor's end, in the order of all that goes there."""
        self._carrier.hop(report, about)

    def toward_listener(self, report: Callable[[Any], None], about: object = None) -> None:
        """Let a report be made at the listener or the acceptor's end, in the order of all that goes there."""
        self._carrier.hop(report, about)

    # What happens to it.

    def arrive(self, _about: None = None) -> None:
        """It comes to its address."""
        self.listening = self._carrier.listener_at(self._port)
        self.give("nobody" if self.listening is None else "arrive")

    def withdrawn(self, _about: None = None) -> None:
        """The listener hears that it was taken back."""
        assert self.listening is not None
        self.listening.handler.on_withdrawn(self)

    def give(self, event: str, payload: Payload = None) -> None:
        """An event for the path; its effects are done at once, in order."""
        self.path, transition, carries = step(self.path, self._carrier.tables.path.event[event], payload)
        if self._carrier.trace is not None:
            self._carrier.trace.append(transition)
        for index, effect in enumerate(transition.effects):
            match effect:
                case Offer():
                    self._offer()
                case Tell():
                    self._tell(effect)
                case Deliver():
                    self._deliver(carries[index])
                case AskAgain():
                    self._ask_again()
                case _:
                    raise AssertionError(f"{effect.op} is no deed of a carrier")

    def _offer(self) -> None:
        if self.listening is not None:
            self.listening.handler.on_request(self)
            self.give("queued")

    def _tell(self, tell: Tell) -> None:
        if tell.to == "listener":
            self.toward_listener(self.withdrawn)
            return
        asked = tell.to == "requestor"
        end = self.requestor if asked else self.acceptor
        if end is None:
            return
        toward = self.toward_requestor if asked else self.toward_listener
        match tell.report:
            case "open":
                toward(end.opened)
            case "failed":
                toward(end.failed, tell.outcome)
            case _:
                toward(end.broken)

    def _deliver(self, kept: tuple[tuple[str, bytes], ...]) -> None:
        acceptor = self.acceptor
        assert acceptor is not None
        for report, octets in kept:
            match report:
                case "octets":
                    self.toward_listener(acceptor.arrived, octets)
                case "end":
                    self.toward_listener(acceptor.ended)
                case _:
                    self.toward_listener(acceptor.broken)

    def _ask_again(self) -> None:
        again = self._carrier.again
        if self.tries == len(again):
            self.give("give-up")
        else:
            self.tries += 1
            self._carrier.call_later(again[self.tries - 1], self.arrive)


class MemoryEnd:
    """One end of a connection in memory."""

    __slots__ = ("_carrier", "_handler", "closed", "open", "other", "peer", "request", "sent_end")

    def __init__(self, carrier: MemoryTransport, handler: LinkHandler, peer: Address) -> None:
        self._carrier = carrier
        self._handler = handler
        self.peer = peer
        self.other: MemoryEnd | None = None
        # The way of a requestor's end to its other end, until that is there.
        self.request: MemoryRequest | None = None
        self.closed = False
        self.open = False
        self.sent_end = False

    # What the holder of this end does.

    def send(self, octets: bytes) -> None:
        """See `Link.send`."""
        other = self.other
        if self.closed or self.sent_end or not octets:
            return
        if other is not None:
            self._carrier.hop(other.arrived, octets)
        elif self.open and self.request is not None:
            self.request.give("octets", octets)

    def half_close(self) -> None:
        """See `Link.half_close`."""
        other = self.other
        if self.closed or self.sent_end:
            return
        if other is not None:
            self.sent_end = True
            self._carrier.hop(other.ended)
        elif self.open and self.request is not None:
            self.sent_end = True
            self.request.give("end")

    def close(self) -> None:
        """See `Link.close`."""
        if self.closed:
            return
        if self.other is not None:
            self.half_close()
        elif self.request is not None:
            self.request.give("leave")
        self.closed = True

    def reset(self) -> None:
        """See `Link.reset`."""
        other = self.other
        if self.closed:
            return
        if other is not None:
            self._carrier.hop(other.broken)
        elif self.request is not None:
            self.request.give("break")
        self.closed = True

    # What arrives at this end.

    def opened(self, _about: None = None) -> None:
        """The connection stands."""
        if not self.closed:
            self.open = True
            self._handler.on_open()

    def failed(self, code: str) -> None:
        """It could not be made."""
        if not self.closed:
            self.closed = True
            self._handler.on_failed(code)

    def arrived(self, octets: bytes) -> None:
        """Octets came."""
        if not self.closed:
            self._handler.on_octets(octets)
        elif self.other is not None:
            # As on a real wire: octets for an end that was closed are answered by a reset.
            self._carrier.hop(self.other.broken)

    def ended(self, _about: None = None) -> None:
        """The other end sends no more."""
        if not self.closed:
            self._handler.on_end()

    def broken(self, _about: None = None) -> None:
        """The connection was thrown away."""
        if not self.closed:
            self.closed = True
            self._handler.on_reset()


# The type checkers' proof that this is a transport.
_CONTRACT: type[Transport] = MemoryTransport
