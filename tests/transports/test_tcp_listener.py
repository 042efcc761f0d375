"""The TCP listener on real sockets: families, addresses, order, connects that fail, and a flood."""

from __future__ import annotations

import gc
import itertools
import socket
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from dicomnet.conformance.exploration import tables
from dicomnet.statemachine import LISTENER, LocalProtocolError, Model
from dicomnet.transports import (
    Address,
    Network,
    NetworkObject,
    ReferenceRequestor,
    Settings,
    TcpTransport,
)

from .ears import LIMIT, LOOPBACK, Door, call, queue_up, settle, until
from .peers import Served
from .users import Hospital


def _no_ipv6() -> str:
    """Why the tests of IPv6 cannot run here; "" where they can."""
    if not socket.has_dualstack_ipv6():
        return "no socket for both families on this machine"
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError as error:
        return f"no IPv6 loopback on this machine: {error}"
    return ""


NO_IPV6 = _no_ipv6()
needs_ipv6 = pytest.mark.skipif(bool(NO_IPV6), reason=NO_IPV6 or "there is IPv6")
V4, V6 = "127.0.0.1", "::1"


def refused(tcp: TcpTransport, address: Address) -> str:
    with pytest.raises(LocalProtocolError) as caught:
        tcp.listen(address, 4, Door())
    assert str(address) in caught.value.message
    return caught.value.code


# --- families and addresses -------------------------------------------------------------------------------


@needs_ipv6
def test_every_address_is_one_port_in_both_families_and_one_queue(tcp: TcpTransport) -> None:
    door = Door()
    listening = tcp.listen(Address("*", 0), 8, door)
    port = listening.address.port
    assert listening.address == Address("*", port)
    assert port > 0
    hosts = [V4, V6, V6, V4, V6, V4]
    for host in hosts:
        queue_up(tcp, door, Address(host, port), 1)
    assert [request.peer.host for request in door.waiting] == hosts  # none as ::ffff:127.0.0.1
    assert tcp.listen(Address("*", 0), 8, Door()).address.port != port


@needs_ipv6
@pytest.mark.parametrize(("host", "inside", "outside"), [("0.0.0.0", V4, V6), ("::", V6, V4), ("", V4, V6)])
def test_one_family_only(tcp: TcpTransport, host: str, inside: str, outside: str) -> None:
    listening = tcp.listen(Address(host, 0), 4, Door())
    heard = call(tcp, Address(inside, listening.address.port))
    until(tcp, lambda: heard.told == ["open"])
    unheard = call(tcp, Address(outside, listening.address.port))
    until(tcp, lambda: unheard.told == ["failed refused"])


def test_every_address_where_there_is_no_ipv6(tcp: TcpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    door = Door()
    listening = tcp.listen(Address("*", 0), 4, door)
    assert listening.address.host == "*"
    ours = call(tcp, Address(V4, listening.address.port))
    until(tcp, lambda: ours.told == ["open"] and bool(door.waiting))


def test_no_host_is_the_loopback(tcp: TcpTransport) -> None:
    assert Address(None, 104) == Address("", 104)
    assert hash(Address(None, 104)) == hash(Address("", 104))
    listening = tcp.listen(Address(None, 0), 4, Door())
    assert listening.address.host == V4
    ours = call(tcp, Address(None, listening.address.port))
    until(tcp, lambda: ours.told == ["open"])


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0"])
def test_an_address_in_use(tcp: TcpTransport, host: str) -> None:
    """Also where the two listeners would overlap only."""
    first = tcp.listen(LOOPBACK, 4, Door())
    assert refused(tcp, Address(host, first.address.port)) == "address_in_use"
    first.close()
    every = tcp.listen(Address("*", 0), 4, Door())
    assert refused(tcp, Address(host, every.address.port)) == "address_in_use"


@pytest.mark.parametrize(
    "address", [Address("192.0.2.1", 0), Address("2001:db8::1", 0), Address("::1%nowhere", 0)]
)
def test_an_address_of_another_machine(tcp: TcpTransport, address: Address) -> None:
    assert refused(tcp, address) in ("address_unavailable", "name_not_resolved")


# --- order ------------------------------------------------------------------------------------------------


def order_of(carrier: TcpTransport, model: Model, requests: int, backlog: int) -> tuple[list[int], list[int]]:
    """The ports of requestors in the order in which they connected, and in which they were accepted."""
    here = Hospital(carrier, Settings(tables=model), backlog)
    with ExitStack() as sockets:
        came: list[int] = []
        for number in range(requests):  # the system completes one before it begins the next
            sock = sockets.enter_context(socket.create_connection((V4, here.address.port), timeout=5))
            came.append(sock.getsockname()[1])
            until(carrier, lambda heard=number + 1: here.listener.waiting == min(backlog, heard))  # type: ignore[misc]
        settle(carrier, 0.02)  # the listener sees that there are more, and leaves them where they are
        assert here.log == ["listener on_accept"] * min(backlog, requests)
        accepted: list[int] = []
        for number in range(requests):
            until(carrier, lambda: here.listener.waiting > 0)
            child = here.accepts(f"child {number}")
            assert child.peer is not None
            accepted.append(child.peer.port)
            # The queue is filled up by the listener before the next is taken.
            until(carrier, lambda left=requests - number - 1: here.listener.waiting == min(backlog, left))  # type: ignore[misc]
        here.network.shutdown()
    return came, accepted


@pytest.mark.parametrize(
    ("requests", "backlog"), [(7, 8), (7, 4)], ids=["in the queue", "in the system's too"]
)
def test_requests_are_accepted_in_the_order_in_which_they_came(
    tcp: TcpTransport, requests: int, backlog: int
) -> None:
    came, accepted = order_of(tcp, Model(), requests, backlog)
    assert accepted == came


def test_a_listener_that_takes_the_last_is_seen(tcp: TcpTransport) -> None:
    assert LISTENER is Model().listener
    came, accepted = order_of(tcp, tables("dicomnet", "lifo"), 7, 8)
    assert accepted == came[::-1]


# --- connects that fail -----------------------------------------------------------------------------------


def test_a_connect_that_nobody_answers(tcp: TcpTransport) -> None:
    """The queue of a socket that takes nothing is full; the system drops what comes then, and says nothing."""
    with ExitStack() as sockets:
        deaf = sockets.enter_context(socket.socket())
        deaf.bind((V4, 0))
        deaf.listen(0)
        address = Address(V4, deaf.getsockname()[1])
        for _ in range(4):
            sock = sockets.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex((address.host, address.port))
        here = Hospital(tcp, Settings(connect=0.1))
        scu = here.make("scu")
        scu.connect(address)
        here.wait("scu on_connect timeout")
        assert scu.endpoint.connection.control == "IDLE"
        scu.connect(here.address)  # and it may try again
        here.wait("listener on_accept")
        here.accepts()
        here.wait("scu on_connect ok")


def test_a_listener_that_closes_before_it_accepts(tcp: TcpTransport) -> None:
    """The connection stood already (profile tcp-linux): the requestor hears of a reset, not of a refusal."""
    here = Hospital(tcp, backlog=2)
    names = [f"scu{number}" for number in range(4)]
    for name in names:  # two in the listener's queue, two in the system's
        here.make(name).connect(here.address)
        here.wait(f"{name} on_connect ok")
    here.listener.close()
    for name in names:
        here.wait(f"{name} on_close reset")
    nobody = here.make("late")
    nobody.connect(here.address)
    here.wait("late on_connect refused")


# --- a flood ----------------------------------------------------------------------------------------------


class Flood:
    """Connections by the thousand: some say nothing, some are reset at once, some send what is no PDU."""

    def __init__(self, port: int, most_silent: int = 150) -> None:
        self.number = 0
        self._port = port
        self._most = most_silent
        self._open: list[socket.socket] = []
        self._kinds: Iterator[Callable[[socket.socket], None]] = itertools.cycle(
            [self._stay, self._reset, self._babble, self._leave]
        )

    def more(self) -> None:
        """One connection more."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((V4, self._port))
        self.number += 1
        next(self._kinds)(sock)
        if len(self._open) > self._most:
            self._open.pop(0).close()

    def _stay(self, sock: socket.socket) -> None:
        self._open.append(sock)

    def _reset(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def _babble(self, sock: socket.socket) -> None:
        with suppress(OSError):  # the system's queue was full
            sock.send(b"GET / HTTP/1.1\r\n\r\n")
        self._open.append(sock)

    def _leave(self, sock: socket.socket) -> None:
        sock.close()

    def end(self) -> None:
        for sock in self._open:
            sock.close()


def objects_held(network: Network) -> int:
    return len(network.alive)


def test_a_flood_of_connections(tcp: TcpTransport) -> None:
    """4,000 connections: healthy peers are served beside them, and nothing of them is kept."""
    settings = Settings(artim=0.2, max_associations=10)
    here = Served(tcp, settings=settings, backlog=64)
    network = here.acceptor.network
    flood = Flood(here.address.port)
    most_alive = 0
    held: list[int] = []
    tracemalloc.start()
    try:
        for _ in range(8):
            target = flood.number + 500
            requestor = ReferenceRequestor(tcp, here.address, "SCP", "SCU", timeout=30.0)

            def both_done(requestor: ReferenceRequestor = requestor, target: int = target) -> bool:
                nonlocal most_alive
                most_alive = max(most_alive, objects_held(network))
                if flood.number < target:
                    flood.more()
                return requestor.result.done and flood.number >= target

            assert tcp.run(both_done, 60.0)
            assert requestor.result.ok, requestor.result.text
            here.lines.clear()
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        flood.end()
    assert flood.number == 4000
    assert 10 < most_alive <= 10 + 64 + 1  # how near it comes to the bound depends on the machine
    assert max(held[4:]) - max(held[:4]) < 300_000, held
    # The last one may end in the very turn in which the system hands over another.
    assert any(tcp.run(lambda: objects_held(network) == 1, LIMIT) for _ in range(100))
    assert network.errors == []


def test_the_queue_of_a_listener_that_never_accepts_is_bounded(tcp: TcpTransport) -> None:
    here = Hospital(tcp, backlog=5)
    flood = Flood(here.address.port)
    for _ in range(1000):
        flood.more()
        tcp.run(lambda: False, 0.0)
    flood.end()
    assert here.listener.waiting == 5
    assert here.log == ["listener on_accept"] * 5
    children: list[NetworkObject] = [here.accepts(f"child{number}") for number in range(5)]
    until(tcp, lambda: all(child.endpoint.connection.control == "CLOSED" for child in children))
