"""Association requests, plain or with one or two things that are not usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from dicomnet.statemachine import EXPLICIT_LE, IMPLICIT_LE, VERIFICATION

from .. import octets as o
from ..cases.associate_ac import BIG_ENDIAN, NO_SOP_CLASS, NO_SYNTAX
from .drafts import SHARED, Change, Draft, changed, drafted, more

TITLE: Final = 16
SYNTAXES: Final = (IMPLICIT_LE, EXPLICIT_LE, BIG_ENDIAN, NO_SYNTAX)


@dataclass(slots=True)
class Request(Draft):
    """A request in the making."""

    called: bytes = o.CALLED
    calling: bytes = o.CALLING
    contexts: list[bytes] = field(default_factory=lambda: [o.context(1)])

    def octets(self) -> bytes:
        """The PDU."""
        return o.rq(
            self.items(),
            version=self.version,
            called=self.called,
            calling=self.calling,
            reserved=self.reserved,
            header_reserved=self.header,
        )


@st.composite
def _context(draw: st.DrawFn) -> bytes:
    abstract = draw(st.sampled_from((VERIFICATION, VERIFICATION, NO_SOP_CLASS)))
    syntaxes = draw(st.lists(st.sampled_from(SYNTAXES), min_size=1, max_size=3))
    return o.context(draw(st.sampled_from((3, 5, 127, 129, 255, 1, 2, 0))), abstract, *syntaxes)


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


CHANGES: Final[tuple[st.SearchStrategy[Change[Request]], ...]] = (
    changed("called", st.one_of(st.sampled_from((o.NOBODY, o.EXTENDED, o.INDENTED)), _titles())),
    changed("called", st.sampled_from((o.INDENTED, o.EXTENDED, b" " * TITLE))),
    changed("called", st.just(b" " * TITLE)),
    changed("calling", _titles()),
    changed("contexts", st.lists(_context(), max_size=3)),
    more("contexts", _context()),
    more("contexts", _context()),
    more("contexts", st.just(o.context(3, VERIFICATION, EXPLICIT_LE))),
    more("contexts", st.sampled_from((o.context(3, NO_SOP_CLASS), o.context(3, VERIFICATION, NO_SYNTAX)))),
    more("contexts", st.sampled_from((o.context(3), o.context(129), o.context(2), o.context(1)))),
    more("contexts", st.builds(o.item, st.just(0x20), st.binary(max_size=40))),
    *SHARED,
)


def requests() -> st.SearchStrategy[bytes]:
    """A-ASSOCIATE-RQ PDUs whose lengths are right, mostly with one thing that is not usual. Titles are marks."""
    return drafted(Request, CHANGES)
