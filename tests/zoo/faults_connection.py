"""Faults of the accept loop, of ARTIM and of closing."""

from __future__ import annotations

from typing import ClassVar

from dicomnet.statemachine import AAbort, AAssociateRQ, Pdu, Violation

from .acceptor import STA2, STA6, STA8, STA13, Connection, PlainAcceptor
from .mishaps import CrashingAcceptor, WedgingAcceptor


class SilentPeerBlocks(PlainAcceptor):
    """The accept loop reads the first PDU itself, so a peer that says nothing keeps everybody else out.

    PS3.8 2020 9.1.2 and 9.2: each connection has a machine of its own.
    """

    fault = "silent-peer-blocks-accept"
    expects = "listener"

    def blocked(self) -> bool:
        """While anybody is in Sta2."""
        return any(connection.state == STA2 for connection in self.connections)

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """The loop goes on to the next peer."""
        super().request_received(at, request, raw)
        self.admit()

    def close(self, at: Connection) -> None:
        """The loop goes on to the next peer."""
        super().close(at)
        self.carrier.call_later(0.0, self.admit)


class LimitNeverRecovers(PlainAcceptor):
    """Once the limit of connections was reached, every later request is rejected as well.

    PS3.8 2020 Table 9-21: the rejection is transient (result 2), so it has to pass.
    """

    fault = "limit-never-recovers"
    expects = "listener"
    limit: ClassVar[int] = 6
    reached = False

    def is_full(self) -> bool:
        """The flag is set and never cleared."""
        self.reached = self.reached or super().is_full()
        return self.reached


class DiesOfMalformedPdu(PlainAcceptor):
    """An invalid PDU is answered, and the error it raised then ends the accept loop.

    PS3.8 2020 Table 9-10, Evt19: the fault of one connection is that connection's alone.
    """

    fault = "dies-of-malformed-pdu"
    expects = "listener"

    def received(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """Stop listening at a violation."""
        super().received(at, pdu, raw)
        if isinstance(pdu, Violation):
            self.listening.close()


class QuickLeaverWedges(WedgingAcceptor):
    """A peer that closes right after its A-RELEASE-RQ leaves the accept loop waiting for the release to end.

    PS3.8 2020 Table 9-10, Evt17 in Sta8: AA-4.
    """

    fault = "quick-leaver-wedges"
    expects = "listener release"
    think_seconds: ClassVar[float] = 0.02

    def close(self, at: Connection) -> None:
        """Nobody expected the close in Sta8."""
        self.wedged = self.wedged or at.state == STA8
        super().close(at)


class AbortBehindRequestWedges(WedgingAcceptor):
    """An A-ABORT in the same segment as the A-ASSOCIATE-RQ is lost and the accept loop waits for the outcome.

    PS3.8 2020 Table 9-10, Evt16 in Sta3: AA-3.
    """

    fault = "abort-behind-request-wedges"
    expects = "listener abort"

    def in_sta3(self, at: Connection, pdu: Pdu | Violation) -> None:
        """The abort finds nobody to hear it, and the user's answer is never sent."""
        if isinstance(pdu, AAbort):
            at.state = "nowhere"
            self.wedged = True
        else:
            super().in_sta3(at, pdu)


class _WithoutArtim(PlainAcceptor):
    """Does not start ARTIM for one cause."""

    without: ClassVar[str]

    def start_artim(self, at: Connection, cause: str) -> None:
        """Not for this cause."""
        if cause == self.without:
            self.stop_artim(at)
        else:
            super().start_artim(at, cause)


class NoArtimInSta2(_WithoutArtim):
    """A peer that connects and says nothing is kept for ever. PS3.8 2020 Table 9-6, AE-5: start ARTIM."""

    fault = "no-artim-in-sta2"
    expects = "artim"
    without: ClassVar[str] = "connect"


class NoArtimAfterReject(_WithoutArtim):
    """A rejected peer that does not close is kept for ever. PS3.8 2020 Table 9-6, AE-8: start ARTIM."""

    fault = "no-artim-after-reject"
    expects = "artim"
    without: ClassVar[str] = "reject"


class NoArtimAfterAbort(_WithoutArtim):
    """An abort whose peer does not close leaks the socket.

    PS3.8 2020 Table 9-9, AA-1 and AA-8: start ARTIM.
    """

    fault = "no-artim-after-abort"
    expects = "artim"
    without: ClassVar[str] = "abort"


class NoArtimAfterRelease(_WithoutArtim):
    """After the A-RELEASE-RP Sta13 waits for ever. PS3.8 2020 Table 9-8, AR-4: start ARTIM."""

    fault = "no-artim-after-release"
    expects = "artim release"
    without: ClassVar[str] = "release"


class ArtimRestartsWithOctets(PlainAcceptor):
    """Every octet received in Sta2 starts ARTIM afresh, so a dribbling peer stays for ever.

    PS3.8 2020 Table 9-10: nothing short of a PDU touches ARTIM.
    """

    fault = "artim-restarts-with-octets"
    expects = "artim"

    def octets_arrived(self, at: Connection, octets: bytes) -> None:
        """A timer of silence instead of a timer of the state."""
        if at.state == STA2:
            self.start_artim(at, "connect")
        super().octets_arrived(at, octets)


class ArtimCutsAssociation(PlainAcceptor):
    """ARTIM goes on when the request has come and cuts the association.

    PS3.8 2020 Table 9-6, AE-6: stop it.
    """

    fault = "artim-cuts-association"
    expects = "artim"

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """Do not stop the timer."""
        running, at.artim = at.artim, None
        super().request_received(at, request, raw)
        if at.artim is None:
            at.artim = running


class _DeafToTheEnd(PlainAcceptor):
    """Does not see the peer's FIN in one state."""

    deaf_in: ClassVar[str]

    def peer_ended(self, at: Connection) -> None:
        """Only in the other states."""
        if at.state != self.deaf_in:
            super().peer_ended(at)


class HalfCloseLingers(_DeafToTheEnd):
    """The peer's FIN during an association is not seen; the socket stays in CLOSE_WAIT.

    PS3.8 2020 Table 9-10, Evt17 in Sta6: AA-4.
    """

    fault = "half-close-lingers"
    expects = "close"
    deaf_in: ClassVar[str] = STA6


class EndInsidePduLingers(PlainAcceptor):
    """When the peer closes in the middle of a PDU the rest of it is waited for, for ever.

    PS3.8 2020 Table 9-10, Evt17.
    """

    fault = "end-inside-pdu-lingers"
    expects = "close framing"

    def peer_ended(self, at: Connection) -> None:
        """A read that wants so many octets does not see the end."""
        if at.framer.pending:
            self.stop_artim(at)
        else:
            super().peer_ended(at)


class Sta13CloseLingers(_DeafToTheEnd):
    """In Sta13 the peer's close is not looked at; the socket is held until ARTIM runs out.

    PS3.8 2020 Table 9-10, Evt17 in Sta13: AR-5.
    """

    fault = "sta13-close-lingers"
    expects = "close sta13"
    deaf_in: ClassVar[str] = STA13


class AbortAtClose(PlainAcceptor):
    """A connection that the peer half-closed in Sta6 gets an A-ABORT.

    PS3.8 2020 Table 9-9, AA-4: none is sent.
    """

    fault = "abort-at-close"
    expects = "close abort"

    def peer_ended(self, at: Connection) -> None:
        """Say goodbye where nobody listens."""
        if at.state == STA6:
            self.send_abort(at, 2, 0)
        super().peer_ended(at)


class Sta13PduCrashes(CrashingAcceptor):
    """A PDU in Sta13 brings the server down. PS3.8 2020 Table 9-10, Sta13: AA-6 ignores it."""

    fault = "sta13-pdu-crashes"
    expects = "sta13 listener"

    def in_sta13(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """There is no entry in the table of this program."""
        if isinstance(pdu, AAbort):
            super().in_sta13(at, pdu, raw)
        else:
            self.crash()


FAULTS: tuple[type[PlainAcceptor], ...] = (
    SilentPeerBlocks,
    LimitNeverRecovers,
    DiesOfMalformedPdu,
    QuickLeaverWedges,
    AbortBehindRequestWedges,
    NoArtimInSta2,
    NoArtimAfterReject,
    NoArtimAfterAbort,
    NoArtimAfterRelease,
    ArtimRestartsWithOctets,
    ArtimCutsAssociation,
    HalfCloseLingers,
    EndInsidePduLingers,
    Sta13CloseLingers,
    AbortAtClose,
    Sta13PduCrashes,
)
