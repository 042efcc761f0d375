"""Securing a link: an engine does the work on octets in memory, a `SecureLink` stands between a carrier and its user.

The engine knows no socket: octets of the wire go in, octets of the wire come out, and it says what it has learned. So
the same TLS runs over TCP and over the memory carrier. When it begins is for the tables to say (`secure-begin`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from dicomnet.statemachine import LocalProtocolError

from .base import Address, Link, LinkHandler, Transport

# What may arrive before the engine begins, in octets; it begins in the same turn, so that this is much.
EARLY_OCTETS = 1 << 18

Password: TypeAlias = Callable[[], str | bytes | None]
"""Asked when an encrypted private key is loaded; None where there is no password."""


@dataclass(frozen=True, slots=True)
class Secured:
    """This end's half of the handshake is done: `version` and `suite` that were agreed on, and the peer's certificate.

    The certificate is DER, or None where the peer showed none.
    """

    version: str = ""
    suite: str = ""
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """Octets that the peer sent."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The handshake failed, or the secured link broke: the outcome code, and a sentence on what was wrong."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The peer said that it sends no more (close_notify)."""


Heard: TypeAlias = Secured | Plain | Failed | Ended


class Engine(Protocol):
    """One end of a secured link, without a link. What it returns has happened in this order."""

    def begin(self) -> Iterable[Heard]:
        """Begin the handshake."""
        ...

    def receive(self, octets: bytes) -> Iterable[Heard]:
        """Take octets from the wire. Never raises, whatever they are."""
        ...

    def send(self, octets: bytes) -> None:
        """Take the user's octets; only after `Secured`."""
        ...

    def close(self) -> None:
        """Say to the peer that no more is sent, where there is a way to say it."""
        ...

    def outgoing(self) -> bytes:
        """What is to be sent on the wire now; empty where nothing is."""
        ...


class Security(Protocol):
    """A way to secure links, as one object is configured with it (row 3 of the connection layer)."""

    @property
    def name(self) -> str:
        """What it is called: tls, ..."""
        ...

    def load(self, password: Password) -> Security:
        """Read certificates and keys; gives what is ready to be used.

        Raises `LocalProtocolError("invalid_argument")`, which says what is wrong with which file.
        """
        ...

    def engine(self, role: str, peer: Address | None) -> Engine:
        """An engine for one link: `role` is requestor or acceptor, `peer` the address that was connected to."""
        ...


def refuse_no_layer(security: object) -> None:
    """Refuse what is no security layer, such as the settings of one without the layer around them.

    Raises `LocalProtocolError("invalid_argument")`.
    """
    parts = (getattr(security, name, None) for name in ("load", "engine"))
    if isinstance(security, type) or not all(callable(part) for part in parts):
        kind = security.__name__ if isinstance(security, type) else type(security).__name__
        raise LocalProtocolError(
            "invalid_argument", f"{kind} is no security layer: give an object such as Tls(TlsSettings(...))"
        )


def refuse_on_wire(security: Security, carrier: Transport) -> None:
    """Refuse a layer that says `memory_only` of itself on any other carrier: it is played, and protects nothing.

    Raises `LocalProtocolError("invalid_argument")`.
    """
    if getattr(security, "memory_only", False) and carrier.name != "memory":
        raise LocalProtocolError(
            "invalid_argument",
            f"the security layer {security.name!r} is played in memory and protects nothing: it cannot be used on the "
            f"carrier {carrier.name!r}; use it on the memory carrier, or secure this link with TLS",
        )


class SecureHandler(LinkHandler, Protocol):
    """Who is told of a secured link: all that a link tells, with plain octets, and what becomes of its security."""

    def on_secured(self) -> None:
        """This end's half of the handshake is done."""
        ...

    def on_security_failed(self, code: str) -> None:
        """The handshake failed, or the secured link broke. The link is still to be closed; nothing else follows."""
        ...

    def on_cut(self) -> None:
        """The peer's transport ended, and its security layer had not said so (close_notify missing)."""
        ...


class LinkState(NamedTuple):
    """What a secure link remembers beside its engine."""

    early: bytes = b""
    ended: bool = False
    secured: Secured | None = None
    failure: Failed | None = None


class SecureLink:
    """A link with a security layer: to the carrier it is who is told, to the user it is the link.

    `begin` is called once, when the link stands. Until then, and after the end, nothing is sent.
    """

    __slots__ = (
        "_closing",
        "_deaf",
        "_early",
        "_ended",
        "_engine",
        "_waiting",
        "failure",
        "handler",
        "link",
        "secured",
    )

    def __init__(self, handler: SecureHandler) -> None:
        self.handler = handler
        self.link: Link | None = None
        self.secured: Secured | None = None
        self.failure: Failed | None = None
        self._engine: Engine | None = None
        self._early = bytearray()
        self._waiting = bytearray()
        self._closing = False
        self._deaf = False
        self._ended = False

    @property
    def peer(self) -> Address:
        """See `Link.peer`."""
        assert self.link is not None
        return self.link.peer

    @property
    def engine(self) -> Engine | None:
        """The engine, once the handshake has begun."""
        return self._engine

    def frozen(self) -> LinkState:
        """This link as a value; its engine is told apart."""
        return LinkState(bytes(self._early), self._ended, self.secured, self.failure)

    def thaw(self, state: LinkState, engine: Engine | None) -> None:
        """Become what the value says."""
        early, self._ended, self.secured, self.failure = state
        self._early = bytearray(early)
        self._engine = engine

    # --- what the user does ------------------------------------------------------------------------------

    def begin(self, engine: Engine) -> None:
        """Begin the handshake; what is learned at once is told from inside this call."""
        if self._deaf or self._engine is not None:
            return
        self._engine = engine
        self._tell(engine.begin())
        early = bytes(self._early)
        self._early.clear()
        if early and not self._deaf:
            self.on_octets(early)

    def send(self, octets: bytes) -> None:
        """See `Link.send`."""
        if not octets or self.failure is not None or self._closing:
            return
        if self._engine is None or self.secured is None:
            self._waiting += octets
        else:
            self._engine.send(octets)
            self._flush()

    def half_close(self) -> None:
        """See `Link.half_close`: the security layer's own end, then the transport's."""
        self._say_end()
        if self.link is not None:
            self.link.half_close()

    def close(self) -> None:
        """See `Link.close`."""
        self._deaf = True
        if self._waiting and self.failure is None:
            self._closing = True
            return
        self._say_end()
        if self.link is not None:
            self.link.close()

    def reset(self) -> None:
        """See `Link.reset`."""
        self._deaf, self._closing = True, False
        if self.link is not None:
            self.link.reset()

    def _say_end(self) -> None:
        if self._engine is not None and self.secured is not None and self.failure is None:
            self._engine.close()
            self._flush()

    # --- what the carrier reports ------------------------------------------------------------------------

    def on_open(self) -> None:
        """See `LinkHandler.on_open`."""
        self.handler.on_open()

    def on_failed(self, code: str) -> None:
        """See `LinkHandler.on_failed`."""
        self.handler.on_failed(code)

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler.on_octets`: octets of the wire come in, plain ones are told."""
        if (self._deaf and not self._closing) or self.failure is not None:
            return
        if self._engine is not None:
            self._tell(self._engine.receive(octets))
        elif len(self._early) + len(octets) <= EARLY_OCTETS:
            self._early += octets

    def on_end(self) -> None:
        """See `LinkHandler.on_end`."""
        if self._deaf or self._ended or self.failure is not None:
            return
        self._ended = True
        if self.secured is None:
            self.handler.on_end()
        else:
            self.handler.on_cut()

    def on_reset(self) -> None:
        """See `LinkHandler.on_reset`."""
        if not self._deaf and self.failure is None:
            self.handler.on_reset()

    def _tell(self, heard: Iterable[Heard]) -> None:
        for each in heard:
            # What the engine has to say to the peer goes out before anybody acts on what it has learned.
            self._flush()
            if isinstance(each, Secured):
                self.secured = each
                self._send_waiting()
            if self._deaf:
                return
            match each:
                case Secured():
                    self.handler.on_secured()
                case Plain(octets):
                    self.handler.on_octets(octets)
                case Failed():
                    self.failure = each
                    self.handler.on_security_failed(each.code)
                    return
                case Ended():
                    if not self._ended:
                        self._ended = True
                        self.handler.on_end()
        self._flush()

    def _send_waiting(self) -> None:
        waiting = bytes(self._waiting)
        self._waiting.clear()
        closing, self._closing = self._closing, False
        self.send(waiting)
        if closing:
            self.close()

    def _flush(self) -> None:
        if self._engine is not None and self.link is not None:
            octets = self._engine.outgoing()
            if octets:
                self.link.send(octets)
