"""A security layer that is only played: messages as in TLS, no cryptography, no randomness, and a state to be frozen.

Explorations and simulations run the real machine with it. It has the shape of a TLS 1.3 handshake: the requestor's
hello, the acceptor's answer with its certificate, the requestor's end, with which he is done, and only then the
acceptor is, who may still refuse what the requestor took for done. Its messages begin with the octets of TLS records,
so that a plain peer sees what it would see of TLS. It protects nothing and never belongs on a real wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from .base import Address
from .secure import Ended, Failed, Heard, Password, Plain, Secured

HANDSHAKE, DATA, ALERT = 0x16, 0x17, 0x15
HELLO, ANSWER, FINISHED = b"hello", b"answer", b"finished"
CLOSE_NOTIFY: Final = b"close_notify"
REFUSED: Final = b"refused"
HEADER: Final = 3
# Where the handshake may be refused, by whom, and what the one who refuses says of it.
REFUSALS: Final = {
    HELLO: ("acceptor", "insufficient_security"),
    ANSWER: ("requestor", "unknown_authority"),
    FINISHED: ("acceptor", "verify_failed"),
}


@dataclass(slots=True)
class PlayedSecurity:
    """The layer as an object is configured with it. `refuse` names the message that is refused when it comes next."""

    refuse: bytes = b""
    name: str = field(default="played", init=False)

    def load(self, password: Password) -> PlayedSecurity:
        """See `Security.load`: there is nothing to read."""
        return self

    def engine(self, role: str, peer: Address | None) -> PlayedEngine:
        """See `Security.engine`."""
        return PlayedEngine(self, role)


class PlayedEngine:
    """One end. `stage` is all that it remembers, but for a message that has come in part: new, begun, done, over."""

    def __init__(self, security: PlayedSecurity, role: str, stage: str = "new", rest: bytes = b"") -> None:
        self._security = security
        self.role = role
        self.stage = stage
        self.rest = rest
        self._out = bytearray()

    def frozen(self) -> tuple[str, str, bytes]:
        """This engine as a value: its role, its stage, and what has come of a message."""
        return self.role, self.stage, self.rest

    def begin(self) -> Iterator[Heard]:
        """See `Engine.begin`."""
        self.stage = "begun"
        if self.role == "requestor":
            self._say(HANDSHAKE, HELLO)
        return iter(())

    def receive(self, octets: bytes) -> Iterator[Heard]:
        """See `Engine.receive`."""
        self.rest += octets
        while self.stage != "over" and self.rest:
            if self.rest[0] not in (HANDSHAKE, DATA, ALERT):
                yield self._fail("protocol_version", "these are no records of this layer")
                return
            end = HEADER + int.from_bytes(self.rest[1:HEADER], "big")
            if len(self.rest) < max(end, HEADER):
                return
            kind, body, self.rest = self.rest[0], self.rest[HEADER:end], self.rest[end:]
            yield from self._message(kind, body)

    def _message(self, kind: int, body: bytes) -> Iterator[Heard]:
        if kind == ALERT:
            self.stage = "over"
            yield Ended() if body == CLOSE_NOTIFY else Failed("handshake_failed", "refused by the peer")
        elif kind == DATA and self.stage == "done":
            yield Plain(body)
        elif kind == HANDSHAKE and self.stage == "begun" and REFUSALS.get(body, ("", ""))[0] == self.role:
            yield from self._handshake(body)
        else:
            yield self._fail("handshake_failed", "a message out of turn")

    def _handshake(self, body: bytes) -> Iterator[Heard]:
        if self._security.refuse == body:
            yield self._fail(REFUSALS[body][1], f"{body.decode()} is refused")
        elif body == HELLO:
            self._say(HANDSHAKE, ANSWER)
        else:
            if body == ANSWER:
                self._say(HANDSHAKE, FINISHED)
            self.stage = "done"
            yield Secured("played")

    def _fail(self, code: str, text: str) -> Failed:
        self.stage = "over"
        self._say(ALERT, REFUSED)
        return Failed(code, text)

    def send(self, octets: bytes) -> None:
        """See `Engine.send`."""
        for start in range(0, len(octets), 0xFFFF):
            self._say(DATA, octets[start : start + 0xFFFF])

    def close(self) -> None:
        """See `Engine.close`."""
        self._say(ALERT, CLOSE_NOTIFY)

    def outgoing(self) -> bytes:
        """See `Engine.outgoing`."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def _say(self, kind: int, body: bytes) -> None:
        self._out += _record(kind, body)


def _record(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(2, "big") + body


PLAYED_MESSAGES: Final = {
    **{body.decode(): _record(HANDSHAKE, body) for body in (HELLO, ANSWER, FINISHED)},
    **{body.decode(): _record(ALERT, body) for body in (REFUSED, CLOSE_NOTIFY)},
}
"""What an end may say, by name, as octets on the wire."""


def played_data(octets: bytes) -> bytes:
    """These octets as this layer protects them: not at all."""
    return _record(DATA, octets)


def played_records(octets: bytes) -> Iterator[tuple[str, bytes]]:
    """What an end has sent: the name of a message, or `data` and what it protects; nothing where it is no record."""
    while octets and octets[0] in (HANDSHAKE, DATA, ALERT):
        end = HEADER + int.from_bytes(octets[1:HEADER], "big")
        body = octets[HEADER:end]
        yield ("data", body) if octets[0] == DATA else (body.decode(), b"")
        octets = octets[end:]
