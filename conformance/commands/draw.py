"""`dicomnet diagram`: the tables that run, and what happened on them, drawn."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from dicomnet.diagrams import (
    DIAGRAMS,
    FORMATS,
    THEMES,
    VIEWS,
    Chart,
    Marks,
    RenderError,
    chart_mermaid,
    chart_svg,
    dot_of,
    heat_svg,
    mermaid_of,
    picture,
)
from dicomnet.diagrams import engine as engine_that_draws
from dicomnet.statemachine import ASSOCIATION

from ..charts import NoChartError, chart_from
from ..coverage import marks_of, read_report
from ..walkthrough import walk_through
from .options import OUTPUT, NameType, put, refuse_same_file

# What is drawn of a report, and not of a table.
SEQUENCE, CELLS = "sequence", "cells"
OF_REPORTS = (SEQUENCE, CELLS)
# What is drawn of a run that is made for it.
WALK = "walk-through"
NAMES = (*DIAGRAMS, WALK, *OF_REPORTS)
FORMATS_DRAWN = (*FORMATS, "dot", "mermaid")
OF_CHARTS = ("svg", "mermaid")
ENDINGS = {"svg": "svg", "png": "png", "dot": "dot", "mmd": "mermaid"}
ON: Final = click.option(
    "--on",
    "transport",
    default="",
    metavar="TRANSPORT",
    help="With sequence: of several, the one on this transport.",
)
COVERAGE: Final = click.option(
    "--coverage",
    type=click.Path(path_type=Path),
    metavar="REPORT",
    help="With association: colour the arrows by what a run has covered, and how it came out.",
)
THEME: Final = click.option(
    "--theme",
    type=click.Choice(THEMES),
    default=THEMES[0],
    show_default=True,
    help="Of a state diagram: auto is light, and in an SVG dark where its reader prefers that.",
)
KEY: Final = click.option(
    "--key/--no-key",
    default=True,
    show_default=True,
    help="Whether a state diagram says what its events and actions are; without, it fits A4.",
)


def _tell_engine(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    try:
        click.echo(engine_that_draws())
    except RenderError as error:
        raise click.ClickException(str(error)) from error
    ctx.exit()


@click.command()
@click.argument("name", type=NameType(NAMES, "diagram"), metavar="NAME", required=False)
@click.argument("report", type=click.Path(path_type=Path), required=False, metavar="[REPORT]")
@click.option("--case", "case_id", metavar="ID", help="With sequence: the case of the report that is drawn.")
@ON
@COVERAGE
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS_DRAWN),
    help="What is written; by default by the ending of FILE, and dot (of a chart: mermaid) without one.",
)
@THEME
@KEY
@click.option("--list", "list_only", is_flag=True, help="List the names and stop.")
@click.option(
    "--engine", is_flag=True, is_eager=True, callback=_tell_engine, help="Tell which engine draws, and stop."
)
@click.option("--all", "whole", is_flag=True, help="Draw all, each into a file in the directory DIR.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="FILE.svg, FILE.png, FILE.dot or FILE.mmd; without it, text is printed.",
)
def diagram(
    name: str | None,
    report: Path | None,
    list_only: bool,
    engine: bool,
    whole: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Draw a table that runs, or what happened in a case.

    NAME is association (PS3.8 2020, Table 9-10; association-requestor and association-acceptor: what one end sees
    of it), connection, security, listener, library, path (of a connection request to its listener), coupling: how
    these meet, or endpoint: how they meet, with their states. Listener and path differ by profile: listener-tcp-
    linux, ... iscl is one end of an ISCL line: an abstract machine, never on a wire. Tables are drawn by graphviz-
    pure, or else by the system's dot.

    sequence draws a case of a JSON report as a message sequence chart, with the states of both ends, up to where
    expectation and observation part. walk-through is a chart of the steps of making a connection, from the start of
    the libraries on, at both ends. cells draws Table 9-10 with what the run of a report has covered.

    In an SVG the arrows and states say more when they are pointed at: meaning, effects, clause.

    Example: dicomnet diagram association -o association.svg

    Example: dicomnet diagram sequence report.json --case ul.sta6.evt19 -o case.svg

    Example: dicomnet diagram walk-through -o walk-through.svg
    """
    if list_only:
        click.echo("\n".join(NAMES))
    elif whole:
        _draw_all(asked["output"], asked["form"] or "svg", asked["theme"], key=asked["key"])
    elif name is None:
        raise click.UsageError(f"which diagram? NAME is one of {', '.join(NAMES)}")
    else:
        _draw_one(name, report, **asked)


def _draw_one(
    name: str,
    report: Path | None,
    *,
    case_id: str | None,
    transport: str,
    coverage: Path | None,
    form: str | None,
    theme: str,
    key: bool,
    output: Path | None,
) -> None:
    for read in (report, coverage):
        refuse_same_file(read, output, "the report and -o")
    if name == WALK:
        _refuse_of_reports(report is not None or case_id is not None or bool(transport))
        put(_chart(walk_through(), _form(form, output, "mermaid")), _checked(output))
    elif name in OF_REPORTS:
        form = _form(form, output, "mermaid" if name == SEQUENCE else "svg")
        drawn = _sequence(report, case_id, transport, form) if name == SEQUENCE else _cells(report, form)
        put(drawn, _checked(output))
    else:
        _refuse_of_reports(report is not None or case_id is not None or bool(transport))
        form = _form(form, output, "dot")
        put(_drawn(name, form, theme, _marks(name, coverage, form), key=key), _checked(output))


def _refuse_of_reports(given: bool) -> None:
    if given:
        raise click.UsageError(f"REPORT, --case and --on go with {' and '.join(OF_REPORTS)}: leave them out")


def _read(report: Path) -> dict[str, object]:
    try:
        return read_report(report)
    except NoChartError as error:
        raise click.UsageError(str(error)) from error


def _marks(name: str, coverage: Path | None, form: str) -> Marks | None:
    """What a run has covered of a table: reports tell of the association's alone."""
    if coverage is None:
        return None
    machine = VIEWS[name].machine if name in VIEWS else name
    if machine != ASSOCIATION.name or form == "mermaid":
        raise click.UsageError("--coverage goes with association, whole or of one end, as svg, png or dot")
    return marks_of(_read(coverage))


def _cells(report: Path | None, form: str) -> str:
    if report is None:
        raise click.UsageError("which cells were covered? dicomnet diagram cells REPORT.json")
    if form != "svg":
        raise click.UsageError(f"cells are drawn as svg, not as {form}")
    read = _read(report)
    return heat_svg(ASSOCIATION, marks_of(read), f"Table 9-10 on {read.get('target')}")


def _form(form: str | None, output: Path | None, printed: str) -> str:
    """The format: as asked for, by the ending of the file, or the one that is printed."""
    if form is not None:
        return form
    if output is None:
        return printed
    ending = output.suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        raise click.UsageError(f"{str(output)!r} must end in {', '.join(f'.{each}' for each in ENDINGS)}")
    return ENDINGS[ending]


def _checked(output: Path | None) -> Path | None:
    return None if output is None else OUTPUT.convert(output, None, click.get_current_context())


def _drawn(name: str, form: str, theme: str, marks: Marks | None = None, *, key: bool) -> str | bytes:
    """A table, drawn."""
    if form == "mermaid":
        return mermaid_of(name)
    source = dot_of(name, marks, key=key)
    if form == "dot":
        return source
    try:
        return picture(source, form, theme)
    except RenderError as error:
        raise click.ClickException(f"{error}; FILE.dot needs no drawing") from error


def _draw_all(output: Path | None, form: str, theme: str, *, key: bool) -> None:
    """Each into a file of its own; engines are programs, so that several can draw at a time."""
    if output is None:
        raise click.UsageError("--all needs a directory: -o DIR")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"cannot make {str(output)!r}: {error.strerror or error}") from error
    ending = next(ending for ending, each in ENDINGS.items() if each == form)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        drawn = dict(
            zip(DIAGRAMS, pool.map(partial(_drawn, form=form, theme=theme, key=key), DIAGRAMS), strict=True)
        )
    if form in OF_CHARTS:
        drawn[WALK] = _chart(walk_through(), form)
    for name, content in drawn.items():
        put(content, output / f"{name}.{ending}")
        click.echo(str(output / f"{name}.{ending}"))


def _sequence(report: Path | None, case_id: str | None, transport: str, form: str) -> str:
    if report is None or case_id is None:
        raise click.UsageError("a sequence is of a case: dicomnet diagram sequence REPORT.json --case ID")
    try:
        chart = chart_from(report, case_id, transport)
    except NoChartError as error:
        raise click.UsageError(str(error)) from error
    return _chart(chart, form)


def _chart(chart: Chart, form: str) -> str:
    if form not in OF_CHARTS:
        raise click.UsageError(f"a sequence is drawn as svg or mermaid, not as {form}")
    return chart_svg(chart) if form == "svg" else chart_mermaid(chart)
