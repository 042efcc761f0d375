"""The fields and the items of the A-ASSOCIATE-AC that a requestor is given: PS3.8 2020, 9.3.1 and 9.3.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dicomnet.statemachine import AAssociateRQ

from .. import octets
from ..case import Case, Grade, Level
from ..octets import APPLICATION, ac, answer, item, uid, user_information
from . import requestor_checks as checks
from .build import PS37, PS38
from .ending import NOT_TESTED
from .requestor_build import (
    FREE,
    Make,
    acceptance_of,
    accepted_case,
    contexts_of,
    odd_acceptance,
    syntax_of,
)

AC_CLAUSE: Final = f"{PS38} 9.3.3, Table 9-17"
ITEMS_CLAUSE: Final = f"{PS38} 9.3.1"
INVALID_CLAUSE: Final = f"{AC_CLAUSE}; {PS38} Table 9-10, Sta5 x Evt19"
_IGNORES: Final = "Items of a type that is not known are skipped."
_GOES_ON: Final = "went on with an acceptance that is wrong"
_DATA: Final = checks.within(16384)
ALL: Final = 0xFF
ROOM: Final = 4


def _whole(request: AAssociateRQ) -> tuple[bytes, ...]:
    return (APPLICATION, *contexts_of(request), user_information(octets.VERSION_NAME))


# --- fields -----------------------------------------------------------------------------------------------


def _reserved(request: AAssociateRQ) -> bytes:
    contexts = tuple(
        answer(context.id, 0, syntax_of(context), reserved=ALL) for context in request.presentation_contexts
    )
    items = (
        item(0x10, APPLICATION[4:], ALL),
        *contexts,
        item(0x50, user_information(octets.VERSION_NAME)[4:], ALL),
    )
    return ac(request.repeats, *items, behind=b"\xff\xff", header_reserved=ALL)


def _with_version(version: int) -> Make:
    return lambda request: ac(request.repeats, *_whole(request), version=version)


def _of_items(items: Callable[[AAssociateRQ], tuple[bytes, ...]]) -> Make:
    return lambda request: ac(request.repeats, *items(request))


def _fields() -> tuple[Case, ...]:
    titles = b"SOMEBODY-ELSE   " + b"ANYBODY-AT-ALL  " + bytes(range(1, 33))
    return (
        accepted_case(
            "ac.reserved",
            "an acceptance whose reserved fields are 0xFF",
            AC_CLAUSE,
            NOT_TESTED,
            _reserved,
            checks=_DATA,
        ),
        accepted_case(
            "ac.titles",
            "an acceptance with other AE titles than the request",
            AC_CLAUSE,
            "Octets 11 to 74 of an acceptance are not tested.",
            lambda request: ac(titles, *_whole(request)),
            checks=_DATA,
        ),
        accepted_case(
            "ac.titles.zero",
            "an acceptance with zeros in place of the AE titles",
            AC_CLAUSE,
            "Octets 11 to 74 of an acceptance are not tested.",
            lambda request: ac(bytes(64), *_whole(request)),
            checks=_DATA,
        ),
        *(
            accepted_case(
                f"ac.version.{version:04x}",
                f"an acceptance with protocol version 0x{version:04X}",
                AC_CLAUSE,
                "A receiver tests bit 0 of the protocol version and no other.",
                _with_version(version),
                checks=_DATA,
            )
            for version in (0x0003, 0x8001, 0xFFFF)
        ),
        *(
            accepted_case(
                f"ac.version.{version:04x}",
                f"an acceptance with protocol version 0x{version:04X}: bit 0 is not set",
                INVALID_CLAUSE,
                "A receiver tests bit 0 of the protocol version; it need not go on without it.",
                _with_version(version),
                readings=odd_acceptance(Grade.NON_STRICT, "went on although bit 0 of the version is not set"),
                user=FREE,
                checks=_DATA,
            )
            for version in (0x0000, 0x0002)
        ),
    )


# --- items that are missing, wrong or there twice ---------------------------------------------------------

# What is done to the items of a right acceptance.
_WITHOUT: Final[tuple[tuple[str, str, Callable[[AAssociateRQ], tuple[bytes, ...]]], ...]] = (
    ("application.missing", "no application context item", lambda request: _whole(request)[1:]),
    ("application.twice", "two application context items", lambda request: (APPLICATION, *_whole(request))),
    ("user.missing", "no user information item", lambda request: _whole(request)[:-1]),
    (
        "user.twice",
        "two user information items",
        lambda request: (*_whole(request), user_information(octets.VERSION_NAME, longest=ROOM * 1024)),
    ),
    (
        "item.overrun",
        "a last item that runs past the end",
        lambda request: (*_whole(request)[:-1], _overrun(user_information(octets.VERSION_NAME))),
    ),
    (
        "item.tail",
        "three octets behind the last item",
        lambda request: (*_whole(request), bytes(3)),
    ),
    (
        "sub-item.overrun",
        "a last sub-item of the user information that runs past its end",
        lambda request: (
            *_whole(request)[:-1],
            item(0x50, octets.max_length(16384) + _overrun(octets.CLASS_UID)),
        ),
    ),
)


def _overrun(whole: bytes) -> bytes:
    """The same item with a length that is too large by 100."""
    return whole[:2] + (int.from_bytes(whole[2:4], "big") + 100).to_bytes(2, "big") + whole[4:]


def _wrong() -> tuple[Case, ...]:
    return (
        accepted_case(
            "ac.application",
            "an application context that is not DICOM's",
            f"{PS38} 9.3.3.1; {PS37} A.2.1",
            "An acceptance repeats the application context; what a requestor makes of another one is not said.",
            lambda request: ac(
                request.repeats,
                uid(0x10, "1.2.840.10008.3.1.1.9"),
                *contexts_of(request),
                user_information(octets.VERSION_NAME),
            ),
            readings=odd_acceptance(Grade.INFORMATIONAL, "took an application context that is not DICOM's"),
            user=FREE,
            level=Level.MAY,
            checks=_DATA,
        ),
        *(
            accepted_case(
                f"ac.{name}",
                f"an acceptance with {what}",
                INVALID_CLAUSE,
                "An acceptance holds what is mandatory once, and its items fill it exactly.",
                _of_items(items),
                readings=odd_acceptance(Grade.NON_STRICT, _GOES_ON),
                user=FREE,
                # Without user information no length was stated; of two nothing says which holds.
                checks=checks.WHATEVER_LENGTH if name.startswith("user.") else _DATA,
            )
            for name, what, items in _WITHOUT
        ),
    )


# --- items that nobody knows, and their order -------------------------------------------------------------


def _strangers(request: AAssociateRQ) -> bytes:
    stranger, empty = item(0xFE, b"unknown"), item(0x7F, b"")
    return ac(
        request.repeats,
        stranger,
        *_whole(request)[:-1],
        empty,
        user_information(octets.VERSION_NAME),
        stranger,
    )


def _in_context(request: AAssociateRQ) -> bytes:
    contexts = (item(0x21, whole[4:] + item(0x4F, b"unknown")) for whole in contexts_of(request))
    return acceptance_of(request, contexts)


def _unknown() -> tuple[Case, ...]:
    return (
        accepted_case(
            "ac.unknown.item",
            "an acceptance with items of unknown types",
            ITEMS_CLAUSE,
            _IGNORES,
            _strangers,
            checks=_DATA,
        ),
        accepted_case(
            "ac.unknown.user",
            "user information with sub-items of unknown types",
            f"{ITEMS_CLAUSE}; {PS38} D.2",
            _IGNORES,
            lambda request: acceptance_of(
                request, contexts_of(request), item(0x5E, b"unknown"), item(0x5F, b"")
            ),
            checks=_DATA,
        ),
        accepted_case(
            "ac.unknown.context",
            "accepted contexts with a sub-item of an unknown type",
            ITEMS_CLAUSE,
            _IGNORES,
            _in_context,
            # The clause speaks of items; that it means what stands inside a context as well is our reading.
            level=Level.SHOULD,
            checks=_DATA,
        ),
        accepted_case(
            "ac.order.user",
            "the user information stands before the presentation contexts",
            ITEMS_CLAUSE,
            "Items are sent in increasing order of type; that a receiver minds another order is not called for.",
            lambda request: ac(
                request.repeats, APPLICATION, user_information(octets.VERSION_NAME), *contexts_of(request)
            ),
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            level=Level.MAY,
            checks=_DATA,
        ),
        accepted_case(
            "ac.order.contexts",
            "the contexts are answered in the opposite order",
            f"{PS38} 9.3.3.2",
            "An answer belongs to the context whose id it has, wherever it stands.",
            _reversed,
            checks=_DATA,
        ),
        accepted_case(
            "ac.order.sub-items",
            "the maximum length is the last sub-item",
            f"{PS38} 9.3.3.3",
            "Sub-items of the user information come in any order.",
            lambda request: ac(
                request.repeats,
                APPLICATION,
                *contexts_of(request),
                item(0x50, octets.CLASS_UID + octets.VERSION_NAME + octets.max_length(16384)),
            ),
            checks=_DATA,
        ),
    )


def _reversed(request: AAssociateRQ) -> bytes | str:
    contexts = contexts_of(request)
    return "only one context is proposed" if len(contexts) == 1 else acceptance_of(request, contexts[::-1])


CASES: Final[tuple[Case, ...]] = (*_fields(), *_wrong(), *_unknown())
