"""Faults in data transfer and in release."""

from __future__ import annotations

from typing import ClassVar

from dicomnet.statemachine import (
    EXPLICIT_LE,
    PDV,
    AAssociateRQ,
    AReleaseRP,
    CEchoRQ,
    CEchoRSP,
    PDataTF,
    Pdu,
    Violation,
    encode,
)

from .acceptor import STA6, STA8, Connection, PlainAcceptor

# --- maximum length ----------------------------------------------------------------------------------------


class MaximumLengthZeroAborts(PlainAcceptor):
    """A maximum length of 0 is taken for no room at all. PS3.8 2020 D.1: it is no limit."""

    fault = "maximum-length-zero-aborts"
    expects = "maximum-length"

    def fragment_size(self, at: Connection, octets: bytes) -> int:
        """No case of its own for 0."""
        return super().fragment_size(at, octets) if at.peer_maximum else 0


class MaximumLengthIgnored(PlainAcceptor):
    """The answer is sent in one PDU, whatever the peer has room for. PS3.8 2020 D.1."""

    fault = "maximum-length-ignored"
    expects = "maximum-length"

    def fragment_size(self, at: Connection, octets: bytes) -> int:
        """All at once."""
        return len(octets)


class MaximumLengthWithoutHeaders(PlainAcceptor):
    """The maximum length is taken for that of a fragment, so PDUs are 6 octets too long. PS3.8 2020 D.1."""

    fault = "maximum-length-without-headers"
    expects = "maximum-length"

    def fragment_size(self, at: Connection, octets: bytes) -> int:
        """Forget what stands before the fragment."""
        return min(len(octets), at.peer_maximum & ~1) if at.peer_maximum else len(octets)


class HugeMaximumLengthAborts(PlainAcceptor):
    """A maximum length of 2 GiB and more is read as negative and aborts.

    PS3.8 2020 D.1: 4 octets, unsigned.
    """

    fault = "huge-maximum-length-aborts"
    expects = "maximum-length"

    def accept(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """A signed number."""
        if (request.user_information.max_length or 0) >= 1 << 31:
            self.abort(at, 0, 0)
        else:
            super().accept(at, request, raw)


# --- fragments ---------------------------------------------------------------------------------------------


class SplitCommandAborts(PlainAcceptor):
    """Each PDV is taken for a whole command. PS3.8 2020 Annex E: a message is one or more fragments."""

    fault = "split-command-aborts"
    expects = "fragments"

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        """The bit of the last fragment is not looked at."""
        super().fragment_received(at, PDV(pdv.context_id, pdv.is_command, True, pdv.fragment))


class CommandOverPdusAborts(PlainAcceptor):
    """A command has to end in the PDU in which it began. PS3.8 2020 Annex E: it need not."""

    fault = "command-over-pdus-aborts"
    expects = "fragments"

    def data_received(self, at: Connection, data: PDataTF, raw: bytes) -> None:
        """What is not whole by then is wrong."""
        super().data_received(at, data, raw)
        if at.state == STA6 and at.message_context is not None:
            self.abort(at, 0, 0)


class SecondPdvLost(PlainAcceptor):
    """Of the PDVs in one P-DATA-TF only the first is read. PS3.8 2020 9.3.5: there is one or more."""

    fault = "second-pdv-lost"
    expects = "fragments"

    def data_received(self, at: Connection, data: PDataTF, raw: bytes) -> None:
        """The first and no other."""
        super().data_received(at, PDataTF(data.pdvs[:1]), raw)


class ControlBitsTested(PlainAcceptor):
    """Bits 2 to 7 of a message control header make the PDV invalid. PS3.8 2020 E.2: they are not checked."""

    fault = "control-bits-tested"
    expects = "fragments reserved"

    def data_received(self, at: Connection, data: PDataTF, raw: bytes) -> None:
        """Only the first PDV is looked at so."""
        if raw[11] > 3:
            self.abort(at, 2, 6)
        else:
            super().data_received(at, data, raw)


class AssociationsShareBuffer(PlainAcceptor):
    """The fragments of all associations go into one buffer.

    PS3.8 2020 9.2: each connection has its own machine.
    """

    fault = "associations-share-buffer"
    expects = "fragments listener"
    shared: bytearray | None = None

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        """A variable of the module."""
        if self.shared is None:
            self.shared = bytearray()
        at.message = self.shared
        super().fragment_received(at, pdv)


class UnknownContextAnswered(PlainAcceptor):
    """A C-ECHO-RQ on a context that was not accepted is answered. PS3.8 2020 9.3.5.1, Table 9-23."""

    fault = "unknown-context-answered"
    expects = "contexts data"

    def fragment_received(self, at: Connection, pdv: PDV) -> None:
        """Any id will do."""
        if pdv.context_id % 2:
            at.accepted.setdefault(pdv.context_id, "")
        super().fragment_received(at, pdv)


# --- C-ECHO ------------------------------------------------------------------------------------------------


class EchoOnFirstContext(PlainAcceptor):
    """Answers go out on the first accepted context, not on the one of the request. PS3.8 2020 Annex E."""

    fault = "echo-on-first-context"
    expects = "echo contexts"

    def echo(self, at: Connection, context_id: int, command: CEchoRQ) -> None:
        """The association has one context, has it not."""
        super().echo(at, min(at.accepted), command)


class EchoOnUnknownContext(PlainAcceptor):
    """Answers go out on a context that does not exist. PS3.8 2020 9.3.5.1, Table 9-23."""

    fault = "echo-on-unknown-context"
    expects = "echo"

    def echo(self, at: Connection, context_id: int, command: CEchoRQ) -> None:
        """The next one."""
        super().echo(at, (context_id + 2) % 256, command)


class _WrongResponse(PlainAcceptor):
    """Changes what is answered."""

    def changed(self, response: CEchoRSP) -> CEchoRSP:
        """The wrong answer."""
        raise NotImplementedError

    def respond(self, at: Connection, context_id: int, response: CEchoRSP) -> None:
        """Send the wrong answer."""
        super().respond(at, context_id, self.changed(response))


class WrongMessageId(_WrongResponse):
    """The answer names another message. PS3.7 2020 9.3.5.2: the Message ID of the request."""

    fault = "wrong-message-id"
    expects = "echo"

    def changed(self, response: CEchoRSP) -> CEchoRSP:
        """Count on."""
        return CEchoRSP((response.message_id_responded_to + 1) & 0xFFFF, response.status)


class MessageIdTruncated(_WrongResponse):
    """Of the Message ID the lower octet only is answered. PS3.7 2020 9.3.5.2: it has 16 bits."""

    fault = "message-id-truncated"
    expects = "echo"

    def changed(self, response: CEchoRSP) -> CEchoRSP:
        """An octet is enough."""
        return CEchoRSP(response.message_id_responded_to & 0xFF, response.status)


class EchoFails(_WrongResponse):
    """The status of the answer is a failure (0110H). PS3.7 2020 9.1.5.1.4: success is 0000H."""

    fault = "echo-fails"
    expects = "echo"

    def changed(self, response: CEchoRSP) -> CEchoRSP:
        """Something went wrong."""
        return CEchoRSP(response.message_id_responded_to, 0x0110)


class SecondEchoUnanswered(PlainAcceptor):
    """Only the first C-ECHO-RQ of an association is answered. PS3.7 2020 9.1.5: each is."""

    fault = "second-echo-unanswered"
    expects = "echo"

    def echo(self, at: Connection, context_id: int, command: CEchoRQ) -> None:
        """Once is enough."""
        if at.echoes == 1:
            super().echo(at, context_id, command)


class EchoTwice(PlainAcceptor):
    """Each C-ECHO-RQ is answered twice. PS3.7 2020 9.3.5.2: one response for one request."""

    fault = "echo-answered-twice"
    expects = "echo"

    def echo(self, at: Connection, context_id: int, command: CEchoRQ) -> None:
        """To be sure."""
        super().echo(at, context_id, command)
        super().echo(at, context_id, command)


class ExplicitCommandSet(PlainAcceptor):
    """On a context with explicit VR the answer's command set has explicit VR as well.

    PS3.7 2020 6.3.1: a command set has implicit VR little endian, whatever the transfer syntax.
    """

    fault = "explicit-command-set"
    expects = "echo"

    def encoded(self, at: Connection, context_id: int, response: CEchoRSP) -> bytes:
        """The encoder of data sets does for commands too."""
        octets = super().encoded(at, context_id, response)
        if at.accepted[context_id] != EXPLICIT_LE:
            return octets
        elements = b""
        while octets:
            element, length = octets[2:4], int.from_bytes(octets[4:8], "little")
            vr = {b"\0\0": b"UL", b"\2\0": b"UI"}.get(element, b"US")
            elements += octets[:4] + vr + length.to_bytes(2, "little") + octets[8 : 8 + length]
            octets = octets[8 + length :]
        # The group length has the same number of octets in either form.
        return elements[:8] + (len(elements) - 12).to_bytes(4, "little") + elements[12:]


# --- release -----------------------------------------------------------------------------------------------


class ReleaseUnanswered(PlainAcceptor):
    """A-RELEASE-RQ is never answered. PS3.8 2020 Table 9-10, Evt12 in Sta6 and Evt14 in Sta8: AR-2, AR-4."""

    fault = "release-unanswered"
    expects = "release"

    def release_requested(self, at: Connection) -> None:
        """Not implemented."""


class ReleaseAborted(PlainAcceptor):
    """A-RELEASE-RQ is answered by an A-ABORT. PS3.8 2020 Table 9-10, Evt12 in Sta6: AR-2."""

    fault = "release-aborted"
    expects = "release"

    def release(self, at: Connection) -> None:
        """The rough way."""
        self.abort(at, 2, 2)


class ReleaseCloses(PlainAcceptor):
    """A-RELEASE-RQ is answered by closing. PS3.8 2020 Table 9-8, AR-4: send A-RELEASE-RP."""

    fault = "release-closes"
    expects = "release"

    def release(self, at: Connection) -> None:
        """Nobody waits for the answer."""
        self.close(at)


class ReleaseTwice(PlainAcceptor):
    """A-RELEASE-RQ is answered twice. PS3.8 2020 Table 9-8, AR-4: one A-RELEASE-RP."""

    fault = "release-answered-twice"
    expects = "release"

    def release(self, at: Connection) -> None:
        """Each of two layers answers."""
        at.link.send(encode(AReleaseRP()))
        super().release(at)


class ReleaseStaysOpen(PlainAcceptor):
    """After the A-RELEASE-RP the association goes on, and no timer runs.

    PS3.8 2020 Table 9-8, AR-4: Sta13.
    """

    fault = "release-stays-open"
    expects = "release sta13 artim"

    def release(self, at: Connection) -> None:
        """Answer, and read on."""
        at.link.send(encode(AReleaseRP()))
        at.state = STA6


class ReleaseInMessageUnanswered(PlainAcceptor):
    """A-RELEASE-RQ in the middle of a fragmented message is never answered.

    PS3.8 2020 Table 9-10, Evt12 in Sta6: AR-2, whatever has come of a message.
    """

    fault = "release-in-message-unanswered"
    expects = "release fragments"

    def release_requested(self, at: Connection) -> None:
        """Wait for the rest of the message."""
        if at.message_context is None:
            super().release_requested(at)


class DataDuringReleaseDeadlocks(PlainAcceptor):
    """P-DATA-TF behind an A-RELEASE-RQ makes both ends wait. PS3.8 2020 Table 9-10, Evt10 in Sta8: AA-8."""

    fault = "data-during-release-deadlocks"
    expects = "release"

    def in_sta8(self, at: Connection, pdu: Pdu | Violation) -> None:
        """The release waits for the data to be read, and nobody reads."""
        if isinstance(pdu, PDataTF):
            at.state = "nowhere"
        else:
            super().in_sta8(at, pdu)


class DataDuringReleaseAnswered(PlainAcceptor):
    """P-DATA-TF behind an A-RELEASE-RQ is answered after the A-RELEASE-RP.

    PS3.8 2020 Table 9-10, Evt10 in Sta8: AA-8; nothing is sent behind an A-RELEASE-RP.
    """

    fault = "data-during-release-answered"
    expects = "release"
    think_seconds: ClassVar[float] = 0.02

    def in_sta8(self, at: Connection, pdu: Pdu | Violation) -> None:
        """Release first, and then the data."""
        if isinstance(pdu, PDataTF) and at.state == STA8:
            self.release(at)
            released, at.state = at.state, STA6
            self.data_received(at, pdu, encode(pdu))
            at.state = released
        else:
            super().in_sta8(at, pdu)


FAULTS: tuple[type[PlainAcceptor], ...] = (
    MaximumLengthZeroAborts,
    MaximumLengthIgnored,
    MaximumLengthWithoutHeaders,
    HugeMaximumLengthAborts,
    SplitCommandAborts,
    CommandOverPdusAborts,
    SecondPdvLost,
    ControlBitsTested,
    AssociationsShareBuffer,
    UnknownContextAnswered,
    EchoOnFirstContext,
    EchoOnUnknownContext,
    WrongMessageId,
    MessageIdTruncated,
    EchoFails,
    SecondEchoUnanswered,
    EchoTwice,
    ExplicitCommandSet,
    ReleaseUnanswered,
    ReleaseAborted,
    ReleaseCloses,
    ReleaseTwice,
    ReleaseStaysOpen,
    ReleaseInMessageUnanswered,
    DataDuringReleaseDeadlocks,
    DataDuringReleaseAnswered,
)
