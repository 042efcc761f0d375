"""Where PDUs begin and end in the stream of octets, and what is no PDU: PS3.8 2020, 9.3.1 and Evt19 of Table 9-10."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import octets
from ..case import (
    AS_ABORT,
    AS_ECHO,
    AS_INVALID,
    AS_ODD_DATA,
    AS_ODD_RELEASE,
    AS_RELEASE,
    Await,
    Case,
    Connect,
    Grade,
    Idle,
    Level,
    Reading,
    Send,
    Step,
    Stimulus,
    as_request,
)
from ..generate import ASSOCIATED, CONNECTED, END, finish
from ..octets import ECHO, RELEASE_RQ, RQ, pdu
from .build import PS38, associated_case, echo_step, part

STREAM: Final = f"{PS38} 9.3.1"
INVALID: Final = f"{PS38} Table 9-10, Evt19; {PS38} 9.3.1"
ONE_BY_ONE: Final = (1, 0)
PAUSE_SECONDS: Final = 0.7
HUGE: Final = 0xFFFFFFFF
ANY_SPLIT: Final = "A PDU is the same, however the stream of octets is split on its way."
NEXT_PDU: Final = "What follows a PDU in the same segment is the next PDU, and is not lost."

CLIENT_HELLO: Final = (
    bytes.fromhex("160301002f0100002b0303") + bytes(range(32)) + bytes.fromhex("00000213010100")
)
HTTP: Final = b"GET / HTTP/1.1\r\nHost: dicom\r\n\r\n"
SSH: Final = b"SSH-2.0-dicomnet\r\n"
FOREIGN: Final = (
    ("http", "an HTTP request", HTTP),
    ("tls", "a TLS ClientHello", CLIENT_HELLO),
    ("ssh", "an SSH greeting", SSH),
)
FIRST_OCTET: Final = (
    "An unknown type is known at its first octet; the length that seems to follow need not be waited for."
)


def _case(
    case_id: str, title: str, clause: str, requirement: str, *steps: Step, level: Level = Level.MUST
) -> Case:
    return Case(case_id, title, clause, requirement, steps, level=level, kind=case_id)


# --- any split --------------------------------------------------------------------------------------------


def _splits() -> tuple[Case, ...]:
    echo = "P-DATA-TF (C-ECHO request)"
    return (
        _case(
            "frame.split.rq",
            "an A-ASSOCIATE-RQ one octet at a time",
            STREAM,
            ANY_SPLIT,
            *finish(Connect(), Send("A-ASSOCIATE-RQ", RQ, as_request(), ONE_BY_ONE), Await()),
        ),
        associated_case(
            "frame.split.echo",
            "a C-ECHO request one octet at a time",
            STREAM,
            ANY_SPLIT,
            Send(echo, ECHO, AS_ECHO, ONE_BY_ONE),
            Await(),
        ),
        associated_case(
            "frame.split.release",
            "an A-RELEASE-RQ one octet at a time",
            STREAM,
            ANY_SPLIT,
            Send("A-RELEASE-RQ", RELEASE_RQ, AS_RELEASE, ONE_BY_ONE),
            Await(),
        ),
        associated_case(
            "frame.split.abort",
            "an A-ABORT one octet at a time",
            STREAM,
            ANY_SPLIT,
            Send("A-ABORT", octets.ABORT_USER, AS_ABORT, ONE_BY_ONE),
            Await(),
        ),
        *(
            associated_case(
                f"frame.split.at-{size}",
                f"a C-ECHO request in two segments, the first of {size} octets ({where})",
                STREAM,
                ANY_SPLIT,
                Send(echo, ECHO, AS_ECHO, (size,)),
                Await(),
            )
            for size, where in (
                (1, "only the type"),
                (4, "inside the length"),
                (6, "the header alone"),
                (11, "inside the PDV's header"),
                (len(ECHO) - 1, "all but the last octet"),
            )
        ),
    )


def _pauses() -> tuple[Case, ...]:
    return (
        _case(
            "frame.pause.rq",
            f"an A-ASSOCIATE-RQ with a pause of {PAUSE_SECONDS} s in the middle",
            STREAM,
            ANY_SPLIT,
            *finish(
                Connect(),
                part("A-ASSOCIATE-RQ, first half", RQ[:100]),
                Idle(PAUSE_SECONDS),
                Send("A-ASSOCIATE-RQ, second half", RQ[100:], as_request()),
                Await(),
            ),
            level=Level.SHOULD,
        ),
        associated_case(
            "frame.pause.echo",
            f"a C-ECHO request with a pause of {PAUSE_SECONDS} s in the middle",
            STREAM,
            ANY_SPLIT,
            part("P-DATA-TF, first half", ECHO[:40]),
            Idle(PAUSE_SECONDS),
            Send("P-DATA-TF, second half", ECHO[40:], AS_ECHO),
            Await(),
            level=Level.SHOULD,
        ),
    )


# --- several PDUs in one segment --------------------------------------------------------------------------


# Nothing says how soon a PDU is seen to; but a peer that waits for the answer may never send the rest.
_HELD_BACK: Final = "the answer to a whole PDU is held back until the PDU behind it is whole"


def _joined() -> tuple[Case, ...]:
    half = len(RELEASE_RQ) // 2
    return (
        associated_case(
            "frame.joined.echo-release",
            "a C-ECHO request and an A-RELEASE-RQ in one segment",
            STREAM,
            NEXT_PDU,
            Send("P-DATA-TF and A-RELEASE-RQ", ECHO + RELEASE_RQ, (AS_ECHO[0] + AS_RELEASE[0],)),
            Await(),
        ),
        associated_case(
            "frame.joined.echo-abort",
            "a C-ECHO request and an A-ABORT in one segment",
            STREAM,
            NEXT_PDU,
            Send("P-DATA-TF and A-ABORT", ECHO + octets.ABORT_USER, (AS_ECHO[0] + AS_ABORT[0],)),
            Await(),
        ),
        _case(
            "frame.joined.rq-abort",
            "an A-ASSOCIATE-RQ and an A-ABORT in one segment",
            STREAM,
            NEXT_PDU,
            Connect(),
            Send("A-ASSOCIATE-RQ and A-ABORT", RQ + octets.ABORT_USER, (as_request()[0] + AS_ABORT[0],)),
            Await(),
        ),
        _case(
            "frame.joined.rq-release",
            "an A-ASSOCIATE-RQ and an A-RELEASE-RQ in one segment",
            STREAM,
            NEXT_PDU,
            Connect(),
            Send("A-ASSOCIATE-RQ and A-RELEASE-RQ", RQ + RELEASE_RQ, (as_request()[0] + AS_RELEASE[0],)),
            Await(),
            *END,
        ),
        associated_case(
            "frame.joined.release-twice",
            "two A-RELEASE-RQ in one segment",
            STREAM,
            NEXT_PDU,
            Send("A-RELEASE-RQ twice", RELEASE_RQ * 2, (AS_RELEASE[0] * 2,)),
            Await(),
        ),
        associated_case(
            "frame.joined.tail",
            "a C-ECHO request with the first half of the next behind it",
            STREAM,
            NEXT_PDU,
            Send("P-DATA-TF and half of another", ECHO + ECHO[:40], AS_ECHO),
            Await(late=_HELD_BACK),
            Send("the other half", ECHO[40:], AS_ECHO),
            Await(),
        ),
        associated_case(
            "frame.joined.tail-release",
            "a C-ECHO request with half an A-RELEASE-RQ behind it",
            STREAM,
            NEXT_PDU,
            Send("P-DATA-TF and half an A-RELEASE-RQ", ECHO + RELEASE_RQ[:half], AS_ECHO),
            Await(late=_HELD_BACK),
            Send("the other half", RELEASE_RQ[half:], AS_RELEASE),
            Await(),
        ),
    )


# --- unknown types ----------------------------------------------------------------------------------------


def _unknown() -> tuple[Case, ...]:
    cases: list[Case] = []
    for number in (0x00, 0x08, 0xFF):
        for state, steps in (("sta2", CONNECTED), ("sta6", ASSOCIATED)):
            cases.append(
                _case(
                    f"frame.type.{number:02x}.{state}",
                    f"a PDU of type 0x{number:02X} in {state.capitalize()}",
                    INVALID,
                    "A PDU of unknown type is answered by an A-ABORT.",
                    *finish(
                        *steps,
                        Send(f"PDU of type 0x{number:02X}", pdu(number, bytes(4)), AS_INVALID),
                        Await(),
                    ),
                )
            )
    for name, what, sent in FOREIGN:
        cases.append(
            _case(
                f"frame.foreign.{name}",
                f"{what} instead of an A-ASSOCIATE-RQ",
                INVALID,
                FIRST_OCTET,
                Connect(),
                Send(what, sent, AS_INVALID),
                Await(),
                *END,
            )
        )
    return tuple(cases)


# --- lengths ----------------------------------------------------------------------------------------------


def or_waits(readings: tuple[Reading, ...], note: str) -> tuple[Reading, ...]:
    """The readings, and that the target waits for the octets that were announced, which never come.

    Where the length was not believed the octets behind the header may be read as PDUs.
    """
    garbling = tuple(tuple(replace(stimulus, garbles=True) for stimulus in reading) for reading in readings)
    return (*garbling, (Stimulus("none", grade=Grade.NON_STRICT, note=note, deafens=True),))


WAITS: Final = "waits for 4 GiB that a PDU header announces"


def _lengths() -> tuple[Case, ...]:
    answered = "A PDU with a length that it cannot have is invalid: an A-ABORT answers it, nothing is reserved for it."
    huge_rq = or_waits(AS_INVALID, WAITS)
    rows: tuple[tuple[str, str, tuple[Step, ...], bytes, tuple[Reading, ...]], ...] = (
        ("0.rq", "an A-ASSOCIATE-RQ of length 0", CONNECTED, pdu(0x01, b""), AS_INVALID),
        ("0.data", "a P-DATA-TF of length 0", ASSOCIATED, pdu(0x04, b""), (*AS_ODD_DATA, _IGNORED)),
        ("0.release", "an A-RELEASE-RQ of length 0", ASSOCIATED, pdu(0x05, b""), AS_ODD_RELEASE),
        ("3.release", "an A-RELEASE-RQ of length 3", ASSOCIATED, pdu(0x05, bytes(3)), AS_ODD_RELEASE),
        (
            "0.abort",
            "an A-ABORT of length 0",
            ASSOCIATED,
            pdu(0x07, b""),
            (
                *AS_INVALID,
                (Stimulus("Evt16", None, grade=Grade.NON_STRICT, note="took an invalid A-ABORT for one"),),
            ),
        ),
        (
            "huge.rq",
            "an A-ASSOCIATE-RQ of length 0xFFFFFFFF",
            CONNECTED,
            pdu(0x01, RQ[6:], length=HUGE),
            huge_rq,
        ),
        (
            "huge.data",
            "a P-DATA-TF of length 0xFFFFFFFF",
            ASSOCIATED,
            pdu(0x04, ECHO[6:], length=HUGE),
            or_waits(AS_ODD_DATA, WAITS),
        ),
        (
            "huge.release",
            "an A-RELEASE-RQ of length 0xFFFFFFFF",
            ASSOCIATED,
            pdu(0x05, bytes(4), length=HUGE),
            or_waits(AS_ODD_RELEASE, WAITS),
        ),
        (
            "huge.unknown",
            "a PDU of unknown type 0x2A and length 0xFFFFFFFF",
            ASSOCIATED,
            pdu(0x2A, bytes(8), length=HUGE),
            AS_INVALID,
        ),
    )
    return tuple(
        _case(
            f"frame.length.{name}",
            title,
            INVALID,
            answered,
            *steps,
            Send(title, sent, readings),
            Await(),
            *END,
        )
        for name, title, steps, sent, readings in rows
    )


_IGNORED: Final[Reading] = (
    Stimulus("none", grade=Grade.NON_STRICT, note="ignores a P-DATA-TF in which there is nothing"),
)


def _after_invalid() -> Case:
    return _case(
        "frame.after-invalid",
        "a flood of octets behind a PDU of unknown type",
        INVALID,
        "After a PDU that is none the stream cannot be trusted: what follows is not answered as if it were one.",
        *ASSOCIATED,
        Send("PDU of unknown type, then 64 KiB of 0xFF", octets.UNKNOWN_TYPE + b"\xff" * 65536, _AS_FLOOD),
        Await(),
        *END,
    )


# Every octet of the flood is one more PDU of unknown type for a target that reads on.
_AS_FLOOD: Final[tuple[Reading, ...]] = ((Stimulus("Evt19", deafens=True, garbles=True),),)


def _echo_after_split() -> Case:
    return associated_case(
        "frame.mixed",
        "C-ECHO requests split in every way, one behind the other",
        STREAM,
        ANY_SPLIT,
        *(
            step
            for size in (1, 2, 3, 5, 6, 7, 10, 12, 30)
            for step in (Send(f"P-DATA-TF in pieces of {size}", ECHO, AS_ECHO, (size, 0)), Await())
        ),
        echo_step(),
        Await(),
    )


CASES: Final[tuple[Case, ...]] = (
    *_splits(),
    *_pauses(),
    _echo_after_split(),
    *_joined(),
    *_unknown(),
    *_lengths(),
    _after_invalid(),
)
