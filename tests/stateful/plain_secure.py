"""The tiny right implementation with a security layer that is a state and two messages, and wrong ones made from it."""

from __future__ import annotations

from functools import partial
from typing import Final

from .plain import Plain


class PlainSecure(Plain):
    """The requestor says hello, the acceptor answers; whoever is wary refuses what it hears, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.layer: dict[str, str] = {}
        self.ready: set[str] = set()

    def configure(self, name: str, role: str, *, wary: bool) -> str:
        if self.state[name] != "IDLE":
            return "wrong_state"
        self.layer[name] = "wary" if wary else "good"
        return ""

    def associate(self, name: str) -> str:
        stands = self.state[name] == "CONNECTED" and (name in self.ready or name not in self.layer)
        return "" if stands else "not_connected"

    def accept(self, listener: str, child: str) -> str:
        fit = self.state[listener] == "LISTENING" and self.state[child] == "IDLE"
        if fit and not self.may_be_child(listener, child):
            return "wrong_security_mode"
        return super().accept(listener, child)

    def may_be_child(self, listener: str, child: str) -> bool:
        return child in self.layer or listener not in self.layer

    # --- the handshake -----------------------------------------------------------------------------------

    def securing(self, name: str) -> bool:
        return self.state[name] == "CONNECTED" and name in self.layer and name not in self.ready

    def connected(self, name: str) -> None:
        asked = self.state[name] == "CONNECTING"
        super().connected(name)
        if asked and self.securing(name):
            self.wire.append(partial(self.hello, self.other[name]))

    def hello(self, child: str) -> None:
        if self.securing(child):
            self.wire.append(partial(self.answer, self.other[child]))

    def answer(self, name: str) -> None:
        if self.securing(name) and not self.refuses(name):
            self.done(name)
            self.wire.append(partial(self.finished, self.other[name]))

    def finished(self, child: str) -> None:
        if self.securing(child) and not self.refuses(child):
            self.done(child)

    def refuses(self, name: str) -> bool:
        if self.layer[name] == "wary":
            self.break_off(name, "verify_failed")
            self.wire.append(partial(self.refused, self.other[name]))
        return self.layer[name] == "wary"

    def refused(self, name: str) -> None:
        if self.securing(name):
            self.break_off(name, "handshake_failed")
        elif self.state[name] == "CONNECTED":
            super().hang_up(name, "handshake_failed")

    def done(self, name: str) -> None:
        self.ready.add(name)
        self.post(name, "on_secure_link_ready")

    def break_off(self, name: str, outcome: str) -> None:
        self.state[name] = "CLOSED"
        self.post(name, "on_secure_link_ready", outcome)
        self.child_ended(name, outcome)

    def hang_up(self, name: str, outcome: str) -> None:
        if self.securing(name):
            self.break_off(name, "aborted")
        else:
            super().hang_up(name, outcome)


class ReadyTwice(PlainSecure):
    def done(self, name: str) -> None:
        super().done(name)
        self.post(name, "on_secure_link_ready")


class ReadyBeforeAccept(PlainSecure):
    """The requestor takes its link for ready when its request has arrived."""

    def arrive(self, name: str, listener: str) -> None:
        super().arrive(name, listener)
        if name in self.queue and name in self.layer:
            self.done(name)


class ReadyBeforeConnect(PlainSecure):
    """on_secure_link_ready comes before on_connect."""

    def connected(self, name: str) -> None:
        if self.state[name] == "CONNECTING" and self.layer.get(name) == "good":
            self.post(name, "on_secure_link_ready")
            self.ready.add(name)
        super().connected(name)


class AssociatesBeforeReady(PlainSecure):
    def associate(self, name: str) -> str:
        return "" if self.state[name] == "CONNECTED" else "not_connected"


class ClosedAfterAFailedHandshake(PlainSecure):
    def break_off(self, name: str, outcome: str) -> None:
        super().break_off(name, outcome)
        self.post(name, "on_close", "reset")


class ChildInheritsTheLayer(PlainSecure):
    """A child without a layer gets that of its listener."""

    def may_be_child(self, listener: str, child: str) -> bool:
        self.layer.setdefault(child, "good")
        return True


class ClosedInsteadOfReady(PlainSecure):
    """What ends in the middle of the handshake is told by on_close."""

    def hang_up(self, name: str, outcome: str) -> None:
        if self.securing(name):
            self.ready.add(name)
        super().hang_up(name, outcome)


class NeverReady(PlainSecure):
    """The acceptor's half is done, and nobody is told."""

    def finished(self, child: str) -> None:
        if self.securing(child) and not self.refuses(child):
            self.ready.add(child)


class TakesAnEntryForAPlainChild(PlainSecure):
    def may_be_child(self, listener: str, child: str) -> bool:
        fit = super().may_be_child(listener, child)
        if not fit and self.queue:
            self.queue.pop(0)
        return fit


class WouldBlockBeforeTheMode(PlainSecure):
    """The codes of a refusal in the wrong order of precedence."""

    def may_be_child(self, listener: str, child: str) -> bool:
        return super().may_be_child(listener, child) or not self.queue


class BelievesAnybody(PlainSecure):
    """A wary acceptor takes what it should refuse."""

    def finished(self, child: str) -> None:
        if self.securing(child):
            self.done(child)


class ConfiguredInUse(PlainSecure):
    def configure(self, name: str, role: str, *, wary: bool) -> str:
        super().configure(name, role, wary=wary)
        return ""


# Each with the invariants that it may be found by. 0: the refusals.
WRONG_SECURE: Final[dict[type[PlainSecure], frozenset[int]]] = {
    ReadyTwice: frozenset({4}),
    ReadyBeforeAccept: frozenset({4}),
    ReadyBeforeConnect: frozenset({4}),
    AssociatesBeforeReady: frozenset({6}),
    ClosedAfterAFailedHandshake: frozenset({5}),
    ChildInheritsTheLayer: frozenset({0}),
    ClosedInsteadOfReady: frozenset({4}),
    NeverReady: frozenset({4}),
    TakesAnEntryForAPlainChild: frozenset({1, 8}),
    WouldBlockBeforeTheMode: frozenset({0}),
    BelievesAnybody: frozenset({4}),
    ConfiguredInUse: frozenset({0}),
}
