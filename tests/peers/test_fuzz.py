"""`dicomnet fuzz` on real peers: what is known of them is found, and said once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .peers import program, running
from .test_peers import dicomnet

pytestmark = pytest.mark.peers

FEW = ("--examples", "150", "--findings", "6", "--recover-limit", "5")


def found(tmp_path: Path, *words: str, seed: int, command: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a run tells; there is something to be found in both, and there are scripts that end storescp for good."""
    file = tmp_path / "found.json"
    done = dicomnet("fuzz", *words, *FEW, "--seed", str(seed), "--json", str(file), *command)
    report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert done.returncode == (1 if report["lost"] is None else 3), done.stdout + done.stderr
    assert (report["blamed"], report["interrupted"]) == (None, False)
    roots = [(each["state"], each["event"], each["seen"], tuple(each["odd"])) for each in report["findings"]]
    assert len(set(roots)) == len(roots)
    return report


def test_an_acceptor(tmp_path: Path) -> None:
    findings: list[dict[str, Any]] = []
    for seed in (1, 2, 3):
        with running("storescp", tmp_path) as peer:
            findings += found(tmp_path, peer.address, "--called-aet", "STORESCP", seed=seed)["findings"]
        # DCMTK answers what is no PDU as its user (AA-8 says the provider).
        if any(
            each["event"] == "Evt19" and each["seen"] == "A-ABORT: aborted by the service user"
            for each in findings
        ):
            return
    pytest.fail(f"not found: {findings}")


def test_a_requestor(tmp_path: Path) -> None:
    command = ("--", program("echoscu"), "{host}", "{port}")
    report = found(tmp_path, "--listen", "0", seed=1, command=command)
    assert report["role"] == "requestor"
    # DCMTK's requestor closes where a release meets its own (AR-8, AR-9).
    assert any(each["state"] in ("Sta7", "Sta9") and each["seen"] == "closed" for each in report["findings"])
