"""Deviations that hurt few: each is seen, none is called a failure, and what is sound is not blamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from dicomnet.conformance import Result, Verdict
from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    IMPLEMENTATION_CLASS_UID,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    CEchoRQ,
    decode_command,
)

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Answer, Codes, Connection, item
from .targets import judge


def assert_not_strict(result: Result, words: str) -> None:
    """It is said, and it is no failure."""
    assert result.verdict is Verdict.NON_STRICT, (result.verdict, result.observed)
    assert words in " ".join((result.observed, *result.notes))


# --- how an unknown protocol version is rejected ----------------------------------------------------------


class VersionRejectedAs(PlainAcceptor):
    """Rejects an unknown protocol version with these codes."""

    codes: ClassVar[Codes]

    def send_reject(self, at: Connection, codes: Codes) -> None:
        super().send_reject(at, self.codes if codes == (1, 2, 2) else codes)


def rejecting(*codes: int) -> type[PlainAcceptor]:
    return type("Rejecting", (VersionRejectedAs,), {"codes": codes})


@pytest.mark.parametrize("case_id", ["rq.version.0000", "ul.sta2.evt6.version"])
@pytest.mark.parametrize("codes", [(1, 2, 1), (2, 2, 2), (2, 2, 1)])
def test_another_reason_of_the_provider_is_not_strict(codes: Codes, case_id: str) -> None:
    words = f"rejected with {'/'.join(map(str, codes))} where 1/2/2"
    assert_not_strict(judge(rejecting(*codes), case_id), words)


@pytest.mark.parametrize("codes", [(1, 1, 2), (1, 3, 1), (1, 2, 3), (3, 2, 2)])
def test_another_source_or_a_reserved_reason_is_a_failure(codes: Codes) -> None:
    assert judge(rejecting(*codes), "rq.version.0000").verdict is Verdict.FAIL


# --- what the decoder does not keep of an acceptance ------------------------------------------------------


def accepting(change: Callable[[bytes], bytes]) -> type[PlainAcceptor]:
    """Its acceptance is changed; the lengths are put right behind that."""

    class Accepting(PlainAcceptor):
        def accept_octets(self, raw: bytes, answers: list[Answer], user_items: bytes) -> bytes:
            head = super().accept_octets(raw, answers, b"")[6:-4]
            body = change(head + item(0x50, user_items))
            return b"\2\0" + len(body).to_bytes(4, "big") + body

    return Accepting


def lengthened(kind: int, uid: str, end: bytes) -> Callable[[bytes], bytes]:
    """Every item of this kind with this UID ends so; the items that hold it grow with it."""
    plain, odd = item(kind, uid.encode()), item(kind, uid.encode() + end)

    def change(body: bytes) -> bytes:
        if kind == 0x10:
            return body.replace(plain, odd)
        holder = {0x40: 0x21, 0x52: 0x50}[kind]
        out, rest = body[:68], body[68:]
        while rest:
            length = int.from_bytes(rest[2:4], "big")
            value, holds = rest[4 : 4 + length], rest[0] == holder
            out += item(rest[0], value.replace(plain, odd) if holds else value)
            rest = rest[4 + length :]
        return out

    return change


@pytest.mark.parametrize("end", [b"\0", b" ", b"\0\0"])
@pytest.mark.parametrize(
    ("kind", "uid", "case_id", "words"),
    [
        (0x10, APPLICATION_CONTEXT, "ac.form", "the application context ends in "),
        (0x52, IMPLEMENTATION_CLASS_UID, "ac.form", "the implementation class UID ends in "),
        (0x40, IMPLICIT_LE, "ac.contexts", "the transfer syntax of context 1 ends in "),
    ],
)
def test_padded_uids_are_not_strict(kind: int, uid: str, case_id: str, words: str, end: bytes) -> None:
    padded = accepting(lengthened(kind, uid, end))
    assert_not_strict(judge(padded, case_id), words + ("a space" if end == b" " else "NUL"))
    assert judge(padded, "ac.repeats").verdict is Verdict.PASS


def test_the_change_itself_is_no_deviation() -> None:
    for case_id in ("ac.form", "ac.contexts", "pc.abstract.unknown"):
        assert judge(accepting(lambda body: body), case_id).verdict is Verdict.PASS


def test_what_a_rejected_context_names_has_no_meaning() -> None:
    padded = accepting(lengthened(0x40, IMPLICIT_LE, b"\0"))
    assert "context 3" not in judge(padded, "pc.abstract.unknown").observed


def answering(change: Callable[[int, bytes], bytes]) -> type[PlainAcceptor]:
    """Of each answer to a context the sub-items are changed, which depends on the result."""

    def each(body: bytes) -> bytes:
        out, rest = body[:68], body[68:]
        while rest:
            length = int.from_bytes(rest[2:4], "big")
            value = rest[4 : 4 + length]
            out += (
                item(0x21, value[:4] + change(value[2], value[4:])) if rest[0] == 0x21 else rest[: 4 + length]
            )
            rest = rest[4 + length :]
        return out

    return accepting(each)


ABSTRACT = item(0x30, VERIFICATION.encode())
CONTEXT_CASES = ("ac.contexts", "pc.abstract.unknown", "pc.transfer.unknown", "pc.abstract.none")


@pytest.mark.parametrize("case_id", CONTEXT_CASES)
@pytest.mark.parametrize("stranger", [ABSTRACT, item(0x4F, b"")])
def test_a_sub_item_that_has_no_business_in_an_answer_is_not_strict(case_id: str, stranger: bytes) -> None:
    odd = answering(lambda _result, syntax: stranger + syntax)
    assert_not_strict(judge(odd, case_id), f"holds a sub-item 0x{stranger[0]:02X}")


@pytest.mark.parametrize("case_id", CONTEXT_CASES[1:])
def test_a_rejected_context_without_transfer_syntax_is_not_strict(case_id: str) -> None:
    short = answering(lambda result, syntax: b"" if result else syntax)
    assert_not_strict(judge(short, case_id), "no transfer syntax sub-item")
    assert judge(short, "ac.contexts").verdict is Verdict.PASS


def test_a_rejected_context_with_two_transfer_syntaxes_is_not_strict() -> None:
    double = answering(lambda result, syntax: 2 * syntax if result else syntax)
    assert_not_strict(judge(double, "pc.abstract.unknown"), "holds 2 transfer syntaxes")


@pytest.mark.parametrize("case_id", CONTEXT_CASES)
def test_an_empty_transfer_syntax_in_a_rejected_context_is_nobodys_business(case_id: str) -> None:
    empty = answering(lambda result, syntax: item(0x40, b"") if result else syntax)
    assert judge(empty, case_id).verdict is Verdict.PASS


# --- data that may not be sent ----------------------------------------------------------------------------

FORBIDDEN = ("data.unknown-context", "data.context-0", "data.data-set", "data.garbage", "ul.sta6.evt15")


class Ignores(PlainAcceptor):
    """Says nothing to data that may not be sent."""

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        if pdv.is_command and pdv.context_id in at.accepted:
            super().fragment_received(at, pdv)

    def command_received(self, at: Connection, context_id: int, octets: bytes) -> None:
        if isinstance(decode_command(octets), CEchoRQ):
            super().command_received(at, context_id, octets)


class AbortsLate(PlainAcceptor):
    """Its user thinks a while before he aborts."""

    def abort(self, at: Connection, source: int, reason: int) -> None:
        self.carrier.call_later(0.2, lambda: super(AbortsLate, self).abort(at, source, reason))


@pytest.mark.parametrize("case_id", FORBIDDEN)
def test_ignoring_what_may_not_be_sent_is_not_strict(case_id: str) -> None:
    assert_not_strict(judge(Ignores, case_id), "ignores data that may not be sent")


@pytest.mark.parametrize("kind", [PlainAcceptor, AbortsLate])
@pytest.mark.parametrize("case_id", FORBIDDEN[:-1])
def test_a_user_who_aborts_is_right_be_he_quick_or_slow(kind: type[PlainAcceptor], case_id: str) -> None:
    assert judge(kind, case_id).verdict is Verdict.PASS
