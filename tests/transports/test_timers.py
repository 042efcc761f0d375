"""The timers of the TCP carrier, which share one timer of the loop."""

from __future__ import annotations

from functools import partial

from dicomnet.transports import TcpTransport

from .ears import until


def test_they_ring_when_they_are_due_in_whatever_order_they_were_started(tcp: TcpTransport) -> None:
    rung: list[float] = []
    for seconds in (0.03, 0.01, 0.04, 0.02, 0.0):
        tcp.call_later(seconds, partial(rung.append, seconds))
    until(tcp, lambda: len(rung) == 5)
    assert rung == [0.0, 0.01, 0.02, 0.03, 0.04]


def test_none_rings_early(tcp: TcpTransport) -> None:
    rung: list[float] = []
    tcp.call_later(0.005, lambda: None).cancel()
    start = tcp.now()
    tcp.call_later(0.02, lambda: rung.append(tcp.now() - start))
    until(tcp, lambda: bool(rung))
    assert rung[0] >= 0.019


def test_one_that_fell_due_can_still_be_stopped(tcp: TcpTransport) -> None:
    rung: list[str] = []

    def first() -> None:
        rung.append("first")
        second.cancel()

    tcp.call_later(0.001, first)
    second = tcp.call_later(0.002, lambda: rung.append("second"))
    third = tcp.call_later(0.003, lambda: rung.append("third"))
    late = tcp.now() + 0.004
    while tcp.now() < late:  # so that all are found due together
        pass
    until(tcp, lambda: "third" in rung)
    assert rung == ["first", "third"]
    third.cancel()


def test_one_timer_may_start_the_next(tcp: TcpTransport) -> None:
    rung: list[int] = []

    def ring() -> None:
        rung.append(len(rung))
        if len(rung) < 5:
            tcp.call_later(0.001, ring)

    tcp.call_later(0.001, ring)
    until(tcp, lambda: len(rung) == 5)
