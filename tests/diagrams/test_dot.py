"""What is drawn is what the tables say: each arrow is read back from the DOT source."""

import os
import re
import subprocess
import sys
from html import unescape
from typing import Any

import pytest

from dicomnet.diagrams import DIAGRAMS, VIEWS, View, address_of, arrows_of, coupling_dot, dot_of, machine_dot
from dicomnet.statemachine import ASSOCIATION, COUPLING, LISTENER, MACHINES, STAY, Machine, with_cell

from . import gallery

# source, event, action, guard, target, code of the refusal
Drawn = tuple[str, str, str, str | None, str, str | None]
NODE = re.compile(r'^\t+("[^"]+"|\w+) \[label=(<.*?>|"[^"]*"|\w+) (.*)\]$')
EDGE = re.compile(r'^\t(\w+) -> ("[^"]+"|\w+)(?::\w+)? \[label=(<.*>) ((?:URL|color|labeltooltip)=.*)\]$')
TAG = re.compile(r"<[^>]*>")


def drawn(machine: Machine[Any], source: str) -> list[Drawn]:
    """Every event of every arrow, read from the text that a reader of the picture sees."""
    found: list[Drawn] = []
    for line in source.splitlines():
        match = EDGE.match(line)
        if match is None:
            continue
        tail, head, label, attributes = match.groups()
        target = head.strip('"').partition(" from ")[0]
        text, bracket, guard = said(label).partition("[")
        condition = guard.rstrip("]").replace("- ", "-") if bracket else None
        entries = re.findall(r"(\S.*?) / ([A-Z]+-\d+)(?:: (\w+))?", text)
        refused = "style=dashed" in attributes
        for events, action, code in entries:
            assert refused == bool(code), line
            for event in names(events):
                assert event in machine.event, line
                found.append((tail, event, action, condition, target, code or None))
    return found


def said(label: str) -> str:
    """What a reader sees of a label: no tags, and lines one behind the other."""
    return " ".join(unescape(TAG.sub("", label[1:-1].replace("<br", " <br"))).split())


def names(text: str) -> list[str]:
    if text.startswith("Evt"):
        return [f"Evt{number}" for number in text.removeprefix("Evt").split(",")]
    return text.split(", ")


def in_table(machine: Machine[Any]) -> list[Drawn]:
    """What is to be seen: a guard only where it decides the way."""
    rows: dict[Drawn, None] = {}
    for state in machine.states:
        for kind in machine.events:
            action = machine.action_at(state.name, kind.name)
            branches = () if action is None else action.branches
            ways = [(state.name if b.next == STAY else b.next, b.refuse) for b in branches]
            for branch, (target, code) in zip(branches, ways, strict=True):
                assert action is not None
                guard = branch.when if len(set(ways)) > 1 or code is not None else None
                rows[state.name, kind.name, action.name, guard, target, code] = None
    return list(rows)


def order(row: Drawn) -> list[str]:
    return [str(field) for field in row]


def test_the_gallery_is_what_the_tables_give() -> None:
    files = gallery.drawn()
    assert {path.name for path in gallery.GALLERY.iterdir()} == set(files), gallery.AGAIN
    for name, octets in files.items():
        assert (gallery.GALLERY / name).read_bytes() == octets, f"{name}: {gallery.AGAIN}"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_source_is_the_same_in_every_process(seed: str) -> None:
    script = "import sys; from dicomnet.diagrams import *; sys.stdout.write(''.join(map(dot_of, DIAGRAMS)))"
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode("utf-8") == "".join(dot_of(name) for name in DIAGRAMS)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_every_branch_of_every_cell_is_drawn_once_and_nothing_else(machine: Machine[Any]) -> None:
    assert sorted(drawn(machine, machine_dot(machine)), key=order) == sorted(in_table(machine), key=order)


def test_the_association_has_all_its_cells() -> None:
    rows = drawn(ASSOCIATION, machine_dot(ASSOCIATION))
    assert len({row[:2] for row in rows}) == 123
    assert len(rows) == 125


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_an_arrow_has_one_guard_and_one_way(machine: Machine[Any]) -> None:
    found = arrows_of(machine)
    assert len({(a.source, a.target, a.guard, a.refused) for a in found}) == len(found)
    for arrow in found:
        assert arrow.guard is None or {line.branch.when for line in arrow.lines} == {arrow.guard}
        assert all(len({kind.origin for kind in line.events}) == 1 for line in arrow.lines)


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.name)
def test_a_view_is_what_is_left_for_one_end(view: View) -> None:
    machine = MACHINES[view.machine]
    assert view.without_events <= set(machine.event)
    assert view.without_guards <= {b.when for action in machine.actions.values() for b in action.branches}
    whole = set(drawn(machine, machine_dot(machine)))
    part = set(drawn(machine, machine_dot(machine, view=view)))
    assert part < whole
    assert not {row for row in part if row[1] in view.without_events or row[3] in view.without_guards}
    states = {row[0] for row in part}
    assert {row for row in whole - part if row[0] in states and row[1] not in view.without_events} == {
        row for row in whole if row[0] in states and row[3] in view.without_guards
    }


def test_the_views_are_the_states_of_each_end() -> None:
    states = {
        name: {row[0] for row in drawn(ASSOCIATION, machine_dot(ASSOCIATION, view=view))}
        for name, view in VIEWS.items()
    }
    both = {"Sta1", "Sta6", "Sta7", "Sta8", "Sta13"}
    assert states["association-requestor"] == both | {"Sta4", "Sta5", "Sta9", "Sta11"}
    assert states["association-acceptor"] == both | {"Sta2", "Sta3", "Sta10", "Sta12"}


def test_each_event_has_the_letters_of_who_causes_it() -> None:
    source = machine_dot(ASSOCIATION)
    for event, letters in (("Evt11", "<b>"), ("Evt2", "<i>"), ("Evt18", "<u>")):
        assert f"{letters}{event} / " in source
    assert '<font color="#a84300">Evt12 / AR-2</font>' in source
    key = TAG.sub("", source.partition("An event is caused by ")[2].partition("</td>")[0])
    assert key == "the local user, the peer, the transport, a timer."


def test_without_the_key_it_is_not_said_what_events_are() -> None:
    whole, short = dot_of("association"), dot_of("association", key=False)
    assert "transport connection indicated</" not in short.partition("label=")[2].partition("labelloc")[0]
    assert drawn(ASSOCIATION, short) == drawn(ASSOCIATION, whole)
    assert "An event is caused by " in short
    assert "<b>Actions</b>" in whole
    assert "<b>Actions</b>" not in short


def test_the_phases_of_a_large_machine_are_boxes() -> None:
    source = machine_dot(ASSOCIATION)
    boxes = re.findall(r'subgraph "?cluster_([\w-]+)"? \{\n(.*?)\n\t\}', source, re.DOTALL)
    inside = {
        state: phase for phase, body in boxes for state in re.findall(r"^\t\t(Sta\d+) \[", body, re.MULTILINE)
    }
    assert inside == {state.name: state.phase for state in ASSOCIATION.states}
    assert "cluster_" not in machine_dot(MACHINES["security"])


def test_arrows_lead_to_the_standard() -> None:
    (line,) = [line for line in machine_dot(ASSOCIATION).splitlines() if line.startswith("\tSta4 -> Sta5 ")]
    assert 'URL="https://dicom.nema.org/medical/dicom/current/output/html/part08.html#table_9-6"' in line
    assert "URL=" not in machine_dot(LISTENER)


def test_the_endpoint_has_every_state_of_its_parts() -> None:
    source = dot_of("endpoint")
    parts = {name for rule in COUPLING.rules for name in (rule.part, rule.to)}
    for name in parts:
        for state in MACHINES[name].states:
            assert f'\t\t"{name} {state.name}" [label=' in source


def test_both_branches_of_a_guard_are_arrows_of_their_own() -> None:
    collision = [
        (arrow.target, arrow.guard)
        for arrow in arrows_of(ASSOCIATION)
        if any(line.action.name == "AR-8" for line in arrow.lines)
    ]
    assert collision == [
        ("Sta9", "local-end-is-association-requestor"),
        ("Sta10", "local-end-is-association-acceptor"),
    ]


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_every_state_is_a_node_with_its_meaning(machine: Machine[Any]) -> None:
    nodes = {
        match[1].strip('"'): unescape(match[2].replace("<br/>", " "))
        for match in map(NODE.match, machine_dot(machine).splitlines())
        if match is not None
    }
    for state in machine.states:
        assert nodes[state.name] == f"<<b>{state.name}</b> {state.meaning}>"
    copies = {name: label for name, label in nodes.items() if " from " in name}
    assert all(name.startswith(f"{label} from ") for name, label in copies.items())


def test_a_changed_cell_changes_the_picture() -> None:
    changed = with_cell(ASSOCIATION, "Sta6", "Evt11", "AR-2")
    rows = set(drawn(changed, machine_dot(changed))) ^ set(drawn(ASSOCIATION, machine_dot(ASSOCIATION)))
    assert rows == {
        ("Sta6", "Evt11", "AR-1", None, "Sta7", None),
        ("Sta6", "Evt11", "AR-2", None, "Sta8", None),
    }


def test_a_tip_names_meaning_effects_and_clause() -> None:
    (line,) = [line for line in machine_dot(ASSOCIATION).splitlines() if line.startswith("\tSta4 -> Sta5 ")]
    tip = re.search(r' tooltip="(.*?)"', line)
    assert tip is not None
    assert tip[1].split("\\n") == [
        "Evt2: transport connection confirmed",
        "AE-2: send-pdu A-ASSOCIATE-RQ",
        "(PS3.8 2020 Table 9-10; PS3.8 2020 Table 9-6)",
    ]


def test_refusals_are_dashed_and_told() -> None:
    refused = [row for row in drawn(LISTENER, machine_dot(LISTENER)) if row[5] is not None]
    assert ("LISTENING", "accept", "LS-5", "queue-empty", "LISTENING", "would_block") in refused
    assert len(refused) == 5


def test_every_rule_of_the_coupling_is_drawn_once() -> None:
    found: list[tuple[str, str, str, str, str, bool]] = []
    drawings = [
        match.groups() for match in map(EDGE.match, coupling_dot(COUPLING, MACHINES).splitlines()) if match
    ]
    for tail, head, label, attributes in drawings:
        text, _, where = said(label).partition("[")
        found += [
            (tail, trigger, where.rstrip("]"), head, event, "style=dashed" in attributes)
            for trigger, event in re.findall(r"(\S+) -> (\S+)", text)
        ]
    expected = [
        (
            rule.part,
            rule.trigger,
            "" if rule.where is None else f"{rule.where[0]} in {', '.join(rule.where[1])}",
            rule.to,
            rule.event,
            rule.silent,
        )
        for rule in (*COUPLING.rules, *COUPLING.diverted)
    ]
    assert sorted(found) == sorted(expected)
    labels = [label for _, _, label, attributes in drawings if "style=dotted" in attributes]
    assert sum(said(label).count(" -> ") for label in labels) == len(COUPLING.diverted)


def test_an_unknown_name_is_no_diagram() -> None:
    with pytest.raises(KeyError):
        dot_of("insecurity")


@pytest.mark.parametrize(
    ("clause", "place"),
    [
        ("PS3.8 2020 Table 9-10, Sta7 x Evt19; AA-8, PS3.8 2020 Table 9-9", "part08.html#table_9-10"),
        ("PS3.8 2020 section 9.2", "part08.html#sect_9.2"),
        ("PS3.8 2020 9.3.2, Table 9-11", "part08.html#sect_9.3.2"),
        ("PS3.8 2020 Annex E", "part08.html#chapter_E"),
        ("PS3.7 2020 D.3.3.2", "part07.html#sect_D.3.3.2"),
        ("PS3.15 2020 B.12", "part15.html#sect_B.12"),
        ("PS3.8 2020 7", "part08.html#chapter_7"),
    ],
)
def test_a_clause_has_an_address(clause: str, place: str) -> None:
    assert address_of(clause) == f"https://dicom.nema.org/medical/dicom/current/output/html/{place}"


def test_what_is_no_clause_of_the_standard_has_none() -> None:
    assert address_of("dicomnet connection layer") is None
    assert address_of("no clause: our reading") is None
