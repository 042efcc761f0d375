"""Reads ClientHellos, from RFC 8446 4.1.2 and from nothing of this project: to see what was really offered."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


@dataclass
class Offered:
    """What a ClientHello says."""

    record: int
    version: int
    suites: list[int]
    compressions: list[int]
    extensions: dict[int, bytes] = field(default_factory=dict[int, bytes])

    @property
    def versions(self) -> list[int]:
        """The versions that are offered: supported_versions, or else the version field."""
        content = self.extensions.get(43)
        if content is None:
            return [self.version]
        return [int.from_bytes(content[at : at + 2], "big") for at in range(1, len(content), 2)]


def offered(octets: bytes) -> Offered:
    """Read the ClientHello at the beginning of a stream, over as many records as it takes."""
    record: int = struct.unpack_from(">H", octets, 1)[0]
    message, at = b"", 0
    while at < len(octets) and octets[at] == 22:
        (length,) = struct.unpack_from(">H", octets, at + 3)
        message += octets[at + 5 : at + 5 + length]
        at += 5 + length
        if len(message) >= 4 + int.from_bytes(message[1:4], "big"):
            break
    assert message[0] == 1
    body = message[4 : 4 + int.from_bytes(message[1:4], "big")]
    version: int = struct.unpack_from(">H", body)[0]
    at = 34
    at += 1 + body[at]
    (length,) = struct.unpack_from(">H", body, at)
    suites = list(struct.unpack_from(f">{length // 2}H", body, at + 2))
    at += 2 + length
    compressions = list(body[at + 1 : at + 1 + body[at]])
    at += 1 + body[at]
    extensions: dict[int, bytes] = {}
    if at < len(body):
        at += 2
    while at < len(body):
        number, length = struct.unpack_from(">HH", body, at)
        extensions[number] = body[at + 4 : at + 4 + length]
        at += 4 + length
    return Offered(record, version, suites, compressions, extensions)
