"""What the simulation in memory costs, beside SimPy and pynetdicom: `python tests/bench/bench_memory.py`.

A hop is one message from one end of a connection to the other, which sends one back. An association is request,
acceptance, C-ECHO, its answer, release and its answer: six PDUs, each encoded at one end and decoded at the other.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator
from typing import Any

from dicomnet.statemachine import (
    MODEL,
    PDV,
    VERIFICATION,
    CEchoRQ,
    CEchoRSP,
    Endpoint,
    Framer,
    Issue,
    Output,
    PDataTF,
    SendPdu,
    encode,
    encode_command,
    event_of,
    feed,
    pdu_of,
)
from dicomnet.transports import (
    FAULTS,
    Address,
    Link,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Request,
    Simulator,
    echo_request,
    negotiate,
)

from harness import Effort, Task, best_times, compare, effort, heading, optional, show, typical_times

HOPS = 1000
LATENCY = 0.001
OCTETS = bytes(16)
ANYWHERE = Address("memory", 104)


class Player:
    """One end of a connection in memory that sends back what it gets, `HOPS` times in all."""

    link: Link

    def __init__(self) -> None:
        self.left = 0

    def on_open(self) -> None:
        pass

    def on_failed(self, code: str) -> None:
        pass

    def on_octets(self, octets: bytes) -> None:
        if self.left:
            self.left -= 1
            self.link.send(octets)

    def on_end(self) -> None:
        pass

    def on_reset(self) -> None:
        pass


class Server:
    """Takes the one request."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def has_room(self) -> bool:
        return True

    def on_request(self, request: Request) -> None:
        self._player.link = request.take(self._player)

    def on_withdrawn(self, request: Request) -> None:
        pass


def hops_of_ours(carrier: MemoryTransport | None = None) -> Task:
    """Octets to and fro on a connection of the carrier in memory, or of one with faults."""
    carrier = carrier or MemoryTransport(LATENCY)
    near, far = Player(), Player()
    carrier.listen(ANYWHERE, 1, Server(far))
    near.link = carrier.connect(ANYWHERE, near)
    carrier.run(lambda: False, 1.0)

    def run() -> None:
        near.left = far.left = HOPS // 2
        near.link.send(OCTETS)
        carrier.run(lambda: False)

    return run


def hops_of_simpy() -> Task | None:
    """The same with SimPy: each direction a store, each hop a process that waits and then puts."""
    simpy = optional("simpy")
    if simpy is None:
        return None

    def run() -> None:
        environment = simpy.Environment()
        stores = simpy.Store(environment), simpy.Store(environment)

        def deliver(store: Any, octets: bytes) -> Generator[Any, Any, None]:  # noqa: ANN401
            yield environment.timeout(LATENCY)
            store.put(octets)

        def player(own: Any, other: Any, turns: int) -> Generator[Any, Any, None]:  # noqa: ANN401
            for _ in range(turns):
                octets = yield own.get()
                environment.process(deliver(other, octets))

        environment.process(player(stores[0], stores[1], HOPS // 2))
        environment.process(player(stores[1], stores[0], HOPS // 2))
        stores[0].put(OCTETS)
        environment.run()

    return run


class End:
    """One endpoint without a runtime: events in, octets out; `user` says what follows an indication."""

    def __init__(self, user: Callable[[End, str], None]) -> None:
        self.endpoint = Endpoint.new(MODEL)
        self.user = user
        self.sent: list[bytes] = []
        self.framer = Framer()
        self.pdus = 0

    def give(self, part: str, event: str, payload: object = None) -> None:
        """An event, and the deeds that it leads to."""
        self.endpoint, outputs = feed(self.endpoint, MODEL, part, event, payload)
        for output in outputs:
            self._do(output)

    def _do(self, output: Output) -> None:
        effect = output.effect
        if isinstance(effect, SendPdu):
            self.sent.append(encode(pdu_of(effect, PROPOSAL if output.payload is None else output.payload)))
        elif isinstance(effect, Issue):
            self.user(self, effect.primitive)

    def hear(self, octets: bytes) -> None:
        """Octets of the other end."""
        for received, _ in self.framer.feed(octets):
            self.pdus += 1
            self.give(*event_of(received))


PROPOSAL = echo_request("ECHO", "BENCH")
ACCEPTANCE = negotiate(PROPOSAL, Policy())
ECHO = PDataTF((PDV(1, True, True, encode_command(CEchoRQ(1))),))
ANSWER = PDataTF((PDV(1, True, True, encode_command(CEchoRSP(1, 0, VERIFICATION))),))


def requestor(end: End, primitive: str) -> None:
    """Associate, echo, release."""
    if primitive == "A-ASSOCIATE confirmation (accept)":
        end.give("association", "Evt9", ECHO)
    elif primitive == "P-DATA indication":
        end.give("association", "Evt11")


def acceptor(end: End, primitive: str) -> None:
    """Accept, answer, let go."""
    if primitive == "A-ASSOCIATE indication":
        end.give("association", "Evt7", ACCEPTANCE)
    elif primitive == "P-DATA indication":
        end.give("association", "Evt9", ANSWER)
    elif primitive == "A-RELEASE indication":
        end.give("association", "Evt14")


def association_of_endpoints() -> None:
    """The whole life of an association between two endpoints, octets between them."""
    near, far = End(requestor), End(acceptor)
    near.give("connection", "dial", ANYWHERE)
    far.give("connection", "take", 1)
    near.give("connection", "connect-ok")
    ends = (far, near)
    while near.sent or far.sent:
        for end, other in (ends, ends[::-1]):
            sent, other.sent = other.sent, []
            for octets in sent:
                end.hear(octets)
    far.give("connection", "peer-closed")
    assert near.pdus + far.pdus == 6
    assert near.endpoint.association.control == far.endpoint.association.control == "Sta1"


def association_of_peers() -> Task:
    """The same with the whole runtime: reference acceptor and reference requestor on the carrier in memory."""
    carrier = MemoryTransport(LATENCY)
    server = ReferenceAcceptor(carrier, Policy())
    address = server.listen(ANYWHERE)

    def run() -> None:
        client = ReferenceRequestor(carrier, address, "ECHO", "BENCH")
        assert carrier.run(lambda: client.result.done, 10.0)
        assert client.result.ok

    return run


def association_of_pynetdicom() -> tuple[Task, Callable[[], None]] | None:
    """pynetdicom at both ends, on loopback; and what ends it."""
    pynetdicom = optional("pynetdicom")
    if pynetdicom is None:
        return None
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    server = pynetdicom.AE()
    server.add_supported_context(VERIFICATION)
    listening = server.start_server(("127.0.0.1", 0), block=False)
    port = listening.socket.getsockname()[1]
    client = pynetdicom.AE()
    client.add_requested_context(VERIFICATION)

    def run() -> None:
        association = client.associate("127.0.0.1", port)
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()

    return run, listening.shutdown


def measure(effort: Effort) -> None:
    """Hops, then associations."""
    heading("one hop in memory")
    compare(effort, hops_of_ours(), [("SimPy", hops_of_simpy(), 15)], HOPS)
    heading("one hop in memory, with faults")
    for name in ("none", "calm"):
        (seconds,) = best_times([hops_of_ours(Simulator(1, FAULTS[name]))], effort)
        show(f"simulator, faults {name}", seconds / HOPS)
    theirs = association_of_pynetdicom()
    tasks: list[Task] = [association_of_endpoints, association_of_peers()]
    pair = effort if effort.quick else Effort(rounds=40)
    try:
        times = typical_times([*tasks, theirs[0]] if theirs else tasks, pair)
    finally:
        if theirs:
            theirs[1]()
    heading("one association with C-ECHO, both ends")
    ratios = [times[2] / ours for ours in times[:2]] if theirs else [None, None]
    show("two endpoints: tables, coupling, codec", times[0], ratios[0], 200)
    show("the whole runtime on both ends", times[1], ratios[1], 200)
    show(
        "pynetdicom pair on loopback" if theirs else "pynetdicom pair: not installed",
        times[2] if theirs else None,
    )


if __name__ == "__main__":
    measure(effort(__doc__))
    sys.exit(0)
