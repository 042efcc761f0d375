"""The target's own A-ASSOCIATE-RQ, read off the evidence: PS3.8 2020, 9.3.2 and Annex D; PS3.7 2020, D.3.3.

That its items are whole and fill what holds them, and that none is missing or there twice, the decoder says: where
it finds that wrong, every one of these cases fails.
"""

from __future__ import annotations

from typing import Final

from ..case import Await, Case, Check, Connect, Idle
from . import checks as every
from . import requestor_checks as checks
from .build import PS37, PS38
from .requestor_build import END, FREE, REPLY, accepting, plain, requestor_case

# As long as the acceptance may easily take.
PAUSE_SECONDS: Final = 1.0

_ROWS: Final[tuple[tuple[str, str, str, str, Check], ...]] = (
    (
        "version",
        "the protocol version",
        checks.RQ_CLAUSE,
        "Version 1 is bit 0 of the protocol version.",
        checks.VERSION,
    ),
    (
        "application",
        "the application context",
        f"{PS38} 9.3.2.1; {PS37} A.2.1",
        "A request has one application context, and it is DICOM's.",
        checks.APPLICATION_NAME,
    ),
    (
        "titles",
        "the AE titles",
        checks.RQ_CLAUSE,
        "The AE titles are characters of the basic G0 set of ISO 646, and not only spaces.",
        checks.TITLES,
    ),
    (
        "reserved",
        "the reserved fields",
        f"{checks.RQ_CLAUSE}; {checks.CONTEXT_CLAUSE}",
        "Reserved fields are sent as zero.",
        checks.RESERVED,
    ),
    (
        "items",
        "the items and their order",
        f"{PS38} 9.3.1; {checks.RQ_CLAUSE}",
        "A request holds an application context, presentation contexts and user information, in this order.",
        checks.ITEM_ORDER,
    ),
    (
        "ids",
        "the context ids",
        checks.CONTEXT_CLAUSE,
        "Context ids are odd, from 1 to 255, and each is proposed once.",
        checks.IDS,
    ),
    (
        "syntaxes",
        "the abstract and transfer syntaxes",
        f"{checks.CONTEXT_CLAUSE}; {PS38} Annex F",
        "A context has one abstract syntax and at least one transfer syntax; each is a UID.",
        checks.SYNTAXES,
    ),
    (
        "default-syntax",
        "the default transfer syntax",
        "PS3.5 2020 10.1",
        "Every abstract syntax is proposed with implicit VR little endian, but for images that exist compressed only.",
        checks.DEFAULT_SYNTAX,
    ),
    (
        "length",
        "the maximum length",
        f"{PS38} D.1, Table D.1-1",
        "A request holds a maximum length.",
        checks.MAXIMUM,
    ),
    (
        "class",
        "the implementation class UID",
        f"{PS37} D.3.3.2",
        "A request holds an implementation class UID.",
        checks.CLASS,
    ),
    (
        "version-name",
        "the implementation version name",
        checks.NAME_CLAUSE,
        "An implementation version name has 1 to 16 characters of the basic G0 set of ISO 646.",
        checks.VERSION_NAME,
    ),
    (
        "negotiated",
        "what else is negotiated",
        f"{PS37} D.3.3",
        "Roles are 0 or 1, a user identity has a type that there is, and responses are for acceptances.",
        checks.NEGOTIATED,
    ),
)


def _forms() -> tuple[Case, ...]:
    return tuple(
        requestor_case(
            f"rq.{name}", f"{what} of the request", clause, demand, Connect(), Await(), *END, checks=(look,)
        )
        for name, what, clause, demand, look in _ROWS
    )


def _data() -> tuple[Case, ...]:
    steps = (Connect(), Await(), accepting("every context accepted", plain), Await(), FREE, *REPLY, *END)
    rows = (
        (
            "contexts",
            "the contexts on which data is sent",
            checks.DATA_CLAUSE,
            "Data is sent on contexts that were accepted.",
            checks.ON_ACCEPTED,
        ),
        (
            "order",
            "the order of fragments",
            checks.ORDER_CLAUSE,
            "The fragments of a message follow each other, the command first; its data set is what was announced.",
            checks.IN_ORDER,
        ),
        (
            "even",
            "the length of fragments",
            f"{PS38} 9.3.5.1, Annex E",
            "A fragment has an even number of octets.",
            every.EVEN_FRAGMENTS,
        ),
        (
            "commands",
            "the command sets",
            f"{PS37} 6.3.1, E.1",
            "A command set is made of whole elements, and its command field says what it is.",
            checks.COMMANDS,
        ),
        (
            "implicit",
            "the encoding of the command sets",
            f"{PS37} 6.3.1",
            "A command set has implicit VR little endian, whatever the transfer syntax of its context.",
            every.IMPLICIT_COMMANDS,
        ),
    )
    return tuple(
        requestor_case(f"data.{name}", what, clause, demand, *steps, checks=(look,))
        for name, what, clause, demand, look in rows
    )


ALONE: Final = requestor_case(
    "rq.alone",
    "nothing behind the request",
    f"{PS38} Table 9-10, Sta5; {PS38} 7.1",
    "Until its request is answered a requestor sends nothing more, unless it gives up.",
    Connect(),
    Await(),
    Idle(PAUSE_SECONDS),
    *END,
)

CASES: Final[tuple[Case, ...]] = (*_forms(), ALONE, *_data())
