"""`dicomnet check --mutants`: the table of what became of each mutant."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..exploration import examine_all
from ..reports import Screen
from .options import save_json

FATES = ("row", "invariant", "equivalent", "survives")


def show_mutants(screen: Screen, profile: str, jobs: int | None, json_file: Path | None) -> int:
    """Examine them all, show the table; gives the exit code: 1 where one survives."""
    columns = (TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("mutants", total=None)
        fates = examine_all(
            profile, jobs, lambda done, total: progress.update(task, completed=done, total=total)
        )
    table = Table(title=f"Mutants of the tables of profile {profile}", title_justify="left")
    table.add_column("table")
    for name in ("total", *FATES):
        table.add_column(name, justify="right")
    for name in dict.fromkeys(fate.table for fate in fates):
        counts = Counter(fate.fate for fate in fates if fate.table == name)
        table.add_row(name, str(counts.total()), *(str(counts[fate]) for fate in FATES))
    screen.print(table)
    survivors = [fate for fate in fates if fate.fate == "survives"]
    for fate in survivors:
        screen.print(f"survives: {fate.id}: {fate.shown_by}", markup=False, soft_wrap=True)
    counts = Counter(fate.fate for fate in fates)
    screen.print(
        f"{len(fates)} mutants: {counts['row']} break a row, {counts['invariant']} an invariant, "
        f"{counts['equivalent']} cannot be told apart, {counts['survives']} survive",
        markup=False,
    )
    mutants = [asdict(fate) for fate in fates]
    save_json(json_file, {"schema": "dicomnet-check-mutants/1", "profile": profile, "mutants": mutants})
    return 1 if survivors else 0
