"""The judgements of the oracle, one by one: what explains what was seen, and how well."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dicomnet.conformance import Answer, Grade, Oracle, Send, Stimulus, all_cases
from dicomnet.statemachine import (
    PDV,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AReleaseRP,
    CEchoRSP,
    PDataTF,
    Pdu,
    Request,
    encode_command,
)
from dicomnet.transports import Policy, echo_request, negotiate

REQUEST = echo_request("SCP", "SCU")
AC = negotiate(REQUEST, Policy())
RESPONSE = encode_command(CEchoRSP(1))
ECHOED = PDataTF((PDV(1, True, True, RESPONSE),))
RJ_BUSY = AAssociateRJ(2, 3, 2)

RQ = Stimulus("Evt6", Request(REQUEST, None), (Answer("Evt7"),))
ECHO = Stimulus("Evt10", None, (Answer("Evt9"),))
RELEASE = Stimulus("Evt12", None, (Answer("Evt14"),))
INVALID = Stimulus("Evt19", deafens=True, garbles=True)
EARLY = "the target closed as soon as the association was over"


def oracle(*sent: Stimulus, seen: tuple[Pdu, ...] = ()) -> Oracle:
    """After these PDUs were sent, one after the other, and these came back."""
    made = Oracle()
    made.connected()
    for stimulus in sent:
        made.sent(((stimulus,),))
    for pdu in seen:
        assert made.saw(pdu)
    return made


def associated(*sent: Stimulus, seen: tuple[Pdu, ...] = ()) -> Oracle:
    made = oracle(RQ, seen=(AC,))
    assert made.saw_silence(patient=False)
    for stimulus in sent:
        made.sent(((stimulus,),))
    for pdu in seen:
        assert made.saw(pdu)
    return made


def grade(made: Oracle, pdu: Pdu) -> Grade | None:
    """How good this answer is; None where nothing explains it."""
    return made.best if made.saw(pdu) else None


# --- aborts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason", "expected"),
    [
        (0, 0, Grade.PASS),
        (2, 0, Grade.NON_STRICT),  # what happened, though Table 9-9 says service user
        (2, 2, Grade.NON_STRICT),
        (1, 0, None),
        (3, 0, None),
    ],
)
def test_the_abort_of_sta2(source: int, reason: int, expected: Grade | None) -> None:
    made = oracle(ECHO)
    assert made.expected() == ("A-ABORT (source 0)",)
    assert grade(made, AAbort(source, reason)) is expected


@pytest.mark.parametrize(
    ("source", "reason", "expected"),
    [
        (2, 2, Grade.PASS),
        (2, 0, Grade.PASS),
        (2, 6, Grade.PASS),
        (2, 3, Grade.NON_STRICT),  # Table 9-26 reserves it
        (2, 7, Grade.NON_STRICT),
        (0, 0, None),  # AA-8 names the source: service provider
        (1, 0, None),
    ],
)
def test_the_abort_of_an_association(source: int, reason: int, expected: Grade | None) -> None:
    assert grade(associated(Stimulus("Evt3")), AAbort(source, reason)) is expected


@pytest.mark.parametrize(
    ("source", "reason", "expected"),
    [
        (0, 0, Grade.PASS),  # AA-7 names no source
        (2, 2, Grade.PASS),
        (1, 0, Grade.NON_STRICT),
        (255, 0, Grade.NON_STRICT),
        (0, 5, Grade.NON_STRICT),
    ],
)
def test_the_abort_of_sta13(source: int, reason: int, expected: Grade) -> None:
    made = associated(RELEASE, seen=(AReleaseRP(),))
    made.sent(((INVALID,),))
    assert grade(made, AAbort(source, reason)) is expected


def test_an_abort_is_not_answered() -> None:
    made = associated(Stimulus("Evt16", AAbort(0, 0)))
    assert made.expected() == ("close",)
    assert not made.saw(AAbort(2, 2))
    assert made.saw_close(1.0, 0.0)
    assert made.over


# --- silence and closing ----------------------------------------------------------------------------------


def test_silence_is_no_answer_where_the_provider_owes_one() -> None:
    assert not associated(Stimulus("Evt3")).saw_silence(patient=False)


def test_a_user_may_think_but_not_for_ever() -> None:
    assert associated(ECHO).saw_silence(patient=False)
    assert not associated(ECHO).saw_silence(patient=True)


def test_silence_is_right_where_nothing_is_owed() -> None:
    made = associated(RELEASE, seen=(AReleaseRP(),))
    made.sent(((ECHO,),))
    assert made.saw_silence(patient=True)
    assert made.best is Grade.PASS


def test_a_close_in_sta13_is_told_early_from_late() -> None:
    early, late = (associated(RELEASE, seen=(AReleaseRP(),)) for _ in range(2))
    assert early.saw_close(elapsed=0.3, idle=0.1)
    assert (early.best, early.explanations()[0].notes) == (Grade.PASS, (EARLY,))
    assert late.saw_close(elapsed=30.3, idle=30.0)
    assert (late.best, late.explanations()[0].notes) == (Grade.PASS, ())
    assert ("Sta13", "Evt18") in late.cells()[0] - early.cells()[1]


def test_a_close_ends_no_association() -> None:
    assert not associated().saw_close(elapsed=60.0, idle=60.0)
    assert not associated(ECHO).saw_close(elapsed=1.0, idle=0.0)


def test_what_is_sent_in_sta2_is_not_answered_by_a_close() -> None:
    assert not oracle(ECHO).saw_close(elapsed=0.1, idle=0.1)
    assert oracle(ECHO).saw_close(elapsed=30.0, idle=0.1)  # ARTIM may have been faster


def test_after_the_end_nothing_can_come() -> None:
    made = associated(Stimulus("Evt16", AAbort(0, 0)))
    assert made.saw_close(1.0, 0.0)
    assert not made.saw(AReleaseRP())


# --- Sta3 and Sta8: whenever the user may have answered --------------------------------------------------


def test_sta3_allows_what_every_moment_of_the_user_allows() -> None:
    assert oracle(RQ, ECHO).expected() == ("A-ABORT (source 2)", "A-ASSOCIATE-AC")


def test_sta3_is_told_by_the_answer() -> None:
    in_time, late = oracle(RQ, ECHO, seen=(AC, ECHOED)), oracle(RQ, ECHO, seen=(AAbort(2, 2),))
    assert ("Sta6", "Evt10") in in_time.cells()[0]
    assert ("Sta3", "Evt10") in late.cells()[0]
    assert ("Sta3", "Evt10") not in in_time.cells()[1]
    # An acceptance that an abort follows was said before the data was read.
    assert not oracle(RQ, ECHO, seen=(AC,)).saw(AAbort(2, 2))


def test_sta8_allows_what_every_moment_of_the_user_allows() -> None:
    made = associated(RELEASE, ECHO)
    assert made.expected() == ("A-ABORT (source 2)", "A-RELEASE-RP")
    assert made.saw(AReleaseRP())
    assert made.saw_silence(patient=True)
    assert ("Sta13", "Evt10") in made.cells()[0]
    other = associated(RELEASE, ECHO, seen=(AAbort(2, 2),))
    assert ("Sta8", "Evt10") in other.cells()[0]


def test_what_cannot_be_told_is_said_to_be_possible_only() -> None:
    """An abort in Sta3 and one in Sta8 look the same."""
    sure, possible = oracle(RQ, Stimulus("Evt3"), seen=(AAbort(2, 2),)).cells()
    assert ("Sta3", "Evt3") in sure
    made = oracle(RQ, RELEASE, seen=(AC, AReleaseRP()))
    made.sent(((Stimulus("Evt16", AAbort(0, 0)),),))
    assert made.saw_close(1.0, 0.0)
    sure, possible = made.cells()
    assert ("Sta13", "Evt16") in possible
    assert ("Sta13", "Evt16") not in sure


# --- rejections and data ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((1, 2, 2), Grade.PASS),
        ((1, 1, 2), None),  # the provider rejects, not the user
        ((2, 3, 1), None),
        ((1, 2, 9), None),  # no such reason in Table 9-21
    ],
)
def test_the_rejection_of_a_version(codes: tuple[int, int, int], expected: Grade | None) -> None:
    refused = Stimulus("Evt6", Request(REQUEST, AAssociateRJ(1, 2, 2)))
    assert grade(oracle(refused), AAssociateRJ(*codes)) is expected


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((1, 1, 7), Grade.PASS), ((1, 1, 1), Grade.NON_STRICT), ((1, 1, 200), None), ((9, 1, 7), None)],
)
def test_the_rejection_of_a_title(codes: tuple[int, int, int], expected: Grade | None) -> None:
    unknown = Stimulus(
        "Evt6", Request(REQUEST, None), (Answer("Evt8", codes=(1, 1, 7)), Answer("Evt7", Grade.INFORMATIONAL))
    )
    assert grade(oracle(unknown), AAssociateRJ(*codes)) is expected
    assert grade(oracle(unknown), _acceptance()) is Grade.INFORMATIONAL


def _acceptance() -> AAssociateAC:
    assert isinstance(AC, AAssociateAC)
    return AC


def test_nobody_is_rejected_who_asked_for_nothing_wrong() -> None:
    assert not oracle(RQ).saw(RJ_BUSY)


def test_a_response_may_come_in_pieces() -> None:
    half = len(RESPONSE) // 4 * 2
    first = PDataTF((PDV(1, True, False, RESPONSE[:half]),))
    rest = PDataTF((PDV(1, True, True, RESPONSE[half:]),))
    made = associated(ECHO, seen=(first,))
    assert not made.saw_silence(patient=True)
    assert made.saw(rest)
    assert made.all_settled
    assert not made.saw(rest)


def test_a_question_is_answered_once() -> None:
    assert not associated(ECHO, seen=(ECHOED,)).saw(ECHOED)
    assert not associated().saw(ECHOED)


# --- what leads up to the point ---------------------------------------------------------------------------


def test_what_only_leads_up_is_known_as_such() -> None:
    made = associated(Stimulus("Evt3", lead=True))
    assert made.on_the_way
    assert made.saw(AAbort(2, 2))
    assert not made.on_the_way
    assert not associated(Stimulus("Evt3")).on_the_way


def test_after_an_invalid_pdu_the_rest_may_be_read_or_not() -> None:
    heard, deaf, garbled = (oracle(INVALID, ECHO, seen=(AAbort(0, 0),)) for _ in range(3))
    assert heard.saw_silence(patient=True)
    assert deaf.saw_close(2.0, 0.0)
    assert garbled.saw(AAbort(2, 1))
    assert {heard.best, deaf.best, garbled.best} == {Grade.PASS}


def test_a_check_waits_for_each_answer_before_it_sends_more() -> None:
    """A target that closes with octets unread loses what it has just said: two probes at once invite that."""
    for case in all_cases():
        probes = [isinstance(step, Send) and bool(step.check) for step in case.steps]
        assert not any(one and other for one, other in pairwise(probes)), case.id
