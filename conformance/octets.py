"""What the tester sends, octet by octet: right messages, and messages wrong in just one way.

The AE titles of the run are not known when a case is written. `CALLED` and `CALLING` are 16-octet marks that
`with_titles` replaces when the octets are sent.
"""

from __future__ import annotations

import struct
from typing import Final

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    IMPLEMENTATION_CLASS_UID,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    PDataTF,
    PresentationContextAC,
    UserInformation,
    encode,
    encode_command,
)

CALLED: Final = b"\x00<called title>\x00"
CALLING: Final = b"\x00<calling titl>\x00"
# The called title behind a space, and with a space and one more character behind it.
INDENTED: Final = b"\x00<called indnt>\x00"
EXTENDED: Final = b"\x00<called extnd>\x00"
NOBODY: Final = b"NOBODY-IS-THIS  "
TITLE_OCTETS: Final = 16
assert {len(mark) for mark in (CALLED, CALLING, INDENTED, EXTENDED)} == {TITLE_OCTETS}

MESSAGE_ID: Final = 7


def with_titles(octets: bytes, called: str, calling: str) -> bytes:
    """The octets with the run's AE titles in place of the marks."""
    # With no room for one more character the title is sent as it is, or another one: then the case says nothing.
    indented = f" {called}" if len(called) < TITLE_OCTETS else called
    extended = f"{called} X" if len(called) < TITLE_OCTETS - 1 else "NOBODY IS THIS"
    for mark, title in ((CALLED, called), (CALLING, calling), (INDENTED, indented), (EXTENDED, extended)):
        octets = octets.replace(mark, title.encode("ascii").ljust(TITLE_OCTETS))
    return octets


def cut(octets: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    """The octets in pieces of these sizes; a 0 at the end repeats the size before it; the rest is one piece."""
    pieces: list[bytes] = []
    start = 0
    sizes_left = list(sizes)
    size = len(octets)
    while start < len(octets):
        if sizes_left and not (sizes_left[0] == 0 and len(sizes_left) == 1):
            size = sizes_left.pop(0)
        elif not sizes_left:
            size = len(octets) - start
        pieces.append(octets[start : start + size])
        start += size
    return pieces or [b""]


def item(kind: int, body: bytes, reserved: int = 0) -> bytes:
    """An item or sub-item: type, reserved octet, 2-octet length, body (PS3.8 2020, 9.3.2)."""
    return struct.pack(">BBH", kind, reserved, len(body)) + body


def uid(kind: int, name: str) -> bytes:
    """An item that holds a UID."""
    return item(kind, name.encode("latin-1", "replace"))


def context(number: int, abstract: str = VERIFICATION, *transfer: str, reserved: bytes = b"\0\0\0") -> bytes:
    """A presentation context item of a request; implicit little endian where no transfer syntax is named."""
    subs = uid(0x30, abstract) + b"".join(uid(0x40, name) for name in transfer or (IMPLICIT_LE,))
    return item(0x20, bytes((number,)) + reserved + subs)


def max_length(octets: int) -> bytes:
    """A maximum length sub-item (PS3.8 2020, D.1)."""
    return item(0x51, struct.pack(">I", octets))


CLASS_UID: Final = uid(0x52, IMPLEMENTATION_CLASS_UID)
VERSION_NAME: Final = item(0x55, b"DICOMNET_TEST")
APPLICATION: Final = uid(0x10, APPLICATION_CONTEXT)


def user_information(*subs: bytes, longest: int = 16384) -> bytes:
    """A user information item: maximum length, implementation class UID, and what else is given."""
    return item(0x50, b"".join((max_length(longest), CLASS_UID, *subs)))


def pdu(kind: int, body: bytes, *, reserved: int = 0, length: int | None = None) -> bytes:
    """A PDU: type, reserved octet, 4-octet length (or the one given, however wrong), body."""
    return struct.pack(">BBI", kind, reserved, len(body) if length is None else length) + body


def rq(
    *items: bytes,
    version: int = 1,
    called: bytes = CALLED,
    calling: bytes = CALLING,
    reserved: bytes = b"\0" * 34,
    header_reserved: int = 0,
) -> bytes:
    """An A-ASSOCIATE-RQ; without items: one Verification context and the usual user information.

    `reserved` holds the 2 octets behind the version and the 32 behind the titles.
    """
    every = items or (APPLICATION, context(1), user_information())
    return _associate(
        0x01, every, version, reserved[:2], called + calling + reserved[2:], reserved=header_reserved
    )


def _associate(
    kind: int, items: tuple[bytes, ...], version: int, behind: bytes, octets_11: bytes, *, reserved: int
) -> bytes:
    """An A-ASSOCIATE PDU: `behind` the version stand 2 reserved octets, then octets 11 to 74, then the items."""
    fixed = struct.pack(">H", version) + behind + octets_11
    return pdu(kind, fixed + b"".join(items), reserved=reserved)


def answer(number: int, result: int, *syntaxes: str, reserved: int = 0) -> bytes:
    """A presentation context item of an acceptance, with these transfer syntaxes; `reserved` fills its 2 octets."""
    subs = b"".join(uid(0x40, name) for name in syntaxes)
    return item(0x21, bytes((number, reserved, result, reserved)) + subs, reserved)


def ac(
    octets_11: bytes, *items: bytes, version: int = 1, behind: bytes = b"\0\0", header_reserved: int = 0
) -> bytes:
    """An A-ASSOCIATE-AC with these items; `octets_11` are its octets 11 to 74, which repeat those of the request."""
    return _associate(0x02, items, version, behind, octets_11, reserved=header_reserved)


RQ: Final = rq()
RQ_BAD_VERSION: Final = rq(version=2)
AC: Final = encode(
    AAssociateAC(
        "ANY-SCP",
        "ANY-SCU",
        (PresentationContextAC(1, 0, IMPLICIT_LE),),
        UserInformation(max_length=16384, implementation_class_uid=IMPLEMENTATION_CLASS_UID),
    )
)
RJ: Final = encode(AAssociateRJ(1, 1, 1))
RELEASE_RQ: Final = encode(AReleaseRQ())
RELEASE_RP: Final = encode(AReleaseRP())
ABORT_USER: Final = encode(AAbort(0, 0))
ABORT_PROVIDER: Final = encode(AAbort(2, 0))
UNKNOWN_TYPE: Final = pdu(0x0B, b"\0\0\0\0")
# A release request whose length says 6: a known type whose length is impossible.
INVALID_LENGTH: Final = pdu(0x05, b"\0" * 6)

# A P-DATA-TF whose one PDV says that it has a single octet: there is no room for its control header.
INVALID_PDV: Final = pdu(0x04, b"\0\0\0\x01\x01\x03")


def echo_command(message_id: int = MESSAGE_ID) -> bytes:
    """The command set of a C-ECHO request."""
    return encode_command(CEchoRQ(message_id))


def data(*pdvs: PDV) -> bytes:
    """A P-DATA-TF PDU."""
    return encode(PDataTF(pdvs))


def echo(context_id: int = 1, message_id: int = MESSAGE_ID) -> bytes:
    """A C-ECHO request in one P-DATA-TF PDU."""
    return data(PDV(context_id, True, True, echo_command(message_id)))


def raw_pdv(context_id: int, header: int, fragment: bytes, length: int | None = None) -> bytes:
    """A PDV item with any header octet and any length."""
    size = len(fragment) + 2 if length is None else length
    return struct.pack(">IBB", size, context_id, header) + fragment


ECHO: Final = echo()
