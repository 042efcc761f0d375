"""Real requestors, judged by `dicomnet test --listen`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..certificates import Certificates
from .peers import ECHOSCU_TLS, free_port, orthanc, program, pynetdicom, wait_for
from .test_peers import dicomnet

pytestmark = pytest.mark.peers

HERE = ("{host}", "{port}")
# The least of an image that a sender takes.
IMAGE = """
(0002,0010) UI =LittleEndianImplicit
(0008,0016) UI =SecondaryCaptureImageStorage
(0008,0018) UI [1.2.826.0.1.3680043.8.498.1.2.3]
(0010,0020) LO [1]
(0020,000d) UI [1.2.826.0.1.3680043.8.498.1]
(0020,000e) UI [1.2.826.0.1.3680043.8.498.1.2]
"""
WHOLE: tuple[str, ...] = ()
# Those that need long to start are asked less: each state, and what is not cell by cell.
FEW = (
    "--select",
    "requestor.sta[567].evt1[23679]",
    "--select",
    "requestor.sta8.evt14",
)


def image(tmp_path: Path) -> str:
    """A file to be sent."""
    text, file = tmp_path / "image.dump", tmp_path / "image.dcm"
    text.write_text(IMAGE, "ascii")
    subprocess.run([program("dump2dcm"), str(text), str(file)], check=True, capture_output=True)
    return str(file)


def command_of(name: str, tmp_path: Path) -> list[str]:
    """The command line of a requestor."""
    match name.split():
        case ["echoscu"]:
            return [program("echoscu"), *HERE]
        case ["findscu"]:
            return [program("findscu"), "-S", "-k", "0008,0052=STUDY", *HERE]
        case ["pynetdicom", "echoscu"]:
            return [*pynetdicom(), "echoscu", *HERE]
        case ["pynetdicom", "storescu"]:
            return [*pynetdicom(), "storescu", *HERE, image(tmp_path)]
        case _:
            return [program(name), *HERE, image(tmp_path)]


def judged(tmp_path: Path, *words: str, listen: str = "0", command: list[str]) -> dict[str, int]:
    """The summary of a run. No list of verdicts is pinned, because releases differ; but it must tell something."""
    file = tmp_path / "report.json"
    done = dicomnet("test", "--listen", listen, "--quick", *words, "--json", str(file), "--", *command)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["blamed"] is None
    summary: dict[str, int] = report["summary"]
    assert summary["error"] == 0
    assert summary["inconclusive"] <= 0.05 * len(report["cases"])
    assert summary["pass"] > 0.5 * (len(report["cases"]) - summary["not-applicable"])
    return summary


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("echoscu", WHOLE),
        ("storescu", FEW),
        ("findscu", FEW),
        ("dcmsend", FEW),
        ("pynetdicom echoscu", FEW),
        ("pynetdicom storescu", FEW),
    ],
)
def test_the_suite_judges_the_requestor(name: str, cases: tuple[str, ...], tmp_path: Path) -> None:
    judged(tmp_path, *cases, command=command_of(name, tmp_path))


@contextmanager
def orthanc_that_calls(port: int, folder: Path) -> Generator[list[str]]:
    """Orthanc; the command makes it send a C-ECHO to the port."""
    http = free_port()
    settings: dict[str, object] = {
        "HttpServerEnabled": True,
        "HttpPort": http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomModalities": {"tester": ["DICOMNET", "127.0.0.1", port]},
        "DicomScuTimeout": 5,
    }
    command, _ = orthanc(free_port(), folder, settings)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(http)
            call = f"http://127.0.0.1:{http}/modalities/tester/echo"
            yield [program("curl"), "-s", "-X", "POST", call, "-d", "{}"]
        finally:
            process.terminate()


def test_the_suite_judges_orthanc_that_calls(tmp_path: Path) -> None:
    port = free_port()
    with orthanc_that_calls(port, tmp_path) as command:
        judged(tmp_path, *FEW, listen=str(port), command=command)


@pytest.mark.parametrize("name", ["echoscu", "pynetdicom"])
def test_the_suite_judges_the_requestor_over_tls(
    name: str, tmp_path: Path, certificates: Certificates
) -> None:
    own = ("--tls-cert", str(certificates.server.certificate), "--tls-key", str(certificates.server.key))
    if name == "echoscu":
        command = [program("echoscu"), "+tla", "+cf", str(certificates.ca), "-ic", *HERE]
    else:
        command = [pynetdicom()[0], "-c", ECHOSCU_TLS, "{port}", str(certificates.ca)]
    judged(tmp_path, *FEW, *own, command=command)
