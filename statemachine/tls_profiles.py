"""The TLS profiles of DICOM (PS3.15 Annex B, Secure Transport Connection Profiles), as data.

What was read: B.12 and B.13 in 2024e, B.11 in 2020d, B.9 and B.10 in a text of about the same time, RFC 9325, 4 of
RFC 7525. What could not be read is said in a profile's `remarks`, and nobody is blamed for it. Not here: B.1 (Basic:
RSA with 3DES) and B.3 (AES TLS), both last in 2018a: the text of B.3 was not at hand, and 3DES is not in OpenSSL 3 as
it is distributed. A device of B.3 is reached with B.9, which says so in its note 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from .tls_suites import SUITE, SUITES, Bcp, judge_suite, recommended

# As in Python's `ssl`, and in the order of age.
VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
Version: TypeAlias = Literal["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]


@dataclass(frozen=True, slots=True)
class KeySize:
    """The smallest size of a kind of key in bits, whether less is forbidden or just discouraged, and the clause."""

    bits: int
    demanded: bool
    clause: str


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """A profile.

    `required` suites shall be supported, of these the ones of TLS 1.3 where TLS 1.3 is; `recommended` ones should
    be; `closed` is the list of all that may be used, or None where BCP 195 alone decides. Suites are IANA names
    (see `SUITE`). `borne` are others that this project offers as well, so that peers that lack the better ones can be
    reached and judged. `groups` are those for ECDHE that should be supported, in IANA's words. `edition` is the edition
    of PS3.15 whose text this follows.
    """

    name: str
    title: str
    clause: str
    edition: str
    retired: bool
    bcp: Bcp
    minimum: Version
    maximum: Version
    prefers_tls13: bool
    required: tuple[str, ...]
    recommended: tuple[str, ...]
    closed: tuple[str, ...] | None
    rsa: KeySize
    dh: KeySize
    ec: KeySize
    groups: tuple[str, ...]
    borne: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the profile stands, as in "PS3.15 2024e B.12"."""
        return f"PS3.15 {self.edition} {self.clause}"

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The suites of `SUITES` that must not be negotiated: by BCP 195, or as the closed list lacks them."""
        return tuple(suite.name for suite in SUITES if self.why_forbidden(suite.name))

    def why_forbidden(self, suite: str) -> str:
        """The clause and the reason why this suite (IANA name) must not be negotiated; "" where it may be."""
        standing, reason = judge_suite(SUITE[suite], self.bcp)
        if standing == "forbidden":
            return reason
        if self.closed is not None and suite not in self.closed:
            return f"{self.source}: not in its list of suites"
        return ""

    @property
    def offered(self) -> tuple[str, ...]:
        """What an end of this profile offers, best first: what is required, recommended, then borne."""
        return tuple(dict.fromkeys((*self.required, *self.recommended, *self.borne)))


_TLS13: Final = ("TLS_AES_128_GCM_SHA256",)
_TLS13_SHOULD: Final = ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_CHACHA: Final = (
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
)
_ECDSA: Final = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
)
_GROUPS: Final = ("secp256r1", "x25519")

BCP195: Final = TlsProfile(
    name="bcp195",
    title="BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile",
    clause="B.12",
    edition="2024e",
    retired=False,
    bcp="RFC 9325",
    minimum="TLSv1.2",
    maximum="TLSv1.3",
    prefers_tls13=True,
    # RFC 8446 9.1, to which RFC 9325 4.3 refers; for TLS 1.2 RFC 9325 4.2 recommends and demands nothing.
    required=_TLS13,
    recommended=(*_TLS13_SHOULD, *recommended("RFC 9325")),
    closed=None,
    rsa=KeySize(2048, demanded=True, clause="RFC 9325 4.5"),
    dh=KeySize(2048, demanded=True, clause="RFC 9325 4.5"),
    ec=KeySize(224, demanded=True, clause="RFC 9325 4.5"),
    groups=_GROUPS,
    borne=_CHACHA,
)

MODIFIED_BCP195: Final = TlsProfile(
    name="modified-bcp195",
    title="Modified BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile",
    clause="B.13",
    edition="2024e",
    retired=False,
    bcp="RFC 9325",
    minimum="TLSv1.2",
    maximum="TLSv1.3",
    prefers_tls13=True,
    required=(
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
    ),
    recommended=(),
    closed=tuple(
        suite.name
        for suite in SUITES
        if suite.exchange in ("any", "ECDHE", "DHE")
        and any(mode in suite.cipher for mode in ("GCM", "CCM", "CHACHA20"))
    ),
    rsa=KeySize(2048, demanded=True, clause="RFC 9325 4.5"),
    dh=KeySize(2048, demanded=True, clause="B.13"),
    ec=KeySize(256, demanded=True, clause="B.13"),
    groups=_GROUPS,
    remarks=(
        "The required suites are those of a server; a client shall support at least one of them for each version.",
        "The lists of required suites were compared with two implementations of the profile, not with its text.",
        "Its lists of permitted and forbidden algorithms were not at hand: (EC)DHE with AEAD passes for permitted.",
        "Camellia in GCM is optional since CP-2311.",
        "DHE only where the length of its key can be set (B.13), which a client in Python cannot: it offers none.",
    ),
)

_SMALL_RFC7525: Final = {
    "rsa": KeySize(2048, demanded=False, clause="RFC 7525 4.3"),
    "dh": KeySize(2048, demanded=False, clause="RFC 7525 4.3"),
    "ec": KeySize(192, demanded=False, clause="RFC 7525 4.3"),
}
_OF_RFC7525: Final = "2020d"

RETIRED_BCP195: Final = TlsProfile(
    name="bcp195-rfc7525",
    title="BCP 195 TLS Secure Transport Connection Profile",
    clause="B.9",
    edition=_OF_RFC7525,
    retired=True,
    bcp="RFC 7525",
    # RFC 7525 3.1.1: TLS 1.0 and 1.1 SHOULD NOT be negotiated, except where nothing better is to be had.
    minimum="TLSv1",
    maximum="TLSv1.3",
    prefers_tls13=False,
    required=(),
    recommended=recommended("RFC 7525"),
    closed=None,
    groups=("secp256r1",),
    borne=(
        *_TLS13,
        *_TLS13_SHOULD,
        *_ECDSA,
        *_CHACHA,
        # Older versions have nothing better; the last is what RFC 5246 9 makes mandatory, and the AES TLS profile.
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
    ),
    remarks=(
        "TLS 1.2 MUST be supported and preferred to older versions (RFC 7525 3.1.1); TLS 1.3 came later and is borne.",
    ),
    **_SMALL_RFC7525,
)

NON_DOWNGRADING_BCP195: Final = TlsProfile(
    name="non-downgrading-bcp195",
    title="Non-Downgrading BCP 195 TLS Secure Transport Connection Profile",
    clause="B.10",
    edition=_OF_RFC7525,
    retired=True,
    bcp="RFC 7525",
    minimum="TLSv1.2",
    maximum="TLSv1.3",
    prefers_tls13=False,
    required=recommended("RFC 7525"),
    recommended=(),
    closed=None,
    groups=("secp256r1",),
    borne=(*_TLS13, *_TLS13_SHOULD, *_ECDSA, *_CHACHA),
    remarks=(
        "Other suites of similar or greater strength may be supported (B.10); so TLS 1.3, which came later, is borne.",
    ),
    **_SMALL_RFC7525,
)

_EXTENSION: Final = (
    "TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256",
)

EXTENDED_BCP195: Final = TlsProfile(
    name="extended-bcp195",
    title="Extended BCP 195 TLS Profile Secure Transport Connection Profile",
    clause="B.11",
    edition=_OF_RFC7525,
    retired=True,
    bcp="RFC 7525",
    minimum="TLSv1.2",
    # "No other cipher suites shall be used", and none of TLS 1.3 is in its list.
    maximum="TLSv1.2",
    prefers_tls13=False,
    required=recommended("RFC 7525"),
    recommended=_EXTENSION,
    closed=(*recommended("RFC 7525"), *_EXTENSION),
    rsa=KeySize(2048, demanded=False, clause="RFC 7525 4.3"),
    dh=KeySize(2048, demanded=True, clause="B.11"),
    ec=KeySize(256, demanded=True, clause="B.11"),
    groups=("secp256r1",),
    remarks=("One or more of the recommended suites should be supported (B.11).",),
)

TLS_PROFILES: Final[dict[str, TlsProfile]] = {
    profile.name: profile
    for profile in (
        BCP195,
        MODIFIED_BCP195,
        RETIRED_BCP195,
        NON_DOWNGRADING_BCP195,
        EXTENDED_BCP195,
    )
}


def tls_profiles_as_dict() -> dict[str, object]:
    """Every profile by its name, as plain data: what JSON can hold."""
    return {name: _as_dict(profile) for name, profile in TLS_PROFILES.items()}


def _as_dict(profile: TlsProfile) -> dict[str, object]:
    sizes = {"rsa": profile.rsa, "dh": profile.dh, "ec": profile.ec}
    return {
        "title": profile.title,
        "source": profile.source,
        "retired": profile.retired,
        "bcp195": profile.bcp,
        "minimum": profile.minimum,
        "maximum": profile.maximum,
        "prefers_tls13": profile.prefers_tls13,
        "key_sizes": {
            kind: {"bits": size.bits, "demanded": size.demanded, "clause": size.clause}
            for kind, size in sizes.items()
        },
        "groups": list(profile.groups),
        "suites": {name: _use(profile, name) for name in SUITE},
        "remarks": list(profile.remarks),
    }


def _use(profile: TlsProfile, name: str) -> dict[str, object]:
    suite = SUITE[name]
    standing, reason = judge_suite(suite, profile.bcp)
    why = profile.why_forbidden(name)
    if why:
        standing, reason = "forbidden", why
    elif name in profile.required:
        return _words(name, "required", profile.source if profile.clause != "B.12" else "RFC 8446 9.1")
    elif name in profile.recommended and standing != "recommended":
        return _words(name, "recommended", profile.source if profile.clause != "B.12" else "RFC 8446 9.1")
    return _words(name, standing, reason)


def _words(name: str, use: str, why: str) -> dict[str, object]:
    return {"code": f"0x{SUITE[name].code:04X}", "use": use, "why": why}


def tls_profiles_as_markdown() -> str:
    """Every profile, to be read: what it demands, and what it makes of each suite."""
    lines = ["# The TLS profiles of DICOM (PS3.15 Annex B)", ""]
    heads = ("Profile", "Title", "Source", "BCP 195", "Versions", "TLS 1.3", "Keys in bits", "Groups")
    lines += [_row(heads), _row(["---"] * len(heads))]
    lines += [_row(_about(profile)) for profile in TLS_PROFILES.values()]
    lines += ["", "Key sizes in brackets are recommended, the others demanded.", ""]
    columns = ("Suite", "Code", *TLS_PROFILES)
    lines += [_row(columns), _row(["---"] * len(columns))]
    uses = {name: {suite: _use(profile, suite) for suite in SUITE} for name, profile in TLS_PROFILES.items()}
    for suite in SUITES:
        words = [str(uses[profile][suite.name]["use"]) for profile in TLS_PROFILES]
        lines.append(_row([suite.name, f"0x{suite.code:04X}", *words]))
    lines += ["", "## Remarks", ""]
    for profile in TLS_PROFILES.values():
        lines += [f"- {profile.name}: {remark}" for remark in profile.remarks]
    return "\n".join(lines) + "\n"


def _about(profile: TlsProfile) -> list[str]:
    sizes = (("RSA", profile.rsa), ("DH", profile.dh), ("EC", profile.ec))
    return [
        profile.name,
        profile.title,
        profile.source + (" (retired)" if profile.retired else ""),
        profile.bcp,
        f"{profile.minimum} to {profile.maximum}",
        "preferred" if profile.prefers_tls13 else ("borne" if profile.maximum == "TLSv1.3" else "no"),
        ", ".join(f"{kind} {size.bits if size.demanded else f'({size.bits})'}" for kind, size in sizes),
        ", ".join(profile.groups),
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
