"""A requestor whose association is rejected or aborted: PS3.8 2020, 9.3.4, 9.3.8, AE-4 and AA-3."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dicomnet.statemachine import REJECT_REASONS, REJECT_RESULTS, AAssociateRJ, encode

from .. import octets
from ..case import (
    AS_INVALID,
    Await,
    Case,
    Close,
    Connect,
    Grade,
    Level,
    Reading,
    Reset,
    Send,
    Step,
    Stimulus,
    as_event,
)
from ..octets import pdu
from . import requestor_checks as checks
from .build import PS38, part
from .ending import ABORT_RESERVED, ANY_CODES, AS_ODD_ABORT, NOT_TESTED, ODD_CODES, abort_step
from .requestor_build import ASKED, CALLED, END, RELEASING, requestor_case

REJECT_CLAUSE: Final = f"{PS38} Table 9-10, Sta5 x Evt4; AE-4, {PS38} Table 9-6; {PS38} 9.3.4, Table 9-21"
ODD_REJECT_CLAUSE: Final = f"{PS38} 9.3.4, Table 9-21; {PS38} Table 9-10, Sta5"
ABORT_TABLE: Final = f"AA-3, {PS38} Table 9-9; {PS38} 9.3.8, Table 9-26"
_CLOSES: Final = "After a rejection, whatever its reason, nothing more is sent and the connection is closed."
# How long it is watched whether the target comes again, in seconds.
WATCHED: Final = 2.0
RESERVED_CODES: Final = (
    (0, 1, 1),
    (3, 1, 1),
    (1, 0, 1),
    (1, 4, 1),
    (1, 1, 4),
    (1, 2, 3),
    (2, 3, 0),
    (2, 3, 7),
)
AS_RJ: Final = as_event("Evt4")
# Whether reserved codes make a PDU invalid is not said.
AS_ODD_RJ: Final[tuple[Reading, ...]] = (*AS_RJ, *AS_INVALID)
_LENIENT: Final = "took an A-ASSOCIATE-RJ of wrong length for a valid one"
AS_ILL_RJ: Final[tuple[Reading, ...]] = (
    *AS_INVALID,
    (Stimulus("Evt4", grade=Grade.NON_STRICT, note=_LENIENT),),
)


def _reject_case(name: str, title: str, sent: bytes, readings: tuple[Reading, ...], clause: str) -> Case:
    return requestor_case(
        f"rj.{name}",
        title,
        clause,
        _CLOSES,
        *CALLED,
        Send(f"A-ASSOCIATE-RJ: {title}", sent, readings),
        Await(),
        *END,
        checks=(checks.NO_DATA,),
    )


def _rejections() -> tuple[Case, ...]:
    listed = [
        (result, source, reason)
        for result in REJECT_RESULTS
        for source, reasons in REJECT_REASONS.items()
        for reason in reasons
    ]
    cases: list[Case] = []
    for codes in (*listed, *RESERVED_CODES):
        reserved = codes in RESERVED_CODES
        said = "/".join(map(str, codes))
        cases.append(
            _reject_case(
                said.replace("/", "-"),
                f"a rejection with {'reserved ' if reserved else ''}codes {said}",
                pdu(0x03, bytes((0, *codes))),
                AS_ODD_RJ if reserved else AS_RJ,
                ODD_REJECT_CLAUSE if reserved else REJECT_CLAUSE,
            )
        )
    return (
        *cases,
        _reject_case(
            "reserved",
            "a rejection whose reserved fields are 0xFF",
            pdu(0x03, b"\xff\1\1\1", reserved=0xFF),
            AS_RJ,
            f"{PS38} 9.3.4, Table 9-21",
        ),
        *(
            _reject_case(
                f"length.{size}",
                f"a rejection of length {size}",
                pdu(0x03, (b"\0\1\1\1" + bytes(8))[:size]),
                AS_ILL_RJ,
                f"{PS38} 9.3.4; {PS38} Table 9-10, Sta5 x Evt19",
            )
            for size in (0, 3, 5)
        ),
        _reject_case(
            "trailed",
            "a rejection with an acceptance behind it in the same segment",
            octets.RJ + octets.AC,
            (AS_RJ[0] + as_event("Evt3")[0],),
            REJECT_CLAUSE,
        ),
        requestor_case(
            "rj.split",
            "a rejection one octet at a time",
            f"{PS38} 9.3.1",
            "A PDU is the same, however the stream of octets is split on its way.",
            *CALLED,
            Send("A-ASSOCIATE-RJ", octets.RJ, AS_RJ, (1, 0)),
            Await(),
            *END,
            checks=(checks.NO_DATA,),
        ),
    )


# --- abort ------------------------------------------------------------------------------------------------

_STAGES: Final[tuple[tuple[str, str, tuple[Step, ...]], ...]] = (
    ("sta5", "before any answer to the association request", CALLED),
    ("sta6", "while the user waits for the answer to a message", ASKED),
    ("sta7", "while the release is awaited", RELEASING),
)
PROVIDER_REASONS: Final = (1, 2, 4, 5, 6)


def _aborts() -> tuple[Case, ...]:
    cases: list[Case] = []
    for state, said, steps in _STAGES:
        clause = f"{PS38} Table 9-10, {state.capitalize()} x Evt16; {ABORT_TABLE}"
        codes = [(source, reason) for source, reason, _ in ODD_CODES]
        # What else there is of codes is a matter of the code that reads them, whatever the state.
        codes += [(2, reason) for reason in PROVIDER_REASONS] if state == "sta6" else []
        for source, reason in codes:
            cases.append(
                requestor_case(
                    f"abort.{state}.{source}-{reason}",
                    f"an A-ABORT {source}/{reason} {said}",
                    clause,
                    ANY_CODES,
                    *steps,
                    abort_step(source, reason),
                    Await(),
                )
            )
        cases.append(
            requestor_case(
                f"abort.{state}.reserved",
                f"an A-ABORT whose reserved fields are 0xFF {said}",
                f"{PS38} 9.3.8, Table 9-26",
                NOT_TESTED,
                *steps,
                ABORT_RESERVED,
                Await(),
            )
        )
        cases.append(
            requestor_case(
                f"abort.{state}.length",
                f"an A-ABORT of length 8 {said}",
                f"{PS38} Table 9-10, {state.capitalize()} x Evt19; {PS38} 9.3.8",
                "An A-ABORT has length 4; one of another length is invalid.",
                *steps,
                Send("A-ABORT of length 8", pdu(0x07, bytes(8)), AS_ODD_ABORT),
                Await(),
                *END,
            )
        )
    return tuple(cases)


# --- what the target does then ----------------------------------------------------------------------------


def _again() -> tuple[Case, ...]:
    transient = Send("A-ASSOCIATE-RJ 2/3/1", encode(AAssociateRJ(2, 3, 1)), AS_RJ)
    rows: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
        ("rejected", "a rejection for now", (*CALLED, transient, Await())),
        ("aborted", "an A-ABORT instead of an answer", (*CALLED, abort_step(2, 0), Await())),
        (
            "half",
            "half an answer and the end of the connection",
            (*CALLED, part("half an A-ASSOCIATE-RJ", octets.RJ[:5]), Close()),
        ),
        ("closed", "the close of the connection instead of an answer", (*CALLED, Close())),
        ("reset", "the reset of the connection right after it was made", (Connect(), Reset())),
    )
    return tuple(
        replace(
            requestor_case(
                f"again.{name}",
                f"how often the target connects again after {what}",
                "no clause: our reading",
                "A requestor that is turned away may try again, a bounded number of times or with a pause in between.",
                *steps,
                level=Level.SHOULD,
                checks=(checks.PATIENT,),
            ),
            lingers=WATCHED,
        )
        for name, what, steps in rows
    )


CASES: Final[tuple[Case, ...]] = (*_rejections(), *_aborts(), *_again())
