"""The promises of a profile and the tables of that name say the same, property by property: neither can drift alone."""

from __future__ import annotations

from typing import Any

import pytest

from dicomnet.conformance.stateful import PROFILES, TCP_LINUX, Profile
from dicomnet.statemachine import PROFILES as TABLES
from dicomnet.statemachine import (
    AcceptCall,
    Callback,
    FailCall,
    LocalProtocolError,
    Machine,
    Reply,
    Tell,
    Transition,
    Value,
    step,
)

ROOM = range(1, 5)


def run(machine: Machine[Any], *events: str, payload: object = None) -> tuple[Value[Any], list[Transition]]:
    """The value that a machine comes to, and the transitions on the way."""
    taken: list[Transition] = []
    value = machine.start()
    for event in events:
        given = payload
        if event == "accept":
            given = AcceptCall(child_idle=True, child="c")
        value, transition, _ = step(value, machine.event[event], given)
        taken.append(transition)
    return value, taken


def listening(profile: Profile, capacity: int, *events: str) -> tuple[Value[Any], list[Transition]]:
    machine = TABLES[profile.tables].listener
    taken: list[Transition] = []
    value = step(machine.start(), machine.event["open"], capacity)[0]
    for number, event in enumerate(events):
        payload = AcceptCall(child_idle=True, child="c") if event == "accept" else number
        value, transition, _ = step(value, machine.event[event], payload)
        taken.append(transition)
    return value, taken


def told(transition: Transition) -> int:
    return sum(isinstance(effect, Callback) and effect.name == "on_accept" for effect in transition.effects)


def opens(transition: Transition) -> bool:
    return Tell("requestor", "open") in transition.effects


by_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)


def test_each_table_has_a_profile_and_each_profile_a_table() -> None:
    assert {profile.tables for profile in PROFILES.values()} == set(TABLES)
    assert all(PROFILES[name].tables == name for name in TABLES)


@by_profile
def test_capacity_and_overflow(profile: Profile) -> None:
    for capacity in ROOM:
        most = capacity + profile.spare
        value, taken = listening(profile, capacity, *["request"] * (most + 1))
        assert len(value.context.waiting) == most
        assert [len(each.effects) for each in taken[:most]].count(0) == (most - 1) * (
            profile.on_accept == "level"
        )
        code = "refused" if profile.overflow == "refused" else "overflow"
        assert taken[most].effects == (Reply(code),)
        assert (code in TABLES[profile.tables].path.event) or code == "refused"


@by_profile
def test_on_accept_for_each_or_while_they_wait(profile: Profile) -> None:
    _, taken = listening(profile, 4, "request", "request", "request", "accept", "accept", "accept")
    edge, level = [1, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 0]
    assert [told(each) for each in taken] == (edge if profile.on_accept == "edge" else level)


@by_profile
def test_when_the_requestor_is_connected(profile: Profile) -> None:
    _, taken = run(TABLES[profile.tables].path, "arrive", "queued", "take")
    at = {"accept": [False, False, True], "queue": [False, True, False]}
    assert [opens(each) for each in taken] == at[profile.connected_at]


@by_profile
def test_whether_an_entry_goes_with_its_requestor(profile: Profile) -> None:
    tables = TABLES[profile.tables]
    for end in ("leave", "break"):
        _, taken = run(tables.path, "arrive", "queued", end)
        assert (Tell("listener", "withdrawn") in taken[-1].effects) is profile.withdraw_removes
        assert (taken[-1].next == "OVER") is profile.withdraw_removes
    assert (tables.listener.action_at("LISTENING", "withdraw") is not None) is profile.withdraw_removes


@by_profile
def test_what_accept_may_be_refused_for(profile: Profile) -> None:
    listener = TABLES[profile.tables].listener
    branches = [
        branch
        for state in listener.states
        if (action := listener.action_at(state.name, "accept")) is not None
        for branch in action.branches
    ]
    codes = {branch.refuse for branch in branches}
    codes |= {each.code for branch in branches for each in branch.effects if isinstance(each, FailCall)}
    may = {None, "not_listening", "wrong_state", "wrong_security_mode", "would_block"}
    assert codes == may | ({"reset"} if profile.accept_reports_reset else set())
    with pytest.raises(LocalProtocolError, match="would_block"):
        listening(profile, 1, "accept")


def test_what_is_lost_comes_again_only_with_linux() -> None:
    """`overflow` "late" and "lost" are the same tables: the first is all that is asked of a wire with a real clock."""
    for profile in PROFILES.values():
        asks_again = "overflow" in TABLES[profile.tables].path.event
        assert asks_again is (profile.overflow in ("late", "lost")) is (profile.tables == TCP_LINUX.tables)
