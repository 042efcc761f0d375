"""What a case names is what it sends: read off the octets by a reader of the tests' own."""

from __future__ import annotations

import pytest

from dicomnet.conformance import (
    Case,
    Probe,
    Shake,
    TlsContexts,
    Verdict,
    Verify,
    Want,
    every_tls_case,
    tls_cases,
)
from dicomnet.statemachine import SUITE, SUITES, TLS_PROFILES
from dicomnet.transports import Address, Link, LinkHandler, MemoryTransport, Request

from ..certificates import Certificates
from .hellos import Offered, offered
from .targets import contexts_of, run_alone

VERSIONS = {
    "ssl3": 0x0300,
    "1-0": 0x0301,
    "1-1": 0x0302,
    "1-2": 0x0303,
    "1-3": 0x0304,
}
CASES = tuple(every_tls_case().values())
PROBES = [
    pytest.param(case, step, id=f"{case.id}-{number}")
    for case in CASES
    for number, step in enumerate(case.steps)
    if isinstance(step, Probe) and step.hello is not None
]


class Recorder:
    """A peer that writes down what it is sent, and says nothing."""

    def __init__(self, carrier: MemoryTransport) -> None:
        self.heard: list[bytearray] = []
        self.links: list[Link] = []
        self.address = carrier.listen(Address("", 0), 16, self).address

    def has_room(self) -> bool:
        return True

    def on_request(self, request: Request) -> None:
        heard = bytearray()
        self.heard.append(heard)
        self.links.append(request.take(_Ear(heard)))

    def on_withdrawn(self, request: Request) -> None:
        """Nothing is kept."""


class _Ear:
    def __init__(self, heard: bytearray) -> None:
        self._heard = heard

    def on_open(self) -> None:
        """Never told."""

    def on_failed(self, code: str) -> None:
        """Never told."""

    def on_octets(self, octets: bytes) -> None:
        self._heard += octets

    def on_end(self) -> None:
        """What was sent is kept."""

    def on_reset(self) -> None:
        """What was sent is kept."""


_EAR: type[LinkHandler] = _Ear


def recorded(certificates: Certificates, *steps: Probe | Shake) -> list[bytes]:
    """What these steps send, each on a connection of its own."""
    carrier = MemoryTransport()
    peer = Recorder(carrier)
    case = Case("sent", "sent", "-", "-", steps)
    run_alone(case, carrier, peer.address, contexts_of(certificates))
    return [bytes(heard) for heard in peer.heard]


def silent(step: Probe) -> Probe:
    """The same step, whatever is answered."""
    return Probe(
        step.what,
        Want("", lambda _heard: ()),
        step.hello,
        step.octets,
        step.record,
        step.records,
        step.pieces,
        until=step.until,
        named=step.named,
    )


@pytest.mark.parametrize(("case", "step"), PROBES)
def test_what_goes_out_is_what_the_step_says(certificates: Certificates, case: Case, step: Probe) -> None:
    (octets,) = recorded(certificates, silent(step))
    found, hello = offered(octets), step.hello
    assert hello is not None
    assert found.suites == list(hello.suites)
    assert found.versions == list(hello.versions or (hello.version,))
    assert found.version == hello.version
    assert found.compressions == list(hello.compressions)
    assert found.record == step.record


def test_a_full_record_is_full_and_no_more(certificates: Certificates) -> None:
    for name, length in (("full", 16384), ("slightly-over", 16385), ("overflow", 18433)):
        step = every_tls_case()[f"tls.record.{name}"].steps[0]
        assert isinstance(step, Probe)
        (octets,) = recorded(certificates, silent(step))
        assert int.from_bytes(octets[3:5], "big") == length
        assert len(octets) == 5 + length


def last_offer(certificates: Certificates, case: Case) -> Offered:
    step = case.steps[-1]
    assert isinstance(step, Probe)
    (octets,) = recorded(certificates, silent(step))
    return offered(octets)


@pytest.mark.parametrize("name", VERSIONS)
def test_a_case_of_a_version_offers_that_version_alone(certificates: Certificates, name: str) -> None:
    assert last_offer(certificates, every_tls_case()[f"tls.version.{name}"]).versions == [VERSIONS[name]]


@pytest.mark.parametrize("profile", TLS_PROFILES)
def test_a_case_of_a_suite_offers_that_suite_alone(certificates: Certificates, profile: str) -> None:
    cases = {
        case.title: case for case in tls_cases(TLS_PROFILES[profile]) if case.id.startswith("tls.suite.")
    }
    wanted = (*TLS_PROFILES[profile].required, *TLS_PROFILES[profile].recommended)
    assert set(cases) == {f"{name} alone is offered" for name in wanted}
    for name in wanted:
        found = last_offer(certificates, cases[f"{name} alone is offered"])
        assert found.suites == [SUITE[name].code]
        assert found.versions == [0x0304 if SUITE[name].version == "TLSv1.3" else 0x0303]


WEAK = {
    "null": "NULL",
    "anon": "_anon_",
    "export": "EXPORT",
    "rc4": "RC4",
    "des": "_DES_",
    "3des.discouraged": "3DES",
    "static-rsa.discouraged": "TLS_RSA_",
    "dhe.discouraged": "_DHE_",
    "cbc.discouraged": "_CBC_",
}


@pytest.mark.parametrize("kind", WEAK)
def test_a_case_of_weak_suites_offers_nothing_else(certificates: Certificates, kind: str) -> None:
    found = last_offer(certificates, every_tls_case()[f"tls.refuses.{kind}"])
    names = {suite.code: suite.name for suite in SUITES}
    assert found.suites
    assert all(WEAK[kind] in names[code] for code in found.suites)


@pytest.mark.parametrize("profile", TLS_PROFILES)
def test_every_suite_that_must_not_be_negotiated_is_offered_by_a_case(profile: str) -> None:
    offers: set[int] = set()
    for case in tls_cases(TLS_PROFILES[profile]):
        if case.id.startswith("tls.refuses."):
            step = case.steps[-1]
            assert isinstance(step, Probe)
            assert step.hello is not None
            offers |= set(step.hello.suites)
    forbidden = {SUITE[name].code for name in TLS_PROFILES[profile].forbidden}
    assert {code for code in forbidden if code >> 8 != 0x13} <= offers
    assert not offers & {SUITE[name].code for name in TLS_PROFILES[profile].offered}


@pytest.mark.parametrize("step", [s for c in CASES for s in c.steps if isinstance(s, Shake)][:40])
def test_a_handshake_offers_the_versions_that_bound_it(certificates: Certificates, step: Shake) -> None:
    sent = recorded(certificates, Shake("", Want("", lambda _h: ()), oldest=step.oldest, newest=step.newest))
    versions = set(offered(sent[0]).versions)
    assert not step.newest or max(versions) == step.newest
    assert not step.oldest or min(versions) == step.oldest


def test_what_this_machine_cannot_send_is_unsupported(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that could not be carried out is never a pass."""
    contexts = contexts_of(certificates)

    def lacking(_self: TlsContexts, _step: Shake) -> str:
        return "this machine lacks TLS 9"

    monkeypatch.setattr(TlsContexts, "context", lacking)
    carrier = MemoryTransport()
    peer = Recorder(carrier)
    case = Case("sent", "sent", "-", "-", (Shake("", Want("", lambda _h: ()), verify=Verify.NAME),))
    result = run_alone(case, carrier, peer.address, contexts)
    assert result.verdict is Verdict.UNSUPPORTED
    assert result.observed == "this machine lacks TLS 9"
    assert not peer.heard
