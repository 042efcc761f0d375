"""The command line: `dicomnet COMMAND`."""

from __future__ import annotations

import sys
import traceback
from io import TextIOWrapper
from pathlib import Path

import click

from .commands.certs import certs
from .commands.check import check
from .commands.draw import diagram
from .commands.explain import explain
from .commands.fuzz import fuzz
from .commands.interruption import Interruption
from .commands.mutate import mutate
from .commands.options import INTERRUPTED
from .commands.page import page
from .commands.peers import echo, serve
from .commands.simulate import simulate_command
from .commands.standard_output import standard_output
from .commands.table import table
from .commands.test import test
from .reports import NOBODY_READS, drop_output

__all__ = ["Interruption", "cli", "main"]

OWN_FAULT = 4
# Standard output is full, or no longer there.
NOT_PRINTED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dicomnet")
def cli() -> None:
    """Model, simulate and conformance-test DICOM network connections (PS3.8).

    Example: dicomnet test 127.0.0.1:11112 --called-aet STORESCP
    """


for command in (
    test,
    fuzz,
    explain,
    serve,
    echo,
    mutate,
    check,
    simulate_command,
    table,
    diagram,
    page,
    certs,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; exit code 2 is wrong usage, 4 a fault of our own, 130 an interruption."""
    interruption = Interruption()
    interruption.hold()
    with interruption, standard_output() as outlet:
        errors = sys.stderr
        if isinstance(errors, TextIOWrapper):
            errors.reconfigure(errors="backslashreplace")
        code = _run(interruption)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            drop_output()
            code = code or NOBODY_READS
        if outlet.failure is not None:
            click.echo(f"Error: cannot write to the standard output: {outlet.failure.strerror}", err=True)
            code = NOT_PRINTED if code in (0, NOBODY_READS) else code
        interruption.leave_to_the_system()
    sys.exit(code)


def _run(interruption: Interruption) -> int:
    try:
        try:
            interruption.release()
            interruption.check()
            code = cli.main(standalone_mode=False, obj=interruption)
        finally:
            interruption.hold()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted", err=True)
        return INTERRUPTED
    except click.exceptions.Exit as error:
        return error.exit_code
    except (BrokenPipeError, SystemExit):  # click leaves with an exit of its own when its reader has gone
        drop_output()
        return NOBODY_READS
    except Exception as error:  # noqa: BLE001 - a user sees a message, whatever happens
        where = traceback.extract_tb(error.__traceback__)[-1]
        click.echo(
            f"Error: dicomnet itself failed: {type(error).__name__}: {error} "
            f"({Path(where.filename).name}:{where.lineno}); please report this",
            err=True,
        )
        return OWN_FAULT
    return code if isinstance(code, int) else 0
