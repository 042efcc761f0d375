"""The command set of C-ECHO (PS3.7 2020 9.3.5 and E.1): group 0000, implicit VR little endian.

Of other commands the few elements that a host needs to answer or to report them are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Final

from .encode_items import check_range, invalid
from .quick import quick
from .uids import IMPLICIT_LE as IMPLICIT_LE  # the transfer syntax of every command set
from .uids import UID_FIELD, uid_text
from .uids import VERIFICATION as VERIFICATION
from .violation import PS37, InvalidPduError, Violation

C_ECHO_RQ_FIELD: Final = 0x0030
C_ECHO_RSP_FIELD: Final = 0x8030
NO_DATA_SET: Final = 0x0101
STATUS_SUCCESS: Final = 0x0000

_GROUP_LENGTH: Final = 0x0000
_AFFECTED_SOP_CLASS_UID: Final = 0x0002
_COMMAND_FIELD: Final = 0x0100
_MESSAGE_ID: Final = 0x0110
_MESSAGE_ID_RESPONDED_TO: Final = 0x0120
_DATA_SET_TYPE: Final = 0x0800
_STATUS: Final = 0x0900
_NUMBERS: Final = {
    _COMMAND_FIELD: "Command Field",
    _MESSAGE_ID: "Message ID",
    _MESSAGE_ID_RESPONDED_TO: "Message ID Being Responded To",
    _DATA_SET_TYPE: "Command Data Set Type",
    _STATUS: "Status",
}

_ELEMENT: Final = Struct("<HHI")
_UINT16: Final = Struct("<H")
_UINT32: Final = Struct("<I")
_NUMBER_ELEMENT: Final = Struct("<HHIH")
_GROUP_LENGTH_ELEMENT: Final = Struct("<HHII")
_COMMAND_SET_CLAUSE: Final = f"{PS37} 6.3.1, E.1"
_ECHO_RQ_CLAUSE: Final = f"{PS37} 9.3.5.1, Table 9.3-12"
_ECHO_RSP_CLAUSE: Final = f"{PS37} 9.3.5.2, Table 9.3-13"


@dataclass(frozen=True, slots=True)
class CEchoRQ:
    """C-ECHO-RQ (PS3.7 2020 9.3.5.1)."""

    command_field: ClassVar[int] = C_ECHO_RQ_FIELD
    message_id: int
    affected_sop_class_uid: str = VERIFICATION


@dataclass(frozen=True, slots=True)
class CEchoRSP:
    """C-ECHO-RSP (PS3.7 2020 9.3.5.2). Status 0 is success; the UID is None where the peer left it out."""

    command_field: ClassVar[int] = C_ECHO_RSP_FIELD
    message_id_responded_to: int
    status: int = STATUS_SUCCESS
    affected_sop_class_uid: str | None = VERIFICATION


@dataclass(frozen=True, slots=True)
class OtherCommand:
    """Any other command: the elements that are known and present, None for those that are not."""

    command_field: int
    message_id: int | None = None
    message_id_responded_to: int | None = None
    data_set_type: int | None = None
    status: int | None = None
    affected_sop_class_uid: str | None = None


_new_echo_rq = quick(CEchoRQ)

Command = CEchoRQ | CEchoRSP | OtherCommand


def encode_command(command: Command) -> bytes:
    """The command set as octets. Raises LocalProtocolError("invalid_argument") for what cannot be sent."""
    if isinstance(command, OtherCommand):
        return _encode_other(command)
    if command.affected_sop_class_uid == VERIFICATION:
        if isinstance(command, CEchoRQ):
            return _RQ_HEAD + _message_id(command.message_id, _MESSAGE_ID) + _RQ_TAIL
        if command.status == STATUS_SUCCESS:
            number = _message_id(command.message_id_responded_to, _MESSAGE_ID_RESPONDED_TO)
            return _RSP_HEAD + number + _RSP_TAIL
    return _encode_elements(command)


def _message_id(number: int, element: int) -> bytes:
    check_range(number, 0, 0xFFFF, _NUMBERS[element])
    return _UINT16.pack(number)


def _encode_elements(command: CEchoRQ | CEchoRSP) -> bytes:
    parts: list[bytes] = []
    if command.affected_sop_class_uid is not None:
        parts.append(_uid_element(command.affected_sop_class_uid))
    elif isinstance(command, CEchoRQ):
        raise invalid("a C-ECHO-RQ names its SOP class (PS3.7 2020 9.3.5.1)")
    parts.append(_number_element(_COMMAND_FIELD, command.command_field))
    if isinstance(command, CEchoRQ):
        parts.append(_number_element(_MESSAGE_ID, command.message_id))
        parts.append(_number_element(_DATA_SET_TYPE, NO_DATA_SET))
    else:
        parts.append(_number_element(_MESSAGE_ID_RESPONDED_TO, command.message_id_responded_to))
        parts.append(_number_element(_DATA_SET_TYPE, NO_DATA_SET))
        parts.append(_number_element(_STATUS, command.status))
    return _with_group_length(parts)


def _encode_other(command: OtherCommand) -> bytes:
    """The elements that it has, in their order."""
    uid = command.affected_sop_class_uid
    numbers = (
        (_COMMAND_FIELD, command.command_field),
        (_MESSAGE_ID, command.message_id),
        (_MESSAGE_ID_RESPONDED_TO, command.message_id_responded_to),
        (_DATA_SET_TYPE, command.data_set_type),
        (_STATUS, command.status),
    )
    parts = [_number_element(element, value) for element, value in numbers if value is not None]
    return _with_group_length(parts if uid is None else [_uid_element(uid), *parts])


def _with_group_length(parts: list[bytes]) -> bytes:
    elements = b"".join(parts)
    return _GROUP_LENGTH_ELEMENT.pack(0, _GROUP_LENGTH, 4, len(elements)) + elements


def _uid_element(uid: str) -> bytes:
    value = UID_FIELD[uid][2:]
    if len(value) & 1:
        value += b"\0"
    return _ELEMENT.pack(0, _AFFECTED_SOP_CLASS_UID, len(value)) + value


def _number_element(element: int, value: int) -> bytes:
    check_range(value, 0, 0xFFFF, _NUMBERS[element])
    return _NUMBER_ELEMENT.pack(0, element, 2, value)


def decode_command(octets: bytes | bytearray | memoryview) -> Command | Violation:
    """The command in the octets of a whole command set, or what is wrong with it. Never raises.

    Elements that are not needed are skipped. The group length must be there and be right, the elements must
    be of group 0000 and in increasing order, and what a C-ECHO message needs must be in it.
    """
    whole = bytes(octets)
    # What nearly every peer sends differs in its message id alone.
    if len(whole) == _RQ_LENGTH and whole.startswith(_RQ_HEAD) and whole.endswith(_RQ_TAIL):
        return _new_echo_rq(_UINT16.unpack_from(whole, len(_RQ_HEAD))[0])
    if len(whole) == _RSP_LENGTH and whole.startswith(_RSP_HEAD) and whole.endswith(_RSP_TAIL):
        return CEchoRSP(_UINT16.unpack_from(whole, len(_RSP_HEAD))[0])
    try:
        return _command(whole)
    except InvalidPduError as error:
        return error.violation


def _around_message_id(lowest: CEchoRQ | CEchoRSP, highest: CEchoRQ | CEchoRSP) -> tuple[bytes, bytes]:
    """The octets before and behind the message id, which is where the two commands differ."""
    low, high = _encode_elements(lowest), _encode_elements(highest)
    at = next(index for index, octet in enumerate(low) if octet != high[index])
    assert low[at + 2 :] == high[at + 2 :]
    return low[:at], low[at + 2 :]


_RQ_HEAD, _RQ_TAIL = _around_message_id(CEchoRQ(0), CEchoRQ(0xFFFF))
_RSP_HEAD, _RSP_TAIL = _around_message_id(CEchoRSP(0), CEchoRSP(0xFFFF))
_RQ_LENGTH: Final = len(_RQ_HEAD) + 2 + len(_RQ_TAIL)
_RSP_LENGTH: Final = len(_RSP_HEAD) + 2 + len(_RSP_TAIL)


def _command(octets: bytes) -> Command:
    numbers, uid = _read_elements(octets)
    field = numbers.get(_COMMAND_FIELD)
    if field is None:
        raise InvalidPduError(_COMMAND_SET_CLAUSE, len(octets), "there is no Command Field (0000,0100)")
    message_id = numbers.get(_MESSAGE_ID)
    responded_to = numbers.get(_MESSAGE_ID_RESPONDED_TO)
    data_set_type = numbers.get(_DATA_SET_TYPE)
    status = numbers.get(_STATUS)
    if field == C_ECHO_RQ_FIELD:
        message_id = _needed(numbers, _MESSAGE_ID, octets, _ECHO_RQ_CLAUSE)
        _check_no_data_set(data_set_type, octets, _ECHO_RQ_CLAUSE)
        if uid is None:
            raise InvalidPduError(
                _ECHO_RQ_CLAUSE, len(octets), "there is no Affected SOP Class UID (0000,0002)"
            )
        return CEchoRQ(message_id, uid)
    if field == C_ECHO_RSP_FIELD:
        responded_to = _needed(numbers, _MESSAGE_ID_RESPONDED_TO, octets, _ECHO_RSP_CLAUSE)
        _check_no_data_set(data_set_type, octets, _ECHO_RSP_CLAUSE)
        return CEchoRSP(responded_to, _needed(numbers, _STATUS, octets, _ECHO_RSP_CLAUSE), uid)
    return OtherCommand(field, message_id, responded_to, data_set_type, status, uid)


def _needed(numbers: dict[int, int], element: int, octets: bytes, clause: str) -> int:
    number = numbers.get(element)
    if number is None:
        raise InvalidPduError(clause, len(octets), f"there is no {_NUMBERS[element]} (0000,{element:04X})")
    return number


def _check_no_data_set(data_set_type: int | None, octets: bytes, clause: str) -> None:
    if data_set_type != NO_DATA_SET:
        found = "absent" if data_set_type is None else f"{data_set_type:04X}H"
        raise InvalidPduError(
            clause, len(octets), f"the Command Data Set Type (0000,0800) of C-ECHO is 0101H, not {found}"
        )


def _read_elements(octets: bytes) -> tuple[dict[int, int], str | None]:
    """The numbers by element, and the Affected SOP Class UID."""
    numbers: dict[int, int] = {}
    uid: str | None = None
    before = -1
    start = 0
    stop = len(octets)
    while start < stop:
        value = start + _ELEMENT.size
        if value > stop:
            raise InvalidPduError(
                _COMMAND_SET_CLAUSE, start, f"{stop - start} octets are left over, too few for an element"
            )
        group, element, length = _ELEMENT.unpack_from(octets, start)
        if group != 0 or element <= before:
            raise _wrong_order(start, group, element)
        if value + length > stop:
            raise InvalidPduError(
                _COMMAND_SET_CLAUSE,
                start + 4,
                f"element (0000,{element:04X}) announces {length} octets where {stop - value} are left",
            )
        if before < 0:
            _check_group_length(octets, element, length)
        elif element in _NUMBERS:
            if length != 2:
                raise InvalidPduError(
                    _COMMAND_SET_CLAUSE, start + 4, f"{_NUMBERS[element]} has 2 octets, not {length}"
                )
            numbers[element] = _UINT16.unpack_from(octets, value)[0]
        elif element == _AFFECTED_SOP_CLASS_UID:
            uid = uid_text(octets[value : value + length])
        before = element
        start = value + length
    return numbers, uid


def _wrong_order(start: int, group: int, element: int) -> InvalidPduError:
    tag = f"({group:04X},{element:04X})"
    if group:
        return InvalidPduError(_COMMAND_SET_CLAUSE, start, f"element {tag} is not of group 0000")
    return InvalidPduError(_COMMAND_SET_CLAUSE, start, f"element {tag} is not in increasing order")


def _check_group_length(octets: bytes, element: int, length: int) -> None:
    """The first element says how many octets follow it."""
    if element != _GROUP_LENGTH or length != 4:
        raise InvalidPduError(
            _COMMAND_SET_CLAUSE, 0, "a command set begins with its group length (0000,0000) of 4 octets"
        )
    announced: int = _UINT32.unpack_from(octets, _ELEMENT.size)[0]
    present = len(octets) - _ELEMENT.size - 4
    if announced != present:
        reason = f"the group length announces {announced} octets and {present} follow"
        raise InvalidPduError(_COMMAND_SET_CLAUSE, _ELEMENT.size, reason)
