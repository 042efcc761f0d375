"""Wrong usage is found before anything is done, and said in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .command import flat, output, run, wrong_use
from .servers import hangs_up, refused, serving

COMMANDS = ("test", "explain", "serve", "echo", "mutate", "table", "diagram")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: dicomnet {command}" in flat(output(command, "--help"))
    assert f"  {command} " in output("--help")


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"\S+, version \d+\.\d+\.\d+\S*\n", output("--version"))


def test_without_a_command_the_help_is_shown() -> None:
    assert "Commands:" in run().output


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_named(command: str) -> None:
    assert re.search("No such option:? '?--shiny", wrong_use(command, "--shiny"))


def test_an_unknown_command_is_named() -> None:
    assert "No such command 'tset'" in wrong_use("tset")


@pytest.mark.parametrize("command", ["test", "echo"])
@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("localhost", "is not HOST:PORT"),
        ("", "is not HOST:PORT"),
        (":104", "is not HOST:PORT"),
        ("host:", "port must be a number"),
        ("host:0", "from 1 to 65535"),
        ("host:65536", "from 1 to 65535"),
        ("host:-1", "from 1 to 65535"),
        ("host:dicom", "port must be a number"),
        ("host:١٠٤", "port must be a number"),
        ("host:1e2", "port must be a number"),
        ("::1:104", "[ADDRESS]:PORT"),
        ("[]:104", "is not HOST:PORT"),
    ],
)
def test_a_bad_address_is_explained(command: str, address: str, hint: str) -> None:
    assert hint in wrong_use(command, address)


BAD_TITLES = ("SEVENTEEN_LETTERS", "BACK\\SLASH", "NEW\nLINE", "TAB\t", "ESC\x1b", "   ", "", "ÄSE", "A\x7f")


@pytest.mark.parametrize("title", BAD_TITLES)
@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("test", "127.0.0.1:104"), "--called-aet"),
        (("test", "127.0.0.1:104"), "--calling-aet"),
        (("echo", "127.0.0.1:104"), "--called-aet"),
        (("echo", "127.0.0.1:104"), "--calling-aet"),
        (("serve",), "--aet"),
    ],
)
def test_a_bad_title_is_explained(command: tuple[str, ...], option: str, title: str) -> None:
    assert "is no AE title (PS3.5 2020 6.2, VR AE)" in wrong_use(*command, option, title)


def test_titles_of_one_and_of_sixteen_characters_are_good() -> None:
    for title in ("A", "SIXTEEN_LETTERS_", " PADDED "):
        assert "cases" in output("test", "127.0.0.1:104", "--called-aet", title, "--dry-run")


@pytest.mark.parametrize("option", ["--json", "--junit", "--html"])
@pytest.mark.parametrize("place", ["missing/report", "file/report", "folder", "n" * 300])
def test_a_report_that_cannot_be_written_is_found_before_the_run(
    option: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with serving(hangs_up) as server:
        message = wrong_use("test", server.target, option, str(tmp_path / place))
    assert "cannot write" in message or "is a directory" in message
    assert server.taken == 0


def test_a_path_with_a_null_is_no_path() -> None:
    assert "cannot write" in wrong_use("test", "--json", "a\0b")


def test_trying_the_path_leaves_what_is_there(tmp_path: Path) -> None:
    before = tmp_path / "report.json"
    before.write_text("old")
    assert run("test", refused(), "--json", str(before), "--select", "no.such.case").exit_code == 2
    assert before.read_text() == "old"
    assert list(tmp_path.iterdir()) == [before]


def test_two_reports_cannot_be_one_file(tmp_path: Path) -> None:
    file = str(tmp_path / "report")
    assert "name the same file" in wrong_use("test", "--json", file, "--junit", file)


@pytest.mark.parametrize("mode", ["--list", "--dry-run"])
@pytest.mark.parametrize("option", ["--json", "--junit", "--html"])
def test_where_nothing_is_run_there_is_no_report(mode: str, option: str, tmp_path: Path) -> None:
    file = tmp_path / "report"
    assert f"leave {option} out" in wrong_use("test", mode, option, str(file))
    assert not file.exists()


def test_how_many_a_target_serves_is_said_of_a_target_alone() -> None:
    assert "there is no target: give HOST:PORT: leave --concurrent out" in wrong_use(
        "test", "--concurrent", "2"
    )
    assert run("test", refused(), "--concurrent", "2", "--dry-run").exit_code == 0


def test_a_pattern_that_fits_nothing_is_named() -> None:
    message = wrong_use("test", "--select", "ul.sta2.*", "--select", "ul.sta99.*")
    assert "no case fits 'ul.sta99.*'" in message
    assert "--list" in message


def test_quick_may_leave_nothing() -> None:
    assert "--quick leaves out" in wrong_use("test", "--quick", "--select", "ul.sta2.evt18")


def test_an_unknown_case_is_answered_with_what_is_near() -> None:
    assert "near: ul.sta2.evt10" in wrong_use("explain", "ul.sta2.ev10")
    assert "see dicomnet test --list" in wrong_use("explain", "@@@@")


@pytest.mark.parametrize(
    "arguments",
    [
        ("test", "--depth", "2"),
        ("test", "--artim-limit", "0"),
        ("test", "--artim-limit", "nan"),
        ("test", "--patience", "-1"),
        ("test", "--patience", "soon"),
        ("test", "--recover-limit", "inf"),
        ("serve", "--port", "65536"),
        ("serve", "--answer-after", "-1"),
        ("serve", "--max-associations", "0"),
        ("echo", "127.0.0.1:104", "--timeout", "0"),
        ("mutate", "--jobs", "0"),
    ],
)
def test_a_number_out_of_range_is_named(arguments: tuple[str, ...]) -> None:
    assert f"Invalid value for '{arguments[-2]}'" in wrong_use(*arguments)
