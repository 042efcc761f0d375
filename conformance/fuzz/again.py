"""One script once more: what a written test does, and what `--repeat` does."""

from __future__ import annotations

from collections.abc import Iterable

from dicomnet.transports import Address, TcpTransport, Transport

from ..bench import Bench, Options, first_pace
from ..reports.text import in_full
from ..target import Target
from ..verdict import Result, Verdict
from .compiled import compiled
from .script import Script, read_script


class CouldNotTestError(Exception):
    """The target does not serve a healthy association; the message says why."""


def run_again(bench: Bench, script: Script) -> Result:
    """The verdict on one script, a failure repeated with longer waits. Raises `CouldNotTestError`."""
    unfit = bench.sanity()
    if unfit is not None:
        raise CouldNotTestError(unfit.notes[-1])
    target = bench.target
    made = compiled(script, target.called, target.calling)
    run = bench.once(made.case)
    result = run.result
    assert result is not None
    if result.verdict is Verdict.FAIL and run.progress[0] >= made.lenient_from:
        result.verdict = Verdict.NON_STRICT
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
    script = read_script(lines)
    host, _, port = target.rpartition(":")
    where = carrier or TcpTransport()
    try:
        options = Options()
        address = Address(host.strip("[]"), int(port))
        bench = Bench(
            Target(where, address, called, calling, first_pace(options)),
            options,
            where.name,
            lambda _text: None,
        )
        result = run_again(bench, script)
    finally:
        if carrier is None:
            where.end()
    if result.verdict is Verdict.FAIL:
        raise AssertionError(in_full(result, lambda *_ids: script.token()))
