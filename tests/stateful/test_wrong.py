"""Every wrong implementation is found, soon and by a short history; the table is printed at the end (pytest -s)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest

from dicomnet.conformance.exploration import tables
from dicomnet.conformance.stateful import (
    DICOMNET,
    TCP_LINUX,
    TCP_LINUX_OVERFLOW,
    TCP_WINSOCK,
    Adapter,
    InvariantError,
    MemoryAdapter,
    Profile,
    Reaction,
    Step,
    replay,
)
from dicomnet.statemachine import PROFILES as TABLES
from dicomnet.statemachine import Model, WireReset, WireWithdraw

from . import plain_tcp
from .effort import MOST_EXAMPLES, MOST_STEPS, find
from .plain import Plain
from .pure import PureAdapter
from .wrong import WRONG

# Right ones and wrong ones of the TCP profiles, and the invariants that they break.
WRONG_ON_TCP: dict[tuple[type[Plain], Profile], set[int]] = {
    (plain_tcp.LifoLinux, TCP_LINUX): {1},
    (plain_tcp.LifoWinsock, TCP_WINSOCK): {1},
    (plain_tcp.LatestFirst, replace(TCP_LINUX, spare=2)): {1},
    (plain_tcp.LateIsNeverAnnounced, TCP_LINUX): {2},
    (plain_tcp.NeverArmedAgain, TCP_WINSOCK): {2},
    (plain_tcp.SilentChild, TCP_LINUX): {5},
}
# What is right in one profile is wrong in the others.
IN_ANOTHER_PROFILE = [
    (make, profile)
    for make, own in (
        (Plain, DICOMNET),
        (plain_tcp.PlainLinux, TCP_LINUX),
        (plain_tcp.PlainWinsock, TCP_WINSOCK),
    )
    for profile in (DICOMNET, TCP_LINUX, TCP_WINSOCK)
    if profile is not own
]


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    """The rows adapter, profile, invariant, examples, steps."""
    rows: list[str] = []
    yield rows
    head = f"{'wrong implementation':40}{'profile':20}{'invariant':>9}{'examples':>10}{'steps':>7}"
    sys.stdout.write("\n".join(["", head, *rows, ""]))


def expect(
    table: list[str], make: Callable[[], Adapter], profile: Profile, numbers: frozenset[int], name: str
) -> None:
    found = find(make, profile)
    table.append(f"{name:40}{profile.name:20}{found.error.number:9}{found.examples:10}{found.steps:7}")
    assert found.examples <= MOST_EXAMPLES
    assert found.steps <= MOST_STEPS, str(found.error)
    assert found.error.number in numbers, str(found.error)


@pytest.mark.parametrize("make", WRONG, ids=lambda make: make.__name__)
def test_a_wrong_implementation_is_found(table: list[str], make: type[Plain]) -> None:
    expect(table, make, DICOMNET, WRONG[make], make.__name__)


@pytest.mark.parametrize(("make", "profile"), WRONG_ON_TCP, ids=lambda each: getattr(each, "__name__", None))
def test_a_wrong_implementation_of_tcp_is_found(
    table: list[str], make: type[Plain], profile: Profile
) -> None:
    expect(table, make, profile, frozenset(WRONG_ON_TCP[make, profile]), make.__name__)


@pytest.mark.parametrize(
    ("make", "profile"), IN_ANOTHER_PROFILE, ids=lambda each: getattr(each, "name", None) or each.__name__
)
def test_what_is_right_in_one_profile_is_wrong_in_another(
    table: list[str], make: type[Plain], profile: Profile
) -> None:
    expect(table, make, profile, frozenset({2, 3, 8}), make.__name__)


def on_memory(profile: Profile, model: Model) -> Callable[[], Adapter]:
    """The runtime on memory with these tables; the carrier has them too."""

    def make() -> Adapter:
        made = MemoryAdapter(profile.tables)
        made.tables = made.memory.tables = model
        return made

    return make


@pytest.mark.parametrize("base", [PureAdapter, MemoryAdapter], ids=lambda base: base.__name__)
@pytest.mark.parametrize("fault", ["lifo", "jumps-the-queue", "wrong-one-withdrawn", "one-too-many"])
def test_a_fault_in_the_listeners_table_is_found(
    table: list[str], base: type[PureAdapter | MemoryAdapter], fault: str
) -> None:
    model = tables("dicomnet", fault)

    def pure() -> Adapter:
        made = PureAdapter()
        made.model = model
        return made

    make = pure if base is PureAdapter else on_memory(DICOMNET, model)
    expect(table, make, DICOMNET, frozenset({1, 2, 7, 8}), f"{base.__name__}, {fault}")


@pytest.mark.parametrize("profile", [TCP_LINUX_OVERFLOW, TCP_WINSOCK], ids=lambda profile: profile.name)
@pytest.mark.parametrize("fault", ["lifo", "swap-from-three", "one-too-many"])
def test_a_fault_in_the_listeners_table_of_tcp_is_found(
    table: list[str], profile: Profile, fault: str
) -> None:
    make = on_memory(profile, tables(profile.tables, fault))
    expect(table, make, profile, frozenset({1, 2, 8}), f"MemoryAdapter, {fault}")


# What a path of tcp-linux does with what is lost, cell by cell: the action in its place, and what it breaks.
WRONG_OVERFLOW: dict[str, tuple[str, str, str, set[int]]] = {
    # It is never offered again, and hears nothing when the listener stops.
    "a lost request is dropped for ever": ("OFFERED", "overflow", "PA-9", {2, 5}),
    "a lost request is refused": ("OFFERED", "overflow", "PA-2", {3}),
    "connected twice": ("OFFERED", "queued", "PT-3", {3, 7}),
    "not reset where nobody listens": ("SENT", "nobody", "PA-2", {5}),
}


def with_cell(state: str, event: str, action: str) -> Model:
    """The tables of tcp-linux with another action in one cell of the path."""
    true = TABLES["tcp-linux"]
    path = true.path
    cells = {**path.cells, state: {**path.cells[state], event: action}}
    actions = {name: each for model in TABLES.values() for name, each in model.path.actions.items()}
    return replace(true, path=replace(path, cells=cells, actions=actions))


@pytest.mark.parametrize("fault", WRONG_OVERFLOW)
def test_a_fault_in_the_overflow_of_linux_is_found(table: list[str], fault: str) -> None:
    state, event, action, numbers = WRONG_OVERFLOW[fault]
    make = on_memory(TCP_LINUX_OVERFLOW, with_cell(state, event, action))
    expect(table, make, TCP_LINUX_OVERFLOW, frozenset(numbers), fault)


# Faults that a search finds too rarely, or by too long a history: r3 is half open, and this is done to it.
HALF_OPEN: dict[str, tuple[tuple[str, str, str], list[Step], str]] = {
    "the handler of its on_accept stops the listener": (
        ("OFFERED", "reset", "PA-5"),
        [Step("accept", reaction=Reaction("stop"))],
        "expected: r3 on_close(reset)",
    ),
    "it closes": (
        ("SENT", "leave", "PA-6"),
        [Step("close", 2), Step("accept")],
        "expected: on_accept for r3",
    ),
}


@pytest.mark.parametrize("what", HALF_OPEN)
def test_what_happens_to_a_half_open_connection(what: str) -> None:
    cell, rest, words = HALF_OPEN[what]
    steps = [*[Step("connect")] * 3, *rest]
    replay(partial(MemoryAdapter, "tcp-linux"), TCP_LINUX_OVERFLOW, 1, steps)
    with pytest.raises(InvariantError, match=re.escape(words)):
        replay(on_memory(TCP_LINUX_OVERFLOW, with_cell(*cell)), TCP_LINUX_OVERFLOW, 1, steps)


def test_a_forced_end_while_connecting_is_no_withdrawal(table: list[str]) -> None:
    """CN-19 as it would be if it took the request back as a close does: the peer would hear of an orderly end."""
    true = TABLES["dicomnet"]
    action = true.connection.actions["CN-19"]
    (branch,) = action.branches
    effects = tuple(WireWithdraw() if isinstance(effect, WireReset) else effect for effect in branch.effects)
    wrong = replace(action, branches=(replace(branch, effects=effects),))
    connection = replace(true.connection, actions={**true.connection.actions, "CN-19": wrong})
    make = on_memory(DICOMNET, replace(true, connection=connection))
    expect(table, make, DICOMNET, frozenset({5}), "MemoryAdapter, CN-19 withdraws")
