"""What answers the message of a requestor: PS3.8 2020, 9.3.5 and Annex E; PS3.7 2020, 6.3.1 and Annex C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from dicomnet.statemachine import PDV

from ..case import (
    AS_LENIENT_DATA,
    AS_MALFORMED,
    Await,
    AwaitUser,
    Case,
    Check,
    Level,
    Reading,
    Send,
    Stimulus,
)
from ..conversation import Asked
from ..octets import data, echo_command, pdu, raw_pdv
from ..requestor import AS_DATA
from . import requestor_checks as checks
from .build import PS37, PS38
from .data import (
    CUT,
    EXACT_PDVS,
    FIRST_COMMAND,
    FRAGMENT_CLAUSE,
    INVALID_CLAUSE,
    LAST_COMMAND,
    PDV_CLAUSE,
    PUT_TOGETHER,
    inexact_pdvs,
)
from .data import fragmented as in_fragments
from .requestor_build import ASKED, END, FREE, REPLY, SERVED, of_message, requestor_case

_DATA: Final = checks.within(16384)
STATUS_CLAUSE: Final = f"{PS37} Annex C"
ID_CLAUSE: Final = f"{PS37} 9.3, E.1"
Make = Callable[[Asked], bytes]

AS_ILL_DATA: Final[tuple[Reading, ...]] = (*AS_MALFORMED, AS_LENIENT_DATA)
# Nobody has to have an opinion on a response that fits nothing; what may not be is that it is taken for an answer.
AS_STRANGE: Final[tuple[Reading, ...]] = (*AS_DATA, *AS_MALFORMED)


def _whole(asked: Asked, *, status: int = 0, more_id: int = 0, number: int | None = None) -> bytes:
    command = asked.command(status=status, more_id=more_id)
    return pdu(0x04, raw_pdv(asked.context_id if number is None else number, LAST_COMMAND, command))


def answer_case(
    name: str,
    title: str,
    clause: str,
    requirement: str,
    make: Make,
    *,
    readings: tuple[Reading, ...] = AS_DATA,
    user: AwaitUser = FREE,
    level: Level = Level.MUST,
    more: tuple[Check, ...] = (),
) -> Case:
    """A case whose point is what answers the first message of the target's user."""
    return requestor_case(
        name,
        title,
        clause,
        requirement,
        *ASKED,
        Send(f"P-DATA-TF: {title}", b"", readings, made=of_message(make)),
        Await(),
        user,
        *REPLY,
        *END,
        level=level,
        checks=(*_DATA, *more),
    )


UNFINISHED: Final = Send(
    "P-DATA-TF: the first fragment of a response",
    b"",
    ((Stimulus("Evt10"),),),
    made=of_message(lambda asked: data(PDV(asked.context_id, True, False, asked.command()[:CUT]))),
)


# --- the response in fragments ----------------------------------------------------------------------------


def _fragments() -> tuple[Case, ...]:
    def piece(position: int) -> Make:
        return lambda asked: in_fragments(asked.context_id, asked.command())[position][2]

    sample = in_fragments(1, Asked(1, 0x0030, 1, None).command())
    return tuple(
        answer_case(
            f"data.{name}",
            f"the response: {title}",
            f"{PS38} E.2" if name == "control-bits" else FRAGMENT_CLAUSE,
            PUT_TOGETHER,
            piece(position),
            user=SERVED,
            level=level,
        )
        for position, (name, title, _, level) in enumerate(sample)
    )


def _inexact() -> tuple[Case, ...]:
    def piece(position: int) -> Make:
        return lambda asked: inexact_pdvs(asked.context_id, asked.command())[position][2]

    return tuple(
        answer_case(
            f"data.{name}",
            f"the response: {title}",
            INVALID_CLAUSE,
            EXACT_PDVS,
            piece(position),
            readings=AS_ILL_DATA,
        )
        for position, (name, title, _) in enumerate(inexact_pdvs(1, b""))
    )


# --- statuses, ids, contexts ------------------------------------------------------------------------------


def _with_status(status: int) -> Make:
    return lambda asked: _whole(asked, status=status)


def _on_context(number: int) -> Make:
    return lambda asked: _whole(asked, number=number)


def _statuses() -> tuple[Case, ...]:
    rows = (
        (0x0110, "processing failure"),
        (0x0122, "SOP class not supported"),
        (0x0211, "unrecognised operation"),
        (0xA700, "out of resources"),
        (0xC000, "cannot understand"),
        (0xFE00, "cancelled"),
        (0xB000, "warning"),
        (0x1234, "a status that nobody knows"),
    )
    return tuple(
        answer_case(
            f"status.{status:04x}",
            f"a response with status 0x{status:04X} ({what})",
            STATUS_CLAUSE,
            "A status ends an operation and not the association: the user goes on, releases or aborts.",
            _with_status(status),
        )
        for status, what in rows
    )


def _other_odd(asked: Asked) -> bytes:
    # Whether it was proposed or not: the message was sent on another one.
    return _whole(asked, number=(asked.context_id + 100) % 256 | 1)


def _interleaved(asked: Asked) -> bytes:
    command = asked.command()
    other = (asked.context_id + 100) % 256 | 1
    mine, end = asked.context_id, command[CUT:]
    pdvs = (
        raw_pdv(mine, FIRST_COMMAND, command[:CUT]),
        raw_pdv(other, FIRST_COMMAND, command[:CUT]),
        raw_pdv(mine, LAST_COMMAND, end),
    )
    return pdu(0x04, b"".join(pdvs))


def _with_data_set(asked: Asked) -> bytes:
    return _whole(asked) + data(PDV(asked.context_id, False, True, bytes(8)))


def _data_set_first(asked: Asked) -> bytes:
    return data(PDV(asked.context_id, False, True, bytes(8))) + _whole(asked)


# Here the user may have asked for the release when the rest comes.
AFTER_ANSWER: Final = ("response.twice", "response.data-set")
RELEASING_TAKES_DATA: Final = ("Sta7", "Evt10")


Row = tuple[str, str, str, str, Make]
"""Name, title, clause, requirement, and what is sent."""


def _strange(rows: tuple[Row, ...]) -> tuple[Case, ...]:
    return tuple(
        replace(
            answer_case(name, title, clause, requirement, make, readings=AS_STRANGE),
            rests_on=RELEASING_TAKES_DATA if name in AFTER_ANSWER else None,
        )
        for name, title, clause, requirement, make in rows
    )


def _misplaced() -> tuple[Case, ...]:
    nobody = "A response names the message that it answers, and comes on its context; what does not, answers nothing."
    rows: tuple[Row, ...] = (
        (
            "response.other-id",
            "a response to another message",
            ID_CLAUSE,
            nobody,
            lambda asked: _whole(asked, more_id=1),
        ),
        ("response.other-context", "a response on another context", PDV_CLAUSE, nobody, _other_odd),
        ("response.context-2", "a response on context 2", PDV_CLAUSE, nobody, _on_context(2)),
        ("response.context-0", "a response on context 0", PDV_CLAUSE, nobody, _on_context(0)),
        (
            "response.twice",
            "the response twice",
            ID_CLAUSE,
            "A message has one response, unless it says that more are to come.",
            lambda asked: 2 * _whole(asked),
        ),
        (
            "response.request",
            "a request of the same kind instead of a response",
            f"{PS37} 9.3.5.1",
            "A request to a requestor whose role is none to serve it is no response.",
            lambda asked: data(PDV(asked.context_id, True, True, echo_command())),
        ),
    )
    return _strange(rows)


def _garbled() -> tuple[Case, ...]:
    garbled = "A response is a whole command set; what does not begin as one is none."
    rows: tuple[Row, ...] = (
        (
            "response.garbage",
            "octets instead of a command set",
            f"{PS37} 6.3.1",
            garbled,
            lambda asked: data(PDV(asked.context_id, True, True, b"\xff" * 40)),
        ),
        (
            "response.cut",
            "a command set that is marked as whole before it is",
            f"{PS37} 6.3.1",
            garbled,
            lambda asked: data(PDV(asked.context_id, True, True, asked.command()[:CUT])),
        ),
        (
            "response.empty",
            "an empty command set",
            f"{PS37} 6.3.1",
            garbled,
            lambda asked: pdu(0x04, raw_pdv(asked.context_id, LAST_COMMAND, b"")),
        ),
        (
            "response.data-set",
            "a data set behind a response that announces none",
            FRAGMENT_CLAUSE,
            "A data set comes where the command before it announces one.",
            _with_data_set,
        ),
        (
            "response.data-set.first",
            "a data set before the response",
            FRAGMENT_CLAUSE,
            "The fragments of a message begin with its command.",
            _data_set_first,
        ),
        (
            "response.interleaved",
            "a fragment on another context in the middle of the response",
            FRAGMENT_CLAUSE,
            "The fragments of a message follow each other, all on one context.",
            _interleaved,
        ),
    )
    return _strange(rows)


CASES: Final[tuple[Case, ...]] = (*_fragments(), *_inexact(), *_statuses(), *_misplaced(), *_garbled())
