"""What the benchmarks share: taking turns, and printing ratios.

All that is compared runs in one process start, in short rounds by turns, and the best round of each counts,
because what disturbs a machine only ever slows it. Ratios are what to look at: absolute times differ from
machine to machine. Nothing passes or fails on a time; a goal is printed beside the ratio it is for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any

Task = Callable[[], object]

NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: `rounds` rounds of about `seconds` for each task."""

    rounds: int = 60
    seconds: float = 0.004
    quick: bool = False


def effort(description: str | None) -> Effort:
    """What the command line asks for: `--quick` shows that a script runs, not how fast anything is."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="measure next to nothing: only show that it runs"
    )
    quick = parser.parse_args().quick
    return Effort(rounds=2, seconds=0.0005, quick=True) if quick else Effort()


def best_times(tasks: Sequence[Task], effort: Effort) -> list[float]:
    """Seconds for one run of each task: the best of many short rounds in which they take turns."""
    return [min(times) for times in all_times(tasks, effort)]


def typical_times(tasks: Sequence[Task], effort: Effort) -> list[float]:
    """The median instead of the best: for what waits and polls, where the best is a lucky moment."""
    return [median(times) for times in all_times(tasks, effort)]


def all_times(tasks: Sequence[Task], effort: Effort) -> list[list[float]]:
    """Seconds for one run of each task, in each of the rounds."""
    repeats: list[int] = []
    for task in tasks:
        task()
        start = perf_counter()
        task()
        once = perf_counter() - start
        repeats.append(max(1, int(effort.seconds / once)))
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(effort.rounds):
        for task, count, seconds in zip(tasks, repeats, times, strict=True):
            start = perf_counter()
            for _ in range(count):
                task()
            seconds.append((perf_counter() - start) / count)
    return times


def optional(name: str) -> Any:  # noqa: ANN401  (somebody else's module, without types)
    """A module to measure against, or None where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


def heading(title: str) -> None:
    """The head of a table of results."""
    print(f"{title:46} {'time':>11}   {'ratio':>7}   {'goal':>6}")


def show(title: str, seconds: float | None, ratio: float | None = None, goal: float | None = None) -> None:
    """One line: how long one takes, how many times faster ours is, and how many it is to be."""
    print(f"  {title:44} {_time(seconds):>11}   {_ratio(ratio)}   {_ratio(goal).rstrip(' x'):>6}")
    sys.stdout.flush()


def compare(
    effort: Effort, ours: Task, others: Sequence[tuple[str, Task | None, float | None]], units: int
) -> float:
    """Measure `ours` beside the others, (title, task or None, goal), and print; a task does `units` units."""
    tasks = [task for _, task, _ in others if task is not None]
    mine, *theirs = (seconds / units for seconds in best_times([ours, *tasks], effort))
    show("dicomnet", mine)
    for title, task, goal in others:
        if task is None:
            show(f"{title}: {NOT_INSTALLED}", None)
        else:
            seconds = theirs.pop(0)
            show(title, seconds, seconds / mine, goal)
    return mine


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e9:.1f} ns"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return " " * 9
    return f"{ratio:7.2f} x" if ratio < 100 else f"{ratio:7.0f} x"
