"""The user information of the A-ASSOCIATE-AC that a requestor is given: PS3.8 2020, Annex D; PS3.7 2020, D.3.3."""

from __future__ import annotations

import struct
from typing import Final

from dicomnet.statemachine import AAssociateRQ

from .. import octets
from ..case import Await, AwaitUser, Case, Grade, Level
from ..evidence import Evidence
from ..octets import APPLICATION, ac, item
from . import requestor_checks as checks
from .build import PS37, PS38, made
from .requestor_build import (
    AS_AC,
    ASKED,
    DISLIKED,
    END,
    FREE,
    SERVED,
    Make,
    acceptance_of,
    accepted_case,
    contexts_of,
    odd_acceptance,
    requestor_case,
)
from .user_information import AS_TOO_LONG, KEPT, LENGTH_CLAUSE, LONGEST, WINDOW, too_long

_DATA: Final = checks.within(16384)
_UNINVITED: Final = (
    "What the request did not negotiate is nothing that the acceptance can negotiate; it may be ignored."
)
_GOES_ON: Final = "went on with user information that is wrong"
TWO_OCTETS: Final = struct.Struct(">H")


def _longest(maximum: int) -> Make:
    return lambda request: acceptance_of(request, contexts_of(request), longest=maximum)


def _kept(name: str, maximum: int, title: str, user: AwaitUser = SERVED) -> Case:
    return accepted_case(
        f"len.{name}",
        f"an acceptance with {title}",
        f"{LENGTH_CLAUSE}; {PS37} D.3.3.1",
        KEPT,
        _longest(maximum),
        readings=DISLIKED if user is FREE else AS_AC,
        user=user,
        checks=checks.within(maximum),
    )


def _too_long(evidence: Evidence) -> bytes | str:
    request = evidence.request()
    if request is None:
        return "the target has sent no association request"
    return too_long(request.presentation_contexts[0].id, request.user_information.max_length or 0)


def _lengths() -> tuple[Case, ...]:
    return (
        _kept("zero", 0, "maximum length 0, which is no limit"),
        # He need not be able to speak in so short PDUs; but if he speaks they are no longer.
        _kept("4096", 4096, "maximum length 4096"),
        _kept("odd", 129, "maximum length 129, an odd number", FREE),
        _kept("128", 128, "maximum length 128", FREE),
        _kept("16", 16, "maximum length 16: ten octets in each PDU", FREE),
        _kept("8", 8, "maximum length 8: two octets in each PDU", FREE),
        _kept("1", 1, "maximum length 1, in which no data can be sent", FREE),
        _kept("signed", 0x80000000, "maximum length 0x80000000"),
        _kept("huge", LONGEST, "maximum length 0xFFFFFFFF"),
        accepted_case(
            "len.missing",
            "an acceptance without maximum length",
            f"{LENGTH_CLAUSE}, Table D.1-2",
            "An acceptance holds a maximum length; one without it is the acceptor's fault.",
            lambda request: ac(
                request.repeats, APPLICATION, *contexts_of(request), item(0x50, octets.CLASS_UID)
            ),
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            level=Level.MAY,
            checks=checks.WHATEVER_LENGTH,
        ),
        requestor_case(
            "len.exceeded",
            "a P-DATA-TF that is longer than the target's maximum length",
            f"{LENGTH_CLAUSE}; {PS38} Table 9-10, Evt19",
            "A P-DATA-TF that is longer than what was stated is a protocol error.",
            *ASKED,
            made("P-DATA-TF: longer than the target's maximum length", _too_long, AS_TOO_LONG),
            Await(quiet=True),
            *END,
        ),
    )


def _twice(request: AAssociateRQ) -> bytes:
    return acceptance_of(request, contexts_of(request), octets.max_length(128))


def _wrong_size(request: AAssociateRQ) -> bytes:
    user = item(0x50, item(0x51, TWO_OCTETS.pack(16384)) + octets.CLASS_UID)
    return ac(request.repeats, APPLICATION, *contexts_of(request), user)


def _names() -> tuple[Case, ...]:
    def with_subs(*subs: bytes) -> Make:
        user = item(0x50, octets.max_length(16384) + b"".join(subs))
        return lambda request: ac(request.repeats, APPLICATION, *contexts_of(request), user)

    return (
        accepted_case(
            "ui.version-name.none",
            "an acceptance without implementation version name",
            f"{PS37} D.3.3.2",
            "The implementation version name may be left out.",
            with_subs(octets.CLASS_UID),
            checks=_DATA,
        ),
        accepted_case(
            "ui.class.missing",
            "an acceptance without implementation class UID",
            f"{PS37} D.3.3.2",
            "An acceptance holds an implementation class UID; one without it is the acceptor's fault.",
            with_subs(),
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            level=Level.MAY,
            checks=_DATA,
        ),
        *(
            accepted_case(
                f"ui.length.{name}",
                f"an acceptance with {what}",
                f"{LENGTH_CLAUSE}; {PS38} Table 9-10, Sta5 x Evt19",
                "The maximum length is one sub-item of four octets.",
                make,
                readings=odd_acceptance(Grade.NON_STRICT, _GOES_ON),
                user=FREE,
                # Which of two lengths holds is not said.
                checks=checks.WHATEVER_LENGTH,
            )
            for name, what, make in (
                ("twice", "two maximum lengths, 16384 and 128", _twice),
                ("size", "a maximum length of two octets", _wrong_size),
            )
        ),
    )


def _about(kind: int, behind: bytes) -> Make:
    """A sub-item about the SOP class that is proposed first."""

    def make(request: AAssociateRQ) -> bytes:
        name = request.presentation_contexts[0].abstract_syntax.encode("ascii", "replace")
        return acceptance_of(
            request, contexts_of(request), item(kind, TWO_OCTETS.pack(len(name)) + name + behind)
        )

    return make


def _uninvited() -> tuple[Case, ...]:
    def sub(value: bytes) -> Make:
        return lambda request: acceptance_of(request, contexts_of(request), value)

    rows: tuple[tuple[str, str, str, Make], ...] = (
        ("window", "an asynchronous operations window of 4/4", "D.3.3.3", sub(WINDOW)),
        ("role", "a role selection: SCU 1, SCP 1", "D.3.3.4", _about(0x54, b"\1\1")),
        ("role.none", "a role selection: SCU 0, SCP 0", "D.3.3.4", _about(0x54, b"\0\0")),
        ("extended", "a SOP class extended negotiation", "D.3.3.5", _about(0x56, b"\1\0")),
        (
            "identity",
            "a user identity response",
            "D.3.3.7.2",
            sub(item(0x59, TWO_OCTETS.pack(6) + b"tester")),
        ),
        (
            "identity.request",
            "a user identity, which is for requests",
            "D.3.3.7.1",
            sub(item(0x58, b"\1\0" + TWO_OCTETS.pack(6) + b"tester" + bytes(2))),
        ),
    )
    return tuple(
        accepted_case(
            f"ui.{name}",
            f"an acceptance with {what}",
            f"{PS37} {clause}",
            _UNINVITED,
            make,
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            level=Level.MAY,
            checks=_DATA,
        )
        for name, what, clause, make in rows
    )


CASES: Final[tuple[Case, ...]] = (*_lengths(), *_names(), *_uninvited())
