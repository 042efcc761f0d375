"""The fields of an A-ASSOCIATE-RQ: PS3.8 2020, 9.3.1 and 9.3.2."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import AAssociateRJ

from ..case import AS_INVALID, Answer, Case, Grade, Level, as_request, reject
from ..octets import (
    APPLICATION,
    CLASS_UID,
    EXTENDED,
    INDENTED,
    NOBODY,
    context,
    item,
    max_length,
    rq,
    uid,
    user_information,
)
from .build import ABORTS, ANY_REJECTION, PS37, PS38, accepts, odd_request, request_case

RQ_CLAUSE: Final = f"{PS38} 9.3.2, Table 9-11"
ITEMS_CLAUSE: Final = f"{PS38} 9.3.1"
RESERVED_CLAUSE: Final = f"{PS38} 9.3.1, Table 9-11"
IGNORES_ITEMS: Final = (
    "An item of an unknown type is skipped by its length; the association does not fail because of it."
)
IGNORES_RESERVED: Final = "A reserved field is not tested, whatever it holds."
ONES: Final = b"\xff" * 34
UNKNOWN_ITEM: Final = item(0x7A, b"unknown")


def _titled(text: bytes) -> bytes:
    return text.ljust(16)


# --- protocol version -------------------------------------------------------------------------------------

_VERSIONS: Final = (
    *(
        request_case(
            f"rq.version.{version:04x}",
            f"protocol version 0x{version:04X}, whose bit 0 is set",
            rq(version=version),
            RQ_CLAUSE,
            "A receiver that knows version 1 tests bit 0 of the protocol version and nothing else.",
        )
        for version in (0x0003, 0x8001, 0xFFFF)
    ),
    request_case(
        "rq.version.0000",
        "protocol version 0x0000, with no bit set",
        rq(version=0),
        f"{RQ_CLAUSE}; AE-6, {PS38} Table 9-6",
        "A request without bit 0 is rejected by the service provider: 1/2/2, protocol version not supported.",
        readings=as_request(rejection=AAssociateRJ(1, 2, 2)),
    ),
)

# --- reserved fields and unknown items --------------------------------------------------------------------

_RESERVED: Final = (
    request_case(
        "rq.reserved.header",
        "reserved octet 2 is 0xFF",
        rq(header_reserved=0xFF),
        RESERVED_CLAUSE,
        IGNORES_RESERVED,
    ),
    request_case(
        "rq.reserved.fields",
        "reserved octets 9 to 10 and 43 to 74 are 0xFF",
        rq(reserved=ONES),
        RESERVED_CLAUSE,
        IGNORES_RESERVED,
    ),
    request_case(
        "rq.reserved.items",
        "the reserved octets of the items are 0xFF",
        rq(
            item(0x10, APPLICATION[4:], 0xFF),
            item(0x20, context(1)[4:], 0xFF),
            item(0x50, user_information()[4:], 0xFF),
        ),
        f"{PS38} 9.3.2.1 to 9.3.2.3",
        IGNORES_RESERVED,
    ),
    request_case(
        "rq.reserved.context",
        "the reserved octets of a presentation context are 0xFF",
        rq(APPLICATION, context(1, reserved=b"\xff\xff\xff"), user_information()),
        f"{PS38} 9.3.2.2, Table 9-13",
        IGNORES_RESERVED,
    ),
)

_UNKNOWN: Final = (
    *(
        request_case(
            f"rq.unknown.{where}",
            f"an item of unknown type 0x7A stands {where}",
            rq(*items),
            ITEMS_CLAUSE,
            IGNORES_ITEMS,
        )
        for where, items in (
            ("first", (UNKNOWN_ITEM, APPLICATION, context(1), user_information())),
            ("between", (APPLICATION, UNKNOWN_ITEM, context(1), user_information())),
            ("last", (APPLICATION, context(1), user_information(), UNKNOWN_ITEM)),
        )
    ),
    request_case(
        "rq.unknown.empty",
        "an item of unknown type 0x7A with length 0",
        rq(APPLICATION, context(1), user_information(), item(0x7A, b"")),
        ITEMS_CLAUSE,
        IGNORES_ITEMS,
    ),
    request_case(
        "rq.unknown.user",
        "a user information sub-item of unknown type 0x5E",
        rq(APPLICATION, context(1), user_information(item(0x5E, b"unknown"))),
        f"{ITEMS_CLAUSE}; {PS38} D.2",
        IGNORES_ITEMS,
    ),
    request_case(
        "rq.unknown.context",
        "a presentation context with a sub-item of unknown type 0x4F",
        rq(APPLICATION, item(0x20, context(1)[4:] + item(0x4F, b"unknown")), user_information()),
        ITEMS_CLAUSE,
        IGNORES_ITEMS,
        # The clause speaks of items; that it means what stands inside a context as well is our reading.
        level=Level.SHOULD,
    ),
)

# --- order ------------------------------------------------------------------------------------------------

_ORDER: Final = (
    request_case(
        "rq.order.user",
        "the maximum length is the last sub-item",
        rq(APPLICATION, context(1), item(0x50, CLASS_UID + item(0x55, b"DICOMNET_TEST") + max_length(16384))),
        f"{PS38} 9.3.2.3",
        "Sub-items of the user information come in any order.",
    ),
    request_case(
        "rq.order.items",
        "the user information stands before the presentation context",
        rq(APPLICATION, user_information(), context(1)),
        ITEMS_CLAUSE,
        "Items are sent in increasing order of type; that a receiver minds another order is not called for.",
        readings=odd_request(Grade.PASS, ""),
        echo=False,
        level=Level.MAY,
    ),
)

# --- application context ----------------------------------------------------------------------------------

_APPLICATION: Final = (
    request_case(
        "rq.application.unknown",
        "an application context that is not DICOM's",
        rq(uid(0x10, "1.2.840.10008.3.1.1.9"), context(1), user_information()),
        f"{PS38} 9.3.4, Table 9-21; {PS37} A.2.1",
        "A request with another application context is rejected: 1/1/2, application context name not supported.",
        answers=(
            reject(1, 1, 2),
            accepts(note="accepted an application context that is not DICOM's"),
        ),
    ),
    request_case(
        "rq.application.missing",
        "no application context item",
        rq(context(1), user_information()),
        f"{RQ_CLAUSE}; {PS38} Table 9-10, Evt19",
        "A request without the mandatory application context is invalid.",
        readings=odd_request(Grade.NON_STRICT, "accepted a request without application context"),
        echo=False,
    ),
    request_case(
        "rq.contexts.missing",
        "no presentation context item",
        rq(APPLICATION, user_information()),
        f"{RQ_CLAUSE}; {PS38} Table 9-10, Evt19",
        "A request without any presentation context is invalid.",
        readings=odd_request(Grade.NON_STRICT, "accepted a request without presentation contexts"),
        echo=False,
    ),
    request_case(
        "rq.user.missing",
        "no user information item",
        rq(APPLICATION, context(1)),
        f"{RQ_CLAUSE}; {PS38} Table 9-10, Evt19",
        "A request without user information is invalid.",
        readings=odd_request(Grade.NON_STRICT, "accepted a request without user information"),
        echo=False,
    ),
    request_case(
        "rq.length.67",
        "a request that is one octet shorter than its fixed fields",
        b"\x01\x00\x00\x00\x00\x43" + rq()[6:73],
        f"{RQ_CLAUSE}; {PS38} Table 9-10, Evt19",
        "A request that ends inside its fixed fields is invalid.",
        readings=odd_request(Grade.NON_STRICT, "accepted a request that is too short"),
        echo=False,
    ),
    request_case(
        "rq.item.overrun",
        "an item that runs past the end of the request",
        rq(APPLICATION, context(1), user_information()[:2] + b"\x7f\xff" + user_information()[4:]),
        f"{ITEMS_CLAUSE}; {PS38} Table 9-10, Evt19",
        "A request with an item that is longer than what is left of it is invalid.",
        readings=odd_request(Grade.NON_STRICT, "accepted an item that runs past the end of the request"),
        echo=False,
    ),
    request_case(
        "rq.item.tail",
        "three octets behind the last item",
        rq(APPLICATION, context(1), user_information(), b"\x51\x00\x00"),
        f"{ITEMS_CLAUSE}; {PS38} Table 9-10, Evt19",
        "A request with octets that are no item is invalid.",
        readings=odd_request(Grade.NON_STRICT, "accepted a request with octets left over"),
        echo=False,
    ),
)

# --- AE titles --------------------------------------------------------------------------------------------

TITLE_CLAUSE: Final = f"{RQ_CLAUSE}; PS3.5 2020 6.2, VR AE"
# Whoever serves only callers that it knows may say so.
_KNOWS_CALLERS: Final = reject(
    1, 1, 3, Grade.INFORMATIONAL, "the target serves only calling AE titles that it knows"
)
_ANY_ANSWER: Final = (ANY_REJECTION, ABORTS, Answer("Evt7"))


def _calling(case_id: str, title: str, calling: bytes, requirement: str) -> Case:
    return request_case(
        f"rq.calling.{case_id}",
        title,
        rq(calling=_titled(calling)),
        TITLE_CLAUSE,
        requirement,
        answers=(Answer("Evt7"), _KNOWS_CALLERS),
    )


def _odd_title(case_id: str, title: str, field: str, octets: bytes) -> Case:
    """A title that may not be sent: nothing says what the receiver does, so each answer is right but none is not."""
    return request_case(
        f"rq.{field}.{case_id}",
        title,
        rq(called=octets) if field == "called" else rq(calling=octets),
        TITLE_CLAUSE,
        "A title that may not be sent is rejected, borne with, or aborted; the target goes on serving others.",
        readings=(*AS_INVALID, *as_request(*_ANY_ANSWER)),
        level=Level.MAY,
    )


_TITLES: Final = (
    request_case(
        "rq.called.unknown",
        "a called AE title that nobody has",
        rq(called=NOBODY),
        f"{RQ_CLAUSE}; {PS38} 7.1.1.4; {PS38} Table 9-21",
        "A request for an application that the target is not is rejected: 1/1/7, called AE title not recognised.",
        answers=(
            reject(1, 1, 7),
            accepts(Grade.INFORMATIONAL, "the target answers to any called AE title"),
        ),
    ),
    request_case(
        "rq.called.inner-space",
        "a called AE title with a space and more behind the right one",
        rq(called=EXTENDED),
        f"{TITLE_CLAUSE}; {PS38} Table 9-21",
        "A title does not end at a space inside it.",
        answers=(
            reject(1, 1, 7),
            accepts(Grade.INFORMATIONAL, "the target answers to any called AE title"),
        ),
    ),
    request_case(
        "rq.called.leading",
        "the called AE title behind a space",
        rq(called=INDENTED),
        TITLE_CLAUSE,
        "Spaces before and behind a title do not count.",
    ),
    _calling(
        "full", "a calling AE title of 16 characters", b"DICOMNET-TESTER1", "A title has up to 16 characters."
    ),
    _calling("short", "a calling AE title of one character", b"X", "A title may be one character long."),
    _calling(
        "inner-space", "a calling AE title with a space inside", b"DICOM NET", "Spaces inside a title count."
    ),
    _calling("lower", "a calling AE title in lower case", b"dicomnet", "Lower case is allowed in a title."),
    _calling(
        "punctuation",
        "a calling AE title with punctuation",
        b"A_b-c.9!/@",
        "Any character of ISO 646 G0 but \\.",
    ),
    _odd_title("blank", "a called AE title of spaces alone", "called", b" " * 16),
    _odd_title("blank", "a calling AE title of spaces alone", "calling", b" " * 16),
    _odd_title("control", "a calling AE title with a control character", "calling", _titled(b"DICOM\x07NET")),
    _odd_title("nul", "a calling AE title padded with NUL", "calling", b"DICOMNET".ljust(16, b"\0")),
    _odd_title("backslash", "a calling AE title with a backslash", "calling", _titled(b"DICOM\\NET")),
    _odd_title("latin", "a calling AE title with octets above 127", "calling", _titled(b"DICOM\xe9\xff")),
)

CASES: Final[tuple[Case, ...]] = (*_VERSIONS, *_RESERVED, *_UNKNOWN, *_ORDER, *_APPLICATION, *_TITLES)
