"""`dicomnet fuzz`: send a target what is drawn, and judge its answers by the machine."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dicomnet.transports import Address, TlsSettings

from ..bench import Options
from ..caller import ByHand
from ..case import ACCEPTOR, REQUESTOR, SIDES
from ..command_trigger import Command
from ..fuzz.again import CouldNotTestError, run_again
from ..fuzz.outcome import MAX_FINDINGS, Effort, Finding, Outcome, Told
from ..fuzz.report import Acceptor, Commanded, Subject, as_test, name_of, outcome_as_dict
from ..fuzz.running import NoHypothesisError, bench_of, check_hypothesis
from ..fuzz.running import fuzz as fuzz_target
from ..fuzz.script import Script, ScriptError, read_token
from ..reports import Screen, in_full, printable
from ..target import Pace, Target
from ..verdict import Verdict
from .called import BY_HAND_SECONDS, Requestor, judged, words_of_target
from .interruption import Interruption
from .options import (
    AET,
    OUTPUT,
    PATIENCE,
    SECONDS,
    refuse_same_file,
    refuse_useless,
    save,
    save_json,
)
from .runs import CALLED, CALLING, CarefulTcp, reached
from .tls_options import tested_tls, words_of

COULD_NOT_TEST = 3
OF_DRAWING = {
    "seconds": "--seconds",
    "examples": "--examples",
    "seed": "--seed",
    "findings": "--findings",
    "json_file": "--json",
    "test_file": "--test",
}
MAX_SEED = (1 << 32) - 1

F = TypeVar("F", bound=Callable[..., Any])


class TokenType(click.ParamType[Script]):
    """The token of a script."""

    name = "token"

    def convert(
        self, value: str | Script, param: click.Parameter | None, ctx: click.Context | None
    ) -> Script:
        """Read it; says why it is none."""
        try:
            return value if isinstance(value, Script) else read_token(value)
        except ScriptError as error:
            self.fail(str(error), param, ctx)


class TestsType(click.ParamType[Path]):
    """A file that can be written, or a directory for several."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """A directory is there already."""
        path = Path(value)
        return path if path.is_dir() else OUTPUT.convert(value, param, ctx)


_OPTIONS = (
    click.option(
        "--role",
        type=click.Choice(list(SIDES)),
        help="Which end of the association the target is: a requestor is one that is waited for (--listen).",
    ),
    click.option("--called-aet", type=AET, default=CALLED, show_default=True, help="AE title of the target."),
    click.option(
        "--calling-aet", type=AET, default=CALLING, show_default=True, help="AE title of the tester."
    ),
    click.option(
        "--seconds", type=SECONDS, help="How long scripts are drawn  [default: 60, without --examples]"
    ),
    click.option("--examples", type=click.IntRange(1, 10_000_000), help="How many scripts are run at most."),
    click.option(
        "--seed",
        type=click.IntRange(0, MAX_SEED),
        help="Draw as in the run of this seed  [default: a new one]",
    ),
    click.option(
        "--findings",
        type=click.IntRange(1, 1000),
        default=MAX_FINDINGS,
        show_default=True,
        help="Stop at so many findings.",
    ),
    click.option("--repeat", "script", type=TokenType(), metavar="TOKEN", help="Run this script alone."),
    PATIENCE,
    click.option(
        "--recover-limit",
        type=SECONDS,
        default=Options().recover_limit,
        show_default=True,
        metavar="SECONDS",
        help="How long the target may take to serve again after a script.",
    ),
    click.option("--json", "json_file", type=OUTPUT, help="Write what was found as JSON."),
    click.option(
        "--test",
        "test_file",
        type=TestsType(),
        metavar="FILE|DIR",
        help="Write each finding as a test for pytest; into a directory, a file for each.",
    ),
)


def _with_options(function: F) -> F:
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), function)


@click.command()
@judged
@_with_options
@tested_tls
@click.pass_context
def fuzz(
    ctx: click.Context,
    /,
    address: Address | None,
    requestor: Requestor | None,
    role: str | None,
    script: Script | None,
    tls: TlsSettings | None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Send the acceptor at HOST:PORT drawn events, PDUs that are nearly valid, and octets, and judge what it answers.

    With --listen it is a requestor that is answered so: COMMAND is started for each script, or somebody makes it call.
    Most scripts first lead the target to a state of Table 9-10. Octets that may be taken in several ways may be
    answered in each of them; what fits none is a breach. It is made smaller, repeated alone with longer waits, and
    said once for its state, event and clause, with the command that repeats it. After each script a healthy
    association looks whether an acceptor has been hurt; a requestor is well as long as it calls. A target that is
    slow or shared makes a run differ from its seed's; the command that repeats a script sends exactly that script.

    Exit codes: 0 nothing found, 1 findings, 2 wrong usage, 3 could not test, or the target serves no more, 4 the tester
    itself failed or a file could not be written, 130 interrupted.

    Example: dicomnet fuzz 127.0.0.1:11112 --called-aet STORESCP --seconds 60 --test findings.py

    Example: dicomnet fuzz --listen 0 --seconds 60 -- echoscu -aec {aet} {host} {port}
    """
    _check_target(ctx, address, requestor, role)
    if script is None:
        _demand_hypothesis()
    refuse_same_file(options["json_file"], options["test_file"], "--json and --test")
    if tls is not None:
        refuse_useless(ctx, {"test_file": "--test"}, "a test cannot hold the certificates of --tls")
    if script is not None:
        refuse_useless(ctx, OF_DRAWING, "--repeat runs one script, and draws none")
    interruption = ctx.with_resource(ctx.ensure_object(Interruption))
    interruption.hold()
    screen = Screen(highlight=False)
    screen.carry_on = True
    tcp = CarefulTcp(interruption)
    asked = _Asked(address, requestor, words_of(ctx), options)
    outcome = Outcome(asked.name, _seed(options["seed"]))
    session = _Session(screen, outcome, asked)
    command = None if requestor is None else requestor.command()
    try:
        target, label = session.target(tcp, tls, command)
        code = session.again(target, label, script) if script is not None else session.draw(target, label)
    finally:
        if command is not None:
            command.close()
        tcp.end()
    interruption.release()
    ctx.exit(code)


def _check_target(
    ctx: click.Context, address: Address | None, requestor: Requestor | None, role: str | None
) -> None:
    if requestor is None and role == REQUESTOR.name:
        raise click.UsageError(
            "a requestor is waited for: give --listen [HOST:]PORT, and a COMMAND behind --"
        )
    if requestor is not None and role == ACCEPTOR.name:
        raise click.UsageError("with --listen it is a requestor that is tested: leave --role acceptor out")
    if address is None and requestor is None:
        raise click.UsageError("which target? Give HOST:PORT, or --listen [HOST:]PORT for a requestor")
    if requestor is not None:
        if not requestor.words:
            refuse_useless(ctx, {"test_file": "--test"}, "a test needs a COMMAND that starts the requestor")
        requestor.refuse_taken_port()


def _demand_hypothesis() -> None:
    try:
        check_hypothesis()
    except NoHypothesisError as error:
        raise click.UsageError(str(error)) from error


def _seed(given: int | None) -> int:
    return secrets.randbelow(MAX_SEED) if given is None else given


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line says: the target, the options of TLS as they were written, and all the others."""

    address: Address | None
    requestor: Requestor | None
    tls_words: tuple[str, ...]
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Who is tested, in words."""
        return str(self.address) if self.requestor is None else self.requestor.name

    @property
    def titles(self) -> tuple[str, str]:
        """The AE titles, the called one first."""
        return self.options["called_aet"], self.options["calling_aet"]

    def subject(self) -> Subject:
        """Who is tested, for a test that is written."""
        if self.requestor is None:
            called, calling = self.titles
            return Acceptor(self.name, called, calling)
        return Commanded(self.requestor.words, self.requestor.aet)

    def bench(self) -> Options:
        """How the target is run against."""
        options = self.options
        connect = (
            BY_HAND_SECONDS if self.requestor is not None and not self.requestor.words else Options().connect
        )
        return Options(
            connect=connect, patience=options["patience"], recover_limit=options["recover_limit"], idle=1.0
        )

    def repeat(self, script: Script) -> str:
        """The command that runs this script alone."""
        target, behind = words_of_target(self.address, self.requestor, self.titles)
        return shlex.join(["dicomnet", "fuzz", *target, *self.tls_words, "--repeat", script.token(), *behind])


class _Session:
    """One run of the command."""

    def __init__(self, screen: Screen, outcome: Outcome, asked: _Asked) -> None:
        self._screen = screen
        self._outcome = outcome
        self._asked = asked
        self._options = asked.options
        self.repeat = asked.repeat

    def target(self, tcp: CarefulTcp, tls: TlsSettings | None, command: Command | None) -> tuple[Target, str]:
        """The target, and the name of what carries its connections."""
        asked = self._asked
        if asked.requestor is None:
            assert asked.address is not None
            address, trigger = asked.address, None
        else:
            address, trigger = asked.requestor.listen, command or ByHand(self._ask)
        over, below, caller = reached(tls, tcp, address, trigger)
        target = Target(over, address, *asked.titles, Pace(), below, caller)
        return target, "tcp" if below is None else "tcp, TLS"

    def _ask(self, address: Address) -> None:
        self._say(f"waiting on {address} for the requestor to call")

    def _remark(self, text: str) -> None:
        self._outcome.remarks.append(text)
        self._say(text)

    def _say(self, text: str) -> None:
        self._screen.print(printable(text, keep="\n"), markup=False, soft_wrap=True)

    def again(self, target: Target, label: str, script: Script) -> int:
        """Run one script, and tell all of it; gives the exit code."""
        try:
            result = run_again(bench_of(target, self._asked.bench(), label, self._remark), script)
        except ScriptError as error:
            raise click.UsageError(f"--repeat: {error}") from error
        except CouldNotTestError as error:
            self._say(f"Could not test: {error}")
            return COULD_NOT_TEST
        self._say(in_full(result, lambda *_ids: self.repeat(script)))
        return int(result.verdict is Verdict.FAIL)

    # --- drawing -----------------------------------------------------------------------------------------

    def draw(self, target: Target, label: str) -> int:
        """Draw until a bound is reached, tell and write what was found; gives the exit code."""
        outcome = self._outcome
        asked = self._asked.requestor
        whom = f"called {target.called} by {target.calling}" if asked is None else f"called {asked.aet}"
        self._say(f"seed {outcome.seed}: {outcome.target}, {whom}")
        try:
            self._fuzz(target, label)
        except KeyboardInterrupt:
            outcome.interrupted = True
        self._show()
        self._write()
        return outcome.exit_code()

    def _effort(self) -> Effort:
        options = self._options
        seconds, examples = options["seconds"], options["examples"]
        if seconds is None and examples is None:
            seconds = Effort().seconds
        return Effort(seconds, examples, self._outcome.seed, options["findings"])

    def _fuzz(self, target: Target, label: str) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        told = 0
        with Progress(*columns, console=self._screen, transient=True) as progress:
            task = progress.add_task("drawing")

            def tell(outcome: Outcome) -> None:
                nonlocal told
                covered, reachable = outcome.covered()
                progress.update(
                    task,
                    description=f"{outcome.examples} scripts, {covered} of {reachable} cells, "
                    f"{len(outcome.findings)} findings",
                )
                for finding in outcome.findings[told:]:
                    told += 1
                    self._say(f"found: {finding.root}")

            fuzz_target(
                target,
                self._outcome,
                self._effort(),
                self._asked.bench(),
                progress=tell,
                remark=self._remark,
                label=label,
            )

    def _show(self) -> None:
        outcome = self._outcome
        for number, finding in enumerate(outcome.findings, 1):
            self._finding(number, finding)
        self._each(outcome.flaky, "seen once, and not again when repeated: no finding")
        self._each(outcome.told, "less than strict, or worth telling: no finding")
        if outcome.blamed:
            self._say(f"\nCould not test: {outcome.blamed}")
        if outcome.lost is not None:
            self._say(f"\nThe target serves no more since this script:\n  {self.repeat(outcome.lost)}")
            if outcome.good is not None:
                self._say(f"After this one it still served:\n  {self.repeat(outcome.good)}")
        covered, reachable = outcome.covered()
        self._say(
            f"\n{'Interrupted: ' * outcome.interrupted}{outcome.examples} scripts, seed {outcome.seed}: "
            f"{len(outcome.findings)} findings; {covered} of {reachable} cells of Table 9-10 that can be driven were"
        )

    def _finding(self, number: int, finding: Finding) -> None:
        root, result = finding.root, finding.result
        rows = [
            ("clause", root.clause),
            ("expected", result.expected),
            ("observed", result.observed),
            *(("note", note) for note in result.notes),
            *(("does", line if len(line) < 90 else f"{line[:80]}...") for line in finding.script.lines()),
            ("repeat", self.repeat(finding.script)),
        ]
        self._say("\n".join([f"\nfinding {number}: {root}", *(f"  {name:<10}{text}" for name, text in rows)]))

    def _each(self, told: list[Told], heading: str) -> None:
        if told:
            self._say(f"\n{heading} ({len(told)})")
        for each in told:
            self._say(f"  {each.text}\n    {self.repeat(each.script)}")

    def _write(self) -> None:
        options, outcome = self._options, self._outcome
        save_json(options["json_file"], outcome_as_dict(outcome, self.repeat))
        where: Path | None = options["test_file"]
        if where is None:
            return
        subject = self._asked.subject()
        if not outcome.findings:
            self._say(f"nothing found: no test is written to {str(where)!r}")
        elif not where.is_dir():
            save(where, as_test(outcome, outcome.findings, subject))
        else:
            for number, finding in enumerate(outcome.findings, 1):
                file = where / f"test_fuzz_{number}_{name_of(finding)}.py"
                save(file, as_test(outcome, [finding], subject))
