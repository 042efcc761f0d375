"""Sound servers that are not like most, which are not to be blamed for it; and what is no TLS at all."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from dicomnet.conformance import Verdict

from ..certificates import Certificates, Pair
from .faults import Clear, Only11, Raw, server_hello
from .hellos import Offered
from .server import Served, names, server_context
from .targets import judge
from .test_cases import GOOD, demanding, verdicts

CHOICES = ("tls.version.*", "tls.ignores.*", "tls.record.*", "tls.key.*")


def ed25519(directory: Path) -> Pair:
    """A certificate with a key of Ed25519, signed by itself."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, None)
    )
    pair = Pair(directory / "ed25519.pem", directory / "ed25519.key")
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pair


def test_a_key_of_ed25519_is_as_good_as_any(certificates: Certificates, tmp_path: Path) -> None:
    judged = judge(certificates, *CHOICES, context=server_context(ed25519(tmp_path)), verify=False)
    assert not judged.report.blamed
    assert not verdicts(judged, *GOOD)
    assert judged.results["tls.version.1-2"].verdict is Verdict.PASS


def test_a_server_of_tls13_alone_is_asked_nothing_about_tls12(certificates: Certificates) -> None:
    context = server_context(certificates.server)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    judged = judge(certificates, *CHOICES, context=context)
    assert verdicts(judged, *GOOD).keys() == {"tls.version.1-2"}
    for name in ("future-field", "downgrade-sentinel", "fallback"):
        assert judged.results[f"tls.version.{name}"].verdict is Verdict.NOT_APPLICABLE


class Choosy(Raw):
    """Has nothing in common with the tester's own ClientHellos: it knows another suite alone."""

    def looked_at(self, hello: Offered) -> bool:
        return not self.by_the_library(hello) and self.refuses()

    @staticmethod
    def by_the_library(hello: Offered) -> bool:
        """Whether it is a handshake that is really made: it offers encrypt_then_mac, which no probe does."""
        return 0x16 in hello.extensions


def test_who_refuses_every_probe_is_not_intolerant(certificates: Certificates) -> None:
    judged = judge(certificates, "tls.ignores.*", "tls.record.[!os]*", "tls.version.future", kind=Choosy)
    assert not judged.report.blamed
    assert judged.results["tls.ignores.grease"].verdict is Verdict.NOT_APPLICABLE
    assert not verdicts(judged, *GOOD)


class NoVersions(Raw):
    """Refuses whoever offers versions by supported_versions, which most do today."""

    def looked_at(self, hello: Offered) -> bool:
        return 43 in hello.extensions and not Choosy.by_the_library(hello) and self.refuses()


def test_who_answers_an_old_probe_alone_is_intolerant(certificates: Certificates) -> None:
    """A ClientHello of TLS 1.2 is answered, so what else is refused is refused for what is odd in it."""
    judged = judge(certificates, "tls.ignores.*", "tls.version.future", kind=NoVersions)
    assert not verdicts(judged, Verdict.FAIL)
    assert len(judged.results) == 4


class NoSuite(Raw):
    """Knows TLS 1.0 by name and none of its suites: the alert says the latter."""

    def looked_at(self, hello: Offered) -> bool:
        return names.TLS10 in hello.versions and self.refuses()


def test_another_alert_for_an_old_version_is_told_and_no_more(certificates: Certificates) -> None:
    judged = judge(certificates, "tls.version.1-0", kind=NoSuite)
    assert judged.results["tls.version.1-0"].verdict is Verdict.INFORMATIONAL


# --- no association: what of TLS is judged then -----------------------------------------------------------------


class Aborts(Served):
    """No TLS here: whatever is no PDU is answered by an A-ABORT."""

    def on_octets(self, octets: bytes) -> None:
        self.below.send(bytes.fromhex("07000000000400000201"))
        self.shut()


class HangsUp(Served):
    """No TLS here: whatever is no PDU ends the connection."""

    def on_octets(self, octets: bytes) -> None:
        self.over = True
        self.below.reset()


@pytest.mark.parametrize("kind", [Aborts, HangsUp])
def test_where_there_is_no_tls_it_is_not_judged(certificates: Certificates, kind: type[Served]) -> None:
    judged = judge(certificates, "tls.*", kind=kind)
    assert list(judged.results) == ["sanity.echo"]
    assert judged.report.exit_code() == 3
    assert "leave --tls out" in judged.report.blamed


class Only11Mute(Only11):
    """The same, and whatever else is offered ends the connection without an alert."""

    def refuses(self) -> bool:
        self.shut()
        return True

    def looked_at(self, hello: Offered) -> bool:
        if names.TLS11 in hello.versions:
            return self.says(server_hello(names.TLS11, hello.suites[0]))
        return self.refuses()


def test_an_old_server_without_alerts_is_judged_all_the_same(certificates: Certificates) -> None:
    judged = judge(certificates, "tls.version.*", kind=Only11Mute)
    assert judged.results["tls.version.1-1"].verdict is Verdict.FAIL
    assert judged.results["tls.version.1-2"].verdict is Verdict.FAIL


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_who_demands_a_certificate_that_is_not_given_has_his_handshake_judged(
    certificates: Certificates, newest: ssl.TLSVersion
) -> None:
    """TLS 1.3 refuses behind our own handshake; that is as good a reason to go on as an alert in it."""
    context = demanding(certificates)
    context.maximum_version = newest
    judged = judge(certificates, "tls.version.*", "tls.data.*", context=context)
    assert "certificate" in judged.report.blamed
    assert judged.results["tls.version.1-2"].verdict is Verdict.PASS
    assert not any(name.startswith("tls.data.") for name in judged.results)


def test_a_pdu_in_the_clear_is_a_failure_at_once(certificates: Certificates) -> None:
    """The connection stays open behind it; that is not waited for."""
    judged = judge(certificates, "tls.stranger.plain-request", kind=Clear)
    result = judged.results["tls.stranger.plain-request"]
    assert result.verdict is Verdict.FAIL
    assert result.seconds < 1
