"""What somebody new to the TLS of this project gets wrong first, and what is said of it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, cast

import click
import pytest
from click.testing import CliRunner

from dicomnet.conformance.commands.tls_options import acceptor_tls
from dicomnet.statemachine import LocalProtocolError, SecurityError
from dicomnet.transports import (
    Callbacks,
    MemoryTransport,
    Network,
    NetworkObject,
    Tls,
    TlsSettings,
    outcome_of,
    tls_profile,
)

from ..certificates import PASSWORD, Certificates
from .command import PATIENCE, flat, output, run, wrong_use
from .servers import hangs_up, serving


@pytest.mark.parametrize("command", ["certs", "check", "simulate"])
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: dicomnet {command}" in flat(output(command, "--help"))


@pytest.mark.parametrize("layer", ["tls", Tls, TlsSettings(), 3], ids=repr)
def test_what_is_no_layer_is_refused_with_a_code(layer: object) -> None:
    network = Network(MemoryTransport(), security=cast(Any, layer))
    network.startup()
    with pytest.raises(LocalProtocolError, match="no security layer: give an object such as Tls") as refused:
        network.new_object(Callbacks())
    assert refused.value.code == "invalid_argument"


def test_names_of_files_may_be_text(certificates: Certificates) -> None:
    pair = certificates.server
    as_text = TlsSettings(cast(Any, str(pair.certificate)), cast(Any, str(pair.key)))
    assert as_text == TlsSettings(pair.certificate, pair.key)
    assert Tls(as_text).load(lambda: None).server is not None


@pytest.mark.parametrize("name", [5, b"octets", ""])
@pytest.mark.parametrize("field", ["certificate", "key", "authorities", "key_log"])
def test_what_can_be_no_name_of_a_file_is_refused(field: str, name: object) -> None:
    with pytest.raises(SecurityError, match=f"{field} is to be the name of a file"):
        TlsSettings(**{field: cast(Any, name)})


def test_a_missing_certificate_is_called_that() -> None:
    with pytest.raises(SecurityError, match="the certificate file 'nope' cannot be read"):
        Tls(TlsSettings(Path("nope"))).load(lambda: None)


def test_a_password_of_another_kind_is_refused(certificates: Certificates) -> None:
    pair = certificates.server_encrypted
    with pytest.raises(SecurityError, match="is to be text or octets, and a int was given"):
        Tls(TlsSettings(pair.certificate, pair.key)).load(lambda: cast(Any, 1234))


def test_a_callback_that_raises_instead_of_a_password_changes_nothing(certificates: Certificates) -> None:
    def forgot(_subject: NetworkObject) -> str:
        raise OSError("the vault is locked")

    pair = certificates.server_encrypted
    network = Network(MemoryTransport())
    network.startup()
    subject = network.new_object(Callbacks(on_private_key_password=forgot))
    with pytest.raises(OSError, match="the vault is locked"):
        subject.configure_security(Tls(TlsSettings(pair.certificate, pair.key)))
    assert subject.endpoint.security.control == "NONE"
    pair = certificates.server
    subject.configure_security(Tls(TlsSettings(pair.certificate, pair.key)))
    assert subject.endpoint.security.control == "UNSECURED"


@pytest.mark.parametrize(
    ("given", "told"),
    [("B.13", "mean modified-bcp195"), ("b.9", "mean bcp195-rfc7525"), (None, "given by its name")],
)
def test_a_profile_by_its_clause(given: object, told: str) -> None:
    with pytest.raises(SecurityError, match=told):
        tls_profile(cast(Any, given))


def test_a_key_log_on_a_full_disk_is_told() -> None:
    assert "key log" in outcome_of(ssl.SSLError(1, "[BIO] system lib (_ssl.c:1000)"))[1]


@pytest.mark.parametrize(
    ("host", "told"),
    [("999.1.1.1", "ends in a number"), ("pacs.7", "ends in a number"), ("fe80::1%eth0", "leave %eth0 out")],
)
def test_a_host_that_no_certificate_is_for(host: str, told: str, tmp_path: Path) -> None:
    assert told in wrong_use("certs", str(tmp_path / "new"), "--host", host)
    assert not (tmp_path / "new").exists()


def test_the_size_of_rsa_keys_is_not_ignored(tmp_path: Path) -> None:
    where = str(tmp_path / "new")
    assert "leave it out" in wrong_use("certs", where, "--key-type", "ec", "--rsa-bits", "4096")


def test_no_directory_is_not_the_present_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no directory" in wrong_use("certs", "")


def test_a_name_in_a_message_is_escaped_once(certificates: Certificates) -> None:
    told = run(
        "serve", "--tls-cert", str(certificates.server.certificate), "--tls-key", str(certificates.client.key)
    )
    assert told.exit_code == 2
    assert "does not belong to the certificate" in flat(told.output)
    assert "\\\\" not in told.output


def test_a_password_is_asked_for_once(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is loaded as a requestor's and as an acceptor's."""

    @click.command()
    @acceptor_tls
    def listen(tls: TlsSettings | None) -> None:
        assert tls is not None
        assert Tls(tls).load(lambda: None).server is not None

    monkeypatch.setattr("dicomnet.conformance.commands.tls_options._at_a_terminal", lambda: True)
    pair = certificates.server_encrypted
    words = ["--tls-cert", str(pair.certificate), "--tls-key", str(pair.key)]
    result = CliRunner().invoke(listen, words, input=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert result.output.count("Password of the TLS key") == 1


def test_who_is_hung_up_on_is_asked_about_tls() -> None:
    with serving(hangs_up) as server:
        assert "does it expect TLS? then add --tls" in flat(run("echo", server.target).output)
        told = flat(run("test", server.target, *PATIENCE, "--quick").output)
        assert "DICOM over TLS (--tls)" in told
