"""What may go wrong on a simulated network, as one frozen value; some such values have names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

NO_TIME: Final = (0.0, 0.0)
UNBOUNDED: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults of a network in memory. Chances are from 0 to 1, of one connection unless said otherwise.

    Whatever happens, what goes one way on one connection keeps its order. All is drawn from the simulator's seed.
    """

    latency: tuple[float, float] = NO_TIME
    """Seconds that a segment is on its way, drawn for each (least, most)."""
    disorder: float = 0.0
    """Seconds by which a turn may come later than it could, so that what happens at one time is mixed."""
    split: float = 0.0
    """The chance that what is sent in one call is cut into several segments."""
    merge: float = 0.0
    """The chance that what is sent waits for what is sent after it."""
    slow_reader: float = 0.0
    """The chance that an end reads its octets late and a few at a time."""
    buffer: tuple[int, int] = (UNBOUNDED, UNBOUNDED)
    """Octets that a connection holds one way until they are read, drawn (least, most); a write beyond waits."""
    lost: float = 0.0
    """The chance that a connection goes silent: nothing passes any more, each end hears of it much later."""
    reset: float = 0.0
    """The chance that something on the way resets both ends."""
    half_close: float = 0.0
    """The chance that one way ends early, as if its sender had half-closed."""
    partitions: int = 0
    """How many times a part of the connections is cut for a time; what is sent meanwhile arrives afterwards."""
    lost_request: float = 0.0
    """The chance that a connection request is lost and sent again after a second."""
    half_open: float = 0.0
    """Of a request that finds a full queue (tcp-linux): the chance that its sender thinks himself connected."""
    accept_tells: float = 0.0
    """Of a request that was reset while it waited (tcp-winsock): the chance that accept says so, not the first read."""
    within: float = 20.0
    """Seconds of the run in which partitions begin, and of a connection in which it is lost, reset or half-closed."""

    def __post_init__(self) -> None:
        """Raises `ValueError` where a chance, a time or a number is none."""
        for name in CHANCES:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is a chance from 0 to 1, not {getattr(self, name)}")
        for name, least in (("latency", 0.0), ("buffer", 1)):
            low, high = getattr(self, name)
            if not least <= low <= high:
                raise ValueError(f"{name} goes from at least {least} upwards, not from {low} to {high}")
        if min(self.partitions, self.disorder, self.within) < 0:
            raise ValueError("partitions, disorder and within are not negative")

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the faults that these options switch on: what a run counts."""
        return tuple(
            each.name.replace("_", "-")
            for each in fields(self)
            if each.name != "within" and getattr(self, each.name) != each.default
        )


CHANCES: Final = (
    "split",
    "merge",
    "slow_reader",
    "lost",
    "reset",
    "half_close",
    "lost_request",
    "half_open",
    "accept_tells",
)

NO_FAULTS: Final = Faults()
FAULTS: Final = {
    "none": NO_FAULTS,
    "calm": Faults(latency=(0.0005, 0.005), disorder=0.0005, split=0.1, merge=0.1),
    "rough": Faults(
        latency=(0.001, 0.2),
        disorder=0.01,
        split=0.3,
        merge=0.3,
        slow_reader=0.2,
        buffer=(64, 4096),
        lost=0.03,
        reset=0.05,
        half_close=0.03,
        partitions=1,
        lost_request=0.1,
        half_open=0.5,
        accept_tells=0.5,
    ),
    "hostile": Faults(
        latency=(0.0, 2.0),
        disorder=0.1,
        split=0.7,
        merge=0.5,
        slow_reader=0.5,
        buffer=(1, 256),
        lost=0.1,
        reset=0.15,
        half_close=0.1,
        partitions=3,
        lost_request=0.3,
        half_open=0.5,
        accept_tells=0.5,
    ),
    "torn": Faults(latency=(0.0, 0.01), split=1.0, buffer=(8, 64), slow_reader=0.5),
    "cut": Faults(latency=(0.01, 0.1), partitions=8, lost=0.3, lost_request=0.5, half_open=0.9),
}
"""Options by name: `none` and `calm` for a local network, `rough` and `hostile` for all at once, two for one kind."""
