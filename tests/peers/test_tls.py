"""TLS against DCMTK, Orthanc and pynetdicom, both ways."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ..certificates import Certificates
from .peers import ECHOSCU_TLS, program, pynetdicom, running
from .test_peers import SECONDS, dicomnet, serving

pytestmark = pytest.mark.peers

PEERS = ("storescp", "orthanc", "echoscp")


@pytest.mark.parametrize("name", PEERS)
def test_the_requestor_gets_its_answer(name: str, tmp_path: Path, certificates: Certificates) -> None:
    with running(name, tmp_path, certificates) as peer:
        words = ("echo", peer.address, "--called-aet", peer.aet)
        done = dicomnet(*words, "--tls", "--tls-ca", str(certificates.ca))
        assert done.returncode == 0, done.stderr
        assert "over TLSv1." in done.stdout
        stranger = dicomnet(*words, "--tls", "--tls-ca", str(certificates.other_ca))
        assert stranger.returncode == 1
        assert "unknown_authority" in stranger.stderr
        assert dicomnet(*words, "--timeout", "5").returncode == 1


@pytest.mark.parametrize("name", ["echoscu", "echoscu with a certificate", "pynetdicom"])
def test_the_acceptor_answers(name: str, certificates: Certificates) -> None:
    pair, client, ca = certificates.server, certificates.client, str(certificates.ca)
    demands = ["--tls-require-client-cert", "--tls-ca", ca] if "certificate" in name else []
    with serving("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key), *demands) as (port, line):
        if name == "pynetdicom":
            command = [pynetdicom()[0], "-c", ECHOSCU_TLS, port, ca]
        else:
            shown = ["+tls", str(client.key), str(client.certificate)] if demands else ["+tla"]
            command = [program("echoscu"), *shown, "+cf", ca, "-aec", "DICOMNET", "127.0.0.1", port]
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        lines = [line() for _ in range(3)]
    assert "secured: TLSv1." in lines[0]
    assert any("C-ECHO answered" in each for each in lines), lines


@pytest.mark.parametrize(
    ("name", "stalled"), [("storescp", "informational"), ("orthanc", "non-strict"), ("echoscp", "non-strict")]
)
def test_a_stalled_handshake_tells_them_apart(
    name: str, stalled: str, tmp_path: Path, certificates: Certificates
) -> None:
    """Each has its TLS judged; no other verdict is pinned, because releases differ."""
    file = tmp_path / "report.json"
    with running(name, tmp_path, certificates) as peer:
        done = dicomnet(
            *("test", peer.address, "--called-aet", peer.aet, "--tls", "--tls-ca", str(certificates.ca)),
            *("--quick", "--select", "tls*", "--select", "ul.sta6.*", "--json", str(file)),
        )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(file.read_text(encoding="utf-8"))
    verdicts = {case["id"]: case["verdict"] for case in report["cases"]}
    assert report["summary"]["error"] == report["summary"]["inconclusive"] == 0
    assert verdicts["tls.stall.silent"] == stalled
    # It is really asked for, whatever the answer.
    assert verdicts["tls.renegotiation.refused"] in ("pass", "informational", "non-strict")
    assert sum(verdict == "pass" for verdict in verdicts.values()) > 40
