"""Sequence charts: every happening is there once and in order, and hostile text is harmless."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from dicomnet.diagrams import Chart, Message, Note, Parting, chart_mermaid, chart_svg

from ..conformance.command import output, run, wrong_use

HOSTILE = "<script>alert('&')</script>\x00\x1b[31m;#\n" + "A" * 300
CHART = Chart(
    "a case: 'x' (fail)",
    ("tester", "target"),
    (
        Message(0.0, "tester", "target", "connect"),
        Note(0.5, "target", "thinks about it"),
        Message(1.25, "target", "tester", "A-ABORT", "07 00 00 00"),
        Parting("A-RELEASE-RP", "A-ABORT"),
    ),
)
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_everything_is_there_in_its_order() -> None:
    said = texts(chart_svg(CHART))
    shown = ["0.0 ms", "connect", "500.0 ms", "thinks about it", "1.25 s", "A-ABORT"]
    assert said[-8:] == [*shown, "expected: A-RELEASE-RP", "observed: A-ABORT"]
    assert said[:3] == ["tester", "target", "a case: 'x' (fail)"]


def test_no_line_of_text_lies_on_another() -> None:
    rows = ElementTree.fromstring(chart_svg(CHART)).iter(f"{SVG}text")
    lines = {(row.get("y"), row.get("text-anchor")) for row in rows if row.text not in ("tester", "target")}
    assert len(lines) == len(texts(chart_svg(CHART))) - 2


def test_arrows_point_from_who_sends() -> None:
    paths = [each.get("d", "") for each in ElementTree.fromstring(chart_svg(CHART)).iter(f"{SVG}path")]
    ends = [(int(d.split()[1]), int(d.split()[-1])) for d in paths]
    assert [start < end for start, end in ends] == [True, False]


def test_hostile_text_is_text() -> None:
    chart = Chart(
        HOSTILE,
        ("tester", HOSTILE),
        (Message(0, "tester", HOSTILE, HOSTILE, HOSTILE), Note(1, HOSTILE, HOSTILE)),
    )
    root = ElementTree.fromstring(chart_svg(chart))
    assert not list(root.iter(f"{SVG}script"))
    mermaid = chart_mermaid(chart)
    assert "<script" not in mermaid
    assert len(mermaid.splitlines()) == 6


def test_mermaid_says_the_same() -> None:
    lines = chart_mermaid(CHART).splitlines()
    assert lines[0] == "sequenceDiagram"
    assert "  L0->>L1: 0.0 ms connect" in lines
    assert "  L1->>L0: 1.25 s A-ABORT" in lines
    assert "  Note over L0,L1: expected#58; A-RELEASE-RP<br/>observed#58; A-ABORT" in lines


@pytest.mark.parametrize(
    "happenings",
    [(Note(0, "nobody", "x"),), (Message(0, "tester", "nobody", "x"),), (Note(0, "tester", "x"),) * 1001],
)
def test_what_cannot_be_drawn_is_refused(happenings: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"lifeline|picture"):
        Chart("x", ("tester",), happenings)


# --- from a report ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.json"
    output("test", "--select", "ul.sta6.evt19", "--select", "conn.second*", "--json", str(file))
    return file


def test_a_case_of_a_report_is_drawn(report: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.svg"
    output("diagram", "sequence", str(report), "--case", "ul.sta6.evt19", "-o", str(file))
    said = texts(file.read_text("utf-8"))
    assert said[2].startswith("ul.sta6.evt19: PDU of unknown type 0x0B in an established association")
    assert "PDU of unknown type 0x0B" in said
    assert not any(line.startswith("expected") for line in said)  # it passed
    on_tcp = output("diagram", "sequence", str(report), "--case", "ul.sta6.evt19", "--on", "tcp")
    assert "(pass, tcp)" in on_tcp


def test_several_connections_have_a_lifeline_each(report: Path) -> None:
    cases = [
        case["id"] for case in json.loads(report.read_text("ascii"))["cases"] if case["id"].startswith("conn")
    ]
    told = output("diagram", "sequence", str(report), "--case", cases[0])
    assert told.count("participant") > 2


def test_what_is_not_there_is_said(report: Path, tmp_path: Path) -> None:
    near = wrong_use("diagram", "sequence", str(report), "--case", "ul.sta6.evt18")
    assert "case 'ul.sta6.evt18' is not in this report; near: ul.sta6.evt19" in near
    assert "sequence REPORT.json --case ID" in wrong_use("diagram", "sequence")
    assert "as svg or mermaid, not as png" in wrong_use(
        "diagram", "sequence", str(report), "--case", "ul.sta6.evt19", "--format", "png"
    )
    other = tmp_path / "other.json"
    other.write_text('{"schema": "dicomnet-report/99"}', "ascii")
    assert "dicomnet-report/99" in wrong_use("diagram", "sequence", str(other), "--case", "x")
    assert "leave them out" in wrong_use("diagram", "association", "--case", "x")


# --- tables -----------------------------------------------------------------------------------------------


def test_all_tables_are_drawn_into_a_directory(tmp_path: Path) -> None:
    names = output("diagram", "--list").split()
    output("diagram", "--all", "--format", "mermaid", "-o", str(tmp_path / "new"))
    assert {file.name for file in (tmp_path / "new").iterdir()} == {
        f"{name}.mmd" for name in names if name not in ("walk-through", "sequence", "cells")
    }
    assert "--all needs a directory" in wrong_use("diagram", "--all")
    assert "which diagram?" in wrong_use("diagram")


def test_a_table_as_mermaid_has_every_state_and_cell() -> None:
    told = output("diagram", "association", "--format", "mermaid")
    assert told.startswith("stateDiagram-v2\n")
    assert "  Sta4 --> Sta5: Evt2 / AE-2\n" in told
    for state in range(1, 14):
        assert f"  Sta{state}: Sta{state}#58; " in told
    assert "flowchart LR" in output("diagram", "coupling", "--format", "mermaid")


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", "ascii")
    result = run("diagram", "--all", "-o", str(file / "below"))
    assert result.exit_code == 1
    assert "cannot make" in result.output
