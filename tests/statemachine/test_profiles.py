"""What a profile declares of itself and what its tables do are the same: neither can drift alone."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from dicomnet.statemachine import (
    MODEL,
    PROFILES,
    TCP_LINUX,
    TCP_WINSOCK,
    Callback,
    FailCall,
    Model,
    Tell,
    Traits,
)


def read_off(model: Model) -> Traits:
    """The traits that the tables of a model have."""
    queued = model.path.action_at("QUEUED", "take")
    accepts = model.listener.action_at("LISTENING", "accept")
    requests = model.listener.action_at("LISTENING", "request")
    assert queued is not None
    assert requests is not None
    assert accepts is not None
    joining = [branch for branch in requests.branches if "enqueue" in branch.updates]
    return Traits(
        connected_at_accept=all(Tell("requestor", "open") in branch.effects for branch in queued.branches),
        withdraws="withdraw" in model.listener.event,
        told_of_each=all(Callback("on_accept", "ok") in branch.effects for branch in joining),
        half_open="half-open" in model.path.event,
        accept_tells_reset="gone" in model.path.event
        and any(FailCall("reset") in branch.effects for branch in accepts.branches),
    )


@pytest.mark.parametrize("model", PROFILES.values(), ids=lambda model: model.name)
def test_a_profile_declares_what_its_tables_do(model: Model) -> None:
    assert model.traits == read_off(model)


@pytest.mark.parametrize("trait", [field.name for field in fields(Traits)])
def test_a_wrong_declaration_is_seen(trait: str) -> None:
    for model in PROFILES.values():
        wrong = replace(model.traits, **{trait: not getattr(model.traits, trait)})
        assert wrong != read_off(model)


def test_each_trait_tells_profiles_apart() -> None:
    for field in fields(Traits):
        assert len({getattr(model.traits, field.name) for model in (MODEL, TCP_LINUX, TCP_WINSOCK)}) == 2
