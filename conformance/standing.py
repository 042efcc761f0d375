"""The states of network objects, as a chart shows them on their lifelines: each where it has changed."""

from __future__ import annotations

from dicomnet.diagrams import State, States
from dicomnet.statemachine import Machine
from dicomnet.transports import NetworkObject

from .oracle import TIMED

# Of a part that an object does not use, or that has not begun.
_UNSAID = frozenset({"NONE", "UNSECURED", "Sta1"})


class Standing:
    """Network objects by the names of their lifelines, and what was last shown of each."""

    def __init__(self) -> None:
        self.objects: dict[str, NetworkObject] = {}
        self._shown: dict[str, str] = {}

    def news(self) -> tuple[States, ...]:
        """The states that have changed since they were asked for: one value, or none."""
        news: list[State] = []
        for name, subject in self.objects.items():
            text, detail = _words(subject)
            if self._shown.get(name) != text:
                self._shown[name] = text
                news.append(State(name, text, detail))
        return (States(tuple(news)),) if news else ()


def _words(subject: NetworkObject) -> tuple[str, str]:
    """The states of a network object that are not those of a fresh one; and what they mean."""
    endpoint = subject.endpoint
    values = (endpoint.connection, endpoint.security, endpoint.association)
    shown = [value for value in values if value.control not in _UNSAID]
    texts = [f"{v.control} (ARTIM runs)" if v.control in TIMED else v.control for v in shown]
    if endpoint.connection.control == "LISTENING":
        texts.append(f"queue: {subject.waiting}")
    return ", ".join(texts), "\n".join(_meaning(value.machine, value.control) for value in shown)


def _meaning(machine: Machine[str | None], state: str) -> str:
    return f"{machine.name}: {state}, {machine.state[state].meaning}"
