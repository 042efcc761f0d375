"""The tables of names, the UIDs, and the constructors of frozen values."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomnet.statemachine import (
    ABORT_REASONS,
    CONTEXT_RESULTS,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    PDU_NAMES,
    PDV,
    UID_CACHE_SIZE,
    AAssociateRQ,
    LocalProtocolError,
    UserIdentityRQ,
    UserInformation,
    Violation,
    decode,
    describe_abort,
    describe_context_result,
    describe_reject,
    encode,
)

# How names are remembered and values are made is not what the package offers, but it makes promises too.
uids: Any = import_module("dicomnet.statemachine.wire.uids")
memo: Any = import_module("dicomnet.statemachine.wire.memo")
contexts_rq: Any = vars(import_module("dicomnet.statemachine.wire.decode"))["_CONTEXTS_RQ"]
users_rq: Any = vars(import_module("dicomnet.statemachine.wire.decode"))["_USERS_RQ"]
quick: Any = import_module("dicomnet.statemachine.wire.quick").quick


def test_names_of_the_pdus() -> None:
    assert PDU_NAMES == {
        1: "A-ASSOCIATE-RQ",
        2: "A-ASSOCIATE-AC",
        3: "A-ASSOCIATE-RJ",
        4: "P-DATA-TF",
        5: "A-RELEASE-RQ",
        6: "A-RELEASE-RP",
        7: "A-ABORT",
    }


def test_descriptions_of_what_the_tables_hold() -> None:
    rejected = "rejected for good by the service user: called AE title not recognised (1/1/7)"
    assert describe_reject(1, 1, 7) == rejected
    congested = "rejected for now by the service provider (presentation): temporary congestion (2/3/1)"
    assert describe_reject(2, 3, 1) == congested
    assert describe_abort(2, 1) == "aborted by the service provider: unrecognised PDU (2/1)"
    assert describe_abort(0, 0) == "aborted by the service user (0/0)"
    assert set(ABORT_REASONS) == {0, 1, 2, 4, 5, 6}
    assert [describe_context_result(code) for code in range(5)] == list(CONTEXT_RESULTS.values())


@given(st.integers(), st.integers(), st.integers())
def test_descriptions_are_total(result: int, source: int, reason: int) -> None:
    assert f"({result}/{source}/{reason})" in describe_reject(result, source, reason)
    assert f"({source}/{reason})" in describe_abort(source, reason)
    assert describe_context_result(result)


def test_reserved_numbers_are_named_as_reserved() -> None:
    assert describe_reject(3, 1, 4).count("reserved") == 2
    assert describe_reject(1, 9, 1).count("reserved") == 2
    assert describe_abort(1, 3).count("reserved") == 2
    assert "reserved" in describe_context_result(5)


def test_our_own_names_may_be_sent(rq: AAssociateRQ) -> None:
    assert IMPLEMENTATION_CLASS_UID.startswith("2.25.")
    assert int(IMPLEMENTATION_CLASS_UID[5:]) < 1 << 128
    assert rq.user_information.implementation_version_name == IMPLEMENTATION_VERSION_NAME
    assert decode(encode(rq)) == rq


def test_the_memos_are_bounded(rq: AAssociateRQ) -> None:
    for number in range(UID_CACHE_SIZE + 10):
        uid = f"1.2.{number}"
        pdu = replace(rq, presentation_contexts=(replace(rq.presentation_contexts[0], abstract_syntax=uid),))
        assert decode(encode(pdu)) == pdu
        assert 0 < len(uids.UID_FIELD) <= UID_CACHE_SIZE
        assert 0 < len(contexts_rq) <= UID_CACHE_SIZE


def test_a_memo_computes_once_and_keeps_nothing_long_secret_or_refused() -> None:
    computed: list[str] = []

    def compute(key: str) -> str:
        computed.append(key)
        if not key:
            raise LocalProtocolError("invalid_argument", "empty")
        return key.upper()

    kept = memo.Memo(compute, secret="S".__eq__)
    long = "b" * (memo.KEY_MAXIMUM + 1)
    for _ in range(2):
        assert [kept["a"], kept[long], kept["s"]] == ["A", long.upper(), "S"]
        with pytest.raises(LocalProtocolError):
            kept[""]
    assert computed == ["a", long, "s", "", long, "s", ""]
    assert list(kept) == ["a"]


def test_no_secret_of_a_user_is_kept(rq: AAssociateRQ) -> None:
    for identity in (UserIdentityRQ(2, b"me", b"open sesame"), None):
        decode(encode(replace(rq, user_information=replace(rq.user_information, user_identity=identity))))
    assert users_rq
    assert not any(b"sesame" in octets for octets in users_rq)


def test_a_fault_is_placed_alike_the_second_time(rq: AAssociateRQ) -> None:
    octets = bytearray(encode(rq))
    octets[-14:-13] = b"\xff"
    assert isinstance(decode(octets), Violation)
    assert decode(octets) == decode(octets)


def test_a_quick_value_is_the_frozen_value() -> None:
    made: Any = quick(PDV)(1, True, False, b"ab")
    assert type(made) is PDV
    assert made == PDV(1, True, False, b"ab")
    assert hash(made) == hash(PDV(1, True, False, b"ab"))
    with pytest.raises(FrozenInstanceError):
        setattr(made, "context_id", 3)  # noqa: B010
    assert not hasattr(made, "__dict__")
    assert quick(UserInformation)() == UserInformation()
    assert quick(UserInformation)(5, roles=()) == UserInformation(5)
