"""`dicomnet table` and `dicomnet diagram`: the tables that run, printed and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dicomnet.diagrams import DIAGRAMS, FORMATS, RenderError, dot_of, picture
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

from .options import OUTPUT

NAME = click.Choice(DIAGRAMS)
# Tables that are no machine's, and have no diagram.
TLS_TABLE = "tls-profiles"
ENDINGS = ("dot", *FORMATS)


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
@click.argument("name", type=NAME, metavar="NAME")
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    metavar="FILE",
    help="FILE.svg, FILE.png or FILE.dot; without it, DOT is printed.",
)
def diagram(name: str, output: Path | None) -> None:
    """Draw a table that runs: the states, and an arrow for whatever leads from one to another.

    NAME is association (PS3.8 2020, Table 9-10), connection, security, listener, library, path (of a connection
    request to its listener), or coupling: how these meet. Listener and path differ by profile: listener-tcp-linux, ...
    iscl is one end of an ISCL line: an abstract machine, never on a wire.
    The picture is drawn by the system's dot if there is one, and else by graphviz-pure. In an SVG the arrows
    and states say more when they are pointed at: meaning, effects, clause.

    Example: dicomnet diagram association -o association.svg
    """
    ending = "dot" if output is None else output.suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        raise click.UsageError(f"{str(output)!r} must end in {', '.join(f'.{each}' for each in ENDINGS)}")
    source = dot_of(name)
    if ending == "dot":
        _put(source, output)
        return
    try:
        _put(picture(source, ending), output)
    except RenderError as error:
        raise click.ClickException(f"{error}; FILE.dot needs no drawing") from error


def _put(content: str | bytes, output: Path | None) -> None:
    """Print the content, or write it to the file: in UTF-8 with plain line ends, the same everywhere."""
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise click.ClickException(f"cannot write {str(output)!r}: {error.strerror or error}") from error
