"""The reference acceptor and requestor over both carriers, against each other and against raw octets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicomnet.statemachine import (
    ASSOCIATION,
    EXPLICIT_LE,
    MODEL,
    PROFILES,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    CEchoRQ,
    PresentationContextRQ,
    Transition,
    Violation,
    encode,
    encode_command,
    with_cell,
)
from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Settings,
    Transport,
)

from .ears import LOOPBACK, call, link_of, settle, until
from .peers import (
    ABORT,
    CONTEXT,
    ECHO,
    GOOD,
    RELEASE,
    RQ,
    Acceptor,
    Served,
    data,
    echo_response,
    status_of,
)

TWO = replace(RQ, presentation_contexts=(CONTEXT, replace(CONTEXT, id=3)))


def echo(
    carrier: Transport, address: Address, called: str = "CALLED", timeout: float = 3.0
) -> tuple[bool, str]:
    requestor = ReferenceRequestor(carrier, address, called, "CALLING", timeout=timeout)
    assert carrier.run(lambda: requestor.result.done, timeout + 2.0)
    return requestor.result.ok, requestor.result.text


# --- the acceptor -----------------------------------------------------------------------------------------


def test_echo_of_the_requestor(carrier: Transport) -> None:
    here = Served(carrier)
    for _ in range(3):
        assert echo(carrier, here.address) == (True, "C-ECHO answered with status 0x0000")
    settle(carrier)
    assert here.acceptor.network.errors == []
    assert len(here.acceptor.network.alive) == 1
    here.acceptor.close()
    assert echo(carrier, here.address) == (False, "no connection: refused")


@pytest.mark.parametrize(
    ("octets", "rejection"),
    [
        (encode(replace(RQ, application_context="1.2.3")), AAssociateRJ(1, 1, 2)),
        (encode(replace(RQ, called_ae_title="OTHER")), AAssociateRJ(1, 1, 7)),
        (encode(RQ).replace(b"CALLING ", b" " * 8), AAssociateRJ(1, 1, 3)),
        (encode(RQ)[:6] + b"\0\2" + encode(RQ)[8:], AAssociateRJ(1, 2, 2)),  # protocol version 2 alone
        (encode(TWO).replace(b"\x20\0\0\x2e\3", b"\x20\0\0\x2e\1"), AAssociateRJ(1, 1, 1)),  # twice id 1
    ],
)
def test_rejections(carrier: Transport, octets: bytes, rejection: AAssociateRJ) -> None:
    here = Served(carrier, Policy(aet="CALLED"))
    peer = here.peer()
    peer.send(octets)
    peer.expect("A-ASSOCIATE-RJ")
    assert peer.last == rejection
    link_of(peer.ear).close()
    settle(carrier)
    assert len(here.acceptor.network.alive) == 1


def test_contexts_are_answered_one_by_one(carrier: Transport) -> None:
    here = Served(carrier)
    peer = here.peer()
    contexts = (
        CONTEXT,
        PresentationContextRQ(3, "1.2.840.10008.5.1.4.1.1.2", (EXPLICIT_LE,)),
        PresentationContextRQ(5, CONTEXT.abstract_syntax, ("1.2.840.10008.1.2.2",)),
    )
    peer.send(replace(RQ, presentation_contexts=contexts))
    peer.expect("A-ASSOCIATE-AC")
    assert isinstance(peer.last, AAssociateAC)
    assert [(c.id, c.result) for c in peer.last.presentation_contexts] == [(1, 0), (3, 3), (5, 4)]


@pytest.mark.parametrize("max_length", [0, 8, 9, 32, 16384])
def test_no_pdu_is_longer_than_the_peer_takes(carrier: Transport, max_length: int) -> None:
    here = Served(carrier)
    peer = here.associated(max_length)
    peer.send(data(ECHO))
    until(carrier, lambda: any(_is_last(pdu) for pdu in peer.seen()))
    assert status_of(*peer.pdus) == 0
    for pdu in peer.pdus:
        length = sum(6 + len(pdv.fragment) for pdv in getattr(pdu, "pdvs", ()))
        assert length <= max_length or max_length == 0
    assert len(peer.pdus) == (1 if max_length in (0, 16384) else len(peer.pdus))


def _is_last(pdu: object) -> bool:
    return any(pdv.is_last for pdv in getattr(pdu, "pdvs", ()))


@pytest.mark.parametrize("max_length", [1, 7])
def test_a_peer_that_takes_nothing_is_aborted(carrier: Transport, max_length: int) -> None:
    peer = Served(carrier).associated(max_length)
    peer.send(data(ECHO))
    peer.expect("A-ABORT")
    assert peer.last == ABORT


def test_a_command_in_fragments_and_several_in_one_pdu(carrier: Transport) -> None:
    peer = Served(carrier).associated()
    for start in range(0, len(ECHO), 10):
        peer.send(data(ECHO[start : start + 10], last=start + 10 >= len(ECHO)))
    peer.expect("P-DATA-TF")
    pdv = encode(data(ECHO))[6:]
    peer.send(b"\4\0" + (2 * len(pdv)).to_bytes(4, "big") + 2 * pdv)
    peer.expect("P-DATA-TF", "P-DATA-TF")


@pytest.mark.parametrize(
    ("octets", "context", "command"),
    [
        (ECHO, 3, True),  # a context that was not negotiated
        (ECHO, 1, False),  # a data set, where there is none
        (b"\0\0", 1, True),  # no command
        (ECHO.replace(b"1.1\0", b"1.x\0"), 1, True),  # a UID that no answer could repeat
        (encode_command(CEchoRQ(1)).replace(b"\x30\x00", b"\x01\x00", 1), 1, True),  # C-STORE-RQ
    ],
)
def test_data_that_is_no_echo_is_aborted(
    carrier: Transport, octets: bytes, context: int, command: bool
) -> None:
    peer = Served(carrier).associated()
    peer.send(data(octets, context=context, command=command))
    peer.expect("A-ABORT")
    assert peer.last == ABORT
    link_of(peer.ear).close()


def test_what_is_aborted_is_logged_with_its_reason(carrier: Transport) -> None:
    here = Served(carrier)
    peer = here.associated()
    peer.send(data(ECHO, context=3))
    peer.expect("A-ABORT")
    assert here.lines[-1].endswith("the peer sent data on context 3, which was not accepted")


def test_a_command_that_never_ends_is_aborted(carrier: Transport) -> None:
    peer = Served(carrier).associated()
    peer.send(*[data(b"\0" * 16000, last=False)] * 5)
    peer.expect("A-ABORT")


def test_fragments_of_two_contexts_mixed_are_aborted(carrier: Transport) -> None:
    here = Served(carrier)
    peer = here.peer()
    peer.send(TWO)
    peer.expect("A-ASSOCIATE-AC")
    peer.send(data(ECHO[:10], last=False), data(ECHO[10:], context=3))
    peer.expect("A-ABORT")


def test_release_is_answered_and_the_peer_closes(carrier: Transport) -> None:
    here = Served(carrier, settings=Settings(artim=60.0))
    peer = here.associated()
    peer.send(RELEASE)
    peer.expect("A-RELEASE-RP")
    assert not peer.over
    link_of(peer.ear).close()
    until(carrier, lambda: len(here.acceptor.network.alive) == 1)


def test_abort_of_the_peer_closes_at_once(carrier: Transport) -> None:
    here = Served(carrier)
    peer = here.associated()
    peer.send(ABORT)
    until(carrier, lambda: peer.over)
    assert any("A-ABORT indication" in line for line in here.lines)
    assert len(here.acceptor.network.alive) == 1


@pytest.mark.parametrize("rejection_in", [Settings(max_associations=2)])
def test_more_associations_than_there_is_room_for(carrier: Transport, rejection_in: Settings) -> None:
    here = Served(carrier, settings=rejection_in)
    first, _second = here.associated(), here.associated()
    third = here.peer()
    third.send(RQ)
    third.expect("A-ASSOCIATE-RJ")
    assert third.last == AAssociateRJ(2, 3, 2)
    # Neither the rejected one, which still stands, nor a connection without an association counts.
    here.peer()
    link_of(first.ear).close()
    until(carrier, lambda: len(here.acceptor.network.alive) == 1 + 3)
    here.associated()


# --- a user who thinks ------------------------------------------------------------------------------------


def test_a_reset_that_accept_reports_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited behind it is served, and no object is left over."""
    monkeypatch.setattr("dicomnet.transports.reference.SPARE_CONNECTIONS", 2)
    monkeypatch.setattr("dicomnet.transports.reference.SILENT", frozenset[str]())  # nobody makes room
    carrier = MemoryTransport(tables=PROFILES["tcp-winsock"])
    carrier.accept_tells = True
    acceptor = ReferenceAcceptor(carrier, Policy(), Settings(max_associations=0))
    address = acceptor.listen(LOOPBACK, 4)
    served = [call(carrier, address) for _ in range(2)]
    settle(carrier)
    waiting = [call(carrier, address) for _ in range(3)]
    settle(carrier)
    for each in waiting[:2]:
        link_of(each).reset()
    link_of(served[0]).reset()
    settle(carrier)
    assert len(acceptor.network.alive) == 1 + 2
    assert acceptor.network.errors == []
    link_of(waiting[2]).send(encode(RQ))
    until(carrier, lambda: bool(waiting[2].octets))


def test_late_answers(memory: MemoryTransport) -> None:
    here = Served(memory, answer_after=2.0)
    peer = here.peer()
    peer.send(RQ)
    assert not memory.run(lambda: bool(peer.seen()), 1.9)
    peer.expect("A-ASSOCIATE-AC")
    peer.send(data(ECHO), RELEASE)
    peer.expect("P-DATA-TF", "A-RELEASE-RP")
    assert memory.now() == pytest.approx(4.0)


def test_answers_keep_their_order(carrier: Transport) -> None:
    here = Served(carrier, answer_after=0.02)
    peer = here.associated()
    peer.send(*(data(encode_command(CEchoRQ(number))) for number in range(20)), RELEASE)
    peer.expect(*["P-DATA-TF"] * 20, "A-RELEASE-RP")


def test_an_answer_that_comes_too_late(memory: MemoryTransport) -> None:
    here = Served(memory, answer_after=2.0)
    peer = here.associated()
    peer.send(data(ECHO), ABORT)
    until(memory, lambda: peer.over)
    memory.run(lambda: False, 5.0)
    assert peer.seen() == []
    assert here.acceptor.network.errors == []


def test_a_user_who_thinks_is_not_buried(memory: MemoryTransport) -> None:
    """What waits for an answer is bounded: a peer that asks faster than the user answers is aborted."""
    here = Served(memory, answer_after=1000.0, settings=Settings(artim=5.0))
    peer = here.peer()
    peer.send(RQ)
    memory.run(lambda: bool(peer.seen()), 1001.0)
    for _ in range(500):
        peer.send(data(ECHO))
    memory.run(lambda: peer.over, 100.0)
    assert [pdu.name for pdu in peer.seen() if not isinstance(pdu, Violation)] == [
        "A-ASSOCIATE-AC",
        "A-ABORT",
    ]


# --- the requestor ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ({}, "C-ECHO answered with status 0x0000"),
        (
            {"A-ASSOCIATE-RQ": [AAssociateRJ(1, 1, 7)]},
            "association rejected",
        ),
        ({"A-ASSOCIATE-RQ": [AAbort(2, 1)]}, "the peer aborted"),
        ({"A-ASSOCIATE-RQ": [b"\x16\x03\x01\x00"]}, "the peer broke the protocol: no PDU has the type 0x16"),
        ({"A-ASSOCIATE-RQ": [RELEASE]}, "the peer sent A-RELEASE-RQ out of turn"),
        ({"P-DATA-TF": [echo_response(0x0122)]}, "C-ECHO answered with status 0x0122"),
        ({"P-DATA-TF": [echo_response(0, 9)]}, "something that is no C-ECHO response"),
        ({"P-DATA-TF": [data(b"\0\0")]}, "something that is no C-ECHO response"),
        ({"P-DATA-TF": [data(b"\0\0", command=False)]}, "a data set fragment"),
        ({"P-DATA-TF": [RELEASE]}, "the peer released before it answered"),
        ({"P-DATA-TF": [ABORT]}, "the peer aborted"),
        ({"P-DATA-TF": [echo_response(), echo_response()]}, "C-ECHO answered with status 0x0000"),
        # Both ask for release: the requestor answers first, and the echo was answered all the same.
        ({"P-DATA-TF": [echo_response(), RELEASE]}, "C-ECHO answered with status 0x0000"),
    ],
)
def test_what_the_requestor_tells(carrier: Transport, answers: dict[str, list[object]], text: str) -> None:
    acceptor = Acceptor(carrier, {**GOOD, **answers})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
    requestor = ReferenceRequestor(carrier, acceptor.address, "CALLED", "CALLING", timeout=3.0)
    acceptor.serve_one()
    assert carrier.run(lambda: requestor.result.done, 4.0)
    assert text in requestor.result.text
    assert requestor.result.ok is ("0x0000" in text)
    assert requestor.network.errors == []


def test_the_requestor_follows_what_the_peer_takes(carrier: Transport) -> None:
    for max_length, text in ((0, "0x0000"), (20, "0x0000"), (4, "leaves no room")):
        here = Served(carrier, Policy(max_length=max_length), Settings(max_length=0))
        assert text in echo(carrier, here.address)[1]


def test_the_requestor_without_its_context(carrier: Transport) -> None:
    here = Served(carrier, Policy(abstract_syntaxes=()))
    assert echo(carrier, here.address) == (False, "the peer does not accept the Verification SOP class")
    until(carrier, lambda: len(here.acceptor.network.alive) == 1)


def test_the_result_may_be_known_before_the_release_is_answered(carrier: Transport) -> None:
    here = Served(carrier, Policy(abstract_syntaxes=()))
    requestor = ReferenceRequestor(carrier, here.address, "CALLED", "CALLING", timeout=3.0)
    until(carrier, lambda: requestor.result.done)
    assert not requestor.over
    until(carrier, lambda: requestor.over)
    until(carrier, lambda: len(here.acceptor.network.alive) == 1)


@pytest.mark.parametrize("silent_at", ["A-ASSOCIATE-RQ", "P-DATA-TF", "A-RELEASE-RQ"])
def test_a_peer_that_does_not_answer(carrier: Transport, silent_at: str) -> None:
    acceptor = Acceptor(carrier, {**GOOD, silent_at: []})
    requestor = ReferenceRequestor(carrier, acceptor.address, "CALLED", "CALLING", timeout=0.1)
    peer = acceptor.serve_one()
    until(carrier, lambda: requestor.result.done)
    assert requestor.result.text == "the peer did not answer in time"
    until(carrier, lambda: peer.over)
    assert acceptor.met[-1] == "A-ABORT"


def test_a_peer_that_refuses_the_context_and_then_says_nothing(memory: MemoryTransport) -> None:
    """The result is known, but the connection is not left standing for ever."""
    rejecting = {"A-ASSOCIATE-RQ": GOOD["A-ASSOCIATE-RQ"]}
    answer = rejecting["A-ASSOCIATE-RQ"][0]
    assert isinstance(answer, AAssociateAC)
    none = replace(answer, presentation_contexts=(replace(answer.presentation_contexts[0], result=3),))
    acceptor = Acceptor(memory, {"A-ASSOCIATE-RQ": [none]})
    requestor = ReferenceRequestor(memory, acceptor.address, "CALLED", "CALLING", timeout=10.0)
    peer = acceptor.serve_one()
    until(memory, lambda: requestor.result.done)
    assert memory.run(lambda: peer.over, 60.0)


def test_a_peer_that_closes_the_connection(carrier: Transport) -> None:
    acceptor = Acceptor(carrier, {})
    requestor = ReferenceRequestor(carrier, acceptor.address, "CALLED", "CALLING", timeout=3.0)
    peer = acceptor.serve_one()
    link_of(peer.ear).close()
    until(carrier, lambda: requestor.result.done)
    assert requestor.result.text == "the connection was lost"


def test_nobody_there_and_nobody_accepting(memory: MemoryTransport) -> None:
    assert echo(memory, Address("", 1)) == (False, "no connection: refused")
    acceptor = Acceptor(memory, {})
    ok, text = echo(memory, acceptor.address, timeout=3.0)
    assert (ok, text) == (False, "no connection: timeout") or text == "the peer did not answer in time"


def test_a_requestor_whose_user_takes_his_time(memory: MemoryTransport) -> None:
    here = Served(memory)
    requestor = ReferenceRequestor(memory, here.address, "CALLED", "CALLING", answer_after=2.0)
    assert memory.run(lambda: requestor.result.done, 10.0)
    assert requestor.result.ok
    assert 4.0 <= requestor.result.seconds < 5.0  # the message and the release, each after two seconds
    assert requestor.network.errors == []


def test_what_a_slow_user_still_thought_about_is_not_done_when_all_is_over(memory: MemoryTransport) -> None:
    acceptor = Acceptor(memory, {"A-ASSOCIATE-RQ": [*GOOD["A-ASSOCIATE-RQ"], ABORT]})
    requestor = ReferenceRequestor(memory, acceptor.address, "CALLED", "CALLING", answer_after=2.0)
    acceptor.serve_one()
    memory.run(lambda: False, 10.0)
    assert requestor.result.text.startswith("the peer aborted")
    assert acceptor.met == ["A-ASSOCIATE-RQ"]
    assert requestor.network.errors == []


def test_a_slow_user_is_not_asked_without_end(memory: MemoryTransport) -> None:
    much = [echo_response(0, 9)] * 100
    acceptor = Acceptor(memory, {"A-ASSOCIATE-RQ": [*GOOD["A-ASSOCIATE-RQ"], *much]})
    requestor = ReferenceRequestor(memory, acceptor.address, "CALLED", "CALLING", answer_after=2.0)
    acceptor.serve_one()
    assert memory.run(lambda: requestor.result.done, 1.0)
    assert "more than 64 things" in requestor.result.text
    memory.run(lambda: False, 10.0)
    assert acceptor.met == ["A-ASSOCIATE-RQ", "A-ABORT"]


def test_a_user_whom_changed_tables_refuse_goes_on(memory: MemoryTransport) -> None:
    """A release that the tables do not take is not made; the timeout ends it all the same."""
    here = Served(memory)
    tables = replace(MODEL, association=with_cell(ASSOCIATION, "Sta6", "Evt11", None))
    trace: list[Transition] = []
    requestor = ReferenceRequestor(
        memory, here.address, "CALLED", "CALLING", timeout=5.0, tables=tables, trace=trace
    )
    assert memory.run(lambda: requestor.result.done, 10.0)
    assert requestor.result.text == "the peer did not answer in time"
    assert requestor.network.errors == []
    assert {("Sta1", "Evt1"), ("Sta4", "Evt2"), ("Sta6", "Evt15")} <= {(t.state, t.event) for t in trace}
