"""An interruption (Ctrl-C, or the SIGTERM of a CI): noted at any moment, acted on where nothing is left half done.

Python raises KeyboardInterrupt between any two instructions: in a `finally`, in the half-made event loop whose
`__del__` then prints a traceback, or in a callback of the garbage collector, which swallows it. What must not be torn
is therefore `held`: the signal is only noted there, a carrier that sleeps is woken, and `check` raises at a safe place.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# One that comes again within this many seconds is the same (some launchers pass a Ctrl-C on that the terminal has
# sent already); one that comes later is obeyed at once, whatever goes on.
INSIST_SECONDS = 2.0


class Interruption:
    """Whether the command was asked to stop. As a context manager it hears the signals, unless they are ignored."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.asked = False
        self._clock = clock
        self._since = 0.0
        self._held = False
        self._wake: Callable[[], object] | None = None
        self._before: list[dict[signal.Signals, Any]] = []

    def __enter__(self) -> Interruption:
        before: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():  # no other thread may set handlers
            before = {number: signal.getsignal(number) for number in SIGNALS}
        self._before.append({number: old for number, old in before.items() if old is not signal.SIG_IGN})
        for number in self._before[-1]:
            signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.pop().items():
            signal.signal(number, handler)
        self._held = False

    def leave_to_the_system(self) -> None:
        """All is done: from the end of the block on a signal ends the process without a word."""
        self._before[-1] = dict.fromkeys(self._before[-1], signal.SIG_DFL)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if not self.asked:
            self.asked = True
            self._since = self._clock()
            if self._wake is not None:
                self._wake()
            if self._held:
                return
        elif self._clock() - self._since < INSIST_SECONDS:
            return
        raise KeyboardInterrupt

    def ask(self) -> None:
        """Ask to stop as a signal does, but from any thread: it is raised at the next `check`."""
        self.asked = True
        wake = self._wake
        if wake is not None:
            wake()

    def hold(self) -> None:
        """From here on an interruption waits for the next `check`."""
        self._held = True

    def release(self) -> None:
        """From here on an interruption is raised where it comes."""
        self._held = False

    def wake_with(self, wake: Callable[[], object] | None) -> None:
        """What to call when an interruption comes while somebody sleeps; it may be called between any two steps."""
        self._wake = wake

    def check(self) -> None:
        """A safe place: raise KeyboardInterrupt, if one was asked for."""
        if self.asked:
            raise KeyboardInterrupt
