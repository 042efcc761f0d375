"""The reports agree with what was learned, with each other, and stay sound whatever a target has said."""

from __future__ import annotations

import json
import re
import shlex
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console as RichConsole

from dicomnet.conformance import (
    Case,
    CaseFinished,
    CaseStarted,
    Console,
    Ending,
    Evidence,
    Level,
    Remark,
    Report,
    Result,
    Started,
    Verdict,
    all_cases,
    report_as_dict,
    write_json,
    write_junit,
)

from .command import flat, output, read_json, read_junit, run
from .servers import acceptor

NASTY = "[red]x[/red] [/] \x1b]0;owned\x07 \x00 \x7f \r\n \ud800 \ufffe <&\"'>]]> é"
FIELDS = {
    "id",
    "title",
    "clause",
    "requirement",
    "level",
    "role",
    "transport",
    "verdict",
    "expected",
    "observed",
}
MORE_FIELDS = {"close", "evidence", "repeat"}


def repeat(*ids: str) -> str:
    return "again " + " ".join(ids)


def result(
    verdict: Verdict, number: int = 1, text: str = "what came", clause: str = "PS3.8 2020 9.3.2"
) -> Result:
    case = Case(f"x.{verdict.value}.{number}", f"title {text}", clause, f"It must {text}.", ())
    evidence = Evidence()
    evidence.add(0.25, "target", text, b"\x07\0")
    return Result(
        case, "tcp", verdict, "A-ABORT", text, [f"note {text}"], Ending("RST", 1.5), evidence,
        frozenset({("Sta2", "Evt6")}),
    )  # fmt: skip


def report_of(*results: Result) -> Report:
    return Report("127.0.0.1:104", list(results), ["a remark"])


def shown(report: Report, width: int = 80, *, verbose: bool = False) -> str:
    """What the console says at the end."""
    screen = RichConsole(file=StringIO(), width=width, highlight=False)
    Console(screen, verbose=verbose).show(report, repeat)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


def written(report: Report, folder: Path) -> dict[str, Any]:
    write_json(report, repeat, folder / "report.json")
    return read_json(folder / "report.json")


ALL = tuple(result(verdict) for verdict in Verdict)


# --- JSON -------------------------------------------------------------------------------------------------


def test_the_json_report_has_its_schema(tmp_path: Path) -> None:
    data = written(report_of(*ALL), tmp_path)
    assert data["schema"] == "dicomnet-report/1"
    assert data["target"] == "127.0.0.1:104"
    assert data["remarks"] == ["a remark"]
    assert data["summary"] == {verdict.value: 1 for verdict in Verdict}
    assert data["cells"] == {"Sta2": {"Evt6": len(ALL)}}
    for case, one in zip(data["cases"], ALL, strict=True):
        assert set(case) >= FIELDS | MORE_FIELDS
        assert case["id"] == one.case.id
        assert (case["level"], case["role"], case["transport"]) == ("MUST", "acceptor", "tcp")
        assert case["verdict"] == one.verdict.value
        assert (case["expected"], case["observed"]) == ("A-ABORT", "what came")
        assert case["close"] == {"how": "RST", "after": 1.5}
        assert case["evidence"] == [
            {"seconds": 0.25, "who": "target", "what": "what came", "octets": "0700", "total": 2}
        ]
        assert case["repeat"] == f"again {one.case.id}"


def test_an_empty_report_names_every_verdict(tmp_path: Path) -> None:
    data = written(report_of(), tmp_path)
    assert data["summary"] == {verdict.value: 0 for verdict in Verdict}
    assert (data["cases"], data["cells"], data["blamed"]) == ([], {}, None)


def test_a_report_replaces_the_file_that_a_link_points_to(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "report.json").symlink_to("real.json")
    written(report_of(), tmp_path)
    assert (tmp_path / "report.json").is_symlink()
    assert "old" not in (tmp_path / "real.json").read_text()
    assert len(list(tmp_path.iterdir())) == 2


# --- JUnit ------------------------------------------------------------------------------------------------


def test_the_junit_report_counts_what_it_holds(tmp_path: Path) -> None:
    write_junit(report_of(*ALL), repeat, tmp_path / "report.xml")
    suite = read_junit(tmp_path / "report.xml")
    assert {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": str(len(ALL)),
        "failures": "1",
        "errors": "1",
        "skipped": "3",
    }
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == "fail: what came"
    assert failure.text is not None
    for words in ("MUST: It must", "PS3.8 2020 9.3.2", "expected: A-ABORT", "repeat: again x.fail.1"):
        assert words in failure.text
    assert "0.250 s target: what came" in (suite.findtext("testcase/system-out") or "")


def test_a_configuration_to_blame_is_an_error_in_junit(tmp_path: Path) -> None:
    report = report_of(result(Verdict.INCONCLUSIVE))
    report.blamed = report.results[0].notes[0]
    write_junit(report, repeat, tmp_path / "report.xml")
    assert read_junit(tmp_path / "report.xml").attrib["errors"] == "1"


# --- console ----------------------------------------------------------------------------------------------


def test_the_console_shows_the_clauses_and_a_summary() -> None:
    text = shown(
        report_of(
            result(Verdict.PASS, 1, clause="PS3.8 2020 9.3.10"),
            result(Verdict.PASS, 2, clause="PS3.8 2020 9.3.2; PS3.8 2020 Table 9-11"),
            result(Verdict.FAIL, 3, clause="PS3.8 2020 9.3.2"),
        )
    )
    assert "Verdicts by clause (PS3.8 2020)" in text
    rows = [line.split() for line in text.splitlines() if line.strip().startswith(("PS3.8", "all"))]
    assert rows == [["PS3.8", "9.3.2", "1", "1"], ["PS3.8", "9.3.10", "1"], ["all", "2", "1"]]
    assert "3 verdicts on 127.0.0.1:104: 2 pass, 1 fail; 1 cells of Table 9-10 driven" in flat(text)
    assert "The suite drives 55 of the 123 cells; 68 cannot be reached from outside" in flat(text)


def test_a_failure_says_all_there_is_to_know() -> None:
    text = flat(shown(report_of(result(Verdict.FAIL))))
    for words in (
        "fail x.fail.1 title what came",
        "clause PS3.8 2020 9.3.2",
        "requirement MUST: It must what came.",
        "expected A-ABORT",
        "observed what came",
        "note note what came",
        "repeat again x.fail.1",
    ):
        assert words in text


def test_failures_with_one_cause_are_told_once() -> None:
    alike = [result(Verdict.FAIL, number, f"nothing for {number}.2 s") for number in range(20)]
    text = flat(shown(report_of(*alike, result(Verdict.FAIL, 99, "something else"))))
    assert text.count("expected A-ABORT") == 2
    assert "20 cases alike" in text
    assert "and 8 more; --verbose tells all" in text
    assert "repeat again x.fail.0 x.fail.1 x.fail.2" in text
    assert flat(shown(report_of(*alike), verbose=True)).count("expected A-ABORT") == 20


def test_mild_verdicts_take_a_line_for_each_reason() -> None:
    many = [result(Verdict.NON_STRICT, number) for number in range(40)]
    text = shown(report_of(*many, result(Verdict.INCONCLUSIVE)))
    assert "non-strict (40)" in text
    assert text.count("what came; expected: A-ABORT; note what came") == 2
    assert "x.non-strict.11, and 28 more" in flat(text)
    assert "x.inconclusive.1" in text
    assert "repeat" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_column_is_lost_in_a_narrow_terminal(width: int) -> None:
    lines = shown(report_of(*ALL), width).splitlines()
    for line in lines:
        assert len(line.rstrip()) <= width or "repeat" in line
    if width >= 80:
        (total,) = [line for line in lines if line.strip().startswith("all")]
        assert total.split() == ["all", *["1"] * len(Verdict)]


def test_the_longest_clauses_fit_a_terminal_of_80_columns() -> None:
    many = [
        result(verdict, number, clause=case.clause)
        for number, case in enumerate(all_cases())
        for verdict in (Verdict.PASS, Verdict.NON_STRICT, Verdict.INFORMATIONAL, Verdict.FAIL)
    ]
    table = shown(report_of(*many)).split("\n all")[0]
    assert "…" not in table


def test_verdicts_are_told_while_it_runs() -> None:
    def told(*, verbose: bool) -> str:
        screen = RichConsole(file=StringIO(), width=80, highlight=False)
        with Console(screen, verbose=verbose) as console:
            console(Started("tcp", "127.0.0.1:104", 2))
            for verdict in (Verdict.PASS, Verdict.FAIL):
                one = result(verdict)
                console(CaseStarted(one.case))
                console(CaseFinished(one))
            console(Remark("by the way"))
        assert isinstance(screen.file, StringIO)
        return screen.file.getvalue()

    assert "x.fail.1" in told(verbose=False)
    assert "x.pass.1" not in told(verbose=False)
    assert "by the way" in told(verbose=False)
    assert "x.pass.1" in told(verbose=True)


# --- what hostile targets say -----------------------------------------------------------------------------


def nasty() -> Report:
    report = report_of(*(result(verdict, text=NASTY, clause=NASTY) for verdict in Verdict))
    report.target = report.blamed = NASTY
    report.remarks.append(NASTY)
    return report


@pytest.mark.parametrize("verbose", [False, True])
def test_the_console_obeys_no_target(verbose: bool) -> None:
    text = shown(nasty(), 200, verbose=verbose)
    assert not re.search(r"[^\n\x20-\x7e\u00a1-\u2fff]", text)
    assert "[red]x[/red]" in text
    assert "\\x1b]0;owned\\x07" in text


def test_junit_stays_well_formed(tmp_path: Path) -> None:
    write_junit(nasty(), repeat, tmp_path / "report.xml")
    suite = read_junit(tmp_path / "report.xml")
    assert "\\x1b]0;owned" in suite.attrib["name"]
    assert "<&\"'>]]>" in (suite.findtext("testcase/system-out") or "")


def test_json_keeps_every_character(tmp_path: Path) -> None:
    data = written(nasty(), tmp_path)
    assert data["cases"][0]["observed"] == NASTY
    assert data == json.loads(json.dumps(report_as_dict(nasty(), repeat)))


# --- the command that repeats a case ----------------------------------------------------------------------


def run_again(command: str, folder: Path) -> list[str]:
    """The ids that the command runs."""
    program, *arguments = shlex.split(command)
    assert program == "dicomnet"
    again = folder / "again.json"
    result = run(*arguments, "--json", str(again))
    assert result.exit_code == 0, result.output
    return [case["id"] for case in read_json(again)["cases"]]


def test_repeat_repeats_the_case(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with acceptor() as address:
        output(
            *(
                "test",
                str(address),
                "--called-aet",
                "IT'S {ME}",
                "--calling-aet",
                " $HOME",
                "--patience",
                "2",
            ),
            *("--select", "ul.sta2.evt1[02]", "--json", str(file)),
        )
        for case in read_json(file)["cases"]:
            assert run_again(case["repeat"], tmp_path) == [case["id"]]


def test_repeat_knows_the_depth(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with acceptor() as address:
        output(
            "test", str(address), "--depth", "1", "--select", "ul.sta2.evt10+evt1[02]", "--json", str(file)
        )
        cases = read_json(file)["cases"]
        assert len(cases) == 2
        assert run_again(cases[0]["repeat"], tmp_path) == [cases[0]["id"]]


def test_repeat_without_a_target(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    output("test", "--select", "ul.sta2.evt10", "--json", str(file))
    cases = read_json(file)["cases"]
    assert len({case["transport"] for case in cases}) == len(cases) == 3
    assert run_again(cases[0]["repeat"], tmp_path) == ["ul.sta2.evt10"] * 3


def test_the_sanity_case_can_be_repeated(tmp_path: Path) -> None:
    with acceptor() as address:
        assert run_again(f"dicomnet test {address} --select sanity.echo", tmp_path) == []


def test_levels_are_told(tmp_path: Path) -> None:
    levels = {case.level for case in all_cases()}
    assert levels == set(Level)
