"""Requestors in memory: the reference requestor, and between it and the wire somebody who meddles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

from dicomnet.conformance import (
    BY_HAND_REQUESTOR,
    Event,
    Nothing,
    Options,
    Reception,
    Report,
    Result,
    Session,
    choose,
)
from dicomnet.statemachine import Model
from dicomnet.transports import (
    Address,
    Link,
    LinkHandler,
    ListenHandler,
    Listening,
    MemoryTransport,
    ReferenceRequestor,
    Timer,
    Transport,
)

ABORT = bytes.fromhex("07 00 00000004 0000 00 00")
RQ, AC, RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORTED = 1, 2, 3, 4, 5, 6, 7
ITEMS = 74


@dataclass
class Wire:
    """One connection of the requestor, as the meddler sees it."""

    carrier: Transport
    address: Address
    requestor: LinkHandler
    seen: bytes = b""
    kept: bytes = b""
    said: list[int] = field(default_factory=list[int])
    link: Link = field(init=False)

    def send(self, octets: bytes) -> None:
        self.link.send(octets)

    def tell(self, octets: bytes) -> None:
        """Let the requestor hear this."""
        if octets:
            self.requestor.on_octets(octets)

    def leave(self, last: bytes = b"") -> None:
        """Say a last word and close; the requestor hears that the connection is gone."""
        if last:
            self.link.send(last)
        self.link.close()
        self.requestor.on_reset()


Deed = Callable[[Wire, bytes], None]


def send_as_it_is(wire: Wire, octets: bytes) -> None:
    wire.send(octets)


def tell_as_it_is(wire: Wire, octets: bytes) -> None:
    wire.tell(octets)


@dataclass(frozen=True)
class Meddler:
    """What is done instead of sending, and instead of telling the requestor what came; whether it ever closes."""

    sends: Deed = send_as_it_is
    hears: Deed = tell_as_it_is
    closes: bool = True
    watches: ClassVar[bool] = False
    ends: Callable[[Wire], None] | None = None
    """What is done at the peer's FIN, in place of telling."""

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Nothing:
        """See `Trigger` of the conformance layer."""
        ReferenceRequestor(Between(carrier, self), address, "ANY-SCP", "REQUESTOR")
        return Nothing()


class Between:
    """A carrier with a meddler on each of its connections."""

    def __init__(self, carrier: Transport, meddler: Meddler) -> None:
        self._carrier = carrier
        self._meddler = meddler

    @property
    def name(self) -> str:
        return self._carrier.name

    @property
    def tables(self) -> Model:
        return self._carrier.tables

    def now(self) -> float:
        return self._carrier.now()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self._carrier.call_later(seconds, callback)

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        wire = Wire(self._carrier, address, handler)
        wire.link = self._carrier.connect(address, Ears(wire, self._meddler))
        return Mouth(wire, self._meddler)

    def listen(self, address: Address, backlog: int, handler: ListenHandler) -> Listening:
        return self._carrier.listen(address, backlog, handler)

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        return self._carrier.run(done, limit)

    def end(self) -> None:
        self._carrier.end()


class Ears:
    """What comes from the peer."""

    def __init__(self, wire: Wire, meddler: Meddler) -> None:
        self._wire = wire
        self._meddler = meddler

    def on_open(self) -> None:
        self._wire.requestor.on_open()

    def on_failed(self, code: str) -> None:
        self._wire.requestor.on_failed(code)

    def on_octets(self, octets: bytes) -> None:
        self._wire.seen += octets
        self._meddler.hears(self._wire, octets)

    def on_end(self) -> None:
        if self._meddler.ends is None:
            self._wire.requestor.on_end()
        else:
            self._meddler.ends(self._wire)

    def on_reset(self) -> None:
        self._wire.requestor.on_reset()


class Mouth:
    """What the requestor does to the peer."""

    def __init__(self, wire: Wire, meddler: Meddler) -> None:
        self._wire = wire
        self._meddler = meddler

    @property
    def peer(self) -> Address:
        return self._wire.link.peer

    def send(self, octets: bytes) -> None:
        self._wire.said.append(octets[0])
        self._meddler.sends(self._wire, octets)

    def half_close(self) -> None:
        if self._meddler.closes:
            self._wire.link.half_close()

    def close(self) -> None:
        if self._meddler.closes:
            self._wire.link.close()

    def reset(self) -> None:
        self._wire.link.reset()


def judge(meddler: Meddler, *patterns: str) -> list[Result]:
    """The verdicts of the cases that fit, on virtual time."""
    carrier = MemoryTransport()
    report = Report("target")
    nowhere = Address("", 0)
    events: list[Event] = []
    cases = choose(BY_HAND_REQUESTOR, tuple(f"requestor.{pattern}" for pattern in patterns), quick=False)
    assert cases, patterns
    # Nobody has to be waited for; a target that never recovers is not waited for either.
    options = Options(quiet=0.05, artim_limit=60.0, recover_limit=5.0)
    reception = Reception(carrier, nowhere, meddler)
    Session(carrier, nowhere, "ANY-SCP", "REQUESTOR", options, events.append, "memory", caller=reception).run(
        cases, report
    )
    return report.results


# --- changes of octets --------------------------------------------------------------------------------------


def changing(kind: int, change: Callable[[bytes], bytes]) -> Deed:
    """Of what the requestor sends, PDUs of this type are changed."""

    def deed(wire: Wire, octets: bytes) -> None:
        wire.send(change(octets) if octets[0] == kind else octets)

    return deed


def hearing(kind: int, change: Callable[[bytes], bytes]) -> Deed:
    """Of what the requestor hears, segments that begin with a PDU of this type are changed."""

    def deed(wire: Wire, octets: bytes) -> None:
        wire.tell(change(octets) if octets[:1] == bytes((kind,)) else octets)

    return deed


def sized(octets: bytes) -> bytes:
    """The same PDU with the length that it has."""
    return octets[:2] + (len(octets) - 6).to_bytes(4, "big") + octets[6:]


def item(kind: int, value: bytes) -> bytes:
    return bytes((kind, 0)) + len(value).to_bytes(2, "big") + value


def split(octets: bytes) -> list[tuple[int, bytes]]:
    """Type and value of each item."""
    found: list[tuple[int, bytes]] = []
    while octets:
        end = 4 + int.from_bytes(octets[2:4], "big")
        found.append((octets[0], octets[4:end]))
        octets = octets[end:]
    return found


Items = Callable[[int, bytes], bytes]


def with_items(change: Items) -> Callable[[bytes], bytes]:
    """An A-ASSOCIATE PDU each of whose items is changed."""
    return lambda raw: sized(
        raw[:ITEMS] + b"".join(change(kind, value) for kind, value in split(raw[ITEMS:]))
    )


def of_user(change: Items) -> Callable[[bytes], bytes]:
    """The same for each sub-item of the user information."""

    def each(kind: int, value: bytes) -> bytes:
        return item(kind, b"".join(change(*sub) for sub in split(value)) if kind == 0x50 else value)

    return with_items(each)


def of_contexts(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The same for the value of each presentation context."""
    return with_items(lambda kind, value: item(kind, change(value) if kind in (0x20, 0x21) else value))


def user_sub(*more: bytes) -> Callable[[bytes], bytes]:
    """More sub-items in the user information."""
    return with_items(lambda kind, value: item(kind, value + b"".join(more) if kind == 0x50 else value))


def without(sub: int) -> Callable[[bytes], bytes]:
    """No sub-item of this type in the user information."""
    return of_user(lambda kind, value: b"" if kind == sub else item(kind, value))


def put(where: int, octets: bytes) -> Callable[[bytes], bytes]:
    """Other octets from there on."""
    return lambda raw: raw[:where] + octets + raw[where + len(octets) :]


def pdus(octets: bytes) -> tuple[list[bytes], bytes]:
    """The whole PDUs at the beginning of a stream, and what is behind them."""
    whole: list[bytes] = []
    while len(octets) >= 6 and len(octets) >= (end := 6 + int.from_bytes(octets[2:6], "big")):
        whole.append(octets[:end])
        octets = octets[end:]
    return whole, octets


@cache
def two_contexts() -> Callable[[bytes], bytes]:
    """A request with a second context, and a second transfer syntax in each."""

    def change(kind: int, value: bytes) -> bytes:
        if kind != 0x20:
            return item(kind, value)
        longer = value + item(0x40, b"1.2.840.10008.1.2.1")
        return item(kind, longer) + item(kind, b"\3" + longer[1:])

    return with_items(change)
