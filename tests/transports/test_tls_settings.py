"""What a configuration of TLS makes, and what is said of one that does not serve."""

from __future__ import annotations

import os
import pickle
import shutil
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dicomnet.statemachine import SUITE, SUITE_OF_CODE, TLS_PROFILES, LocalProtocolError, SecurityError
from dicomnet.transports import (
    TlsSettings,
    client_context,
    missing_suites,
    server_context,
    suites_in_order,
    tls_profile,
    tls_remarks,
)

from ..certificates import PASSWORD, Certificates, Pair
from .tls_pairs import shake

PROFILES = sorted(TLS_PROFILES)


def of(pair: Pair) -> TlsSettings:
    return TlsSettings(certificate=pair.certificate, key=pair.key)


def refused(settings: TlsSettings, *, server: bool = True) -> str:
    """What is said of settings that do not serve; never more than one line, and never a secret."""
    with pytest.raises(SecurityError) as caught:
        (server_context if server else client_context)(settings)
    assert caught.value.code == "invalid_argument"
    assert "\n" not in caught.value.message
    assert PASSWORD not in caught.value.message
    assert "Traceback" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_enforced(certificates: Certificates, name: str) -> None:
    profile = TLS_PROFILES[name]
    settings = replace(of(certificates.server), profile=name)
    for context in (client_context(settings), server_context(settings)):
        assert context.minimum_version.name.replace("_", ".") == profile.minimum
        assert context.maximum_version.name.replace("_", ".") == profile.maximum
        offered = [SUITE_OF_CODE[each["id"] & 0xFFFF].name for each in context.get_ciphers()]
        if profile.maximum == "TLSv1.2":
            # OpenSSL lists those of TLS 1.3 whatever the maximum is, and does not offer them.
            offered = [suite for suite in offered if SUITE[suite].version != "TLSv1.3"]
        assert [suite for suite in offered if profile.why_forbidden(suite)] == []
        assert set(offered) == set(profile.offered) - {each for each in profile.offered if not known(each)}
        assert context.options & ssl.OP_NO_RENEGOTIATION
        assert context.options & ssl.OP_NO_COMPRESSION
        assert context.options & ssl.OP_NO_TICKET
        assert not context.options & ssl.OP_IGNORE_UNEXPECTED_EOF


def known(suite: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return SUITE[suite].openssl in {each["name"] for each in context.get_ciphers()}


@pytest.mark.parametrize("client_profile", PROFILES)
@pytest.mark.parametrize("server_profile", PROFILES)
def test_the_profiles_meet(certificates: Certificates, client_profile: str, server_profile: str) -> None:
    client = client_context(TlsSettings(authorities=certificates.ca, profile=client_profile))
    server = server_context(replace(of(certificates.server), profile=server_profile))
    one, other = shake(client, server)
    assert (one.code, other.code) == ("ok", "ok")
    newest = min(TLS_PROFILES[client_profile].maximum, TLS_PROFILES[server_profile].maximum)
    assert one.link.version() == newest
    chosen = one.link.cipher()
    assert chosen is not None
    assert chosen[2] == 256, "the acceptor prefers what is stronger"


@pytest.mark.parametrize("suite", TLS_PROFILES["extended-bcp195"].required)
def test_every_required_suite_of_rfc_7525_is_accepted(certificates: Certificates, suite: str) -> None:
    settings = TlsSettings(authorities=certificates.ca, profile="extended-bcp195", password=lambda: None)
    client = client_context(settings)
    client.set_ciphers(SUITE[suite].openssl)
    one, _ = shake(client, server_context(replace(of(certificates.server), profile="extended-bcp195")))
    chosen = one.link.cipher()
    assert chosen is not None
    assert chosen[0] == SUITE[suite].openssl


def test_tls_1_0_is_spoken_where_a_profile_names_it(certificates: Certificates) -> None:
    old = replace(of(certificates.server), profile="bcp195-rfc7525")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificates.ca)
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1
    assert shake(client, server_context(old))[0].link.version() == "TLSv1"
    assert shake(client, server_context(of(certificates.server)))[0].code == "protocol_version"


def test_the_order_of_suites() -> None:
    profile = TLS_PROFILES["bcp195-rfc7525"]
    client, server = suites_in_order(profile, False), suites_in_order(profile, True)
    assert client[0] == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert SUITE[server[0]].bits == 256
    for order in (client, server):
        assert set(order) == set(profile.offered)
        assert [SUITE[each].exchange for each in order[-2:]] == ["RSA", "RSA"]


def test_one_context_for_one_configuration(certificates: Certificates) -> None:
    settings = of(certificates.server)
    assert server_context(settings) is server_context(of(certificates.server))
    assert client_context(settings) is client_context(settings)
    assert server_context(settings) is not client_context(settings)
    assert server_context(settings) is not server_context(replace(settings, profile="modified-bcp195"))


def test_a_renewed_certificate_is_loaded(certificates: Certificates, tmp_path: Path) -> None:
    mine = Pair(tmp_path / "c.pem", tmp_path / "c.key")
    for source in (certificates.server_expired, certificates.server_ec):
        shutil.copy(source.certificate, mine.certificate)
        shutil.copy(source.key, mine.key)
        # Copied within one tick of the clock the two would look the same.
        os.utime(mine.key, ns=(0, source.key.stat().st_mtime_ns))
        client = client_context(TlsSettings(authorities=certificates.ca))
        code = shake(client, server_context(of(mine)))[0].code
        assert code == ("expired" if source is certificates.server_expired else "ok")


@pytest.mark.parametrize("given", [PASSWORD, PASSWORD.encode()])
def test_an_encrypted_key_asks_for_its_password_once(certificates: Certificates, given: str | bytes) -> None:
    asked: list[int] = []

    def give() -> str | bytes:
        asked.append(1)
        return given

    settings = replace(of(certificates.server_encrypted), password=give)
    context = server_context(settings)
    assert shake(client_context(TlsSettings(authorities=certificates.ca)), context)[0].code == "ok"
    assert server_context(settings) is context
    assert asked == [1]


@pytest.mark.parametrize(
    ("give", "says"),
    [
        (None, "encrypted, and no password"),
        (lambda: None, "encrypted, and no password"),
        (lambda: "", "encrypted, and no password"),
        (lambda: "wrong", "not the password"),
        (lambda: "x" * 2000, "longer than 1024"),
    ],
    ids=["none", "gives-none", "empty", "wrong", "long"],
)
def test_a_password_that_is_missing_or_wrong(
    certificates: Certificates, give: Callable[[], str | None] | None, says: str
) -> None:
    text = refused(replace(of(certificates.server_encrypted), password=give))
    assert says in text
    assert str(certificates.server_encrypted.key) in text
    # And a right one that was given before does not help.
    server_context(replace(of(certificates.server_encrypted), password=lambda: PASSWORD))
    assert says in refused(replace(of(certificates.server_encrypted), password=give))


def test_a_key_that_is_not_encrypted_asks_for_nothing(certificates: Certificates) -> None:
    def never() -> str:
        raise AssertionError("asked")

    server_context(replace(of(certificates.server), password=never))


def test_files_that_do_not_serve(certificates: Certificates, tmp_path: Path) -> None:
    good = of(certificates.server)
    missing, odd, cut = tmp_path / "missing.pem", tmp_path / "odd.pem", tmp_path / "cut.pem"
    odd.write_bytes(b"\x30\x82\x00\x01 not PEM")
    cut.write_bytes(certificates.server.certificate.read_bytes()[:400])
    key_cut = tmp_path / "cut.key"
    key_cut.write_bytes(certificates.server.key.read_bytes()[:400] + b"\n-----END PRIVATE KEY-----\n")
    long = tmp_path / "long.pem"
    with long.open("wb") as file:
        file.truncate((1 << 22) + 1)
    for path, says in (
        (missing, "No such file"),
        (odd, "no certificate in PEM"),
        (cut, "no certificate in PEM"),
        (tmp_path, "directory"),
        (long, "too long"),
        (certificates.server.key, "no certificate in PEM"),
    ):
        for settings in (replace(good, certificate=path), replace(good, authorities=path)):
            text = refused(settings)
            assert says in text
            assert str(path) in text
        assert says in refused(TlsSettings(authorities=path), server=False)
    for path, says in (
        (missing, "No such file"),
        (odd, "no key in PEM"),
        (key_cut, "cannot be read as a key"),
        (certificates.server.certificate, "no key in PEM"),
    ):
        text = refused(replace(good, key=path))
        assert says in text
        assert str(path) in text


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(certificates: Certificates, tmp_path: Path) -> None:
    path = tmp_path / "mine.key"
    shutil.copy(certificates.server.key, path)
    path.chmod(0)
    assert "Permission denied" in refused(replace(of(certificates.server), key=path))


@pytest.mark.parametrize("which", ["client", "server_ec"])
def test_a_key_of_another_certificate(certificates: Certificates, which: str) -> None:
    other: Pair = getattr(certificates, which)
    text = refused(replace(of(certificates.server), key=other.key))
    assert "does not belong" in text
    assert str(other.key) in text
    assert "dicomnet test server" in text


def test_a_certificate_and_its_key_in_one_file(certificates: Certificates, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(certificates.server.key.read_bytes() + certificates.server.certificate.read_bytes())
    server_context(TlsSettings(certificate=both))
    assert "no key in PEM" in refused(TlsSettings(certificate=certificates.server.certificate))


def test_a_key_without_a_certificate(certificates: Certificates) -> None:
    assert "without a certificate" in refused(TlsSettings(key=certificates.client.key), server=False)
    assert "needs a certificate" in refused(TlsSettings())


@pytest.mark.parametrize("profile", ["bcp195", "modified-bcp195"])
def test_a_key_smaller_than_the_profile_demands(certificates: Certificates, profile: str) -> None:
    text = refused(replace(of(certificates.server_small), profile=profile))
    assert "1024 bits" in text
    assert "demands 2048" in text
    assert "RFC 9325 4.5" in text
    server_context(replace(of(certificates.server_small), profile="bcp195-rfc7525"))
    # B.11 demands it of DH alone, and OpenSSL makes no difference.
    text = refused(replace(of(certificates.server_small), profile="extended-bcp195"))
    assert "EE_KEY_TOO_SMALL" in text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bcp-195", "did you mean bcp195"),
        ("BCP195", "did you mean bcp195"),
        ("modified", "modified-bcp195"),
        ("xyz", "there are bcp195"),
    ],
)
def test_an_unknown_profile(name: str, says: str) -> None:
    text = refused(TlsSettings(profile=name), server=False)
    assert repr(name) in text
    assert says in text
    with pytest.raises(LocalProtocolError):
        tls_profile(name)


@pytest.mark.parametrize("name", ["", ".example", "x" * 64, "a\0b", "a\x1b[31m" + "x" * 70])
def test_a_server_name_that_is_none(name: str) -> None:
    text = refused(TlsSettings(server_name=name), server=False)
    assert "can be no server name" in text
    assert "\x1b" not in text


def test_a_key_log_is_written_and_told(certificates: Certificates, tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    settings = TlsSettings(authorities=certificates.ca, key_log=log)
    assert any(str(log) in remark and "reads all" in remark for remark in tls_remarks(settings))
    shake(client_context(settings), server_context(of(certificates.server)))
    assert "CLIENT_HANDSHAKE_TRAFFIC_SECRET" in log.read_text("ascii")
    assert "key log" in refused(replace(settings, key_log=tmp_path / "no" / "where"), server=False)


def test_what_the_user_should_be_told(certificates: Certificates) -> None:
    assert tls_remarks(of(certificates.server)) == ()
    (old,) = tls_remarks(of(certificates.server_expired))
    assert "expired on 20" in old
    assert str(certificates.server_expired.certificate) in old
    server_context(of(certificates.server_expired))
    (unchecked,) = tls_remarks(TlsSettings(verify=False))
    assert "not checked" in unchecked
    (nameless,) = tls_remarks(TlsSettings(check_name=False))
    assert "name" in nameless
    assert any("retired" in remark for remark in tls_remarks(TlsSettings(profile="extended-bcp195")))


def test_what_this_openssl_lacks_is_told() -> None:
    lacking = missing_suites(TLS_PROFILES["modified-bcp195"])
    # No OpenSSL offers CCM in TLS 1.3 by itself.
    assert "TLS_AES_128_CCM_8_SHA256" in lacking
    assert any(
        "TLS_AES_128_CCM_8_SHA256" in remark for remark in tls_remarks(TlsSettings(profile="modified-bcp195"))
    )
    assert missing_suites(TLS_PROFILES["bcp195"]) == ()


def test_a_version_that_this_openssl_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server_context.__globals__["_VERSIONS"], "TLSv1", (ssl.TLSVersion.TLSv1, False))
    settings = TlsSettings(profile="bcp195-rfc7525", password=lambda: None)
    assert "has no TLSv1, which bcp195-rfc7525 names" in refused(settings, server=False)


def test_the_error_survives_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(SecurityError("what is wrong")))
    assert isinstance(error, SecurityError)
    assert str(error) == "invalid_argument: what is wrong"


def test_settings_show_no_password() -> None:
    settings = TlsSettings(password=lambda: PASSWORD)
    assert "password" not in repr(settings)
    assert settings == TlsSettings()
