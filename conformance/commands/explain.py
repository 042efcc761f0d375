"""`dicomnet explain CASE`: what a case demands, why, and what is sent and allowed."""

from __future__ import annotations

import difflib

import click
from rich.console import Console
from rich.markup import escape

from dicomnet.statemachine import Framer

from ..case import Await, AwaitTimer, Case, Connect, HalfClose, Idle, Send, Step
from ..evidence import describe
from ..octets import with_titles
from ..oracle import Oracle
from ..reports import Screen
from ..reports.text import printable
from ..run import TESTER_LIMITS
from ..session import SANITY, Options
from ..suite import all_cases

# More answers in a row than any case awaits.
MAX_ANSWERS = 8
MAX_DECODED = 4


@click.command()
@click.argument("case_id", metavar="CASE")
def explain(case_id: str) -> None:
    """Explain a case: the requirement, its clause, the states and events, the allowed answers, the messages.

    Example: dicomnet explain ul.sta2.evt10
    """
    known = {case.id: case for case in (SANITY, *all_cases(1 if "+" in case_id else 0))}
    case = known.get(case_id)
    if case is None:
        near = ", ".join(difflib.get_close_matches(case_id, known, n=3)) or "see dicomnet test --list"
        raise click.UsageError(f"there is no case {case_id!r}; near: {near}")
    show_case(case, Screen(soft_wrap=True, highlight=False))


def show_case(case: Case, console: Console) -> None:
    """Print the explanation of a case."""
    console.print(f"[bold]{escape(case.id)}[/]  {escape(case.title)}")
    rows = [
        ("clause", case.clause),
        ("level", case.level.value),
        ("role", f"{case.role} (of the system under test)"),
        ("requirement", case.requirement),
    ]
    if case.cell is not None:
        rows.append(("cell", f"{case.cell[0]} x {case.cell[1]}"))
    if case.slow:
        rows.append(("waits", "for a long timer; left out by --quick"))
    rows.extend(("note", note) for note in case.notes)
    for name, text in rows:
        console.print(f"  {name:<12}{escape(text)}")
    console.print("  sequence")
    oracle, framer = Oracle(), Framer(TESTER_LIMITS)
    for number, step in enumerate(case.steps, 1):
        for position, line in enumerate(_step_lines(step, oracle, framer)):
            console.print(f"    {number if position == 0 else '':>2}  {escape(printable(line))}")
    for check in case.checks:
        console.print(f"  {'check':<12}{escape(check.says)}")


def _step_lines(step: Step, oracle: Oracle, framer: Framer) -> list[str]:
    """One step in words; the oracle goes along, on the path of a target that does as the tables say."""
    before = "/".join(oracle.states())
    match step:
        case Connect():
            oracle.connected()
            return [f"tester connects: Evt5; target in {'/'.join(oracle.states())}"]
        case Send():
            return [*_send_lines(step, oracle, before), *_read_lines(step, framer)]
        case AwaitTimer():
            poke = f"; every {step.every:g} s the tester sends {step.poke.what}" if step.poke else ""
            return [f"target in {before} closes when ARTIM expires; the time is reported, not graded{poke}"]
        case Idle():
            seconds = min(step.seconds, Options().idle)
            return [f"tester says nothing for {seconds:g} s; target in {before} is to do nothing either"]
        case Await():
            lines: list[str] = []
            for _round in range(MAX_ANSWERS):
                allowed = oracle.expected()
                if not allowed:
                    break
                lines.append("allowed: " + " or ".join(allowed))
                if oracle.all_settled or not oracle.follow():
                    break
            return lines or ["nothing more is expected"]
        case _:
            name = "half-close" if isinstance(step, HalfClose) else type(step).__name__.lower()
            oracle.ended()
            return [f"tester: {name}: Evt17; target in {before}"]


def _send_lines(step: Send, oracle: Oracle, before: str) -> list[str]:
    events = {"+".join(s.event for s in reading) or "no event yet" for reading in step.readings}
    octets = with_titles(step.octets, "CALLED", "CALLING")
    oracle.sent(step.readings)
    pieces = " in pieces" if step.pieces else ""
    shown = f"octets ({len(octets)}): {octets[:48].hex(' ')}{' ...' if len(octets) > 48 else ''}"
    return [
        f"tester sends {step.what}{pieces}: {' or '.join(sorted(events))}; target in {before}",
        shown if step.made is None else "octets: made from what the target has said before",
    ]


def _read_lines(step: Send, framer: Framer) -> list[str]:
    """What the octets are to this project's own decoder, once a PDU is whole."""
    if step.made is not None:
        return []
    read = framer.feed(with_titles(step.octets, "CALLED", "CALLING"))
    lines = [f"decoded: {describe(pdu)}" for pdu, _ in read[:MAX_DECODED]]
    return lines if len(read) <= MAX_DECODED else [*lines, f"and {len(read) - MAX_DECODED} more"]
