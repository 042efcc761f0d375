"""A tiny right implementation, written from the specification alone: what the wrong ones differ from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from dicomnet.conformance.stateful import CallbackName, Counts, Tell, Told


class Plain:
    """One listener, any number of requestors. What is sent takes effect in `settle`; callbacks are queued."""

    def __init__(self) -> None:
        self.state: dict[str, str] = {}
        self.other: dict[str, str] = {}  # who is at the other end
        self.parent: dict[str, str] = {}  # the listener of a child
        self.queue: list[str] = []
        self.capacity = self.children = self.raised = 0
        self.wire: deque[Callable[[], None]] = deque()
        self.calls: deque[Told] = deque()
        self.busy = False

    def begin(self, tell: Tell) -> None:
        self.tell = tell

    def end(self) -> None:
        self.wire.clear()

    def new(self, name: str) -> None:
        self.state[name] = "IDLE"

    def listen(self, name: str, capacity: int) -> str:
        self.state[name], self.capacity = "LISTENING", capacity
        return ""

    # --- connect and accept ------------------------------------------------------------------------------

    def connect(self, name: str, listener: str) -> str:
        if self.state[name] != "IDLE":
            return "already_connected"
        self.state[name] = "CONNECTING"
        self.wire.append(lambda: self.arrive(name, listener))
        return ""

    def arrive(self, name: str, listener: str) -> None:
        if self.state[name] != "CONNECTING":
            return
        if self.state[listener] != "LISTENING" or not self.room():
            self.fail(name, "refused")
            return
        self.queue.append(name)
        self.post(listener, "on_accept")

    def room(self) -> bool:
        return len(self.queue) < self.capacity

    def fail(self, name: str, outcome: str) -> None:
        if self.state[name] == "CONNECTING":
            self.state[name] = "IDLE"
            self.post(name, "on_connect", outcome)

    def accept(self, listener: str, child: str) -> str:
        if self.state[listener] != "LISTENING":
            return "not_listening"
        if self.state[child] != "IDLE":
            return "wrong_state"
        if not self.queue:
            return "would_block"
        self.take(self.choose(), listener, child)
        return ""

    def choose(self) -> str:
        return self.queue.pop(0)

    def take(self, name: str, listener: str, child: str) -> None:
        self.state[child] = "CONNECTED"
        self.parent[child] = listener
        self.other[child], self.other[name] = name, child
        self.children += 1
        self.wire.append(lambda: self.connected(name))

    def connected(self, name: str) -> None:
        if self.state[name] == "CONNECTING":
            self.state[name] = "CONNECTED"
            self.post(name, "on_connect")

    def peer(self, child: str) -> str:
        return self.other.get(child, "")

    # --- the ends ----------------------------------------------------------------------------------------

    def close(self, name: str) -> None:
        self.finish(name, "ok", "ok")

    def close_forced(self, name: str) -> None:
        self.finish(name, "aborted", "reset")

    def finish(self, name: str, outcome: str, heard: str) -> None:
        before = self.state[name]
        if before == "CLOSED":
            return
        self.state[name] = "CLOSED"
        self.hush(name)
        if before == "LISTENING":
            dropped, self.queue = self.queue, []
            self.wire.extend(partial(self.fail, each, "reset") for each in dropped)
        elif name in self.queue:
            self.withdraw(name)
        elif name in self.other:
            self.wire.append(lambda: self.hang_up(self.other[name], heard))
        if outcome == "aborted":
            self.post(name, "on_close", outcome)
        self.child_ended(name, outcome)

    def hush(self, name: str) -> None:
        self.calls = deque(each for each in self.calls if each.who != name)

    def withdraw(self, name: str) -> None:
        self.queue.remove(name)

    def hang_up(self, name: str, outcome: str) -> None:
        if self.state[name] == "CONNECTED":
            self.state[name] = "CLOSED"
            self.post(name, "on_close", outcome)
            self.child_ended(name, outcome)

    def child_ended(self, name: str, outcome: str) -> None:
        if name in self.parent:
            self.children -= 1
            if self.state[self.parent[name]] == "LISTENING":
                self.post(self.parent[name], "on_child_close", outcome, name)

    # --- callbacks ---------------------------------------------------------------------------------------

    def post(self, who: str, callback: CallbackName, outcome: str = "ok", about: str = "") -> None:
        self.calls.append(Told(who, callback, outcome, about))
        if not self.busy:
            self.busy = True
            while self.calls:
                self.call(self.calls.popleft())
            self.busy = False

    def call(self, told: Told) -> None:
        try:
            self.tell(told)
        except Exception:  # noqa: BLE001 - as its user may raise anything
            self.raised += 1
            if told.callback not in ("on_accept", "on_child_close"):
                self.close_forced(told.who)

    def settle(self, done: Callable[[], bool]) -> None:
        while self.wire:
            self.wire.popleft()()

    def counts(self, listener: str) -> Counts:
        return Counts(len(self.queue), self.children)

    def errors(self) -> int:
        return self.raised
