"""An endpoint: one network object as one frozen value, the product of its machines and timers.

`feed` gives an event to one part and runs the coupling to completion, depth first: what an effect triggers
in another part happens before the next effect of the same action, so that the order written in an action is
the order of deeds. The outputs are what the outside must do, in order. A refusal raises and leaves the
endpoint as it was, because the endpoint is a value.

Timers are outputs (start, stop) and come back as events that carry a generation: an expiry of an older
generation is dropped before it reaches a table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

from .effects import (
    ArtimStart,
    ArtimStop,
    ConnectTimerStart,
    ConnectTimerStop,
    Effect,
    HandshakeTimerStart,
    HandshakeTimerStop,
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
from .machines.listener import LISTENER, AcceptCall, Queue
from .machines.path import PATH, Kept
from .machines.security import SECURITY
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
from .wire.pdus import PDV
from .wire.quick import quick
from .wire.uids import IMPLICIT_LE, VERIFICATION

PARTS: Final = ("connection", "association", "listener", "security")
# No true table triggers more than a handful of steps by one event; the bound is for tables with a planted
# fault.
MAX_STEPS: Final = 64


@dataclass(frozen=True, slots=True)
class Traits:
    """In what a profile differs, for whoever judges it from outside.

    Declared beside the tables and not read off those that run, as they may hold a planted fault; a test holds the two
    together.

    - `connected_at_accept`: a requestor is connected when it is accepted; else as soon as it stands in the queue.
    - `withdraws`: the entry of a requestor that has gone goes with it; else it stays and is yielded in its turn.
    - `told_of_each`: one `on_accept` for each request; else one between two accepts while requests wait.
    - `half_open`: a request that finds no place may leave its requestor connected on its own side alone.
    - `accept_tells_reset`: accept itself may report that the first request was reset; else the first read does.
    """

    connected_at_accept: bool = True
    withdraws: bool = True
    told_of_each: bool = True
    half_open: bool = False
    accept_tells_reset: bool = False


@dataclass(frozen=True, eq=False)
class Model:
    """The tables that run. A profile is a model with a name; a mutant is a model with one table changed."""

    association: Machine[str | None] = ASSOCIATION
    connection: Machine[str | None] = CONNECTION
    listener: Machine[Queue] = LISTENER
    library: Machine[int] = LIBRARY
    coupling: Coupling = COUPLING
    path: Machine[Kept] = PATH
    security: Machine[str | None] = SECURITY
    name: str = "dicomnet"
    traits: Traits = Traits()

    @cached_property
    def rules(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The coupling's rules by (part, trigger)."""
        table: dict[tuple[str, str], tuple[Rule, ...]] = {}
        for rule in self.coupling.rules:
            key = (rule.part, rule.trigger)
            table[key] = (*table.get(key, ()), rule)
        return table

    @cached_property
    def absorbed(self) -> dict[tuple[str, str], frozenset[str]]:
        """The states by (part, event) in which it is dropped before it reaches a table."""
        table: dict[tuple[str, str], frozenset[str]] = {}
        for row in self.coupling.absorbed:
            key = (row.part, row.event)
            table[key] = table.get(key, frozenset()) | frozenset(row.states)
        return table

    @cached_property
    def diverted(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The rules by (part, event) by which another part takes an event."""
        table: dict[tuple[str, str], tuple[Rule, ...]] = {}
        for rule in self.coupling.diverted:
            key = (rule.part, rule.trigger)
            table[key] = (*table.get(key, ()), rule)
        return table

    @cached_property
    def special(self) -> dict[tuple[str, str], tuple[tuple[Rule, ...], frozenset[str]]]:
        """What is diverted or absorbed in some state, by (part, event); everything else is only a step."""
        return {
            key: (self.diverted.get(key, ()), self.absorbed.get(key, frozenset()))
            for key in (*self.absorbed, *self.diverted)
        }

    @cached_property
    def fresh(self) -> Endpoint:
        """The endpoint of a new object; all new objects have this one value."""
        return Endpoint(
            self.connection.start(), self.association.start(), self.listener.start(), self.security.start()
        )

    @cached_property
    def plans(self) -> dict[Transition, Plan]:
        """What becomes of the effects of each transition met so far; they are few and never change."""
        return {}

    def plan(self, transition: Transition) -> Plan:
        """What becomes of the effects of `transition`."""
        planned: list[Planned] = []
        for effect in transition.effects:
            trigger = effect.name if isinstance(effect, Signal) else effect.op
            timer = TIMER_OF.get(type(effect))
            rules = self.rules.get((transition.machine, trigger), ())
            bare = Output(transition.machine, effect, None, transition)
            planned.append(Planned(effect, rules, timer, isinstance(effect, Signal), bare))
        plan = self.plans[transition] = Plan(
            alone=not any(each.rules or each.inner for each in planned),
            timed=any(each.timer is not None for each in planned),
            effects=tuple(planned),
            bare=tuple(each.bare for each in planned),
        )
        return plan


@dataclass(frozen=True, slots=True)
class Planned:
    """One effect: the rules it may trigger, the timer whose generation it opens, whether it stays inside.

    `bare` is its output where it carries nothing.
    """

    effect: Effect
    rules: tuple[Rule, ...]
    timer: int | None
    inner: bool
    bare: Output


@dataclass(frozen=True, slots=True)
class Plan:
    """The effects of a transition in order: `alone` when no other part is concerned, `timed` when a timer is.

    `bare` are its outputs where none carries anything.
    """

    alone: bool
    timed: bool
    effects: tuple[Planned, ...]
    bare: tuple[Output, ...]


MODEL: Final = Model()


class Trace(list[Transition]):
    """The transitions that were taken, in order; and what the coupling did: rules that fired, events it absorbed.

    `absorbed` holds (part, event, state). Where a plain list is passed to `feed`, only transitions are noted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rules: list[Rule] = []
        self.absorbed: list[tuple[str, str, str]] = []


class Output(NamedTuple):
    """Something for the outside to do: the effect, what it carries, and the transition that asked for it."""

    part: str
    effect: Effect
    payload: Payload
    transition: Transition


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One network object: its connection, association, queue and security layer, and the timers' generations."""

    connection: Value[str | None]
    association: Value[str | None]
    listener: Value[Queue]
    security: Value[str | None]
    artim: int = 0
    connect_timer: int = 0
    handshake_timer: int = 0

    @staticmethod
    def new(model: Model = MODEL) -> Endpoint:
        """A fresh object: IDLE, Sta1, no queue."""
        return model.fresh


def accept_call(listener: Endpoint, child: Endpoint, opaque: object, *, gone: bool = False) -> AcceptCall:
    """What the listener's machine must know of the child (`opaque` is passed through): see `AcceptCall`."""
    plain = listener.security.control != "NONE" and child.security.control == "NONE"
    return AcceptCall(child.connection.control == "IDLE", opaque, plain, gone)


@dataclass(frozen=True, slots=True)
class TimerStart:
    """The payload of a timer output: which timer, and its generation."""

    timer: str
    generation: int


# Whose generation an effect opens: a timer's start and its stop both make an expiry on its way a stale one.
TIMERS: Final = ("artim", "connect", "handshake")
TIMER_OF: Final[dict[type[Any], int]] = {
    ArtimStart: 0,
    ArtimStop: 0,
    ConnectTimerStart: 1,
    ConnectTimerStop: 1,
    HandshakeTimerStart: 2,
    HandshakeTimerStop: 2,
}


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
    special = model.special.get((part, event))
    if special is not None:
        rules, absorbed = special
        for rule in rules:
            if rule.where is None or getattr(endpoint, rule.where[0]).control in rule.where[1]:
                if isinstance(trace, Trace):
                    trace.rules.append(rule)
                part, event = rule.to, rule.event
                absorbed = model.absorbed.get((part, event), frozenset())
                break
        control = getattr(endpoint, part).control
        if control in absorbed:
            if isinstance(trace, Trace):
                trace.absorbed.append((part, event, control))
            return endpoint, []
    value: Value[Any] = getattr(endpoint, part)
    following, transition, carries = step(value, value.machine.event[event], payload)
    plan = model.plans.get(transition) or model.plan(transition)
    if not plan.alone:
        run = _Run(endpoint, model, trace)
        run.follow(part, following, transition, carries, silent=False)
        return run.endpoint(), run.outputs
    # The commonest case by far: no other part is concerned.
    if trace is not None:
        trace.append(transition)
    outputs = list(map(_with, plan.bare, carries) if carries else plan.bare)
    if following is value and not plan.timed:
        return endpoint, outputs
    timers = [endpoint.artim, endpoint.connect_timer, endpoint.handshake_timer]
    if plan.timed:
        _open_generations(plan, outputs, timers)
    after = _new_endpoint(
        following if part == "connection" else endpoint.connection,
        following if part == "association" else endpoint.association,
        following if part == "listener" else endpoint.listener,
        following if part == "security" else endpoint.security,
        *timers,
    )
    return after, outputs


_new_endpoint = quick(Endpoint)
_new_timer_start = quick(TimerStart)


def _open_generations(plan: Plan, outputs: list[Output], timers: list[int]) -> None:
    """Let each output for a timer carry a new generation."""
    for index, planned in enumerate(plan.effects):
        if planned.timer is not None:
            outputs[index] = _with(planned.bare, _next_generation(planned.timer, timers))


def _with(bare: Output, carried: Payload) -> Output:
    """The same output, carrying something."""
    part, effect, _, transition = bare
    return Output(part, effect, carried, transition)


def _next_generation(timer: int, timers: list[int]) -> TimerStart:
    timers[timer] += 1
    return _new_timer_start(TIMERS[timer], timers[timer])


class _Run:
    """One run to completion, depth first, over the parts of one endpoint."""

    __slots__ = ("_budget", "_model", "_timers", "_trace", "_values", "outputs")

    def __init__(self, endpoint: Endpoint, model: Model, trace: list[Transition] | None) -> None:
        self._model = model
        self._trace = trace
        self._values: dict[str, Value[Any]] = {
            "connection": endpoint.connection,
            "association": endpoint.association,
            "listener": endpoint.listener,
            "security": endpoint.security,
        }
        self._timers = [endpoint.artim, endpoint.connect_timer, endpoint.handshake_timer]
        self._budget = MAX_STEPS
        self.outputs: list[Output] = []

    def endpoint(self) -> Endpoint:
        """What the endpoint has become."""
        values = self._values
        return _new_endpoint(
            values["connection"],
            values["association"],
            values["listener"],
            values["security"],
            *self._timers,
        )

    def follow(
        self, part: str, value: Value[Any], transition: Transition, carries: tuple[Payload, ...], silent: bool
    ) -> None:
        """A step was taken: look at its effects one by one."""
        model = self._model
        self._budget -= 1
        self._values[part] = value
        if self._trace is not None:
            self._trace.append(transition)
        plan = model.plans.get(transition) or model.plan(transition)
        for index, planned in enumerate(plan.effects):
            carried = carries[index] if carries else None
            rule = self._rule(planned.rules) if planned.rules else None
            if rule is not None:
                self._give(rule, carried)
                continue
            if planned.timer is not None:
                carried = _next_generation(planned.timer, self._timers)
            elif planned.inner or (silent and isinstance(planned.effect, Issue)):
                continue
            self.outputs.append(planned.bare if carried is None else _with(planned.bare, carried))

    def _give(self, rule: Rule, payload: Payload) -> None:
        value = self._values[rule.to]
        absorbed = value.control in self._model.absorbed.get((rule.to, rule.event), ())
        if isinstance(self._trace, Trace):
            self._trace.rules.append(rule)
            if absorbed:
                self._trace.absorbed.append((rule.to, rule.event, value.control))
        if self._budget > 0 and not absorbed:
            following, transition, carries = step(value, value.machine.event[rule.event], payload)
            self.follow(rule.to, following, transition, carries, rule.silent)

    def _rule(self, rules: tuple[Rule, ...]) -> Rule | None:
        for rule in rules:
            if rule.where is None or self._values[rule.where[0]].control in rule.where[1]:
                return rule
        return None


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
    if timer.timer == "handshake":
        return ("security", "timeout") if timer.generation == endpoint.handshake_timer else None
    return ("connection", "connect-timeout") if timer.generation == endpoint.connect_timer else None


def pdu_of(effect: SendPdu, payload: Payload) -> Pdu:
    """The PDU that a send effect sends, from the table's choices and what the effect carries.

    A payload that does not fit the effect can only come from a table with a planted fault; then the
    smallest valid PDU of that name is sent, so that a faulty machine still shows its fault on the wire.
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
