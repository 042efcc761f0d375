"""Hypothesis strategies for the codec: PDUs that may be sent, and octets that are nearly a PDU."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from dicomnet.statemachine import (
    PDV,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
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
    encode,
)

REJECT_CODES = [(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)]
ABORT_CODES = [(0, 0), (2, 0), (2, 1), (2, 2), (2, 4), (2, 5), (2, 6)]
_TITLE_CHARACTERS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "\\")

Negotiation = TypeVar(
    "Negotiation", RoleSelection, SopClassExtendedNegotiation, SopClassCommonExtendedNegotiation
)

uint16 = st.integers(0, 0xFFFF)
context_ids = st.integers(0, 127).map(lambda n: 2 * n + 1)
uids = st.lists(st.integers(0, 99999).map(str), min_size=2, max_size=10).map(".".join)
ae_titles = st.text(_TITLE_CHARACTERS, min_size=1, max_size=16).map(lambda t: t.strip(" ")).filter(bool)
version_names = st.text(_TITLE_CHARACTERS, min_size=1, max_size=16)
short_bytes = st.binary(max_size=40)


def contexts_rq() -> st.SearchStrategy[tuple[PresentationContextRQ, ...]]:
    """Proposed contexts, ids all different."""
    syntaxes = st.lists(uids, min_size=1, max_size=4).map(tuple)
    one = st.builds(PresentationContextRQ, context_ids, uids, syntaxes)
    return st.lists(one, min_size=1, max_size=5, unique_by=lambda c: c.id).map(tuple)


def contexts_ac() -> st.SearchStrategy[tuple[PresentationContextAC, ...]]:
    """Answered contexts, ids all different, each with a transfer syntax."""
    one = st.builds(PresentationContextAC, context_ids, st.integers(0, 4), uids)
    return st.lists(one, min_size=1, max_size=5, unique_by=lambda c: c.id).map(tuple)


def user_informations(*, of_request: bool) -> st.SearchStrategy[UserInformation]:
    """User information with any choice of the sub-items that the request, or the acceptance, may hold."""
    bit = st.integers(0, 1)
    passcode = st.builds(UserIdentityRQ, st.just(2), short_bytes, short_bytes, bit)
    other = st.builds(UserIdentityRQ, st.sampled_from([1, 3, 4, 5]), short_bytes, st.just(b""), bit)
    common = st.builds(
        SopClassCommonExtendedNegotiation, uids, uids, st.lists(uids, max_size=3).map(tuple), st.just(0)
    )
    return st.builds(
        UserInformation,
        max_length=st.integers(0, 0xFFFFFFFF),
        implementation_class_uid=uids,
        implementation_version_name=st.none() | version_names,
        async_window=st.none() | st.tuples(uint16, uint16),
        roles=_one_per_class(st.builds(RoleSelection, uids, bit, bit)),
        extended=_one_per_class(st.builds(SopClassExtendedNegotiation, uids, short_bytes)),
        common_extended=_one_per_class(common) if of_request else st.just(()),
        user_identity=st.none() | passcode | other if of_request else st.none(),
        user_identity_response=st.none()
        if of_request
        else st.none() | st.builds(UserIdentityAC, short_bytes),
    )


def _one_per_class(items: st.SearchStrategy[Negotiation]) -> st.SearchStrategy[tuple[Negotiation, ...]]:
    return st.lists(items, max_size=3, unique_by=lambda item: item.sop_class_uid).map(tuple)


@st.composite
def data_pdus(draw: st.DrawFn, max_fragment: int = 60) -> PDataTF:
    """A P-DATA-TF that is a stretch of one message: command fragments, then data set fragments."""
    context_id = draw(context_ids)
    commands, data = draw(
        st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda counts: counts != (0, 0))
    )
    kinds = [True] * commands + [False] * data
    pdvs: list[PDV] = []
    for index, is_command in enumerate(kinds):
        ends_part = index + 1 == len(kinds) or kinds[index + 1] != is_command
        # Only where the PDU ends is it open whether the part goes on in the next one.
        is_last = ends_part and (index + 1 < len(kinds) or draw(st.booleans()))
        fragment = draw(st.binary(min_size=1, max_size=max_fragment // 2)) * 2
        pdvs.append(PDV(context_id, is_command, is_last, fragment))
    return PDataTF(tuple(pdvs))


def pdus() -> st.SearchStrategy[Pdu]:
    """Any PDU that the standard allows to send, in the form in which it is decoded again."""
    return st.one_of(
        st.builds(
            AAssociateRQ, ae_titles, ae_titles, contexts_rq(), user_informations(of_request=True), uids
        ),
        st.builds(
            AAssociateAC, ae_titles, ae_titles, contexts_ac(), user_informations(of_request=False), uids
        ),
        st.sampled_from([AAssociateRJ(result, *codes) for result in (1, 2) for codes in REJECT_CODES]),
        data_pdus(),
        st.just(AReleaseRQ()),
        st.just(AReleaseRP()),
        st.sampled_from([AAbort(*codes) for codes in ABORT_CODES]),
    )


@st.composite
def nearly_pdus(draw: st.DrawFn) -> bytes:
    """The octets of a PDU with a few of them changed, taken out, put in, or a length field made to lie.

    Half of the time the PDU length is put right again, so that the fault lies deeper than in the header.
    """
    octets = bytearray(encode(draw(pdus())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets) - 1)) if octets else 0
        match draw(st.sampled_from(["set", "bit", "cut", "remove", "insert", "length", "repeat"])):
            case "set":
                octets[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "bit" if octets:
                octets[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del octets[at:]
            case "remove":
                del octets[at : at + draw(st.integers(1, 8))]
            case "insert":
                octets[at:at] = draw(st.binary(min_size=1, max_size=8))
            case "length":
                octets[at : at + 2] = draw(st.sampled_from([b"\0\0", b"\0\1", b"\xff\xff", b"\0\x44"]))
            case _:
                octets += octets[at : at + draw(st.integers(1, 60))]
    if len(octets) >= 6 and draw(st.booleans()):
        octets[2:6] = (len(octets) - 6).to_bytes(4, "big")
    return bytes(octets)
