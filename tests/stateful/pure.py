"""The pure machines as an implementation: endpoints joined by a wire that delivers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import cast

from dicomnet.conformance.stateful import CallbackName, Counts, Tell, Told
from dicomnet.statemachine import (
    MODEL,
    AcceptCall,
    Callback,
    Effect,
    Endpoint,
    LocalProtocolError,
    Model,
    Reply,
    TakeChild,
    Taken,
    TellListener,
    WireClose,
    WireRequest,
    WireReset,
    WireWithdraw,
    feed,
)


class PureAdapter:
    """States change at once; callbacks and what goes over the wire are queued."""

    model: Model = MODEL

    def __init__(self) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        self.other: dict[str, str] = {}
        self.parent: dict[str, str] = {}
        self.asked: list[str] = []  # the requestor of each request, by its number
        self.wire: deque[Callable[[], None]] = deque()
        self.calls: deque[Told] = deque()
        self.busy = False
        self.raised = 0

    def begin(self, tell: Tell) -> None:
        self.tell = tell

    def end(self) -> None:
        self.wire.clear()

    def new(self, name: str) -> None:
        self.endpoints[name] = Endpoint.new(self.model)

    def listen(self, name: str, capacity: int) -> str:
        return self.code_of(name, "connection", "listen", capacity)

    def connect(self, name: str, listener: str) -> str:
        self.target = listener
        return self.code_of(name, "connection", "connect")

    def accept(self, listener: str, child: str) -> str:
        idle = self.endpoints[child].connection.control == "IDLE"
        return self.code_of(listener, "listener", "accept", AcceptCall(idle, child))

    def peer(self, child: str) -> str:
        return self.other.get(child, "")

    def close(self, name: str) -> None:
        if self.endpoints[name].connection.control != "CLOSED":
            self.calls = deque(each for each in self.calls if each.who != name)
        self.give(name, "connection", "close")

    def close_forced(self, name: str) -> None:
        self.give(name, "connection", "close-forced")

    def counts(self, listener: str) -> Counts:
        queue = self.endpoints[listener].listener.context
        return Counts(len(queue.waiting), queue.children)

    def errors(self) -> int:
        return self.raised

    def settle(self, done: Callable[[], bool]) -> None:
        while self.wire:
            self.wire.popleft()()

    # --- events in, effects out --------------------------------------------------------------------------

    def code_of(self, who: str, part: str, event: str, payload: object = None) -> str:
        try:
            self.give(who, part, event, payload)
        except LocalProtocolError as error:
            return error.code
        return ""

    def give(self, who: str, part: str, event: str, payload: object = None) -> None:
        self._step(who, part, event, payload)
        if not self.busy:
            self.busy = True
            while self.calls:
                self._call(self.calls.popleft())
            self.busy = False

    def _step(self, who: str, part: str, event: str, payload: object = None) -> None:
        self.endpoints[who], outputs = feed(self.endpoints[who], self.model, part, event, payload)
        for output in outputs:
            self._deliver(who, output.effect, output.payload)

    def _deliver(self, who: str, effect: Effect, payload: object) -> None:
        match effect:
            case Callback(name=name):
                about, outcome = cast("tuple[str, str]", payload) if name == "on_child_close" else ("", "")
                self.calls.append(Told(who, cast("CallbackName", name), outcome or effect.outcome, about))
            case WireRequest():
                self.asked.append(who)
                self._send(self.target, "listener", "request", len(self.asked) - 1)
            case WireWithdraw():
                self.wire.append(lambda: self._withdraw(who, "peer-closed"))
            case Reply(outcome="accepted"):
                assert isinstance(payload, Taken)
                self._send(self.asked[payload.request], "connection", "connect-ok")
            case Reply():
                numbers = cast("tuple[int, ...]", payload) if isinstance(payload, tuple) else (payload,)
                for number in cast("tuple[int, ...]", numbers):
                    self._send(self.asked[number], "connection", f"connect-{effect.outcome}")
            case TakeChild():
                assert isinstance(payload, Taken)
                child, requestor = str(payload.child), self.asked[payload.request]
                self.parent[child] = who
                self.other[child], self.other[requestor] = requestor, child
                self._step(child, "connection", "take")
            case TellListener():
                self._step(self.parent[who], "listener", "child-ended", (who, effect.outcome))
            case WireReset() if who in self.asked and who not in self.other:
                self.wire.append(lambda: self._withdraw(who, "peer-reset"))
            case WireClose() | WireReset() if who in self.other:
                event = "peer-closed" if isinstance(effect, WireClose) else "peer-reset"
                self._send(self.other[who], "connection", event)
            case _:
                pass

    def _send(self, to: str, part: str, event: str, payload: object = None) -> None:
        self.wire.append(lambda: self._arrive(to, part, event, payload))

    def _arrive(self, to: str, part: str, event: str, payload: object) -> None:
        if not event.startswith("peer-") or self.endpoints[to].connection.control == "CONNECTED":
            self.give(to, part, event, payload)

    def _withdraw(self, who: str, heard: str) -> None:
        """A requestor takes its request back: out of the queue, or, where a child has it, out of its hands."""
        number = len(self.asked) - 1 - self.asked[::-1].index(who)
        if who in self.other:
            self._arrive(self.other[who], "connection", heard, None)
        elif self.endpoints[self.target].listener.control == "LISTENING":
            self.give(self.target, "listener", "withdraw", number)

    def _call(self, told: Told) -> None:
        try:
            self.tell(told)
        except Exception:  # noqa: BLE001 - as its user may raise anything
            self.raised += 1
            if told.callback in ("on_connect", "on_close"):
                self.close_forced(told.who)
