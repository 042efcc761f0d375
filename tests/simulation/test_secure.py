"""Simulated runs whose links have a security layer: its rows, its faults, and that nothing hangs on what is sealed."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from unittest.mock import Mock

import pytest

from dicomnet.conformance import SimulationLayer, Tally, draw_plan, shrink, simulate, simulated, trace_of
from dicomnet.statemachine import (
    CONNECTION,
    MODEL,
    PROFILES,
    SECURITY,
    Branch,
    Callback,
    Model,
    with_cell,
)
from dicomnet.transports import FAULTS, Happening, Security, Tls, TlsSettings

from ..certificates import Certificates
from ..conformance.command import output
from .test_planted import changed

PLAYED = "played"


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_invariant_holds_where_links_are_secured(profile: str, faults: str) -> None:
    for seed in range(30):
        assert simulate(draw_plan(seed, profile, faults, security=PLAYED)).broken is None, f"seed {seed}"


@pytest.mark.parametrize("faults", ["none", "rough", "hostile"])
def test_a_secured_run_is_repeated_to_the_byte(faults: str) -> None:
    sealed = 0
    for seed in range(5):
        plan = draw_plan(seed, "dicomnet", faults, security=PLAYED)
        first = trace_of(plan)
        assert first == trace_of(plan)
        sealed += sum("sealed" in line for line in first)
    assert sealed


def test_the_acts_of_a_seed_do_not_depend_on_the_layer() -> None:
    for seed in range(20):
        plain, secured = draw_plan(seed), draw_plan(seed, security=PLAYED)
        assert replace(secured, security="none") == plain


def test_every_row_and_every_arrow_of_the_security_table_occurs() -> None:
    tally = Tally()
    for seed in range(150):
        tally.add(simulate(draw_plan(seed, "dicomnet", "rough", security=PLAYED)).tally)
    assert tally.never("dicomnet", "rough", PLAYED) == []
    assert all(tally.rows[row] for row in (3, 12, 13, 14, 15))
    assert tally.refusals["wrong_security_mode"] > 0
    assert tally.monitors[4] > 100


# --- planted faults ------------------------------------------------------------------------------------


def ready_twice(branch: Branch) -> Branch:
    told = tuple(effect for effect in branch.effects if isinstance(effect, Callback))
    return replace(branch, effects=(*branch.effects, *told))


def closed_as_well(branch: Branch) -> Branch:
    return replace(branch, effects=(*branch.effects, Callback("on_close", "reset")))


WRONG: dict[str, tuple[Model, tuple[int, ...]]] = {
    "ready is told twice": (
        Model(security=changed(SECURITY, "SECURING", "secured", ready_twice)),
        (4,),
    ),
    "on_close after a failed handshake": (
        Model(connection=changed(CONNECTION, "CONNECTED", "handshake-failed", closed_as_well)),
        (5,),
    ),
    "ready is not told": (
        Model(
            security=changed(
                SECURITY,
                "SECURING",
                "secured",
                lambda branch: replace(
                    branch, effects=tuple(e for e in branch.effects if not isinstance(e, Callback))
                ),
            )
        ),
        (4, 5, 6),
    ),
    "the handshake has no end of its own": (
        Model(security=with_cell(SECURITY, "SECURING", "timeout", "SE-12")),
        (4,),
    ),
    "the end of the handshake's peer is not told": (
        Model(
            connection=changed(
                CONNECTION,
                "CONNECTED",
                "handshake-abort",
                lambda branch: replace(
                    branch, effects=tuple(e for e in branch.effects if not isinstance(e, Callback))
                ),
            )
        ),
        (4, 5),
    ),
    "a handshake that failed is an end like others": (
        Model(security=with_cell(SECURITY, "SECURING", "failed", "SE-10")),
        (4, 5, 7),
    ),
}


def first_broken(tables: Model) -> int | None:
    return next(
        (
            seed
            for seed in range(300)
            if simulate(draw_plan(seed, "dicomnet", "calm", security=PLAYED), tables).broken
        ),
        None,
    )


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_fault_is_found_and_shrinks(name: str) -> None:
    tables, invariants = WRONG[name]
    seed = first_broken(tables)
    assert seed is not None
    plan = draw_plan(seed, "dicomnet", "calm", security=PLAYED)
    broken = simulate(plan, tables).broken
    assert broken is not None
    assert broken.invariant in invariants, broken
    shorter = shrink(plan, broken, tables)
    again = simulate(shorter, tables).broken
    assert again is not None
    assert again.invariant == broken.invariant
    assert len(shorter.acts) <= 10
    assert simulate(shorter, MODEL).broken is None


# --- real TLS ------------------------------------------------------------------------------------------

Seen = tuple[float, int, str, str, str, str]


def tls(certificates: Certificates) -> SimulationLayer:
    """Real TLS, with certificates of each kind: their signatures differ in length from run to run."""
    client = TlsSettings(authorities=certificates.ca, server_name="localhost")
    pairs = (certificates.server_ec, certificates.server, certificates.server_expired)

    def layer(name: str, chance: Random) -> Security | None:
        if chance.random() < 0.1:
            return None
        if name.startswith(("scu", "foe")):
            own = chance.choice((None, *[certificates.client_ec] * 3, certificates.client_of_other_ca))
            if own is None:
                return Tls(client)
            return Tls(replace(client, certificate=own.certificate, key=own.key))
        pair = chance.choice((*[pairs[0]] * 4, *pairs))
        return Tls(
            TlsSettings(
                certificate=pair.certificate,
                key=pair.key,
                authorities=certificates.ca,
                require_client_certificate=chance.random() < 0.5,
            )
        )

    return layer


def seen_in(seed: int, faults: str, profile: str, layer: SimulationLayer) -> list[Seen]:
    """All that happened, was called and was told, with the plaintext."""
    seen: list[Seen] = []

    def note(each: Happening) -> None:
        about = each.about.hex() if isinstance(each.about, bytes) else each.about
        words = about if isinstance(about, str | int | None) else type(about).__name__
        who = each.subject if isinstance(each.subject, str) else getattr(each.subject, "name", "")
        seen.append((each.when, each.link, each.way, each.what, str(who), str(words)))

    assert simulated(draw_plan(seed, profile, faults), watch=note, layer=layer).broken is None
    return seen


@pytest.mark.parametrize(
    ("faults", "profile"),
    [("hostile", "dicomnet"), ("torn", "tcp-linux"), ("rough", "tcp-winsock")],
)
def test_a_run_over_tls_is_repeated_but_for_what_is_sealed(
    certificates: Certificates, faults: str, profile: str
) -> None:
    whats: set[str] = set()
    outcomes: set[str] = set()
    for seed in range(8):
        first = seen_in(seed, faults, profile, tls(certificates))
        assert first == seen_in(seed, faults, profile, tls(certificates)), f"seed {seed}"
        whats |= {each[3] for each in first}
        outcomes |= {each[5] for each in first if "on_secure_link_ready" in each[5]}
    assert {"says", "hears", "sends sealed", "octets sealed"} <= whats
    assert "on_secure_link_ready ok" in outcomes
    assert len(outcomes) > 3, outcomes


def test_a_wire_that_cuts_by_the_octet_would_not_repeat_it(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault that the test above looks for: choices that hang on the length of what is sealed."""
    monkeypatch.setattr("dicomnet.transports.simulator._Pipe.seal", Mock())
    layer = tls(certificates)
    assert any(
        seen_in(seed, "torn", "dicomnet", layer) != seen_in(seed, "torn", "dicomnet", layer)
        for seed in range(12)
    )


# --- the command ---------------------------------------------------------------------------------------


def test_the_command_simulates_with_a_layer() -> None:
    text = output("simulate", "--seeds", "20", "--jobs", "1", "--faults", "calm", "--security", "played")
    assert "security played" in text
    assert "every invariant held" in text
    one = output("simulate", "--seed", "3", "--faults", "calm", "--security", "played")
    assert "sealed" in one
