"""Builds octets by hand, right or wrong: what a tester does that wants to send what `encode` refuses."""

from __future__ import annotations


def pdu(kind: int, body: bytes) -> bytes:
    """A PDU of this type around this body, the length being that of the body."""
    return bytes([kind, 0]) + len(body).to_bytes(4, "big") + body


def item(kind: int, value: bytes, *, reserved: int = 0) -> bytes:
    """An item of this type around this value."""
    return bytes([kind, reserved]) + len(value).to_bytes(2, "big") + value


def field(value: bytes) -> bytes:
    """A value with its 2-octet length before it."""
    return len(value).to_bytes(2, "big") + value


def pdv(context_id: int, control: int, fragment: bytes) -> bytes:
    """A presentation data value item."""
    return (len(fragment) + 2).to_bytes(4, "big") + bytes([context_id, control]) + fragment


APPLICATION = item(0x10, b"1.2.840.10008.3.1.1.1")
ABSTRACT = item(0x30, b"1.2.840.10008.1.1")
TRANSFER = item(0x40, b"1.2.840.10008.1.2")
CONTEXT_RQ = item(0x20, b"\1\0\0\0" + ABSTRACT + TRANSFER)
CONTEXT_AC = item(0x21, b"\1\0\0\0" + TRANSFER)
MAXIMUM_LENGTH = item(0x51, b"\0\0\x40\0")
CLASS_UID = item(0x52, b"1.2.3.4")
USER = item(0x50, MAXIMUM_LENGTH + CLASS_UID)


def association(
    kind: int,
    *items: bytes,
    version: int = 1,
    called: bytes = b"STORE",
    calling: bytes = b"ECHO",
    rest: bytes = b"",
) -> bytes:
    """An A-ASSOCIATE-RQ (1) or -AC (2) with these items."""
    fixed = (
        version.to_bytes(2, "big") + b"\0\0" + called.ljust(16) + calling.ljust(16) + rest.ljust(32, b"\0")
    )
    return pdu(kind, fixed + b"".join(items))


def request(*items: bytes) -> bytes:
    """An A-ASSOCIATE-RQ with these items."""
    return association(1, *items)


def request_with_user(*sub_items: bytes) -> bytes:
    """An A-ASSOCIATE-RQ that is in order but perhaps for these sub-items of its user information."""
    return request(APPLICATION, CONTEXT_RQ, item(0x50, b"".join(sub_items)))


def accept(*items: bytes) -> bytes:
    """An A-ASSOCIATE-AC with these items."""
    return association(2, *items)
