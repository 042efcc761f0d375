"""Octets field by field, for people: PS3.8 2020, 9.3, its Annex D, and the command sets of PS3.7 2020.

It bears with anything: what is cut off, or does not fit, is said and shown as octets. It judges nothing; that the
decoder does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from dicomnet.statemachine import (
    HEADER_LENGTH,
    describe_abort,
    describe_context_result,
    describe_reject,
)

from ..evidence import NAMES
from ..uid_names import uid_name

MOST_FIELDS: Final = 150
# So many octets of a field are written out.
SHOWN: Final = 16
ITEM_HEADER, PDV_HEADER, ELEMENT_HEADER = 4, 6, 8
ITEMS: Final = {
    0x10: "application context",
    0x20: "presentation context",
    0x21: "presentation context",
    0x30: "abstract syntax",
    0x40: "transfer syntax",
    0x50: "user information",
    0x51: "maximum length",
    0x52: "implementation class UID",
    0x53: "asynchronous operations window",
    0x54: "SCP/SCU role selection",
    0x55: "implementation version name",
    0x56: "SOP class extended negotiation",
    0x57: "SOP class common extended negotiation",
    0x58: "user identity",
    0x59: "user identity response",
}
NAMED_BY_UID: Final = frozenset({0x10, 0x30, 0x40, 0x52})
ASSOCIATE, REJECT, DATA, ABORT = (1, 2), 3, 4, 7
RESERVED: Final = "reserved"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its place (octets from the beginning, and how many), how deep it lies, its name, and what it says."""

    offset: int
    octets: bytes
    depth: int
    name: str
    value: str = ""
    hidden: bool = False

    @property
    def written(self) -> str:
        """The octets in hexadecimal, of many the first; none where they are `hidden`."""
        if self.hidden:
            return f"{len(self.octets)} octets"
        more = f" and {len(self.octets) - SHOWN} more" if len(self.octets) > SHOWN else ""
        return self.octets[:SHOWN].hex(" ") + more


def fields_of(octets: bytes) -> list[Field]:
    """The fields of one PDU after another; of very many the first."""
    fields = list(islice(_pdus(octets), MOST_FIELDS + 1))
    if len(fields) > MOST_FIELDS:
        place = fields[MOST_FIELDS].offset
        fields[MOST_FIELDS:] = [Field(place, octets[place:], 0, "more fields, not shown")]
    return fields


class _Reader:
    """Takes field after field off octets whose place is known."""

    def __init__(self, octets: bytes, offset: int, depth: int) -> None:
        self.octets = octets
        self.offset = offset
        self.depth = depth

    def take(self, size: int, name: str, value: str = "", *, deeper: int = 0) -> Field:
        """The next octets as a field; fewer where there are not as many."""
        taken, self.octets = self.octets[:size], self.octets[size:]
        if len(taken) < size:
            value = f"cut off: {len(taken)} of {size} octets"
        field = Field(self.offset, taken, self.depth + deeper, name, value)
        self.offset += len(taken)
        return field

    def number(self, size: int, name: str, *, deeper: int = 0) -> Field:
        """The next octets as a number, the highest first."""
        return self.take(size, name, str(int.from_bytes(self.octets[:size], "big")), deeper=deeper)

    def inside(self, size: int, *, depth: int = 1) -> _Reader:
        """What is inside the next octets, which are passed over."""
        inner = _Reader(self.octets[:size], self.offset, self.depth + depth)
        self.offset += len(inner.octets)
        self.octets = self.octets[size:]
        return inner

    def rest(self, name: str, value: str = "") -> Iterator[Field]:
        """All that is left, where anything is."""
        if self.octets:
            yield self.take(len(self.octets), name, value)


def _pdus(octets: bytes) -> Iterator[Field]:
    reader = _Reader(octets, 0, 0)
    while reader.octets:
        kind, here = reader.octets[0], len(reader.octets) - HEADER_LENGTH
        length = int.from_bytes(reader.octets[2:HEADER_LENGTH], "big")
        if here < 0 and kind in NAMES:
            yield from reader.rest("a part of a PDU header")
            return
        # What is whole may be a PDU of a type that is not known; anything else is something else.
        if kind not in NAMES and not 0 <= length <= here:
            yield from reader.rest("octets that are no PDU")
            return
        cut = f", of which {here} are here" if here < length else ""
        yield reader.take(1, "PDU type", NAMES.get(kind, f"unknown type 0x{kind:02X}"))
        yield reader.take(1, RESERVED)
        yield reader.take(4, "length", f"{length} octets{cut}")
        yield from _body(kind, reader.inside(length))


def _body(kind: int, body: _Reader) -> Iterator[Field]:
    if kind in ASSOCIATE:
        yield from _associate(kind, body)
    elif kind == DATA:
        yield from _pdvs(body)
    elif kind == REJECT and len(body.octets) >= 4:
        said = describe_reject(*body.octets[1:4])
        yield body.take(1, RESERVED)
        yield body.number(1, "result")
        yield body.number(1, "source")
        yield body.take(1, "reason", f"{body.octets[0]}: {said}")
    elif kind == ABORT and len(body.octets) >= 4:
        said = describe_abort(*body.octets[2:4])
        yield body.take(2, RESERVED)
        yield body.number(1, "source")
        yield body.take(1, "reason", f"{body.octets[0]}: {said}")
    elif kind in NAMES:
        yield from body.rest(RESERVED)
    else:
        yield from body.rest("value")
    yield from body.rest("behind the last field")


def _associate(kind: int, body: _Reader) -> Iterator[Field]:
    # An acceptance repeats the titles, and nobody tests them there (Table 9-17).
    said = "" if kind == 1 else " (not tested)"
    if body.octets:
        yield body.take(2, "protocol version", f"0x{int.from_bytes(body.octets[:2], 'big'):04X}")
    if body.octets:
        yield body.take(2, RESERVED)
    for name in ("called AE title", "calling AE title"):
        if body.octets:
            yield body.take(16, f"{name}{said}", repr(body.octets[:16].decode("latin-1")))
    if body.octets:
        yield body.take(32, RESERVED)
    yield from _items(body)


def _items(body: _Reader) -> Iterator[Field]:
    while len(body.octets) >= ITEM_HEADER:
        kind, length = body.octets[0], int.from_bytes(body.octets[2:ITEM_HEADER], "big")
        name = ITEMS.get(kind, "item of an unknown type")
        cut = ", which is more than there is" if length > len(body.octets) - ITEM_HEADER else ""
        yield body.take(ITEM_HEADER, name, f"type 0x{kind:02X}, {length} octets{cut}")
        yield from _item(kind, body.inside(length))
    yield from body.rest("too little for an item")


def _item(kind: int, body: _Reader) -> Iterator[Field]:
    if kind in NAMED_BY_UID:
        text = body.octets.decode("latin-1")
        yield from body.rest("UID", text if uid_name(text) == text else f"{text}: {uid_name(text)}")
    elif kind in (0x20, 0x21) and len(body.octets) >= 4:
        yield body.number(1, "id")
        yield body.take(1, RESERVED)
        answer = kind == 0x21
        result = describe_context_result(body.octets[0]) if answer else ""
        yield body.take(1, "result" if answer else RESERVED, f"{body.octets[0]}: {result}" if answer else "")
        yield body.take(1, RESERVED)
        yield from _items(body)
    elif kind == 0x50:
        yield from _items(body)
    elif kind == 0x51 and len(body.octets) == 4:
        yield body.number(4, "maximum length")
    elif kind == 0x53 and len(body.octets) == 4:
        yield body.number(2, "operations invoked")
        yield body.number(2, "operations performed")
    elif kind == 0x55:
        yield from body.rest("name", repr(body.octets.decode("latin-1")))
    elif kind == 0x54 and len(body.octets) >= 4:
        size = int.from_bytes(body.octets[:2], "big")
        yield body.number(2, "UID length")
        name = body.octets[:size].decode("latin-1")
        yield body.take(
            size, "SOP class UID", name if uid_name(name) == name else f"{name}: {uid_name(name)}"
        )
        for role in ("SCU role", "SCP role"):
            if body.octets:
                yield body.number(1, role)
    elif kind == 0x58:
        yield from _identity(body)
    else:
        yield from body.rest("value")


def _identity(body: _Reader) -> Iterator[Field]:
    """A user identity (PS3.7 2020 D.3.3.7): what proves who he is stays out of a page that is handed on."""
    if len(body.octets) >= 4:
        yield body.number(1, "type")
        yield body.number(1, "positive response requested")
        yield body.number(2, "length of the primary field")
    for field in body.rest("identity"):
        yield Field(field.offset, field.octets, field.depth, field.name, "not shown", hidden=True)


# --- data ---------------------------------------------------------------------------------------------------


def _pdvs(body: _Reader) -> Iterator[Field]:
    while len(body.octets) >= PDV_HEADER:
        length = int.from_bytes(body.octets[:4], "big")
        control = body.octets[5]
        here = len(body.octets) - 4
        yield body.take(
            4, "PDV length", f"{length}, of which {here} are here" if length > here else str(length)
        )
        yield body.number(1, "context id", deeper=1)
        part = f"{'command' if control & 1 else 'data set'}, {'last' if control & 2 else 'not last'}"
        yield body.take(1, "message control header", f"0x{control:02X}: {part}", deeper=1)
        fragment = body.inside(max(length - 2, 0))
        if control & 1:
            yield from _elements(fragment)
        yield from fragment.rest("fragment of a data set" if not control & 1 else "fragment")
    yield from body.rest("too little for a PDV")


def _elements(fragment: _Reader) -> Iterator[Field]:
    """The elements of a command set, as far as it begins here (implicit VR little endian, PS3.7 2020 6.3.1)."""
    while len(fragment.octets) >= ELEMENT_HEADER and fragment.octets[:2] == b"\0\0":
        element = int.from_bytes(fragment.octets[2:4], "little")
        length = int.from_bytes(fragment.octets[4:8], "little")
        if length > len(fragment.octets) - ELEMENT_HEADER:
            return
        value = fragment.octets[ELEMENT_HEADER : ELEMENT_HEADER + length]
        yield fragment.take(
            ELEMENT_HEADER + length, f"(0000,{element:04X}) {_keyword(element)}", _value(element, value)
        )


def _keyword(element: int) -> str:
    # Imported here, for it takes a while, which a report without octets need not pay.
    from pydicom.datadict import dictionary_description

    try:
        return dictionary_description(element)
    except KeyError:
        return "unknown element"


def _value(element: int, value: bytes) -> str:
    from pydicom.datadict import dictionary_VR

    try:
        vr = dictionary_VR(element)
    except KeyError:
        return ""
    if vr == "UI":
        text = value.rstrip(b"\0").decode("latin-1")
        return text if uid_name(text) == text else f"{text}: {uid_name(text)}"
    if vr in ("US", "UL"):
        number = int.from_bytes(value, "little")
        return f"{number} (0x{number:04X})"
    return repr(value.decode("latin-1")) if vr in ("AE", "LO", "SH", "CS") else ""
