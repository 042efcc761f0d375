"""How an acceptor may take the octets of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from dicomnet.statemachine import PDataTF, Violation, decode

from .. import octets as o
from ..case import (
    AS_FORBIDDEN,
    AS_INVALID,
    AS_ODD_DATA,
    AS_RELEASE,
    DATA_ANSWER,
    RELEASE_ANSWER,
    Answer,
    Grade,
    Reading,
    Stimulus,
    as_event,
)
from ..cases.build import odd_request
from ..cases.user_information import AS_TOO_LONG
from .framed import ABORT, DATA, FOUR, HEADER, LONG_DATA, RELEASE_RQ, RQ, Framed
from .request import Proposal, proposal, request_readings

_PIPELINED: Final = "the user aborts where two requests were sent at once (PS3.7 2020 D.3.3.3)"
_ABORTS: Final = Answer("Evt15")
# Data of which it is not said what follows: it is dropped, answered, aborted, or taken for an invalid PDU.
AS_ANY_DATA: Final[tuple[Reading, ...]] = (
    (Stimulus("Evt10"),),
    (Stimulus("Evt10", None, (_ABORTS, DATA_ANSWER)),),
    *AS_INVALID,
)
AS_RELEASE_OR_ABORT: Final[tuple[Reading, ...]] = (
    (Stimulus("Evt12", None, (RELEASE_ANSWER, Answer("Evt15", Grade.NON_STRICT, "the user aborts"))),),
)


class Stream(Framed):
    """One connection's octets, from the first on, as an acceptor hears them.

    `called` and `calling` are the AE titles with which the target is known to serve. `echoes` are the C-ECHO requests
    that were whole (context and Message ID), as long as `wild` is not set: then other data has been sent as well.
    `first` is the first request.
    """

    expected: ClassVar[Mapping[str, tuple[int, ...]]] = {
        "Sta2": (RQ, ABORT),
        "Sta3": (ABORT,),
        "Sta6": (DATA, RELEASE_RQ, ABORT),
        "Sta8": (ABORT,),
    }

    def __init__(self, called: str, calling: str) -> None:
        super().__init__()
        self.wild = False
        self.echoes: list[tuple[int, int]] = []
        self.first: Proposal | None = None
        self._titles = called, calling
        self._message = b""
        self._context: int | None = None
        self._outstanding = 0

    def rested(self) -> None:
        """The answers that are due were waited for."""
        self._outstanding = 0

    def _impossible(self, kind: int, length: int) -> tuple[Reading, ...]:
        """A known type with a length that it cannot have; the end of the PDU is a matter of taste then."""
        match kind:
            case 0x01:
                self.first = self.first or Proposal(frozenset({"malformed"}))
                return odd_request(Grade.NON_STRICT, "accepted a request that is too short")
            case 0x04:
                self.wild = True
                return (*AS_ODD_DATA, ((Stimulus("Evt10"),))) if length == 0 else AS_ODD_DATA
            case _:
                return super()._impossible(kind, length)

    def _whole(self, kind: int, raw: bytes) -> tuple[Reading, ...]:
        """A PDU of a length that its type can have."""
        match kind:
            case 0x01:
                return self._request(raw)
            case 0x02:
                return as_event("Evt3") if raw == o.AC else self._either("A-ASSOCIATE-AC", "Evt3")
            case 0x03:
                return as_event("Evt4") if raw == o.RJ else self._either("A-ASSOCIATE-RJ", "Evt4")
            case 0x04:
                return self._data(raw)
            case 0x05:
                self._reserved(raw, o.RELEASE_RQ)
                unfinished = self._message or self._confused
                return AS_RELEASE_OR_ABORT if unfinished else AS_RELEASE
            case 0x06:
                return self._release_response(raw)
            case _:
                return self._abort(raw)

    def _request(self, raw: bytes) -> tuple[Reading, ...]:
        seen = proposal(raw, *self._titles)
        self._odd |= {f"A-ASSOCIATE-RQ: {each}" for each in seen.odd}
        self.first = self.first or seen
        return request_readings(seen)

    # --- data --------------------------------------------------------------------------------------------

    def _data(self, raw: bytes) -> tuple[Reading, ...]:
        pdu = decode(raw)
        too_long = AS_TOO_LONG if len(raw) - HEADER > LONG_DATA else ()
        if isinstance(pdu, Violation) or not isinstance(pdu, PDataTF):
            return (*self._malformed(raw), *too_long)
        if self.first is None:
            return as_event("Evt10")  # there is no association: what it says does not matter
        self._reserved(raw[:2], o.ECHO[:2])
        if not self._confused and self._forbidden(pdu):
            self.wild = True
            self._odd.add("data on a context that was not proposed")
            return (*AS_FORBIDDEN, *too_long)
        before = self._confused
        ends = [self._fragment(pdu, position) for position in range(len(pdu.pdvs))]
        if self._confused or sum(ends) > 1:
            if not before:
                self._odd.add("data that may not be sent so")
            self._confused = self.wild = True
            return (*AS_ANY_DATA, (Stimulus("Evt10", None, (DATA_ANSWER, _ABORTS)),) * 2, *too_long)
        sure = not self.first.free and all(pdv.context_id in self.first.served for pdv in pdu.pdvs)
        if len(pdu.pdvs) > 1 or not any(ends):
            self._odd.add("command in fragments")
        answered = (Stimulus("Evt10"),)
        if any(ends):
            answered = (Stimulus("Evt10", None, self._answers(sure=sure)),)
        return (answered, *(() if sure else AS_FORBIDDEN), *too_long)

    def _malformed(self, raw: bytes) -> tuple[Reading, ...]:
        """PDVs that do not fill their PDU exactly."""
        self._confused = self.wild = True
        self._odd.add("P-DATA-TF whose PDVs do not fill it")
        first = int.from_bytes(raw[HEADER : HEADER + FOUR], "big")
        if 2 <= first <= len(raw) - HEADER - FOUR:  # a PDV, and something behind it
            note = "ignores octets behind the last PDV"
            lenient = (
                (Stimulus("Evt10", grade=Grade.NON_STRICT, note=note),),
                (Stimulus("Evt10", None, (DATA_ANSWER, _ABORTS), grade=Grade.NON_STRICT, note=note),),
            )
            return (*AS_INVALID, *AS_ODD_DATA, *lenient)
        return (*AS_INVALID, *AS_ODD_DATA)

    def _forbidden(self, pdu: PDataTF) -> bool:
        """A whole C-ECHO request on a context that was not proposed, where a message may begin."""
        (pdv, *others) = pdu.pdvs
        assert self.first is not None
        return (
            not (others or self._message or self.first.free)
            and pdv.context_id not in self.first.contexts
            and (pdv.is_command, pdv.is_last) == (True, True)
            and _echo_id(pdv.fragment) is not None
        )

    def _fragment(self, pdu: PDataTF, position: int) -> bool:
        """Put the command together; tells whether this PDV ends a C-ECHO request."""
        pdv = pdu.pdvs[position]
        assert self.first is not None
        if (
            self._confused
            or not pdv.is_command
            or (pdv.context_id not in self.first.contexts and not self.first.free)
            or self._context not in (None, pdv.context_id)
            or not pdv.fragment
            or len(pdv.fragment) % 2
            or not _begins_echo(self._message + pdv.fragment)
        ):
            self._confused = True
            return False
        self._message += pdv.fragment
        self._context = pdv.context_id
        if not pdv.is_last:
            return False
        number = _echo_id(self._message)
        self._message, self._context = b"", None
        if number is None:
            self._confused = True
            return False
        self.echoes.append((pdv.context_id, number))
        return True

    def _answers(self, *, sure: bool) -> tuple[Answer, ...]:
        """What the user owes who was sent a whole C-ECHO request."""
        self._outstanding += 1
        assert self.first is not None
        if self._outstanding > 1:
            return DATA_ANSWER, Answer("Evt15", Grade.NON_STRICT, _PIPELINED)
        return (DATA_ANSWER,) if sure and not self.first.cramped else (DATA_ANSWER, _ABORTS)


def _begins_echo(octets: bytes) -> bool:
    """Whether a C-ECHO request may begin with these octets."""
    at = _ID_AT
    number = int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "little")
    whole = o.echo_command(number)
    if len(octets) == at + 1:
        return octets[:at] == whole[:at]
    return whole.startswith(octets)


def _echo_id(octets: bytes) -> int | None:
    """The Message ID of a C-ECHO request; None where it is none, or not as it is commonly written."""
    number = int.from_bytes(octets[_ID_AT : _ID_AT + 2], "little")
    return number if octets == o.echo_command(number) else None


# Where the Message ID stands in the command set of a C-ECHO request.
_ID_AT: Final = next(
    index
    for index, pair in enumerate(zip(o.echo_command(0), o.echo_command(0xFFFF), strict=True))
    if pair[0] != pair[1]
)


def readings_of(octets: bytes, called: str = "ANY-SCP", calling: str = "DICOMNET") -> tuple[Reading, ...]:
    """What octets at the beginning of a connection may be taken for, by an acceptor of these AE titles.

    Raises `TooWideError` where there are too many ways.
    """
    return Stream(called, calling).send(octets, ("Sta2",)).readings
