"""The suite of requestors against the zoo: every fault is caught, and what fails has to do with the fault."""

from __future__ import annotations

import fnmatch
import sys
from dataclasses import replace
from functools import cache

import pytest

from dicomnet.conformance import Options, Reception, Report, Session, Verdict, all_cases
from dicomnet.statemachine import PDataTF
from dicomnet.transports import Address, MemoryTransport

from ..zoo import REQUESTORS, PlainRequestor, SlowRequestor
from ..zoo.octets import patched
from .calling import Call

CASES = all_cases(role="requestor")
TOLD = {Verdict.FAIL, Verdict.NON_STRICT, Verdict.INFORMATIONAL}
SOUND = {"prompt": PlainRequestor, "slow": SlowRequestor}
# Faults that only cases by hand can see, where there is none of them.
UNSEEN = {
    name
    for name, kind in REQUESTORS.items()
    if kind.by_hand
    and not any(fnmatch.fnmatchcase(case.id, each) for case in CASES for each in kind.by_hand.split())
}


class Even(PlainRequestor):
    """Proposes context 2 alone, and uses it."""

    def request(self) -> bytes:
        octets = super().request()
        return patched(octets, octets.index(b"\x20\0\0") + 4, b"\2")

    def send(self, octets: bytes) -> None:
        super().send(patched(octets, 10, b"\2") if octets[:1] == b"\4" else octets)

    def may_send(self) -> bool:
        return True

    def data_received(self, data: PDataTF) -> None:
        super().data_received(replace(data, pdvs=tuple(replace(pdv, context_id=1) for pdv in data.pdvs)))


@cache
def judged(name: str) -> dict[str, Verdict]:
    """The verdict of each case on a requestor of the zoo, or on a sound one, in memory."""
    kind = SOUND.get(name) or REQUESTORS[name]
    carrier = MemoryTransport()
    here = Address("", 0)
    report = Report(name)
    Session(
        carrier,
        here,
        "ZOO",
        "DICOMNET",
        Options(recover_limit=40.0),
        lambda _event: None,
        "memory",
        caller=Reception(carrier, here, Call(kind)),
    ).run(CASES, report)
    return {result.case.id: result.verdict for result in report.results}


def differences(name: str) -> dict[str, Verdict]:
    """The cases whose verdict on a faulty requestor is another than on the sound one."""
    sound = judged("prompt")
    return {case: verdict for case, verdict in judged(name).items() if verdict is not sound.get(case)}


def about(name: str, case: str) -> bool:
    """Whether the case is about this requestor's fault."""
    kind = REQUESTORS[name]
    return any(fnmatch.fnmatchcase(case, each) for each in (*kind.expects.split(), *kind.by_hand.split()))


@pytest.mark.parametrize("name", sorted(SOUND))
def test_the_sound_requestors_pass_every_case(name: str) -> None:
    verdicts = judged(name)
    assert len(verdicts) == len(CASES)
    assert {each: v for each, v in verdicts.items() if v not in (Verdict.PASS, Verdict.NOT_APPLICABLE)} == {}


@pytest.mark.parametrize("name", sorted(set(REQUESTORS) - UNSEEN))
def test_each_fault_is_caught_by_a_case_that_is_about_it(name: str) -> None:
    told = {case for case, verdict in differences(name).items() if verdict in TOLD}
    assert [case for case in told if about(name, case)]


@pytest.mark.parametrize("name", sorted(REQUESTORS))
def test_what_fails_has_to_do_with_the_fault(name: str) -> None:
    failed = [case for case, verdict in differences(name).items() if verdict is Verdict.FAIL]
    assert [case for case in failed if not about(name, case)] == []


@pytest.mark.parametrize("name", sorted(REQUESTORS))
def test_no_fault_is_too_much_for_the_tester(name: str) -> None:
    """Whatever is proposed and said, each case has its verdict."""
    assert len(judged(name)) == len(CASES)
    assert Verdict.ERROR not in judged(name).values()


def test_a_message_on_an_even_context_is_answered_there() -> None:
    """What the target may not do is its own affair; the tester goes on."""
    carrier = MemoryTransport()
    here = Address("", 0)
    report = Report("even")
    cases = tuple(case for case in CASES if case.id == "requestor.sta6.evt10.answer")
    reception = Reception(carrier, here, Call(Even))
    Session(carrier, here, "ZOO", "DICOMNET", Options(), lambda _event: None, "memory", caller=reception).run(
        cases, report
    )
    (result,) = report.results
    assert result.verdict is Verdict.PASS
    assert [
        each for each in report.remarks if "sanity expected" in each
    ] == []  # it was answered, and released


def test_each_fault_says_what_it_is() -> None:
    for name, kind in REQUESTORS.items():
        assert kind.fault == name
        assert kind.expects or kind.by_hand
        assert "PS3." in (kind.__doc__ or "")


def test_the_matrix_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{'fault':34} fail soft open  caught by\n")
        for name in sorted(REQUESTORS):
            told = differences(name)
            fails = [case for case, verdict in told.items() if verdict is Verdict.FAIL]
            unclear = [case for case, verdict in told.items() if verdict is Verdict.INCONCLUSIVE]
            soft = [case for case in told if case not in fails and case not in unclear]
            shown = ", ".join((fails or soft)[:3])
            sys.stdout.write(f"{name:34} {len(fails):4} {len(soft):4} {len(unclear):4}  {shown}\n")
    assert all(differences(name) for name in set(REQUESTORS) - UNSEEN)
