"""The library and connection machines, row by row of the connection layer (without security)."""

from __future__ import annotations

import pytest

from dicomnet.statemachine import CONNECTION, LIBRARY, LocalProtocolError, feed

from .machines import Subject, code_of, do

LISTENING = ("listen",)
CONNECTING = ("connect",)
REQUESTOR = ("connect", "connect-ok")
CHILD = ("take",)
CLOSED = ("close",)
PATHS = {
    "IDLE": (),
    "LISTENING": LISTENING,
    "CONNECTING": CONNECTING,
    "CONNECTED requestor": REQUESTOR,
    "CONNECTED child": CHILD,
    "CLOSED": CLOSED,
}
# What only a link tells that is being secured, or is secured: a link that has ended tells nothing.
OF_SECURITY = ("handshake-failed", "handshake-abort", "handshake-late", "secure-lost", "secure-cut")
LOCAL = ("listen", "connect", "dial", "take", "associate", "close", "close-forced", "shutdown")


def subject(*events: str) -> Subject:
    made = Subject()
    made.connection(*events)
    return made


# --- rows 1, 2, 21, 23: the library -----------------------------------------------------------------------


def test_starts_are_counted() -> None:
    value = LIBRARY.start()
    assert code_of(LIBRARY, value, "new-object") == "not_initialised"  # row 2
    assert code_of(LIBRARY, value, "shutdown") == "not_initialised"  # row 23
    for count in (1, 2):  # row 1
        value, effects, _ = do(LIBRARY, value, "startup")
        assert (value.control, value.context, effects) == ("STARTED", count, [])
    value, effects, _ = do(LIBRARY, value, "new-object")
    assert effects == ["create-object"]
    value, effects, _ = do(LIBRARY, value, "shutdown")  # row 23: not the last
    assert (value.control, value.context, effects) == ("STARTED", 1, [])
    value, effects, _ = do(LIBRARY, value, "shutdown")  # row 21: the last
    assert (value.control, value.context, effects) == ("STOPPED", 0, ["end-all-objects"])
    assert code_of(LIBRARY, value, "shutdown") == "not_initialised"
    value, _, _ = do(LIBRARY, value, "startup")
    assert value.control == "STARTED"


# --- rows 4 to 8, 22: how a connection comes about --------------------------------------------------------


def test_row_4_listen_owns_an_empty_queue() -> None:
    one = Subject()
    assert one.give("connection", "listen", 5) == ["wire-listen"]
    assert one.where == ("LISTENING", "Sta1", "LISTENING")
    assert one.endpoint.listener.context.capacity == 5
    assert one.endpoint.listener.context.waiting == ()


def test_row_5_connect_sends_the_request_and_bounds_the_wait() -> None:
    one = Subject()
    assert one.connection("connect") == ["connect-timer-start", "wire-request"]
    assert one.where == ("CONNECTING", "Sta1", "IDLE")


def test_row_8_the_accepted_requestor_is_connected() -> None:
    assert subject(*CONNECTING).connection("connect-ok") == ["connect-timer-stop", "on_connect(ok)"]
    assert subject(*REQUESTOR).where == ("CONNECTED", "Sta1", "IDLE")


def test_row_8_the_child_is_connected_without_a_callback_and_waits_for_a_request() -> None:
    child = Subject()
    assert child.connection("take") == ["wire-take", "transport-accept", "artim-start"]
    assert child.where == ("CONNECTED", "Sta2", "IDLE")


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        ("connect-refused", "refused"),  # rows 6 and 7
        ("connect-reset", "reset"),  # row 19
        ("unreachable", "unreachable"),
        ("not-resolved", "name_not_resolved"),
    ],
)
def test_a_request_that_came_to_nothing_leaves_the_object_idle(report: str, outcome: str) -> None:
    one = subject(*CONNECTING)
    assert one.connection(report) == ["connect-timer-stop", f"on_connect({outcome})"]
    assert one.where == ("IDLE", "Sta1", "IDLE")
    assert one.connection("connect") == ["connect-timer-start", "wire-request"]  # it may try again


def test_row_22_the_connect_timer_takes_the_request_back() -> None:
    one = subject(*CONNECTING)
    assert one.connection("connect-timeout") == [
        "connect-timer-stop",
        "wire-withdraw",
        "on_connect(timeout)",
    ]
    assert one.where == ("IDLE", "Sta1", "IDLE")


@pytest.mark.parametrize(
    "late",
    [
        "connect-ok",
        "connect-refused",
        "connect-reset",
        "unreachable",
        "not-resolved",
        "connect-timeout",
    ],
)
def test_the_answer_to_a_request_that_was_given_up_is_absorbed(late: str) -> None:
    one = subject(*CONNECTING, "connect-timeout")
    before = one.endpoint
    assert one.connection(late) == []
    assert one.endpoint == before
    closed = subject(*CONNECTING, "close")
    assert closed.connection(late) == []
    assert closed.where[0] == "CLOSED"


# --- rows 11, 16, 17, 18, 24: how it ends -----------------------------------------------------------------

ENDS = {
    # path, event: (callbacks and tidings, the deed that ends the connection)
    ("IDLE", "close"): [],
    ("IDLE", "close-forced"): ["on_close(aborted)"],
    ("LISTENING", "close"): ["wire-unlisten", "reply(reset)"],
    ("LISTENING", "close-forced"): ["wire-unlisten", "reply(reset)", "on_close(aborted)"],
    ("CONNECTING", "close"): ["connect-timer-stop", "wire-withdraw"],
    ("CONNECTING", "close-forced"): ["connect-timer-stop", "wire-reset", "on_close(aborted)"],
    ("CONNECTED requestor", "close"): ["wire-close"],
    ("CONNECTED requestor", "close-forced"): ["wire-reset", "on_close(aborted)"],
    ("CONNECTED requestor", "peer-closed"): ["wire-close", "on_close(ok)"],
    ("CONNECTED requestor", "peer-reset"): ["wire-reset", "on_close(reset)"],
    ("CONNECTED child", "close"): ["wire-close", "artim-stop", "tell-listener(ok)"],
    ("CONNECTED child", "close-forced"): [
        "wire-reset",
        "artim-stop",
        "on_close(aborted)",
        "tell-listener(aborted)",
    ],
    ("CONNECTED child", "peer-closed"): ["wire-close", "artim-stop", "on_close(ok)", "tell-listener(ok)"],
    ("CONNECTED child", "peer-reset"): [
        "wire-reset",
        "artim-stop",
        "on_close(reset)",
        "tell-listener(reset)",
    ],
    ("CLOSED", "close"): [],  # row 24
    ("CLOSED", "close-forced"): [],
    ("CLOSED", "peer-closed"): [],
    ("CLOSED", "peer-reset"): [],
}


@pytest.mark.parametrize(("path", "event"), ENDS)
def test_every_end(path: str, event: str) -> None:
    one = subject(*PATHS[path])
    assert one.connection(event) == ENDS[path, event]
    assert one.where[0] == "CLOSED"
    assert one.where[1] == "Sta1"


@pytest.mark.parametrize("path", PATHS)
def test_row_21_shutdown_ends_as_close_forced_does(path: str) -> None:
    assert subject(*PATHS[path]).connection("shutdown") == subject(*PATHS[path]).connection("close-forced")


@pytest.mark.parametrize("path", PATHS)
def test_closed_is_final_and_silent(path: str) -> None:
    """Row 24 and invariant 5: after the end nothing but refusals and nothing at all."""
    one = subject(*PATHS[path])
    one.connection("close")
    for event in CONNECTION.event:
        if event not in ("listen", "connect", "take", "associate", "dial", "configure", *OF_SECURITY):
            assert one.connection(event) == []
            assert one.where[0] == "CLOSED"


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_refusals_change_nothing(path: str) -> None:
    codes = {
        "listen": "already_connected",
        "connect": "already_connected",
        "dial": "already_connected",
        "take": "wrong_state",
        "configure": "wrong_state",  # row 3
        "associate": "not_connected",  # row 15
    }
    allowed = {
        "IDLE": {"listen", "connect", "dial", "take", "configure"},
        "CONNECTED requestor": {"associate"},
        "CONNECTED child": {"associate"},
    }.get(path, set())
    for event, code in codes.items():
        one = subject(*PATHS[path])
        before = one.endpoint
        if event in allowed:
            if (path, event) != ("CONNECTED child", "associate"):
                one.connection(event)
            continue
        with pytest.raises(LocalProtocolError) as caught:
            feed(one.endpoint, one.model, "connection", event)
        assert caught.value.code == code
        assert one.endpoint == before


def test_a_child_that_waits_for_a_request_does_not_ask_for_one() -> None:
    with pytest.raises(LocalProtocolError, match=r"Evt1 .*Sta2") as caught:
        subject(*CHILD).connection("associate")
    assert caught.value.code == "wrong_state"


@pytest.mark.parametrize("path", PATHS)
def test_a_callback_is_made_only_where_it_may(path: str) -> None:
    """Invariants 3 and 5 on the pure machine: own close() is silent, forced ends tell exactly once."""
    for event in LOCAL:
        one = subject(*PATHS[path])
        try:
            one.connection(event)
        except LocalProtocolError:
            continue
        told = one.callbacks
        if event in ("close-forced", "shutdown") and path != "CLOSED":
            assert told == ["on_close(aborted)"]
        else:
            assert told == []
