"""How the parts of an endpoint meet: dial and associate, the ends, what is absorbed, timers, what is sent."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import FrozenInstanceError, replace

import pytest

from dicomnet.statemachine import (
    ASSOCIATION,
    COUPLING,
    INVALID_PARAMETER_VALUE,
    MACHINES,
    MODEL,
    AAbort,
    AAssociateRJ,
    AReleaseRQ,
    Endpoint,
    LocalProtocolError,
    Model,
    Request,
    SendPdu,
    TimerStart,
    Trace,
    Transition,
    Violation,
    effect_as_dict,
    event_of,
    event_of_timer,
    feed,
    judge_request,
    pdu_of,
    with_cell,
)

from .machines import Subject
from .payloads import FIT, PROVIDER_ABORT, RQ, UNFIT, USER_ABORT


def requestor() -> Subject:
    """An endpoint with an established association that it asked for itself."""
    made = Subject()
    made.connection("connect", "connect-ok", "associate")
    made.give("association", "Evt3")
    assert made.where[:2] == ("CONNECTED", "Sta6")
    return made


def acceptor() -> Subject:
    """An endpoint with an established association that the peer asked for."""
    made = Subject()
    made.connection("take")
    made.give("association", "Evt6", FIT)
    made.give("association", "Evt7")
    assert made.where[:2] == ("CONNECTED", "Sta6")
    return made


def test_associate_finds_the_connection_open() -> None:
    one = Subject()
    one.connection("connect", "connect-ok")
    assert one.connection("associate") == ["A-ASSOCIATE-RQ"]
    assert one.where == ("CONNECTED", "Sta5", "IDLE")


def test_dial_connects_first_and_asks_then() -> None:
    one = Subject()
    assert one.connection("dial") == ["connect-timer-start", "wire-request"]
    assert one.where == ("CONNECTING", "Sta4", "IDLE")
    assert one.connection("connect-ok") == ["connect-timer-stop", "on_connect(ok)", "A-ASSOCIATE-RQ"]
    assert one.where == ("CONNECTED", "Sta5", "IDLE")


@pytest.mark.parametrize(
    ("event", "done"),
    [
        ("connect-refused", ["connect-timer-stop", "A-P-ABORT indication", "on_connect(refused)"]),
        (
            "connect-timeout",
            ["connect-timer-stop", "wire-withdraw", "A-P-ABORT indication", "on_connect(timeout)"],
        ),
    ],
)
def test_dial_that_fails_is_evt17_in_sta4(event: str, done: list[str]) -> None:
    one = Subject()
    one.connection("dial")
    assert one.connection(event) == done
    assert one.where == ("IDLE", "Sta1", "IDLE")
    one.connection("dial")  # it may be tried again
    assert one.where[1] == "Sta4"


def test_abort_while_dialling_takes_the_request_back() -> None:
    one = Subject()
    one.connection("dial")
    assert one.give("association", "Evt15") == ["artim-stop", "connect-timer-stop", "wire-withdraw"]
    assert one.where == ("CLOSED", "Sta1", "IDLE")


@pytest.mark.parametrize("event", ["close", "close-forced", "shutdown"])
def test_an_end_by_the_user_sends_no_pdu_and_tells_the_association_silently(event: str) -> None:
    for one in (requestor(), acceptor()):
        done = one.connection(event)
        assert [effect for effect in done if effect.startswith("A-")] == []
        assert one.where[:2] == ("CLOSED", "Sta1")


@pytest.mark.parametrize(("event", "outcome"), [("peer-closed", "ok"), ("peer-reset", "reset")])
def test_an_end_by_the_peer_is_told_before_on_close(event: str, outcome: str) -> None:
    done = acceptor().connection(event)
    assert done[1:] == ["A-P-ABORT indication", f"on_close({outcome})", f"tell-listener({outcome})"]


def test_transport_close_of_the_association_is_close() -> None:
    one = acceptor()
    assert one.give("association", "Evt16", USER_ABORT) == [
        "A-ABORT indication",
        "wire-close",
        "tell-listener(ok)",
    ]
    assert one.where[:2] == ("CLOSED", "Sta1")
    other = requestor()
    assert other.give("association", "Evt16", PROVIDER_ABORT) == ["A-P-ABORT indication", "wire-close"]


def test_release_ends_in_close_on_the_side_that_asked() -> None:
    one = requestor()
    assert one.give("association", "Evt11") == ["A-RELEASE-RQ"]
    assert one.give("association", "Evt13") == ["A-RELEASE confirmation", "wire-close"]
    other = acceptor()
    assert other.give("association", "Evt12") == ["A-RELEASE indication"]
    assert other.give("association", "Evt14") == ["A-RELEASE-RP", "artim-start"]
    assert other.connection("peer-closed") == [
        "wire-close",
        "artim-stop",
        "on_close(ok)",
        "tell-listener(ok)",
    ]


def test_artim_bounds_the_wait_for_a_request_and_for_a_close() -> None:
    one = Subject()
    one.connection("take")
    assert one.give("association", "Evt18") == ["artim-stop", "wire-close", "tell-listener(ok)"]
    assert one.where[0] == "CLOSED"


@pytest.mark.parametrize(
    ("part", "event", "state"),
    [(row.part, row.event, state) for row in COUPLING.absorbed for state in row.states],
)
def test_absorbed_events_change_nothing_although_the_table_is_blank(
    part: str, event: str, state: str
) -> None:
    machine = MACHINES[part]
    assert machine.action_at(state, event) is None
    for context in machine.contexts or ():
        value = machine.value(state, context)
        fresh = Endpoint.new()
        endpoint = (
            replace(fresh, association=value) if part == "association" else replace(fresh, connection=value)
        )
        after, outputs = feed(endpoint, MODEL, part, event)
        assert (after, outputs) == (endpoint, [])


def test_what_is_absorbed_is_what_life_brings() -> None:
    absorbed = {(r.event, s) for r in COUPLING.absorbed for s in r.states if r.part == "association"}
    too_early = {(kind.name, "Sta1") for kind in ASSOCIATION.events if kind.origin == "peer-pdu"}
    assert absorbed == {("Evt17", "Sta1"), ("Evt15", "Sta1"), ("Evt15", "Sta13")} | too_early
    assert all(row.why for row in COUPLING.absorbed)
    assert all(rule.why for rule in COUPLING.rules)


def test_other_blank_cells_are_refused_by_the_endpoint_too() -> None:
    one = acceptor()
    before = one.endpoint
    with pytest.raises(LocalProtocolError):
        one.give("association", "Evt7")
    assert one.endpoint is before


def test_every_rule_of_the_coupling_is_taken() -> None:
    taken = Trace()
    secure = [("connection", "configure")]
    requestor, child = (
        [*secure, *way]
        for way in ([("connection", "connect"), ("connection", "connect-ok")], [("connection", "take")])
    )
    for path in (
        [*requestor, ("security", "secured"), ("connection", "associate"), ("connection", "peer-closed")],
        [*child, ("security", "secured"), ("security", "failed")],
        [*child, ("security", "secured"), ("security", "cut")],
        [*secure, ("connection", "dial"), ("connection", "connect-ok"), ("security", "secured")],
        [*secure, ("connection", "dial"), ("connection", "connect-ok"), ("security", "failed")],
        [*requestor, ("connection", "associate"), ("security", "timeout")],
        [*requestor, ("connection", "peer-closed")],
        [*child, ("connection", "peer-reset")],
        [*child, ("connection", "close")],
        [("connection", "listen"), ("connection", "close")],
        [("connection", "connect"), ("connection", "connect-ok"), ("connection", "associate")],
        [("connection", "dial"), ("connection", "connect-ok"), ("connection", "peer-closed")],
        [("connection", "dial"), ("connection", "connect-refused")],
        [("connection", "take"), ("connection", "close")],
        [("connection", "take"), ("association", "Evt18")],
    ):
        endpoint = Endpoint.new()
        for part, event in path:
            with suppress(LocalProtocolError):  # what is diverted may be refused there
                endpoint, _ = feed(endpoint, MODEL, part, event, 3, taken)
    assert set(taken.rules) == {*COUPLING.rules, *COUPLING.diverted}


def test_the_trace_has_every_transition_in_order() -> None:
    taken: list[Transition] = []
    feed(Endpoint.new(), MODEL, "connection", "dial", None, taken)
    assert [(t.machine, t.event) for t in taken] == [
        ("connection", "dial"),
        ("association", "Evt1"),
        ("connection", "connect"),
    ]


def test_the_coupling_cannot_run_for_ever() -> None:
    """A table with a planted fault: Evt2 in Sta4 asks for the connection once more, which answers at once."""
    looping = Model(association=with_cell(ASSOCIATION, "Sta4", "Evt2", "AE-1"))
    one = Subject(looping)
    one.connection("connect", "connect-ok")
    assert one.connection("associate") == []
    assert one.where[1] == "Sta4"


def test_endpoints_are_frozen_and_hashable() -> None:
    endpoint = Endpoint.new()
    assert endpoint == Endpoint.new()
    assert hash(endpoint) == hash(Endpoint.new())
    with pytest.raises(FrozenInstanceError):
        endpoint.artim = 3  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


# --- timers -----------------------------------------------------------------------------------------------


def test_an_expiry_of_an_older_generation_is_dropped() -> None:
    one = Subject()
    one.connection("take")
    first = one.outputs[-1].payload
    assert first == TimerStart("artim", 1)
    assert event_of_timer(one.endpoint, first) == ("association", "Evt18")
    one.give("association", "Evt3")  # AA-1: started afresh
    second = one.outputs[-1].payload
    assert second == TimerStart("artim", 2)
    assert event_of_timer(one.endpoint, first) is None
    assert event_of_timer(one.endpoint, second) == ("association", "Evt18")


def test_a_stop_makes_the_running_timer_stale() -> None:
    one = Subject()
    one.connection("connect")
    timer = one.outputs[0].payload
    assert event_of_timer(one.endpoint, timer) == ("connection", "connect-timeout")
    one.connection("connect-ok")
    assert event_of_timer(one.endpoint, timer) is None


def test_aa_7_leaves_artim_alone() -> None:
    one = Subject()
    one.connection("take")
    one.give("association", "Evt3")
    timer = one.outputs[-1].payload
    assert one.give("association", "Evt6", FIT) == ["A-ABORT"]
    assert event_of_timer(one.endpoint, timer) == ("association", "Evt18")


# --- what is sent, and what is received -------------------------------------------------------------------

FAULT = Violation("PS3.8 2020 9.3.1", 0, "no such type", abort_reason=1, framing=True)


@pytest.mark.parametrize(
    ("action", "payload", "pdu"),
    [
        ("AA-1", None, AAbort(0, 0)),
        ("AA-1", FAULT, AAbort(0, 0)),
        ("AA-7", FAULT, AAbort(2, 1)),
        ("AA-8", FAULT, AAbort(2, 1)),
        ("AA-8", replace(FAULT, abort_reason=INVALID_PARAMETER_VALUE), AAbort(2, 6)),
        ("AA-8", AReleaseRQ(), AAbort(2, 2)),
        ("AA-7", FIT, AAbort(2, 2)),
        ("AE-6", UNFIT, AAssociateRJ(2, 3, 2)),
        ("AE-6", judge_request(replace(RQ, protocol_version=2)), AAssociateRJ(1, 2, 2)),
        ("AE-8", AAssociateRJ(1, 1, 7), AAssociateRJ(1, 1, 7)),
        ("AE-8", AAssociateRJ(1, 2, 2), AAssociateRJ(1, 1, 1)),  # the table says who rejects
        ("AE-2", RQ, RQ),
        ("AR-1", None, AReleaseRQ()),
    ],
)
def test_what_an_action_sends(action: str, payload: object, pdu: object) -> None:
    (effect,) = (
        e for branch in ASSOCIATION.actions[action].branches for e in branch.effects if isinstance(e, SendPdu)
    )
    assert pdu_of(effect, payload) == pdu


def test_a_payload_that_does_not_fit_gives_the_smallest_pdu_of_that_name() -> None:
    for action in ASSOCIATION.actions.values():
        for branch in action.branches:
            for effect in branch.effects:
                if isinstance(effect, SendPdu):
                    assert pdu_of(effect, object()).name == effect.pdu


def test_provider_judges_version_and_room_alone() -> None:
    assert judge_request(RQ) == Request(RQ, None)
    assert judge_request(replace(RQ, protocol_version=3)).rejection is None
    assert judge_request(replace(RQ, protocol_version=2)).rejection == AAssociateRJ(1, 2, 2)
    assert judge_request(replace(RQ, application_context="1.2.3")).rejection is None
    assert judge_request(RQ, slot_free=False).rejection == AAssociateRJ(2, 3, 2)


def test_received_octets_as_events() -> None:
    assert event_of(FAULT) == ("association", "Evt19", FAULT)
    assert event_of(AReleaseRQ()) == ("association", "Evt12", AReleaseRQ())
    assert event_of(RQ) == ("association", "Evt6", FIT)
    assert event_of(RQ, slot_free=False) == ("association", "Evt6", UNFIT)
    assert event_of(USER_ABORT)[1] == "Evt16"


def test_effects_as_data_leave_out_what_says_nothing() -> None:
    rejection = ASSOCIATION.actions["AE-6"].branches[1].effects[1]
    assert effect_as_dict(rejection) == {"op": "send-pdu", "pdu": "A-ASSOCIATE-RJ", "source": [2, 3]}
