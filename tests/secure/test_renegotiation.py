"""A renegotiation that the tester asks for: the request is seen on the wire, and each answer gets its own verdict."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from dicomnet.conformance import Finding, Heard, Renegotiate, Result, TlsContexts, Verdict, every_tls_case
from dicomnet.transports import TlsSettings

from ..certificates import PASSWORD, Certificates
from .renegotiating import (
    CASE,
    DeafToRenegotiation,
    EndsAtRenegotiation,
    NotifiesAtRenegotiation,
    Renegotiates,
    SlowToRefuse,
)
from .server import Served, names, server_context
from .targets import HOST, judge
from .test_cases import demanding


class Listens(Served):
    """Refuses it by the library's own no_renegotiation, and keeps what came behind the handshake."""

    behind: list[bytes]

    def on_octets(self, octets: bytes) -> None:
        if self.secured:
            Listens.behind.append(octets)
        super().on_octets(octets)


def judged(certificates: Certificates, kind: type[Served], context: ssl.SSLContext | None = None) -> Result:
    return judge(certificates, CASE, kind=kind, context=context).results[CASE]


def test_the_request_goes_out_and_is_refused(certificates: Certificates) -> None:
    Listens.behind = []
    result = judged(certificates, Listens)
    assert result.verdict is Verdict.PASS
    assert "TLSv1.2" in result.observed
    assert result.observed.endswith("alert: no_renegotiation")
    first = next(octets for octets in Listens.behind if octets[0] != names.APPLICATION_DATA)
    assert first[0] == names.HANDSHAKE


@pytest.mark.parametrize(
    ("kind", "verdict", "text"),
    [
        (Renegotiates, Verdict.INFORMATIONAL, "which no clause forbids"),
        (DeafToRenegotiation, Verdict.NON_STRICT, "neither refused nor made"),
        (EndsAtRenegotiation, Verdict.NON_STRICT, "refused, but not by no_renegotiation"),
        (NotifiesAtRenegotiation, Verdict.NON_STRICT, "refused, but not by no_renegotiation"),
    ],
)
def test_each_answer_has_its_verdict(
    certificates: Certificates, kind: type[Served], verdict: Verdict, text: str
) -> None:
    result = judged(certificates, kind)
    assert result.verdict is verdict
    assert text in result.observed


def test_a_slow_refusal_is_a_refusal(certificates: Certificates) -> None:
    result = judged(certificates, SlowToRefuse)
    assert result.verdict is Verdict.PASS
    assert result.attempts == 2


def test_who_speaks_tls_1_3_alone_is_not_asked(certificates: Certificates) -> None:
    context = server_context(certificates.server)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    assert judged(certificates, Served, context).verdict is Verdict.NOT_APPLICABLE


def test_who_demands_a_certificate_is_shown_it(certificates: Certificates) -> None:
    result = judge(certificates, CASE, context=demanding(certificates), client=True).results[CASE]
    assert result.verdict is Verdict.PASS


def test_without_pyopenssl_it_is_unsupported(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    monkeypatch.delitem(sys.modules, "dicomnet.conformance.tls_again", raising=False)
    Listens.behind = []
    result = judged(certificates, Listens)
    assert result.verdict is Verdict.UNSUPPORTED
    assert "dicomnet[renegotiation]" in result.observed
    assert all(octets[0] == names.APPLICATION_DATA for octets in Listens.behind)


def does_nothing(_connection: object) -> bool:
    return True


def is_busy(_connection: object) -> bool:
    return False


def refuses_to(_connection: object) -> bool:
    raise SSL.Error([("SSL routines", "", "no renegotiation")])


@pytest.mark.parametrize(
    ("renegotiate", "told"),
    [
        (does_nothing, "made no record"),
        (is_busy, "going on already"),
        (refuses_to, "ask for a renegotiation: no renegotiation"),
    ],
)
def test_what_was_not_sent_is_no_pass(
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    renegotiate: Callable[[object], bool],
    told: str,
) -> None:
    monkeypatch.setattr(SSL.Connection, "renegotiate", renegotiate)
    result = judged(certificates, Served)
    assert result.verdict is Verdict.UNSUPPORTED
    assert told in result.observed


@pytest.mark.parametrize(
    ("password", "serves"), [(PASSWORD, True), (PASSWORD.encode(), True), ("wrong", False)]
)
def test_an_encrypted_key_is_opened_by_its_password(
    certificates: Certificates, password: str | bytes, *, serves: bool
) -> None:
    pair = certificates.server_encrypted
    made = TlsContexts(TlsSettings(pair.certificate, pair.key, password=lambda: password), HOST).asking(HOST)
    assert callable(made) is serves
    if isinstance(made, str):
        assert made.startswith("pyOpenSSL does not take the client certificate or its key: ")


# What no server here can be made to do, on what would be heard of it: OpenSSL's own words.
HEARD = (
    (Heard(secured=True, asked=True, error="renegotiation mismatch"), Verdict.FAIL),
    (Heard(secured=True, asked=True, error="unsafe legacy renegotiation disabled"), Verdict.FAIL),
    (Heard(secured=True, asked=True, error="decryption failed"), Verdict.INCONCLUSIVE),
    (Heard(error="unsafe legacy renegotiation disabled"), Verdict.NOT_APPLICABLE),
    (Heard(error="no suitable key share"), Verdict.INCONCLUSIVE),
    (Heard(secured=True, ending="FIN"), Verdict.INCONCLUSIVE),
)


@pytest.mark.parametrize(("heard", "verdict"), HEARD)
def test_what_is_not_bound_to_the_first_handshake_fails(heard: Heard, verdict: Verdict) -> None:
    step = every_tls_case()[CASE].steps[-1]
    assert isinstance(step, Renegotiate)
    (said,) = step.want.look(heard)
    if isinstance(said, Finding):
        assert said.grade.name == verdict.name
        assert said.clause == "RFC 5746 3.7"
    else:
        assert said.verdict is verdict


def test_a_name_that_is_not_ascii_is_sent_as_the_other_cases_send_it() -> None:
    make = TlsContexts(TlsSettings(), HOST).asking("münchen.example")
    assert callable(make)
    side = make(Heard())
    side.turn()
    assert b"xn--mnchen-3ya.example" in side.out()
