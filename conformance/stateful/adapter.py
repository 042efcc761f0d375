"""What an implementation must offer to be checked: eleven methods over objects that go by name; two for security."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

CallbackName: TypeAlias = Literal[
    "on_accept", "on_connect", "on_close", "on_child_close", "on_secure_link_ready"
]


@dataclass(frozen=True, slots=True)
class Told:
    """One callback, as a value: whose it is, which, its outcome (ok, refused, reset, aborted, ...), and for
    on_child_close the child (`about`)."""

    who: str
    callback: CallbackName
    outcome: str = "ok"
    about: str = ""

    def __str__(self) -> str:
        return f"{self.who} {self.callback}({self.about + ', ' if self.about else ''}{self.outcome})"


@dataclass(frozen=True, slots=True)
class Counts:
    """What a listener says of itself: requests that wait, accepted children that have not ended."""

    waiting: int
    children: int


# What an adapter calls, once, inside each callback of the implementation.
Tell: TypeAlias = Callable[[Told], None]


class Adapter(Protocol):
    """One world of network objects: a library that is started, its objects, and a wire between them.

    The machine names the objects ("listener", "r1", "c1", ...); the adapter keeps which object of the
    implementation a name stands for. A call gives "" where it was taken, or the code of the refusal:
    already_connected, not_listening, wrong_state, would_block. It raises only where something is broken.

    **Callbacks.** Inside each callback of the implementation, and nowhere else, call `tell` with what was told, and
    let pass through whatever `tell` raises: it is then the user's handler that has raised. `tell` may also call the
    adapter (accept inside on_accept, and so on), as a user's handler may call the implementation.
    """

    def begin(self, tell: Tell) -> None:
        """Start a fresh world with nothing in it, and keep `tell` for the callbacks."""
        ...

    def end(self) -> None:
        """Throw the world away and give back what it holds. Nothing is told any more."""
        ...

    def new(self, name: str) -> None:
        """Make a network object (row 2): IDLE, to be known by `name`."""
        ...

    def listen(self, name: str, capacity: int) -> str:
        """Let an object listen with room for `capacity` requests (row 4), on an address of the adapter's choice."""
        ...

    def connect(self, name: str, listener: str) -> str:
        """Let an object connect to where `listener` listens, or listened (rows 5 to 7)."""
        ...

    def accept(self, listener: str, child: str) -> str:
        """Let `listener` accept the first request of its queue into `child` (rows 8, 9)."""
        ...

    def peer(self, child: str) -> str:
        """The name of the requestor whose connection a child was given; "" where it has none.

        Any true source will do: the peer's address, or octets that the requestor has sent. Not the order of calls: it
        is what is checked.
        """
        ...

    def close(self, name: str) -> None:
        """End in an orderly way (rows 16, 19, 20, 24): a requestor, a child or a listener, in any state."""
        ...

    def close_forced(self, name: str) -> None:
        """End by force (rows 17, 24), in any state."""
        ...

    def counts(self, listener: str) -> Counts | None:
        """What a listener says of its queue and its children; None where the implementation does not tell."""
        ...

    def errors(self) -> int | None:
        """How many exceptions of users' callbacks were reported since `begin`; None where it does not tell."""
        ...

    def settle(self, done: Callable[[], bool]) -> None:
        """Let everything happen that is under way, and return when nothing is.

        `done` says whether all that must come has come (or something wrong has). In memory it is not needed: run until
        nothing is left. On a real wire wait for `done`, no longer than is sure to be enough, and then take what else
        is there already. Never wait for a fixed time: what is correct is told soon.
        """
        ...


class SecureAdapter(Adapter, Protocol):
    """An adapter whose links can have a security layer: what is checked with `security=True` needs these two as well.

    on_secure_link_ready is told like all callbacks, with its outcome.
    """

    def configure(self, name: str, role: Literal["listener", "requestor", "child"], *, wary: bool) -> str:
        """Give an object a security layer (row 3); "" or wrong_state. A `wary` one refuses whatever its peer shows.

        A wary requestor refuses what the acceptor shows, a wary child what the requestor shows: trusting another
        authority will do. A listener with a layer takes no child without (wrong_security_mode).
        """
        ...

    def associate(self, name: str) -> str:
        """Let an object ask for an association (row 15); not_connected where its link is not ready."""
        ...
