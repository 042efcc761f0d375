"""Values of the command line that several commands take: addresses, AE titles, files to be written."""

from __future__ import annotations

import difflib
import errno
import json
import math
import os
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from dicomnet.statemachine import LocalProtocolError, encode
from dicomnet.transports import Address, echo_request

from ..exploration import PLANTED
from ..reports import Screen, part_of, replace_text

# The exit code of what was interrupted, as shells give it (128 + SIGINT).
INTERRUPTED: Final = 130
# The exit code where all was done but a report could not be written: no verdict on what was examined.
NOT_WRITTEN: Final = 4
MOST_PORT: Final = 65535


class AddressType(click.ParamType[Address]):
    """HOST:PORT, [V6]:PORT."""

    name = "host:port"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read the text; says what is wrong with it."""
        host, colon, port = value.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            self.fail(f"{value!r}: write an IPv6 address as [ADDRESS]:PORT", param, ctx)
        if not colon or not host:
            self.fail(f"{value!r} is not HOST:PORT, as in 127.0.0.1:11112", param, ctx)
        if not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= MOST_PORT:
            self.fail(f"{value!r}: the port must be a number from 1 to {MOST_PORT}", param, ctx)
        return Address(host, int(port))


class ListenType(click.ParamType[Address]):
    """[HOST:]PORT to listen on; without a host, the loopback. Port 0 picks a free one."""

    name = "[host:]port"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read the text; says what is wrong with it."""
        host, port = value.rpartition(":")[::2] if ":" in value else ("127.0.0.1", value)
        if not (port.isascii() and port.isdigit()) or int(port) > MOST_PORT:
            self.fail(
                f"{value!r} is not [HOST:]PORT, as in 11112, with a port from 0 to {MOST_PORT}", param, ctx
            )
        if int(port):
            return ADDRESS.convert(f"{host}:{int(port)}", param, ctx)
        return Address(ADDRESS.convert(f"{host}:1", param, ctx).host, 0)


class AETitleType(click.ParamType[str]):
    """An AE title: 1 to 16 characters of ASCII, no backslash, no control characters, not spaces alone."""

    name = "aet"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Ask the encoder, which knows what may be sent."""
        try:
            encode(echo_request(value, value))
        except LocalProtocolError as error:
            self.fail(f"{value!r} is no AE title (PS3.5 2020 6.2, VR AE): {error.message}", param, ctx)
        return value


class NameType(click.ParamType[str]):
    """One of some names; of any other, those that are near are told, or all."""

    name = "name"

    def __init__(self, names: Sequence[str], what: str) -> None:
        self._names = names
        self._what = what

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Find the name."""
        if value not in self._names:
            begun = [name for name in self._names if value and name.startswith(value)]
            near = begun[:3] or difflib.get_close_matches(value, self._names, n=3)
            told = f"; near: {', '.join(near)}" if near else ""
            self.fail(f"there is no {self._what} {value!r}{told}. {self._all()}", param, ctx)
        return value

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """What is said where there is no name at all."""
        return self._all()

    def _all(self) -> str:
        return f"NAME is one of {', '.join(map(repr, self._names))}"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin so."""
        return [CompletionItem(name) for name in self._names if name.startswith(incomplete)]


class SecondsType(click.FloatRange):
    """A time in seconds; what is no number is out of every range."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


class OutputFileType(click.ParamType[Path]):
    """A file that can be written: tried before any work is done."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Try the directory and the file itself."""
        path = Path(value)
        try:
            _try_to_write(path)
        except (OSError, ValueError) as error:
            text = getattr(error, "strerror", None) or error
            self.fail(f"cannot write {str(path)!r}: {text}", param, ctx)
        return path


def _try_to_write(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a directory")
    if path.exists() and not path.is_file():
        # A device or a pipe: to open it might wait for a reader.
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return
    beside = part_of(path)
    with beside.open("wb"):
        pass
    beside.unlink()
    if path.exists():
        with path.open("ab"):
            pass


ADDRESS = AddressType()
LISTEN = ListenType()
AET = AETitleType()
OUTPUT = OutputFileType()
SECONDS = SecondsType(0.1, 3600.0)
DELAY = SecondsType(0.0, 3600.0)
PATIENCE = click.option(
    "--patience",
    type=SECONDS,
    metavar="SECONDS",
    help="How long an answer may take  [default: from what the first associations show]",
)


def refuse_useless(ctx: click.Context, options: dict[str, str], why: str) -> None:
    """Wrong usage where any of these options (name of the parameter, as it is written) is given."""
    useless = [
        option
        for name, option in options.items()
        if ctx.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
    ]
    if useless:
        raise click.UsageError(f"{why}: leave {', '.join(useless)} out")


def refuse_same_file(first: Path | None, second: Path | None, options: str) -> None:
    """Wrong usage where two reports are to be one file: the second would replace the first."""
    if first is not None and second is not None and first.resolve() == second.resolve():
        raise click.UsageError(f"{options} name the same file, {str(first)!r}")


def refuse_same_files(ctx: click.Context) -> None:
    """Wrong usage where two of `--json`, `--test` and `--chart` are to be one file."""
    refuse_shared_file({f"--{name}": ctx.params[f"{name}_file"] for name in ("json", "test", "chart")})


def refuse_shared_file(places: Mapping[str, Path | None]) -> None:
    """Wrong usage where two of these options (as they are written) name one file."""
    for (first, path), (second, other) in combinations(places.items(), 2):
        refuse_same_file(path, other, f"{first} and {second}")


def refuse_mutant(mutant: str | None, profile: str) -> None:
    """Wrong usage where a profile cannot have this planted fault."""
    if mutant is not None and profile not in PLANTED[mutant].profiles:
        profiles = ", ".join(PLANTED[mutant].profiles)
        raise click.UsageError(f"--mutant {mutant} can be planted in profile {profiles} alone")


class NotWrittenError(click.ClickException):
    """A report could not be written."""

    exit_code = NOT_WRITTEN


def save(file: Path | None, content: str) -> None:
    """Write a report, where one is asked for. Raises `NotWrittenError`, which says why."""
    if file is None:
        return
    try:
        replace_text(file, content)
    except OSError as error:
        raise NotWrittenError(f"cannot write {str(file)!r}: {error.strerror or error}") from error


def not_written(screen: Screen, file: Path | None) -> None:
    """Say that there is nothing of which `--test` could write a test, or `--chart` draw one."""
    if file is not None:
        screen.print(f"no counterexample: {str(file)!r} is not written", markup=False, soft_wrap=True)


def save_json(file: Path | None, content: dict[str, Any]) -> None:
    """Write what `--json` asks for. Raises `NotWrittenError`, which says why."""
    save(file, json.dumps(content, indent=1) + "\n")


def put(content: str | bytes, output: Path | None) -> None:
    """Print the content, or write it to the file: in UTF-8 with plain line ends, the same everywhere."""
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise click.ClickException(f"cannot write {str(output)!r}: {error.strerror or error}") from error
