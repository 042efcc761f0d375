"""Sequence charts: every happening is there once and in order, and hostile text is harmless."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from dicomnet.diagrams import (
    Chart,
    Happening,
    Message,
    Note,
    Parting,
    State,
    States,
    chart_mermaid,
    chart_svg,
)

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


LONG = "A-ASSOCIATE-RQ: 'ECHOSCU' calls 'DICOMNET'; contexts 1 Verification SOP Class (Implicit VR Little Endian)"
WORD = "W" * 200


@pytest.mark.parametrize("many", range(1, 8))
def test_nothing_is_wider_than_its_place(many: int) -> None:
    names = tuple(f"end {number} {LONG[:40]}" for number in range(many))
    drawn: list[Happening] = [Parting(WORD, LONG * 2)]
    for name in names:
        drawn += [Note(1, name, LONG), Note(2, name, WORD)]
        drawn += [States((State(name, LONG),)), States((State(name, WORD),))]
    drawn.append(States(tuple(State(name, "Sta13, ARTIM runs (not by the table)") for name in names)))
    drawn += [Message(3, one, other, WORD) for one, other in pairwise(names)]
    chart = Chart(LONG * 3, names, tuple(drawn))
    root = ElementTree.fromstring(chart_svg(chart))
    width = int(root.get("width", "0"))
    boxes = [box for box in root.iter(f"{SVG}rect") if box.get("rx")]
    spans = [(int(box.get("y", "")), int(box.get("x", "")), int(box.get("width", ""))) for box in boxes]
    assert all(x >= 0 and x + wide <= width for _, x, wide in spans)
    for (y, x, wide), (below, right, _) in pairwise(sorted(spans)):
        assert y != below or x + wide <= right, "two boxes lie on one another"
    # Of text the widest character is reckoned with.
    for text in root.iter(f"{SVG}text"):
        wide = 8 * len(text.text or "")
        left = int(text.get("x", "")) - (wide // 2 if text.get("text-anchor") == "middle" else 0)
        assert left >= 0
        assert left + wide <= width


def test_states_stand_on_their_lifelines_and_say_more_when_pointed_at() -> None:
    states = States((State("tester", "Sta6", "data may flow"), State("target", "Sta13", off=True)))
    root = ElementTree.fromstring(chart_svg(Chart("x", ("tester", "target"), (states,))))
    at = {(text.text, text.get("x")) for text in root.iter(f"{SVG}text")}
    lives = sorted({line.get("x1") for line in root.iter(f"{SVG}line")}, key=lambda x: int(x or ""))
    assert {("Sta6", lives[0]), ("Sta13", lives[1])} <= at
    assert {box.get("class") for box in root.iter(f"{SVG}rect")} >= {"state", "state off"}
    assert "data may flow" in [title.text for title in root.iter(f"{SVG}title")]
    assert chart_mermaid(Chart("x", ("tester", "target"), (states,))).endswith("Note over L1: Sta13\n")


def test_the_style_is_of_this_drawing_alone() -> None:
    """A page in which it stands keeps its own."""
    root = ElementTree.fromstring(chart_svg(CHART))
    assert root.get("class") == "dicomnet-chart"
    (style,) = root.iter(f"{SVG}style")
    rules = re.sub(r"@media [^{]*\{", "", style.text or "")
    selectors = [rule.split("}")[-1].strip() for rule in rules.split("{")[:-1]]
    assert len(selectors) > 10
    assert all(each.startswith(".dicomnet-chart") for each in selectors)


def test_steps_are_counted_where_there_is_no_time() -> None:
    chart = Chart("x", ("tester",), (Note(3, "tester", "y"),), counted=True)
    assert "step 3" in texts(chart_svg(chart))
    assert "  Note over L0: step 3 y" in chart_mermaid(chart).splitlines()


@pytest.mark.parametrize(
    "sign",
    [
        "%%{init: {'theme': 'dark'}}%%",
        "a;b",
        "#35;",
        "&lt;b&gt;",
        "$$x$$",
        "`**b**`",
        "<br/>",
        '"q"',
        "x\ny",
        "\\n",
    ],
)
def test_no_sign_of_mermaid_is_taken_for_one(sign: str) -> None:
    """Each of these was drawn by Mermaid itself as what it is."""
    mermaid = chart_mermaid(
        Chart(sign, ("tester", sign), (Message(0, "tester", sign, sign), Note(0, sign, sign)))
    )
    lines = [line.replace("->>", "").replace("L0L1: ", "") for line in mermaid.splitlines()[1:]]
    for line in lines:
        said = re.sub(r"#(\d+|lt|gt|quot);", "", line.partition(": ")[2] or line.partition(" as ")[2])
        assert not set(said) & set('%;#&$`<>"\n\\{}')
    assert len(lines) == 5


def test_mermaid_has_no_empty_text() -> None:
    chart = Chart("", ("", "b"), (Message(0, "", "b", ""), States((State("b", ""),)), Parting("", "")))
    assert not [line for line in chart_mermaid(chart).splitlines() if line.rstrip().endswith((":", " as"))]


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


def test_a_report_of_others_with_too_much_in_it_is_said(report: Path, tmp_path: Path) -> None:
    read = json.loads(report.read_text("ascii"))
    read["cases"][0]["evidence"] *= 500
    other = tmp_path / "other.json"
    other.write_text(json.dumps(read), "ascii")
    told = wrong_use("diagram", "sequence", str(other), "--case", read["cases"][0]["id"])
    assert "cannot be drawn: a chart of more than 1000 steps is no picture" in told


# --- tables -----------------------------------------------------------------------------------------------


def test_all_tables_are_drawn_into_a_directory(tmp_path: Path) -> None:
    names = output("diagram", "--list").split()
    output("diagram", "--all", "--format", "mermaid", "-o", str(tmp_path / "new"))
    assert {file.name for file in (tmp_path / "new").iterdir()} == {
        f"{name}.mmd" for name in names if name not in ("sequence", "cells")
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
