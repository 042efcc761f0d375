"""What raw peers send: each PDU type, right and wrong, and octets that are no PDU."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import (
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateRJ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    CEchoRSP,
    PDataTF,
    encode,
    encode_command,
)
from dicomnet.transports import Policy, echo_request, negotiate

PROPOSAL: Final = echo_request("SCP", "SCU")
ACCEPTANCE: Final = negotiate(PROPOSAL, Policy(aet="SCP"))
REJECTION: Final = AAssociateRJ(1, 1, 1)
QUESTION: Final = PDataTF((PDV(1, True, True, encode_command(CEchoRQ(1))),))
ANSWER: Final = PDataTF((PDV(1, True, True, encode_command(CEchoRSP(1, 0, VERIFICATION))),))

_RQ: Final = encode(PROPOSAL)

RAW: Final[dict[str, bytes]] = {
    "A-ASSOCIATE-RQ": _RQ,
    "A-ASSOCIATE-RQ of version 2": _RQ[:6] + b"\0\2" + _RQ[8:],
    "A-ASSOCIATE-AC": encode(ACCEPTANCE),
    "A-ASSOCIATE-RJ": encode(REJECTION),
    "P-DATA-TF": encode(QUESTION),
    "A-RELEASE-RQ": encode(AReleaseRQ()),
    "A-RELEASE-RP": encode(AReleaseRP()),
    "A-ABORT of the user": encode(AAbort(0, 0)),
    "A-ABORT of the provider": encode(AAbort(2, 0)),
    "an unknown PDU": b"\x63\0\0\0\0\4abcd",
    "an invalid PDU": b"\x07\0\0\0\0\2\0\0",
    "a part of a PDU": _RQ[: len(_RQ) // 2],
    "a PDU that is too long": b"\x04\0\xff\xff\xff\xff",
    "two PDUs": encode(QUESTION) + encode(AReleaseRQ()),
}
"""The octets by name."""
