"""The commands against DCMTK, Orthanc and pynetdicom."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .peers import Peer, program, pynetdicom, running

pytestmark = pytest.mark.peers

DICOMNET = [sys.executable, "-c", "from dicomnet.conformance.cli import main; main()"]
SECONDS = 600.0


@pytest.fixture(params=["storescp", "orthanc", "echoscp"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    """Each of the three acceptors."""
    with running(str(request.param), tmp_path) as started:
        yield started


def dicomnet(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run([*DICOMNET, *words], capture_output=True, text=True, timeout=SECONDS, check=False)


def test_the_requestor_gets_its_answer(peer: Peer) -> None:
    done = dicomnet("echo", peer.address, "--called-aet", peer.aet)
    assert done.returncode == 0, done.stderr
    assert "0x0000" in done.stdout


def test_the_suite_judges_the_peer(peer: Peer, tmp_path: Path) -> None:
    """No list of verdicts is pinned, because releases differ; but nearly all must be told, and most are right."""
    file = tmp_path / "report.json"
    done = dicomnet("test", peer.address, "--called-aet", peer.aet, "--quick", "--json", str(file))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["schema"] == "dicomnet-report/1"
    assert report["blamed"] is None
    summary = report["summary"]
    assert summary["error"] == 0
    assert summary["inconclusive"] <= 0.05 * len(report["cases"])
    assert summary["pass"] > 150


@contextmanager
def serving(*words: str) -> Generator[tuple[str, Callable[[], str]]]:
    """Our acceptor: its port, and how to read the next line of its log."""
    with subprocess.Popen(
        [*DICOMNET, "serve", "--aet", "DICOMNET", "--port", "0", *words], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            out = server.stdout
            assert out is not None
            address = next(word for word in out.readline().split() if word.startswith("127.0.0.1:"))
            yield address.rpartition(":")[2].strip(","), out.readline
        finally:
            server.terminate()


# What the requestors return says nothing; the acceptor knows whether it answered.
@pytest.mark.parametrize("name", ["echoscu", "pynetdicom"])
def test_the_acceptor_answers(name: str) -> None:
    requestor = [*pynetdicom(), "echoscu"] if name == "pynetdicom" else [program("echoscu")]
    with serving() as (port, line):
        command = [*requestor, "-aec", "DICOMNET", "127.0.0.1", port]
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        lines = [line() for _ in range(2)]
    assert any("C-ECHO answered" in each for each in lines), lines
