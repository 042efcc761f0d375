"""`dicomnet serve` and `dicomnet echo`: the reference acceptor and the reference requestor on TCP."""

from __future__ import annotations

import sys

import click

from dicomnet.statemachine import LocalProtocolError
from dicomnet.transports import (
    Address,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Settings,
    TcpTransport,
    Tls,
    TlsSettings,
)

from .options import ADDRESS, AET, DELAY, SECONDS
from .tls_options import acceptor_tls, requestor_tls

BACKLOG = 64


@click.command()
@click.option("--aet", type=AET, default=None, help="AE title to answer to; without it, to any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; * is IPv4 and IPv6.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=11112, show_default=True, help="0 picks a free port."
)
@click.option(
    "--answer-after",
    type=DELAY,
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="Let the user think before every answer, so that Sta3 and Sta8 are held.",
)
@click.option(
    "--artim",
    type=SECONDS,
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="The ARTIM timer.",
)
@click.option(
    "--max-associations",
    type=click.IntRange(1, 10000),
    default=100,
    show_default=True,
    help="More than these at a time are rejected 2/3/2.",
)
@click.option("--quiet", is_flag=True, help="Do not tell what is served.")
@acceptor_tls
def serve(
    aet: str | None,
    host: str,
    port: int,
    answer_after: float,
    artim: float,
    max_associations: int,
    quiet: bool,
    tls: TlsSettings | None,
) -> None:
    """Run the reference acceptor: it serves the Verification SOP class until it is interrupted.

    Over TLS with --tls-cert and --tls-key; `dicomnet certs DIR` makes some to try it out.

    Example: dicomnet serve --aet DICOMNET --port 11112
    """
    carrier = TcpTransport()
    settings = Settings(artim=artim, max_associations=max_associations)
    acceptor = ReferenceAcceptor(
        carrier,
        Policy(aet=aet),
        settings,
        answer_after=answer_after,
        log=(lambda _line: None) if quiet else _say,
        security=None if tls is None else Tls(tls),
    )
    try:
        address = acceptor.listen(Address(host, port), BACKLOG)
        _say(f"listening on {address} as {aet or 'any AE title'}{'' if tls is None else ', over TLS'}")
        carrier.run(lambda: False)
    except LocalProtocolError as error:
        raise click.ClickException(f"{error.message}; choose another --port or --host") from error
    except KeyboardInterrupt:
        _say("stopped")
    finally:
        acceptor.close()
        carrier.end()


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()


@click.command()
@click.argument("address", type=ADDRESS, metavar="HOST:PORT")
@click.option(
    "--called-aet", type=AET, default="ANY-SCP", show_default=True, help="AE title of the acceptor."
)
@click.option("--calling-aet", type=AET, default="DICOMNET", show_default=True, help="AE title of this end.")
@click.option(
    "--timeout",
    type=SECONDS,
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For the whole exchange.",
)
@requestor_tls
def echo(
    address: Address, called_aet: str, calling_aet: str, timeout: float, tls: TlsSettings | None
) -> None:
    """Send one C-ECHO: associate, echo, release.

    Exit code 0 when it was answered with success, 1 when not.

    Example: dicomnet echo 127.0.0.1:11112 --called-aet DICOMNET
    """
    carrier = TcpTransport()
    try:
        security = None if tls is None else Tls(tls)
        requestor = ReferenceRequestor(
            carrier, address, called_aet, calling_aet, timeout=timeout, security=security
        )
        carrier.run(lambda: requestor.over, timeout + 1.0)
        result = requestor.result
    finally:
        carrier.end()
    if not result.ok:
        hint = (
            ": does it expect TLS? then add --tls" if tls is None and result.text.endswith("was lost") else ""
        )
        raise click.ClickException(f"{address}: {result.text}{hint}")
    over = "" if result.secured is None else f", over {result.secured.version} with {result.secured.suite}"
    click.echo(f"{address}: {result.text} ({result.seconds * 1000:.1f} ms{over})")
