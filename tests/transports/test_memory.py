"""The carrier in memory: what only it has, its heap of what is due."""

from __future__ import annotations

from functools import partial

from dicomnet.transports import MemoryTransport


def test_cancelled_timers_do_not_pile_up(memory: MemoryTransport) -> None:
    kept = memory.call_later(2.0, lambda: None)
    for _ in range(10_000):
        memory.call_later(1000.0, lambda: None).cancel()
    assert len(vars(memory)["_heap"]) < 200
    kept.cancel()


def test_sweeping_keeps_the_order_of_what_is_due(memory: MemoryTransport) -> None:
    rung: list[int] = []
    for number in range(300):
        timer = memory.call_later(1.0 + number % 3, partial(rung.append, number))
        if number % 5:
            timer.cancel()
    memory.run(lambda: False, 10.0)
    assert rung == sorted((n for n in range(300) if n % 5 == 0), key=lambda n: (n % 3, n))


def test_a_timer_that_is_cancelled_when_it_has_rung_is_not_counted(memory: MemoryTransport) -> None:
    timers = [memory.call_later(1.0, lambda: None) for _ in range(500)]
    waiting = [memory.call_later(5.0, lambda: None) for _ in range(100)]
    memory.run(lambda: False, 2.0)
    for timer in timers:
        timer.cancel()
        timer.cancel()
    assert len(vars(memory)["_heap"]) == len(waiting)
    assert vars(memory)["_cancelled"] == 0
