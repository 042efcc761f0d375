"""Peers that mean no good: nothing they do may crash the acceptor or make it hold more and more."""

from __future__ import annotations

import errno
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomnet.statemachine import AReleaseRP, LocalProtocolError, Violation, encode
from dicomnet.transports import (
    Address,
    MemoryTransport,
    PlayedSecurity,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Settings,
    TcpTransport,
    Transport,
)

from .ears import LOOPBACK, Door, Ear, call, link_of, pair, settle, until
from .peers import ECHO, RELEASE, RQ, Peer, Served, data

SHORT = Settings(artim=0.05)
# As many connections the acceptor holds besides the associations (transports/reference.py).
SPARE_CONNECTIONS = 64
GARBAGE = b"\x16\x03\x01" * 20_000


def octets_held(carrier: TcpTransport) -> int:
    """How many octets wait to be sent on all links of a carrier."""
    return carrier.unsent


# --- floods -----------------------------------------------------------------------------------------------


def test_after_a_framing_fault_nothing_is_kept_and_artim_closes(carrier: Transport) -> None:
    here = Served(carrier, settings=SHORT)
    peer = here.associated()
    peer.send(b"\x99")
    peer.expect("A-ABORT")
    for _ in range(5):
        peer.send(GARBAGE)
        carrier.run(lambda: False, 0.001)
    until(carrier, lambda: peer.over)
    assert peer.seen() == []  # one A-ABORT, and no answer to what follows
    assert here.acceptor.network.errors == []
    until(carrier, lambda: len(here.acceptor.network.alive) == 1)


def test_a_flood_in_sta13_is_bounded_by_artim(carrier: Transport) -> None:
    """PDUs that are answered in Sta13 (AA-7) neither restart ARTIM nor pile up answers."""
    here = Served(carrier, settings=SHORT)
    peer = here.associated()
    peer.send(RELEASE)
    peer.expect("A-RELEASE-RP")
    began = carrier.now()
    while not peer.over and carrier.now() - began < 3.0:
        peer.send(encode(RQ) * 50, data(ECHO))
        carrier.run(lambda: peer.over, 0.005)
    assert peer.over
    assert carrier.now() - began < 2.0
    assert here.acceptor.network.errors == []


@pytest.mark.parametrize("security", [None, PlayedSecurity()], ids=["plain", "secured"])
def test_peers_that_say_nothing_make_room_for_others(
    carrier: Transport, security: PlayedSecurity | None
) -> None:
    """More than may be held at a time; whoever asked for an association keeps it."""
    acceptor = ReferenceAcceptor(carrier, Policy(), Settings(max_associations=4), security=security)
    address = acceptor.listen(LOOPBACK, 128)
    early = ReferenceRequestor(carrier, address, "SCP", "SCU", security=security)
    until(carrier, lambda: early.result.done)
    standing = acceptor.network.alive
    silent = [call(carrier, address) for _ in range(4 + SPARE_CONNECTIONS)]
    until(carrier, lambda: len(acceptor.network.alive) >= len(standing) + 4 + SPARE_CONNECTIONS - 2)
    began = carrier.now()
    healthy = ReferenceRequestor(carrier, address, "SCP", "SCU", security=security)
    until(carrier, lambda: healthy.result.done)
    assert healthy.result.ok
    assert carrier.now() - began < 5.0  # far less than ARTIM and the handshake timer
    assert len(acceptor.network.alive) <= 1 + 4 + SPARE_CONNECTIONS
    until(carrier, lambda: "reset" in silent[0].told)
    assert acceptor.network.errors == []
    acceptor.close()


def test_an_announced_length_reserves_nothing(carrier: Transport) -> None:
    here = Served(carrier, settings=SHORT)
    peer = here.associated()
    peer.send(b"\x04\0\xff\xff\xff\xff")
    peer.expect("A-ABORT")
    until(carrier, lambda: peer.over)
    other = here.peer()
    other.send(b"\x01\0\x00\x0f\xff\xff" + b"\0" * 1000)  # a request that never ends
    until(carrier, lambda: other.over)


def test_a_peer_that_never_reads_is_read_no_more(tcp: TcpTransport) -> None:
    """It asks and asks and takes no answer: what is unsent stays under a bound."""
    here = Served(tcp)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", here.address.port))
    sock.setblocking(False)
    most = 0
    with sock:
        sock.send(encode(RQ))
        settle(tcp, 0.02)
        question = encode(data(ECHO)) * 500
        stuck = 0
        sent = 0
        while stuck < 20 and sent < 50_000_000:
            try:
                sent += sock.send(question[sent % len(question) :])
                stuck = 0
            except BlockingIOError:
                stuck += 1
            tcp.run(lambda: False, 0.002)
            most = max(most, octets_held(tcp))
    assert stuck == 20, "the acceptor reads on and on"
    assert most < 2_000_000
    until(tcp, lambda: len(here.acceptor.network.alive) == 1)
    assert octets_held(tcp) == 0


def test_a_slow_reader_gets_everything_in_the_end(tcp: TcpTransport) -> None:
    ours, theirs = pair(tcp)
    much = b"0123456789" * 2_000_000
    link_of(theirs).send(much)
    assert octets_held(tcp) > 0
    link_of(theirs).close()
    until(tcp, lambda: ours.told[-1:] == ["end"])
    assert ours.octets == much


def test_a_close_does_not_wait_for_ever_for_a_peer_that_never_reads(tcp: TcpTransport) -> None:
    tcp.linger = 0.05
    door = Door()
    listening = tcp.listen(LOOPBACK, 4, door)
    with socket.create_connection(("127.0.0.1", listening.address.port)):
        until(tcp, lambda: bool(door.waiting))
        ear = door.take()
        link_of(ear).send(b"x" * 20_000_000)
        link_of(ear).close()
        assert octets_held(tcp) > 0
        until(tcp, lambda: octets_held(tcp) == 0)


def test_closed_links_that_still_deliver_are_bounded(tcp: TcpTransport) -> None:
    """Peers that make the acceptor close with much unsent, again and again: the oldest are given up."""
    tcp.lingering = 2
    door = Door()
    listening = tcp.listen(LOOPBACK, 4, door)
    sockets: list[socket.socket] = []
    each = 20_000_000
    for _ in range(4):
        sockets.append(socket.create_connection(("127.0.0.1", listening.address.port)))
        until(tcp, lambda: bool(door.waiting))
        ear = door.take()
        link_of(ear).send(b"x" * each)
        link_of(ear).close()
    assert octets_held(tcp) <= 2 * each
    for sock in sockets:
        sock.close()
    until(tcp, lambda: octets_held(tcp) == 0)


def test_connections_are_bounded_and_wait_their_turn(carrier: Transport) -> None:
    """Peers that connect and say nothing: beyond the bound they wait, and are served when others end."""
    here = Served(carrier, settings=Settings(max_associations=1, artim=1000.0), backlog=4)
    silent = [here.peer() for _ in range(65)]
    late = Ear()
    late.link = carrier.connect(here.address, late)
    settle(carrier)
    assert len(here.acceptor.network.alive) == 66  # the listener and its 65 children
    link_of(silent[0].ear).close()
    until(carrier, lambda: "open" in late.told)
    peer = Peer(carrier, late)
    peer.send(RQ)
    peer.expect("A-ASSOCIATE-AC")


def test_many_quick_connections(tcp: TcpTransport) -> None:
    """Connections that are reset while the kernel holds them: each is accepted and ends, none is left."""
    here = Served(tcp, backlog=64)
    for _ in range(40):
        sock = socket.create_connection(("127.0.0.1", here.address.port))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        tcp.run(lambda: False, 0.0)
    settle(tcp)
    assert len(here.acceptor.network.alive) == 1
    assert here.acceptor.network.errors == []
    here.associated()


# --- the carrier's own troubles ---------------------------------------------------------------------------


def test_out_of_descriptors_is_waited_out(tcp: TcpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    listening = tcp.listen(LOOPBACK, 4, door)
    accept = socket.socket.accept
    troubles = [
        OSError(errno.EMFILE, "too many open files"),
        ConnectionAbortedError(errno.ECONNABORTED, "gone"),
    ]

    def failing(self: socket.socket) -> tuple[socket.socket, object]:
        if troubles:
            raise troubles.pop(0)
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", failing)
    ours = call(tcp, listening.address)
    until(tcp, lambda: bool(door.waiting))
    assert troubles == []
    link_of(ours).close()


def test_no_descriptor_for_a_connect(tcp: TcpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = tcp.listen(LOOPBACK, 4, Door())

    def failing(*_arguments: object) -> socket.socket:
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", failing)
        ours = call(tcp, listening.address)
    assert ours.told == []
    until(tcp, lambda: ours.told == ["failed unreachable"])


@pytest.mark.parametrize(
    ("host", "bound"), [("", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("*", "*"), ("localhost", "")]
)
def test_where_a_listener_listens(tcp: TcpTransport, host: str, bound: str) -> None:
    listening = tcp.listen(Address(host, 0), 4, Door())
    assert bound in ("", listening.address.host)
    ours = call(tcp, Address("", listening.address.port))
    if listening.address.host != "::1":
        until(tcp, lambda: ours.told == ["open"])


def test_version_6_of_the_loopback(tcp: TcpTransport) -> None:
    door = Door()
    try:
        listening = tcp.listen(Address("::1", 0), 4, door)
    except LocalProtocolError as error:
        pytest.skip(f"no IPv6 here: {error.code}")
    ours = call(tcp, listening.address)
    until(tcp, lambda: ours.told == ["open"] and bool(door.waiting))
    assert str(listening.address).startswith("[::1]:")
    assert door.take().told == []


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("192.0.2.1", "address_unavailable"),
        ("no.such.host.invalid", "name_not_resolved"),
        ("x" * 70, "name_not_resolved"),
    ],
)
def test_where_nobody_can_listen(tcp: TcpTransport, host: str, code: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        tcp.listen(Address(host, 0), 4, Door())
    assert caught.value.code == code


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 70, "a\0b", "-"])
def test_a_name_that_nobody_knows(tcp: TcpTransport, host: str) -> None:
    ours = call(tcp, Address(host, 104))
    assert ours.told == []
    assert tcp.run(lambda: bool(ours.told), 30.0)
    assert ours.told == ["failed name_not_resolved"]


def test_a_slow_name_server_holds_nobody_up(tcp: TcpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def slow(*_arguments: object, **_options: object) -> list[object]:
        answer.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    numeric = tcp.listen(LOOPBACK, 4, Door())
    named, closed = call(tcp, Address("slow.example", 104)), call(tcp, Address("slow.example", 104))
    link_of(closed).close()
    other = call(tcp, numeric.address)
    until(tcp, lambda: other.told == ["open"])
    assert named.told == []
    answer.set()
    until(tcp, lambda: named.told == ["failed name_not_resolved"])
    assert closed.told == []


def test_a_name_server_that_answers_after_the_end(tcp: TcpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, told = threading.Event(), threading.Event()

    def slow(*_arguments: object, **_options: object) -> list[object]:
        answer.wait(10)
        told.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    named = call(tcp, Address("slow.example", 104))
    tcp.end()
    answer.set()
    assert told.wait(10)
    assert named.told == []


def test_each_address_of_a_name_is_tried(tcp: TcpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    listening = tcp.listen(LOOPBACK, 4, door)
    port = listening.address.port

    def both(*_arguments: object, **_options: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", each)) for each in (1, port)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    ours = call(tcp, Address("two.example", port))
    until(tcp, lambda: ours.told == ["open"])


def test_an_exotic_port(tcp: TcpTransport) -> None:
    ours = call(tcp, Address("127.0.0.1", 70000))
    until(tcp, lambda: ours.told == ["failed unreachable"])
    with pytest.raises(LocalProtocolError) as caught:
        tcp.listen(Address("", 70000), 4, Door())
    assert caught.value.code == "address_unavailable"


# --- fuzz -------------------------------------------------------------------------------------------------


def conversation() -> bytes:
    return encode(RQ) + encode(data(ECHO)) + encode(RELEASE) + encode(AReleaseRP())


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A good conversation with some octets changed, left out, doubled, or nothing but noise."""
    octets = bytearray(conversation())
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(octets) - 1))
        kind = draw(st.sampled_from(("set", "cut", "double")))
        if kind == "set":
            octets[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del octets[at : at + draw(st.integers(1, 30))]
        else:
            octets[at:at] = octets[max(0, at - draw(st.integers(1, 200))) : at]
        if not octets:
            return draw(st.binary(min_size=1, max_size=40))
    return bytes(octets)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(octets=mangled(), size=st.integers(1, 500), ending=st.sampled_from(("close", "reset", "stay")))
def test_whatever_comes_nobody_is_left_waiting(octets: bytes, size: int, ending: str) -> None:
    """After any octets the acceptor's user owes no answer, nothing has failed, and the connection can end."""
    carrier = MemoryTransport()
    here = Served(carrier)
    peer = here.peer()
    for start in range(0, len(octets), size):
        peer.send(octets[start : start + size])
    settle(carrier, 0.001)
    assert here.acceptor.network.errors == []
    children = [each for each in here.acceptor.network.alive if each.listener is not None]
    assert all(each.endpoint.association.control not in ("Sta3", "Sta8") for each in children)
    if ending == "stay":
        carrier.run(lambda: False, 100.0)
        assert all(
            each.endpoint.association.control == "Sta6"
            for each in children
            if each in here.acceptor.network.alive
        )
        link_of(peer.ear).close()
    elif ending == "close":
        link_of(peer.ear).close()
    else:
        link_of(peer.ear).reset()
    settle(carrier, 0.001)
    assert len(here.acceptor.network.alive) == 1
    assert all(not isinstance(pdu, Violation) for pdu in peer.seen())


def test_a_title_of_strange_octets_is_answered(carrier: Transport) -> None:
    """What the decoder lets in the encoder may refuse: then the association is aborted, not forgotten."""
    here = Served(carrier)
    for strange in (b"\x01\x02\xff\\x", b"\xc3\x9c ", b"a\tb\x00"):
        peer = here.peer()
        octets = encode(RQ)
        at = octets.index(b"CALLED")
        peer.send(octets[:at] + strange + octets[at + len(strange) :])
        until(carrier, lambda met=peer: bool(met.seen()))  # type: ignore[misc]
        link_of(peer.ear).close()
