"""Each row of the connection layer, on the true tables of all profiles and on tables with every kind of fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomnet.conformance.exploration import check_rows, plays
from dicomnet.statemachine import (
    ALL_OPERATORS,
    COUPLING_OPERATORS,
    PROFILES,
    Coupling,
    Model,
    ModelMutant,
    model_mutants,
    with_cell,
)

# Of each operator in each table so many mutants, evenly spread, of which so great a part must be found.
SAMPLE = 5
ROWS = 24


@pytest.mark.parametrize("profile", PROFILES)
def test_every_row_holds_on_the_true_tables(profile: str) -> None:
    assert check_rows(PROFILES[profile], profile) == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_row_is_checked(profile: str) -> None:
    assert {play.row for play in plays(profile)} == set(range(1, ROWS + 1))


@pytest.mark.parametrize(
    "other", [("dicomnet", "tcp-linux"), ("tcp-linux", "tcp-winsock"), ("tcp-winsock", "dicomnet")]
)
def test_the_profiles_differ(other: tuple[str, str]) -> None:
    ours, theirs = other
    assert check_rows(PROFILES[theirs], ours)


def test_a_failure_says_what_was_done_expected_and_observed() -> None:
    model = PROFILES["dicomnet"]
    silent = replace(model, connection=with_cell(model.connection, "IDLE", "close-forced", "CN-12"))
    failures = check_rows(silent, "dicomnet")
    failure = next(each for each in failures if each.row == 17)
    assert check_rows(silent, "dicomnet", first=True) == failures[:1]
    assert "a close_forced" in failure.text
    assert "expected: a notes on_close(aborted) CLOSED CLOSED" in failure.text
    assert "observed: CLOSED CLOSED" in failure.text


@pytest.mark.parametrize("profile", PROFILES)
def test_broken_tables_end_and_raise_nothing(profile: str) -> None:
    """Also where nothing is left of a table, or it goes round in circles."""
    model = PROFILES[profile]
    bare = replace(model, coupling=Coupling((), ()))
    deaf = replace(model, path=replace(model.path, cells={state.name: {} for state in model.path.states}))
    asks = replace(model, path=with_cell(model.path, "OFFERED", "queued", "PA-1"))
    for broken in (bare, deaf, asks):
        assert check_rows(broken, profile)


def _sample(profile: str) -> dict[tuple[str, str], list[ModelMutant]]:
    by_operator: dict[tuple[str, str], list[ModelMutant]] = {}
    for mutant in model_mutants(PROFILES[profile]):
        by_operator.setdefault((mutant.table, mutant.operator), []).append(mutant)
    return {key: rows[:: max(1, len(rows) // SAMPLE)] for key, rows in by_operator.items()}


def _found(model: Model, profile: str) -> bool:
    return bool(check_rows(model, profile, first=True))


def test_what_is_diverted_is_missed_by_the_rows() -> None:
    mutants = [each for each in model_mutants(PROFILES["dicomnet"]) if "diverted" in each.change]
    assert {each.operator for each in mutants} == {"missing-rule", "wrong-event", "wrong-part", "wrong-where"}
    missing = [each for each in mutants if each.operator == "missing-rule"]
    assert len(missing) == len(PROFILES["dicomnet"].coupling.diverted)
    assert all(_found(each.model, "dicomnet") for each in missing)


def test_each_operator_is_found() -> None:
    sample = _sample("dicomnet")
    operators = {operator for _, operator in sample}
    assert operators == {*ALL_OPERATORS, *COUPLING_OPERATORS}
    found = {key: sum(_found(each.model, "dicomnet") for each in rows) for key, rows in sample.items()}
    by_operator = {
        operator: sum(count for (_, name), count in found.items() if name == operator)
        # Of the two rules that may be swapped each excludes the other.
        for operator in operators - {"rules-swapped"}
    }
    assert all(by_operator.values()), by_operator
