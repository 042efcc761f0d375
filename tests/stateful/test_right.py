"""Right implementations pass, and what the checks look for really happens in those runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

import pytest

from dicomnet.conformance.stateful import (
    DICOMNET,
    PROFILES,
    TCP_LINUX_OVERFLOW,
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


class Telling(MemoryAdapter):
    """The carrier lets accept itself report that the first request was reset."""

    def __init__(self, told: Counter[str] | None = None) -> None:
        super().__init__("tcp-winsock")
        self.memory.accept_tells = True
        self.told = Counter[str]() if told is None else told

    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        self.told[code] += 1
        return code


def test_accept_reports_resets_in_these_runs() -> None:
    told = Counter[str]()
    check_adapter(partial(Telling, told), "tcp-winsock", 100, derandomize=True)
    assert told["reset"] > 0


@pytest.mark.parametrize(
    ("make", "profile", "examples"),
    [
        pytest.param(Plain, "dicomnet", 150, id="plain"),
        pytest.param(PlainLinux, "tcp-linux", 100, id="plain-linux"),
        pytest.param(PlainWinsock, "tcp-winsock", 100, id="plain-winsock"),
        pytest.param(PureAdapter, "dicomnet", 100, id="pure"),
        *(
            pytest.param(
                partial(MemoryAdapter, profile.tables), profile.name, 100, id=f"memory-{profile.name}"
            )
            for profile in PROFILES.values()
        ),
        pytest.param(TcpAdapter, "tcp-linux", 60, id="tcp"),
    ],
)
def test_a_right_implementation_passes(make: Callable[[], Adapter], profile: str, examples: int) -> None:
    check_adapter(make, profile, examples, derandomize=True)


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
    check_adapter(Shared, "dicomnet", 200, derandomize=True)
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


class Overflowing(MemoryAdapter):
    """Notes who was accepted, and in all runs together what became of requests."""

    fired: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__("tcp-linux")
        self.memory.trace = []
        self.accepted: list[str] = []

    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        self.accepted += [] if code else [self.peer(child)]
        return code

    def end(self) -> None:
        super().end()
        for taken in self.memory.trace or ():
            self.fired.add(f"{taken.action} {taken.when or ''}".strip())


def test_every_kind_of_overflow_happens() -> None:
    """Lost or half open, let in late, ended or left alone before that: else the check of it would prove nothing."""
    Overflowing.fired.clear()
    check_adapter(Overflowing, TCP_LINUX_OVERFLOW, 200, derandomize=True)
    by_told = {
        f"{action} {told}" for action in ("PL-1", "PL-2", "PL-3", "PL-5") for told in ("told", "not-told")
    }
    missing = {"PL-4", *by_told} - Overflowing.fired
    assert not missing


def test_a_younger_request_may_come_in_before_a_lost_one() -> None:
    """r3 and r4 are lost; r3 comes in after a second, r5 after one more, r4 only then: after 1 + 2 seconds."""
    runs: list[Overflowing] = []

    def make() -> Overflowing:
        runs.append(Overflowing())
        return runs[-1]

    connect, accept = Step("connect"), Step("accept")
    steps = [*[connect] * 4, accept, connect, *[accept] * 4]
    replay(make, TCP_LINUX_OVERFLOW, 1, steps)
    assert runs[0].accepted == ["r1", "r2", "r3", "r5", "r4"]
    assert runs[0].memory.now() == 3.0
    with pytest.raises(ValueError, match="'lost' goes with connected_at 'queue'"):
        replace(DICOMNET, overflow="lost")
