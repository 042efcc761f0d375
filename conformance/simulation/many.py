"""Many seeds on an executor: in batches, a bounded number of them at a time, until one breaks an invariant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Final, NamedTuple

from ..workers import in_order
from .judge import Breach
from .plan import draw_plan
from .run import simulate
from .tally import Tally

BATCH: Final = 20
# How many batches are handed to the executor ahead of those that have come back.
AHEAD: Final = 64


class BrokenSeed(NamedTuple):
    """A seed that broke an invariant."""

    seed: int
    breach: Breach


class Batch(NamedTuple):
    """So many seeds from `first` on, on a profile with named faults, a planted fault of the tables, a layer."""

    first: int
    seeds: int
    profile: str
    faults: str
    mutant: str | None = None
    security: str = "none"


class BatchOutcome(NamedTuple):
    """What came of a batch. A batch stops at the first seed that breaks."""

    tally: Tally
    broken: BrokenSeed | None


def run_batch(batch: Batch) -> BatchOutcome:
    """Run the seeds of a batch, one after the other."""
    tally = Tally()
    for seed in range(batch.first, batch.first + batch.seeds):
        ran = simulate(draw_plan(seed, *batch[2:]))
        tally.add(ran.tally)
        if ran.broken is not None:
            return BatchOutcome(tally, BrokenSeed(seed, ran.broken))
    return BatchOutcome(tally, None)


def batches(whole: Batch) -> Iterator[Batch]:
    """The batches of one that is too large to be run at once."""
    first, seeds = whole[:2]
    for start in range(first, first + seeds, BATCH):
        yield whole._replace(first=start, seeds=min(BATCH, first + seeds - start))


def run_seeds(
    first: int,
    seeds: int,
    profile: str,
    faults: str,
    executor: Executor,
    tally: Tally,
    tell: Callable[[int], object] = lambda _done: None,
    run: Callable[[Batch], BatchOutcome] = run_batch,
    mutant: str | None = None,
    security: str = "none",
) -> BrokenSeed | None:
    """Run `seeds` seeds from `first` on; gives the lowest seed that broke an invariant, if one did.

    `executor` is any executor of `concurrent.futures`. `tally` takes in what comes back, so that who interrupts has
    what was learned until then. `tell` hears how many seeds are done. After a breach no more is begun. `mutant` names
    a fault to be planted into the tables, `security` the layer of the links.
    """
    broken: BrokenSeed | None = None

    def todo() -> Iterator[Batch]:
        for batch in batches(Batch(first, seeds, profile, faults, mutant, security)):
            if broken is not None:
                return
            yield batch

    for outcome in in_order(executor, run, todo(), AHEAD):
        tally.add(outcome.tally)
        # They come back in the order of their seeds: the first that broke is the lowest.
        broken = broken or outcome.broken
        tell(tally.seeds)
    return broken
