"""Each invariant, broken by a fault in the tables or in the runtime: its own number is what the exploration names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicomnet.conformance.exploration import Replay, Step, World, replay, search
from dicomnet.statemachine import MODEL, PROFILES, Effect, FailCall, Model, Queue, Reply, Rule, with_cell
from dicomnet.transports import Network, NetworkObject, Request

Callee = Callable[..., None]


def broken(model: Model = MODEL, clients: int = 2, places: int = 1) -> tuple[int, str, list[str]]:
    """Number and text of what breaks first, and the steps; one whole scene names the same."""
    found = search(World(model, clients, places, core=False), 50_000)
    assert found.broken is not None
    steps = [str(step) for step in found.steps]
    with pytest.raises(AssertionError, match=f"invariant {found.broken.invariant}: "):
        replay(model, clients, places, steps)
    return found.broken.invariant, found.broken.text, steps


def with_rule(change: Callable[[Rule], Rule]) -> Model:
    """The tables with a coupling whose rules were changed."""
    return replace(MODEL, coupling=replace(MODEL.coupling, rules=tuple(map(change, MODEL.coupling.rules))))


def calling(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[Network, NetworkObject, bool, Callee], None]
) -> None:
    """A runtime that calls its users' code in another way."""
    true = Network.call_user

    def call_user(
        self: Network, subject: NetworkObject, harmless: bool, callback: Callee, *arguments: object
    ) -> None:
        fault(self, subject, harmless, lambda: true(self, subject, harmless, callback, *arguments))

    monkeypatch.setattr(Network, "call_user", call_user)


# --- what is dropped --------------------------------------------------------------------------------------


def test_a_request_that_is_dropped_without_a_word() -> None:
    """The listener closes; the requestor that stood in its queue hears nothing."""
    silent = replace(MODEL, path=with_cell(MODEL.path, "QUEUED", "reset", "PA-9"))
    number, text, steps = broken(silent)
    assert (number, text) == (8, "a request that stands in the queue is not in it")
    assert steps == ["client 1: connect", "client 1: arrives at the listener", "listener closes"]


def test_a_request_that_is_dropped_and_forgotten_is_a_deadlock() -> None:
    over = replace(MODEL, path=with_cell(MODEL.path, "QUEUED", "reset", "PA-6"))
    number, text, steps = broken(over)
    assert (number, text) == (3, "deadlock: a connect whose outcome nothing can bring")
    assert steps[-1] == "listener closes"


# --- what accept reports as reset -------------------------------------------------------------------------

TOLD = [
    "client 1: connect",
    "client 1: arrives at the listener",
    "client 1: close by force",
    "accept, told of the reset",
]


def winsock_without(effect: type[Effect]) -> Model:
    """Accept reports a reset, but for this effect."""
    model = PROFILES["tcp-winsock"]
    action = model.listener.action_at("LISTENING", "accept")
    assert action is not None
    less = tuple(
        replace(branch, effects=tuple(each for each in branch.effects if not isinstance(each, effect)))
        if branch.when is not None and branch.when.startswith("gone")
        else branch
        for branch in action.branches
    )
    assert less != action.branches
    actions = {**model.listener.actions, action.name: replace(action, branches=less)}
    return replace(model, listener=replace(model.listener, actions=actions))


def test_a_reset_that_accept_does_not_report() -> None:
    number, text, steps = broken(winsock_without(FailCall))
    assert (number, text) == (9, "accept, told of the reset should raise reset, not go on")
    assert steps == TOLD


def test_a_request_that_was_reset_and_is_held_for_ever() -> None:
    number, text, steps = broken(winsock_without(Reply))
    assert (number, text) == (
        8,
        "the listener holds a request that does not wait, and that it has not answered",
    )
    assert steps == TOLD


def test_a_reset_that_is_reported_of_the_wrong_request() -> None:
    """The last is gone, and the first was reset."""
    model = PROFILES["tcp-winsock"]

    def drop_tail(queue: Queue, _payload: object) -> Queue:
        return replace(queue, waiting=queue.waiting[:-1])

    updates = {**model.listener.updates, "drop-head": drop_tail}
    wrong = replace(model, listener=replace(model.listener, updates=updates))
    number, _, steps = broken(wrong, places=2)
    assert number in (1, 8)
    assert steps[-1] == "accept, told of the reset"


# --- PDUs -------------------------------------------------------------------------------------------------


def test_a_pdu_that_leaves_before_the_connection_stands() -> None:
    """The association is told at once that its connection stands, when it asks for one."""

    def eager(rule: Rule) -> Rule:
        if (rule.trigger, rule.event) == ("transport-connect", "Evt2"):
            return replace(rule, where=None)
        if (rule.trigger, rule.event) == ("transport-connect", "connect"):
            return replace(rule, where=("connection", ("CLOSED",)))
        return rule

    number, text, steps = broken(with_rule(eager))
    assert number == 6, text
    assert steps == ["client 1: dial"]


# --- callbacks --------------------------------------------------------------------------------------------


def test_a_raise_that_is_reported_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(network: Network, _subject: NetworkObject, _harmless: bool, call: Callee) -> None:
        before = len(network.errors)
        call()
        network.errors += network.errors[before:]

    calling(monkeypatch, fault)
    number, text, steps = broken()
    assert (number, text) == (7, "callbacks raised 1 times, and 2 errors are reported")
    assert steps[-1].endswith("on_accept raises")


def test_a_raise_that_is_reported_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(network: Network, _subject: NetworkObject, _harmless: bool, call: Callee) -> None:
        before = len(network.errors)
        call()
        del network.errors[before:]

    calling(monkeypatch, fault)
    assert broken()[:2] == (7, "callbacks raised 1 times, and 0 errors are reported")


def test_a_raise_in_on_accept_that_ends_the_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(network: Network, subject: NetworkObject, harmless: bool, call: Callee) -> None:
        before = len(network.errors)
        call()
        if harmless and len(network.errors) > before:
            subject.close_forced()

    calling(monkeypatch, fault)
    number, text, steps = broken()
    assert (number, text) == (5, "listener: on_close, in LISTENS: this cannot be")
    assert steps[-1].endswith("on_accept raises")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_raise_that_harms_another_object(monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    def fault(network: Network, subject: NetworkObject, _harmless: bool, call: Callee) -> None:
        before = len(network.errors)
        call()
        if len(network.errors) > before:
            for each in network.alive:
                if each is not subject and each.listener is not None:
                    each.close_forced()

    calling(monkeypatch, fault)
    number, text, steps = broken(PROFILES[profile])
    assert (number, text) == (7, "an object was ended that had nothing to do with what was done")
    assert steps[-1].endswith("on_accept raises")


def test_what_stops_the_runtime_is_told_as_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, but the way there."""

    def fails(_self: NetworkObject, request: Request) -> None:
        raise KeyError(request.peer.port)

    monkeypatch.setattr(NetworkObject, "take_link", fails)
    number, text, steps = broken()
    assert (number, text) == (7, "the runtime fails: KeyError: 11112")
    assert steps[-1].endswith("accept") or steps[-1].endswith("on_accept accepts")


def without_stopping_artim() -> Model:
    """ARTIM runs on where the connection ends before the association was asked for."""
    association = MODEL.association
    action = association.actions["AA-5"]
    rings_on = tuple(
        replace(each, effects=tuple(effect for effect in each.effects if effect.op != "artim-stop"))
        for each in action.branches
    )
    assert rings_on != action.branches
    actions = {**association.actions, "AA-5": replace(action, branches=rings_on)}
    return replace(MODEL, association=replace(association, actions=actions))


def test_a_timer_that_nobody_stops_rings_in_a_child_that_is_over() -> None:
    number, text, steps = broken(without_stopping_artim())
    assert number == 7
    assert "Evt18" in text
    assert steps[-1] == "client 1: child's ARTIM runs out"


def test_a_lane_is_not_forgotten_as_long_as_its_child_can_ring() -> None:
    """Both ends are closed and nothing is under way; the timer is all that is left."""
    running = Replay(without_stopping_artim(), 1, 1, core=False)
    steps = (
        "client 1: connect",
        "client 1: arrives at the listener",
        "accept",
        "client 1: arrives at the requestor",
        "client 1: close",
        "client 1: end arrives at the listener",
    )
    for step in steps:
        assert running.do(Step.read(step)) is None
    lane = running.lane(0).lane
    assert lane.requestor.endpoint.connection.control == "CLOSED"
    assert lane.child is not None
    assert lane.child.endpoint.connection.control == "CLOSED"
    broken = running.do(Step.read("client 1: child's ARTIM runs out"))
    assert broken is not None
    assert broken.invariant == 7
