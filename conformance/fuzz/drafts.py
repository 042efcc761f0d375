"""What association PDUs that are drawn have in common: one that is plain, and what is not usual in it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from hypothesis import strategies as st

from dicomnet.statemachine import VERIFICATION

from .. import octets as o

OTHER_CONTEXT: Final = "1.2.840.10008.3.1.1.9"
MAXIMA: Final = (0, 32, 0x80000000, 33, 0xFFFFFFFF, 8)
# How many things that are not usual one has.
HOW_ODD: Final = (1, 1, 1, 1, 0, 2)


@dataclass(slots=True)
class Draft:
    """An association PDU in the making; `reserved` are the octets behind the version, and those behind the titles."""

    version: int = 1
    reserved: bytes = bytes(34)
    header: int = 0
    application: bytes = o.APPLICATION
    contexts: list[bytes] = field(default_factory=list[bytes])
    longest: bytes = field(default_factory=lambda: o.max_length(16384))
    class_uid: bytes = o.CLASS_UID
    subs: list[bytes] = field(default_factory=list[bytes])
    first: bytes = b""
    between: bytes = b""
    last: bytes = b""
    turned: bool = False

    def items(self) -> bytes:
        """Its items."""
        subs = [self.longest, self.class_uid, *self.subs]
        user = o.item(0x50, b"".join(subs[::-1] if self.turned else subs))
        return b"".join([self.first, self.application, self.between, *self.contexts, user, self.last])


class Drafted(Protocol):
    """A draft that gives octets."""

    def octets(self) -> bytes:
        """The PDU."""
        ...


DraftT = TypeVar("DraftT", bound=Drafted)
ThisT = TypeVar("ThisT")
Change = Callable[[ThisT], None]


def changed(name: str, values: st.SearchStrategy[object]) -> st.SearchStrategy[Callable[[object], None]]:
    """The field has one of these values."""

    def change(value: object) -> Callable[[object], None]:
        return lambda draft: setattr(draft, name, value)

    return values.map(change)


def more(name: str, values: st.SearchStrategy[bytes]) -> st.SearchStrategy[Callable[[object], None]]:
    """One more in the list."""

    def change(value: bytes) -> Callable[[object], None]:
        return lambda draft: getattr(draft, name).append(value)

    return values.map(change)


@st.composite
def drafted(
    draw: st.DrawFn, make: Callable[[], DraftT], changes: Sequence[st.SearchStrategy[Change[DraftT]]]
) -> bytes:
    """The octets of a draft with some of these changes, mostly with one."""
    draft = make()
    for _ in range(draw(st.sampled_from(HOW_ODD))):
        draw(draw(st.sampled_from(changes)))(draft)
    return draft.octets()


UNKNOWN_SUB_ITEM: Final = st.builds(o.item, st.sampled_from((0x5A, 0x5E, 0x00, 0xFF)), st.binary(max_size=8))


def _uid_field(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def _roles() -> st.SearchStrategy[bytes]:
    """Role selections for Verification."""
    pairs = ((0, 0), (0, 1), (1, 0), (1, 1))
    return st.sampled_from([o.item(0x54, _uid_field(VERIFICATION) + bytes(pair)) for pair in pairs])


def _negotiations() -> st.SearchStrategy[bytes]:
    """Sub-items of the user information: known ones, and one that is not."""
    window = st.sampled_from([o.item(0x53, bytes((0, a, 0, b))) for a, b in ((1, 1), (4, 4), (0, 0), (2, 1))])
    name = struct.pack(">H", 6) + b"tester" + bytes(2)
    identity = st.sampled_from([o.item(0x58, bytes((1, asked)) + name) for asked in (0, 1)])
    fixed = st.sampled_from(
        (
            o.VERSION_NAME,
            o.item(0x56, _uid_field(VERIFICATION) + b"\x01\x00"),
            o.item(0x57, _uid_field(VERIFICATION) * 2 + b"\0\0"),
        )
    )
    return st.one_of(UNKNOWN_SUB_ITEM, _roles(), window, identity, fixed)


UNKNOWN_ITEM: Final = st.builds(o.item, st.sampled_from((0x7A, 0x00, 0xFF, 0x60)), st.binary(max_size=8))
RESERVED: Final = st.sampled_from(
    (b"\xff" * 34, b"\1" + bytes(33), bytes(33) + b"\1", bytes(2) + bytes(range(1, 33)))
)
SHARED: Final[tuple[st.SearchStrategy[Callable[[object], None]], ...]] = (
    # What many get wrong is there more than once.
    changed("version", st.sampled_from((3, 0x8001, 0xFFFF, 0, 2, 0xFFFE))),
    changed("version", st.sampled_from((3, 0xFFFF, 2))),
    more("subs", UNKNOWN_SUB_ITEM),
    more("subs", _roles()),
    changed("reserved", RESERVED),
    changed("header", st.integers(1, 255)),
    changed("application", st.sampled_from((o.uid(0x10, OTHER_CONTEXT), b"", o.uid(0x10, "1.2\0")))),
    changed("longest", st.sampled_from([o.max_length(each) for each in MAXIMA])),
    changed("longest", st.sampled_from([o.max_length(each) for each in MAXIMA])),
    changed("longest", st.just(b"")),
    changed("class_uid", st.just(b"")),
    more("subs", _negotiations()),
    more("subs", _negotiations()),
    changed("turned", st.just(True)),
    *(changed(place, UNKNOWN_ITEM) for place in ("first", "between", "last")),
)
