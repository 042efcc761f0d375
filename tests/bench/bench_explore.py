"""Exploration of the listener with its requestors (core moves, profile dicomnet), beside spin on the same model.

The model for spin is written out here by hand, from the rows of the connection layer and not from the tables; that it
has as many states as ours is printed, and it is a second opinion on them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from dicomnet.conformance.exploration import Packed, World, search
from dicomnet.statemachine import MODEL

from harness import NOT_INSTALLED, Effort, effort, heading, show

# Lanes: 0 fresh, 1 queued, 2 connected, 3 requestor closed and child not yet told, 4 the other way round, 5 over.
PROMELA = """
#define N {clients}
#define Q {places}
byte st[N];
byte queue[Q];
byte waiting;
byte k;
active proctype everybody() {{
end:  do
{moves}
  :: d_step {{
    waiting > 0 -> st[queue[0]] = 2; k = 0;
    do :: k + 1 < waiting -> queue[k] = queue[k + 1]; k++ :: else -> break od;
    waiting--; queue[waiting] = 0; k = 0 }}
  od
}}
"""
MOVES = """  :: d_step {{ st[{i}] == 0 && waiting < Q -> queue[waiting] = {i}; waiting++; st[{i}] = 1 }}
  :: d_step {{ st[{i}] == 0 && waiting == Q -> skip }}
  :: d_step {{
    st[{i}] == 1 -> k = 0;
    do :: queue[k] == {i} -> break :: else -> k++ od;
    do :: k + 1 < waiting -> queue[k] = queue[k + 1]; k++ :: else -> break od;
    waiting--; queue[waiting] = 0; k = 0; st[{i}] = 5 }}
  :: d_step {{ st[{i}] == 2 -> st[{i}] = 3 }}
  :: d_step {{ st[{i}] == 2 -> st[{i}] = 4 }}
  :: d_step {{ st[{i}] == 3 -> st[{i}] = 5 }}
  :: d_step {{ st[{i}] == 4 -> st[{i}] = 5 }}"""


def model_for_spin(clients: int, places: int) -> str:
    """The model, for so many requestors and places."""
    moves = "\n".join(MOVES.format(i=client) for client in range(clients))
    return PROMELA.format(clients=clients, places=places, moves=moves)


def built(clients: int, places: int, folder: Path) -> list[str] | None:
    """The program that spin makes of the model, or None where spin or a C compiler is not installed."""
    spin, compiler = shutil.which("spin"), shutil.which("gcc") or shutil.which("cc")
    if spin is None or compiler is None:
        return None
    (folder / "model.pml").write_text(model_for_spin(clients, places))
    subprocess.run([spin, "-a", "model.pml"], cwd=folder, check=True, capture_output=True)
    subprocess.run(
        [compiler, "-O2", "-DSAFETY", "-DNOREDUCE", "-w", "-o", "pan", "pan.c"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return ["./pan", "-m1000000", "-w24"]


def run_spin(command: list[str], folder: Path) -> tuple[float, int]:
    """Seconds of one whole run, and the states that it found."""
    began = perf_counter()
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    seconds = perf_counter() - began
    stored = re.search(r"(\d+) states, stored", said)
    assert stored is not None
    return seconds, int(stored.group(1))


def measure(effort: Effort, clients: int, places: int) -> None:
    """Both, by turns; the best of a few runs."""
    world = World(MODEL, clients, places, core=True)
    reduced = search(world, 10_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = built(clients, places, folder)
        whole = Packed(world).search(10_000_000)
        ours, alike, theirs, states = [whole.seconds], list[float](), list[float](), 0
        for _ in range(1 if effort.quick else 5):
            ours.append(Packed(world).search(10_000_000).seconds)
            fresh = World(MODEL, clients, places, core=True)
            alike.append(search(fresh, 10_000_000).seconds)
            if command is not None:
                seconds, states = run_spin(command, folder)
                theirs.append(seconds)
    heading(f"{clients} requestors, backlog {places}")
    show(f"dicomnet, {whole.states:,} states", min(ours))
    show(f"dicomnet with symmetry, {reduced.states:,} states", min(alike))
    if not theirs:
        show(f"spin: {NOT_INSTALLED}", None)
        return
    show(f"spin, {states:,} states, to ours", min(theirs), min(theirs) / min(ours), 0.5)
    show("spin, to ours with symmetry", min(theirs), min(theirs) / min(alike), 50)


if __name__ == "__main__":
    asked = effort(__doc__)
    for size in ((3, 2),) if asked.quick else ((6, 4), (7, 4)):
        measure(asked, *size)
    sys.exit(0)
