"""Many timers on one timer of an asyncio loop.

Nearly every timer here is stopped long before it is due (ARTIM runs for seconds, an association for less than
one), and the loop's own timers are dear to start and to stop. So the loop is asked for one timer at a time, for
the earliest that was due when it was asked; when it rings for one that was stopped, the earliest of the others
is next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class WaitingTimer:
    """A timer that has not rung yet; see `Timer` in `base`."""

    __slots__ = ("_timers", "callback", "due")

    def __init__(self, timers: Timers, due: float, callback: Callable[[], None]) -> None:
        self._timers = timers
        self.due = due
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Stop it."""
        self.callback = None
        self._timers.waiting.pop(self, None)

    def ring(self) -> None:
        """Call back, unless it was stopped after it fell due."""
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


class Timers:
    """The timers of one carrier; each rings in a turn of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, turn: Callable[[Callable[[], None]], None]) -> None:
        self._loop = loop
        self._turn = turn
        self._asked: asyncio.TimerHandle | None = None
        self.waiting: dict[WaitingTimer, None] = {}

    def start(self, seconds: float, callback: Callable[[], None]) -> WaitingTimer:
        """A timer that calls back after `seconds`."""
        timer = WaitingTimer(self, self._loop.time() + seconds, callback)
        self.waiting[timer] = None
        if self._asked is None or timer.due < self._asked.when():
            self._ask(timer.due)
        return timer

    def _ask(self, due: float) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        assert self._asked is not None
        now = max(self._loop.time(), self._asked.when())  # the loop may ring a clock tick early
        self._asked = None
        for timer in sorted((each for each in self.waiting if each.due <= now), key=lambda each: each.due):
            del self.waiting[timer]
            self._loop.call_soon(self._turn, timer.ring)
        if self.waiting:
            self._ask(min(each.due for each in self.waiting))
