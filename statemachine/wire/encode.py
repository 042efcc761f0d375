"""From the value of a PDU to its octets (PS3.8 2020 9.3). Strict: only what the standard allows to send.

Whatever it does not allow raises LocalProtocolError("invalid_argument") and nothing is produced. A tester
that wants to send something wrong writes the octets itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from struct import Struct
from typing import Any, Final

from .codes import (
    ABORT_REASONS,
    ABORT_SOURCES,
    CONTEXT_ACCEPTED,
    CONTEXT_RESULTS,
    REJECT_REASONS,
    REJECT_RESULTS,
)
from .encode_items import ITEM_LENGTH_MAXIMUM, invalid
from .encode_user import user_information_item
from .framing import LENGTH_MAXIMUM
from .items import (
    PRESENTATION_CONTEXT_AC_ITEM,
    PRESENTATION_CONTEXT_RQ_ITEM,
    PresentationContextAC,
    PresentationContextRQ,
)
from .memo import Memo
from .pdus import PDV, AAbort, AAssociateAC, AAssociateRJ, AAssociateRQ, AReleaseRP, AReleaseRQ, PDataTF, Pdu
from .uids import IMPLICIT_LE, UID_FIELD

AE_TITLE_MAXIMUM: Final = 16

_ASSOCIATE: Final = Struct(">BxIH2x")
_RESERVED: Final = bytes(32)
_ASSOCIATE_FIXED: Final = 68
_FOUR_OCTETS: Final = Struct(">BxI4B")
_DATA: Final = Struct(">BxI")
_PDV: Final = Struct(">IBB")
_DATA_TYPE: Final = PDataTF.pdu_type
_CONTEXT_IDS: Final = frozenset(range(1, 256, 2))
_FRAGMENT_MAXIMUM: Final = LENGTH_MAXIMUM - 6
_pack_data_and_pdv = Struct(">BxIIBB").pack
_CONTEXT_RQ: Final = Struct(">BxHB3x")
_CONTEXT_AC: Final = Struct(">BxHBxBx")
_APPLICATION_PREFIX: Final = b"\x10\x00"
_ABSTRACT_PREFIX: Final = b"\x30\x00"
_TRANSFER_PREFIX: Final = b"\x40\x00"
_RELEASE_RQ: Final = _FOUR_OCTETS.pack(AReleaseRQ.pdu_type, 4, 0, 0, 0, 0)
_RELEASE_RP: Final = _FOUR_OCTETS.pack(AReleaseRP.pdu_type, 4, 0, 0, 0, 0)


def encode(pdu: Pdu) -> bytes:
    """The octets of a PDU.

    Raises LocalProtocolError("invalid_argument") for what PS3.8 2020 9.3 and PS3.7 2020 D.3.3 do not allow
    to send. Spaces around AE titles are not significant: they are taken off before the title is padded. A
    context that is not accepted and has no transfer syntax is sent with the default one, because Table 9-18
    does not say that the sub-item may be left out.
    """
    encoder = _ENCODERS.get(type(pdu))
    if encoder is None:
        raise invalid(f"{type(pdu).__name__} is not a PDU")
    return encoder(pdu)


def encode_buffers(pdu: Pdu) -> list[bytes]:
    """The octets of a PDU as a list of buffers to be sent one after the other; fragments are not copied.

    Raises as `encode` does.
    """
    if type(pdu) is not PDataTF:
        return [encode(pdu)]
    pdvs = pdu.pdvs
    if len(pdvs) == 1:
        # The commonest PDU, and the one whose speed counts: its head and its one fragment.
        pdv = pdvs[0]
        fragment = pdv.fragment
        context_id = pdv.context_id
        size = len(fragment)
        if context_id in _CONTEXT_IDS and not size & 1 and 0 < size <= _FRAGMENT_MAXIMUM:
            control = pdv.is_command + 2 * pdv.is_last
            return [_pack_data_and_pdv(_DATA_TYPE, size + 6, size + 2, context_id, control), fragment]
    _check_pdvs(pdvs)
    buffers = [b""]
    length = 0
    for pdv in pdvs:
        size = len(pdv.fragment) + 2
        length += size + 4
        if length > LENGTH_MAXIMUM:
            raise invalid(f"a P-DATA-TF holds at most {LENGTH_MAXIMUM} octets, not {length}")
        buffers += (_PDV.pack(size, pdv.context_id, pdv.is_command + 2 * pdv.is_last), pdv.fragment)
    buffers[0] = _DATA.pack(PDataTF.pdu_type, length)
    return buffers


# --- P-DATA-TF ---------------------------------------------------------------------------------------------


def _data(pdu: PDataTF) -> bytes:
    return b"".join(encode_buffers(pdu))


def _check_pdvs(pdvs: Sequence[PDV]) -> None:
    """PDVs of one PDU belong to one message: one context, command before data set."""
    if not pdvs:
        raise invalid("a P-DATA-TF holds at least one PDV (PS3.8 2020 9.3.5)")
    for pdv in pdvs:
        _check_context_id(pdv.context_id)
        size = len(pdv.fragment)
        if size < 2 or size & 1:
            raise invalid(f"a fragment has an even number of octets, at least 2, not {size} (PS3.8 2020 E.1)")
    for before, pdv in pairwise(pdvs):
        if pdv.context_id != before.context_id:
            raise invalid("the PDVs of a P-DATA-TF belong to one message, so to one context (PS3.8 2020 E.1)")
        ended = before.is_last and not before.is_command
        if ended or pdv.is_command != (before.is_command and not before.is_last):
            raise invalid("the PDVs of a P-DATA-TF are in the order of their message (PS3.8 2020 E.1)")


def _check_context_id(context_id: int) -> None:
    if context_id not in _CONTEXT_IDS:
        raise invalid(f"a presentation context id is odd and 1 to 255, not {context_id} (PS3.8 2020 9.3.2.2)")


# --- association -------------------------------------------------------------------------------------------


REPEATED_OCTETS: Final = 64


def _associate_rq(pdu: AAssociateRQ) -> bytes:
    contexts = [_context_rq(context) for context in pdu.presentation_contexts]
    titles = _TITLES[pdu.called_ae_title] + _TITLES[pdu.calling_ae_title]
    return _associate(pdu, titles + _RESERVED, contexts)


def _associate_ac(pdu: AAssociateAC) -> bytes:
    contexts = [_context_ac(context) for context in pdu.presentation_contexts]
    titles = _ECHOES[pdu.called_ae_title] + _ECHOES[pdu.calling_ae_title]
    if pdu.repeats and len(pdu.repeats) != REPEATED_OCTETS:
        raise invalid(
            f"an acceptance repeats {REPEATED_OCTETS} octets, not {len(pdu.repeats)} (PS3.8 2020 9.3.3)"
        )
    return _associate(pdu, pdu.repeats or titles + _RESERVED, contexts)


def _associate(pdu: AAssociateRQ | AAssociateAC, repeated: bytes, contexts: list[bytes]) -> bytes:
    """What the two association PDUs share: the fixed fields, and the items in increasing order of type."""
    if pdu.protocol_version != 1:
        raise invalid(f"the protocol version is 1, not {pdu.protocol_version} (PS3.8 2020 9.3.2)")
    if not contexts:
        raise invalid(f"{pdu.name} holds at least one presentation context (PS3.8 2020 9.3.2, 9.3.3)")
    if len(contexts) > 1 and len({context.id for context in pdu.presentation_contexts}) != len(contexts):
        raise invalid("each presentation context has an id of its own (PS3.8 2020 9.3.2.2)")
    user = user_information_item(pdu.user_information, of_request=pdu.pdu_type == AAssociateRQ.pdu_type)
    items = b"".join((_APPLICATION_PREFIX, UID_FIELD[pdu.application_context], *contexts, user))
    head = _ASSOCIATE.pack(pdu.pdu_type, _ASSOCIATE_FIXED + len(items), pdu.protocol_version)
    return head + repeated + items


def _title(title: str) -> bytes:
    text = title.strip(" ")
    if not (text and len(text) <= AE_TITLE_MAXIMUM and text.isascii() and text.isprintable()) or "\\" in text:
        raise invalid(
            f"an AE title is 1 to {AE_TITLE_MAXIMUM} printable ASCII characters without a backslash, "
            f"not all spaces, not {title[:80]!r} (PS3.8 2020 9.3.2; PS3.5 2020 6.2)"
        )
    return text.encode("ascii").ljust(AE_TITLE_MAXIMUM)


_TITLES: Final = Memo(_title)


def _echo(title: str) -> bytes:
    """A title in the acceptance repeats what the request had, which need not be a proper title."""
    try:
        octets = title.encode("latin-1")
    except UnicodeEncodeError:
        octets = b""
    if len(octets) != len(title) or len(octets) > AE_TITLE_MAXIMUM:
        raise invalid(f"a repeated AE title is at most {AE_TITLE_MAXIMUM} octets, not {title[:80]!r}")
    return octets.ljust(AE_TITLE_MAXIMUM)


_ECHOES: Final = Memo(_echo)


def _context_rq(context: PresentationContextRQ) -> bytes:
    _check_context_id(context.id)
    if not context.transfer_syntaxes:
        raise invalid(f"presentation context {context.id} proposes no transfer syntax (PS3.8 2020 9.3.2.2)")
    parts = [_ABSTRACT_PREFIX, UID_FIELD[context.abstract_syntax]]
    for uid in context.transfer_syntaxes:
        parts += (_TRANSFER_PREFIX, UID_FIELD[uid])
    value = b"".join(parts)
    if len(value) + 4 > ITEM_LENGTH_MAXIMUM:
        raise invalid(f"presentation context {context.id} holds more octets than an item can")
    return _CONTEXT_RQ.pack(PRESENTATION_CONTEXT_RQ_ITEM, len(value) + 4, context.id) + value


def _context_ac(context: PresentationContextAC) -> bytes:
    _check_context_id(context.id)
    if context.result not in CONTEXT_RESULTS:
        raise invalid(
            f"the result of a presentation context is 0 to 4, not {context.result} (PS3.8 2020 9.3.3.2)"
        )
    uid = context.transfer_syntax
    if uid is None:
        if context.result == CONTEXT_ACCEPTED:
            raise invalid(
                f"accepted presentation context {context.id} has no transfer syntax (PS3.8 2020 9.3.3.2)"
            )
        uid = IMPLICIT_LE
    value = _TRANSFER_PREFIX + UID_FIELD[uid]
    return _CONTEXT_AC.pack(PRESENTATION_CONTEXT_AC_ITEM, len(value) + 4, context.id, context.result) + value


# --- the other PDUs ----------------------------------------------------------------------------------------


def _associate_rj(pdu: AAssociateRJ) -> bytes:
    if pdu.result not in REJECT_RESULTS or pdu.reason not in REJECT_REASONS.get(pdu.source, ()):
        raise invalid(f"{pdu.result}/{pdu.source}/{pdu.reason} is no result, source and reason of 9.3.4")
    return _FOUR_OCTETS.pack(pdu.pdu_type, 4, 0, pdu.result, pdu.source, pdu.reason)


def _abort(pdu: AAbort) -> bytes:
    if pdu.source not in ABORT_SOURCES or pdu.reason not in (ABORT_REASONS if pdu.source else (0,)):
        raise invalid(
            f"{pdu.source}/{pdu.reason} is no source and reason of PS3.8 2020 9.3.8 that may be sent"
        )
    return _FOUR_OCTETS.pack(pdu.pdu_type, 4, 0, 0, pdu.source, pdu.reason)


def _release_rq(_: AReleaseRQ) -> bytes:
    return _RELEASE_RQ


def _release_rp(_: AReleaseRP) -> bytes:
    return _RELEASE_RP


_ENCODERS: Final[dict[type, Callable[[Any], bytes]]] = {
    AAssociateRQ: _associate_rq,
    AAssociateAC: _associate_ac,
    AAssociateRJ: _associate_rj,
    PDataTF: _data,
    AReleaseRQ: _release_rq,
    AReleaseRP: _release_rp,
    AAbort: _abort,
}
