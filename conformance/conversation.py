"""What a requestor's user asks for over an association, and an answer that lets him go on: success, whatever it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from dicomnet.statemachine import (
    IMPLICIT_LE,
    NO_DATA_SET,
    AAssociateRQ,
    LocalProtocolError,
    OtherCommand,
    PDataTF,
    PresentationContextRQ,
    Violation,
    decode_command,
    encode_command,
)
from dicomnet.transports import fragments

from .evidence import Evidence
from .octets import APPLICATION, VERSION_NAME, ac, answer, pdu, raw_pdv, user_information

# The command field of a response is that of the request with this bit set (PS3.7 2020 E.1); a cancel has none.
RESPONSE: Final = 0x8000
C_CANCEL: Final = 0x0FFF
MAX_COMMAND: Final = 1 << 16
MAX_WAITING: Final = 1000
# Octets: a PDV item with two octets of a message.
SMALLEST: Final = 8
# The message control header of a command's last fragment.
LAST: Final = 3


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
        parts = (pdv for data in fragments(self.context_id, self.command(), longest) for pdv in data.pdvs)
        # The context may be one that no peer of ours would use; it is answered where it asked.
        return b"".join(
            pdu(0x04, raw_pdv(self.context_id, LAST if pdv.is_last else 1, pdv.fragment)) for pdv in parts
        )

    def command(self, *, status: int = 0, more_id: int = 0) -> bytes:
        """The command set of the response, with this status, to the message whose id is larger by `more_id`."""
        response = OtherCommand(
            self.command_field | RESPONSE,
            message_id_responded_to=(self.message_id + more_id) & 0xFFFF,
            data_set_type=NO_DATA_SET,
            status=status,
            affected_sop_class_uid=self.sop_class,
        )
        try:
            return encode_command(response)
        except LocalProtocolError:  # a name that is no UID cannot be repeated
            return encode_command(replace(response, affected_sop_class_uid=None))


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


def last_asked(evidence: Evidence) -> Asked | str:
    """The last message of the target's user; or that there was none."""
    talk = Conversation()
    for data in evidence.data():
        talk.feed(data)
    return (
        talk.waiting[-1] if talk.waiting else "the target's user has sent no message that could be answered"
    )


def response(evidence: Evidence) -> bytes | str:
    """The answer to the last message of the target's user; or that there was none."""
    asked = last_asked(evidence)
    return asked if isinstance(asked, str) else asked.answer(longest_pdu(evidence))


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
    # As octets, for what it repeats may be what no request may hold.
    return accepted(
        request,
        *(
            answer(context.id, (results or {}).get(position, others), syntax_of(context))
            for position, context in enumerate(request.presentation_contexts)
        ),
        longest=max_length,
    )


def syntax_of(context: PresentationContextRQ) -> str:
    """The first transfer syntax that is proposed for a context."""
    return context.transfer_syntaxes[0] if context.transfer_syntaxes else IMPLICIT_LE


def accepted(
    request: AAssociateRQ, *contexts: bytes, subs: Iterable[bytes] = (), longest: int = 16384
) -> bytes:
    """An acceptance with these contexts; `subs` are more user information, `longest` its maximum length in octets.

    It names its implementation version: some cannot do without, and that is for one case to say.
    """
    subs = tuple(subs)
    before = [sub for sub in subs if sub[0] < VERSION_NAME[0]]
    behind = [sub for sub in subs if sub[0] >= VERSION_NAME[0]]
    user = user_information(*before, VERSION_NAME, *behind, longest=longest)
    return ac(request.repeats, APPLICATION, *contexts, user)
