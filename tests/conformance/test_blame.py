"""A difference is told in the cell in which it was seen, and blamed on one case only."""

from __future__ import annotations

import pytest

from dicomnet.conformance import Options, Verdict
from dicomnet.statemachine import PDV, AAbort, AAssociateAC, Pdu, Violation

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Connection
from .targets import judge, session

STA13_ABORT = "PS3.8 2020 Table 9-10, Sta13 x Evt16; AA-2, PS3.8 2020 Table 9-9"
STA13_DATA = "PS3.8 2020 Table 9-10, Sta13 x Evt10; AA-6, PS3.8 2020 Table 9-9"


class Loitering(PlainAcceptor):
    """After its user's abort and one PDU more it does not see an A-ABORT any more."""

    met = 0

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        self.met = 0
        super().fragment_received(at, pdv)

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        if isinstance(pdu, AAbort) and self.met:
            return
        self.met += 1
        super().in_sta13(at, pdu, raw)


def test_what_only_the_check_sees_names_the_cell_of_the_check() -> None:
    result = judge(Loitering, "ul.sta6.evt15")
    assert result.verdict is Verdict.FAIL
    assert result.expected == f"close (in the check of the state that was reached: {STA13_ABORT})"
    assert result.observed.startswith("nothing for ")
    assert "Sta6 x Evt15 itself showed what the tables allow" in result.notes


class GoesOnAfterAbort(PlainAcceptor):
    """Its user's abort changes nothing: the association goes on."""

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        before = at.state
        super().fragment_received(at, pdv)
        if at.state == "Sta13":
            at.state = before


def test_where_nothing_may_come_the_cell_that_was_driven_is_named() -> None:
    result = judge(GoesOnAfterAbort, "ul.sta6.evt15")
    assert result.verdict is Verdict.FAIL
    assert result.expected == f"close or nothing (in the check of the state that was reached: {STA13_DATA})"
    assert result.observed.startswith("P-DATA-TF")


class Mute(PlainAcceptor):
    """Ignores what has no business in an association."""

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Nothing."""


@pytest.mark.parametrize("case_id", ["ul.sta6.evt3", "ul.sta6.evt19"])
def test_what_the_point_of_the_case_shows_is_its_own(case_id: str) -> None:
    result = judge(Mute, case_id)
    assert result.verdict is Verdict.FAIL
    assert result.expected == "A-ABORT (source 2)"
    assert not any("itself showed" in note for note in result.notes)


# --- long waits -------------------------------------------------------------------------------------------


class AbortsInSta13(PlainAcceptor):
    """Answers an A-ASSOCIATE-AC in Sta13, which is to be dropped."""

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        if isinstance(pdu, AAssociateAC):
            self.send_abort(at, 2, 2)
        else:
            super().in_sta13(at, pdu, raw)


class AndHasNoTimer(AbortsInSta13):
    def start_artim(self, at: Connection, cause: str) -> None:
        """Nothing."""


SLOW = ("ul.sta13.evt18", "ul.sta13.released.evt18", "ul.sta13.rejected.evt18")


def test_long_waits_are_not_blamed_for_what_the_check_of_another_cell_shows() -> None:
    report, _, _ = session(AndHasNoTimer, *SLOW, options=Options(artim_limit=100.0))
    for result in report.results:
        # What they show themselves is still told: no timer.
        assert result.verdict is Verdict.NON_STRICT, result.observed
        assert any("still open after 100 s" in note for note in result.notes)
        assert any("Sta13 x Evt3 itself fails (see ul.sta13.evt3)" in note for note in result.notes)


def test_the_cell_itself_is_blamed() -> None:
    assert judge(AndHasNoTimer, "ul.sta13.evt3").verdict is Verdict.FAIL
