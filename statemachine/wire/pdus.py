"""The seven PDUs of the DICOM upper layer as frozen, hashable values (PS3.8 2020 9.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from .items import PresentationContextAC, PresentationContextRQ, UserInformation
from .uids import APPLICATION_CONTEXT


@dataclass(frozen=True, slots=True)
class AAssociateRQ:
    """Request for an association (PS3.8 2020 9.3.2).

    AE titles are 1 to 16 characters; spaces around them carry no meaning. `protocol_version` is a bit field
    of which version 1 is bit 0: whoever receives it tests that bit and no other. `repeats` holds octets 11 to 74 as
    they were received, for the acceptance to repeat; it is no part of what the request says.
    """

    pdu_type: ClassVar[int] = 0x01
    name: ClassVar[str] = "A-ASSOCIATE-RQ"
    called_ae_title: str
    calling_ae_title: str
    presentation_contexts: tuple[PresentationContextRQ, ...]
    user_information: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1
    repeats: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AAssociateAC:
    """Acceptance of an association (PS3.8 2020 9.3.3).

    The two titles are reserved fields that repeat those of the request. Nobody tests them, so any text that
    fits goes both ways. `repeats` holds octets 11 to 74, which repeat the request's to the letter; where it is empty
    the titles are sent and zeros behind them.
    """

    pdu_type: ClassVar[int] = 0x02
    name: ClassVar[str] = "A-ASSOCIATE-AC"
    called_ae_title: str
    calling_ae_title: str
    presentation_contexts: tuple[PresentationContextAC, ...]
    user_information: UserInformation
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = 1
    repeats: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AAssociateRJ:
    """Rejection of an association (PS3.8 2020 9.3.4). The codes are named in `codes`."""

    pdu_type: ClassVar[int] = 0x03
    name: ClassVar[str] = "A-ASSOCIATE-RJ"
    result: int
    source: int
    reason: int


@dataclass(frozen=True, slots=True)
class PDV:
    """A presentation data value: one fragment of a message, and where it belongs (PS3.8 2020 9.3.5.1)."""

    context_id: int
    is_command: bool
    is_last: bool
    fragment: bytes


@dataclass(frozen=True, slots=True)
class PDataTF:
    """Transfer of data: one or more PDVs of one message (PS3.8 2020 9.3.5)."""

    pdu_type: ClassVar[int] = 0x04
    name: ClassVar[str] = "P-DATA-TF"
    pdvs: tuple[PDV, ...]


@dataclass(frozen=True, slots=True)
class AReleaseRQ:
    """Request to release the association (PS3.8 2020 9.3.6)."""

    pdu_type: ClassVar[int] = 0x05
    name: ClassVar[str] = "A-RELEASE-RQ"


@dataclass(frozen=True, slots=True)
class AReleaseRP:
    """Reply to a release request (PS3.8 2020 9.3.7)."""

    pdu_type: ClassVar[int] = 0x06
    name: ClassVar[str] = "A-RELEASE-RP"


@dataclass(frozen=True, slots=True)
class AAbort:
    """Abort of the association (PS3.8 2020 9.3.8). The codes are named in `codes`."""

    pdu_type: ClassVar[int] = 0x07
    name: ClassVar[str] = "A-ABORT"
    source: int
    reason: int


Pdu = AAssociateRQ | AAssociateAC | AAssociateRJ | PDataTF | AReleaseRQ | AReleaseRP | AAbort

PDU_NAMES: Final[dict[int, str]] = {
    kind.pdu_type: kind.name
    for kind in (AAssociateRQ, AAssociateAC, AAssociateRJ, PDataTF, AReleaseRQ, AReleaseRP, AAbort)
}

HEADER_LENGTH: Final = 6
"""Octets of a PDU before its body: type, a reserved octet, and the 4-octet length of what follows."""
