"""Data transfer: PS3.8 2020, 9.3.5 and Annex E; C-ECHO: PS3.7 2020, 9.1.5 and 9.3.5."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import EXPLICIT_LE, PDV, VERIFICATION

from .. import octets
from ..case import (
    AS_ECHO,
    AS_FORBIDDEN,
    AS_ODD_DATA,
    DATA_ANSWER,
    Answer,
    Await,
    Case,
    Connect,
    Grade,
    Level,
    Reading,
    Send,
    Stimulus,
    as_request,
)
from ..evidence import Evidence
from ..generate import ASSOCIATED, END
from ..octets import data, echo_command, pdu, raw_pdv
from . import checks
from .build import PS37, PS38, associated_case, echo_step, made

PDV_CLAUSE: Final = f"{PS38} 9.3.5.1, Table 9-23"
FRAGMENT_CLAUSE: Final = f"{PS38} Annex E"
INVALID_CLAUSE: Final = f"{PS38} Table 9-10, Evt19; {PDV_CLAUSE}"
COMMAND: Final = echo_command()
CUT: Final = 30
LAST_COMMAND, FIRST_COMMAND, LAST_DATA = 0x03, 0x01, 0x02
PUT_TOGETHER: Final = (
    "A message is one or more fragments, in one PDU or in several; the target puts them together."
)
_ANSWERED: Final = (checks.echo_response(1, octets.MESSAGE_ID, octets.MESSAGE_ID),)


def _fragment(start: int, stop: int | None = None) -> PDV:
    return _part(1, COMMAND, start, stop)


def _part(number: int, command: bytes, start: int, stop: int | None = None) -> PDV:
    return PDV(number, True, stop is None, command[start:stop])


def fragmented(number: int, command: bytes) -> tuple[tuple[str, str, bytes, Level], ...]:
    """A command in every way in which it may be cut: name, title, octets, and how binding it is to understand it."""
    first, second = _part(number, command, 0, CUT), _part(number, command, CUT)
    many = b"".join(
        data(_part(number, command, start, start + 2 if start + 2 < len(command) else None))
        for start in range(0, len(command), 2)
    )
    return (
        ("two-pdvs", "a command in two PDVs of one P-DATA-TF", data(first, second), Level.MUST),
        ("two-pdus", "a command in two P-DATA-TF", data(first) + data(second), Level.MUST),
        (
            "many-pdus",
            "a command in fragments of two octets, each in a P-DATA-TF of its own",
            many,
            Level.MUST,
        ),
        (
            "empty",
            "a command with an empty fragment before it",
            pdu(0x04, raw_pdv(number, FIRST_COMMAND, b"") + raw_pdv(number, LAST_COMMAND, command)),
            Level.SHOULD,
        ),
        (
            "empty-last",
            "a command whose last fragment is empty",
            pdu(0x04, raw_pdv(number, FIRST_COMMAND, command))
            + pdu(0x04, raw_pdv(number, LAST_COMMAND, b"")),
            Level.SHOULD,
        ),
        (
            "control-bits",
            "a message control header whose bits 2 to 7 are set",
            pdu(0x04, raw_pdv(number, 0xFC | LAST_COMMAND, command)),
            Level.MUST,
        ),
        (
            "reserved",
            "a P-DATA-TF whose reserved octet is 0xFF",
            pdu(0x04, raw_pdv(number, LAST_COMMAND, command), reserved=0xFF),
            Level.MUST,
        ),
    )


def _fragments() -> tuple[Case, ...]:
    return tuple(
        associated_case(
            f"data.{name}",
            title,
            f"{PS38} E.2" if name == "control-bits" else FRAGMENT_CLAUSE,
            PUT_TOGETHER,
            echo_step(title, sent),
            Await(),
            level=level,
            checks=_ANSWERED,
        )
        for name, title, sent, level in fragmented(1, COMMAND)
    )


# --- data that may not be sent ----------------------------------------------------------------------------

# The same where an answer is no more than lenient.
AS_CLUMSY: Final[tuple[Reading, ...]] = (
    *AS_FORBIDDEN,
    (Stimulus("Evt10", None, (Answer("Evt9", Grade.NON_STRICT, "answers what may not be sent"),)),),
)


def _forbidden() -> tuple[Case, ...]:
    rows: tuple[tuple[str, str, bytes, str, tuple[Reading, ...], Level], ...] = (
        (
            "unknown-context",
            "a C-ECHO request on a context that was not proposed",
            octets.echo(5),
            "Data on a context that was not accepted is not answered.",
            AS_FORBIDDEN,
            Level.MUST,
        ),
        (
            "context-0",
            "a C-ECHO request on context 0",
            pdu(0x04, raw_pdv(0, LAST_COMMAND, COMMAND)),
            "Data on a context that was not accepted is not answered.",
            AS_FORBIDDEN,
            Level.MUST,
        ),
        (
            "data-set",
            "a data set where a command is due",
            pdu(0x04, raw_pdv(1, LAST_DATA, bytes(8))),
            "A data set without a command before it is not answered.",
            AS_FORBIDDEN,
            Level.MUST,
        ),
        (
            "garbage",
            "a command that is no command set",
            pdu(0x04, raw_pdv(1, LAST_COMMAND, b"\xff" * 20)),
            "A command that cannot be read is not answered as if it were one.",
            AS_CLUMSY,
            Level.MAY,
        ),
        (
            "odd",
            "a command in a fragment with an odd number of octets",
            pdu(0x04, raw_pdv(1, FIRST_COMMAND, COMMAND[:31]))
            + pdu(0x04, raw_pdv(1, LAST_COMMAND, COMMAND[31:])),
            "Fragments have an even number of octets; what a receiver makes of others is not said.",
            (*AS_CLUMSY, *AS_ECHO),
            Level.MAY,
        ),
    )
    # What becomes of the state behind the user's abort is for ul.sta6.evt15 to say.
    return tuple(
        Case(
            f"data.{name}",
            title,
            PDV_CLAUSE,
            requirement,
            (*ASSOCIATED, Send(title, sent, readings), Await(quiet=True, patient=True), *END),
            level=level,
            kind=f"data.{name}",
        )
        for name, title, sent, requirement, readings, level in rows
    )


EXACT_PDVS: Final = "A P-DATA-TF whose PDVs do not fill it exactly is invalid and is answered by an A-ABORT."


def inexact_pdvs(number: int, command: bytes) -> tuple[tuple[str, str, bytes], ...]:
    """P-DATA-TF PDUs of this command that their PDVs do not fill exactly: name, title, octets."""
    good = raw_pdv(number, LAST_COMMAND, command)
    return (
        ("pdv-0", "a PDV of length 0", pdu(0x04, b"\0\0\0\0")),
        (
            "pdv-overrun",
            "a PDV that runs past the end of its PDU",
            pdu(0x04, raw_pdv(number, 3, command, 4096)),
        ),
        ("pdv-huge", "a PDV of length 0xFFFFFFFF", pdu(0x04, raw_pdv(number, 3, command, 0xFFFFFFFF))),
        ("pdv-tail", "three octets behind the last PDV", pdu(0x04, good + b"\0\0\0")),
    )


def _invalid() -> tuple[Case, ...]:
    return tuple(
        associated_case(
            f"data.{name}",
            title,
            INVALID_CLAUSE,
            EXACT_PDVS,
            Send(title, sent, (*AS_ODD_DATA, *(_LENIENT if name == "pdv-tail" else ()))),
            Await(),
        )
        for name, title, sent in inexact_pdvs(1, COMMAND)
    )


_LENIENT: Final[tuple[Reading, ...]] = (
    (
        Stimulus(
            "Evt10", None, (DATA_ANSWER,), grade=Grade.NON_STRICT, note="ignores octets behind the last PDV"
        ),
    ),
)


# --- C-ECHO -----------------------------------------------------------------------------------------------

ECHO_CLAUSE: Final = f"{PS37} 9.1.5; {PS37} 9.3.5.2, Table 9.3-13"
TEN: Final = 10


def _echoes() -> tuple[Case, ...]:
    ids = (0x0000, 0x0100, 0x1234, 0xFFFF)
    return (
        associated_case(
            "echo.response",
            "the answer to a C-ECHO request",
            ECHO_CLAUSE,
            "A C-ECHO request has one response: same Message ID, status success, on its own context.",
            checks=(
                checks.echo_response(1, octets.MESSAGE_ID),
                checks.EVEN_FRAGMENTS,
                checks.data_within(16384),
            ),
        ),
        *(
            associated_case(
                f"echo.message-id.{number:04x}",
                f"Message ID 0x{number:04X}",
                ECHO_CLAUSE,
                "The response names the Message ID of its request, all 16 bits of it.",
                echo_step(f"C-ECHO request, Message ID 0x{number:04X}", octets.echo(message_id=number)),
                Await(),
                checks=(checks.echo_response(1, number, octets.MESSAGE_ID),),
            )
            for number in ids
        ),
        associated_case(
            "echo.ten",
            f"{TEN} C-ECHO requests one after the other",
            ECHO_CLAUSE,
            "Every C-ECHO request of an association is answered.",
            *(
                step
                for number in range(1, TEN + 1)
                for step in (echo_step(f"C-ECHO request {number}", octets.echo(message_id=number)), Await())
            ),
            checks=(checks.echo_response(1, *range(1, TEN + 1), octets.MESSAGE_ID),),
        ),
        _explicit(),
    )


def _on_explicit(evidence: Evidence) -> bytes | str:
    answer = evidence.context(3)
    if answer is None or answer.result != 0:
        return "the target does not accept a context with explicit VR little endian alone"
    return octets.echo(3)


def _explicit() -> Case:
    sent = octets.rq(
        octets.APPLICATION,
        octets.context(1),
        octets.context(3, VERIFICATION, EXPLICIT_LE),
        octets.user_information(),
    )
    return Case(
        "echo.explicit",
        "a C-ECHO request on a context with explicit VR little endian alone",
        f"{PS37} 6.3.1; {ECHO_CLAUSE}",
        "A command set has implicit VR little endian, whatever the transfer syntax of its context.",
        (
            Connect(),
            Send("A-ASSOCIATE-RQ: one context more, with explicit VR little endian", sent, as_request()),
            Await(),
            made("P-DATA-TF: C-ECHO request on context 3", _on_explicit, AS_ECHO),
            Await(quiet=True),
            *END,
        ),
        checks=(checks.IMPLICIT_COMMANDS, checks.echo_response(3, octets.MESSAGE_ID)),
        kind="echo.explicit",
    )


UNFINISHED: Final = Send(
    "P-DATA-TF: the first fragment of a command", data(_fragment(0, CUT)), ((Stimulus("Evt10"),),)
)

CASES: Final[tuple[Case, ...]] = (*_fragments(), *_forbidden(), *_invalid(), *_echoes())
