"""Raw peers: they keep no state machine, hear PDUs, and send whatever octets they are told to send."""

from __future__ import annotations

from collections.abc import Callable

from dicomnet.statemachine import Framer, Violation
from dicomnet.transports import Link, Request

from .octets import RAW

React = Callable[[str, str], None]


class Foe:
    """One raw peer on one connection; `react(name, trigger)` is called for all that it hears."""

    def __init__(self, name: str, react: React) -> None:
        self.name = name
        self.link: Link | None = None
        self._react = react
        self._framer = Framer()

    def do(self, deed: str, what: str) -> None:
        """Send octets by their name, or end in a way; without a connection nothing."""
        link = self.link
        if link is None:
            return
        match deed:
            case "send":
                link.send(RAW[what])
            case "half-close":
                link.half_close()
            case "close":
                link.close()
            case "reset":
                link.reset()
            case _:
                raise AssertionError(f"{deed} is no deed of a raw peer")

    def on_open(self) -> None:
        """See `LinkHandler`."""
        self._react(self.name, "open")

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

    def __init__(self, make: Callable[[], Foe], react: React) -> None:
        self._make = make
        self._react = react

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        foe = self._make()
        foe.link = request.take(foe)
        self._react(foe.name, "open")

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""
