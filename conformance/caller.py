"""A requestor under test is made to connect: the listener that it meets, and what starts it.

For each case there is one visit. The first connection is the case's; whatever else comes is reset, counted and told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from dicomnet.transports import Address, Listening, Request, Timer, Transport

from .target import Visit, Visited

BACKLOG: Final = 16
# So many connections beyond the first are told one by one; of the others only that they have become many.
TOLD: Final = 3
MANY: Final = 9


def again(came: int) -> str:
    """What is told of a connection beyond the first; `came` counts them all."""
    return f"connects again (connection {came}); it is reset"


class Running(Protocol):
    """A requestor that was started for one case."""

    @property
    def over(self) -> bool:
        """Whether nothing of it is left."""
        ...

    def end(self) -> None:
        """Let it end, or end it, within bounded time."""
        ...


class Trigger(Protocol):
    """What makes the requestor connect. `watches`: it sees that the requestor has ended, and says so."""

    watches: ClassVar[bool]

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Running:
        """Start it. `tell` hears what is worth telling of it, `gone` that it has ended, and why."""
        ...


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing was started, so nothing is left."""

    over: bool = True

    def end(self) -> None:
        """Nothing is to be ended."""


class Nobody:
    """A listener that takes no requests."""

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return False

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        request.drop("refused")

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """The user makes the requestor connect; `ask` tells him where it is waited for."""

    ask: Callable[[Address], None]
    watches: ClassVar[bool] = False

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Running:
        """See `Trigger`."""
        self.ask(address)
        return Nothing()


class Reception:
    """Waits for requestors on one carrier (see `Caller`). With port 0 each visit has a port of its own."""

    def __init__(self, carrier: Transport, address: Address, trigger: Trigger) -> None:
        self._carrier = carrier
        self._address = address
        self._trigger = trigger

    @property
    def side_by_side(self) -> bool:
        """See `Caller`: where each has a port of its own, and nobody has to start it by hand."""
        return self._address.port == 0 and not isinstance(self._trigger, ByHand)

    @property
    def watches(self) -> bool:
        """See `Caller`."""
        return self._trigger.watches

    def expect(self, run: Visited, *, refused: bool = False) -> Visit:
        """See `Caller`. Raises `LocalProtocolError` where nothing can listen there."""
        visit = _Visit(self._carrier, self._address, self._trigger, run)
        if refused:
            visit.refuse()
        return visit


class _Visit:
    """One visit: listens, has the requestor started, hands over the first connection."""

    def __init__(self, carrier: Transport, address: Address, trigger: Trigger, run: Visited) -> None:
        self._carrier = carrier
        self._trigger = trigger
        self._run = run
        self._started: Running = Nothing()
        self._came = 0
        self._left = False
        self._listening: Listening = carrier.listen(address, BACKLOG, self)
        self._timer: Timer = carrier.call_later(0.0, self._start)

    def _start(self) -> None:
        self._started = self._trigger.start(
            self._carrier, self._listening.address, self._run.tell, self._gone
        )

    def _gone(self, why: str) -> None:
        if not self._came and not self._left:
            self._run.on_failed(why)

    def refuse(self) -> None:
        """The port is known; nobody listens there any more."""
        self._listening.close()

    @property
    def over(self) -> bool:
        """See `Visit`."""
        return self._left and self._started.over

    def leave(self) -> None:
        """See `Visit`."""
        if not self._left:
            self._left = True
            self._timer.cancel()
            self._listening.close()
            self._started.end()

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        if self._left:
            request.drop("refused")
            return
        self._came += 1
        if self._came == 1:
            self._run.on_visit(request.take(self._run))
            return
        if self._came <= TOLD + 1 or self._came == MANY:
            self._run.tell(again(self._came))
        request.drop("reset")

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""
