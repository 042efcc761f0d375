"""Every cell of Table 9-10 is driven by a case, or is listed as out of reach with the reason."""

from __future__ import annotations

from collections import Counter

import pytest

from dicomnet.conformance import Report, Verdict, all_cases, report_as_dict, unreachable
from dicomnet.statemachine import ASSOCIATION

from ..zoo import PlainAcceptor
from ..zoo.acceptor import STA2, Codes, Connection
from .command import output
from .targets import judge, session

BY_THE_USER = 1
Cell = tuple[str, str]
LEGAL: list[Cell] = [(state, event) for state, row in ASSOCIATION.cells.items() for event in row]
DRIVEN = {case.cell for case in all_cases() if case.cell is not None}
LISTED: list[Cell] = [(state, event) for state, row in unreachable().items() for event in row]


def astray(driven: set[Cell], listed: list[Cell]) -> set[Cell]:
    """The cells that are neither driven nor listed, or both, or listed twice; and those that do not exist."""
    counts = Counter(driven) + Counter(listed)
    return {cell for cell in {*LEGAL, *counts} if counts[cell] != 1 or cell not in LEGAL}


def test_each_cell_is_driven_or_listed_with_a_reason() -> None:
    assert len(LEGAL) == 123
    assert astray(DRIVEN, LISTED) == set()
    assert all(reason for row in unreachable().values() for reason in row.values())


@pytest.mark.parametrize(
    ("driven", "listed", "cell"),
    [
        (DRIVEN - {("Sta3", "Evt8")}, LISTED, ("Sta3", "Evt8")),
        (DRIVEN, LISTED[1:], LISTED[0]),
        (DRIVEN, [*LISTED, LISTED[0]], LISTED[0]),
        (DRIVEN, [*LISTED, ("Sta6", "Evt10")], ("Sta6", "Evt10")),
        (DRIVEN, [*LISTED, ("Sta1", "Evt3")], ("Sta1", "Evt3")),
    ],
    ids=["not driven", "not listed", "listed twice", "driven and listed", "blank"],
)
def test_a_cell_that_goes_astray_is_found(driven: set[Cell], listed: list[Cell], cell: Cell) -> None:
    assert astray(driven, listed) == {cell}


def test_the_reports_tell_what_is_out_of_reach() -> None:
    data = report_as_dict(Report("x"), lambda *ids: " ".join(ids))
    assert data["unreachable"] == unreachable()
    assert unreachable()["Sta6"] == {"Evt11": "the target's own user would have to ask for release"}


def test_the_list_tells_what_is_out_of_reach() -> None:
    _, _, section = output("test", "--list").partition("\n\n")
    head, *lines = section.splitlines()
    assert head.startswith(f"The suite drives {len(DRIVEN)} of the 123 cells of Table 9-10; {len(LISTED)} ")
    cells = [
        (row.split()[0], event) for row in lines for event in row.split(":")[0].split(" x ")[1].split(", ")
    ]
    assert cells == LISTED
    assert "Sta5 x " not in output("test", "--list", "--select", "ul.*")
    assert "Sta5 x " not in output("test", "--dry-run")


# --- the user rejects -------------------------------------------------------------------------------------


def test_a_rejection_by_the_user_is_driven() -> None:
    report, _, _ = session(PlainAcceptor, "ul.sta3.evt8")
    (result,) = report.results
    assert (result.verdict, result.driven) == (Verdict.PASS, "driven")
    assert report.cells()["Sta3"]["Evt8"] == 1


class AnswersToAnyTitle(PlainAcceptor):
    def is_called(self, title: str, raw: bytes) -> bool:
        return True


def test_a_target_that_accepts_any_title_is_not_blamed() -> None:
    result = judge(AnswersToAnyTitle, "ul.sta3.evt8")
    assert (result.verdict, result.driven) == (Verdict.INFORMATIONAL, "not driven")
    assert "the target answers to any called AE title: its user rejects nothing" in result.notes


class RejectsAndGoesOn(PlainAcceptor):
    """After its user's rejection it waits for the next request, as if nothing had been."""

    def reject(self, at: Connection, codes: Codes) -> None:
        super().reject(at, codes)
        if codes[1] == BY_THE_USER:
            at.state = STA2


def test_a_target_that_goes_on_after_its_rejection_fails() -> None:
    assert judge(RejectsAndGoesOn, "ul.sta3.evt8").verdict is Verdict.FAIL
