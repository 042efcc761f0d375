"""PDUs written out octet by octet from the tables of PS3.8 2020 9.3 and PS3.7 2020 D.3.3, both ways."""

from __future__ import annotations

import pytest

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
    decode,
    encode,
    encode_buffers,
)

TITLES = (
    "53 54 4f 52 45 20 20 20 20 20 20 20 20 20 20 20"  # STORE
    "45 43 48 4f 20 20 20 20 20 20 20 20 20 20 20 20"  # ECHO
)
ZEROS = "00 " * 32
APPLICATION_CONTEXT = "10 00 00 15 31 2e 32 2e 38 34 30 2e 31 30 30 30 38 2e 33 2e 31 2e 31 2e 31"
VERIFICATION = "31 2e 32 2e 38 34 30 2e 31 30 30 30 38 2e 31 2e 31"
IMPLICIT = "31 2e 32 2e 38 34 30 2e 31 30 30 30 38 2e 31 2e 32"
SIMPLE_USER = UserInformation(16384, "1.2.3", None)

RQ = AAssociateRQ(
    "STORE",
    "ECHO",
    (PresentationContextRQ(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),),
    SIMPLE_USER,
)
AC = AAssociateAC("STORE", "ECHO", (PresentationContextAC(1, 0, "1.2.840.10008.1.2"),), SIMPLE_USER)
FULL_RQ = UserInformation(
    max_length=0,
    implementation_class_uid="1.2",
    implementation_version_name="V 1",
    async_window=(1, 0),
    roles=(RoleSelection("1.3", 1, 0),),
    extended=(SopClassExtendedNegotiation("1.4", b"\x01\xff"),),
    common_extended=(SopClassCommonExtendedNegotiation("1.5", "1.6", ("1.7", "1.8.9")),),
    user_identity=UserIdentityRQ(2, b"me", b"pw!", 1),
)

SIMPLE_USER_OCTETS = "50 00 00 11  51 00 00 04 00 00 40 00  52 00 00 05 31 2e 32 2e 33"
FULL_RQ_OCTETS = (
    "50 00 00 5f"
    "51 00 00 04 00 00 00 00"
    "52 00 00 03 31 2e 32"
    "53 00 00 04 00 01 00 00"
    "54 00 00 07 00 03 31 2e 33 01 00"
    "55 00 00 03 56 20 31"
    "56 00 00 07 00 03 31 2e 34 01 ff"
    "57 00 00 18 00 03 31 2e 35 00 03 31 2e 36 00 0c 00 03 31 2e 37 00 05 31 2e 38 2e 39"
    "58 00 00 0b 02 01 00 02 6d 65 00 03 70 77 21"
)

VECTORS: dict[str, tuple[Pdu, str]] = {
    "A-ASSOCIATE-RQ": (
        RQ,
        (
            f"01 00 00 00 00 a4 00 01 00 00 {TITLES} {ZEROS} {APPLICATION_CONTEXT}"
            f"20 00 00 2e 01 00 00 00 30 00 00 11 {VERIFICATION} 40 00 00 11 {IMPLICIT} {SIMPLE_USER_OCTETS}"
        ),
    ),
    "A-ASSOCIATE-RQ with every sub-item": (
        AAssociateRQ("STORE", "ECHO", RQ.presentation_contexts, FULL_RQ),
        (
            f"01 00 00 00 00 f2 00 01 00 00 {TITLES} {ZEROS} {APPLICATION_CONTEXT}"
            f"20 00 00 2e 01 00 00 00 30 00 00 11 {VERIFICATION} 40 00 00 11 {IMPLICIT} {FULL_RQ_OCTETS}"
        ),
    ),
    "A-ASSOCIATE-AC": (
        AC,
        (
            f"02 00 00 00 00 8f 00 01 00 00 {TITLES} {ZEROS} {APPLICATION_CONTEXT}"
            f"21 00 00 19 01 00 00 00 40 00 00 11 {IMPLICIT} {SIMPLE_USER_OCTETS}"
        ),
    ),
    "A-ASSOCIATE-AC with the answer to a user identity": (
        AAssociateAC(
            "STORE",
            "ECHO",
            (PresentationContextAC(3, 4, "1.2.840.10008.1.2"),),
            UserInformation(16384, "1.2.3", None, user_identity_response=UserIdentityAC(b"ok")),
        ),
        (
            f"02 00 00 00 00 97 00 01 00 00 {TITLES} {ZEROS} {APPLICATION_CONTEXT}"
            f"21 00 00 19 03 00 04 00 40 00 00 11 {IMPLICIT}"
            "50 00 00 19  51 00 00 04 00 00 40 00  52 00 00 05 31 2e 32 2e 33  59 00 00 04 00 02 6f 6b"
        ),
    ),
    "A-ASSOCIATE-RJ": (AAssociateRJ(1, 2, 1), "03 00 00 00 00 04 00 01 02 01"),
    "P-DATA-TF with a command": (
        PDataTF((PDV(1, True, True, b"\x0a\x0b"),)),
        "04 00 00 00 00 08 00 00 00 04 01 03 0a 0b",
    ),
    "P-DATA-TF with two PDVs": (
        PDataTF((PDV(255, True, True, b"\x0a\x0b"), PDV(255, False, False, b"\x01\x02\x03\x04"))),
        "04 00 00 00 00 12 00 00 00 04 ff 03 0a 0b 00 00 00 06 ff 00 01 02 03 04",
    ),
    "A-RELEASE-RQ": (AReleaseRQ(), "05 00 00 00 00 04 00 00 00 00"),
    "A-RELEASE-RP": (AReleaseRP(), "06 00 00 00 00 04 00 00 00 00"),
    "A-ABORT": (AAbort(2, 6), "07 00 00 00 00 04 00 00 02 06"),
}


@pytest.mark.parametrize(("pdu", "octets"), VECTORS.values(), ids=VECTORS)
def test_octets_of_a_pdu(pdu: Pdu, octets: str) -> None:
    assert encode(pdu).hex(" ") == bytes.fromhex(octets).hex(" ")
    assert decode(bytes.fromhex(octets)) == pdu


def test_fragments_are_handed_on_without_a_copy() -> None:
    fragment = bytes(1000)
    other = bytes(500)
    assert encode_buffers(PDataTF((PDV(1, False, True, fragment),)))[1] is fragment
    several = encode_buffers(PDataTF((PDV(1, True, True, other), PDV(1, False, True, fragment))))
    assert several[2] is other
    assert several[4] is fragment
