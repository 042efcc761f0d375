"""One simulated run, and a shorter one that breaks in the same way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from dicomnet.statemachine import Framer, Model, Violation
from dicomnet.transports import Happening

from .judge import Breach, name_of
from .plan import Act, Plan
from .secure import Layer
from .simulation import Simulation
from .tally import Tally, count

# How many runs the search for a shorter plan may take.
MOST_TRIES: Final = 500
# How many lines of a trace are kept, the newest.
MOST_LINES: Final = 400
QUIET: Final = frozenset({"path", "settled", "offered"})


class Ran(NamedTuple):
    """What came of a run: its counts, and the invariant that broke, if one did."""

    tally: Tally
    broken: Breach | None


def simulate(plan: Plan, tables: Model | None = None) -> Ran:
    """Run a plan; `tables` are those of a model with a planted fault, else the profile's."""
    return simulated(plan, tables)


def simulated(
    plan: Plan,
    tables: Model | None = None,
    watch: Callable[[Happening], None] | None = None,
    layer: Layer | None = None,
) -> Ran:
    """Run a plan and tell `watch` of all that happens, is called and is told.

    `layer` gives the security layers of the objects, in place of those that the plan names: (the object's name, lots of
    its own) to a `Security` or None.
    """
    simulation = Simulation(plan, tables, watch, layer)
    simulation.run()
    return Ran(count(simulation), simulation.judge.broken)


class TraceLines:
    """What happened in a run, line by line: when, on which link, who, what; PDUs by their names."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=MOST_LINES)
        self._framers: dict[tuple[int, str, str], Framer] = {}

    def __call__(self, seen: Happening) -> None:
        """Take down one thing."""
        if seen.what in QUIET:
            return
        if not seen.link:
            about = "" if seen.about is None else f" {seen.about}"
            if isinstance(seen.about, bytes):
                about = f" {len(seen.about)} octets{self._pdus(seen, seen.about)}"
            self._line(seen.when, f"{seen.subject} {seen.what}{about}")
            return
        who = "" if seen.subject is None else f" {name_of(seen.subject)}"
        what = seen.what
        if isinstance(seen.about, bytes):
            what = f"{what} {len(seen.about)} octets{self._pdus(seen, seen.about)}"
        elif isinstance(seen.about, str):
            what = f"{what} ({seen.about})"
        self._line(seen.when, f"link {seen.link} {seen.way or '--'}{who}: {what}")

    def _line(self, when: float, text: str) -> None:
        self.lines.append(f"{when:11.6f} {text}")

    def _pdus(self, seen: Happening, octets: bytes) -> str:
        """The PDUs that these octets complete."""
        framer = self._framers.setdefault((seen.link, seen.way or str(seen.subject), seen.what), Framer())
        names = [
            "invalid PDU" if isinstance(received, Violation) else received.name
            for received, _ in framer.feed(octets)
        ]
        return f": {', '.join(names)}" if names else ""


def trace_of(plan: Plan, tables: Model | None = None) -> list[str]:
    """Run a plan again and write down what happens."""
    trace = TraceLines()
    simulated(plan, tables, trace)
    return list(trace.lines)


def shrink(plan: Plan, broken: Breach, tables: Model | None = None) -> Plan:
    """A plan with fewer actors, fewer acts and milder faults that breaks the same invariant."""
    tries = 0

    def breaks(shorter: Plan) -> bool:
        nonlocal tries
        tries += 1
        if tries > MOST_TRIES:
            return False
        found = simulate(shorter, tables).broken
        return found is not None and found.invariant == broken.invariant

    for milder in ("none", "calm"):
        if breaks(replace(plan, faults=milder)):
            plan = replace(plan, faults=milder)
            break
    while True:
        shorter = _without_groups(plan, breaks)
        if shorter.acts == plan.acts:
            return plan
        plan = shorter


def _without_groups(plan: Plan, breaks: Callable[[Plan], bool]) -> Plan:
    """Leave out whole actors, then runs of acts, ever shorter ones, as long as it still breaks."""
    for actor in plan.actors:
        plan = _without(plan, [act for act in plan.acts if act.actor == actor], breaks)
    size = len(plan.acts) // 2
    while size:
        start = 0
        while start < len(plan.acts):
            shorter = _without(plan, list(plan.acts[start : start + size]), breaks)
            start += size if shorter is plan else 0
            plan = shorter
        size //= 2
    return plan


def _without(plan: Plan, acts: list[Act], breaks: Callable[[Plan], bool]) -> Plan:
    shorter = plan.only(frozenset(plan.numbers) - {act.number for act in acts})
    return shorter if breaks(shorter) else plan
