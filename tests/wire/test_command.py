"""The C-ECHO command set, with pydicom as the oracle."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from dicomnet.statemachine import (
    NO_DATA_SET,
    VERIFICATION,
    CEchoRQ,
    CEchoRSP,
    LocalProtocolError,
    OtherCommand,
    Violation,
    decode_command,
    encode_command,
)

from .strategies import uids, uint16

RQ_OCTETS = bytes.fromhex(
    "00000000 04000000 38000000"
    "00000200 12000000 312e322e3834302e31303030382e312e3100"
    "00000001 02000000 3000"
    "00001001 02000000 0700"
    "00000008 02000000 0101"
)
RSP_OCTETS = bytes.fromhex(
    "00000000 04000000 42000000"
    "00000200 12000000 312e322e3834302e31303030382e312e3100"
    "00000001 02000000 3080"
    "00002001 02000000 0700"
    "00000008 02000000 0101"
    "00000009 02000000 1001"
)


def by_pydicom(elements: dict[str, Any]) -> bytes:
    """The command set with these elements as pydicom writes it."""
    dataset: Any = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.CommandGroupLength = len(_written(dataset))
    return _written(dataset)


def _written(dataset: Dataset) -> bytes:
    buffer: Any = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = True
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def test_octets_of_the_two_messages() -> None:
    assert encode_command(CEchoRQ(7)) == RQ_OCTETS
    assert decode_command(RQ_OCTETS) == CEchoRQ(7)
    assert encode_command(CEchoRSP(7, 0x0110)) == RSP_OCTETS
    assert decode_command(memoryview(RSP_OCTETS)) == CEchoRSP(7, 0x0110)


@given(uint16, uids)
def test_a_request_is_what_pydicom_writes(message_id: int, uid: str) -> None:
    command = CEchoRQ(message_id, uid)
    expected = by_pydicom(
        {
            "AffectedSOPClassUID": uid,
            "CommandField": 0x0030,
            "MessageID": message_id,
            "CommandDataSetType": NO_DATA_SET,
        }
    )
    assert encode_command(command) == expected
    assert decode_command(expected) == command


@given(uint16, uint16, uids)
def test_a_response_is_what_pydicom_writes(message_id: int, status: int, uid: str) -> None:
    command = CEchoRSP(message_id, status, uid)
    expected = by_pydicom(
        {
            "AffectedSOPClassUID": uid,
            "CommandField": 0x8030,
            "MessageIDBeingRespondedTo": message_id,
            "CommandDataSetType": NO_DATA_SET,
            "Status": status,
        }
    )
    assert encode_command(command) == expected
    assert decode_command(expected) == command


@given(st.builds(CEchoRQ, uint16, uids) | st.builds(CEchoRSP, uint16, uint16, st.none() | uids))
def test_pydicom_reads_what_is_written(command: CEchoRQ | CEchoRSP) -> None:
    octets = encode_command(command)
    dataset: Any = read_dataset(BytesIO(octets), is_implicit_VR=True, is_little_endian=True)
    assert dataset.CommandGroupLength == len(octets) - 12
    assert dataset.CommandField == command.command_field
    assert dataset.CommandDataSetType == NO_DATA_SET
    assert dataset.get("AffectedSOPClassUID") == command.affected_sop_class_uid
    if isinstance(command, CEchoRQ):
        assert dataset.MessageID == command.message_id
    else:
        assert dataset.MessageIDBeingRespondedTo == command.message_id_responded_to
        assert dataset.Status == command.status


def test_other_commands_keep_what_is_known() -> None:
    store = by_pydicom(
        {
            "AffectedSOPClassUID": "1.2.3",
            "CommandField": 0x0001,
            "MessageID": 9,
            "Priority": 0,
            "CommandDataSetType": 1,
            "AffectedSOPInstanceUID": "1.2.4",
        }
    )
    assert decode_command(store) == OtherCommand(0x0001, 9, None, 1, None, "1.2.3")
    refusal = by_pydicom({"CommandField": 0x8001, "MessageIDBeingRespondedTo": 9, "Status": 0x0211})
    assert decode_command(refusal) == OtherCommand(0x8001, None, 9, None, 0x0211, None)


def test_more_elements_are_skipped() -> None:
    elements = {
        "CommandField": 0x8030,
        "MessageIDBeingRespondedTo": 1,
        "CommandDataSetType": NO_DATA_SET,
        "Status": 0x0110,
        "ErrorComment": "out of order",
        "ErrorID": 4,
    }
    assert decode_command(by_pydicom(elements)) == CEchoRSP(1, 0x0110, None)


def command_set(*elements: bytes) -> bytes:
    """Elements behind a group length that is right."""
    body = b"".join(elements)
    return element(0x0000, len(body).to_bytes(4, "little")) + body


def element(number: int, value: bytes, *, group: int = 0) -> bytes:
    """One element of a command set."""
    return (
        b"".join(part.to_bytes(2, "little") for part in (group, number))
        + len(value).to_bytes(4, "little")
        + value
    )


UID = element(0x0002, VERIFICATION.encode() + b"\0")
FIELD = element(0x0100, b"\x30\x00")
RESPONSE = element(0x0100, b"\x30\x80")
MESSAGE = element(0x0110, b"\x01\x00")
RESPONDED = element(0x0120, b"\x01\x00")
NONE = element(0x0800, b"\x01\x01")
STATUS = element(0x0900, b"\x00\x00")

FAULTS: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", "Command Field", 0),
    "group length alone": (command_set(), "Command Field", 12),
    "no group length": (FIELD + MESSAGE, "begins with its group length", 0),
    "group length of 2 octets": (element(0, b"\0\0") + FIELD, "begins with its group length", 0),
    "group length too small": (RQ_OCTETS + element(0x5000, b""), "announces 56 octets and 64 follow", 8),
    "group length too large": (RQ_OCTETS[:-10], "announces 56 octets and 46 follow", 8),
    "group 0008": (command_set(FIELD, element(0x0016, b"", group=8)), "not of group 0000", 22),
    "elements out of order": (command_set(FIELD, UID), "increasing order", 22),
    "element twice": (command_set(FIELD, FIELD), "increasing order", 22),
    "octets left over": (command_set(FIELD, b"\0\0\0"), "left over", 22),
    "element past the end": (command_set(FIELD, MESSAGE[:-1]), "announces 2 octets", 26),
    "element of 4 GiB": (command_set(FIELD[:4] + b"\xff" * 4), "announces 4294967295", 16),
    "number of 4 octets": (command_set(element(0x0100, bytes(4))), "Command Field has 2 octets", 16),
    "request without id": (command_set(UID, FIELD, NONE), "no Message ID (0000,0110)", 58),
    "request without class": (command_set(FIELD, MESSAGE, NONE), "Affected SOP Class UID", 42),
    "request without data set type": (command_set(UID, FIELD, MESSAGE), "0101H, not absent", 58),
    "request with a data set": (command_set(UID, FIELD, MESSAGE, element(0x0800, b"\2\0")), "not 0002H", 68),
    "response without id": (command_set(RESPONSE, NONE, STATUS), "Message ID Being Responded To", 42),
    "response without status": (command_set(RESPONSE, RESPONDED, NONE), "no Status (0000,0900)", 42),
    "response with a data set": (
        command_set(RESPONSE, RESPONDED, element(0x0800, b"\0\0"), STATUS),
        "not 0000H",
        52,
    ),
}


@pytest.mark.parametrize(("octets", "reason", "offset"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_command_set(octets: bytes, reason: str, offset: int) -> None:
    violation = decode_command(octets)
    assert isinstance(violation, Violation), violation
    assert reason in violation.reason
    assert violation.offset == offset
    assert violation.clause.startswith("PS3.7 2020 ")
    assert (violation.abort_reason, violation.framing) == (6, False)


@given(st.binary() | st.binary().map(command_set))
def test_any_octets_give_a_command_or_a_violation(octets: bytes) -> None:
    result = decode_command(octets)
    assert isinstance(result, CEchoRQ | CEchoRSP | OtherCommand | Violation)


@given(st.data())
def test_nearly_a_command_gives_a_command_or_a_violation(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([RQ_OCTETS, RSP_OCTETS])))
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    result = decode_command(octets)
    assert isinstance(result, CEchoRQ | CEchoRSP | OtherCommand | Violation)
    if isinstance(result, Violation):
        assert 0 <= result.offset <= len(octets)


@pytest.mark.parametrize(
    "command",
    [
        CEchoRQ(-1),
        CEchoRQ(65536),
        CEchoRQ(1, "1..2"),
        CEchoRSP(65536),
        CEchoRSP(1, -1),
        CEchoRSP(1, 65536),
        CEchoRSP(1, 0, ""),
    ],
)
def test_what_cannot_be_sent_is_refused(command: CEchoRQ | CEchoRSP) -> None:
    with pytest.raises(LocalProtocolError, match="invalid_argument"):
        encode_command(command)
