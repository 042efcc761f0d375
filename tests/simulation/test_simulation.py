"""Simulated runs: repeated to the byte, on any executor, with bounded memory, and what the command says."""

from __future__ import annotations

import gc
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dicomnet.conformance import Tally, draw_plan, run_seeds, simulate, trace_of
from dicomnet.statemachine import PROFILES
from dicomnet.transports import (
    FAULTS,
    Address,
    Faults,
    Happening,
    Network,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Simulator,
)

from ..conformance.command import output, run, wrong_use
from ..conformance.test_commands import group_interrupted


class AtOnce(Executor):
    """An executor of its own kind: it does what it is given when it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_run_is_repeated_to_the_byte(profile: str, faults: str) -> None:
    for seed in range(5):
        plan = draw_plan(seed, profile, faults)
        assert plan == draw_plan(seed, profile, faults)
        first, again = trace_of(plan), trace_of(plan)
        assert first == again
        assert first


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("faults", FAULTS)
def test_every_invariant_holds(profile: str, faults: str) -> None:
    for seed in range(60):
        assert simulate(draw_plan(seed, profile, faults)).broken is None, f"seed {seed}"


def test_any_executor_will_do() -> None:
    tallies: list[Tally] = []
    with ThreadPoolExecutor(2) as threads:
        for executor in (threads, AtOnce()):
            tally = Tally()
            assert run_seeds(7, 50, "dicomnet", "calm", executor, tally) is None
            tallies.append(tally)
    assert tallies[0] == tallies[1]
    assert tallies[0].seeds == 50


def wire(faults: Faults, seed: int) -> tuple[list[Happening], Simulator]:
    seen: list[Happening] = []
    carrier = Simulator(seed, faults, watch=seen.append)
    server = ReferenceAcceptor(carrier, Policy())
    address = server.listen(Address("", 0))
    client = ReferenceRequestor(carrier, address, "ECHO", "BENCH")
    carrier.run(lambda: client.result.done, 1000.0)
    return seen, carrier


@pytest.mark.parametrize("faults", FAULTS)
def test_what_goes_one_way_keeps_its_order_and_its_octets(faults: str) -> None:
    for seed in range(40):
        seen, _ = wire(FAULTS[faults], seed)
        for way in ("->", "<-"):
            sent, came = (
                b"".join(
                    h.about for h in seen if (h.way, h.what) == (way, what) and isinstance(h.about, bytes)
                )
                for what in ("sends", "octets")
            )
            assert sent.startswith(came)


def test_each_fault_occurs() -> None:
    met: set[str] = set()
    for seed in range(300):
        met |= {name for name, times in wire(FAULTS["hostile"], seed)[1].met.items() if times}
    assert met >= set(FAULTS["hostile"].named) - {"half-open", "accept-tells"}


@pytest.mark.parametrize(
    "wrong", [{"split": 1.5}, {"latency": (2.0, 1.0)}, {"buffer": (0, 4)}, {"partitions": -1}, {"lost": -0.1}]
)
def test_faults_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        Faults(**wrong)


def test_ten_thousand_connections_through_one_listener_leave_nothing_behind() -> None:
    carrier = Simulator(1, FAULTS["calm"])
    server = ReferenceAcceptor(carrier, Policy())
    address = server.listen(Address("", 0))

    def serve(times: int) -> None:
        for _ in range(times):
            client = ReferenceRequestor(carrier, address, "ECHO", "BENCH")
            carrier.run(lambda client=client: client.result.done, 100.0)  # type: ignore[misc]
            assert client.result.ok

    def objects() -> int:
        carrier.run(lambda: False, 100.0)
        gc.collect()
        return len(gc.get_objects())

    serve(200)
    before = objects()
    serve(9_800)
    assert objects() - before < 500
    assert isinstance(server.network, Network)
    assert len(server.network.alive) == 1


def test_the_command_counts_and_reports(tmp_path: Path) -> None:
    file = tmp_path / "simulated.json"
    text = output("simulate", "--seeds", "40", "--jobs", "1", "--faults", "calm", "--json", str(file))
    assert "40 seeds: every invariant held" in text
    report = json.loads(file.read_text("ascii"))
    assert report["seeds"] == 40
    assert report["broken"] is None
    assert report["monitors"]["1"] > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_report_that_cannot_be_written_is_no_broken_invariant() -> None:
    result = run("simulate", "--seeds", "1", "--jobs", "1", "--json", "/dev/full")
    assert result.exit_code == 4
    assert "every invariant held" in result.output
    assert "cannot write '/dev/full': No space left on device" in result.output


def test_what_never_occurred_fails_where_that_is_asked() -> None:
    result = run("simulate", "--seeds", "1", "--jobs", "1", "--faults", "none", "--complete")
    assert result.exit_code == 1
    assert "never occurred" in result.output


def test_one_seed_shows_its_trace_and_can_be_cut() -> None:
    whole = output("simulate", "--seed", "3", "--faults", "calm")
    part = output("simulate", "--seed", "3", "--faults", "calm", "--only", "0-2")
    assert "every invariant held" in whole
    assert len(part) < len(whole)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--faults", "nonsense"),
        ("--profile", "x"),
        ("--seeds", "0"),
        ("--only", "1"),
        ("--seed", "1", "--only", "z"),
        ("--seed", "1", "--seeds", "200"),
        ("--seed", "1", "--first", "0"),
        ("--seed", "1", "--jobs", "1"),
        ("--seed", "1", "--complete"),
        ("--seed", "1", "--json", "/dev/null"),
        ("--json", "/dev/null", "--test", "/dev/../dev/null"),
        ("--test", "/no/such/folder/x.py"),
        ("--mutant", "nonsense"),
        ("--mutant", "timer-leaves-entry", "--profile", "tcp-linux"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str, ...]) -> None:
    assert wrong_use("simulate", *arguments)


def broken_run(tmp_path: Path, *arguments: str) -> tuple[str, Path]:
    """What the command says of a planted fault, and the test that it writes of it."""
    file = tmp_path / "test_found.py"
    result = run("simulate", "--faults", "calm", "--mutant", "lifo", *arguments, "--test", str(file))
    assert result.exit_code == 1, result.output
    return result.output, file


def test_a_run_that_breaks_is_written_as_a_test_that_fails(tmp_path: Path) -> None:
    text, file = broken_run(tmp_path, "--seeds", "100", "--jobs", "1")
    ended = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Invariant 1 broke" in text
    assert ended.returncode == 1, ended.stdout
    assert "1 failed" in ended.stdout
    assert "Breach(invariant=1, " in ended.stdout
    # The command that it shows runs the same acts, and breaks too.
    repeated = shlex.split(text.split("Repeat: ")[1].splitlines()[0])
    again = run(*repeated[1:], "--test", str(tmp_path / "test_again.py"))
    assert again.exit_code == 1
    assert (tmp_path / "test_again.py").read_text() == file.read_text()


def test_the_test_of_a_run_passes_where_the_fault_is_gone(tmp_path: Path) -> None:
    _, file = broken_run(tmp_path, "--seeds", "100", "--jobs", "1")
    mended = file.read_text().replace("mutant='lifo'", "mutant=None")
    assert mended != file.read_text()
    namespace: dict[str, Any] = {}
    exec(compile(mended, str(file), "exec"), namespace)
    namespace["test_the_simulated_run"]()


@pytest.mark.parametrize("which", [("--seed", "3"), ("--seeds", "5", "--jobs", "1")])
def test_where_no_invariant_breaks_no_test_is_written(tmp_path: Path, which: tuple[str, ...]) -> None:
    file = tmp_path / "test_found.py"
    assert "is not written" in output("simulate", *which, "--faults", "calm", "--test", str(file))
    assert not file.exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process ignores")
@pytest.mark.parametrize("deaf", [1, 3], ids=["while the workers start", "while they work"])
def test_a_simulation_that_is_interrupted_tells_what_it_has_and_no_traceback(deaf: int) -> None:
    code, out, errors = group_interrupted("simulate", "--seeds", "1000000", "--jobs", "2", deaf=deaf)
    assert (code, errors) == (130, "")
    assert "of 1000000 seeds" in out
    assert "Interrupted after" in out
