"""How the parts of an endpoint meet: a table (part, trigger) -> (part, event), which one loop interprets.

A trigger is the operation of an effect, or the name of a `Signal`. A rule may ask for the state of a part
(`where`); the first rule that fits is taken. A trigger with no rule is an output of the endpoint.
`diverted` lists events that another part takes while it is in certain states. `absorbed` lists what the machines'
tables leave blank but life brings; it is dropped before it reaches a table.

An object is ready when its connection stands and, where it has a security layer, its link is secured. ARTIM starts
with Evt5, so it covers neither the queue nor a handshake. The association's transport-close is the connection's close.
An end of the connection gives an association that is alive Evt17: with its indication where the peer ended it, without
where the local user did (he knows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the coupling: `trigger` of `part` gives `event` to `to`.

    `where` (part, states) restricts the row. `silent` drops what the fed machine would issue to the user.
    `why` names the source.
    """

    part: str
    trigger: str
    to: str
    event: str
    why: str
    where: tuple[str, tuple[str, ...]] | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Absorbed:
    """An event that a part ignores in these states, although its table is blank there."""

    part: str
    event: str
    states: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Coupling:
    """The rules, the events that another part takes (`trigger` is the event then), and what is absorbed."""

    rules: tuple[Rule, ...]
    absorbed: tuple[Absorbed, ...]
    diverted: tuple[Rule, ...] = ()


CONNECTED: Final = ("connection", ("CONNECTED",))
WAITING: Final = ("association", ("Sta4",))
SECURE: Final = ("security", ("UNSECURED",))
SECURING: Final = ("security", ("SECURING",))
SECURED: Final = ("security", ("SECURED",))
BEGUN: Final = ("security", ("SECURING", "SECURED"))

COUPLING: Final = Coupling(
    rules=(
        Rule("connection", "associate", "association", "Evt1", "associate on a ready object"),
        Rule("connection", "dial", "association", "Evt1", "dial: the association asks for its connection"),
        Rule("connection", "configure", "security", "configure", "an idle object keeps its security layer"),
        Rule("connection", "accepted", "security", "begin-acceptor", "first the link is secured", SECURE),
        Rule("connection", "accepted", "association", "Evt5", "a child that is ready opens its association"),
        Rule("connection", "connected", "security", "begin-requestor", "first the link is secured", SECURE),
        Rule("connection", "connected", "association", "Evt2", "dial: the connection was awaited", WAITING),
        Rule("connection", "connect-failed", "association", "Evt17", "dial: no connection", WAITING),
        Rule("connection", "peer-end", "security", "peer-end", "the peer ended a secured link", SECURED),
        Rule("connection", "peer-end", "association", "Evt17", "the peer ended the connection"),
        Rule("connection", "lost", "association", "Evt17", "the secured link broke"),
        Rule("connection", "local-end", "security", "local-end", "the user ended the link", BEGUN),
        *(
            Rule(
                part,
                "local-end",
                "association",
                "Evt17",
                "the local user ended the connection: no PDU, nothing to tell him",
                silent=True,
            )
            for part in ("connection", "security")
        ),
        Rule("security", "peer-end", "association", "Evt17", "the peer ended the connection"),
        Rule(
            "security", "child-secured", "association", "Evt5", "a child that is ready opens its association"
        ),
        Rule("security", "secured", "association", "Evt2", "dial: the secured link was awaited", WAITING),
        *(
            Rule("security", trigger, "connection", trigger, why)
            for trigger, why in (
                ("handshake-failed", "no link, no association: not even A-ABORT is sent"),
                ("handshake-abort", "the peer ended the connection in the middle of the handshake"),
                ("handshake-late", "the handshake has a timer of its own"),
                ("secure-lost", "the link is of no use any more"),
                ("secure-cut", "the end of the transport is the end of the link"),
            )
        ),
        Rule("connection", "listener-open", "listener", "open", "a listening object owns a queue"),
        Rule("connection", "listener-close", "listener", "close", "a listening object owns its queue"),
        Rule(
            "association",
            "transport-connect",
            "association",
            "Evt2",
            "associate on a ready object: the connection stands",
            CONNECTED,
        ),
        Rule(
            "association",
            "transport-connect",
            "connection",
            "connect",
            "dial: connect, then associate",
            ("connection", ("IDLE",)),
        ),
        Rule("association", "transport-close", "connection", "close", "transport-close is close()"),
    ),
    diverted=(
        *(
            Rule(
                "connection", event, "security", "peer-end", "an end in the middle of the handshake", SECURING
            )
            for event in ("peer-closed", "peer-reset")
        ),
        Rule(
            "connection", "associate", "security", "associate", "not ready: the handshake goes on", SECURING
        ),
    ),
    absorbed=(
        Absorbed("association", "Evt17", ("Sta1",), "PS3.8 leaves it blank; after AE-4, AR-3, AA-2, AA-3"),
        Absorbed("association", "Evt15", ("Sta1", "Sta13"), "the association is already over for the user"),
        *(
            Absorbed(
                "association", event, ("Sta1",), "a peer that speaks before anybody asked for an association"
            )
            for event in ("Evt3", "Evt4", "Evt6", "Evt10", "Evt12", "Evt13", "Evt16", "Evt19")
        ),
        *(
            Absorbed("connection", event, ("IDLE",), "the answer to a request that was given up")
            for event in (
                "connect-ok",
                "connect-refused",
                "connect-reset",
                "unreachable",
                "not-resolved",
                "connect-timeout",
            )
        ),
    ),
)
