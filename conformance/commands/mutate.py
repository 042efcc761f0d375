"""`dicomnet mutate`: the proof that the suite can fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ..case import SIDES
from ..mutate import examine_all, matrix_as_dict
from ..product import Kind
from ..reports import Screen
from .options import OUTPUT, save_json

NOT_AS_IT_SHOULD_BE = ("survivors", "tolerated_not_told", "false_alarms")


@click.command()
@click.option("--json", "json_file", type=OUTPUT, default=None, help="Write the matrix as JSON.")
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=None, help="Processes to use  [default: one per core]"
)
@click.option(
    "--role",
    type=click.Choice(sorted(SIDES)),
    default="acceptor",
    show_default=True,
    help="Which reference peer has the faulty machine.",
)
@click.pass_context
def mutate(ctx: click.Context, json_file: Path | None, jobs: int | None, role: str) -> None:
    """Build every single-fault mutant of a reference peer's machine and run the suite of its role against each.

    Exit code 0 when the suite says of each what its class demands, 1 when not, 4 when the matrix could not be
    written, 130 when interrupted.

    Example: dicomnet mutate --jobs 2 --json matrix.json

    Example: dicomnet mutate --role requestor
    """
    screen = Screen(highlight=False)
    screen.carry_on = True
    columns = (
        TextColumn("mutants"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("mutants", total=None)
        outcomes = examine_all(
            jobs, lambda done, total: progress.update(task, completed=done, total=total), role
        )
    matrix: dict[str, Any] = matrix_as_dict(outcomes)
    _show(screen, matrix)
    wrong = [row for name in NOT_AS_IT_SHOULD_BE for row in matrix[name]]
    for row in wrong:
        witness = ", ".join(("connect", *row["witness"]))
        screen.print(
            f"{row['kind']}, but {row['verdict']}: {row['id']}  (shown by: {witness})",
            markup=False,
            soft_wrap=True,
        )
    save_json(json_file, matrix)
    ctx.exit(1 if wrong else 0)


def _show(screen: Console, matrix: dict[str, Any]) -> None:
    table = Table(title="Mutants by operator", title_justify="left")
    table.add_column("operator")
    for name in ("total", *(kind.value for kind in Kind), "killed"):
        table.add_column(name, justify="right")
    for operator, row in matrix["by_operator"].items():
        table.add_row(operator, *(str(count) for count in row.values()))
    screen.print(table)
    screen.print(
        f"{matrix['total']} mutants: {matrix['unobservable']} not observable from outside, "
        f"{matrix['tolerated']} tolerated ({matrix['tolerated_told']} told as non-strict or informational), "
        f"{matrix['observable']} observable, {matrix['killed']} of them killed"
    )
