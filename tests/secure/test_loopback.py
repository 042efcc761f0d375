"""The TLS cases on loopback: this project's own acceptor over its own TLS carrier, and what explains the cases."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from dicomnet.conformance import Case, Options, Report, Session, TlsTarget, Verdict, choose, tls_cases
from dicomnet.statemachine import TLS_PROFILES
from dicomnet.transports import (
    Address,
    Policy,
    ReferenceAcceptor,
    Settings,
    TcpTransport,
    Tls,
    TlsSettings,
    TlsTransport,
)

from ..certificates import Certificates
from ..conformance.command import output
from ..conformance.servers import acceptor
from .targets import CALLED, CALLING, contexts_of, settings_of


@pytest.fixture
def own_acceptor(certificates: Certificates) -> Generator[Address]:
    """The reference acceptor over TLS, in a thread."""
    settings = TlsSettings(
        certificate=certificates.server.certificate, key=certificates.server.key, authorities=certificates.ca
    )

    def make(carrier: TcpTransport) -> Address:
        secured = TlsTransport(carrier, Tls(settings), handshake=2.0)
        return ReferenceAcceptor(secured, Policy(aet=CALLED), Settings(artim=2.0)).listen(Address("", 0), 64)

    with acceptor(make) as address:
        yield address


def test_the_reference_acceptor_over_tls_is_not_blamed(
    certificates: Certificates, own_acceptor: Address
) -> None:
    raw = TcpTransport(quick_ack=True)
    secured = TlsTransport(raw, Tls(settings_of(certificates)))
    report = Report("target")
    cases = choose(tls_cases(TLS_PROFILES["bcp195"]), (), quick=True)
    below = TlsTarget(raw, contexts_of(certificates))
    try:
        Session(secured, own_acceptor, CALLED, CALLING, Options(), lambda _event: None, "tcp", below).run(
            cases, report
        )
    finally:
        raw.end()
    assert not report.blamed
    assert len(report.results) == len(cases)
    wrong = {
        result.case.id: result.observed
        for result in report.results
        if result.verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.INFORMATIONAL)
    }
    assert not wrong


def test_without_tls_a_tls_case_is_not_applicable(certificates: Certificates) -> None:
    with acceptor() as address:
        carrier = TcpTransport(quick_ack=True)
        report = Report("target")
        cases = choose(tls_cases(TLS_PROFILES["bcp195"]), ("tls.version.1-2",), quick=True)
        try:
            session = Session(carrier, address, "ANY-SCP", CALLING, Options(), lambda _event: None, "tcp")
            session.run(cases, report)
        finally:
            carrier.end()
    (result,) = report.results
    assert result.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("case", tls_cases(TLS_PROFILES["bcp195"])[::4], ids=lambda case: case.id)
def test_a_case_is_explained(case: Case) -> None:
    told = output("explain", case.id)
    assert case.clause in told.replace("\n", " ")
    assert "demanded: " in told


def test_a_case_of_a_retired_profile_is_explained() -> None:
    assert "DHE_RSA" in output("explain", "tls.suite.dhe-rsa-with-aes-128-gcm-sha256")


def test_an_explanation_says_what_is_offered() -> None:
    told = output("explain", "tls.version.1-1")
    assert "versions: TLS 1.1" in told
    assert "demanded: refused: the alert protocol_version, or the end, and no ServerHello" in told
