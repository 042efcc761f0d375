"""What fails in a real handshake is told with its code, and with what a person needs."""

from __future__ import annotations

import ssl
from dataclasses import replace

import pytest

from dicomnet.transports import TlsSettings, client_context, outcome_of, printable, server_context

from ..certificates import OTHER_NAME, Certificates, Pair
from .tls_pairs import end_of, exchange, hears, shake

TLS12 = ssl.TLSVersion.TLSv1_2
TLS13 = ssl.TLSVersion.TLSv1_3
DEFAULT = TlsSettings()


def of(pair: Pair, settings: TlsSettings = DEFAULT) -> TlsSettings:
    return replace(settings, certificate=pair.certificate, key=pair.key)


def narrowed(
    context: ssl.SSLContext,
    *,
    minimum_version: ssl.TLSVersion = TLS12,
    maximum_version: ssl.TLSVersion = TLS13,
) -> ssl.SSLContext:
    """A context changed for one test: with `own` settings, or the cached one would be."""
    context.minimum_version, context.maximum_version = minimum_version, maximum_version
    return context


def own(settings: TlsSettings) -> TlsSettings:
    """Settings of the same meaning that share no cached context with others."""
    return replace(settings, password=lambda: None)


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("which", ["server", "server_ec"])
def test_a_good_pair_is_secured(certificates: Certificates, version: ssl.TLSVersion, which: str) -> None:
    client = narrowed(client_context(own(TlsSettings(authorities=certificates.ca))), maximum_version=version)
    one, other = shake(client, server_context(of(getattr(certificates, which))))
    assert (one.code, other.code) == ("ok", "ok")
    assert one.secured
    assert other.secured
    assert one.link.version() == version.name.replace("_", ".")


@pytest.mark.parametrize(
    ("which", "code", "says", "peer"),
    [
        ("server_expired", "expired", "expired on 20", "expired"),
        ("server_other_name", "hostname_mismatch", OTHER_NAME, "verify_failed"),
        ("server_of_other_ca", "unknown_authority", "other authority", "unknown_authority"),
        ("server_self_signed", "unknown_authority", "self-signed", "unknown_authority"),
    ],
)
def test_a_certificate_that_is_not_believed(
    certificates: Certificates, which: str, code: str, says: str, peer: str
) -> None:
    client = client_context(TlsSettings(authorities=certificates.ca))
    one, other = shake(client, server_context(of(getattr(certificates, which))))
    assert one.code == code
    assert says in one.text
    assert "dicomnet" in one.text
    assert "valid from 20" in one.text
    assert other.code == peer
    assert "alert" in other.text


def test_the_expected_name_is_told(certificates: Certificates) -> None:
    client = client_context(TlsSettings(authorities=certificates.ca))
    one, _ = shake(client, server_context(of(certificates.server)), host="pacs.example")
    assert one.code == "hostname_mismatch"
    assert "'pacs.example'" in one.text
    assert "for localhost, 127.0.0.1, ::1" in one.text
    by_address, _ = shake(client, server_context(of(certificates.server)), host="192.0.2.1")
    assert by_address.code == "hostname_mismatch"


def test_what_is_not_checked_does_not_fail(certificates: Certificates) -> None:
    anybody = client_context(TlsSettings(verify=False))
    assert shake(anybody, server_context(of(certificates.server_expired)))[0].code == "ok"
    nameless = client_context(TlsSettings(authorities=certificates.ca, check_name=False))
    assert shake(nameless, server_context(of(certificates.server_other_name)))[0].code == "ok"
    assert shake(nameless, server_context(of(certificates.server_expired)))[0].code == "expired"


def test_a_small_key_is_too_weak_for_today(certificates: Certificates) -> None:
    server = server_context(of(certificates.server_small, TlsSettings(profile="bcp195-rfc7525")))
    one, _ = shake(client_context(TlsSettings(authorities=certificates.ca)), server)
    assert one.code == "insufficient_security"
    assert "key of 1024 bits" in one.text
    old = TlsSettings(authorities=certificates.ca, profile="bcp195-rfc7525")
    assert shake(client_context(old), server)[0].code == "ok"


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize(
    ("which", "server_says", "client_says"),
    [
        ("", "verify_failed", {TLS12: "handshake_failed", TLS13: "verify_failed"}),
        ("client_expired", "expired", {TLS12: "expired", TLS13: "expired"}),
        ("client_of_other_ca", "unknown_authority", {TLS12: "unknown_authority", TLS13: "unknown_authority"}),
    ],
)
def test_a_client_certificate_that_is_missing_or_wrong(
    certificates: Certificates,
    version: ssl.TLSVersion,
    which: str,
    server_says: str,
    client_says: dict[ssl.TLSVersion, str],
) -> None:
    trusts = TlsSettings(authorities=certificates.ca)
    mine = trusts if not which else of(getattr(certificates, which), trusts)
    client = narrowed(client_context(own(mine)), maximum_version=version)
    server = server_context(
        of(certificates.server, TlsSettings(authorities=certificates.ca, require_client_certificate=True))
    )
    one, other = shake(client, server)
    assert (other.code, one.code) == (server_says, client_says[version])
    # In TLS 1.3 the client's handshake is done before the server has looked.
    assert one.secured == (version is TLS13)
    assert not other.secured
    if which:
        assert "dicomnet test client" in other.text


def test_a_good_client_certificate_is_accepted(certificates: Certificates) -> None:
    client = client_context(of(certificates.client, TlsSettings(authorities=certificates.ca)))
    server = server_context(
        of(certificates.server, TlsSettings(authorities=certificates.ca, require_client_certificate=True))
    )
    assert [end.code for end in shake(client, server)] == ["ok", "ok"]


def test_no_version_in_common(certificates: Certificates) -> None:
    client = narrowed(client_context(own(TlsSettings(authorities=certificates.ca))), maximum_version=TLS12)
    server = narrowed(server_context(own(of(certificates.server))), minimum_version=TLS13)
    one, other = shake(client, server)
    assert (one.code, other.code) == ("protocol_version", "protocol_version")
    assert "version" in one.text
    assert "version" in other.text


def test_no_suite_in_common(certificates: Certificates) -> None:
    client = narrowed(client_context(own(TlsSettings(authorities=certificates.ca))), maximum_version=TLS12)
    client.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    server = server_context(own(of(certificates.server)))
    server.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    one, other = shake(client, server)
    assert (one.code, other.code) == ("handshake_failed", "handshake_failed")
    assert "suite" in one.text
    assert "suite" in other.text


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x01\x00\x00\x00\x00\xcd\x00\x01" + b"A" * 200,
        b"\x16\x03\x01\xff\xff" + b"B" * 100,
        b"\x00" * 64,
    ],
    ids=["http-request", "http-answer", "pdu", "record-too-long", "zeros"],
)
@pytest.mark.parametrize("is_server", [True, False], ids=["acceptor", "requestor"])
def test_what_is_no_tls(certificates: Certificates, octets: bytes, is_server: bool) -> None:
    context = (server_context if is_server else client_context)(of(certificates.server))
    end = hears(end_of(context, server=is_server), octets)
    assert end.code == "handshake_failed"
    assert "not TLS" in end.text


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        (0, "handshake_failed", "midst of the handshake"),
        (40, "handshake_failed", "handshake_failure"),
        (42, "verify_failed", "bad_certificate"),
        (45, "expired", "certificate_expired"),
        (48, "unknown_authority", "unknown_ca"),
        (49, "verify_failed", "access_denied"),
        (70, "protocol_version", "protocol_version"),
        (71, "insufficient_security", "insufficient_security"),
        (80, "handshake_failed", "internal_error"),
    ],
)
def test_a_peer_that_speaks_alerts_only(number: int, code: str, says: str) -> None:
    level = 1 if number == 0 else 2
    end = hears(end_of(client_context(TlsSettings())), bytes((0x15, 3, 3, 0, 2, level, number)))
    assert end.code == code
    assert says in end.text


def test_the_connection_ends_within_the_handshake() -> None:
    end = hears(end_of(client_context(TlsSettings())), b"", ends=True)
    assert end.code == "handshake_failed"
    assert "midst of the handshake" in end.text


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_session_that_is_cut_off_lacks_its_close_notify(
    certificates: Certificates, version: ssl.TLSVersion
) -> None:
    client = narrowed(client_context(own(TlsSettings(authorities=certificates.ca))), maximum_version=version)
    one, other = shake(client, server_context(of(certificates.server)))
    other.link.write(b"last words")
    exchange(one, other)
    one.incoming.write_eof()
    one.go()
    assert one.received == b"last words"
    assert one.code == "close_notify_missing"


def test_a_session_that_is_closed_has_its_close_notify(certificates: Certificates) -> None:
    one, other = shake(
        client_context(TlsSettings(authorities=certificates.ca)), server_context(of(certificates.server))
    )
    with pytest.raises(ssl.SSLWantReadError):
        other.link.unwrap()
    exchange(one, other)
    assert one.code == "ok"
    assert one.received == b""


def test_a_proper_end_is_told_from_a_torn_one() -> None:
    assert outcome_of(ssl.SSLZeroReturnError(), secured=True)[0] == "ok"
    assert outcome_of(ssl.SSLEOFError(), secured=True)[0] == "close_notify_missing"
    assert outcome_of(ssl.SSLZeroReturnError())[0] == outcome_of(ssl.SSLEOFError())[0] == "handshake_failed"


def test_an_error_without_its_link_is_told_all_the_same() -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = 62, "Hostname mismatch"
    assert outcome_of(error) == ("hostname_mismatch", "the peer's certificate is not for the name expected")
    unknown = ssl.SSLError(1, "[SSL] tls alert unknown ca (_ssl.c:1006)")
    assert outcome_of(unknown)[0] == "unknown_authority"
    assert outcome_of(ssl.SSLError(1, "[SSL] odd (_ssl.c:1)")) == (
        "handshake_failed",
        "OpenSSL says: [SSL] odd",
    )


def test_a_certificates_text_gives_a_terminal_no_orders() -> None:
    assert printable("a\x1b[31mb\n") == "a\\x1b[31mb\\n"
    assert len(printable("x" * 5000)) == 201
