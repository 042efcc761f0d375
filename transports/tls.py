"""TLS as a security layer (PS3.15 2024e Annex B), by the engine of Python's `ssl` on octets in memory.

`Tls` is the configuration that an object is given; `TlsEngine` is one end of one link. `TlsTransport` is a carrier
whose every connection is secured, for those who want octets and no state machine.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dicomnet.statemachine import Model

from .base import Address, Link, LinkHandler, ListenHandler, Listening, Request, Timer, Transport
from .secure import Ended, Engine, Failed, Heard, Password, Plain, Secured, SecureLink, Security
from .tls_outcome import outcome_of
from .tls_settings import TlsSettings, client_context, key_is_encrypted, server_context

HANDSHAKE_SECONDS = 30.0
# As much as one record may carry (RFC 8446 5.1), in octets.
RECORD_OCTETS = 1 << 14


class TlsEngine:
    """One end of a TLS link; see `Engine`."""

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_name: str | None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._server_name = server_name
        self._ssl = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=server_name
        )
        self._shaken = False
        self._over = False

    def begin(self) -> Iterator[Heard]:
        """See `Engine.begin`."""
        return self._go_on()

    def receive(self, octets: bytes) -> Iterator[Heard]:
        """See `Engine.receive`."""
        if not self._over:
            self._incoming.write(octets)
        return self._go_on()

    def _go_on(self) -> Iterator[Heard]:
        """As far as the octets go that are there."""
        if self._over:
            return
        try:
            if not self._shaken:
                self._ssl.do_handshake()
                self._shaken = True
                yield self._secured()
            while not self._over:
                octets = self._ssl.read(RECORD_OCTETS)
                if not octets:
                    break
                yield Plain(octets)
            self._over = True
            yield Ended()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLZeroReturnError:
            self._over = True
            yield Ended()
        except ssl.SSLError as error:
            self._over = True
            code, text = outcome_of(error, self._ssl, secured=self._shaken)
            yield Failed(code, text)

    def _secured(self) -> Secured:
        cipher = self._ssl.cipher()
        return Secured(self._ssl.version() or "", cipher[0] if cipher else "", self._ssl.getpeercert(True))

    def send(self, octets: bytes) -> None:
        """See `Engine.send`."""
        try:
            self._ssl.write(octets)
        except ssl.SSLError:
            return  # it has failed; reading tells how

    def close(self) -> None:
        """See `Engine.close`: close_notify (RFC 8446 6.1)."""
        try:
            self._ssl.unwrap()
        except ssl.SSLError:
            return  # ours is written; the peer's is not waited for

    def outgoing(self) -> bytes:
        """See `Engine.outgoing`."""
        return self._outgoing.read()


@dataclass(frozen=True, slots=True, repr=False)
class _Given:
    """A password that a handler gave; never shown."""

    password: str | bytes

    def __call__(self) -> str | bytes:
        return self.password


class NoEngine:
    """An end that cannot even begin, and says why."""

    def __init__(self, failed: Failed) -> None:
        self._failed = failed

    def begin(self) -> Iterator[Heard]:
        """See `Engine.begin`: it fails."""
        yield self._failed

    def receive(self, octets: bytes) -> Iterator[Heard]:
        """See `Engine.receive`: nothing more is said."""
        return iter(())

    def send(self, octets: bytes) -> None:
        """See `Engine.send`: nothing is."""

    def close(self) -> None:
        """See `Engine.close`: there is nothing to say."""

    def outgoing(self) -> bytes:
        """See `Engine.outgoing`: nothing."""
        return b""


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS with these settings, as a requestor and as an acceptor. See `Security`.

    The files are read by `load`, which `configure_security` calls: an object keeps what they were then.
    """

    settings: TlsSettings
    client: ssl.SSLContext | None = field(default=None, compare=False, repr=False)
    server: ssl.SSLContext | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """tls."""
        return "tls"

    def load(self, password: Password) -> Tls:
        """Read the files, and ask for the password of an encrypted key where the settings do not say it.

        Raises `LocalProtocolError("invalid_argument")`.
        """
        settings = self.settings
        if settings.password is None and key_is_encrypted(settings):
            given = password()
            # The same password makes the same context again.
            settings = settings if given is None else replace(settings, password=_Given(given))
        server = None if settings.certificate is None else server_context(settings)
        return Tls(settings, client_context(settings), server)

    def engine(self, role: str, peer: Address | None) -> Engine:
        """See `Security.engine`. An acceptor without a certificate and a host that is no name fail at once.

        Raises what `load` raises, where that was not called.
        """
        if self.client is None:
            return self.load(lambda: None).engine(role, peer)
        if role == "acceptor":
            if self.server is not None:
                return TlsEngine(self.server, server_side=True, server_name=None)
            return NoEngine(
                Failed("handshake_failed", "an acceptor with TLS needs a certificate: none was given")
            )
        name = self.settings.server_name or (peer.host if peer is not None and peer.host else "127.0.0.1")
        try:
            return TlsEngine(self.client, server_side=False, server_name=name)
        except (ValueError, TypeError, ssl.SSLError) as error:
            return NoEngine(
                Failed("hostname_mismatch", f"{name!r} is no name that a certificate has: {error}")
            )


class TlsTransport:
    """A carrier whose every connection is secured before anybody hears of it.

    `connect` tells `on_open` when the handshake is done, and `on_failed` with the outcome code when it fails or takes
    longer than `handshake` seconds. What breaks the secured link later is told as `on_reset`; an end without
    close_notify is told as an end. `listen` hands requests over as they come; whoever takes one is the acceptor.
    `look` is called with every link that was secured, or could not be: what was agreed on, or why.
    """

    name = "tls"

    def __init__(
        self,
        carrier: Transport,
        security: Security,
        *,
        handshake: float = HANDSHAKE_SECONDS,
        look: Callable[[Secured | Failed], None] | None = None,
    ) -> None:
        self.carrier = carrier
        self.security = security
        self.handshake = handshake
        self.look = look

    @property
    def tables(self) -> Model:
        """See `Transport.tables`: those of the carrier below."""
        return self.carrier.tables

    def now(self) -> float:
        """See `Transport.now`."""
        return self.carrier.now()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """See `Transport.call_later`."""
        return self.carrier.call_later(seconds, callback)

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        """See `Transport.connect`."""
        return _Guard(self, handler, "requestor", address).bind(
            lambda told: self.carrier.connect(address, told)
        )

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> Listening:
        """See `Transport.listen`."""
        return self.carrier.listen(address, backlog, _Gate(self, handler))

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """See `Transport.run`."""
        return self.carrier.run(done, limit)

    def end(self) -> None:
        """See `Transport.end`."""
        self.carrier.end()


class _Guard:
    """Stands between a secured link and someone who knows of no security: tells him of a link that is ready."""

    def __init__(self, tls: TlsTransport, handler: LinkHandler, role: str, address: Address | None) -> None:
        self._tls = tls
        self._handler = handler
        self._role = role
        self._address = address
        self._timer: Timer | None = None
        self._ready = False
        self.link = SecureLink(self)

    def bind(self, open_link: Callable[[LinkHandler], Link]) -> SecureLink:
        """Open the link below."""
        self.link.link = open_link(self.link)
        return self.link

    def on_open(self) -> None:
        """The connection stands: secure it."""
        self._timer = self._tls.call_later(self._tls.handshake, self._late)
        self.link.begin(self._tls.security.engine(self._role, self._address))

    def on_failed(self, code: str) -> None:
        """See `LinkHandler.on_failed`."""
        self._handler.on_failed(code)

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler.on_octets`."""
        self._handler.on_octets(octets)

    def on_secured(self) -> None:
        """See `SecureHandler.on_secured`."""
        self._settle()
        self._ready = True
        if self._tls.look is not None and self.link.secured is not None:
            self._tls.look(self.link.secured)
        if self._role == "requestor":
            self._handler.on_open()

    def on_security_failed(self, code: str) -> None:
        """See `SecureHandler.on_security_failed`."""
        if self._tls.look is not None and self.link.failure is not None:
            self._tls.look(self.link.failure)
        self.link.close()
        self._over(code)

    def on_end(self) -> None:
        """See `LinkHandler.on_end`."""
        if self._ready:
            self._handler.on_end()
        else:
            self.link.close()
            self._over("aborted")

    def on_cut(self) -> None:
        """See `SecureHandler.on_cut`."""
        self._handler.on_end()

    def on_reset(self) -> None:
        """See `LinkHandler.on_reset`."""
        self._over("aborted")

    def _late(self) -> None:
        self._timer = None
        self.link.reset()
        self._over("timeout")

    def _over(self, code: str) -> None:
        self._settle()
        if self._ready or self._role == "acceptor":
            self._handler.on_reset()
        else:
            self._handler.on_failed(code)

    def _settle(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


class _Gate:
    """Hands requests of the carrier below over as requests of the secured one."""

    def __init__(self, tls: TlsTransport, handler: ListenHandler) -> None:
        self._tls = tls
        self._handler = handler
        self._requests: dict[Request, _SecureRequest] = {}

    def has_room(self) -> bool:
        """See `ListenHandler.has_room`."""
        return self._handler.has_room()

    def on_request(self, request: Request) -> None:
        """See `ListenHandler.on_request`."""
        made = self._requests[request] = _SecureRequest(self._tls, request, self._requests)
        self._handler.on_request(made)

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler.on_withdrawn`."""
        made = self._requests.pop(request, None)
        if made is not None:
            self._handler.on_withdrawn(made)


class _SecureRequest:
    """A request whose link is secured as soon as it is taken."""

    def __init__(self, tls: TlsTransport, request: Request, waiting: dict[Request, _SecureRequest]) -> None:
        self._tls = tls
        self._request = request
        self._waiting = waiting

    @property
    def peer(self) -> Address:
        """See `Request.peer`."""
        return self._request.peer

    @property
    def gone(self) -> bool:
        """See `Request.gone`."""
        return self._request.gone

    def take(self, handler: LinkHandler) -> Link:
        """See `Request.take`."""
        self._waiting.pop(self._request, None)
        guard = _Guard(self._tls, handler, "acceptor", None)
        link = guard.bind(self._request.take)
        guard.on_open()
        return link

    def drop(self, code: str) -> None:
        """See `Request.drop`."""
        self._waiting.pop(self._request, None)
        self._request.drop(code)


# The type checkers' proofs that these are what they say.
_CONTRACT: type[Transport] = TlsTransport
_LAYER: type[Security] = Tls
