"""A fault of the tester costs the case in which it happens, and nothing else: neither other cases nor the reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from dicomnet.conformance import (
    Case,
    Check,
    Event,
    Evidence,
    Finding,
    Options,
    Report,
    Result,
    Send,
    Session,
    Start,
    Verdict,
    all_cases,
    choose,
)
from dicomnet.statemachine import AAssociateAC, Pdu, Violation
from dicomnet.transports import MemoryTransport

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Connection
from .command import flat, read_json, read_junit, run
from .targets import CALLED, CALLING, case_of

# Enough for what is on its way, and too little for ARTIM: what is still open then was forgotten.
ON_THE_WAY = 1.0
QUICK = ("ul.sta2.evt10", "ul.sta6.evt3", "ul.sta6.evt10")
SLOW = ("ul.sta2.evt18", "ul.sta13.released.evt18")


def breaks(_evidence: Evidence) -> Iterable[Finding]:
    raise RuntimeError("planted")


def cannot_be_made(_evidence: Evidence) -> bytes | str:
    raise RuntimeError("planted")


def planted(case: Case) -> Case:
    """The case with a check that fails by itself."""
    return replace(case, checks=(Check("nothing", breaks),))


def judged(*cases: Case, kind: type[PlainAcceptor] = PlainAcceptor) -> tuple[Report, PlainAcceptor]:
    carrier = MemoryTransport()
    target = kind(carrier, CALLED)
    report = Report("target")
    told: list[Event] = []
    Session(carrier, target.address, CALLED, CALLING, Options(), told.append, "memory").run(cases, report)
    carrier.run(lambda: False, ON_THE_WAY)
    return report, target


def verdicts(report: Report) -> dict[str, Verdict]:
    return {result.case.id: result.verdict for result in report.results}


@pytest.mark.parametrize("faulty", [*QUICK, *SLOW])
def test_the_other_cases_go_on(faulty: str) -> None:
    cases = [case_of(name) for name in (*QUICK, *SLOW)]
    report, target = judged(*(planted(case) if case.id == faulty else case for case in cases))
    expected = dict.fromkeys((*QUICK, *SLOW), Verdict.PASS) | {faulty: Verdict.ERROR}
    assert verdicts(report) == expected
    assert report.exit_code() == 4
    (result,) = [result for result in report.results if result.verdict is Verdict.ERROR]
    assert result.observed.startswith("RuntimeError: planted (test_own_faults.py:")
    assert "Traceback" not in result.observed
    assert "in breaks" in result.evidence.traceback
    assert (
        any(entry.what.startswith("A-ASSOCIATE-AC") for entry in result.evidence.entries) or "sta2" in faulty
    )
    assert not target.connections


class BrokenHere(PlainAcceptor):
    """Code of ours on the other side of the carrier fails: no run of a case hears of that."""

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        if isinstance(pdu, AAssociateAC):
            raise RuntimeError("planted")
        super().not_expected_in_sta6(at, pdu, raw)


def test_a_fault_outside_the_run_of_a_case_costs_one_case_too() -> None:
    report, _ = judged(*(case_of(name) for name in QUICK), kind=BrokenHere)
    assert verdicts(report) == {**dict.fromkeys(QUICK, Verdict.PASS), "ul.sta6.evt3": Verdict.ERROR}


def test_a_fault_among_held_connections_is_no_verdict_on_the_target() -> None:
    case = case_of("conn.half-message")
    (front, *others) = case.steps
    assert isinstance(front, Start)
    each = (replace(step, made=cannot_be_made) if isinstance(step, Send) else step for step in front.steps)
    broken = replace(case, steps=(replace(front, steps=tuple(each)), *others))
    report, target = judged(broken, case_of(QUICK[0]))
    assert verdicts(report) == {case.id: Verdict.ERROR, QUICK[0]: Verdict.PASS}
    assert not target.connections


def test_reports_are_written_and_no_user_sees_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cases = tuple(planted(case) if case.id == QUICK[1] else case for case in all_cases())

    def chosen(_depth: int, _profile: object, _role: str) -> tuple[Case, ...]:
        return cases

    monkeypatch.setattr("dicomnet.conformance.commands.test.all_cases", chosen)
    json_file, junit_file = tmp_path / "report.json", tmp_path / "report.xml"
    select = [word for name in QUICK for word in ("--select", name)]
    result = run("test", *select, "-v", "--json", str(json_file), "--junit", str(junit_file))
    assert result.exit_code == 4
    data = read_json(json_file)
    assert (data["summary"]["error"], data["summary"]["pass"]) == (3, 6)  # on each of the three carriers
    assert data["interrupted"] is False
    tracebacks = {case["id"]: case["traceback"] for case in data["cases"]}
    assert "in breaks" in tracebacks[QUICK[1]]
    assert tracebacks[QUICK[0]] is None
    assert read_junit(junit_file).attrib["errors"] == "3"
    assert "RuntimeError: planted" in flat(result.output)
    assert "please report this with the traceback, which --json FILE writes" in flat(result.output)
    for text in (result.output, junit_file.read_text()):
        assert "Traceback" not in text
        assert "in breaks" not in text


def test_what_a_case_received_is_kept_no_longer_than_it_is_told() -> None:
    """Up to 4 MiB a case would fill memory, whoever listens."""
    carrier = MemoryTransport()
    target = PlainAcceptor(carrier, CALLED)
    told: list[int] = []
    report = Report("target")

    def listen(event: Event) -> None:
        result = getattr(event, "result", None)
        if isinstance(result, Result):
            told.append(len(result.evidence.received))

    cases = choose(all_cases(), QUICK, quick=False)
    Session(carrier, target.address, CALLED, CALLING, Options(), listen, "memory").run(cases, report)
    assert told == [1, 2, 3]
    assert [len(r.evidence.received) + len(r.evidence.octets) for r in report.results] == [0, 0, 0]
    assert all(result.evidence.entries for result in report.results)
