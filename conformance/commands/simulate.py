"""`dicomnet simulate`: many seeds of faulty networks and hostile peers against the invariants."""

from __future__ import annotations

from time import monotonic
from typing import Any, Final, NoReturn

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dicomnet.statemachine import PROFILES
from dicomnet.transports import FAULTS

from ..exploration import PLANTED
from ..reports import Screen
from ..simulation.chart import run_chart
from ..simulation.many import Batch, BrokenSeed, run_seeds
from ..simulation.plan import Plan, draw_plan, from_ranges
from ..simulation.report import as_test, failure_lines, repeat, show_tally, tally_as_dict
from ..simulation.run import shrink, simulate, trace_of
from ..simulation.secure import SECURITIES
from ..simulation.tally import Tally
from ..workers import worker_processes
from .charted import CHART, save_chart
from .options import (
    INTERRUPTED,
    OUTPUT,
    not_written,
    refuse_mutant,
    refuse_same_files,
    refuse_useless,
    save,
    save_json,
)

MOST_SEEDS: Final = 1 << 40
# What --seed has no use for.
OF_MANY_SEEDS = {
    "seeds": "--seeds",
    "first": "--first",
    "jobs": "--jobs",
    "complete": "--complete",
    "json_file": "--json",
}
MUTANTS: Final = tuple(sorted(PLANTED))
SECURITY: Final = click.option(
    "--security",
    type=click.Choice(tuple(SECURITIES)),
    default="none",
    show_default=True,
    help="played: most links have a security layer, whose handshake meets the faults, and refusals.",
)
PROFILE: Final = click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    default="dicomnet",
    show_default=True,
    help="Whose connections: the seed's, or those of real TCP.",
)


@click.command("simulate")
@click.option("--seeds", type=click.IntRange(1, MOST_SEEDS), default=200, show_default=True, help="How many.")
@click.option("--first", type=click.IntRange(0, MOST_SEEDS), default=0, show_default=True, help="First seed.")
@click.option(
    "--faults",
    type=click.Choice(tuple(FAULTS)),
    default="rough",
    show_default=True,
    help="What goes wrong on the network.",
)
@PROFILE
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Processes  [default: one per core]")
@click.option("--complete", is_flag=True, help="Fail where a row, a fault or a monitor never occurred.")
@click.option(
    "--seed", type=click.IntRange(0, 2 * MOST_SEEDS), default=None, help="One seed, with its trace."
)
@click.option("--only", metavar="ACTS", default=None, help="With --seed: these acts alone, as in 0-3,7.")
@click.option(
    "--mutant",
    type=click.Choice(MUTANTS),
    metavar="NAME",
    default=None,
    help="Simulate tables with a planted fault, one of those of dicomnet check.",
)
@SECURITY
@click.option("--json", "json_file", type=OUTPUT, default=None, help="Write the counts as JSON.")
@click.option(
    "--test",
    "test_file",
    type=OUTPUT,
    default=None,
    help="Write a run that breaks an invariant as a Python test.",
)
@CHART
@click.pass_context
def simulate_command(
    ctx: click.Context,
    /,
    seed: int | None,
    only: str | None,
    **options: Any,  # noqa: ANN401 - one value per option above
) -> None:
    """Simulate connections in memory: a listener, requestors, raw peers and faults, all drawn from seeds.

    Each run is watched by the monitors of the invariants, and is repeated to the byte by its seed. Exit code 0 when all
    held, 1 when one broke (or, with --complete, something never occurred), 4 when the report could not be written,
    130 when interrupted.

    With --chart the run that broke an invariant is drawn, made short; and with --seed that run, whether or not one
    broke.

    Example: dicomnet simulate --seeds 1000 --faults hostile

    Example: dicomnet simulate --seed 4 --only 0,44,65 --chart run.svg
    """
    screen = Screen(highlight=False)
    screen.carry_on = True
    if only is not None and seed is None:
        raise click.UsageError("--only goes with --seed")
    refuse_same_files(ctx)
    what = Batch(**{name: options[name] for name in Batch._fields})
    refuse_mutant(what.mutant, what.profile)
    if seed is not None:
        refuse_useless(ctx, OF_MANY_SEEDS, "--seed runs one seed, and shows its trace")
        _one(ctx, screen, draw_plan(seed, *what[2:]), only, options)
    ctx.exit(_seeds(screen, what, options))


def _seeds(screen: Screen, what: Batch, options: dict[str, Any]) -> int:
    """Run many seeds and tell what came of them; gives the exit code."""
    if what.mutant is not None:
        screen.print(f"with a planted fault, {what.mutant}: {PLANTED[what.mutant].sentence}", markup=False)
    tally = Tally()
    started = monotonic()
    broken: BrokenSeed | None = None
    interrupted = False
    try:
        broken = _many(screen, what, options["jobs"], tally)
    except KeyboardInterrupt:
        interrupted = True
    rate = tally.seeds / max(monotonic() - started, 1e-9)
    show_tally(screen, tally, what.profile, what.faults, rate, what.security)
    report = tally_as_dict(tally, what.profile, what.faults, what.first, rate, what.security)
    never = tally.never(what.profile, what.faults, what.security)
    if broken is not None:
        report["broken"] = _tell(screen, draw_plan(broken.seed, *what[2:]), broken, options)
    else:
        not_written(screen, options["test_file"])
        not_written(screen, options["chart_file"])
    _conclude(screen, tally, what.seeds, never, interrupted=interrupted, held=broken is None)
    report |= {"interrupted": interrupted, "mutant": what.mutant}
    save_json(options["json_file"], report)
    failed = broken is not None or (options["complete"] and never)
    return INTERRUPTED if interrupted else 1 if failed else 0


def _conclude(
    screen: Screen, tally: Tally, seeds: int, never: list[str], *, interrupted: bool, held: bool
) -> None:
    if interrupted:
        screen.print(f"Interrupted after {tally.seeds} of {seeds} seeds")
    elif held:
        said = f"never occurred: {', '.join(never)}" if never else "each row, fault and monitor occurred"
        screen.print(f"{tally.seeds} seeds: every invariant held; {said}", markup=False, soft_wrap=True)


def _many(screen: Screen, what: Batch, jobs: int | None, tally: Tally) -> BrokenSeed | None:
    columns = (
        TextColumn("seeds"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("seeds", total=what.seeds, rate="")

        def tell(done: int) -> None:
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = f"{done / elapsed:.0f} per second" if elapsed else ""
            progress.update(task, completed=done, rate=rate)

        with worker_processes(jobs) as executor:
            return run_seeds(*what[:4], executor, tally, tell, mutant=what.mutant, security=what.security)


def _tell(screen: Screen, plan: Plan, broken: BrokenSeed, options: dict[str, Any]) -> dict[str, Any]:
    """Say what broke, and how to see it again with as little as possible."""
    screen.print(
        f"seed {broken.seed}: looking for a shorter run that breaks the same invariant", markup=False
    )
    shorter = shrink(plan, broken.breach)
    breach = simulate(shorter).broken or broken.breach
    lines = failure_lines(plan, shorter, breach, trace_of(shorter))
    for line in lines:
        screen.print(line, markup=False, soft_wrap=True)
    save(options["test_file"], as_test(shorter, breach))
    if options["chart_file"] is not None:
        save_chart(options["chart_file"], run_chart(shorter, breach))
    return {
        "seed": broken.seed,
        "invariant": breach.invariant,
        "text": breach.text,
        "repeat": repeat(shorter),
        "acts": [str(act) for act in shorter.acts],
    }


def _one(
    ctx: click.Context, screen: Screen, plan: Plan, only: str | None, options: dict[str, Any]
) -> NoReturn:
    """One seed, or a part of it, with its acts and its trace."""
    if only is not None:
        try:
            plan = plan.only(from_ranges(only))
        except ValueError as error:
            raise click.UsageError(f"--only {only}: write numbers of acts as in 0-3,7") from error
    broken = simulate(plan).broken
    for line in (*(str(act) for act in plan.acts), "", *trace_of(plan), ""):
        screen.print(line, markup=False, soft_wrap=True)
    if broken is None:
        not_written(screen, options["test_file"])
        screen.print(f"seed {plan.seed}: every invariant held")
    else:
        screen.print(
            f"invariant {broken.invariant} broke at {broken.when:.6f} s: {broken.text}", markup=False
        )
        save(options["test_file"], as_test(plan, broken))
    if options["chart_file"] is not None:
        save_chart(options["chart_file"], run_chart(plan, broken))
    ctx.exit(0 if broken is None else 1)
