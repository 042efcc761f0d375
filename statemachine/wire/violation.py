"""What a peer got wrong on the wire, as a value: nothing in the decoder raises on what was received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PS38: Final = "PS3.8 2020"
PS37: Final = "PS3.7 2020"

UNRECOGNISED_PDU: Final = 1
INVALID_PARAMETER_VALUE: Final = 6


@dataclass(frozen=True, slots=True)
class Violation:
    """A breach of the standard in received octets.

    `clause` is the clause with its edition; `offset` counts octets from the start of the PDU (or of the
    command set); `reason` says in a sentence what is wrong; `abort_reason` is the reason that an A-ABORT sent
    by action AA-8 carries (PS3.8 2020 Table 9-26): 1 unrecognised PDU, 6 invalid PDU parameter value.
    With `framing` set the end of the PDU is unknown, so the rest of the stream cannot be read.
    """

    clause: str
    offset: int
    reason: str
    abort_reason: int = INVALID_PARAMETER_VALUE
    framing: bool = False


class InvalidPduError(Exception):
    """Carries a Violation out of the nested readers; it never leaves this package."""

    def __init__(self, clause: str, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.violation = Violation(clause, offset, reason)

    def moved(self, start: int) -> InvalidPduError:
        """The same for octets that begin at `start` of the PDU."""
        found = self.violation
        return InvalidPduError(found.clause, found.offset + start, found.reason)
