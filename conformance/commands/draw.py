"""`dicomnet table` and `dicomnet diagram`: the tables that run, printed and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dicomnet.diagrams import (
    DIAGRAMS,
    FORMATS,
    Marks,
    RenderError,
    chart_mermaid,
    chart_svg,
    dot_of,
    heat_svg,
    mermaid_of,
    picture,
)
from dicomnet.statemachine import (
    ASSOCIATION,
    COUPLING,
    MACHINES,
    coupling_as_dict,
    coupling_as_markdown,
    table_as_dict,
    table_as_markdown,
    tls_profiles_as_dict,
    tls_profiles_as_markdown,
)

from ..charts import NoChartError, chart_from
from ..coverage import marks_of, read_report
from .options import OUTPUT

# What is drawn of a report, and not of a table.
SEQUENCE, CELLS = "sequence", "cells"
OF_REPORTS = (SEQUENCE, CELLS)
NAMES = (*DIAGRAMS, *OF_REPORTS)
# Tables that are no machine's, and have no diagram.
TLS_TABLE = "tls-profiles"
FORMATS_DRAWN = (*FORMATS, "dot", "mermaid")
ENDINGS = {"svg": "svg", "png": "png", "dot": "dot", "mmd": "mermaid"}


@click.command()
@click.argument("name", type=click.Choice((*DIAGRAMS, TLS_TABLE)), metavar="NAME")
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "json"]),
    default="md",
    show_default=True,
    help="md is to be read, json to be computed with.",
)
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Write to this file, not to the screen.")
def table(name: str, form: str, output: Path | None) -> None:
    """Print a table that runs: every cell, with its effects in order, its clause and its next state.

    NAME is association (PS3.8 2020, Table 9-10), connection, security, listener, library, path (of a connection
    request to its listener), or coupling: how these meet. Listener and path differ by profile: listener-tcp-linux, ...
    tls-profiles are the TLS profiles of PS3.15 Annex B, with what each makes of every cipher suite.
    iscl is one end of an ISCL line: an abstract machine, never on a wire.

    Example: dicomnet table association --format json
    """
    text = _markdown(name) if form == "md" else json.dumps(_data(name), indent=2) + "\n"
    _put(text, output)


def _markdown(name: str) -> str:
    if name == TLS_TABLE:
        return tls_profiles_as_markdown()
    return coupling_as_markdown(COUPLING) if name == "coupling" else table_as_markdown(MACHINES[name])


def _data(name: str) -> dict[str, object]:
    if name == TLS_TABLE:
        return tls_profiles_as_dict()
    return coupling_as_dict(COUPLING) if name == "coupling" else table_as_dict(MACHINES[name])


@click.command()
@click.argument("name", type=click.Choice(NAMES), metavar="NAME", required=False)
@click.argument("report", type=click.Path(path_type=Path), required=False, metavar="[REPORT]")
@click.option("--case", "case_id", metavar="ID", help="With sequence: the case of the report that is drawn.")
@click.option(
    "--on",
    "transport",
    default="",
    metavar="TRANSPORT",
    help="With sequence: of several, the one on this transport.",
)
@click.option(
    "--coverage",
    type=click.Path(path_type=Path),
    metavar="REPORT",
    help="With association: colour the arrows by what a run has covered, and how it came out.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS_DRAWN),
    help="What is written; by default by the ending of FILE, and dot (of a sequence: mermaid) without one.",
)
@click.option("--list", "list_only", is_flag=True, help="List the names and stop.")
@click.option("--all", "whole", is_flag=True, help="Draw every table, each into a file in the directory DIR.")
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
    case_id: str | None,
    transport: str,
    coverage: Path | None,
    form: str | None,
    list_only: bool,
    whole: bool,
    output: Path | None,
) -> None:
    """Draw a table that runs, or what happened in a case.

    NAME is association (PS3.8 2020, Table 9-10), connection, security, listener, library, path (of a connection
    request to its listener), or coupling: how these meet. Listener and path differ by profile: listener-tcp-linux, ...
    iscl is one end of an ISCL line: an abstract machine, never on a wire. sequence draws a case of a JSON report as a
    message sequence chart, up to where expectation and observation part. cells draws Table 9-10 with what the run of a
    report has covered. Tables are drawn by the system's dot if there is one, and else by graphviz-pure. In an SVG the
    arrows and states say more when they are pointed at: meaning, effects, clause.

    Example: dicomnet diagram association -o association.svg

    Example: dicomnet diagram sequence report.json --case ul.sta6.evt19 -o case.svg
    """
    if list_only:
        click.echo("\n".join(NAMES))
    elif whole:
        _draw_all(output, form or "svg")
    elif name is None:
        raise click.UsageError(f"which diagram? NAME is one of {', '.join(NAMES)}")
    elif name in OF_REPORTS:
        form = _form(form, output, "mermaid" if name == SEQUENCE else "svg")
        drawn = _sequence(report, case_id, transport, form) if name == SEQUENCE else _cells(report, form)
        _put(drawn, _checked(output))
    else:
        _refuse_of_reports(report is not None or case_id is not None or bool(transport))
        form = _form(form, output, "dot")
        _put(_drawn(name, form, _marks(name, coverage, form)), _checked(output))


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
    if name != ASSOCIATION.name or form == "mermaid":
        raise click.UsageError("--coverage goes with association, as svg, png or dot")
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


def _drawn(name: str, form: str, marks: Marks | None = None) -> str | bytes:
    """A table, drawn."""
    if form == "mermaid":
        return mermaid_of(name)
    source = dot_of(name, marks)
    if form == "dot":
        return source
    try:
        return picture(source, form)
    except RenderError as error:
        raise click.ClickException(f"{error}; FILE.dot needs no drawing") from error


def _draw_all(output: Path | None, form: str) -> None:
    if output is None:
        raise click.UsageError("--all needs a directory: -o DIR")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"cannot make {str(output)!r}: {error.strerror or error}") from error
    ending = next(ending for ending, each in ENDINGS.items() if each == form)
    for each in DIAGRAMS:
        _put(_drawn(each, form), output / f"{each}.{ending}")
        click.echo(str(output / f"{each}.{ending}"))


def _sequence(report: Path | None, case_id: str | None, transport: str, form: str) -> str:
    if report is None or case_id is None:
        raise click.UsageError("a sequence is of a case: dicomnet diagram sequence REPORT.json --case ID")
    if form not in ("svg", "mermaid"):
        raise click.UsageError(f"a sequence is drawn as svg or mermaid, not as {form}")
    try:
        chart = chart_from(report, case_id, transport)
    except NoChartError as error:
        raise click.UsageError(str(error)) from error
    return chart_svg(chart) if form == "svg" else chart_mermaid(chart)


def _put(content: str | bytes, output: Path | None) -> None:
    """Print the content, or write it to the file: in UTF-8 with plain line ends, the same everywhere."""
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise click.ClickException(f"cannot write {str(output)!r}: {error.strerror or error}") from error
