"""What is written of TLS without keys: a ClientHello as data, and records (RFC 8446 4.1.2 and 5.1; RFC 5246 6.2.1).

A tester must be able to offer what no library offers any more. So everything that a ClientHello says is a field,
however wrong or old; nothing is drawn here (the random and the key shares are given), and what is written is what the
fields say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ...errors import LocalProtocolError
from .names import (
    ALERT,
    CLIENT_HELLO,
    GROUPS,
    HANDSHAKE,
    KEY_SHARE,
    POINT_FORMATS,
    RENEGOTIATION,
    SERVER_NAME,
    SIGNATURES,
    TLS10,
    TLS12,
    VERSIONS,
)

RECORD_LIMIT: Final = 1 << 14
"""The most octets that a record of plaintext may hold (RFC 8446 5.1)."""

SEALED_LIMIT: Final = RECORD_LIMIT + 2048
"""The most octets that a protected record may hold in any version (RFC 5246 6.2.3; 256 more, not 2048, in TLS 1.3)."""

RECORD_HEADER: Final = 5
MESSAGE_HEADER: Final = 4
RANDOM_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offers (RFC 8446 4.1.2, RFC 5246 7.4.1.2).

    `suites` are offered in this order. `version` is the version field itself; `versions` those of the extension
    supported_versions, which is left out where there are none; so are `groups`, `key_shares` (group and public value),
    `signatures` and `server_name`. `renegotiation` adds an empty renegotiation_info (RFC 5746 3.4). `extensions` are
    added behind the others as they are: number and content. `random` has 32 octets.
    """

    suites: tuple[int, ...]
    random: bytes
    version: int = TLS12
    versions: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    key_shares: tuple[tuple[int, bytes], ...] = ()
    signatures: tuple[int, ...] = ()
    server_name: str = ""
    session_id: bytes = b""
    compressions: tuple[int, ...] = (0,)
    renegotiation: bool = False
    extensions: tuple[tuple[int, bytes], ...] = ()


def _vector(octets: bytes, width: int) -> bytes:
    """Octets behind their length. Raises LocalProtocolError("invalid_argument") where it does not fit in."""
    if len(octets) >> (8 * width):
        raise LocalProtocolError(
            "invalid_argument", f"{len(octets)} octets behind a length of {width} octets"
        )
    return len(octets).to_bytes(width, "big") + octets


def _numbers(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + _vector(content, 2)


def _host(name: str) -> bytes:
    try:
        return name.encode("idna")
    except UnicodeError:
        raise LocalProtocolError("invalid_argument", f"{name!r} is no host name") from None


def _extensions(hello: ClientHello) -> bytes:
    written: list[bytes] = []
    if hello.server_name:
        name = b"\0" + _vector(_host(hello.server_name), 2)
        written.append(_extension(SERVER_NAME, _vector(name, 2)))
    if hello.versions:
        written.append(_extension(VERSIONS, _vector(_numbers(hello.versions), 1)))
    if hello.groups:
        written.append(_extension(GROUPS, _vector(_numbers(hello.groups), 2)))
        written.append(_extension(POINT_FORMATS, b"\x01\x00"))
    if hello.signatures:
        written.append(_extension(SIGNATURES, _vector(_numbers(hello.signatures), 2)))
    if hello.key_shares:
        shares = b"".join(group.to_bytes(2, "big") + _vector(key, 2) for group, key in hello.key_shares)
        written.append(_extension(KEY_SHARE, _vector(shares, 2)))
    if hello.renegotiation:
        written.append(_extension(RENEGOTIATION, b"\0"))
    # A pre_shared_key must be the last (RFC 8446 4.2.11), so what is given comes behind the rest.
    written += [_extension(number, content) for number, content in hello.extensions]
    return b"".join(written)


def encode_client_hello(hello: ClientHello) -> bytes:
    """The handshake message, its header included. Without extensions even their length is left out, as in SSL 3.0.

    Raises LocalProtocolError("invalid_argument") for a random that is not 32 octets long, or what does not fit.
    """
    if len(hello.random) != RANDOM_LENGTH:
        raise LocalProtocolError("invalid_argument", f"a random has 32 octets, not {len(hello.random)}")
    extensions = _extensions(hello)
    body = (
        hello.version.to_bytes(2, "big")
        + hello.random
        + _vector(hello.session_id, 1)
        + _vector(_numbers(hello.suites), 2)
        + _vector(bytes(hello.compressions), 1)
        + (_vector(extensions, 2) if extensions else b"")
    )
    return bytes((CLIENT_HELLO,)) + _vector(body, 3)


def encode_record(content: int, octets: bytes, version: int = TLS10) -> bytes:
    """One record with these octets, also where it is longer than a record may be.

    Raises LocalProtocolError("invalid_argument") above 65535 octets, which its length cannot say.
    """
    return bytes((content,)) + version.to_bytes(2, "big") + _vector(octets, 2)


def encode_records(content: int, octets: bytes, version: int = TLS10, sizes: tuple[int, ...] = ()) -> bytes:
    """The octets over as many records as it takes: of these sizes, then each as long as a record may be."""
    written: list[bytes] = []
    start = 0
    for size in sizes:
        written.append(encode_record(content, octets[start : start + size], version))
        start += size
    while start < len(octets):
        written.append(encode_record(content, octets[start : start + RECORD_LIMIT], version))
        start += RECORD_LIMIT
    return b"".join(written)


def client_hello_record(hello: ClientHello, version: int = TLS10, sizes: tuple[int, ...] = ()) -> bytes:
    """A ClientHello in its record, or in records of these sizes. `version` is the one that the records name."""
    return encode_records(HANDSHAKE, encode_client_hello(hello), version, sizes)


def alert_record(level: int, description: int, version: int = TLS12) -> bytes:
    """A record with one alert in the clear."""
    return encode_record(ALERT, bytes((level, description)), version)
