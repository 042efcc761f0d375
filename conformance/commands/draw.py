"""`dicomnet table` and `dicomnet diagram`: the machines that run, printed and drawn."""

from __future__ import annotations

import json

import click

from dicomnet.statemachine import MACHINES, table_as_dict


@click.command()
@click.argument("name", type=click.Choice(sorted(MACHINES)))
@click.option("--format", "style", default="json")
def table(name: str, style: str) -> None:
    """Print a machine's table.

    Example: dicomnet table association
    """
    click.echo(json.dumps(table_as_dict(MACHINES[name]), indent=2))


@click.command()
@click.argument("name", type=click.Choice(sorted(MACHINES)))
def diagram(name: str) -> None:
    """Draw a machine.

    Example: dicomnet diagram association -o association.svg
    """
    raise click.ClickException(f"the {name} machine cannot be drawn yet")
