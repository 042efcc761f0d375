"""`dicomnet test`: judge an acceptor, clause by clause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dicomnet.transports import Address, TlsSettings, tls_profile

from ..bench import KITS, Options
from ..case import Case
from ..crowd import MAX_FILL
from ..reports import NOBODY_READS, Console, Screen
from ..session import Event, Report
from ..suite import all_cases, choose, distinct
from ..unreachable import cell_counts, unreachable_lines
from .called import Requestor, judged, patience_to_connect
from .earlier import Earlier, earlier_runs
from .interruption import Interruption
from .options import AET, NOT_WRITTEN, PATIENCE, SECONDS, refuse_useless
from .runs import CALLED, CALLING, Choice, Teller, run_suite
from .tls_options import EXPIRED_NAMES, TLS_NAMES, expired_tls, tested_tls, words_of
from .written import NAMES, Places, files_of, write_each, written_reports

# What is known of a target; the embedded acceptor makes its own certificates.
OF_A_TARGET = {"concurrent": "--concurrent"} | {
    name: option for name, option in (TLS_NAMES | EXPIRED_NAMES).items() if name != "tls_profile"
}
REPORTS = NAMES | {"write_baseline": "--write-baseline"}

F = TypeVar("F", bound=Callable[..., Any])


def _limit(name: str, default: float, text: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}-limit", type=SECONDS, default=default, show_default=True, metavar="SECONDS", help=text
    )


_OPTIONS = (
    click.option("--called-aet", type=AET, default=CALLED, show_default=True, help="AE title of the target."),
    click.option(
        "--calling-aet", type=AET, default=CALLING, show_default=True, help="AE title of the tester."
    ),
    click.option(
        "--select", multiple=True, metavar="GLOB", help="Only cases whose id fits; may be repeated."
    ),
    click.option("--quick", is_flag=True, help="Leave out the cases that wait for long timers."),
    click.option(
        "--depth",
        type=click.IntRange(0, 1),
        default=0,
        show_default=True,
        help="1: also one more input between each event and the check of the state.",
    ),
    _limit("artim", Options().artim_limit, "How long to wait for the target's ARTIM timer."),
    PATIENCE,
    click.option(
        "--concurrent",
        type=click.IntRange(1, MAX_FILL),
        metavar="N",
        help="The target is stated to serve N associations side by side: that it does not is a failure then.",
    ),
    _limit("connect", Options().connect, "How long the target may take to accept a connection."),
    _limit("recover", Options().recover_limit, "How long the target may take to serve again after a case."),
    click.option("--list", "list_only", is_flag=True, help="List the cases and stop."),
    click.option("--dry-run", is_flag=True, help="Say what would be run, without any connection."),
    click.option(
        "--allow-inconclusive", is_flag=True, help="A MUST case that stays inconclusive is no exit code 3."
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="Tell every verdict as it is reached, and each in full at the end.",
    ),
)


def _with_options(function: F) -> F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(name="test")
@judged
@_with_options
@tested_tls
@expired_tls
@earlier_runs
@written_reports
@click.pass_context
def test(
    ctx: click.Context,
    address: Address | None,
    requestor: Requestor | None,
    called_aet: str,
    calling_aet: str,
    select: tuple[str, ...],
    quick: bool,
    depth: int,
    artim_limit: float,
    patience: float | None,
    concurrent: int | None,
    connect_limit: float,
    recover_limit: float,
    list_only: bool,
    dry_run: bool,
    allow_inconclusive: bool,
    verbose: bool,
    tls: TlsSettings | None,
    expired: TlsSettings | None,
    earlier: Earlier,
    reports: Places,
) -> None:
    """Judge the acceptor at HOST:PORT against PS3.8; without a target, the embedded reference acceptor.

    With --listen a requestor is judged: COMMAND is started for each case, or somebody makes it call.
    With --tls every association is over TLS, and an acceptor's TLS is judged as well, against a profile of PS3.15.

    Exit codes: 0 no failure, 1 failures, 2 wrong usage, 3 could not test (unreachable, sanity failed, inconclusive),
    4 the tester itself failed, or a report could not be written at the end, 130 interrupted.

    Example: dicomnet test 127.0.0.1:11112 --called-aet STORESCP --html report.html

    Example: dicomnet test --listen 0 -- echoscu -aec {aet} {host} {port}
    """
    interruption = ctx.with_resource(ctx.ensure_object(Interruption))
    interruption.hold()
    options = Options(
        artim_limit=artim_limit,
        connect=patience_to_connect(ctx, requestor, connect_limit),
        patience=patience,
        recover_limit=recover_limit,
        concurrent=concurrent or 0,
    )
    choice = Choice(address, called_aet, calling_aet, depth, options, _given(ctx), tls, expired, requestor)
    cases = earlier.narrow(_choose(select, choice, quick=quick))
    files = files_of(reports, earlier)
    _refuse_useless(ctx, requestor, runs=not (list_only or dry_run), target=bool(address or requestor))
    screen = Screen(highlight=False)
    if list_only or dry_run:
        _list(screen, cases, choice, dry_run=dry_run, whole=not select)
        return
    report = Report(choice.target, role=choice.role, command=choice.command(select, quick=quick))
    screen.carry_on = True
    shown = Console(screen, verbose=verbose, baseline=earlier.baseline)
    _run(choice, cases, report, shown, interruption, for_files=bool(files))
    written = write_each(files, report, choice.repeat)
    interruption.release()
    report.interrupted |= interruption.asked
    shown.show(report, choice.repeat)
    code = earlier.exit_code(report, allow_inconclusive=allow_inconclusive)
    ctx.exit(_exit_code(code, report, screen, written=written, files=bool(files)))


def _refuse_useless(ctx: click.Context, requestor: Requestor | None, *, runs: bool, target: bool) -> None:
    if runs and requestor is not None:
        requestor.refuse_taken_port()
    if not runs:
        refuse_useless(ctx, REPORTS, "nothing is run, and there is no report")
    if not target:
        refuse_useless(ctx, OF_A_TARGET, "there is no target: give HOST:PORT")


def _given(ctx: click.Context) -> tuple[str, ...]:
    """The options on the command line that decide how a case goes, as they were written."""
    numbers = tuple(
        word
        for name in ("artim_limit", "patience", "concurrent", "connect_limit", "recover_limit")
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        for word in (f"--{name.replace('_', '-')}", f"{ctx.params[name]:g}")
    )
    return (*numbers, *words_of(ctx))


def _choose(select: tuple[str, ...], choice: Choice, *, quick: bool) -> tuple[Case, ...]:
    """The cases that are asked for. A pattern that fits nothing is a mistake, found before anything is run."""
    profile = None if choice.tls is None else tls_profile(choice.tls.profile)
    known = all_cases(choice.depth, profile, choice.role)
    sanity = KITS[choice.role].sanity
    for pattern in select:
        if not choose((sanity, *known), (pattern,), quick=False):
            more = "" if choice.depth else " (--depth 1 has more)"
            more += "" if choice.tls is not None else " (--tls has more)" if pattern.startswith("tls") else ""
            raise click.UsageError(f"no case fits {pattern!r}; see dicomnet test --list{more}")
    cases = choose(known, select, quick=quick)
    if not cases and not choose((sanity,), select, quick=quick):
        raise click.UsageError("all cases that fit wait for long timers, which --quick leaves out")
    return cases


def _run(
    choice: Choice,
    cases: tuple[Case, ...],
    report: Report,
    shown: Console,
    interruption: Interruption,
    *,
    for_files: bool,
) -> None:
    """Run; whatever happens, what was learned is in the report."""

    def tell(event: Event) -> None:
        shown(event)
        if shown.unread and not for_files:
            raise _NobodyReads

    teller = Teller(tell, interruption)
    try:
        shown.say(f"{len(cases)} cases ({distinct(cases)} distinct) for {_whom(choice)}")
        with shown:
            run_suite(choice, cases, report, teller, interruption)
        interruption.check()
    except (KeyboardInterrupt, _NobodyReads):
        report.interrupted = True
    except Exception as error:  # noqa: BLE001 - a fault of our own is a verdict too
        report.results.append(teller.own_fault(error))


class _NobodyReads(BaseException):
    """Nobody reads the console, and nothing else was asked for: like an interruption, it is no fault of a case."""


def _exit_code(code: int, report: Report, screen: Screen, *, written: bool, files: bool) -> int:
    if screen.gone and not files:
        return NOBODY_READS
    if not written and not report.interrupted:
        return NOT_WRITTEN
    return code


def _whom(choice: Choice) -> str:
    if choice.address is None:
        return choice.target
    over = "" if choice.tls is None else " over TLS"
    if choice.requestor is not None:
        return f"{choice.target}{over}, called {choice.requestor.aet}"
    return f"{choice.target}{over}, called {choice.called} by {choice.calling}"


def _list(screen: Screen, cases: tuple[Case, ...], choice: Choice, *, dry_run: bool, whole: bool) -> None:
    """The cases; and, where it is the `whole` list and no dry run, the cells that have none."""
    interruption = click.get_current_context().ensure_object(Interruption)
    interruption.release()
    interruption.check()
    verb = "would be run against" if dry_run else "for"
    for case in cases:
        slow = " (slow)" if case.slow else ""
        screen.print(f"{case.id}  {case.level.value}{slow}  {case.title}", markup=False, soft_wrap=True)
    told = f"{len(cases)} cases ({distinct(cases)} distinct) {verb} {_whom(choice)}"
    screen.print(told, markup=False, soft_wrap=True)
    if whole and not dry_run:
        _list_unreachable(screen, choice.role)


def _list_unreachable(screen: Screen, role: str) -> None:
    total, driven, out_of_reach = cell_counts(role)
    screen.print(
        f"\nThe suite drives {driven} of the {total} cells of Table 9-10; "
        f"{out_of_reach} cannot be reached from outside:",
        markup=False,
        soft_wrap=True,
    )
    for line in unreachable_lines(role):
        screen.print(line, markup=False, soft_wrap=True)
