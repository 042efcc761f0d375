"""What all items have in common, read from octets: type, a reserved octet, a 2-octet length, a value."""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Final

from .uids import uid_text
from .violation import InvalidPduError

Item = tuple[int, int, int]
"""Type of an item, offset of its value, offset after its value."""

ITEM_HEADER_LENGTH: Final = 4
_read_header = Struct(">BxH").unpack_from
_UINT16: Final = Struct(">H")


def split_items(octets: bytes, start: int, stop: int, clause: str) -> list[Item]:
    """The items that fill `octets[start:stop]` exactly; `clause` is that of what holds them."""
    items: list[Item] = []
    first = start
    try:
        while start < stop:
            kind, length = _read_header(octets, start)
            value = start + ITEM_HEADER_LENGTH
            start = value + length
            items.append((kind, value, start))
    except StructError:
        start = stop + 1
    # An item that runs past `stop` ends the loop, so that one test after it is enough.
    if start != stop:
        raise _not_filled(octets, first, stop, clause)
    return items


def _not_filled(octets: bytes, start: int, stop: int, clause: str) -> InvalidPduError:
    """Say which item does not fit, or what is left over behind the last one."""
    while stop - start >= ITEM_HEADER_LENGTH:
        kind, length = _read_header(octets, start)
        left = stop - start - ITEM_HEADER_LENGTH
        if length > left:
            reason = f"item {kind:#04x} announces {length} octets where what holds it has {left} left"
            return InvalidPduError(clause, start + 2, reason)
        start += ITEM_HEADER_LENGTH + length
    return InvalidPduError(clause, start, f"{stop - start} octets are left over, too few for an item")


def twice(kind: int, value: int, clause: str) -> InvalidPduError:
    """The exception for a second item of a type that may appear once."""
    return InvalidPduError(clause, value - ITEM_HEADER_LENGTH, f"item {kind:#04x} appears a second time")


def wrong_length(item: Item, length: int, clause: str) -> InvalidPduError:
    """The exception for an item whose value does not have the one length it can have, in octets."""
    kind, start, stop = item
    return InvalidPduError(
        clause, start - 2, f"the length of item {kind:#04x} is {length}, not {stop - start}"
    )


def read_field(octets: bytes, start: int, stop: int, clause: str) -> tuple[bytes, int]:
    """A field with a 2-octet length before it, within `octets[start:stop]`; and the offset after it."""
    value = start + 2
    if value > stop:
        raise InvalidPduError(clause, start, f"{stop - start} octets are left where a 2-octet length is due")
    (length,) = _UINT16.unpack_from(octets, start)
    if value + length > stop:
        raise InvalidPduError(
            clause, start, f"a field announces {length} octets where its item has {stop - value} left"
        )
    return octets[value : value + length], value + length


def read_uid(octets: bytes, start: int, stop: int, clause: str) -> tuple[str, int]:
    """A UID with a 2-octet length before it, and the offset after it."""
    field, after = read_field(octets, start, stop, clause)
    return uid_text(field), after


def check_used_up(start: int, stop: int, clause: str) -> None:
    """Refuse octets that are left over behind the last field of an item."""
    if start != stop:
        raise InvalidPduError(
            clause, start, f"{stop - start} octets are left over behind the last field of the item"
        )
