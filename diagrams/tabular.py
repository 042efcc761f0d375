"""The tables as rows of text, and these as CSV, or as a page of HTML that stands alone."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final, cast
from xml.etree import ElementTree as ET

from dicomnet.statemachine import (
    COUPLING,
    COUPLING_SOURCE,
    COUPLING_TITLE,
    MACHINES,
    STAY,
    Branch,
    Machine,
    coupling_as_dict,
    effect_words,
    tls_profiles_as_dict,
)

TLS_PROFILES_TABLE: Final = "tls-profiles"
TABLES: Final = (*MACHINES, "coupling", TLS_PROFILES_TABLE)
"""The names of the tables."""
CELLS: Final = ("State", "Event", "Action", "Condition", "Effects", "Next state", "Clause")
_RULES: Final = ("Kind", "Part", "Trigger", "Where", "To", "Event", "Silent", "Why")
_SUITES: Final = ("Profile", "Suite", "Code", "Use", "Why")
# What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --paper: #fff; --box: #eef1f5; --line: #c9d0d8;
 --link: #0b5cad; --aim: #fff3c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #14181d; --box: #232a32;
 --line: #3d4650; --link: #79b8ff; --aim: #4a3f14; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 1.5rem; }
a { color: var(--link); }
.scroll { overflow: auto; max-height: 90vh; width: fit-content; max-width: 100%; box-sizing: border-box;
 border: 1px solid var(--line); border-radius: 4px; margin: 0 0 1.5rem; }
.scroll:focus-visible { outline: 3px solid var(--link); }
table { border-collapse: separate; border-spacing: 0; font-size: .875rem; }
caption { text-align: left; font-weight: bold; padding: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; z-index: 1; background: var(--box); }
tbody th { font-weight: 600; white-space: nowrap; }
tbody th:first-child { position: sticky; left: 0; background: var(--paper); }
tbody tr { scroll-margin-top: 4rem; }
tbody tr:target > * { background: var(--aim); }
.cells td:nth-child(5) { min-width: 18rem; }
.soft { color: var(--soft); }
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of text: what it is about, the head, and the rows, the first `names` columns of which name the row.

    `ids` name the rows on a page, `links` the row that a cell leads to, by (row, column); both may be left out.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    ids: tuple[str, ...] = ()
    links: tuple[tuple[str, ...], ...] = ()


def table_rows(name: str) -> Rows:
    """One of `TABLES`, a row for each cell, and for each condition of a cell that has several.

    Raises `KeyError` for any other name.
    """
    if name == "coupling":
        return _coupling_rows()
    if name == TLS_PROFILES_TABLE:
        return _suite_rows()
    return cell_rows(MACHINES[name])


def cell_rows(machine: Machine[Any]) -> Rows:
    """The cells of a machine that are not blank: by state, then by event."""
    rows: list[tuple[str, ...]] = []
    ids: list[str] = []
    for state in machine.states:
        for event in machine.legal_events(state.name):
            action = machine.actions[machine.cells[state.name][event]]
            clause = f"{machine.cell_clause}; {action.clause}"
            for number, branch in enumerate(action.branches):
                following = state.name if branch.next == STAY else branch.next
                words = (branch.when or "", _effects(branch), "" if branch.refuse else following)
                rows.append((state.name, event, action.name, *words, clause))
                ids.append("" if number else _anchor(state.name, event))
    return Rows("Cells: what is done, in order, and the next state", CELLS, tuple(rows), 2, tuple(ids))


def _effects(branch: Branch) -> str:
    if branch.refuse is not None:
        return f"refused ({branch.refuse})"
    words = [effect_words(effect) for effect in branch.effects]
    return "; ".join([*words, *(f"update {update}" for update in branch.updates)]) or "nothing"


def _anchor(state: str, event: str) -> str:
    return f"{state}-{event}"


def _coupling_rows() -> Rows:
    data = cast("dict[str, list[dict[str, Any]]]", coupling_as_dict(COUPLING))
    rows: list[tuple[str, ...]] = []
    for kind in ("rules", "diverted"):
        for rule in data[kind]:
            where = rule["where"]
            placed = f"{where['part']} in {', '.join(where['states'])}" if where else ""
            silent = "yes" if rule["silent"] else ""
            rows.append(
                (
                    kind.removesuffix("s"),
                    rule["part"],
                    rule["trigger"],
                    placed,
                    rule["to"],
                    rule["event"],
                    silent,
                    rule["why"],
                )
            )
    for row in data["absorbed"]:
        states = f"{row['part']} in {', '.join(row['states'])}"
        rows.append(("absorbed", row["part"], row["event"], states, "", "", "", row["why"]))
    return Rows(COUPLING_TITLE, _RULES, tuple(rows), 3)


def _suite_rows() -> Rows:
    rows = tuple(
        (name, suite, use["code"], use["use"], use["why"])
        for name, profile in cast("dict[str, dict[str, Any]]", tls_profiles_as_dict()).items()
        for suite, use in profile["suites"].items()
    )
    return Rows("The TLS profiles of DICOM (PS3.15 Annex B): cipher suites", _SUITES, rows, 2)


def table_csv(name: str) -> str:
    """One of `TABLES` as CSV (RFC 4180): the head, then the rows of `table_rows`, with CRLF.

    What a spreadsheet would take for a formula has an apostrophe before it. Raises `KeyError` for any other name.
    """
    return rows_csv(table_rows(name))


def rows_csv(rows: Rows) -> str:
    """Rows as CSV; see `table_csv`."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerows([inert(cell) for cell in row] for row in (rows.head, *rows.rows))
    return text.getvalue()


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula, whatever stands before it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def table_html(name: str) -> str:
    """One of `TABLES` as a page of HTML that needs nothing else. Raises `KeyError` for any other name."""
    if name in MACHINES:
        return machine_html(MACHINES[name])
    rows = table_rows(name)
    return _page(rows.title, COUPLING_SOURCE if name == "coupling" else "PS3.15 Annex B", [rows])


def machine_html(machine: Machine[Any]) -> str:
    """A machine as a page: the grid as it is printed, then states, events and what each cell does."""
    states = Rows(
        "States", ("State", "Phase", "Meaning"), tuple((s.name, s.phase, s.meaning) for s in machine.states)
    )
    events = Rows(
        "Events", ("Event", "Origin", "Meaning"), tuple((e.name, e.origin, e.meaning) for e in machine.events)
    )
    about = f"{machine.source}. It starts in {machine.initial}. A blank cell is refused."
    return _page(machine.title, about, [_grid(machine), states, events, cell_rows(machine)])


def _grid(machine: Machine[Any]) -> Rows:
    rows: list[tuple[str, ...]] = []
    links: list[tuple[str, ...]] = []
    for kind in machine.events:
        actions = [machine.cells.get(state.name, {}).get(kind.name, "") for state in machine.states]
        rows.append((kind.name, *actions))
        anchors = [_anchor(state.name, kind.name) for state in machine.states]
        links.append(("", *(anchor if name else "" for name, anchor in zip(actions, anchors, strict=True))))
    head = ("Event", *(state.name for state in machine.states))
    return Rows("The action in each state, by event", head, tuple(rows), links=tuple(links))


def _page(title: str, source: str, tables: list[Rows]) -> str:
    root = ET.Element("html", {"lang": "en"})
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    ET.SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    ET.SubElement(head, "title").text = _plain(title)
    ET.SubElement(head, "style").text = _STYLE
    main = ET.SubElement(ET.SubElement(root, "body"), "main")
    ET.SubElement(main, "h1").text = _plain(title)
    ET.SubElement(main, "p", {"class": "soft"}).text = _plain(f"Source: {source}")
    for rows in tables:
        main.append(_table(rows))
    ET.indent(root, " ")
    return f"<!DOCTYPE html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"


def _table(rows: Rows) -> ET.Element:
    """A table that is scrolled by itself, with the keyboard as well."""
    region = {"class": "scroll", "role": "region", "tabindex": "0", "aria-label": _plain(rows.title)}
    scroll = ET.Element("div", region)
    table = ET.SubElement(scroll, "table", {"class": "cells"} if rows.ids else {})
    ET.SubElement(table, "caption").text = _plain(rows.title)
    line = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for name in rows.head:
        ET.SubElement(line, "th", {"scope": "col"}).text = _plain(name)
    body = ET.SubElement(table, "tbody")
    for number, row in enumerate(rows.rows):
        line = ET.SubElement(body, "tr", _id(rows, number))
        for column, text in enumerate(row):
            naming = column < rows.names
            cell = ET.SubElement(line, "th" if naming else "td", {"scope": "row"} if naming else {})
            link = rows.links[number][column] if rows.links else ""
            (ET.SubElement(cell, "a", {"href": f"#{link}"}) if link else cell).text = _plain(text)
    return scroll


def _id(rows: Rows, number: int) -> dict[str, str]:
    name = rows.ids[number] if rows.ids else ""
    return {"id": name} if name else {}


def _plain(text: str) -> str:
    """Text without control characters, which no page shows."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
