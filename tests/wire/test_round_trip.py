"""What is encoded is decoded again, and nothing that arrives makes the decoder raise."""

from __future__ import annotations

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from dicomnet.statemachine import (
    AAssociateAC,
    AAssociateRQ,
    LocalProtocolError,
    Pdu,
    PresentationContextAC,
    UserInformation,
    Violation,
    decode,
    encode,
    encode_buffers,
)

from .strategies import nearly_pdus, pdus


@given(pdus())
def test_decoding_gives_what_was_encoded(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(pdus())
def test_a_decoded_pdu_is_of_the_frozen_class_and_hashes_alike(pdu: Pdu) -> None:
    decoded = decode(encode(pdu))
    assert type(decoded) is type(pdu)
    assert hash(decoded) == hash(pdu)
    assert repr(decoded) == repr(pdu)


@given(pdus())
def test_buffers_joined_are_the_encoding(pdu: Pdu) -> None:
    assert b"".join(encode_buffers(pdu)) == encode(pdu)


@given(pdus(), st.sampled_from([bytearray, memoryview]))
def test_any_kind_of_buffer_decodes_alike(pdu: Pdu, kind: type[bytearray | memoryview]) -> None:
    assert decode(kind(encode(pdu))) == pdu


@given(pdus(), st.data())
def test_a_pdu_cut_short_or_followed_by_more_breaks_the_frame(pdu: Pdu, data: st.DataObject) -> None:
    octets = encode(pdu)
    cut = decode(octets[: data.draw(st.integers(0, len(octets) - 1))])
    assert isinstance(cut, Violation)
    assert cut.framing
    more = decode(octets + data.draw(st.binary(min_size=1, max_size=9)))
    assert isinstance(more, Violation)
    assert more.framing
    assert more.offset == len(octets)


@given(st.binary())
@example(b"")
@example(b"\x04\x00\x00\x00\x00\x00")
def test_any_octets_decode_to_a_pdu_or_a_violation(octets: bytes) -> None:
    check_is_total(octets)


@given(st.sampled_from(range(1, 8)), st.binary())
def test_any_body_under_a_true_header_decodes_to_a_pdu_or_a_violation(kind: int, body: bytes) -> None:
    check_is_total(bytes([kind, 0]) + len(body).to_bytes(4, "big") + body)


@given(nearly_pdus())
def test_nearly_a_pdu_decodes_to_a_pdu_or_a_violation(octets: bytes) -> None:
    check_is_total(octets)


def check_is_total(octets: bytes) -> None:
    """A result of the right kind; a violation points into the octets; a PDU that may be sent is stable."""
    result = decode(octets)
    if isinstance(result, Violation):
        assert 0 <= result.offset <= len(octets)
        assert result.clause.startswith(("PS3.7 2020 ", "PS3.8 2020 "))
        assert result.abort_reason in (1, 6)
        assert result.reason
        return
    # What a receiver bears with is more than what may be sent.
    with contextlib.suppress(LocalProtocolError):
        again = encode(result)
        assert decode(again) == result or lacks_transfer_syntax(result)


def lacks_transfer_syntax(pdu: Pdu) -> bool:
    """Is there a context that was answered without a transfer syntax, which is sent with one?"""
    return isinstance(pdu, AAssociateAC) and None in {c.transfer_syntax for c in pdu.presentation_contexts}


def test_a_rejected_context_without_transfer_syntax_is_sent_with_the_default_one() -> None:
    contexts = (PresentationContextAC(1, 3), PresentationContextAC(3, 0, "1.2.840.10008.1.2.1"))
    decoded = decode(encode(AAssociateAC("STORE", "ECHO", contexts, UserInformation())))
    assert isinstance(decoded, AAssociateAC)
    assert decoded.presentation_contexts[0] == PresentationContextAC(1, 3, "1.2.840.10008.1.2")


def test_an_acceptance_repeats_titles_that_no_request_should_have(rq: AAssociateRQ) -> None:
    contexts = (PresentationContextAC(1, 0, "1.2.840.10008.1.2"),)
    for title in ("", "\x01ODD\\", "\xc4\xd6\xdc"):
        accepted = AAssociateAC(title, title, contexts, rq.user_information)
        assert decode(encode(accepted)) == accepted
