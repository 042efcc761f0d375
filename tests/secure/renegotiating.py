"""Servers of TLS 1.2 whom a client asks for a renegotiation: one makes it, others refuse it in odd ways."""

from __future__ import annotations

import ssl

from .server import Served, names

CASE = "tls.renegotiation.refused"
# SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which Python has no name for: OpenSSL 3 refuses without it.
ALLOW_CLIENT_RENEGOTIATION = 1 << 8


class Renegotiates(Served):
    """Makes it, and securely, which no clause forbids."""

    fault = "renegotiates when a client asks"
    told = (CASE,)

    def wrap(self, context: ssl.SSLContext) -> ssl.SSLObject:
        context.options |= ALLOW_CLIENT_RENEGOTIATION
        context.options &= ~ssl.OP_NO_RENEGOTIATION
        return super().wrap(context)


class Asked(Served):
    """Sees the request for what it is: a record of the handshake behind the handshake."""

    told = (CASE,)

    def on_octets(self, octets: bytes) -> None:
        if self.secured and octets[:1] == bytes((names.HANDSHAKE,)):
            self.asked(octets)
        else:
            super().on_octets(octets)

    def asked(self, octets: bytes) -> None:
        """What is done instead of what the library would do."""


class DeafToRenegotiation(Asked):
    fault = "passes over the request for a renegotiation"


class SlowToRefuse(Asked):
    """Takes longer for it than an answer takes elsewhere; that is no fault."""

    def asked(self, octets: bytes) -> None:
        self.gate.call_later(2.0, lambda: None if self.over else Served.on_octets(self, octets))


class EndsAtRenegotiation(Asked):
    fault = "ends without a word where a renegotiation is asked for"

    def asked(self, octets: bytes) -> None:
        self.shut()


class NotifiesAtRenegotiation(Asked):
    fault = "ends by close_notify where a renegotiation is asked for"

    def asked(self, octets: bytes) -> None:
        self.close()


RENEGOTIATING: tuple[type[Served], ...] = (
    Renegotiates,
    DeafToRenegotiation,
    EndsAtRenegotiation,
    NotifiesAtRenegotiation,
)
