"""One network object: IDLE, LISTENING, CONNECTING, CONNECTED, CLOSED.

Rows 3 to 8, 11, 13, 15 to 20, 22 and 24 of the connection layer. The queue of a LISTENING object and its security
layer are machines of their own (`listener`, `security`); the coupling carries the signals between them. The context
says how the object was connected: `requestor`, or `acceptor` for a child that a listener accepted.

Order within an action is the order of deeds: the association hears of the end before the user's `on_close`,
so that `on_close` is the last callback of an object; its listener is told after that.
"""

from __future__ import annotations

from typing import Final

from ..effects import (
    Callback,
    ConnectTimerStart,
    ConnectTimerStop,
    Effect,
    Signal,
    TellListener,
    WireClose,
    WireRequest,
    WireReset,
    WireTake,
    WireWithdraw,
)
from ..kernel import STAY, Action, Branch, Machine, Payload, State, event_kinds, parse_grid, straight

SOURCE: Final = "dicomnet connection layer"

GRID: Final = """
                 IDLE    LISTENING  CONNECTING  CONNECTED  CLOSED
configure        CN-26   CN-27      CN-27       CN-27      CN-27
listen           CN-1    CN-2       CN-2        CN-2       CN-2
connect          CN-3    CN-2       CN-2        CN-2       CN-2
take             CN-4    CN-5       CN-5        CN-5       CN-5
connect-ok       .       .          CN-6        .          CN-16
connect-refused  .       .          CN-7        .          CN-16
connect-reset    .       .          CN-8        .          CN-16
unreachable      .       .          CN-24       .          CN-16
not-resolved     .       .          CN-25       .          CN-16
connect-timeout  .       .          CN-9        .          CN-16
peer-closed      .       .          .           CN-10      CN-16
peer-reset       .       .          .           CN-11      CN-16
handshake-failed .       .          .           CN-28      .
handshake-abort  .       .          .           CN-29      .
handshake-late   .       .          .           CN-30      .
secure-lost      .       .          .           CN-31      .
secure-cut       .       .          .           CN-32      .
close            CN-12   CN-13      CN-14       CN-15      CN-16
close-forced     CN-17   CN-18      CN-19       CN-20      CN-16
shutdown         CN-17   CN-18      CN-19       CN-20      CN-16
associate        CN-21   CN-21      CN-21       CN-22      CN-21
dial             CN-23   CN-2       CN-2        CN-2       CN-2
"""


def _ending(name: str, row: str, description: str, outcome: str, *effects: Effect) -> Action:
    """An end of a CONNECTED object; the listener of an accepted child is told, a requestor has none."""
    told = (*effects, TellListener(outcome, carries="payload" if outcome == AS_TOLD else None))
    return Action(
        name,
        row,
        description,
        (Branch("CLOSED", told, when="accepted-child"), Branch("CLOSED", effects, when="requestor")),
    )


def accepted(role: str | None, _payload: Payload) -> bool:
    """Whether the object is the child of an accepted request."""
    return role == "acceptor"


_LOST = Signal("connect-failed")
AS_TOLD: Final = "as-told"

ACTIONS: Final = {
    action.name: action
    for action in (
        straight("CN-1", "row 4", "begin to listen", "LISTENING", Signal("listener-open", carries="payload")),
        Action(
            "CN-2",
            "refusals",
            "refuse: only an idle object listens or connects",
            (Branch(STAY, refuse="already_connected"),),
        ),
        straight(
            "CN-3",
            "row 5",
            "send the connection request",
            "CONNECTING",
            ConnectTimerStart(),
            WireRequest(),
            update="become-requestor",
        ),
        straight(
            "CN-4",
            "row 8",
            "become the child of the accepted request",
            "CONNECTED",
            WireTake(),
            Signal("accepted"),
            update="become-acceptor",
        ),
        Action(
            "CN-5",
            "refusals",
            "refuse: only an idle object can be accepted into",
            (Branch(STAY, refuse="wrong_state"),),
        ),
        straight(
            "CN-6",
            "row 8",
            "the request was accepted",
            "CONNECTED",
            ConnectTimerStop(),
            Callback("on_connect", "ok"),
            Signal("connected"),
        ),
        *(
            straight(
                name,
                row,
                meaning,
                "IDLE",
                ConnectTimerStop(),
                _LOST,
                Callback("on_connect", outcome),
                update="no-role",
            )
            for name, row, meaning, outcome in (
                ("CN-7", "rows 6 and 7", "nobody listens, or the queue is full", "refused"),
                ("CN-8", "row 19", "the listener went away", "reset"),
                ("CN-24", "row 6", "there is no way to the peer", "unreachable"),
                ("CN-25", "row 6", "the peer's name is not known", "name_not_resolved"),
            )
        ),
        straight(
            "CN-9",
            "row 22",
            "the connect timer ran out, here or in the carrier: take the request back",
            "IDLE",
            ConnectTimerStop(),
            WireWithdraw(),
            _LOST,
            Callback("on_connect", "timeout"),
            update="no-role",
        ),
        _ending(
            "CN-10",
            "rows 16 and 18",
            "the peer closed",
            "ok",
            WireClose(),
            Signal("peer-end"),
            Callback("on_close", "ok"),
        ),
        _ending(
            "CN-11",
            "rows 17 and 18",
            "the peer reset: let go of the connection",
            "reset",
            WireReset(),
            Signal("peer-end"),
            Callback("on_close", "reset"),
        ),
        straight("CN-12", "row 16", "close an unused object", "CLOSED"),
        straight("CN-13", "row 19", "stop listening", "CLOSED", Signal("listener-close")),
        straight(
            "CN-14",
            "rows 16 and 20",
            "take the request back",
            "CLOSED",
            ConnectTimerStop(),
            WireWithdraw(),
            Signal("local-end"),
        ),
        _ending("CN-15", "rows 16 and 18", "close", "ok", WireClose(), Signal("local-end")),
        straight("CN-16", "row 24", "nothing: the object has ended", "CLOSED"),
        straight("CN-17", "row 17", "end an unused object", "CLOSED", Callback("on_close", "aborted")),
        straight(
            "CN-18",
            "rows 17 and 19",
            "stop listening, forced",
            "CLOSED",
            Signal("listener-close"),
            Callback("on_close", "aborted"),
        ),
        straight(
            "CN-19",
            "rows 17 and 20",
            "take the request back, forced",
            "CLOSED",
            ConnectTimerStop(),
            WireReset(),
            Signal("local-end"),
            Callback("on_close", "aborted"),
        ),
        _ending(
            "CN-20",
            "rows 17 and 18",
            "reset the connection",
            "aborted",
            WireReset(),
            Signal("local-end"),
            Callback("on_close", "aborted"),
        ),
        Action("CN-21", "row 15", "refuse: not connected", (Branch(STAY, refuse="not_connected"),)),
        straight("CN-22", "row 15", "give the association its request", "CONNECTED", Signal("associate")),
        straight(
            "CN-23",
            "dial",
            "connect and associate: the association asks for the connection",
            "IDLE",
            Signal("dial", carries="payload"),
        ),
        straight("CN-26", "row 3", "configure the security layer", "IDLE", Signal("configure")),
        Action(
            "CN-27",
            "row 3",
            "refuse: only an idle object is configured",
            (Branch(STAY, refuse="wrong_state"),),
        ),
        *(
            _ending(
                name,
                row,
                meaning,
                outcome,
                WireClose(),
                _LOST,
                Callback("on_secure_link_ready", outcome, carries="payload" if outcome == AS_TOLD else None),
            )
            for name, row, meaning, outcome in (
                ("CN-28", "rows 13 and 18", "the link could not be secured: no PDU is sent", AS_TOLD),
                ("CN-29", "rows 16 to 18", "the peer went away before the link was secured", "aborted"),
                ("CN-30", "rows 13 and 18", "the handshake took too long", "timeout"),
            )
        ),
        _ending(
            "CN-31",
            "rows 13 and 18",
            "the secured link broke, or the peer refused it afterwards",
            AS_TOLD,
            WireClose(),
            Signal("lost"),
            Callback("on_close", AS_TOLD, carries="payload"),
        ),
        _ending(
            "CN-32",
            "rows 16 and 18",
            "the peer closed without the end that the security layer asks for",
            "close_notify_missing",
            WireClose(),
            Signal("lost"),
            Callback("on_close", "close_notify_missing"),
        ),
    )
}

CONNECTION: Final[Machine[str | None]] = Machine(
    name="connection",
    title="Network object",
    source=SOURCE,
    states=(
        State("IDLE", "made, not yet used", "idle"),
        State("LISTENING", "owns a queue of connection requests", "establishment"),
        State("CONNECTING", "its request is on the way or in the peer's queue", "establishment"),
        State("CONNECTED", "the connection stands", "data-transfer"),
        State("CLOSED", "ended for good", "closing"),
    ),
    events=event_kinds(
        ("configure", "local-user", "configure a security layer"),
        ("listen", "local-user", "listen on an address"),
        ("connect", "local-user", "connect to a peer"),
        ("take", "local-user", "be the child of an accepted request"),
        ("connect-ok", "transport", "the peer accepted the request"),
        ("connect-refused", "transport", "the request was refused"),
        ("connect-reset", "transport", "the request was dropped by the peer"),
        ("unreachable", "transport", "there is no way to the peer"),
        ("not-resolved", "transport", "the peer's name is not known"),
        ("connect-timeout", "timer", "the connect timer ran out"),
        ("peer-closed", "transport", "the peer closed the connection"),
        ("peer-reset", "transport", "the peer reset the connection"),
        ("handshake-failed", "transport", "the link could not be secured: the code says why"),
        ("handshake-abort", "transport", "the peer went away before the link was secured"),
        ("handshake-late", "timer", "the handshake timer ran out"),
        ("secure-lost", "transport", "the secured link broke: the code says how"),
        ("secure-cut", "transport", "the peer closed without the security layer's own end"),
        ("close", "local-user", "close in an orderly way"),
        ("close-forced", "local-user", "close by reset"),
        ("shutdown", "local-user", "the library stops"),
        ("associate", "local-user", "ask for an association on a connection that stands"),
        ("dial", "local-user", "connect and ask for an association in one call"),
    ),
    cells=parse_grid(GRID),
    actions=ACTIONS,
    initial="IDLE",
    context=None,
    contexts=(None, "requestor", "acceptor"),
    cell_clause=SOURCE,
    guards={
        "accepted-child": accepted,
        "requestor": lambda role, payload: not accepted(role, payload),
    },
    updates={
        "become-requestor": lambda _role, _payload: "requestor",
        "become-acceptor": lambda _role, _payload: "acceptor",
        "no-role": lambda _role, _payload: None,
    },
)
