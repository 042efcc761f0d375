"""The vocabulary of deeds: what a transition may ask the outside world, or another machine, to do.

An effect is a frozen value in a table; nothing here acts. The class says the operation (`op` is its name in
the printed tables), the fields say the decisive details. `carries` names what the effect takes along from the
step: "payload" is the payload of the event, any other name is a selector that the machine declares beside its
table. The one interpreter in `dicomnet.transports` matches exhaustively on `Effect`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Literal, cast

Carries = Literal["payload", "head", "first", "queue", "kept", "packet", "smaller", "index", "key"]

# --- association (PS3.8 2020, Tables 9-6 to 9-9) -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TransportConnect:
    """Ask the transport service for a connection to the peer."""

    op: ClassVar[str] = "transport-connect"
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class TransportAccept:
    """Answer an incoming transport connection. The connection layer has done so before Evt5 is given."""

    op: ClassVar[str] = "transport-accept"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class TransportClose:
    """Close the transport connection."""

    op: ClassVar[str] = "transport-close"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class SendPdu:
    """Send the named PDU.

    `source` and `reason` are what the standard fixes (or "unspecified", "implementation-choice");
    `chosen_source` and `chosen_reason` are what this machine sends where the standard leaves it open
    ("by-cause": the `abort_reason` of the Violation, or `machines.association.REASON_UNEXPECTED_PDU` for a
    valid PDU that has no business in the state).
    """

    op: ClassVar[str] = "send-pdu"
    pdu: str
    source: int | tuple[int, ...] | str | None = None
    reason: int | str | None = None
    chosen_source: int | None = None
    chosen_reason: str | None = None
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class Issue:
    """Hand the named primitive to the local user (`collision`: the release indication of AR-8)."""

    op: ClassVar[str] = "issue"
    primitive: str
    collision: bool = False
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class ArtimStart:
    """Start the ARTIM timer, afresh if it is running."""

    op: ClassVar[str] = "artim-start"
    restart_if_running: bool = False
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class ArtimStop:
    """Stop the ARTIM timer."""

    op: ClassVar[str] = "artim-stop"
    only_if_running: bool = False
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class DiscardPdu:
    """Drop the received PDU unread."""

    op: ClassVar[str] = "discard-pdu"
    carries: Carries | None = None


# --- library, connection, listener ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Callback:
    """Call the user's handler of this object: `name` with `outcome` ("as-told": what the effect carries)."""

    op: ClassVar[str] = "callback"
    name: str
    outcome: str
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Tell the other machines of this endpoint; only the coupling table reads it."""

    op: ClassVar[str] = "signal"
    name: str
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """Send the connection request on its way to the peer."""

    op: ClassVar[str] = "wire-request"
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class WireWithdraw:
    """Take the connection request back."""

    op: ClassVar[str] = "wire-withdraw"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class WireTake:
    """Bind this object to the request at the head of its listener's queue."""

    op: ClassVar[str] = "wire-take"
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class WireClose:
    """Close this object's transport connection in an orderly way (FIN)."""

    op: ClassVar[str] = "wire-close"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class WireReset:
    """Throw this object's transport connection away (RST)."""

    op: ClassVar[str] = "wire-reset"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class WireListen:
    """Begin to take connection requests."""

    op: ClassVar[str] = "wire-listen"
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class WireUnlisten:
    """Take no more connection requests."""

    op: ClassVar[str] = "wire-unlisten"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Tell requestors what became of their requests: accepted, refused, reset; or gone, which they did themselves."""

    op: ClassVar[str] = "reply"
    outcome: str
    carries: Carries | None = "payload"


@dataclass(frozen=True, slots=True)
class TakeChild:
    """Give the head of the queue to the child named in the accept call."""

    op: ClassVar[str] = "take-child"
    carries: Carries | None = "head"


@dataclass(frozen=True, slots=True)
class FailCall:
    """Let the call that was made raise `code`, though, unlike a refusal, it has changed something."""

    op: ClassVar[str] = "fail-call"
    code: str
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class TellListener:
    """Tell the listener that accepted this object that it has ended (`outcome` "as-told": what is carried)."""

    op: ClassVar[str] = "tell-listener"
    outcome: str
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class ConnectTimerStart:
    """Start the timer that bounds the wait for the connection."""

    op: ClassVar[str] = "connect-timer-start"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class ConnectTimerStop:
    """Stop the connect timer."""

    op: ClassVar[str] = "connect-timer-stop"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class HandshakeTimerStart:
    """Start the timer that bounds the handshake of the security layer."""

    op: ClassVar[str] = "handshake-timer-start"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class HandshakeTimerStop:
    """Stop the handshake timer."""

    op: ClassVar[str] = "handshake-timer-stop"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class SecureBegin:
    """Begin to secure this object's link, as `role` (requestor or acceptor)."""

    op: ClassVar[str] = "secure-begin"
    role: str
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class CreateObject:
    """Make a network object."""

    op: ClassVar[str] = "create-object"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class EndAllObjects:
    """End every network object that is alive, children before listeners."""

    op: ClassVar[str] = "end-all-objects"
    carries: Carries | None = None


# --- the path of a connection request ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """Hand the request to the listener at its address."""

    op: ClassVar[str] = "offer"
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """Let one of those concerned (requestor, listener, acceptor) hear a report, after the way there."""

    op: ClassVar[str] = "tell"
    to: str
    report: str
    outcome: str | None = None
    carries: Carries | None = None


@dataclass(frozen=True, slots=True)
class Deliver:
    """Let the acceptor hear, in order, what the requestor sent while the request waited."""

    op: ClassVar[str] = "deliver"
    carries: Carries | None = "kept"


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Let the request arrive once more after a while, as long as there are tries left."""

    op: ClassVar[str] = "ask-again"
    carries: Carries | None = None


AssociationEffect = (
    TransportConnect
    | TransportAccept
    | TransportClose
    | SendPdu
    | Issue
    | ArtimStart
    | ArtimStop
    | DiscardPdu
)
ConnectionEffect = (
    Callback
    | Signal
    | WireRequest
    | WireWithdraw
    | WireTake
    | WireClose
    | WireReset
    | TellListener
    | ConnectTimerStart
    | ConnectTimerStop
)
SecurityEffect = HandshakeTimerStart | HandshakeTimerStop | SecureBegin
ListenerEffect = WireListen | WireUnlisten | Reply | TakeChild | FailCall
LibraryEffect = CreateObject | EndAllObjects
PathEffect = Offer | Tell | Deliver | AskAgain
Effect = AssociationEffect | ConnectionEffect | SecurityEffect | ListenerEffect | LibraryEffect | PathEffect

_HIDDEN = {"carries"}


def effect_as_dict(effect: Effect) -> dict[str, object]:
    """The effect as plain data: `op` and every field that says something, in the order of the class."""
    row: dict[str, object] = {"op": effect.op}
    for field in fields(effect):
        value: object = getattr(effect, field.name)
        if field.name in _HIDDEN or value is None or value is False:
            continue
        row[field.name] = list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
    return row
