"""The adapters of this project's own runtime: on memory with virtual time, and on TCP over loopback."""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from dicomnet.statemachine import MODEL, PROFILES, LocalProtocolError, Model
from dicomnet.transports import (
    Address,
    Handler,
    MemoryTransport,
    Network,
    NetworkObject,
    PlayedSecurity,
    Settings,
    TcpTransport,
    Transport,
    echo_request,
)

from .adapter import CallbackName, Counts, Tell, Told

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

LOOPBACK: Final = Address("", 0)
# Timers play no part here: longer than any run, in seconds.
NEVER: Final = 1e8
# After how many virtual seconds a request that was lost comes again, each time: more often than in any run.
AGAIN: Final = tuple(2.0**times for times in range(24))
LONGEST: Final = AGAIN[-1]
# The message of the handshake that a wary end refuses.
WARY: Final = {"requestor": b"answer", "child": b"finished"}
PROPOSAL: Final = echo_request("CALLED", "CALLING")
# How long what must come may take on loopback before it counts as missing, in seconds.
PATIENCE: Final = 5.0


class _Teller(Handler):
    """Tells what the user of one object is told, under the object's name."""

    def __init__(self, name: str, tell: Tell, names: dict[int, str]) -> None:
        self._name = name
        self._tell = tell
        self._names = names

    def _told(self, callback: CallbackName, outcome: str, about: str = "") -> None:
        self._tell(Told(self._name, callback, outcome, about))

    def on_accept(self, listener: NetworkObject) -> None:
        self._told("on_accept", "ok")

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self._told("on_connect", outcome)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self._told("on_close", outcome)

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        self._told("on_secure_link_ready", outcome)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        self._told("on_child_close", outcome, self._names.get(child.id, ""))


class RuntimeAdapter:
    """What both carriers share. `tables` are the machines to run; a subclass may run changed ones."""

    tables: Model = MODEL
    carrier: Transport
    network: Network

    def __init__(self) -> None:
        self._tell: Tell = _to_nobody
        self._objects: dict[str, NetworkObject] = {}
        self._names: dict[int, str] = {}
        self._callers: dict[int, str] = {}  # by the port that the listener sees
        self._where = LOOPBACK

    def begin(self, tell: Tell) -> None:
        """See `Adapter`."""
        self._tell = tell
        self.network = Network(
            self.carrier, Settings(artim=NEVER, connect=NEVER, tables=self.tables, handshake=NEVER)
        )
        self.network.startup()

    def end(self) -> None:
        """See `Adapter`."""
        self.carrier.end()

    def new(self, name: str) -> None:
        """See `Adapter`."""
        made = self.network.new_object(_Teller(name, self._tell, self._names))
        self._objects[name] = made
        self._names[made.id] = name

    def listen(self, name: str, capacity: int) -> str:
        """See `Adapter`."""
        self._where = self._objects[name].listen(LOOPBACK, capacity)
        return ""

    def connect(self, name: str, listener: str) -> str:
        """See `Adapter`."""
        return _code_of(lambda: self._objects[name].connect(self._where))

    def accept(self, listener: str, child: str) -> str:
        """See `Adapter`."""
        return _code_of(lambda: self._objects[listener].accept(self._objects[child]))

    def peer(self, child: str) -> str:
        """See `Adapter`."""
        peer = self._objects[child].peer
        return "" if peer is None else self._callers.get(peer.port, f"port {peer.port}")

    def close(self, name: str) -> None:
        """See `Adapter`."""
        self._objects[name].close()

    def close_forced(self, name: str) -> None:
        """See `Adapter`."""
        self._objects[name].close_forced()

    def configure(self, name: str, role: str, *, wary: bool) -> str:
        """See `SecureAdapter`."""
        layer = PlayedSecurity(WARY.get(role, b"") if wary else b"")
        return _code_of(lambda: self._objects[name].configure_security(layer))

    def associate(self, name: str) -> str:
        """See `SecureAdapter`."""
        return _code_of(lambda: self._objects[name].associate(PROPOSAL))

    def counts(self, listener: str) -> Counts | None:
        """See `Adapter`."""
        asked = self._objects[listener]
        return Counts(asked.waiting, asked.children)

    def errors(self) -> int | None:
        """See `Adapter`."""
        return len(self.network.errors)


class LossyMemory(MemoryTransport):
    """The carrier in memory: the first request that it loses, the third, ... is half open, and none is given up."""

    def __init__(self, tables: Model) -> None:
        super().__init__(tables=tables)
        self.again = AGAIN
        self._lost = 0

    def loses_acknowledgement(self) -> bool:
        """See `MemoryTransport`."""
        self._lost += 1
        return self._lost % 2 == 1


class MemoryAdapter(RuntimeAdapter):
    """The runtime on the carrier in memory, which plays the tables of any profile: "dicomnet", "tcp-linux", ..."""

    def __init__(self, profile: str = "dicomnet") -> None:
        super().__init__()
        self.tables = PROFILES[profile]
        self.carrier = self.memory = LossyMemory(self.tables)
        self._asked = 0

    def listen(self, name: str, capacity: int) -> str:
        """See `Adapter`."""
        code = super().listen(name, capacity)
        self._asked = self._where.port
        return code

    def connect(self, name: str, listener: str) -> str:
        """See `Adapter`. The carrier numbers the requestors after the listener, one after the other."""
        code = super().connect(name, listener)
        if not code:
            self._asked += 1
            self._callers[self._asked] = name
        return code

    def settle(self, done: Callable[[], bool]) -> None:
        """See `Adapter`. Nothing takes time but a request that was lost: for that one the clock may run."""
        carrier = self.memory
        carrier.run(lambda: False, 0.0)
        while not done() and carrier.due is not None and carrier.due <= carrier.now() + LONGEST:
            carrier.run(done, LONGEST)
            carrier.run(lambda: False, 0.0)


class TcpAdapter(RuntimeAdapter):
    """The runtime on TCP sockets over loopback (profile `tcp-linux`, on Linux)."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Selector(self._note_caller)
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self.carrier = TcpTransport(self._loop)
        self._asking: deque[str] = deque()  # those whose socket is not made yet

    def connect(self, name: str, listener: str) -> str:
        """See `Adapter`. Inside a callback the socket is made later, in the order of the calls."""
        self._asking.append(name)
        code = super().connect(name, listener)
        if code:
            self._asking.pop()
        return code

    def _note_caller(self, made: int) -> None:
        """A socket begins to connect: its port is what the child will see."""
        if self._asking:
            with socket.socket(fileno=os.dup(made)) as looked_at:
                self._callers[looked_at.getsockname()[1]] = self._asking.popleft()

    def settle(self, done: Callable[[], bool]) -> None:
        """See `Adapter`. On loopback what was sent has arrived when no socket has anything left to say."""
        given_up = self._loop.time() + PATIENCE

        def idle() -> bool:
            over = done() or self._loop.time() >= given_up
            if over:
                self._loop.stop()
            return over

        self._selector.idle = idle
        try:
            self.carrier.run(lambda: False)
        finally:
            self._selector.idle = None
            self._asking.clear()

    def end(self) -> None:
        """See `Adapter`."""
        super().end()
        self._loop.close()


class _Selector(selectors.DefaultSelector):
    """Asks `idle` when nothing is ready, and waits only where that says no; tells which sockets begin to write."""

    def __init__(self, writes: Callable[[int], None]) -> None:
        super().__init__()
        self.idle: Callable[[], bool] | None = None
        self._writes = writes

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: object = None
    ) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        if events & selectors.EVENT_WRITE:
            self._writes(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0 or self.idle is None or self.idle():
            return ready
        return super().select(PATIENCE if timeout is None else min(timeout, PATIENCE))


def _code_of(call: Callable[[], None]) -> str:
    """The code with which a call is refused, or "" where it is taken."""
    try:
        call()
    except LocalProtocolError as error:
        return error.code
    return ""


def _to_nobody(_told: Told) -> None:
    """Before `begin` nobody is told."""
