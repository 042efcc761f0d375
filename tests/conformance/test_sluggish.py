"""A requestor whose user is prompt but for releases, which he answers when he has thought: nothing forbids that."""

from __future__ import annotations

from dicomnet.conformance import Options, Reception, Report, Session, Verdict, all_cases
from dicomnet.transports import Address, MemoryTransport

from ..zoo import PlainRequestor
from ..zoo.acceptor import STA8
from .calling import Call
from .fuzz_zoo_requestors import fuzzed


class Sluggish(PlainRequestor):
    """Six seconds for the answer to a release, and none for anything else."""

    def release_requested(self) -> None:
        self.state = STA8
        self.carrier.call_later(6.0, self.user_responds)


class Mute(PlainRequestor):
    """Never answers a release."""

    def release_requested(self) -> None:
        self.state = STA8


def judged(kind: type[PlainRequestor]) -> Report:
    carrier, here = MemoryTransport(), Address("", 0)
    report = Report("sluggish")
    cases = tuple(case for case in all_cases(role="requestor") if case.id.startswith("requestor.sta8.evt1"))
    caller = Reception(carrier, here, Call(kind))
    Session(carrier, here, "ZOO", "DICOMNET", Options(), lambda _event: None, "memory", caller=caller).run(
        cases, report
    )
    return report


def test_who_thinks_about_a_release_is_waited_for() -> None:
    report = judged(Sluggish)
    assert {
        result.case.id: result.verdict for result in report.results if result.verdict is Verdict.FAIL
    } == {}
    assert any(result.case.id == "requestor.sta8.evt14" for result in report.results)


def test_who_never_answers_it_fails_and_is_told_why_that_is_our_reading() -> None:
    (failed,) = [r for r in judged(Mute).results if r.case.id == "requestor.sta8.evt14"]
    assert failed.verdict is Verdict.FAIL
    assert "no clause bounds how long a user may take: that he is overdue is our reading" in failed.notes
    assert failed.observed == "nothing for 10 s"


def test_drawn_scripts_wait_for_him_too() -> None:
    outcome = fuzzed(Sluggish, 80, seed=2, findings=5)
    assert [str(finding.root) for finding in outcome.findings] == []
