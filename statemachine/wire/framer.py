"""From a stream of octets, however it is split, to PDUs."""

from __future__ import annotations

from typing import Final

from .decode import decode
from .framing import Limits, frame_length
from .pdus import HEADER_LENGTH, Pdu
from .violation import Violation

Received = tuple[Pdu | Violation, bytes]
"""What one PDU decodes to, and its octets."""


_DEFAULT: Final = Limits()


class Framer:
    """Collects octets and gives out each PDU as soon as it is whole.

    This is a convenience around `frame_length` and `decode`, and the one class of this package that
    changes: it holds the octets of the PDU that is still incomplete, and no I/O. The work is linear in what
    is fed, also one octet at a time. A PDU with wrong content comes out as a Violation and the next one
    follows; after a Violation with `framing` set nothing comes any more and what arrives is dropped.
    """

    __slots__ = ("_broken", "_held", "_needed", "limits")

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = _DEFAULT if limits is None else limits
        self._held = bytearray()
        self._needed = 0  # octets of the PDU in hand, once its header tells
        self._broken = False

    @property
    def pending(self) -> int:
        """How many octets of an incomplete PDU are held."""
        return len(self._held)

    @property
    def pending_header(self) -> bytes:
        """The header of the incomplete PDU, as far as it is held: at most 6 octets."""
        return bytes(self._held[:HEADER_LENGTH])

    def feed(self, octets: bytes | bytearray | memoryview) -> list[Received]:
        """Take the next octets of the stream; give the PDUs they complete, each with its raw octets.

        Beside a Violation of framing stand the header octets that show it: the type alone, or all six.
        """
        if self._broken:
            return []
        if self._held:
            self._held += octets
            if len(self._held) < self._needed:
                return []
            whole = bytes(self._held)
            self._held.clear()
        else:
            whole = octets if isinstance(octets, bytes) else bytes(octets)
        received, used = self._cut(whole)
        # What is left is of the newest octets alone, so none is copied back more than once.
        if used < len(whole):
            self._held += whole[used:]
        return received

    def _cut(self, octets: bytes) -> tuple[list[Received], int]:
        """The whole PDUs at the front of `octets`, and how many octets are done with."""
        received: list[Received] = []
        start = 0
        while start < len(octets):
            length = frame_length(octets, start, self.limits)
            if isinstance(length, Violation):
                self._broken = True
                shown = HEADER_LENGTH if length.offset else 1
                received.append((length, octets[start : start + shown]))
                return received, len(octets)
            if length is None or start + length > len(octets):
                self._needed = length or 0
                return received, start
            raw = octets[start : start + length]
            received.append((decode(raw), raw))
            start += length
        self._needed = 0
        return received, start
