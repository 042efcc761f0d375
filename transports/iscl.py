"""ISCL between two network objects in memory: the abstract machine is played, and no octet of it is real.

The wire format of ISCL is not public, and the profile is retired (PS3.15, 2018). So the frames here are of our own, no
octet of them is protected, and `IsclSecurity` is refused on any carrier that is not memory. What an end does is decided
by the table `iscl` alone; here its messages become octets, and what it tells becomes what an engine has heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dicomnet.statemachine import ISCL, IsclLine, LocalProtocolError, Machine, Tell, Value, step

from .base import Address
from .secure import Ended, Failed, Heard, Password, Plain, Secured

# First octet of a frame; then the number of the message in the table, and the length of its value in four octets.
MARK: Final = 0xC5
HEADER: Final = 6
# A frame is no longer than the greatest packet that an end may name, in octets.
GREATEST_PACKET: Final = 1 << 20
# Messages whose value is a number; that of the others is octets, or a key.
OF_NUMBERS: Final = frozenset({"line-check", "line-answer", "challenge"})
OF_KEYS: Final = frozenset({"answer", "confirm"})


@dataclass(slots=True)
class IsclSecurity:
    """ISCL as an object is configured with it, in memory only.

    `key_index` and `key`: the common key and its place in the table of keys; both ends must have the same. `packet`:
    the greatest packet that this end takes, in octets. `refuses_disconnection`: this end wants to keep the line when
    its peer asks to disconnect. `table` is the machine that runs.
    Raises `LocalProtocolError("invalid_argument")` for a packet or an index that is none.
    """

    key_index: int = 0
    key: str = "common key"
    packet: int = 16384
    refuses_disconnection: bool = False
    table: Machine[IsclLine] = field(default=ISCL, repr=False)
    name: str = field(default="iscl", init=False)
    memory_only: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        """See the class."""
        if not 0 <= self.key_index < 1 << 32 or not 1 <= self.packet <= GREATEST_PACKET:
            raise LocalProtocolError(
                "invalid_argument",
                f"ISCL: key index {self.key_index}, packet {self.packet}: the index goes from 0 to 2^32 - 1, "
                f"the packet from 1 to {GREATEST_PACKET} octets",
            )

    def load(self, password: Password) -> IsclSecurity:
        """See `Security.load`: there is nothing to read."""
        return self

    def engine(self, role: str, peer: Address | None) -> IsclEngine:
        """See `Security.engine`. The requestor is ISCL's client, the acceptor its server."""
        return IsclEngine(self, role)


class IsclEngine:
    """One end of a line, played by the table."""

    def __init__(self, security: IsclSecurity, role: str) -> None:
        self.security = security
        self.role = role
        line = IsclLine(security.key_index, security.key, security.packet)
        self.value: Value[IsclLine] = security.table.value(security.table.initial, line)
        self._kinds = [kind for kind in security.table.events if kind.origin == "peer-pdu"]
        self._rest = b""
        self._out = bytearray()

    def begin(self) -> Iterator[Heard]:
        """See `Engine.begin`."""
        return iter(self._give("begin-client" if self.role == "requestor" else "begin-server"))

    def receive(self, octets: bytes) -> Iterator[Heard]:
        """See `Engine.receive`."""
        self._rest += octets
        while self._rest and self.value.control != "OVER":
            size = int.from_bytes(self._rest[2:HEADER], "big")
            if self._rest[0] != MARK or size > GREATEST_PACKET:
                yield from self._give("damaged")
                return
            if len(self._rest) < HEADER + size:
                return
            number, body = self._rest[1], self._rest[HEADER : HEADER + size]
            self._rest = self._rest[HEADER + size :]
            yield from self._message(number, body)

    def _message(self, number: int, body: bytes) -> Iterator[Heard]:
        if number >= len(self._kinds):
            yield from self._give("damaged")
            return
        event = self._kinds[number].name
        yield from self._give(event, _value(event, body))
        if self.value.control == "ASKED":
            yield from self._give("refuse" if self.security.refuses_disconnection else "agree")

    def send(self, octets: bytes) -> None:
        """See `Engine.send`: in packets of the size that was agreed on."""
        if self.value.control == "OPEN":
            size = self.value.context.packet
            for start in range(0, len(octets), size):
                self._give("send", octets[start : start + size])

    def close(self) -> None:
        """See `Engine.close`: ask to disconnect. Who closes does not wait for the answer."""
        if self.value.control == "OPEN":
            self._give("ask")

    def outgoing(self) -> bytes:
        """See `Engine.outgoing`."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def _give(self, event: str, payload: Any = None) -> list[Heard]:  # noqa: ANN401 - of any message
        """Give an event to the table: what it says goes out, what it tells is given back."""
        self.value, transition, carried = step(self.value, self.value.machine.event[event], payload)
        heard: list[Heard] = []
        for index, effect in enumerate(transition.effects):
            assert isinstance(effect, Tell)
            what = carried[index] if carried else None
            if effect.to == "peer":
                self._say(effect.report, what)
            else:
                heard += _heard(effect, what)
        return heard

    def _say(self, message: str, about: Any) -> None:  # noqa: ANN401 - of any message
        number = next(number for number, kind in enumerate(self._kinds) if kind.name == message)
        body = about if isinstance(about, bytes) else b"" if about is None else str(about).encode()
        self._out += bytes((MARK, number)) + len(body).to_bytes(HEADER - 2, "big") + body


def _value(event: str, body: bytes) -> object:
    """The value of a message; one that is none fits nothing, and the table refuses it."""
    if event in OF_NUMBERS:
        return int(body) if body.isdigit() and len(body) < HEADER * 2 else None
    return body.decode(errors="replace") if event in OF_KEYS else body


def _heard(effect: Tell, about: Any) -> Iterator[Heard]:  # noqa: ANN401 - of any message
    match effect.report:
        case "secured":
            yield Secured("ISCL 1.00")
        case "message":
            yield Plain(about)
        case "ended":
            yield Ended()
        case "failed":
            yield Failed(effect.outcome or "handshake_failed")
        case _:
            pass
