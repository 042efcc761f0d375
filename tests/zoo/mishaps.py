"""What several faults lead to: an acceptor that crashes as a whole, and one that hangs as a whole."""

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
