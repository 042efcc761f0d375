"""Scripts for requestors: as cases, how an acceptance may be taken, what they find, and what they do not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from dicomnet.conformance import CaseRun, Grade, Nothing, Pace, Reception, Send, Target, Verdict
from dicomnet.conformance.fuzz import (
    CouldNotTestError,
    Say,
    Script,
    ScriptError,
    acceptance,
    case_of,
    compiled,
    read_script,
    read_token,
    repeat_requestor,
)
from dicomnet.conformance.fuzz.strategies import acceptances, scripts
from dicomnet.statemachine import (
    IMPLICIT_LE,
    VERIFICATION,
    AAssociateAC,
    AReleaseRP,
    PresentationContextRQ,
    Violation,
    decode,
    encode,
)
from dicomnet.transports import Address, MemoryTransport, ReferenceRequestor, Transport, echo_request

from ..zoo import REQUESTORS, PlainRequestor, SlowRequestor
from .calling import Call
from .fuzz_zoo import found
from .fuzz_zoo_requestors import OUT_OF_REACH, TOLD, answered, fuzzed

EFFORT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

REQUEST = echo_request("ANY-SCP", "DICOMNET")
RELEASE_RP = encode(AReleaseRP())


# --- acceptances as octets (PS3.8 2020 9.3.3) -------------------------------------------------------------


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def answer(number: int, result: int, *syntaxes: str) -> bytes:
    subs = b"".join(item(0x40, name.encode("ascii")) for name in syntaxes)
    return item(0x21, bytes((number, 0, result, 0)) + subs)


def user_information(*subs: bytes, longest: int = 16384) -> bytes:
    return item(0x50, item(0x51, struct.pack(">I", longest)) + item(0x52, b"1.2.3") + b"".join(subs))


def of(*items: bytes, version: int = 1) -> bytes:
    body = struct.pack(">HH", version, 0) + bytes(64) + b"".join(items)
    return struct.pack(">BBI", 2, 0, len(body)) + body


APPLICATION = item(0x10, b"1.2.840.10008.3.1.1.1")
USER = user_information()
CONTEXT = answer(1, 0, IMPLICIT_LE)

# One for each kind of fault, found soon: the script `fuzz_zoo_requestors` shows all.
SOON = (
    "aborts-at-data-in-sta7",
    "answers-abort",
    "answers-release-in-sta13",
    "asks-again-after-rj",
    "closes-at-unexpected-pdu",
    "exceeds-maximum-length",
    "leaves-release-unanswered",
    "never-reads",
    "proposes-even-context-id",
    "requestor-split-pdu-aborts",
    "sends-data-before-ac",
    "sends-on-rejected-context",
    "stays-in-sta11",
    "takes-second-ac",
)
MOST = 600
# Of those in which there is nothing to be found.
SOUND = 250


class CallReference:
    """Makes the reference requestor call."""

    watches: ClassVar[bool] = False

    def __init__(self, answer_after: float) -> None:
        self._answer_after = answer_after

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Nothing:
        """See `Trigger`."""
        ReferenceRequestor(carrier, address, "ZOO", "DICOMNET", answer_after=self._answer_after)
        return Nothing()


# --- scripts ----------------------------------------------------------------------------------------------


@EFFORT
@given(scripts("requestor", REQUEST))
def test_a_script_becomes_a_case_of_a_requestor(script: Script) -> None:
    assert read_script(script.lines()) == script
    assert read_token(script.token()) == script
    made = compiled(script, "ANY-SCP", "DICOMNET", REQUEST)
    assert made.case.role == "requestor"
    assert len(made.odd) == len(made.acts) == len(made.case.steps)
    assert len([step for step in made.case.steps if isinstance(step, Send)]) <= 24
    assert made.until(len(made.acts) - 1, script).acts == script.acts[: made.acts[-1]]


@EFFORT
@given(scripts("requestor"))
def test_a_request_is_thought_of_where_none_is_known(script: Script) -> None:
    assert script.acts


def test_what_is_done_to_a_requestor_cannot_be_done_to_an_acceptor() -> None:
    with pytest.raises(ScriptError, match="'accept' is done to a requestor only"):
        case_of(Script(("accept",)))


def test_an_acceptance_that_was_drawn_for_another_request_is_not_sent() -> None:
    """The contexts are other ones than when it was drawn: the case does not apply."""
    carrier, here = MemoryTransport(), Address("", 0)
    reception = Reception(carrier, here, Call(PlainRequestor))
    target = Target(carrier, here, "ZOO", "DICOMNET", Pace(), caller=reception)
    context = PresentationContextRQ(3, VERIFICATION, (IMPLICIT_LE,))
    other = replace(REQUEST, presentation_contexts=(context,))
    script = Script((Say(of(APPLICATION, answer(3, 0, IMPLICIT_LE), USER)), "serve"))
    for request, verdict in ((other, Verdict.NOT_APPLICABLE), (REQUEST, Verdict.PASS)):
        run = CaseRun(case_of(script, request=request), target)
        run.start()
        carrier.run(partial(getattr, run, "over"), 60.0)
        assert run.result is not None
        assert run.result.verdict is verdict


# --- acceptances ------------------------------------------------------------------------------------------


@EFFORT
@given(acceptances(REQUEST))
def test_an_acceptance_is_as_long_as_it_says(octets: bytes) -> None:
    found_as = decode(octets)
    assert isinstance(found_as, AAssociateAC) or not (isinstance(found_as, Violation) and found_as.framing)


@pytest.mark.parametrize(
    ("octets", "odd"),
    [
        (of(APPLICATION, CONTEXT, USER), set[str]()),
        (of(item(0xFE, b""), APPLICATION, CONTEXT, USER), set[str]()),
        (of(APPLICATION, CONTEXT, USER, version=3), set[str]()),
        (of(APPLICATION, CONTEXT, USER, version=2), {"version without bit 0"}),
        (of(CONTEXT, USER), {"malformed"}),
        (of(APPLICATION, APPLICATION, CONTEXT, USER), {"malformed"}),
        (of(item(0x10, b"1.2"), CONTEXT, USER), {"odd application context"}),
        (of(APPLICATION, USER, CONTEXT), {"odd order"}),
        (of(APPLICATION, CONTEXT, CONTEXT, USER), {"other contexts than proposed"}),
        (of(APPLICATION, answer(3, 0, IMPLICIT_LE), USER), {"other contexts than proposed", "odd transfer syntax"}),
        (of(APPLICATION, answer(1, 5, IMPLICIT_LE), USER), {"odd result"}),
        (of(APPLICATION, answer(1, 3), USER), {"odd transfer syntax"}),
        (of(APPLICATION, answer(1, 0, "1.2.3"), USER), {"odd transfer syntax"}),
        (of(APPLICATION, item(0x21, b"\1\0\0\0" + item(0x40, IMPLICIT_LE.encode()) + item(0x41, b"")), USER),
         {"unknown sub-item of a context"}),
        (of(APPLICATION, CONTEXT, item(0x30, b"1.2"), USER), {"item in a wrong place"}),
        (of(APPLICATION, CONTEXT, item(0x50, item(0x51, bytes((0, 0, 0, 5))))), {"odd implementation class UID"}),
        (of(APPLICATION, CONTEXT, user_information(item(0x55, b""))), {"odd implementation version name"}),
        (of(APPLICATION, CONTEXT, user_information(item(0x53, b"\0\1\0\1"))), {"answers what was not negotiated"}),
        (of(APPLICATION, CONTEXT, user_information(item(0x5E, b"x"))), set[str]()),
    ],
)  # fmt: skip
def test_what_is_odd_in_an_acceptance(octets: bytes, odd: set[str]) -> None:
    seen = acceptance(octets, REQUEST)
    assert set(seen.odd) == odd
    grades = [stimulus.grade for reading in seen.readings() for stimulus in reading]
    assert ("Evt19" in {s.event for reading in seen.readings() for s in reading}) == bool(odd)
    assert max(grades) <= Grade.NON_STRICT


@pytest.mark.parametrize(
    ("octets", "accepted", "maximum"),
    [
        (of(APPLICATION, CONTEXT, USER), {1}, 16384),
        (of(APPLICATION, answer(1, 3, IMPLICIT_LE), USER), set[int](), 16384),
        (of(APPLICATION, CONTEXT, user_information(longest=0)), {1}, 0),
        (of(APPLICATION, CONTEXT, USER, USER), set[int](), None),
    ],
)
def test_what_an_acceptance_settles(octets: bytes, accepted: set[int], maximum: int | None) -> None:
    seen = acceptance(octets, REQUEST)
    assert (set(seen.accepted), seen.maximum) == (accepted, maximum)


# --- the zoo ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOON)
def test_a_planted_fault_is_found(name: str) -> None:
    assert found(fuzzed(REQUESTORS[name], MOST)) is not None


@pytest.mark.parametrize("name", sorted(TOLD))
def test_what_is_less_than_strict_is_told_and_no_finding(name: str) -> None:
    outcome = fuzzed(REQUESTORS[name], MOST)
    assert outcome.findings == []
    assert any(TOLD[name] in told.text for told in outcome.told)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", [PlainRequestor, SlowRequestor])
def test_a_sound_requestor_has_no_findings(kind: type[PlainRequestor], seed: int) -> None:
    outcome = fuzzed(kind, SOUND, seed, findings=5)
    assert [str(finding.root) for finding in outcome.findings] == []
    assert (outcome.flaky, outcome.told, outcome.lost, outcome.blamed) == ([], [], None, "")
    assert (outcome.examples, outcome.role) == (SOUND, "requestor")


@pytest.mark.parametrize("answer_after", [0.0, 1.0])
def test_the_reference_requestor_has_no_findings(answer_after: float) -> None:
    outcome = answered(CallReference(answer_after), "reference", SOUND, seed=3, findings=5)
    assert [str(finding.root) for finding in outcome.findings] == []
    assert (outcome.flaky, outcome.lost) == ([], None)


def test_a_request_that_cannot_be_read_is_said() -> None:
    outcome = fuzzed(REQUESTORS["requests-without-user-information"], 5)
    assert "cannot be read" in outcome.blamed
    assert outcome.exit_code() == 3


def test_the_lists_of_the_zoo_hold_names_that_it_has() -> None:
    assert set(OUT_OF_REACH) | set(TOLD) | set(SOON) <= set(REQUESTORS)
    assert not set(OUT_OF_REACH) & set(SOON)


# --- a script once more -----------------------------------------------------------------------------------

UNASKED = ("accept", "data", f"send {RELEASE_RP.hex()}", "listen")


def test_a_script_is_repeated_in_a_test() -> None:
    carrier = MemoryTransport()
    repeat_requestor((), UNASKED, carrier=carrier, trigger=Call(PlainRequestor), listen=":0")
    faulty = Call(REQUESTORS["closes-at-unexpected-pdu"])
    with pytest.raises(AssertionError, match=r"A-ABORT \(source 2\)[\s\S]*closed \(FIN\)"):
        repeat_requestor((), UNASKED, carrier=carrier, trigger=faulty, listen=":0")


def test_a_requestor_that_cannot_be_tested_is_no_failure() -> None:
    broken = Call(REQUESTORS["requests-without-user-information"])
    with pytest.raises(CouldNotTestError, match="cannot be read"):
        repeat_requestor((), UNASKED, carrier=MemoryTransport(), trigger=broken, listen=":0")
