"""Whether one silent peer keeps the others waiting tells the real acceptors apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .peers import running
from .test_peers import dicomnet

pytestmark = pytest.mark.peers

ALONE, BESIDE = "starved for as long as 1 other stayed", "served beside 1 other"


def judged(name: str, folder: Path, *words: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and the verdict and what was observed of each case."""
    file = folder / "report.json"
    with running(name, folder) as peer:
        done = dicomnet("test", peer.address, "--called-aet", peer.aet, "--json", str(file), *words)
    report = json.loads(file.read_text(encoding="utf-8"))
    return done.returncode, {case["id"]: (case["verdict"], case["observed"]) for case in report["cases"]}


@pytest.mark.parametrize(
    ("name", "silent", "verdict", "second"),
    [
        ("storescp", ALONE, "informational", ALONE),
        ("storescp --fork", BESIDE, "pass", BESIDE),
        ("orthanc", ALONE, "non-strict", BESIDE),
        ("echoscp", BESIDE, "pass", BESIDE),
    ],
)
def test_the_silent_peer_tells_them_apart(
    name: str, silent: str, verdict: str, second: str, tmp_path: Path
) -> None:
    select = ("--select", "conn.silent-peer", "--select", "conn.second-association")
    code, told = judged(name, tmp_path, *select)
    assert code == 0
    assert told["conn.silent-peer"][0] == verdict
    assert silent in told["conn.silent-peer"][1]
    assert second in told["conn.second-association"][1]


@pytest.mark.parametrize(("name", "code"), [("storescp", 1), ("storescp --fork", 0)])
def test_what_the_user_states_is_demanded(name: str, code: int, tmp_path: Path) -> None:
    assert judged(name, tmp_path, "--select", "conn.silent-peer", "--concurrent", "2")[0] == code
