"""The listener and its FIFO: rows 4 to 10 and 18 to 20, refusals and their precedence."""

from __future__ import annotations

import pytest

from dicomnet.statemachine import (
    LISTENER,
    LISTENER_LINUX,
    LISTENER_WINSOCK,
    AcceptCall,
    FailCall,
    Machine,
    Queue,
    Taken,
    Value,
    step,
)

from .machines import code_of, do

IDLE = LISTENER.start()
LISTENING = do(LISTENER, IDLE, "open", 2)[0]
CLOSED = do(LISTENER, LISTENING, "close")[0]
FIT, UNFIT = AcceptCall(True, "child"), AcceptCall(False, "child")


def with_requests(*numbers: int, capacity: int = 9) -> Value[Queue]:
    value, _, _ = do(LISTENER, IDLE, "open", capacity)
    for number in numbers:
        value, effects, _ = do(LISTENER, value, "request", number)
        assert effects == ["on_accept(ok)"]
    return value


def test_row_5_a_request_joins_the_tail_and_is_told_of_once() -> None:
    value, effects, _ = do(LISTENER, with_requests(1, 2), "request", 3)
    assert value.context.waiting == (1, 2, 3)
    assert effects == ["on_accept(ok)"]


@pytest.mark.parametrize("value", [IDLE, CLOSED])
def test_row_6_nobody_listens(value: Value[Queue]) -> None:
    after, effects, outputs = do(LISTENER, value, "request", 7)
    assert (after, effects, outputs) == (value, ["reply(refused)"], (7,))


def test_row_7_a_full_queue_refuses_the_newest() -> None:
    full = with_requests(1, 2, capacity=2)
    after, effects, outputs = do(LISTENER, full, "request", 3)
    assert (after.context.waiting, effects, outputs) == ((1, 2), ["reply(refused)"], (3,))


def test_a_backlog_of_nothing_refuses_all() -> None:
    _, effects, _ = do(LISTENER, with_requests(capacity=0), "request", 1)
    assert effects == ["reply(refused)"]


def test_row_8_accept_takes_the_head_whoever_prompted_it() -> None:
    value = with_requests(4, 5, 6)
    for number, left, children in ((4, (5, 6), 1), (5, (6,), 2), (6, (), 3)):
        value, effects, outputs = do(LISTENER, value, "accept", FIT)
        assert effects == ["take-child", "reply(accepted)"]
        assert outputs[0] == Taken(number, "child")
        assert (value.context.waiting, value.context.children) == (left, children)
    assert code_of(LISTENER, value, "accept", FIT) == "would_block"  # row 9


def test_row_10_a_request_that_is_not_accepted_keeps_its_place() -> None:
    value = with_requests(1)
    value, effects, _ = do(LISTENER, value, "request", 2)
    assert effects == ["on_accept(ok)"]
    _, _, outputs = do(LISTENER, value, "accept", FIT)
    assert outputs[0] == Taken(1, "child")


@pytest.mark.parametrize(
    ("value", "call", "code"),
    [
        (IDLE, UNFIT, "not_listening"),
        (CLOSED, UNFIT, "not_listening"),
        (IDLE, FIT, "not_listening"),
        (LISTENING, UNFIT, "wrong_state"),  # although the queue is empty
        (with_requests(1), UNFIT, "wrong_state"),
        (LISTENING, FIT, "would_block"),
        (with_requests(1), FIT, ""),
    ],
)
def test_refusals_of_accept_in_their_order(value: Value[Queue], call: AcceptCall, code: str) -> None:
    before = (value.control, value.context)
    assert code_of(LISTENER, value, "accept", call) == code
    assert (value.control, value.context) == before


@pytest.mark.parametrize(("waiting", "more"), [((4,), []), ((4, 5), ["on_accept(ok)"])])
def test_accept_may_report_the_reset_of_the_head(waiting: tuple[int, ...], more: list[str]) -> None:
    value = LISTENER_WINSOCK.value("LISTENING", Queue(4, waiting, 1))
    told = AcceptCall(True, "child", gone=True)
    after, transition, outputs = step(value, LISTENER_WINSOCK.event["accept"], told)
    assert FailCall("reset") in transition.effects
    _, effects, _ = do(LISTENER_WINSOCK, value, "accept", told)
    assert effects == ["reply(gone)", "fail-call", *more]
    assert outputs[0] == 4
    assert (after.control, after.context) == ("LISTENING", Queue(4, waiting[1:], 1))


def test_what_is_refused_is_refused_before_a_reset_is_reported() -> None:
    value = LISTENER_WINSOCK.value("LISTENING", Queue(4, (4,)))
    assert code_of(LISTENER_WINSOCK, value, "accept", AcceptCall(False, "child", gone=True)) == "wrong_state"
    plain = AcceptCall(True, "child", child_plain=True, gone=True)
    assert code_of(LISTENER_WINSOCK, value, "accept", plain) == "wrong_security_mode"
    empty = LISTENER_WINSOCK.value("LISTENING", Queue(4))
    assert code_of(LISTENER_WINSOCK, empty, "accept", AcceptCall(True, "child", gone=True)) == "would_block"


@pytest.mark.parametrize("listener", [LISTENER, LISTENER_LINUX], ids=lambda machine: machine.name)
def test_elsewhere_accept_reports_no_reset(listener: Machine[Queue]) -> None:
    value = listener.value("LISTENING", Queue(4, (4,)))
    _, effects, _ = do(listener, value, "accept", AcceptCall(True, "child", gone=True))
    assert effects == ["take-child", "reply(accepted)"]


@pytest.mark.parametrize(("gone", "left"), [(1, (2, 3)), (2, (1, 3)), (3, (1, 2)), (9, (1, 2, 3))])
def test_row_20_a_withdrawn_request_is_removed_wherever_it_stands(gone: int, left: tuple[int, ...]) -> None:
    value, effects, _ = do(LISTENER, with_requests(1, 2, 3), "withdraw", gone)
    assert (value.context.waiting, effects) == (left, [])


def test_row_18_the_listener_hears_of_its_child_while_it_listens() -> None:
    value, _, _ = do(LISTENER, with_requests(1), "accept", FIT)
    after, effects, outputs = do(LISTENER, value, "child-ended", "the child")
    assert (effects, outputs, after.context.children) == (["on_child_close(as-told)"], ("the child",), 0)
    closed, _, _ = do(LISTENER, value, "close")
    after, effects, _ = do(LISTENER, closed, "child-ended", "the child")
    assert (effects, after.context.children) == ([], 0)


def test_row_19_closing_drops_the_queue_in_order_and_lets_children_live() -> None:
    value, _, _ = do(LISTENER, with_requests(1, 2, 3), "accept", FIT)
    after, effects, outputs = do(LISTENER, value, "close")
    assert effects == ["wire-unlisten", "reply(reset)"]
    assert outputs == (None, (2, 3))
    assert (after.control, after.context.waiting, after.context.children) == ("CLOSED", (), 1)


def test_a_listener_opens_once() -> None:
    assert code_of(LISTENER, LISTENING, "open", 1) == "wrong_state"
    assert code_of(LISTENER, CLOSED, "open", 1) == "wrong_state"
