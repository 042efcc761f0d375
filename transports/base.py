"""What a transport is: the small set of deeds that every carrier of octets offers, and what it reports.

A transport owns time. Everything is by callback and on one thread: no callback is made from inside a call to
the transport (the report of a deed comes in a later turn), so nothing is re-entered. Seconds are floats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dicomnet.statemachine import Model


@dataclass(frozen=True, slots=True, init=False)
class Address:
    """Where a peer or a listener is: host and port.

    The host is a name or an IP address. To connect to, None or "" is the loopback; to listen on, it is the loopback
    as well, "*" is every address of the machine (IPv4 and IPv6), "0.0.0.0" every IPv4 and "::" every IPv6 address.
    None is kept as "".
    """

    host: str
    port: int

    def __init__(self, host: str | None, port: int) -> None:
        object.__setattr__(self, "host", host or "")
        object.__setattr__(self, "port", port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class LinkHandler(Protocol):
    """Who is told what happens to a transport connection. After `on_reset` or `on_failed` nothing follows."""

    def on_open(self) -> None:
        """The connection stands (requestor's side only)."""
        ...

    def on_failed(self, code: str) -> None:
        """It could not be made: refused, reset, unreachable, timeout, name_not_resolved, ..."""
        ...

    def on_octets(self, octets: bytes) -> None:
        """Octets arrived, at least one."""
        ...

    def on_end(self) -> None:
        """The peer sends no more (FIN); this side may still send."""
        ...

    def on_reset(self) -> None:
        """The peer threw the connection away (RST), or it broke."""
        ...


class Link(Protocol):
    """One transport connection, as one end holds it. Every call is allowed at any time and never raises."""

    @property
    def peer(self) -> Address:
        """The other end's address."""
        ...

    def send(self, octets: bytes) -> None:
        """Send octets, in order, as one segment where the carrier has segments."""
        ...

    def half_close(self) -> None:
        """Send no more (FIN), still receive."""
        ...

    def close(self) -> None:
        """Close in an orderly way: what was sent is delivered, then FIN. No report follows."""
        ...

    def reset(self) -> None:
        """Throw the connection away (RST). No report follows."""
        ...


class Request(Protocol):
    """A connection request that has reached a listener."""

    @property
    def peer(self) -> Address:
        """The requestor's address."""
        ...

    @property
    def gone(self) -> bool:
        """Whether the carrier says now, before it is taken, that its requestor has reset it (tcp-winsock)."""
        ...

    def take(self, handler: LinkHandler) -> Link:
        """Accept it: the link of the acceptor's side; `handler` hears of it from now on."""
        ...

    def drop(self, code: str) -> None:
        """Do not accept it: the requestor is told `code` (refused or reset; gone, where he has reset it)."""
        ...


class Listening(Protocol):
    """A listener that is open."""

    @property
    def address(self) -> Address:
        """Where it listens, with the real port."""
        ...

    def close(self) -> None:
        """Take no more requests. Requests already reported are not touched."""
        ...


class ListenHandler(Protocol):
    """Who is told of requests."""

    def has_room(self) -> bool:
        """Whether a request may be handed over now; a carrier with a queue of its own asks first."""
        ...

    def on_request(self, request: Request) -> None:
        """A request arrived."""
        ...

    def on_withdrawn(self, request: Request) -> None:
        """The requestor took a request back that was not taken yet."""
        ...


class Timer(Protocol):
    """A running timer."""

    def cancel(self) -> None:
        """Stop it; harmless when it has run out."""
        ...


class Transport(Protocol):
    """A carrier of connections."""

    @property
    def name(self) -> str:
        """memory or tcp."""
        ...

    @property
    def tables(self) -> Model:
        """The tables of the profile that this carrier has."""
        ...

    def now(self) -> float:
        """Seconds on this carrier's own clock."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` in a later turn, after `seconds`."""
        ...

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        """Ask for a connection; `handler` hears `on_open` or `on_failed`. `close` withdraws the request."""
        ...

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> Listening:
        """Listen; port 0 picks a free one.

        Raises `LocalProtocolError` (address_in_use, address_unavailable, name_not_resolved).
        """
        ...

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """Let things happen until `done()` or until `limit` seconds have passed; gives `done()`."""
        ...

    def end(self) -> None:
        """Close everything that is open on this carrier."""
        ...
