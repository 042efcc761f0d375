"""The numbers of TLS and their names: versions, content types, messages, alerts, groups, and suites.

From the registries that RFC 8446, RFC 5246 and RFC 8447 set up (IANA, "TLS Parameters"). A number without a name here
is told as a number.
"""

from __future__ import annotations

from typing import Final

from ...tls_suites import SUITE_OF_CODE

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
FUTURE: Final = 0x0305
"""A version that nobody has defined (RFC 8446 4.2.1: what a server does not know is ignored)."""

VERSION_NAMES: Final = {
    SSL3: "SSL 3.0",
    TLS10: "TLS 1.0",
    TLS11: "TLS 1.1",
    TLS12: "TLS 1.2",
    TLS13: "TLS 1.3",
}

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
CONTENT_NAMES: Final = {
    CHANGE_CIPHER_SPEC: "change_cipher_spec",
    ALERT: "alert",
    HANDSHAKE: "handshake",
    APPLICATION_DATA: "application_data",
}

HELLO_REQUEST, CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET = 0, 1, 2, 4
CERTIFICATE, SERVER_KEY_EXCHANGE, CERTIFICATE_REQUEST, SERVER_HELLO_DONE = 11, 12, 13, 14
MESSAGE_NAMES: Final = {
    HELLO_REQUEST: "HelloRequest",
    CLIENT_HELLO: "ClientHello",
    SERVER_HELLO: "ServerHello",
    NEW_SESSION_TICKET: "NewSessionTicket",
    8: "EncryptedExtensions",
    CERTIFICATE: "Certificate",
    SERVER_KEY_EXCHANGE: "ServerKeyExchange",
    CERTIFICATE_REQUEST: "CertificateRequest",
    SERVER_HELLO_DONE: "ServerHelloDone",
    15: "CertificateVerify",
    16: "ClientKeyExchange",
    20: "Finished",
    22: "CertificateStatus",
    24: "KeyUpdate",
}

WARNING, FATAL = 1, 2
LEVEL_NAMES: Final = {WARNING: "warning", FATAL: "fatal"}
ALERT_NAMES: Final = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}

# Extensions that are written or read.
SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES = 0, 10, 11, 13
EXTENDED_MASTER_SECRET, PRE_SHARED_KEY, EARLY_DATA, VERSIONS = 23, 41, 42, 43
PSK_MODES, KEY_SHARE, RENEGOTIATION = 45, 51, 0xFF01

SECP256R1, SECP384R1, SECP521R1, X25519, X448 = 23, 24, 25, 29, 30
FFDHE2048: Final = 0x0100
GROUP_NAMES: Final = {
    SECP256R1: "secp256r1",
    SECP384R1: "secp384r1",
    SECP521R1: "secp521r1",
    X25519: "x25519",
    X448: "x448",
    FFDHE2048: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
}
GROUP_BITS: Final = {
    1: 163,
    2: 163,
    3: 163,
    4: 193,
    5: 193,
    6: 233,
    7: 233,
    8: 239,
    9: 283,
    10: 283,
    11: 409,
    12: 409,
    13: 571,
    14: 571,
    15: 160,
    16: 160,
    17: 160,
    18: 192,
    19: 192,
    20: 224,
    21: 224,
    22: 256,
    SECP256R1: 256,
    SECP384R1: 384,
    SECP521R1: 521,
    26: 256,
    27: 384,
    28: 512,
    X25519: 256,
    X448: 448,
}
"""The size of an elliptic curve group in bits (RFC 8422 5.1.1); x25519 counts as its equal, secp256r1 (RFC 7748 1)."""

GREASE: Final = 0x3A3A
"""A number that is reserved to keep servers in practice of ignoring what they do not know (RFC 8701)."""

EMPTY_RENEGOTIATION: Final = 0x00FF
"""TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 3.3)."""

FALLBACK: Final = 0x5600
"""TLS_FALLBACK_SCSV (RFC 7507 3)."""

_SIGNALS: Final = {
    EMPTY_RENEGOTIATION: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
    FALLBACK: "TLS_FALLBACK_SCSV",
    GREASE: "GREASE",
}


def version_name(version: int) -> str:
    """The version in words."""
    return VERSION_NAMES.get(version, f"version {version:#06x}")


def suite_name(suite: int) -> str:
    """The cipher suite in words."""
    known = SUITE_OF_CODE.get(suite)
    return known.name if known is not None else _SIGNALS.get(suite, f"suite {suite:#06x}")


def group_name(group: int) -> str:
    """The group of a key exchange in words."""
    return GROUP_NAMES.get(group, f"group {group:#06x}")


def alert_name(description: int) -> str:
    """The description of an alert in words."""
    return ALERT_NAMES.get(description, f"alert {description}")


def has_dh_parameters(suite: int) -> bool:
    """Whether the ServerKeyExchange of this suite begins with a prime (RFC 5246 7.4.3), not with a curve."""
    known = SUITE_OF_CODE.get(suite)
    return known is not None and known.name.startswith(("TLS_DHE_", "TLS_DH_anon_"))
