"""What the user of the runtime brings along: a handler that is told, and the limits and times of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomnet.statemachine import LocalProtocolError, Model

if TYPE_CHECKING:
    from .network import NetworkObject

ARTIM_SECONDS = 30.0
CONNECT_SECONDS = 30.0
HANDSHAKE_SECONDS = 30.0


class Handler:
    """What the user of a network object is told. Override what matters; the rest does nothing.

    A callback may call the API. One that raises is reported once to `Network.errors`; unless it was
    `on_accept` or `on_child_close`, its object is then ended by force, and no other object is harmed.
    """

    def on_accept(self, listener: NetworkObject) -> None:
        """A request has joined the queue of `listener`."""

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """The connect call came to its end: ok, refused, reset, timeout, ..."""

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """The connection ended without this end's close(): ok, reset, aborted."""

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """A child that this listener accepted has ended."""

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """The security layer is done with the link: ok, or why it could not be secured; then this is the last callback.

        Outcomes: ok, aborted, timeout, verify_failed, unknown_authority, expired, hostname_mismatch, protocol_version,
        insufficient_security, handshake_failed.
        """

    def on_private_key_password(self, subject: NetworkObject) -> str | bytes | None:
        """An encrypted private key is being loaded, inside `configure_security`: its password, None to give up."""
        return None

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """The association issued a primitive (PS3.8 2020, 7.1 to 7.6); the payload is what was received."""


CALLBACKS = (
    "on_accept",
    "on_connect",
    "on_close",
    "on_child_close",
    "on_secure_link_ready",
    "on_private_key_password",
    "on_primitive",
)


def refuse_no_handler(handler: object) -> None:
    """Refuse what cannot be told everything: it would fail when the first callback is due, perhaps in a shutdown."""
    for name in CALLBACKS:
        if not callable(getattr(handler, name, None)):
            raise LocalProtocolError(
                "invalid_argument", f"{handler!r} is no handler: {name} cannot be called"
            )


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and times of a network: ARTIM, connect and handshake timer in seconds, PDU lengths in octets.

    `max_length` bounds the PDU-length of the P-DATA-TF PDUs that this end takes (0 = the ceiling of the
    codec); `max_associations` is the number of accepted connections with an association at one time.
    `tables` are the tables that run; without them, those of the carrier's profile.
    """

    artim: float = ARTIM_SECONDS
    connect: float = CONNECT_SECONDS
    max_length: int = 16384
    max_associations: int = 100
    tables: Model | None = None
    handshake: float = HANDSHAKE_SECONDS
