"""`dicomnet test`: judge an acceptor, clause by clause."""

from __future__ import annotations

import shlex
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console as RichConsole

from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    Settings,
    TcpTransport,
    Transport,
)

from ..case import Case
from ..reports import Console, write_json, write_junit
from ..session import Options, Report, Session
from ..suite import all_cases, choose, distinct
from ..verdict import Result, Verdict
from .options import ADDRESS, AET, OUTPUT

EMBEDDED = "the embedded reference acceptor"
# The embedded acceptor's ARTIM on real sockets, so that its expiry is seen within the first command's minute.
EMBEDDED_ARTIM = 3.0
IDLE_FACTOR = 1.5
# It answers within a millisecond.
EMBEDDED_QUIET = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line asks for."""

    address: Address | None
    called: str
    calling: str
    select: tuple[str, ...]
    quick: bool
    depth: int
    options: Options

    def repeat(self) -> str:
        """The command that repeats one case, with `{id}` for the id."""
        words = ["dicomnet", "test"]
        if self.address is not None:
            words += [str(self.address), "--called-aet", self.called, "--calling-aet", self.calling]
        if self.depth:
            words += ["--depth", str(self.depth)]
        return shlex.join(words).replace("{", "{{").replace("}", "}}") + " --select '{id}'"


@click.command(name="test")
@click.argument("address", type=ADDRESS, required=False, metavar="[HOST:PORT]")
@click.option("--called-aet", type=AET, default="ANY-SCP", show_default=True, help="AE title of the target.")
@click.option(
    "--calling-aet", type=AET, default="DICOMNET", show_default=True, help="AE title of the tester."
)
@click.option("--select", multiple=True, metavar="GLOB", help="Only cases whose id fits; may be repeated.")
@click.option("--quick", is_flag=True, help="Leave out the cases that wait for long timers.")
@click.option(
    "--depth",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="1: also one more input between each event and the check of the state.",
)
@click.option(
    "--artim-limit",
    type=click.FloatRange(1.0, 3600.0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the target's ARTIM timer.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0.1, 600.0),
    default=None,
    metavar="SECONDS",
    help="How long an answer may take  [default: from the sanity runs, at least 5]",
)
@click.option("--list", "list_only", is_flag=True, help="List the cases and stop.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, without any connection.")
@click.option("--json", "json_file", type=OUTPUT, default=None, help="Write a report as JSON.")
@click.option("--junit", "junit_file", type=OUTPUT, default=None, help="Write a report as JUnit XML.")
@click.option(
    "--allow-inconclusive", is_flag=True, help="A MUST case that stays inconclusive is no exit code 3."
)
@click.option("-v", "--verbose", is_flag=True, help="Show every verdict as it is reached.")
@click.pass_context
def test(
    ctx: click.Context,
    address: Address | None,
    called_aet: str,
    calling_aet: str,
    select: tuple[str, ...],
    quick: bool,
    depth: int,
    artim_limit: float,
    patience: float | None,
    list_only: bool,
    dry_run: bool,
    json_file: Path | None,
    junit_file: Path | None,
    allow_inconclusive: bool,
    verbose: bool,
) -> None:
    """Judge the acceptor at HOST:PORT against PS3.8; without a target, the embedded reference acceptor.

    Exit codes: 0 no failure, 1 failures, 2 wrong usage, 3 could not test (unreachable, sanity failed, inconclusive),
    4 the tester itself failed, 130 interrupted.

    Example: dicomnet test 127.0.0.1:11112 --called-aet STORESCP --junit report.xml
    """
    options = Options(artim_limit=artim_limit, patience=patience)
    choice = Choice(address, called_aet, calling_aet, select, quick, depth, options)
    cases = choose(all_cases(depth), select, quick=quick)
    if not cases:
        raise click.UsageError(f"no case fits {' '.join(select)!r}; see dicomnet test --list")
    console = RichConsole()
    if list_only or dry_run:
        _list(console, cases, dry_run=dry_run, choice=choice)
        return
    report = Report(EMBEDDED if address is None else str(address))
    try:
        with Console(console, verbose=verbose) as shown:
            _run(choice, cases, report, shown)
    except KeyboardInterrupt:
        report.interrupted = True
    except Exception as error:  # noqa: BLE001 - whatever happens, what was learned is written
        report.results.append(_own_fault(error))
    repeat = choice.repeat()
    shown.show(report, repeat)
    if json_file is not None:
        write_json(report, repeat, json_file)
    if junit_file is not None:
        write_junit(report, repeat, junit_file)
    ctx.exit(report.exit_code(allow_inconclusive=allow_inconclusive))


def _own_fault(error: Exception) -> Result:
    case = Case("tester", "the tester itself", "-", "The tester does not fail.", ())
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno}); please report this"
    return Result(case, "-", Verdict.ERROR, "no fault of the tester", text)


def _list(console: RichConsole, cases: tuple[Case, ...], *, dry_run: bool, choice: Choice) -> None:
    for case in cases:
        slow = " (slow)" if case.slow else ""
        console.print(
            f"{case.id}  {case.level.value}{slow}  {case.title}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    target = (
        EMBEDDED if choice.address is None else f"{choice.calling} to {choice.called} at {choice.address}"
    )
    verb = "would be run against" if dry_run else "for"
    console.print(
        f"{len(cases)} cases ({distinct(cases)} distinct) {verb} {target}", markup=False, highlight=False
    )


def _run(choice: Choice, cases: tuple[Case, ...], report: Report, shown: Console) -> None:
    if choice.address is not None:
        tcp = TcpTransport()
        try:
            session = Session(
                tcp, choice.address, choice.called, choice.calling, choice.options, shown, "tcp"
            )
            session.run(cases, report)
        finally:
            tcp.end()
        return
    embedded: tuple[tuple[str, Transport, float, float], ...] = (
        ("memory", MemoryTransport(), 0.0, 30.0),
        ("memory, user answers after 1 s", MemoryTransport(), 1.0, 30.0),
        ("tcp", TcpTransport(), 0.0, EMBEDDED_ARTIM),
    )
    for label, carrier, answer_after, artim in embedded:
        _run_embedded(choice, cases, report, shown, label, carrier, answer_after, artim)


def _run_embedded(
    choice: Choice,
    cases: tuple[Case, ...],
    report: Report,
    shown: Console,
    label: str,
    carrier: Transport,
    answer_after: float,
    artim: float,
) -> None:
    policy = Policy(aet=choice.called)
    acceptor = ReferenceAcceptor(carrier, policy, Settings(artim=artim), answer_after=answer_after)
    options = replace(choice.options, idle=IDLE_FACTOR * artim, quiet=EMBEDDED_QUIET)
    try:
        address = acceptor.listen(Address("", 0), 64)
        session = Session(carrier, address, choice.called, choice.calling, options, shown, label)
        session.run(cases, report)
    finally:
        acceptor.close()
        carrier.end()
