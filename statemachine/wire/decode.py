"""From the octets of one PDU to its value (PS3.8 2020 9.3). Total: any octets give a PDU or a Violation.

What the standard says to skip is skipped: items of a type not known (9.3.1), reserved fields, the upper
bits of the message control header (E.2). What is the user's to judge is handed on as it came: AE titles,
context ids, UIDs that are not known, the protocol version, reserved codes. What remains is structure, and
there nothing is forgiven: lengths must add up and what is mandatory must be there.

An item that is to appear once and appears twice is refused as well. Its two copies may contradict each
other, and two peers that each pick another one would go on with two different associations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from struct import Struct
from typing import Final, TypeVar

from .codes import CONTEXT_ACCEPTED
from .decode_items import Item, split_items, twice
from .decode_user import read_user_information, states_identity
from .framing import LENGTH_RULES, PDU_LENGTH, PDU_LENGTH_OFFSET, UNLIMITED, frame_length
from .items import (
    ABSTRACT_SYNTAX_ITEM,
    APPLICATION_CONTEXT_ITEM,
    PRESENTATION_CONTEXT_AC_ITEM,
    PRESENTATION_CONTEXT_RQ_ITEM,
    TRANSFER_SYNTAX_ITEM,
    USER_INFORMATION_ITEM,
    PresentationContextAC,
    PresentationContextRQ,
    UserInformation,
)
from .memo import Memo
from .pdus import (
    HEADER_LENGTH,
    PDV,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    PDataTF,
    Pdu,
)
from .quick import blank, quick
from .uids import uid_text
from .violation import PS38, InvalidPduError, Violation

_PDV: Final = Struct(">IBB")
_DATA_TYPE: Final = PDataTF.pdu_type
_FRAGMENT_OFFSET: Final = 12
_read_data_and_pdv = Struct(">2xIIBB").unpack_from
_read_length = PDU_LENGTH.unpack_from
_PDV_LENGTH_SIZE: Final = 4
_PDV_FIELDS: Final = 2
_CONTROL: Final[tuple[tuple[bool, bool], ...]] = ((False, False), (True, False), (False, True), (True, True))
"""What the two lower bits of a message control header say: is it a command, is it the last fragment."""
_CONTEXT_FIELDS: Final = 4

_RQ_CLAUSE: Final = f"{PS38} 9.3.2, Table 9-11"
_AC_CLAUSE: Final = f"{PS38} 9.3.3, Table 9-17"
_CONTEXT_RQ_CLAUSE: Final = f"{PS38} 9.3.2.2, Table 9-13"
_CONTEXT_AC_CLAUSE: Final = f"{PS38} 9.3.3.2, Table 9-18"
_PDV_CLAUSE: Final = f"{PS38} 9.3.5.1, Table 9-23"
_ITEMS_OFFSET: Final = 74
_REPEATED: Final = slice(10, _ITEMS_OFFSET)
_RELEASE_RQ: Final = AReleaseRQ()
_RELEASE_RP: Final = AReleaseRP()

_new_pdv = quick(PDV)
_new_data = quick(PDataTF)
_blank_pdv = blank(PDV)
_blank_data = blank(PDataTF)
_new_context_rq = quick(PresentationContextRQ)
_new_context_ac = quick(PresentationContextAC)
_new_associate_rq = quick(AAssociateRQ)
_new_associate_ac = quick(AAssociateAC)

Context = TypeVar("Context", PresentationContextRQ, PresentationContextAC)


def decode(octets: bytes | bytearray | memoryview) -> Pdu | Violation:
    """The value of one whole PDU, header included, or what is wrong with it. Never raises.

    Octets that end before or after the PDU that they announce are a Violation with `framing` set.
    """
    view = octets if type(octets) is bytes else bytes(octets)
    size = len(view)
    if size >= _FRAGMENT_OFFSET and view[0] == _DATA_TYPE:
        # Bulk data is one PDV after the other, each in a PDU of its own: three lengths that agree are all
        # there is to check.
        length: int
        pdv_length: int
        context_id: int
        control: int
        length, pdv_length, context_id, control = _read_data_and_pdv(view)
        if length == size - HEADER_LENGTH and pdv_length == length - _PDV_LENGTH_SIZE:
            pdv = _blank_pdv()
            pdv.context_id = context_id
            pdv.is_command, pdv.is_last = _CONTROL[control & 3]
            pdv.fragment = view[_FRAGMENT_OFFSET:]
            pdv.__class__ = PDV
            blank_data = _blank_data()
            blank_data.pdvs = (pdv,)
            blank_data.__class__ = PDataTF
            data: PDataTF = blank_data
            return data
    reader = _READERS.get(view[0]) if size >= HEADER_LENGTH else None
    if reader is None:
        return _wrong_frame(view)
    shortest, longest, read = reader
    length = _read_length(view, PDU_LENGTH_OFFSET)[0]
    if length != size - HEADER_LENGTH or not shortest <= length <= longest:
        return _wrong_frame(view)
    try:
        return read(view)
    except InvalidPduError as invalid:
        return invalid.violation


def _wrong_frame(octets: bytes) -> Violation:
    """Say what is wrong with octets that are not one whole PDU of a known type."""
    length = frame_length(octets, 0, UNLIMITED)
    if isinstance(length, Violation):
        return length
    if length is None:
        reason = f"the PDU ends within its header, after {len(octets)} octets"
    elif length > len(octets):
        reason = f"the PDU announces {length} octets and ends after {len(octets)}"
    else:
        reason = f"{len(octets) - length} octets follow the end of the PDU"
    return Violation(f"{PS38} 9.3.1", min(length or len(octets), len(octets)), reason, framing=True)


# --- association -------------------------------------------------------------------------------------------


def _associate_rq(octets: bytes) -> AAssociateRQ:
    application, contexts, user = _read_items(
        octets, PRESENTATION_CONTEXT_RQ_ITEM, _CONTEXTS_RQ, _USERS_RQ, _RQ_CLAUSE
    )
    called, calling = _titles(octets)
    return _new_associate_rq(
        called, calling, contexts, user, application, _version(octets), octets[_REPEATED]
    )


def _associate_ac(octets: bytes) -> AAssociateAC:
    application, contexts, user = _read_items(
        octets, PRESENTATION_CONTEXT_AC_ITEM, _CONTEXTS_AC, _USERS_AC, _AC_CLAUSE
    )
    called, calling = _titles(octets)
    return _new_associate_ac(
        called, calling, contexts, user, application, _version(octets), octets[_REPEATED]
    )


def _titles(octets: bytes) -> tuple[str, str]:
    text = octets[10:42].decode("latin-1")
    return text[:16].strip(" "), text[16:].strip(" ")


def _version(octets: bytes) -> int:
    return octets[6] << 8 | octets[7]


def _read_items(
    octets: bytes,
    context_kind: int,
    contexts_by_value: Memo[bytes, Context],
    user_by_value: Memo[bytes, UserInformation],
    clause: str,
) -> tuple[str, tuple[Context, ...], UserInformation]:
    """The application context, the presentation contexts and the user information of an A-ASSOCIATE PDU."""
    application: str | None = None
    contexts: list[Context] = []
    user: UserInformation | None = None
    items = split_items(octets, _ITEMS_OFFSET, len(octets), clause)
    start = _ITEMS_OFFSET
    try:
        for kind, start, stop in items:
            if kind == context_kind:
                contexts.append(contexts_by_value[octets[start:stop]])
            elif kind == USER_INFORMATION_ITEM:
                if user is not None:
                    raise twice(kind, 0, clause)
                user = user_by_value[octets[start:stop]]
            elif kind == APPLICATION_CONTEXT_ITEM:
                if application is not None:
                    raise twice(kind, 0, clause)
                application = uid_text(octets[start:stop])
    except InvalidPduError as invalid:
        raise invalid.moved(start) from None
    if application is None:
        raise InvalidPduError(clause, len(octets), "there is no application context item")
    # An acceptance answers what was proposed, and some peers accept a request in which there was nothing.
    if not contexts and context_kind == PRESENTATION_CONTEXT_RQ_ITEM:
        raise InvalidPduError(clause, len(octets), "there is no presentation context item")
    if user is None:
        raise InvalidPduError(clause, len(octets), "there is no user information item")
    return application, tuple(contexts), user


def _context_rq(value: bytes) -> PresentationContextRQ:
    """The value of a presentation context item of a request."""
    abstract_syntax: str | None = None
    transfer_syntaxes: list[str] = []
    for kind, start, stop in _context_items(value, _CONTEXT_RQ_CLAUSE):
        if kind == TRANSFER_SYNTAX_ITEM:
            transfer_syntaxes.append(uid_text(value[start:stop]))
        elif kind == ABSTRACT_SYNTAX_ITEM:
            if abstract_syntax is not None:
                raise twice(kind, start, _CONTEXT_RQ_CLAUSE)
            abstract_syntax = uid_text(value[start:stop])
    if abstract_syntax is None:
        raise InvalidPduError(
            _CONTEXT_RQ_CLAUSE, len(value), "the presentation context has no abstract syntax"
        )
    if not transfer_syntaxes:
        raise InvalidPduError(
            _CONTEXT_RQ_CLAUSE, len(value), "the presentation context has no transfer syntax"
        )
    return _new_context_rq(value[0], abstract_syntax, tuple(transfer_syntaxes))


def _context_ac(value: bytes) -> PresentationContextAC:
    """The value of a presentation context item of an acceptance."""
    items = _context_items(value, _CONTEXT_AC_CLAUSE)
    result = value[2]
    transfer_syntax: str | None = None
    for kind, start, stop in items:
        if kind == TRANSFER_SYNTAX_ITEM:
            if transfer_syntax is None:
                transfer_syntax = uid_text(value[start:stop])
            elif result == CONTEXT_ACCEPTED:
                raise twice(kind, start, _CONTEXT_AC_CLAUSE)
    # With any other result the transfer syntax is not tested, and peers do leave it out.
    if transfer_syntax is None and result == CONTEXT_ACCEPTED:
        reason = "the accepted presentation context has no transfer syntax"
        raise InvalidPduError(_CONTEXT_AC_CLAUSE, len(value), reason)
    return _new_context_ac(value[0], result, transfer_syntax)


def _context_items(value: bytes, clause: str) -> list[Item]:
    if len(value) < _CONTEXT_FIELDS:
        reason = f"a presentation context item has at least {_CONTEXT_FIELDS} octets, not {len(value)}"
        raise InvalidPduError(clause, -2, reason)
    return split_items(value, _CONTEXT_FIELDS, len(value), clause)


_CONTEXTS_RQ: Final = Memo(_context_rq)
_CONTEXTS_AC: Final = Memo(_context_ac)
_USERS_RQ: Final = Memo(
    partial(read_user_information, clause=f"{PS38} 9.3.2.3, Table 9-16"), secret=states_identity
)
_USERS_AC: Final = Memo(
    partial(read_user_information, clause=f"{PS38} 9.3.3.3, Table 9-20"), secret=states_identity
)


# --- the other PDUs ----------------------------------------------------------------------------------------


def _associate_rj(octets: bytes) -> AAssociateRJ:
    return AAssociateRJ(octets[7], octets[8], octets[9])


def _data(octets: bytes) -> PDataTF:
    pdvs: list[PDV] = []
    stop = len(octets)
    start = HEADER_LENGTH
    while start < stop:
        if stop - start < _PDV.size:
            raise InvalidPduError(
                _PDV_CLAUSE, start, f"{stop - start} octets are left over, too few for a PDV"
            )
        length: int
        context_id: int
        control: int
        length, context_id, control = _PDV.unpack_from(octets, start)
        end = start + _PDV_LENGTH_SIZE + length
        if end > stop or length < _PDV_FIELDS:
            raise _wrong_pdv(start, stop, length)
        is_command, is_last = _CONTROL[control & 3]
        pdvs.append(_new_pdv(context_id, is_command, is_last, octets[start + _PDV.size : end]))
        start = end
    return _new_data(tuple(pdvs))


def _wrong_pdv(start: int, stop: int, length: int) -> InvalidPduError:
    if length < _PDV_FIELDS:
        return InvalidPduError(
            _PDV_CLAUSE, start, f"the length of a PDV is at least {_PDV_FIELDS}, not {length}"
        )
    left = stop - start - _PDV_LENGTH_SIZE
    return InvalidPduError(
        _PDV_CLAUSE, start, f"a PDV announces {length} octets where the PDU has {left} left"
    )


def _release_rq(_: bytes) -> AReleaseRQ:
    return _RELEASE_RQ


def _release_rp(_: bytes) -> AReleaseRP:
    return _RELEASE_RP


def _abort(octets: bytes) -> AAbort:
    return AAbort(octets[8], octets[9])


_READ: Final[dict[int, Callable[[bytes], Pdu]]] = {
    AAssociateRQ.pdu_type: _associate_rq,
    AAssociateAC.pdu_type: _associate_ac,
    AAssociateRJ.pdu_type: _associate_rj,
    PDataTF.pdu_type: _data,
    AReleaseRQ.pdu_type: _release_rq,
    AReleaseRP.pdu_type: _release_rp,
    AAbort.pdu_type: _abort,
}
_READERS: Final = {
    kind: (LENGTH_RULES[kind].shortest, LENGTH_RULES[kind].longest, read) for kind, read in _READ.items()
}
