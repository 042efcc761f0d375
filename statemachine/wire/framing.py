"""Where one PDU ends and the next begins in a stream of octets (PS3.8 2020 9.3.1).

A fault is told as early as it can be known: an unknown type at its first octet (a TLS ClientHello would
otherwise announce megabytes), a length that its type cannot have, or that is over the limit, at the sixth.
Nothing is ever reserved by an announced length: what is held is what has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from ..errors import LocalProtocolError
from .items import DEFAULT_MAXIMUM_LENGTH
from .pdus import HEADER_LENGTH, PDU_NAMES, PDataTF
from .violation import PS38, UNRECOGNISED_PDU, Violation

ASSOCIATE_LIMIT: Final = 1 << 20
"""Default limit of the PDU length of an A-ASSOCIATE-RQ or -AC, in octets."""

DATA_CEILING: Final = 1 << 26
"""Limit of the PDU length of a P-DATA-TF, in octets, when no maximum length was announced."""

LENGTH_MAXIMUM: Final = 0xFFFFFFFF
"""What the 4-octet PDU-length field can say at most."""

PDU_LENGTH: Final = Struct(">I")
PDU_LENGTH_OFFSET: Final = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest PDU-length fields accepted, in octets (the 6-octet header is not counted).

    `associate` holds for A-ASSOCIATE-RQ and -AC; `data` for P-DATA-TF and is the maximum length that this
    side announced (PS3.8 2020 D.1), where 0, no limit, stands for DATA_CEILING. Raises
    LocalProtocolError("invalid_argument") for a negative number.
    """

    associate: int = ASSOCIATE_LIMIT
    data: int = DEFAULT_MAXIMUM_LENGTH

    def __post_init__(self) -> None:
        if self.associate < 0 or self.data < 0:
            raise LocalProtocolError("invalid_argument", f"a limit is not negative: {self}")


UNLIMITED: Final = Limits(LENGTH_MAXIMUM, LENGTH_MAXIMUM)


@dataclass(frozen=True, slots=True)
class LengthRule:
    """The PDU lengths that a type can have at all, in octets, and the clause that says so."""

    shortest: int
    longest: int
    clause: str


LENGTH_RULES: Final[dict[int, LengthRule]] = {
    0x01: LengthRule(68, LENGTH_MAXIMUM, f"{PS38} 9.3.2, Table 9-11"),
    0x02: LengthRule(68, LENGTH_MAXIMUM, f"{PS38} 9.3.3, Table 9-17"),
    0x03: LengthRule(4, 4, f"{PS38} 9.3.4, Table 9-21"),
    # At least one PDV, and no PDV is shorter than its length field, its context id and its control header.
    0x04: LengthRule(6, LENGTH_MAXIMUM, f"{PS38} 9.3.5, Table 9-22"),
    0x05: LengthRule(4, 4, f"{PS38} 9.3.6, Table 9-24"),
    0x06: LengthRule(4, 4, f"{PS38} 9.3.7, Table 9-25"),
    0x07: LengthRule(4, 4, f"{PS38} 9.3.8, Table 9-26"),
}


def frame_length(
    octets: bytes | bytearray | memoryview, start: int, limits: Limits
) -> int | Violation | None:
    """How many octets, header included, the PDU that begins at `start` has.

    None when too little of its header has arrived; a Violation with `framing` set when there can be no such
    PDU or it is over the limit. Reads the header alone.
    """
    available = len(octets) - start
    if available < 1:
        return None
    kind = octets[start]
    rule = LENGTH_RULES.get(kind)
    if rule is None:
        return _unknown_type(kind)
    if available < HEADER_LENGTH:
        return None
    length: int = PDU_LENGTH.unpack_from(octets, start + PDU_LENGTH_OFFSET)[0]
    if not rule.shortest <= length <= rule.longest:
        return _impossible_length(kind, length, rule)
    if length > limits.data and kind == PDataTF.pdu_type:
        if limits.data or length > DATA_CEILING:
            return _over_limit(kind, length, limits.data or DATA_CEILING, f"{PS38} D.1")
    elif length > limits.associate and rule.longest == LENGTH_MAXIMUM and kind != PDataTF.pdu_type:
        return _over_limit(kind, length, limits.associate, rule.clause)
    return HEADER_LENGTH + length


def _unknown_type(kind: int) -> Violation:
    reason = f"no PDU has the type {kind:#04x}"
    return Violation(f"{PS38} 9.3.1", 0, reason, UNRECOGNISED_PDU, framing=True)


def _impossible_length(kind: int, length: int, rule: LengthRule) -> Violation:
    bound = str(rule.shortest) if rule.shortest == rule.longest else f"at least {rule.shortest}"
    reason = f"the length of {PDU_NAMES[kind]} is {bound}, not {length}"
    return Violation(rule.clause, PDU_LENGTH_OFFSET, reason, framing=True)


def _over_limit(kind: int, length: int, limit: int, clause: str) -> Violation:
    reason = f"the length {length} of {PDU_NAMES[kind]} is over the limit of {limit}"
    return Violation(clause, PDU_LENGTH_OFFSET, reason, framing=True)
