"""`dicomnet check`: asks the model whether the connection layer's invariants hold in every interleaving."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dicomnet.statemachine import FORMS, PROFILES

from ..exploration import PLANTED, Proof, as_test, prove, sequence, tables, unreduced
from ..reports import Screen, replace_text
from .mutants import show_mutants
from .options import OUTPUT

VIOLATED = 1
WATCHED_LATER = {4: "on_secure_link_ready at most once, after the connection: there is no security layer yet"}


@click.command()
@click.option(
    "--profile",
    type=click.Choice(sorted(PROFILES)),
    default="dicomnet",
    show_default=True,
    help="What carries the connections: the queue as the seed has it, or as real TCP stacks have it.",
)
@click.option("--clients", type=click.IntRange(1, 12), default=3, show_default=True, help="Requestors.")
@click.option(
    "--queue", type=click.IntRange(0, 8), default=2, show_default=True, help="The listener's backlog."
)
@click.option(
    "--events",
    type=click.Choice(["core", "all"]),
    default="core",
    show_default=True,
    help="core: connect, accept, end, withdraw; all: also each report by itself, force, timers, what callbacks call.",
)
@click.option("--mutant", type=click.Choice(sorted(PLANTED)), help="Check tables with this planted fault.")
@click.option(
    "--mutants", is_flag=True, help="Check every single-fault mutant of the connection layer's tables."
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
@click.pass_context
def check(
    ctx: click.Context,
    profile: str,
    clients: int,
    queue: int,
    events: str,
    mutant: str | None,
    mutants: bool,
    jobs: int | None,
    no_symmetry: bool,
    max_states: int,
    json_file: Path | None,
    test_file: Path | None,
) -> None:
    """Explore every interleaving of a listener with its queue and some requestors, on the tables that run.

    Each step is done by the runtime itself. Proven are the invariants of the connection layer in the form that the
    profile has, that every row and branch of the tables fires, and that nothing deadlocks. A violation is shown as
    the shortest sequence that leads to it.

    Exit code 0: proven; 1: violated, or not proven within --max-states; 2: wrong usage.

    Example: dicomnet check --profile tcp-linux --clients 4 --queue 2
    """
    core = events == "core"
    if no_symmetry and not core:
        raise click.UsageError("--no-symmetry goes with --events core alone")
    screen = Screen(highlight=False)
    screen.carry_on = True
    if mutants:
        if mutant is not None:
            raise click.UsageError("--mutants checks them all: leave --mutant out")
        ctx.exit(show_mutants(screen, profile, jobs, json_file))
    model = tables(profile, mutant)
    screen.print(f"profile {profile}, {clients} requestors, backlog {queue}, {events} events", markup=False)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=screen, transient=True
    ) as progress:
        task = progress.add_task("exploring")

        def tell(states: int, waiting: int) -> None:
            progress.update(task, description=f"{states:,} states, {waiting:,} waiting")

        proof = prove(model, clients, queue, core=core, limit=max_states, progress=tell)
        whole = None
        if no_symmetry and proof.found.complete:
            whole = unreduced(model, clients, queue, max_states)
    _show(screen, profile, proof, whole)
    test = None
    if proof.found.broken is not None:
        test = as_test(proof.found, profile, mutant, clients, queue, core=core)
        if test_file is None:
            screen.print("As a test (--test FILE writes it):\n", markup=False)
            screen.print(test, markup=False, soft_wrap=True)
    _write(json_file, json.dumps(_as_dict(profile, clients, queue, events, mutant, proof), indent=1) + "\n")
    _write(test_file, test)
    proven = proof.holds and (whole is None or whole.complete)
    screen.print("proven" if proven else _verdict(proof), style="green" if proven else "bold red")
    ctx.exit(0 if proven else VIOLATED)


def _verdict(proof: Proof) -> str:
    if proof.found.broken is not None or proof.rows or proof.unfired:
        return "violated"
    return "not proven: --max-states was reached before everything was seen"


def _show(screen: Screen, profile: str, proof: Proof, whole: object) -> None:
    broken = proof.found.broken
    table = Table(title="Invariants", title_justify="left", show_lines=False)
    for name in ("", "in this profile", ""):
        table.add_column(name)
    for number, forms in sorted(FORMS.items()):
        said = _said(number, proof)
        table.add_row(str(number), forms[profile], said)
    for number, why in WATCHED_LATER.items():
        table.add_row(str(number), why, "not watched")
    screen.print(table)
    fired = Table(title="What fired", title_justify="left")
    for name in ("table", "fired", "of", "never"):
        fired.add_column(name, justify="right" if name in ("fired", "of") else "left")
    for name, (count, total, never) in proof.coverage.items():
        fired.add_row(name, str(count), str(total), "; ".join(never))
    screen.print(fired)
    for failure in proof.rows:
        screen.print(f"row {failure.row} does not hold: {failure.text}", markup=False, soft_wrap=True)
    for found in (proof.found, whole):
        if found is not None:
            screen.print(_figures(found, proof.peak), markup=False)
    if broken is not None:
        screen.print("The shortest way to it:", markup=False)
        screen.print(sequence(proof.found), markup=False, soft_wrap=True)


def _said(number: int, proof: Proof) -> str:
    broken = proof.found.broken
    if broken is not None and broken.invariant == number:
        return "violated"
    if number == 9 and proof.unfired:
        return "violated"
    return "holds" if proof.found.complete else "not proven"


def _figures(found: object, peak: int) -> str:
    from ..exploration import Found

    assert isinstance(found, Found)
    rate = found.states / found.seconds if found.seconds else 0.0
    return (
        f"{found.states:,} states, {found.transitions:,} transitions in {found.seconds:.2f} s "
        f"({rate:,.0f} states/s), peak memory {peak / 1e6:.0f} MB"
    )


def _as_dict(
    profile: str, clients: int, queue: int, events: str, mutant: str | None, proof: Proof
) -> dict[str, object]:
    found = proof.found
    return {
        "schema": "dicomnet-check/1",
        "profile": profile,
        "clients": clients,
        "queue": queue,
        "events": events,
        "mutant": mutant,
        "proven": proof.holds,
        "states": found.states,
        "transitions": found.transitions,
        "seconds": round(found.seconds, 3),
        "peak_memory_octets": proof.peak,
        "invariants": {
            str(number): {"form": forms[profile], "verdict": _said(number, proof)}
            for number, forms in FORMS.items()
        },
        "rows": [{"row": each.row, "text": each.text} for each in proof.rows],
        "coverage": {
            name: {"fired": row[0], "of": row[1], "never": list(row[2])}
            for name, row in proof.coverage.items()
        },
        "counterexample": None
        if found.broken is None
        else {
            "invariant": found.broken.invariant,
            "text": found.broken.text,
            "steps": [str(step) for step in found.steps],
        },
    }


def _write(file: Path | None, content: str | None) -> None:
    if file is None or content is None:
        return
    try:
        replace_text(file, content)
    except OSError as error:
        raise click.ClickException(f"cannot write {str(file)!r}: {error.strerror}") from error
