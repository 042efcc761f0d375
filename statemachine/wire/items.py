"""The items and sub-items inside A-ASSOCIATE-RQ and -AC, as frozen values.

A value holds what was sent or received and nothing is checked when it is made: the decoder must be able to
show what a peer sent, however odd. `encode` does the checking. Item types are those of PS3.8 2020 9.3 and
Annex D and of PS3.7 2020 D.3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

DEFAULT_MAXIMUM_LENGTH: Final = 16384

# Item types (first octet of an item).
APPLICATION_CONTEXT_ITEM: Final = 0x10
PRESENTATION_CONTEXT_RQ_ITEM: Final = 0x20
PRESENTATION_CONTEXT_AC_ITEM: Final = 0x21
ABSTRACT_SYNTAX_ITEM: Final = 0x30
TRANSFER_SYNTAX_ITEM: Final = 0x40
USER_INFORMATION_ITEM: Final = 0x50
MAXIMUM_LENGTH_ITEM: Final = 0x51
IMPLEMENTATION_CLASS_UID_ITEM: Final = 0x52
ASYNC_WINDOW_ITEM: Final = 0x53
ROLE_SELECTION_ITEM: Final = 0x54
IMPLEMENTATION_VERSION_NAME_ITEM: Final = 0x55
EXTENDED_NEGOTIATION_ITEM: Final = 0x56
COMMON_EXTENDED_NEGOTIATION_ITEM: Final = 0x57
USER_IDENTITY_RQ_ITEM: Final = 0x58
USER_IDENTITY_AC_ITEM: Final = 0x59


@dataclass(frozen=True, slots=True)
class PresentationContextRQ:
    """A proposed presentation context, item 0x20 (PS3.8 2020 Table 9-13).

    `id` is odd, 1 to 255; `transfer_syntaxes` holds at least one UID.
    """

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PresentationContextAC:
    """The answer to a proposed context, item 0x21 (PS3.8 2020 Table 9-18).

    `result` 0 is accepted, 1 to 4 say why not (`codes.CONTEXT_RESULTS`). With a result other than 0 the
    transfer syntax has no meaning. A peer may leave it out there: then it is None.
    """

    id: int
    result: int
    transfer_syntax: str | None = None


@dataclass(frozen=True, slots=True)
class RoleSelection:
    """SCP/SCU role selection, sub-item 0x54 (PS3.7 2020 D.3.3.4). Roles are 0 or 1, kept as received."""

    sop_class_uid: str
    scu_role: int
    scp_role: int


@dataclass(frozen=True, slots=True)
class SopClassExtendedNegotiation:
    """SOP class extended negotiation, sub-item 0x56 (PS3.7 2020 D.3.3.5)."""

    sop_class_uid: str
    application_information: bytes


@dataclass(frozen=True, slots=True)
class SopClassCommonExtendedNegotiation:
    """SOP class common extended negotiation, sub-item 0x57, version 0 (PS3.7 2020 D.3.3.6)."""

    sop_class_uid: str
    service_class_uid: str
    related_general: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class UserIdentityRQ:
    """User identity, sub-item 0x58 (PS3.7 2020 D.3.3.7.1).

    `identity_type` is 1 username, 2 username and passcode, 3 Kerberos ticket, 4 SAML assertion, 5 JSON web
    token; `secondary` (the passcode) goes with type 2 alone. `response_requested` is 0 or 1, kept as
    received.
    """

    identity_type: int
    primary: bytes
    secondary: bytes = b""
    response_requested: int = 0


@dataclass(frozen=True, slots=True)
class UserIdentityAC:
    """The answer to a user identity, sub-item 0x59 (PS3.7 2020 D.3.3.7.2)."""

    server_response: bytes = b""


@dataclass(frozen=True, slots=True)
class UserInformation:
    """The user information item, 0x50 (PS3.8 2020 9.3.2.3 and Annex D; PS3.7 2020 D.3.3).

    `max_length` bounds the PDU-length field, in octets, of the P-DATA-TF PDUs that the sender of this item is
    ready to receive; 0 is no limit. None stands for a sub-item that is absent. The defaults are what this
    project says of itself; the decoder fills in every field from what was received.
    """

    max_length: int | None = DEFAULT_MAXIMUM_LENGTH
    implementation_class_uid: str | None = IMPLEMENTATION_CLASS_UID
    implementation_version_name: str | None = IMPLEMENTATION_VERSION_NAME
    async_window: tuple[int, int] | None = None
    roles: tuple[RoleSelection, ...] = ()
    extended: tuple[SopClassExtendedNegotiation, ...] = ()
    common_extended: tuple[SopClassCommonExtendedNegotiation, ...] = ()
    user_identity: UserIdentityRQ | None = None
    user_identity_response: UserIdentityAC | None = None
