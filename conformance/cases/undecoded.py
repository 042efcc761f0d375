"""What an acceptance holds before it is decoded: the decoder bears with padded UIDs and with items it does not need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..case import Check, Finding, Grade
from ..evidence import Evidence
from .build import PS38

UID_CLAUSE: Final = f"{PS38} Annex F; PS3.5 2020 9.1"
CONTEXT_CLAUSE: Final = f"{PS38} 9.3.3.2, Table 9-18"
# Where the first item of an acceptance begins, and the first sub-item of a presentation context.
ITEMS, SUB_ITEMS = 74, 4
APPLICATION, CONTEXT, USER = 0x10, 0x21, 0x50
TRANSFER_SYNTAX, CLASS_UID = 0x40, 0x52
ACCEPTED: Final = 0
PADDING: Final = b"\0 "
ITEM_HEADER: Final = 4

Item = tuple[int, bytes]
"""The type of an item, and its value."""


def items_of(octets: bytes, start: int = 0) -> Iterator[Item]:
    """The items from `start` on, of octets that the decoder has taken for an A-ASSOCIATE PDU, or that we have made."""
    while start + ITEM_HEADER <= len(octets):
        value = start + ITEM_HEADER
        start = value + int.from_bytes(octets[start + 2 : value], "big")
        yield octets[value - ITEM_HEADER], octets[value:start]


def _contexts(evidence: Evidence) -> Iterator[tuple[int, int, list[Item]]]:
    """The id, the result and the sub-items of each context that is answered."""
    for kind, value in items_of(evidence.acceptance(), ITEMS):
        if kind == CONTEXT:
            yield value[0], value[2], list(items_of(value, SUB_ITEMS))


def padded(name: str, value: bytes) -> Iterator[Finding]:
    """No octet fills a UID up to an even length."""
    if value != value.rstrip(PADDING):
        last = "NUL" if value[-1] == 0 else "a space"
        text = f"{name} ends in {last}: UIDs are not padded here"
        yield Finding(UID_CLAUSE, text, Grade.NON_STRICT)


def _padded_names(evidence: Evidence) -> Iterator[Finding]:
    for kind, value in items_of(evidence.acceptance(), ITEMS):
        if kind == APPLICATION:
            yield from padded("the application context", value)
        for sub_kind, sub_value in items_of(value) if kind == USER else ():
            if sub_kind == CLASS_UID:
                yield from padded("the implementation class UID", sub_value)


def _padded_syntaxes(evidence: Evidence) -> Iterator[Finding]:
    for number, result, items in _contexts(evidence):
        for kind, value in items:
            # With another result the value has no meaning.
            if kind == TRANSFER_SYNTAX and result == ACCEPTED:
                yield from padded(f"the transfer syntax of context {number}", value)


def _sub_items(evidence: Evidence) -> Iterator[Finding]:
    for number, result, items in _contexts(evidence):
        kinds = [kind for kind, _ in items]
        strangers = sorted(set(kinds) - {TRANSFER_SYNTAX})
        if strangers:
            held = ", ".join(f"0x{kind:02X}" for kind in strangers)
            text = f"the answer to context {number} holds a sub-item {held}, where one transfer syntax (0x40) is all"
            yield Finding(CONTEXT_CLAUSE, text, Grade.NON_STRICT)
        times = kinds.count(TRANSFER_SYNTAX)
        if times > 1:
            text = f"the answer to context {number} holds {times} transfer syntaxes instead of one"
            yield Finding(CONTEXT_CLAUSE, text, Grade.NON_STRICT)
        elif times == 0 and result != ACCEPTED:
            text = (
                f"the answer to context {number}, which is rejected, has no transfer syntax sub-item: "
                "its value has no meaning there, but some receivers break where it is missing"
            )
            yield Finding(CONTEXT_CLAUSE, text, Grade.NON_STRICT)


ONE_SYNTAX: Final = Check("the answer to a context holds one transfer syntax and nothing else", _sub_items)
NAMES_NOT_PADDED: Final = Check(
    "the application context and the class UID of the acceptance are not padded", _padded_names
)
SYNTAXES_NOT_PADDED: Final = Check("the transfer syntaxes of the acceptance are not padded", _padded_syntaxes)
