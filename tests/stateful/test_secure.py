"""Links with a security layer: right implementations pass, wrong ones are found soon and by a short history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

import pytest

from dicomnet.conformance.stateful import (
    PROFILES,
    Adapter,
    InvariantError,
    MemoryAdapter,
    Reaction,
    Step,
    Tell,
    Told,
    check_adapter,
    connection_machine,
    replay,
)
from dicomnet.statemachine import COUPLING, SECURITY, Coupling, Model, with_cell

from .effort import MOST_EXAMPLES, MOST_STEPS, find
from .plain import Plain
from .plain_secure import WRONG_SECURE, ChildInheritsTheLayer, ClosedAfterAFailedHandshake, PlainSecure


@pytest.mark.parametrize(
    ("make", "profile"),
    [
        pytest.param(PlainSecure, "dicomnet", id="plain"),
        *(
            pytest.param(partial(MemoryAdapter, profile.tables), name, id=f"memory-{name}")
            for name, profile in PROFILES.items()
        ),
    ],
)
def test_a_right_implementation_passes(make: Callable[[], Adapter], profile: str) -> None:
    check_adapter(make, profile, 120, derandomize=True, security=True)


class TestSecureMemory(connection_machine(MemoryAdapter, security=True)):  # type: ignore[misc]
    """As a user has it."""


@pytest.mark.parametrize("make", WRONG_SECURE, ids=lambda make: make.__name__)
def test_a_wrong_implementation_is_found(make: type[PlainSecure]) -> None:
    found = find(make, security=True)
    assert found.examples <= MOST_EXAMPLES
    assert found.steps <= MOST_STEPS, str(found.error)
    assert found.error.number in WRONG_SECURE[make], str(found.error)


def with_tables(model: Model) -> Callable[[], Adapter]:
    def make() -> Adapter:
        made = MemoryAdapter()
        made.tables = made.memory.tables = model
        return made

    return make


def without(event: str) -> Coupling:
    return replace(COUPLING, diverted=tuple(rule for rule in COUPLING.diverted if rule.event != event))


WRONG_TABLES: dict[str, tuple[Model, frozenset[int]]] = {
    "associate is let through": (Model(coupling=without("associate")), frozenset({6})),
    "an end in the handshake is an end like others": (
        Model(coupling=without("peer-end")),
        frozenset({4, 5, 7}),
    ),
    "a failed handshake is an orderly end": (
        Model(security=with_cell(SECURITY, "SECURING", "failed", "SE-10")),
        frozenset({4}),
    ),
    "configured while it listens": (
        Model(connection=with_cell(Model().connection, "LISTENING", "configure", "CN-16")),
        frozenset({0, 1, 2, 3, 8}),
    ),
}


@pytest.mark.parametrize("fault", WRONG_TABLES)
def test_a_fault_in_the_tables_is_found(fault: str) -> None:
    model, numbers = WRONG_TABLES[fault]
    found = find(with_tables(model), security=True)
    assert found.examples <= MOST_EXAMPLES
    assert found.steps <= MOST_STEPS, str(found.error)
    assert found.error.number in numbers, str(found.error)


class Noting(MemoryAdapter):
    """Notes what is told and refused, in all runs together."""

    told: ClassVar[set[str]] = set()

    def begin(self, tell: Tell) -> None:
        def note(told: Told) -> None:
            who = (
                "child" if told.who.startswith("c") else "requestor" if told.who != "listener" else "listener"
            )
            self.told.add(f"{who} {told.callback} {told.outcome}")
            tell(told)

        super().begin(note)

    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        self.told.add(f"accept {code}")
        return code

    def configure(self, name: str, role: str, *, wary: bool) -> str:
        code = super().configure(name, role, wary=wary)
        self.told.add(f"configure {code}")
        return code

    def associate(self, name: str) -> str:
        code = super().associate(name)
        self.told.add(f"associate {code}")
        return code


def test_every_outcome_happens() -> None:
    """A check of what never happens would prove nothing."""
    Noting.told.clear()
    check_adapter(Noting, "dicomnet", 800, derandomize=True, security=True)
    assert Noting.told >= {
        "requestor on_secure_link_ready ok",
        "requestor on_secure_link_ready aborted",
        "requestor on_secure_link_ready unknown_authority",
        "requestor on_close handshake_failed",
        "child on_secure_link_ready ok",
        "child on_secure_link_ready aborted",
        "child on_secure_link_ready verify_failed",
        "child on_secure_link_ready handshake_failed",
        "listener on_child_close verify_failed",
        "accept wrong_security_mode",
        "configure wrong_state",
        "associate not_connected",
    }


def test_the_asymmetric_outcome_is_right() -> None:
    """The requestor's half is done, its acceptor refuses it: ok, and then on_close."""
    runs: list[Told] = []

    class Kept(MemoryAdapter):
        def begin(self, tell: Tell) -> None:
            def note(told: Told) -> None:
                runs.append(told)
                tell(told)

            super().begin(note)

    replay(Kept, "dicomnet", 1, [Step("connect"), Step("accept wary")], security=True)
    about_r1 = [(told.callback, told.outcome) for told in runs if told.who == "r1"]
    assert about_r1 == [
        ("on_connect", "ok"),
        ("on_secure_link_ready", "ok"),
        ("on_close", "handshake_failed"),
    ]
    assert [(told.callback, told.outcome) for told in runs if told.who == "c1"] == [
        ("on_secure_link_ready", "verify_failed")
    ]


def test_a_wary_child_that_nobody_took_may_be_the_requestor() -> None:
    """What it refuses then is what an acceptor shows, and both hear of it."""
    told: list[Told] = []

    class Kept(MemoryAdapter):
        def begin(self, tell: Tell) -> None:
            def note(each: Told) -> None:
                told.append(each)
                tell(each)

            super().begin(note)

    replay(Kept, "dicomnet", 1, [Step("accept wary"), Step("again"), Step("accept")], security=True)
    ready = {each.who: each.outcome for each in told if each.callback == "on_secure_link_ready"}
    assert ready["c1"] == "unknown_authority"
    assert ready["c2"] != "ok"


def test_the_message_names_the_invariant_and_the_row() -> None:
    steps = [Step("connect", reaction=Reaction("accept")), Step("connect"), Step("accept wary")]
    with pytest.raises(
        InvariantError, match=r"invariant 5 .*on_close is the last|is the last callback"
    ) as caught:
        replay(ClosedAfterAFailedHandshake, "dicomnet", 2, steps, security=True)
    assert caught.value.number == 5
    with pytest.raises(InvariantError, match="expected: wrong_security_mode") as refused:
        replay(ChildInheritsTheLayer, "dicomnet", 1, [Step("connect"), Step("accept plain")], security=True)
    assert refused.value.row == "rows 8, 9"


def test_an_adapter_without_security_is_told_what_it_lacks() -> None:
    with pytest.raises(TypeError, match="needs an adapter with the methods configure and associate"):
        replay(Plain, "dicomnet", 1, [], security=True)
    check_adapter(Plain, "dicomnet", 5, derandomize=True)
