"""Standard output that is full, closed, or of unknown width."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .command import COMMAND, output, read_json, run

FULL = Path("/dev/full")
QUICK = (
    ("test", "--select", "ul.sta2.evt10"),
    ("test", "--list"),
    ("check", "--clients", "1"),
    ("simulate", "--seeds", "2", "--jobs", "1"),
    ("simulate", "--seed", "1"),
    ("explain", "ul.sta2.evt10"),
    ("table", "association"),
    ("serve", "--port", "0"),
    ("--help",),
)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_a_full_standard_output_is_said_in_words(arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as full:
        ended = subprocess.run(
            (*COMMAND, *arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert ended.stderr == "Error: cannot write to the standard output: No space left on device\n"
    assert ended.returncode == 1


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_where_standard_output_is_full_the_report_is_written_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with FULL.open("w") as full:
        command = (*COMMAND, *QUICK[0], "--json", str(file))
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert ended.returncode == 1
    assert read_json(file)["interrupted"] is False


@pytest.mark.parametrize("arguments", [each for each in QUICK if each[0] != "serve"], ids=" ".join)
def test_with_a_closed_standard_output_a_command_works_in_silence(arguments: tuple[str, ...]) -> None:
    command = ("sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *arguments)
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("arguments", QUICK[1:5], ids=" ".join)
def test_a_width_of_0_is_one_that_nobody_knows(arguments: tuple[str, ...]) -> None:
    assert output(*arguments, columns=0).splitlines()[0] == output(*arguments).splitlines()[0]
    assert len(run(*arguments, columns=0).output) > 100
