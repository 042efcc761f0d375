"""What the tests listen with: handlers that write down what they are told."""

from __future__ import annotations

from collections.abc import Callable

from dicomnet.transports import Address, Link, Request, Transport

LIMIT = 5.0
LOOPBACK = Address("", 0)


class Ear:
    """A `LinkHandler` that notes every report, and that no report comes while another is made."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._octets = bytearray()
        self.link: Link | None = None
        self.then: dict[str, Callable[[], None]] = {}
        self.inside = False

    @property
    def octets(self) -> bytes:
        """All that has come."""
        return bytes(self._octets)

    def _note(self, what: str) -> None:
        assert not self.inside, "a report inside a report"
        self.inside = True
        if what != "octets" or self.told[-1:] != ["octets"]:
            self.told.append(what)
        try:
            self.then.get(what, lambda: None)()
        finally:
            self.inside = False

    def on_open(self) -> None:
        self._note("open")

    def on_failed(self, code: str) -> None:
        self._note(f"failed {code}")

    def on_octets(self, octets: bytes) -> None:
        assert octets
        self._octets += octets
        self._note("octets")

    def on_end(self) -> None:
        self._note("end")

    def on_reset(self) -> None:
        self._note("reset")


class Door:
    """A `ListenHandler` with a queue of `room` requests that accepts when it is asked to."""

    def __init__(self, room: int = 8) -> None:
        self.room = room
        self.waiting: list[Request] = []
        self.withdrawn: list[Request] = []

    def has_room(self) -> bool:
        return len(self.waiting) < self.room

    def on_request(self, request: Request) -> None:
        self.waiting.append(request)

    def on_withdrawn(self, request: Request) -> None:
        self.withdrawn.append(request)
        self.waiting.remove(request)

    def take(self) -> Ear:
        """Accept the first request."""
        ear = Ear()
        ear.link = self.waiting.pop(0).take(ear)
        return ear


def until(carrier: Transport, done: Callable[[], bool]) -> None:
    """Let things happen until `done`; fail when they do not."""
    assert carrier.run(done, LIMIT), "it did not happen in time"


def settle(carrier: Transport, seconds: float = 0.05) -> None:
    """Let everything happen that is on its way: virtual seconds in memory, real ones on a socket."""
    carrier.run(lambda: False, seconds)


def call(carrier: Transport, address: Address) -> Ear:
    """Ask for a connection."""
    ear = Ear()
    ear.link = carrier.connect(address, ear)
    return ear


def pair(carrier: Transport, door: Door | None = None) -> tuple[Ear, Ear]:
    """A connection that stands: the requestor's ear and the acceptor's."""
    door = door or Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    ours = call(carrier, listening.address)
    until(carrier, lambda: bool(door.waiting))
    theirs = door.take()
    until(carrier, lambda: ours.told == ["open"])
    listening.close()
    return ours, theirs


def link_of(ear: Ear) -> Link:
    """The link that an ear listens to."""
    assert ear.link is not None
    return ear.link


def queue_up(carrier: Transport, door: Door, address: Address, number: int) -> list[Ear]:
    """So many requestors, whose requests have reached the door one after the other."""
    callers: list[Ear] = []
    for _ in range(number):
        before = len(door.waiting)
        callers.append(call(carrier, address))
        until(carrier, lambda seen=before: len(door.waiting) > seen)  # type: ignore[misc]
    return callers
