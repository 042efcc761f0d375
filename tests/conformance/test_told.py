"""What is wrong is said in words that help, without the names of our classes."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from dicomnet.conformance import Options, Verdict
from dicomnet.statemachine import (
    EXPLICIT_LE,
    PDV,
    CEchoRSP,
    PDataTF,
    PresentationContextRQ,
    encode,
    encode_command,
)

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Answer, Connection
from .targets import judge, session


def wrong_group_length(right: bytes) -> bytes:
    return right[:8] + struct.pack("<I", len(right)) + right[12:]


def data_set_announced(right: bytes) -> bytes:
    return right.replace(struct.pack("<HHIH", 0, 0x800, 2, 0x101), struct.pack("<HHIH", 0, 0x800, 2, 1))


def store_response(right: bytes) -> bytes:
    return right.replace(struct.pack("<HHIH", 0, 0x100, 2, 0x8030), struct.pack("<HHIH", 0, 0x100, 2, 0x8001))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (wrong_group_length, "no valid C-ECHO response: the group length announces "),
        (data_set_announced, "the Command Data Set Type (0000,0800) of C-ECHO is 0101H, not 0001H"),
        (store_response, "no C-ECHO response but the command 0x8001"),
    ],
)
def test_what_is_wrong_with_an_echo_response_is_said(change: Callable[[bytes], bytes], words: str) -> None:
    class Odd(PlainAcceptor):
        def respond(self, at: Connection, context_id: int, response: CEchoRSP) -> None:
            command = change(encode_command(response))
            at.link.send(encode(PDataTF((PDV(context_id, True, True, command),))))

    result = judge(Odd, "echo.response")
    assert result.verdict is Verdict.FAIL
    assert words in result.observed
    shown = " ".join(entry.what for entry in result.evidence.entries)
    assert "Violation" not in result.observed + shown


class ExplicitOnly(PlainAcceptor):
    transfer_syntaxes = (EXPLICIT_LE,)


class NoVerification(PlainAcceptor):
    def answer(self, context: PresentationContextRQ) -> Answer:
        return Answer(context.id, 3, EXPLICIT_LE)


@pytest.mark.parametrize(
    ("kind", "why", "advice"),
    [
        (ExplicitOnly, "transfer syntaxes not supported (4)", "take Implicit VR Little Endian as well"),
        (NoVerification, "abstract syntax not supported (3)", "serve the Verification SOP class"),
    ],
)
def test_a_rejected_context_is_not_used_and_the_configuration_is_blamed(
    kind: type[PlainAcceptor], why: str, advice: str
) -> None:
    report, _, _ = session(kind, "echo.response")
    assert f"context 1 was rejected: {why}" in report.blamed
    assert f"configure the target to {advice}" in report.blamed
    (result,) = report.results
    assert (result.case.id, result.verdict) == ("sanity.echo", Verdict.INCONCLUSIVE)
    assert not any("C-ECHO" in entry.what for entry in result.evidence.entries)
    assert report.exit_code() == 3


class CountsTheHeader(PlainAcceptor):
    """The length of its acceptance is 6 too much."""

    def accept_octets(self, raw: bytes, answers: list[Answer], user_items: bytes) -> bytes:
        octets = super().accept_octets(raw, answers, user_items)
        return octets[:2] + len(octets).to_bytes(4, "big") + octets[6:]


class StopsInTheHeader(PlainAcceptor):
    def accept_octets(self, raw: bytes, answers: list[Answer], user_items: bytes) -> bytes:
        return super().accept_octets(raw, answers, user_items)[:3]


def test_an_incomplete_pdu_is_not_nothing() -> None:
    report, _, _ = session(CountsTheHeader, "echo.response", options=Options(patience=1.0))
    (result,) = report.results
    words = result.observed.split()
    assert words[:3] == ["an", "incomplete", "A-ASSOCIATE-AC"]
    held, whole = int(words[3].strip("(")), int(words[5])
    assert whole == held + 6
    assert result.observed.endswith("octets), then nothing for 1 s")
    assert result.observed in report.blamed


def test_an_incomplete_header_has_no_length_yet() -> None:
    report, _, _ = session(StopsInTheHeader, "echo.response", options=Options(patience=1.0))
    assert report.results[0].observed == "an incomplete A-ASSOCIATE-AC (3 octets), then nothing for 1 s"


class LosesTheEnd(PlainAcceptor):
    """The last octet of its abort is lost."""

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        at.link.send(bytes((7, 0, 0, 0, 0, 4, 0, 0, source)))


def test_what_is_incomplete_is_confirmed_as_silence_is() -> None:
    result = judge(LosesTheEnd, "ul.sta6.evt3")
    assert (result.verdict, result.attempts) == (Verdict.FAIL, 3)
    assert result.observed.startswith("an incomplete A-ABORT (9 of 10 octets), then nothing for ")
