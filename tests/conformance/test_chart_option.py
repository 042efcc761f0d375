"""`--chart`: explain, check and simulate draw what they tell, step for step."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from dicomnet.conformance import all_cases, every_tls_case

from .command import output, run, wrong_use

SVG = "{http://www.w3.org/2000/svg}"
# A run of `dicomnet simulate` that breaks an invariant.
SEED = ("simulate", "--mutant", "lifo", "--faults", "none", "--seed", "4", "--only", "0,44,65")


def texts(file: Path) -> list[str]:
    return [each.text or "" for each in ElementTree.parse(file).iter(f"{SVG}text")]


def in_order(lines: list[str], *expected: str) -> bool:
    rest = iter(lines)
    return all(any(each in line for line in rest) for each in expected)


def test_explain_draws_what_is_sent_and_what_is_allowed(tmp_path: Path) -> None:
    told = output("explain", "ul.sta6.evt19", "--chart", str(tmp_path / "case.mmd"))
    lines = (tmp_path / "case.mmd").read_text("utf-8").splitlines()
    assert in_order(
        lines,
        "accTitle: ul.sta6.evt19#58;",
        "L0->>L1: step 1 connect",
        "Note over L1: Sta2",
        "L0->>L1: step 2 A-ASSOCIATE-RQ#58; Evt6",
        "L1->>L0: step 3 A-ASSOCIATE-AC",
        "Note over L1: Sta6",
        "L0->>L1: step 4 PDU of unknown type 0x0B#58; Evt19",
        "L1->>L0: step 5 A-ABORT (source 2)",
        "Note over L1: Sta13",
    )
    assert told == output("explain", "ul.sta6.evt19")


def test_a_requestor_is_the_one_who_connects(tmp_path: Path) -> None:
    output("explain", "requestor.sta7.evt12", "--chart", str(tmp_path / "case.mmd"))
    text = (tmp_path / "case.mmd").read_text("utf-8")
    assert "participant L1 as target (requestor)" in text
    assert "L1->>L0: step 1 connect" in text


@pytest.mark.parametrize("role", ["acceptor", "requestor"])
def test_cases_of_every_kind_can_be_drawn(role: str, tmp_path: Path) -> None:
    known = [*all_cases(0, role=role), *(every_tls_case().values() if role == "acceptor" else ())]
    kinds = {tuple(type(step) for step in case.steps): case.id for case in known}
    assert len(kinds) > 20
    for number, case in enumerate(kinds.values()):
        file = tmp_path / f"{number}.svg"
        output("explain", case, "--chart", str(file))
        assert f"target ({role})" in texts(file)
        assert "step 1" in texts(file)


def test_check_draws_the_counterexample(tmp_path: Path) -> None:
    file = tmp_path / "broken.svg"
    result = run("check", "--mutant", "lifo", "--chart", str(file))
    assert result.exit_code == 1
    said = texts(file)
    assert {"requestor 1", "requestor 2", "listener", "child 2"} <= set(said)
    assert in_order(
        said,
        "step 1",
        "connect",
        "LISTENING, queue: 1",
        "step 2",
        "LISTENING, queue: 2",
        "step 3",
        "accept: requestor 2",
        "expected: the k-th accept yields the k-th request of those not withdrawn",
        "observed: listener: accept succeeded",
    )


def test_check_writes_no_chart_where_all_holds(tmp_path: Path) -> None:
    file = tmp_path / "broken.svg"
    told = output("check", "--clients", "1", "--queue", "1", "--chart", str(file), columns=200)
    assert f"no counterexample: {str(file)!r} is not written" in told
    assert not file.exists()


def test_simulate_draws_a_run_up_to_what_broke(tmp_path: Path) -> None:
    file = tmp_path / "run.svg"
    assert run(*SEED, "--chart", str(file)).exit_code == 1
    said = texts(file)
    assert {"scp", "foe1", "foe3", "child1"} <= set(said)
    assert in_order(
        said, "connection request", "LISTENING, queue: 1", "LISTENING, queue: 2", "is accepted", "expected: "
    )
    assert "nobody" not in said
    # How the run is ended afterwards is left out.
    assert not any("shutdown" in line for line in said)


def test_simulate_draws_what_a_search_has_found(tmp_path: Path) -> None:
    file = tmp_path / "run.mmd"
    result = run(
        "simulate",
        "--mutant",
        "lifo",
        "--faults",
        "rough",
        "--seeds",
        "6",
        "--jobs",
        "1",
        "--chart",
        str(file),
    )
    assert result.exit_code == 1
    assert "observed#58; scp#58; accept succeeded" in file.read_text("utf-8")


def test_simulate_draws_a_run_that_holds_too(tmp_path: Path) -> None:
    file = tmp_path / "run.mmd"
    output("simulate", "--seed", "4", "--faults", "none", "--chart", str(file))
    text = file.read_text("utf-8")
    assert "every invariant held" in text
    assert "A-ASSOCIATE-RQ#58; " in text
    assert "Sta6" in text
    assert "expected" not in text


@pytest.mark.parametrize("security", ["none", "played"])
@pytest.mark.parametrize("faults", ["rough", "hostile"])
def test_any_run_can_be_drawn(faults: str, security: str, tmp_path: Path) -> None:
    file = tmp_path / "run.svg"
    for seed in range(5):
        output(
            "simulate", "--seed", str(seed), "--faults", faults, "--security", security, "--chart", str(file)
        )
        assert len(texts(file)) > 10


@pytest.mark.parametrize("command", [("explain", "ul.sta6.evt19"), ("check",), ("simulate",)])
def test_the_ending_says_how_it_is_drawn(command: tuple[str, ...], tmp_path: Path) -> None:
    assert "must end in .svg or .mmd" in wrong_use(*command, "--chart", str(tmp_path / "chart.png"))
    assert "cannot write" in wrong_use(*command, "--chart", str(tmp_path / "no" / "chart.svg"))


def test_two_files_are_not_one(tmp_path: Path) -> None:
    same = str(tmp_path / "same.svg")
    for command in ("check", "simulate"):
        assert "--json and --chart name the same file" in wrong_use(command, "--json", same, "--chart", same)
        assert "--test and --chart name the same file" in wrong_use(command, "--test", same, "--chart", same)
    assert "--chart" in wrong_use("check", "--mutants", "--chart", same)
    assert "--chart" in wrong_use("check", "--security", "iscl", "--chart", same)
