"""What `encode` refuses to send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dicomnet.statemachine import (
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    LocalProtocolError,
    PDataTF,
    Pdu,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
    decode,
    encode,
    encode_buffers,
)

CONTEXT = PresentationContextRQ(1, "1.2.3", ("1.2.4",))
ACCEPTED = PresentationContextAC(1, 0, "1.2.4")


def refused(pdu: Pdu) -> str:
    """The text of the refusal, the same from both ways to encode."""
    with pytest.raises(LocalProtocolError) as by_encode:
        encode(pdu)
    with pytest.raises(LocalProtocolError) as by_buffers:
        encode_buffers(pdu)
    assert by_encode.value.code == by_buffers.value.code == "invalid_argument"
    assert by_encode.value.message == by_buffers.value.message
    return by_encode.value.message


@pytest.mark.parametrize(
    "title", ["", " ", " " * 16, "A" * 17, "A\\B", "A\tB", "A\0", "A\x7f", "Å", "日本", "\u200b", "A\nB"]
)
@pytest.mark.parametrize("which", ["called_ae_title", "calling_ae_title"])
def test_a_request_needs_proper_titles(rq: AAssociateRQ, which: str, title: str) -> None:
    changes: dict[str, Any] = {which: title}
    assert "AE title" in refused(replace(rq, **changes))


def test_spaces_around_a_title_do_not_count(rq: AAssociateRQ) -> None:
    decoded = decode(encode(replace(rq, called_ae_title="  A B  " + " " * 20)))
    assert isinstance(decoded, AAssociateRQ)
    assert decoded.called_ae_title == "A B"


@pytest.mark.parametrize("title", ["A" * 17, "日本"])
def test_a_repeated_title_must_fit(title: str) -> None:
    assert "AE title" in refused(AAssociateAC(title, "B", (ACCEPTED,), UserInformation()))


@pytest.mark.parametrize(
    "uid", ["", ".", "1.", ".1", "1..2", "01.2", "1.02", "1.2a", "1.2 ", "1.²", "1" * 65, "1.2\n"]
)
def test_uids_are_proper(rq: AAssociateRQ, uid: str) -> None:
    user = rq.user_information
    everywhere: list[Pdu] = [
        replace(rq, application_context=uid),
        replace(rq, presentation_contexts=(replace(CONTEXT, abstract_syntax=uid),)),
        replace(rq, presentation_contexts=(replace(CONTEXT, transfer_syntaxes=("1.2", uid)),)),
        replace(rq, user_information=replace(user, implementation_class_uid=uid)),
        replace(rq, user_information=replace(user, roles=(RoleSelection(uid, 1, 1),))),
        replace(rq, user_information=replace(user, extended=(SopClassExtendedNegotiation(uid, b""),))),
        replace(
            rq,
            user_information=replace(
                user, common_extended=(SopClassCommonExtendedNegotiation("1", "2", (uid,)),)
            ),
        ),
        AAssociateAC("A", "B", (PresentationContextAC(1, 0, uid),), user),
        AAssociateAC("A", "B", (PresentationContextAC(1, 3, uid),), user),
    ]
    for pdu in everywhere:
        assert "is not a UID" in refused(pdu)
        assert "is not a UID" in refused(pdu), "a refusal is not remembered as a success"


@pytest.mark.parametrize("uid", ["0", "0.0", "1", "1.0.9", "1" * 64])
def test_uids_at_the_edge_are_sent(rq: AAssociateRQ, uid: str) -> None:
    assert decode(encode(replace(rq, application_context=uid))) == replace(rq, application_context=uid)


@pytest.mark.parametrize(
    "contexts",
    [
        (),
        (replace(CONTEXT, id=0),),
        (replace(CONTEXT, id=2),),
        (replace(CONTEXT, id=-1),),
        (replace(CONTEXT, id=257),),
        (CONTEXT, CONTEXT),
        (replace(CONTEXT, transfer_syntaxes=()),),
        (replace(CONTEXT, transfer_syntaxes=("1" * 64,) * 1000),),
    ],
)
def test_proposed_contexts(rq: AAssociateRQ, contexts: tuple[PresentationContextRQ, ...]) -> None:
    assert "context" in refused(replace(rq, presentation_contexts=contexts))


@pytest.mark.parametrize(
    "contexts",
    [
        (),
        (replace(ACCEPTED, id=4),),
        (ACCEPTED, ACCEPTED),
        (replace(ACCEPTED, result=5),),
        (replace(ACCEPTED, transfer_syntax=None),),
    ],
)
def test_answered_contexts(contexts: tuple[PresentationContextAC, ...]) -> None:
    assert "context" in refused(AAssociateAC("A", "B", contexts, UserInformation()))


@pytest.mark.parametrize("version", [0, 2, 3, 65536])
def test_the_protocol_version_is_1(rq: AAssociateRQ, version: int) -> None:
    assert "protocol version" in refused(replace(rq, protocol_version=version))


USER: dict[str, dict[str, Any]] = {
    "maximum length": {"max_length": None},
    "maximum length is": {"max_length": -1},
    "maximum length is 0": {"max_length": 1 << 32},
    "implementation class UID": {"implementation_class_uid": None},
    "implementation version name": {"implementation_version_name": ""},
    "implementation version name is": {"implementation_version_name": "A" * 17},
    "printable": {"implementation_version_name": "Ä"},
    "asynchronous operations": {"async_window": (65536, 1)},
    "number of asynchronous": {"async_window": (1, -1)},
    "SCU role": {"roles": (RoleSelection("1.2", 2, 0),)},
    "SCP role": {"roles": (RoleSelection("1.2", 0, -1),)},
    "one role selection": {"roles": (RoleSelection("1.2", 1, 0), RoleSelection("1.2", 0, 1))},
    "one extended": {
        "extended": (SopClassExtendedNegotiation("1.2", b"a"), SopClassExtendedNegotiation("1.2", b"b"))
    },
    "0x56 holds at most": {"extended": (SopClassExtendedNegotiation("1.2", bytes(65535)),)},
    "version of common": {"common_extended": (SopClassCommonExtendedNegotiation("1.2", "1.3", (), 1),)},
    "one common extended": {"common_extended": (SopClassCommonExtendedNegotiation("1.2", "1.3"),) * 2},
    "user identity type": {"user_identity": UserIdentityRQ(0, b"a")},
    "identity type is": {"user_identity": UserIdentityRQ(6, b"a")},
    "positive response": {"user_identity": UserIdentityRQ(1, b"a", b"", 2)},
    "secondary field": {"user_identity": UserIdentityRQ(1, b"a", b"b")},
    "primary field": {"user_identity": UserIdentityRQ(4, bytes(65536))},
    "0x58 holds at most": {"user_identity": UserIdentityRQ(4, bytes(65535))},
    "0x50 holds at most": {"user_identity": UserIdentityRQ(4, bytes(65500))},
    "answers no user identity": {"user_identity_response": UserIdentityAC()},
}


@pytest.mark.parametrize(("text", "changes"), USER.items(), ids=USER)
def test_user_information_of_a_request(rq: AAssociateRQ, text: str, changes: dict[str, Any]) -> None:
    assert text in refused(replace(rq, user_information=replace(rq.user_information, **changes)))


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("no common extended", {"common_extended": (SopClassCommonExtendedNegotiation("1.2", "1.3"),)}),
        ("states no user identity", {"user_identity": UserIdentityRQ(1, b"a")}),
        ("server response", {"user_identity_response": UserIdentityAC(bytes(65536))}),
    ],
)
def test_user_information_of_an_acceptance(text: str, changes: dict[str, Any]) -> None:
    assert text in refused(AAssociateAC("A", "B", (ACCEPTED,), replace(UserInformation(), **changes)))


COMMAND = PDV(1, True, True, b"ab")
DATA = PDV(1, False, True, b"ab")


@pytest.mark.parametrize(
    ("text", "pdvs"),
    [
        ("at least one PDV", ()),
        ("even number", (replace(DATA, fragment=b""),)),
        ("even number", (replace(DATA, fragment=b"abc"),)),
        ("even number", (replace(COMMAND, is_last=False), replace(COMMAND, fragment=b"abc"))),
        ("id is odd", (replace(DATA, context_id=2),)),
        ("id is odd", (replace(DATA, context_id=0),)),
        ("id is odd", (replace(DATA, context_id=257),)),
        ("id is odd", (replace(DATA, context_id=-1),)),
        ("one context", (COMMAND, replace(DATA, context_id=3))),
        ("order", (DATA, DATA)),
        ("order", (DATA, COMMAND)),
        ("order", (COMMAND, COMMAND)),
        ("order", (replace(DATA, is_last=False), COMMAND)),
        ("order", (replace(COMMAND, is_last=False), DATA)),
    ],
)
def test_pdvs(text: str, pdvs: tuple[PDV, ...]) -> None:
    assert text in refused(PDataTF(pdvs))


class Endless(bytes):
    """Octets that say they are as long as no PDU can hold, without taking the room."""

    def __len__(self) -> int:
        return (1 << 32) - 2


def test_a_pdu_cannot_hold_4_gib() -> None:
    assert "at most" in refused(PDataTF((PDV(1, False, True, Endless()),)))


@pytest.mark.parametrize(
    "codes", [(0, 1, 1), (3, 1, 1), (1, 0, 1), (1, 4, 1), (1, 1, 4), (1, 2, 3), (1, 3, 0)]
)
def test_reject_codes(codes: tuple[int, int, int]) -> None:
    assert "result, source and reason" in refused(AAssociateRJ(*codes))


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 3), (2, 7), (3, 0), (256, 0)])
def test_abort_codes(codes: tuple[int, int]) -> None:
    assert "source and reason" in refused(AAbort(*codes))


@pytest.mark.parametrize("encoder", [encode, encode_buffers])
def test_what_is_no_pdu_is_refused(encoder: Callable[[Any], object]) -> None:
    with pytest.raises(LocalProtocolError, match="is not a PDU"):
        encoder(VERIFICATION)
