"""What `dicomnet test` takes from earlier runs: a baseline of expected deviations, and a report of what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from ..baseline import TO_BE_SAID, Baseline, BaselineError, baseline_text, known_ids, read_baseline, this_day
from ..case import Case
from ..reports import Repeat, replace_text
from ..rerun import failed_in
from ..session import Report
from .options import OUTPUT

# So many ids are named in a message.
NAMED: Final = 5

P = ParamSpec("P")
R = TypeVar("R")

_FILE: Final = click.Path(path_type=Path)
_OPTIONS: Final = (
    click.option(
        "--baseline",
        "baseline_file",
        type=_FILE,
        metavar="FILE",
        help="Deviations that are expected, each with reason and expiry: only what differs from them fails.",
    ),
    click.option(
        "--write-baseline",
        type=OUTPUT,
        metavar="FILE",
        help="Write what fails in this run as a baseline; FILE must not exist. With --baseline, renew that one.",
    ),
    click.option(
        "--rerun-failed",
        type=_FILE,
        metavar="REPORT",
        help="Only cases that failed, or stayed inconclusive, in the JSON report of an earlier run.",
    ),
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known from earlier runs. `failed` are the ids in `report`; None = no such report was given."""

    baseline: Baseline
    write_to: Path | None = None
    report: Path | None = None
    failed: tuple[str, ...] | None = None

    def narrow(self, cases: tuple[Case, ...]) -> tuple[Case, ...]:
        """Those that failed, where that is asked for; the command ends well where nothing did.

        Raises `click.UsageError` where none of them is among the cases that are chosen otherwise.
        """
        if self.failed is None:
            return cases
        if not self.failed:
            click.echo(f"nothing failed in {str(self.report)!r}: there is nothing to run again")
            click.get_current_context().exit(0)
        chosen = tuple(case for case in cases if case.id in self.failed)
        left_out = sorted(set(self.failed) - {case.id for case in chosen})
        if left_out:
            told = ", ".join(left_out[:NAMED]) + (", ..." if len(left_out) > NAMED else "")
            text = f"{len(left_out)} of {len(self.failed)} cases that failed in {str(self.report)!r}"
            why = "are not among those that --select, --quick, --depth and --tls choose"
            if not chosen:
                raise click.UsageError(f"{text} {why}: {told}")
            click.echo(f"WARNING: {text} {why}: {told}", err=True)
        return chosen

    def exit_code(self, report: Report, *, allow_inconclusive: bool) -> int:
        """The exit code of a run, by what was not expected in it."""
        return self.baseline.compare(report).exit_code(report, allow_inconclusive=allow_inconclusive)

    def write(self, report: Report, _repeat: Repeat, path: Path) -> None:
        """Write a baseline of this run, if it came to its end."""
        if report.interrupted or report.blamed:
            why = "the run was interrupted" if report.interrupted else "the target could not be tested"
            click.echo(f"{str(path)!r} is not written: {why}", err=True)
            return
        entries = self.baseline.renewed(report)
        replace_text(path, baseline_text(entries))
        open_ones = sum(entry.reason == TO_BE_SAID for entry in entries)
        todo = f"; {open_ones} wait for their reason" if open_ones else ""
        click.echo(f"{len(entries)} expected deviations in {str(path)!r}{todo}", err=True)


def earlier_runs(function: Callable[P, R]) -> Callable[..., R]:
    """Add the options; the command gets `earlier`. What is wrong with a file is wrong usage, told before the run."""

    def command(*args: Any, **values: Any) -> R:  # noqa: ANN401 - whatever the command takes
        given = (values.pop("baseline_file"), values.pop("write_baseline"), values.pop("rerun_failed"))
        return function(*args, **values, earlier=_earlier(*given))  # type: ignore[arg-type]

    wrapped: Callable[..., R] = update_wrapper(command, function)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _earlier(baseline: Path | None, write_to: Path | None, report: Path | None) -> Earlier:
    if write_to is not None and write_to.exists():
        raise click.UsageError(
            f"--write-baseline: {str(write_to)!r} exists, and may hold reasons: give another name, or remove it"
        )
    read = _tell("--baseline", read_baseline, baseline) or Baseline(today=this_day())
    failed = _tell("--rerun-failed", failed_in, report)
    unknown = sorted(set(failed or ()) - known_ids())
    if unknown:
        raise click.UsageError(
            f"--rerun-failed: {report}: there is no such case: {', '.join(unknown[:NAMED])}"
        )
    return Earlier(read, write_to, report, failed)


def _tell(option: str, read: Callable[[Path], R], path: Path | None) -> R | None:
    try:
        return None if path is None else read(path)
    except BaselineError as error:
        raise click.UsageError(f"{option}: {error}") from error
