"""Scripted peers: they do what a test says, and say what the other end did otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from dicomnet.conformance import ScriptedAcceptor, ScriptedPeer, ScriptError, scripted_requestor
from dicomnet.statemachine import (
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    LocalProtocolError,
    PDataTF,
    Violation,
)
from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    TcpTransport,
    Transport,
    echo_request,
    negotiate,
)

CARRIERS = [MemoryTransport, TcpTransport]


@pytest.fixture(params=CARRIERS, ids=lambda kind: kind.__name__)
def carrier(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """Each carrier; what is tested runs on it as well."""
    made: Transport = request.param()
    yield made
    made.end()


def calling(carrier: Transport) -> tuple[ScriptedPeer, ReferenceRequestor]:
    """A script that was called by the reference requestor."""
    acceptor = ScriptedAcceptor(carrier)
    requestor = ReferenceRequestor(carrier, acceptor.address, "SCRIPT", "CALLER")
    return acceptor.accept(), requestor


def called(carrier: Transport, timeout: float = 5.0) -> ScriptedPeer:
    """A script that has called the reference acceptor."""
    address = ReferenceAcceptor(carrier, Policy()).listen(Address("", 0))
    return scripted_requestor(address, carrier, timeout)


def test_an_acceptor_by_the_script(carrier: Transport) -> None:
    peer, requestor = calling(carrier)
    request = peer.expect(AAssociateRQ)
    assert request.calling_ae_title == "CALLER"
    peer.send(negotiate(request, Policy()))
    peer.expect(PDataTF)
    peer.send_octets(b"\x0b\0\0\0\0\0", 1, 0)
    assert peer.expect(AAbort).source == 2
    peer.close()
    carrier.run(lambda: requestor.result.done, 5.0)
    assert not requestor.result.ok


def test_a_requestor_by_the_script(carrier: Transport) -> None:
    peer = called(carrier)
    peer.send(echo_request("ANY", "SCRIPT"))
    assert isinstance(peer.expect(AAssociateAC), AAssociateAC)
    peer.expect_nothing()
    peer.send(AReleaseRQ())
    peer.expect(AReleaseRP)
    peer.half_close()
    assert peer.expect_close() == "FIN"
    assert "A-RELEASE-RP" in peer.story()


def test_connections_come_one_by_one(carrier: Transport) -> None:
    acceptor = ScriptedAcceptor(carrier)
    ReferenceRequestor(carrier, acceptor.address, "SCRIPT", "FIRST")
    first = acceptor.accept()
    ReferenceRequestor(carrier, acceptor.address, "SCRIPT", "SECOND")
    second = acceptor.accept()
    assert [each.expect(AAssociateRQ).calling_ae_title for each in (first, second)] == ["FIRST", "SECOND"]
    first.reset()
    second.send(AAssociateRJ(1, 1, 1))
    second.expect_close("FIN")
    acceptor.close()


def rejects(peer: ScriptedPeer) -> None:
    peer.send(echo_request("ANY", "SCRIPT"))
    peer.expect(AAssociateRJ)


def silent(peer: ScriptedPeer) -> None:
    peer.expect(AAssociateAC, 0.05)


def stays(peer: ScriptedPeer) -> None:
    peer.expect_close(timeout=0.05)


def speaks(peer: ScriptedPeer) -> None:
    peer.send(echo_request("ANY", "SCRIPT"))
    peer.expect_nothing(5.0)


def closes(peer: ScriptedPeer) -> None:
    peer.send(echo_request("ANY", "SCRIPT"))
    peer.expect(AAssociateAC)
    peer.send(AAbort(0, 0))
    peer.expect_close("RST")


def after_the_end(peer: ScriptedPeer) -> None:
    peer.close()
    peer.send(AReleaseRQ())


@pytest.mark.parametrize(
    ("script", "expected", "observed"),
    [
        (rejects, "A-ASSOCIATE-RJ", "A-ASSOCIATE-AC: contexts 1 accepted"),
        (silent, "A-ASSOCIATE-AC", "nothing came in time"),
        (stays, "the end of the connection (FIN or RST)", "it is still open"),
        (speaks, "nothing", "A-ASSOCIATE-AC"),
        (closes, "the end of the connection (RST)", "closed (FIN)"),
        (after_the_end, "a connection to send on", "there is none"),
    ],
)
def test_what_was_otherwise_is_told_with_the_story(
    script: Callable[[ScriptedPeer], None], expected: str, observed: str
) -> None:
    carrier = MemoryTransport()
    peer = called(carrier)
    with pytest.raises(ScriptError) as caught:
        script(peer)
    told = str(caught.value)
    assert told.startswith(f"expected {expected}, observed: {observed}")
    assert "connect to" in told


def test_nobody_connects_and_nobody_listens() -> None:
    carrier = MemoryTransport()
    with (
        ScriptedAcceptor(carrier) as acceptor,
        pytest.raises(ScriptError, match=r"nobody has connected to .* within 1 s"),
    ):
        acceptor.accept(1.0)
    with pytest.raises(ScriptError, match="observed: refused"):
        scripted_requestor(acceptor.address, carrier)


def test_what_cannot_be_written_is_the_callers_mistake() -> None:
    peer = called(MemoryTransport())
    with pytest.raises(LocalProtocolError):
        peer.send(AAbort(9, 9999))


def hear_for_ever(peer: ScriptedPeer) -> None:
    while True:
        peer.expect(PDataTF)


def test_a_flood_is_cut_off() -> None:
    """Over sockets, from a thread that knows nothing of carriers."""

    def flood(address: Address) -> None:
        with socket.create_connection((address.host, address.port)) as sock:
            try:
                while True:
                    sock.sendall(b"\x04\0\0\0\0\x0a\0\0\0\x06\x01\x03" + bytes(4))
            except OSError:
                return

    with ScriptedAcceptor() as acceptor:
        thread = threading.Thread(target=flood, args=(acceptor.address,), daemon=True)
        thread.start()
        peer = acceptor.accept()
        with pytest.raises(ScriptError, match="more than 4194304 octets"):
            hear_for_ever(peer)
        thread.join(10.0)
        assert not thread.is_alive()


def test_octets_that_are_none_of_dicom_are_a_violation() -> None:
    with ScriptedAcceptor() as acceptor:
        with socket.create_connection((acceptor.address.host, acceptor.address.port)) as sock:
            peer = acceptor.accept()
            sock.sendall(b"\x01\0\0\0\0\x02ab")
            assert peer.expect(Violation).clause
        assert peer.expect_close("FIN") == "FIN"
