"""The TLS cases on servers in memory: a sound one is not blamed, and each fault is seen by the cases that name it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomnet.conformance import Options, Verdict, tls_cases
from dicomnet.statemachine import TLS_PROFILES
from dicomnet.transports import Request

from ..certificates import Certificates, Pair
from ..zoo import PlainAcceptor
from ..zoo.acceptor import Connection
from .faults import FAULTS, OneAtATime, Only11
from .server import EVERYTHING, Served, server_context
from .targets import Judged, judge

GOOD = (Verdict.PASS, Verdict.NOT_APPLICABLE)
TOLD = (Verdict.NON_STRICT, Verdict.INFORMATIONAL)


def verdicts(judged: Judged, *wanted: Verdict) -> dict[str, str]:
    """The verdicts that are none of these, and what was observed."""
    return {
        name: f"{result.verdict.value}: {result.observed}"
        for name, result in judged.results.items()
        if result.verdict not in wanted
    }


@pytest.mark.parametrize("profile", ["bcp195", "modified-bcp195"])
@pytest.mark.parametrize("pair", ["server", "server_ec"])
def test_a_sound_server_is_not_blamed(certificates: Certificates, profile: str, pair: str) -> None:
    context = server_context(getattr(certificates, pair))
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM")
    judged = judge(certificates, profile=profile, context=context)
    assert not judged.report.blamed
    assert set(judged.results) == {case.id for case in tls_cases(TLS_PROFILES[profile])}
    # Python's `ssl` before 3.15 cannot be told to speak AES-CCM in TLS 1.3, which B.13 requires.
    ccm = {"tls.suite.aes-128-ccm-sha256", "tls.suite.aes-128-ccm-8-sha256"}
    assert verdicts(judged, *GOOD).keys() <= ccm


def test_a_sound_server_that_demands_a_certificate_is_not_blamed(certificates: Certificates) -> None:
    judged = judge(certificates, context=demanding(certificates), client=True)
    assert not judged.report.blamed
    assert not verdicts(judged, *GOOD)
    for name in ("missing.1-2", "missing.1-3", "strange.1-2", "strange.1-3", "expired.1-2", "expired.1-3"):
        assert judged.results[f"tls.client.{name}"].verdict is Verdict.PASS


def test_a_refusal_behind_the_handshake_is_a_refusal(certificates: Certificates) -> None:
    """TLS 1.3: our handshake is done before the server has seen that there is no certificate."""
    judged = judge(certificates, "tls.client.missing.*", context=demanding(certificates), client=True)
    later, at_once = judged.results["tls.client.missing.1-3"], judged.results["tls.client.missing.1-2"]
    assert later.observed.startswith("secured: TLSv1.3")
    assert "alert: certificate_required" in later.observed
    assert "secured" not in at_once.observed


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_each_fault_is_seen(certificates: Certificates, kind: type[Served]) -> None:
    patterns = [(case,) for case in (*kind.fails, *kind.told)] if kind.deadly else [(*kind.fails, *kind.told)]
    seen: dict[str, Verdict] = {}
    for each in patterns:
        judged = judge(certificates, *each, kind=kind)
        seen |= {name: result.verdict for name, result in judged.results.items()}
    assert {name for name, verdict in seen.items() if verdict is Verdict.FAIL} == set(kind.fails)
    assert {name for name, verdict in seen.items() if verdict in TOLD} == set(kind.told)


# --- what the configuration does wrong ------------------------------------------------------------------------


def demanding(certificates: Certificates, *authorities: Path) -> ssl.SSLContext:
    """A server that demands a client certificate, of these authorities."""
    context = server_context(certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED
    for authority in authorities or (certificates.ca,):
        context.load_verify_locations(authority)
    return context


def weak(pair: Pair, ciphers: str = EVERYTHING) -> ssl.SSLContext:
    context = server_context(pair)
    context.set_ciphers(ciphers)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def of(name: str) -> Callable[[Certificates], ssl.SSLContext]:
    """A server with this certificate of the tests."""

    def make(certificates: Certificates) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(EVERYTHING)
        pair: Pair = getattr(certificates, name)
        context.load_cert_chain(pair.certificate, pair.key)
        return context

    return make


def forgiving(certificates: Certificates) -> ssl.SSLContext:
    """A server that looks at no date."""
    context = demanding(certificates)
    context.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME
    return context


WRONG_CERTIFICATES = (
    ("server_small", "tls.key.certificate", "a key of RSA of 1024 bits"),
    ("server_of_other_ca", "tls.certificate.chain", "certificate: unable to get local issuer certificate"),
    ("server_self_signed", "tls.certificate.chain", "certificate: self"),
    ("server_expired", "tls.certificate.dates", "certificate: certificate has expired"),
    ("server_other_name", "tls.certificate.name", "certificate: Hostname mismatch"),
)


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(("pair", "case", "text"), WRONG_CERTIFICATES)
def test_a_wrong_server_certificate_is_seen(
    certificates: Certificates, pair: str, case: str, text: str, *, verify: bool
) -> None:
    """Also where the tester's own link does not become secure for it, so that there is no association."""
    patterns = ("tls.key.certificate", "tls.certificate.*", "tls.data.*")
    judged = judge(certificates, *patterns, context=of(pair)(certificates), verify=verify)
    assert text in judged.results[case].observed
    assert {name for name, result in judged.results.items() if result.verdict is Verdict.FAIL} == {case}
    if verify:
        assert judged.report.blamed
        assert not any(name.startswith("tls.data.") for name in judged.results)
        assert judged.report.exit_code() == 1


def test_of_a_server_that_is_too_old_its_handshake_is_judged(certificates: Certificates) -> None:
    judged = judge(certificates, "tls.version.*", "tls.data.*", kind=Only11)
    assert judged.report.blamed
    assert judged.results["tls.version.1-2"].verdict is Verdict.FAIL
    assert judged.results["tls.version.1-1"].verdict is Verdict.FAIL
    assert not any(name.startswith("tls.data.") for name in judged.results)


def test_where_nobody_is_nothing_is_judged(certificates: Certificates) -> None:
    """Nothing listens: that is seen once, and not waited for in every case."""
    judged = judge(certificates, "tls.version.*", acceptor=Nobody)
    assert judged.report.blamed
    assert list(judged.results) == ["sanity.echo"]
    assert {result.verdict for result in judged.results.values()} == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("version", ["1-2", "1-3"])
def test_a_client_certificate_out_of_date_that_is_taken_is_seen(
    certificates: Certificates, version: str
) -> None:
    case = f"tls.client.expired.{version}"
    judged = judge(certificates, case, context=forgiving(certificates), client=True)
    assert judged.results[case].verdict is Verdict.FAIL
    assert "takes one that it cannot trust" in judged.results[case].observed


@pytest.mark.parametrize("version", ["1-2", "1-3"])
def test_a_certificate_that_is_asked_for_and_not_needed_is_told(
    certificates: Certificates, version: str
) -> None:
    context = demanding(certificates)
    context.verify_mode = ssl.CERT_OPTIONAL
    case = f"tls.client.missing.{version}"
    judged = judge(certificates, case, context=context, client=True)
    assert judged.results[case].verdict is Verdict.INFORMATIONAL
    without = judge(certificates, case, context=context)
    assert without.results[case].verdict is Verdict.NOT_APPLICABLE


# --- who keeps others waiting ---------------------------------------------------------------------------------


def test_starvation_is_a_failure_where_more_are_stated_to_be_served(certificates: Certificates) -> None:
    options = Options(recover_limit=20.0, concurrent=2)
    judged = judge(certificates, "tls.stall.*", kind=OneAtATime, options=options)
    assert len(judged.results) == 3
    assert not verdicts(judged, Verdict.FAIL)
    assert all("starved" in result.observed for result in judged.results.values())


def test_starvation_is_less_than_strict_where_associations_are_served_side_by_side(
    certificates: Certificates,
) -> None:
    judged = judge(certificates, "tls.stall.*", kind=OneAtATime)
    assert not verdicts(judged, Verdict.NON_STRICT)


class Nobody(PlainAcceptor):
    """Gone before anybody comes."""

    def on_request(self, request: Request) -> None:
        request.drop("refused")


class OneAssociation(PlainAcceptor):
    """Serves one connection at a time, its handshake included: a choice that the standard leaves."""

    def blocked(self) -> bool:
        return bool(self.connections)

    def close(self, at: Connection) -> None:
        super().close(at)
        self.admit()


def test_starvation_is_told_where_one_association_is_served_at_a_time(certificates: Certificates) -> None:
    judged = judge(certificates, "tls.stall.*", acceptor=OneAssociation)
    assert not verdicts(judged, Verdict.INFORMATIONAL)


# --- every case has been seen to fail ---------------------------------------------------------------------------

# Those that say how long something lasts.
ONLY_TOLD = {"tls.timeout.silent", "tls.timeout.half-hello", "tls.timeout.hello"}


def test_every_case_of_the_default_profile_is_shown_to_see_a_fault() -> None:
    planted = {case for kind in FAULTS for case in (*kind.fails, *kind.told)}
    planted |= {case for _, case, _ in WRONG_CERTIFICATES}
    planted |= {
        f"tls.client.{name}.{v}" for name in ("missing", "strange", "expired") for v in ("1-2", "1-3")
    }
    # The same case with another suite, which goes with the other kind of key.
    planted |= {f"tls.suite.ecdhe-ecdsa-with-aes-{bits}" for bits in ("128-gcm-sha256", "256-gcm-sha384")}
    assert {case.id for case in tls_cases(TLS_PROFILES["bcp195"])} - ONLY_TOLD == planted


def test_ids_are_unique_and_clauses_name_their_text() -> None:
    for profile in TLS_PROFILES.values():
        cases = tls_cases(profile)
        assert len({case.id for case in cases}) == len(cases)
        assert all("RFC" in case.clause or "PS3" in case.clause for case in cases)
        assert all(case.secure and not case.several for case in cases)


@pytest.mark.parametrize("profile", sorted(set(TLS_PROFILES) - {"bcp195", "modified-bcp195"}))
def test_the_cases_follow_the_profile(certificates: Certificates, profile: str) -> None:
    """A server of today lacks what retired profiles demand, and nothing else is said of it."""
    judged = judge(certificates, profile=profile)
    failed = verdicts(judged, *GOOD, *TOLD)
    # B.11 has a list of suites, and nothing else may be spoken.
    allowed = (
        {"tls.version.1-3", "tls.refuses.other"} if TLS_PROFILES[profile].closed is not None else set[str]()
    )
    assert all(name in allowed or "dhe" in name for name in failed), failed
