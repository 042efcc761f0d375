"""The monitors: what they let pass, and that each invariant they watch can break."""

from __future__ import annotations

from typing import Any

import pytest

from dicomnet.statemachine import LIFE, LINES, Broken, Line, Machine, Value, look

LIVES = {
    "requestor": "connect connected pdu closed rest end-of-time",
    "tries again": "connect failed connect connected close rest",
    "child": "taken pdu forced closed rest close forced",
    "listener": "listen heard heard close rest end-of-time",
    "gives up": "connect close rest end-of-time",
    "ended by force, unused": "forced closed rest",
    "secured requestor": "configured connect failed connect connected rest ready pdu closed rest end-of-time",
    "secured child": "configured taken rest ready pdu close pdu rest",
    "handshake that fails": "configured connect connected not-ready rest close forced end-of-time",
    "ended while it is secured": "configured taken forced closed rest",
}


def watch(value: Value[Any], events: str) -> Value[Any] | Broken:
    for event in events.split():
        seen = look(value, event)
        if isinstance(seen, Broken):
            return seen
        value = seen
    return value


@pytest.mark.parametrize("events", LIVES.values(), ids=LIVES.keys())
def test_a_right_life(events: str) -> None:
    assert not isinstance(watch(LIFE.start(), events), Broken)


@pytest.mark.parametrize(
    ("invariant", "events"),
    [
        (3, "connect connected connected"),
        (3, "connect connected failed"),
        (3, "connect close connected"),
        (3, "connect failed failed"),
        (3, "connect forced connected"),
        (3, "connect end-of-time"),
        (5, "connect connected close closed"),
        (5, "connect connected closed closed"),
        (5, "connect connected forced closed closed"),
        (5, "connect connected forced rest"),
        (4, "connect connected ready"),
        (4, "configured connect ready connected"),
        (4, "configured connect not-ready"),
        (4, "configured ready"),
        (4, "configured taken ready ready"),
        (4, "configured taken ready not-ready"),
        (4, "configured taken not-ready ready"),
        (4, "configured taken close ready"),
        (4, "configured taken forced closed not-ready"),
        (4, "configured taken rest end-of-time"),
        (5, "configured taken not-ready closed"),
        (5, "configured taken closed"),
        (5, "listen close heard"),
        (6, "connect pdu"),
        (6, "pdu"),
        (6, "connect failed pdu"),
        (6, "configured taken pdu"),
        (6, "configured connect connected not-ready pdu"),
        (6, "configured taken close pdu"),
        (6, "configured taken forced pdu"),
    ],
)
def test_a_broken_life(invariant: int, events: str) -> None:
    broken = watch(LIFE.start(), events)
    assert isinstance(broken, Broken)
    assert broken.invariant == invariant


def line(profile: str, *events: tuple[str, object]) -> Value[Line] | Broken:
    value = LINES[profile].start()
    for event, payload in (("open", 2), *events):
        seen = look(value, event, payload)
        if isinstance(seen, Broken):
            return seen
        value = seen
    return value


def in_line(*requests: int) -> list[tuple[str, object]]:
    return [each for request in requests for each in (("queued", request), ("told", None))]


@pytest.mark.parametrize("profile", LINES)
def test_a_right_line(profile: str) -> None:
    level = profile == "tcp-winsock"
    events: list[tuple[str, object]] = [("queued", 1), ("told", None), ("queued", 2)]
    events += [] if level else [("told", None)]
    events += [("rest", None), ("accepted", (1, "a"))]
    events += [("told", None)] if level else []
    events += [("rest", None), ("accepted", (2, "b")), ("child-closed", "a"), ("rest", None)]
    events += [("queued", 3), ("told", None), ("queued", 4), ("gone", (3, None))] if level else []
    events += [("told", None), ("rest", None)] if level else []
    events += [("close", None), ("rest", None)]
    assert not isinstance(line(profile, *events), Broken)


@pytest.mark.parametrize(
    ("profile", "invariant", "events"),
    [
        ("dicomnet", 1, [*in_line(1, 2), ("accepted", (2, "a"))]),
        ("dicomnet", 1, [("accepted", (1, "a"))]),
        ("dicomnet", 1, [*in_line(1), ("withdrawn", 1), ("accepted", (1, "a"))]),
        ("dicomnet", 2, [*in_line(1), ("told", None)]),
        ("dicomnet", 2, [("queued", 1), ("rest", None)]),
        ("dicomnet", 2, [("close", None), ("told", None)]),
        ("dicomnet", 5, [("child-closed", "a")]),
        ("dicomnet", 5, [*in_line(1), ("accepted", (1, "a")), ("child-closed", "a"), ("child-closed", "a")]),
        ("dicomnet", 5, [*in_line(1), ("accepted", (1, "a")), ("close", None), ("child-closed", "a")]),
        ("dicomnet", 8, in_line(1, 2, 3)),
        ("tcp-linux", 8, in_line(1, 2, 3, 4)),
        ("tcp-winsock", 8, [("queued", 1), ("queued", 2), ("queued", 3)]),
        ("tcp-winsock", 2, [*in_line(1), ("queued", 2), ("told", None)]),
        ("tcp-winsock", 2, [*in_line(1), ("queued", 2), ("accepted", (1, "a")), ("rest", None)]),
        ("tcp-winsock", 2, [("told", None)]),
        ("tcp-winsock", 1, [*in_line(1), ("queued", 2), ("gone", (2, None))]),
        ("tcp-winsock", 1, [*in_line(1), ("gone", (1, None)), ("accepted", (1, "a"))]),
        ("tcp-winsock", 2, [*in_line(1), ("queued", 2), ("gone", (1, None)), ("rest", None)]),
    ],
)
def test_a_broken_line(profile: str, invariant: int, events: list[tuple[str, object]]) -> None:
    broken = line(profile, *events)
    assert isinstance(broken, Broken)
    assert broken.invariant == invariant


def test_one_place_more_on_linux() -> None:
    assert not isinstance(line("tcp-linux", *in_line(1, 2, 3)), Broken)


@pytest.mark.parametrize("machine", [LIFE, *LINES.values()], ids=lambda machine: machine.name)
def test_a_monitor_is_a_whole_machine(machine: Machine[Any]) -> None:
    used = {action for row in machine.cells.values() for action in row.values()}
    assert used == set(machine.actions)
    assert {event for row in machine.cells.values() for event in row} == set(machine.event)
