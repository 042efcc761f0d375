"""Peers that do what a test says, PDU by PDU, and are as wrong as the test wants them.

    acceptor = ScriptedAcceptor()                      # listens on a free port of the loopback
    start_what_is_tested(acceptor.address)
    peer = acceptor.accept()
    request = peer.expect(AAssociateRQ)
    peer.send(negotiate(request, Policy()))
    peer.expect(PDataTF)
    peer.send_octets(b"\\x0b\\x00\\x00\\x00\\x00\\x00")
    peer.expect(AAbort)
    peer.expect_close()

Everything that is waited for has a bound, and what goes wrong is told with all that happened before it. What is tested
may be another process, another thread, or run on the same carrier, in memory and on virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, TypeVar

from dicomnet.statemachine import Framer, Limits, Pdu, Violation, encode
from dicomnet.transports import Address, Link, Request, TcpTransport, Transport

from .evidence import Evidence, describe
from .octets import cut

SECONDS: Final = 5.0
# How long nothing is waited for, where nothing is to come, in seconds.
QUIET: Final = 0.2
BACKLOG: Final = 16
MOST: Final = 1 << 22

P = TypeVar("P")


class ScriptError(AssertionError):
    """The other end did not do what the script expects; the text has the whole story."""


class ScriptedPeer:
    """One end of a connection. Times are in seconds; `timeout` bounds whatever is waited for."""

    def __init__(self, carrier: Transport, timeout: float = SECONDS) -> None:
        self._carrier = carrier
        self._timeout = timeout
        self._framer = Framer(Limits(data=1 << 20))
        self._began = carrier.now()
        self._link: Link | None = None
        self._arrived: list[Pdu | Violation] = []
        self._octets = 0
        self._ended = ""
        self._failed = ""
        self._open = False
        self.evidence = Evidence()

    # --- what the script does ----------------------------------------------------------------------------

    def send(self, pdu: Pdu) -> None:
        """Send a PDU. Raises `LocalProtocolError` for one that cannot be written; `send_octets` sends anything."""
        self._note("script", describe(pdu))
        self._linked().send(encode(pdu))

    def send_octets(self, octets: bytes, *sizes: int) -> None:
        """Send octets, in segments of these sizes (a 0 at the end repeats the size before it), else in one."""
        self._note(
            "script", f"{len(octets)} octets: {octets[:16].hex(' ')}{' ...' if len(octets) > 16 else ''}"
        )
        for piece in cut(octets, sizes):
            self._linked().send(piece)

    def half_close(self) -> None:
        """Send no more (FIN), go on hearing."""
        self._note("script", "half-close (FIN)")
        self._linked().half_close()

    def close(self) -> None:
        """Close in an orderly way; harmless where it is closed."""
        self._end("close", lambda link: link.close())

    def reset(self) -> None:
        """Throw the connection away (RST); harmless where it is closed."""
        self._end("reset", lambda link: link.reset())

    # --- what the script expects -------------------------------------------------------------------------

    def expect(self, kind: type[P], timeout: float | None = None) -> P:
        """The next PDU, which is to be of this class (`Violation`: octets that are none).

        Raises `ScriptError` for another one, for the end of the connection, and where nothing comes in time.
        """
        __tracebackhide__ = True  # pytest shows the line of the script
        self._until(lambda: bool(self._arrived or self._ended), timeout)
        if not self._arrived:
            raise self._wrong(_name(kind), self._ended or "nothing came in time")
        received = self._arrived.pop(0)
        if not isinstance(received, kind):
            raise self._wrong(_name(kind), describe(received))
        return received

    def expect_close(self, how: str = "", timeout: float | None = None) -> str:
        """The end of the connection, with nothing before it: FIN or RST, either where `how` is empty. Gives which.

        Raises `ScriptError` where it comes in another way, or not in time.
        """
        __tracebackhide__ = True  # pytest shows the line of the script
        self._until(lambda: bool(self._arrived or self._ended), timeout)
        wanted = how or "FIN or RST"
        if self._arrived:
            raise self._wrong(f"the end of the connection ({wanted})", describe(self._arrived[0]))
        if not self._ended or (how and self._ended != f"closed ({how})"):
            raise self._wrong(f"the end of the connection ({wanted})", self._ended or "it is still open")
        return self._ended.removeprefix("closed (").removesuffix(")")

    def expect_nothing(self, seconds: float = QUIET) -> None:
        """Silence for so long. Raises `ScriptError` for whatever comes."""
        __tracebackhide__ = True  # pytest shows the line of the script
        self._until(lambda: bool(self._arrived or self._ended), seconds)
        if self._arrived or self._ended:
            raise self._wrong("nothing", describe(self._arrived[0]) if self._arrived else self._ended)

    def story(self) -> str:
        """What has happened so far, a line each."""
        lines = [
            f"  {entry.seconds * 1000:9.1f} ms  {entry.who:6}  {entry.what}"
            for entry in self.evidence.entries
        ]
        return "\n".join(lines) or "  nothing"

    # --- the carrier's side ------------------------------------------------------------------------------

    def connect(self, address: Address) -> None:
        """Connect to what is tested. Raises `ScriptError` where it cannot be done in time."""
        self._note("script", f"connect to {address}")
        self._link = self._carrier.connect(address, self)
        self._until(lambda: self._open or bool(self._failed), None)
        if not self._open:
            raise self._wrong(f"a connection to {address}", self._failed or "it was not accepted in time")

    def take(self, request: Request) -> None:
        """Accept the connection of what is tested."""
        self._note("peer", f"connects from {request.peer}")
        self._open = True
        self._link = request.take(self)

    def on_open(self) -> None:
        """See `LinkHandler`."""
        self._open = True

    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self._failed, self._link = code, None

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        self._octets += len(octets)
        if self._octets > MOST:
            self._note("peer", f"more than {MOST} octets")
            self.reset()
            self._ended = f"more than {MOST} octets"
            return
        for received, _ in self._framer.feed(octets):
            self._note("peer", describe(received))
            self._arrived.append(received)

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self._over("FIN")

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self._link = None
        self._over("RST")

    def _over(self, how: str) -> None:
        inside = f", inside a PDU, after {self._framer.pending} octets of it" if self._framer.pending else ""
        self._ended = self._ended or f"closed ({how})"
        self._note("peer", f"closed ({how}){inside}")

    # --- small things ------------------------------------------------------------------------------------

    def _until(self, done: Callable[[], bool], timeout: float | None) -> None:
        self._carrier.run(done, self._timeout if timeout is None else timeout)

    def _linked(self) -> Link:
        if self._link is None:
            raise self._wrong("a connection to send on", self._ended or self._failed or "there is none")
        return self._link

    def _end(self, what: str, end: Callable[[Link], None]) -> None:
        link, self._link = self._link, None
        if link is not None:
            self._note("script", what)
            end(link)

    def _note(self, who: str, what: str) -> None:
        self.evidence.add(self._carrier.now() - self._began, who, what)

    def _wrong(self, expected: str, observed: str) -> ScriptError:
        return ScriptError(f"expected {expected}, observed: {observed}\n{self.story()}")


class ScriptedAcceptor:
    """Listens; `accept` gives the connections one by one, in their order. Without a carrier it has a TCP one.

    Raises `LocalProtocolError` where nothing can listen at `address` (None: a free port of the loopback).
    """

    def __init__(
        self, carrier: Transport | None = None, address: Address | None = None, timeout: float = SECONDS
    ) -> None:
        self._own = None if carrier is not None else TcpTransport()
        self._carrier = carrier or self._own or TcpTransport()
        self._timeout = timeout
        self._waiting: list[Request] = []
        self._peers: list[ScriptedPeer] = []
        self._listening = self._carrier.listen(address or Address("", 0), BACKLOG, self)
        self.address = self._listening.address

    def accept(self, timeout: float | None = None) -> ScriptedPeer:
        """The next connection. Raises `ScriptError` where there is none in time."""
        __tracebackhide__ = True  # pytest shows the line of the script
        seconds = self._timeout if timeout is None else timeout
        self._carrier.run(lambda: bool(self._waiting), seconds)
        if not self._waiting:
            raise ScriptError(f"nobody has connected to {self.address} within {seconds:g} s")
        peer = ScriptedPeer(self._carrier, self._timeout)
        peer.take(self._waiting.pop(0))
        self._peers.append(peer)
        return peer

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._listening.close()
        for request in self._waiting:
            request.drop("refused")
        for peer in self._peers:
            peer.close()
        if self._own is not None:
            self._own.end()

    def __enter__(self) -> ScriptedAcceptor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return len(self._waiting) < BACKLOG

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        self._waiting.append(request)

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""
        if request in self._waiting:
            self._waiting.remove(request)


def scripted_requestor(address: Address, carrier: Transport, timeout: float = SECONDS) -> ScriptedPeer:
    """A peer that has connected to this address. Raises `ScriptError` where it could not."""
    peer = ScriptedPeer(carrier, timeout)
    peer.connect(address)
    return peer


def _name(kind: type[object]) -> str:
    return str(getattr(kind, "name", kind.__name__))
