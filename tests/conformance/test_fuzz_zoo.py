"""The fuzzer finds planted faults, and none in acceptors that are sound."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dicomnet.conformance import Options, Pace, Target
from dicomnet.conformance.fuzz import Effort, Outcome, fuzz
from dicomnet.transports import Address, MemoryTransport, Policy, ReferenceAcceptor

from ..zoo import ZOO, PlainAcceptor
from .fuzz_zoo import OUT_OF_REACH, TOLD, found, fuzzed

# One for each kind of fault, found soon: the script `fuzz_zoo` shows all.
SOON = (
    "abort-answered",
    "abort-leaves-open",
    "abort-of-wrong-length",
    "accepts-twice",
    "ac-without-maximum-length",
    "data-in-sta2-answered",
    "dies-of-malformed-pdu",
    "echo-answered-twice",
    "malformed-pdu-ignored",
    "provider-abort-as-user",
    "release-answered-twice",
    "second-request-in-sta6-accepted",
    "split-pdu-aborts",
    "sta13-pdu-crashes",
    "unexpected-in-sta6-closes",
    "unknown-type-waits",
    "version-by-equality",
    "wrong-message-id",
)
MOST = 600


class Late(PlainAcceptor):
    """Its user takes a second."""

    think_seconds: ClassVar[float] = 1.0


@pytest.mark.parametrize("name", SOON)
def test_a_planted_fault_is_found(name: str) -> None:
    assert found(fuzzed(ZOO[name], MOST)) is not None


@pytest.mark.parametrize(
    ("name", "words"), [(n, TOLD[n]) for n in ("abort-reason-reserved", "ac-titles-not-repeated")]
)
def test_what_is_less_than_strict_is_told_and_no_finding(name: str, words: str) -> None:
    outcome = fuzzed(ZOO[name], 60)
    assert outcome.findings == []
    assert any(words in told.text for told in outcome.told)
    assert outcome.exit_code() == 0


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", [PlainAcceptor, Late])
def test_a_sound_acceptor_has_no_findings(kind: type[PlainAcceptor], seed: int) -> None:
    outcome = fuzzed(kind, 300, seed, findings=5)
    assert [str(finding.root) for finding in outcome.findings] == []
    assert (outcome.flaky, outcome.told, outcome.lost, outcome.blamed) == ([], [], None, "")
    assert outcome.examples == 300


@pytest.mark.parametrize("answer_after", [0.0, 1.0])
def test_the_reference_acceptor_has_no_findings(answer_after: float) -> None:
    carrier = MemoryTransport()
    acceptor = ReferenceAcceptor(carrier, Policy(aet="ANY-SCP"), answer_after=answer_after)
    outcome = Outcome("reference", 3)
    address = acceptor.listen(Address("", 0), 64)
    target = Target(carrier, address, "ANY-SCP", "DICOMNET", Pace())
    fuzz(target, outcome, Effort(None, 300, 3), Options(recover_limit=40.0))
    assert (outcome.findings, outcome.flaky, outcome.lost) == ([], [], None)
    assert outcome.examples == 300


def test_a_seed_draws_the_same_again() -> None:
    # As long as it takes: where the clock ends the shrinking, a busy machine ends it sooner.
    first, second = (fuzzed(ZOO["version-by-equality"], MOST, shrinking=600.0) for _ in range(2))
    assert [each.script for each in first.findings] == [each.script for each in second.findings]
    assert first.examples == second.examples
    other = fuzzed(ZOO["version-by-equality"], MOST, seed=9, shrinking=600.0)
    assert other.findings[0].example != first.findings[0].example


def test_what_has_one_root_is_said_once() -> None:
    outcome = fuzzed(ZOO["unexpected-in-sta6-closes"], 200, findings=20)
    gists = [(finding.root.gist, finding.root.odd) for finding in outcome.findings]
    assert len(set(gists)) == len(gists) > 1
    assert not any(
        one is not other and one.root.covers(other.root)
        for number, one in enumerate(outcome.findings)
        for other in outcome.findings[number + 1 :]
    )


def test_a_finding_is_made_small() -> None:
    (finding,) = fuzzed(ZOO["abort-answered"], MOST).findings
    assert len(finding.script.acts) <= 6


def test_the_bounds_are_kept() -> None:
    assert len(fuzzed(ZOO["provider-abort-as-user"], 2000, findings=3).findings) == 3
    outcome = Outcome("", 1)
    carrier = MemoryTransport()
    target = Target(carrier, PlainAcceptor(carrier).address, "ZOO", "DICOMNET", Pace())
    fuzz(target, outcome, Effort(seconds=0.0, seed=1), Options())
    assert outcome.examples == 0


def test_the_lists_of_the_zoo_hold_names_that_it_has() -> None:
    assert set(OUT_OF_REACH) | set(TOLD) | set(SOON) <= set(ZOO)
    assert not set(OUT_OF_REACH) & set(SOON)
