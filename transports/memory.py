"""A carrier in memory with a virtual clock: deterministic, no socket, no thread, no coroutine.

A hop is one entry of a heap ordered by (time, sequence). The listener's queue is the requestor's to wait in:
a requestor hears `on_open` when its request is taken, never before (profile `dicomnet`).
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf

from dicomnet.statemachine import LocalProtocolError

from .base import Address, Link, LinkHandler, ListenHandler, Transport

# A run of so many turns is a loop of two peers; it is cut rather than followed for ever.
MAX_TURNS = 5_000_000


# As many cancelled timers may stay where they are: fewer are not worth the sweeping.
CANCELLED_KEPT = 64


class _Timer:
    __slots__ = ("_carrier", "callback")

    def __init__(self, carrier: MemoryTransport, callback: Callable[[], None]) -> None:
        self._carrier = carrier
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        if self.callback is not None:
            self.callback = None
            self._carrier.cancelled()

    def __call__(self) -> None:
        """Ring. It has run out then: to cancel it is harmless."""
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


# When, the order of entry, what to call (a timer, which may be cancelled, or a callback), and octets for it.
_Due = tuple[float, int, Callable[..., None], bytes | None]


class MemoryTransport:
    """The in-memory carrier. `latency` is the time of one hop, in seconds of the virtual clock."""

    name = "memory"

    def __init__(self, latency: float = 0.0) -> None:
        self._latency = latency
        self._now = 0.0
        self._sequence = count()
        self._heap: list[_Due] = []
        self._cancelled = 0
        self._listeners: dict[int, _Listening] = {}
        self._ports = count(49152)

    def now(self) -> float:
        """Virtual seconds since the carrier was made."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> _Timer:
        """See `Transport.call_later`."""
        timer = _Timer(self, callback)
        due: _Due = (self._now + seconds, next(self._sequence), timer, None)
        heappush(self._heap, due)
        return timer

    def cancelled(self) -> None:
        """A timer was cancelled: sweep them out when they are the greater part of what is due."""
        self._cancelled += 1
        heap = self._heap
        if self._cancelled > CANCELLED_KEPT and 2 * self._cancelled > len(heap):
            heap[:] = [due for due in heap if not isinstance(due[2], _Timer) or due[2].callback is not None]
            heapify(heap)
            self._cancelled = 0

    def hop(self, callback: Callable[..., None], octets: bytes | None = None) -> None:
        """Let `callback` happen, with the octets, at the other end of a hop."""
        heappush(self._heap, (self._now + self._latency, next(self._sequence), callback, octets))

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        """See `Transport.connect`."""
        ours = _End(self, handler, address)
        request = _Request(self, ours, Address("memory", next(self._ports)))

        def arrive() -> None:
            if ours.closed:
                return
            listening = self._listeners.get(address.port)
            if listening is None:
                request.drop("refused")
            else:
                request.listening = listening
                listening.handler.on_request(request)

        ours.request = request
        self.hop(arrive)
        return ours

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> _Listening:
        """See `Transport.listen`; the backlog is kept by the listener machine."""
        port = address.port or next(self._ports)
        if port in self._listeners:
            raise LocalProtocolError("address_in_use", f"another listener holds port {port} of this carrier")
        listening = _Listening(self, Address(address.host, port), handler)
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
            when, _, callback, octets = heappop(heap)
            if octets is not None:
                self._now = when
                callback(octets)
                continue
            if isinstance(callback, _Timer) and callback.callback is None:
                self._cancelled -= 1
                continue
            self._now = when
            callback()
        return done()

    def end(self) -> None:
        """Forget everything that is open or on its way."""
        self._heap.clear()
        self._cancelled = 0
        self._listeners.clear()


class _Listening:
    __slots__ = ("_carrier", "address", "handler")

    def __init__(self, carrier: MemoryTransport, address: Address, handler: ListenHandler) -> None:
        self._carrier = carrier
        self.address = address
        self.handler = handler

    def close(self) -> None:
        self._carrier.unlisten(self.address.port)


class _Request:
    """A request in memory: at the acceptor from its arrival until it is taken, dropped or withdrawn."""

    __slots__ = ("_carrier", "_requestor", "listening", "open", "peer")

    def __init__(self, carrier: MemoryTransport, requestor: _End, peer: Address) -> None:
        self._carrier = carrier
        self._requestor = requestor
        self.peer = peer
        self.listening: _Listening | None = None
        self.open = True

    def take(self, handler: LinkHandler) -> Link:
        ours = _End(self._carrier, handler, self.peer)
        theirs = self._requestor
        self.open = False
        ours.other, theirs.other = theirs, ours
        self._carrier.hop(theirs.opened)
        return ours

    def drop(self, code: str) -> None:
        self.open = False
        self._carrier.hop(lambda: self._requestor.failed(code))

    def withdraw(self) -> None:
        listening = self.listening
        if self.open and listening is not None:
            self.open = False
            self._carrier.hop(lambda: listening.handler.on_withdrawn(self))


class _End:
    """One end of a connection in memory."""

    __slots__ = ("_carrier", "_handler", "_sent_end", "closed", "other", "peer", "request")

    def __init__(self, carrier: MemoryTransport, handler: LinkHandler, peer: Address) -> None:
        self._carrier = carrier
        self._handler = handler
        self.peer = peer
        self.other: _End | None = None
        self.request: _Request | None = None
        self.closed = False
        self._sent_end = False

    # What the holder of this end does.

    def send(self, octets: bytes) -> None:
        other = self.other
        if self.closed or self._sent_end or other is None or not octets:
            return
        self._carrier.hop(other.arrived, octets)

    def half_close(self) -> None:
        other = self.other
        if self.closed or self._sent_end or other is None:
            return
        self._sent_end = True
        self._carrier.hop(other.ended)

    def close(self) -> None:
        if self.closed:
            return
        self.half_close()
        self._gone()

    def reset(self) -> None:
        other = self.other
        if self.closed:
            return
        if other is not None:
            self._carrier.hop(other.broken)
        self._gone()

    def _gone(self) -> None:
        self.closed = True
        if self.request is not None and self.other is None:
            self.request.withdraw()

    # What arrives at this end.

    def opened(self) -> None:
        if not self.closed:
            self._handler.on_open()
        elif self.other is not None:
            self._carrier.hop(self.other.broken)

    def failed(self, code: str) -> None:
        if not self.closed:
            self.closed = True
            self._handler.on_failed(code)

    def arrived(self, octets: bytes) -> None:
        if not self.closed:
            self._handler.on_octets(octets)
        elif self.other is not None:
            # As on a real wire: octets for an end that was closed are answered by a reset.
            self._carrier.hop(self.other.broken)

    def ended(self) -> None:
        if not self.closed:
            self._handler.on_end()

    def broken(self) -> None:
        if not self.closed:
            self.closed = True
            self._handler.on_reset()


# The type checkers' proof that this is a transport.
_CONTRACT: type[Transport] = MemoryTransport
