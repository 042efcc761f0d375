"""Who is tested: an acceptor, which the tester connects to, or a requestor, which is made to connect to the tester."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from dicomnet.transports import Address, Link, LinkHandler, Transport

if TYPE_CHECKING:
    from .security import TlsTarget


class Visited(LinkHandler, Protocol):
    """The run of a case that waits for a requestor to connect: it hears of the connection as any other."""

    def on_visit(self, link: Link) -> None:
        """The requestor has connected; this is the tester's side of it."""
        ...

    def tell(self, what: str) -> None:
        """Something about the requestor that belongs into the evidence."""
        ...


class Visit(Protocol):
    """One call of a requestor, from before it is started until nothing of it is left."""

    @property
    def over(self) -> bool:
        """Whether whatever was started has ended."""
        ...

    def leave(self) -> None:
        """The case is over: take no more connections, and end what was started."""
        ...


class Caller(Protocol):
    """Makes the requestor under test connect, once for each case."""

    @property
    def side_by_side(self) -> bool:
        """Whether several can be expected at a time, each by its own."""
        ...

    @property
    def watches(self) -> bool:
        """Whether it is seen that a requestor has ended."""
        ...

    def expect(self, run: Visited, *, refused: bool = False) -> Visit:
        """Be ready for a connection, then make the requestor connect. Nothing is reported from inside this call.

        `refused`: be sure that nobody is ready, so that its connection is refused.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the tester waits, in seconds.

    `quiet`: silence that counts as "no answer"; `patience`: for an answer that is due; `connect`: for the
    connection; `timer`: for the target's ARTIM; `idle`: nothing is left idle for longer. `prompt`: what the service
    provider does by itself has come after this long (None: not known); it matters where the user takes his time.
    """

    quiet: float = 0.2
    patience: float = 5.0
    connect: float = 10.0
    timer: float = 300.0
    idle: float = 45.0
    prompt: float | None = None

    def slower(self, factor: float) -> Pace:
        """The same with longer waits for answers and silence."""
        prompt = None if self.prompt is None else self.prompt * factor
        return replace(self, quiet=self.quiet * factor, patience=self.patience * factor, prompt=prompt)


@dataclass(frozen=True, slots=True)
class Target:
    """The system under test: where it is and how it is called; what is below the association, where that is TLS.

    A requestor is not called but calls: `caller` makes it do so, and `address` is where it is waited for.
    """

    carrier: Transport
    address: Address
    called: str
    calling: str
    pace: Pace
    tls: TlsTarget | None = None
    caller: Caller | None = None

    @property
    def role(self) -> str:
        """Which end of the association the target is."""
        return "acceptor" if self.caller is None else "requestor"
