"""One script once more: what a written test does, and what `--repeat` does."""

from __future__ import annotations

from collections.abc import Iterable

from dicomnet.transports import Address, TcpTransport, Transport

from ..bench import Bench, Options, first_pace
from ..caller import Reception, Trigger
from ..command_trigger import Command
from ..reports.text import in_full
from ..target import Caller, Target
from ..verdict import Result, Verdict
from .compiled import compiled
from .running import UNREAD
from .script import Script, read_script


class CouldNotTestError(Exception):
    """The target does not serve a healthy association; the message says why."""


def run_again(bench: Bench, script: Script) -> Result:
    """The verdict on one script, a failure repeated with longer waits; so is one that ends an acceptor for good.

    Raises `CouldNotTestError`, and `ScriptError` where the script is not for a target of this role.
    """
    unfit = bench.sanity()
    if unfit is not None:
        raise CouldNotTestError(unfit.notes[-1])
    target = bench.target
    if target.role == "requestor" and bench.request is None:
        raise CouldNotTestError(UNREAD)
    made = compiled(script, target.called, target.calling, bench.request)
    run = bench.once(made.case)
    result = run.result
    assert result is not None
    if result.verdict is Verdict.FAIL and run.progress[0] >= made.lenient_from:
        result.verdict = Verdict.NON_STRICT
        return result
    if target.role == "acceptor" and bench.recover() is None:
        # Nobody can look again, and that is the worst that a script can show.
        result.verdict = Verdict.FAIL
        result.notes.append("since then the target serves no more")
        return result
    return bench.confirm(made.case, result, 2) if result.verdict is Verdict.FAIL else result


def repeat(
    target: str,
    lines: Iterable[str],
    *,
    called: str = "ANY-SCP",
    calling: str = "DICOMNET",
    carrier: Transport | None = None,
) -> None:
    """Run a script against the acceptor at HOST:PORT. Raises `AssertionError`, with the evidence, where it fails.

    `lines` are those of the script, `called` and `calling` the AE titles, `carrier` another than TCP. Raises
    `ScriptError` for lines that are no script and `CouldNotTestError` where no healthy association is possible.
    """
    host, _, port = target.rpartition(":")
    _repeat(lines, Address(host.strip("[]"), int(port)), (called, calling), carrier)


def repeat_requestor(
    command: Iterable[str],
    lines: Iterable[str],
    *,
    aet: str = "DICOMNET",
    listen: str = "127.0.0.1:0",
    carrier: Transport | None = None,
    trigger: Trigger | None = None,
) -> None:
    """Run a script against the requestor that `command` starts. Raises `AssertionError` where it fails.

    `command` are words, in which {host}, {port} and {aet} are filled in: where it is waited for (`listen`, HOST:PORT;
    port 0 is any free one) and the tester's AE title. `trigger` makes the requestor call in another way, `carrier` is
    another than TCP. Raises as `repeat` does, and `NoCommandError` where the command is no program.
    """
    host, _, port = listen.rpartition(":")
    starts = trigger or Command(tuple(command), aet)
    try:
        _repeat(lines, Address(host.strip("[]"), int(port)), ("ANY-SCP", aet), carrier, starts)
    finally:
        if isinstance(starts, Command):
            starts.close()


def _repeat(
    lines: Iterable[str],
    address: Address,
    titles: tuple[str, str],
    carrier: Transport | None,
    trigger: Trigger | None = None,
) -> None:
    script = read_script(lines)
    where = carrier or TcpTransport()
    try:
        options = Options()
        caller: Caller | None = None if trigger is None else Reception(where, address, trigger)
        target = Target(where, address, *titles, first_pace(options), caller=caller)
        result = run_again(Bench(target, options, where.name, lambda _text: None), script)
    finally:
        if carrier is None:
            where.end()
    if result.verdict is Verdict.FAIL:
        raise AssertionError(in_full(result, lambda *_ids: script.token()))
