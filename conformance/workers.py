"""Worker processes that leave an interruption to their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager


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


def _start_worker() -> None:
    """An interruption is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
