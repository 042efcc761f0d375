"""`dicomnet test --listen`: the options with which a requestor is judged, and what they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Final, ParamSpec, TypeVar

import click

from dicomnet.statemachine import LocalProtocolError
from dicomnet.transports import Address, TcpTransport

from ..caller import Nobody
from ..command_trigger import Command, NoCommandError
from .options import ADDRESS, AET, LISTEN, refuse_useless
from .tls_options import EXPIRED_NAMES

TESTER: Final = "DICOMNET"
# Nobody has to hurry who starts a requestor by hand, in seconds.
BY_HAND_SECONDS: Final = 3600.0

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Requestor:
    """A requestor that is to be judged: where it is waited for, the tester's AE title, and what starts it."""

    listen: Address
    aet: str
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """Who is tested, in words."""
        return " ".join(self.words) if self.words else f"whoever calls {self.listen}"

    def refuse_taken_port(self) -> None:
        """Raises `click.UsageError` where nothing can listen there."""
        carrier = TcpTransport()
        try:
            carrier.listen(self.listen, 1, Nobody()).close()
        except LocalProtocolError as error:
            raise click.UsageError(f"{error.message}: choose another address for --listen") from error
        finally:
            carrier.end()

    def command(self) -> Command | None:
        """What starts it; None where that is done by hand."""
        return Command(self.words, self.aet) if self.words else None


def judged(function: Callable[P, R]) -> Callable[..., R]:
    """Add the arguments that name the target; the command gets `address`, or `requestor`, or None for both."""

    def command(*args: Any, **values: Any) -> R:  # noqa: ANN401 - whatever the command takes
        listen, aet, words = values.pop("listen"), values.pop("aet"), values.pop("words")
        address, requestor = _target(click.get_current_context(), listen, aet, words)
        return function(*args, **values, address=address, requestor=requestor)  # type: ignore[arg-type]

    wrapped: Callable[..., R] = update_wrapper(command, function)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OPTIONS: Final = (
    click.argument("words", nargs=-1, metavar="[HOST:PORT | -- COMMAND ...]"),
    click.option(
        "--listen",
        type=LISTEN,
        metavar="[HOST:]PORT",
        help="Judge a requestor: wait for it here. With port 0 each case has a port of its own. COMMAND is started "
        "once for each case, {host}, {port} and {aet} filled in; without one the requestor is started by hand.",
    ),
    click.option(
        "--aet",
        type=AET,
        default=TESTER,
        show_default=True,
        help="With --listen: the AE title that {aet} stands for.",
    ),
)


def _target(
    ctx: click.Context, listen: Address | None, aet: str, words: tuple[str, ...]
) -> tuple[Address | None, Requestor | None]:
    if listen is None:
        refuse_useless(ctx, {"aet": "--aet"}, "it is for --listen")
        if len(words) > 1:
            raise click.UsageError(
                f"one target at a time, not {' and '.join(map(repr, words[:3]))}; a COMMAND goes with --listen"
            )
        return (ADDRESS.convert(words[0], None, ctx) if words else None), None
    useless = {"called_aet": "--called-aet", "calling_aet": "--calling-aet", "concurrent": "--concurrent"}
    useless |= EXPIRED_NAMES
    refuse_useless(ctx, useless, "with --listen it is the target that calls")
    requestor = Requestor(listen, aet, words)
    try:
        requestor.command()
    except NoCommandError as error:
        raise click.UsageError(f"{error}: give the path of one, behind --") from error
    if not words and not listen.port:
        raise click.UsageError("without a COMMAND nobody would know the port: give one, as in --listen 11112")
    return None, requestor


def words_of_target(
    address: Address | None, requestor: Requestor | None, titles: tuple[str, str]
) -> tuple[list[str], list[str]]:
    """The target on a command line: what stands before the options, and what stands behind them."""
    if requestor is not None:
        behind = ["--", *requestor.words] if requestor.words else []
        return ["--listen", str(requestor.listen), "--aet", requestor.aet], behind
    called, calling = titles
    return [
        *([] if address is None else [str(address)]),
        "--called-aet",
        called,
        "--calling-aet",
        calling,
    ], []


def patience_to_connect(ctx: click.Context, requestor: Requestor | None, seconds: float) -> float:
    """How long a target may take to connect, where it was not said: one that is started by hand takes its time."""
    said = ctx.get_parameter_source("connect_limit") is click.core.ParameterSource.COMMANDLINE
    by_hand = requestor is not None and not requestor.words
    return BY_HAND_SECONDS if by_hand and not said else seconds
