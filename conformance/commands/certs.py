"""`dicomnet certs`: throw-away certificates to try TLS out with."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from ..reports import part_of

# Imported when it is used, as it brings cryptography along.
if TYPE_CHECKING:
    from ..throwaway import Authority, Issued, KeyType

OWN_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
FILES: Final = (
    *("ca.pem", "server.pem", "server.key", "client.pem", "client.key"),
    *("expired.pem", "expired.key"),
)


class HostType(click.ParamType[str]):
    """A DNS name or an IP address, as it may stand in a certificate."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Ask the maker of certificates, which knows what may stand there."""
        from ..throwaway import check_host

        try:
            check_host(value)
        except ValueError as error:
            self.fail(f"{value!r} is no DNS name or IP address: {error}", param, ctx)
        return value


class DirectoryType(click.Path):
    """A directory that is named: no name would mean the present one, which is seldom meant for keys."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Refuse the empty name."""
        if not os.fspath(value):
            self.fail("this names no directory; the present one is '.'", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.argument("directory", type=DirectoryType(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--host",
    "hosts",
    type=HostType(),
    multiple=True,
    metavar="NAME",
    help="Another name or address of the server, besides localhost, 127.0.0.1 and ::1; may be repeated.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How long they are valid."
)
@click.option(
    "--key-type", type=click.Choice(["rsa", "ec"]), default="rsa", show_default=True, help="ec: P-256."
)
@click.option(
    "--rsa-bits",
    type=click.Choice(["2048", "3072", "4096"]),
    default="2048",
    show_default=True,
    help="2048 is the least that the TLS profiles allow (RFC 9325 4.5).",
)
@click.option(
    "--password-env",
    metavar="VARIABLE",
    help="Encrypt the keys with the password that this environment variable holds.",
)
@click.option("--force", is_flag=True, help="Replace what an earlier run made.")
def certs(
    directory: Path,
    hosts: tuple[str, ...],
    days: int,
    key_type: KeyType,
    rsa_bits: str,
    password_env: str | None,
    force: bool,
) -> None:
    """Make throw-away certificates in DIR, to try TLS out: FOR TESTS ONLY.

    ca.pem is their authority, which the other end has to trust; server.pem and server.key are for an acceptor,
    client.pem and client.key for a requestor; expired.pem and expired.key are a requestor's whose time is over, to see
    that it is refused. The authority's own key is not kept.

    Example: dicomnet certs /tmp/certs --host pacs.example
    """
    from ..throwaway import ORGANISATION, Authority

    _refuse_size(key_type)
    password = _password(password_env)
    there = [name for name in FILES if os.path.lexists(directory / name)]
    if there and not force:
        raise click.ClickException(
            f"{str(directory)!r} holds {', '.join(there)} already: choose another directory, or replace with --force"
        )
    authority = Authority(days=days, key_type=key_type, rsa_bits=int(rsa_bits))
    names = tuple(dict.fromkeys((*OWN_HOSTS, *hosts)))
    pairs = _pairs(authority, names, password)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(directory / "ca.pem", authority.certificate, 0o644)
        for name, issued in pairs.items():
            _write_pair(directory, name, issued)
    except OSError as error:
        where = error.filename or directory
        raise click.ClickException(f"cannot write {str(where)!r}: {error.strerror or error}") from error
    click.echo(f"FOR TESTS ONLY: throw-away certificates in {directory}, valid for {days} days")
    click.echo(f"  {', '.join(FILES)} (expired: a client's whose time is over)")
    click.echo(f"  organisation {ORGANISATION!r}; the server is {', '.join(names)}")
    click.echo("Never trust ca.pem where real data is, and give nobody the .key files.")


def _pairs(authority: Authority, names: tuple[str, ...], password: bytes | None) -> dict[str, Issued]:
    """What the authority issues, by the name of its files."""
    from ..throwaway import past_validity

    past = past_validity()
    return {
        "server": authority.issue("dicomnet test server", "server", names, password=password),
        "client": authority.issue("dicomnet test client", "client", password=password),
        "expired": authority.issue("dicomnet expired client", "client", validity=past, password=password),
    }


def _refuse_size(key_type: KeyType) -> None:
    source = click.get_current_context().get_parameter_source("rsa_bits")
    if key_type == "ec" and source is not ParameterSource.DEFAULT:
        raise click.UsageError("--rsa-bits is the size of RSA keys: leave it out, or --key-type ec")


def _password(variable: str | None) -> bytes | None:
    if variable is None:
        return None
    password = os.environ.get(variable, "")
    if not password:
        raise click.UsageError(
            f"the environment variable {variable!r} of --password-env is not set, or empty"
        )
    encoded = os.fsencode(password)
    if len(encoded) > 1023:
        # What BestAvailableEncryption takes, and what OpenSSL reads again.
        raise click.UsageError(f"the password in {variable!r} is longer than 1023 octets")
    return encoded


def _write_pair(directory: Path, name: str, issued: Issued) -> None:
    _write(directory / f"{name}.pem", issued.certificate, 0o644)
    _write(directory / f"{name}.key", issued.key, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Put the file in its place when it is whole; nobody else may read a key even before."""
    part = part_of(path)
    with suppress(FileNotFoundError):
        part.unlink()
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
