"""Every wrong implementation is found, soon and by a short history; the table is printed at the end (pytest -s)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dicomnet.conformance.exploration import tables
from dicomnet.conformance.stateful import (
    DICOMNET,
    TCP_LINUX,
    TCP_WINSOCK,
    Adapter,
    MemoryAdapter,
    Profile,
    RuntimeAdapter,
)

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
    head = f"{'wrong implementation':40}{'profile':14}{'invariant':>9}{'examples':>10}{'steps':>7}"
    sys.stdout.write("\n".join(["", head, *rows, ""]))


def expect(
    table: list[str], make: Callable[[], Adapter], profile: Profile, numbers: frozenset[int], name: str
) -> None:
    found = find(make, profile)
    table.append(f"{name:40}{profile.name:14}{found.error.number:9}{found.examples:10}{found.steps:7}")
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


@pytest.mark.parametrize("base", [PureAdapter, MemoryAdapter], ids=lambda base: base.__name__)
@pytest.mark.parametrize("fault", ["lifo", "jumps-the-queue", "wrong-one-withdrawn", "one-too-many"])
def test_a_fault_in_the_listeners_table_is_found(
    table: list[str], base: type[PureAdapter | RuntimeAdapter], fault: str
) -> None:
    model = tables("dicomnet", fault)

    def make() -> Adapter:
        made = base()
        if isinstance(made, PureAdapter):
            made.model = model
        else:
            made.tables = model
        assert isinstance(made, PureAdapter | MemoryAdapter)
        return made

    expect(table, make, DICOMNET, frozenset({1, 2, 7, 8}), f"{base.__name__}, {fault}")
