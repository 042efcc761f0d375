"""What every carrier promises, on both of them. Where profiles differ, the test says how."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomnet.statemachine import LocalProtocolError
from dicomnet.transports import Address, TlsTransport, Transport

from .ears import LOOPBACK, Door, call, link_of, pair, queue_up, settle, until


@pytest.fixture(name="carrier")
def _carrier(carrier_or_tls: Transport) -> Transport:
    """TLS keeps the contract as well."""
    return carrier_or_tls


DROPPED = (["failed refused"], ["open", "reset"], ["failed aborted"])
BIG = bytes(range(256)) * 4096


def test_connect_and_talk(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    link_of(ours).send(b"question")
    until(carrier, lambda: theirs.octets == b"question")
    link_of(theirs).send(b"answer")
    until(carrier, lambda: ours.octets == b"answer")
    assert ours.told == ["open", "octets"]
    assert theirs.told == ["octets"]
    assert link_of(theirs).peer.port > 0


def test_refused_where_nobody_listens(carrier: Transport) -> None:
    listening = carrier.listen(LOOPBACK, 1, Door())
    listening.close()
    ours = call(carrier, listening.address)
    assert ours.told == []  # never inside the call
    until(carrier, lambda: ours.told == ["failed refused"])
    settle(carrier)
    assert ours.told == ["failed refused"]


def test_port_0_is_a_free_port_and_told_back(carrier: Transport) -> None:
    first = carrier.listen(LOOPBACK, 1, Door())
    second = carrier.listen(LOOPBACK, 1, Door())
    assert 0 < first.address.port != second.address.port > 0


def test_address_in_use(carrier: Transport) -> None:
    first = carrier.listen(LOOPBACK, 1, Door())
    with pytest.raises(LocalProtocolError) as caught:
        carrier.listen(first.address, 1, Door())
    assert caught.value.code == "address_in_use"
    first.close()
    carrier.listen(first.address, 1, Door())  # free again


def test_requests_come_in_order_and_are_taken_in_order(carrier: Transport) -> None:
    door = Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    callers = queue_up(carrier, door, listening.address, 4)
    ends = [door.take() for _ in range(4)]
    until(carrier, lambda: all("open" in each.told for each in callers))
    for number, each in enumerate(callers):
        link_of(each).send(bytes([number]))
    until(carrier, lambda: all(end.octets for end in ends))
    assert [end.octets for end in ends] == [bytes([number]) for number in range(4)]


def test_octets_keep_their_order_whatever_their_size(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    for start in range(0, len(BIG), 10_007):
        link_of(ours).send(BIG[start : start + 10_007])
    link_of(ours).send(b"")
    until(carrier, lambda: len(theirs.octets) >= len(BIG))
    assert theirs.octets == BIG


def test_close_delivers_what_was_sent_and_ends(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    link_of(ours).send(BIG)
    link_of(ours).close()
    until(carrier, lambda: theirs.told[-1:] == ["end"])
    assert theirs.octets == BIG
    settle(carrier)
    assert ours.told == ["open"]  # no report of an own close


def test_half_close_still_receives(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    link_of(ours).send(b"last words")
    link_of(ours).half_close()
    link_of(ours).send(b"too late")
    until(carrier, lambda: theirs.told[-1:] == ["end"])
    assert theirs.octets == b"last words"
    link_of(theirs).send(b"heard")
    until(carrier, lambda: ours.octets == b"heard")
    link_of(theirs).close()
    until(carrier, lambda: ours.told[-1:] == ["end"])


def test_reset_is_told_and_nothing_follows(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    link_of(ours).reset()
    until(carrier, lambda: theirs.told == ["reset"])
    link_of(theirs).send(b"x")
    link_of(theirs).half_close()
    link_of(theirs).close()
    settle(carrier)
    assert theirs.told == ["reset"]
    assert ours.told == ["open"]


def test_every_call_on_a_link_that_is_over_is_harmless(carrier: Transport) -> None:
    for ending in ("close", "reset"):
        ours, _ = pair(carrier)
        link = link_of(ours)
        getattr(link, ending)()
        link.send(b"x")
        link.half_close()
        link.close()
        link.reset()
        link.close()
    settle(carrier)


def test_octets_to_an_end_that_has_closed_come_back_as_reset(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    link_of(theirs).close()
    until(carrier, lambda: ours.told == ["open", "end"])
    link_of(ours).send(b"anybody there?")
    settle(carrier)
    assert ours.told in (["open", "end"], ["open", "end", "reset"])


def test_octets_that_came_before_the_end_are_told_before_it(carrier: Transport) -> None:
    ours, theirs = pair(carrier)
    link_of(theirs).send(b"data")
    link_of(theirs).close()
    until(carrier, lambda: "end" in ours.told)
    assert ours.told == ["open", "octets", "end"]


def test_closing_before_the_connection_stands_is_silent(carrier: Transport) -> None:
    listening = carrier.listen(LOOPBACK, 8, Door())
    for ending in ("close", "reset"):
        ours = call(carrier, listening.address)
        getattr(link_of(ours), ending)()
        settle(carrier)
        assert ours.told == []
    nobody = call(carrier, Address("", 1))
    link_of(nobody).close()
    settle(carrier)
    assert nobody.told == []


def test_a_requestor_that_goes_while_it_waits(carrier: Transport) -> None:
    """Memory takes the entry out (profile `dicomnet`); TCP keeps it: accepting yields data, then the end."""
    door = Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    callers = queue_up(carrier, door, listening.address, 3)
    if carrier.tables.name == "dicomnet":
        gone = door.waiting[1]
        link_of(callers[1]).close()
        until(carrier, lambda: door.withdrawn == [gone])
        assert len(door.waiting) == 2
        return
    if isinstance(carrier, TlsTransport):
        # Nothing of its user's is sent before the link is secured, and it is not before it is taken.
        link_of(callers[1]).reset()
        ends = [door.take() for _ in range(3)]
        until(carrier, lambda: ends[1].told == ["reset"])
        until(carrier, lambda: callers[2].told == ["open"])
        return
    until(carrier, lambda: callers[1].told == ["open"])
    link_of(callers[1]).send(b"early")
    link_of(callers[1]).close()
    settle(carrier)
    assert door.withdrawn == []
    ends = [door.take() for _ in range(3)]
    until(carrier, lambda: ends[1].told == ["octets", "end"])
    assert ends[1].octets == b"early"


def test_a_requestor_that_resets_while_it_waits(carrier: Transport) -> None:
    door = Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    ours = call(carrier, listening.address)
    until(carrier, lambda: bool(door.waiting))
    if carrier.tables.name == "dicomnet":
        link_of(ours).reset()
        until(carrier, lambda: bool(door.withdrawn))
        return
    if not isinstance(carrier, TlsTransport):  # the link is secured only when the request is taken
        until(carrier, lambda: ours.told == ["open"])
    link_of(ours).reset()
    settle(carrier)
    assert not door.waiting[0].gone  # accept may say so under tcp-winsock, if the carrier is asked to
    theirs = door.take()
    until(carrier, lambda: theirs.told == ["reset"])


def test_a_request_that_is_dropped(carrier: Transport) -> None:
    """Memory tells the code; on TCP the connection stood already and is reset; TLS over it never stood."""
    door = Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    ours = call(carrier, listening.address)
    until(carrier, lambda: bool(door.waiting))
    door.waiting.pop().drop("refused")
    until(carrier, lambda: ours.told in DROPPED)


def test_a_listener_that_closes_leaves_the_requests_it_reported(carrier: Transport) -> None:
    door = Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    ours = call(carrier, listening.address)
    until(carrier, lambda: bool(door.waiting))
    listening.close()
    listening.close()
    theirs = door.take()
    link_of(theirs).send(b"hello")
    until(carrier, lambda: ours.octets == b"hello")


def test_calls_inside_reports(carrier: Transport) -> None:
    ours, theirs = pair(carrier)

    def answer_and_close() -> None:
        link_of(theirs).send(b"pong")
        link_of(theirs).close()

    theirs.then["octets"] = answer_and_close
    link_of(ours).send(b"ping")
    until(carrier, lambda: ours.told[-1:] == ["end"])
    assert ours.octets == b"pong"


def test_timers_run_in_order_and_can_be_cancelled(carrier: Transport) -> None:
    began = carrier.now()
    rung: list[str] = []
    carrier.call_later(0.02, lambda: rung.append("second"))
    carrier.call_later(0.01, lambda: rung.append("first"))
    never = carrier.call_later(0.005, lambda: rung.append("never"))
    never.cancel()
    assert rung == []
    until(carrier, lambda: len(rung) == 2)
    assert rung == ["first", "second"]
    assert carrier.now() - began >= 0.02
    never.cancel()


def test_a_timer_may_set_another(carrier: Transport) -> None:
    rung: list[int] = []

    def again() -> None:
        rung.append(len(rung))
        if len(rung) < 3:
            carrier.call_later(0.0, again)

    carrier.call_later(0.0, again)
    until(carrier, lambda: rung == [0, 1, 2])


def test_run_stops_at_its_limit(carrier: Transport) -> None:
    began = carrier.now()
    assert carrier.run(lambda: False, 0.02) is False
    assert carrier.now() - began >= 0.02
    assert carrier.run(lambda: True, 0.0) is True


def test_end_closes_everything_and_can_be_repeated(carrier: Transport) -> None:
    door = Door()
    carrier.listen(LOOPBACK, 8, door)
    ours, _ = pair(carrier)
    waiting = Door()
    listening = carrier.listen(LOOPBACK, 8, waiting)
    call(carrier, listening.address)
    until(carrier, lambda: bool(waiting.waiting))
    link_of(ours).send(b"x")
    carrier.end()
    carrier.end()
    assert ours.told == ["open"]


def test_no_report_is_made_inside_a_call(carrier: Transport) -> None:
    """Whatever is called, everybody hears of it in a later turn."""
    door = Door()
    listening = carrier.listen(LOOPBACK, 8, door)
    nobody = carrier.listen(LOOPBACK, 8, Door())
    nobody.close()
    ours, refused, dropped = (
        call(carrier, a) for a in (listening.address, nobody.address, listening.address)
    )
    assert (ours.told, refused.told, dropped.told, door.waiting) == ([], [], [], [])
    until(carrier, lambda: len(door.waiting) == 2 and bool(refused.told))
    before = list(ours.told)
    theirs = door.take()
    assert (ours.told, theirs.told) == (before, [])
    before = list(dropped.told)
    door.waiting.pop().drop("refused")
    assert dropped.told == before
    until(carrier, lambda: ours.told == ["open"])
    acts: tuple[Callable[[], None], ...] = (
        lambda: link_of(ours).send(b"x"),
        lambda: link_of(theirs).send(b"y"),
        link_of(ours).half_close,
        link_of(theirs).reset,
        link_of(ours).close,
    )
    for act in acts:
        before = [*ours.told, *theirs.told]
        act()
        assert [*ours.told, *theirs.told] == before


def test_octets_that_nobody_read_do_not_cost_the_last_words(carrier: Transport) -> None:
    """A close with unread octets must not turn into a reset that overtakes what was sent."""
    ours, theirs = pair(carrier)
    link_of(theirs).send(b"x" * 100_000)
    settle(carrier, 0.0)
    link_of(theirs).send(b"unread")
    link_of(ours).send(b"last words")
    link_of(ours).close()
    until(carrier, lambda: theirs.octets == b"last words" and theirs.told[-1] in ("end", "reset"))
    assert theirs.told[:2] == ["octets", "end"]
