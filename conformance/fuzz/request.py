"""How an A-ASSOCIATE-RQ may be taken: what of it is strict, and what the standard leaves to its receiver.

Each oddity has a word. A request without any must be accepted; of some oddities the standard says what follows (a bit
of the version, an unknown title, an item to be skipped); of the others it does not, and then each answer is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    IMPLICIT_LE,
    VERIFICATION,
    AAssociateRJ,
    AAssociateRQ,
    PresentationContextRQ,
    UserInformation,
    Violation,
    decode,
)

from ..case import AS_INVALID, Answer, Grade, Reading, as_request, reject
from ..cases.build import ABORTS, ANY_REJECTION, accepts
from ..cases.checks import UID_MAXIMUM, UID_TEXT
from ..cases.undecoded import items_of

ITEMS_AT: Final = 74
TITLE: Final = re.compile(r"[ -\[\]-~]*[!-\[\]-~][ -\[\]-~]*")
# Types of items that the standard knows; one that it does not know is skipped.
TOP: Final = frozenset({0x10, 0x20, 0x50})
KNOWN: Final = frozenset({0x10, 0x20, 0x21, 0x30, 0x40, *range(0x50, 0x5A)})
USER: Final = frozenset(range(0x51, 0x59))
# Below this a maximum length may be too little for a user to work with; 0 is no limit.
COMFORTABLE: Final = 32
MANY_CONTEXTS: Final = 128
MOST_OCTETS: Final = 8192

# A request that has one of these may be taken in any way, unless another oddity narrows it.
FREE: Final = frozenset(
    {
        "malformed",
        "odd title",
        "odd UID",
        "odd context id",
        "odd order",
        "item in a wrong place",
        "unknown sub-item of a context",
        "user information incomplete",
        "odd user information",
        "very long",
    }
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a request proposes, as far as it matters for what comes after it.

    `odd` are the oddities. `contexts` are all that are proposed, `served` those that a target serves for sure (they
    are like the one of the healthy association). `cramped`: an answer may be too much for the stated maximum length.
    """

    odd: frozenset[str]
    request: AAssociateRQ | None = None
    served: frozenset[int] = frozenset()
    contexts: frozenset[int] = frozenset()
    cramped: bool = False
    user: UserInformation = field(default_factory=UserInformation)

    @property
    def free(self) -> bool:
        """Whether any answer is right."""
        return bool(self.odd & FREE)


def proposal(octets: bytes, called: str, calling: str) -> Proposal:
    """Read a whole A-ASSOCIATE-RQ; `called` and `calling` are the AE titles that the target is known to serve."""
    request = decode(octets)
    if isinstance(request, Violation) or not isinstance(request, AAssociateRQ):
        return Proposal(frozenset({"malformed"}))
    odd = {*_fixed(octets, request, called, calling), *_items(octets), *_user(request.user_information)}
    if len(octets) > MOST_OCTETS or len(request.presentation_contexts) > MANY_CONTEXTS:
        odd.add("very long")
    ids = [context.id for context in request.presentation_contexts]
    if len(set(ids)) < len(ids) or any(number % 2 == 0 for number in ids):
        odd.add("odd context id")
    served = frozenset(context.id for context in request.presentation_contexts if is_served(context))
    if not served:
        odd.add("nothing that can be served")
    maximum = request.user_information.max_length or 0
    return Proposal(
        frozenset(odd),
        request,
        served,
        frozenset(ids),
        cramped=0 < maximum < COMFORTABLE,
        user=request.user_information,
    )


def is_served(context: PresentationContextRQ) -> bool:
    """Whether a target that passed the sanity check accepts it."""
    return context.abstract_syntax == VERIFICATION and IMPLICIT_LE in context.transfer_syntaxes


def _fixed(octets: bytes, request: AAssociateRQ, called: str, calling: str) -> Iterator[str]:
    if not request.protocol_version & 1:
        yield "version without bit 0"
    elif request.protocol_version != 1:
        yield "version with more bits"
    if octets[1] or any(octets[8:10]) or any(octets[42:74]):
        yield "reserved octets"
    titles = octets[10:26].decode("latin-1"), octets[26:42].decode("latin-1")
    if any(TITLE.fullmatch(title) is None for title in titles):
        yield "odd title"
    if request.called_ae_title != called.strip(" "):
        yield "unknown called title"
    elif titles[0].startswith(" "):
        yield "title behind a space"
    if request.calling_ae_title != calling.strip(" "):
        yield "other calling title"
    if request.application_context != APPLICATION_CONTEXT:
        yield "other application context"


def _items(octets: bytes) -> Iterator[str]:
    items = list(items_of(octets, ITEMS_AT))
    kinds = [kind for kind, _ in items]
    known = [kind for kind in kinds if kind in TOP]
    if known != sorted(known):
        yield "odd order"
    if any(kind in KNOWN - TOP for kind in kinds):
        yield "item in a wrong place"
    if any(kind not in KNOWN for kind in kinds):
        yield "unknown item"
    for kind, value in items:
        if kind == 0x10 and no_uid(value):
            yield "odd UID"
        elif kind == 0x20:
            yield from _context(value)
        elif kind == 0x50:
            yield from _user_items(value)


def _context(value: bytes) -> Iterator[str]:
    if any(value[1:4]):
        yield "reserved octets"
    subs = list(items_of(value, 4))
    if any(kind not in (0x30, 0x40) for kind, _ in subs):
        yield "unknown sub-item of a context"
    if subs and subs[0][0] != 0x30:
        yield "odd order"
    if any(no_uid(name) for kind, name in subs if kind in (0x30, 0x40)):
        yield "odd UID"
    syntaxes = [name for kind, name in subs if kind == 0x40]
    if len(set(syntaxes)) < len(syntaxes):
        yield "transfer syntax twice"


def _user_items(value: bytes) -> Iterator[str]:
    kinds = [kind for kind, _ in items_of(value)]
    if any(kind not in KNOWN for kind in kinds):
        yield "unknown sub-item of the user information"
    if any(kind in KNOWN - USER for kind in kinds):
        yield "item in a wrong place"
    if kinds[:1] != [0x51]:
        yield "maximum length not first"
    for kind, sub in items_of(value):
        if kind == 0x52 and no_uid(sub):
            yield "odd UID"


def _user(user: UserInformation) -> Iterator[str]:
    if user.max_length is None or user.implementation_class_uid is None:
        yield "user information incomplete"
    name = user.implementation_version_name
    if name is not None and not (1 <= len(name) <= 16 and name.isascii() and name.isprintable()):
        yield "odd user information"
    uids = [role.sop_class_uid for role in user.roles]
    uids += [each.sop_class_uid for each in user.extended]
    uids += [uid for each in user.common_extended for uid in (each.sop_class_uid, each.service_class_uid)]
    if any(no_uid(uid.encode("latin-1")) for uid in uids) or len(user.roles) > 1:
        yield "odd user information"
    if any(role.scu_role > 1 or role.scp_role > 1 for role in user.roles) or user.user_identity_response:
        yield "odd user information"
    if user.common_extended or user.extended:
        yield "extended negotiation"
    if user.async_window is not None:
        yield "asynchronous window"
    if user.roles:
        yield "role selection"
    identity = user.user_identity
    if identity is not None:
        yield "user identity"
        if not (identity.identity_type in range(1, 6) and identity.response_requested < 2):
            yield "odd user information"
    if user.max_length is not None and user.max_length != 16384:
        yield "maximum length"


def no_uid(octets: bytes) -> bool:
    """Whether these octets are no UID (PS3.5 2020 9.1)."""
    return len(octets) > UID_MAXIMUM or UID_TEXT.fullmatch(octets.decode("latin-1")) is None


_STRANGER: Final = Answer("Evt7", Grade.INFORMATIONAL, "the target answers to any called AE title")
_SAME_ID: Final = "accepted a request in which two contexts have one id"
# That a syntax proposed twice is no reason to refuse is our reading.
_TWICE: Final = "does not accept a context because it names a transfer syntax twice"
_OTHER: Final = "the target serves only calling AE titles that it knows"


def request_readings(seen: Proposal) -> tuple[Reading, ...]:
    """The ways in which a conforming target may take a request."""
    odd = seen.odd
    answers: list[Answer] = []
    if "version without bit 0" in odd:
        # The provider's rejection comes before the user is asked; what is invalid besides may be found earlier.
        readings = as_request(rejection=AAssociateRJ(1, 2, 2))
        return (*readings, *AS_INVALID, *as_request(ANY_REJECTION, ABORTS)) if seen.free else readings
    if seen.free:
        ids = [] if seen.request is None else [context.id for context in seen.request.presentation_contexts]
        twice = len(set(ids)) < len(ids)
        accepted = accepts(Grade.NON_STRICT, _SAME_ID) if twice else Answer("Evt7")
        return (*AS_INVALID, *as_request(accepted, ANY_REJECTION, ABORTS))
    if "transfer syntax twice" in odd:
        answers += [Answer("Evt8", Grade.NON_STRICT, _TWICE), Answer("Evt15", Grade.NON_STRICT, _TWICE)]
    if "unknown called title" in odd:
        answers += [reject(1, 1, 7), _STRANGER]
    if "other application context" in odd:
        answers += [reject(1, 1, 2), accepts(note="accepted an application context that is not DICOM's")]
    if "other calling title" in odd:
        answers.append(reject(1, 1, 3, Grade.INFORMATIONAL, _OTHER))
    if "nothing that can be served" in odd:
        answers.append(reject(1, 1, 1))
    if "user identity" in odd:
        answers.append(reject(1, 2, 1, Grade.INFORMATIONAL, "the target does not take this user"))
    if not any(answer.event == "Evt7" for answer in answers):
        answers.append(Answer("Evt7"))
    readings = as_request(*answers)
    return (*_called_invalid(_TWICE), *readings) if "transfer syntax twice" in odd else readings


def _called_invalid(note: str) -> tuple[Reading, ...]:
    """Taken for an invalid PDU, which is harsh."""
    return tuple(
        tuple(replace(each, grade=Grade.NON_STRICT, note=note) for each in reading) for reading in AS_INVALID
    )
