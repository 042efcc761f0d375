"""`dicomnet table`: the tables that run, printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from dicomnet.diagrams import TABLES, TLS_PROFILES_TABLE, table_csv, table_html
from dicomnet.statemachine import (
    COUPLING,
    MACHINES,
    coupling_as_dict,
    coupling_as_markdown,
    table_as_dict,
    table_as_markdown,
    tls_profiles_as_dict,
    tls_profiles_as_markdown,
)

from .options import OUTPUT, NameType, put

FORMATS: Final = ("md", "json", "html", "csv")


@click.command()
@click.argument("name", type=NameType(TABLES, "table"), metavar="NAME")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="md",
    show_default=True,
    help="md and html (a page that stands alone) are to be read, json and csv to be computed with.",
)
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Write to this file, not to the screen.")
def table(name: str, form: str, output: Path | None) -> None:
    """Print a table that runs: every cell, with its effects in order, its clause and its next state.

    NAME is association (PS3.8 2020, Table 9-10), connection, security, listener, library, path (of a connection
    request to its listener), or coupling: how these meet. Listener and path differ by profile: listener-tcp-linux, ...
    tls-profiles are the TLS profiles of PS3.15 Annex B, with what each makes of every cipher suite.
    iscl is one end of an ISCL line: an abstract machine, never on a wire.

    In CSV a cell is a row, and one with several conditions a row for each; what a spreadsheet would take for a formula
    has an apostrophe before it.

    Example: dicomnet table association --format json

    Example: dicomnet table association --format html -o association.html
    """
    put(_written(name, form), output)


def _written(name: str, form: str) -> str | bytes:
    match form:
        case "html":
            return table_html(name)
        case "csv":
            return table_csv(name).encode()  # its line ends are CRLF everywhere
        case "json":
            return json.dumps(_data(name), indent=2) + "\n"
        case _:
            return _markdown(name)


def _markdown(name: str) -> str:
    if name == TLS_PROFILES_TABLE:
        return tls_profiles_as_markdown()
    return coupling_as_markdown(COUPLING) if name == "coupling" else table_as_markdown(MACHINES[name])


def _data(name: str) -> dict[str, object]:
    if name == TLS_PROFILES_TABLE:
        return tls_profiles_as_dict()
    return coupling_as_dict(COUPLING) if name == "coupling" else table_as_dict(MACHINES[name])
