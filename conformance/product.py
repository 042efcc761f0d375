"""Product search: can a faulty acceptor be told from a right one from outside, and does it break the standard?

The faulty machine runs in the real endpoint with the reference acceptor's user; the oracle runs beside it. Every
input that an outside requestor has is given in every reachable pair, so the answer is exhaustive, not sampled: a mutant
is *observable* when some sequence leads to an answer that no conforming target gives, *tolerated* when the worst is an
answer that is less than strict, else *unobservable*.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from dicomnet.statemachine import (
    AAssociateRQ,
    ArtimStart,
    ArtimStop,
    Endpoint,
    Issue,
    LocalProtocolError,
    Machine,
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
    event_of,
    feed,
    pdu_of,
)
from dicomnet.transports import Policy, negotiate

from .case import Grade, Reading, as_request, reject
from .generate import BAD_VERSION, STROKES, UNKNOWN_CONTEXT, UNKNOWN_TITLE
from .octets import with_titles
from .oracle import TIMED, Hypothesis, Oracle

_POLICY: Final = Policy(aet="ANY-SCP")
LONG: Final = 1e9
MAX_PAIRS: Final = 20_000
MAX_PENDING: Final = 2


class Kind(Enum):
    """What a mutant is, seen from outside."""

    UNOBSERVABLE = "unobservable"
    TOLERATED = "tolerated"
    OBSERVABLE = "observable"


@dataclass(frozen=True, slots=True)
class Acceptor:
    """The faulty acceptor as a value: endpoint, whether ARTIM runs, what its user has still to answer.

    `closed`: its side of the connection is closed; `deaf`: it reads no more of a stream that it cannot trust.
    """

    endpoint: Endpoint
    artim: bool = False
    pending: tuple[str, ...] = ()
    negotiated: bool = False
    closed: bool = False
    deaf: bool = False


Seen = tuple[Pdu | None, ...]


def _connect(model: Model) -> tuple[Acceptor, Seen]:
    fresh = Endpoint.new(model)
    return _give(Acceptor(fresh), model, "connection", "take")


def _after(acceptor: Acceptor, endpoint: Endpoint, outputs: list[Output]) -> tuple[Acceptor, Seen]:
    """Carry out the outputs: what is seen outside, and what is left for the user."""
    seen: list[Pdu | None] = []
    artim, pending, closed = acceptor.artim, list(acceptor.pending), acceptor.closed
    negotiated = acceptor.negotiated
    for output in outputs:
        match output.effect:
            case SendPdu() if not closed:
                seen.append(pdu_of(output.effect, output.payload))
            case ArtimStart():
                artim = True
            case ArtimStop():
                artim = False
            case WireClose() | WireReset():
                if not closed:
                    seen.append(None)
                closed = True
            case Issue():
                pending = _issued(output.effect.primitive, output.payload, pending)
            case _:
                pass
    still = replace(endpoint, artim=0, connect_timer=0)
    following = Acceptor(still, artim and not closed, tuple(pending), negotiated, closed, acceptor.deaf)
    return following, tuple(seen)


def _issued(primitive: str, payload: object, pending: list[str]) -> list[str]:
    match primitive, payload:
        case "A-ASSOCIATE indication", Request():
            known = payload.pdu.called_ae_title == _POLICY.aet
            return [*pending, "accept" if known else "reject"]
        case "P-DATA indication", PDataTF():
            known = all(pdv.context_id == CONTEXT_ID for pdv in payload.pdvs)
            return [*pending, "echo" if known else "abort"]
        case "A-RELEASE indication", _:
            return [*pending, "release"]
        case (("A-ABORT indication" | "A-P-ABORT indication"), _):
            return []
        case _:
            return pending


def _give(
    acceptor: Acceptor, model: Model, part: str, event: str, payload: object = None
) -> tuple[Acceptor, Seen]:
    try:
        return _after(acceptor, *feed(acceptor.endpoint, model, part, event, payload))
    except LocalProtocolError:
        return acceptor, ()


def _answer_one(acceptor: Acceptor, model: Model) -> tuple[Acceptor, Seen]:
    """The user does the oldest thing that he owes, as the reference acceptor's user does."""
    duty, *rest = acceptor.pending
    acceptor = replace(acceptor, pending=tuple(rest))
    match duty:
        case "accept":
            answer = negotiate(_REQUEST, _POLICY)
            return _give(replace(acceptor, negotiated=True), model, "association", "Evt7", answer)
        case "reject":
            answer = negotiate(replace(_REQUEST, called_ae_title=""), _POLICY)
            return _give(acceptor, model, "association", "Evt8", answer)
        case "echo" if acceptor.negotiated:
            return _give(acceptor, model, "association", "Evt9", _ECHO)
        case "echo" | "abort":
            return _give(acceptor, model, "association", "Evt15")
        case _:
            return _give(acceptor, model, "association", "Evt14")


def _settle(acceptor: Acceptor, model: Model, seen: Seen) -> tuple[Acceptor, Seen]:
    budget = 8
    while acceptor.pending and budget:
        budget -= 1
        acceptor, more = _answer_one(acceptor, model)
        seen = (*seen, *more)
    return acceptor, seen


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that an outside requestor, or time, can do."""

    name: str
    received: Pdu | Violation | None = None
    readings: tuple[Reading, ...] = ()


def _received(octets: bytes) -> Pdu | Violation:
    return decode(with_titles(octets, "ANY-SCP", "ANY-SCU"))


# The user of the faulty acceptor knows its title: it never accepts another.
STRANGER: Final = replace(UNKNOWN_TITLE, readings=as_request(reject(1, 1, 7)))
CONTEXT_ID: Final = 1
INPUTS: Final = (
    *(
        Input(stroke.name, _received(stroke.octets), stroke.readings)
        for stroke in (*STROKES, BAD_VERSION, STRANGER, UNKNOWN_CONTEXT)
    ),
    Input("end"),
    Input("expiry"),
    Input("user"),
)


_REQUEST: Final = next(i.received for i in INPUTS if isinstance(i.received, AAssociateRQ))
_ECHO: Final = next(i.received for i in INPUTS if isinstance(i.received, PDataTF))


def _apply(acceptor: Acceptor, model: Model, given: Input, *, late: bool) -> tuple[Acceptor, Seen] | None:
    """Give one input to the acceptor; None where it means nothing to it."""
    if given.name == "user":
        return _answer_one(acceptor, model) if late and acceptor.pending else None
    if given.name == "expiry":
        if not acceptor.artim:
            return acceptor, ()
        acceptor, seen = _give(replace(acceptor, artim=False), model, "association", "Evt18")
    elif given.name == "end":
        acceptor, seen = _give(acceptor, model, "connection", "peer-closed")
    elif late and len(acceptor.pending) >= MAX_PENDING:
        return None  # a user who never answers could owe ever more; two answers owed already hold every state
    elif acceptor.deaf:
        return acceptor, ()
    else:
        assert given.received is not None
        framing = isinstance(given.received, Violation) and given.received.framing
        try:
            acceptor, seen = _after(acceptor, *feed(acceptor.endpoint, model, *event_of(given.received)))
        except LocalProtocolError:
            seen = ()
        if framing:
            acceptor = replace(acceptor, deaf=True)
    return (acceptor, seen) if late else _settle(acceptor, model, seen)


Hypotheses = frozenset[Hypothesis]


class Judge:
    """The oracle as a table that fills itself: (hypotheses, input, what was seen) to (hypotheses, grade).

    The true machine has few sets of hypotheses, so all mutants share what was computed for the first.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Hypotheses, str, Seen, bool], tuple[Hypotheses, Grade]] = {}
        oracle = Oracle(track=False)
        oracle.connected()
        self.first = oracle.hypotheses

    def __call__(
        self, before: Hypotheses, given: Input, seen: Seen, *, waits: bool
    ) -> tuple[Hypotheses, Grade]:
        """`waits`: the user still has something to answer, so silence is not overdue."""
        key = (before, given.name, seen, waits)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _judge(before, given, seen, waits)
        return known


def _judge(before: Hypotheses, given: Input, seen: Seen, waits: bool) -> tuple[Hypotheses, Grade]:
    oracle = Oracle(track=False)
    oracle.hypotheses = before
    if given.name == "end":
        oracle.ended()
    elif given.readings:
        oracle.sent(given.readings)
    elapsed = LONG if given.name == "expiry" else 0.0
    # Only a half-close lets the outside see what the end of the connection does, and that is no more than a SHOULD.
    wrong = Grade.NON_STRICT if given.name == "end" else Grade.FAIL
    for each in seen:
        if not (oracle.saw_close(elapsed, elapsed) if each is None else oracle.saw(each)):
            return before, wrong
    grade = Grade.PASS
    if given.name == "expiry" and not seen and all(h.value.control in TIMED and not h.over for h in before):
        # ARTIM is due and nothing happens: its value is nobody's business, its absence is.
        grade = Grade.NON_STRICT
    elif not oracle.over and not oracle.saw_silence(patient=not waits):
        return before, wrong
    grade = max(grade, oracle.best)
    clean = frozenset(replace(h, grade=Grade.PASS, notes=()) for h in oracle.hypotheses)
    return clean, grade


def classify(
    mutant: Machine[str | None], judge: Judge, *, late: bool, states: set[str] | None = None
) -> tuple[Kind, tuple[str, ...]]:
    """What the mutant is, and the shortest sequence of inputs that shows it.

    The association states of the pairs that were reached are added to `states`.
    """
    model = Model(association=mutant)
    start, seen = _connect(model)
    if seen:
        return Kind.OBSERVABLE, ("connect",)
    todo: deque[tuple[Acceptor, Hypotheses, tuple[str, ...]]] = deque([(start, judge.first, ())])
    known = {(start, judge.first)}
    tolerated: tuple[str, ...] | None = None
    while todo:
        acceptor, hypotheses, path = todo.popleft()
        if states is not None:
            states.add(acceptor.endpoint.association.control)
        for given in INPUTS:
            if given.readings and any(len(h.duties) >= MAX_PENDING for h in hypotheses):
                continue  # see `_apply`
            applied = _apply(acceptor, model, given, late=late)
            if applied is None:
                continue
            following, seen = applied
            after, grade = judge(hypotheses, given, seen, waits=late and bool(following.pending))
            steps = (*path, given.name)
            if grade is Grade.FAIL:
                return Kind.OBSERVABLE, steps
            if grade is not Grade.PASS and tolerated is None:
                tolerated = steps
            pair = (following, after)
            if following.closed or given.name == "end" or pair in known:
                continue
            known.add(pair)
            assert len(known) <= MAX_PAIRS, "the product search does not end"
            todo.append((*pair, steps))
    return (Kind.TOLERATED, tolerated) if tolerated is not None else (Kind.UNOBSERVABLE, ())
