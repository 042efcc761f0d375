"""What a failed handshake or a broken TLS session is: a code of the connection layer, and a sentence for a person."""

from __future__ import annotations

import re
import ssl
from typing import Final

from .certificates import CertificateFacts, peer_certificate, printable

# X509_V_ERR_* of OpenSSL (x509_vfy.h).
_EXPIRED: Final = 10
_UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21, 27})
_OTHER_NAME: Final = frozenset({62, 64})
_TOO_WEAK: Final = frozenset({66, 67, 68})

# Alerts of the peer (RFC 8446 6, RFC 5246 7.2), in OpenSSL's words, that say more than that it failed.
_ALERTS: Final = {
    "BAD_CERTIFICATE": "verify_failed",
    "UNSUPPORTED_CERTIFICATE": "verify_failed",
    "CERTIFICATE_REVOKED": "verify_failed",
    "CERTIFICATE_UNKNOWN": "verify_failed",
    "CERTIFICATE_REQUIRED": "verify_failed",
    "NO_CERTIFICATE": "verify_failed",
    "ACCESS_DENIED": "verify_failed",
    "CERTIFICATE_EXPIRED": "expired",
    "UNKNOWN_CA": "unknown_authority",
    "PROTOCOL_VERSION": "protocol_version",
    "INSUFFICIENT_SECURITY": "insufficient_security",
}
# What this end noticed itself.
_NOTICED: Final = {
    "UNSUPPORTED_PROTOCOL": ("protocol_version", "no version of TLS in common"),
    "NO_PROTOCOLS_AVAILABLE": ("protocol_version", "no version of TLS in common"),
    "WRONG_SSL_VERSION": ("protocol_version", "the peer chose a version of TLS that was not offered"),
    "VERSION_TOO_LOW": ("protocol_version", "the peer's version of TLS is too old"),
    "VERSION_TOO_HIGH": ("protocol_version", "the peer's version of TLS is too new"),
    "INAPPROPRIATE_FALLBACK": ("protocol_version", "the peer fell back to an older version of TLS"),
    "NO_SHARED_CIPHER": ("handshake_failed", "no cipher suite in common, or none for the certificate's key"),
    "WRONG_CIPHER_RETURNED": ("handshake_failed", "the peer chose a cipher suite that was not offered"),
    "DH_KEY_TOO_SMALL": ("insufficient_security", "the peer's DH key is smaller than the profile demands"),
    "LENGTH_MISMATCH": (
        "handshake_failed",
        "a message of the handshake has lengths that do not fit together",
    ),
    "UNEXPECTED_MESSAGE": (
        "handshake_failed",
        "the peer sent a message that is out of place in the handshake",
    ),
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": ("verify_failed", "the peer showed no certificate"),
}
# What came is no record of TLS. OpenSSL 3.2 calls some of these a failure of the record layer.
_NO_TLS: Final = frozenset(
    {
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "WRONG_VERSION_NUMBER",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNKNOWN_PROTOCOL",
    }
)


def outcome_of(
    error: ssl.SSLError, link: ssl.SSLObject | None = None, *, secured: bool = False
) -> tuple[str, str]:
    """The code of the outcome (verify_failed, unknown_authority, expired, hostname_mismatch, protocol_version,
    insufficient_security, handshake_failed, close_notify_missing; "ok" where a secured peer just closed TLS), and a
    sentence.

    With the `link` on which it happened the sentence tells which certificate the peer showed and which name was
    expected. `secured` says that this end's handshake was done before: a failed link itself no longer knows, and
    a connection that ends then lacks its close_notify.
    """
    shown = None if link is None else peer_certificate(link)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_believed(error, shown, None if link is None else link.server_hostname)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _ended(error, secured)
    alert = _alert_of(error)
    if alert:
        said = alert.lower()
        code = _ALERTS.get(alert, "handshake_failed")
        return code, f"the peer refused with the alert {said}{_WHY.get(alert, '')}"
    reason = _reason(error)
    if reason in _NO_TLS:
        return "handshake_failed", "what came is not TLS: the peer may speak without it on this port"
    if reason == "SYS_LIB" or "system lib" in str(error):
        # The link is in memory: the one thing that OpenSSL asks of the system meanwhile is to write the key log.
        return "handshake_failed", "the key log file could not be written: is its disk full?"
    code, words = _NOTICED.get(reason, ("handshake_failed", ""))
    return code, words or f"OpenSSL says: {_text(error)}"


# What to look at first when an alert says this.
_WHY: Final = {
    "UNKNOWN_CA": ": it does not trust the authority of our certificate",
    "CERTIFICATE_EXPIRED": ": our certificate is out of date",
    "CERTIFICATE_REQUIRED": ": it wants a certificate of ours, and was shown none",
    "BAD_CERTIFICATE": ": it does not accept our certificate",
    "PROTOCOL_VERSION": ": it has no version of TLS in common with us",
    "HANDSHAKE_FAILURE": ": it has no cipher suite in common with us, or wants a certificate and was shown none",
    "INSUFFICIENT_SECURITY": ": it demands stronger cipher suites",
}


def _not_believed(
    error: ssl.SSLCertVerificationError, shown: CertificateFacts | None, expected: str | None
) -> tuple[str, str]:
    which = "" if shown is None else f": {shown}"
    number = error.verify_code
    if number == _EXPIRED:
        # The certificate that expired need not be the first of the chain.
        said = shown.out_of_date() if shown else ""
        return "expired", f"the peer's certificate {said or 'or its authority has expired'}{which}"
    if number in _UNKNOWN_AUTHORITY:
        alone = shown is not None and shown.subject == shown.issuer
        said = "is self-signed and not trusted" if alone else "is of an authority that is not trusted"
        return "unknown_authority", f"the peer's certificate {said}{which}"
    if number in _OTHER_NAME:
        name = f"{printable(expected)!r}" if expected else "the name expected"
        return "hostname_mismatch", f"the peer's certificate is not for {name}{which}"
    if number in _TOO_WEAK:
        size = f" (key of {shown.bits} bits)" if shown and shown.bits else ""
        return (
            "insufficient_security",
            f"the peer's certificate or its authority is too weak{size}: {error.verify_message}{which}",
        )
    return "verify_failed", f"the peer's certificate was not accepted: {error.verify_message}{which}"


def _ended(error: ssl.SSLError, secured: bool) -> tuple[str, str]:
    if secured and isinstance(error, ssl.SSLZeroReturnError):
        return "ok", "the peer closed TLS with close_notify"
    if secured:
        return (
            "close_notify_missing",
            "the peer ended the connection without close_notify: data may be missing",
        )
    how = "closed TLS" if isinstance(error, ssl.SSLZeroReturnError) else "ended the connection"
    return "handshake_failed", f"the peer {how} in the midst of the handshake"


def _alert_of(error: ssl.SSLError) -> str:
    """The alert that the peer sent, as in UNKNOWN_CA; "" where it is none."""
    reason = _reason(error)
    if "_ALERT_" in reason:
        return reason.partition("_ALERT_")[2]
    # Where Python does not know the number, OpenSSL's text still says it.
    found = re.search(r"\balert ([a-z][a-z ]+)", str(error))
    return found[1].strip().upper().replace(" ", "_") if found else ""


def _reason(error: ssl.SSLError) -> str:
    # One that was not raised by OpenSSL has none.
    return getattr(error, "reason", None) or ""


def _text(error: ssl.SSLError) -> str:
    return printable(re.sub(r" \(_ssl\.c:\d+\)", "", str(error)))
