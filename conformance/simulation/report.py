"""What a simulation says: counts for people and for programs, and a failure with all that is needed to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import fields
from textwrap import indent
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from dicomnet.statemachine import FORMS

from .judge import Breach
from .plan import Act, Plan, as_ranges
from .tally import CELLS, Tally, arrows_of, invariants, reachable_faults, reachable_rows

MOST_NAMES: Final = 12


def repeat(plan: Plan) -> str:
    """The command that repeats a plan."""
    words = [
        "dicomnet",
        "simulate",
        "--seed",
        str(plan.seed),
        "--faults",
        plan.faults,
        "--profile",
        plan.profile,
    ]
    words += ["--mutant", plan.mutant] if plan.mutant is not None else []
    words += ["--security", plan.security] if plan.security != "none" else []
    return shlex.join([*words, "--only", as_ranges(plan.numbers)])


TEMPLATE: Final = '''"""Found by `dicomnet simulate`: invariant {invariant}, profile {profile}, seed {seed}."""

from dicomnet.conformance import Act, Plan, simulate


def test_the_simulated_run() -> None:
    """{acts_of} of the seed; seen at {when:.6f} s."""
    plan = Plan(
{settings}
        acts=(
{acts}
        ),
    )
    assert simulate(plan).broken is None
'''


def as_test(plan: Plan, breach: Breach) -> str:
    """A plan as a test for pytest: it fails as long as the plan breaks an invariant.

    The acts stand in it one by one, so that it stays the same run when seeds come to be drawn otherwise.
    """
    names = [field.name for field in fields(plan) if field.name != "acts"]
    return TEMPLATE.format(
        invariant=breach.invariant,
        profile=plan.profile,
        seed=plan.seed,
        acts_of="One act" if len(plan.acts) == 1 else f"{len(plan.acts)} acts",
        when=breach.when,
        settings=indent("\n".join(f"{name}={getattr(plan, name)!r}," for name in names), " " * 8),
        acts=indent("\n".join(f"{_in_python(act)}," for act in plan.acts), " " * 12),
    )


def _in_python(act: Act) -> str:
    """An act as Python has it, without what it has by default."""
    given = ((field, getattr(act, field.name)) for field in fields(act))
    words = [f"{field.name}={value!r}" for field, value in given if value != field.default]
    return f"Act({', '.join(words)})"


def failure_lines(plan: Plan, shorter: Plan, breach: Breach, trace: Iterable[str]) -> list[str]:
    """The breach, the acts that it takes, the trace and the command."""
    form = FORMS[breach.invariant][plan.profile]
    return [
        f"Invariant {breach.invariant} broke: {form}",
        f"  seen at {breach.when:.6f} s: {breach.text}",
        f"  seed {plan.seed}, {len(shorter.acts)} of its {len(plan.acts)} acts, faults {shorter.faults}:",
        *(f"  {act}" for act in shorter.acts),
        "  what happened:",
        *(f"  {line}" for line in trace),
        f"Repeat: {repeat(shorter)}",
    ]


def show_tally(
    screen: Console, tally: Tally, profile: str, faults: str, rate: float, security: str = "none"
) -> None:
    """How often each row, each fault and each monitor occurred; cells and arrows."""
    table = Table(
        title=f"Simulated: profile {profile}, faults {faults}, security {security}", title_justify="left"
    )
    for column in ("what", "times each"):
        table.add_column(column, overflow="fold")
    table.add_row("rows", _times((str(row), tally.rows[row]) for row in reachable_rows(profile, security)))
    table.add_row("faults", _times((name, tally.faults[name]) for name in reachable_faults(profile, faults)))
    table.add_row(
        "monitors", _times((str(number), tally.monitors[number]) for number in invariants(security))
    )
    table.add_row("refusals", _times(sorted(tally.refusals.items())))
    screen.print(table)
    for role in ("requestor", "acceptor", None):
        reached = tally.reached(role)
        screen.print(
            f"Table 9-10, {role or 'both'}: {len(reached)} of {len(CELLS)} cells reached", markup=False
        )
    missing = sorted(f"{state} {event}" for state, event in CELLS - tally.reached())
    if missing:
        screen.print(f"not reached: {_some(missing)}", markup=False, soft_wrap=True)
    for name, arrows in arrows_of(profile, security).items():
        met = [arrow for arrow in arrows if tally.arrows[arrow]]
        missing = sorted(" ".join(arrow[1:]).strip() for arrow in arrows if not tally.arrows[arrow])
        rest = f"; not taken: {_some(missing)}" if missing else ""
        screen.print(f"{name}: {len(met)} of {len(arrows)} arrows taken{rest}", markup=False, soft_wrap=True)
    screen.print(
        f"{tally.seeds} seeds, {tally.turns} turns, {tally.seconds:.0f} simulated seconds; {rate:.0f} seeds per second",
        markup=False,
    )


def _times(counts: Iterable[tuple[str, int]]) -> str:
    return "  ".join(f"{name}: {times}" for name, times in counts) or "-"


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def tally_as_dict(
    tally: Tally, profile: str, faults: str, first: int, rate: float, security: str = "none"
) -> dict[str, Any]:
    """The counts as plain data."""
    return {
        "profile": profile,
        "faults": faults,
        "security": security,
        "first": first,
        "seeds": tally.seeds,
        "turns": tally.turns,
        "simulated_seconds": tally.seconds,
        "seeds_per_second": rate,
        "rows": {str(row): tally.rows[row] for row in reachable_rows(profile, security)},
        "fault_counts": {name: tally.faults[name] for name in reachable_faults(profile, faults)},
        "monitors": {str(number): tally.monitors[number] for number in invariants(security)},
        "refusals": dict(sorted(tally.refusals.items())),
        "cells": {
            role or "both": sorted(f"{state} {event}" for state, event in tally.reached(role))
            for role in ("requestor", "acceptor", None)
        },
        "cells_of": len(CELLS),
        "never": tally.never(profile, faults, security),
        "broken": None,
    }
