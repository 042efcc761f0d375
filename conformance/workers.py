"""Worker processes that leave an interruption to their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Enough for the most processes that a command starts.
MOST_AHEAD: Final = 512


@contextmanager
def worker_processes(jobs: int | None) -> Generator[Executor]:
    """An executor with `jobs` processes (None: one per core); whatever goes wrong meanwhile ends them at once."""
    # Not forked: the progress bar has a thread, and what a lock protects there would stay locked in a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or os.cpu_count(), context, _start_worker) as pool:
        try:
            yield pool
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.kill()  # nobody waits for what they have begun
            raise


@contextmanager
def _interrupted_later() -> Generator[None]:
    """An interruption waits until the workers are started: one whose start is torn prints a traceback.

    It is blocked, which a worker inherits until it ignores it; other threads hear it all the same, so it is noted.
    """
    if (
        threading.current_thread() is not threading.main_thread()
    ):  # no other thread may set handlers, or is interrupted
        yield
        return
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, handler)
        if heard and callable(handler):
            handler(signal.SIGINT, None)


def in_order(
    pool: Executor, deed: Callable[[T], R], tasks: Iterable[T], ahead: int = MOST_AHEAD
) -> Iterator[R]:
    """What `deed` gives for each task, in their order, from worker processes; `ahead` tasks at most are handed over.

    Not `pool.map`: an interruption would make it cancel its futures, and the pool, whose workers are ended then,
    prints a traceback for each future that is cancelled already (Python 3.11).
    """
    todo = iter(tasks)
    under_way: deque[Future[R]] = deque()
    while True:
        with _interrupted_later():
            under_way.extend(pool.submit(deed, task) for task in islice(todo, ahead - len(under_way)))
        if not under_way:
            return
        yield under_way.popleft().result()


def _start_worker() -> None:
    """An interruption is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
