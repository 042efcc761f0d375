"""Implementations with one fault each, made from the plain right one, and the invariant that each breaks."""

from __future__ import annotations

from typing import Final

from dicomnet.conformance.stateful import CallbackName, Counts, Told

from .plain import Plain


class Lifo(Plain):
    def choose(self) -> str:
        return self.queue.pop()


class SwapsFromThree(Plain):
    """Right as long as no more than two requests wait."""

    def choose(self) -> str:
        return self.queue.pop(1 if len(self.queue) > 2 else 0)


class TakesTheOneThatFired(Plain):
    """Inside on_accept, accept yields the request whose on_accept it is."""

    inside = False

    def call(self, told: Told) -> None:
        self.inside = told.callback == "on_accept"
        super().call(told)
        self.inside = False

    def choose(self) -> str:
        return self.queue.pop() if self.inside else self.queue.pop(0)


class LosesTheTailOnWithdraw(Plain):
    def withdraw(self, name: str) -> None:
        del self.queue[self.queue.index(name) :]


class ConnectedBeforeAccept(Plain):
    def arrive(self, name: str, listener: str) -> None:
        super().arrive(name, listener)
        if name in self.queue:
            self.connected(name)


class ConnectedAfterClose(Plain):
    """An acceptance that is on its way is told although its requestor has closed."""

    def connected(self, name: str) -> None:
        if self.state[name] == "CLOSED":
            self.post(name, "on_connect")
        super().connected(name)


class ConnectedTwice(Plain):
    def connected(self, name: str) -> None:
        super().connected(name)
        self.post(name, "on_connect")


class ReentersCallbacks(Plain):
    def post(self, who: str, callback: CallbackName, outcome: str = "ok", about: str = "") -> None:
        self.call(Told(who, callback, outcome, about))


class TellsAgainAfterARefusedAccept(Plain):
    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        if code and self.queue:
            self.post(listener, "on_accept")
        return code


class TakesAnEntryForAnUnfitChild(Plain):
    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        if code == "wrong_state" and self.queue:
            self.queue.pop(0)
        return code


class OneTooMany(Plain):
    def room(self) -> bool:
        return len(self.queue) <= self.capacity


class ChildReportedTwice(Plain):
    """Only where the peer ended it."""

    def hang_up(self, name: str, outcome: str) -> None:
        super().hang_up(name, outcome)
        if name in self.parent:
            self.post(self.parent[name], "on_child_close", outcome, name)


class DropsTheQueueOnARaise(Plain):
    def call(self, told: Told) -> None:
        raised = self.raised
        super().call(told)
        if self.raised > raised:
            self.queue.clear()


class ToldOfItsOwnClose(Plain):
    def close(self, name: str) -> None:
        open_before = self.state[name] != "CLOSED"
        super().close(name)
        if open_before:
            self.post(name, "on_close")


class NeverCountsDown(Plain):
    """The children that ended by their own close stay in the count."""

    def child_ended(self, name: str, outcome: str) -> None:
        before = self.children
        super().child_ended(name, outcome)
        if outcome == "ok":
            self.children = before


class WithdrawKeepsThePlace(Plain):
    """The entry is gone, the room that it took is not given back."""

    lost = 0

    def withdraw(self, name: str) -> None:
        super().withdraw(name)
        self.lost += 1

    def room(self) -> bool:
        return len(self.queue) + self.lost < self.capacity


class WouldBlockComesFirst(Plain):
    """The codes of a refusal in the wrong order of precedence."""

    def accept(self, listener: str, child: str) -> str:
        if self.state[listener] == "LISTENING" and not self.queue:
            return "would_block"
        return super().accept(listener, child)


class ListenerHearsFirst(Plain):
    """The listener is told of a child's end before the child is."""

    def hang_up(self, name: str, outcome: str) -> None:
        if self.state[name] == "CONNECTED":
            self.child_ended(name, outcome)
            self.state[name] = "CLOSED"
            self.post(name, "on_close", outcome)


class DropsInSilence(Plain):
    """A listener that closes forgets to tell those who wait."""

    def fail(self, name: str, outcome: str) -> None:
        if outcome != "reset":
            super().fail(name, outcome)


class DropsFromTheTail(Plain):
    def finish(self, name: str, outcome: str, heard: str) -> None:
        if self.state[name] == "LISTENING":
            self.queue.reverse()
        super().finish(name, outcome, heard)


class ARaiseEndsTheOtherEnd(Plain):
    """A handler that raises harms another object than its own."""

    def call(self, told: Told) -> None:
        raised = self.raised
        super().call(told)
        if self.raised > raised and told.callback == "on_accept" and self.other:
            self.close_forced(next(iter(self.other)))


class ForgetsWhatWaitsInACallback(Plain):
    """Calls inside callbacks are taken, and what they lead to is lost."""

    def post(self, who: str, callback: CallbackName, outcome: str = "ok", about: str = "") -> None:
        if not self.busy:
            super().post(who, callback, outcome, about)


class ClosedOnPeersReset(Plain):
    """A reset is told as an orderly end."""

    def hang_up(self, name: str, outcome: str) -> None:
        super().hang_up(name, "ok")


class ForcedEndInHasteIsOrderly(Plain):
    """A requestor that is ended by force before it hears that it was accepted: its peer is told of an orderly end."""

    def finish(self, name: str, outcome: str, heard: str) -> None:
        super().finish(name, outcome, "ok" if self.state[name] == "CONNECTING" else heard)


class UsedChildStaysUsed(Plain):
    """A child that was refused for an empty queue is no longer IDLE."""

    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        if code == "would_block":
            self.state[child] = "USED"
        return code


class CountsTheWithdrawn(Plain):
    """The listener says that those wait who have gone."""

    gone = 0

    def withdraw(self, name: str) -> None:
        super().withdraw(name)
        self.gone += 1

    def counts(self, listener: str) -> Counts:
        return Counts(len(self.queue) + self.gone, self.children)


# Each with the invariants that it may be found by: which comes first depends on the steps. 0: the refusals.
WRONG: Final[dict[type[Plain], frozenset[int]]] = {
    Lifo: frozenset({1}),
    SwapsFromThree: frozenset({1}),
    TakesTheOneThatFired: frozenset({1}),
    LosesTheTailOnWithdraw: frozenset({1, 8}),
    ConnectedBeforeAccept: frozenset({3}),
    ConnectedAfterClose: frozenset({3}),
    ConnectedTwice: frozenset({3}),
    ReentersCallbacks: frozenset({7}),
    TellsAgainAfterARefusedAccept: frozenset({2}),
    TakesAnEntryForAnUnfitChild: frozenset({1, 8}),
    OneTooMany: frozenset({8}),
    ChildReportedTwice: frozenset({5}),
    DropsTheQueueOnARaise: frozenset({1, 8}),
    ToldOfItsOwnClose: frozenset({5}),
    NeverCountsDown: frozenset({8}),
    WithdrawKeepsThePlace: frozenset({2, 3}),
    WouldBlockComesFirst: frozenset({0}),
    ListenerHearsFirst: frozenset({5}),
    DropsInSilence: frozenset({3}),
    DropsFromTheTail: frozenset({1}),
    ARaiseEndsTheOtherEnd: frozenset({5, 7}),
    ForgetsWhatWaitsInACallback: frozenset({2, 3, 5}),
    ClosedOnPeersReset: frozenset({5}),
    ForcedEndInHasteIsOrderly: frozenset({5}),
    UsedChildStaysUsed: frozenset({0}),
    CountsTheWithdrawn: frozenset({8}),
}
