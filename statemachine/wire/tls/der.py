"""What a certificate says of its key, read off its DER octets (RFC 5280 4.1, X.690): no more than a size needs.

Total: any octets give a `PublicKey` or a `Violation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..violation import InvalidPduError, Violation

CLAUSE: Final = "RFC 5280 4.1"
INTEGER, BIT_STRING, OBJECT, SEQUENCE = 0x02, 0x03, 0x06, 0x30
VERSION_TAG: Final = 0xA0
LONG_FORM: Final = 0x80
# A length of more octets than this is longer than any certificate.
MAX_LENGTH_OCTETS: Final = 4

_RSA: Final = bytes.fromhex("2a864886f70d010101")
_RSA_PSS: Final = bytes.fromhex("2a864886f70d01010a")
_DSA: Final = bytes.fromhex("2a8648ce380401")
_EC: Final = bytes.fromhex("2a8648ce3d0201")
_FIXED: Final = {bytes.fromhex("2b6570"): ("Ed25519", 256), bytes.fromhex("2b6571"): ("Ed448", 456)}
_CURVES: Final = {
    bytes.fromhex("2b81040008"): 160,
    bytes.fromhex("2a8648ce3d030101"): 192,
    bytes.fromhex("2b81040021"): 224,
    bytes.fromhex("2a8648ce3d030107"): 256,
    bytes.fromhex("2b8104000a"): 256,
    bytes.fromhex("2b81040022"): 384,
    bytes.fromhex("2b81040023"): 521,
    bytes.fromhex("2b2403030208010107"): 256,
    bytes.fromhex("2b240303020801010b"): 384,
    bytes.fromhex("2b240303020801010d"): 512,
}
# Signatures that can be forged or nearly so: MD5 and SHA-1 with RSA, DSA with SHA-1, ECDSA with SHA-1.
_WEAK: Final = {
    bytes.fromhex("2a864886f70d010104"): "MD5 with RSA",
    bytes.fromhex("2a864886f70d010105"): "SHA-1 with RSA",
    bytes.fromhex("2a8648ce380403"): "SHA-1 with DSA",
    bytes.fromhex("2a8648ce3d0401"): "SHA-1 with ECDSA",
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The key of a certificate: its kind, its size in bits (0: a curve without a name here), and a weak signature.

    `weak` names the algorithm of the certificate's own signature where it is MD5 or SHA-1.
    """

    kind: str
    bits: int
    weak: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.bits}" if self.bits else f"{self.kind} of an unknown size"


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    end: int


def public_key(certificate: bytes) -> PublicKey | Violation:
    """What kind of key this certificate (DER) is for, and how many bits it has."""
    try:
        return _public_key(certificate)
    except InvalidPduError as error:
        return error.violation


def _public_key(octets: bytes) -> PublicKey:
    whole = _read(octets, 0, len(octets), SEQUENCE)
    signed = _read(octets, whole.start, whole.end, SEQUENCE)
    algorithm = _read(octets, signed.end, whole.end, SEQUENCE)
    weak = _WEAK.get(_content(octets, _read(octets, algorithm.start, algorithm.end, OBJECT)), "")
    at = signed.start
    if at < signed.end and octets[at] == VERSION_TAG:
        at = _read(octets, at, signed.end).end
    # The serial number, the signature's algorithm, the issuer, the validity and the subject.
    for tag in (INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE):
        at = _read(octets, at, signed.end, tag).end
    info = _read(octets, at, signed.end, SEQUENCE)
    kind, bits = _key(octets, info)
    return PublicKey(kind, bits, weak)


def _key(octets: bytes, info: _Element) -> tuple[str, int]:
    algorithm = _read(octets, info.start, info.end, SEQUENCE)
    name = _read(octets, algorithm.start, algorithm.end, OBJECT)
    oid = _content(octets, name)
    if oid in (_RSA, _RSA_PSS):
        key = _read(octets, algorithm.end, info.end, BIT_STRING)
        # The first octet says how many bits of the last one are unused.
        inner = _read(octets, key.start + 1, key.end, SEQUENCE)
        return "RSA", _bits(octets, _read(octets, inner.start, inner.end, INTEGER))
    if oid == _DSA:
        parameters = _read(octets, name.end, algorithm.end, SEQUENCE)
        return "DSA", _bits(octets, _read(octets, parameters.start, parameters.end, INTEGER))
    if oid == _EC:
        curve = _read(octets, name.end, algorithm.end)
        return "EC", _CURVES.get(_content(octets, curve), 0)
    return _FIXED.get(oid, ("a key", 0))


def _content(octets: bytes, element: _Element) -> bytes:
    return octets[element.start : element.end]


def _bits(octets: bytes, element: _Element) -> int:
    return int.from_bytes(_content(octets, element), "big").bit_length()


def _read(octets: bytes, at: int, end: int, tag: int | None = None) -> _Element:
    """The element that begins at `at` and ends before `end`; with the tag that is asked for."""
    if end - at < 2:
        raise InvalidPduError(CLAUSE, at, "the certificate ends where an element is to begin")
    found, length, start = octets[at], octets[at + 1], at + 2
    if tag is not None and found != tag:
        raise InvalidPduError(
            CLAUSE, at, f"an element {tag:#04x} is due in the certificate, not {found:#04x}"
        )
    if length >= LONG_FORM:
        count = length - LONG_FORM
        if not 0 < count <= MAX_LENGTH_OCTETS or end - start < count:
            raise InvalidPduError(CLAUSE, at + 1, f"a length of {count} octets in the certificate")
        length = int.from_bytes(octets[start : start + count], "big")
        start += count
    if length > end - start:
        raise InvalidPduError(CLAUSE, at, f"an element of {length} octets where {end - start} are left")
    return _Element(found, start, start + length)
