"""A machine in its endpoint, with the reference user of its role: what a product search plays with, as values.

A `Player` is a role as data: which end of the association, what its peer, time and its user can do, and how its user
answers. The users are those of `ReferenceAcceptor` and `ReferenceRequestor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from dicomnet.statemachine import (
    PDV,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    ArtimStart,
    ArtimStop,
    CEchoRQ,
    CEchoRSP,
    Endpoint,
    Issue,
    LocalProtocolError,
    Model,
    Output,
    PDataTF,
    Pdu,
    Request,
    SendPdu,
    Violation,
    WireClose,
    WireReset,
    decode,
    encode_command,
    event_of,
    feed,
    pdu_of,
)
from dicomnet.transports import Policy, echo_request, negotiate

from . import octets, requestor
from .case import ACCEPTOR, REQUESTOR, Reading, Side, as_request, reject
from .generate import BAD_VERSION, STROKES, UNKNOWN_CONTEXT, UNKNOWN_TITLE
from .octets import with_titles
from .view import Stroke

MAX_PENDING: Final = 2
MOST_ANSWERS: Final = 8


@dataclass(frozen=True, slots=True)
class Faulty:
    """The faulty end as a value: endpoint, whether ARTIM runs, what its user has still to do, and what he knows.

    `closed`: its side of the connection is closed; `deaf`: it reads no more of a stream that it cannot trust.
    """

    endpoint: Endpoint
    artim: bool = False
    pending: tuple[str, ...] = ()
    knows: frozenset[str] = frozenset()
    closed: bool = False
    deaf: bool = False

    def owing(self, duty: str) -> Faulty:
        """One more thing for the user to do."""
        return replace(self, pending=(*self.pending, duty))

    def knowing(self, fact: str) -> Faulty:
        """The user has learned something."""
        return replace(self, knows=self.knows | {fact})


Seen = tuple[Pdu | None, ...]
"""What is seen outside, in order: PDUs, and None for the close."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that an outside peer, or time, can do."""

    name: str
    received: Pdu | Violation | None = None
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Player:
    """A role in the search.

    `opening` are the (part, event) that make the connection, `passed` the states that lie before the first input, and
    `proposal` is what is asked for, by a requestor. `hears` says what a primitive means to the user, `does` carries out
    what he owes: who he is then, and the event that he causes, if any, with its payload. `course` names the inputs by
    which a healthy peer lets a requestor come to its release: the acceptance, and the answer to a message.
    """

    side: Side
    opening: tuple[tuple[str, str], ...]
    passed: frozenset[str]
    inputs: tuple[Input, ...]
    hears: Callable[[Faulty, str, object], Faulty]
    does: Callable[[Faulty, str], tuple[Faulty, str, object]]
    proposal: AAssociateRQ | None = None
    course: tuple[str, str] | None = None
    named: dict[str, Input] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", {given.name: given for given in self.inputs})

    def input(self, name: str) -> Input:
        """The input of this name."""
        return self.named[name]


# --- playing ------------------------------------------------------------------------------------------------


def begin(player: Player, model: Model) -> tuple[Faulty, Seen]:
    """The connection is made; what is seen of it."""
    faulty = Faulty(Endpoint.new(model))
    seen: Seen = ()
    for part, event in player.opening:
        faulty, more = _give(faulty, player, model, part, event)
        seen = (*seen, *more)
    return faulty, seen


def apply(
    faulty: Faulty, player: Player, model: Model, given: Input, *, late: bool
) -> tuple[Faulty, Seen] | None:
    """Give one input; None where it means nothing. Unless `late`, the user does at once what he owes."""
    if given.name == "user":
        return _answer_one(faulty, player, model) if late and faulty.pending else None
    if given.name == "overdue":
        return _give_up(faulty, player, model)
    if given.name == "expiry":
        if not faulty.artim:
            return faulty, ()
        faulty, seen = _give(replace(faulty, artim=False), player, model, "association", "Evt18")
    elif given.name == "end":
        faulty, seen = _give(faulty, player, model, "connection", "peer-closed")
    elif late and len(faulty.pending) >= MAX_PENDING:
        return None  # a user who never answers could owe ever more; two answers owed already hold every state
    elif faulty.deaf:
        return faulty, ()
    else:
        assert given.received is not None
        faulty, seen = _give(faulty, player, model, *event_of(given.received))
        if isinstance(given.received, Violation) and given.received.framing:
            faulty = replace(faulty, deaf=True)
    return (faulty, seen) if late else _settle(faulty, player, model, seen)


def _give(
    faulty: Faulty, player: Player, model: Model, part: str, event: str, payload: object = None
) -> tuple[Faulty, Seen]:
    try:
        endpoint, outputs = feed(faulty.endpoint, model, part, event, payload)
    except LocalProtocolError:
        return faulty, ()
    return _after(faulty, player, endpoint, outputs)


def _after(faulty: Faulty, player: Player, endpoint: Endpoint, outputs: list[Output]) -> tuple[Faulty, Seen]:
    """Carry out the outputs: what is seen outside, and what is left for the user."""
    seen: list[Pdu | None] = []
    artim, closed = faulty.artim, faulty.closed
    for output in outputs:
        match output.effect:
            case SendPdu() if not closed:
                payload = player.proposal if output.payload is None else output.payload
                seen.append(pdu_of(output.effect, payload))
            case ArtimStart():
                artim = True
            case ArtimStop():
                artim = False
            case WireClose() | WireReset():
                if not closed:
                    seen.append(None)
                closed = True
            case Issue():
                faulty = player.hears(faulty, output.effect.primitive, output.payload)
            case _:
                pass
    still = replace(endpoint, artim=0, connect_timer=0)
    return replace(faulty, endpoint=still, artim=artim and not closed, closed=closed), tuple(seen)


def _answer_one(faulty: Faulty, player: Player, model: Model) -> tuple[Faulty, Seen]:
    """The user does the oldest thing that he owes."""
    duty, *rest = faulty.pending
    faulty, event, payload = player.does(replace(faulty, pending=tuple(rest)), duty)
    return _give(faulty, player, model, "association", event, payload) if event else (faulty, ())


def _settle(faulty: Faulty, player: Player, model: Model, seen: Seen) -> tuple[Faulty, Seen]:
    budget = MOST_ANSWERS
    while faulty.pending and budget:
        budget -= 1
        faulty, more = _answer_one(faulty, player, model)
        seen = (*seen, *more)
    return faulty, seen


def _give_up(faulty: Faulty, player: Player, model: Model) -> tuple[Faulty, Seen] | None:
    """The user has waited long enough: he aborts, and closes. While he is busy himself, he does not wait."""
    if OVER in faulty.knows or faulty.pending:
        return None
    faulty = faulty.knowing(OVER)
    faulty, seen = _give(faulty, player, model, "association", "Evt15")
    faulty, more = _give(faulty, player, model, "connection", "close")
    return faulty, (*seen, *more)


def _received(octets: bytes) -> Pdu | Violation:
    return decode(with_titles(octets, CALLED, CALLING))


def _input(stroke: Stroke) -> Input:
    return Input(stroke.name, _received(stroke.octets), stroke.readings)


CALLED, CALLING = "ANY-SCP", "ANY-SCU"
_TIME: Final = (Input("end"), Input("expiry"), Input("user"))

# --- the acceptor and its user ------------------------------------------------------------------------------

_POLICY: Final = Policy(aet=CALLED)
CONTEXT_ID: Final = 1
NEGOTIATED = "negotiated"
# The user of the faulty acceptor knows its title: it never accepts another.
STRANGER: Final = replace(UNKNOWN_TITLE, readings=as_request(reject(1, 1, 7)))
_TO_ACCEPTOR: Final = tuple(map(_input, (*STROKES, BAD_VERSION, STRANGER, UNKNOWN_CONTEXT)))
_REQUEST: Final = next(i.received for i in _TO_ACCEPTOR if isinstance(i.received, AAssociateRQ))
_ECHO: Final = next(i.received for i in _TO_ACCEPTOR if isinstance(i.received, PDataTF))


def _acceptor_hears(faulty: Faulty, primitive: str, payload: object) -> Faulty:
    match primitive, payload:
        case "A-ASSOCIATE indication", Request():
            known = payload.pdu.called_ae_title == _POLICY.aet
            return faulty.owing("accept" if known else "reject")
        case "P-DATA indication", PDataTF():
            known = all(pdv.context_id == CONTEXT_ID for pdv in payload.pdvs)
            return faulty.owing("echo" if known else "abort")
        case "A-RELEASE indication", _:
            return faulty.owing("release")
        case (("A-ABORT indication" | "A-P-ABORT indication"), _):
            return replace(faulty, pending=())
        case _:
            return faulty


def _acceptor_does(faulty: Faulty, duty: str) -> tuple[Faulty, str, object]:
    match duty:
        case "accept":
            return faulty.knowing(NEGOTIATED), "Evt7", negotiate(_REQUEST, _POLICY)
        case "reject":
            return faulty, "Evt8", negotiate(replace(_REQUEST, called_ae_title=""), _POLICY)
        case "echo" if NEGOTIATED in faulty.knows:
            return faulty, "Evt9", _ECHO
        case "echo" | "abort":
            return faulty, "Evt15", None
        case _:
            return faulty, "Evt14", None


ACCEPTS: Final = Player(
    side=ACCEPTOR,
    opening=(("connection", "take"),),
    passed=frozenset({"Sta1"}),
    inputs=(*_TO_ACCEPTOR, *_TIME),
    hears=_acceptor_hears,
    does=_acceptor_does,
)

# --- the requestor and its user -----------------------------------------------------------------------------

ANSWERED, OVER = "answered", "over"
_ASKS: Final = PDataTF((PDV(CONTEXT_ID, True, True, encode_command(CEchoRQ(1))),))
_ANSWER: Final = octets.data(PDV(CONTEXT_ID, True, True, encode_command(CEchoRSP(1))))
RESPONSE: Final = Stroke("evt10.answer", "Evt10", "P-DATA-TF (response: success)", _ANSWER, requestor.AS_DATA)
_TO_REQUESTOR: Final = tuple(map(_input, (*requestor.STROKES, RESPONSE)))
_RESPONSE: Final = next(i.received for i in _TO_REQUESTOR if i.name == RESPONSE.name)


def _requestor_hears(faulty: Faulty, primitive: str, payload: object) -> Faulty:
    match primitive, payload:
        case "A-ASSOCIATE confirmation (accept)", AAssociateAC():
            return faulty.owing("echo")
        case "P-DATA indication", PDataTF():
            return faulty.owing("go on" if payload == _RESPONSE else "abort")
        case "A-RELEASE indication", _:
            return faulty.owing("release")
        case "A-ASSOCIATE confirmation (reject)", AAssociateRJ():
            return faulty.knowing(OVER)
        case "A-RELEASE confirmation", _:
            return faulty.knowing(OVER)
        case (("A-ABORT indication" | "A-P-ABORT indication"), _):
            return replace(faulty, pending=()).knowing(OVER)
        case _:
            return faulty


def _requestor_does(faulty: Faulty, duty: str) -> tuple[Faulty, str, object]:
    answered = ANSWERED in faulty.knows
    match duty:
        case "echo":
            return faulty, "Evt9", _ASKS
        case "go on" | "abort" if answered:
            return faulty, "", None  # it was not asked for
        case "go on":
            return faulty.knowing(ANSWERED), "Evt11", None
        case "abort":
            return replace(faulty, pending=()).knowing(OVER), "Evt15", None
        case _:
            return (faulty if answered else faulty.knowing(OVER)), "Evt14", None


CALLS: Final = Player(
    side=REQUESTOR,
    opening=(("connection", "dial"), ("connection", "connect-ok")),
    passed=frozenset({"Sta1", "Sta4"}),
    inputs=(*_TO_REQUESTOR, *_TIME, Input("overdue")),
    hears=_requestor_hears,
    does=_requestor_does,
    proposal=echo_request(CALLED, CALLING),
    course=("evt3", RESPONSE.name),
)
PLAYERS: Final = {player.side.name: player for player in (ACCEPTS, CALLS)}
