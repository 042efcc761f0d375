"""The options of TLS, the same for every command that connects or listens, and the settings that they make."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, update_wrapper
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click
from click.core import ParameterSource

from dicomnet.statemachine import SecurityError
from dicomnet.transports import (
    TlsSettings,
    client_context,
    date_of,
    own_facts,
    server_context,
    tls_profile,
    tls_remarks,
)

from .options import refuse_useless

# The password of an encrypted key comes from here, or from a prompt: in an option every process could read it.
PASSWORD_VARIABLE: Final = "DICOMNET_TLS_KEY_PASSWORD"

_HINT: Final = f": put it in the environment variable {PASSWORD_VARIABLE}"

P = ParamSpec("P")
R = TypeVar("R")


class ProfileType(click.ParamType[str]):
    """The name of a TLS profile."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Look it up; says which names are near."""
        try:
            return tls_profile(value).name
        except SecurityError as error:
            self.fail(error.message, param, ctx)


_FILE: Final = click.Path(path_type=Path)
_CERTIFICATE: Final = (
    click.option(
        "--tls-cert", type=_FILE, metavar="FILE", help="This end's own certificate and its chain, PEM."
    ),
    click.option(
        "--tls-key",
        type=_FILE,
        metavar="FILE",
        help=f"Its key, PEM. The password of an encrypted one is taken from {PASSWORD_VARIABLE}, or asked for.",
    ),
    click.option(
        "--tls-profile",
        type=ProfileType(),
        default=TlsSettings().profile,
        show_default=True,
        metavar="NAME",
        help="A TLS profile of PS3.15: see dicomnet table tls-profiles.",
    ),
    click.option(
        "--tls-key-log",
        type=_FILE,
        metavar="FILE",
        help="Write the secrets of every session to FILE, for Wireshark: whoever has it reads all.",
    ),
)
_REQUESTOR: Final = (
    click.option("--tls", is_flag=True, help="Speak TLS."),
    click.option(
        "--tls-ca",
        type=_FILE,
        metavar="FILE",
        help="The authorities that are trusted, PEM; without it those of the system.",
    ),
    *_CERTIFICATE,
    click.option(
        "--tls-server-name", metavar="NAME", help="The name in the acceptor's certificate, if not its HOST."
    ),
    click.option("--tls-no-verify", is_flag=True, help="Do not check the acceptor's certificate."),
)
_ACCEPTOR: Final = (
    click.option("--tls", is_flag=True, help="Speak TLS; --tls-cert implies it."),
    *_CERTIFICATE,
    click.option("--tls-require-client-cert", is_flag=True, help="Demand a certificate of the requestor."),
    click.option(
        "--tls-ca",
        type=_FILE,
        metavar="FILE",
        help="The authorities that requestors are of, PEM; without it those of the system.",
    ),
)
# An option of the tester alone, whatever the others are asked for.
_EXPIRED: Final = (
    click.option(
        "--tls-expired-cert",
        type=_FILE,
        metavar="FILE",
        help="A client certificate that has expired, of an authority that the target trusts: it is to be refused.",
    ),
    click.option("--tls-expired-key", type=_FILE, metavar="FILE", help="Its key, as for --tls-key."),
)
EXPIRED_NAMES: Final = {"tls_expired_cert": "--tls-expired-cert", "tls_expired_key": "--tls-expired-key"}
TLS_NAMES: Final = {
    name: "--" + name.replace("_", "-")
    for name in (
        "tls_ca",
        "tls_cert",
        "tls_key",
        "tls_profile",
        "tls_key_log",
        "tls_server_name",
        "tls_no_verify",
        "tls_require_client_cert",
    )
}


def requestor_tls(function: Callable[P, R]) -> Callable[..., R]:
    """Add the options of an end that connects; the command gets `tls`, a `TlsSettings` or None."""
    return _with(function, _REQUESTOR, lambda _ctx: False)


def acceptor_tls(function: Callable[P, R]) -> Callable[..., R]:
    """Add the options of an end that listens; the command gets `tls`, a `TlsSettings` or None."""
    return _with(function, _ACCEPTOR, lambda _ctx: True)


def tested_tls(function: Callable[P, R]) -> Callable[..., R]:
    """Add the options of a tester: it connects to an acceptor, or (`--listen`) is the acceptor of a requestor."""
    demand = click.option(
        "--tls-require-client-cert",
        is_flag=True,
        help="With --listen: demand a certificate of the requestor.",
    )
    return _with(function, (*_REQUESTOR, demand), lambda ctx: ctx.params.get("listen") is not None)


def expired_tls(function: Callable[P, R]) -> Callable[..., R]:
    """Add the options of a client certificate that has expired, below `requestor_tls`.

    The command gets `expired` beside `tls`: the same settings with that certificate, or None.
    """

    def command(*args: Any, **values: Any) -> R:  # noqa: ANN401 - whatever the command takes
        certificate, key = (values.pop(name, None) for name in EXPIRED_NAMES)
        expired = _expired(values["tls"], certificate, key)
        return function(*args, **values, expired=expired)  # type: ignore[arg-type]

    return _optional(function, command, _EXPIRED)


def _expired(tls: TlsSettings | None, certificate: Path | None, key: Path | None) -> TlsSettings | None:
    if certificate is None:
        if key is not None:
            raise click.UsageError(
                "--tls-expired-key is the key of --tls-expired-cert: add it, or leave it out"
            )
        return None
    if tls is None:
        raise click.UsageError("without --tls there is no TLS: add it, or leave --tls-expired-cert out")
    settings = replace(tls, certificate=certificate, key=key)
    try:
        client_context(settings)
        facts = own_facts(settings)
    except SecurityError as error:
        raise click.UsageError(_hinted(error)) from error
    if facts is not None and facts.end > datetime.now(UTC):
        raise click.UsageError(
            f"{str(certificate)!r} of --tls-expired-cert is valid until {date_of(facts.end)}: one is needed that has "
            "expired (dicomnet certs makes one)"
        )
    return settings


def _with(
    function: Callable[P, R],
    options: tuple[Callable[[Callable[..., R]], Callable[..., R]], ...],
    acceptor: Callable[[click.Context], bool],
) -> Callable[..., R]:
    def command(*args: Any, **values: Any) -> R:  # noqa: ANN401 - whatever the command takes
        given = {name: values.pop(name, None) for name in ("tls", *TLS_NAMES)}
        ctx = click.get_current_context()
        settings = settings_of(ctx, given, acceptor=acceptor(ctx))
        return function(*args, **values, tls=settings)  # type: ignore[arg-type]

    return _optional(function, command, options)


def _optional(
    function: Callable[P, R],
    command: Callable[..., R],
    options: tuple[Callable[[Callable[..., R]], Callable[..., R]], ...],
) -> Callable[..., R]:
    """The command in the function's place, with these options."""
    wrapped: Callable[..., R] = update_wrapper(command, function)
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def settings_of(ctx: click.Context, given: dict[str, Any], *, acceptor: bool) -> TlsSettings | None:
    """The settings that the options make, None without TLS; what the user should know is told on standard error.

    Raises `click.UsageError` where options contradict one another, or where a file, key or password does not serve.
    """
    _refuse_contradictions(ctx, given, acceptor=acceptor)
    if not (given["tls"] or (acceptor and given["tls_cert"] is not None)):
        return None
    try:
        settings, remarks = made_of(given, acceptor=acceptor)
    except SecurityError as error:
        raise click.UsageError(_hinted(error)) from error
    for remark in remarks:
        click.echo(f"WARNING: {remark}", err=True)
    return settings


def made_of(given: dict[str, Any], *, acceptor: bool) -> tuple[TlsSettings, tuple[str, ...]]:
    """The settings of options by name, and what the user should know of them.

    Raises `SecurityError` where a file, a key or its password does not serve.
    """
    settings = TlsSettings(
        certificate=given.get("tls_cert"),
        key=given.get("tls_key"),
        authorities=given.get("tls_ca"),
        verify=not given.get("tls_no_verify"),
        require_client_certificate=bool(given.get("tls_require_client_cert")),
        server_name=given.get("tls_server_name"),
        profile=given.get("tls_profile") or TlsSettings().profile,
        key_log=given.get("tls_key_log"),
        # A function of its own for each use of the options: contexts are kept by who gave the password. It asks once,
        # though the key is loaded for both roles.
        password=cache(lambda: key_password()),  # noqa: PLW0108
    )
    # Made now, so that what is wrong is told before anything is connected.
    (server_context if acceptor else client_context)(settings)
    return settings, tuple(tls_remarks(settings))


def _hinted(error: SecurityError) -> str:
    return error.message + (_HINT if "no password was given" in error.message else "")


def words_of(ctx: click.Context) -> tuple[str, ...]:
    """The TLS options of the command line, as they were written."""
    words = ["--tls"] if ctx.params.get("tls") else []
    for name, option in (TLS_NAMES | EXPIRED_NAMES).items():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            value = ctx.params[name]
            words += [option] if value is True else [option, str(value)]
    return tuple(words)


def key_password() -> str | bytes | None:
    """The password of an encrypted key: from the environment, or asked for where somebody sits at a terminal."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if password:
        return os.fsencode(password)
    if not _at_a_terminal():
        return None
    asked: str = click.prompt(
        "Password of the TLS key", hide_input=True, err=True, default="", show_default=False
    )
    return asked


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _refuse_contradictions(ctx: click.Context, given: dict[str, Any], *, acceptor: bool) -> None:
    used = [
        option
        for name, option in TLS_NAMES.items()
        if ctx.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)
    ]
    if acceptor and given["tls_cert"] is None and (used or given["tls"]):
        what = ", ".join(["--tls"] * bool(given["tls"]) + used)
        raise click.UsageError(f"an acceptor with TLS needs --tls-cert: add it, or leave {what} out")
    useless = ("tls_server_name", "tls_no_verify") if acceptor else ("tls_require_client_cert",)
    of_the_other = {name: TLS_NAMES[name] for name in useless}
    refuse_useless(
        ctx, of_the_other, f"it is for {'a requestor' if acceptor else 'an acceptor'}, and this end is none"
    )
    if not acceptor and used and not given["tls"]:
        raise click.UsageError(f"without --tls there is no TLS: add it, or leave {', '.join(used)} out")
    if given["tls_key"] is not None and given["tls_cert"] is None:
        raise click.UsageError("--tls-key is the key of --tls-cert: add it, or leave --tls-key out")
    if acceptor and given["tls_ca"] is not None and not given["tls_require_client_cert"]:
        raise click.UsageError(
            "--tls-ca is asked about requestors alone: add --tls-require-client-cert, or leave it out"
        )
