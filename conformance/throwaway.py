"""Throw-away certificates: an authority of its own, and what it issues, to try TLS out.

They protect nothing: the authority's key is as easy to read as the others. Whatever is made here says so in its
subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KeyType: TypeAlias = Literal["rsa", "ec"]
Use: TypeAlias = Literal["server", "client"]
Validity: TypeAlias = tuple[datetime, datetime]

ORGANISATION: Final = "dicomnet THROW-AWAY, FOR TESTS ONLY"
# RFC 9325 4.5: at least 2048 bits.
RSA_BITS: Final = 2048
# Clocks differ: what is made now is valid since an hour.
SLACK: Final = timedelta(hours=1)
# RFC 1123 2.1, with the star of RFC 6125 6.4.3; an underscore is met in the field.
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DNS_NAME: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_USES: Final = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key.

    `certificate` and `key` are PEM; `key` is PKCS#8, encrypted where a password was given.
    """

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority that lives as long as this object; only its certificate is ever written.

    `name` becomes its common name, `days` how long it and, unless said otherwise, what it issues are valid.
    """

    def __init__(
        self,
        name: str = "dicomnet test authority",
        *,
        days: int = 30,
        key_type: KeyType = "rsa",
        rsa_bits: int = RSA_BITS,
    ) -> None:
        self._key_type: KeyType = key_type
        self._rsa_bits = rsa_bits
        self._key = _make_key(key_type, rsa_bits)
        self._validity = _from_now(days)
        self._name = _subject(name)
        builder = _builder(self._name, self._name, self._key, self._key, *self._validity)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = builder.add_extension(_key_usage(signs=True), critical=True).sign(
            self._key, hashes.SHA256()
        )

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM: what the other end has to trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        name: str,
        use: Use,
        hosts: Sequence[str] = (),
        *,
        key_type: KeyType | None = None,
        rsa_bits: int | None = None,
        validity: Validity | None = None,
        password: bytes | None = None,
    ) -> Issued:
        """Make a key and a certificate for it.

        `hosts` are its names, DNS names or IP addresses (RFC 6125, subjectAltName); `validity` is from when
        to when, aware times; a `password` encrypts the key. Raises `ValueError` where a host is no such name, or
        where the end is before the start.
        """
        key = _make_key(key_type or self._key_type, rsa_bits or self._rsa_bits)
        builder = _builder(_subject(name), self._name, key, self._key, *(validity or self._validity))
        return _issued(builder, use, hosts, key, self._key, password)


def self_signed(name: str, use: Use, hosts: Sequence[str] = (), *, days: int = 30) -> Issued:
    """Make a certificate that only itself vouches for; for the rest see `Authority.issue`."""
    key = _make_key("ec", RSA_BITS)
    subject = _subject(name)
    builder = _builder(subject, subject, key, key, *_from_now(days))
    return _issued(builder, use, hosts, key, key, None)


def past_validity() -> Validity:
    """From when to when something was valid that is no more: it ended ten days ago, which no clock takes for now."""
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    return end - timedelta(days=10), end


def check_host(host: str) -> None:
    """Raise `ValueError` where this can be no name in a certificate: neither a DNS name in ASCII nor an IP address."""
    _general_name(host)


def _issued(
    builder: x509.CertificateBuilder,
    use: Use,
    hosts: Sequence[str],
    key: Key,
    signer: Key,
    password: bytes | None,
) -> Issued:
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([_USES[use]]), critical=False)
    if hosts:
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key, password))


def _from_now(days: int) -> Validity:
    now = datetime.now(UTC).replace(microsecond=0)
    return now - SLACK, now + timedelta(days=days)


def _make_key(key_type: KeyType, rsa_bits: int) -> Key:
    # RFC 9325 4.2 recommends P-256 for ECDSA.
    if key_type == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)


def _key_pem(key: Key, password: bytes | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = (
        serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        address = ip_address(host)
    except ValueError:
        if not _DNS_NAME.fullmatch(host) or len(host) > 253:
            raise ValueError(
                "letters, digits, hyphens and dots of ASCII are allowed, at most 63 between dots"
            ) from None
        if host.rpartition(".")[2].isdigit():
            # RFC 1123 2.1: such a name would be taken for an address.
            raise ValueError("it ends in a number, as addresses do, and is none") from None
        return x509.DNSName(host)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError(f"a certificate holds no scope: leave %{address.scope_id} out")
    return x509.IPAddress(address)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, signer: Key, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        # Static RSA, of the retired profiles, enciphers with the certificate's key.
        key_encipherment=not signs,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
