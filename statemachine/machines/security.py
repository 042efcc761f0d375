"""The security layer of one network object: none, or UNSECURED, SECURING, SECURED, FAILED.

Rows 3 and 12 to 17 of the connection layer. The public names SECURING and SECURED are CONNECTED and this machine's
state. How a link is secured (TLS, or a layer that a simulation plays) is the business of an engine outside; here is
only when it begins, what its outcome means for the object, and that it has a timer of its own.

The context says on which side the object stands: `requestor` or `acceptor`; a child opens its association when its
link is secured, a requestor when its user asks, or has asked in the same call (`dial`).

PS3.15 2024e Annex B leaves open what becomes of an association when its link cannot be secured; that nothing is sent
then, not even an A-ABORT, follows from PS3.8 2020 9.1.1: the association begins when the transport connection stands.
"""

from __future__ import annotations

from typing import Final

from ..effects import Callback, HandshakeTimerStart, HandshakeTimerStop, SecureBegin, Signal
from ..kernel import STAY, Action, Branch, Machine, State, event_kinds, parse_grid, straight
from .connection import accepted

SOURCE: Final = "dicomnet connection layer"

GRID: Final = """
                 NONE    UNSECURED  SECURING  SECURED  FAILED
configure        SE-1    SE-1       .         .        .
begin-requestor  .       SE-2       .         .        .
begin-acceptor   .       SE-3       .         .        .
secured          .       .          SE-4      .        .
failed           .       .          SE-5      SE-6     .
cut              .       .          .         SE-8     .
timeout          .       .          SE-9      .        .
peer-end         .       .          SE-7      SE-10    .
local-end        .       .          SE-11     SE-11    .
associate        .       .          SE-12     .        .
"""


_READY: Final = (HandshakeTimerStop(), Callback("on_secure_link_ready", "ok"))

ACTIONS: Final = {
    action.name: action
    for action in (
        straight("SE-1", "row 3", "keep how this object's link is to be secured", "UNSECURED"),
        straight(
            "SE-2",
            "row 12",
            "begin to secure the link, as the requestor",
            "SECURING",
            HandshakeTimerStart(),
            SecureBegin("requestor"),
            update="as-requestor",
        ),
        straight(
            "SE-3",
            "row 12",
            "begin to secure the link, as the acceptor",
            "SECURING",
            HandshakeTimerStart(),
            SecureBegin("acceptor"),
            update="as-acceptor",
        ),
        Action(
            "SE-4",
            "row 12",
            "this end's half is done: the link is ready",
            (
                Branch("SECURED", (*_READY, Signal("child-secured")), when="acceptor"),
                Branch("SECURED", (*_READY, Signal("secured")), when="requestor"),
            ),
        ),
        straight(
            "SE-5",
            "row 13",
            "the handshake failed",
            "FAILED",
            HandshakeTimerStop(),
            Signal("handshake-failed", carries="payload"),
        ),
        straight(
            "SE-6",
            "row 13",
            "the peer refused what this end took for done, or broke the secured link",
            "FAILED",
            Signal("secure-lost", carries="payload"),
        ),
        straight(
            "SE-7",
            "rows 16 and 17",
            "the peer went away in the middle of the handshake",
            "FAILED",
            HandshakeTimerStop(),
            Signal("handshake-abort"),
        ),
        straight(
            "SE-8",
            "security layers",
            "the connection ended, and the peer did not say that it has sent all",
            "UNSECURED",
            Signal("secure-cut"),
        ),
        straight("SE-9", "row 13", "the handshake took too long", "FAILED", Signal("handshake-late")),
        straight("SE-10", "row 16", "the peer ended the connection", "UNSECURED", Signal("peer-end")),
        straight(
            "SE-11",
            "rows 16 and 17",
            "the local user ended the connection",
            "UNSECURED",
            HandshakeTimerStop(),
            Signal("local-end"),
        ),
        Action("SE-12", "row 15", "refuse: the link is not ready", (Branch(STAY, refuse="not_connected"),)),
    )
}


SECURITY: Final[Machine[str | None]] = Machine(
    name="security",
    title="Security layer of a network object",
    source=SOURCE,
    states=(
        State("NONE", "no security layer: the link is plain", "idle"),
        State("UNSECURED", "configured; no link yet, or no more", "idle"),
        State("SECURING", "the handshake is under way", "establishment"),
        State("SECURED", "this end's half of the handshake is done", "data-transfer"),
        State("FAILED", "the handshake failed, or the secured link broke", "closing"),
    ),
    events=event_kinds(
        ("configure", "local-user", "configure a security layer"),
        ("begin-requestor", "transport", "the requestor's connection stands"),
        ("begin-acceptor", "transport", "the request was accepted into this object"),
        ("secured", "transport", "the handshake is done at this end"),
        ("failed", "transport", "the handshake, or the secured link, failed: the code says how"),
        ("cut", "transport", "the connection ended without the layer's own end"),
        ("timeout", "timer", "the handshake timer ran out"),
        ("peer-end", "transport", "the peer ended the connection"),
        ("local-end", "local-user", "the local user ended the connection"),
        ("associate", "local-user", "ask for an association"),
    ),
    cells=parse_grid(GRID),
    actions=ACTIONS,
    initial="NONE",
    context=None,
    contexts=(None, "requestor", "acceptor"),
    cell_clause=SOURCE,
    guards={
        "acceptor": accepted,
        "requestor": lambda role, payload: not accepted(role, payload),
    },
    updates={
        "as-requestor": lambda _role, _payload: "requestor",
        "as-acceptor": lambda _role, _payload: "acceptor",
    },
)
