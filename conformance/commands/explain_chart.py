"""A case as a chart before it is run: what the tester does, the answers that are allowed, the states of the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomnet.diagrams import Chart, Happening, Message, Note, State, States
from dicomnet.statemachine import ASSOCIATION, Framer

from ..bounds import TESTER_LIMITS
from ..case import ACCEPTOR, SIDES, Await, Case, Connect, Idle, Send, Step
from ..charts import TESTER
from ..oracle import Oracle
from .explain_steps import step_lines

_ALLOWED: Final = "allowed: "
# Answers that are no PDU: no arrow is drawn where there may be no other.
_NO_PDU: Final = {"nothing", "close"}
# What a step says first of what the tester does, and the arrow says as well.
_DOES: Final = ("tester sends ", "tester: ")


def explained(case: Case) -> Chart:
    """The chart of a case, on the path of a target that does as the tables say; its times are numbers of steps."""
    target = f"target ({case.role})"
    oracle, framer = Oracle(side=SIDES[case.role]), Framer(TESTER_LIMITS)
    happenings: list[Happening] = []
    shown = ""
    for number, step in enumerate(case.steps, 1):
        lines = step_lines(step, oracle, framer)
        happenings += _drawn(number, step, lines, oracle, target)
        states = "/".join(oracle.states())
        # Between a PDU and the answers that are allowed the target is on its way: nothing is settled.
        if states != shown and not isinstance(step, Send):
            shown = states
            happenings.append(States((State(target, states, _meaning(oracle)),)))
    title = f"{case.id}: {case.title}. {case.requirement} ({case.clause})"
    return Chart(title, (TESTER, target), tuple(happenings), counted=True)


def _drawn(
    number: int, step: Step, lines: list[str], oracle: Oracle, target: str
) -> Iterator[Message | Note]:
    match step:
        case Connect():
            ends = (TESTER, target) if oracle.side is ACCEPTOR else (target, TESTER)
            yield Message(number, *ends, "connect", lines[0])
        case Await():
            for line in lines:
                if set(line.removeprefix(_ALLOWED).split(" or ")) - _NO_PDU and line.startswith(_ALLOWED):
                    yield Message(number, target, TESTER, line.removeprefix(_ALLOWED), line)
                else:
                    yield Note(number, target, line)
        case Send():
            yield Message(number, TESTER, target, _short(lines[0]), "\n".join(lines))
        case Idle():
            yield Note(number, TESTER, lines[0])
        case _ if lines[0].startswith(_DOES):
            yield Message(number, TESTER, target, _short(lines[0]), "\n".join(lines))
        case _:
            yield Note(number, TESTER, " ".join(line.strip() for line in lines))


def _short(line: str) -> str:
    """What the tester does, without who does it and where the target is."""
    for begin in _DOES:
        line = line.removeprefix(begin)
    return line.partition("; target in ")[0]


def _meaning(oracle: Oracle) -> str:
    return "\n".join(f"{name}: {ASSOCIATION.state[name].meaning}" for name in oracle.states())
