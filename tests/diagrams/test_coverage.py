"""What a run has covered, in the state diagram and in the table: each cell once, with its mark."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dicomnet.diagrams import Mark, dot_of, heat_svg
from dicomnet.statemachine import ASSOCIATION

from ..conformance.command import output, wrong_use

SVG = "{http://www.w3.org/2000/svg}"
LEGAL = [(state, event) for state, row in ASSOCIATION.cells.items() for event in row]


def tips(svg: str) -> list[str]:
    """What each cell says when it is pointed at."""
    titles = [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}title")]
    return [title for title in titles if title.startswith("Sta") and " x Evt" in title]


def test_each_cell_is_there_once_with_its_mark() -> None:
    marks = {
        ("Sta6", "Evt10"): Mark.FAILED,
        ("Sta6", "Evt12"): Mark.PASSED,
        ("Sta4", "Evt2"): Mark.UNREACHABLE,
    }
    told = tips(heat_svg(ASSOCIATION, marks, "x"))
    assert len(told) == len(LEGAL) == 123
    assert Counter(line.partition(": ")[2].split("\n")[0] for line in told) == {
        Mark.FAILED.value: 1,
        Mark.PASSED.value: 1,
        Mark.UNREACHABLE.value: 1,
        Mark.UNSEEN.value: 120,
    }
    assert [line for line in told if line.startswith(f"Sta6 x Evt10: {Mark.FAILED.value}\nDT-2: ")]


def test_no_two_boxes_lie_on_one_another() -> None:
    boxes = [
        (int(each.get("x", 0)), int(each.get("y", 0)))
        for each in ElementTree.fromstring(heat_svg(ASSOCIATION, {}, "x")).iter(f"{SVG}rect")
        if each.get("class") != "paper"
    ]
    assert len(set(boxes)) == len(boxes) == 13 * 19 + len(Mark)


def test_a_hostile_target_is_text() -> None:
    svg = heat_svg(ASSOCIATION, {}, "</title><script>\x00\n")
    assert not list(ElementTree.fromstring(svg).iter(f"{SVG}script"))


def test_the_worst_of_several_cells_on_an_arrow_counts() -> None:
    marks = dict.fromkeys(LEGAL, Mark.PASSED) | {("Sta6", "Evt19"): Mark.FAILED}
    lines = [line for line in dot_of("association", marks).splitlines() if "Evt3,4,6,13,19 / AA-8" in line]
    assert [
        line.split("label=")[1][:4].strip("< ") for line in lines if line.lstrip().startswith("Sta6")
    ] == ["\N{BALLOT X}"]
    assert "penwidth=2" in "".join(line for line in lines if line.lstrip().startswith("Sta6"))
    assert dot_of("association") == dot_of("association", None)


# --- from a report ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.json"
    output("test", "--select", "ul.sta6.evt1[02]", "--json", str(file))
    return file


def test_the_table_of_a_run(report: Path, tmp_path: Path) -> None:
    file = tmp_path / "cells.svg"
    output("diagram", "cells", str(report), "-o", str(file))
    told = {
        line.split(":")[0]: line.partition(": ")[2].split("\n")[0] for line in tips(file.read_text("utf-8"))
    }
    assert told["Sta6 x Evt10"] == told["Sta6 x Evt12"] == Mark.PASSED.value
    assert told["Sta2 x Evt6"] == Mark.PASSED.value  # on the way
    assert told["Sta6 x Evt19"] == Mark.UNSEEN.value
    assert told["Sta5 x Evt3"] == Mark.UNREACHABLE.value


@pytest.mark.parametrize(
    ("verdict", "mark"), [("fail", Mark.FAILED), ("non-strict", Mark.LESS), ("inconclusive", Mark.OPEN)]
)
def test_the_worst_verdict_on_a_cell_counts(report: Path, tmp_path: Path, verdict: str, mark: Mark) -> None:
    data = json.loads(report.read_text("ascii"))
    next(case for case in data["cases"] if case["id"] == "ul.sta6.evt10")["verdict"] = verdict
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(data), "ascii")
    assert f"Sta6 x Evt10: {mark.value}\n" in "\n".join(tips(output("diagram", "cells", str(file)))) + "\n"


def test_the_state_diagram_of_a_run(report: Path) -> None:
    told = output("diagram", "association", "--coverage", str(report))
    assert "\N{CHECK MARK} Evt12 / AR-2" in told
    assert "- Evt2 / AE-2" in told
    assert Mark.FAILED.value in told


def test_what_makes_no_sense_is_refused(report: Path, tmp_path: Path) -> None:
    assert "--coverage goes with association" in wrong_use("diagram", "listener", "--coverage", str(report))
    assert "diagram cells REPORT.json" in wrong_use("diagram", "cells")
    assert "as svg, not as dot" in wrong_use("diagram", "cells", str(report), "--format", "dot")
    assert "no such file" in wrong_use("diagram", "cells", str(tmp_path / "none.json")).lower()
    hostile = tmp_path / "hostile.json"
    hostile.write_text(
        '{"schema": "dicomnet-report/1", "target": "<b>", "cells": {"Sta6": 3, "Nowhere": {"Evt1": 1}}, '
        '"unreachable": [], "cases": [1, {"cell": ["Sta6"]}, {"cell": ["Sta6", 7], "verdict": "fail"}]}',
        "ascii",
    )
    assert len(tips(output("diagram", "cells", str(hostile)))) == 123


def test_the_style_of_the_table_is_its_own_alone() -> None:
    style = heat_svg(ASSOCIATION, {}, "x").partition("<style>")[2].partition("</style>")[0]
    selectors = [each.strip() for each in re.findall(r"([^{}]+)\{(?!\s*\.)", style)]
    assert len(selectors) > 6
    assert all(each.startswith((".dicomnet-cells ", "@media")) for each in selectors)
