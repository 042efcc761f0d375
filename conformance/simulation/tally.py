"""How often each thing occurred in simulated runs: rows of the connection layer, faults, monitors, cells, arrows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from dicomnet.statemachine import ASSOCIATION, PROFILES, Machine, Transition
from dicomnet.transports import FAULTS

from ..exploration.coverage import OF_SECURITY
from .judge import INVARIANTS, SECURE_INVARIANT
from .simulation import Simulation

ROWS: Final = tuple(range(1, 25))
"""The rows of the connection layer."""
SECURITY_ROWS: Final = frozenset({3, 12, 13, 14})
"""The rows that only a security layer brings."""
ROLE_OF: Final = {"lib-a": "acceptor", "lib-r": "requestor"}
CELLS: Final = frozenset((state, event) for state, row in ASSOCIATION.cells.items() for event in row)
"""The cells of PS3.8 Table 9-10 that have an action."""

Arrow = tuple[str, str, str, str]
"""A machine, a state, an event, and which branch."""


def rows_of(transition: Transition) -> tuple[int, ...]:
    """The rows that a transition shows."""
    state, event = transition.state, transition.event
    match transition.machine.partition("-")[0], event:
        case "connection", "configure" if state == "IDLE":
            return (3,)
        case "security", "secured":
            return (12,)
        case "security", "failed" | "timeout" if state == "SECURING":
            return (13,)
        case "security", "associate":
            return (15,)
        case "connection", "listen" if state == "IDLE":
            return (4,)
        case "connection", "connect-timeout" if state == "CONNECTING":
            return (22,)
        case "connection", "close" | "close-forced" if state == "CLOSED":
            return (24,)
        case "connection", "close" if state != "LISTENING":
            return (16,)
        case "connection", "close-forced":
            return (17,)
        case "listener", "request" if transition.when == "full":
            return (7,)
        case "listener", "child-ended" if state == "LISTENING":
            return (18,)
        case "listener", "close" if state == "LISTENING":
            return (19,)
        case "path", "queued" if state in ("OFFERED", "TAKEN"):
            return (5,)
        case "path", "nobody":
            return (6,)
        case "path", "take":
            return (8,)
        case "path", "leave" | "break" if state in ("OFFERED", "QUEUED"):
            return (20,)
        case _:
            return ()


@dataclass(slots=True)
class Tally:
    """Counts of many runs. It does not grow with their number."""

    seeds: int = 0
    turns: int = 0
    seconds: float = 0.0
    rows: Counter[int] = field(default_factory=Counter[int])
    faults: Counter[str] = field(default_factory=Counter[str])
    monitors: Counter[int] = field(default_factory=Counter[int])
    refusals: Counter[str] = field(default_factory=Counter[str])
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    arrows: Counter[Arrow] = field(default_factory=Counter[Arrow])

    def add(self, other: Tally) -> None:
        """Take in what others counted."""
        self.seeds += other.seeds
        self.turns += other.turns
        self.seconds += other.seconds
        for name in ("rows", "faults", "monitors", "refusals", "cells", "arrows"):
            getattr(self, name).update(getattr(other, name))

    def reached(self, role: str | None = None) -> frozenset[tuple[str, str]]:
        """The cells of Table 9-10 that were reached, by one role or by both."""
        return CELLS & {(state, event) for who, state, event in self.cells if role in (None, who)}

    def never(self, profile: str, faults: str, security: str = "none") -> list[str]:
        """What this profile, these faults and this layer can reach, and no run did."""
        missing = [f"row {row}" for row in reachable_rows(profile, security) if not self.rows[row]]
        missing += [f"fault {name}" for name in reachable_faults(profile, faults) if not self.faults[name]]
        missing += [f"monitor {number}" for number in invariants(security) if not self.monitors[number]]
        arrows = sorted(arrows_of(profile, security).get("security", ()))
        return missing + [" ".join(arrow).strip() for arrow in arrows if not self.arrows[arrow]]


def invariants(security: str) -> tuple[int, ...]:
    """The invariants that are watched: the fourth is about secured links."""
    return tuple(number for number in INVARIANTS if number != SECURE_INVARIANT or security != "none")


def reachable_rows(profile: str, security: str = "none") -> tuple[int, ...]:
    """The rows that a profile has with a layer: on_accept by level tells no later request of its own."""
    each = PROFILES[profile].traits.told_of_each
    rows = (row for row in ROWS if security != "none" or row not in SECURITY_ROWS)
    return tuple(row for row in rows if row != 10 or each)


def reachable_faults(profile: str, faults: str) -> tuple[str, ...]:
    """The faults that these options can show in a profile: not every one leaves requests half open, for one."""
    traits = PROFILES[profile].traits
    there = {"half-open": traits.half_open, "accept-tells": traits.accept_tells_reset}
    return tuple(name for name in FAULTS[faults].named if there.get(name, True))


def arrows_of(profile: str, security: str = "none") -> dict[str, frozenset[Arrow]]:
    """Every arrow of the profile's connection, listener, path and, with a layer, security; refusals are none."""
    secure = security != "none"
    model = PROFILES[profile]
    machines: tuple[Machine[Any], ...] = (
        model.connection,
        model.listener,
        model.path,
        *((model.security,) if secure else ()),
    )
    return {
        machine.name: frozenset(
            (machine.name, state, event, branch.when or "")
            for state, row in machine.cells.items()
            for event, action in row.items()
            for branch in machine.actions[action].branches
            if branch.refuse is None and (secure or event not in OF_SECURITY)
        )
        for machine in machines
    }


def count(simulation: Simulation) -> Tally:
    """What one run has shown."""
    tally = Tally(seeds=1, turns=simulation.turns, seconds=simulation.carrier.now())
    tally.rows.update(simulation.rows)
    tally.rows[9] += simulation.refusals["would_block"]
    tally.faults.update(simulation.carrier.met)
    tally.monitors.update(simulation.judge.judged)
    tally.refusals.update(simulation.refusals)
    _count(tally, Counter(simulation.path), "")
    for name, network in simulation.libraries.items():
        _count(tally, Counter(network.trace or ()), ROLE_OF[name])
    return tally


def _count(tally: Tally, transitions: Counter[Transition], role: str) -> None:
    for transition, times in transitions.items():
        if transition.machine == "association":
            tally.cells[role, transition.state, transition.event] += times
            continue
        arrow = (transition.machine, transition.state, transition.event, transition.when or "")
        tally.arrows[arrow] += times
        for row in rows_of(transition):
            tally.rows[row] += times
