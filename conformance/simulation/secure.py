"""The security layer in a simulated run: whose link has which, and what plaintext passes it.

Whether an object has a layer, and what its handshake suffers, is drawn from the run's seed and the object's name, so
that a run with fewer acts goes on as it was. On the wire there is only what was sealed. Who watches sees there that
something was sent, and never what or how much: over real TLS that differs each time. What is the same each time, and
all that is judged, is the plaintext, which is seen where it goes into the engine and comes out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Final

from dicomnet.transports import (
    Address,
    Engine,
    Happening,
    Heard,
    Plain,
    PlayedSecurity,
    SecureLink,
    Security,
)

Layer = Callable[[str, Random], Security | None]
"""Gives the layer of an object: its name, and lots that are its own. None: its link is plain."""

# The chance that an object has a layer, by the letters that its name begins with; all others have one.
SECURED: Final = {"scp": 0.95, "spare": 0.8, "scu": 0.85, "child": 0.92, "foe": 0.6, "catch": 0.6}
# The chance that it is configured with a layer that refuses one message of the handshake.
REFUSES: Final = 0.2
MESSAGES: Final = (b"hello", b"answer", b"finished")
# The chance that an object is configured twice: the second time counts.
TWICE: Final = 0.1
# The chance that a raw peer with a layer never begins its handshake.
STALLS: Final = 0.2


def _none(_name: str, _chance: Random) -> None:
    return None


def _played(name: str, chance: Random) -> Security | None:
    has_one = chance.random() < SECURED.get(name.rstrip("0123456789"), 1.0)
    refuse = chance.choice(MESSAGES) if chance.random() < REFUSES else b""
    return PlayedSecurity(refuse) if has_one else None


SECURITIES: Final[dict[str, Layer]] = {"none": _none, "played": _played}
"""The layers that a run can have, by name."""


class Lots:
    """What is drawn for each object: lots of its own, the same whatever else there is."""

    def __init__(self, seed: int, layer: Layer) -> None:
        self._seed = seed
        self._layer = layer
        self._made: dict[str, int] = {}

    def draw(self, name: str) -> tuple[Security | None, Random]:
        """The layer of a new object of that name, if it has one, and the rest of its lots."""
        nth = self._made[name] = self._made.get(name, 0) + 1
        chance = Random(f"{self._seed} {name} {nth}")
        return self._layer(name, chance), chance


Tell = Callable[[str, object], None]
"""Told of what passes: "says" or "hears" with the plaintext, "secured"."""


class Watched:
    """A layer whose plaintext is seen. See `Security`."""

    def __init__(self, inner: Security, tell: Tell) -> None:
        self._inner = inner
        self._tell = tell

    @property
    def name(self) -> str:
        """See `Security.name`."""
        return self._inner.name

    def load(self, password: Callable[[], str | bytes | None]) -> Watched:
        """See `Security.load`."""
        return Watched(self._inner.load(password), self._tell)

    def engine(self, role: str, peer: Address | None) -> Engine:
        """See `Security.engine`."""
        return WatchedEngine(self._inner.engine(role, peer), self._tell)


class WatchedEngine:
    """An engine whose plaintext is seen. See `Engine`."""

    def __init__(self, inner: Engine, tell: Tell) -> None:
        self._inner = inner
        self._tell = tell

    def begin(self) -> Iterator[Heard]:
        """See `Engine.begin`."""
        return self._heard(self._inner.begin())

    def receive(self, octets: bytes) -> Iterator[Heard]:
        """See `Engine.receive`."""
        return self._heard(self._inner.receive(octets))

    def _heard(self, heard: Iterable[Heard]) -> Iterator[Heard]:
        for each in heard:
            if isinstance(each, Plain):
                self._tell("hears", each.octets)
            yield each

    def send(self, octets: bytes) -> None:
        """See `Engine.send`."""
        self._tell("says", octets)
        self._inner.send(octets)

    def close(self) -> None:
        """See `Engine.close`."""
        self._inner.close()

    def outgoing(self) -> bytes:
        """See `Engine.outgoing`."""
        return self._inner.outgoing()


def unsealed(seen: Happening) -> Happening:
    """What may be known of something on the wire: whose link it is, and of what was sealed only that it passed."""
    if not isinstance(seen.subject, SecureLink):
        return seen
    sealed = isinstance(seen.about, bytes)
    what, about = (f"{seen.what} sealed", None) if sealed else (seen.what, seen.about)
    return seen._replace(what=what, subject=seen.subject.handler, about=about)
