"""An endpoint: one network object as one frozen value, the product of its machines and timers.

`feed` gives an event to one part and runs the coupling to completion, depth first: what an effect triggers in
another part happens before the next effect of the same action, so that the order written in an action is the
order of deeds. The outputs are what the outside must do, in order. A refusal raises and leaves the endpoint as it
was, because the endpoint is a value.

Timers are outputs (start, stop) and come back as events that carry a generation: an expiry of an older
generation is dropped before it reaches a table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from .effects import (
    ArtimStart,
    ArtimStop,
    ConnectTimerStart,
    ConnectTimerStop,
    Effect,
    Issue,
    SendPdu,
    Signal,
)
from .kernel import Machine, Payload, Transition, Value, step
from .machines.association import (
    ASSOCIATION,
    EVENT_OF_PDU,
    INVALID_PDU,
    REASON_UNEXPECTED_PDU,
    Request,
    judge_request,
)
from .machines.connection import CONNECTION
from .machines.coupling import COUPLING, Coupling, Rule
from .machines.library import LIBRARY
from .machines.listener import LISTENER, Queue
from .wire import (
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    PDataTF,
    Pdu,
    PresentationContextAC,
    PresentationContextRQ,
    UserInformation,
    Violation,
)
from .wire.uids import IMPLICIT_LE, VERIFICATION
from .wire.pdus import PDV

PARTS: Final = ("connection", "association", "listener")
# No true table triggers more than a handful of steps by one event; the bound is for tables with a planted fault.
MAX_STEPS: Final = 64


@dataclass(frozen=True, eq=False)
class Model:
    """The tables that run. A mutant is a model with one table changed."""

    association: Machine[str | None] = ASSOCIATION
    connection: Machine[str | None] = CONNECTION
    listener: Machine[Queue] = LISTENER
    library: Machine[int] = LIBRARY
    coupling: Coupling = COUPLING

    @cached_property
    def rules(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The coupling's rules by (part, trigger)."""
        table: dict[tuple[str, str], tuple[Rule, ...]] = {}
        for rule in self.coupling.rules:
            key = (rule.part, rule.trigger)
            table[key] = (*table.get(key, ()), rule)
        return table

    @cached_property
    def absorbed(self) -> frozenset[tuple[str, str, str]]:
        """(part, event, state) that are dropped before they reach a table."""
        return frozenset((row.part, row.event, s) for row in self.coupling.absorbed for s in row.states)


MODEL: Final = Model()


@dataclass(frozen=True, slots=True)
class Output:
    """Something for the outside to do: the effect, what it carries, and the transition that asked for it."""

    part: str
    effect: Effect
    payload: Payload
    transition: Transition


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One network object: its connection, its association, its queue, and the timers' generations."""

    connection: Value[str | None]
    association: Value[str | None]
    listener: Value[Queue]
    artim: int = 0
    connect_timer: int = 0

    @classmethod
    def new(cls, model: Model = MODEL) -> Endpoint:
        """A fresh object: IDLE, Sta1, no queue."""
        return cls(model.connection.start(), model.association.start(), model.listener.start())


@dataclass(frozen=True, slots=True)
class TimerStart:
    """The payload of a timer output: which timer, and its generation."""

    timer: str
    generation: int


def feed(
    endpoint: Endpoint,
    model: Model,
    part: str,
    event: str,
    payload: Payload = None,
    trace: list[Transition] | None = None,
) -> tuple[Endpoint, list[Output]]:
    """Give `event` to `part`; gives the next endpoint and the outputs in order.

    The transitions taken, in order, are appended to `trace` where one is given.
    Raises `LocalProtocolError` where the tables refuse; the endpoint passed in is unchanged then.
    """
    values: dict[str, Value[Any]] = {
        "connection": endpoint.connection,
        "association": endpoint.association,
        "listener": endpoint.listener,
    }
    timers = [endpoint.artim, endpoint.connect_timer]
    outputs: list[Output] = []
    # A stack of what is still to be done: an event to give, or an effect to look at.
    stack: list[tuple[str, str, Payload, bool] | tuple[Transition, Effect, Payload, bool]] = [
        (part, event, payload, False)
    ]
    budget = MAX_STEPS
    while stack:
        first, second, carried, silent = stack.pop()
        if isinstance(first, Transition):
            assert not isinstance(second, str)
            rule = _rule_for(model, values, first.machine, second)
            if rule is not None:
                stack.append((rule.to, rule.event, carried, rule.silent))
            elif not (silent and isinstance(second, Issue)) and not isinstance(second, Signal):
                outputs.append(Output(first.machine, second, _timed(second, carried, timers), first))
            continue
        assert isinstance(second, str)
        value = values[first]
        if (first, second, value.control) in model.absorbed:
            continue
        budget -= 1
        if budget < 0:
            break
        values[first], transition, carries = step(value, value.machine.event[second], carried)
        if trace is not None:
            trace.append(transition)
        effects = transition.effects
        for index in range(len(effects) - 1, -1, -1):
            stack.append((transition, effects[index], carries[index] if carries else None, silent))
    following = Endpoint(
        values["connection"], values["association"], values["listener"], timers[0], timers[1]
    )
    return following, outputs


def _rule_for(model: Model, values: dict[str, Value[Any]], part: str, effect: Effect) -> Rule | None:
    trigger = effect.name if isinstance(effect, Signal) else effect.op
    for rule in model.rules.get((part, trigger), ()):
        if rule.where is None or values[rule.where[0]].control in rule.where[1]:
            return rule
    return None


def _timed(effect: Effect, payload: Payload, timers: list[int]) -> Payload:
    """A timer's start and stop open a new generation, so that an expiry already on its way is stale."""
    match effect:
        case ArtimStart() | ArtimStop():
            timers[0] += 1
            return TimerStart("artim", timers[0])
        case ConnectTimerStart() | ConnectTimerStop():
            timers[1] += 1
            return TimerStart("connect", timers[1])
        case _:
            return payload


def event_of(received: Pdu | Violation, *, slot_free: bool = True) -> tuple[str, str, Payload]:
    """What a received PDU, or something that is none, is for the machines: (part, event, payload)."""
    if isinstance(received, Violation):
        return "association", INVALID_PDU.name, received
    event = EVENT_OF_PDU[received.name].name
    if isinstance(received, AAssociateRQ):
        return "association", event, judge_request(received, slot_free=slot_free)
    return "association", event, received


def event_of_timer(endpoint: Endpoint, timer: TimerStart) -> tuple[str, str] | None:
    """What the expiry of a timer is for the machines: (part, event), or None where it is stale."""
    if timer.timer == "artim":
        return ("association", "Evt18") if timer.generation == endpoint.artim else None
    return ("connection", "connect-timeout") if timer.generation == endpoint.connect_timer else None


def pdu_of(effect: SendPdu, payload: Payload) -> Pdu:
    """The PDU that a send effect sends, from the table's choices and what the effect carries.

    A payload that does not fit the effect can only come from a table with a planted fault; then the smallest valid
    PDU of that name is sent, so that a faulty machine still shows its fault on the wire.
    """
    if effect.pdu == "A-ABORT":
        if effect.chosen_reason != "by-cause" or not effect.chosen_source:
            return AAbort(effect.chosen_source or 0, 0)
        reason = payload.abort_reason if isinstance(payload, Violation) else REASON_UNEXPECTED_PDU
        return AAbort(effect.chosen_source, reason)
    if isinstance(payload, Request):
        payload = payload.rejection
    smallest = _SMALLEST[effect.pdu]
    pdu = payload if isinstance(payload, type(smallest)) else smallest
    if isinstance(pdu, AAssociateRJ) and effect.source is not None:
        # The table says who rejects, whatever the rejection itself says.
        allowed = effect.source if isinstance(effect.source, tuple) else (effect.source,)
        if pdu.source not in allowed and isinstance(allowed[0], int):
            return replace(pdu, source=allowed[0], reason=1)
    return pdu


_SMALLEST: Final[dict[str, Pdu]] = {
    "A-ASSOCIATE-RQ": AAssociateRQ(
        "ANY-SCP",
        "DICOMNET",
        (PresentationContextRQ(1, VERIFICATION, (IMPLICIT_LE,)),),
        UserInformation(max_length=16384),
    ),
    "A-ASSOCIATE-AC": AAssociateAC(
        "ANY-SCP",
        "DICOMNET",
        (PresentationContextAC(1, 0, IMPLICIT_LE),),
        UserInformation(max_length=16384),
    ),
    "A-ASSOCIATE-RJ": AAssociateRJ(1, 2, 1),
    "P-DATA-TF": PDataTF((PDV(1, True, True, b"\0\0"),)),
    "A-RELEASE-RQ": AReleaseRQ(),
    "A-RELEASE-RP": AReleaseRP(),
    "A-ABORT": AAbort(2, 0),
}
