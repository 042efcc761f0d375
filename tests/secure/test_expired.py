"""A client certificate that has expired, given on the command line: refused, or taken, or of no use."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dicomnet.conformance import Verdict, every_tls_case
from dicomnet.transports import Address, MemoryTransport, TcpTransport

from ..certificates import PASSWORD, Certificates, Pair
from ..conformance.command import PATIENCE, flat, run, wrong_use
from ..conformance.servers import acceptor
from ..zoo import PlainAcceptor
from .server import TlsGate
from .targets import CALLED, contexts_of, run_alone
from .test_cases import demanding, forgiving

CASES = ("tls.client.expired.1-2", "tls.client.expired.1-3")


@contextmanager
def serving(context: ssl.SSLContext) -> Generator[Address]:
    """An acceptor over TLS of this context, on loopback."""

    def make(carrier: TcpTransport) -> Address:
        return PlainAcceptor(TlsGate(carrier, context), CALLED).address

    with acceptor(make) as address:
        yield address


def shown(option: str, pair: Pair) -> tuple[str, ...]:
    return f"{option}-cert", str(pair.certificate), f"{option}-key", str(pair.key)


@pytest.mark.parametrize(
    ("make", "verdict", "told"),
    [(demanding, "pass", "alert: certificate_expired"), (forgiving, "fail", "one that it cannot trust")],
)
def test_it_is_judged_from_the_command_line(
    certificates: Certificates,
    tmp_path: Path,
    make: Callable[[Certificates], ssl.SSLContext],
    verdict: str,
    told: str,
) -> None:
    file = tmp_path / "report.json"
    with serving(make(certificates)) as address:
        result = run(
            *("test", str(address), "--called-aet", CALLED, "--json", str(file), *PATIENCE),
            *("--tls", "--tls-ca", str(certificates.ca), "--tls-server-name", "localhost"),
            *shown("--tls", certificates.client),
            *shown("--tls-expired", certificates.client_expired),
            *("--select", "tls.client.expired.*"),
        )
    cases = {case["id"]: case for case in json.loads(file.read_text("utf-8"))["cases"]}
    assert {name: cases[name]["verdict"] for name in CASES} == dict.fromkeys(CASES, verdict), result.output
    assert all(told in cases[name]["observed"] for name in CASES)
    # What is repeated is repeated with it.
    repeated = "--tls-expired-cert" in flat(result.output)
    assert repeated is (verdict == "fail")


@pytest.mark.parametrize("name", CASES)
def test_of_another_authority_it_tells_nothing(certificates: Certificates, name: str) -> None:
    """The target refuses it whatever its dates: that is no pass."""
    carrier = MemoryTransport()
    gate = TlsGate(carrier, demanding(certificates, certificates.other_ca))
    address = PlainAcceptor(gate, CALLED).address
    result = run_alone(every_tls_case()[name], carrier, address, contexts_of(certificates))
    assert result.verdict is Verdict.UNSUPPORTED
    assert "does not trust the authority" in result.observed


def test_without_one_it_is_said_how_to_give_it(certificates: Certificates) -> None:
    carrier = MemoryTransport()
    address = PlainAcceptor(TlsGate(carrier, demanding(certificates)), CALLED).address
    contexts = replace(contexts_of(certificates), expired=None)
    result = run_alone(every_tls_case()[CASES[0]], carrier, address, contexts)
    assert result.verdict is Verdict.UNSUPPORTED
    assert "--tls-expired-cert" in result.observed


def test_what_does_not_serve_is_wrong_use(certificates: Certificates) -> None:
    target, past = ("test", "127.0.0.1:1"), shown("--tls-expired", certificates.client_expired)
    assert "without --tls there is no TLS" in wrong_use(*target, *past)
    assert "there is no target" in wrong_use("test", "--tls", *past)
    assert "is the key of --tls-expired-cert" in wrong_use(*target, "--tls", *past[2:])
    assert "belong to" in wrong_use(*target, "--tls", *past[:3], str(certificates.client.key))
    valid = wrong_use(*target, "--tls", *shown("--tls-expired", certificates.client))
    assert "is valid until" in valid
    assert "dicomnet certs makes one" in valid
    missing = wrong_use(*target, "--tls", "--tls-expired-cert", "no-such-file")
    assert "'no-such-file' cannot be read" in missing


def test_its_key_may_be_encrypted(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", PASSWORD)
    assert run("certs", str(tmp_path), "--key-type", "ec", "--password-env", "SECRET").exit_code == 0
    past = shown("--tls-expired", Pair(tmp_path / "expired.pem", tmp_path / "expired.key"))
    words = ("test", "127.0.0.1:1", "--dry-run", "--tls", *past)
    assert "DICOMNET_TLS_KEY_PASSWORD" in wrong_use(*words)
    monkeypatch.setenv("DICOMNET_TLS_KEY_PASSWORD", PASSWORD)
    assert run(*words).exit_code == 0
