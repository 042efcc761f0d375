"""What a requestor's user asks for over an association, and an answer that lets him go on: success, whatever it was."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from dicomnet.statemachine import (
    IMPLICIT_LE,
    NO_DATA_SET,
    PDV,
    LocalProtocolError,
    OtherCommand,
    PDataTF,
    PresentationContextRQ,
    Violation,
    decode_command,
    encode_command,
)
from dicomnet.transports import fragments

from . import octets
from .evidence import Evidence

# The command field of a response is that of the request with this bit set (PS3.7 2020 E.1); a cancel has none.
RESPONSE: Final = 0x8000
C_CANCEL: Final = 0x0FFF
MAX_COMMAND: Final = 1 << 16
MAX_WAITING: Final = 1000
# Protocol version 1, and the two octets behind it.
VERSION: Final = b"\0\1\0\0"
# Octets: a PDV item with two octets of a message.
SMALLEST: Final = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole message of the target's user: on which context, and its command."""

    context_id: int
    command_field: int
    message_id: int
    sop_class: str | None

    def answer(self, max_length: int) -> bytes:
        """The response: success, no data set, in PDUs that are no longer than the target wants them (0: any)."""
        # A maximum length that leaves no room for a fragment cannot be kept by anybody (PS3.8 2020 D.1).
        longest = max_length if max_length >= SMALLEST else 0
        parts = fragments(self.context_id, self._command(), longest)
        return b"".join(_data(pdv) for part in parts for pdv in part.pdvs)

    def _command(self) -> bytes:
        response = OtherCommand(
            self.command_field | RESPONSE,
            message_id_responded_to=self.message_id,
            data_set_type=NO_DATA_SET,
            status=0,
            affected_sop_class_uid=self.sop_class,
        )
        try:
            return encode_command(response)
        except LocalProtocolError:  # a name that is no UID cannot be repeated
            return encode_command(replace(response, affected_sop_class_uid=None))


def _data(pdv: PDV) -> bytes:
    """A P-DATA-TF PDU with this PDV. A context id that may not be is the target's, and is repeated all the same."""
    header = int(pdv.is_command) | int(pdv.is_last) << 1
    return octets.pdu(0x04, octets.raw_pdv(pdv.context_id, header, pdv.fragment))


class Conversation:
    """Puts the messages of the target's user together; `waiting` are those that were not answered yet.

    What is no message is left to the checks of what was received: it asks for nothing.
    """

    def __init__(self) -> None:
        self.waiting: deque[Asked] = deque(maxlen=MAX_WAITING)
        self._command = bytearray()
        self._asked: Asked | None = None  # its data set is still to come

    def feed(self, data: PDataTF) -> None:
        """A P-DATA-TF PDU of the target."""
        for pdv in data.pdvs:
            if pdv.is_command:
                self._feed_command(pdv.context_id, pdv.fragment, last=pdv.is_last)
            elif pdv.is_last and self._asked is not None:
                self.waiting.append(self._asked)
                self._asked = None

    def _feed_command(self, context_id: int, fragment: bytes, *, last: bool) -> None:
        self._command += fragment[: MAX_COMMAND - len(self._command)]
        if not last:
            return
        command = decode_command(bytes(self._command))
        self._command.clear()
        if isinstance(command, Violation) or command.command_field & RESPONSE:
            return
        message_id = getattr(command, "message_id", None)
        if command.command_field == C_CANCEL or not isinstance(message_id, int):
            return
        asked = Asked(context_id, command.command_field, message_id, command.affected_sop_class_uid)
        with_data_set = isinstance(command, OtherCommand) and command.data_set_type != NO_DATA_SET
        if with_data_set:
            self._asked = asked
        else:
            self.waiting.append(asked)


def longest_pdu(evidence: Evidence) -> int:
    """The maximum length that the target announced; 0 where it did not."""
    request = evidence.request()
    return 0 if request is None else request.user_information.max_length or 0


def response(evidence: Evidence) -> bytes | str:
    """The answer to the last message of the target's user; or that there was none."""
    talk = Conversation()
    for data in evidence.data():
        talk.feed(data)
    if not talk.waiting:
        return "the target's user has sent no message that could be answered"
    return talk.waiting[-1].answer(longest_pdu(evidence))


def accept(
    evidence: Evidence,
    *,
    max_length: int = 16384,
    results: dict[int, int] | None = None,
    others: int = 0,
) -> bytes | str:
    """The acceptance of the target's request: each context with the first of its transfer syntaxes.

    `results` are those of some contexts, by position; `others` that of all others.
    """
    request = evidence.request()
    if request is None:
        return "the target has sent no association request"
    contexts = (
        _answer(context, (results or {}).get(position, others))
        for position, context in enumerate(request.presentation_contexts)
    )
    information = octets.user_information(longest=max_length)
    return octets.pdu(0x02, b"".join((VERSION, request.repeats, octets.APPLICATION, *contexts, information)))


def _answer(context: PresentationContextRQ, result: int) -> bytes:
    """The item of the acceptance. An id that may not be is the target's, and is repeated all the same."""
    syntaxes = context.transfer_syntaxes
    fixed = bytes((context.id, 0, result, 0))
    return octets.item(0x21, fixed + octets.uid(0x40, syntaxes[0] if syntaxes else IMPLICIT_LE))
