"""A server of TLS on any carrier, by Python's `ssl` on octets, and the means to plant faults in it.

`TlsGate` is a carrier for an acceptor: what it listens for is secured by a `Served` each. Of the project it uses a
carrier, and the codec of TLS for what no library says. A faulty server is a `Served` with a method changed.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress

from dicomnet.statemachine import Model, tls
from dicomnet.transports import (
    Address,
    Link,
    LinkHandler,
    ListenHandler,
    Listening,
    Request,
    Timer,
    Transport,
)

from ..certificates import Pair

READ = 1 << 16
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
names = tls.names


def server_context(pair: Pair) -> ssl.SSLContext:
    """A sound server of today: TLS 1.2 and 1.3, suites with forward secrecy and AEAD."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.load_cert_chain(pair.certificate, pair.key)
    return context


class Served:
    """One connection of the server: TLS by the library, told to the acceptor as if it were a plain one.

    To the carrier it is who is told (`LinkHandler`), to the acceptor it is the link (`Link`).
    """

    fault = ""
    # Cases of whose verdicts the fault makes a failure, and those that it makes less than strict, or told.
    fails: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    # The server is gone after the first of them, so each needs one of its own.
    deadly = False
    # All that has come from the wire.
    seen: bytearray

    @staticmethod
    def admit(gate: TlsGate, handler: ListenHandler, request: Request) -> None:
        """A request has come: hand it over."""
        handler.on_request(SecuredRequest(gate, request))

    def __init__(self, gate: TlsGate, request: Request, handler: LinkHandler) -> None:
        self.gate = gate
        self.handler = handler
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.seen = bytearray()
        self.said = bytearray()
        self.secured = False
        self.over = False
        self.below: Link = request.take(self)
        self.object = self.wrap(gate.context)
        self.taken()

    def taken(self) -> None:
        """The connection stands."""

    def wrap(self, context: ssl.SSLContext) -> ssl.SSLObject:
        """TLS for this connection."""
        return context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    # --- from the carrier ----------------------------------------------------------------------------------

    def on_open(self) -> None:
        """Never told to an acceptor's side."""

    def on_failed(self, code: str) -> None:
        """Never told to an acceptor's side."""

    def on_octets(self, octets: bytes) -> None:
        """Octets of the wire."""
        self.seen += octets
        self.incoming.write(octets)
        self.go()

    def on_end(self) -> None:
        """The peer's FIN."""
        self.incoming.write_eof()
        self.go()
        if not self.over:
            self.over = True
            self.peer_gone()
            self.handler.on_end()

    def on_reset(self) -> None:
        """The peer's RST."""
        if not self.over:
            self.over = True
            self.peer_gone()
            self.handler.on_reset()

    def peer_gone(self) -> None:
        """The peer has gone without close_notify."""

    # --- TLS -----------------------------------------------------------------------------------------------

    def go(self) -> None:
        """As far as the octets go that are there."""
        if self.over:
            return
        try:
            if not self.secured:
                self.object.do_handshake()
                self.secured = True
                self.shaken()
            while not self.over:
                octets = self.object.read(READ)
                if not octets:
                    self.notified()
                    break
                self.plain(octets)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except ssl.SSLZeroReturnError:
            self.notified()
        except ssl.SSLEOFError:
            pass
        except ssl.SSLError as error:
            self.failed(error)
        self.flush()

    def shaken(self) -> None:
        """The handshake is done."""

    def plain(self, octets: bytes) -> None:
        """Octets that were protected: those of one record."""
        self.handler.on_octets(octets)

    def notified(self) -> None:
        """The peer says that it sends no more: so do we."""
        self.over = True
        with suppress(ssl.SSLError):
            self.object.unwrap()
        self.flush()
        self.handler.on_end()
        self.below.close()

    def failed(self, _error: ssl.SSLError) -> None:
        """TLS has failed: the alert that the library has made goes out, then the end."""
        self.flush()
        self.shut()

    def shut(self) -> None:
        """The end, and the acceptor hears of it."""
        if not self.over:
            self.over = True
            self.below.close()
            self.handler.on_reset()

    def flush(self) -> None:
        """Send what the library has to say."""
        octets = self.outgoing.read()
        if octets:
            octets = self.sends(octets)
            self.said += octets
            self.below.send(octets)

    def sends(self, octets: bytes) -> bytes:
        """What goes out on the wire instead."""
        return octets

    # --- from the acceptor ---------------------------------------------------------------------------------

    @property
    def peer(self) -> Address:
        """See `Link`."""
        return self.below.peer

    def send(self, octets: bytes) -> None:
        """See `Link`."""
        if self.secured and not self.over:
            self.object.write(octets)
            self.flush()

    def half_close(self) -> None:
        """See `Link`."""
        self.close()

    def close(self) -> None:
        """See `Link`."""
        if not self.over:
            self.over = True
            if self.secured:
                with suppress(ssl.SSLError):
                    self.object.unwrap()
                self.flush()
        self.below.close()

    def reset(self) -> None:
        """See `Link`."""
        self.over = True
        self.below.reset()


class TlsGate:
    """A carrier whose requests are secured by `kind`; everything else is the carrier's below."""

    name = "tls"

    def __init__(self, below: Transport, context: ssl.SSLContext, kind: type[Served] = Served) -> None:
        self.below = below
        self.context = context
        self.kind = kind
        self.dead = False
        self.busy: Served | None = None
        self.waiting: list[Callable[[], None]] = []

    @property
    def tables(self) -> Model:
        return self.below.tables

    def now(self) -> float:
        return self.below.now()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.below.call_later(seconds, callback)

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        return self.below.connect(address, handler)

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> Listening:
        return self.below.listen(address, backlog, _Gate(self, handler))

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        return self.below.run(done, limit)

    def end(self) -> None:
        self.below.end()

    def free(self) -> None:
        """Whoever was being served first is not any more."""
        self.busy = None
        if self.waiting:
            self.waiting.pop(0)()


class _Gate:
    def __init__(self, gate: TlsGate, handler: ListenHandler) -> None:
        self._gate = gate
        self._handler = handler

    def has_room(self) -> bool:
        return self._handler.has_room()

    def on_request(self, request: Request) -> None:
        if not self._gate.dead:
            self._gate.kind.admit(self._gate, self._handler, request)

    def on_withdrawn(self, request: Request) -> None:
        self._handler.on_withdrawn(request)


class SecuredRequest:
    def __init__(self, gate: TlsGate, request: Request) -> None:
        self._gate = gate
        self._request = request

    @property
    def peer(self) -> Address:
        return self._request.peer

    @property
    def gone(self) -> bool:
        return self._request.gone

    def take(self, handler: LinkHandler) -> Link:
        return self._gate.kind(self._gate, self._request, handler)

    def drop(self, code: str) -> None:
        self._request.drop(code)
