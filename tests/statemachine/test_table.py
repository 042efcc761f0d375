"""Table 9-10 as it runs, against a second transcription of it, cell by cell and effect by effect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dicomnet.statemachine import (
    ASSOCIATION,
    EVENT_OF_PDU,
    AAbort,
    ArtimStart,
    ArtimStop,
    LocalProtocolError,
    Machine,
    Transition,
    TransportAccept,
    TransportClose,
    TransportConnect,
    Value,
    effect_as_dict,
    mutants,
    step,
)

from .by_event import BY_EVENT, OUTCOMES, Outcome
from .payloads import FIT, STEERING, UNFIT

STATES = [f"Sta{number}" for number in range(1, 14)]
EVENTS = [f"Evt{number}" for number in range(1, 20)]
ROLES = (None, "requestor", "acceptor")
DEFINED = [
    (event, f"Sta{state}", action)
    for event, row in BY_EVENT.items()
    for action, states in row.items()
    for state in states
]
BLANK = [
    (event, state) for event in EVENTS for state in STATES if (event, state) not in {d[:2] for d in DEFINED}
]


def difference(machine: Machine[str | None], event: str, state: str, outcome: Outcome) -> str:
    """How a step of the machine differs from one outcome of the transcription; "" where it does not."""
    guard, effects, following = outcome
    role, payload = STEERING[guard]
    try:
        value, transition, outputs = step(machine.value(state, role), machine.event[event], payload)
    except LocalProtocolError as error:
        return f"refused: {error}"
    if transition.when != guard:
        return f"guard {transition.when}, not {guard}"
    done = [effect_as_dict(effect) for effect in transition.effects]
    plain = [{k: v for k, v in effect.items() if not k.startswith("chosen")} for effect in done]
    if plain != effects:
        return f"effects {plain}, not {effects}"
    if value.control != f"Sta{following}" or transition.next != value.control:
        return f"to {value.control}, not Sta{following}"
    if len(outputs) not in (0, len(effects)):
        return f"{len(outputs)} outputs for {len(effects)} effects"
    return ""


def test_transcription_is_whole() -> None:
    assert len(DEFINED) == 123
    assert len(BLANK) == 124
    assert len({row[:2] for row in DEFINED}) == 123
    assert set(OUTCOMES) == {row[2] for row in DEFINED}
    assert len(OUTCOMES) == 28
    assert list(ASSOCIATION.state) == STATES
    assert list(ASSOCIATION.event) == EVENTS


@pytest.mark.parametrize(("event", "state", "action"), DEFINED)
def test_cell(event: str, state: str, action: str) -> None:
    running = ASSOCIATION.action_at(state, event)
    assert running is not None
    assert running.name == action
    for outcome in OUTCOMES[action]:
        assert not difference(ASSOCIATION, event, state, outcome)


@pytest.mark.parametrize(("event", "state"), BLANK)
def test_blank_cell_is_refused_and_changes_nothing(event: str, state: str) -> None:
    for role in ROLES:
        value = ASSOCIATION.value(state, role)
        before = hash(value)
        with pytest.raises(LocalProtocolError, match=f"{event} .*not possible in {state} ") as caught:
            step(value, ASSOCIATION.event[event])
        assert caught.value.code == "wrong_state"
        assert (value.control, value.context, hash(value)) == (state, role, before)


def test_every_action_has_its_clause() -> None:
    tables = {"AE": "9-6", "DT": "9-7", "AR": "9-8", "AA": "9-9"}
    for name, action in ASSOCIATION.actions.items():
        assert action.clause == f"PS3.8 2020 Table {tables[name[:2]]}"
    assert ASSOCIATION.cell_clause == "PS3.8 2020 Table 9-10"


def test_each_pdu_has_one_event() -> None:
    named = {name: kind.name for name, kind in EVENT_OF_PDU.items()}
    assert named == {
        "A-ASSOCIATE-AC": "Evt3",
        "A-ASSOCIATE-RJ": "Evt4",
        "A-ASSOCIATE-RQ": "Evt6",
        "P-DATA-TF": "Evt10",
        "A-RELEASE-RQ": "Evt12",
        "A-RELEASE-RP": "Evt13",
        "A-ABORT": "Evt16",
    }


def test_reserved_abort_source_counts_as_provider() -> None:
    _, transition, _ = step(ASSOCIATION.value("Sta6", "acceptor"), ASSOCIATION.event["Evt16"], AAbort(1, 0))
    assert transition.when == "abort-source-is-service-provider"


def test_the_comparison_sees_every_fault_of_an_action() -> None:
    """In one cell of each action: every mutant of what it does differs from the transcription."""
    first = {action: (event, state) for event, state, action in reversed(DEFINED)}
    cells = {cell: action for action, cell in first.items()}
    same_by_name = {
        "filled-blank",
        "wrong-action",
        "missing-cell",
    }  # what `test_cell` sees by the action's name
    compared = 0
    for mutant in mutants(ASSOCIATION):
        action = cells.get((mutant.event, mutant.state))
        if action is None or mutant.operator in same_by_name:
            continue
        compared += 1
        outcomes = OUTCOMES[action]
        assert any(difference(mutant.machine, mutant.event, mutant.state, each) for each in outcomes), (
            mutant.id
        )
    assert compared > 600


# --- what holds wherever the machine can go ---------------------------------------------------------------


Place = tuple[Value[str | None], bool, bool]


def journeys() -> Iterator[tuple[Value[str | None], bool, bool, Transition, Value[str | None], bool, bool]]:
    """Every step from every reachable (value, ARTIM runs, connection stands), with what it leads to."""
    start: Place = (ASSOCIATION.start(), False, False)
    seen: set[Place] = {start}
    todo: list[Place] = [start]
    while todo:
        value, artim, wire = todo.pop()
        for name in ASSOCIATION.legal_events(value.control):
            for payload in (None, FIT, UNFIT, AAbort(0, 0), AAbort(2, 0)):
                following, transition, _ = step(value, ASSOCIATION.event[name], payload)
                then_artim, then_wire = artim, wire
                if name == "Evt18":
                    then_artim = False  # it has run out
                if name in ("Evt2", "Evt5"):
                    then_wire = True
                if name == "Evt17":
                    then_wire = False
                for effect in transition.effects:
                    if isinstance(effect, ArtimStart | ArtimStop):
                        then_artim = isinstance(effect, ArtimStart)
                    if isinstance(effect, TransportClose):
                        then_wire = False
                yield value, artim, wire, transition, following, then_artim, then_wire
                reached = (following, then_artim, then_wire)
                if reached not in seen:
                    seen.add(reached)
                    todo.append(reached)


JOURNEYS = list(journeys())


def test_every_cell_and_every_branch_is_reached() -> None:
    taken = {(t.state, t.event, t.when) for _, _, _, t, *_ in JOURNEYS}
    wanted = {(state, event, guard) for event, state, action in DEFINED for guard, _, _ in OUTCOMES[action]}
    assert taken == wanted


def test_artim_runs_exactly_in_sta2_and_sta13() -> None:
    for _, _, _, transition, following, artim, _ in JOURNEYS:
        assert artim is (following.control in ("Sta2", "Sta13")), transition


def test_connection_stands_exactly_where_it_should() -> None:
    without = {"Sta1", "Sta4"}
    for _, _, _, transition, following, _, wire in JOURNEYS:
        assert wire is (following.control not in without), transition


def test_roles_keep_to_their_states() -> None:
    acceptor_only, requestor_only = {"Sta2", "Sta3", "Sta10", "Sta12"}, {"Sta4", "Sta5", "Sta9", "Sta11"}
    met = {(following.control, following.context) for *_, following, _, _ in JOURNEYS}
    assert {control for control, role in met if role == "requestor"}.isdisjoint(acceptor_only)
    assert {control for control, role in met if role == "acceptor"}.isdisjoint(requestor_only)
    assert {control for control, _ in met} == set(STATES)


def test_every_pdu_of_the_peer_is_defined_in_eleven_states() -> None:
    peer = [kind.name for kind in ASSOCIATION.events if kind.origin == "peer-pdu"]
    assert peer == ["Evt3", "Evt4", "Evt6", "Evt10", "Evt12", "Evt13", "Evt16", "Evt19"]
    for name in peer:
        defined = {state for state in STATES if ASSOCIATION.action_at(state, name) is not None}
        assert defined == set(STATES) - {"Sta1", "Sta4"}


def test_transport_effects_stand_where_the_transport_is_asked() -> None:
    for _, _, _, transition, *_ in JOURNEYS:
        for effect in transition.effects:
            if isinstance(effect, TransportConnect):
                assert transition.event == "Evt1"
            if isinstance(effect, TransportAccept):
                assert transition.event == "Evt5"


def test_nothing_is_issued_to_a_user_who_has_gone_or_was_never_told() -> None:
    """In Sta2 the user has heard nothing but the indication itself; in Sta13 nothing more is told."""
    for value, _, _, transition, *_ in JOURNEYS:
        issued = [effect_as_dict(e)["primitive"] for e in transition.effects if e.op == "issue"]
        if value.control in ("Sta1", "Sta13"):
            assert issued == []
        if value.control == "Sta2":
            assert issued in ([], ["A-ASSOCIATE indication"])
