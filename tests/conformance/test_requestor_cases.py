"""The cases by hand for a requestor: a sound one passes each, and each is seen to fail at a requestor with a fault."""

from __future__ import annotations

from functools import cache

import pytest

from dicomnet.conformance import BY_HAND_REQUESTOR, Result, Verdict, choose

from .requestor_faults import FAULTS, TWO
from .requestor_faults_sent import Fault
from .requestors import Meddler, judge

# What a case says of nobody: the tester ends the connection itself, and only sees whether the target still serves.
ENDED_BY_TESTER = ("close.close.*", "close.reset.*", "again.reset")
MANY_CONTEXTS = {
    f"requestor.{name}"
    for name in ("ac.order.contexts", "pc.first", "pc.last", "pc.missing", "pc.syntax.last")
}


@cache
def results_of(fault: Fault) -> dict[str, Result]:
    return {result.case.id: result for result in judge(fault.meddler, *fault.cases)}


def ids(*patterns: str) -> set[str]:
    chosen = choose(BY_HAND_REQUESTOR, tuple(f"requestor.{pattern}" for pattern in patterns), quick=False)
    return {case.id for case in chosen}


def test_the_ids_are_distinct_and_those_of_a_requestor() -> None:
    every = [case.id for case in BY_HAND_REQUESTOR]
    assert len(every) == len(set(every))
    assert all(case.id.startswith("requestor.") and case.role == "requestor" for case in BY_HAND_REQUESTOR)


def test_a_sound_requestor_passes_every_case() -> None:
    verdicts = {result.case.id: result.verdict for result in judge(Meddler(), "*")}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.NOT_APPLICABLE} == MANY_CONTEXTS
    assert {name for name, verdict in verdicts.items() if verdict is not Verdict.PASS} == MANY_CONTEXTS


def test_one_with_two_contexts_passes_what_is_about_several() -> None:
    results = judge(TWO, *(name.removeprefix("requestor.") for name in MANY_CONTEXTS))
    assert {result.verdict for result in results} == {Verdict.PASS}


def test_who_aborts_whatever_is_odd_is_right_wherever_he_may() -> None:
    """A user may give up an acceptance that he dislikes; only where the text says that he takes it he may not."""
    unusual = next(fault for fault in FAULTS if fault.name == "aborts what is not usual")
    seen = {result.case.id: result for result in judge(unusual.meddler, "pc.*", "ac.*", "len.*", "ui.*")}
    wrong = {name for name, result in seen.items() if result.verdict is Verdict.FAIL}
    assert wrong <= ids(*unusual.cases)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_seen(fault: Fault) -> None:
    for name, result in results_of(fault).items():
        told = (name, result.verdict, result.expected, result.observed, result.notes)
        assert result.verdict is fault.verdict, told
        assert fault.words in " ".join((result.observed, *result.notes)), told


def test_every_case_is_seen_to_fail() -> None:
    failed = {name for fault in FAULTS for name in results_of(fault)}
    assert ids("*") - failed - ids(*ENDED_BY_TESTER) == set()
