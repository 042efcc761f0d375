"""Raw peers: they keep no state machine, hear PDUs, and send whatever octets they are told to send."""

from __future__ import annotations

from collections.abc import Callable

from dicomnet.statemachine import Framer, Violation
from dicomnet.transports import Address, Link, LinkHandler, Request, SecureLink, Security

from .octets import RAW

React = Callable[[str, str], None]


class Foe:
    """One raw peer on one connection; `react(name, trigger)` is called for all that it hears.

    With a `security` layer its octets are sealed, and it hears of an open link when that is secured; one that `stalls`
    never begins to secure it.
    """

    def __init__(
        self, name: str, react: React, security: Security | None = None, *, stalls: bool = False
    ) -> None:
        self.name = name
        self._security = security
        self._stalls = stalls
        self.link: Link | None = None
        self._react = react
        self._framer = Framer()

    def connect(self, make: Callable[[LinkHandler], Link]) -> None:
        """Have the link that `make` makes for who is to be told of it."""
        self.link = make(self) if self._security is None else self._sealed(make)

    def take(self, request: Request) -> None:
        """Take a request."""
        self.connect(request.take)
        self._begin("acceptor", None)

    def _sealed(self, make: Callable[[LinkHandler], Link]) -> SecureLink:
        link = SecureLink(self)
        link.link = make(link)
        return link

    def _begin(self, role: str, peer: Address | None) -> None:
        if not isinstance(self.link, SecureLink):
            self._react(self.name, "open")
        elif self._security is not None and not self._stalls:
            self.link.begin(self._security.engine(role, peer))

    def do(self, deed: str, what: str) -> None:
        """Send octets by their name, or end in a way; without a connection nothing."""
        link = self.link
        if link is None:
            return
        match deed:
            case "send":
                link.send(RAW[what])
            case "half-close":
                # Without the security layer's own end, which a peer that keeps no rules does not send.
                bare = link.link if isinstance(link, SecureLink) else link
                if bare is not None:
                    bare.half_close()
            case "close":
                link.close()
            case "reset":
                link.reset()
            case _:
                raise AssertionError(f"{deed} is no deed of a raw peer")

    def on_open(self) -> None:
        """See `LinkHandler`."""
        self._begin("requestor", None if self.link is None else self.link.peer)

    def on_secured(self) -> None:
        """See `SecureHandler`."""
        self._react(self.name, "open")

    def on_security_failed(self, code: str) -> None:
        """See `SecureHandler`."""
        self._react(self.name, "failed")

    def on_cut(self) -> None:
        """See `SecureHandler`."""
        self._react(self.name, "end")

    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self._react(self.name, "failed")

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        for received, _ in self._framer.feed(octets):
            if not isinstance(received, Violation):
                self._react(self.name, received.name)

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self._react(self.name, "end")

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self._react(self.name, "reset")


class Trap:
    """A raw listener: it takes every request at once."""

    name = "trap"

    def __init__(self, make: Callable[[], Foe]) -> None:
        self._make = make

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        foe = self._make()
        foe.take(request)

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""
