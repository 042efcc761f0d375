"""The carrier on real TCP sockets.

It works on non-blocking sockets under an asyncio loop's readers, not on asyncio streams: a tester must be
able to half-close, to reset, and to read what came before a reset; a listener must take one connection at a
time, when its own queue has room. `OSError` becomes an event or a `LocalProtocolError` here and nowhere
else.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from dicomnet.statemachine import PROFILES, LocalProtocolError

from .base import Address, Link, LinkHandler, ListenHandler, Transport
from .resolve import Candidate, look_up_aside, numeric, to_listen_on, told_of
from .timers import Timers, WaitingTimer

RECEIVE_OCTETS = 65536
# Above this many unsent octets nothing more is read from that peer: a peer that never reads cannot fill
# memory.
HIGH_WATER = 1 << 18
# How long a closed link may still deliver what was sent before, in seconds.
LINGER_SECONDS = 5.0
# How many closed links may do so at a time; beyond that the oldest is given up.
LINGERING = 64
ACCEPT_RETRY_SECONDS = 0.1

_CODES = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.EADDRINUSE: "address_in_use",
}


class TcpTransport:
    """Connections over TCP. `loop` is the asyncio loop to live in; without one the carrier makes its own.

    `quick_ack` acknowledges what arrives at once, where the system can (Linux): a peer that leaves Nagle's algorithm
    on waits for the acknowledgement of one small segment before it sends the next, and a delayed one costs it 40 ms.
    """

    name = "tcp"
    tables = PROFILES["tcp-winsock" if sys.platform == "win32" else "tcp-linux"]

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None, *, quick_ack: bool = False) -> None:
        self._owned = loop is None
        self.users = 0  # libraries of `aio` that live on it; the last one to go ends it
        self.loop = loop or asyncio.new_event_loop()
        self.quick_ack = quick_ack and hasattr(socket, "TCP_QUICKACK")
        self.linger = LINGER_SECONDS
        self.lingering = LINGERING
        self._timers = Timers(self.loop, self.turn)
        self._done: Callable[[], bool] | None = None
        self._open: set[_Open] = set()
        self._delivering: dict[_TcpLink, None] = {}

    @property
    def unsent(self) -> int:
        """How many octets wait to be sent, on all links together."""
        return sum(item.unsent for item in self._open if isinstance(item, _TcpLink))

    def now(self) -> float:
        """Seconds of the loop's monotonic clock."""
        return self.loop.time()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> WaitingTimer:
        """See `Transport.call_later`."""
        return self._timers.start(seconds, callback)

    def turn(self, callback: Callable[[], None]) -> None:
        """One turn: do what is due, then see whether the run is done."""
        callback()
        if self._done is not None and self._done():
            self.loop.stop()

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        """See `Transport.connect`. Each address that the name resolves to is tried in turn."""
        link = _TcpLink(self, None, handler, address)
        candidate = numeric(address)
        if candidate is not None:
            link.resolved([candidate])
        else:
            look_up_aside(address, lambda found: self._tell_from_aside(link, found))
        return link

    def _tell_from_aside(self, link: _TcpLink, found: list[Candidate]) -> None:
        """A name was looked up, in another thread: go on in the loop's own, if it still lives."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.turn, lambda: link.resolved(found))

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> _TcpListening:
        """See `Transport.listen`, and `Address` for what a host means. A name may take its time to be looked up."""
        found = to_listen_on(address)
        if not found:
            raise LocalProtocolError("name_not_resolved", f"cannot listen on {address}: no such name")
        family, name = found[0]
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address.host != "*")
                sock.bind(name)
                sock.listen(backlog)
            except (OSError, OverflowError):
                sock.close()
                raise
        except (OSError, OverflowError) as error:
            code = _CODES.get(getattr(error, "errno", 0), "address_unavailable")
            raise LocalProtocolError(code, f"cannot listen on {address}: {error}") from error
        sock.setblocking(False)
        bound = told_of(sock.getsockname())
        return _TcpListening(self, sock, handler, Address("*", bound.port) if address.host == "*" else bound)

    def track(self, item: _Open) -> None:
        """Remember what is open."""
        self._open.add(item)

    def forget(self, item: _Open) -> None:
        """It is closed."""
        self._open.discard(item)
        if isinstance(item, _TcpLink):
            self._delivering.pop(item, None)

    def deliver(self, link: _TcpLink) -> None:
        """Let a closed link still deliver what was sent, for a while and within bounds."""
        self._delivering[link] = None
        self.call_later(self.linger, link.abandon)
        while len(self._delivering) > self.lingering:
            next(iter(self._delivering)).abandon()

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """See `Transport.run`."""
        if done():
            return True
        self._done = done
        stopper = None if limit is None else self.loop.call_later(limit, self.loop.stop)
        try:
            self.loop.run_forever()
        finally:
            self._done = None
            if stopper is not None:
                stopper.cancel()
        return done()

    def end(self) -> None:
        """Close every socket, and the loop where it is the carrier's own."""
        for item in list(self._open):
            item.abandon()
        if self._owned and not self.loop.is_closed():
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()


class _TcpListening:
    """A listening socket that is read only while its listener has room."""

    def __init__(
        self, carrier: TcpTransport, sock: socket.socket, handler: ListenHandler, address: Address
    ) -> None:
        self._carrier = carrier
        self._sock = sock
        self._handler = handler
        self.address = address
        self._reading = False
        self._closed = False
        carrier.track(self)
        self.resume()

    def resume(self) -> None:
        """Take requests again."""
        if not self._reading and not self._closed:
            self._reading = True
            self._carrier.loop.add_reader(self._sock.fileno(), self._carrier.turn, self._ready)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._carrier.loop.remove_reader(self._sock.fileno())

    def _ready(self) -> None:
        if not self._handler.has_room():
            self._pause()
            return
        try:
            sock, name = self._sock.accept()
        except (BlockingIOError, ConnectionError, InterruptedError):
            return
        except OSError:
            # Out of descriptors: wait for some to come back rather than spin.
            self._pause()
            self._carrier.call_later(ACCEPT_RETRY_SECONDS, self.resume)
            return
        self._handler.on_request(_TcpRequest(self._carrier, self, sock, told_of(name)))

    def close(self) -> None:
        """See `Listening.close`."""
        self._pause()
        self._closed = True
        self._sock.close()
        self._carrier.forget(self)

    abandon = close


class _TcpRequest:
    """A connection that the kernel has completed and the listener has not accepted yet."""

    __slots__ = ("_carrier", "_listening", "_sock", "peer")
    # The kernel's accept is long done: a reset is found by the first read.
    gone = False

    def __init__(
        self, carrier: TcpTransport, listening: _TcpListening, sock: socket.socket, peer: Address
    ) -> None:
        self._carrier = carrier
        self._listening = listening
        self._sock = sock
        self.peer = peer
        carrier.track(self)

    def take(self, handler: LinkHandler) -> Link:
        """See `Request.take`."""
        self._carrier.forget(self)
        self._listening.resume()
        link = _TcpLink(self._carrier, self._sock, handler, self.peer)
        link.opened()
        return link

    def drop(self, code: str) -> None:
        """See `Request.drop`: what stood already can only be reset."""
        self.abandon()
        self._listening.resume()

    def abandon(self) -> None:
        """Nobody will take it."""
        self._carrier.forget(self)
        _reset(self._sock)


def _reset(sock: socket.socket) -> None:
    with suppress(OSError):  # already broken: closing it is all that is left
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class _TcpLink:
    """One TCP connection. Writing may fail while what the peer sent is still to be read; it is read."""

    def __init__(
        self, carrier: TcpTransport, sock: socket.socket | None, handler: LinkHandler, peer: Address
    ) -> None:
        self._carrier = carrier
        self._sock = sock
        self._handler = handler
        self.peer = peer
        self._candidates: list[Candidate] = []
        self._failure = "name_not_resolved"
        self._pending = bytearray()
        self._reading = False
        self._writing = False
        self._connecting = sock is None
        self._ended = False  # the peer sends no more
        self._finishing = ""  # "half" or "close": what is to be done once everything is sent
        self._deaf = False  # closed by its holder: no report may follow
        carrier.track(self)

    # --- connecting --------------------------------------------------------------------------------------

    def resolved(self, candidates: list[Candidate]) -> None:
        """The peer's name is looked up: try its addresses."""
        self._candidates = candidates
        if not self._deaf:
            self._try_next()

    def _try_next(self) -> None:
        while self._candidates:
            family, where = self._candidates.pop(0)
            try:
                sock = socket.socket(family, socket.SOCK_STREAM)
                sock.setblocking(False)
                self._sock = sock
                failure = sock.connect_ex(where)
            except (OSError, OverflowError):
                failure = errno.ENETUNREACH  # no descriptor, no such family, no such port
            if failure in (0, errno.EINPROGRESS) and self._sock is not None:
                self._carrier.loop.add_writer(self._sock.fileno(), self._carrier.turn, self._connected)
                self._writing = True
                return
            self._failure = _CODES.get(failure, "unreachable")
            self._drop_socket()
        self._carrier.loop.call_soon(self._carrier.turn, self._fail)

    def _connected(self) -> None:
        assert self._sock is not None
        failure = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            self._failure = _CODES.get(failure, "unreachable")
            self._drop_socket()
            self._try_next()
            return
        self._stop_writing()
        self._connecting = False
        self.opened()
        self._handler.on_open()

    def _fail(self) -> None:
        self._carrier.forget(self)
        if not self._deaf:
            self._deaf = True
            self._handler.on_failed(self._failure)

    def opened(self) -> None:
        """The connection stands: read it."""
        assert self._sock is not None
        self._sock.setblocking(False)
        with suppress(OSError):  # broken already; the first read will tell
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._carrier.quick_ack:
            self._acknowledge()
        self._resume_reading()

    def _acknowledge(self) -> None:
        """Acknowledge at once what has arrived. The system falls back to delaying, so it is asked again each time."""
        assert self._sock is not None
        with suppress(OSError):  # broken already; the next read will tell
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    # --- reading -----------------------------------------------------------------------------------------

    def _resume_reading(self) -> None:
        if not self._reading and self._sock is not None and not self._ended and not self._deaf:
            self._reading = True
            self._carrier.loop.add_reader(self._sock.fileno(), self._carrier.turn, self._readable)

    def _stop_reading(self) -> None:
        if self._reading and self._sock is not None:
            self._reading = False
            self._carrier.loop.remove_reader(self._sock.fileno())

    def _readable(self) -> None:
        assert self._sock is not None
        try:
            octets = self._sock.recv(RECEIVE_OCTETS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._broken()
            return
        if octets:
            if self._carrier.quick_ack:
                self._acknowledge()
            self._handler.on_octets(octets)
        else:
            self._ended = True
            self._stop_reading()
            self._handler.on_end()

    def _broken(self) -> None:
        deaf = self._deaf
        self._deaf = True
        self._drop_socket()
        self._carrier.forget(self)
        if not deaf:
            self._handler.on_reset()

    # --- writing -----------------------------------------------------------------------------------------

    def send(self, octets: bytes) -> None:
        """See `Link.send`."""
        if self._sock is None or self._connecting or self._finishing or self._deaf:
            return
        if not self._pending:
            try:
                sent = self._sock.send(octets)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                return  # the peer is gone; what it sent before, and its reset, are still to be read
            if sent == len(octets):
                return
            octets = octets[sent:]
        self._pending += octets
        if not self._writing:
            self._writing = True
            self._carrier.loop.add_writer(self._sock.fileno(), self._carrier.turn, self._writable)
        if len(self._pending) > HIGH_WATER:
            self._stop_reading()

    def _writable(self) -> None:
        assert self._sock is not None
        try:
            sent = self._sock.send(self._pending)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            sent = len(self._pending)
        del self._pending[:sent]
        if self._pending:
            return
        self._stop_writing()
        self._resume_reading()
        if self._finishing:
            self._finish()

    def _stop_writing(self) -> None:
        if self._writing and self._sock is not None:
            self._writing = False
            self._carrier.loop.remove_writer(self._sock.fileno())

    # --- ending ------------------------------------------------------------------------------------------

    def half_close(self) -> None:
        """See `Link.half_close`."""
        if self._sock is None or self._connecting or self._finishing:
            return
        self._finishing = "half"
        if not self._pending:
            self._finish()

    def close(self) -> None:
        """See `Link.close`."""
        if self._sock is None or self._connecting:
            self._deaf = True
            self._drop_socket()
            self._carrier.forget(self)
            return
        self._deaf = True
        self._stop_reading()
        self._finishing = "close"
        if self._pending:
            self._carrier.deliver(self)
        else:
            self._finish()

    def _finish(self) -> None:
        assert self._sock is not None
        closing = self._finishing == "close"
        if closing and not self._ended:
            self._drain()
        if not closing or not self._ended:  # where the peer has ended, closing says it all
            with suppress(OSError):  # the peer was faster
                self._sock.shutdown(socket.SHUT_WR)
        if closing:
            self._drop_socket()
            self._carrier.forget(self)

    def _drain(self) -> None:
        """Read what has arrived: unread octets would turn the FIN into a reset and cost the last PDU."""
        assert self._sock is not None
        for _ in range(16):
            try:
                if not self._sock.recv(RECEIVE_OCTETS):
                    return
            except OSError:
                return

    def reset(self) -> None:
        """See `Link.reset`."""
        sock = self._sock
        self._deaf = True
        if sock is not None:
            self._stop_reading()
            self._stop_writing()
            self._sock = None
            _reset(sock)
        self._carrier.forget(self)

    @property
    def unsent(self) -> int:
        """How many octets wait to be sent."""
        return len(self._pending)

    def abandon(self) -> None:
        """Close at once, whatever is still to be sent."""
        self._deaf = True
        self._drop_socket()
        self._carrier.forget(self)

    def _drop_socket(self) -> None:
        self._stop_reading()
        self._stop_writing()
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()


_Open: TypeAlias = _TcpLink | _TcpListening | _TcpRequest


# The type checkers' proof that this is a transport.
_CONTRACT: type[Transport] = TcpTransport
