"""What `dicomnet check` found, for people and as JSON."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from dicomnet.statemachine import FORMS

from ..exploration import Found, Proof, sequence

ROWS_SHOWN = 3
NEVER_QUEUED = "no request ever came to the queue, so of requests that wait or are accepted nothing was seen"


def show_proof(screen: Console, proof: Proof) -> None:
    """Invariants, what fired, figures, and what broke."""
    profile = proof.question.profile
    table = Table(title="Invariants", title_justify="left")
    for name in ("", "in this profile", "verdict"):
        table.add_column(name)
    rows = {number: (forms[profile], _verdict(number, proof)) for number, forms in FORMS.items()}
    for number, row in sorted(rows.items()):
        table.add_row(str(number), *row)
    screen.print(table)
    fired = Table(title="What fired, of what can", title_justify="left")
    fired.add_column("table")
    fired.add_column("fired", justify="right")
    fired.add_column("of", justify="right")
    for name, coverage in proof.coverage.items():
        fired.add_row(name, str(coverage.fired), str(coverage.total))
    screen.print(fired)
    for each in proof.unfired:
        screen.print(f"never fired: {each}", markup=False, soft_wrap=True)
    for name, item, why in proof.excused:
        screen.print(f"cannot fire: {name}: {item} ({why})", markup=False, soft_wrap=True)
    for failure in proof.rows[:ROWS_SHOWN]:
        screen.print(f"row {failure.row} does not hold: {failure.text}", markup=False, soft_wrap=True)
    if len(proof.rows) > ROWS_SHOWN:
        screen.print(f"and {len(proof.rows) - ROWS_SHOWN} more checks of rows fail", markup=False)
    screen.print(_figures(proof.found), markup=False)
    if proof.whole is not None:
        screen.print(f"without symmetry: {_figures(proof.whole)}", markup=False)
    screen.print(f"peak memory {proof.peak / 1e6:.0f} MB", markup=False)
    if not proof.found.queued:
        screen.print(f"vacuous: {NEVER_QUEUED}; a larger --queue proves more", markup=False, soft_wrap=True)
    if proof.found.broken is not None:
        screen.print("\nThe shortest way to what broke:", markup=False)
        screen.print(sequence(proof.found), markup=False, soft_wrap=True)


def _verdict(number: int, proof: Proof) -> str:
    broken = proof.found.broken
    if (broken is not None and broken.invariant == number) or (number == 9 and proof.unfired):
        return "violated"
    return "holds" if proof.found.complete else "not proven"


def _figures(found: Found) -> str:
    rate = found.states / found.seconds if found.seconds else 0.0
    return (
        f"{found.states:,} states, {found.transitions:,} transitions in {found.seconds:.2f} s "
        f"({rate:,.0f} states/s)"
    )


def proof_as_dict(proof: Proof) -> dict[str, object]:
    """The proof as plain data (schema dicomnet-check/1)."""
    question, found = proof.question, proof.found
    return {
        "schema": "dicomnet-check/1",
        "profile": question.profile,
        "security": question.security,
        "clients": question.clients,
        "queue": question.places,
        "events": "core" if question.core else "all",
        "mutant": question.mutant,
        "verdict": proof.verdict,
        "vacuous": None if found.queued else NEVER_QUEUED,
        "states": found.states,
        "transitions": found.transitions,
        "seconds": round(found.seconds, 3),
        "states_without_symmetry": None if proof.whole is None else proof.whole.states,
        "peak_memory_octets": proof.peak,
        "invariants": {
            str(number): {"form": forms[question.profile], "verdict": _verdict(number, proof)}
            for number, forms in FORMS.items()
        },
        "rows": [{"row": each.row, "text": each.text} for each in proof.rows],
        "coverage": {
            name: {"fired": each.fired, "of": each.total, "never": list(each.never)}
            for name, each in proof.coverage.items()
        },
        "cannot_fire": [{"table": name, "what": item, "why": why} for name, item, why in proof.excused],
        "counterexample": None
        if found.broken is None
        else {
            "invariant": found.broken.invariant,
            "text": found.broken.text,
            "steps": [str(step) for step in found.steps],
        },
    }
