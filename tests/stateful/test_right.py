"""Right implementations pass, and what the checks look for really happens in those runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomnet.conformance.stateful import (
    Adapter,
    MemoryAdapter,
    Reaction,
    Step,
    TcpAdapter,
    Tell,
    Told,
    check_adapter,
    replay,
)

from .plain import Plain
from .plain_tcp import PlainLinux, PlainWinsock
from .pure import PureAdapter


@pytest.mark.parametrize(
    ("make", "profile", "examples"),
    [
        pytest.param(Plain, "dicomnet", 2000, id="plain"),
        pytest.param(PlainLinux, "tcp-linux", 300, id="plain-linux"),
        pytest.param(PlainWinsock, "tcp-winsock", 300, id="plain-winsock"),
        pytest.param(PureAdapter, "dicomnet", 200, id="pure"),
        pytest.param(MemoryAdapter, "dicomnet", 200, id="memory"),
        pytest.param(TcpAdapter, "tcp-linux", 60, id="tcp"),
    ],
)
def test_a_right_implementation_passes(make: Callable[[], Adapter], profile: str, examples: int) -> None:
    check_adapter(make, profile, examples)


def test_a_refusal_on_its_way_is_no_fault() -> None:
    """A place is freed between two arrivals: the younger request is queued before the older hears of its refusal."""
    steps = [
        Step("connect"),
        Step("connect", settle=False),
        Step("close", settle=False),
        Step("connect", reaction=Reaction("accept")),
    ]
    replay(MemoryAdapter, "dicomnet", 1, steps)


class Listening(Plain):
    """Notes what is told and refused in all runs together."""

    told: set[str]

    def begin(self, tell: Tell) -> None:
        def note(told: Told) -> None:
            self.told.add(f"{told.callback} {told.outcome}")
            tell(told)

        super().begin(note)

    def connect(self, name: str, listener: str) -> str:
        code = super().connect(name, listener)
        self.told.add(f"connect {code}")
        return code

    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        self.told.add(f"accept {code}")
        return code

    def call(self, told: Told) -> None:
        before = self.raised, len(self.state)
        super().call(told)
        if self.raised > before[0]:
            self.told.add(f"{told.callback} raises")
        if len(self.state) > before[1]:
            self.told.add(f"{told.callback} calls")


def test_every_outcome_code_and_kind_of_handler_happens() -> None:
    """A check of what never happens would prove nothing."""
    told: set[str] = set()

    class Shared(Listening):
        pass

    Shared.told = told
    check_adapter(Shared, "dicomnet", 300, derandomize=True)
    outcomes = {
        "on_accept": ("ok",),
        "on_connect": ("ok", "refused", "reset"),
        "on_close": ("ok", "reset", "aborted"),
        "on_child_close": ("ok", "reset", "aborted"),
        "connect": ("", "already_connected"),
        "accept": ("", "not_listening", "wrong_state", "would_block"),
    }
    handlers = {f"{name} {does}" for name in list(outcomes)[:4] for does in ("raises", "calls")}
    assert told == handlers | {f"{name} {word}" for name, words in outcomes.items() for word in words}
