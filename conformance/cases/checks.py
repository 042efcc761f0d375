"""What is read off the evidence: the fields of an A-ASSOCIATE-AC, C-ECHO responses, the lengths of P-DATA-TF PDUs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    HEADER_LENGTH,
    AAssociateAC,
    AAssociateRQ,
    CEchoRSP,
    Command,
    PDataTF,
    UserInformation,
    Violation,
    decode_command,
    describe_context_result,
)

from ..case import Check, Finding, Grade
from ..evidence import Evidence, not_an_echo_response
from .build import PS37, PS38

AC_CLAUSE: Final = f"{PS38} Table 9-17"
CONTEXT_CLAUSE: Final = f"{PS38} 9.3.3.2, Table 9-18"
# Octets 11 to 74 of the acceptance repeat those of the request; the titles are the first 32 of them.
TITLES: Final = slice(10, 42)
RESERVED: Final = slice(42, 74)
UID_TEXT: Final = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)
UID_MAXIMUM: Final = 64


def version_bit(pdu: AAssociateRQ | AAssociateAC, clause: str) -> Iterator[Finding]:
    """Bit 0 of the protocol version is set."""
    if not pdu.protocol_version & 1:
        yield Finding(clause, f"protocol version 0x{pdu.protocol_version:04X}: bit 0 is not set")


def application(pdu: AAssociateRQ | AAssociateAC) -> Iterator[Finding]:
    """The application context is DICOM's."""
    if pdu.application_context != APPLICATION_CONTEXT:
        yield Finding(f"{PS37} A.2.1", f"the application context is {pdu.application_context!r}, not DICOM's")


def announced(user: UserInformation, table: str) -> Iterator[Finding]:
    """There is a maximum length; `table` is the one that demands it."""
    if user.max_length is None:
        yield Finding(f"{PS38} D.1, {table}", "there is no maximum length sub-item")


def class_uid(user: UserInformation, table: str) -> Iterator[Finding]:
    """There is an implementation class UID, and it is a UID; `table` is the one that demands it."""
    if user.implementation_class_uid is None:
        yield Finding(f"{PS37} D.3.3.2, {table}", "there is no implementation class UID sub-item")
    else:
        yield from uid(user.implementation_class_uid)


def uid(text: str) -> Iterator[Finding]:
    """It has the form of a UID."""
    if len(text) > UID_MAXIMUM or UID_TEXT.fullmatch(text) is None:
        yield Finding(f"{PS38} Annex F", f"{text[:80]!r} is no UID")


def _form(evidence: Evidence) -> Iterator[Finding]:
    accepted = evidence.accepted()
    if accepted is None:
        return
    yield from version_bit(accepted, AC_CLAUSE)
    yield from application(accepted)
    yield from announced(accepted.user_information, "Table D.1-2")
    yield from class_uid(accepted.user_information, "Table D.3-2")


def _repeated(evidence: Evidence) -> Iterator[Finding]:
    if evidence.accepted() is None:
        return
    ours, theirs = evidence.sent[0], evidence.acceptance()
    # Sent alike, and never tested on receipt: a difference hurts nobody.
    for name, where in (("the AE titles", TITLES), ("reserved octets 43 to 74", RESERVED)):
        if ours[where] != theirs[where]:
            text = f"{name} are not the same octets as in the request"
            yield Finding(AC_CLAUSE, text, Grade.NON_STRICT)


AC_FORM: Final = Check(
    "the acceptance has version bit 0, DICOM's application context, a maximum length, a class UID", _form
)
AC_REPEATS: Final = Check("octets 11 to 74 of the acceptance repeat those of the request", _repeated)


def one_answer_each(*ids: int) -> Check:
    """Every proposed context is answered once, and no other."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        accepted = evidence.accepted()
        if accepted is None:
            return
        answered = [context.id for context in accepted.presentation_contexts]
        for number in sorted(set(answered) - set(ids)):
            yield Finding(CONTEXT_CLAUSE, f"context {number} is answered and was not proposed")
        for number in sorted(set(ids) - set(answered)):
            yield Finding(CONTEXT_CLAUSE, f"context {number} was proposed and is not answered")
        for number in sorted({n for n in answered if answered.count(n) > 1}):
            yield Finding(CONTEXT_CLAUSE, f"context {number} is answered {answered.count(number)} times")

    return Check(f"each of the {len(ids)} proposed contexts is answered once, and no other", look)


def result_of(number: int, wanted: int, *, right: tuple[int, ...] = (), accepted_is: Grade) -> Check:
    """The result of a context that cannot be served: `wanted`, or one of `right`, which say less.

    `accepted_is`: what it is called when the target accepts it all the same.
    """

    def look(evidence: Evidence) -> Iterator[Finding]:
        answer = evidence.context(number)
        if answer is None or answer.result in (wanted, *right):
            return
        text = f"context {number}: {describe_context_result(answer.result)} ({answer.result}), where {wanted} says why"
        if answer.result == 0:
            yield Finding(CONTEXT_CLAUSE, text, accepted_is)
        else:
            yield Finding(CONTEXT_CLAUSE, text, Grade.NON_STRICT if answer.result <= 4 else Grade.FAIL)

    says = " or ".join(map(str, (wanted, *right)))
    return Check(f"context {number} has result {says}", look)


def syntax_among(number: int, *proposed: str) -> Check:
    """An accepted context names one of the transfer syntaxes that were proposed for it."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        answer = evidence.context(number)
        if answer is not None and answer.result == 0 and answer.transfer_syntax not in proposed:
            text = f"context {number} is accepted with {answer.transfer_syntax!r}, which was not proposed"
            yield Finding(CONTEXT_CLAUSE, text)

    return Check(
        f"context {number}, if accepted, has one of the {len(proposed)} proposed transfer syntaxes", look
    )


def is_accepted(*numbers: int) -> Check:
    """Contexts that are like one that the target accepts are accepted."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        if evidence.accepted() is None:
            return
        for number in numbers:
            answer = evidence.context(number)
            if answer is not None and answer.result != 0:
                text = (
                    f"context {number}: {describe_context_result(answer.result)}, although it can be served"
                )
                yield Finding(CONTEXT_CLAUSE, text)

    return Check(f"contexts {', '.join(map(str, numbers))} are accepted", look)


def not_accepted(number: int, why: str) -> Check:
    """A context that may not be proposed so is not accepted."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        answer = evidence.context(number)
        if answer is not None and answer.result == 0:
            yield Finding(
                f"{PS38} 9.3.2.2, Table 9-13", f"context {number} is accepted: {why}", Grade.NON_STRICT
            )

    return Check(f"context {number} is not accepted", look)


# --- user information -------------------------------------------------------------------------------------


def _uninvited(evidence: Evidence) -> Iterator[Finding]:
    accepted = evidence.accepted()
    if accepted is None:
        return
    user = accepted.user_information
    for present, name, clause in (
        (user.async_window is not None, "an asynchronous operations window", "D.3.3.3"),
        (bool(user.roles), "a role selection", "D.3.3.4"),
        (bool(user.extended), "a SOP class extended negotiation", "D.3.3.5"),
        (user.user_identity_response is not None, "a user identity response", "D.3.3.7.2"),
    ):
        if present:
            yield Finding(f"{PS37} {clause}", f"the acceptance holds {name} that the request did not ask for")


UNINVITED: Final = Check("the acceptance negotiates nothing that the request did not", _uninvited)


def window_within(invoked: int, performed: int) -> Check:
    """The window answered is not larger than the one proposed; 0 is no limit."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        accepted = evidence.accepted()
        window = None if accepted is None else accepted.user_information.async_window
        if window is None:
            return
        for name, theirs, ours in zip(("invoked", "performed"), window, (invoked, performed), strict=True):
            if ours and (theirs == 0 or theirs > ours):
                text = f"operations {name}: {theirs or 'no limit'} answered where {ours} was proposed"
                yield Finding(f"{PS37} D.3.3.3", text)

    return Check(f"the window is at most {invoked}/{performed}", look)


def roles_within(uid: str, scu: int, scp: int) -> Check:
    """No role is granted that was not proposed."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        accepted = evidence.accepted()
        for role in () if accepted is None else accepted.user_information.roles:
            if role.sop_class_uid != uid:
                yield Finding(
                    f"{PS37} D.3.3.4", f"a role for {role.sop_class_uid!r}, which was not asked about"
                )
            elif role.scu_role > scu or role.scp_role > scp:
                text = f"roles {role.scu_role}/{role.scp_role} granted where {scu}/{scp} were proposed"
                yield Finding(f"{PS37} D.3.3.4", text)

    return Check(f"the roles granted are at most {scu}/{scp}", look)


def _no_common_extended(evidence: Evidence) -> Iterator[Finding]:
    accepted = evidence.accepted()
    if accepted is not None and accepted.user_information.common_extended:
        yield Finding(
            f"{PS37} D.3.3.6", "the acceptance holds a common extended negotiation, which is for requests"
        )


NO_COMMON_EXTENDED: Final = Check("the acceptance holds no common extended negotiation", _no_common_extended)


# --- data -------------------------------------------------------------------------------------------------


def whole_commands(evidence: Evidence) -> Iterator[tuple[int, Command | Violation]]:
    """The commands that the target has sent, put together, each with the context of its last fragment."""
    octets = b""
    for pdv in (pdv for data in evidence.data() for pdv in data.pdvs if pdv.is_command):
        octets += pdv.fragment
        if pdv.is_last:
            yield pdv.context_id, decode_command(octets)
            octets = b""


def echo_response(context_id: int, *message_ids: int) -> Check:
    """One C-ECHO response for each request, in order, with its Message ID, status success, on its context."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        if evidence.accepted() is None:
            return
        clause = f"{PS37} 9.3.5.2, Table 9.3-13"
        answered: list[int] = []
        for pdv in (pdv for data in evidence.data() for pdv in data.pdvs):
            if pdv.context_id != context_id:
                text = f"the answer comes on context {pdv.context_id}, the request was on {context_id}"
                yield Finding(f"{PS38} Annex E", text)
            if not pdv.is_command:
                yield Finding(clause, "the answer holds a data set")
        for _, response in whole_commands(evidence):
            if not isinstance(response, CEchoRSP):
                yield Finding(clause, f"the answer is {not_an_echo_response(response)}")
                continue
            answered.append(response.message_id_responded_to)
            if response.status != 0:
                yield Finding(
                    f"{PS37} 9.1.5.1.4", f"status 0x{response.status:04X} instead of success (0x0000)"
                )
        for wanted, seen in zip(message_ids, answered, strict=False):
            if wanted != seen:
                yield Finding(clause, f"the answer is to message {seen}, the request was {wanted}")
        if len(answered) != len(message_ids):
            yield Finding(clause, f"{len(answered)} C-ECHO responses to {len(message_ids)} requests")

    return Check("each C-ECHO request has its response: same context, Message ID, status success", look)


def _implicit(evidence: Evidence) -> Iterator[Finding]:
    fragments = [pdv.fragment for data in evidence.data() for pdv in data.pdvs if pdv.is_command]
    first = b"".join(fragments)[:8]
    # In explicit VR the two octets behind the tag are letters; as implicit VR they begin a length, which is 4.
    if len(first) == 8 and first[4:6].isalpha():
        text = f"the command set has explicit VR: its first element has the VR {first[4:6].decode('ascii')!r}"
        yield Finding(f"{PS37} 6.3.1", text)
    elif len(first) == 8 and first[4:] != b"\4\0\0\0":
        text = f"the command set is not implicit VR little endian: it begins with {first.hex(' ')}"
        yield Finding(f"{PS37} 6.3.1", text)


IMPLICIT_COMMANDS: Final = Check("command sets have implicit VR little endian", _implicit)


def data_within(maximum: int) -> Check:
    """No P-DATA-TF is longer than the tester's maximum length, in octets; 0 is no limit."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        for pdu, raw in zip(evidence.received, evidence.octets, strict=True):
            length = len(raw) - HEADER_LENGTH
            if isinstance(pdu, PDataTF) and maximum and length > maximum:
                yield Finding(
                    f"{PS38} D.1", f"a P-DATA-TF of length {length}, where the maximum length is {maximum}"
                )

    return Check(f"no P-DATA-TF is longer than {maximum}" if maximum else "any length is right", look)


def _even(evidence: Evidence) -> Iterator[Finding]:
    for data in evidence.data():
        if any(len(pdv.fragment) % 2 for pdv in data.pdvs):
            yield Finding(
                f"{PS38} 9.3.5.1, Annex E", "a fragment with an odd number of octets", Grade.NON_STRICT
            )


EVEN_FRAGMENTS: Final = Check("fragments have an even number of octets", _even)
