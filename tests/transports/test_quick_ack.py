"""The option of the TCP carrier that acknowledges at once."""

from __future__ import annotations

import socket

import pytest

from dicomnet.transports import TcpTransport

from .ears import link_of, pair, until

QUICK_ACK = getattr(socket, "TCP_QUICKACK", None)
pytestmark = pytest.mark.skipif(QUICK_ACK is None, reason="this system has no TCP_QUICKACK")

asked: list[int] = []


class Spy(socket.socket):
    """A socket that notes on which descriptor TCP_QUICKACK was set."""

    def setsockopt(self, *arguments: object) -> None:
        if arguments == (socket.IPPROTO_TCP, QUICK_ACK, 1):
            asked.append(self.fileno())
        super().setsockopt(*arguments)  # type: ignore[call-overload]


@pytest.fixture(autouse=True)
def spy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked.clear()
    monkeypatch.setattr(socket, "socket", Spy)


def exchange(carrier: TcpTransport) -> None:
    """A connection, and one message each way."""
    ours, theirs = pair(carrier)
    link_of(ours).send(b"question")
    until(carrier, lambda: bool(theirs.octets))
    link_of(theirs).send(b"answer")
    until(carrier, lambda: bool(ours.octets))


def test_it_is_asked_for_when_the_connection_stands_and_after_each_read() -> None:
    carrier = TcpTransport(quick_ack=True)
    exchange(carrier)
    carrier.end()
    assert sorted(asked.count(end) for end in set(asked)) == [2, 2]


def test_it_is_off_unless_asked_for() -> None:
    carrier = TcpTransport()
    exchange(carrier)
    carrier.end()
    assert asked == []
