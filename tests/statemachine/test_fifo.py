"""FIFO and callback order on the pure machines: endpoints joined by a wire that delivers at once."""

from __future__ import annotations

from typing import ClassVar, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

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

from .fifo import FifoRules
from .mutants import FAULTY

EFFORT = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # For a fault that is planted: always the same examples, the first that shows it is enough.
UNTIL_FOUND = settings(
    EFFORT,
    max_examples=500,
    derandomize=True,
    report_multiple_bugs=False,
    print_blob=False,
    database=None,
    phases=(Phase.generate,),
)


class PureFifo(FifoRules):
    """Every object is an `Endpoint`; what one puts out is fed to the one at the other end, in order."""

    model: ClassVar[Model] = MODEL

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: dict[str, Endpoint] = {}
        self.heard: list[tuple[str, str, str]] = []
        self.taken: int | None = None

    def give(self, who: str, part: str, event: str, payload: object = None) -> None:
        self.endpoints[who], outputs = feed(self.endpoints[who], self.model, part, event, payload)
        for output in outputs:
            self.deliver(who, output.effect, output.payload)

    def deliver(self, who: str, effect: Effect, payload: object) -> None:
        """What an effect does to the others. Each object is named; "child N" is the other end of "N"."""
        other = who.removeprefix("child ") if who.startswith("child ") else f"child {who}"
        match effect:
            case Callback():
                outcome = str(payload) if effect.outcome == "as-told" else effect.outcome
                self.heard.append((who, effect.name, outcome))
            case WireRequest():
                self.give("listener", "listener", "request", int(who))
            case WireWithdraw():
                self.give("listener", "listener", "withdraw", int(who))
            case Reply(outcome="accepted"):
                assert isinstance(payload, Taken)
                self.give(str(payload.request), "connection", "connect-ok")
            case Reply():
                numbers = cast("tuple[int, ...]", payload) if isinstance(payload, tuple) else (payload,)
                for number in numbers:
                    self.give(str(number), "connection", f"connect-{effect.outcome}")
            case TakeChild():
                assert isinstance(payload, Taken)
                self.taken = payload.request
                self.endpoints[f"child {payload.request}"] = Endpoint.new(self.model)
                self.give(f"child {payload.request}", "connection", "take")
            case TellListener():
                self.give("listener", "listener", "child-ended", effect.outcome)
            case WireClose() | WireReset() if other in self.endpoints:
                self.later.append((other, "peer-closed" if isinstance(effect, WireClose) else "peer-reset"))
            case _:
                pass

    def begin(self, capacity: int) -> None:
        self.later: list[tuple[str, str]] = []
        self.endpoints["listener"] = Endpoint.new(self.model)
        self.give("listener", "connection", "listen", capacity)

    def connect(self, number: int) -> None:
        self.endpoints[str(number)] = Endpoint.new(self.model)
        self.give(str(number), "connection", "connect")

    def accept(self) -> tuple[str, int | None]:
        self.taken = None
        try:
            self.give("listener", "listener", "accept", AcceptCall(True, None))
        except LocalProtocolError as error:
            return error.code, None
        return "", self.taken

    def _end(self, who: str, event: str) -> None:
        self.give(who, "connection", event)
        while self.later:
            self.give(self.later[0][0], "connection", self.later.pop(0)[1])

    def end_requestor(self, number: int, event: str) -> None:
        self._end(str(number), event)

    def end_child(self, number: int, event: str) -> None:
        self._end(f"child {number}", event)

    def end_listener(self) -> None:
        self._end("listener", "close")

    def told(self) -> list[tuple[str, str, str]]:
        heard, self.heard = self.heard, []
        return heard

    def waiting(self) -> int:
        return len(self.endpoints["listener"].listener.context.waiting)


def test_fifo_and_callbacks_on_the_pure_machines() -> None:
    run_state_machine_as_test(PureFifo, settings=EFFORT)


@pytest.mark.parametrize("fault", FAULTY)
def test_a_planted_fault_is_found(fault: str) -> None:
    class Faulty(PureFifo):
        model = Model(listener=FAULTY[fault])

    with pytest.raises((AssertionError, LocalProtocolError)):
        run_state_machine_as_test(Faulty, settings=UNTIL_FOUND)
