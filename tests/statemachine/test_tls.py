"""The TLS profiles and suites: that they agree with one another, and with the clauses that can be put in figures."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace

import pytest

from dicomnet.statemachine import (
    SUITE,
    SUITE_OF_CODE,
    SUITES,
    TLS_PROFILES,
    VERSIONS,
    Bcp,
    Standing,
    TlsProfile,
    judge_suite,
    recommended,
    tls_profiles_as_dict,
    tls_profiles_as_markdown,
)

PROFILES = [pytest.param(profile, id=name) for name, profile in TLS_PROFILES.items()]


def faults_of(profile: TlsProfile) -> list[str]:
    """Where a profile contradicts itself or BCP 195."""
    faults: list[str] = []
    for name in profile.offered:
        if name not in SUITE:
            faults.append(f"{name} is no known suite")
        elif profile.why_forbidden(name):
            faults.append(f"{name} is offered and forbidden: {profile.why_forbidden(name)}")
        elif VERSIONS.index(SUITE[name].version) > VERSIONS.index(profile.maximum):
            faults.append(f"{name} is newer than {profile.maximum}")
    if VERSIONS.index(profile.minimum) > VERSIONS.index(profile.maximum):
        faults.append("it has no version")
    if profile.bcp == "RFC 9325" and profile.minimum != "TLSv1.2":
        faults.append("RFC 9325 3.1.1: TLS 1.0 and 1.1 MUST NOT be negotiated, TLS 1.2 MUST be supported")
    if profile.prefers_tls13 and profile.maximum != "TLSv1.3":
        faults.append("it prefers what it does not have")
    return faults


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_contradicts_neither_itself_nor_bcp_195(profile: TlsProfile) -> None:
    assert faults_of(profile) == []


@pytest.mark.parametrize(
    "planted",
    [
        {"required": ("TLS_RSA_WITH_NULL_SHA",)},
        {"required": ("TLS_NO_SUCH_SUITE",)},
        {"maximum": "TLSv1.2"},
        {"minimum": "TLSv1"},
        {"closed": ()},
    ],
    ids=str,
)
def test_a_planted_contradiction_is_seen(planted: dict[str, object]) -> None:
    assert faults_of(replace(TLS_PROFILES["bcp195"], **planted))  # type: ignore[arg-type]


def test_only_the_oldest_profile_names_versions_below_tls_1_2() -> None:
    assert [name for name, each in TLS_PROFILES.items() if each.minimum != "TLSv1.2"] == ["bcp195-rfc7525"]
    assert [name for name, each in TLS_PROFILES.items() if not each.retired] == ["bcp195", "modified-bcp195"]


def test_a_code_point_and_a_name_belong_to_one_suite_each() -> None:
    assert len(SUITE) == len(SUITE_OF_CODE) == len(SUITES)
    known = [suite.openssl for suite in SUITES if suite.openssl]
    assert len(known) == len(set(known))


def test_the_suites_are_those_of_openssl() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    seen = 0
    for cipher in context.get_ciphers():
        # OpenSSL's id is the code point behind the two octets 03 00.
        suite = SUITE_OF_CODE.get(cipher["id"] & 0xFFFF)
        if suite is None:
            continue
        seen += 1
        assert suite.openssl == cipher["name"]
        assert suite.bits == cipher["strength_bits"]
        assert suite.version == {"SSLv3": "TLSv1", "TLSv1.0": "TLSv1"}.get(
            cipher["protocol"], cipher["protocol"]
        )
    assert seen > 40


@pytest.mark.parametrize(
    ("name", "bcp", "standing", "clause"),
    [
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "RFC 9325", "recommended", "4.2"),
        ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "RFC 9325", "discouraged", "4.1"),
        ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "RFC 7525", "recommended", "4.2"),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", "RFC 9325", "discouraged", "static RSA"),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "RFC 9325", "discouraged", "encrypt_then_mac"),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "RFC 7525", "allowed", "no word"),
        ("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", "RFC 9325", "discouraged", "static DH and ECDH"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RFC 9325", "discouraged", "112 bits"),
        ("TLS_RSA_WITH_NULL_SHA256", "RFC 9325", "forbidden", "NULL"),
        ("TLS_RSA_WITH_RC4_128_SHA", "RFC 7525", "forbidden", "RC4"),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", "RFC 9325", "forbidden", "40 bits"),
        ("TLS_RSA_WITH_DES_CBC_SHA", "RFC 9325", "forbidden", "56 bits"),
        ("TLS_DH_anon_WITH_AES_256_GCM_SHA384", "RFC 9325", "forbidden", "RFC 5246 A.5"),
        ("TLS_AES_128_GCM_SHA256", "RFC 9325", "allowed", "no word"),
    ],
)
def test_bcp_195_judges(name: str, bcp: Bcp, standing: Standing, clause: str) -> None:
    judged, reason = judge_suite(SUITE[name], bcp)
    assert judged == standing
    assert clause in reason


def test_a_closed_list_forbids_the_rest() -> None:
    extended = TLS_PROFILES["extended-bcp195"]
    assert "list" in extended.why_forbidden("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")
    assert extended.why_forbidden("TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256") == ""
    assert "TLS_RSA_WITH_3DES_EDE_CBC_SHA" in TLS_PROFILES["modified-bcp195"].forbidden
    assert "TLS_RSA_WITH_3DES_EDE_CBC_SHA" not in TLS_PROFILES["bcp195"].forbidden
    assert set(recommended("RFC 7525")) <= set(extended.required)


def test_the_tables_hold_every_profile_and_suite() -> None:
    data = tls_profiles_as_dict()
    assert list(data) == list(TLS_PROFILES)
    assert json.loads(json.dumps(data)) == data
    text = tls_profiles_as_markdown()
    rows = [line for line in text.splitlines() if line.startswith("| TLS_")]
    assert len(rows) == len(SUITES)
    assert len({row.count("|") for row in rows}) == 1
    for profile in TLS_PROFILES.values():
        assert profile.source in text
