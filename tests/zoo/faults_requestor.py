"""Faults of requestors: of the request, of what follows an answer, of data, and of the connection."""

from __future__ import annotations

from dicomnet.statemachine import (
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAssociateAC,
    AAssociateRQ,
    AReleaseRQ,
    CEchoRQ,
    PDataTF,
    PresentationContextRQ,
    Received,
    UserInformation,
    Violation,
    encode,
    encode_command,
)

from .octets import patched
from .requestor import CONTEXT, MESSAGE, PlainRequestor

ECHO = encode(PDataTF((PDV(CONTEXT, True, True, encode_command(CEchoRQ(MESSAGE))),)))

# --- the request -------------------------------------------------------------------------------------------


class WrongVersion(PlainRequestor):
    """Does not offer protocol version 1. PS3.8 2020 Table 9-11."""

    fault = "requests-other-version"
    by_hand = "requestor.rq.version"

    def request(self) -> bytes:
        """Bit 1 instead of bit 0."""
        return patched(super().request(), 6, b"\0\2")


class ReservedSet(PlainRequestor):
    """Reserved octets of the request are not zero. PS3.8 2020 Table 9-11."""

    fault = "requests-with-reserved-octets"
    by_hand = "requestor.rq.reserved"

    def request(self) -> bytes:
        """Letters in octets 43 to 50."""
        return patched(super().request(), 42, b"reserved")


class EvenContext(PlainRequestor):
    """Proposes a context with an even id. PS3.8 2020 Table 9-13."""

    fault = "proposes-even-context-id"
    by_hand = "requestor.rq.ids"

    def request(self) -> bytes:
        """Context 2, besides the one that is used."""
        contexts = tuple(PresentationContextRQ(each, VERIFICATION, (IMPLICIT_LE,)) for each in (1, 3))
        octets = encode(AAssociateRQ(self.called, self.calling, contexts, UserInformation(max_length=16384)))
        item = b"\x20\0"
        second = octets.index(item, octets.index(item) + 2)
        return patched(octets, second + 4, b"\2")


class NoUserInformation(PlainRequestor):
    """The request has no user information item. PS3.8 2020 Table 9-11."""

    fault = "requests-without-user-information"
    expects = "requestor.sta1.evt1"

    def request(self) -> bytes:
        """What stands before it, with the length that is left."""
        octets = super().request()
        body = octets[6 : octets.index(b"\x50\0", 74)]
        return octets[:2] + len(body).to_bytes(4, "big") + body


# --- before any answer -------------------------------------------------------------------------------------


class DataBeforeAccept(PlainRequestor):
    """Sends data before it is accepted. PS3.8 2020 Table 9-10, Sta5 x Evt9."""

    fault = "sends-data-before-ac"
    expects = "requestor.*"

    def on_open(self) -> None:
        """Request and data in one go."""
        super().on_open()
        self.send(ECHO)


class ReleaseBeforeAccept(PlainRequestor):
    """Asks for the release before it is accepted. PS3.8 2020 Table 9-10, Sta5 x Evt11."""

    fault = "releases-before-ac"
    expects = "requestor.*"

    def on_open(self) -> None:
        """Request and release in one go."""
        super().on_open()
        self.send(encode(AReleaseRQ()))


class NeverReads(PlainRequestor):
    """Says its request and reads nothing. PS3.8 2020 Table 9-10, Sta5."""

    fault = "never-reads"
    expects = "requestor.*"

    def frame(self, octets: bytes) -> list[Received]:
        """Nothing is looked at."""
        return []


# --- after a rejection -------------------------------------------------------------------------------------


class DataAfterReject(PlainRequestor):
    """Sends data after it was rejected. PS3.8 2020 Table 9-10, Sta5 x Evt4 (AE-4)."""

    fault = "sends-data-after-rj"
    expects = "requestor.sta5.evt4 requestor.rj.* requestor.close.half.rejected requestor.again.*"

    def rejected(self) -> None:
        """As if it had been accepted."""
        self.send(ECHO)
        self.close()


class StaysAfterReject(PlainRequestor):
    """Does not close after it was rejected. PS3.8 2020 Table 9-7, AE-4."""

    fault = "stays-after-rj"
    expects = "requestor.sta5.evt4 requestor.rj.* requestor.close.half.rejected requestor.again.*"

    def rejected(self) -> None:
        """Wait for the peer to do it."""
        self.wait_for_end()


class AsksAgain(PlainRequestor):
    """Asks again on the same connection after it was rejected. PS3.8 2020 Table 9-7, AE-4."""

    fault = "asks-again-after-rj"
    expects = "requestor.sta5.evt4 requestor.rj.* requestor.close.half.rejected requestor.again.*"

    def rejected(self) -> None:
        """Nothing is closed."""
        self.send(self.request())


class ConnectsForEver(PlainRequestor):
    """Connects again and again, without a pause, after it was rejected. PS3.8 2020 9.3.4 asks for no such thing."""

    fault = "connects-again-after-rj"
    by_hand = "requestor.again.*"
    tries = 200

    def rejected(self) -> None:
        """Until it is taken."""
        self.close()
        self.try_again()

    def on_failed(self, code: str) -> None:
        """Nor does it matter whether there is anybody."""
        self.try_again()

    def on_reset(self) -> None:
        """Or what became of it."""
        self.close()
        self.try_again()

    def try_again(self) -> None:
        """For ever would be too long for a test."""
        self.tries -= 1
        if self.tries > 0:
            self.carrier.call_later(0.01, self.connect)


# --- data --------------------------------------------------------------------------------------------------


class RejectedContext(PlainRequestor):
    """Sends data on a context that was not accepted. PS3.8 2020 9.3.3.2, Table 9-18."""

    fault = "sends-on-rejected-context"
    by_hand = "requestor.pc.*"

    def may_send(self) -> bool:
        """The answer to the contexts is not read."""
        return True


class TooLong(PlainRequestor):
    """Sends PDUs longer than the acceptor wants them. PS3.8 2020 D.1."""

    fault = "exceeds-maximum-length"
    by_hand = "requestor.len.*"

    def fragment_size(self, octets: bytes) -> int:
        """Whatever it is, in one PDU."""
        return len(octets)


class DataAfterRelease(PlainRequestor):
    """Sends data after it has asked for the release. PS3.8 2020 Table 9-10, Sta7 x Evt9."""

    fault = "sends-data-after-release-rq"
    expects = "requestor.*"

    def release(self) -> None:
        """One more message."""
        super().release()
        self.send(ECHO)


class DataAfterAbort(PlainRequestor):
    """Sends data after its abort. PS3.8 2020 Table 9-10, Sta13 x Evt9."""

    fault = "sends-data-after-abort"
    expects = "requestor.*"

    def abort(self, source: int, reason: int) -> None:
        """One more message."""
        super().abort(source, reason)
        self.send(ECHO)


class OneReadOnePdu(PlainRequestor):
    """One read is taken for one PDU: a PDU that comes in pieces is invalid. PS3.8 2020 9.3.1."""

    fault = "requestor-split-pdu-aborts"
    by_hand = "requestor.frame.* requestor.*.split requestor.data.*"

    def frame(self, octets: bytes) -> list[Received]:
        """What is not whole after one read is wrong."""
        received = super().frame(octets)
        if self.framer.pending:
            received.append((Violation("", 0, "short read"), octets))
        return received


class MalformedAccept(PlainRequestor):
    """Takes an A-ASSOCIATE-AC that is no valid PDU. PS3.8 2020 Table 9-10, Sta5 x Evt19."""

    fault = "takes-malformed-ac"
    by_hand = "requestor.ac.* requestor.frame.*"

    def frame(self, octets: bytes) -> list[Received]:
        """Whatever has its type is taken for one."""
        taken = AAssociateAC(self.called, self.calling, (), UserInformation(max_length=0))
        return [
            (taken if isinstance(pdu, Violation) and raw[:1] == b"\2" else pdu, raw)
            for pdu, raw in super().frame(octets)
        ]


# --- the connection ----------------------------------------------------------------------------------------


class ClosesUnreleased(PlainRequestor):
    """Closes the connection and has not asked for the release. PS3.8 2020 7.2."""

    fault = "closes-without-release"
    expects = "requestor.*"

    def release(self) -> None:
        """That it is done goes without saying."""
        self.close()


class HalfCloses(PlainRequestor):
    """Ends its side of the connection with its release request. PS3.8 2020 Table 9-10, Sta7."""

    fault = "half-closes-with-release-rq"
    expects = "requestor.*"

    def release(self) -> None:
        """It has nothing more to send."""
        super().release()
        self.link.half_close()


class IgnoresEnd(PlainRequestor):
    """Does not close when the peer has ended the connection. PS3.8 2020 Table 9-9, AA-4."""

    fault = "ignores-end-of-connection"
    expects = "requestor.*.evt17.half"

    def on_end(self) -> None:
        """Nothing has happened."""


FAULTS: tuple[type[PlainRequestor], ...] = (
    WrongVersion,
    ReservedSet,
    EvenContext,
    NoUserInformation,
    DataBeforeAccept,
    ReleaseBeforeAccept,
    NeverReads,
    DataAfterReject,
    StaysAfterReject,
    AsksAgain,
    ConnectsForEver,
    RejectedContext,
    TooLong,
    DataAfterRelease,
    DataAfterAbort,
    OneReadOnePdu,
    MalformedAccept,
    ClosesUnreleased,
    HalfCloses,
    IgnoresEnd,
)
