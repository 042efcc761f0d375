"""The path of a request, by whoever holds bare links: every branch of every cell of its table, in each profile.

The runtime never does some of this (it takes back what it gives up); a `LinkHandler` of one's own may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from dicomnet.conformance.exploration import NEVER, everything
from dicomnet.statemachine import PROFILES
from dicomnet.transports import Address, MemoryTransport, Request
from tests.transports.ears import Door, Ear, call

AT = Address("", 11112)
ALL = ("dicomnet", "tcp-linux", "tcp-winsock")
TCP = ALL[1:]
LINUX = ("tcp-linux",)


class Desk(Door):
    """Answers each request that comes by the next of its answers; without one it waits in the queue."""

    def __init__(self, answers: Iterable[Callable[[Request], object]]) -> None:
        super().__init__()
        self.answers = list(answers)

    def on_request(self, request: Request) -> None:
        if self.answers:
            self.answers.pop(0)(request)
        else:
            super().on_request(request)


class Bare:
    """A listener and one requestor, both bare; its request is on its way."""

    def __init__(self, profile: str) -> None:
        self.carrier = MemoryTransport(tables=PROFILES[profile])
        self.carrier.trace = []
        self.connected_early = profile != "dicomnet"
        self.desk = Desk(())
        self.listening = self.carrier.listen(AT, 8, self.desk)
        self.acceptor = Ear()
        self.ear = call(self.carrier, AT)
        assert self.ear.link is not None
        self.link = self.ear.link

    def answers(self, *answers: Callable[[Request], object]) -> None:
        """What the listener does with the request each time it comes."""
        self.desk.answers += answers

    def take(self, request: Request) -> None:
        """Accept it."""
        self.acceptor.link = request.take(self.acceptor)

    def overflow(self, request: Request, *, half_open: bool = False) -> None:
        """There is no room."""
        self.carrier.half_open = half_open
        request.drop("overflow")

    def half_open(self, request: Request) -> None:
        """There is no room, and the requestor thinks that there is."""
        self.overflow(request, half_open=True)

    def settle(self, seconds: float = 0.5) -> None:
        """Let everything happen that is on its way."""
        self.carrier.run(lambda: False, seconds)

    def queued(self) -> Request:
        """Let it come to the queue."""
        self.settle()
        return self.desk.waiting[0]

    def told(self, *requestor: str, acceptor: tuple[str, ...] = ()) -> None:
        """In the end each side was told this, and no more."""
        self.settle(100.0)
        assert tuple(self.ear.told) == requestor
        assert tuple(self.acceptor.told) == acceptor

    def early(self, *later: str) -> tuple[str, ...]:
        """What a requestor that waited in the queue is told: on TCP it was connected."""
        return ("open", *later) if self.connected_early else ()


# --- on the way -------------------------------------------------------------------------------------------


def accepted_from_the_queue(bare: Bare) -> None:
    bare.take(bare.queued())
    bare.told("open")


def nobody_listens(bare: Bare) -> None:
    bare.listening.close()
    bare.told("failed refused")


def closed_on_the_way(bare: Bare) -> None:
    bare.link.close()
    bare.told()
    assert bare.desk.waiting == []


def reset_on_the_way_to_nobody(bare: Bare) -> None:
    bare.listening.close()
    bare.link.reset()
    bare.told()


# --- at the listener, which decides -------------------------------------------------------------------------


def taken_at_once(bare: Bare) -> None:
    bare.answers(bare.take)
    bare.told("open")


def refused_at_once(bare: Bare) -> None:
    bare.answers(lambda request: request.drop("refused"))
    bare.told("failed refused")


def dropped_at_once(bare: Bare) -> None:
    bare.answers(lambda request: request.drop("reset"))
    bare.told("failed reset")


def closed_while_the_listener_decides(bare: Bare) -> None:
    def close_it(request: Request) -> None:
        bare.desk.waiting.append(request)
        bare.link.close()

    bare.answers(close_it)
    bare.settle()
    assert len(bare.desk.withdrawn) == (0 if bare.connected_early else 1)
    bare.told()


def reset_while_the_listener_decides(bare: Bare) -> None:
    def reset_it(request: Request) -> None:
        bare.desk.waiting.append(request)
        bare.link.reset()

    bare.answers(reset_it)
    bare.settle()
    if bare.connected_early:
        bare.take(bare.desk.waiting.pop())
    bare.told(acceptor=("reset",) if bare.connected_early else ())


# --- in the queue -----------------------------------------------------------------------------------------


def refused_from_the_queue(bare: Bare) -> None:
    bare.queued().drop("refused")
    bare.told(*(bare.early("reset") or ("failed refused",)))


def dropped_from_the_queue(bare: Bare) -> None:
    bare.queued().drop("reset")
    bare.told(*(bare.early("reset") or ("failed reset",)))


def closed_in_the_queue(bare: Bare) -> None:
    request = bare.queued()
    bare.link.close()
    if bare.connected_early:
        bare.take(request)
    bare.told(*bare.early(), acceptor=("end",) if bare.connected_early else ())


def reset_in_the_queue(bare: Bare) -> None:
    request = bare.queued()
    bare.link.reset()
    if bare.connected_early:
        bare.take(request)
    bare.told(*bare.early(), acceptor=("reset",) if bare.connected_early else ())


def gone_from_the_queue(bare: Bare) -> None:
    """The carrier says so where it chooses to, and only of who has reset."""
    request = bare.queued()
    bare.carrier.accept_tells = True
    assert not request.gone
    bare.link.reset()
    assert request.gone
    bare.carrier.accept_tells = False
    assert not request.gone
    request.drop("gone")
    bare.told("open")


def never_gone(bare: Bare) -> None:
    """Elsewhere the first read says it, or the entry has gone."""
    request = bare.queued()
    bare.carrier.accept_tells = True
    bare.link.reset()
    assert not request.gone


def closed_and_not_gone(bare: Bare) -> None:
    request = bare.queued()
    bare.carrier.accept_tells = True
    bare.link.close()
    assert not request.gone


def taken_before_its_withdrawal_is_heard(bare: Bare) -> None:
    request = bare.queued()
    bare.link.close()
    bare.take(request)
    bare.told(acceptor=("reset",))


def dropped_before_its_withdrawal_is_heard(bare: Bare) -> None:
    request = bare.queued()
    bare.link.close()
    request.drop("reset")
    bare.told()


def closed_before_the_end_is_heard(bare: Bare) -> None:
    bare.queued().drop("reset")
    bare.link.close()
    bare.told(*bare.early())


def reset_before_the_end_is_heard(bare: Bare) -> None:
    bare.queued().drop("reset")
    bare.link.reset()
    bare.told(*bare.early())


# --- connected before accept --------------------------------------------------------------------------------


def sends_before_accept(bare: Bare) -> None:
    request = bare.queued()
    bare.link.send(b"early")
    bare.link.half_close()
    bare.take(request)
    bare.told("open", acceptor=("octets", "end"))
    assert bare.acceptor.octets == b"early"


def sends_before_the_reset_is_heard(bare: Bare) -> None:
    bare.queued().drop("reset")
    bare.link.send(b"too late")
    bare.link.half_close()
    bare.told("open", "reset")


# --- no room ----------------------------------------------------------------------------------------------


def comes_again(bare: Bare) -> None:
    bare.answers(bare.overflow)
    bare.settle(3.0)
    bare.take(bare.desk.waiting[0])
    bare.told("open")


def given_up(bare: Bare) -> None:
    bare.answers(*[bare.overflow] * 6)
    bare.told("failed timeout")


def half_open_and_given_up(bare: Bare) -> None:
    bare.answers(*[bare.half_open] * 6)
    bare.told("open")


def half_open_and_queued_later(bare: Bare) -> None:
    bare.answers(bare.half_open)
    bare.settle()
    bare.link.send(b"unheard")
    bare.link.half_close()
    bare.settle(2.0)
    bare.take(bare.desk.waiting[0])
    bare.told("open", acceptor=("octets", "end"))


def half_open_and_taken_at_once_later(bare: Bare) -> None:
    def while_it_decides(request: Request) -> None:
        bare.link.send(b"at the door")
        bare.link.half_close()
        bare.take(request)

    bare.answers(bare.half_open, while_it_decides)
    bare.told("open", acceptor=("octets", "end"))


def half_open_and_closed(bare: Bare) -> None:
    bare.answers(bare.half_open)
    bare.settle()
    bare.link.close()
    bare.settle(2.0)
    bare.take(bare.desk.waiting[0])
    bare.told("open", acceptor=("end",))


def half_open_and_refused(bare: Bare) -> None:
    bare.answers(bare.half_open, lambda request: request.drop("refused"))
    bare.told("open", "reset")


def half_open_and_dropped(bare: Bare) -> None:
    bare.answers(bare.half_open, lambda request: request.drop("reset"))
    bare.told("open", "reset")


def half_open_and_the_listener_goes(bare: Bare) -> None:
    bare.answers(bare.half_open)
    bare.settle()
    bare.listening.close()
    bare.told("open", "reset")


WAYS: dict[Callable[[Bare], None], tuple[str, ...]] = {
    accepted_from_the_queue: ALL,
    nobody_listens: ALL,
    closed_on_the_way: ALL,
    reset_on_the_way_to_nobody: ALL,
    taken_at_once: ALL,
    refused_at_once: ALL,
    dropped_at_once: ALL,
    closed_while_the_listener_decides: ALL,
    reset_while_the_listener_decides: ALL,
    refused_from_the_queue: ALL,
    dropped_from_the_queue: ALL,
    closed_in_the_queue: ALL,
    reset_in_the_queue: ALL,
    gone_from_the_queue: ("tcp-winsock",),
    never_gone: ("dicomnet", "tcp-linux"),
    closed_and_not_gone: ALL,
    taken_before_its_withdrawal_is_heard: ("dicomnet",),
    dropped_before_its_withdrawal_is_heard: ("dicomnet",),
    closed_before_the_end_is_heard: ALL,
    reset_before_the_end_is_heard: ALL,
    sends_before_accept: TCP,
    sends_before_the_reset_is_heard: TCP,
    comes_again: LINUX,
    given_up: LINUX,
    half_open_and_given_up: LINUX,
    half_open_and_queued_later: LINUX,
    half_open_and_taken_at_once_later: LINUX,
    half_open_and_closed: LINUX,
    half_open_and_refused: LINUX,
    half_open_and_dropped: LINUX,
    half_open_and_the_listener_goes: LINUX,
}


@pytest.mark.parametrize(
    ("way", "profile"), [(way, profile) for way, them in WAYS.items() for profile in them]
)
def test_each_side_is_told_what_the_way_of_its_request_says(
    way: Callable[[Bare], None], profile: str
) -> None:
    way(Bare(profile))


@pytest.mark.parametrize("profile", ALL)
def test_these_ways_come_to_every_branch_of_the_table(profile: str) -> None:
    path = PROFILES[profile].path
    fired: set[str] = set()
    for way, profiles in WAYS.items():
        if profile in profiles:
            bare = Bare(profile)
            way(bare)
            assert bare.carrier.trace is not None
            fired |= {
                f"{t.state} x {t.event}" + ("" if t.when is None else f" [{t.when}]")
                for t in bare.carrier.trace
            }
    assert fired == set(everything(PROFILES[profile])[path.name])
    # What `dicomnet check` says cannot fire there, for tests of bare links do it.
    assert {item for table, item in NEVER[profile] if table == path.name} <= fired
    assert len(NEVER[profile]) == sum(table == path.name for table, _ in NEVER[profile])
