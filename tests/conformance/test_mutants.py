"""What is said of single mutants of either end, and which of them nobody can be blamed for."""

from __future__ import annotations

import pytest

from dicomnet.conformance.mutate import cases_of, coverage, examine
from dicomnet.statemachine import ASSOCIATION, Mutant, mutants

BY_ID = {mutant.id: mutant for mutant in mutants(ASSOCIATION)}


def the(operator: str, cell: str, change: str) -> Mutant:
    return BY_ID[f"{operator}:{cell}:{change}"]


@pytest.mark.parametrize(
    ("mutant", "witness", "case"),
    [
        # It never connects, or never asks.
        (the("missing-cell", "Sta1xEvt1", "AE-1"), (), "requestor.sta1.evt1"),
        (the("missing-effect", "Sta4xEvt2", "AE-2:0.0"), (), None),
        (the("wrong-action", "Sta5xEvt4", "AA-8"), ("evt4",), "requestor.sta5.evt4"),
        (
            the("missing-cell", "Sta7xEvt12", "AR-8"),
            ("evt3", "evt10.answer", "evt12"),
            None,
        ),
        # Its user aborts when he is answered what he has not asked; the machine is silent, and lets him wait.
        (the("wrong-action", "Sta6xEvt15", "AE-5"), ("evt3", "evt10", "evt3"), "requestor.sta6.evt15.stray"),
        # Its user thinks: he said his message in Sta8.
        (the("wrong-next", "Sta8xEvt9", "AR-7:0->Sta9"), ("evt3", "evt12", "user", "user", "evt3"), None),
    ],
)
def test_a_requestor_that_is_told_by_its_answers(
    mutant: Mutant, witness: tuple[str, ...], case: str | None
) -> None:
    outcome = examine(mutant, "requestor")
    assert (outcome.kind, outcome.verdict, outcome.witness) == ("observable", "fail", witness)
    assert case in (outcome.case, None)


@pytest.mark.parametrize("change", ["AE-3:0.0", "AE-3:0.0=A-ASSOCIATE confirmation (reject)"])
def test_a_requestor_that_never_begins_fails_the_sanity_case_alone(change: str) -> None:
    """Nobody asks anything of its user; but he never comes to the release."""
    operator = "wrong-effect" if "=" in change else "missing-effect"
    outcome = examine(the(operator, "Sta5xEvt3", change), "requestor")
    assert (outcome.kind, outcome.witness) == ("observable", ("evt3",))
    assert (outcome.verdict, outcome.case) == ("fail", "sanity.requestor")


@pytest.mark.parametrize(
    "mutant",
    [
        the("wrong-action", "Sta6xEvt9", "AR-1"),  # a user may ask for the release instead of sending data
        the("wrong-action", "Sta7xEvt10", "AA-1"),  # or abort, whatever he is sent
        the("wrong-effect", "Sta6xEvt16", "AA-3:0.0=A-P-ABORT indication"),  # what he is told is his own
        the("wrong-action", "Sta2xEvt6", "AA-8"),  # an acceptor's state
    ],
)
def test_what_a_user_may_do_is_no_fault_of_the_machine(mutant: Mutant) -> None:
    outcome = examine(mutant, "requestor")
    assert outcome.kind == "unobservable"
    assert outcome.verdict != "fail"


@pytest.mark.parametrize(
    ("mutant", "last"),
    [
        (the("missing-effect", "Sta6xEvt3", "AA-8:0.2"), "expiry"),  # no ARTIM
        (the("missing-cell", "Sta11xEvt15", "AA-1"), "overdue"),  # who gives up only closes
    ],
)
def test_what_a_requestor_does_less_than_strictly_is_told(mutant: Mutant, last: str) -> None:
    outcome = examine(mutant, "requestor")
    assert (outcome.kind, outcome.good) == ("tolerated", True)
    assert outcome.witness[-1] == last


def test_the_same_mutant_is_another_thing_at_the_other_end() -> None:
    mutant = the("wrong-action", "Sta2xEvt6", "AA-8")
    assert (examine(mutant).kind, examine(mutant).verdict) == ("observable", "fail")
    mutant = the("missing-cell", "Sta5xEvt4", "AE-4")
    assert examine(mutant).kind == "unobservable"


@pytest.mark.parametrize("change", ["AA-2", "AA-1"])
def test_an_acceptor_that_ends_what_has_only_just_been_opened(change: str) -> None:
    outcome = examine(the("wrong-action", "Sta1xEvt5", change))
    assert (outcome.kind, outcome.verdict, outcome.witness) == ("observable", "fail", ())


def test_every_cell_of_a_requestor_that_can_be_reached_has_a_case() -> None:
    """Whatever leads to the connection, an association asked for, its release or collision, and the end of it."""
    reached = {state for state, _ in coverage("requestor")}
    assert reached >= {"Sta1", "Sta4", "Sta5", "Sta6", "Sta7", "Sta8", "Sta9", "Sta11", "Sta13"}
    assert not reached & {"Sta2", "Sta3", "Sta10", "Sta12"}
    assert {case.role for case in cases_of("requestor")} == {"requestor"}
