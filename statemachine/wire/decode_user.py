"""The user information item and its sub-items, read from octets (PS3.8 2020 Annex D; PS3.7 2020 D.3.3)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from .decode_items import Item, check_used_up, read_field, read_uid, split_items, twice, wrong_length
from .items import (
    ASYNC_WINDOW_ITEM,
    COMMON_EXTENDED_NEGOTIATION_ITEM,
    EXTENDED_NEGOTIATION_ITEM,
    IMPLEMENTATION_CLASS_UID_ITEM,
    IMPLEMENTATION_VERSION_NAME_ITEM,
    MAXIMUM_LENGTH_ITEM,
    ROLE_SELECTION_ITEM,
    USER_IDENTITY_AC_ITEM,
    USER_IDENTITY_RQ_ITEM,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
)
from .quick import quick
from .uids import uid_text
from .violation import PS37, PS38, InvalidPduError

_new_user_information = quick(UserInformation)

_MAXIMUM_LENGTH_SIZE: Final = 4
_UINT32: Final = Struct(">I")
_WINDOW: Final = Struct(">HH")

_MAXIMUM_LENGTH_CLAUSE: Final = f"{PS38} D.1"
_WINDOW_CLAUSE: Final = f"{PS37} D.3.3.3"
_ROLE_CLAUSE: Final = f"{PS37} D.3.3.4"
_EXTENDED_CLAUSE: Final = f"{PS37} D.3.3.5"
_COMMON_CLAUSE: Final = f"{PS37} D.3.3.6"
_IDENTITY_RQ_CLAUSE: Final = f"{PS37} D.3.3.7.1"
_IDENTITY_AC_CLAUSE: Final = f"{PS37} D.3.3.7.2"

_ONCE: Final[dict[int, str]] = {
    MAXIMUM_LENGTH_ITEM: _MAXIMUM_LENGTH_CLAUSE,
    IMPLEMENTATION_CLASS_UID_ITEM: f"{PS37} D.3.3.2",
    ASYNC_WINDOW_ITEM: _WINDOW_CLAUSE,
    IMPLEMENTATION_VERSION_NAME_ITEM: f"{PS37} D.3.3.2",
    USER_IDENTITY_RQ_ITEM: _IDENTITY_RQ_CLAUSE,
    USER_IDENTITY_AC_ITEM: _IDENTITY_AC_CLAUSE,
}
"""Sub-items that may appear once, and the clause of each."""


def read_user_information(octets: bytes, clause: str) -> UserInformation:
    """The value of a user information item. Sub-items come in any order; unknown ones are skipped."""
    max_length: int | None = None
    class_uid: str | None = None
    version_name: str | None = None
    others: list[Item] = []
    for item in split_items(octets, 0, len(octets), clause):
        kind, value, end = item
        if kind == MAXIMUM_LENGTH_ITEM and max_length is None:
            if end - value != _MAXIMUM_LENGTH_SIZE:
                raise wrong_length(item, _MAXIMUM_LENGTH_SIZE, _MAXIMUM_LENGTH_CLAUSE)
            max_length = _UINT32.unpack_from(octets, value)[0]
        elif kind == IMPLEMENTATION_CLASS_UID_ITEM and class_uid is None:
            class_uid = uid_text(octets[value:end])
        elif kind == IMPLEMENTATION_VERSION_NAME_ITEM and version_name is None:
            version_name = octets[value:end].decode("latin-1")
        elif kind in _NEGOTIATED:
            others.append(item)
        elif kind in _ONCE:
            raise twice(kind, value, _ONCE[kind])
    if not others:
        return _new_user_information(max_length, class_uid, version_name)
    return _with_negotiation(octets, others, max_length, class_uid, version_name)


def states_identity(user: UserInformation) -> bool:
    """Does it hold what must not be kept: a passcode, a ticket, a token, or the answer to one?"""
    return user.user_identity is not None or user.user_identity_response is not None


def _with_negotiation(
    octets: bytes, items: list[Item], max_length: int | None, class_uid: str | None, version_name: str | None
) -> UserInformation:
    """The same, with the sub-items of extended negotiation that most associations do without."""
    window: tuple[int, int] | None = None
    roles: list[RoleSelection] = []
    extended: list[SopClassExtendedNegotiation] = []
    common: list[SopClassCommonExtendedNegotiation] = []
    identity: UserIdentityRQ | None = None
    response: UserIdentityAC | None = None
    for item in items:
        kind, value, end = item
        if kind == ROLE_SELECTION_ITEM:
            roles.append(_role(octets, item))
        elif kind == EXTENDED_NEGOTIATION_ITEM:
            extended.append(_extended(octets, item))
        elif kind == COMMON_EXTENDED_NEGOTIATION_ITEM:
            common.append(_common_extended(octets, item))
        elif kind == ASYNC_WINDOW_ITEM and window is None:
            if end - value != _WINDOW.size:
                raise wrong_length(item, _WINDOW.size, _WINDOW_CLAUSE)
            invoked, performed = _WINDOW.unpack_from(octets, value)
            window = (invoked, performed)
        elif kind == USER_IDENTITY_RQ_ITEM and identity is None:
            identity = _identity_rq(octets, item)
        elif kind == USER_IDENTITY_AC_ITEM and response is None:
            response = _identity_ac(octets, item)
        else:
            raise twice(kind, value, _ONCE[kind])
    return _new_user_information(
        max_length,
        class_uid,
        version_name,
        window,
        tuple(roles),
        tuple(extended),
        tuple(common),
        identity,
        response,
    )


_NEGOTIATED: Final = frozenset(
    {
        ASYNC_WINDOW_ITEM,
        ROLE_SELECTION_ITEM,
        EXTENDED_NEGOTIATION_ITEM,
        COMMON_EXTENDED_NEGOTIATION_ITEM,
        USER_IDENTITY_RQ_ITEM,
        USER_IDENTITY_AC_ITEM,
    }
)


def _role(octets: bytes, item: Item) -> RoleSelection:
    _, start, stop = item
    uid, start = read_uid(octets, start, stop, _ROLE_CLAUSE)
    if stop - start != 2:
        raise InvalidPduError(_ROLE_CLAUSE, start, f"two role octets end the item, not {stop - start}")
    return RoleSelection(uid, octets[start], octets[start + 1])


def _extended(octets: bytes, item: Item) -> SopClassExtendedNegotiation:
    _, start, stop = item
    uid, start = read_uid(octets, start, stop, _EXTENDED_CLAUSE)
    return SopClassExtendedNegotiation(uid, octets[start:stop])


def _common_extended(octets: bytes, item: Item) -> SopClassCommonExtendedNegotiation:
    _, start, stop = item
    # Here the octet after the type is not reserved: it is the version of the sub-item.
    version = octets[start - 3]
    sop_class, start = read_uid(octets, start, stop, _COMMON_CLAUSE)
    service_class, start = read_uid(octets, start, stop, _COMMON_CLAUSE)
    field, after = read_field(octets, start, stop, _COMMON_CLAUSE)
    start, end = after - len(field), after
    related: list[str] = []
    while start < end:
        uid, start = read_uid(octets, start, end, _COMMON_CLAUSE)
        related.append(uid)
    # What follows is reserved for later versions and not looked at.
    return SopClassCommonExtendedNegotiation(sop_class, service_class, tuple(related), version)


def _identity_rq(octets: bytes, item: Item) -> UserIdentityRQ:
    _, start, stop = item
    if stop - start < 2:
        raise InvalidPduError(
            _IDENTITY_RQ_CLAUSE, start, f"{stop - start} octets are left where the type is due"
        )
    kind, requested = octets[start], octets[start + 1]
    primary, start = read_field(octets, start + 2, stop, _IDENTITY_RQ_CLAUSE)
    secondary, start = read_field(octets, start, stop, _IDENTITY_RQ_CLAUSE)
    check_used_up(start, stop, _IDENTITY_RQ_CLAUSE)
    return UserIdentityRQ(kind, primary, secondary, requested)


def _identity_ac(octets: bytes, item: Item) -> UserIdentityAC:
    _, start, stop = item
    response, start = read_field(octets, start, stop, _IDENTITY_AC_CLAUSE)
    check_used_up(start, stop, _IDENTITY_AC_CLAUSE)
    return UserIdentityAC(response)
