"""What is on its way on a simulated wire, measured in units by which it is cut, limited and read.

The unit of plain octets is an octet. Of octets that a security layer has sealed neither the values nor the number may
decide anything, or no run over TLS could be repeated: signatures and session tickets differ from run to run, some in
their length. So whatever is sealed in one send counts `SEALED_UNITS` units. Where it is cut after so many of them is
fixed: at certain octets from its beginning, and the last octet comes with the last unit. What stands before the part
whose length differs is always cut alike, and nobody can act on the whole before its last octet.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

SEALED_UNITS = 64
# The first units are an octet each, the others so many octets.
SMALL_UNITS = 32
LARGE_UNIT = 64


class _Piece(NamedTuple):
    """Units `first` to `end` of what was sent in one call."""

    sent: bytes
    first: int
    end: int


class Cargo:
    """Octets in the order in which they were sent."""

    __slots__ = ("_pieces", "sealed", "units")

    def __init__(self, *, sealed: bool = False) -> None:
        self.sealed = sealed
        self.units = 0
        self._pieces: deque[_Piece] = deque()

    def __bool__(self) -> bool:
        return bool(self.units)

    def add(self, octets: bytes) -> None:
        """Put what is sent in one call behind the rest."""
        units = SEALED_UNITS if self.sealed else len(octets)
        self._pieces.append(_Piece(octets, 0, units))
        self.units += units

    def put_last(self, other: Cargo) -> None:
        """Put all of `other` behind the rest."""
        self._pieces.extend(other._pieces)
        self.units += other.units

    def put_first(self, other: Cargo) -> None:
        """Put all of `other` before the rest."""
        self._pieces.extendleft(reversed(other._pieces))
        self.units += other.units

    def take(self, units: int) -> Cargo:
        """Take the first units out, as many as there are at most."""
        taken = Cargo(sealed=self.sealed)
        taken.units = units = min(units, self.units)
        self.units -= units
        pieces = self._pieces
        while units:
            sent, first, end = pieces[0]
            cut = min(end, first + units)
            taken._pieces.append(_Piece(sent, first, cut))
            units -= cut - first
            if cut == end:
                pieces.popleft()
            else:
                pieces[0] = _Piece(sent, cut, end)
        return taken

    def clear(self) -> None:
        """Throw all away."""
        self._pieces.clear()
        self.units = 0

    @property
    def octets(self) -> bytes:
        """The octets of these units."""
        if not self.sealed:
            return b"".join(sent[first:end] for sent, first, end in self._pieces)
        return b"".join(sent[_octet(sent, first) : _octet(sent, end)] for sent, first, end in self._pieces)


def _octet(sent: bytes, unit: int) -> int:
    """After which octet a unit of something sealed ends."""
    if unit == SEALED_UNITS:
        return len(sent)
    octet = min(unit, SMALL_UNITS) + max(0, unit - SMALL_UNITS) * LARGE_UNIT
    return min(octet, len(sent) - 1)
