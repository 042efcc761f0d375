"""The fields of an A-ASSOCIATE-AC, and the presentation contexts in it: PS3.8 2020, 9.3.2.2 and 9.3.3."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import EXPLICIT_LE, IMPLICIT_LE, VERIFICATION

from .. import octets
from ..case import AS_ECHO, Answer, Await, Case, Connect, Grade, Level, Send, as_request, reject
from ..evidence import Evidence
from ..generate import END, PROBE
from ..octets import APPLICATION, context, item, rq, uid, user_information
from . import checks, undecoded
from .build import ANY_REJECTION, PS38, echo_step, made, odd_request, request_case

CONTEXT_CLAUSE: Final = f"{PS38} 9.3.3.2, Table 9-18"
PROPOSED_CLAUSE: Final = f"{PS38} 9.3.2.2, Table 9-13"
# Names of the project's own, under the arc for UUIDs (PS3.5 2020 B.2): no device has them.
NO_SOP_CLASS: Final = "2.25.227061903147311306204913806208811740161"
NO_SYNTAX: Final = "2.25.227061903147311306204913806208811740162"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
MOST: Final = 128
# A request in which nothing can be served may also be turned down as a whole.
TURNED_DOWN: Final = reject(1, 1, 1, note="rejected as a whole, where no context can be served")


def _request(*contexts: bytes) -> bytes:
    return rq(APPLICATION, *contexts, user_information())


def _form() -> tuple[Case, ...]:
    sent = octets.RQ
    ac = f"{PS38} 9.3.3, Table 9-17"
    return (
        request_case(
            "ac.form",
            "the fields of the acceptance",
            sent,
            ac,
            "An acceptance has version bit 0, DICOM's application context, a maximum length and a class UID.",
            checks=(checks.AC_FORM, undecoded.NAMES_NOT_PADDED),
        ),
        request_case(
            "ac.repeats",
            "octets 11 to 74 of the acceptance",
            rq(reserved=bytes(2) + bytes(range(1, 33))),
            ac,
            "Octets 11 to 74 of an acceptance are those of the request, though nobody tests them.",
            checks=(checks.AC_REPEATS,),
        ),
        request_case(
            "ac.uninvited",
            "what is negotiated in the acceptance of a plain request",
            sent,
            f"{PS38} 9.3.3.3; PS3.7 2020 D.3.3",
            "An acceptance answers only what the request negotiates.",
            checks=(checks.UNINVITED, checks.NO_COMMON_EXTENDED),
        ),
        request_case(
            "ac.contexts",
            "the answers to one context",
            sent,
            CONTEXT_CLAUSE,
            "Each proposed context has one answer; an accepted one has a transfer syntax that was proposed.",
            checks=(
                checks.one_answer_each(1),
                checks.syntax_among(1, IMPLICIT_LE),
                undecoded.SYNTAXES_NOT_PADDED,
                undecoded.ONE_SYNTAX,
            ),
        ),
    )


def _unsupported() -> tuple[Case, ...]:
    return (
        request_case(
            "pc.abstract.unknown",
            "a second context with an abstract syntax that does not exist",
            _request(context(1), context(3, NO_SOP_CLASS)),
            CONTEXT_CLAUSE,
            "A context whose abstract syntax is not supported has result 3; the others are not touched.",
            checks=(
                checks.one_answer_each(1, 3),
                checks.is_accepted(1),
                checks.result_of(3, 3, right=(1, 2), accepted_is=Grade.NON_STRICT),
                undecoded.ONE_SYNTAX,
            ),
        ),
        request_case(
            "pc.transfer.unknown",
            "a second context with a transfer syntax that does not exist",
            _request(context(1), context(3, VERIFICATION, NO_SYNTAX)),
            CONTEXT_CLAUSE,
            "A context none of whose transfer syntaxes is supported has result 4; the others are not touched.",
            checks=(
                checks.one_answer_each(1, 3),
                checks.is_accepted(1),
                checks.syntax_among(3, NO_SYNTAX),
                checks.result_of(3, 4, right=(1, 2), accepted_is=Grade.NON_STRICT),
                undecoded.ONE_SYNTAX,
            ),
        ),
        request_case(
            "pc.abstract.none",
            "only an abstract syntax that does not exist",
            _request(context(1, NO_SOP_CLASS)),
            CONTEXT_CLAUSE,
            "An association may be accepted without any accepted context, or rejected.",
            answers=(Answer("Evt7"), TURNED_DOWN),
            checks=(
                checks.one_answer_each(1),
                checks.result_of(1, 3, right=(1, 2), accepted_is=Grade.NON_STRICT),
                undecoded.ONE_SYNTAX,
            ),
            echo=False,
        ),
    )


def _transfer_syntaxes() -> tuple[Case, ...]:
    return (
        request_case(
            "pc.transfer.later",
            "transfer syntaxes of which only the last is known",
            _request(context(1, VERIFICATION, NO_SYNTAX, IMPLICIT_LE)),
            CONTEXT_CLAUSE,
            "One of the proposed transfer syntaxes that the target supports is chosen.",
            checks=(checks.is_accepted(1), checks.syntax_among(1, NO_SYNTAX, IMPLICIT_LE)),
        ),
        request_case(
            "pc.transfer.three",
            "three transfer syntaxes",
            _request(context(1, VERIFICATION, EXPLICIT_LE, BIG_ENDIAN, IMPLICIT_LE)),
            CONTEXT_CLAUSE,
            "An accepted context names one of the proposed transfer syntaxes.",
            checks=(checks.is_accepted(1), checks.syntax_among(1, EXPLICIT_LE, BIG_ENDIAN, IMPLICIT_LE)),
        ),
        request_case(
            "pc.transfer.twice",
            "the same transfer syntax twice",
            _request(context(1, VERIFICATION, IMPLICIT_LE, IMPLICIT_LE)),
            PROPOSED_CLAUSE,
            "A transfer syntax that is proposed twice is no reason to refuse.",
            level=Level.SHOULD,
            checks=(checks.one_answer_each(1), checks.syntax_among(1, IMPLICIT_LE)),
        ),
    )


def _ids() -> tuple[Case, ...]:
    every = tuple(range(1, 256, 2))
    return (
        request_case(
            "pc.ids.order",
            "context ids in falling order",
            _request(context(5), context(3), context(1)),
            PROPOSED_CLAUSE,
            "Contexts come in any order of their ids, and each is answered.",
            checks=(checks.one_answer_each(1, 3, 5), checks.is_accepted(1, 3, 5)),
        ),
        request_case(
            "pc.ids.255",
            "context id 255",
            _request(context(1), context(255)),
            PROPOSED_CLAUSE,
            "Context ids are odd, from 1 to 255.",
            checks=(checks.one_answer_each(1, 255), checks.is_accepted(1, 255)),
        ),
        request_case(
            "pc.ids.all",
            f"all {MOST} contexts that ids allow",
            _request(*(context(number) for number in every)),
            PROPOSED_CLAUSE,
            f"A request may hold {MOST} contexts, and each is answered.",
            checks=(checks.one_answer_each(*every),),
        ),
        request_case(
            "pc.ids.even",
            "an even context id beside an odd one",
            _request(context(1), context(2)),
            PROPOSED_CLAUSE,
            "A context with an even id is not accepted, whatever becomes of the request.",
            readings=odd_request(Grade.PASS, ""),
            echo=False,
            checks=(checks.not_accepted(2, "its id is even"),),
        ),
        request_case(
            "pc.ids.twice",
            "the same context id twice",
            _request(context(1), context(1, VERIFICATION, EXPLICIT_LE)),
            PROPOSED_CLAUSE,
            "A context id is used once in a request; what uses it twice is rejected or aborted.",
            readings=odd_request(Grade.NON_STRICT, "accepted a request in which two contexts have one id"),
            echo=False,
        ),
    )


def _malformed() -> tuple[Case, ...]:
    return (
        request_case(
            "pc.empty",
            "a context without any transfer syntax",
            _request(context(1), item(0x20, b"\x03\0\0\0" + uid(0x30, VERIFICATION))),
            f"{PROPOSED_CLAUSE}; {PS38} Table 9-10, Evt19",
            "A context without a transfer syntax is invalid.",
            readings=odd_request(Grade.PASS, ""),
            echo=False,
            checks=(checks.not_accepted(3, "it names no transfer syntax"),),
        ),
        request_case(
            "pc.two-abstract",
            "a context with two abstract syntaxes",
            _request(context(1), item(0x20, b"\x03\0\0\0" + uid(0x30, VERIFICATION) + context(3)[8:])),
            f"{PROPOSED_CLAUSE}; {PS38} Table 9-10, Evt19",
            "A context with two abstract syntaxes is invalid.",
            readings=odd_request(Grade.PASS, ""),
            echo=False,
            level=Level.MAY,
        ),
        request_case(
            "pc.uid.padded",
            "UIDs padded with NUL to an even length",
            rq(
                uid(0x10, "1.2.840.10008.3.1.1.1\0"),
                item(0x20, b"\x01\0\0\0" + uid(0x30, VERIFICATION + "\0") + uid(0x40, IMPLICIT_LE + "\0")),
                user_information(),
            ),
            f"{PS38} Annex F",
            "UIDs are sent without padding; that a receiver minds padding is not called for.",
            answers=(Answer("Evt7"), ANY_REJECTION),
            level=Level.MAY,
            echo=False,
        ),
    )


def _second_echo(evidence: Evidence) -> bytes | str:
    answer = evidence.context(3)
    if answer is None or answer.result != 0:
        return "the target does not accept a second context for Verification"
    return octets.echo(3)


def _second_context() -> Case:
    sent = _request(context(1), context(3, VERIFICATION, EXPLICIT_LE, IMPLICIT_LE))
    return Case(
        "pc.second",
        "data on the second of two contexts",
        f"{CONTEXT_CLAUSE}; {PS38} Annex E",
        "Two contexts may have the same abstract syntax; an answer comes on the context of its request.",
        (
            Connect(),
            Send("A-ASSOCIATE-RQ: two contexts for Verification", sent, as_request()),
            Await(),
            made("P-DATA-TF: C-ECHO request on context 3", _second_echo, AS_ECHO),
            Await(quiet=True),
            *END,
        ),
        checks=(
            checks.one_answer_each(1, 3),
            checks.is_accepted(1),
            checks.echo_response(3, octets.MESSAGE_ID),
        ),
        kind="pc.second",
    )


def _rejected_then_echo() -> Case:
    sent = _request(context(1), context(3, NO_SOP_CLASS))
    return Case(
        "pc.beside-rejected",
        "data on an accepted context beside a rejected one",
        CONTEXT_CLAUSE,
        "A rejected context does not keep the accepted one from being used.",
        (
            Connect(),
            Send("A-ASSOCIATE-RQ: one known context, one unknown", sent, as_request()),
            Await(),
            echo_step(),
            Await(),
            *PROBE,
            *END,
        ),
        checks=(checks.echo_response(1, octets.MESSAGE_ID, octets.MESSAGE_ID),),
        kind="pc.beside-rejected",
    )


CASES: Final[tuple[Case, ...]] = (
    *_form(),
    *_unsupported(),
    *_transfer_syntaxes(),
    *_ids(),
    *_malformed(),
    _second_context(),
    _rejected_then_echo(),
)
