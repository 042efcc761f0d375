"""The commands `table` and `diagram`, as a user meets them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dicomnet.conformance.cli import cli
from dicomnet.diagrams import DIAGRAMS, dot_of
from dicomnet.statemachine import ASSOCIATION, COUPLING, MACHINES, Machine, effect_as_dict, effect_words


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def output(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def wrong_use(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    return result.output


def markdown_rows(text: str, head: str) -> list[list[str]]:
    """The Markdown table whose first line begins with `head`, without its ruler."""
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(f"| {head} "))
    rows: list[list[str]] = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_the_json_table_holds_every_cell(machine: Machine[Any]) -> None:
    data = json.loads(output("table", machine.name, "--format", "json"))
    assert data["machine"] == machine.name
    assert list(data["states"]) == [state.name for state in machine.states]
    assert list(data["events"]) == [kind.name for kind in machine.events]
    assert {
        (state, event): cell["action"] for state, row in data["cells"].items() for event, cell in row.items()
    } == {(state, event): action for state, row in machine.cells.items() for event, action in row.items()}
    for row in data["cells"].values():
        for cell in row.values():
            branches = machine.actions[cell["action"]].branches
            assert [branch["when"] for branch in cell["branches"]] == [branch.when for branch in branches]
            assert [branch["effects"] for branch in cell["branches"]] == [
                [effect_as_dict(effect) for effect in branch.effects] for branch in branches
            ]
            assert {branch["next"] for branch in cell["branches"]} <= set(data["states"])
            assert cell["clause"]


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_the_markdown_grid_is_the_table(machine: Machine[Any]) -> None:
    head, *rows = markdown_rows(output("table", machine.name), "Event")
    assert head[1:] == [state.name for state in machine.states]
    assert [row[0] for row in rows] == [kind.name for kind in machine.events]
    for event, *cells in rows:
        for state, cell in zip(head[1:], cells, strict=True):
            action = machine.action_at(state, event)
            assert cell == ("" if action is None else action.name)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_the_markdown_says_what_every_action_does(machine: Machine[Any]) -> None:
    text = output("table", machine.name)
    for action in machine.actions.values():
        section = text.partition(f"### {action.name}\n")[2].partition("###")[0]
        assert f"{action.clause}: {action.description}." in section
        lines = [line for line in section.splitlines() if line.startswith("- ")]
        assert len(lines) == len(action.branches)
        for line, branch in zip(lines, action.branches, strict=True):
            if branch.refuse is None:
                words = [effect_words(effect) for effect in branch.effects]
                assert "; ".join(words) in line
            assert (branch.when is None) or line.startswith(f"- when {branch.when}: ")


def test_what_the_standard_leaves_open_is_told_apart_from_our_choice() -> None:
    cell = json.loads(output("table", "association", "--format", "json"))["cells"]["Sta13"]["Evt19"]
    assert cell["branches"][0]["effects"] == [
        {
            "op": "send-pdu",
            "pdu": "A-ABORT",
            "source": "unspecified",
            "reason": "implementation-choice",
            "chosen_source": 2,
            "chosen_reason": "by-cause",
        }
    ]
    assert (
        "- send-pdu A-ABORT (source unspecified, reason implementation-choice, chosen source 2, "
        "chosen reason by-cause); next Sta13"
    ) in output("table", "association")


def test_the_coupling_is_printed_in_both_forms() -> None:
    data = json.loads(output("table", "coupling", "--format", "json"))
    assert data["machine"] == "coupling"
    assert [
        (rule["part"], rule["trigger"], rule["to"], rule["event"], rule["silent"]) for rule in data["rules"]
    ] == [(rule.part, rule.trigger, rule.to, rule.event, rule.silent) for rule in COUPLING.rules]
    assert data["rules"][0]["where"] is None
    wheres = [None if rule.where is None else (rule.where[0], list(rule.where[1])) for rule in COUPLING.rules]
    told = [
        None if rule["where"] is None else (rule["where"]["part"], rule["where"]["states"])
        for rule in data["rules"]
    ]
    assert told == wheres
    assert [(rule["part"], rule["trigger"], rule["to"], rule["event"]) for rule in data["diverted"]] == [
        (rule.part, rule.trigger, rule.to, rule.event) for rule in COUPLING.diverted
    ]
    assert [(row["part"], row["event"], tuple(row["states"])) for row in data["absorbed"]] == [
        (row.part, row.event, row.states) for row in COUPLING.absorbed
    ]
    text = output("table", "coupling")
    _, *rules = markdown_rows(text, "Part        | Trigger")
    assert [(row[0], row[1], row[3], row[4], row[5], row[6]) for row in rules] == [
        (rule.part, rule.trigger, rule.to, rule.event, "yes" if rule.silent else "", rule.why)
        for rule in COUPLING.rules
    ]
    _, *diverted = markdown_rows(text.partition("## Diverted")[2], "Part       | Event")
    assert [(row[0], row[1], row[2], row[3], row[4], row[6]) for row in diverted] == [
        (rule.part, rule.trigger, "security in SECURING", rule.to, rule.event, rule.why)
        for rule in COUPLING.diverted
    ]
    assert text.count("the answer to a request that was given up") == 6


@pytest.mark.parametrize("form", ["md", "json"])
def test_a_table_goes_into_a_file(form: str, tmp_path: Path) -> None:
    file = tmp_path / "table"
    assert output("table", "library", "--format", form, "-o", str(file)) == ""
    assert file.read_bytes().decode() == output("table", "library", "--format", form)


@pytest.mark.parametrize("command", ["table", "diagram"])
def test_an_unknown_name_is_answered_with_the_names(command: str) -> None:
    message = wrong_use(command, "associatoin")
    for name in MACHINES if command == "table" else DIAGRAMS:
        assert f"'{name}'" in message
    assert "association" in wrong_use(command)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_as_dot_is_the_source(name: str, tmp_path: Path) -> None:
    file = tmp_path / "figure.dot"
    output("diagram", name, "-o", str(file))
    assert file.read_bytes().decode() == dot_of(name) == output("diagram", name)


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("SVG", b"<?xml"), ("png", b"\x89PNG")])
def test_the_ending_decides_the_format(ending: str, start: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"figure.{ending}"
    output("diagram", "library", "-o", str(file))
    assert file.read_bytes().startswith(start)


@pytest.mark.parametrize("file", ["figure.pdf", "figure", "figure.svg.gz"])
def test_another_ending_is_wrong_use(file: str, tmp_path: Path) -> None:
    assert "must end in .svg, .png, .dot, .mmd" in wrong_use("diagram", "library", "-o", str(tmp_path / file))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_wrong_use(tmp_path: Path) -> None:
    assert "cannot write" in wrong_use("diagram", "library", "-o", str(tmp_path / "no" / "figure.svg"))
    assert "is a directory" in wrong_use("table", "library", "-o", str(tmp_path))


def test_with_nothing_to_draw_the_user_is_told_and_the_file_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    file = tmp_path / "figure.png"
    file.write_bytes(b"before")
    result = run("diagram", "library", "-o", str(file))
    assert result.exit_code == 1
    assert "pip install graphviz-pure; FILE.dot needs no drawing" in result.output
    assert "Traceback" not in result.output
    assert file.read_bytes() == b"before"


@pytest.mark.parametrize("command", ["table", "diagram"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: dicomnet {command} association" in output(command, "--help")


def test_an_action_that_waits_on_both_guards_shows_both() -> None:
    section = output("table", ASSOCIATION.name).partition("### AR-8\n")[2]
    assert section.splitlines()[3:5] == [
        "- when local-end-is-association-requestor: issue A-RELEASE indication (collision); next Sta9",
        "- when local-end-is-association-acceptor: issue A-RELEASE indication (collision); next Sta10",
    ]
