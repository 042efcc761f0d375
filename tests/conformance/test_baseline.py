"""A baseline excuses what it names, as long as it may; what is news, gone or over fails."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console as RichConsole

from dicomnet.conformance import (
    Baseline,
    BaselineError,
    CaseFinished,
    Console,
    Evidence,
    ExpectedDeviation,
    Report,
    Result,
    Standing,
    Verdict,
    baseline_text,
    read_baseline,
    write_json,
    write_junit,
)
from dicomnet.transports import Address, TcpTransport

from ..zoo.faults_state import AbortAsUser
from .command import PATIENCE, flat, read_json, read_junit, run, wrong_use
from .servers import acceptor, refused
from .targets import case_of

TODAY = date(2027, 1, 31)
FAILS, PASSES, ANOTHER = "ul.sta6.evt19", "ul.sta2.evt10", "ul.sta6.evt4"
REASON = "the vendor knows <it> & says \u00e9"
SLOW = "ul.sta2.evt18"


def entry(case: str = FAILS, days: int = 0, on: str = "", verdict: str = "fail") -> ExpectedDeviation:
    return ExpectedDeviation(case, Verdict(verdict), REASON, TODAY + timedelta(days), on)


def result(verdict: Verdict, case: str = FAILS, on: str = "tcp") -> Result:
    evidence = Evidence()
    evidence.add(0.1, "target", "A-ABORT")
    return Result(
        case_of(case), on, verdict, "A-ABORT (source 2)", "A-ABORT (source 0)", [], evidence=evidence
    )


def baseline(*entries: ExpectedDeviation) -> Baseline:
    return Baseline(entries, "known.json", TODAY)


def code(known: Baseline, *results: Result, **more: bool) -> int:
    report = Report("target", list(results))
    return known.compare(report).exit_code(report, **more)


def standing(known: Baseline, *results: Result) -> list[Standing | None]:
    compared = known.compare(Report("target", list(results)))
    return [found[0] if (found := compared.of(each)) else None for each in results]


# --- what it makes of results -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "known", "expected", "exit_code"),
    [
        (Verdict.FAIL, entry(), Standing.EXPECTED, 0),
        (Verdict.FAIL, entry(PASSES), None, 1),
        (Verdict.FAIL, entry(days=-1), Standing.EXPIRED, 1),
        (Verdict.PASS, entry(), Standing.GONE, 1),
        (Verdict.NON_STRICT, entry(), Standing.GONE, 1),
        (Verdict.UNSUPPORTED, entry(), Standing.GONE, 1),
        (Verdict.PASS, entry(days=-1), Standing.GONE, 1),
        (Verdict.PASS, entry(PASSES), None, 0),
        (Verdict.INCONCLUSIVE, entry(verdict="inconclusive"), Standing.EXPECTED, 0),
        (Verdict.FAIL, entry(verdict="inconclusive"), Standing.GONE, 1),
        # What was not judged leaves the question open.
        (Verdict.INCONCLUSIVE, entry(), None, 3),
        (Verdict.ERROR, entry(), None, 4),
        (Verdict.FAIL, entry(on="memory"), None, 1),
        (Verdict.FAIL, entry(on="tcp"), Standing.EXPECTED, 0),
        (Verdict.PASS, entry(on="memory"), None, 0),
        (Verdict.PASS, entry(on="tcp"), Standing.GONE, 1),
    ],
)
def test_the_standing_of_a_result(
    verdict: Verdict, known: ExpectedDeviation, expected: Standing | None, exit_code: int
) -> None:
    assert standing(baseline(known), result(verdict)) == [expected]
    assert code(baseline(known), result(verdict)) == exit_code


def test_without_a_transport_it_is_enough_that_it_happens_on_one() -> None:
    both = result(Verdict.FAIL), result(Verdict.PASS, on="memory")
    assert standing(baseline(entry()), *both) == [Standing.EXPECTED, None]
    assert code(baseline(entry()), *both) == 0


def test_an_interruption_and_own_faults_outweigh_what_is_gone() -> None:
    report = Report("target", [result(Verdict.PASS)], interrupted=True)
    assert baseline(entry()).compare(report).exit_code(report) == 130
    assert code(baseline(entry()), result(Verdict.PASS), result(Verdict.ERROR, PASSES)) == 4
    inconclusive = result(Verdict.PASS), result(Verdict.INCONCLUSIVE, PASSES)
    assert code(baseline(entry()), *inconclusive) == 1
    assert code(Baseline(), *inconclusive[1:]) == 3
    assert code(Baseline(), *inconclusive[1:], allow_inconclusive=True) == 0


# --- what is told -----------------------------------------------------------------------------------------

KNOWN = baseline(entry(), entry(PASSES, 5), entry(ANOTHER, -1))
THREE = (result(Verdict.FAIL), result(Verdict.PASS, PASSES), result(Verdict.FAIL, ANOTHER))


def repeat(*ids: str) -> str:
    return "again " + " ".join(ids)


def shown(*, verbose: bool = False) -> str:
    screen = RichConsole(file=StringIO(), width=400, highlight=False)
    console = Console(screen, verbose=verbose, baseline=KNOWN)
    for each in THREE:
        console(CaseFinished(each))
    console.say("--- end")
    console.show(Report("target", list(THREE)), repeat)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


def test_the_console_tells_what_is_expected_apart() -> None:
    meanwhile, _, end = shown().partition("--- end")
    assert FAILS not in meanwhile
    assert f"fail          {ANOTHER}" in meanwhile
    assert f"fail          {FAILS}" not in end
    assert f"expected (1)\n  expected until 2027-01-31: {REASON}\n      {FAILS}" in end
    assert "no longer happening (1)\n  the baseline expects fail, which no longer happens (now pass)" in end
    assert f"baseline     was expected until 2027-01-30, which is over: {REASON}" in end
    assert "3 verdicts on target: 1 pass, 1 fail, 1 fail as expected;" in end
    assert "Baseline known.json, by its entries: 1 expected, 1 expired, 1 no longer happening" in end


def test_with_verbose_what_is_expected_is_told_in_full() -> None:
    meanwhile, _, end = shown(verbose=True).partition("--- end")
    assert f"fail          {FAILS}" in meanwhile
    assert f"baseline     expected until 2027-01-31: {REASON}" in end


def test_the_json_report_holds_the_standings(tmp_path: Path) -> None:
    write_json(Report("target", list(THREE)), repeat, tmp_path / "r.json", KNOWN)
    data = read_json(tmp_path / "r.json")
    assert [case["baseline"] for case in data["cases"]] == ["expected", "gone", "expired"]
    assert [case["verdict"] for case in data["cases"]] == ["fail", "pass", "fail"]
    assert data["baseline"]["file"] == "known.json"
    assert data["baseline"]["gone"] == [
        {"case": PASSES, "on": None, "verdict": "fail", "reason": REASON, "expires": "2027-02-05"}
    ]
    write_json(Report("target", list(THREE)), repeat, tmp_path / "r.json")
    data = read_json(tmp_path / "r.json")
    assert data["baseline"] is None
    assert not any("baseline" in case for case in data["cases"])


def test_in_junit_the_expected_is_skipped_and_the_gone_fails(tmp_path: Path) -> None:
    write_junit(Report("target", list(THREE)), repeat, tmp_path / "r.xml", KNOWN)
    suite = read_junit(tmp_path / "r.xml")
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("2", "1")
    first, second, third = suite.findall("testcase")
    assert first[0].tag == "skipped"
    assert first[0].attrib["message"] == f"expected until 2027-01-31: {REASON}"
    assert second[0].tag == third[0].tag == "failure"
    assert "no longer happens (now pass)" in second[0].attrib["message"]
    assert "2027-01-30, which is over" in third[0].attrib["message"]


# --- the file ---------------------------------------------------------------------------------------------

ROW = {"case": FAILS, "verdict": "fail", "reason": "known", "expires": "2027-01-31"}


def file_of(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "known.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def rows(*changes: dict[str, Any]) -> dict[str, object]:
    return {"schema": "dicomnet-baseline/1", "expected": [ROW | change for change in changes]}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    entries = (entry(), entry(PASSES, on="tcp"), entry(PASSES, on="memory, TLS", verdict="inconclusive"))
    path = file_of(tmp_path, baseline_text(entries))
    assert read_baseline(path, TODAY) == Baseline(entries, str(path), TODAY)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "no JSON"),
        ([], "it names no schema, not 'dicomnet-baseline/1'"),
        ({"schema": "dicomnet-report/1"}, "it is of schema 'dicomnet-report/1', not 'dicomnet-baseline/1'"),
        ({"schema": "dicomnet-baseline/1"}, '"expected" must be a list'),
        (rows() | {"more": 1}, "unknown fields: more"),
        (rows({"case": "ul.sta6.evt99"}), "entry 1 (ul.sta6.evt99): there is no such case"),
        (rows({}, {"on": ""}), "entry 2 (ul.sta6.evt19): on: must be a text that is not empty"),
        (rows({"on": "udp"}), "entry 1 (ul.sta6.evt19): on: 'udp' is none of tcp; tcp, TLS; memory"),
        (rows({"verdict": "pass"}), "verdict: 'pass' is not fail or inconclusive"),
        (rows({"reason": " "}), "reason: must be a text that is not empty"),
        (rows({"reason": 3}), "reason: must be a text that is not empty"),
        (rows({"expires": None}), "expires: is missing"),
        (rows({"expires": "2027-02-30"}), "expires: '2027-02-30' is no date, as in 2027-01-31"),
        (rows({"expires": "20270131"}), "expires: '20270131' is no date"),
        (rows({"expires": "soon"}), "expires: 'soon' is no date"),
        (rows({"expired": "x"}), "unknown fields: expired"),
        (rows({}, {}), "ul.sta6.evt19 is there twice"),
        (rows({}, {"on": "tcp"}), "ul.sta6.evt19 on tcp is there twice"),
        ({"schema": "dicomnet-baseline/1", "expected": ["x"]}, "entry 1: is no object"),
        (rows(*[{"verdict": "x"}] * 20), "and 12 more"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_wrong_usage_before_anything_is_run(
    tmp_path: Path, content: object, told: str
) -> None:
    path = file_of(tmp_path, content)
    words = wrong_use("test", refused(), "--baseline", str(path))
    assert told in words
    assert "known.json" in words
    with pytest.raises(BaselineError):
        read_baseline(path)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert "--baseline: cannot read" in wrong_use("test", "--baseline", str(tmp_path / "none.json"))
    assert "Is a directory" in wrong_use("test", "--baseline", str(tmp_path))


def test_one_transport_each_is_not_twice(tmp_path: Path) -> None:
    path = file_of(tmp_path, rows({"on": "tcp"}, {"on": "memory"}))
    assert len(read_baseline(path).entries) == 2


# --- on the command line ----------------------------------------------------------------------------------


def _abort_as_user(carrier: TcpTransport) -> Address:
    return AbortAsUser(carrier, "ZOO").address


@pytest.fixture(scope="module")
def target() -> Generator[tuple[str, ...]]:
    """The words that judge two cases of an acceptor; one of them fails."""
    with acceptor(_abort_as_user) as address:
        yield (
            *("test", str(address), "--called-aet", "ZOO", *PATIENCE),
            *("--select", FAILS, "--select", "ul.sta6.evt12"),
        )


def test_a_baseline_that_is_written_makes_the_next_run_pass(tmp_path: Path, target: tuple[str, ...]) -> None:
    known, report, junit = tmp_path / "known.json", tmp_path / "r.json", tmp_path / "r.xml"
    first = run(*target, "--write-baseline", str(known))
    assert first.exit_code == 1, first.output
    assert "1 expected deviations" in first.output
    assert "1 wait for their reason" in first.output
    (row,) = read_json(known)["expected"]
    assert row["case"] == FAILS
    expires = date.fromisoformat(row["expires"])
    assert 88 <= (expires - datetime.now(UTC).date()).days <= 90
    assert "on" not in row
    second = run(*target, "--baseline", str(known), "--json", str(report), "--junit", str(junit))
    assert second.exit_code == 0, second.output
    assert "1 pass, 1 fail as expected" in flat(second.output)
    assert read_junit(junit).attrib["skipped"] == "1"
    assert read_json(report)["baseline"]["expected"][0]["case"] == FAILS
    # An entry too many, and one too few.
    gone = file_of(tmp_path, rows({}, {"case": "ul.sta6.evt12"}) | {"schema": "dicomnet-baseline/1"})
    third = run(*target, "--baseline", str(gone))
    assert third.exit_code == 1, third.output
    assert "no longer happening (1)" in third.output


def test_cases_that_are_left_out_are_not_gone(tmp_path: Path, target: tuple[str, ...]) -> None:
    later = {"expires": "9999-12-31"}
    path = file_of(tmp_path, rows(later, later | {"case": PASSES}, later | {"case": SLOW}))
    assert run(*target, "--baseline", str(path)).exit_code == 0


def test_an_expired_entry_fails_with_its_date(tmp_path: Path, target: tuple[str, ...]) -> None:
    path = file_of(tmp_path, rows({"expires": "2020-02-29"}))
    told = run(*target, "--baseline", str(path))
    assert told.exit_code == 1
    assert "was expected until 2020-02-29, which is over" in flat(told.output)


def test_a_baseline_is_renewed_with_the_reasons_that_are_known() -> None:
    fresh = baseline(
        entry(), entry(PASSES), entry(SLOW, -9), entry(ANOTHER, -1)
    ).renewed(Report("target", list(THREE)))  # fmt: skip
    by_case = {each.case: each for each in fresh}
    assert set(by_case) == {SLOW, FAILS, ANOTHER}
    assert by_case[FAILS] == entry()
    assert by_case[SLOW] == entry(SLOW, -9)
    assert by_case[ANOTHER].expires == TODAY + timedelta(90)
    assert by_case[ANOTHER].reason != REASON


def test_where_transports_differ_the_entry_names_its_own() -> None:
    report = Report("target", [result(Verdict.FAIL), result(Verdict.PASS, on="memory")])
    (fresh,) = Baseline(today=TODAY).renewed(report)
    assert (fresh.on, fresh.verdict) == ("tcp", Verdict.FAIL)


def test_a_case_that_never_began_is_no_deviation() -> None:
    given_up = Result(case_of(FAILS), "tcp", Verdict.INCONCLUSIVE)
    assert Baseline(today=TODAY).renewed(Report("target", [given_up])) == ()


def test_a_baseline_is_never_replaced(tmp_path: Path) -> None:
    path = file_of(tmp_path, "mine")
    assert "exists, and may hold reasons" in wrong_use("test", "--write-baseline", str(path))
    assert path.read_text() == "mine"
    assert "leave --write-baseline out" in wrong_use(
        "test", "--list", "--write-baseline", str(tmp_path / "x")
    )
    same = str(tmp_path / "x")
    assert "the same file" in wrong_use("test", "--json", same, "--write-baseline", same)


def test_a_target_that_cannot_be_tested_makes_no_baseline(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    told = run("test", refused(), "--select", FAILS, "--write-baseline", str(path))
    assert told.exit_code == 3
    assert "is not written: the target could not be tested" in told.output
    assert not path.exists()


# --- what failed is run again -----------------------------------------------------------------------------


def report_file(tmp_path: Path, *verdicts: tuple[str, str], **more: object) -> str:
    cases = [{"id": case, "verdict": verdict} for case, verdict in verdicts]
    return str(file_of(tmp_path, {"schema": "dicomnet-report/1", "cases": cases, **more}))


def test_only_what_failed_is_run_again(tmp_path: Path, target: tuple[str, ...]) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    run(*target, "--json", str(first))
    told = run(*target, "--rerun-failed", str(first), "--json", str(second))
    assert told.exit_code == 1
    assert [case["id"] for case in read_json(second)["cases"]] == [FAILS]


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "error"])
def test_what_is_run_again(tmp_path: Path, verdict: str) -> None:
    file = report_file(tmp_path, (FAILS, verdict), (PASSES, "pass"), (FAILS, "pass"))
    listed = run("test", "--list", "--rerun-failed", file)
    assert listed.output.startswith(f"{FAILS}  MUST")
    assert "\n1 cases (1 distinct)" in listed.output


def test_where_nothing_failed_there_is_nothing_to_do(tmp_path: Path) -> None:
    told = run("test", refused(), "--rerun-failed", report_file(tmp_path, (PASSES, "pass")))
    assert told.exit_code == 0
    assert "nothing failed in" in told.output


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    file = report_file(tmp_path, (FAILS, "fail"), (PASSES, "fail"))
    told = run("test", "--list", "--select", PASSES, "--rerun-failed", file)
    assert told.exit_code == 0
    assert f"WARNING: 1 of 2 cases that failed in {file!r} are not among those" in flat(told.output)
    assert "are not among those" in wrong_use("test", "--select", ANOTHER, "--rerun-failed", file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no JSON"),
        ({"schema": "dicomnet-baseline/1"}, "not 'dicomnet-report/1'"),
        ({"schema": "dicomnet-report/1"}, '"cases" must be a list'),
        ({"schema": "dicomnet-report/1", "cases": [{"id": FAILS}]}, "case 1 has no id, or no verdict"),
        ({"schema": "dicomnet-report/1", "cases": [3]}, "case 1 has no id, or no verdict"),
        (
            {"schema": "dicomnet-report/1", "cases": [], "blamed": "no peer"},
            "could not test its target (no p",
        ),
        (
            {"schema": "dicomnet-report/1", "cases": [{"id": "gone.case", "verdict": "fail"}]},
            "there is no such case: gone.case",
        ),
    ],
)
def test_a_file_that_is_no_report_is_wrong_usage(tmp_path: Path, content: object, told: str) -> None:
    words = wrong_use("test", refused(), "--rerun-failed", str(file_of(tmp_path, content)))
    assert told in words
    assert "--rerun-failed: " in words
