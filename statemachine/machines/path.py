"""The path of one connection request, from its sending until it is taken: what a carrier does with it.

This is where the profiles part. In `dicomnet` the requestor waits in the acceptor's queue and hears that it is
connected when it is accepted. In `tcp-*` it is connected as soon as the request has its place in the queue; what it
sends, and its end, are kept for whoever accepts it; nothing is ever withdrawn. Where the queue is full, `dicomnet` and
`tcp-winsock` refuse; `tcp-linux` drops the request, which comes again later, or leaves the requestor connected on its
own side alone. Where a requestor resets while its request waits, `tcp-winsock` may say so in accept itself (`gone`);
else, as in `tcp-linux`, the first read says it.

The context says whether the requestor was told that it is connected, and what is kept for the acceptor, in order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..effects import AskAgain, Deliver, Offer, Tell
from ..kernel import (
    STAY,
    Action,
    Branch,
    Machine,
    Payload,
    State,
    event_kinds,
    only_used,
    parse_grid,
    straight,
)

SOURCE: Final = "dicomnet connection layer"

GRID: Final = """
           SENT   OFFERED  QUEUED  TAKEN  OVER
arrive     PA-1   .        .       .      PA-9
nobody     PA-2   .        .       .      PA-9
queued     .      PA-3     .       PA-9   PA-9
take       .      PA-4     PA-4    .      PA-8
refused    .      PA-2     PA-2    .      .
reset      .      PA-5     PA-5    .      PA-9
leave      PA-6   PA-7     PA-7    .      PA-9
break      PA-6   PA-7     PA-7    .      PA-9
"""

GRID_WINSOCK: Final = """
           SENT   OFFERED  QUEUED  TAKEN  OVER
arrive     PA-1   .        .       .      PA-9
nobody     PA-2   .        .       .      PA-9
queued     .      PT-3     .       PA-9   PA-9
take       .      PT-2     PT-9    .      .
refused    .      PA-2     PT-5    .      .
reset      .      PA-5     PT-5    .      .
gone       .      .        PW-1    .      .
octets     .      .        PT-6    .      PA-9
end        .      .        PT-7    .      PA-9
leave      PA-6   PT-7     PT-7    .      PA-9
break      PA-6   PT-8     PT-8    .      PA-9
"""

GRID_LINUX: Final = """
           SENT   OFFERED  QUEUED  TAKEN  OVER
arrive     PA-1   .        .       .      PA-9
nobody     PL-1   .        .       .      PA-9
queued     PA-9   PL-2     .       PA-9   PA-9
take       .      PT-4     PT-9    .      .
overflow   .      PL-4     .       .      .
half-open  .      PL-5     .       .      .
give-up    PL-6   .        .       .      .
refused    .      PL-7     PT-5    .      .
reset      .      PL-8     PT-5    .      .
octets     PT-6   PT-6     PT-6    .      PA-9
end        PT-7   PT-7     PT-7    .      PA-9
leave      PL-3   PT-7     PT-7    .      PA-9
break      PA-6   PT-8     PT-8    .      PA-9
"""

Item = tuple[str, bytes]
"""Something kept for the acceptor: (report, octets), with report octets, end or reset."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the path remembers: whether the requestor knows itself connected, and what waits for the acceptor."""

    told: bool = False
    items: tuple[Item, ...] = ()

    @property
    def reset(self) -> bool:
        """Whether the requestor has reset it."""
        return ("reset", b"") in self.items


def _told(kept: Kept, _payload: Payload) -> bool:
    return kept.told


def _keep_octets(kept: Kept, octets: Payload) -> Kept:
    return replace(kept, items=(*kept.items, ("octets", octets)))


def _keep_end(kept: Kept, _payload: Payload) -> Kept:
    """The end once: a close after a half-close says nothing new."""
    return kept if ("end", b"") in kept.items else replace(kept, items=(*kept.items, ("end", b"")))


def _keep_reset(kept: Kept, _payload: Payload) -> Kept:
    """A reset throws away what came before it."""
    return replace(kept, items=(("reset", b""),))


def _by_told(name: str, row: str, description: str, told: Branch, untold: Branch) -> Action:
    branches = (replace(told, when="told"), replace(untold, when="not-told"))
    return Action(name, row, description, branches)


_OPEN: Final = Tell("requestor", "open")
_REFUSED: Final = Tell("requestor", "failed", "refused")
_TELL: Final = ("tell",)

ACTIONS: Final = {
    action.name: action
    for action in (
        straight("PA-1", "row 5", "it has come to a listener", "OFFERED", Offer()),
        straight("PA-2", "rows 6 and 7", "nobody listens, or the queue is full", "OVER", _REFUSED),
        straight("PA-3", "row 5", "it stands in the queue; the requestor waits with it", "QUEUED"),
        straight("PA-4", "row 8", "it is accepted, and the requestor hears of it", "TAKEN", _OPEN),
        straight("PA-5", "row 19", "the listener has gone", "OVER", Tell("requestor", "failed", "reset")),
        straight("PA-6", "row 20", "the requestor has gone before it came to a listener", "OVER"),
        straight(
            "PA-7",
            "row 20",
            "the requestor takes it back: the listener hears of it",
            "OVER",
            Tell("listener", "withdrawn"),
        ),
        straight(
            "PA-8",
            "row 20",
            "accepted while its withdrawal was on the way: the acceptor finds nobody",
            "OVER",
            Tell("acceptor", "reset"),
        ),
        straight("PA-9", "row 20", "nothing: it is over, lost, or taken already", STAY),
    )
}

ACTIONS_TCP: Final = {
    **ACTIONS,
    **{
        action.name: action
        for action in (
            straight(
                "PT-3",
                "tcp: connected before accept",
                "it stands in the queue, and the requestor is connected",
                "QUEUED",
                _OPEN,
                update="tell",
            ),
            straight(
                "PT-9",
                "row 8; tcp: data before accept",
                "it is accepted; what was sent meanwhile comes after it",
                "TAKEN",
                Deliver(),
            ),
            straight(
                "PT-2",
                "row 8",
                "it is accepted at once, and the requestor is connected",
                "TAKEN",
                _OPEN,
                Deliver(),
                update="tell",
            ),
            straight(
                "PT-5",
                "row 19; tcp: listener closed",
                "the listener has gone: a connection that stood is reset",
                "OVER",
                Tell("requestor", "reset"),
            ),
            straight(
                "PT-6", "tcp: data before accept", "octets wait for the acceptor", STAY, update="keep-octets"
            ),
            straight(
                "PT-7", "tcp: close while queued", "the end waits for the acceptor", STAY, update="keep-end"
            ),
            straight(
                "PT-8",
                "tcp: reset while queued",
                "the reset waits for the acceptor",
                STAY,
                update="keep-reset",
            ),
            straight(
                "PW-1",
                "tcp-winsock: reset while queued",
                "accept itself reports the reset: nobody gets it",
                "OVER",
            ),
        )
    },
}

ACTIONS_LINUX: Final = {
    **ACTIONS_TCP,
    **{
        action.name: action
        for action in (
            _by_told(
                "PL-1",
                "row 6; tcp-linux: overflow",
                "nobody listens; whoever thought himself connected is reset",
                Branch("OVER", (Tell("requestor", "reset"),)),
                Branch("OVER", (_REFUSED,)),
            ),
            _by_told(
                "PL-2",
                "tcp: connected before accept",
                "it stands in the queue, and the requestor is connected, if it was not so before",
                Branch("QUEUED"),
                Branch("QUEUED", (_OPEN,), updates=_TELL),
            ),
            _by_told(
                "PT-4",
                "row 8",
                "it is accepted at once, and the requestor is connected, if it was not so before",
                Branch("TAKEN", (Deliver(),)),
                Branch("TAKEN", (_OPEN, Deliver()), updates=_TELL),
            ),
            _by_told(
                "PL-7",
                "row 7",
                "it is not accepted; whoever thought himself connected is reset",
                Branch("OVER", (Tell("requestor", "reset"),)),
                Branch("OVER", (_REFUSED,)),
            ),
            _by_told(
                "PL-8",
                "row 19",
                "the listener has gone; whoever thought himself connected is reset",
                Branch("OVER", (Tell("requestor", "reset"),)),
                Branch("OVER", (Tell("requestor", "failed", "reset"),)),
            ),
            straight("PL-4", "tcp-linux: overflow", "it is dropped, and comes again", "SENT", AskAgain()),
            _by_told(
                "PL-5",
                "tcp-linux: overflow",
                "it is dropped, and the requestor is connected on its own side alone",
                Branch("SENT", (AskAgain(),)),
                Branch("SENT", (_OPEN, AskAgain()), updates=_TELL),
            ),
            _by_told(
                "PL-6",
                "tcp-linux: overflow",
                "no place came free in time",
                Branch("OVER"),
                Branch("OVER", (Tell("requestor", "failed", "timeout"),)),
            ),
            _by_told(
                "PL-3",
                "tcp-linux: overflow",
                "the requestor closes: a half-open connection brings its end when it comes again",
                Branch("SENT", updates=("keep-end",)),
                Branch("OVER"),
            ),
        )
    },
}

STATES: Final = (
    State("SENT", "on its way to the listener", "establishment"),
    State("OFFERED", "at the listener, which decides", "establishment"),
    State("QUEUED", "waits in the listener's queue", "establishment"),
    State("TAKEN", "accepted: the connection has two ends", "data-transfer"),
    State("OVER", "refused, withdrawn or dropped", "closing"),
)

EVENTS: Final = (
    ("arrive", "transport", "the request comes to an address where somebody listens"),
    ("nobody", "transport", "the request comes to an address where nobody listens"),
    ("queued", "transport", "the listener has put it into its queue"),
    ("take", "transport", "the listener gives it to a child"),
    ("overflow", "transport", "the queue is full: the request is lost"),
    ("half-open", "transport", "the queue is full: the last step of the handshake is lost"),
    ("give-up", "timer", "it was lost too often"),
    ("refused", "transport", "the listener refuses it"),
    ("reset", "transport", "the listener drops it"),
    ("gone", "transport", "accept reports that the requestor has reset it"),
    ("octets", "local-user", "the requestor sends before it is accepted"),
    ("end", "local-user", "the requestor will send no more"),
    ("leave", "local-user", "the requestor closes or gives up"),
    ("break", "local-user", "the requestor resets"),
)


def _machine(name: str, title: str, grid: str, actions: dict[str, Action]) -> Machine[Kept]:
    return only_used(
        Machine(
            name=name,
            title=title,
            source=SOURCE,
            states=STATES,
            events=event_kinds(*EVENTS),
            cells=parse_grid(grid),
            actions=actions,
            initial="SENT",
            context=Kept(),
            cell_clause=SOURCE,
            guards={"told": _told, "not-told": lambda kept, payload: not _told(kept, payload)},
            updates={
                "tell": lambda kept, _payload: replace(kept, told=True),
                "keep-octets": _keep_octets,
                "keep-end": _keep_end,
                "keep-reset": _keep_reset,
            },
            selectors={"kept": lambda kept, _payload: kept.items},
        )
    )


PATH: Final = _machine("path", "Path of a connection request", GRID, ACTIONS)
PATH_WINSOCK: Final = _machine(
    "path-tcp-winsock", "Path of a connection request (tcp-winsock)", GRID_WINSOCK, ACTIONS_TCP
)
PATH_LINUX: Final = _machine(
    "path-tcp-linux", "Path of a connection request (tcp-linux)", GRID_LINUX, ACTIONS_LINUX
)
