"""Many seeds on an executor: in batches, a bounded number of them at a time, until one breaks an invariant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Final, NamedTuple

from .judge import Breach
from .plan import draw_plan
from .run import simulate
from .tally import Tally

BATCH: Final = 20
# How many batches are handed to the executor ahead of those that have come back.
AHEAD: Final = 64


class Broken(NamedTuple):
    """A seed that broke an invariant."""

    seed: int
    breach: Breach


class Batch(NamedTuple):
    """So many seeds from `first` on, on a profile with named faults."""

    first: int
    seeds: int
    profile: str
    faults: str


class Outcome(NamedTuple):
    """What came of a batch. A batch stops at the first seed that breaks."""

    tally: Tally
    broken: Broken | None


def run_batch(batch: Batch) -> Outcome:
    """Run the seeds of a batch, one after the other."""
    tally = Tally()
    for seed in range(batch.first, batch.first + batch.seeds):
        ran = simulate(draw_plan(seed, batch.profile, batch.faults))
        tally.add(ran.tally)
        if ran.broken is not None:
            return Outcome(tally, Broken(seed, ran.broken))
    return Outcome(tally, None)


def batches(first: int, seeds: int, profile: str, faults: str) -> Iterator[Batch]:
    """The batches of so many seeds."""
    for start in range(first, first + seeds, BATCH):
        yield Batch(start, min(BATCH, first + seeds - start), profile, faults)


def run_seeds(
    first: int,
    seeds: int,
    profile: str,
    faults: str,
    executor: Executor,
    tally: Tally,
    tell: Callable[[int], object] = lambda _done: None,
    run: Callable[[Batch], Outcome] = run_batch,
) -> Broken | None:
    """Run `seeds` seeds from `first` on; gives the lowest seed that broke an invariant, if one did.

    `executor` is any executor of `concurrent.futures`. `tally` takes in what comes back, so that who interrupts has
    what was learned until then. `tell` hears how many seeds are done. After a breach no more is begun.
    """
    todo = batches(first, seeds, profile, faults)
    under_way: set[Future[Outcome]] = set()
    broken: Broken | None = None
    try:
        while True:
            while broken is None and len(under_way) < AHEAD:
                batch = next(todo, None)
                if batch is None:
                    break
                under_way.add(executor.submit(run, batch))
            if not under_way:
                return broken
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                outcome = future.result()
                tally.add(outcome.tally)
                # Batches are begun in the order of their seeds, so each lower one comes back yet.
                if outcome.broken is not None and (broken is None or outcome.broken.seed < broken.seed):
                    broken = outcome.broken
            tell(tally.seeds)
    finally:
        for future in under_way:
            future.cancel()
