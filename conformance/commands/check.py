"""`dicomnet check`: asks the model whether the connection layer's invariants hold in every interleaving."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dicomnet.statemachine import PROFILES

from ..exploration import PLANTED, SECURITIES, Question, as_test, counterexample_chart, prove
from ..reports import Screen
from .charted import CHART, save_chart
from .check_iscl import check_iscl
from .checked import proof_as_dict, show_proof
from .mutants import show_mutants
from .options import OUTPUT, not_written, refuse_mutant, refuse_same_files, refuse_useless, save, save_json

VIOLATED = 1

SECURITY = click.option(
    "--security",
    type=click.Choice([*SECURITIES, "iscl"]),
    default="none",
    show_default=True,
    help="Who has a security layer, which is only played (messages as in TLS, no cryptography): nobody, both ends, or "
    "one end alone. iscl: not the listener, but the two ends of an ISCL line (an abstract machine).",
)
PROFILE: Final = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="dicomnet",
    show_default=True,
    help="What carries the connections: the queue as the seed has it, or as real TCP stacks have it.",
)
EVENTS: Final = click.option(
    "--events",
    type=click.Choice(["core", "all"]),
    default="core",
    show_default=True,
    help="core: connect, accept, end, withdraw; all: also each report by itself, force, timers, what callbacks call.",
)


@click.command()
@PROFILE
@SECURITY
@click.option("--clients", type=click.IntRange(1, 12), default=3, show_default=True, help="Requestors.")
@click.option(
    "--queue", type=click.IntRange(0, 8), default=2, show_default=True, help="The listener's backlog."
)
@EVENTS
@click.option(
    "--mutant",
    type=click.Choice(sorted(PLANTED)),
    metavar="NAME",
    help=f"Check tables with this planted fault: {', '.join(sorted(PLANTED))}.",
)
@click.option(
    "--mutants",
    is_flag=True,
    help="Check every single-fault mutant of the profile's tables, at sizes of its own: goes with --profile, --jobs "
    "and --json.",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes for --mutants  [default: one per core]")
@click.option(
    "--no-symmetry",
    is_flag=True,
    help="Tell requestors apart (core events): the same proof, many more states.",
)
@click.option(
    "--max-states",
    type=click.IntRange(min=1),
    default=2_000_000,
    show_default=True,
    help="Give up beyond so many states (about 0.4 kB each); nothing is proven then.",
)
@click.option("--json", "json_file", type=OUTPUT, help="Write what was found as JSON.")
@click.option("--test", "test_file", type=OUTPUT, help="Write a counterexample as a Python test.")
@CHART
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - one value per option above
    """Explore every interleaving of a listener with its queue and some requestors, on the tables that run.

    Each step is done by the runtime itself. Proven are the invariants of the connection layer in the form that the
    profile has, that every row and branch of the tables fires, and that nothing deadlocks. A violation is shown as
    the shortest sequence that leads to it, and with --chart drawn: who is told of what, and the states that follow.

    Exit code 0: proven; 1: violated, or not proven within --max-states; 2: wrong usage; 4: a file could not be
    written at the end; 130: interrupted.

    Example: dicomnet check --profile tcp-linux --security played --clients 4 --queue 2

    Example: dicomnet check --mutant lifo --chart broken.svg
    """
    if options["security"] == "iscl":
        ctx.exit(_check_iscl(ctx, options["json_file"]))
    question = _question(options)
    json_file: Path | None = options["json_file"]
    screen = Screen(highlight=False)
    screen.carry_on = True
    _refuse_what_contradicts(ctx, question, mutants=options["mutants"])
    if options["mutants"]:
        ctx.exit(show_mutants(screen, question.profile, options["jobs"], json_file))
    files = Files(json_file, options["test_file"], options["chart_file"])
    ctx.exit(0 if _prove(screen, question, files) else VIOLATED)


# What --mutants has no use for.
OF_ONE_QUESTION = {
    "security": "--security",
    "clients": "--clients",
    "queue": "--queue",
    "events": "--events",
    "no_symmetry": "--no-symmetry",
    "max_states": "--max-states",
    "test_file": "--test",
    "chart_file": "--chart",
}


# What an ISCL line has no use for.
OF_CONNECTIONS = {
    **{name: option for name, option in OF_ONE_QUESTION.items() if name != "security"},
    "profile": "--profile",
    "mutant": "--mutant",
    "mutants": "--mutants",
    "jobs": "--jobs",
}


def _check_iscl(ctx: click.Context, json_file: Path | None) -> int:
    refuse_useless(
        ctx, OF_CONNECTIONS, "--security iscl explores the two ends of a line, at sizes of their own"
    )
    return check_iscl(Screen(highlight=False), json_file)


def _question(options: dict[str, Any]) -> Question:
    return Question(
        profile=options["profile"],
        clients=options["clients"],
        places=options["queue"],
        core=options["events"] == "core",
        mutant=options["mutant"],
        limit=options["max_states"],
        symmetry=not options["no_symmetry"],
        security=options["security"],
    )


def _refuse_what_contradicts(ctx: click.Context, question: Question, *, mutants: bool) -> None:
    refuse_same_files(ctx)
    if not mutants and ctx.params["jobs"] is not None:
        raise click.UsageError("--jobs goes with --mutants alone")
    if mutants and question.mutant is None:
        refuse_useless(ctx, OF_ONE_QUESTION, "--mutants explores at sizes of its own")
    if not question.symmetry and not question.core:
        raise click.UsageError("--no-symmetry goes with --events core alone")
    if mutants and question.mutant is not None:
        raise click.UsageError("--mutants checks them all: leave --mutant out")
    refuse_mutant(question.mutant, question.profile)
    if question.mutant is not None and PLANTED[question.mutant].secure and question.security == "none":
        raise click.UsageError(
            f"--mutant {question.mutant} shows only where links are secured: add --security played"
        )


class Files(NamedTuple):
    """What is to be written, where it is asked for."""

    json: Path | None
    test: Path | None
    chart: Path | None


def _prove(screen: Screen, question: Question, files: Files) -> bool:
    screen.print(str(question), markup=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("exploring")
        proof = prove(
            question,
            lambda states, waiting: progress.update(
                task, description=f"{states:,} states, {waiting:,} to look at"
            ),
        )
    show_proof(screen, proof)
    if proof.found.broken is not None and files.test is None:
        screen.print("\nAs a test (--test FILE writes it):\n", markup=False)
        screen.print(as_test(proof), markup=False, soft_wrap=True)
    if proof.found.broken is None:
        not_written(screen, files.test)
        not_written(screen, files.chart)
    screen.print(f"[{'green' if proof.holds else 'bold red'}]{proof.verdict}")
    if proof.found.broken is not None:
        save(files.test, as_test(proof))
        if files.chart is not None:
            save_chart(files.chart, counterexample_chart(proof))
    save_json(files.json, proof_as_dict(proof))
    return proof.holds
