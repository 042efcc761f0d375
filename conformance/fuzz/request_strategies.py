"""Association requests, plain or with one or two things that are not usual."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from dicomnet.statemachine import EXPLICIT_LE, IMPLICIT_LE, VERIFICATION

from .. import octets as o
from ..cases.associate_ac import BIG_ENDIAN, NO_SOP_CLASS, NO_SYNTAX

TITLE: Final = 16
OTHER_CONTEXT: Final = "1.2.840.10008.3.1.1.9"
SYNTAXES: Final = (IMPLICIT_LE, EXPLICIT_LE, BIG_ENDIAN, NO_SYNTAX)
MAXIMA: Final = (0, 32, 0x80000000, 33, 0xFFFFFFFF, 8)


def _contexts() -> list[bytes]:
    return [o.context(1)]


@dataclass(slots=True)
class Draft:
    """A request in the making."""

    version: int = 1
    called: bytes = o.CALLED
    calling: bytes = o.CALLING
    reserved: bytes = bytes(34)
    header: int = 0
    application: bytes = o.APPLICATION
    contexts: list[bytes] = field(default_factory=_contexts)
    longest: bytes = field(default_factory=lambda: o.max_length(16384))
    class_uid: bytes = o.CLASS_UID
    subs: list[bytes] = field(default_factory=list[bytes])
    first: bytes = b""
    between: bytes = b""
    last: bytes = b""
    turned: bool = False

    def octets(self) -> bytes:
        """The PDU."""
        subs = [self.longest, self.class_uid, *self.subs]
        user = o.item(0x50, b"".join(subs[::-1] if self.turned else subs))
        items = [self.first, self.application, self.between, *self.contexts, user, self.last]
        return o.rq(
            b"".join(items),
            version=self.version,
            called=self.called,
            calling=self.calling,
            reserved=self.reserved,
            header_reserved=self.header,
        )


Change = Callable[[Draft], None]


def _set(name: str, values: st.SearchStrategy[object]) -> st.SearchStrategy[Change]:
    """The field has one of these values."""

    def change(value: object) -> Change:
        return lambda draft: setattr(draft, name, value)

    return values.map(change)


def _more(name: str, values: st.SearchStrategy[bytes]) -> st.SearchStrategy[Change]:
    """One more in the list."""

    def change(value: bytes) -> Change:
        return lambda draft: getattr(draft, name).append(value)

    return values.map(change)


@st.composite
def _context(draw: st.DrawFn) -> bytes:
    abstract = draw(st.sampled_from((VERIFICATION, VERIFICATION, NO_SOP_CLASS)))
    syntaxes = draw(st.lists(st.sampled_from(SYNTAXES), min_size=1, max_size=3))
    return o.context(draw(st.sampled_from((3, 5, 127, 129, 255, 1, 2, 0))), abstract, *syntaxes)


def _uid_field(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def _negotiations() -> st.SearchStrategy[bytes]:
    """Sub-items of the user information: known ones, and one that is not."""
    window = st.sampled_from([o.item(0x53, bytes((0, a, 0, b))) for a, b in ((1, 1), (4, 4), (0, 0), (2, 1))])
    roles = ((0, 0), (0, 1), (1, 0), (1, 1))
    role = st.sampled_from([o.item(0x54, _uid_field(VERIFICATION) + bytes(pair)) for pair in roles])
    name = struct.pack(">H", 6) + b"tester" + bytes(2)
    identity = st.sampled_from([o.item(0x58, bytes((1, asked)) + name) for asked in (0, 1)])
    unknown = st.builds(o.item, st.sampled_from((0x5A, 0x5E, 0x00, 0xFF)), st.binary(max_size=8))
    fixed = st.sampled_from(
        (
            o.VERSION_NAME,
            o.item(0x56, _uid_field(VERIFICATION) + b"\x01\x00"),
            o.item(0x57, _uid_field(VERIFICATION) * 2 + b"\0\0"),
        )
    )
    return st.one_of(unknown, role, window, identity, fixed)


def _titles() -> st.SearchStrategy[bytes]:
    fixed = (
        b"X",
        b"DICOM NET",
        b"dicomnet",
        b"DICOMNET-TESTER1",
        b"",
        b"DICOM\x07NET",
        b"A\\B",
        b"A\0B",
        b"\xe9",
    )
    return st.one_of(
        st.sampled_from([each.ljust(TITLE) for each in fixed]), st.binary(min_size=TITLE, max_size=TITLE)
    )


UNKNOWN_ITEM: Final = st.builds(o.item, st.sampled_from((0x7A, 0x00, 0xFF, 0x60)), st.binary(max_size=8))
RESERVED: Final = st.sampled_from(
    (b"\xff" * 34, b"\1" + bytes(33), bytes(33) + b"\1", bytes(2) + bytes(range(1, 33)))
)
CHANGES: Final[tuple[st.SearchStrategy[Change], ...]] = (
    _set("version", st.sampled_from((3, 0x8001, 0xFFFF, 0, 2, 0xFFFE))),
    _set("called", st.one_of(st.sampled_from((o.NOBODY, o.EXTENDED, o.INDENTED)), _titles())),
    _set("called", st.sampled_from((o.INDENTED, o.EXTENDED, b" " * TITLE))),
    _set("calling", _titles()),
    _set("reserved", RESERVED),
    _set("header", st.integers(1, 255)),
    _set("application", st.sampled_from((o.uid(0x10, OTHER_CONTEXT), b"", o.uid(0x10, "1.2\0")))),
    _set("contexts", st.lists(_context(), max_size=3)),
    _more("contexts", _context()),
    _more("contexts", _context()),
    _more("contexts", st.just(o.context(3, VERIFICATION, EXPLICIT_LE))),
    _more("contexts", st.sampled_from((o.context(3, NO_SOP_CLASS), o.context(3, VERIFICATION, NO_SYNTAX)))),
    _more("contexts", st.sampled_from((o.context(3), o.context(129), o.context(2), o.context(1)))),
    _more("contexts", st.builds(o.item, st.just(0x20), st.binary(max_size=40))),
    _set("longest", st.sampled_from([o.max_length(each) for each in MAXIMA])),
    _set("longest", st.sampled_from([o.max_length(each) for each in MAXIMA])),
    _set("longest", st.just(b"")),
    _set("class_uid", st.just(b"")),
    _more("subs", _negotiations()),
    _more("subs", _negotiations()),
    _set("turned", st.just(True)),
    *(_set(place, UNKNOWN_ITEM) for place in ("first", "between", "last")),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A-ASSOCIATE-RQ PDUs whose lengths are right, mostly with one thing that is not usual. Titles are marks."""
    draft = Draft()
    for _ in range(draw(st.sampled_from((1, 1, 1, 1, 0, 2)))):
        draw(draw(st.sampled_from(CHANGES)))(draft)
    return draft.octets()
