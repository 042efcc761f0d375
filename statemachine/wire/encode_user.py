"""The user information item and its sub-items, as octets (PS3.8 2020 Annex D; PS3.7 2020 D.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Final

from .encode_items import check_range, field, invalid, item
from .items import (
    ASYNC_WINDOW_ITEM,
    COMMON_EXTENDED_NEGOTIATION_ITEM,
    EXTENDED_NEGOTIATION_ITEM,
    MAXIMUM_LENGTH_ITEM,
    ROLE_SELECTION_ITEM,
    USER_IDENTITY_AC_ITEM,
    USER_IDENTITY_RQ_ITEM,
    USER_INFORMATION_ITEM,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    UserIdentityRQ,
    UserInformation,
)
from .uids import UID_FIELD

_MAXIMUM_LENGTH: Final = Struct(">BxHI")
_WINDOW: Final = Struct(">BxHHH")
_CLASS_UID_PREFIX: Final = b"\x52\x00"
_VERSION_NAME_MAXIMUM: Final = 16
_USERNAME_AND_PASSCODE: Final = 2


def user_information_item(user: UserInformation, *, of_request: bool) -> bytes:
    """The user information item, sub-items in increasing order of type.

    `of_request` tells the A-ASSOCIATE-RQ from the -AC: common extended negotiation and the user identity are
    asked in the one, and the identity is answered in the other.
    """
    parts = [_mandatory(user.max_length, user.implementation_class_uid)]
    if user.async_window is not None:
        parts.append(_window(user.async_window))
    if user.roles:
        _check_once(user.roles, "role selection")
        parts.extend(map(_role, user.roles))
    if user.implementation_version_name is not None:
        parts.append(_version_name(user.implementation_version_name))
    if user.extended:
        _check_once(user.extended, "extended negotiation")
        parts.extend(map(_extended, user.extended))
    if user.common_extended or user.user_identity or user.user_identity_response:
        parts.extend(_of_one_side(user, of_request))
    return item(USER_INFORMATION_ITEM, b"".join(parts))


@lru_cache(maxsize=64)
def _mandatory(max_length: int | None, class_uid: str | None) -> bytes:
    """The two sub-items that are always there, and the same in every PDU that an application sends."""
    if max_length is None:
        raise invalid("the maximum length sub-item is mandatory (PS3.8 2020 D.1)")
    if class_uid is None:
        raise invalid("the implementation class UID sub-item is mandatory (PS3.7 2020 D.3.3.2)")
    if not 0 <= max_length <= 0xFFFFFFFF:
        raise invalid(f"the maximum length is 0 to {0xFFFFFFFF}, not {max_length}")
    return _MAXIMUM_LENGTH.pack(MAXIMUM_LENGTH_ITEM, 4, max_length) + _CLASS_UID_PREFIX + UID_FIELD[class_uid]


def _of_one_side(user: UserInformation, of_request: bool) -> list[bytes]:
    """The sub-items that only the request, or only the acceptance, may hold."""
    parts: list[bytes] = []
    if user.common_extended:
        if not of_request:
            raise invalid("an A-ASSOCIATE-AC has no common extended negotiation (PS3.7 2020 D.3.3.6)")
        _check_once(user.common_extended, "common extended negotiation")
        parts.extend(map(_common_extended, user.common_extended))
    if user.user_identity is not None:
        if not of_request:
            raise invalid("an A-ASSOCIATE-AC states no user identity (PS3.7 2020 D.3.3.7)")
        parts.append(_identity_rq(user.user_identity))
    if user.user_identity_response is not None:
        if of_request:
            raise invalid("an A-ASSOCIATE-RQ answers no user identity (PS3.7 2020 D.3.3.7)")
        response = field(user.user_identity_response.server_response, "server response")
        parts.append(item(USER_IDENTITY_AC_ITEM, response))
    return parts


def _check_once(
    items: Sequence[RoleSelection | SopClassExtendedNegotiation | SopClassCommonExtendedNegotiation],
    name: str,
) -> None:
    if len({each.sop_class_uid for each in items}) != len(items):
        raise invalid(f"there is one {name} for a SOP class (PS3.7 2020 D.3.3)")


def _version_name(name: str) -> bytes:
    if not (1 <= len(name) <= _VERSION_NAME_MAXIMUM and name.isascii() and name.isprintable()):
        raise invalid(f"an implementation version name is 1 to 16 printable ASCII characters, not {name!r}")
    return b"\x55\x00\x00%c%b" % (len(name), name.encode("ascii"))


def _window(window: tuple[int, int]) -> bytes:
    for operations in window:
        check_range(operations, 0, 0xFFFF, "number of asynchronous operations")
    return _WINDOW.pack(ASYNC_WINDOW_ITEM, 4, *window)


def _role(role: RoleSelection) -> bytes:
    check_range(role.scu_role, 0, 1, "SCU role")
    check_range(role.scp_role, 0, 1, "SCP role")
    return item(ROLE_SELECTION_ITEM, UID_FIELD[role.sop_class_uid] + bytes((role.scu_role, role.scp_role)))


def _extended(negotiation: SopClassExtendedNegotiation) -> bytes:
    value = UID_FIELD[negotiation.sop_class_uid] + negotiation.application_information
    return item(EXTENDED_NEGOTIATION_ITEM, value)


def _common_extended(negotiation: SopClassCommonExtendedNegotiation) -> bytes:
    check_range(negotiation.version, 0, 0, "version of common extended negotiation")
    related = b"".join(map(UID_FIELD.__getitem__, negotiation.related_general))
    names = UID_FIELD[negotiation.sop_class_uid] + UID_FIELD[negotiation.service_class_uid]
    return item(
        COMMON_EXTENDED_NEGOTIATION_ITEM, names + field(related, "list of related general SOP classes")
    )


def _identity_rq(identity: UserIdentityRQ) -> bytes:
    check_range(identity.identity_type, 1, 5, "user identity type")
    check_range(identity.response_requested, 0, 1, "positive response request")
    if identity.secondary and identity.identity_type != _USERNAME_AND_PASSCODE:
        raise invalid("a secondary field goes with user identity type 2 alone (PS3.7 2020 D.3.3.7.1)")
    start = bytes((identity.identity_type, identity.response_requested))
    primary = field(identity.primary, "primary field")
    return item(USER_IDENTITY_RQ_ITEM, start + primary + field(identity.secondary, "secondary field"))
