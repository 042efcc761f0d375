"""How a requestor may take the octets of the connection that it has made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from dicomnet.statemachine import (
    REJECT_REASONS,
    REJECT_RESULTS,
    AAssociateRJ,
    AAssociateRQ,
    CEchoRSP,
    PDataTF,
    decode,
    decode_command,
)

from .. import octets as o
from ..case import AS_INVALID, AS_RELEASE, Grade, Reading, Stimulus, as_event
from ..cases.requestor_data import AS_ILL_DATA, AS_STRANGE
from ..cases.requestor_refusal import AS_ILL_RJ, AS_ODD_RJ, AS_RJ
from ..cases.user_information import AS_TOO_LONG
from ..requestor import AS_DATA, AS_REQUEST
from .acceptance import Acceptance, acceptance
from .framed import ABORT, AC, DATA, HEADER, LONG_DATA, RELEASE_RP, RELEASE_RQ, RJ, Framed

# Octets behind the last PDV: what is whole before them may be taken, and the rest dropped.
_IGNORES: Final = "ignores octets behind the last PDV"
REJECTED: Final = Acceptance(frozenset())


class CalledStream(Framed):
    """One connection's octets, from the first on, as the requestor hears them that has sent `request`.

    `first` is the acceptance, where one was the first that was sent; a rejection is one that accepts nothing. `opened`:
    something has been sent that ends the wait for an answer.
    """

    expected: ClassVar[Mapping[str, tuple[int, ...]]] = {
        "Sta5": (AC, RJ, ABORT),
        "Sta6": (DATA, RELEASE_RQ, ABORT),
        "Sta7": (DATA, RELEASE_RQ, RELEASE_RP, ABORT),
        "Sta8": (ABORT,),
        "Sta9": (ABORT,),
        "Sta11": (RELEASE_RP, ABORT),
    }

    def __init__(self, request: AAssociateRQ) -> None:
        super().__init__()
        self.first: Acceptance | None = None
        self.opened = False
        self._request = request

    @property
    def answer(self) -> tuple[Reading, ...]:
        """How the answer to the user's message may be taken, whose octets are made when it has come."""
        self.opened = True
        return AS_STRANGE if self._confused else AS_DATA

    def accepted(self, octets: bytes) -> None:
        """The plain acceptance was sent, which is made of the request of the connection itself."""
        if not self.opened:
            self.first = acceptance(octets, self._request)
        self.opened = True

    def _impossible(self, kind: int, length: int) -> tuple[Reading, ...]:
        """See `Framed`."""
        opened, self.opened = self.opened, True
        match kind:
            case 0x02:
                return (*AS_INVALID, *as_event("Evt3")) if opened else AS_INVALID
            case 0x03:
                return AS_ILL_RJ
            case 0x04:
                self._confused = True
                return (*AS_ILL_DATA, *AS_INVALID, (Stimulus("Evt10"),))
            case _:
                return super()._impossible(kind, length)

    def _whole(self, kind: int, raw: bytes) -> tuple[Reading, ...]:
        """See `Framed`."""
        opened, self.opened = self.opened, True
        match kind:
            case 0x01:
                whole = isinstance(decode(raw), AAssociateRQ)
                self._reserved(raw, o.RQ)
                return AS_REQUEST if whole else (*AS_INVALID, *AS_REQUEST)
            case 0x02:
                return self._acceptance(raw, opened=opened)
            case 0x03:
                return self._rejection(raw, opened=opened)
            case 0x04:
                return self._data(raw)
            case 0x05:
                self._reserved(raw, o.RELEASE_RQ)
                return AS_RELEASE
            case 0x06:
                return self._release_response(raw)
            case _:
                return self._abort(raw)

    def _acceptance(self, raw: bytes, *, opened: bool) -> tuple[Reading, ...]:
        seen = acceptance(raw, self._request)
        if opened:
            return as_event("Evt3") if not seen.odd or raw == o.AC else self._either("A-ASSOCIATE-AC", "Evt3")
        self._odd |= {f"A-ASSOCIATE-AC: {each}" for each in seen.odd}
        if seen.useless and not seen.odd:
            self._odd.add("A-ASSOCIATE-AC: other than wished")
        self.first = seen
        return seen.readings()

    def _rejection(self, raw: bytes, *, opened: bool) -> tuple[Reading, ...]:
        said = decode(raw)
        if not opened:
            self.first = REJECTED
        if not isinstance(said, AAssociateRJ):
            return self._either("A-ASSOCIATE-RJ", "Evt4")
        if said.result not in REJECT_RESULTS or said.reason not in REJECT_REASONS.get(said.source, ()):
            self._odd.add("A-ASSOCIATE-RJ with reserved codes")
            return AS_ODD_RJ
        self._reserved(raw[:2] + raw[6:7], b"\3\0\0")
        return AS_RJ

    # --- data --------------------------------------------------------------------------------------------

    def _data(self, raw: bytes) -> tuple[Reading, ...]:
        longest = self._request.user_information.max_length or 0
        size = len(raw) - HEADER
        too_long = AS_TOO_LONG if size > (longest or size) or size > LONG_DATA else ()
        pdu = decode(raw)
        if not isinstance(pdu, PDataTF):
            self._confused = True
            self._odd.add("P-DATA-TF whose PDVs do not fill it")
            note = (Stimulus("Evt10", grade=Grade.NON_STRICT, note=_IGNORES),)
            return (*AS_INVALID, *AS_ILL_DATA, note, *too_long)
        self._reserved(raw[:2], o.ECHO[:2])
        if self._is_response(pdu):
            self._odd.add("a response that was not asked for")
            return (*AS_DATA, *too_long)
        self._odd.add("data that is no response")
        self._confused = True
        return (*AS_STRANGE, *too_long)

    def _is_response(self, pdu: PDataTF) -> bool:
        """Whether this is a whole response without a data set, on a context that stands."""
        (pdv, *others) = pdu.pdvs
        if others or self._confused or not (pdv.is_command and pdv.is_last):
            return False
        if self.first is None or self.first.odd or pdv.context_id not in self.first.accepted:
            return False
        return isinstance(decode_command(pdv.fragment), CEchoRSP)
