"""FIFO order and the order of callbacks, as rules that any system of connections must obey.

The rules draw what users and peers may do; the model beside them is a plain list of requests. A subclass
says what the rules are played on: the pure machines, or the runtime on a carrier.
"""

from __future__ import annotations

from abc import abstractmethod

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

CAPACITY = 3
# Where in the list of what there is to choose from; the rules take it modulo its length.
WHICH = st.integers(0, 9)


class FifoRules(RuleBasedStateMachine):
    """Connect, accept, close, close by force, withdraw, close the listener, in any order and number.

    Requestors have numbers; the child that takes the request of requestor n is noted by what it gets.
    `told` is what the users were told, in order: (who, callback, outcome), with who = number of a
    requestor, "child N" or "listener".
    """

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[int] = []
        self.connected: list[int] = []
        self.expected: list[tuple[str, str, str]] = []
        self.number = 0
        self.listening = True
        self.counts = dict.fromkeys(("attempted", "accepted", "withdrawn", "refused", "dropped"), 0)

    # What a subclass plays on.

    @abstractmethod
    def begin(self, capacity: int) -> None:
        """A listener with room for so many requests."""

    @abstractmethod
    def connect(self, number: int) -> None:
        """A new requestor asks for a connection; let its request arrive."""

    @abstractmethod
    def accept(self) -> tuple[str, int | None]:
        """Accept into a new child: (code of the refusal or "", number of the requestor it got)."""

    @abstractmethod
    def end_requestor(self, number: int, event: str) -> None:
        """End requestor `number` by "close" or "close-forced"; let it be heard."""

    @abstractmethod
    def end_child(self, number: int, event: str) -> None:
        """End the child that took requestor `number`; let it be heard."""

    @abstractmethod
    def end_listener(self) -> None:
        """Close the listener; let it be heard."""

    @abstractmethod
    def told(self) -> list[tuple[str, str, str]]:
        """What the users were told since the last call."""

    @abstractmethod
    def waiting(self) -> int:
        """How many requests the listener's queue holds."""

    # The rules, and what is expected of each.

    @initialize()
    def listen(self) -> None:
        self.begin(CAPACITY)

    @rule()
    def a_requestor_connects(self) -> None:
        self.number += 1
        number = self.number
        self.counts["attempted"] += 1
        self.connect(number)
        if self.listening and len(self.queue) < CAPACITY:
            self.queue.append(number)
            self.expected.append(("listener", "on_accept", "ok"))
        else:
            self.counts["refused"] += 1
            self.expected.append((str(number), "on_connect", "refused"))

    @rule()
    def the_acceptor_accepts(self) -> None:
        code, got = self.accept()
        if not self.listening:
            assert (code, got) == ("not_listening", None)
        elif not self.queue:
            assert (code, got) == ("would_block", None)
        else:
            first = self.queue.pop(0)
            assert (code, got) == ("", first), f"FIFO: {got} was taken, {first} is the first"
            self.counts["accepted"] += 1
            self.connected.append(first)
            self.expected.append((str(first), "on_connect", "ok"))

    @precondition(lambda self: self.queue)
    @rule(which=WHICH, event=st.sampled_from(("close", "close-forced")))
    def a_requestor_goes_while_it_waits(self, which: int, event: str) -> None:
        number = self.queue.pop(which % len(self.queue))
        self.counts["withdrawn"] += 1
        self.end_requestor(number, event)
        if event == "close-forced":
            self.expected.append((str(number), "on_close", "aborted"))

    @precondition(lambda self: self.connected)
    @rule(which=WHICH, event=st.sampled_from(("close", "close-forced")), by_child=st.booleans())
    def one_end_ends_a_connection(self, which: int, event: str, by_child: bool) -> None:
        number = self.connected.pop(which % len(self.connected))
        child = f"child {number}"
        ending, other = (child, str(number)) if by_child else (str(number), child)
        (self.end_child if by_child else self.end_requestor)(number, event)
        outcome = "aborted" if event == "close-forced" else "ok"
        heard = "reset" if event == "close-forced" else "ok"
        if event == "close-forced":
            self.expected.append((ending, "on_close", "aborted"))
        tidings = ("listener", "on_child_close", outcome if by_child else heard)
        if by_child:
            self.expected += [tidings] if self.listening else []
            self.expected.append((other, "on_close", heard))
        else:
            self.expected.append((other, "on_close", heard))
            self.expected += [tidings] if self.listening else []

    @precondition(lambda self: self.listening and self.number > 2)
    @rule()
    def the_listener_closes(self) -> None:
        self.listening = False
        self.end_listener()
        self.counts["dropped"] += len(self.queue)
        self.expected += [(str(number), "on_connect", "reset") for number in self.queue]
        self.queue.clear()

    # What always holds.

    @invariant()
    def callbacks_come_in_order(self) -> None:
        expected, self.expected = self.expected, []
        assert self.told() == expected

    @invariant()
    def the_queue_adds_up(self) -> None:
        ended = sum(self.counts[name] for name in ("accepted", "withdrawn", "refused", "dropped"))
        assert ended + len(self.queue) == self.counts["attempted"]
        assert self.waiting() == len(self.queue) <= CAPACITY
