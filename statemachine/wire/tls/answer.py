"""What a TLS server says in the clear: records, ServerHello and what follows it up to ServerHelloDone, and alerts.

`decode_answer` is total: any octets give parts, the last of which is a `Violation` where the rest cannot be read. It
reads from the beginning of the stream, so it needs no state; what is not whole yet is counted as pending. From the
ServerHello of TLS 1.3 on, and behind a change_cipher_spec, nothing can be read without keys: that is `Sealed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from ..violation import InvalidPduError, Violation
from . import names
from .der import PublicKey, public_key
from .hello import MESSAGE_HEADER, RECORD_HEADER, RECORD_LIMIT, SEALED_LIMIT

RECORDS: Final = "RFC 8446 5.1; RFC 5246 6.2.1"
MESSAGES: Final = "RFC 8446 4; RFC 5246 7.4"
MESSAGE_LIMIT: Final = 1 << 17
"""The longest handshake message that is read, in octets; a chain of certificates is shorter."""

MAX_PARTS: Final = 200
MAX_CERTIFICATES: Final = 32
MAX_EXTENSIONS: Final = 64
_NAMED_CURVE: Final = 3
# SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3).
RETRY_RANDOM: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
# The last octets of the random of a server that could do better (RFC 8446 4.1.3).
DOWNGRADE: Final = {b"DOWNGRD\x01": names.TLS12, b"DOWNGRD\x00": names.TLS11}


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose (RFC 8446 4.1.3, RFC 5246 7.4.1.3). `legacy` is the version field itself."""

    legacy: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: tuple[tuple[int, bytes], ...] = ()

    def extension(self, number: int) -> bytes | None:
        """The content of this extension; None where it is not there."""
        return dict(self.extensions).get(number)

    @property
    def version(self) -> int:
        """The version that was chosen: the extension's, where there is one."""
        chosen = self.extension(names.VERSIONS)
        return int.from_bytes(chosen, "big") if chosen is not None and len(chosen) == 2 else self.legacy

    @property
    def retry(self) -> bool:
        """Whether it is a HelloRetryRequest."""
        return self.random == RETRY_RANDOM

    @property
    def could_do(self) -> int:
        """What the end of the random says of a better version: TLS 1.2 (and so 1.3 was there), TLS 1.1; else 0."""
        return DOWNGRADE.get(self.random[-8:], 0)


@dataclass(frozen=True, slots=True)
class Certificates:
    """The server's chain in TLS 1.2, each as DER."""

    chain: tuple[bytes, ...]

    @property
    def key(self) -> PublicKey | Violation | None:
        """The key of the server's own certificate."""
        return public_key(self.chain[0]) if self.chain else None


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """The parameters of an ephemeral key exchange: a curve (`group`), or the `bits` of a prime."""

    group: int | None
    bits: int


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """The server asks for the client's certificate (TLS 1.2)."""


@dataclass(frozen=True, slots=True)
class HelloDone:
    """The server waits for the client's answer (TLS 1.2)."""


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """Another handshake message: its number and its length."""

    kind: int
    length: int


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert in the clear."""

    level: int
    description: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record that only the keys open, with so many octets."""

    content: int
    length: int


Part: TypeAlias = (
    ServerHello
    | Certificates
    | KeyExchange
    | CertificateRequest
    | HelloDone
    | OtherMessage
    | Alert
    | Sealed
    | Violation
)


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """All that was read: the parts in order; `pending` octets of what is not whole yet."""

    parts: tuple[Part, ...] = ()
    pending: int = 0

    @property
    def hello(self) -> ServerHello | None:
        """The first ServerHello or HelloRetryRequest."""
        return next((part for part in self.parts if isinstance(part, ServerHello)), None)

    @property
    def alert(self) -> Alert | None:
        """The first fatal alert; where there is none, the first one."""
        alerts = [part for part in self.parts if isinstance(part, Alert)]
        return next((alert for alert in alerts if alert.level == names.FATAL), alerts[0] if alerts else None)

    @property
    def certificates(self) -> Certificates | None:
        """The server's chain, where it came in the clear."""
        return next((part for part in self.parts if isinstance(part, Certificates)), None)

    @property
    def key_exchange(self) -> KeyExchange | None:
        """The parameters of the key exchange, where they came in the clear."""
        return next((part for part in self.parts if isinstance(part, KeyExchange)), None)

    @property
    def violation(self) -> Violation | None:
        """Why the rest could not be read."""
        return next((part for part in self.parts if isinstance(part, Violation)), None)

    @property
    def asks_certificate(self) -> bool:
        """Whether a certificate is asked for in the clear."""
        return any(isinstance(part, CertificateRequest) for part in self.parts)

    @property
    def whole(self) -> bool:
        """Whether it is the client's turn, or nothing readable can follow."""
        hello = self.hello
        if self.violation is not None or (self.alert is not None and self.alert.level == names.FATAL):
            return True
        if hello is None:
            return False
        if hello.retry or hello.version >= names.TLS13:
            return True
        return any(isinstance(part, HelloDone) for part in self.parts)


def decode_answer(octets: bytes) -> ServerAnswer:
    """Everything that a server has said since the connection began."""
    reader = _Reader()
    try:
        at = reader.records(octets)
    except InvalidPduError as error:
        return ServerAnswer((*reader.parts, error.violation))
    return ServerAnswer(tuple(reader.parts), len(octets) - at + len(reader.messages))


class _Reader:
    """Goes through the records; the handshake messages in them are put together."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.messages = b""
        self.sealed = False
        self.suite = 0

    def records(self, octets: bytes) -> int:
        """Read whole records; gives where the rest begins."""
        at = 0
        while len(octets) - at >= 1:
            content = octets[at]
            if content not in names.CONTENT_NAMES:
                raise InvalidPduError(RECORDS, at, f"no TLS record has the content type {content:#04x}")
            if len(octets) - at >= 2 and octets[at + 1] != 3:
                raise InvalidPduError(
                    RECORDS, at + 1, f"the record is of version {octets[at + 1]}.x, not 3.x"
                )
            if len(octets) - at < RECORD_HEADER:
                break
            length = int.from_bytes(octets[at + 3 : at + RECORD_HEADER], "big")
            self._check_length(at, content, length)
            start = at + RECORD_HEADER
            if len(octets) - start < length:
                break
            self._record(content, octets[start : start + length], start)
            at = start + length
        return at

    def _check_length(self, at: int, content: int, length: int) -> None:
        limit = SEALED_LIMIT if self.sealed or content == names.APPLICATION_DATA else RECORD_LIMIT
        if length > limit:
            raise InvalidPduError(RECORDS, at + 3, f"a record of {length} octets, over the limit of {limit}")
        if len(self.parts) >= MAX_PARTS:
            raise InvalidPduError(RECORDS, at, f"more than {MAX_PARTS} records and messages")

    def _record(self, content: int, octets: bytes, at: int) -> None:
        if content == names.CHANGE_CIPHER_SPEC:
            # In TLS 1.3 it has no meaning (RFC 8446 5), before that what follows is protected.
            self.sealed = True
        elif self.sealed or content == names.APPLICATION_DATA:
            self.parts.append(Sealed(content, len(octets)))
        elif content == names.ALERT:
            if len(octets) != 2:
                raise InvalidPduError(
                    "RFC 8446 6; RFC 5246 7.2", at, f"an alert of {len(octets)} octets, not 2"
                )
            self.parts.append(Alert(octets[0], octets[1]))
        else:
            if not octets:
                raise InvalidPduError(RECORDS, at, "a handshake record without an octet")
            self.messages += octets
            self._handshake(at + len(octets))

    def _handshake(self, end: int) -> None:
        """Read the messages that are whole; `end` is where their octets end in the stream.

        Where a message lies over several records, its offset leaves the headers between them out.
        """
        while len(self.messages) >= MESSAGE_HEADER:
            at = end - len(self.messages)
            kind = self.messages[0]
            length = int.from_bytes(self.messages[1:MESSAGE_HEADER], "big")
            if length > MESSAGE_LIMIT:
                raise InvalidPduError(MESSAGES, at, f"a handshake message of {length} octets")
            if len(self.messages) < MESSAGE_HEADER + length:
                return
            body = self.messages[MESSAGE_HEADER : MESSAGE_HEADER + length]
            self.messages = self.messages[MESSAGE_HEADER + length :]
            if len(self.parts) >= MAX_PARTS:
                raise InvalidPduError(MESSAGES, at, f"more than {MAX_PARTS} records and messages")
            self.parts.append(self._message(kind, body, at + MESSAGE_HEADER))

    def _message(self, kind: int, body: bytes, at: int) -> Part:
        match kind:
            case names.SERVER_HELLO:
                hello = _server_hello(_Octets(body, at, "RFC 8446 4.1.3; RFC 5246 7.4.1.3"))
                self.suite = hello.suite
                self.sealed = hello.version >= names.TLS13 and not hello.retry
                return hello
            case names.CERTIFICATE:
                return _certificates(_Octets(body, at, "RFC 5246 7.4.2"))
            case names.SERVER_KEY_EXCHANGE:
                return _key_exchange(self.suite, _Octets(body, at, "RFC 5246 7.4.3; RFC 8422 5.4"))
            case names.CERTIFICATE_REQUEST:
                return CertificateRequest()
            case names.SERVER_HELLO_DONE:
                return HelloDone()
            case _:
                return OtherMessage(kind, len(body))


class _Octets:
    """Reads a message from the front; what is missing is a violation of the clause."""

    def __init__(self, octets: bytes, at: int, clause: str) -> None:
        self._octets, self._at, self._clause = octets, at, clause
        self._next = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._next

    def take(self, count: int, what: str) -> bytes:
        if count > self.left:
            reason = f"{what} of {count} octets, where {self.left} are left"
            raise InvalidPduError(self._clause, self._at + self._next, reason)
        start, self._next = self._next, self._next + count
        return self._octets[start : self._next]

    def number(self, width: int, what: str) -> int:
        return int.from_bytes(self.take(width, what), "big")

    def vector(self, width: int, what: str) -> bytes:
        return self.take(self.number(width, f"the length of {what}"), what)

    def within(self, width: int, what: str) -> _Octets:
        octets = self.vector(width, what)
        return _Octets(octets, self._at + self._next - len(octets), self._clause)


def _server_hello(read: _Octets) -> ServerHello:
    legacy = read.number(2, "a version")
    random = read.take(32, "a random")
    session = read.vector(1, "a session id")
    suite, compression = read.number(2, "a cipher suite"), read.number(1, "a compression method")
    extensions: list[tuple[int, bytes]] = []
    if read.left:
        inner = read.within(2, "the extensions")
        while inner.left and len(extensions) < MAX_EXTENSIONS:
            number = inner.number(2, "the number of an extension")
            extensions.append((number, inner.vector(2, "an extension")))
    return ServerHello(legacy, random, session, suite, compression, tuple(extensions))


def _certificates(read: _Octets) -> Certificates:
    inner = read.within(3, "the chain of certificates")
    chain: list[bytes] = []
    while inner.left and len(chain) < MAX_CERTIFICATES:
        chain.append(inner.vector(3, "a certificate"))
    return Certificates(tuple(chain))


def _key_exchange(suite: int, read: _Octets) -> KeyExchange:
    if names.has_dh_parameters(suite):
        prime = int.from_bytes(read.vector(2, "a prime"), "big")
        return KeyExchange(None, prime.bit_length())
    kind = read.number(1, "the kind of a curve")
    if kind != _NAMED_CURVE:
        return KeyExchange(None, 0)
    group = read.number(2, "a curve")
    return KeyExchange(group, names.GROUP_BITS.get(group, 0))


def describe_part(part: Part) -> str:
    """A part in words."""
    match part:
        case ServerHello():
            name = "HelloRetryRequest" if part.retry else "ServerHello"
            return f"{name}: {names.version_name(part.version)}, {names.suite_name(part.suite)}"
        case Certificates():
            key = part.key
            told = f", {key}" if isinstance(key, PublicKey) else ""
            return f"Certificate: {len(part.chain)} in the chain{told}"
        case KeyExchange():
            told = names.group_name(part.group) if part.group is not None else f"a prime of {part.bits} bits"
            return f"ServerKeyExchange: {told}"
        case CertificateRequest():
            return "CertificateRequest"
        case HelloDone():
            return "ServerHelloDone"
        case OtherMessage():
            return f"{names.MESSAGE_NAMES.get(part.kind, f'message {part.kind}')} ({part.length} octets)"
        case Alert():
            level = names.LEVEL_NAMES.get(part.level, f"level {part.level}")
            return f"alert: {names.alert_name(part.description)} ({level})"
        case Sealed():
            return f"a protected record ({part.length} octets)"
        case Violation():
            return f"no TLS: {part.reason} (octet {part.offset}, {part.clause})"
