"""`dicomnet fuzz --listen`: a requestor is started for each script, answered with what is drawn, and judged."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from dicomnet.conformance.fuzz import Script, read_token

from .command import PATIENCE, flat, output, read_json, run, wrong_use
from .servers import acceptor
from .test_fuzz_command import AS_ZOO, pytest_of, sound
from .test_listen import ECHO, script

FEW = ("--examples", "40", "--seed", "1", *PATIENCE)
# It closes without a word, whatever comes in place of what it waits for.
CURT = """
from dicomnet.conformance.octets import RELEASE_RQ, RQ, with_titles

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(with_titles(RQ, "ANY-SCP", "CURT"))
if s.recv(65536)[:1] == b"\\2":
    s.sendall(RELEASE_RQ)
    s.recv(65536)
"""


def test_a_finding_is_said_written_and_repeated(tmp_path: Path) -> None:
    json_file, test_file = tmp_path / "found.json", tmp_path / "test_found.py"
    curt = script(tmp_path, CURT)
    result = run(
        *("fuzz", "--listen", "0", "--aet", "HERE", *FEW, "--findings", "1"),
        *("--json", str(json_file), "--test", str(test_file), "--", *curt),
    )
    assert result.exit_code == 1, result.output
    report = read_json(json_file)
    (finding,) = report["findings"]
    assert (report["role"], report["seed"]) == ("requestor", 1)
    assert read_token(finding["token"]).lines() == finding["script"]
    assert finding["repeat"].endswith(f"--repeat {finding['token']} -- {shlex.join(curt)}")
    assert finding["repeat"] in flat(result.output)
    again = run("fuzz", "--listen", "0", *PATIENCE, "--repeat", finding["token"], "--", *curt)
    assert again.exit_code == 1, again.output
    assert "closed" in again.output
    assert pytest_of(test_file).returncode == 1
    passed = pytest_of(test_file, DICOMNET_COMMAND=shlex.join(ECHO))
    assert passed.returncode == 0, passed.stdout


def test_nothing_is_found_in_a_sound_one() -> None:
    few = ("--examples", "12", "--seed", "2", *PATIENCE)
    text = flat(output("fuzz", "--role", "requestor", "--listen", "0", *few, "--", *ECHO))
    assert "12 scripts, seed 2: 0 findings" in text
    assert "of 77 cells" in text


@pytest.mark.parametrize(
    ("does", "words"),
    [("sys.exit(3)", "ended with status 3"), ("s = socket.socket()", "ended with status 0")],
)
def test_a_command_that_does_not_connect(does: str, words: str, tmp_path: Path) -> None:
    json_file = tmp_path / "found.json"
    command = script(tmp_path, does)
    result = run("fuzz", "--listen", "0", *FEW, "--json", str(json_file), "--", *command)
    assert result.exit_code == 3, result.output
    assert words in flat(result.output)
    assert read_json(json_file)["blamed"]


# It calls a few times, and then no more.
WEARY = """
from dicomnet.conformance.cli import main

marks = {marks!r}
with open(marks, "ab") as file:
    file.write(b"x")
if os.path.getsize(marks) > 9:
    sys.exit(1)
sys.argv = ["dicomnet", "echo", sys.argv[1] + ":" + sys.argv[2]]
main()
"""


def test_one_that_stops_calling_is_told_with_the_script(tmp_path: Path) -> None:
    json_file, marks = tmp_path / "found.json", tmp_path / "marks"
    command = script(tmp_path, WEARY.format(marks=str(marks)))
    result = run(
        *("fuzz", "--listen", "0", *FEW, "--recover-limit", "0.2", "--json", str(json_file), "--", *command)
    )
    assert result.exit_code == 3, result.output
    report = read_json(json_file)
    assert "The target serves no more since this script" in result.output
    assert report["lost"]["script"]
    assert report["last_good"]["script"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("127.0.0.1:1", "--role", "requestor"), "a requestor is waited for: give --listen"),
        (("--listen", "0", "--role", "acceptor", "--", *ECHO), "leave --role acceptor out"),
        ((), "which target?"),
        (("--listen", "0"), "without a COMMAND nobody would know the port"),
        (("--listen", "11112", "--test", "x.py"), "leave --test out"),
        (("--listen", "0", "--called-aet", "X", "--", *ECHO), "leave --called-aet out"),
        (("--listen", "0", "--", "no-such-program-at-all"), "there is no program"),
        (("127.0.0.1:1", "--aet", "X"), "leave --aet out"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], words: str) -> None:
    assert words in wrong_use("fuzz", *arguments)


def test_a_script_for_a_requestor_is_no_script_for_an_acceptor() -> None:
    token = Script(("accept", "data", "listen")).token()
    with acceptor(sound) as address:
        text = wrong_use("fuzz", str(address), *AS_ZOO, *PATIENCE, "--repeat", token)
    assert "'accept' is done to a requestor only" in text
    assert run("fuzz", "--listen", "0", *PATIENCE, "--repeat", token, "--", *ECHO).exit_code == 0


def test_the_help_has_an_example_for_requestors() -> None:
    assert "Example: dicomnet fuzz --listen 0" in flat(output("fuzz", "--help"))
