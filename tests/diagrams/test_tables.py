"""Tables as HTML and CSV: every cell is there, a page is one that anybody can use, and hostile text is text."""

from __future__ import annotations

import csv
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from dicomnet.diagrams import (
    DIAGRAMS,
    TABLES,
    VIEWS,
    Rows,
    machine_html,
    rows_csv,
    table_csv,
    table_html,
    table_rows,
)
from dicomnet.statemachine import ASSOCIATION, MACHINES, TLS_PROFILES, Machine, effect_words

from ..conformance.command import output, run, wrong_use

HOSTILE = "<script>alert('&')</script>\x00"
VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """A page: its elements with their attributes, the text of each cell, and whether all that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def in_table(machine: Machine[Any]) -> list[list[str]]:
    """State, event, action, condition and next state of every branch of every cell, from the machine itself."""
    found: list[list[str]] = []
    for state, row in machine.cells.items():
        for event, name in row.items():
            for branch in machine.actions[name].branches:
                following = "" if branch.refuse else state if branch.next == "=" else branch.next
                found.append([state, event, name, branch.when or "", following])
    return sorted(found)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_csv_has_a_row_for_each_branch_of_each_cell(machine: Machine[Any]) -> None:
    head, *rows = csv.reader(StringIO(table_csv(machine.name), newline=""))
    assert head == ["State", "Event", "Action", "Condition", "Effects", "Next state", "Clause"]
    assert sorted([*row[:4], row[5]] for row in rows) == in_table(machine)
    for state, event, name, condition, effects, _, clause in rows:
        action = machine.action_at(state, event)
        assert action is not None
        assert action.name == name
        assert action.clause in clause
        branch = next(each for each in action.branches if (each.when or "") == condition)
        assert all(effect_words(effect) in effects for effect in branch.effects)
        assert (branch.refuse or "") in effects


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_html_has_every_cell(machine: Machine[Any]) -> None:
    rows = Page(table_html(machine.name)).rows
    assert sorted(
        [*row[:4], row[5]] for row in rows if len(row) == 7 and row[0] in machine.state
    ) == in_table(machine)
    grid = rows[1 : 1 + len(machine.events)]
    assert [row[0] for row in grid] == [kind.name for kind in machine.events]
    assert rows[0] == ["Event", *(state.name for state in machine.states)]


@pytest.mark.parametrize("name", TABLES)
def test_a_page_stands_alone_and_can_be_used_by_anybody(name: str) -> None:
    text = table_html(name)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>\n")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == len(page.all("main")) == len(page.all("h1")) == 1
    assert {"charset": "utf-8"} in page.all("meta")
    # Nothing is fetched, and nothing runs.
    assert not any(page.all(tag) for tag in ("script", "link", "img", "iframe"))
    assert "url(" not in text
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.get("scope") in ("row", "col") for head in page.all("th"))
    regions = [each for each in page.all("div") if each.get("role") == "region"]
    assert len(regions) == len(page.all("table"))
    assert all(each.get("tabindex") == "0" and each.get("aria-label") for each in regions)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {f"#{each}" for each in ids} >= {link["href"] for link in page.all("a")}


def test_a_cell_of_the_grid_leads_to_what_is_done() -> None:
    page = Page(table_html("association"))
    assert {"href": "#Sta6-Evt19"} in page.all("a")
    assert len(page.all("a")) == sum(map(len, ASSOCIATION.cells.values()))


def test_every_suite_of_every_profile_is_there() -> None:
    _, *rows = csv.reader(StringIO(table_csv("tls-profiles"), newline=""))
    assert {row[0] for row in rows} == set(TLS_PROFILES)
    assert ["bcp195", "TLS_AES_128_GCM_SHA256", "0x1301", "required"] in [row[:4] for row in rows]
    assert {tuple(row[:2]) for row in rows} <= {
        tuple(row[:2]) for row in Page(table_html("tls-profiles")).rows
    }


def test_the_coupling_says_what_is_absorbed_as_well() -> None:
    assert {row[0] for row in table_rows("coupling").rows} == {"rule", "diverted", "absorbed"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", '=HYPERLINK("x")']
)
def test_no_cell_of_csv_is_a_formula(text: str) -> None:
    (head, row) = csv.reader(StringIO(rows_csv(Rows("x", (text, "a"), ((text, "b"),))), newline=""))
    assert head[0] == row[0] == f"'{text}"
    assert row[1] == "b"


def test_what_csv_has_signs_for_is_quoted() -> None:
    cells = ('a "word"', "a, b", "a\r\nb", "")
    assert list(csv.reader(StringIO(rows_csv(Rows("x", cells, (cells,))), newline="")))[1] == list(cells)


def test_hostile_text_in_a_page_is_text() -> None:
    first, *others = ASSOCIATION.states
    page = machine_html(
        replace(ASSOCIATION, title=HOSTILE, states=(replace(first, meaning=HOSTILE), *others))
    )
    assert not Page(page).all("script")
    assert "\x00" not in page
    assert page.count("&lt;script&gt;") == 3


def test_the_command_writes_what_the_functions_give(tmp_path: Path) -> None:
    for form, written in (("html", table_html), ("csv", table_csv)):
        file = tmp_path / f"table.{form}"
        output("table", "association", "--format", form, "-o", str(file))
        assert file.read_bytes() == written("association").encode()
        assert run("table", "association", "--format", form).stdout_bytes == file.read_bytes()


def test_unknown_names_are_answered_with_near_ones() -> None:
    assert "there is no table 'asociation'; near: association" in wrong_use("table", "asociation")
    assert "near: walk-through" in wrong_use("diagram", "walk")
    assert "near" not in wrong_use("table", "zzz")
    with pytest.raises(KeyError):
        table_html("asociation")
    assert set(DIAGRAMS) - {*VIEWS, "endpoint"} < set(TABLES)
