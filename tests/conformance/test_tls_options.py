"""The options of TLS: what settings they make, and what is said where they make none."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from dicomnet.conformance.commands.tls_options import acceptor_tls, requestor_tls
from dicomnet.transports import TlsSettings, client_context, server_context

from ..certificates import PASSWORD, Certificates
from .command import flat

SEEN: list[TlsSettings | None] = []


@click.group()
def tool() -> None:
    """A command line as small as can be."""


@tool.command()
@click.argument("host")
@requestor_tls
def reach(host: str, tls: TlsSettings | None) -> None:
    """Connect."""
    assert host == "HOST"
    SEEN.append(tls)


@tool.command()
@acceptor_tls
@click.option("--port", default=1)
def listen(port: int, tls: TlsSettings | None) -> None:
    """Listen."""
    assert port == 1
    SEEN.append(tls)


def run(*arguments: str | Path, **environment: str) -> Result:
    SEEN.clear()
    words = [str(each) for each in arguments]
    if words[0] == "reach":
        words.insert(1, "HOST")
    return CliRunner().invoke(tool, words, env={"COLUMNS": "200", **environment})


def made(*arguments: str | Path, **environment: str) -> tuple[TlsSettings | None, str]:
    """The settings, and what is told."""
    result = run(*arguments, **environment)
    assert result.exit_code == 0, result.output
    (settings,) = SEEN
    return settings, flat(result.output)


def wrong(*arguments: str | Path, **environment: str) -> str:
    result = run(*arguments, **environment)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert SEEN == []
    assert PASSWORD not in result.output
    return flat(result.output)


def test_without_an_option_there_is_no_tls() -> None:
    assert made("reach") == (None, "")
    assert made("listen") == (None, "")


def test_a_requestor(certificates: Certificates) -> None:
    settings, told = made(
        "reach", "--tls", "--tls-ca", certificates.ca, "--tls-cert", certificates.client.certificate,
        "--tls-key", certificates.client.key, "--tls-server-name", "pacs", "--tls-profile", "modified-bcp195",
    )  # fmt: skip
    assert settings == TlsSettings(
        certificate=certificates.client.certificate,
        key=certificates.client.key,
        authorities=certificates.ca,
        server_name="pacs",
        profile="modified-bcp195",
    )
    assert "lacks suites" in told
    assert made("reach", "--tls") == (TlsSettings(), "")


def test_an_acceptor(certificates: Certificates) -> None:
    own = ("--tls-cert", certificates.server.certificate, "--tls-key", certificates.server.key)
    settings, told = made("listen", *own)
    assert settings == TlsSettings(certificate=certificates.server.certificate, key=certificates.server.key)
    assert told == ""
    assert made("listen", "--tls", *own)[0] == settings
    mutual, _ = made("listen", *own, "--tls-require-client-cert", "--tls-ca", certificates.ca)
    assert mutual is not None
    assert mutual.require_client_certificate
    assert mutual.authorities == certificates.ca
    server_context(mutual)


def test_an_end_has_no_option_of_the_other() -> None:
    for option in ("--tls-no-verify", "--tls-server-name"):
        assert "No such option" in wrong("listen", option)
    assert "No such option" in wrong("reach", "--tls-require-client-cert")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("reach", "--tls-ca", "x"), "without --tls there is no TLS: add it, or leave --tls-ca out"),
        (("reach", "--tls-no-verify"), "leave --tls-no-verify out"),
        (("reach", "--tls-profile", "bcp195"), "leave --tls-profile out"),
        (("reach", "--tls", "--tls-key", "x"), "--tls-key is the key of --tls-cert"),
        (("listen", "--tls"), "needs --tls-cert: add it, or leave --tls out"),
        (("listen", "--tls-key", "x"), "needs --tls-cert: add it, or leave --tls-key out"),
        (("listen", "--tls-cert", "x", "--tls-ca", "y"), "add --tls-require-client-cert"),
        (("reach", "--tls", "--tls-profile", "bcp-195"), "did you mean bcp195"),
        (("reach", "--tls", "--tls-ca", "no-such-file"), "'no-such-file' cannot be read: No such file"),
        (("listen", "--tls-cert", "no-such-file"), "'no-such-file' cannot be read: No such file"),
    ],
    ids=range(10),
)
def test_what_contradicts_is_wrong_use(arguments: tuple[str, ...], says: str) -> None:
    assert says in wrong(*arguments)


def test_what_is_dangerous_is_loud(tmp_path: Path) -> None:
    assert "WARNING: TLS without verification" in made("reach", "--tls", "--tls-no-verify")[1]
    log = tmp_path / "log"
    settings, told = made("reach", "--tls", "--tls-key-log", log)
    assert "WARNING: the secrets" in told
    assert settings is not None
    assert settings.key_log == log
    assert (
        "WARNING: the TLS profile bcp195-rfc7525"
        in made("reach", "--tls", "--tls-profile", "bcp195-rfc7525")[1]
    )


def test_the_password_comes_from_the_environment(certificates: Certificates) -> None:
    pair = certificates.server_encrypted
    own = ("--tls-cert", pair.certificate, "--tls-key", pair.key)
    settings, told = made("listen", *own, DICOMNET_TLS_KEY_PASSWORD=PASSWORD)
    assert settings is not None
    assert PASSWORD not in told + repr(settings)
    assert "DICOMNET_TLS_KEY_PASSWORD" in wrong("listen", *own)
    assert "not the password" in wrong("listen", *own, DICOMNET_TLS_KEY_PASSWORD="wrong")


def test_the_password_is_asked_for_at_a_terminal(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = certificates.server_encrypted
    words = ["listen", "--tls-cert", str(pair.certificate), "--tls-key", str(pair.key)]
    monkeypatch.setattr("dicomnet.conformance.commands.tls_options._at_a_terminal", lambda: True)
    SEEN.clear()
    result = CliRunner().invoke(tool, words, input=PASSWORD + "\n")
    assert result.exit_code == 0, result.output
    assert "Password of the TLS key" in result.output
    assert PASSWORD not in result.output
    # A key that is not encrypted asks nobody.
    made("listen", "--tls-cert", certificates.server.certificate, "--tls-key", certificates.server.key)


def test_the_help_names_every_option() -> None:
    for command, options in (
        ("reach", ("--tls", "--tls-ca", "--tls-cert", "--tls-key", "--tls-profile", "--tls-no-verify")),
        ("listen", ("--tls", "--tls-ca", "--tls-cert", "--tls-key", "--tls-require-client-cert")),
    ):
        text = CliRunner().invoke(tool, [command, "--help"]).output
        for option in options:
            assert option in text


def test_the_context_is_made_once(certificates: Certificates) -> None:
    settings, _ = made("reach", "--tls", "--tls-ca", certificates.ca)
    assert settings is not None
    assert client_context(settings) is client_context(settings)
