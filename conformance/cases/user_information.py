"""User information: PS3.8 2020, Annex D, and PS3.7 2020, D.3.3."""

from __future__ import annotations

import struct
from typing import Final

from dicomnet.statemachine import VERIFICATION

from .. import octets
from ..case import AS_ECHO, Answer, Await, Case, Connect, Grade, Level, Send, Stimulus, as_request, reject
from ..evidence import Evidence
from ..generate import END, PROBE
from ..octets import APPLICATION, context, item, rq, user_information
from . import checks
from .build import PS37, PS38, echo_step, made, odd_request, request_case

LENGTH_CLAUSE: Final = f"{PS38} D.1"
# What the longest C-ECHO response needs is about 84 octets; with 32 it must come in several PDUs.
SMALL: Final = 32
# The least that holds a PDV with a fragment of two octets.
LEAST: Final = 8
LONGEST: Final = 0xFFFFFFFF


def _request(*subs: bytes, longest: int = 16384) -> bytes:
    return rq(APPLICATION, context(1), user_information(*subs, longest=longest))


def _uid_field(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def _kept(case_id: str, maximum: int, title: str, *, level: Level = Level.MUST) -> Case:
    """The target keeps the tester's maximum length, whatever it is."""
    steps = (
        Connect(),
        Send(f"A-ASSOCIATE-RQ: {title}", _request(longest=maximum), as_request()),
        Await(),
        echo_step(),
        Await(quiet=True),
        *END,
    )
    return Case(
        case_id,
        title,
        f"{LENGTH_CLAUSE}; {PS37} D.3.3.1",
        "The PDU length of every P-DATA-TF stays within the maximum length that its receiver stated; 0 is no limit.",
        steps,
        level=level,
        checks=(
            checks.data_within(maximum),
            checks.echo_response(1, octets.MESSAGE_ID),
            checks.EVEN_FRAGMENTS,
        ),
        kind=case_id,
    )


def _too_long(evidence: Evidence) -> bytes | str:
    accepted = evidence.accepted()
    maximum = 0 if accepted is None else accepted.user_information.max_length or 0
    if not maximum:
        return "the target announces no limit"
    if maximum > 1 << 20:
        return f"the target announces {maximum} octets, more than the tester sends at once"
    # A data set fragment that is never complete: only its length is wrong for sure.
    fragment = bytes((maximum & ~1) - 4)
    return octets.pdu(0x04, octets.raw_pdv(1, 0x01, fragment))


# Too long is a protocol error by D.1, but no event is named for it: Evt19 is our reading, an abort of the user is as
# good, and a target that takes what it said it would not take harms nobody but itself.
AS_TOO_LONG: Final = (
    (Stimulus("Evt19", deafens=True, garbles=True),),
    (
        Stimulus(
            "Evt10",
            None,
            (Answer("Evt15"), Answer("Evt9", Grade.NON_STRICT)),
            optional=True,
            grade=Grade.NON_STRICT,
            note="took a P-DATA-TF that is longer than its own maximum length",
            deafens=True,
            garbles=True,
        ),
    ),
)


def _lengths() -> tuple[Case, ...]:
    return (
        _kept("len.zero", 0, "maximum length 0, which is no limit"),
        _kept("len.small", SMALL, f"maximum length {SMALL}: a C-ECHO response in several PDUs"),
        _kept("len.least", LEAST, f"maximum length {LEAST}: two octets in each PDU", level=Level.SHOULD),
        _kept("len.odd", SMALL + 1, f"maximum length {SMALL + 1}, an odd number"),
        _kept("len.huge", LONGEST, "maximum length 0xFFFFFFFF"),
        _kept("len.signed", 0x80000000, "maximum length 0x80000000"),
        Case(
            "len.exceeded",
            "a P-DATA-TF that is longer than the target's maximum length",
            f"{LENGTH_CLAUSE}; {PS38} Table 9-10, Evt19",
            "A P-DATA-TF that is longer than what was stated is a protocol error.",
            (
                Connect(),
                Send("A-ASSOCIATE-RQ", octets.RQ, as_request(), prefix=True),
                Await(prefix=True),
                made("P-DATA-TF: longer than the target's maximum length", _too_long, AS_TOO_LONG),
                Await(quiet=True),
                *END,
            ),
            kind="len.exceeded",
        ),
        request_case(
            "len.missing",
            "no maximum length sub-item",
            rq(APPLICATION, context(1), item(0x50, octets.CLASS_UID)),
            f"{LENGTH_CLAUSE}, Table D.1-1",
            "A request holds a maximum length; one without it is the requestor's fault.",
            readings=odd_request(Grade.PASS, ""),
            echo=False,
            level=Level.MAY,
        ),
    )


WINDOW: Final = item(0x53, struct.pack(">HH", 4, 4))
WINDOW_OPEN: Final = item(0x53, struct.pack(">HH", 0, 0))
IDENTITY: Final = b"\x01%c" + struct.pack(">H", 6) + b"tester" + b"\0\0"


def _roles(scu: int, scp: int) -> bytes:
    return item(0x54, _uid_field(VERIFICATION) + bytes((scu, scp)))


def _identity(*, asked: bool) -> bytes:
    return item(0x58, IDENTITY % (1 if asked else 0))


_WITHIN: Final = "An acceptance narrows what was proposed, and never widens it."
_REFUSED: Final = reject(
    1, 2, 1, Grade.INFORMATIONAL, "the target does not take this user (PS3.7 2020 D.3.3.7.3)"
)


def _negotiations() -> tuple[Case, ...]:
    return (
        request_case(
            "ui.window",
            "an asynchronous operations window of 4/4",
            _request(WINDOW),
            f"{PS37} D.3.3.3",
            _WITHIN,
            checks=(checks.window_within(4, 4),),
        ),
        request_case(
            "ui.window.open",
            "an asynchronous operations window without limits (0/0)",
            _request(WINDOW_OPEN),
            f"{PS37} D.3.3.3",
            "A window of 0/0 is no limit, and no reason to refuse.",
        ),
        *(
            request_case(
                f"ui.role.{scu}{scp}",
                f"role selection for Verification: SCU {scu}, SCP {scp}",
                _request(_roles(scu, scp)),
                f"{PS37} D.3.3.4",
                _WITHIN,
                checks=(checks.roles_within(VERIFICATION, scu, scp),),
            )
            for scu, scp in ((1, 0), (1, 1))
        ),
    )


def _other_negotiations() -> tuple[Case, ...]:
    return (
        request_case(
            "ui.extended",
            "a SOP class extended negotiation",
            _request(item(0x56, _uid_field(VERIFICATION) + b"\x01\x00")),
            f"{PS37} D.3.3.5",
            "A negotiation that the target does not take part in is ignored.",
        ),
        request_case(
            "ui.common-extended",
            "a SOP class common extended negotiation",
            _request(item(0x57, _uid_field(VERIFICATION) + _uid_field(VERIFICATION) + b"\0\0")),
            f"{PS37} D.3.3.6",
            "A common extended negotiation is for requests only; it is never in an acceptance.",
            checks=(checks.NO_COMMON_EXTENDED,),
        ),
        request_case(
            "ui.identity",
            "a user identity, no response asked for",
            _request(_identity(asked=False)),
            f"{PS37} D.3.3.7",
            "A user identity response is sent only where it was asked for.",
            answers=(Answer("Evt7"), _REFUSED),
            checks=(checks.UNINVITED,),
        ),
        request_case(
            "ui.identity.asked",
            "a user identity, response asked for",
            _request(_identity(asked=True)),
            f"{PS37} D.3.3.7",
            "A target that does not know user identities may leave the response out, and accepts.",
            answers=(Answer("Evt7"), _REFUSED),
        ),
        request_case(
            "ui.version-name.none",
            "no implementation version name",
            rq(APPLICATION, context(1), item(0x50, octets.max_length(16384) + octets.CLASS_UID)),
            f"{PS37} D.3.3.2.2",
            "The implementation version name may be left out.",
        ),
        request_case(
            "ui.class.missing",
            "no implementation class UID",
            rq(APPLICATION, context(1), item(0x50, octets.max_length(16384))),
            f"{PS37} D.3.3.2.1",
            "A request holds an implementation class UID; one without it is the requestor's fault.",
            readings=odd_request(Grade.PASS, ""),
            echo=False,
            level=Level.MAY,
        ),
        request_case(
            "ui.all",
            "everything that can be negotiated, at once",
            _request(octets.VERSION_NAME, WINDOW, _roles(1, 0), _identity(asked=False)),
            f"{PS37} D.3.3",
            _WITHIN,
            answers=(Answer("Evt7"), _REFUSED),
            checks=(checks.window_within(4, 4), checks.roles_within(VERIFICATION, 1, 0)),
        ),
    )


def _pipelined() -> Case:
    def two(evidence: Evidence) -> bytes | str:
        accepted = evidence.accepted()
        window = None if accepted is None else accepted.user_information.async_window
        if window is None or window[1] == 1:
            return "the target takes one operation at a time"
        return octets.echo(message_id=21) + octets.echo(message_id=22)

    readings = (AS_ECHO[0] * 2,)
    return Case(
        "ui.window.used",
        "two C-ECHO requests at once, within the negotiated window",
        f"{PS37} D.3.3.3",
        "Where more than one operation at a time was negotiated each is answered.",
        (
            Connect(),
            Send("A-ASSOCIATE-RQ: window 4/4", _request(WINDOW), as_request(), prefix=True),
            Await(prefix=True),
            made("P-DATA-TF twice: two C-ECHO requests", two, readings),
            Await(quiet=True),
            *PROBE,
            *END,
        ),
        kind="ui.window.used",
    )


CASES: Final[tuple[Case, ...]] = (*_lengths(), *_negotiations(), *_other_negotiations(), _pipelined())
