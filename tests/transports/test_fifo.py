"""FIFO and callback order of the runtime on the memory carrier: the same rules as on the pure machines."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis.stateful import run_state_machine_as_test

from dicomnet.statemachine import MODEL, LocalProtocolError, Model
from dicomnet.transports import Handler, MemoryTransport, Network, NetworkObject, Settings

from ..statemachine.fifo import FifoRules
from ..statemachine.mutants import FAULTY
from ..statemachine.test_fifo import EFFORT, UNTIL_FOUND
from .ears import LOOPBACK, settle


class Teller(Handler):
    """Notes who was told what."""

    def __init__(self, who: str, heard: list[tuple[str, str, str]]) -> None:
        self.who = who
        self.heard = heard

    def on_accept(self, listener: NetworkObject) -> None:
        self.heard.append((self.who, "on_accept", "ok"))

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self.heard.append((self.who, "on_connect", outcome))

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self.heard.append((self.who, "on_close", outcome))

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        self.heard.append((self.who, "on_child_close", outcome))


class MemoryFifo(FifoRules):
    """Network objects on the memory carrier; which requestor a child got is told by its peer's address."""

    model: ClassVar[Model] = MODEL

    def begin(self, capacity: int) -> None:
        self.carrier = MemoryTransport()
        self.network = Network(self.carrier, Settings(artim=1e9, connect=1e9, tables=self.model))
        self.network.startup()
        self.heard: list[tuple[str, str, str]] = []
        self.objects: dict[str, NetworkObject] = {}
        self.listener = self.network.new_object(Teller("listener", self.heard))
        self.address = self.listener.listen(LOOPBACK, capacity)
        self.asked = self.carrier.listen(LOOPBACK, 0, self.listener).address.port  # where ports begin

    def connect(self, number: int) -> None:
        made = self.objects[str(number)] = self.network.new_object(Teller(str(number), self.heard))
        made.connect(self.address)
        settle(self.carrier, 0.0)

    def accept(self) -> tuple[str, int | None]:
        teller = Teller("?", self.heard)
        child = self.network.new_object(teller)
        try:
            self.listener.accept(child)
        except LocalProtocolError as error:
            return error.code, None
        assert child.peer is not None
        got = child.peer.port - self.asked  # the carrier numbers requestors as they ask
        teller.who = f"child {got}"
        self.objects[teller.who] = child
        settle(self.carrier, 0.0)
        return "", got

    def _end(self, who: str, event: str) -> None:
        self.objects[who].end(event)
        settle(self.carrier, 0.0)

    def end_requestor(self, number: int, event: str) -> None:
        self._end(str(number), event)

    def end_child(self, number: int, event: str) -> None:
        self._end(f"child {number}", event)

    def end_listener(self) -> None:
        self.listener.close()
        settle(self.carrier, 0.0)

    def told(self) -> list[tuple[str, str, str]]:
        told = list(self.heard)
        self.heard.clear()
        return told

    def waiting(self) -> int:
        assert self.network.errors == []
        return self.listener.waiting


def test_fifo_and_callbacks_on_the_memory_carrier() -> None:
    run_state_machine_as_test(MemoryFifo, settings=EFFORT)


@pytest.mark.parametrize("fault", FAULTY)
def test_a_planted_fault_is_found(fault: str) -> None:
    class Faulty(MemoryFifo):
        model = Model(listener=FAULTY[fault])

    # A request that was withdrawn on the wire and not in the queue is missed when it is handed over.
    with pytest.raises((AssertionError, KeyError)):
        run_state_machine_as_test(Faulty, settings=UNTIL_FOUND)
