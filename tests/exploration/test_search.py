"""The search: that it sees what whole scenes show, and that what is broken is found, as short as it can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dicomnet.conformance.exploration import (
    DIFFERS,
    SECURITIES,
    Packed,
    Replay,
    Step,
    TwinWorld,
    World,
    moves_of,
    replay,
    search,
    takes_of,
)
from dicomnet.statemachine import MODEL, PROFILES, Model, Output, with_cell
from dicomnet.transports import Network, NetworkObject

Key = tuple[object, ...]


def key_of(running: Replay, clients: int) -> Key:
    """A whole scene as a state, requestors alike."""
    queue = running.queue()
    lanes = [running.lane(client) for client in range(clients)]
    rest = sorted(repr(lanes[client]) for client in range(clients) if client not in queue)
    return (repr(running.yard()), tuple(repr(lanes[client]) for client in queue), tuple(rest))


def steps_after(
    running: Replay, model: Model, clients: int, *, core: bool, security: str = "none"
) -> Iterator[Step]:
    """What may happen next in a whole scene."""
    layers = SECURITIES[security]
    for client in range(clients):
        for move in moves_of(model.traits, core=core, secure=any(layers)):
            if move.when(running.lane(client)):
                yield Step(move.name, client + 1)
    listening = running.scene.listener.endpoint.connection.control == "LISTENING"
    if listening and running.queue():
        yield from map(Step, takes_of(core=core, secure=all(layers)))
    if not core:
        if listening:
            yield Step("listener closes")
            yield Step("listener closes by force")
        if running.scene.library.control == "STARTED":
            yield Step("shutdown")


def whole_scenes(model: Model, clients: int, places: int, *, core: bool, security: str = "none") -> set[Key]:
    """Every state that is reached by doing all sequences of steps in whole scenes, each from the beginning."""
    seen: set[Key] = set()
    todo: list[tuple[Step, ...]] = [()]
    while todo:
        way = todo.pop(0)
        running = Replay(model, clients, places, core=core, security=security)
        for step in way:
            assert running.do(step) is None
        key = key_of(running, clients)
        if key not in seen:
            seen.add(key)
            todo += [
                (*way, step) for step in steps_after(running, model, clients, core=core, security=security)
            ]
    return seen


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("clients", "places", "core"), [(2, 1, True), (3, 2, True), (1, 1, False)])
def test_steps_computed_apart_reach_what_whole_scenes_reach(
    profile: str, clients: int, places: int, core: bool
) -> None:
    model = PROFILES[profile]
    found = search(World(model, clients, places, core=core), 10_000)
    assert found.complete
    assert found.broken is None
    assert found.states == len(whole_scenes(model, clients, places, core=core))


@pytest.mark.parametrize("security", [name for name in SECURITIES if name != "none"])
@pytest.mark.parametrize(
    ("profile", "clients", "places", "core"),
    [
        *((profile, 2, 1, True) for profile in PROFILES),
        ("tcp-winsock", 3, 2, True),
        ("tcp-linux", 1, 1, False),
    ],
)
def test_so_they_do_where_links_are_secured(
    profile: str, clients: int, places: int, core: bool, security: str
) -> None:
    model = PROFILES[profile]
    found = search(World(model, clients, places, core=core, security=security), 10_000)
    assert (found.complete, found.broken) == (True, None)
    assert found.states == len(whole_scenes(model, clients, places, core=core, security=security))


@pytest.mark.parametrize("security", ["none", "played"])
@pytest.mark.parametrize("profile", PROFILES)
def test_without_symmetry_each_state_is_one_of_those_with_it(profile: str, security: str) -> None:
    world = World(PROFILES[profile], 3, 2, core=True, security=security)
    found = search(world, 10_000)
    packed = Packed(world).search(100_000)
    assert packed.complete
    arrangements = Packed(world).arrangements(100_000)
    assert packed.states == sum(arrangements.values())
    assert len(arrangements) == found.states
    assert packed.states > found.states


def test_a_search_that_is_cut_proves_nothing() -> None:
    found = search(World(MODEL, 3, 2, core=True), 10)
    assert not found.complete
    assert found.broken is None


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    search(World(MODEL, 3, 2, core=False), 20_000, lambda states, waiting: told.append((states, waiting)))
    assert told[0][0] == 20_000


def broken(model: Model, clients: int = 2, places: int = 2, *, core: bool = True) -> tuple[int, list[str]]:
    """The invariant that breaks first, and the steps; the same in one whole scene."""
    found = search(World(model, clients, places, core=core), 100_000)
    assert found.broken is not None
    steps = [str(step) for step in found.steps]
    with pytest.raises(AssertionError, match=f"invariant {found.broken.invariant}"):
        replay(model, clients, places, steps, core=core)
    return found.broken.invariant, steps


def test_a_request_that_is_lost_is_a_deadlock() -> None:
    lossy = replace(MODEL, path=with_cell(MODEL.path, "SENT", "arrive", "PA-9"))
    assert broken(lossy, clients=1) == (3, ["client 1: connect"])


def test_an_accept_that_is_refused_although_requests_wait() -> None:
    deaf = replace(MODEL, listener=with_cell(MODEL.listener, "LISTENING", "accept", "LS-4"))
    assert broken(deaf) == (9, ["client 1: connect", "accept"])


def test_a_count_of_children_that_is_not_given_back() -> None:
    forgetful = replace(MODEL, listener=with_cell(MODEL.listener, "LISTENING", "child-ended", "LS-2"))
    number, steps = broken(forgetful)
    assert number == 8
    assert steps == ["client 1: connect", "accept", "client 1: child closes"]


def test_callbacks_that_are_entered_inside_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime that does at once what is decided inside a callback."""
    post = Network.post

    def at_once(self: Network, target: NetworkObject, outputs: list[Output]) -> None:
        self._running = False  # pyright: ignore[reportPrivateUsage] # the planted fault
        post(self, target, outputs)

    monkeypatch.setattr(Network, "post", at_once)
    number, steps = broken(PROFILES["tcp-winsock"], core=False, clients=2)
    assert number == 7
    assert "on_accept accepts" in steps[-1]


def test_the_same_tables_cannot_be_told_apart() -> None:
    for core, clients in ((True, 3), (False, 1)):
        found = search(TwinWorld(MODEL, replace(MODEL), clients, 2, core=core), 100_000)
        assert (found.complete, found.broken) == (True, None)


def test_tables_that_differ_are_told_apart() -> None:
    silent = replace(MODEL, listener=with_cell(MODEL.listener, "LISTENING", "withdraw", "LS-2"))
    found = search(TwinWorld(MODEL, silent, 2, 1, core=True), 100_000)
    assert found.broken is not None
    assert found.broken.invariant == DIFFERS


def test_steps_are_read_as_they_are_written() -> None:
    for step in (Step("accept"), Step("arrives; on_accept raises", 2)):
        assert Step.read(str(step)) == step
    with pytest.raises(ValueError, match="no step"):
        replay(MODEL, 1, 1, ["client 2: connect"])
    with pytest.raises(ValueError, match="no step"):
        replay(MODEL, 1, 1, ["dance"])
