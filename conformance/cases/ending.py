"""Release, abort and the end of the connection in odd places: PS3.8 2020, 7.2, 9.1.4, 9.3.6 to 9.3.8 and Table 9-10."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import AAbort

from .. import octets
from ..case import (
    AS_INVALID,
    RELEASE_ANSWER,
    Answer,
    Await,
    AwaitTimer,
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
    as_request,
    reject,
)
from ..generate import ASSOCIATED, CONNECTED, END, RELEASED
from ..octets import ECHO, NOBODY, RELEASE_RQ, RQ, pdu, rq
from .build import PS38, accepts, associated_case, part
from .data import UNFINISHED

RELEASE_CLAUSE: Final = f"{PS38} Table 9-10, Sta6 x Evt12; AR-2 and AR-4, {PS38} Table 9-8"
ABORT_CLAUSE: Final = f"{PS38} Table 9-10, Sta6 x Evt16; AA-3, {PS38} Table 9-9"


def _ending(
    case_id: str, title: str, clause: str, requirement: str, *steps: Step, level: Level, slow: bool = False
) -> Case:
    return Case(case_id, title, clause, requirement, steps, level=level, slow=slow, kind=case_id)


# --- release ----------------------------------------------------------------------------------------------

_OR_ABORTS: Final[tuple[Reading, ...]] = (
    (
        Stimulus(
            "Evt12",
            None,
            (
                RELEASE_ANSWER,
                Answer("Evt15", Grade.NON_STRICT, "the user aborts where it was asked to release"),
            ),
        ),
    ),
)


def _releases() -> tuple[Case, ...]:
    return (
        associated_case(
            "rel.in-message",
            "an A-RELEASE-RQ in the middle of a fragmented command",
            RELEASE_CLAUSE,
            "A release is answered, whatever has come of a message.",
            UNFINISHED,
            Send("A-RELEASE-RQ", RELEASE_RQ, _OR_ABORTS),
            Await(),
        ),
        associated_case(
            "rel.reserved",
            "an A-RELEASE-RQ whose reserved fields are 0xFF",
            f"{PS38} 9.3.6, Table 9-24",
            "A reserved field is not tested, whatever it holds.",
            Send(
                "A-RELEASE-RQ",
                pdu(0x05, b"\xff" * 4, reserved=0xFF),
                ((Stimulus("Evt12", None, (RELEASE_ANSWER,)),),),
            ),
            Await(),
        ),
        associated_case(
            "rel.after-echo",
            "a release after a C-ECHO",
            RELEASE_CLAUSE,
            "A release is answered by an A-RELEASE-RP.",
            Send("P-DATA-TF (C-ECHO request)", ECHO, ((Stimulus("Evt10", None, (Answer("Evt9"),)),),)),
            Await(),
            Send("A-RELEASE-RQ", RELEASE_RQ, ((Stimulus("Evt12", None, (RELEASE_ANSWER,)),),)),
            Await(),
        ),
    )


# --- abort ------------------------------------------------------------------------------------------------


def _aborts() -> tuple[Case, ...]:
    codes = (
        (1, 0, "reserved source 1"),
        (0, 9, "reason 9 with source 0"),
        (2, 3, "reserved reason 3"),
        (2, 255, "reason 255"),
    )
    return (
        *(
            _ending(
                f"abort.codes.{source}-{reason}",
                f"an A-ABORT with {what}",
                f"{ABORT_CLAUSE}; {PS38} 9.3.8, Table 9-26",
                "An A-ABORT ends the association whatever its codes are, and is not answered.",
                *ASSOCIATED,
                Send(
                    f"A-ABORT {source}/{reason}",
                    pdu(0x07, bytes((0, 0, source, reason))),
                    as_event("Evt16", AAbort(source, reason)),
                ),
                Await(),
                level=Level.MUST,
            )
            for source, reason, what in codes
        ),
        _ending(
            "abort.reserved",
            "an A-ABORT whose reserved fields are 0xFF",
            f"{PS38} 9.3.8, Table 9-26",
            "A reserved field is not tested, whatever it holds.",
            *ASSOCIATED,
            Send("A-ABORT", pdu(0x07, b"\xff\xff\0\0", reserved=0xFF), as_event("Evt16", AAbort(0, 0))),
            Await(),
            level=Level.MUST,
        ),
        _ending(
            "abort.in-message",
            "an A-ABORT in the middle of a fragmented command",
            ABORT_CLAUSE,
            "An A-ABORT ends the association whatever has come of a message.",
            *ASSOCIATED,
            UNFINISHED,
            Send("A-ABORT", octets.ABORT_USER, as_event("Evt16", AAbort(0, 0))),
            Await(),
            level=Level.MUST,
        ),
        _ending(
            "abort.length",
            "an A-ABORT of length 8",
            f"{PS38} Table 9-10, Sta6 x Evt19; {PS38} 9.3.8",
            "An A-ABORT has length 4; one of another length is invalid.",
            *ASSOCIATED,
            Send("A-ABORT of length 8", pdu(0x07, bytes(8)), AS_ODD_ABORT),
            Await(),
            *END,
            level=Level.MUST,
        ),
    )


AS_ODD_ABORT: Final[tuple[Reading, ...]] = (
    *AS_INVALID,
    (
        Stimulus(
            "Evt16",
            AAbort(0, 0),
            grade=Grade.NON_STRICT,
            note="took an A-ABORT of wrong length for a valid one",
        ),
    ),
)

# --- the end inside a PDU ---------------------------------------------------------------------------------

# That the end of the connection inside a PDU is Evt17 is our reading; the text does not say so.
CUT_CLAUSE: Final = f"{PS38} Table 9-10, Evt17"
_AS_CUT: Final[tuple[Reading, ...]] = (
    (),
    (Stimulus("Evt19", grade=Grade.NON_STRICT, note="took a PDU that is cut short for an invalid one"),),
)


def _cuts() -> tuple[Case, ...]:
    requirement = (
        "When the connection ends inside a PDU nothing more is sent, and the target closes its side."
    )
    places: tuple[tuple[str, str, tuple[Step, ...], bytes], ...] = (
        ("sta2.header", "inside the header of an A-ASSOCIATE-RQ", CONNECTED, RQ[:3]),
        ("sta2.body", "inside an A-ASSOCIATE-RQ", CONNECTED, RQ[:100]),
        ("sta6.header", "inside the header of a P-DATA-TF", ASSOCIATED, ECHO[:5]),
        ("sta6.body", "inside a P-DATA-TF", ASSOCIATED, ECHO[:40]),
        ("sta13.body", "inside a P-DATA-TF after the release", RELEASED, ECHO[:40]),
    )
    cases: list[Case] = []
    for name, where, steps, sent in places:
        cut = Send(f"octets that end {where}", sent, _AS_CUT)
        cases.append(
            _ending(
                f"close.half.{name}",
                f"half-close {where}",
                CUT_CLAUSE,
                requirement,
                *steps,
                cut,
                HalfClose(),
                Await(),
                level=Level.SHOULD,
            )
        )
        for way, ending in (("close", Close()), ("reset", Reset())):
            cases.append(
                _ending(
                    f"close.{way}.{name}",
                    f"{way} {where}",
                    CUT_CLAUSE,
                    requirement,
                    *steps,
                    cut,
                    ending,
                    level=Level.MUST,
                )
            )
    cases.append(
        _ending(
            "close.half.in-message",
            "half-close in the middle of a fragmented command",
            f"{CUT_CLAUSE}; AA-4",
            requirement,
            *ASSOCIATED,
            UNFINISHED,
            HalfClose(),
            Await(),
            level=Level.SHOULD,
        )
    )
    return tuple(cases)


# --- ARTIM ------------------------------------------------------------------------------------------------

ARTIM_CLAUSE: Final = f"{PS38} Table 9-10, Sta2 x Evt18; AA-2; {PS38} 9.1.5"
# The header of a request with room for more octets than any run of pokes sends.
LONG_REQUEST: Final = pdu(0x01, RQ[6:80], length=4096)


def _timers() -> tuple[Case, ...]:
    return (
        _ending(
            "artim.partial",
            "half an A-ASSOCIATE-RQ, then nothing",
            ARTIM_CLAUSE,
            "ARTIM runs until the request is whole: part of one does not stop it.",
            Connect(),
            part("half an A-ASSOCIATE-RQ", RQ[:100]),
            AwaitTimer(),
            level=Level.MUST,
            slow=True,
        ),
        _ending(
            "artim.rejected",
            "a request that the target's user rejects, then nothing",
            f"{PS38} Table 9-10, Sta13 x Evt18; AE-8, {PS38} Table 9-6",
            "ARTIM runs after a rejection by the user, as after one by the provider.",
            Connect(),
            Send(
                "A-ASSOCIATE-RQ for a title that nobody has",
                rq(called=NOBODY),
                as_request(reject(1, 1, 7), accepts(Grade.PASS)),
            ),
            Await(),
            AwaitTimer(),
            level=Level.MUST,
            slow=True,
        ),
        _ending(
            "artim.dribble",
            "an A-ASSOCIATE-RQ that comes one octet every few seconds",
            ARTIM_CLAUSE,
            "ARTIM is not started afresh by octets: a peer that dribbles does not stay for ever.",
            Connect(),
            part("the beginning of a long A-ASSOCIATE-RQ", LONG_REQUEST),
            AwaitTimer(part("one octet more", b"\0"), every=5.0),
            level=Level.MUST,
            slow=True,
        ),
    )


CASES: Final[tuple[Case, ...]] = (*_releases(), *_aborts(), *_cuts(), *_timers())
