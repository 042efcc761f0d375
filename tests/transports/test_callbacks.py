"""Calls inside callbacks, callbacks that raise, what is told after an end, what is kept of it all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dicomnet.statemachine import (
    ASSOCIATION,
    PDV,
    TCP_WINSOCK,
    LocalProtocolError,
    Model,
    PDataTF,
    with_cell,
)
from dicomnet.transports import (
    Address,
    Callbacks,
    Handler,
    MemoryTransport,
    Network,
    NetworkObject,
    Settings,
    Transport,
)

from .ears import settle, until
from .users import RQ, Hospital

NOBODY = Address("", 1)
CALLBACKS = (
    "on_accept",
    "on_connect",
    "on_close",
    "on_child_close",
    "on_secure_link_ready",
    "on_private_key_password",
    "on_primitive",
)
DATA = PDataTF((PDV(1, True, True, b"\0\0"),))


def test_calls_inside_callbacks_are_queued_and_run_in_order(carrier: Transport) -> None:
    """Connect of a new object inside on_close, close inside on_connect: nothing is re-entered."""
    here = Hospital(carrier)

    def accept(_listener: NetworkObject) -> None:
        here.accepts(f"child{len(here.users)}")

    here.scp.then["on_accept"] = accept
    second = here.make("second")
    first = here.make("first")
    here.users["first"].then["on_connect"] = lambda subject: subject.close_forced()
    here.users["first"].then["on_close"] = lambda _subject: second.connect(here.address)
    here.users["second"].then["on_connect"] = lambda subject: subject.close()
    first.connect(here.address)
    until(carrier, lambda: here.lines("listener").count("on_child_close ok") == 1)
    assert here.lines("first") == ["on_connect ok", "on_close aborted"]
    assert here.lines("second") == ["on_connect ok"]
    assert here.network.errors == []


def test_after_its_own_close_an_object_hears_nothing(carrier: Transport) -> None:
    """Also nothing that was decided before the close and only waited for its turn."""
    here = Hospital(carrier)
    scu = here.make("scu")
    here.users["scu"].then["A-P-ABORT indication"] = lambda subject: subject.close()
    scu.dial(NOBODY, RQ)
    here.wait("scu A-P-ABORT indication")
    settle(carrier)
    assert here.lines("scu") == ["A-P-ABORT indication"]


def test_a_listener_that_was_closed_hears_nothing_of_its_children(carrier: Transport) -> None:
    here = Hospital(carrier)
    _, child = here.pair()

    def end_both(_subject: NetworkObject) -> None:
        child.close_forced()
        here.listener.close()

    here.scp.then["on_accept"] = end_both
    here.calls("another")
    settle(carrier)
    assert here.lines("child") == ["on_close aborted"]
    assert here.lines("listener") == ["on_accept", "on_accept"]


@pytest.mark.parametrize("name", ["on_connect ok", "on_close ok", "A-ASSOCIATE confirmation (accept)"])
def test_a_callback_that_raises_ends_its_own_object_only(carrier: Transport, name: str) -> None:
    here = Hospital(carrier)
    good, _ = here.associated()
    bad = here.make("bad")

    def fail(_subject: NetworkObject) -> None:
        raise ValueError(name)

    here.users["bad"].then[name] = fail
    bad.connect(here.address)
    here.wait("listener on_accept")
    until(carrier, lambda: bool(here.listener.endpoint.listener.context.waiting))
    child = here.accepts("other")
    here.users["other"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(here.answer())
    here.wait("bad on_connect ok")
    if name.startswith("A-"):
        bad.associate(RQ)
        here.wait(f"bad {name}")
    elif name.startswith("on_close"):
        child.close()
        here.wait("bad on_close ok")
    settle(carrier)
    assert [str(error) for error in here.network.errors] == [name]
    assert bad.endpoint.connection.control == "CLOSED"
    assert here.lines("bad").count("on_close aborted") == (0 if name.startswith("on_close") else 1)
    assert good.endpoint.association.control == "Sta6"


def test_a_raise_in_on_accept_leaves_the_queue_as_it_is(carrier: Transport) -> None:
    here = Hospital(carrier)

    def fail(_listener: NetworkObject) -> None:
        raise ValueError("on_accept")

    here.scp.then["on_accept"] = fail
    here.scp.then["on_child_close"] = fail
    here.calls("first")
    here.calls("second")
    told_of = 1 if carrier.tables is TCP_WINSOCK else 2
    assert len(here.network.errors) == told_of
    assert here.listener.waiting == 2
    here.accepts("child").close()
    here.wait("listener on_child_close ok")
    assert len(here.network.errors) == 3
    assert here.listener.endpoint.connection.control == "LISTENING"
    here.accepts("another")
    here.wait("second on_connect ok")


def test_a_report_that_a_changed_table_refuses_is_kept_and_harms_nobody(carrier: Transport) -> None:
    deaf = with_cell(ASSOCIATION, "Sta6", "Evt10", None)
    here = Hospital(carrier, Settings(tables=Model(association=deaf)))
    scu, child = here.associated()
    scu.send_data(DATA)
    until(carrier, lambda: bool(here.network.errors))
    (error,) = here.network.errors
    assert isinstance(error, LocalProtocolError)
    assert here.network.refused == {("Sta6", "Evt10")}
    assert child.endpoint.association.control == "Sta6"
    scu.abort()
    here.wait("child A-ABORT indication")


def test_the_trace_tells_every_transition(carrier: Transport) -> None:
    here = Hospital(carrier)
    here.network.trace = []
    here.associated()
    taken = [(t.state, t.event) for t in here.network.trace if t.machine == "association"]
    cells = [
        ("Sta1", "Evt5"),
        ("Sta2", "Evt6"),
        ("Sta3", "Evt7"),
        ("Sta1", "Evt1"),
        ("Sta4", "Evt2"),
        ("Sta5", "Evt3"),
    ]
    assert sorted(taken) == sorted(cells)


class Deaf(Handler):
    on_close = 3  # type: ignore[assignment]


class Empty(Handler):
    def __len__(self) -> int:
        return 0


class Half:
    """Lacks the other callbacks."""

    def on_accept(self, _listener: NetworkObject) -> None: ...


@pytest.mark.parametrize("handler", [5, 0, "", Half(), Deaf()], ids=lambda each: type(each).__name__)
def test_what_is_no_handler_is_refused_at_the_call(memory: MemoryTransport, handler: Any) -> None:  # noqa: ANN401
    network = Network(memory)
    network.startup()
    with pytest.raises(LocalProtocolError, match="is no handler: on_") as caught:
        network.new_object(handler)
    assert caught.value.code == "invalid_argument"
    assert network.alive == ()
    network.shutdown()


def test_a_handler_is_what_has_the_callbacks(memory: MemoryTransport) -> None:
    """Also one that is false, and one of no class of ours."""
    network = Network(memory)
    network.startup()
    empty = Empty()
    assert network.new_object(empty).handler is empty
    other: Any = SimpleNamespace(**dict.fromkeys(CALLBACKS, print))
    assert network.new_object(other).handler is other


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_that_cannot_be_called_is_refused_at_once(name: str) -> None:
    wrong: Any = {name: 3}
    with pytest.raises(LocalProtocolError, match=f"{name}: 3 cannot be called") as caught:
        Callbacks(**wrong)
    assert caught.value.code == "invalid_argument"


def test_errors_are_kept_within_bounds(memory: MemoryTransport) -> None:
    """A peer that makes a user fail again and again cannot fill the memory with what was raised."""
    here = Hospital(memory, backlog=1)

    def fail(_listener: NetworkObject) -> None:
        raise ValueError

    here.scp.then["on_accept"] = fail
    for _ in range(600):
        scu = here.calls()
        scu.close()
        settle(memory)
    assert 0 < len(here.network.errors) < 600


def test_objects_that_ended_are_forgotten(carrier: Transport) -> None:
    here = Hospital(carrier)
    alive = len(here.network.alive)
    for _ in range(3):
        scu, child = here.pair()
        scu.close()
        until(carrier, lambda ended=child: ended.endpoint.connection.control == "CLOSED")  # type: ignore[misc]
        here.log.clear()
    assert len(here.network.alive) == alive


def test_a_user_and_a_table_that_answer_each_other_for_ever_are_cut() -> None:
    """With AR-2 where AR-4 belongs every answer to the release brings a new indication of it."""
    circular = with_cell(ASSOCIATION, "Sta8", "Evt14", "AR-2")
    carrier = MemoryTransport()
    here = Hospital(carrier, Settings(tables=Model(association=circular)))
    scu, child = here.associated()
    here.users["child"].then["A-RELEASE indication"] = lambda subject: subject.respond_release()
    scu.release()
    settle(carrier)
    assert child.endpoint.association.control == "Sta8"
    assert any("deeds" in str(error) for error in here.network.errors)
