"""`dicomnet check`: exit codes, what it prints and writes, its counterexample as a test, and the mutants."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from dicomnet.conformance.exploration import (
    NEVER,
    PLANTED,
    SECURITIES,
    Question,
    RowFailure,
    as_test,
    examine,
    examine_all,
    prove,
)
from dicomnet.statemachine import FORMS, MODEL, PROFILES, Model, ModelMutant, Tell, model_mutants, with_cell
from tests.conformance.command import flat, run, started, wrong_use
from tests.conformance.test_commands import group_interrupted

WIDE = 200
SCHEMA = {
    "schema", "profile", "security", "clients", "queue", "events", "mutant", "verdict", "vacuous", "states",
    "transitions", "seconds", "states_without_symmetry", "peak_memory_octets", "invariants", "rows", "coverage",
    "cannot_fire", "counterexample",
}  # fmt: skip


def answered(code: int, *arguments: str) -> str:
    """What `check` prints, on a wide screen, where it ends with this exit code."""
    result = run("check", *arguments, columns=WIDE)
    assert result.exit_code == code, result.output
    return result.output


# --- exit codes and usage -------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_what_holds_is_proven_in_the_form_of_the_profile(profile: str) -> None:
    text = answered(0, "--profile", profile)
    for number, forms in FORMS.items():
        assert any(line.split()[1:2] == [str(number)] and "holds" in line for line in text.splitlines()), (
            number
        )
        assert flat(forms[profile])[:60] in flat(text)
    assert "states/s)" in text
    assert "peak memory" in text
    assert text.rstrip().endswith("proven")
    assert "violated" not in text
    assert "As a test" not in text


def test_what_is_violated_ends_with_1_and_says_which_invariant() -> None:
    text = answered(1, "--mutant", "lifo")
    shown = [line for line in text.splitlines() if "violated" in line]
    assert [line.split()[1] for line in shown[:-1]] == ["1"]
    assert "  3. accept\n     breaks invariant 1" in text
    assert "def test_the_counterexample" in text
    assert "│ holds" not in text, "nothing else is proven by a search that was cut"
    assert text.rstrip().endswith("violated")


def test_a_search_that_is_cut_is_not_proven() -> None:
    text = answered(1, "--max-states", "10")
    assert "not proven: there are more states than --max-states allows" in text
    assert "violated" not in text
    assert "never fired" not in text


@pytest.mark.parametrize(
    ("profile", "queue", "vacuous"),
    [
        ("dicomnet", "0", True),
        ("tcp-winsock", "0", True),
        ("tcp-linux", "0", False),  # it holds one more than its backlog
        ("dicomnet", "1", False),
    ],
)
def test_a_proof_in_which_nobody_comes_to_the_queue_says_so(
    profile: str, queue: str, vacuous: bool, tmp_path: Path
) -> None:
    file = tmp_path / "check.json"
    text = answered(0, "--profile", profile, "--queue", queue, "--json", str(file))
    assert ("vacuous: no request ever came to the queue" in text) is vacuous
    assert (json.loads(file.read_text())["vacuous"] is not None) is vacuous
    assert text.rstrip().endswith("proven")


def test_what_never_fires_though_nothing_says_why_is_a_violation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, item = "path-tcp-linux", "OVER x end"
    assert (table, item) in NEVER["tcp-linux"]
    left = {each: why for each, why in NEVER["tcp-linux"].items() if each != (table, item)}
    monkeypatch.setitem(NEVER, "tcp-linux", left)
    file = tmp_path / "check.json"
    text = answered(1, "--profile", "tcp-linux", "--json", str(file))
    assert f"never fired: {table}: {item}" in text
    found = json.loads(file.read_text())
    verdicts = {number for number, each in found["invariants"].items() if each["verdict"] == "violated"}
    assert verdicts == {"9"}
    assert found["coverage"][table]["never"] == [item]
    assert found["coverage"][table]["fired"] == found["coverage"][table]["of"] - 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--profile", "token-ring"), "'token-ring' is not one of"),
        (("--queue", "-1"), "-1 is not in the range"),
        (("--clients", "0"), "0 is not in the range"),
        (("--max-states", "0"), "0 is not in the range"),
        (("--mutant", "no-such"), "'no-such' is not one of"),
        (("--profile", "tcp-linux", "--mutant", "timer-leaves-entry"), "in profile dicomnet alone"),
        (("--mutants", "--mutant", "lifo"), "leave --mutant out"),
        (("--mutant", "ready-twice"), "shows only where links are secured: add --security played"),
        (("--mutants", "--security", "played"), "leave --security out"),
        (("--security", "tls"), "'tls' is not one of"),
        (("--mutants", "--clients", "2", "--test", "t.py"), "leave --clients, --test out"),
        (("--jobs", "2"), "--jobs goes with --mutants alone"),
        (("--json", "/dev/null", "--test", "/dev/../dev/null"), "name the same file, '/dev/null'"),
        (("--events", "all", "--no-symmetry"), "--no-symmetry goes with --events core alone"),
        (("--json", "/no/such/folder/x.json"), "cannot write '/no/such/folder/x.json'"),
        (("--test", "/no/such/folder/x.py"), "cannot write '/no/such/folder/x.py'"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_explored(arguments: tuple[str, ...], told: str) -> None:
    assert told in wrong_use("check", *arguments)


@pytest.mark.parametrize(
    ("arguments", "option", "verdict"),
    [((), "--json", "proven"), (("--mutant", "on-accept-twice"), "--test", "violated")],
)
def test_a_file_that_can_no_longer_be_written_is_an_error(
    arguments: tuple[str, ...], option: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path, _content: str) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("dicomnet.conformance.commands.options.replace_text", full)
    result = run("check", *arguments, option, str(tmp_path / "x"))
    assert result.exit_code == 4, "1 would say that the model is violated"
    assert f"\n{verdict}\n" in result.output
    assert "cannot write" in result.output
    assert "Traceback" not in result.output


def test_help_has_an_example_and_the_names_of_the_faults() -> None:
    text = flat(answered(0, "--help"))
    assert "Example: dicomnet check" in text
    assert all(name in text.replace("- ", "-") for name in PLANTED)


# --- JSON -----------------------------------------------------------------------------------------------


def as_json(tmp_path: Path, code: int, *arguments: str) -> dict[str, Any]:
    file = tmp_path / "check.json"
    answered(code, *arguments, "--json", str(file))
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_a_proof_as_json(tmp_path: Path) -> None:
    found = as_json(tmp_path, 0, "--profile", "tcp-linux", "--clients", "4", "--queue", "1")
    assert set(found) == SCHEMA
    assert (found["schema"], found["profile"], found["verdict"]) == (
        "dicomnet-check/1",
        "tcp-linux",
        "proven",
    )
    assert (found["clients"], found["queue"], found["events"], found["mutant"]) == (4, 1, "core", None)
    assert found["states"] == 732
    assert found["invariants"] == {
        str(number): {"form": forms["tcp-linux"], "verdict": "holds"} for number, forms in FORMS.items()
    }
    assert all(row["fired"] == row["of"] > 0 and not row["never"] for row in found["coverage"].values())
    assert all(row["why"] for row in found["cannot_fire"])
    assert found["counterexample"] is None
    assert found["rows"] == []
    assert found["peak_memory_octets"] > 1_000_000


@pytest.mark.parametrize("security", SECURITIES)
@pytest.mark.parametrize("profile", PROFILES)
def test_what_only_a_security_layer_brings_is_asked_for_where_there_is_one(
    tmp_path: Path, profile: str, security: str
) -> None:
    found = as_json(tmp_path, 0, "--profile", profile, "--security", security, "--clients", "2")
    assert (found["verdict"], found["security"]) == ("proven", security)
    plain = as_json(tmp_path, 0, "--profile", profile, "--clients", "1")["coverage"]
    assert "security" not in plain
    more = {
        name: row["of"] - plain.get(name, {"of": 0})["of"]
        for name, row in found["coverage"].items()
        if row["of"] != plain.get(name, {"of": 0})["of"]
    }
    assert set(more) == (set() if security == "none" else {"connection", "security", "coupling"})


def test_what_of_the_security_layer_never_fires_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exploration alone, without the rows, never sees what no move brings."""
    monkeypatch.setattr(sys.modules["dicomnet.conformance.exploration.prove"], "fired_by_rows", _no_rows)
    text = answered(1, "--security", "played", "--clients", "2")
    assert "never fired: security: SECURING x timeout" in text
    assert "never fired: coupling: connection: peer-closed gives security peer-end" in text


def _no_rows(_model: Model, _profile: str) -> set[tuple[str, str]]:
    return set()


def test_a_violation_as_json(tmp_path: Path) -> None:
    found = as_json(tmp_path, 1, "--mutant", "on-accept-twice", "--clients", "1")
    assert found["verdict"] == "violated"
    assert found["invariants"]["2"]["verdict"] == "violated"
    assert found["counterexample"]["invariant"] == 2
    assert found["counterexample"]["steps"] == ["client 1: connect"]
    assert {row["row"] for row in found["rows"]} >= {5}


@pytest.mark.parametrize(
    ("profile", "alike", "apart"), [("dicomnet", 55, 230), ("tcp-linux", 93, 443), ("tcp-winsock", 85, 395)]
)
def test_without_symmetry_there_are_more_states(tmp_path: Path, profile: str, alike: int, apart: int) -> None:
    found = as_json(tmp_path, 0, "--profile", profile, "--no-symmetry")
    assert (found["states"], found["states_without_symmetry"]) == (alike, apart)


def test_without_symmetry_the_limit_counts_as_well(tmp_path: Path) -> None:
    """Cut within a layer, not only after it: a layer may be many times the limit."""
    found = as_json(tmp_path, 1, "--no-symmetry", "--clients", "5", "--queue", "3", "--max-states", "250")
    assert found["verdict"].startswith("not proven")
    assert found["states"] == 246
    assert found["states_without_symmetry"] < 280


# --- the counterexample as a test -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("--mutant", "lifo"), ("--mutant", "timer-leaves-entry", "--events", "all")]
)
def test_the_counterexample_is_a_test_that_fails_with_the_invariant(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "test_found.py"
    text = answered(1, *arguments, "--test", str(file))
    assert "As a test" not in text
    ended = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    broken = next(line for line in text.splitlines() if "breaks invariant" in line)
    number = broken.split("breaks invariant ")[1].split(":")[0]
    assert ended.returncode == 1, ended.stdout
    assert "1 failed" in ended.stdout
    assert f"invariant {number}: " in ended.stdout


def test_the_counterexample_passes_where_the_fault_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "test_found.py"
    answered(1, "--mutant", "lifo", "--test", str(file))
    mended = file.read_text().replace("'lifo'", "None")
    assert mended != file.read_text()
    namespace: dict[str, Any] = {}
    exec(compile(mended, str(file), "exec"), namespace)
    namespace["test_the_counterexample"]()


def test_where_nothing_breaks_no_test_is_written(tmp_path: Path) -> None:
    file = tmp_path / "test_found.py"
    assert "no counterexample" in answered(0, "--clients", "1", "--test", str(file))
    assert not file.exists()


# --- planted faults -------------------------------------------------------------------------------------

# The invariant that the exploration names, by fault; faults that are not here are found by the rows alone.
NAMES = {
    "lifo": 1,
    "swap-from-three": 1,
    "accepts-any": 1,
    "jumps-the-queue": 1,
    "lost-tail-on-withdraw": 1,
    "wrong-one-withdrawn": 1,
    "on-accept-twice": 2,
    "double-on-connect": 3,
    "on-connect-before-accept": 3,
    "on-connect-after-close": 3,
    "silent-refusal": 3,
    "close-tells-twice": 5,
    "child-told-twice": 5,
    "one-too-many": 8,
    "no-slot-back": 8,
    "queue-survives-close": 8,
    "timer-leaves-entry": 8,
    "close-aborts": 7,
    "ready-twice": 4,
    "ready-before-accept": 4,
    "closed-after-failed-handshake": 5,
    "endless-handshake": 4,
    "associates-before-ready": 6,
    "abort-after-failed-handshake": 6,
}
# What the fault needs: that many requestors, places, core moves alone (else 2, 1, all).
NEEDS = {
    "lifo": (3, 2, True),
    "swap-from-three": (4, 3, True),
    "accepts-any": (3, 2, True),
    "jumps-the-queue": (3, 2, True),
    "lost-tail-on-withdraw": (3, 3, True),
    "wrong-one-withdrawn": (3, 2, True),
    "one-too-many": (4, 1, True),
    **dict.fromkeys(
        ("associates-before-ready", "closed-after-failed-handshake", "abort-after-failed-handshake"),
        (1, 1, False),
    ),
}


@pytest.mark.parametrize(
    ("name", "profile"), [(name, profile) for name, fault in PLANTED.items() for profile in fault.profiles]
)
def test_each_planted_fault_is_violated_and_named(name: str, profile: str) -> None:
    clients, places, core = NEEDS.get(name, (2, 1, name not in NAMES))
    security = "played" if PLANTED[name].secure else "none"
    proof = prove(Question(profile, clients, places, core=core, mutant=name, limit=50_000, security=security))
    assert proof.verdict == "violated"
    assert proof.rows or name == "abort-after-failed-handshake"
    if name not in NAMES:
        assert proof.found.broken is None
        return
    assert proof.found.broken is not None
    assert proof.found.broken.invariant == NAMES[name]
    namespace: dict[str, Any] = {}
    exec(as_test(proof), namespace)
    with pytest.raises(AssertionError, match=f"invariant {NAMES[name]}: "):
        namespace["test_the_counterexample"]()


# --- mutants --------------------------------------------------------------------------------------------

# The function of the same name hides the module.
EXAMINING = sys.modules["dicomnet.conformance.exploration.examine"]
REFUSED = ("OFFERED", "refused")


def tells_another_reason() -> ModelMutant:
    """Whose request is refused is told another reason: no invariant speaks of it."""
    path = MODEL.path
    action = path.actions["PA-2"]
    branches = tuple(
        replace(each, effects=(Tell("requestor", "failed", "reset"),)) for each in action.branches
    )
    other = replace(path, actions={**path.actions, "PA-2": replace(action, branches=branches)})
    return ModelMutant("path", "planted", "another reason", replace(MODEL, path=other), REFUSED)


def without_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_fails(_model: Model, _profile: str, *, first: bool = False) -> tuple[RowFailure, ...]:
        assert first
        return ()

    monkeypatch.setattr(EXAMINING, "check_rows", nothing_fails)
    monkeypatch.setattr(EXAMINING, "SIZES", ((3, 2, True, "none"),))


def test_what_only_the_comparison_sees_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examine(tells_another_reason(), "dicomnet").fate == "row"
    without_rows(monkeypatch)
    fate = examine(tells_another_reason(), "dicomnet")
    assert fate.fate == "survives"
    assert "refused" in fate.shown_by
    assert "client" in fate.shown_by


def test_what_an_invariant_sees_and_what_nobody_can_see(monkeypatch: pytest.MonkeyPatch) -> None:
    without_rows(monkeypatch)
    silent = replace(MODEL, path=with_cell(MODEL.path, *REFUSED, "PA-9"))
    fate = examine(ModelMutant("path", "planted", "silent", silent, REFUSED), "dicomnet")
    assert fate.fate == "invariant"
    assert fate.shown_by.startswith("invariant 8 (client 1: connect, ")
    assert (
        examine(ModelMutant("path", "planted", "the same", replace(MODEL), REFUSED), "dicomnet").fate
        == "equivalent"
    )


def some_mutants(monkeypatch: pytest.MonkeyPatch, *more: ModelMutant) -> list[ModelMutant]:
    """Let there be a few mutants only."""
    some = [*more, *islice(model_mutants(MODEL), 0, 40, 8)]

    def these(_model: Model) -> Iterator[ModelMutant]:
        return iter(some)

    monkeypatch.setattr(EXAMINING, "model_mutants", these)
    monkeypatch.setattr(EXAMINING, "CHUNK", 2)
    return some


def test_mutants_run_on_an_executor_that_is_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    some = some_mutants(monkeypatch)
    told: list[tuple[int, int]] = []
    with ThreadPoolExecutor(2) as executor:
        fates = examine_all("dicomnet", None, lambda done, total: told.append((done, total)), executor)
        assert executor.submit(int, "7").result() == 7, "it is not shut down"
    assert [fate.id for fate in fates] == [mutant.id for mutant in some]
    assert told == [(2, 5), (4, 5), (5, 5)]


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's mutants without processes."""

    @contextmanager
    def threads(_jobs: int | None) -> Generator[Executor]:
        with ThreadPoolExecutor(1) as executor:
            yield executor

    monkeypatch.setattr(EXAMINING, "worker_processes", threads)


def test_the_command_shows_what_became_of_each_mutant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = some_mutants(monkeypatch)
    in_this_process(monkeypatch)
    file = tmp_path / "mutants.json"
    text = answered(0, "--mutants", "--json", str(file))
    assert "5 mutants: " in text
    assert text.rstrip().endswith("0 survive")
    found = json.loads(file.read_text())
    assert (found["schema"], found["profile"]) == ("dicomnet-check-mutants/1", "dicomnet")
    assert [each["id"] for each in found["mutants"]] == [mutant.id for mutant in some]
    assert set(found["mutants"][0]) == {"id", "table", "operator", "fate", "shown_by"}


def test_the_command_ends_with_1_where_a_mutant_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    some_mutants(monkeypatch, tells_another_reason())
    in_this_process(monkeypatch)
    without_rows(monkeypatch)
    text = answered(1, "--mutants")
    assert "survives: " in text
    assert "another reason" in text


# --- interruption ---------------------------------------------------------------------------------------


def heard(process: subprocess.Popen[str], first: str) -> tuple[int, str]:
    """Ctrl-C as a terminal sends it, to the whole group, once the command has begun; how it ends."""
    assert process.stdout is not None
    if first:
        assert process.stdout.readline().startswith(first)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_an_exploration_that_is_interrupted_says_so() -> None:
    with started("check", "--clients", "3", "--queue", "1", "--events", "all") as process:
        assert heard(process, "profile dicomnet") == (130, "\nInterrupted\n")


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    with started("check", "--clients", "6", "--queue", "4") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        assert process.wait(60) in (0, 141)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process ignores")
@pytest.mark.parametrize("deaf", [1, 3], ids=["while the workers start", "while they work"])
def test_mutants_that_are_interrupted_end_without_a_traceback(deaf: int) -> None:
    """The helper of the workers, which starts first, is deaf as they are."""
    code, _, errors = group_interrupted("check", "--mutants", "--jobs", "2", deaf=deaf)
    assert (code, errors) == (130, "\nInterrupted\n")
