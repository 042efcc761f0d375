"""How fast one step of the association machine is, beside other ways to run a state machine.

The floor is the least that could be called a step: a function that looks the next state up in a dict of
dicts. Every contestant walks the same way through the same states: `python tests/bench/bench_step.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from queue import Queue
from types import SimpleNamespace
from typing import Any

from dicomnet.statemachine import ASSOCIATION, PDV, EventKind, PDataTF, step

from harness import Effort, Task, compare, effort, heading, optional

WALKS = 100
# The peer releases, the user answers, a PDU comes too late, the connection ends: no payload anywhere.
RELEASE = ("Evt12", "Evt14", "Evt10", "Evt17")
# Data both ways, each step with a payload.
DATA = ("Evt10", "Evt9", "Evt10", "Evt9")
START = "Sta6"
NEXT: dict[str, dict[str, str]] = {
    state.name: {
        kind.name: action.branches[0].next
        for kind in ASSOCIATION.events
        if (action := ASSOCIATION.action_at(state.name, kind.name)) is not None
    }
    for state in ASSOCIATION.states
}


def floor_step(state: str, event: str) -> str:
    """The least that is a step."""
    return NEXT[state][event]


def floor(walk: tuple[str, ...]) -> Task:
    """The floor's walk."""

    def run() -> None:
        for _ in range(WALKS):
            state = START
            for event in walk:
                state = floor_step(state, event)

    return run


def ours(walk: tuple[str, ...], payload: object) -> Task:
    """The walk of the real machine by the real `step`."""
    kinds: tuple[EventKind, ...] = tuple(ASSOCIATION.event[name] for name in walk)
    start = ASSOCIATION.value(START, "acceptor")

    def without_payload() -> None:
        for _ in range(WALKS):
            value = start
            for kind in kinds:
                value = step(value, kind)[0]

    def with_payload() -> None:
        for _ in range(WALKS):
            value = start
            for kind in kinds:
                value = step(value, kind, payload)[0]

    return without_payload if payload is None else with_payload


def by_transitions(walk: tuple[str, ...]) -> Task | None:
    """The walk with the package `transitions`."""
    module = optional("transitions")
    if module is None:
        return None
    machine = module.Machine(
        states=list(NEXT),
        transitions=[[event, state, to] for state, row in NEXT.items() for event, to in row.items()],
        initial=START,
        auto_transitions=False,
    )
    triggers = [getattr(machine, event) for event in walk]

    def run() -> None:
        for _ in range(WALKS):
            machine.state = START
            for trigger in triggers:
                trigger()

    return run


def by_python_statemachine(walk: tuple[str, ...]) -> Task | None:
    """The walk with the package `python-statemachine`."""
    module = optional("statemachine")
    if module is None or not hasattr(module, "StateMachine"):
        return None
    # Only the states of the walk, and a way back: the package demands that each can be reached and left.
    path = [START]
    for event in walk:
        path.append(NEXT[path[-1]][event])
    states = {name: module.State(initial=name == START) for name in path}
    namespace: dict[str, object] = dict(states)
    for before, event, after in zip(path, walk, path[1:], strict=False):
        namespace[event] = states[before].to(states[after])
    namespace["again"] = states[path[-1]].to(states[START])
    kind: Any = type("Walk", (module.StateMachine,), namespace)
    machine = kind()
    triggers = [getattr(machine, event) for event in walk]

    def run() -> None:
        for _ in range(WALKS):
            machine.current_state_value = START
            for trigger in triggers:
                trigger()

    return run


@contextmanager
def stub_actions(module: Any) -> Generator[None]:  # noqa: ANN401
    """Let pynetdicom's dispatch run actions that do nothing but say what is next."""
    real = dict(module.ACTIONS)

    def stub(following: str) -> Callable[[object], str]:
        return lambda _: following

    # The third of an action's fields is a state, or several where it is for the action to choose.
    for name, action in real.items():
        module.ACTIONS[name] = (action[0], stub(NEXT_AFTER.get(name, START)), action[2])
    try:
        yield
    finally:
        module.ACTIONS.update(real)


NEXT_AFTER = {action.name: action.branches[0].next for action in ASSOCIATION.actions.values()}


def no_handlers(_event: object) -> list[object]:
    """An association to which nobody listens."""
    return []


def by_pynetdicom_dispatch(walk: tuple[str, ...]) -> Task | None:
    """pynetdicom's dispatch alone: `do_action` with actions that do nothing."""
    module = optional("pynetdicom.fsm")
    if module is None:
        return None
    machine = module.StateMachine(SimpleNamespace(assoc=SimpleNamespace(get_handlers=no_handlers)))

    def run() -> None:
        with stub_actions(module):
            for _ in range(WALKS):
                machine.current_state = START
                for event in walk:
                    machine.do_action(event)

    return run


def by_pynetdicom_actions() -> Task | None:
    """pynetdicom's real actions DT-2 and DT-1 on real queues; its DIMSE and its socket take at once."""
    fsm, pdus, primitives = (optional(f"pynetdicom.{name}") for name in ("fsm", "pdu", "pdu_primitives"))
    if fsm is None or pdus is None or primitives is None:
        return None
    primitive = primitives.P_DATA()
    primitive.presentation_data_value_list = [[1, b"\x03" + bytes(74)]]
    pdu = pdus.P_DATA_TF(primitive)
    received: Queue[object] = Queue()
    asked: Queue[object] = Queue()

    def drop(_thing: object) -> None:
        pass

    dimse = SimpleNamespace(receive_primitive=drop)
    dul = SimpleNamespace(
        assoc=SimpleNamespace(get_handlers=no_handlers, dimse=dimse),
        _recv_pdu=received,
        to_provider_queue=asked,
        _send=drop,
    )
    machine = fsm.StateMachine(dul)
    machine.current_state = START

    def run() -> None:
        # Filled from behind: what puts there is another thread's work.
        received.queue.extend([pdu] * (WALKS * 2))
        asked.queue.extend([primitive] * (WALKS * 2))
        for _ in range(WALKS):
            for event in DATA:
                machine.do_action(event)

    return run


def measure(effort: Effort) -> None:
    """Both walks beside what the goals name."""
    heading("one step without a payload")
    compare(
        effort,
        ours(RELEASE, None),
        [
            ("floor: a function over a dict of dicts", floor(RELEASE), 0.8),
            ("pynetdicom, dispatch alone", by_pynetdicom_dispatch(RELEASE), 9),
            ("transitions", by_transitions(RELEASE), 100),
            ("python-statemachine", by_python_statemachine(RELEASE), 1000),
        ],
        WALKS * len(RELEASE),
    )
    heading("one step with a payload")
    payload = PDataTF((PDV(1, True, True, bytes(74)),))
    compare(
        effort,
        ours(DATA, payload),
        [
            ("floor: a function over a dict of dicts", floor(DATA), 0.3),
            ("pynetdicom, real actions", by_pynetdicom_actions(), 20),
        ],
        WALKS * len(DATA),
    )


if __name__ == "__main__":
    measure(effort(__doc__))
    sys.exit(0)
