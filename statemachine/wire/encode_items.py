"""What the writers of items share: the checks, and the 4 octets before a value."""

from __future__ import annotations

from struct import Struct
from typing import Final

from ..errors import LocalProtocolError

ITEM_LENGTH_MAXIMUM: Final = 0xFFFF
_HEADER: Final = Struct(">BxH")
_UINT16: Final = Struct(">H")


def invalid(message: str) -> LocalProtocolError:
    """The exception for what the standard does not allow to send."""
    return LocalProtocolError("invalid_argument", message)


def item(kind: int, value: bytes) -> bytes:
    """An item: type, a reserved octet, a 2-octet length, the value."""
    if len(value) > ITEM_LENGTH_MAXIMUM:
        raise invalid(f"item {kind:#04x} holds at most {ITEM_LENGTH_MAXIMUM} octets, not {len(value)}")
    return _HEADER.pack(kind, len(value)) + value


def field(value: bytes, name: str) -> bytes:
    """A field with a 2-octet length before it."""
    if len(value) > ITEM_LENGTH_MAXIMUM:
        raise invalid(f"the {name} holds at most {ITEM_LENGTH_MAXIMUM} octets, not {len(value)}")
    return _UINT16.pack(len(value)) + value


def check_range(value: int, lowest: int, highest: int, name: str) -> None:
    """Refuse a number outside of what its field can say."""
    if not lowest <= value <= highest:
        raise invalid(f"the {name} is {lowest} to {highest}, not {value}")
