"""Short ways to drive an endpoint or one machine in the tests."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from dicomnet.statemachine import (
    MODEL,
    Callback,
    Endpoint,
    EventKind,
    LocalProtocolError,
    Machine,
    Model,
    Output,
    Value,
    effect_as_dict,
    feed,
    step,
)

C = TypeVar("C", bound=Hashable)


def do(
    machine: Machine[C], value: Value[C], event: str, payload: object = None
) -> tuple[Value[C], list[str], tuple[object, ...]]:
    """One step: the next value, the effects by name, the outputs."""
    following, transition, outputs = step(value, machine.event[event], payload)
    return following, [name(effect_as_dict(effect)) for effect in transition.effects], outputs


def code_of(machine: Machine[C], value: Value[C], event: str, payload: object = None) -> str:
    """The code of the refusal, or "" where there is none."""
    kind: EventKind = machine.event[event]
    try:
        step(value, kind, payload)
    except LocalProtocolError as error:
        return error.code
    return ""


def name(effect: dict[str, object]) -> str:
    """An effect in a few letters: its operation, and the one detail that matters."""
    detail = next((effect[key] for key in ("name", "pdu", "primitive") if key in effect), None)
    outcome = effect.get("outcome")
    words = [str(effect["op"])] if detail is None else [str(detail)]
    return "(".join([*words, str(outcome)]) + ")" if outcome is not None else words[0]


class Subject:
    """An endpoint with the names of what it has put out."""

    def __init__(self, model: Model = MODEL) -> None:
        self.model = model
        self.endpoint = Endpoint.new(model)
        self.outputs: list[Output] = []

    def give(self, part: str, event: str, payload: object = None) -> list[str]:
        """Give an event; the effects put out, by name and in order."""
        self.endpoint, self.outputs = feed(self.endpoint, self.model, part, event, payload)
        return [name(effect_as_dict(output.effect)) for output in self.outputs]

    def connection(self, *events: str) -> list[str]:
        """Give events to the connection; the effects of the last."""
        done: list[str] = []
        for event in events:
            done = self.give("connection", event)
        return done

    @property
    def callbacks(self) -> list[str]:
        """The callbacks among the last outputs."""
        return [
            f"{o.effect.name}({o.effect.outcome})" for o in self.outputs if isinstance(o.effect, Callback)
        ]

    @property
    def where(self) -> tuple[str, str, str]:
        """The states of connection, association and listener."""
        return (
            self.endpoint.connection.control,
            self.endpoint.association.control,
            self.endpoint.listener.control,
        )
