"""Faults in what a requestor sends of itself: its request, and its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicomnet.conformance import Verdict

from .requestors import (
    DATA,
    RQ,
    Meddler,
    Wire,
    changing,
    item,
    of_contexts,
    of_user,
    put,
    sized,
    split,
    user_sub,
    with_items,
    without,
)

FAIL, NON_STRICT, INFORMATIONAL = Verdict.FAIL, Verdict.NON_STRICT, Verdict.INFORMATIONAL


@dataclass(frozen=True)
class Fault:
    """What is wrong, who does it, which cases see it, with which verdict, and what they say."""

    name: str
    meddler: Meddler
    cases: tuple[str, ...]
    verdict: Verdict = FAIL
    words: str = ""


# --- the request --------------------------------------------------------------------------------------------

Change = Callable[[bytes], bytes]
VERIFICATION = b"1.2.840.10008.1.1"
IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
APPLICATION = b"1.2.840.10008.3.1.1.1"


def _request(name: str, change: Change, case: str, words: str, verdict: Verdict = FAIL) -> Fault:
    return Fault(name, Meddler(changing(RQ, change)), (case,), verdict, words)


def _contexts(change: Change) -> Change:
    """The presentation contexts are changed, and not the others."""
    return with_items(lambda kind, value: change(value) if kind == 0x20 else item(kind, value))


def _subs(change: Callable[[int, bytes], bytes]) -> Change:
    """The sub-items of the contexts are changed."""
    return of_contexts(lambda value: value[:4] + b"".join(change(*sub) for sub in split(value[4:])))


def _user_first(raw: bytes) -> bytes:
    items = [item(*each) for each in split(raw[74:])]
    return raw[:74] + items[0] + items[-1] + b"".join(items[1:-1])


def _class(uid: bytes) -> Change:
    return of_user(lambda kind, value: item(kind, uid if kind == 0x52 else value))


def _named(name: bytes) -> Change:
    return of_user(lambda kind, value: item(kind, name if kind == 0x55 else value))


def _transfer(*names: bytes) -> Change:
    """These transfer syntaxes instead of the one that there is."""
    return _subs(
        lambda kind, value: b"".join(item(kind, n) for n in names) if kind == 0x40 else item(kind, value)
    )


def _abstract(name: bytes) -> Change:
    return _subs(lambda kind, value: item(kind, name if kind == 0x30 else value))


def _role(uid: bytes, scu: int, scp: int) -> bytes:
    return item(0x54, len(uid).to_bytes(2, "big") + uid + bytes((scu, scp)))


def _identity(kind: int) -> bytes:
    return item(0x58, bytes((kind, 0, 0, 1)) + b"x" + bytes(2))


REQUESTS = (
    _request("version 0", put(6, b"\0\0"), "rq.version", "bit 0 is not set"),
    _request("version 3", put(6, b"\0\3"), "rq.version", "only bit 0", NON_STRICT),
    _request(
        "another application",
        lambda raw: raw.replace(APPLICATION, APPLICATION[:-1] + b"9"),
        "rq.application",
        "not DICOM's",
    ),
    _request(
        "a padded application",
        with_items(lambda kind, value: item(kind, value + b"\0" if kind == 0x10 else value)),
        "rq.application",
        "ends in NUL",
        NON_STRICT,
    ),
    _request("a blank title", put(10, b" " * 16), "rq.titles", "the called AE title is nothing but spaces"),
    _request("a title with NUL", put(26, b"A\0"), "rq.titles", "the calling AE title holds 0x00"),
    _request("a title with a backslash", put(26, b"\\"), "rq.titles", "a backslash", NON_STRICT),
    _request("a reserved octet", put(1, b"\1"), "rq.reserved", "octet 2", NON_STRICT),
    _request("reserved octets 9", put(9, b"\1"), "rq.reserved", "octets 9 and 10", NON_STRICT),
    _request("reserved octets 43", put(50, b"\1"), "rq.reserved", "octets 43 to 74", NON_STRICT),
    _request("a reserved octet of an item", put(75, b"\1"), "rq.reserved", "of item 0x10", NON_STRICT),
    _request(
        "reserved octets of a context",
        of_contexts(lambda value: value[:1] + b"\0\xff" + value[3:]),
        "rq.reserved",
        "behind a context id",
        NON_STRICT,
    ),
    _request("items out of order", _user_first, "rq.items", "increasing order", NON_STRICT),
    _request("a strange item", lambda raw: sized(raw + item(0x7E, b"")), "rq.items", "0x7E", NON_STRICT),
    _request(
        "a strange sub-item",
        of_contexts(lambda value: value + item(0x7E, b"")),
        "rq.items",
        "context 1 holds a sub-item 0x7E",
        NON_STRICT,
    ),
    _request(
        "the abstract syntax last",
        of_contexts(lambda value: value[:4] + b"".join(item(*sub) for sub in reversed(split(value[4:])))),
        "rq.items",
        "not the first sub-item",
        NON_STRICT,
    ),
    _request("an even id", of_contexts(lambda value: b"\2" + value[1:]), "rq.ids", "context 2 is proposed"),
    _request("an id twice", _contexts(lambda value: item(0x20, value) * 2), "rq.ids", "proposed 2 times"),
    _request("an abstract syntax that is no UID", _abstract(b"1.2.03"), "rq.syntaxes", "is no UID"),
    _request("a transfer syntax that is no UID", _transfer(b"1.2.x"), "rq.syntaxes", "is no UID"),
    _request("a padded syntax", _abstract(VERIFICATION + b"\0"), "rq.syntaxes", "ends in NUL", NON_STRICT),
    _request("a syntax twice", _transfer(IMPLICIT, IMPLICIT), "rq.syntaxes", "twice", NON_STRICT),
    _request(
        "no default syntax",
        _transfer(EXPLICIT),
        "rq.default-syntax",
        "default transfer syntax",
        INFORMATIONAL,
    ),
    _request("no maximum length", without(0x51), "rq.length", "no maximum length"),
    _request("no class UID", without(0x52), "rq.class", "no implementation class UID"),
    _request("a class that is no UID", _class(b"dicom"), "rq.class", "is no UID"),
    _request("a padded class", _class(b"1.2.3\0"), "rq.class", "ends in NUL", NON_STRICT),
    _request("a long version name", _named(b"A" * 17), "rq.version-name", "17 characters"),
    _request("an empty version name", _named(b""), "rq.version-name", "0 characters"),
    _request("a strange version name", _named(b"\xe9"), "rq.version-name", "basic G0 set"),
    _request("a role of 2", user_sub(_role(VERIFICATION, 2, 0)), "rq.negotiated", "each is 0 or 1"),
    _request("a role twice", user_sub(_role(VERIFICATION, 1, 0) * 2), "rq.negotiated", "more than once"),
    _request(
        "a role of another", user_sub(_role(b"1.2.3", 1, 0)), "rq.negotiated", "not proposed", NON_STRICT
    ),
    _request("an identity of type 9", user_sub(_identity(9)), "rq.negotiated", "of type 9"),
    _request("an identity response", user_sub(item(0x59, b"\0\0")), "rq.negotiated", "for acceptances"),
)


def _echo_at_once(wire: Wire, octets: bytes) -> None:
    wire.send(octets)
    if octets[0] == RQ:
        wire.carrier.call_later(0.2, lambda: wire.send(data_pdu(1, 3, b"\0\0")))


def data_pdu(number: int, header: int, fragment: bytes) -> bytes:
    body = (len(fragment) + 2).to_bytes(4, "big") + bytes((number, header)) + fragment
    return bytes((DATA, 0)) + len(body).to_bytes(4, "big") + body


def command_of(octets: bytes) -> bytes:
    return octets[12:]


def _data(name: str, change: Change, case: str, words: str, verdict: Verdict = FAIL) -> Fault:
    return Fault(name, Meddler(changing(DATA, change)), (case,), verdict, words)


def _explicit(octets: bytes) -> bytes:
    return data_pdu(1, 3, b"\0\0\0\0UL\4\0" + command_of(octets)[8:])


def _storing(command: bytes) -> bytes:
    """The command of a C-STORE request, which announces a data set."""
    named = command.replace(b"\0\0\0\1\2\0\0\0\x30\0", b"\0\0\0\1\2\0\0\0\1\0")
    return named.replace(b"\0\0\0\x08\2\0\0\0\1\1", b"\0\0\0\x08\2\0\0\0\0\0")


DATA_FAULTS = (
    Fault("data before the answer", Meddler(_echo_at_once), ("rq.alone",), words="P-DATA-TF"),
    _data(
        "data on context 3", lambda raw: data_pdu(3, 3, command_of(raw)), "data.contexts", "was not accepted"
    ),
    _data("data on context 2", lambda raw: data_pdu(2, 3, command_of(raw)), "data.contexts", "ids are odd"),
    _data(
        "a message inside another",
        lambda raw: data_pdu(1, 1, command_of(raw)[:8]) + data_pdu(3, 3, command_of(raw)),
        "data.order",
        "inside a message",
    ),
    _data(
        "a data set that nothing announces",
        lambda raw: raw + data_pdu(1, 2, b"\0\0"),
        "data.order",
        "announces",
    ),
    _data("a data set first", lambda raw: data_pdu(1, 2, b"\0\0") + raw, "data.order", "does not follow"),
    _data(
        "no data set behind its command",
        lambda raw: data_pdu(1, 3, _storing(command_of(raw))) + raw,
        "data.order",
        "still to end",
    ),
    _data(
        "odd fragments",
        lambda raw: data_pdu(1, 1, command_of(raw)[:7]) + data_pdu(1, 3, command_of(raw)[7:]),
        "data.even",
        "odd number",
        NON_STRICT,
    ),
    _data(
        "a command that is none",
        lambda raw: data_pdu(1, 3, b"\xff" * 40),
        "data.commands",
        "no valid command set",
    ),
    _data("explicit commands", _explicit, "data.implicit", "explicit VR"),
)
