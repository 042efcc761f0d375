"""The runtime over both carriers: the steps of making a connection, callbacks in order, refusals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from dicomnet.statemachine import (
    PDV,
    TCP_LINUX,
    TCP_WINSOCK,
    AReleaseRQ,
    LocalProtocolError,
    PDataTF,
    encode,
)
from dicomnet.transports import Address, MemoryTransport, Network, NetworkObject, Settings, Transport

from .ears import LOOPBACK, call, link_of, settle, until
from .users import RQ, Hospital, User, request_of

NOBODY = Address("", 1)


def code_of(call_it: Callable[[], object]) -> str:
    with pytest.raises(LocalProtocolError) as caught:
        call_it()
    return caught.value.code


def test_the_steps_of_a_connection(carrier: Transport) -> None:
    """Startup, listen, connect, on_accept, accept(child), on_connect, associate, data, release, close."""
    here = Hospital(carrier)
    scu = here.make("scu")
    children: list[NetworkObject] = []

    def accept(listener: NetworkObject) -> None:
        child = here.make("child")
        here.users["child"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(here.answer())
        here.users["child"].then["P-DATA indication"] = lambda subject: subject.send_data(DATA)
        here.users["child"].then["A-RELEASE indication"] = lambda subject: subject.respond_release()
        listener.accept(child)
        children.append(child)

    here.scp.then["on_accept"] = accept
    user = here.users["scu"]
    user.then["on_connect"] = lambda subject: subject.associate(RQ)
    user.then["A-ASSOCIATE confirmation (accept)"] = lambda subject: subject.send_data(DATA)
    user.then["P-DATA indication"] = lambda subject: subject.release()
    scu.connect(here.address)
    here.wait("listener on_child_close ok")
    assert here.lines("listener") == ["on_accept", "on_child_close ok"]
    assert here.lines("scu") == [
        "on_connect ok",
        "A-ASSOCIATE confirmation (accept)",
        "P-DATA indication",
        "A-RELEASE confirmation",
    ]
    assert here.lines("child") == [
        "A-ASSOCIATE indication",
        "P-DATA indication",
        "A-RELEASE indication",
        "on_close ok",
    ]
    (child,) = children
    assert child.listener is here.listener
    assert child.peer is not None
    assert child.peer.port > 0
    assert request_of(here.users["child"].payloads[0]) == RQ
    assert here.users["child"].payloads[1] == DATA
    child.data = "the user's own"
    here.network.shutdown()
    assert here.network.errors == []


DATA = PDataTF((PDV(1, True, True, b"\0\0"),))


# --- startup and shutdown ---------------------------------------------------------------------------------


def test_rows_1_2_23_the_library_is_counted(carrier: Transport) -> None:
    network = Network(carrier)
    assert code_of(network.new_object) == "not_initialised"
    assert code_of(network.shutdown) == "not_initialised"
    network.startup()
    network.startup()
    network.shutdown()
    network.new_object()
    network.shutdown()
    assert code_of(network.new_object) == "not_initialised"
    assert code_of(network.shutdown) == "not_initialised"


def test_row_21_shutdown_ends_children_before_their_listener(carrier: Transport) -> None:
    here = Hospital(carrier)
    here.pair()
    here.calls("waiting")
    here.make("idle")
    here.log.clear()
    here.network.shutdown()
    settle(carrier)
    assert here.log.index("child on_close aborted") < here.log.index("listener on_child_close aborted")
    assert here.log.index("listener on_child_close aborted") < here.log.index("listener on_close aborted")
    assert here.lines("idle") == ["on_close aborted"]
    assert here.lines("scu") == ["on_close aborted"]
    assert here.lines("waiting") == ["on_close aborted"]
    assert here.lines("listener")[-1] == "on_close aborted"


def test_shutdown_inside_a_callback_is_told_in_the_same_order(carrier: Transport) -> None:
    here = Hospital(carrier)
    here.pair()
    here.scp.then["on_accept"] = lambda _listener: here.network.shutdown()
    here.calls("late")
    assert here.lines("child") == ["on_close aborted"]
    assert here.lines("listener")[-2:] == ["on_child_close aborted", "on_close aborted"]


def test_a_second_network_on_the_same_carrier(carrier: Transport) -> None:
    here = Hospital(carrier)
    there = Network(carrier)
    there.startup()
    user = User("foreign", here.log)
    there.new_object(user).connect(here.address)
    here.wait("listener on_accept")
    here.accepts()
    here.wait("foreign on_connect ok")
    there.shutdown()
    here.wait("child on_close reset")
    assert here.lines("foreign") == ["on_connect ok", "on_close aborted"]


# --- listen and connect -----------------------------------------------------------------------------------


def test_row_4_refusals_of_listen(carrier: Transport) -> None:
    here = Hospital(carrier)
    other = here.make("other")
    assert code_of(lambda: other.listen(here.address)) == "address_in_use"
    assert code_of(lambda: other.listen(Address("", 70000))) == "invalid_argument"
    assert code_of(lambda: other.listen(LOOPBACK, -1)) == "invalid_argument"
    assert code_of(lambda: here.listener.listen(LOOPBACK)) == "already_connected"
    other.listen(LOOPBACK)  # what was refused has changed nothing


def test_row_6_nobody_listens(carrier: Transport) -> None:
    here = Hospital(carrier)
    scu = here.make("scu")
    scu.connect(NOBODY)
    assert here.log == []
    here.wait("scu on_connect refused")
    scu.connect(here.address)  # back to IDLE: it may try again
    here.wait("listener on_accept")
    here.accepts()
    here.wait("scu on_connect ok")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_there_is_no_such_port(carrier: Transport, port: int) -> None:
    here = Hospital(carrier)
    scu = here.make("scu")
    assert code_of(lambda: scu.connect(Address("", port))) == "invalid_argument"
    assert code_of(lambda: scu.dial(Address("", port), RQ)) == "invalid_argument"
    assert scu.endpoint.connection.control == "IDLE"


def test_rows_8_9_16_refusals(carrier: Transport) -> None:
    here = Hospital(carrier)
    idle, used = here.make("idle"), here.make("used")
    used.listen(LOOPBACK)
    assert code_of(lambda: idle.accept(used)) == "not_listening"
    assert code_of(lambda: here.listener.accept(used)) == "wrong_state"
    assert code_of(lambda: here.listener.accept(here.listener)) == "wrong_state"
    assert code_of(lambda: here.listener.accept(idle)) == "would_block"
    assert code_of(lambda: idle.associate(RQ)) == "not_connected"
    assert code_of(idle.release) == "wrong_state"
    scu, _ = here.pair()
    assert code_of(lambda: scu.connect(here.address)) == "already_connected"
    assert code_of(lambda: scu.dial(here.address, RQ)) == "already_connected"
    assert code_of(lambda: scu.listen(LOOPBACK)) == "already_connected"
    assert code_of(lambda: here.listener.accept(scu)) == "wrong_state"
    scu.abort()  # nothing to abort: absorbed


def test_rows_5_8_10_requests_queue_and_accept_takes_the_first(carrier: Transport) -> None:
    here = Hospital(carrier)
    callers = [here.calls(f"scu{number}") for number in range(3)]
    told_of = 1 if carrier.tables is TCP_WINSOCK else 3  # there once, until accept is called
    assert here.lines("listener") == ["on_accept"] * told_of
    for number, scu in enumerate(callers):
        child = here.accepts(f"child{number}")
        here.users[f"child{number}"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(
            here.answer()
        )
        here.wait(f"scu{number} on_connect ok")
        scu.associate(RQ)
        here.wait(f"child{number} A-ASSOCIATE indication")
        assert child.listener is here.listener
    assert code_of(lambda: here.listener.accept(here.make("more"))) == "would_block"
    assert here.lines("listener") == ["on_accept"] * 3
    accepted = [line for line in here.log if line.endswith("A-ASSOCIATE indication")]
    assert accepted == [f"child{number} A-ASSOCIATE indication" for number in range(3)]


def test_row_7_a_full_queue(carrier: Transport) -> None:
    """It refuses at once, but for Linux: there one more fits, and what does not comes again later."""
    here = Hospital(carrier, backlog=2)
    room = 3 if carrier.tables is TCP_LINUX and carrier.name == "memory" else 2
    for number in range(room):
        here.calls(f"scu{number}")
    here.make("late").connect(here.address)
    settle(carrier)
    assert here.listener.waiting == room
    if carrier.tables is not TCP_LINUX:
        assert here.lines("late") == ["on_connect refused"]
        return
    if carrier.name == "memory":
        assert here.lines("late") == []
    here.accepts("child1")
    until(carrier, lambda: here.listener.waiting == room)
    assert here.lines("listener") == ["on_accept"] * (room + 1)


def test_row_11_the_acceptor_closes_at_once(carrier: Transport) -> None:
    here = Hospital(carrier)

    def accept_and_close(listener: NetworkObject) -> None:
        child = here.make("child")
        listener.accept(child)
        child.close()

    here.scp.then["on_accept"] = accept_and_close
    scu = here.make("scu")
    scu.connect(here.address)
    here.wait("scu on_close ok")
    assert here.lines("scu") == ["on_connect ok", "on_close ok"]
    assert here.lines("listener") == ["on_accept", "on_child_close ok"]
    assert here.lines("child") == []
    assert here.network.errors == []


def test_one_child_cannot_be_accepted_twice(carrier: Transport) -> None:
    """Also inside one callback, before anything of the first acceptance was carried out."""
    here = Hospital(carrier)
    here.calls("first")
    codes: list[str] = []

    def accept_twice(listener: NetworkObject) -> None:
        child = here.make("child")
        listener.accept(child)
        codes.append(code_of(lambda: listener.accept(child)))

    here.calls("second")
    here.scp.then["on_accept"] = accept_twice
    here.calls("third")
    if carrier.tables is TCP_WINSOCK:
        here.accepts("early")  # which makes the listener hear of the next
    here.wait("first on_connect ok")
    until(carrier, lambda: bool(codes))
    assert set(codes) == {"wrong_state"}
    assert here.network.errors == []


# --- ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["scu", "child"])
def test_row_16_close(carrier: Transport, who: str) -> None:
    here = Hospital(carrier)
    scu, child = here.pair()
    (scu if who == "scu" else child).close()
    other = "child" if who == "scu" else "scu"
    here.wait(f"{other} on_close ok")
    assert [line for line in here.lines(who) if line.startswith("on_close")] == []
    assert here.lines("listener") == ["on_accept", "on_child_close ok"]
    scu.close()
    child.close_forced()
    settle(carrier)
    assert here.lines("listener") == ["on_accept", "on_child_close ok"]


@pytest.mark.parametrize("who", ["scu", "child"])
def test_row_17_close_forced(carrier: Transport, who: str) -> None:
    here = Hospital(carrier)
    scu, child = here.pair()
    (scu if who == "scu" else child).close_forced()
    other = "child" if who == "scu" else "scu"
    here.wait(f"{other} on_close reset")
    assert here.lines(who)[-1] == "on_close aborted"
    assert here.lines("listener")[-1] == (
        "on_child_close reset" if who == "scu" else "on_child_close aborted"
    )


def test_row_19_a_listener_that_closes(carrier: Transport) -> None:
    """Queued requestors hear of it in queue order: `reset`; on TCP they were connected already."""
    here = Hospital(carrier)
    scu, child = here.pair()
    waiting = [here.calls(f"waiting{number}") for number in range(3)]
    here.log.clear()
    here.listener.close()
    settle(carrier)
    if carrier.tables.name == "dicomnet":
        assert here.log == [f"waiting{number} on_connect reset" for number in range(3)]
        assert [each.endpoint.connection.control for each in waiting] == ["IDLE"] * 3
    else:
        until(carrier, lambda: len([line for line in here.log if "on_close reset" in line]) == 3)
        told = sorted(line for line in here.log if "on_close reset" in line)
        assert told == [f"waiting{number} on_close reset" for number in range(3)]
    here.users["child"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(here.answer())
    scu.associate(RQ)  # accepted children live on
    here.wait("scu A-ASSOCIATE confirmation (accept)")
    child.close()
    settle(carrier)
    assert here.lines("listener") == []


def test_row_20_a_requestor_that_goes_while_it_waits(carrier: Transport) -> None:
    here = Hospital(carrier)
    callers = [here.calls(f"scu{number}") for number in range(3)]
    if carrier.tables.name != "dicomnet":
        until(carrier, lambda: "scu1 on_connect ok" in here.log)
    callers[1].close()
    settle(carrier)
    first, second = here.accepts("first"), here.accepts("second")
    if carrier.tables.name == "dicomnet":
        until(carrier, lambda: here.log.count("scu2 on_connect ok") == 1)
        assert here.listener.endpoint.listener.context.waiting == ()
    else:
        here.wait("second on_close ok")
        assert here.listener.endpoint.listener.context.waiting != ()
    assert "on_connect reset" not in here.lines("scu1")
    assert first.endpoint.connection.control == "CONNECTED"
    assert second.listener is here.listener


def test_row_22_the_connect_timer(memory: MemoryTransport) -> None:
    here = Hospital(memory, Settings(connect=3.0))
    scu = here.calls()
    here.wait("scu on_connect timeout") if memory.run(lambda: bool(here.lines("scu")), 10.0) else None
    assert here.lines("scu") == ["on_connect timeout"]
    assert memory.now() == pytest.approx(3.0)
    settle(memory)
    assert here.listener.endpoint.listener.context.waiting == ()
    assert scu.endpoint.connection.control == "IDLE"


def test_no_timer_outlives_its_object(carrier: Transport) -> None:
    """ARTIM of a child that was closed, and the connect timer of a requestor, ring no more."""
    here = Hospital(carrier, Settings(artim=0.02, connect=0.02))
    scu, child = here.pair()
    child.close()
    here.wait("scu on_close ok")
    settle(carrier)
    assert here.lines("child") == []
    assert here.lines("scu") == ["on_connect ok", "on_close ok"]
    assert scu.endpoint.connection.control == "CLOSED"
    assert here.network.errors == []


def test_timers_of_what_is_over_do_not_keep_the_carrier_awake(memory: MemoryTransport) -> None:
    here = Hospital(memory)
    scu, child = here.pair()
    scu.close()
    here.wait("child on_close ok")
    assert child.endpoint.connection.control == "CLOSED"
    memory.run(lambda: False)
    assert memory.now() == 0.0


def test_artim_ends_a_connection_on_which_nothing_comes(carrier: Transport) -> None:
    here = Hospital(carrier, Settings(artim=0.03))
    here.pair()
    began = carrier.now()
    here.wait("scu on_close ok")
    assert carrier.now() - began >= 0.02
    assert here.lines("listener") == ["on_accept", "on_child_close ok"]


# --- dial and abort ---------------------------------------------------------------------------------------


def test_dial_is_connect_and_associate(carrier: Transport) -> None:
    here = Hospital(carrier)

    def accept(_listener: NetworkObject) -> None:
        here.accepts()
        here.users["child"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(here.answer())

    here.scp.then["on_accept"] = accept
    here.make("scu").dial(here.address, RQ)
    here.wait("scu A-ASSOCIATE confirmation (accept)")
    assert here.lines("scu") == ["on_connect ok", "A-ASSOCIATE confirmation (accept)"]


def test_dial_that_finds_nobody(carrier: Transport) -> None:
    here = Hospital(carrier)
    scu = here.make("scu")
    scu.dial(NOBODY, RQ)
    here.wait("scu on_connect refused")
    assert here.lines("scu") == ["A-P-ABORT indication", "on_connect refused"]
    assert (scu.endpoint.connection.control, scu.endpoint.association.control) == ("IDLE", "Sta1")


def test_a_refused_associate_does_not_change_the_request_that_is_under_way(carrier: Transport) -> None:
    here = Hospital(carrier)
    scu = here.make("scu")
    scu.dial(here.address, RQ)
    other = type(RQ)("OTHER", "OTHER", RQ.presentation_contexts, RQ.user_information)
    assert code_of(lambda: scu.associate(other)) == "not_connected"
    assert code_of(lambda: scu.dial(here.address, other)) == "already_connected"
    here.wait("listener on_accept")
    here.accepts()
    here.wait("child A-ASSOCIATE indication")
    assert request_of(here.users["child"].payloads[0]) == RQ


def test_what_a_pdu_cannot_say_is_refused_and_changes_nothing(carrier: Transport) -> None:
    here = Hospital(carrier)
    scu, _ = here.pair()
    bad = type(RQ)("X" * 17, "OTHER", RQ.presentation_contexts, RQ.user_information)
    assert code_of(lambda: scu.associate(bad)) == "invalid_argument"
    assert scu.endpoint.association.control == "Sta1"
    scu.associate(RQ)
    here.wait("child A-ASSOCIATE indication")


def test_abort_and_the_end_of_the_connection(carrier: Transport) -> None:
    here = Hospital(carrier)
    scu, child = here.associated()
    scu.abort()
    here.wait("child A-ABORT indication")
    here.wait("scu on_close ok")
    assert here.lines("child")[-1] == "A-ABORT indication"
    assert child.endpoint.connection.control == "CLOSED"
    scu.abort()


def test_release_collision(carrier: Transport) -> None:
    here = Hospital(carrier)
    scu, child = here.associated()
    for user in (here.users["scu"], here.users["child"]):
        user.then["A-RELEASE indication"] = lambda _subject: None
    scu.release()
    child.release()
    here.wait("scu A-RELEASE indication")
    here.wait("child A-RELEASE indication")
    assert scu.endpoint.association.control == "Sta9"
    assert child.endpoint.association.control == "Sta10"
    scu.respond_release()
    here.wait("child A-RELEASE confirmation")
    child.respond_release()
    here.wait("scu A-RELEASE confirmation")
    here.wait("child on_close ok")


# --- raw octets -------------------------------------------------------------------------------------------


def test_raw_octets_split_anywhere_make_the_same_pdus(carrier: Transport) -> None:
    here = Hospital(carrier)
    stream = encode(RQ) + encode(DATA) + encode(DATA) + encode(AReleaseRQ())
    for size in (1, 7, 64, len(stream)):
        ear = call(carrier, here.address)
        until(carrier, lambda: bool(here.listener.endpoint.listener.context.waiting))
        here.accepts()
        here.users["child"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(here.answer())
        until(carrier, lambda heard=ear: "open" in heard.told)  # type: ignore[misc]
        cuts = [*range(0, len(stream), size), len(stream)]
        for start, end in pairwise(cuts):
            link_of(ear).send(stream[start:end])
        here.wait("child A-RELEASE indication")
        assert here.lines("child") == [
            "A-ASSOCIATE indication",
            "P-DATA indication",
            "P-DATA indication",
            "A-RELEASE indication",
        ]
        link_of(ear).close()
        here.wait("child on_close ok")
        here.log.clear()
