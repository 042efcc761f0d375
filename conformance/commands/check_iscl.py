"""`dicomnet check --security iscl`: the two ends of an ISCL line, every interleaving, for people and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from ..iscl_lines import SETTINGS, LineProof, branches, explore_iscl
from ..reports import Screen
from .options import save_json

HELD: Final = (
    "both ends agree: on the key, on the packet size, and on how the line ended",
    "no message before mutual authentication, and none lost or made up",
    "nothing is told twice, and nothing after the end",
    "no deadlock: from everywhere the line can come to its end",
)
ABSTRACT: Final = (
    "An abstract machine: ISCL is retired, its wire format is not public, and it never touches a wire."
)


def check_iscl(screen: Screen, json_file: Path | None) -> int:
    """Explore, show, write; gives the exit code: 0 proven, 1 violated."""
    screen.print(f"ISCL: two ends of a line, {len(SETTINGS)} settings. {ABSTRACT}", soft_wrap=True)
    proof = explore_iscl()
    show_line_proof(screen, proof)
    save_json(json_file, line_proof_as_dict(proof))
    return 0 if proof.holds else 1


def show_line_proof(screen: Console, proof: LineProof) -> None:
    """What holds, what fired, and the shortest way to what broke."""
    table = Table(title="What must always hold", title_justify="left")
    table.add_column("")
    table.add_column("verdict")
    for text in HELD:
        table.add_row(text, "holds" if proof.broken is None else "not proven")
    screen.print(table)
    for setting in SETTINGS:
        screen.print(f"with {setting.name}", markup=False)
    screen.print(f"branches of cells that fired: {len(proof.fired)} of {len(proof.fired) + len(proof.never)}")
    for state, event, when in proof.never:
        screen.print(f"never fired: {state} {event} {when or ''}", markup=False)
    screen.print(
        f"{proof.states:,} states, {proof.transitions:,} transitions in {proof.seconds:.2f} s", markup=False
    )
    if proof.broken is not None:
        screen.print(f"\nThe shortest way to what broke:\n{proof.broken}", markup=False, soft_wrap=True)
    screen.print("[green]proven" if proof.holds else "[bold red]violated")


def line_proof_as_dict(proof: LineProof) -> dict[str, object]:
    """The proof as plain data (schema dicomnet-check-iscl/1)."""
    broken = proof.broken
    return {
        "schema": "dicomnet-check-iscl/1",
        "security": "iscl",
        "verdict": "proven" if proof.holds else "violated",
        "settings": [each.name for each in SETTINGS],
        "states": proof.states,
        "transitions": proof.transitions,
        "seconds": round(proof.seconds, 3),
        "branches": len(branches()),
        "never_fired": [list(each) for each in proof.never],
        "counterexample": None
        if broken is None
        else {"text": broken.text, "setting": broken.setting, "steps": list(broken.steps)},
    }
