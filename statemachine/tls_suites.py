"""TLS cipher suites: their code points (IANA), their names in OpenSSL, and what BCP 195 thinks of them.

Not all there are: those that the profiles of PS3.15 Annex B name, those that devices in the field offer, and the weak
ones that must be refused. Nothing here needs a TLS library, nor says what a machine's can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

# How BCP 195 stands to a suite: MUST NOT be negotiated, SHOULD NOT, no word on it, RECOMMENDED.
Standing: TypeAlias = Literal["forbidden", "discouraged", "allowed", "recommended"]
# The two editions of BCP 195 that profiles refer to.
Bcp: TypeAlias = Literal["RFC 7525", "RFC 9325"]


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite.

    `name` is IANA's, `code` its code point, `openssl` its name in OpenSSL; "" where OpenSSL 3 has no such suite,
    not even where it was built with weak ones.
    """

    name: str
    code: int
    openssl: str

    @property
    def version(self) -> str:
        """The first version of TLS that has it, as in "TLSv1.2"."""
        if self.code >> 8 == 0x13:
            return "TLSv1.3"
        # RFC 5246 A.5, RFC 5288, 5289: AEAD and other MACs than SHA-1 and MD5 need TLS 1.2.
        return "TLSv1" if self.name.endswith(("_SHA", "_MD5")) else "TLSv1.2"

    @property
    def exchange(self) -> str:
        """How the key is agreed on: ECDHE, DHE, RSA, ECDH, DH; "any" in TLS 1.3, where the suite does not say."""
        if self.version == "TLSv1.3":
            return "any"
        return self.name.split("_")[1]

    @property
    def authentication(self) -> str:
        """What signs: RSA, ECDSA, anon (nothing); "any" in TLS 1.3."""
        if self.version == "TLSv1.3":
            return "any"
        words = self.name.partition("_WITH_")[0].split("_")
        return words[2] if len(words) > 2 and words[2] != "EXPORT" else words[1]

    @property
    def cipher(self) -> str:
        """The cipher with its mode, as in AES_128_GCM."""
        return self.name.partition("_WITH_" if "_WITH_" in self.name else "TLS_")[2]

    @property
    def bits(self) -> int:
        """The strength of the cipher in bits; 3DES counts 112 (RFC 9325 4.1), what does not encrypt 0."""
        for word, bits in _STRENGTHS:
            if word in self.cipher:
                return bits
        raise AssertionError(f"no strength known for {self.name}")


# The first that is found in the cipher's name counts.
_STRENGTHS: Final = (
    ("NULL", 0),
    ("_40", 40),
    ("DES40", 40),
    ("3DES", 112),
    ("DES", 56),
    ("CHACHA20", 256),
    ("_256_", 256),
    ("_128_", 128),
)

# fmt: off
SUITES: Final[tuple[Suite, ...]] = tuple(Suite(name, code, openssl) for code, name, openssl in (
    # TLS 1.3 (RFC 8446 B.4)
    (0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_8_SHA256"),
    # AEAD with forward secrecy (RFC 5288, 5289, 6655, 7251, 7905)
    (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
    (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"),
    (0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM"),
    (0xC0AD, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "ECDHE-ECDSA-AES256-CCM"),
    (0xC0AE, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8"),
    (0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE-ECDSA-AES256-CCM8"),
    (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256"),
    (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384"),
    (0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305"),
    (0xC09E, "TLS_DHE_RSA_WITH_AES_128_CCM", "DHE-RSA-AES128-CCM"),
    (0xC09F, "TLS_DHE_RSA_WITH_AES_256_CCM", "DHE-RSA-AES256-CCM"),
    # Camellia in GCM (RFC 6367), which OpenSSL does not have
    (0xC086, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256", ""),
    (0xC087, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384", ""),
    (0xC08A, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", ""),
    (0xC08B, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384", ""),
    (0xC07C, "TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", ""),
    (0xC07D, "TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384", ""),
    # CBC with forward secrecy
    (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"),
    (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384"),
    (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"),
    (0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256"),
    (0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE-RSA-AES256-SHA256"),
    (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"),
    (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"),
    (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"),
    (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA"),
    # Static RSA, static DH and ECDH: no forward secrecy
    (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
    (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
    (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"),
    (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256"),
    (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"),
    (0xC02D, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", ""),
    (0xC02E, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384", ""),
    (0xC031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", ""),
    (0xC032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", ""),
    (0x00A0, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", ""),
    (0x00A1, "TLS_DH_RSA_WITH_AES_256_GCM_SHA384", ""),
    # 3DES: 112 bits
    (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "DHE-RSA-DES-CBC3-SHA"),
    (0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA"),
    (0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-ECDSA-DES-CBC3-SHA"),
    # No encryption
    (0x0001, "TLS_RSA_WITH_NULL_MD5", "NULL-MD5"),
    (0x0002, "TLS_RSA_WITH_NULL_SHA", "NULL-SHA"),
    (0x003B, "TLS_RSA_WITH_NULL_SHA256", "NULL-SHA256"),
    (0xC010, "TLS_ECDHE_RSA_WITH_NULL_SHA", "ECDHE-RSA-NULL-SHA"),
    (0xC006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", "ECDHE-ECDSA-NULL-SHA"),
    # RC4
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5", "RC4-MD5"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA", "RC4-SHA"),
    (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "ECDHE-RSA-RC4-SHA"),
    (0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "ECDHE-ECDSA-RC4-SHA"),
    # Export, and single DES
    (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", ""),
    (0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", ""),
    (0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", ""),
    (0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", ""),
    (0x0009, "TLS_RSA_WITH_DES_CBC_SHA", ""),
    (0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", ""),
    # Nobody authenticated
    (0x00A6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", "ADH-AES128-GCM-SHA256"),
    (0x00A7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", "ADH-AES256-GCM-SHA384"),
    (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", "ADH-AES128-SHA"),
    (0x003A, "TLS_DH_anon_WITH_AES_256_CBC_SHA", "ADH-AES256-SHA"),
    (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", "ADH-RC4-MD5"),
    (0x001B, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", "ADH-DES-CBC3-SHA"),
    (0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "AECDH-AES128-SHA"),
    (0xC019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "AECDH-AES256-SHA"),
    (0xC015, "TLS_ECDH_anon_WITH_NULL_SHA", "AECDH-NULL-SHA"),
))
# fmt: on

SUITE: Final[dict[str, Suite]] = {suite.name: suite for suite in SUITES}
SUITE_OF_CODE: Final[dict[int, Suite]] = {suite.code: suite for suite in SUITES}

_RECOMMENDED: Final[dict[Bcp, tuple[str, ...]]] = {
    "RFC 7525": (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    ),
    "RFC 9325": (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    ),
}


def recommended(bcp: Bcp) -> tuple[str, ...]:
    """The suites for TLS 1.2 that this edition of BCP 195 recommends (both RFCs: 4.2), by IANA name."""
    return _RECOMMENDED[bcp]


def judge_suite(suite: Suite, bcp: Bcp = "RFC 9325") -> tuple[Standing, str]:
    """How BCP 195 stands to a suite, and the clause with the reason.

    CBC with RFC 9325 is "discouraged" where it is met alone: 4.2 bears it with encrypt_then_mac (RFC 7366).
    """
    forbidden = _why_forbidden(suite, bcp)
    if forbidden:
        return "forbidden", forbidden
    if suite.name in _RECOMMENDED[bcp]:
        return "recommended", f"{bcp} 4.2: RECOMMENDED"
    discouraged = _why_discouraged(suite, bcp)
    if discouraged:
        return "discouraged", discouraged
    return "allowed", f"{bcp} 4: no word on it"


def _why_forbidden(suite: Suite, bcp: Bcp) -> str:
    if "NULL" in suite.cipher:
        return f"{bcp} 4.1: NULL encryption MUST NOT be negotiated"
    if "RC4" in suite.cipher:
        return f"{bcp} 4.1: RC4 MUST NOT be negotiated"
    if suite.bits < 112:
        return f"{bcp} 4.1: {suite.bits} bits, less than 112 MUST NOT be negotiated"
    if suite.authentication == "anon":
        # BCP 195 itself only takes authentication for granted (RFC 9325 5.1).
        return "RFC 5246 A.5: anonymous suites MUST NOT be used unless the application asked for them"
    return ""


def _why_discouraged(suite: Suite, bcp: Bcp) -> str:
    if suite.bits < 128:
        return f"{bcp} 4.1: {suite.bits} bits, less than 128 SHOULD NOT be negotiated"
    if suite.exchange == "RSA":
        return f"{bcp} 4.1: static RSA SHOULD NOT be negotiated, it has no forward secrecy"
    if bcp == "RFC 7525":
        return ""
    if suite.exchange in ("DH", "ECDH"):
        return "RFC 9325 4.1: static DH and ECDH SHOULD NOT be negotiated, they have no forward secrecy"
    if suite.exchange == "DHE":
        return "RFC 9325 4.1: DHE SHOULD NOT be negotiated in TLS 1.2"
    if "CBC" in suite.cipher:
        return "RFC 9325 4.2: CBC SHOULD NOT be used without encrypt_then_mac"
    return ""
