"""What several faults lead to: an acceptor that crashes or hangs as a whole; and one that serves one at a time."""

from __future__ import annotations

from .acceptor import Connection, PlainAcceptor


class CrashingAcceptor(PlainAcceptor):
    """Can be brought down: every connection ends and nobody listens any more."""

    def crash(self) -> None:
        """The whole server is gone."""
        self.listening.close()
        for connection in list(self.connections):
            self.close(connection)


class HangingAcceptor(PlainAcceptor):
    """Can be made to hang: the kernel keeps its connections, but nothing is done on any."""

    hangs = False

    def blocked(self) -> bool:
        """Nobody is taken in while it hangs."""
        return self.hangs

    def octets_arrived(self, at: Connection, octets: bytes) -> None:
        """Nothing is read while it hangs."""
        if not self.hangs:
            super().octets_arrived(at, octets)

    def peer_ended(self, at: Connection) -> None:
        """No close is seen while it hangs."""
        if not self.hangs:
            super().peer_ended(at)

    def artim_expired(self, at: Connection) -> None:
        """No timer is seen while it hangs."""
        if not self.hangs:
            super().artim_expired(at)


class WedgingAcceptor(PlainAcceptor):
    """Its accept loop can be made to stand still; the connections it has are served."""

    wedged = False

    def blocked(self) -> bool:
        """Nobody is taken in once the loop stands still."""
        return self.wedged


class OneAtATime(PlainAcceptor):
    """Serves one connection at a time; the next waits until the last is gone. That is a choice, and no fault."""

    def blocked(self) -> bool:
        """While anybody is served."""
        return bool(self.connections)

    def close(self, at: Connection) -> None:
        """The next one's turn."""
        super().close(at)
        self.carrier.call_later(0.0, self.admit)
