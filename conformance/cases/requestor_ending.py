"""Release and the end of the connection, as a requestor meets them: PS3.8 2020, 7.2, 9.3.6, 9.3.7 and Table 9-10."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import octets
from ..case import (
    AS_INVALID,
    AS_RELEASE,
    Await,
    Case,
    Close,
    Connect,
    Grade,
    HalfClose,
    Level,
    Reading,
    Reset,
    Send,
    Step,
    Stimulus,
    as_event,
)
from ..evidence import Evidence
from ..octets import RELEASE_RP, RELEASE_RQ, pdu
from ..requestor import AS_DATA, STRAY
from . import requestor_checks as checks
from .build import PS38
from .ending import (
    CUT_CLAUSE,
    NOT_TESTED,
    NOTHING_MORE,
    OR_ABORTS,
    RELEASE_RESERVED,
    Place,
    cut_short,
    ends_inside,
)
from .requestor_build import (
    ANSWERS_RELEASE,
    ASKED,
    CALLED,
    END,
    RELEASING,
    of_message,
    of_request,
    plain,
    requestor_case,
)
from .requestor_data import UNFINISHED

RELEASED_CLAUSE: Final = f"{PS38} Table 9-10, Sta7 x Evt13; AR-3, {PS38} Table 9-8"
RELEASE_CLAUSE: Final = f"{PS38} Table 9-10, Sta6 x Evt12; AR-2 and AR-4, {PS38} Table 9-8"
REPLY_FIELDS: Final = f"{PS38} 9.3.7, Table 9-25"
_CLOSES: Final = "When the release is confirmed the requestor closes the connection, and sends nothing more."
AS_RP: Final = as_event("Evt13")
_LENIENT: Final = "took an A-RELEASE-RP of wrong length for a valid one"
AS_ILL_RP: Final[tuple[Reading, ...]] = (
    *AS_INVALID,
    (Stimulus("Evt13", grade=Grade.NON_STRICT, note=_LENIENT),),
)


# --- the release of the target's user ---------------------------------------------------------------------


def _confirmed() -> tuple[Case, ...]:
    behind: tuple[tuple[str, str, bytes, Reading], ...] = (
        ("data", "a P-DATA-TF", STRAY, AS_DATA[0]),
        ("again", "a second one", RELEASE_RP, AS_RP[0]),
        ("release", "an A-RELEASE-RQ", RELEASE_RQ, AS_RELEASE[0]),
        ("abort", "an A-ABORT", octets.ABORT_USER, as_event("Evt16")[0]),
        ("unknown", "a PDU of unknown type", octets.UNKNOWN_TYPE, AS_INVALID[0]),
    )
    rows: tuple[tuple[str, str, str, Send], ...] = (
        (
            "split",
            "an A-RELEASE-RP one octet at a time",
            f"{PS38} 9.3.1",
            Send("A-RELEASE-RP", RELEASE_RP, AS_RP, (1, 0)),
        ),
        (
            "reserved",
            "an A-RELEASE-RP whose reserved fields are 0xFF",
            REPLY_FIELDS,
            Send("A-RELEASE-RP", pdu(0x06, b"\xff" * 4, reserved=0xFF), AS_RP),
        ),
        *(
            (
                f"trailed.{name}",
                f"an A-RELEASE-RP with {what} behind it in the same segment",
                RELEASED_CLAUSE,
                Send("A-RELEASE-RP and more", RELEASE_RP + more, (AS_RP[0] + reading,)),
            )
            for name, what, more, reading in behind
        ),
        *(
            (
                f"length.{size}",
                f"an A-RELEASE-RP of length {size}",
                f"{REPLY_FIELDS}; {PS38} Table 9-10, Sta7 x Evt19",
                Send(f"A-RELEASE-RP of length {size}", pdu(0x06, bytes(size)), AS_ILL_RP),
            )
            for size in (0, 3, 6)
        ),
    )
    return tuple(
        requestor_case(f"rel.reply.{name}", title, clause, _CLOSES, *RELEASING, sent, Await(), *END)
        for name, title, clause, sent in rows
    )


def _data_before_reply() -> Case:
    stray = Send("P-DATA-TF (C-ECHO response)", STRAY, AS_DATA)
    return requestor_case(
        "rel.reply.after-data",
        "data three times, then the A-RELEASE-RP",
        f"{PS38} Table 9-10, Sta7 x Evt10; AR-6, {PS38} Table 9-8",
        "Who has asked for the release still takes data until it is confirmed.",
        *RELEASING,
        stray,
        stray,
        stray,
        Send("A-RELEASE-RP", RELEASE_RP, AS_RP),
        Await(),
    )


# --- a release that the tester asks for -------------------------------------------------------------------


def _asked_for() -> tuple[Case, ...]:
    return (
        requestor_case(
            "rel.reserved",
            "an A-RELEASE-RQ whose reserved fields are 0xFF",
            f"{PS38} 9.3.6, Table 9-24",
            NOT_TESTED,
            *ASKED,
            RELEASE_RESERVED,
            Await(),
            *END,
            rests_on=ANSWERS_RELEASE,
        ),
        requestor_case(
            "rel.in-message",
            "an A-RELEASE-RQ in the middle of a fragmented response",
            RELEASE_CLAUSE,
            "A release is answered, whatever has come of a message.",
            *ASKED,
            UNFINISHED,
            Send("A-RELEASE-RQ", RELEASE_RQ, OR_ABORTS),
            Await(),
            *END,
            rests_on=ANSWERS_RELEASE,
        ),
        requestor_case(
            "abort.in-message",
            "an A-ABORT in the middle of a fragmented response",
            f"{PS38} Table 9-10, Sta6 x Evt16; AA-3, {PS38} Table 9-9",
            "An A-ABORT ends the association whatever has come of a message.",
            *ASKED,
            UNFINISHED,
            Send("A-ABORT", octets.ABORT_USER, as_event("Evt16")),
            Await(),
        ),
    )


# --- the end of the connection ----------------------------------------------------------------------------


def _early() -> tuple[Case, ...]:
    rows: tuple[tuple[str, str, tuple[Step, ...], Level], ...] = (
        ("close", "close", (Connect(), Close()), Level.MUST),
        ("reset", "reset", (Connect(), Reset()), Level.MUST),
        ("half", "half-close", (Connect(), HalfClose(), Await()), Level.SHOULD),
    )
    return tuple(
        requestor_case(
            f"close.{name}.early",
            f"{what} of the connection before the request is read",
            f"{PS38} Table 9-10, Evt17; AA-4",
            "The end of the connection ends the association; the target closes its side and can be used again.",
            *steps,
            level=level,
        )
        for name, what, steps, level in rows
    )


def _made_cut(where: str, cut: int, *, answer: bool = False) -> Send:
    step = cut_short(where, b"")
    if answer:
        return replace(step, made=of_message(lambda asked: asked.answer(0)[:cut]))
    return replace(step, made=of_request(lambda request: plain(request)[:cut]))


def _places() -> tuple[Place, ...]:
    header, body = "inside the header of an A-ASSOCIATE-AC", "inside an A-ASSOCIATE-AC"
    data_header, data_body = "inside the header of a P-DATA-TF", "inside a P-DATA-TF"
    reply = "inside an A-RELEASE-RP"
    return (
        ("sta5.header", header, CALLED, _made_cut(header, 3)),
        ("sta5.body", body, CALLED, _made_cut(body, 80)),
        ("sta6.header", data_header, ASKED, _made_cut(data_header, 5, answer=True)),
        ("sta6.body", data_body, ASKED, _made_cut(data_body, 40, answer=True)),
        ("sta7.body", reply, RELEASING, cut_short(reply, RELEASE_RP[:7])),
    )


def _cuts() -> list[Case]:
    def make(name: str, title: str, steps: tuple[Step, ...], level: Level) -> Case:
        return requestor_case(f"close.{name}", title, CUT_CLAUSE, NOTHING_MORE, *steps, level=level)

    return ends_inside(_places(), make)


def _joined() -> tuple[Case, ...]:
    def half(evidence: Evidence) -> bytes | str:
        return of_request(plain)(evidence)

    accept = Send("A-ASSOCIATE-AC", b"", as_event("Evt3"), made=half)
    return (
        requestor_case(
            "close.half.accepted",
            "half-close right behind the acceptance",
            f"{PS38} Table 9-10, Sta6 x Evt17; AA-4",
            "The end of the connection ends the association, however young it is.",
            *CALLED,
            accept,
            HalfClose(),
            Await(),
            level=Level.SHOULD,
        ),
        requestor_case(
            "close.half.rejected",
            "half-close right behind the rejection",
            f"{PS38} Table 9-10, Sta5 x Evt4; AE-4",
            "After a rejection the connection is closed.",
            *CALLED,
            Send("A-ASSOCIATE-RJ", octets.RJ, as_event("Evt4")),
            HalfClose(),
            Await(),
            checks=(checks.NO_DATA,),
        ),
        requestor_case(
            "close.half.released",
            "half-close right behind the A-RELEASE-RP",
            RELEASED_CLAUSE,
            _CLOSES,
            *RELEASING,
            Send("A-RELEASE-RP", RELEASE_RP, AS_RP),
            HalfClose(),
            Await(),
        ),
    )


CASES: Final[tuple[Case, ...]] = (
    *_confirmed(),
    _data_before_reply(),
    *_asked_for(),
    *_early(),
    *_cuts(),
    *_joined(),
)
