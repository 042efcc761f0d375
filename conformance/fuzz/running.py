"""A whole run against a target: is it there, how fast is it, then the drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Final

from ..bench import Bench, Options, first_pace
from ..target import Target
from .outcome import Effort, Outcome

EXTRA: Final = (
    "dicomnet fuzz draws with Hypothesis, which is not installed: pip install 'dicomnet[hypothesis]'"
)
UNREAD: Final = (
    "the request of the target cannot be read, so nothing that fits can answer it: "
    "dicomnet test --listen says what is wrong with it"
)


class NoHypothesisError(ImportError):
    """Hypothesis is not installed; the message names the extra."""


def check_hypothesis() -> None:
    """Raises `NoHypothesisError` where nothing can be drawn."""
    if find_spec("hypothesis") is None:
        raise NoHypothesisError(EXTRA)


def bench_of(target: Target, options: Options, label: str, remark: Callable[[str], None]) -> Bench:
    """The target on its bench; what is known of its pace comes from the options alone."""
    return Bench(replace(target, pace=first_pace(options)), options, label, remark)


def fuzz(
    target: Target,
    outcome: Outcome,
    effort: Effort,
    options: Options | None = None,
    *,
    progress: Callable[[Outcome], None] = lambda _outcome: None,
    remark: Callable[[str], None] = lambda _text: None,
    label: str = "",
) -> None:
    """Draw scripts, run them against the target, and put what is learned into `outcome`, as it is learned.

    `progress` is called after every script, `remark` hears what is worth telling of the target. Raises
    `NoHypothesisError` without Hypothesis and `TesterFault` where the tester itself failed.
    """
    check_hypothesis()
    outcome.role = target.role
    from .engine import Fuzzer

    bench = bench_of(target, options or Options(), label or target.carrier.name, remark)
    unfit = bench.sanity()
    if unfit is not None:
        outcome.blamed = unfit.notes[-1]
        return
    if target.role == "requestor" and bench.request is None:
        outcome.blamed = UNREAD
        return
    Fuzzer(bench, outcome, effort, progress).run()
