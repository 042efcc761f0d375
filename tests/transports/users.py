"""A user of network objects who writes down every callback, and may act inside it."""

from __future__ import annotations

from collections.abc import Callable

from dicomnet.statemachine import AAssociateAC, AAssociateRJ, AAssociateRQ, Request
from dicomnet.transports import (
    Address,
    Handler,
    Network,
    NetworkObject,
    Policy,
    Settings,
    Transport,
    echo_request,
    negotiate,
)

from .ears import LOOPBACK, until

RQ = echo_request("CALLED", "CALLING")


class User(Handler):
    """Notes "name callback outcome" in a log that several users may share; `then` acts inside a callback."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log
        self.then: dict[str, Callable[[NetworkObject], None]] = {}
        self.payloads: list[object] = []
        self.inside = False

    def _note(self, subject: NetworkObject, what: str, *words: str) -> None:
        assert not self.inside, "a callback inside a callback"
        self.inside = True
        self.log.append(" ".join((self.name, what, *words)))
        try:
            self.then.get(" ".join((what, *words)), self.then.get(what, _nothing))(subject)
        finally:
            self.inside = False

    def on_accept(self, listener: NetworkObject) -> None:
        self._note(listener, "on_accept")

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self._note(subject, "on_connect", outcome)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self._note(subject, "on_close", outcome)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        self._note(listener, "on_child_close", outcome)

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        self.payloads.append(payload)
        self._note(subject, primitive)


def _nothing(_subject: NetworkObject) -> None:
    pass


class Hospital:
    """One network on a carrier with a listener; makes requestors, and children that are accepted."""

    def __init__(self, carrier: Transport, settings: Settings | None = None, backlog: int = 8) -> None:
        self.carrier = carrier
        self.network = Network(carrier, settings)
        self.network.startup()
        self.log: list[str] = []
        self.scp = User("listener", self.log)
        self.listener = self.network.new_object(self.scp)
        self.address: Address = self.listener.listen(LOOPBACK, backlog)
        self.users: dict[str, User] = {}

    def make(self, name: str) -> NetworkObject:
        """A network object whose user notes under this name."""
        self.users[name] = User(name, self.log)
        return self.network.new_object(self.users[name])

    def calls(self, name: str = "scu") -> NetworkObject:
        """A requestor whose request has reached the listener."""
        made = self.make(name)
        before = self._arrived()
        made.connect(self.address)
        # On Winsock a request behind another is not told of.
        until(self.carrier, lambda: self._arrived() != before)
        return made

    def _arrived(self) -> tuple[int, int]:
        return self.log.count("listener on_accept"), self.listener.waiting

    def accepts(self, name: str = "child") -> NetworkObject:
        """Accept the first request into a new child."""
        child = self.make(name)
        self.listener.accept(child)
        return child

    def pair(self) -> tuple[NetworkObject, NetworkObject]:
        """A connection that stands: requestor and child."""
        scu = self.calls()
        child = self.accepts()
        self.wait("scu on_connect ok")
        return scu, child

    def associated(self) -> tuple[NetworkObject, NetworkObject]:
        """An association that stands: requestor and child."""
        scu, child = self.pair()
        self.users["child"].then["A-ASSOCIATE indication"] = lambda subject: subject.respond(self.answer())
        scu.associate(RQ)
        self.wait("scu A-ASSOCIATE confirmation (accept)")
        return scu, child

    def answer(self, request: AAssociateRQ = RQ) -> AAssociateAC | AAssociateRJ:
        """The answer of a Verification SCP."""
        return negotiate(request, Policy())

    def wait(self, line: str) -> None:
        """Until this line stands in the log."""
        until(self.carrier, lambda: line in self.log)

    def lines(self, name: str) -> list[str]:
        """What this user was told."""
        return [line.removeprefix(f"{name} ") for line in self.log if line.startswith(f"{name} ")]


def request_of(payload: object) -> AAssociateRQ:
    """The association request in an indication's payload."""
    assert isinstance(payload, Request)
    return payload.pdu
