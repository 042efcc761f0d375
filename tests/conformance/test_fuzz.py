"""Scripts as text and as cases, and how octets may be taken."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomnet.conformance import Oracle, Send
from dicomnet.conformance.fuzz import (
    Say,
    Script,
    ScriptError,
    Stream,
    case_of,
    compiled,
    read_script,
    read_token,
    readings_of,
)
from dicomnet.conformance.fuzz.strategies import (
    near_valid,
    pdus,
    raw_octets,
    requests,
    scripts,
    segmentations,
)
from dicomnet.statemachine import (
    PDV,
    AAbort,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    PDataTF,
    Violation,
    decode,
    encode,
    encode_command,
)
from dicomnet.transports import echo_request

EFFORT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RQ = encode(echo_request("ANY-SCP", "DICOMNET"))
ECHO = encode(PDataTF((PDV(1, True, True, encode_command(CEchoRQ(7))),)))
RELEASE = encode(AReleaseRQ())
ABORT = encode(AAbort(0, 0))


# --- text -------------------------------------------------------------------------------------------------


@EFFORT
@given(scripts())
def test_a_script_is_what_its_text_and_its_token_say(script: Script) -> None:
    assert read_script(script.lines()) == script
    assert read_token(script.token()) == script


def packed(text: str) -> str:
    return "1" + base64.urlsafe_b64encode(zlib.compress(text.encode())).decode().rstrip("=")


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "not a token of this version"),
        ("2abc", "not a token of this version"),
        ("1abc", "no token of a script"),
        ("1" + "é", "no token of a script"),
        (packed("send 00")[:-6], "cut short"),
        (packed("send 00\n" * 40_000), "too long"),
        (packed("dance"), "line 1: no act is called 'dance'"),
        (packed("await\nsend 0"), "line 2: "),
        (packed("send " + "00" * 9000), "1 to 8192 octets"),
        (packed("send 00 in 0"), "a size is at least 1"),
        (packed("send 00 in 1,0,1"), "a size is at least 1"),
        (packed("send 00 in x"), "line 1: invalid literal"),
        (packed("close\nsend 00"), "line 2: nothing is done behind the end"),
        (packed("send 00\n" * 9), "at most 8 of them send"),
        (packed(""), "1 to 24 acts"),
    ],
)
def test_what_is_no_token_is_named(token: str, words: str) -> None:
    with pytest.raises(ScriptError, match=words.replace("(", r"\(")):
        read_token(token)


# --- readings ---------------------------------------------------------------------------------------------


def events(octets: bytes, *before: bytes) -> set[tuple[str, ...]]:
    """The events that octets may be, behind others."""
    stream = Stream("ANY-SCP", "DICOMNET")
    for each in before:
        stream.send(each, ())
    return {tuple(stimulus.event for stimulus in reading) for reading in stream.send(octets, ()).readings}


def answers(octets: bytes, *before: bytes) -> set[str]:
    """What the user may owe."""
    stream = Stream("ANY-SCP", "DICOMNET")
    for each in before:
        stream.send(each, ())
        stream.rested()
    readings = stream.send(octets, ()).readings
    return {answer.event for reading in readings for stimulus in reading for answer in stimulus.answers}


def changed(octets: bytes, at: int, *values: int) -> bytes:
    return octets[:at] + bytes(values) + octets[at + len(values) :]


def with_item(octets: bytes, item: bytes) -> bytes:
    body = octets[6:] + item
    return octets[:2] + len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (RQ, {("Evt6",)}),
        (RELEASE, {("Evt12",)}),
        (encode(AReleaseRP()), {("Evt13",)}),
        (ABORT, {("Evt16",)}),
        (changed(ABORT, 8, 9, 9), {("Evt16",)}),
        (changed(RELEASE, 1, 0xFF), {("Evt12",)}),
        (RQ[:50], {()}),
        (RQ + ABORT, {("Evt6", "Evt16")}),
        (RQ + RELEASE[:3], {("Evt6",)}),
        (bytes((0x0B, 0, 0, 0, 0, 1, 0)), {("Evt19",)}),
        # The rest may be waited for.
        (bytes((0x0B, 0, 0, 0, 0, 9, 0)), {("Evt19",), ("none",)}),
        (b"\x0b", {("Evt19",), ()}),
        (changed(RELEASE, 5, 6) + b"\0\0", {("Evt19",), ("Evt12",)}),
        (changed(RQ, 5, 10), {("Evt19",), ("Evt6",)}),
    ],
)
def test_what_octets_may_be(octets: bytes, wanted: set[tuple[str, ...]]) -> None:
    assert events(octets) == wanted
    assert {tuple(s.event for s in reading) for reading in readings_of(octets)} == wanted


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (RQ, {"Evt7"}),
        (changed(RQ, 1, 1), {"Evt7"}),
        (changed(RQ, 42, 1), {"Evt7"}),
        (changed(RQ, 6, 0x80, 1), {"Evt7"}),
        (with_item(RQ, b"\x7a\0\0\1x"), {"Evt7"}),
        (changed(RQ, 10, *b"NOBODY-IS-THIS"), {"Evt7", "Evt8"}),
        (changed(RQ, 26, *b"\0"), {"Evt7", "Evt8", "Evt15"}),
        (with_item(RQ, b"\x20\0\0\0"), {"Evt7", "Evt8", "Evt15"}),
    ],
)
def test_what_a_user_may_answer_to_a_request(request_: bytes, wanted: set[str]) -> None:
    assert answers(request_) == wanted


def test_a_request_without_version_1_is_the_providers_to_reject() -> None:
    (reading,) = readings_of(changed(RQ, 6, 0, 2))
    assert getattr(reading[0].payload, "rejection", None) is not None


def fragment(last: bool, octets: bytes, context: int = 1) -> bytes:
    return encode(PDataTF((PDV(context, True, last, octets),)))


COMMAND = encode_command(CEchoRQ(7))


@pytest.mark.parametrize(
    ("octets", "before", "wanted"),
    [
        (ECHO, (RQ,), {"Evt9"}),
        (fragment(False, COMMAND[:30]), (RQ,), set[str]()),
        (fragment(True, COMMAND[30:]), (RQ, fragment(False, COMMAND[:30])), {"Evt9"}),
        (fragment(True, COMMAND, 5), (RQ,), {"Evt15"}),
        (fragment(True, b"\xff" * 8), (RQ,), {"Evt9", "Evt15"}),
        (ECHO, (RQ, fragment(True, b"\xff" * 8)), {"Evt9", "Evt15"}),
        (RELEASE, (RQ, fragment(False, COMMAND[:30])), {"Evt14", "Evt15"}),
        (RELEASE, (RQ, ECHO), {"Evt14"}),
        (ECHO, (), set[str]()),
    ],
)
def test_what_a_user_may_answer_to_data(octets: bytes, before: tuple[bytes, ...], wanted: set[str]) -> None:
    assert answers(octets, *before) == wanted


def test_behind_what_is_no_pdu_everything_may_be_garbage() -> None:
    unknown = bytes((0x0B, 0, 0, 0, 0, 0))
    assert events(ECHO, RQ, unknown) >= {("Evt10",), ("Evt19",), ()}


def test_a_pdu_that_has_no_business_there_may_be_seen_at_its_header() -> None:
    stream = Stream("ANY-SCP", "DICOMNET")
    stream.send(RQ, ("Sta2",))
    early = stream.send(RQ[:40], ("Sta6",)).readings
    assert {tuple(stimulus.event for stimulus in reading) for reading in early} == {(), ("Evt6",)}
    stream = Stream("ANY-SCP", "DICOMNET")
    assert stream.send(RQ[:40], ("Sta2",)).readings == ((),)


@EFFORT
@given(st.one_of(pdus(), near_valid(), requests(), raw_octets()))
def test_octets_can_always_be_taken_for_something(octets: bytes) -> None:
    stream = Stream("ANY-SCP", "DICOMNET")
    heard = stream.send(octets, ("Sta2",))
    assert heard.readings
    oracle = Oracle(track=False)
    oracle.connected()
    oracle.sent(heard.readings)
    assert oracle.hypotheses


# --- what is drawn ----------------------------------------------------------------------------------------


@EFFORT
@given(pdus())
def test_a_pdu_is_as_long_as_it_says(octets: bytes) -> None:
    while octets:
        end = 6 + int.from_bytes(octets[2:6], "big")
        found = decode(octets[:end])
        assert not (isinstance(found, Violation) and found.framing)
        octets = octets[end:]


@EFFORT
@given(segmentations())
def test_segments_have_sizes(sizes: tuple[int, ...]) -> None:
    assert read_script([str(Say(b"\0", sizes))]).acts == (Say(b"\0", sizes),)


@EFFORT
@given(scripts())
def test_a_script_becomes_a_case(script: Script) -> None:
    made = compiled(script, "ANY-SCP", "DICOMNET")
    assert case_of(script).steps == made.case.steps
    assert len(made.odd) == len(made.acts) == len(made.case.steps)
    sent = [step for step in made.case.steps if isinstance(step, Send)]
    assert len(sent) <= 8
    assert made.until(len(made.acts) - 1, script).acts == script.acts[: made.acts[-1]]


def test_a_role_without_scripts_is_refused() -> None:
    with pytest.raises(ValueError, match="bystander"):
        scripts("bystander")
