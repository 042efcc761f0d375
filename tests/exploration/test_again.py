"""A requestor that gave up and asks again while its old request still waits in the listener's queue.

The exploration lets an object ask again only when its last request has left no trace. Here one object has two requests
on their way at once, and all that can happen then does, in every order, in each profile, under the same monitors.
"""

from __future__ import annotations

from typing import Any

import pytest

from dicomnet.conformance.exploration import plant
from dicomnet.statemachine import LIFE, LINES, PROFILES, Broken, Model, Value, look
from dicomnet.transports import Address, Handler, Network, NetworkObject, Settings, StepwiseTransport

DOOR = Address("", 11112)
# How often a timer rings in a sequence, besides that which makes the requestor give up: each makes ten times as many.
MOST_RINGS = {"dicomnet": 1, "tcp-linux": 0, "tcp-winsock": 0}


class Watched(Handler):
    """Tells the monitors of the requestor, the listener and the children what each of them hears."""

    def __init__(self, model: Model, places: int) -> None:
        self.carrier = StepwiseTransport(model)
        self.network = Network(self.carrier, Settings(tables=model))
        self.network.startup()
        self.broken: list[str] = []
        self.rings = MOST_RINGS[model.name] + 1
        self.children: list[NetworkObject] = []
        self.lives: dict[NetworkObject, Value[Any]] = {}
        self.line = LINES[model.name].start()
        self.known: tuple[int, ...] = ()
        self.taking: NetworkObject | None = None
        self.listener, self.requestor = (self.network.new_object(self) for _ in range(2))
        self.listener.listen(DOOR, places)
        self.life(self.listener, "listen")
        self.look("open", places)

    # --- the monitors ------------------------------------------------------------------------------------

    def life(self, subject: NetworkObject, event: str) -> None:
        seen = look(self.lives.get(subject) or LIFE.start(), event)
        if isinstance(seen, Broken):
            self.broken.append(f"invariant {seen.invariant}: {seen.text}")
        else:
            self.lives[subject] = seen

    def look(self, event: str, payload: object = None) -> None:
        seen = look(self.line, event, payload)
        if isinstance(seen, Broken):
            self.broken.append(f"invariant {seen.invariant}: {seen.text}")
        else:
            self.line = seen

    def see_queue(self) -> None:
        """What came to the queue and what left it since the last look."""
        before, self.known = self.known, self.listener.endpoint.listener.context.waiting
        for gone in [each for each in before if each not in self.known]:
            if self.taking is None:
                self.look("withdrawn", gone)
            else:
                self.look("accepted", (gone, self.taking))
                self.life(self.taking, "taken")
                self.taking = None
        for came in [each for each in self.known if each not in before]:
            self.look("queued", came)

    def on_accept(self, listener: NetworkObject) -> None:
        self.see_queue()
        self.life(listener, "heard")
        self.look("told")

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        self.see_queue()
        self.life(listener, "heard")
        self.look("child-closed", child)

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self.life(subject, "connected" if outcome == "ok" else "failed")

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self.see_queue()
        self.life(subject, "closed")

    # --- what may happen ---------------------------------------------------------------------------------

    def ask(self) -> None:
        self.life(self.requestor, "connect")
        self.requestor.connect(DOOR)

    def accept(self) -> None:
        child = self.taking = self.network.new_object(self)
        self.children.append(child)
        self.listener.accept(child)

    def ring(self, index: int) -> None:
        self.rings -= 1
        self.carrier.ring(index)

    def choices(self) -> list[tuple[str, int]]:
        """What is under way (of each link and direction the oldest), the timers, and accept where something waits."""
        found: list[tuple[str, int]] = []
        ways: list[object] = []
        for index, (report, _) in enumerate(self.carrier.under_way):
            way: object = getattr(report, "__self__", None)
            # What is for the acceptor's end comes behind what is for its request.
            way = next((each for each in ways if getattr(each, "acceptor", None) is way), way)
            if not any(way is other for other in ways):
                ways.append(way)
                found.append(("let", index))
        if self.rings:
            found += [("ring", index) for index in range(len(self.carrier.timers))]
        return found + ([("accept", 0)] if self.listener.waiting else [])

    def do(self, what: str, index: int) -> None:
        """Do it, and see that nothing is owed to anybody."""
        if what == "accept":
            self.accept()
        else:
            {"let": self.carrier.let, "ring": self.ring}[what](index)
        self.see_queue()
        for subject in list(self.lives):
            self.life(subject, "rest")
        self.look("rest")
        self.broken += [f"the runtime met what cannot be: {error}" for error in self.network.errors]

    def at_the_end(self) -> None:
        """Everything has arrived and every request was accepted: what stands has two ends, and all is counted."""
        standing = [child for child in self.children if child.endpoint.connection.control == "CONNECTED"]
        state = self.requestor.endpoint.connection.control
        if len(standing) != (state == "CONNECTED"):
            self.broken.append(f"{len(standing)} children stand, and the requestor is {state}")
        if self.listener.children != len(standing):
            self.broken.append(f"the listener counts {self.listener.children} children of {len(standing)}")
        if state == "CONNECTING" and not self.carrier.timers:
            self.broken.append("invariant 3: a connect whose outcome nothing can bring")


def given_up(model: Model, places: int) -> Watched:
    """The request stands in the queue, the requestor gave up before it heard of that, and has asked again."""
    here = Watched(model, places)
    here.ask()
    here.do("let", 0)
    assert here.listener.waiting == 1
    here.do("ring", 0)
    assert here.requestor.endpoint.connection.control == "IDLE"
    here.ask()
    return here


def every_order(model: Model, places: int) -> tuple[int, int, list[str]]:
    """How many sequences there are, in how many two requests of one object waited, and the first that breaks."""
    ended = both = 0
    todo: list[tuple[tuple[str, int], ...]] = [()]
    while todo:
        steps = todo.pop()
        here = given_up(model, places)
        two = False
        for step in steps:
            here.do(*step)
            two = two or here.listener.waiting == 2
        choices = here.choices()
        if not any(what != "ring" for what, _ in choices):
            here.at_the_end()
            ended, both = ended + 1, both + two
        if here.broken:
            return ended, both, [*map(str, steps), *here.broken]
        todo += [(*steps, choice) for choice in choices]
    return ended, both, []


@pytest.mark.parametrize("places", [1, 2])
@pytest.mark.parametrize("profile", PROFILES)
def test_one_object_with_two_requests_breaks_nothing(profile: str, places: int) -> None:
    ended, both, broken = every_order(PROFILES[profile], places)
    assert broken == []
    assert ended > 10
    # The situation was there: where there is room for it, the old request waits beside the new one.
    assert both > 0 or (places == 1 and profile != "tcp-linux")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_queue_that_is_none_is_seen(profile: str) -> None:
    *_, broken = every_order(plant("lifo", PROFILES[profile]), 2)
    assert any(line.startswith("invariant 1") for line in broken)


def test_news_of_the_old_request_that_is_taken_for_the_new_ones_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = given_up(PROFILES["tcp-linux"], 2)
    end = type(here.carrier.connect(DOOR, here.requestor))
    handler = vars(end)["_handler"].__get__

    def opened(self: Any, _about: None = None) -> None:  # noqa: ANN401 - an end of the carrier's own kind
        self.open = True
        handler(self).on_open()

    monkeypatch.setattr(end, "opened", opened)
    *_, broken = every_order(PROFILES["tcp-linux"], 2)
    assert any("invariant 3" in line or "cannot be" in line for line in broken)
