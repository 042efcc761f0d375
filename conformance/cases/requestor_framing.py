"""The stream that a requestor reads: PS3.8 2020, 9.3.1 and Evt19 of Table 9-10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dicomnet.statemachine import AAssociateRQ

from .. import octets
from ..case import (
    AS_ABORT,
    AS_INVALID,
    AS_NOTHING,
    AS_RELEASE,
    Await,
    AwaitTimer,
    Case,
    Connect,
    Grade,
    Idle,
    Level,
    Reading,
    Send,
    Step,
    Stimulus,
)
from ..evidence import Evidence
from ..octets import RELEASE_RQ, item, pdu
from ..oracle import Cell
from ..requestor import ANSWERS, AS_DATA
from . import requestor_checks as checks
from .build import PS38
from .framing import (
    ANY_SPLIT,
    FIRST_OCTET,
    FOREIGN,
    INVALID,
    NEXT_PDU,
    ONE_BY_ONE,
    PAUSE_SECONDS,
    STREAM,
    WAITS,
    or_waits,
)
from .requestor_build import (
    ANSWERS_RELEASE,
    AS_AC,
    ASKED,
    CALLED,
    END,
    FREE,
    REPLY,
    SERVED,
    accepted_case,
    accepting,
    odd_acceptance,
    of_request,
    plain,
    requestor_case,
)

_LENGTH: Final = "A PDU ends where its length says, and is not looked at before."
_DATA: Final = checks.within(16384)
HUGE: Final = 0xFFFFFFFF
FIRST: Final = 60
# What is missing at the end of an acceptance, as an item that nobody knows.
REST: Final = item(0xFE, b"unknwn")

Cut = Callable[[bytes], bytes]


def _of_acceptance(what: str, cut: Cut, readings: tuple[Reading, ...], pieces: tuple[int, ...] = ()) -> Send:
    """What `cut` makes of the octets of a right acceptance."""

    def make(request: AAssociateRQ) -> bytes:
        return cut(plain(request))

    return Send(what, b"", readings, pieces, made=of_request(make))


def _announcing(more: int) -> Cut:
    """The octets of a PDU whose length is said to be larger by so many."""

    def cut(whole: bytes) -> bytes:
        return whole[:2] + (int.from_bytes(whole[2:6], "big") + more).to_bytes(4, "big") + whole[6:]

    return cut


# --- any split --------------------------------------------------------------------------------------------


def _whole(whole: bytes) -> bytes:
    return whole


Place = tuple[int, str]
"""So many octets are in the first segment, and where that is."""


def _split_everywhere(
    name: str, what: str, steps: tuple[Step, ...], send: Callable[[tuple[int, ...]], Send], *places: Place
) -> list[Case]:
    """The PDU that `send` sends in pieces, one octet at a time and in two pieces."""
    rows: list[tuple[str, str, tuple[int, ...]]] = [(name, f"{what} one octet at a time", ONE_BY_ONE)]
    for size, where in places:
        title = f"{what} in two segments, the first of {size} octets ({where})"
        rows.append((f"{name}.at-{size}", title, (size,)))
    return [
        requestor_case(
            f"frame.split.{part}",
            title,
            STREAM,
            ANY_SPLIT,
            *steps,
            send(pieces),
            Await(),
            SERVED,
            *REPLY,
            *END,
            checks=_DATA,
        )
        for part, title, pieces in rows
    ]


def _splits() -> list[Case]:
    header: tuple[Place, ...] = ((4, "inside the length"), (6, "the header alone"))
    return [
        *_split_everywhere(
            "ac",
            "an acceptance",
            (Connect(), Await()),
            lambda pieces: _of_acceptance("A-ASSOCIATE-AC", _whole, AS_AC, pieces),
            (1, "only the type"),
            *header,
            (76, "inside an item"),
        ),
        *_split_everywhere(
            "answer",
            "a response",
            ASKED,
            lambda pieces: Send(ANSWERS.what, b"", AS_DATA, pieces, made=ANSWERS.made),
            *header,
            (11, "inside the PDV's header"),
        ),
    ]


def _others() -> tuple[Case, ...]:
    return (
        requestor_case(
            "frame.split.release",
            "an A-RELEASE-RQ one octet at a time",
            STREAM,
            ANY_SPLIT,
            *ASKED,
            Send("A-RELEASE-RQ", RELEASE_RQ, AS_RELEASE, ONE_BY_ONE),
            Await(),
            *END,
            rests_on=ANSWERS_RELEASE,
        ),
        requestor_case(
            "frame.split.abort",
            "an A-ABORT one octet at a time",
            STREAM,
            ANY_SPLIT,
            *ASKED,
            Send("A-ABORT", octets.ABORT_USER, AS_ABORT, ONE_BY_ONE),
            Await(),
        ),
        requestor_case(
            "frame.pause.ac",
            f"an acceptance with a pause of {PAUSE_SECONDS} s in the middle",
            STREAM,
            ANY_SPLIT,
            Connect(),
            Await(),
            _of_acceptance("A-ASSOCIATE-AC, first part", _first, AS_NOTHING),
            Idle(PAUSE_SECONDS),
            _of_acceptance("A-ASSOCIATE-AC, second part", _second, AS_AC),
            Await(),
            SERVED,
            *REPLY,
            *END,
            level=Level.SHOULD,
            checks=_DATA,
        ),
    )


def _first(whole: bytes) -> bytes:
    return whole[:FIRST]


def _second(whole: bytes) -> bytes:
    return whole[FIRST:]


# --- several PDUs in one segment --------------------------------------------------------------------------


def _joined() -> tuple[Case, ...]:
    half = len(RELEASE_RQ) // 2
    rows: tuple[tuple[str, str, bytes, Reading, Cell], ...] = (
        ("release", "an A-RELEASE-RQ", RELEASE_RQ, AS_RELEASE[0], ANSWERS_RELEASE),
        ("abort", "an A-ABORT", octets.ABORT_USER, AS_ABORT[0], ("Sta6", "Evt16")),
        ("unknown", "a PDU of unknown type", octets.UNKNOWN_TYPE, AS_INVALID[0], ("Sta6", "Evt19")),
        ("again", "an acceptance", octets.AC, AS_AC[0], ("Sta6", "Evt3")),
    )
    return (
        *(
            requestor_case(
                f"frame.joined.{name}",
                f"an acceptance and {what} in one segment",
                STREAM,
                NEXT_PDU,
                Connect(),
                Await(),
                accepting(f"with {what} behind it", _behind(more), (AS_AC[0] + reading,)),
                Await(),
                *END,
                rests_on=cell,
            )
            for name, what, more, reading, cell in rows
        ),
        requestor_case(
            "frame.joined.tail",
            "an acceptance with half an A-RELEASE-RQ behind it",
            STREAM,
            NEXT_PDU,
            Connect(),
            Await(),
            accepting("with half an A-RELEASE-RQ behind it", _behind(RELEASE_RQ[:half])),
            Await(),
            Send("the other half", RELEASE_RQ[half:], AS_RELEASE),
            Await(),
            *END,
            rests_on=ANSWERS_RELEASE,
        ),
        requestor_case(
            "frame.joined.answer",
            "a response and an A-RELEASE-RQ in one segment",
            STREAM,
            NEXT_PDU,
            *ASKED,
            Send("response and A-RELEASE-RQ", b"", (AS_DATA[0] + AS_RELEASE[0],), made=_answer_and_release),
            Await(),
            *END,
            rests_on=ANSWERS_RELEASE,
        ),
    )


def _behind(more: bytes) -> Callable[[AAssociateRQ], bytes]:
    return lambda request: plain(request) + more


def _answer_and_release(evidence: Evidence) -> bytes | str:
    assert ANSWERS.made is not None
    answer = ANSWERS.made(evidence)
    return answer if isinstance(answer, str) else answer + RELEASE_RQ


# --- lengths that lie, and what is no PDU -----------------------------------------------------------------

_SHORT: Final = "took an acceptance that is cut short for a valid one"
AS_SHORT: Final[tuple[Reading, ...]] = (
    *AS_INVALID,
    (Stimulus("Evt3", grade=Grade.NON_STRICT, note=_SHORT), *AS_INVALID[0]),
)


def _lengths() -> tuple[Case, ...]:
    def shorter(whole: bytes) -> bytes:
        return _announcing(-len(REST))(whole)

    def huge(whole: bytes) -> bytes:
        return whole[:2] + HUGE.to_bytes(4, "big") + whole[6:]

    rows: tuple[tuple[str, str, Cut, tuple[Reading, ...]], ...] = (
        ("shorter", f"an acceptance that is {len(REST)} octets longer than its length", shorter, AS_SHORT),
        ("0", "an acceptance of length 0", lambda _: pdu(0x02, b""), AS_INVALID),
        (
            "67",
            "an acceptance of length 67, too short for its fixed fields",
            lambda whole: pdu(0x02, whole[6:73]),
            AS_INVALID,
        ),
        ("huge", "an acceptance of length 0xFFFFFFFF", huge, or_waits(AS_INVALID, WAITS)),
    )
    return (
        requestor_case(
            "frame.length.longer",
            f"an acceptance that announces {len(REST)} octets more, which come later",
            STREAM,
            _LENGTH,
            Connect(),
            Await(),
            _of_acceptance("A-ASSOCIATE-AC but for its last item", _announcing(len(REST)), AS_NOTHING),
            Idle(PAUSE_SECONDS),
            Send("the last item, of unknown type", REST, AS_AC),
            Await(),
            SERVED,
            *REPLY,
            *END,
            checks=_DATA,
        ),
        accepted_case(
            "frame.length.68",
            "an acceptance of length 68, without items",
            INVALID,
            "An acceptance holds items; one without any accepts no context.",
            lambda request: octets.ac(request.repeats),
            # As where single items are missing: what makes a PDU invalid besides its length is not listed.
            readings=odd_acceptance(Grade.NON_STRICT, "went on with an acceptance without items"),
            user=FREE,
            checks=(checks.NO_DATA,),
        ),
        *(
            requestor_case(
                f"frame.length.{name}",
                title,
                INVALID,
                "A PDU whose length cannot be right is invalid, and is answered by an A-ABORT.",
                *CALLED,
                _of_acceptance(title, cut, readings),
                Await(),
                *END,
            )
            for name, title, cut, readings in rows
        ),
    )


def _foreign() -> tuple[Case, ...]:
    return tuple(
        requestor_case(
            f"frame.foreign.{name}",
            f"{what} instead of an answer to the request",
            INVALID,
            FIRST_OCTET,
            *CALLED,
            Send(what, sent, AS_INVALID),
            Await(),
            *END,
        )
        for name, what, sent in FOREIGN
    )


# --- what never becomes whole -----------------------------------------------------------------------------


def _stalled() -> tuple[Case, ...]:
    def half(evidence: Evidence) -> bytes | str:
        assert ANSWERS.made is not None
        answer = ANSWERS.made(evidence)
        return answer if isinstance(answer, str) else answer[: len(answer) // 2]

    rows: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
        ("ac", "half an acceptance", (*CALLED, _of_acceptance("half an A-ASSOCIATE-AC", _first, AS_NOTHING))),
        (
            "header",
            "three octets of a header",
            (*CALLED, _of_acceptance("three octets", lambda whole: whole[:3], AS_NOTHING)),
        ),
        ("answer", "half a response", (*ASKED, Send("half a response", b"", AS_NOTHING, made=half))),
    )
    return tuple(
        requestor_case(
            f"frame.stalled.{name}",
            f"{what}, then nothing",
            f"{PS38} Table 9-10, Evt15; AA-1",
            "A user who hears nothing gives up, or waits for ever: no clause bounds that.",
            *steps,
            AwaitTimer(user=True),
            level=Level.SHOULD,
            slow=True,
        )
        for name, what, steps in rows
    )


CASES: Final[tuple[Case, ...]] = (
    *_splits(),
    *_others(),
    *_joined(),
    *_lengths(),
    *_foreign(),
    *_stalled(),
)
