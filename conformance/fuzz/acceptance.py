"""How an A-ASSOCIATE-AC may be taken by the requestor that it answers: what of it is strict, and what is left to it.

Each oddity has a word. An acceptance without any begins the association; where it is only of no use to the user he
may abort; where it is wrong the standard does not say what of it makes a PDU invalid, and then each answer is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    CONTEXT_ACCEPTED,
    AAssociateAC,
    AAssociateRQ,
    Violation,
    decode,
)

from ..case import Grade, Reading, as_event
from ..cases.requestor_build import DISLIKED, odd_acceptance
from ..cases.undecoded import ITEMS, SUB_ITEMS, items_of
from .request import KNOWN, no_uid

APPLICATION, CONTEXT, SYNTAX, USER = 0x10, 0x21, 0x40, 0x50
MAXIMUM, CLASS_UID, VERSION_NAME = 0x51, 0x52, 0x55
TOP: Final = (APPLICATION, CONTEXT, USER)
# What the tester negotiates in every acceptance; of the rest nothing was asked for.
INVITED: Final = frozenset({MAXIMUM, CLASS_UID, VERSION_NAME})
FOUR, HIGHEST_RESULT, LONGEST_NAME = 4, 4, 16
# Below this a maximum length may be too little for a user to work with; 0 is no limit.
COMFORTABLE: Final = 4096
_TOOK: Final = "went on with an acceptance that is wrong"
# These say which contexts stand; with one of them it cannot be told.
OF_CONTEXTS: Final = frozenset(
    {"malformed", "other contexts than proposed", "odd result", "odd transfer syntax", "odd order"}
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an acceptance says, as far as it matters for what comes after it.

    `odd` are the oddities; `useless`: it is right, and the user may have no use for it. `accepted` are the contexts
    that stand, `maximum` is the tester's maximum length in octets (0: no limit; None: it is not told clearly).
    """

    odd: frozenset[str]
    useless: bool = False
    accepted: frozenset[int] = frozenset()
    maximum: int | None = None

    def readings(self) -> tuple[Reading, ...]:
        """The ways in which a conforming requestor that waits for an answer may take it."""
        if self.odd:
            return odd_acceptance(Grade.NON_STRICT if "malformed" in self.odd else Grade.PASS, _TOOK)
        return DISLIKED if self.useless else as_event("Evt3")


def acceptance(octets: bytes, request: AAssociateRQ) -> Acceptance:
    """Read a whole A-ASSOCIATE-AC that answers this request."""
    said = decode(octets)
    if isinstance(said, Violation) or not isinstance(said, AAssociateAC):
        return Acceptance(frozenset({"malformed"}))
    items = list(items_of(octets, ITEMS))
    users = [list(items_of(value)) for kind, value in items if kind == USER]
    odd = frozenset({*_fixed(said), *_items(items), *_contexts(items, request), *_user(users)})
    maxima = [int.from_bytes(value, "big") for user in users for kind, value in user if kind == MAXIMUM]
    maximum = maxima[0] if len(maxima) == 1 and not odd & {"malformed", "odd maximum length"} else None
    accepted = frozenset(c.id for c in said.presentation_contexts if c.result == CONTEXT_ACCEPTED)
    firsts = {c.id: c.transfer_syntaxes[:1] for c in request.presentation_contexts}
    as_wished = all(
        c.result == CONTEXT_ACCEPTED and firsts.get(c.id) == (c.transfer_syntax,)
        for c in said.presentation_contexts
    )
    roomy = maximum == 0 or (maximum is not None and maximum >= COMFORTABLE)
    return Acceptance(odd, not (as_wished and roomy), accepted, maximum)


def _fixed(said: AAssociateAC) -> Iterator[str]:
    if not said.protocol_version & 1:
        yield "version without bit 0"


def _items(items: list[tuple[int, bytes]]) -> Iterator[str]:
    kinds = [kind for kind, _ in items]
    known = [kind for kind in kinds if kind in TOP]
    if known != sorted(known):
        yield "odd order"
    if any(kind in KNOWN and kind not in TOP for kind in kinds):
        yield "item in a wrong place"
    names = [value for kind, value in items if kind == APPLICATION]
    if names != [APPLICATION_CONTEXT.encode("ascii")]:
        yield "odd application context"


def _contexts(items: list[tuple[int, bytes]], request: AAssociateRQ) -> Iterator[str]:
    proposed = {
        c.id: {each.encode("latin-1") for each in c.transfer_syntaxes} for c in request.presentation_contexts
    }
    answers = [value for kind, value in items if kind == CONTEXT]
    if Counter(value[0] for value in answers) != Counter(list(proposed)):
        yield "other contexts than proposed"
    for value in answers:
        subs = list(items_of(value, SUB_ITEMS))
        syntaxes = [name for kind, name in subs if kind == SYNTAX]
        if any(kind != SYNTAX for kind, _ in subs):
            yield "unknown sub-item of a context"
        if value[2] > HIGHEST_RESULT:
            yield "odd result"
        foreign = value[2] == CONTEXT_ACCEPTED and not set(syntaxes) <= proposed.get(value[0], set())
        if len(syntaxes) != 1 or foreign:
            yield "odd transfer syntax"


def _user(users: list[list[tuple[int, bytes]]]) -> Iterator[str]:
    if len(users) != 1:
        yield "odd maximum length"
        return
    (user,) = users
    maxima = [value for kind, value in user if kind == MAXIMUM]
    if len(maxima) != 1 or len(maxima[0]) != FOUR:
        yield "odd maximum length"
    classes = [value for kind, value in user if kind == CLASS_UID]
    if len(classes) != 1 or no_uid(classes[0]):
        yield "odd implementation class UID"
    names = [value for kind, value in user if kind == VERSION_NAME]
    if len(names) > 1 or any(
        not (1 <= len(n) <= LONGEST_NAME and n.isascii() and _printable(n)) for n in names
    ):
        yield "odd implementation version name"
    if any(kind in KNOWN and kind not in INVITED for kind, _ in user):
        yield "answers what was not negotiated"


def _printable(name: bytes) -> bool:
    return name.decode("latin-1").isprintable()
