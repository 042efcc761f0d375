"""What a certificate says of itself, in the words of a message: whose it is, who issued it, when it is valid.

A peer's certificate is the peer's text: what is not printable is escaped, and what is long is cut.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

# cryptography takes a tenth of a second to be imported, and most runs see no certificate: it is imported when one is.
if TYPE_CHECKING:
    from cryptography import x509

# A subject may be as long as its author likes; a message may not.
LONGEST: Final = 200
MOST_NAMES: Final = 10


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Facts about a certificate.

    `subject` and `issuer` are written as in RFC 4514, `start` and `end` bound its validity, `names` are the DNS
    names and IP addresses that it is for, `key` is the kind of its key ("RSA", "EC", or "" for others) and `bits`
    its size.
    """

    subject: str
    issuer: str
    start: datetime
    end: datetime
    names: tuple[str, ...]
    key: str
    bits: int

    def __str__(self) -> str:
        """One phrase that tells it from others."""
        names = f", for {', '.join(self.names)}" if self.names else ", for no name"
        return (
            f"certificate '{self.subject}', issued by '{self.issuer}', valid from {date_of(self.start)} to"
            f" {date_of(self.end)}{names}"
        )

    def out_of_date(self, now: datetime | None = None) -> str:
        """When it expired or will begin to be valid, in words; "" where it is valid now."""
        now = now or datetime.now(UTC)
        if now > self.end:
            return f"expired on {date_of(self.end)}"
        return f"is not valid before {date_of(self.start)}" if now < self.start else ""


def date_of(time: datetime) -> str:
    """A time as messages write it, in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def facts_of(certificate: x509.Certificate | bytes) -> CertificateFacts | None:
    """Read a certificate (DER, or parsed already); None where it cannot be read."""
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            # What a certificate does against the rules is not this reader's to judge.
            warnings.simplefilter("ignore")
            if isinstance(certificate, bytes):
                certificate = x509.load_der_x509_certificate(certificate)
            return CertificateFacts(
                subject=printable(certificate.subject.rfc4514_string()),
                issuer=printable(certificate.issuer.rfc4514_string()),
                start=certificate.not_valid_before_utc,
                end=certificate.not_valid_after_utc,
                names=_names(certificate),
                key=_key(certificate)[0],
                bits=_key(certificate)[1],
            )
    except ValueError:
        return None


def peer_certificate(link: ssl.SSLObject) -> CertificateFacts | None:
    """What the peer showed, believed or not; None where it showed none, or none that can be read."""
    # Public since Python 3.13; what it was before is asked for with care.
    chain: Any = None
    public = getattr(link, "get_unverified_chain", None)
    inner = getattr(getattr(link, "_sslobj", None), "get_unverified_chain", None)
    if link in _noted:
        return facts_of(_noted[link])
    try:
        if public is not None:
            chain = cast(Callable[[], Any], public)()
        elif inner is not None:
            # 2 is DER (_ssl.ENCODING_DER).
            chain = [each.public_bytes(2) for each in cast(Callable[[], Any], inner)() or ()]
    except (ssl.SSLError, ValueError):
        return None
    return facts_of(bytes(chain[0])) if chain else None


def note_certificates(context: ssl.SSLContext) -> None:
    """Let links of this context keep the certificate that they are shown, for `peer_certificate`.

    OpenSSL forgets a requestor's certificate that an acceptor did not believe, and that is the one to be told of.
    Where this Python offers no look at messages, nothing is kept.
    """
    # Python's own hook, for debugging; the one of the class below spares the names for every number.
    hook: Any = getattr(ssl.SSLContext.__base__, "_msg_callback", None)
    if hook is not None:
        hook.__set__(context, _note)


def _note(link: object, direction: str, version: int, content: int, kind: int, message: bytes) -> None:
    if (
        direction != "read"
        or content != _HANDSHAKE
        or kind != _CERTIFICATE
        or not isinstance(link, ssl.SSLObject)
    ):
        return
    # RFC 8446 4.4.2 and RFC 5246 7.4.2: kind and length, in TLS 1.3 a context, the list's length, the first's length.
    start = 4 + (1 + message[4] if version >= ssl.TLSVersion.TLSv1_3 and len(message) > 4 else 0) + 3
    length = int.from_bytes(message[start : start + 3])
    if length:
        _noted[link] = bytes(message[start + 3 : start + 3 + length])


_HANDSHAKE: Final = 22
_CERTIFICATE: Final = 11
_noted: WeakKeyDictionary[ssl.SSLObject, bytes] = WeakKeyDictionary()


def printable(text: str) -> str:
    """The text with whatever a terminal would obey escaped, and not too long."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text[:LONGEST]
    )
    return shown + ("…" if len(text) > LONGEST else "")


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = [printable(str(each.value)) for each in found if isinstance(each, x509.DNSName | x509.IPAddress)]
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return (*names[:MOST_NAMES], *more)


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    return ("EC", key.key_size) if isinstance(key, ec.EllipticCurvePublicKey) else ("", 0)
