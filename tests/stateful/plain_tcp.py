"""Tiny right implementations of what TCP does: the requestor is connected as soon as its request is queued."""

from __future__ import annotations

from .plain import Plain


class PlainLinux(Plain):
    """Entries stay when their requestor goes; requests that find the queue full wait behind it, unannounced."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[str] = []
        self.gone: dict[
            str, str
        ] = {}  # requestors that ended before they were taken, and what is heard of it

    def arrive(self, name: str, listener: str) -> None:
        if self.state[listener] != "LISTENING" or self.refuses():
            self.fail(name, "refused")
            return
        (self.queue if self.room() else self.late).append(name)
        if name in self.queue:
            self.announce(listener)
        self.connected(name)

    def refuses(self) -> bool:
        return False

    def announce(self, listener: str) -> None:
        self.post(listener, "on_accept")

    def take(self, name: str, listener: str, child: str) -> None:
        super().take(name, listener, child)
        self.wire.append(lambda: self.refill(listener))
        if name in self.gone:
            self.wire.append(lambda: self.hang_up(child, self.gone[name]))

    def refill(self, listener: str) -> None:
        if self.late and self.room():
            self.queue.append(self.late.pop(0))
            self.announce(listener)

    def finish(self, name: str, outcome: str, heard: str) -> None:
        if self.state[name] == "LISTENING":
            self.queue += self.late
            self.late = []
        elif name not in self.other and self.state[name] != "CLOSED":
            self.gone[name] = heard
        super().finish(name, outcome, heard)

    def withdraw(self, name: str) -> None:
        pass

    def fail(self, name: str, outcome: str) -> None:
        super().fail(name, outcome)
        self.hang_up(name, outcome)


class PlainWinsock(PlainLinux):
    """on_accept is told once, and not again until accept was called."""

    armed = True

    def refuses(self) -> bool:
        return not self.room()

    def announce(self, listener: str) -> None:
        if self.armed:
            self.armed = False
            self.post(listener, "on_accept")

    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        if code in ("", "would_block"):
            self.armed = True
            if self.queue:
                self.announce(listener)
        return code


class NeverArmedAgain(PlainWinsock):
    def accept(self, listener: str, child: str) -> str:
        code = super().accept(listener, child)
        self.armed = False
        return code


class LatestFirst(PlainLinux):
    """Out of those behind the queue the youngest comes in first."""

    def refill(self, listener: str) -> None:
        self.late.reverse()
        super().refill(listener)
        self.late.reverse()


class LifoLinux(PlainLinux):
    def choose(self) -> str:
        return self.queue.pop()


class LifoWinsock(PlainWinsock):
    def choose(self) -> str:
        return self.queue.pop()


class LateIsNeverAnnounced(PlainLinux):
    def refill(self, listener: str) -> None:
        pass


class SilentChild(PlainLinux):
    """A child never hears that its requestor had gone before it was accepted."""

    def take(self, name: str, listener: str, child: str) -> None:
        self.gone.pop(name, "")
        super().take(name, listener, child)
