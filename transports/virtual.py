"""The memory carrier's virtual clock, driven from an asyncio loop without sleeping.

What is due now happens one thing a turn of the loop, so that the program's tasks run in between. Time moves only
when nothing is due and the tasks have had `QUIET_TURNS` turns in which none of them asked the carrier for anything:
they all wait then, and what they wait for lies in the future. No task of the program waits in real time.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from .memory import MemoryTransport

# How many turns in a row a program may need from one call to the next (a wake-up through a queue, a group of tasks and
# a time limit takes about five).
QUIET_TURNS = 32


class Driver:
    """Drives one memory carrier in one loop, as long as anything is left to happen."""

    def __init__(self, carrier: MemoryTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._carrier = carrier
        self.loop = loop
        self._running = False
        self._quiet = 0

    def wake(self) -> None:
        """Something was asked of the carrier."""
        self._quiet = 0
        if not self._running:
            self._running = True
            self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        carrier = self._carrier
        due = carrier.due
        if due is None:
            self._running = False
            return
        self.loop.call_soon(self._turn)
        if due > carrier.now() and self._quiet < QUIET_TURNS:
            self._quiet += 1
            return
        self._quiet = 0
        steps = iter((False, True))
        carrier.run(lambda: next(steps, True))


_DRIVERS: WeakKeyDictionary[MemoryTransport, Driver] = WeakKeyDictionary()


def driver_of(carrier: MemoryTransport, loop: asyncio.AbstractEventLoop) -> Driver:
    """The one driver of a carrier in this loop: several libraries on one carrier share its clock."""
    driver = _DRIVERS.get(carrier)
    if driver is None or driver.loop is not loop:
        driver = _DRIVERS[carrier] = Driver(carrier, loop)
    return driver
