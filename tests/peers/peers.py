"""Real DICOM implementations, started on free loopback ports and ended by their own process id."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dicomnet.transports import TcpTransport

from ..certificates import Certificates

READY_SECONDS = 20.0
LISTEN = "0A"


@dataclass(frozen=True)
class Peer:
    """A peer that listens: its port and its AE title."""

    port: int
    aet: str

    @property
    def address(self) -> str:
        """HOST:PORT for the command line."""
        return f"127.0.0.1:{self.port}"


def free_port() -> int:
    """A port that nobody holds now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether the kernel has a listener on the port: some peers count, or die of, a bare connect."""
    rows = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == LISTEN for row in rows)


def program(name: str) -> str:
    """The path of a program of a peer; without it the test is skipped (CI counts that as a failure)."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def pynetdicom() -> list[str]:
    """The command that runs pynetdicom's applications."""
    python = os.environ.get("DICOMNET_PEERS_PYTHON")
    if not python:
        pytest.skip("DICOMNET_PEERS_PYTHON names no interpreter that has pynetdicom")
    return [python, "-m", "pynetdicom"]


def tls_command(name: str, port: int, folder: Path, made: Certificates) -> tuple[list[str], str]:
    """A peer over TLS that asks its requestors for nothing."""
    pair = made.server
    if name == "storescp":
        words, aet = _command(name, port, folder)
        security = ["+tls", str(pair.key), str(pair.certificate), "+cf", str(made.ca), "-ic"]
        return [words[0], *security, *words[1:]], aet
    if name == "echoscp":
        python = pynetdicom()[0]
        return [python, "-c", ECHOSCP_TLS, str(port), str(pair.certificate), str(pair.key)], "ECHOSCP"
    security_settings: dict[str, object] = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(pair.certificate),
        "DicomTlsPrivateKey": str(pair.key),
        "DicomTlsTrustedCertificates": str(made.ca),
        "DicomTlsRemoteCertificateRequired": False,
    }
    return orthanc(port, folder, security_settings)


# pynetdicom's own applications know no TLS, and the ten associations that its acceptor serves stay taken by whoever
# is silent for 30 s each: a suite of silent peers would do little but wait for them.
ECHOSCP = """
import sys
from pynetdicom import AE
entity = AE("ECHOSCP")
entity.maximum_associations = 500
entity.add_supported_context("1.2.840.10008.1.1")
entity.start_server(("127.0.0.1", int(sys.argv[1])))
"""
ECHOSCP_TLS = """
import ssl, sys
from pynetdicom import AE
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
entity = AE("ECHOSCP")
entity.add_supported_context("1.2.840.10008.1.1")
entity.start_server(("127.0.0.1", int(sys.argv[1])), ssl_context=context)
"""
ECHOSCU_TLS = """
import ssl, sys
from pynetdicom import AE
context = ssl.create_default_context(cafile=sys.argv[2])
entity = AE("ECHOSCU")
entity.add_requested_context("1.2.840.10008.1.1")
association = entity.associate("127.0.0.1", int(sys.argv[1]), ae_title="DICOMNET", tls_args=(context, "localhost"))
association.send_c_echo()
association.release()
"""


def _command(name: str, port: int, folder: Path) -> tuple[list[str], str]:
    if name in ("storescp", "storescp --fork"):
        words = [program("storescp"), *name.split()[1:], "-aet", "STORESCP", "-od", str(folder), str(port)]
        return words, "STORESCP"
    if name == "echoscp":
        return [pynetdicom()[0], "-c", ECHOSCP, str(port)], "ECHOSCP"
    return orthanc(port, folder, {})


def orthanc(port: int, folder: Path, more: dict[str, object]) -> tuple[list[str], str]:
    """Orthanc with nothing but DICOM."""
    settings = {
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "HttpServerEnabled": False,
        "DicomAet": "ORTHANC",
        "DicomPort": port,
        "DicomCheckCalledAet": False,
        **more,
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    return [program("Orthanc"), str(file)], "ORTHANC"


@contextmanager
def running(name: str, folder: Path, certificates: Certificates | None = None) -> Generator[Peer]:
    """A peer by name: storescp, storescp --fork, orthanc or echoscp; over TLS with certificates."""
    port = free_port()
    if certificates is None:
        command, aet = _command(name, port, folder)
    else:
        command, aet = tls_command(name, port, folder, certificates)
    environment = {**os.environ, "TCP_NODELAY": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(port)
            yield Peer(port, aet)
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    """Wait until somebody listens on the port."""
    carrier = TcpTransport()
    try:
        ready = False

        def look() -> None:
            nonlocal ready
            ready = listens(port)
            if not ready:
                carrier.call_later(0.02, look)

        look()
        assert carrier.run(lambda: ready, READY_SECONDS), f"nobody listens on port {port}"
    finally:
        carrier.end()
