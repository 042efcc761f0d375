"""`dicomnet explain CASE`: what a case demands, why, and what is sent and allowed."""

from __future__ import annotations

import difflib
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from dicomnet.statemachine import Framer

from ..bench import SANITY, SANITY_REQUESTOR
from ..bounds import TESTER_LIMITS
from ..case import SIDES, Case
from ..cases.tls import every_tls_case
from ..oracle import Oracle
from ..reports import Screen
from ..reports.text import printable
from ..suite import all_cases
from .charted import CHART, save_chart
from .explain_chart import explained
from .explain_steps import step_lines


@click.command()
@click.argument("case_id", metavar="CASE")
@CHART
def explain(case_id: str, chart_file: Path | None) -> None:
    """Explain a case: the requirement, its clause, the states and events, the allowed answers, the messages.

    With --chart that is a message sequence chart as well: what the tester does step by step, the answers that are
    allowed, and the states that the target may be in.

    Example: dicomnet explain ul.sta2.evt10

    Example: dicomnet explain ul.sta6.evt19 --chart case.svg
    """
    depth = 1 if "+" in case_id else 0
    known = every_tls_case() | {case.id: case for case in (SANITY, SANITY_REQUESTOR, *all_cases(depth))}
    known |= {case.id: case for case in all_cases(depth, role="requestor")}
    case = known.get(case_id)
    if case is None:
        near = ", ".join(difflib.get_close_matches(case_id, known, n=3)) or "see dicomnet test --list"
        raise click.UsageError(f"there is no case {case_id!r}; near: {near}")
    show_case(case, Screen(soft_wrap=True, highlight=False))
    if chart_file is not None:
        save_chart(chart_file, explained(case))


def show_case(case: Case, console: Console) -> None:
    """Print the explanation of a case."""
    console.print(f"[bold]{escape(case.id)}[/]  {escape(case.title)}")
    rows = [
        ("clause", case.clause),
        ("level", case.level.value),
        ("role", f"{case.role} (of the system under test)"),
        ("requirement", case.requirement),
    ]
    if case.cell is not None:
        rows.append(("cell", f"{case.cell[0]} x {case.cell[1]}"))
    if case.slow:
        rows.append(("waits", "for a long timer; left out by --quick"))
    rows.extend(("note", note) for note in case.notes)
    for name, text in rows:
        console.print(f"  {name:<12}{escape(text)}")
    console.print("  sequence")
    oracle, framer = Oracle(side=SIDES[case.role]), Framer(TESTER_LIMITS)
    for number, step in enumerate(case.steps, 1):
        for position, line in enumerate(step_lines(step, oracle, framer)):
            console.print(f"    {number if position == 0 else '':>2}  {escape(printable(line))}")
    for check in case.checks:
        console.print(f"  {'check':<12}{escape(check.says)}")
