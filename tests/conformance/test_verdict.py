"""The judgements of a run, on acceptors that are sound but for one thing, on virtual time."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dicomnet.conformance import (
    Case,
    Ending,
    Grade,
    Level,
    Options,
    Report,
    Result,
    Verdict,
    all_cases,
    verdict_of,
)
from dicomnet.statemachine import AAssociateRQ, Pdu, Violation

from ..zoo import PlainAcceptor
from ..zoo.acceptor import STA2, STA6, Codes, Connection
from ..zoo.mishaps import OneAtATime
from .targets import judge, session

EARLY = "the target closed as soon as the association was over"
BUSY = (2, 3, 2)
SANITY_RUNS = 3


def said(result: Result, words: str) -> bool:
    return any(words in note for note in result.notes)


# --- what is seen on the wire -----------------------------------------------------------------------------


def test_a_sound_target_passes_and_the_cell_is_driven() -> None:
    report, _, _ = session(PlainAcceptor, "ul.sta2.evt10")
    (result,) = report.results
    assert (result.verdict, result.driven, result.attempts) == (Verdict.PASS, "driven", 1)
    assert report.cells()["Sta2"]["Evt10"] == 1
    assert report.exit_code() == 0


class AbortsAs(PlainAcceptor):
    """Aborts from this source, whatever the cause."""

    source: ClassVar[int]

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        super().send_abort(at, self.source, reason)


class AsProvider(AbortsAs):
    source = 2


class AsUser(AbortsAs):
    source = 0


class AsNobody(AbortsAs):
    source = 1


@pytest.mark.parametrize(
    ("kind", "case_id", "verdict", "words"),
    [
        (AsProvider, "ul.sta2.evt10", Verdict.NON_STRICT, "A-ABORT of the provider (2) where AA-1"),
        (AsProvider, "ul.sta6.evt3", Verdict.PASS, ""),
        (AsUser, "ul.sta2.evt10", Verdict.PASS, ""),
        (AsUser, "ul.sta6.evt3", Verdict.FAIL, ""),
        (AsNobody, "ul.sta2.evt10", Verdict.FAIL, ""),
        (AsNobody, "ul.sta6.evt3", Verdict.FAIL, ""),
        (AsNobody, "ul.sta13.released.evt19", Verdict.NON_STRICT, "reserved abort source 1"),
    ],
)
def test_who_aborts_matters(kind: type[PlainAcceptor], case_id: str, verdict: Verdict, words: str) -> None:
    result = judge(kind, case_id)
    assert result.verdict is verdict, result.observed
    assert not words or said(result, words)


class ClosesEarly(PlainAcceptor):
    """Closes a moment after its abort."""

    how: ClassVar[str] = "FIN"

    def abort(self, at: Connection, source: int, reason: int) -> None:
        super().abort(at, source, reason)
        self.carrier.call_later(0.0, lambda: self.leave(at))

    def leave(self, at: Connection) -> None:
        if self.how == "RST":
            at.link.reset()
        self.close(at)


class ResetsEarly(ClosesEarly):
    how = "RST"


def test_waiting_for_the_tester_to_close_is_not_closing_early() -> None:
    for case_id in ("ul.sta6.evt3", "ul.sta13.evt10", "ul.sta8.evt3"):
        assert judge(PlainAcceptor, case_id).notes == []


@pytest.mark.parametrize("kind", [ClosesEarly, ResetsEarly])
def test_closing_early_is_right_and_drives_no_cell(kind: type[ClosesEarly]) -> None:
    report, _, _ = session(kind, "ul.sta13.evt10")
    (result,) = report.results
    assert result.verdict is Verdict.PASS
    assert result.driven == "closed early"
    assert EARLY in result.notes
    assert "Evt10" not in report.cells().get("Sta13", {})


def test_fin_and_rst_are_told_apart_and_judged_alike() -> None:
    fin, rst = (judge(kind, "ul.sta2.evt10") for kind in (ClosesEarly, ResetsEarly))
    assert fin.verdict is rst.verdict is Verdict.PASS
    assert (fin.ending.how, rst.ending.how) == ("FIN", "RST")


class Mute(PlainAcceptor):
    """Ignores what has no business in an association."""

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Nothing."""


def test_silence_where_an_answer_is_due_is_a_failure() -> None:
    result = judge(Mute, "ul.sta6.evt3")
    assert result.verdict is Verdict.FAIL
    assert result.expected == "A-ABORT (source 2)"
    assert result.observed.startswith("nothing for ")
    assert result.attempts >= 2


class Lasting(PlainAcceptor):
    """Has no ARTIM."""

    def start_artim(self, at: Connection, cause: str) -> None:
        """Nothing."""


def test_the_value_of_artim_is_told_and_not_graded() -> None:
    result = judge(PlainAcceptor, "ul.sta2.evt18")
    assert result.verdict is Verdict.PASS
    assert said(result, "closed 30 s after the start")
    assert result.ending == Ending("FIN", 30.0)


def test_no_artim_is_not_strict() -> None:
    result = judge(Lasting, "ul.sta2.evt18", Options(artim_limit=100.0))
    assert result.verdict is Verdict.NON_STRICT
    assert said(result, "still open after 100 s")


# --- Sta3 and Sta8 ----------------------------------------------------------------------------------------


class Thinks(PlainAcceptor):
    """Its user takes a second."""

    think_seconds = 1.0


@pytest.mark.parametrize("case_id", ["ul.sta3.evt10", "ul.sta3.evt3", "ul.sta8.evt10", "ul.sta8.evt3"])
def test_a_user_who_thinks_shows_the_states_in_between(case_id: str) -> None:
    quick, slow = judge(PlainAcceptor, case_id), judge(Thinks, case_id)
    assert quick.verdict is slow.verdict is Verdict.PASS
    assert slow.driven == "driven"


class Hasty(PlainAcceptor):
    """Its user answers before anything else can be read."""

    def later(self, callback: object) -> None:
        assert callable(callback)
        callback()


@pytest.mark.parametrize(("case_id", "elsewhere"), [("ul.sta3.evt10", "Sta6"), ("ul.sta8.evt10", "Sta13")])
def test_a_hasty_user_shows_another_state_and_the_report_says_so(case_id: str, elsewhere: str) -> None:
    result = judge(Hasty, case_id)
    assert result.verdict is Verdict.PASS
    assert result.driven == f"handled in {elsewhere}"
    assert said(result, f"handled in {elsewhere}")


# --- failures are confirmed -------------------------------------------------------------------------------


class Counting(PlainAcceptor):
    """Knows how many connections there have been; three of them are the sanity runs, the next is the case."""

    count = 0

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        self.count += 1
        super().request_received(at, request, raw)

    def is_case(self, *numbers: int) -> bool:
        """Whether this connection is one of the runs of the case; a healthy echo lies between two runs."""
        return self.count in [SANITY_RUNS + 2 * number - 1 for number in numbers]


class FailsOnce(Counting):
    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        self.abort(at, 0 if self.is_case(1) else 2, 2)


class FailsTwice(Counting):
    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        self.abort(at, 0 if self.is_case(1, 2) else 2, 2)


def test_what_fails_only_once_is_not_said_to_fail() -> None:
    result = judge(FailsOnce, "ul.sta6.evt3")
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)
    assert said(result, "not confirmed: at first fail (A-ABORT: aborted by the service user (0/2))")


def test_what_fails_again_is_a_failure() -> None:
    result = judge(FailsTwice, "ul.sta6.evt3")
    assert (result.verdict, result.attempts) == (Verdict.FAIL, 2)


class Sluggish(PlainAcceptor):
    """Its abort takes a second."""

    delay: ClassVar[float] = 1.0

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        self.carrier.call_later(self.delay, lambda: self.abort(at, 2, 2))


def test_a_failure_is_confirmed_with_three_times_the_waits() -> None:
    """The answer comes after the first patience and before the second."""
    result = judge(Sluggish, "ul.sta6.evt3", Options(patience=0.5))
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)
    assert said(result, "not confirmed: at first fail (nothing for 0.5 s)")


class TooSluggish(Sluggish):
    delay = 2.0


def test_an_answer_after_more_than_three_times_the_waits_is_none() -> None:
    assert judge(TooSluggish, "ul.sta6.evt3", Options(patience=0.5)).verdict is Verdict.FAIL


# --- what is no fault of the target -----------------------------------------------------------------------


class Busy(Counting):
    """Has no room for the case, twice."""

    def is_full(self) -> bool:
        return self.count in (SANITY_RUNS + 1, SANITY_RUNS + 2)


def test_a_busy_target_gets_time() -> None:
    result = judge(Busy, "ul.sta6.evt10")
    assert (result.verdict, result.attempts) == (Verdict.PASS, 1)


class AlwaysBusy(PlainAcceptor):
    def is_full(self) -> bool:
        return True


def test_a_target_that_is_always_busy_could_not_be_tested() -> None:
    report, _, _ = session(AlwaysBusy, "ul.sta6.evt10")
    assert "rejects the association" in report.blamed
    assert report.exit_code() == 3
    assert [result.case.id for result in report.results] == ["sanity.echo"]


class Stumbles(Counting):
    """On some runs it refuses what only leads up to the case."""

    runs: ClassVar[tuple[int, ...]] = (1,)

    def user_refusal(self, request: AAssociateRQ, raw: bytes) -> Codes | None:
        return (1, 1, 1) if self.is_case(*self.runs) else None


class StumblesAgain(Stumbles):
    runs = (1, 2)


def test_what_goes_wrong_on_the_way_there_is_tried_again() -> None:
    result = judge(Stumbles, "ul.sta6.evt3")
    assert (result.verdict, result.attempts) == (Verdict.PASS, 2)


def test_what_goes_wrong_on_the_way_there_is_no_verdict_on_the_case() -> None:
    report, _, _ = session(StumblesAgain, "ul.sta6.evt3")
    (result,) = report.results
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "on the way there" in result.observed
    assert report.exit_code() == 3
    assert report.exit_code(allow_inconclusive=True) == 0


class Dies(PlainAcceptor):
    """Serves nobody after an invalid PDU."""

    dead = False

    def blocked(self) -> bool:
        return self.dead

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        assert at.state == STA2
        self.dead = self.dead or isinstance(pdu, Violation)
        super().in_sta2(at, pdu, raw)


def test_a_target_that_does_not_come_back_fails_the_case_that_did_it() -> None:
    report, _, _ = session(Dies, "ul.sta2.evt1[29]", "ul.sta6.evt10")
    verdicts = {result.case.id: result.verdict for result in report.results}
    assert verdicts == {
        "ul.sta2.evt12": Verdict.PASS,
        "ul.sta2.evt19": Verdict.FAIL,
        "ul.sta6.evt10": Verdict.INCONCLUSIVE,
    }
    assert said(report.results[1], "after this case the target no longer serves")
    assert report.exit_code() == 1


def test_serving_one_at_a_time_is_a_choice() -> None:
    report, _, _ = session(OneAtATime, "conn.*", "ul.sta2.evt18", "ul.sta13.evt18")
    assert Verdict.FAIL not in {result.verdict for result in report.results}
    assert {r.verdict for r in report.results if r.case.id.endswith("evt18")} == {Verdict.PASS}
    assert any("long waits follow one another" in remark for remark in report.remarks)


# --- sanity -----------------------------------------------------------------------------------------------


class Deaf(PlainAcceptor):
    """Accepts, and answers no echo."""

    def data_received(self, at: Connection, data: object, raw: bytes) -> None:
        assert at.state == STA6


def test_a_target_that_accepts_is_judged_whatever_else_it_does() -> None:
    report, _, _ = session(Deaf, "ul.sta6.evt9", "ul.sta6.evt3", options=Options(recover_limit=1.0))
    assert not report.blamed
    verdicts = {result.case.id: result.verdict for result in report.results}
    assert verdicts == {"ul.sta6.evt9": Verdict.FAIL, "ul.sta6.evt3": Verdict.PASS}


class Rejects(PlainAcceptor):
    def is_called(self, title: str, raw: bytes) -> bool:
        return False


def test_a_wrong_title_is_blamed_and_not_the_target() -> None:
    report, _, _ = session(Rejects, "ul.*")
    assert "--called-aet (now 'ZOO') and --calling-aet (now 'TESTER')" in report.blamed
    assert len(report.results) == 1


# --- grades, levels and exit codes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "level", "verdict"),
    [
        *((Grade.PASS, level, Verdict.PASS) for level in Level),
        *((Grade.NON_STRICT, level, Verdict.NON_STRICT) for level in Level),
        *((Grade.INFORMATIONAL, level, Verdict.INFORMATIONAL) for level in Level),
        (Grade.FAIL, Level.MUST, Verdict.FAIL),
        (Grade.FAIL, Level.SHOULD, Verdict.NON_STRICT),
        (Grade.FAIL, Level.MAY, Verdict.INFORMATIONAL),
    ],
)
def test_the_level_names_the_deviation(grade: Grade, level: Level, verdict: Verdict) -> None:
    assert verdict_of(grade, level) is verdict


def _report(*verdicts: Verdict, level: Level = Level.MUST) -> Report:
    case = Case("x", "x", "PS3.8 2020 9", "x", (), level)
    return Report("target", [Result(case, "memory", verdict) for verdict in verdicts])


SOFT = (Verdict.PASS, Verdict.NON_STRICT, Verdict.INFORMATIONAL, Verdict.UNSUPPORTED, Verdict.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_report(), 0),
        (_report(*SOFT), 0),
        (_report(*SOFT, Verdict.FAIL), 1),
        (_report(Verdict.INCONCLUSIVE), 3),
        (_report(Verdict.INCONCLUSIVE, level=Level.SHOULD), 0),
        (_report(Verdict.INCONCLUSIVE, Verdict.FAIL), 1),
        (_report(Verdict.FAIL, Verdict.ERROR), 4),
    ],
)
def test_exit_codes(report: Report, code: int) -> None:
    assert report.exit_code() == code
    report.interrupted = True
    assert report.exit_code() == 130


def test_who_is_blamed_could_not_be_tested() -> None:
    report = _report()
    report.blamed = "nobody there"
    assert report.exit_code(allow_inconclusive=True) == 3


def test_case_ids_are_unique() -> None:
    ids = [case.id for case in all_cases(1)]
    assert len(set(ids)) == len(ids)
