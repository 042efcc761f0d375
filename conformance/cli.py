"""The command line: `dicomnet COMMAND`."""

from __future__ import annotations

import sys

import click

from .commands.draw import diagram, table
from .commands.explain import explain
from .commands.peers import echo, serve
from .commands.test import test

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dicomnet")
def cli() -> None:
    """Model, simulate and conformance-test DICOM network connections (PS3.8).

    Example: dicomnet test 127.0.0.1:11112 --called-aet STORESCP
    """


for command in (test, explain, serve, echo, table, diagram):
    cli.add_command(command)


def main() -> None:
    """Run the command line; exit code 2 is wrong usage, 130 an interruption."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted", err=True)
        sys.exit(INTERRUPTED)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)
