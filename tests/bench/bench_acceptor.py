"""How many associations the reference acceptor serves on loopback: `python tests/bench/bench_acceptor.py`.

Beside it: pynetdicom's acceptor, DCMTK's storescp, and an asyncio server that answers with canned octets. One client
of raw octets in a process of its own drives each of them in turn, so that its cost is the same for all. What is not
installed is left out and said.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter

from harness import NOT_INSTALLED, Effort, effort, heading, optional, show

LOOPBACK = Path(__file__).with_name("loopback.py")
ROUNDS, SECONDS = 5, 0.6
QUICK_ROUNDS, QUICK_SECONDS = 1, 0.05
READY_SECONDS = 10.0
NAMES = ("dicomnet", "asyncio", "storescp", "pynetdicom")
TITLES = {
    "dicomnet": "dicomnet",
    "asyncio": "asyncio, canned octets",
    "storescp": "DCMTK storescp, TCP_NODELAY",
    "pynetdicom": "pynetdicom",
}
# (title, what is driven, clients at a time, goals)
MEASURES: tuple[tuple[str, str, int, dict[str, float]], ...] = (
    (
        "association + C-ECHO + release, one client",
        "associate",
        1,
        {"asyncio": 0.8, "storescp": 0.8, "pynetdicom": 20},
    ),
    (
        "association + C-ECHO + release, 8 clients",
        "associate",
        8,
        {"asyncio": 0.8, "storescp": 0.8, "pynetdicom": 20},
    ),
    ("C-ECHO within one association", "echo", 1, {"storescp": 1, "pynetdicom": 40}),
)


@contextmanager
def running(
    command: list[str], environment: dict[str, str] | None = None
) -> Generator[subprocess.Popen[str]]:
    """A process for as long as it is needed."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def server(name: str) -> Generator[int | None]:
    """A server and its port; None where it is not installed."""
    if name == "storescp":
        with storescp() as port:
            yield port
    elif name == "pynetdicom" and optional(name) is None:
        yield None
    else:
        with running([sys.executable, str(LOOPBACK), "serve", name]) as process:
            assert process.stdout is not None
            yield int(process.stdout.readline())


@contextmanager
def storescp() -> Generator[int | None]:
    """DCMTK's acceptor, which cannot choose a free port itself."""
    program = shutil.which("storescp")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with (
        tempfile.TemporaryDirectory() as folder,
        running([program, "-q", "-od", folder, str(port)], {"TCP_NODELAY": "1"}) as process,
    ):
        wait_for_listener(process, port)
        yield port


def wait_for_listener(process: subprocess.Popen[str], port: int) -> None:
    """Until the port is open. A bare connection is the way to ask; this server takes it for one that gave up."""
    deadline = perf_counter() + READY_SECONDS
    while perf_counter() < deadline:
        assert process.poll() is None, "the server ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError(f"no listener on port {port} after {READY_SECONDS} s")


def rate(port: int, mode: str, width: int, seconds: float) -> float:
    """What the client counts."""
    command = [sys.executable, str(LOOPBACK), "drive", str(port), str(width), str(seconds), mode]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(effort: Effort) -> None:
    """All servers run all the time and are driven by turns; the best round of each counts."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if effort.quick else (ROUNDS, SECONDS)
    with ExitStack() as stack:
        ports = {name: stack.enter_context(server(name)) for name in NAMES}
        for title, mode, width, goals in MEASURES:
            heading(title)
            best: dict[str, float] = {}
            for _ in range(rounds):
                for name, port in ports.items():
                    if port is not None:
                        best[name] = max(best.get(name, 0.0), rate(port, mode, width, seconds))
            for name in NAMES:
                if name not in best:
                    show(f"{TITLES[name]}: {NOT_INSTALLED}", None)
                else:
                    ratio = None if name == "dicomnet" else best["dicomnet"] / best[name]
                    show(TITLES[name], 1 / best[name], ratio, goals.get(name))


if __name__ == "__main__":
    measure(effort(__doc__))
    sys.exit(0)
