"""The octets that the scripts send."""

from __future__ import annotations

from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    PDataTF,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    UserIdentityRQ,
    UserInformation,
    encode,
    encode_command,
)

from .acceptor import item

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
JPEG = "1.2.840.10008.1.2.4.50"


def context(number: int, abstract_syntax: str = VERIFICATION, *syntaxes: str) -> PresentationContextRQ:
    """A proposed context, with implicit VR unless said otherwise."""
    return PresentationContextRQ(number, abstract_syntax, syntaxes or (IMPLICIT_LE,))


def request(
    *contexts: PresentationContextRQ,
    called: str = "ZOO",
    application: str | None = None,
    user: UserInformation | None = None,
) -> bytes:
    """An A-ASSOCIATE-RQ; by default with one context."""
    plain = AAssociateRQ(called, "PROBE", contexts or (context(1),), user or UserInformation())
    octets = encode(plain)
    return octets if application is None else octets.replace(b"1.2.840.10008.3.1.1.1", application.encode())


def patched(octets: bytes, offset: int, patch: bytes) -> bytes:
    """The octets with some of them replaced."""
    return octets[:offset] + patch + octets[offset + len(patch) :]


def lengthened(octets: bytes, extra: bytes) -> bytes:
    """A PDU with octets put behind its last item."""
    body = octets[6:] + extra
    return octets[:2] + len(body).to_bytes(4, "big") + body


def with_user_items(*sub_items: bytes) -> bytes:
    """A request with further sub-items in its user information."""
    start, value = _user_information()
    return lengthened(RQ[:start], item(0x50, value + b"".join(sub_items)))


def with_maximum_length_last() -> bytes:
    """A request with the first sub-item of its user information put behind the others."""
    start, value = _user_information()
    return lengthened(RQ[:start], item(0x50, value[8:] + value[:8]))


def _user_information() -> tuple[int, bytes]:
    """Where the user information of the plain request begins, and its value."""
    start = RQ.index(b"\x51\0\0\4") - 4
    return start, RQ[start + 4 :]


def pdvs(*fragments: tuple[bytes, bool], number: int = 1) -> bytes:
    """A P-DATA-TF of command fragments: octets, and whether they are the last."""
    return encode(PDataTF(tuple(PDV(number, True, last, octets) for octets, last in fragments)))


def echo(message_id: int = 7, number: int = 1) -> bytes:
    """A C-ECHO-RQ in one PDU."""
    return pdvs((encode_command(CEchoRQ(message_id)), True), number=number)


COMMAND = encode_command(CEchoRQ(7))
HEAD, TAIL = COMMAND[:20], COMMAND[20:]
RQ = request()
ECHO = echo()
HALF_ECHO = pdvs((HEAD, False))
REST_OF_ECHO = pdvs((TAIL, True))
TWO_PDVS = pdvs((HEAD, False), (TAIL, True))
RELEASE = encode(AReleaseRQ())
RELEASE_RP = encode(AReleaseRP())
ABORT = encode(AAbort(0, 0))
RJ = encode(AAssociateRJ(1, 1, 1))
AC = encode(
    AAssociateAC("ZOO", "PROBE", (PresentationContextAC(1, 0, IMPLICIT_LE),), UserInformation(max_length=0))
)
HTTP = b"GET / HTTP/1.1\r\nHost: zoo\r\n\r\n"
HUGE = b"\4\0\xff\xff\xff\xff\0\0"
OVERSIZE = b"\4\0\0\0\x40\x02" + b"\0\0\x3f\xfe\1\1" + bytes(0x3FFC)
ZERO_LENGTH = b"\5\0\0\0\0\0"
MALFORMED = b"\4\0\0\0\0\x08" + b"\0\0\0\x20\1\3\0\0"
CONTROL_BITS = patched(ECHO, 11, b"\xff")
UNKNOWN_ITEM = lengthened(RQ, item(0x99, b"news"))
UNKNOWN_USER_ITEM = with_user_items(item(0x7A, b"news"))
MAXIMUM_LENGTH_LAST = with_maximum_length_last()
WRONG_CALLED = request(called="ELSEWHERE")
NO_VERSION = patched(RQ, 6, b"\0\2")
TWO_VERSIONS = patched(RQ, 6, b"\0\3")
RESERVED = patched(RQ, 42, b"reserved")
LEADING_SPACE = patched(RQ, 10, b"  ZOO           ")
INNER_SPACE = patched(RQ, 10, b"ZOO X           ")
FULL_CALLING = patched(RQ, 26, b"SIXTEEN-LETTERS!")
BLANK_CALLED = patched(RQ, 10, b" " * 16)
CONTROL_CHARACTER = patched(RQ, 26, b"A\tB")
EVEN_ID = patched(RQ, 103, b"\2")
DUPLICATE_ID = patched(request(context(1), context(3)), 153, b"\1")
SAME_SYNTAX_TWICE = request(context(1, VERIFICATION, IMPLICIT_LE, IMPLICIT_LE))
TWO_CONTEXTS = request(context(1), context(3))
WITH_UNSUPPORTED = request(context(1), context(3, CT_IMAGE_STORAGE))
WITH_UNKNOWN_SYNTAX = request(context(1), context(3, VERIFICATION, JPEG))
HIGH_ID = request(context(1), context(129))
EXPLICIT = request(context(1, VERIFICATION, EXPLICIT_LE))
WINDOW = request(user=UserInformation(async_window=(3, 3)))
SCU_ROLE = request(user=UserInformation(roles=(RoleSelection(VERIFICATION, 1, 0),)))
IDENTITY = request(user=UserInformation(user_identity=UserIdentityRQ(1, b"me")))
WRONG_APPLICATION = request(application="1.2.840.10008.3.1.1.9")


def with_maximum(maximum: int) -> bytes:
    """A request with this maximum length."""
    return request(user=UserInformation(max_length=maximum))
