"""How the octets of a connection may be taken, PDU by PDU, whichever end of the association hears them.

Where the standard says what octets are, there is one reading. Where it leaves room there are several, and where it
cannot be told any more (the end of a PDU was lost) everything is allowed that a peer may do with garbage. So what no
reading explains is a breach, and not a choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar, Final

from dicomnet.statemachine import PDU_NAMES

from .. import octets as o
from ..case import AS_ABORT, AS_INVALID, AS_NOTHING, AS_ODD_RELEASE, Reading, Stimulus, as_event
from ..cases.ending import AS_ODD_ABORT
from ..cases.framing import or_waits

HEADER: Final = 6
RQ, AC, RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
SHORTEST: Final = {RQ: 68, AC: 68, DATA: 6}
EVENTS: Final = {RQ: "Evt6", AC: "Evt3", RJ: "Evt4", DATA: "Evt10", RELEASE_RQ: "Evt12", RELEASE_RP: "Evt13"}
FOUR: Final = 4
# A target may have a limit, and may say so when it sees the header.
LONG_REQUEST, LONG_DATA = 16384, 4096
ABSURD: Final = 1 << 24
MOST_READINGS: Final = 64
AS_GARBAGE: Final[tuple[Reading, ...]] = (*AS_INVALID, ())
_WAITS: Final = "waits for the rest that a wrong PDU header announces"


class TooWideError(Exception):
    """There are too many ways to take the octets: nothing would be learned from the answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a target may have taken octets for, and what is odd in them, each in words.

    `open_end`: they end inside a PDU, and something whole stands before that.
    """

    readings: tuple[Reading, ...]
    odd: frozenset[str]
    open_end: bool = False


class Framed:
    """One connection's octets, from the first on, cut into PDUs; what a PDU is, an end of the association knows.

    `expected` are the types that have business in a state: of another a target may see at its header that it has none.
    `lost`: where the next PDU begins is not known any more.
    """

    expected: ClassVar[Mapping[str, tuple[int, ...]]] = {}

    def __init__(self) -> None:
        self.lost = False
        self._pending = b""
        self._confused = False
        self._odd: set[str] = set()

    @property
    def torn(self) -> bool:
        """Whether the next octets are no PDU of their own: one has begun, or its end is not known."""
        return self.lost or bool(self._pending)

    def rested(self) -> None:
        """The answers that are due were waited for."""

    def send(self, octets: bytes, states: Collection[str]) -> Heard:
        """The next octets, sent where the target may be in `states`. Raises `TooWideError`."""
        self._odd = set()
        if self.lost:
            self._pending = b""
            self._odd.add("behind what is no PDU")
            self._confused = True
            readings = self._all(octets, states)
            self.lost = True
            return Heard(distinct((*garbling(readings), *AS_GARBAGE)), frozenset(self._odd))
        readings = self._all(self._pending + octets, states)
        open_end = bool(self._pending) and any(readings)
        return Heard(distinct(readings), frozenset(self._odd), open_end)

    def _all(self, octets: bytes, states: Collection[str]) -> tuple[Reading, ...]:
        """Every combination of how each PDU in a row may be taken."""
        rows: list[tuple[Reading, ...]] = []
        rest, first = octets, True
        while rest and not (self.lost and not first):
            row, rest = self._next(rest, states if first else ())
            rows.append(distinct(row))
            count = 1
            for each in rows:
                count *= len(each)
            if count > MOST_READINGS:
                raise TooWideError
            first = False
            if self.lost:
                break
        return tuple(sum(each, ()) for each in product(*rows))

    def _next(self, octets: bytes, states: Collection[str]) -> tuple[tuple[Reading, ...], bytes]:
        """How the first PDU may be taken, and what is left behind it."""
        kind = octets[0]
        self._pending = b""
        if len(octets) < HEADER:
            if kind in PDU_NAMES:
                self._pending = octets
                return AS_NOTHING, b""
            return self._lose("unknown type", AS_GARBAGE), b""
        length = int.from_bytes(octets[2:HEADER], "big")
        whole = len(octets) >= HEADER + length
        if kind not in PDU_NAMES:
            readings = AS_INVALID if whole else or_waits(AS_INVALID, _WAITS)
            return self._lose("unknown type", readings), b""
        if length < SHORTEST.get(kind, FOUR) or (kind not in SHORTEST and length != FOUR):
            readings = self._impossible(kind, length)
            return self._lose(f"{PDU_NAMES[kind]} of an impossible length", readings, waits=not whole), b""
        if not whole:
            self._pending = octets
            return self._begun(kind, length, states), b""
        raw, rest = octets[: HEADER + length], octets[HEADER + length :]
        return self._whole(kind, raw), rest

    def _lose(self, odd: str, readings: tuple[Reading, ...], *, waits: bool = False) -> tuple[Reading, ...]:
        self.lost = True
        self._odd.add(odd)
        return or_waits(readings, _WAITS) if waits else garbling(readings)

    def _impossible(self, kind: int, length: int) -> tuple[Reading, ...]:
        """A known type with a length that it cannot have; the end of the PDU is a matter of taste then."""
        match kind:
            case 0x05:
                return AS_ODD_RELEASE
            case 0x07:
                return AS_ODD_ABORT
            case _:
                return (*AS_INVALID, *as_event(EVENTS[kind]))

    def _whole(self, kind: int, raw: bytes) -> tuple[Reading, ...]:
        """A PDU of a length that its type can have."""
        raise NotImplementedError

    def _begun(self, kind: int, length: int, states: Collection[str]) -> tuple[Reading, ...]:
        """A PDU that is not whole yet."""
        limit = LONG_REQUEST if kind in (RQ, AC) else LONG_DATA
        if length > limit:
            self.lost = True
            self._odd.add(f"{PDU_NAMES[kind]} that announces much")
            return or_waits(AS_INVALID, _WAITS) if length > ABSURD else AS_GARBAGE
        idle = states and all(kind not in self.expected.get(state, ()) for state in states)
        if idle and kind != ABORT:
            return (*AS_NOTHING, (Stimulus(EVENTS[kind], deafens=True, garbles=True),))
        return AS_NOTHING

    def _either(self, name: str, event: str) -> tuple[Reading, ...]:
        """Whether it is valid is for its receiver to say, who has no use for it."""
        self._odd.add(f"{name} with odd content")
        return (*AS_INVALID, *as_event(event))

    def _reserved(self, raw: bytes, plain: bytes) -> None:
        if raw != plain:
            self._odd.add("reserved octets")

    def _abort(self, raw: bytes) -> tuple[Reading, ...]:
        if raw not in (o.ABORT_USER, o.ABORT_PROVIDER):
            self._odd.add("A-ABORT with other codes or reserved octets")
        return AS_ABORT

    def _release_response(self, raw: bytes) -> tuple[Reading, ...]:
        self._reserved(raw, o.RELEASE_RP)
        return as_event("Evt13")


def garbling(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The same, where what follows may be read as PDUs that are none."""
    return tuple(tuple(replace(each, deafens=True, garbles=True) for each in reading) for reading in readings)


def distinct(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Each reading once."""
    return tuple(dict.fromkeys(readings))
