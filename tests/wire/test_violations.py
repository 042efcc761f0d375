"""Every fault that the decoder refuses, with its clause and place, and what it must not refuse."""

from __future__ import annotations

import pytest

from dicomnet.statemachine import (
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRQ,
    PDataTF,
    PresentationContextAC,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    Violation,
    decode,
)

from .octets import (
    ABSTRACT,
    APPLICATION,
    CLASS_UID,
    CONTEXT_AC,
    CONTEXT_RQ,
    MAXIMUM_LENGTH,
    TRANSFER,
    USER,
    accept,
    association,
    field,
    item,
    pdu,
    pdv,
    request,
    request_with_user,
)

# Offsets in a request whose first item is the application context: items begin at 74.
CONTEXT_AT = 74 + len(APPLICATION)
USER_AT = CONTEXT_AT + len(CONTEXT_RQ)
SUB_AT = USER_AT + 4

FRAMING: dict[str, tuple[bytes, int, str, int]] = {
    # octets, offset, clause (its beginning, after the edition), abort reason
    "type 0": (pdu(0, bytes(4)), 0, "9.3.1", 1),
    "type 8": (pdu(8, bytes(4)), 0, "9.3.1", 1),
    "TLS record": (b"\x16\x03\x01\x02\x00\x01", 0, "9.3.1", 1),
    "nothing": (b"", 0, "9.3.1", 6),
    "header cut short": (b"\x05\x00\x00\x00", 4, "9.3.1", 6),
    "body cut short": (b"\x05\x00\x00\x00\x00\x04\x00", 7, "9.3.1", 6),
    "octets behind the PDU": (pdu(5, bytes(4)) + b"\0", 10, "9.3.1", 6),
    "RQ of 67": (pdu(1, bytes(67)), 2, "9.3.2, Table 9-11", 6),
    "AC of 67": (pdu(2, bytes(67)), 2, "9.3.3, Table 9-17", 6),
    "RJ of 3": (pdu(3, bytes(3)), 2, "9.3.4, Table 9-21", 6),
    "RJ of 5": (pdu(3, bytes(5)), 2, "9.3.4, Table 9-21", 6),
    "P-DATA of 0": (pdu(4, b""), 2, "9.3.5, Table 9-22", 6),
    "P-DATA of 5": (pdu(4, bytes(5)), 2, "9.3.5, Table 9-22", 6),
    "RELEASE-RQ of 0": (pdu(5, b""), 2, "9.3.6, Table 9-24", 6),
    "RELEASE-RP of 8": (pdu(6, bytes(8)), 2, "9.3.7, Table 9-25", 6),
    "ABORT of 5": (pdu(7, bytes(5)), 2, "9.3.8, Table 9-26", 6),
}

_IDENTITY = field(b"me") + field(b"")

CONTENT: dict[str, tuple[bytes, int, str]] = {
    # octets, offset, clause
    "no items": (request(), 74, "PS3.8 2020 9.3.2, Table 9-11"),
    "no application context": (
        request(CONTEXT_RQ, USER),
        len(request(CONTEXT_RQ, USER)),
        "PS3.8 2020 9.3.2, Table 9-11",
    ),
    "no presentation context": (
        request(APPLICATION, USER),
        len(request(APPLICATION, USER)),
        "PS3.8 2020 9.3.2, Table 9-11",
    ),
    "no user information": (request(APPLICATION, CONTEXT_RQ), USER_AT, "PS3.8 2020 9.3.2, Table 9-11"),
    "second application context": (
        request(APPLICATION, APPLICATION, CONTEXT_RQ, USER),
        CONTEXT_AT,
        "PS3.8 2020 9.3.2, Table 9-11",
    ),
    "second user information": (
        request(APPLICATION, CONTEXT_RQ, USER, USER),
        USER_AT + len(USER),
        "PS3.8 2020 9.3.2, Table 9-11",
    ),
    "item past the PDU": (
        request(APPLICATION, CONTEXT_RQ, USER[:-1]),
        USER_AT + 2,
        "PS3.8 2020 9.3.2, Table 9-11",
    ),
    "octets left over behind the items": (
        request(APPLICATION, CONTEXT_RQ, USER, b"\0\0\0"),
        USER_AT + len(USER),
        "PS3.8 2020 9.3.2, Table 9-11",
    ),
    "context of 3 octets": (
        request(APPLICATION, item(0x20, b"\1\0\0"), USER),
        CONTEXT_AT + 2,
        "PS3.8 2020 9.3.2.2, Table 9-13",
    ),
    "context without abstract syntax": (
        request(APPLICATION, item(0x20, b"\1\0\0\0" + TRANSFER), USER),
        CONTEXT_AT + 8 + len(TRANSFER),
        "PS3.8 2020 9.3.2.2, Table 9-13",
    ),
    "context without transfer syntax": (
        request(APPLICATION, item(0x20, b"\1\0\0\0" + ABSTRACT), USER),
        CONTEXT_AT + 8 + len(ABSTRACT),
        "PS3.8 2020 9.3.2.2, Table 9-13",
    ),
    "context with two abstract syntaxes": (
        request(APPLICATION, item(0x20, b"\1\0\0\0" + ABSTRACT * 2 + TRANSFER), USER),
        CONTEXT_AT + 8 + len(ABSTRACT),
        "PS3.8 2020 9.3.2.2, Table 9-13",
    ),
    "sub-item past its context": (
        # The PDU goes on, so only the length of the context shows it.
        request(APPLICATION, item(0x20, b"\1\0\0\0" + ABSTRACT + TRANSFER[:-1]), USER),
        CONTEXT_AT + 8 + len(ABSTRACT) + 2,
        "PS3.8 2020 9.3.2.2, Table 9-13",
    ),
    "octets left over in a context": (
        request(APPLICATION, item(0x20, b"\1\0\0\0" + ABSTRACT + TRANSFER + b"\0"), USER),
        CONTEXT_AT + 8 + len(ABSTRACT + TRANSFER),
        "PS3.8 2020 9.3.2.2, Table 9-13",
    ),
    "answered context of 3 octets": (
        accept(APPLICATION, item(0x21, b"\1\0\0"), USER),
        CONTEXT_AT + 2,
        "PS3.8 2020 9.3.3.2, Table 9-18",
    ),
    "accepted context without transfer syntax": (
        accept(APPLICATION, item(0x21, b"\1\0\0\0"), USER),
        CONTEXT_AT + 8,
        "PS3.8 2020 9.3.3.2, Table 9-18",
    ),
    "accepted context with two transfer syntaxes": (
        accept(APPLICATION, item(0x21, b"\1\0\0\0" + TRANSFER * 2), USER),
        CONTEXT_AT + 8 + len(TRANSFER),
        "PS3.8 2020 9.3.3.2, Table 9-18",
    ),
    "sub-item past the user information": (
        request_with_user(MAXIMUM_LENGTH, CLASS_UID[:-1]),
        SUB_AT + len(MAXIMUM_LENGTH) + 2,
        "PS3.8 2020 9.3.2.3, Table 9-16",
    ),
    "octets left over in the user information of an AC": (
        accept(APPLICATION, CONTEXT_AC, item(0x50, MAXIMUM_LENGTH + b"\0")),
        CONTEXT_AT + len(CONTEXT_AC) + 4 + len(MAXIMUM_LENGTH),
        "PS3.8 2020 9.3.3.3, Table 9-20",
    ),
    "maximum length of 2 octets": (
        request_with_user(item(0x51, b"\0\0"), CLASS_UID),
        SUB_AT + 2,
        "PS3.8 2020 D.1",
    ),
    "second maximum length": (
        request_with_user(MAXIMUM_LENGTH, MAXIMUM_LENGTH),
        SUB_AT + len(MAXIMUM_LENGTH),
        "PS3.8 2020 D.1",
    ),
    "second implementation class UID": (
        request_with_user(CLASS_UID, CLASS_UID),
        SUB_AT + len(CLASS_UID),
        "PS3.7 2020 D.3.3.2",
    ),
    "second implementation version name": (
        request_with_user(item(0x55, b"A"), item(0x55, b"B")),
        SUB_AT + 5,
        "PS3.7 2020 D.3.3.2",
    ),
    "window of 3 octets": (request_with_user(item(0x53, bytes(3))), SUB_AT + 2, "PS3.7 2020 D.3.3.3"),
    "second window": (
        request_with_user(item(0x53, bytes(4)), item(0x53, bytes(4))),
        SUB_AT + 8,
        "PS3.7 2020 D.3.3.3",
    ),
    "role of 1 octet": (
        request_with_user(item(0x54, b"\0")),
        SUB_AT + 4,
        "PS3.7 2020 D.3.3.4",
    ),
    "role UID past the item": (
        request_with_user(item(0x54, b"\0\4" + b"1.2")),
        SUB_AT + 4,
        "PS3.7 2020 D.3.3.4",
    ),
    "one role octet": (
        request_with_user(item(0x54, field(b"1.2") + b"\1")),
        SUB_AT + 9,
        "PS3.7 2020 D.3.3.4",
    ),
    "three role octets": (
        request_with_user(item(0x54, field(b"1.2") + b"\1\0\0")),
        SUB_AT + 9,
        "PS3.7 2020 D.3.3.4",
    ),
    "extended negotiation past the item": (
        request_with_user(item(0x56, b"\0\x09" + b"1.2")),
        SUB_AT + 4,
        "PS3.7 2020 D.3.3.5",
    ),
    "common extended negotiation without related classes": (
        request_with_user(item(0x57, field(b"1.2") + field(b"1.3"))),
        SUB_AT + 14,
        "PS3.7 2020 D.3.3.6",
    ),
    "related class past its list": (
        # The item goes on behind the list, so only the length of the list shows it.
        request_with_user(item(0x57, field(b"1.2") + field(b"1.3") + field(b"\0\4" + b"1.4") + b"tail")),
        SUB_AT + 16,
        "PS3.7 2020 D.3.3.6",
    ),
    "identity of 1 octet": (request_with_user(item(0x58, b"\1")), SUB_AT + 4, "PS3.7 2020 D.3.3.7.1"),
    "identity without secondary field": (
        request_with_user(item(0x58, b"\1\0" + field(b"me"))),
        SUB_AT + 10,
        "PS3.7 2020 D.3.3.7.1",
    ),
    "octets left over in an identity": (
        request_with_user(item(0x58, b"\1\0" + _IDENTITY + b"\0")),
        SUB_AT + 12,
        "PS3.7 2020 D.3.3.7.1",
    ),
    "second identity": (
        request_with_user(item(0x58, b"\1\0" + _IDENTITY), item(0x58, b"\1\0" + _IDENTITY)),
        SUB_AT + 12,
        "PS3.7 2020 D.3.3.7.1",
    ),
    "server response past the item": (
        request_with_user(item(0x59, b"\0\3" + b"ok")),
        SUB_AT + 4,
        "PS3.7 2020 D.3.3.7.2",
    ),
    "octets left over in a server response": (
        request_with_user(item(0x59, field(b"ok") + b"\0")),
        SUB_AT + 8,
        "PS3.7 2020 D.3.3.7.2",
    ),
    "PDV of 0": (pdu(4, bytes(6)), 6, "PS3.8 2020 9.3.5.1, Table 9-23"),
    "PDV of 1": (pdu(4, b"\0\0\0\1\1\3"), 6, "PS3.8 2020 9.3.5.1, Table 9-23"),
    "PDV past the PDU": (pdu(4, b"\0\0\0\5\1\3ab"), 6, "PS3.8 2020 9.3.5.1, Table 9-23"),
    "PDV of 4 GiB": (pdu(4, b"\xff\xff\xff\xff\1\3ab"), 6, "PS3.8 2020 9.3.5.1, Table 9-23"),
    "octets left over behind the PDVs": (
        pdu(4, pdv(1, 3, b"ab") + b"\0\0\0\2\1"),
        14,
        "PS3.8 2020 9.3.5.1, Table 9-23",
    ),
}


@pytest.mark.parametrize(("octets", "offset", "clause", "abort_reason"), FRAMING.values(), ids=FRAMING)
def test_a_fault_of_the_frame(octets: bytes, offset: int, clause: str, abort_reason: int) -> None:
    violation = decode(octets)
    assert isinstance(violation, Violation)
    assert violation.clause == f"PS3.8 2020 {clause}"
    assert (violation.offset, violation.abort_reason) == (offset, abort_reason)
    assert violation.framing


@pytest.mark.parametrize(("octets", "offset", "clause"), CONTENT.values(), ids=CONTENT)
def test_a_fault_of_the_content(octets: bytes, offset: int, clause: str) -> None:
    violation = decode(octets)
    assert isinstance(violation, Violation)
    assert (violation.clause, violation.offset) == (clause, offset)
    assert violation.abort_reason == 6
    assert not violation.framing


# --- what is borne with ------------------------------------------------------------------------------------


def test_an_acceptance_that_answers_no_context_is_borne_with() -> None:
    accepted = decode(accept(APPLICATION, USER))
    assert isinstance(accepted, AAssociateAC)
    assert accepted.presentation_contexts == ()


def decode_request(octets: bytes) -> AAssociateRQ:
    result = decode(octets)
    assert isinstance(result, AAssociateRQ), result
    return result


def decode_acceptance(octets: bytes) -> AAssociateAC:
    result = decode(octets)
    assert isinstance(result, AAssociateAC), result
    return result


def test_unknown_items_are_skipped_at_every_level() -> None:
    unknown = item(0x99, b"anything")
    context = item(0x20, b"\1\0\0\0" + unknown + ABSTRACT + unknown + TRANSFER)
    user = item(0x50, unknown + MAXIMUM_LENGTH + CLASS_UID + item(0x5A, b""))
    plain = decode_request(request(APPLICATION, CONTEXT_RQ, USER))
    assert decode_request(request(unknown, APPLICATION, context, unknown, user, unknown)) == plain


def test_items_are_taken_in_any_order() -> None:
    plain = decode_request(request(APPLICATION, CONTEXT_RQ, USER))
    swapped = item(0x50, CLASS_UID + MAXIMUM_LENGTH)
    assert decode_request(request(swapped, CONTEXT_RQ, APPLICATION)) == plain


def test_reserved_octets_are_not_looked_at() -> None:
    octets = bytearray(request(APPLICATION, CONTEXT_RQ, USER))
    plain = decode(bytes(octets))
    for at in (
        1,
        8,
        9,
        *range(42, 74),
        75,
        CONTEXT_AT + 1,
        *range(CONTEXT_AT + 5, CONTEXT_AT + 8),
        USER_AT + 1,
    ):
        octets[at] = 0xFF
    assert decode(bytes(octets)) == plain
    assert decode(b"\x05\xff\x00\x00\x00\x04\xff\xff\xff\xff") == AReleaseRQ()
    assert decode(b"\x07\xff\x00\x00\x00\x04\xff\xff\x02\x01") == AAbort(2, 1)
    assert decode(b"\x03\xff\x00\x00\x00\x04\xff\x01\x01\x07") == AAssociateRJ(1, 1, 7)


@pytest.mark.parametrize("version", [0, 2, 3, 0xFFFF])
def test_the_protocol_version_is_only_handed_on(version: int) -> None:
    octets = association(1, APPLICATION, CONTEXT_RQ, USER, version=version)
    assert decode_request(octets).protocol_version == version


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b" " * 16, ""),
        (b"  ECHO  ", "ECHO"),
        (b"A\x01\\", "A\x01\\"),
        (b"\xe4\0", "\xe4\0"),
        (b"echo", "echo"),
    ],
)
def test_odd_titles_are_for_the_user_to_judge(octets: bytes, text: str) -> None:
    odd = association(1, APPLICATION, CONTEXT_RQ, USER, called=octets, calling=octets)
    assert decode_request(odd).called_ae_title == text
    assert decode_request(odd).calling_ae_title == text
    assert decode_acceptance(
        association(2, APPLICATION, CONTEXT_AC, USER, called=octets, rest=b"\xff")
    ).called_ae_title == text  # fmt: skip


def test_odd_context_ids_are_for_the_user_to_judge() -> None:
    even = item(0x20, b"\2\0\0\0" + ABSTRACT + TRANSFER)
    ids = [c.id for c in decode_request(request(APPLICATION, even, even, USER)).presentation_contexts]
    assert ids == [2, 2]
    data = decode(pdu(4, pdv(0, 3, b"ab")))
    assert isinstance(data, PDataTF)
    assert data.pdvs[0].context_id == 0


@pytest.mark.parametrize(
    ("octets", "text"),
    [(b"1.2\0", "1.2"), (b"1.2 ", "1.2"), (b"01.x", "01.x"), (b"", ""), (b"1" * 70 + b"\0", "1" * 70)],
)
def test_odd_uids_are_kept_and_padding_is_taken_off(octets: bytes, text: str) -> None:
    context = item(0x20, b"\1\0\0\0" + item(0x30, octets) + TRANSFER)
    decoded = decode_request(request(item(0x10, octets), context, USER))
    assert decoded.application_context == text
    assert decoded.presentation_contexts[0].abstract_syntax == text


@pytest.mark.parametrize("body", [b"", TRANSFER, TRANSFER * 2, item(0x40, b"")])
def test_the_transfer_syntax_of_a_rejected_context_is_not_tested(body: bytes) -> None:
    (context,) = decode_acceptance(
        accept(APPLICATION, item(0x21, b"\5\0\3\0" + body), USER)
    ).presentation_contexts
    assert (context.id, context.result) == (5, 3)
    assert (context.transfer_syntax is None) == (not body)


def test_a_result_of_a_context_that_is_reserved_is_kept() -> None:
    context = item(0x21, b"\1\0\xc8\0")
    assert decode_acceptance(accept(APPLICATION, context, USER)).presentation_contexts == (
        PresentationContextAC(1, 200, None),
    )


def test_mandatory_sub_items_may_be_missing_from_the_user_information() -> None:
    user = decode_request(request_with_user()).user_information
    assert (user.max_length, user.implementation_class_uid, user.implementation_version_name) == (None,) * 3


def test_negotiated_values_are_kept_as_received() -> None:
    common = item(0x57, field(b"1.2") + field(b"1.3") + field(b"") + b"for later versions", reserved=7)
    user = decode_request(request_with_user(item(0x54, field(b"1.2") + b"\2\xff"), common)).user_information
    assert user.roles == (RoleSelection("1.2", 2, 255),)
    assert user.common_extended == (SopClassCommonExtendedNegotiation("1.2", "1.3", (), 7),)


def test_reserved_codes_are_kept() -> None:
    assert decode(pdu(3, b"\0\x09\x08\x07")) == AAssociateRJ(9, 8, 7)
    assert decode(pdu(7, b"\0\0\x01\xff")) == AAbort(1, 255)


def test_upper_bits_of_the_control_header_are_not_looked_at() -> None:
    assert decode(pdu(4, pdv(1, 0xFF, b"ab"))) == decode(pdu(4, pdv(1, 3, b"ab")))
    assert decode(pdu(4, pdv(1, 0xFC, b"ab"))) == decode(pdu(4, pdv(1, 0, b"ab")))


def test_empty_odd_and_mixed_fragments_are_borne_with() -> None:
    data = decode(pdu(4, pdv(1, 0, b"") + pdv(3, 1, b"abc") + pdv(1, 2, b"")))
    assert isinstance(data, PDataTF)
    assert [each.fragment for each in data.pdvs] == [b"", b"abc", b""]
    assert decode(pdu(4, pdv(1, 0, b""))) == PDataTF((data.pdvs[0],))
