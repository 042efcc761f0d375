"""A carrier in memory without a clock: what is under way waits until it is let go, one report at a time.

It is the memory carrier with another order of things: the same paths, the same ends, no heap. An exploration, or a test
that replays what an exploration found, says which report comes next, and which timer rings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dicomnet.statemachine import MODEL, Model

from .memory import MAX_TURNS, MemoryTimer, MemoryTransport

Report = tuple[Callable[[Any], None], object]
"""What is under way: what will be called, and what it is about."""


class StepwiseTransport(MemoryTransport):
    """See the module. `under_way` holds the reports in the order in which they were sent, `timers` what runs."""

    def __init__(self, tables: Model = MODEL) -> None:
        super().__init__(tables=tables)
        self.again = (0.0, 0.0)
        self.under_way: list[Report] = []
        self.timers: list[MemoryTimer] = []

    def hop(self, report: Callable[[Any], None], about: object = None) -> None:
        """Put a report on its way."""
        self.under_way.append((report, about))

    def call_later(self, seconds: float, callback: Callable[[], None]) -> MemoryTimer:
        """See `Transport.call_later`: it rings when it is told to, whatever the time."""
        timer = MemoryTimer(self, callback)
        self.timers.append(timer)
        return timer

    def cancelled(self) -> None:
        """A timer was cancelled."""
        self.timers = [timer for timer in self.timers if timer.callback is not None]

    def let(self, index: int = 0) -> None:
        """Let one of what is under way arrive."""
        report, about = self.under_way.pop(index)
        report(about)

    def ring(self, index: int = 0) -> None:
        """Let one of the running timers run out."""
        self.timers.pop(index)()

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """See `Transport.run`: let everything arrive in the order in which it was sent; no timer rings."""
        for _ in range(MAX_TURNS):
            if done() or not self.under_way:
                break
            self.let()
        return done()

    def end(self) -> None:
        """See `Transport.end`."""
        super().end()
        self.under_way.clear()
        self.timers.clear()
