"""Faults of framing, of single states, and of A-ABORT."""

from __future__ import annotations

from typing import ClassVar

from dicomnet.statemachine import (
    AAbort,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    Framer,
    Limits,
    PDataTF,
    Pdu,
    Received,
    Violation,
    encode,
)

from .acceptor import STA6, STA13, Connection, PlainAcceptor
from .mishaps import HangingAcceptor

# --- framing -----------------------------------------------------------------------------------------------


class SplitPduAborts(PlainAcceptor):
    """One read is taken for one PDU: a PDU that comes in two segments is invalid. PS3.8 2020 9.3.1."""

    fault = "split-pdu-aborts"
    expects = "framing"

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """What is not whole after one read is wrong."""
        received = super().frame(at, octets)
        if at.framer.pending:
            received.append((Violation("", 0, "short read"), octets))
        return received


class PartialTailLost(PlainAcceptor):
    """The beginning of a PDU that shares a segment with the end of another is thrown away.

    PS3.8 2020 9.3.1.
    """

    fault = "partial-tail-lost"
    expects = "framing"

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """A buffer of its own for each PDU."""
        received = super().frame(at, octets)
        if received and at.framer.pending:
            at.framer = Framer(self.limits)
        return received


class SecondPduWaits(PlainAcceptor):
    """Of two PDUs in one segment the second is seen when more octets come, and not before.

    PS3.8 2020 9.3.1.
    """

    fault = "second-pdu-waits"
    expects = "framing"

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """One PDU for one readable socket."""
        at.held += super().frame(at, octets)
        return [at.held.pop(0)] if at.held else []


class SecondPduLost(PlainAcceptor):
    """Of two PDUs in one segment the second is thrown away. PS3.8 2020 9.3.1."""

    fault = "second-pdu-lost"
    expects = "framing"

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """What is behind the first PDU of a read is not looked at."""
        return super().frame(at, octets)[:1]


class UnknownTypeWaits(PlainAcceptor):
    """An unknown PDU type (an HTTP request) is waited out by the length it seems to announce.

    PS3.8 2020 Table 9-10, Evt19: AA-1 in Sta2, AA-8 in Sta6.
    """

    fault = "unknown-type-waits"
    expects = "framing"

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """The type is looked at when the PDU is whole, and it never is."""
        return [each for each in super().frame(at, octets) if not self.is_unknown_type(each[0])]

    def is_unknown_type(self, pdu: Pdu | Violation) -> bool:
        """Whether the first octet is what is wrong."""
        return isinstance(pdu, Violation) and pdu.framing and pdu.offset == 0


class HugeLengthWaits(PlainAcceptor):
    """A PDU length over any limit, up to 4 GiB, is believed and waited for.

    PS3.8 2020 D.1; Table 9-10, Evt19.
    """

    fault = "huge-length-waits"
    expects = "framing"

    def frame(self, at: Connection, octets: bytes) -> list[Received]:
        """There is no limit in this program."""
        return [each for each in super().frame(at, octets) if not self.is_huge(*each)]

    def is_huge(self, pdu: Pdu | Violation, raw: bytes) -> bool:
        """Whether the length is too large to be right."""
        return isinstance(pdu, Violation) and pdu.framing and int.from_bytes(raw[2:6], "big") > 1 << 20


class OversizeDataAccepted(PlainAcceptor):
    """A P-DATA-TF longer than the maximum length that the acceptor announced is taken. PS3.8 2020 D.1."""

    fault = "oversize-data-accepted"
    expects = "maximum-length"
    limits: ClassVar[Limits] = Limits(data=0)


class ZeroLengthLoops(HangingAcceptor):
    """A PDU of length 0 sends the reader round for ever, with the whole server. PS3.8 2020 9.3.1; Evt19."""

    fault = "zero-length-loops"
    expects = "framing listener"

    def received(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """The read position never moves on."""
        if isinstance(pdu, Violation) and raw[2:6] == b"\0\0\0\0":
            self.hangs = True
        else:
            super().received(at, pdu, raw)


class MalformedPduIgnored(PlainAcceptor):
    """An invalid PDU in Sta6 is skipped without a word. PS3.8 2020 Table 9-10, Evt19 in Sta6: AA-8."""

    fault = "malformed-pdu-ignored"
    expects = "sta6"

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Skip what cannot be decoded."""
        if not isinstance(pdu, Violation):
            super().not_expected_in_sta6(at, pdu, raw)


# --- Sta2 --------------------------------------------------------------------------------------------------


class DataInSta2Answered(PlainAcceptor):
    """A C-ECHO-RQ without any association is answered. PS3.8 2020 Table 9-10, Evt10 in Sta2: AA-1."""

    fault = "data-in-sta2-answered"
    expects = "sta2"

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Data is data."""
        if isinstance(pdu, PDataTF):
            at.accepted = {pdv.context_id: "" for pdv in pdu.pdvs}
            at.state = STA6
            self.data_received(at, pdu, raw)
        else:
            super().in_sta2(at, pdu, raw)


class UnexpectedInSta2Ignored(PlainAcceptor):
    """Whatever comes before the request is dropped in silence. PS3.8 2020 Table 9-10, Sta2: AA-1."""

    fault = "unexpected-in-sta2-ignored"
    expects = "sta2"

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Wait for a request and for nothing else."""
        if isinstance(pdu, AAssociateRQ | AAbort | Violation):
            super().in_sta2(at, pdu, raw)


class ReleaseInSta2Answered(PlainAcceptor):
    """A-RELEASE-RQ without an association gets an A-RELEASE-RP.

    PS3.8 2020 Table 9-10, Evt12 in Sta2: AA-1.
    """

    fault = "release-in-sta2-answered"
    expects = "sta2 release"

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Release whatever there is."""
        if isinstance(pdu, AReleaseRQ):
            self.release(at)
        else:
            super().in_sta2(at, pdu, raw)


class AbortInSta2Answered(PlainAcceptor):
    """An A-ABORT in Sta2 is answered by one. PS3.8 2020 Table 9-10, Evt16 in Sta2: AA-2 closes."""

    fault = "abort-in-sta2-answered"
    expects = "sta2 abort"

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """An abort is as unexpected here as anything."""
        if isinstance(pdu, AAbort):
            self.abort(at, 0, 0)
        else:
            super().in_sta2(at, pdu, raw)


# --- Sta6 --------------------------------------------------------------------------------------------------


class UnexpectedInSta6Ignored(PlainAcceptor):
    """A PDU that has no business in Sta6 is dropped in silence. PS3.8 2020 Table 9-10, Sta6: AA-8."""

    fault = "unexpected-in-sta6-ignored"
    expects = "sta6"

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Only what is invalid is told."""
        if isinstance(pdu, Violation):
            super().not_expected_in_sta6(at, pdu, raw)


class UnexpectedInSta6Closes(PlainAcceptor):
    """A PDU that has no business in Sta6 closes the connection without an A-ABORT.

    PS3.8 2020 Table 9-9, AA-8.
    """

    fault = "unexpected-in-sta6-closes"
    expects = "sta6 abort"

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Leave without a word."""
        self.close(at)


class SecondRequestAccepted(PlainAcceptor):
    """A second A-ASSOCIATE-RQ in Sta6 is accepted anew. PS3.8 2020 Table 9-10, Evt6 in Sta6: AA-8."""

    fault = "second-request-in-sta6-accepted"
    expects = "sta6"

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Negotiate again."""
        if isinstance(pdu, AAssociateRQ):
            self.accept(at, pdu, raw)
        else:
            super().not_expected_in_sta6(at, pdu, raw)


class UnsolicitedReplyReleases(PlainAcceptor):
    """An A-RELEASE-RP that nobody asked for ends the association in peace.

    PS3.8 2020 Table 9-10, Evt13 in Sta6: AA-8.
    """

    fault = "unsolicited-rp-releases"
    expects = "sta6 release"

    def not_expected_in_sta6(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """As a requestor would."""
        if isinstance(pdu, AReleaseRP):
            self.close(at)
        else:
            super().not_expected_in_sta6(at, pdu, raw)


# --- Sta13 -------------------------------------------------------------------------------------------------


class Sta13AnswersWithAbort(PlainAcceptor):
    """In Sta13 every PDU is answered by an A-ABORT. PS3.8 2020 Table 9-10, Sta13: AA-6 ignores most."""

    fault = "sta13-answers-with-abort"
    expects = "sta13"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Unexpected is unexpected."""
        if isinstance(pdu, AAbort):
            super().in_sta13(at, pdu, raw)
        else:
            self.send_abort(at, 2, self.reason_of(pdu))


class Sta13RequestIgnored(PlainAcceptor):
    """In Sta13 an A-ASSOCIATE-RQ is dropped in silence. PS3.8 2020 Table 9-10, Evt6 in Sta13: AA-7 aborts."""

    fault = "sta13-request-ignored"
    expects = "sta13"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Nothing is answered any more."""
        if isinstance(pdu, AAbort | Violation):
            super().in_sta13(at, pdu, raw)


class Sta13InvalidIgnored(PlainAcceptor):
    """In Sta13 an invalid PDU is dropped in silence. PS3.8 2020 Table 9-10, Evt19 in Sta13: AA-7 aborts."""

    fault = "sta13-invalid-ignored"
    expects = "sta13"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Nothing is decoded any more."""
        if not isinstance(pdu, Violation):
            super().in_sta13(at, pdu, raw)


class Sta13AbortAnswered(PlainAcceptor):
    """In Sta13 an A-ABORT is answered by one: two such peers never end.

    PS3.8 2020 Table 9-10, Evt16: AA-2.
    """

    fault = "sta13-abort-answered"
    expects = "sta13 abort"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Have the last word."""
        if isinstance(pdu, AAbort):
            self.send_abort(at, 2, 2)
        else:
            super().in_sta13(at, pdu, raw)


class SecondAssociationAccepted(PlainAcceptor):
    """After the release a new association is accepted on the same connection.

    PS3.8 2020 9.1.4 and Table 9-10, Evt6 in Sta13: AA-7.
    """

    fault = "second-association-accepted"
    expects = "sta13"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Begin again."""
        if isinstance(pdu, AAssociateRQ):
            self.request_received(at, pdu, raw)
        else:
            super().in_sta13(at, pdu, raw)


class DataAfterReleaseAnswered(PlainAcceptor):
    """A C-ECHO-RQ behind the A-RELEASE-RP is still answered. PS3.8 2020 Table 9-10, Evt10 in Sta13: AA-6."""

    fault = "data-after-release-answered"
    expects = "sta13 release"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """The dispatcher knows nothing of the release."""
        if isinstance(pdu, PDataTF) and at.accepted:
            at.state = STA6
            self.data_received(at, pdu, raw)
            at.state = STA13
        else:
            super().in_sta13(at, pdu, raw)


# --- A-ABORT -----------------------------------------------------------------------------------------------


class AbortAsUser(PlainAcceptor):
    """What the provider aborts is said to be aborted by the user. PS3.8 2020 Table 9-9, AA-8: source 2."""

    fault = "provider-abort-as-user"
    expects = "abort-codes"

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        """Always source 0."""
        super().send_abort(at, 0, 0)


class AbortFromReservedSource(PlainAcceptor):
    """A-ABORT with the reserved source 1. PS3.8 2020 Table 9-26."""

    fault = "abort-source-reserved"
    expects = "abort-codes"

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        """Count the sources from one."""
        super().send_abort(at, 1, reason)


class AbortWithReservedReason(PlainAcceptor):
    """The provider's A-ABORT with the reserved reason 3. PS3.8 2020 Table 9-26."""

    fault = "abort-reason-reserved"
    expects = "abort-codes"

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        """One reason for all."""
        super().send_abort(at, source, 3 if source == 2 else reason)


class AbortOfWrongLength(PlainAcceptor):
    """An A-ABORT of 2 octets where there are 4, without the reserved ones. PS3.8 2020 Table 9-26."""

    fault = "abort-of-wrong-length"
    expects = "abort-codes framing"

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        """Source and reason only."""
        at.link.send(bytes((7, 0, 0, 0, 0, 2, source, reason)))


class AbortAnswered(PlainAcceptor):
    """An A-ABORT in Sta6 is answered by one. PS3.8 2020 Table 9-9, AA-3: none is sent."""

    fault = "abort-answered"
    expects = "abort"

    def abort_received(self, at: Connection) -> None:
        """Say it back."""
        at.link.send(encode(AAbort(0, 0)))
        super().abort_received(at)


class AbortLeavesOpen(PlainAcceptor):
    """After an A-ABORT from the peer the socket is left for the peer to close.

    PS3.8 2020 Table 9-9, AA-3: close.
    """

    fault = "abort-leaves-open"
    expects = "abort close"

    def abort_received(self, at: Connection) -> None:
        """Forget the association, keep the socket."""
        at.state = "nowhere"


FAULTS: tuple[type[PlainAcceptor], ...] = (
    SplitPduAborts,
    PartialTailLost,
    SecondPduWaits,
    SecondPduLost,
    UnknownTypeWaits,
    HugeLengthWaits,
    OversizeDataAccepted,
    ZeroLengthLoops,
    MalformedPduIgnored,
    DataInSta2Answered,
    UnexpectedInSta2Ignored,
    ReleaseInSta2Answered,
    AbortInSta2Answered,
    UnexpectedInSta6Ignored,
    UnexpectedInSta6Closes,
    SecondRequestAccepted,
    UnsolicitedReplyReleases,
    Sta13AnswersWithAbort,
    Sta13RequestIgnored,
    Sta13InvalidIgnored,
    Sta13AbortAnswered,
    SecondAssociationAccepted,
    DataAfterReleaseAnswered,
    AbortAsUser,
    AbortFromReservedSource,
    AbortWithReservedReason,
    AbortOfWrongLength,
    AbortAnswered,
    AbortLeavesOpen,
)
