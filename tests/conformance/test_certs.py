"""`dicomnet certs`: what it makes works, says that it is for tests, and replaces nothing unasked."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dicomnet.transports import TlsSettings, client_context, facts_of, server_context

from ..transports.tls_pairs import shake
from .command import flat, output, run, wrong_use

FILES = ["ca.pem", "client.key", "client.pem", "expired.key", "expired.pem", "server.key", "server.pem"]


def loaded(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def settings(directory: Path, which: str, password: str | None = None) -> TlsSettings:
    return TlsSettings(
        certificate=directory / f"{which}.pem",
        key=directory / f"{which}.key",
        authorities=directory / "ca.pem",
        require_client_certificate=True,
        password=lambda: password,
    )


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
def test_they_secure_a_link_both_ways(tmp_path: Path, key_type: str) -> None:
    directory = tmp_path / "new" / "certs"
    said = output(
        "certs", str(directory), "--key-type", key_type, "--host", "pacs.example", "--host", "192.0.2.7"
    )
    assert "FOR TESTS ONLY" in said
    assert sorted(path.name for path in directory.iterdir()) == FILES
    for host in ("localhost", "127.0.0.1", "::1", "pacs.example", "192.0.2.7"):
        ends = shake(
            client_context(settings(directory, "client")), server_context(settings(directory, "server")), host
        )
        assert [end.code for end in ends] == ["ok", "ok"], host
        assert host in said
    other = shake(
        client_context(settings(directory, "client")), server_context(settings(directory, "server")), "other"
    )
    assert other[0].code == "hostname_mismatch"
    key = loaded(directory / "server.pem").public_key()
    assert isinstance(key, rsa.RSAPublicKey if key_type == "rsa" else ec.EllipticCurvePublicKey)


def test_every_subject_says_that_it_is_for_tests(tmp_path: Path) -> None:
    output("certs", str(tmp_path), "--key-type", "ec")
    for name in ("ca.pem", "server.pem", "client.pem", "expired.pem"):
        facts = facts_of(loaded(tmp_path / name))
        assert facts is not None
        assert "FOR TESTS ONLY" in facts.subject.replace("\\", "")
        assert "FOR TESTS ONLY" in facts.issuer.replace("\\", "")


def test_one_has_expired_and_is_refused_for_that_alone(tmp_path: Path) -> None:
    output("certs", str(tmp_path), "--key-type", "ec")
    loaded(tmp_path / "expired.pem").verify_directly_issued_by(loaded(tmp_path / "ca.pem"))
    ends = shake(
        client_context(settings(tmp_path, "expired")),
        server_context(settings(tmp_path, "server")),
        "localhost",
    )
    assert ends[1].code == "expired"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    output("certs", str(tmp_path), "--key-type", "ec")
    (tmp_path / "client.key").chmod(0o644)
    output("certs", str(tmp_path), "--key-type", "ec", "--force")
    for name in ("server.key", "client.key", "expired.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "server.key").write_text("mine")
    result = run("certs", str(tmp_path), "--key-type", "ec")
    assert result.exit_code == 1
    assert "server.key" in result.output
    assert "--force" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["server.key"]
    assert (tmp_path / "server.key").read_text() == "mine"
    output("certs", str(tmp_path), "--key-type", "ec", "--force")
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_days_and_bits(tmp_path: Path) -> None:
    output("certs", str(tmp_path), "--days", "3", "--rsa-bits", "3072")
    certificate = loaded(tmp_path / "server.pem")
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert 3.0 < lasts.total_seconds() / 86400 < 3.1
    facts = facts_of(certificate)
    assert facts is not None
    assert (facts.key, facts.bits) == ("RSA", 3072)
    assert "1024" in wrong_use("certs", str(tmp_path / "x"), "--rsa-bits", "1024")


def test_keys_can_be_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PASSWORD", "sesame ü")
    said = output("certs", str(tmp_path), "--key-type", "ec", "--password-env", "MY_PASSWORD")
    assert "sesame" not in said
    assert b"ENCRYPTED" in (tmp_path / "server.key").read_bytes()
    server_context(settings(tmp_path, "server", "sesame ü"))
    monkeypatch.setenv("MY_PASSWORD", "")
    assert "'MY_PASSWORD'" in wrong_use("certs", str(tmp_path), "--password-env", "MY_PASSWORD")
    monkeypatch.setenv("MY_PASSWORD", "x" * 2000)
    assert "longer than 1023" in wrong_use("certs", str(tmp_path), "--password-env", "MY_PASSWORD")


@pytest.mark.parametrize("host", ["", "münchen.example", "a b", "http://x", "x" * 64, "a..b", "::g"])
def test_a_host_that_is_no_name(tmp_path: Path, host: str) -> None:
    assert "no DNS name or IP address" in wrong_use("certs", str(tmp_path), "--host", host)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("certs", str(tmp_path / "file" / "below"), "--key-type", "ec")
    assert result.exit_code == 1
    assert "cannot write" in flat(result.output)
    assert "file" in wrong_use("certs", str(tmp_path / "file"))
