"""What is read off a requestor's evidence: the fields of its A-ASSOCIATE-RQ, and what its messages are sent in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dicomnet.statemachine import (
    CONTEXT_ACCEPTED,
    HEADER_LENGTH,
    IMPLICIT_LE,
    NO_DATA_SET,
    AAssociateRQ,
    Violation,
    decode_command,
)

from ..caller import MANY, again
from ..case import Check, Finding, Grade
from ..evidence import Evidence
from ..uid_names import uid_name
from . import checks
from .build import PS37, PS38
from .undecoded import CLASS_UID, ITEMS, SUB_ITEMS, TRANSFER_SYNTAX, USER, items_of, padded

RQ_CLAUSE: Final = f"{PS38} 9.3.2, Table 9-11"
CONTEXT_CLAUSE: Final = f"{PS38} 9.3.2.2, Table 9-13"
ANSWER_CLAUSE: Final = f"{PS38} 9.3.3.2, Table 9-18"
DATA_CLAUSE: Final = f"{PS38} 9.3.5.1, Table 9-23"
ORDER_CLAUSE: Final = f"{PS38} Annex E"
NAME_CLAUSE: Final = f"{PS37} D.3.3.2"
APPLICATION, CONTEXT, ANSWER, ABSTRACT = 0x10, 0x20, 0x21, 0x30
COMMON_EXTENDED, ACCEPTANCE = 0x57, 0x02
HIGHEST_ID: Final = 255
LONGEST_NAME: Final = 16
IDENTITY_TYPES: Final = range(1, 6)

Look = Callable[[AAssociateRQ, bytes], Iterator[Finding]]


def _of_request(says: str, look: Look) -> Check:
    """A check of the target's request, decoded and as octets."""

    def whole(evidence: Evidence) -> Iterator[Finding]:
        for pdu, raw in zip(evidence.received, evidence.octets, strict=True):
            if isinstance(pdu, AAssociateRQ):
                yield from look(pdu, raw)
                return

    return Check(says, whole)


# --- the request ------------------------------------------------------------------------------------------


def _version(request: AAssociateRQ, _: bytes) -> Iterator[Finding]:
    yield from checks.version_bit(request, RQ_CLAUSE)
    if request.protocol_version & ~1:
        text = f"protocol version 0x{request.protocol_version:04X}: only bit 0 has a meaning"
        yield Finding(RQ_CLAUSE, text, Grade.NON_STRICT)


def _application(request: AAssociateRQ, raw: bytes) -> Iterator[Finding]:
    yield from checks.application(request)
    for kind, value in items_of(raw, ITEMS):
        if kind == APPLICATION:
            yield from padded("the application context", value)


def _titles(_: AAssociateRQ, raw: bytes) -> Iterator[Finding]:
    for name, field in (("called", raw[10:26]), ("calling", raw[26:42])):
        if not field.strip(b" "):
            yield Finding(RQ_CLAUSE, f"the {name} AE title is nothing but spaces")
        # The basic G0 set of ISO 646, without controls (PS3.5 2020 Table 6.2-1, AE).
        strange = sorted({octet for octet in field if not 0x20 <= octet < 0x7F})
        if strange:
            held = ", ".join(f"0x{octet:02X}" for octet in strange)
            yield Finding(RQ_CLAUSE, f"the {name} AE title holds {held}")
        if b"\\" in field:
            text = f"the {name} AE title holds a backslash"
            yield Finding("PS3.5 2020 Table 6.2-1, AE", text, Grade.NON_STRICT)


def _reserved(_: AAssociateRQ, raw: bytes) -> Iterator[Finding]:
    places = (("octet 2", 1, 2), ("octets 9 and 10", 8, 10), ("octets 43 to 74", 42, 74))
    fields = [(name, RQ_CLAUSE, raw[start:stop]) for name, start, stop in places]
    for where, kind, body in _headers(raw, ITEMS):
        fields.append(
            (f"the reserved octet of item 0x{kind:02X}", f"{PS38} 9.3.2", raw[where + 1 : where + 2])
        )
        if kind == CONTEXT:
            name = "the reserved octets behind a context id"
            fields.append((name, CONTEXT_CLAUSE, raw[body + 1 : body + 4]))
    # Not tested by any receiver, so it hurts nobody.
    for name, clause in dict.fromkeys((name, clause) for name, clause, field in fields if any(field)):
        yield Finding(clause, f"{name}: not sent as zero", Grade.NON_STRICT)


def _headers(raw: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Where each item begins, its type, and where its value begins."""
    for kind, value in items_of(raw, start):
        yield start, kind, start + 4
        start += 4 + len(value)


def _order(_: AAssociateRQ, raw: bytes) -> Iterator[Finding]:
    kinds = [kind for kind, _ in items_of(raw, ITEMS)]
    clause = f"{PS38} 9.3.1; {RQ_CLAUSE}"
    if kinds != sorted(kinds):
        said = ", ".join(f"0x{kind:02X}" for kind in dict.fromkeys(kinds))
        yield Finding(clause, f"the items are not in increasing order of type: {said}", Grade.NON_STRICT)
    for kind in sorted(set(kinds) - {APPLICATION, CONTEXT, USER}):
        yield Finding(RQ_CLAUSE, f"an item 0x{kind:02X}, which a request does not have", Grade.NON_STRICT)
    for kind, value in items_of(raw, ITEMS):
        subs = [sub for sub, _ in items_of(value, SUB_ITEMS)] if kind == CONTEXT else []
        for sub in sorted(set(subs) - {ABSTRACT, TRANSFER_SYNTAX}):
            text = f"context {value[0]} holds a sub-item 0x{sub:02X}, which a context does not have"
            yield Finding(CONTEXT_CLAUSE, text, Grade.NON_STRICT)
        if subs != sorted(subs):
            text = f"context {value[0]}: the abstract syntax is not the first sub-item"
            yield Finding(clause, text, Grade.NON_STRICT)


def _ids(request: AAssociateRQ, _: bytes) -> Iterator[Finding]:
    ids = [context.id for context in request.presentation_contexts]
    for number in sorted({n for n in ids if n % 2 == 0}):
        yield Finding(CONTEXT_CLAUSE, f"context {number} is proposed: ids are odd, from 1 to {HIGHEST_ID}")
    for number in sorted({n for n in ids if ids.count(n) > 1}):
        yield Finding(f"{PS38} 7.1.1.13", f"context {number} is proposed {ids.count(number)} times")


def _syntaxes(request: AAssociateRQ, raw: bytes) -> Iterator[Finding]:
    for context in request.presentation_contexts:
        yield from checks.uid(context.abstract_syntax)
        for name in context.transfer_syntaxes:
            yield from checks.uid(name)
        if len(set(context.transfer_syntaxes)) < len(context.transfer_syntaxes):
            text = f"context {context.id} proposes a transfer syntax twice"
            yield Finding(CONTEXT_CLAUSE, text, Grade.NON_STRICT)
    for kind, value in items_of(raw, ITEMS):
        for _, syntax in items_of(value, SUB_ITEMS) if kind == CONTEXT else ():
            yield from padded(f"a syntax of context {value[0]}", syntax)


def _default(request: AAssociateRQ, _: bytes) -> Iterator[Finding]:
    proposed: dict[str, set[str]] = {}
    for context in request.presentation_contexts:
        proposed.setdefault(context.abstract_syntax, set()).update(context.transfer_syntaxes)
    # Who has the images only compressed with loss need not propose it, and that cannot be seen here.
    for name in (name for name, syntaxes in proposed.items() if IMPLICIT_LE not in syntaxes):
        text = f"{uid_name(name)} is not proposed with the default transfer syntax"
        yield Finding("PS3.5 2020 10.1", text, Grade.INFORMATIONAL)


def _maximum(request: AAssociateRQ, _: bytes) -> Iterator[Finding]:
    yield from checks.announced(request.user_information, "Table D.1-1")


def _class_uid(request: AAssociateRQ, raw: bytes) -> Iterator[Finding]:
    yield from checks.class_uid(request.user_information, "Table D.3-1")
    for kind, value in _sub_items(raw):
        if kind == CLASS_UID:
            yield from padded("the implementation class UID", value)


def _sub_items(raw: bytes) -> Iterator[tuple[int, bytes]]:
    for kind, value in items_of(raw, ITEMS):
        if kind == USER:
            yield from items_of(value)


def _version_name(request: AAssociateRQ, _: bytes) -> Iterator[Finding]:
    name = request.user_information.implementation_version_name
    if name is None:
        return
    if not 1 <= len(name) <= LONGEST_NAME:
        text = f"an implementation version name of {len(name)} characters, not 1 to {LONGEST_NAME}"
        yield Finding(NAME_CLAUSE, text)
    if not all(" " <= character < "\x7f" for character in name):
        yield Finding(NAME_CLAUSE, f"the implementation version name is {name!r}, not of the basic G0 set")


def _negotiated(request: AAssociateRQ, _: bytes) -> Iterator[Finding]:
    user = request.user_information
    proposed = {context.abstract_syntax for context in request.presentation_contexts}
    asked = [role.sop_class_uid for role in user.roles]
    for role in user.roles:
        if role.scu_role > 1 or role.scp_role > 1:
            text = f"roles {role.scu_role}/{role.scp_role} are proposed: each is 0 or 1"
            yield Finding(f"{PS37} D.3.3.4", text)
    for name in sorted({name for name in asked if asked.count(name) > 1}):
        yield Finding(f"{PS37} D.3.3.4", f"roles for {uid_name(name)} are proposed more than once")
    for name in dict.fromkeys([*asked, *(each.sop_class_uid for each in user.extended)]):
        if name not in proposed:
            text = f"negotiates about {uid_name(name)}, which is not proposed"
            yield Finding(f"{PS37} D.3.3", text, Grade.NON_STRICT)
    if user.user_identity is not None and user.user_identity.identity_type not in IDENTITY_TYPES:
        text = f"a user identity of type {user.user_identity.identity_type}"
        yield Finding(f"{PS37} D.3.3.7.1", text)
    if user.user_identity_response is not None:
        yield Finding(
            f"{PS37} D.3.3.7.2", "the request holds a user identity response, which is for acceptances"
        )


VERSION: Final = _of_request("the protocol version has bit 0, and no other", _version)
APPLICATION_NAME: Final = _of_request("the application context is DICOM's", _application)
TITLES: Final = _of_request("both AE titles are text, and not only spaces", _titles)
RESERVED: Final = _of_request("reserved fields are zero", _reserved)
ITEM_ORDER: Final = _of_request("the items are those of a request, in order", _order)
IDS: Final = _of_request("context ids are odd, and each is proposed once", _ids)
SYNTAXES: Final = _of_request(
    "abstract and transfer syntaxes are UIDs, not padded, and named once", _syntaxes
)
DEFAULT_SYNTAX: Final = _of_request(
    "each abstract syntax is proposed with the default transfer syntax", _default
)
MAXIMUM: Final = _of_request("there is a maximum length", _maximum)
CLASS: Final = _of_request("there is an implementation class UID", _class_uid)
VERSION_NAME: Final = _of_request("an implementation version name has 1 to 16 characters", _version_name)
NEGOTIATED: Final = _of_request("what else is negotiated has values that it can have", _negotiated)


# --- data -------------------------------------------------------------------------------------------------


def answers_sent(evidence: Evidence) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Id, result and transfer syntaxes of each context in the acceptance, where that is what the tester sent first."""
    sent = b"".join(evidence.sent)
    whole = sent[: HEADER_LENGTH + int.from_bytes(sent[2:HEADER_LENGTH], "big")]
    for kind, value in items_of(whole, ITEMS) if sent[:1] == bytes((ACCEPTANCE,)) else ():
        if kind == ANSWER:
            subs = items_of(value, SUB_ITEMS)
            names = tuple(name.decode("ascii", "replace") for sub, name in subs if sub == TRANSFER_SYNTAX)
            yield value[0], value[2], names


def _on_accepted(evidence: Evidence) -> Iterator[Finding]:
    request = evidence.request()
    accepted = {number for number, result, _ in answers_sent(evidence) if result == CONTEXT_ACCEPTED}
    proposed = (
        {context.id for context in request.presentation_contexts} if request is not None else set[int]()
    )
    used = {pdv.context_id for data in evidence.data() for pdv in data.pdvs}
    for number in sorted(used):
        if number % 2 == 0:
            yield Finding(DATA_CLAUSE, f"data on context {number}: ids are odd")
        elif number not in accepted:
            yield Finding(
                f"{DATA_CLAUSE}; {ANSWER_CLAUSE}", f"data on context {number}, which was not accepted"
            )
        elif number not in proposed:
            yield Finding(DATA_CLAUSE, f"data on context {number}, which it has not proposed")


def _agreed(evidence: Evidence) -> Iterator[Finding]:
    """A command set has one encoding whatever the transfer syntax is; a data set needs one that was agreed on."""
    request = evidence.request()
    proposed = {} if request is None else {c.id: c.transfer_syntaxes for c in request.presentation_contexts}
    # Which of several holds is not said; who takes one that was proposed is only lenient.
    named = {
        number: (len(names), any(name in proposed.get(number, ()) for name in names))
        for number, _, names in answers_sent(evidence)
    }
    strays = [
        pdv
        for data in evidence.data()
        for pdv in data.pdvs
        if named.get(pdv.context_id, (0, False)) != (1, True)
    ]
    if strays:
        _, lenient = named.get(strays[0].context_id, (0, False))
        commands = all(pdv.is_command for pdv in strays)
        what = "a command" if commands else "a data set"
        text = f"{what} on context {strays[0].context_id}, for which no transfer syntax was agreed on"
        yield Finding(ANSWER_CLAUSE, text, Grade.NON_STRICT if commands or lenient else Grade.FAIL)


def _no_data(evidence: Evidence) -> Iterator[Finding]:
    if evidence.data():
        yield Finding(
            DATA_CLAUSE, f"{len(evidence.data())} P-DATA-TF, where there is no association for data"
        )


def _in_order(evidence: Evidence) -> Iterator[Finding]:
    """The fragments of a message follow each other: the command, to its last one, then the data set, if it has one."""
    open_context: int | None = None
    data_set = False
    command = b""
    for pdv in (pdv for data in evidence.data() for pdv in data.pdvs):
        if open_context is not None and pdv.context_id != open_context:
            text = f"a fragment on context {pdv.context_id} inside a message on context {open_context}"
            yield Finding(ORDER_CLAUSE, text)
            return
        if pdv.is_command is data_set:
            text = (
                "a command fragment where the data set of the message before it is still to end"
                if data_set
                else "a data set fragment that does not follow a command which announces it"
            )
            yield Finding(ORDER_CLAUSE, text)
            return
        open_context = pdv.context_id
        if pdv.is_command:
            command += pdv.fragment
        if pdv.is_last:
            data_set = pdv.is_command and _announces(command)
            command = b""
            open_context = pdv.context_id if data_set else None


def _announces(command: bytes) -> bool:
    """Whether a data set belongs to this command (PS3.7 2020 E.1, Command Data Set Type)."""
    decoded = decode_command(command)
    return getattr(decoded, "data_set_type", NO_DATA_SET) != NO_DATA_SET


def _commands(evidence: Evidence) -> Iterator[Finding]:
    parts: dict[int, bytes] = {}
    for pdv in (pdv for data in evidence.data() for pdv in data.pdvs if pdv.is_command):
        parts[pdv.context_id] = parts.get(pdv.context_id, b"") + pdv.fragment
        if pdv.is_last:
            decoded = decode_command(parts.pop(pdv.context_id))
            if isinstance(decoded, Violation):
                yield Finding(decoded.clause, f"no valid command set: {decoded.reason}")


ON_ACCEPTED: Final = Check("data is sent on accepted contexts only", _on_accepted)
AGREED: Final = Check("data is sent in transfer syntaxes that were agreed on", _agreed)
NO_DATA: Final = Check("no data is sent", _no_data)
IN_ORDER: Final = Check("fragments are in order: the command first, no message inside another", _in_order)
COMMANDS: Final = Check("command sets are valid", _commands)
WHATEVER_LENGTH: Final = (ON_ACCEPTED, IN_ORDER, checks.EVEN_FRAGMENTS)


def within(maximum: int) -> tuple[Check, ...]:
    """What holds for whatever data is sent, where the tester's maximum length is this, in octets."""
    return (*WHATEVER_LENGTH, checks.data_within(maximum))


# --- connections ------------------------------------------------------------------------------------------


def _hammers(evidence: Evidence) -> Iterator[Finding]:
    """No clause bounds how often it may try; that it is bounded, or waits in between, is our reading."""
    if any(entry.what == again(MANY) for entry in evidence.entries):
        yield Finding("no clause: our reading", f"connects {MANY} times and more, one right behind the other")


PATIENT: Final = Check(f"the target does not connect {MANY} times at once", _hammers)
