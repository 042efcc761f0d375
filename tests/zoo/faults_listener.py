"""Faults that show only where several peers are there at a time, or where a peer leaves before it has said anything."""

from __future__ import annotations

from typing import ClassVar

from dicomnet.statemachine import AAssociateRQ
from dicomnet.transports import Request

from .acceptor import STA1, STA2, STA6, Codes, Connection, PlainAcceptor
from .mishaps import OneAtATime, WedgingAcceptor


class SilentPeerStallsForEver(WedgingAcceptor):
    """Somebody who connects while another has said nothing yet brings the accept loop to a stand, for good.

    PS3.8 2020 9.1.2 and 9.2: each connection has a machine of its own.
    """

    fault = "silent-peer-stalls-for-ever"
    expects = "several"

    def on_request(self, request: Request) -> None:
        """Two lock each other out."""
        self.wedged = self.wedged or any(connection.state == STA2 for connection in self.connections)
        super().on_request(request)


class LimitStopsListening(WedgingAcceptor):
    """At the limit of connections the accept loop is told to pause, and nobody tells it to go on.

    PS3.8 2020 Table 9-21: a lack of room is transient, so it has to pass.
    """

    fault = "limit-stops-listening"
    expects = "several"
    limit: ClassVar[int] = 9

    def admit(self) -> None:
        """Pause, for good."""
        super().admit()
        self.wedged = self.wedged or len(self.connections) >= self.limit


class LosesSimultaneousRequest(PlainAcceptor):
    """One variable holds the request that is to be taken next, so of two at the same moment one is lost.

    PS3.8 2020 Table 9-10, Sta1 x Evt5: each transport connection is taken.
    """

    fault = "loses-simultaneous-request"
    expects = "several"

    def on_request(self, request: Request) -> None:
        """Taken in a later turn."""
        self.waiting = [request]
        self.carrier.call_later(0.0, self.admit)


class QuickCloseEndsListening(PlainAcceptor):
    """A peer that connects and closes at once raises an error that ends the accept loop.

    PS3.8 2020 Table 9-10, Sta2 x Evt17: AA-5.
    """

    fault = "quick-close-ends-listening"
    expects = "listener"

    def peer_ended(self, at: Connection) -> None:
        """The end of a stream that never began."""
        if at.state == STA2:
            self.listening.close()
        super().peer_ended(at)


class ResetEndsListening(PlainAcceptor):
    """A peer that connects and resets raises an error that ends the accept loop.

    PS3.8 2020 Table 9-10, Sta2 x Evt17: AA-5.
    """

    fault = "reset-ends-listening"
    expects = "listener"

    def peer_reset(self, at: Connection) -> None:
        """The error is nobody's to catch."""
        if at.state == STA2:
            self.listening.close()
        super().peer_reset(at)


class ResetLeaksSlot(PlainAcceptor):
    """An association that the peer resets is never taken off the count of those that are served.

    PS3.8 2020 Table 9-10, Sta6 x Evt17: AA-4 ends it.
    """

    fault = "reset-leaks-slot"
    expects = "several"

    def peer_reset(self, at: Connection) -> None:
        """Only an orderly end counts."""
        leaks = at.state == STA6
        super().peer_reset(at)
        if leaks:
            self.connections.add(at)


class AbortLeaksSlot(PlainAcceptor):
    """An association that the peer aborts is never taken off the count of those that are served.

    PS3.8 2020 Table 9-10, Sta6 x Evt16: AA-3 ends it.
    """

    fault = "abort-leaks-slot"
    expects = "listener"

    def abort_received(self, at: Connection) -> None:
        """Only a release counts."""
        super().abort_received(at)
        self.connections.add(at)


class LastComeFirstServed(OneAtATime):
    """Serves one at a time, and of those who wait the one that came last.

    PS3.8 2020 fixes no order, so this is told and is no fault.
    """

    fault = "last-come-first-served"
    expects = "several"

    def admit(self) -> None:
        """A stack where a queue was meant."""
        if not self.blocked():
            self.waiting.reverse()
            super().admit()
            self.waiting.reverse()


class LimitAnsweredBySilence(PlainAcceptor):
    """A request for which there is no room is not answered, and never will be.

    PS3.8 2020 Table 9-10, Sta2 x Evt6: AE-6 rejects it or lets the user answer.
    """

    fault = "limit-answered-by-silence"
    expects = "several"
    limit: ClassVar[int] = 4

    def reject(self, at: Connection, codes: Codes) -> None:
        """Say nothing."""
        if codes != (2, 3, 2):
            super().reject(at, codes)


class LimitAnsweredByClosing(PlainAcceptor):
    """A request for which there is no room is answered by closing the connection.

    PS3.8 2020 Table 9-10, Sta2 x Evt6: AE-6 sends an A-ASSOCIATE-RJ.
    """

    fault = "limit-answered-by-closing"
    expects = "several"
    limit: ClassVar[int] = 4

    def reject(self, at: Connection, codes: Codes) -> None:
        """Hang up."""
        if codes == (2, 3, 2):
            self.close(at)
        else:
            super().reject(at, codes)


class LimitRejectedForGood(PlainAcceptor):
    """A request for which there is no room is rejected permanently, by the service user.

    PS3.8 2020 Table 9-21: local limit exceeded is result 2, source 3, reason 2.
    """

    fault = "limit-rejected-for-good"
    expects = "several"
    limit: ClassVar[int] = 4

    def send_reject(self, at: Connection, codes: Codes) -> None:
        """No reason given."""
        super().send_reject(at, (1, 1, 1) if codes == (2, 3, 2) else codes)


class LeaverInQueueWedges(OneAtATime):
    """Serves one at a time; a peer that leaves while it waits leaves the accept loop waiting for it.

    PS3.8 2020 Table 9-10, Evt17: the end of one connection is that connection's alone.
    """

    fault = "leaver-in-queue-wedges"
    expects = "several"
    wedged = False

    def blocked(self) -> bool:
        """Or for good."""
        return self.wedged or super().blocked()

    def on_withdrawn(self, request: Request) -> None:
        """Nobody is where somebody was."""
        self.wedged = self.wedged or request in self.waiting
        super().on_withdrawn(request)


class OthersDataIsMine(PlainAcceptor):
    """Which connection octets belong to is kept in one variable, so with two peers the first gets the other's answer.

    PS3.8 2020 9.2: each connection has a machine of its own.
    """

    fault = "answers-the-first-peer"
    expects = "several fragments"

    def send_accept(self, at: Connection, octets: bytes) -> None:
        """To whoever came first."""
        first = next((other for other in self.connections if other.state == STA6 and other is not at), at)
        super().send_accept(first, octets)

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """Those who are gone are no peers."""
        self.connections = {each for each in self.connections if each.state != STA1}
        super().request_received(at, request, raw)


FAULTS: tuple[type[PlainAcceptor], ...] = (
    SilentPeerStallsForEver,
    LimitStopsListening,
    LosesSimultaneousRequest,
    QuickCloseEndsListening,
    ResetEndsListening,
    ResetLeaksSlot,
    AbortLeaksSlot,
    LastComeFirstServed,
    LimitAnsweredBySilence,
    LimitAnsweredByClosing,
    LimitRejectedForGood,
    LeaverInQueueWedges,
    OthersDataIsMine,
)
