"""The steps of making a DICOM connection, as a chart: both ends run on the tables, in memory and in virtual time.

Nothing of it is told by heart: what the users call, what they are told, what goes over the network and the states are
taken down while a requestor and an acceptor do their work, and are the same each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dicomnet.diagrams import Chart, Message, Note
from dicomnet.diagrams import Happening as Drawn
from dicomnet.statemachine import AAssociateAC, AAssociateRQ, CEchoRQ, Framer
from dicomnet.transports import (
    Address,
    Faults,
    Happening,
    Network,
    NetworkObject,
    PlayedSecurity,
    Simulator,
    Verification,
    echo_request,
    played_records,
)

from .evidence import describe
from .standing import Standing

TITLE: Final = "A DICOM connection, from the start of the libraries to their end"
REQUESTOR_AE, REQUESTOR, LISTENER, CHILD, ACCEPTOR_AE = LIFELINES = (
    "requestor's AE",
    "its network object",
    "listener and queue",
    "accepted child",
    "acceptor's AE",
)
WHERE: Final = Address("", 11112)
# Seconds: that a segment is on its way, and for which the acceptor's user lets a request wait.
LATENCY, BUSY = 0.001, 0.004
# Seconds of the virtual clock in which all is over, by far.
PATIENCE: Final = 60.0


def walk_through(*, secured: bool = True) -> Chart:
    """The chart of one connection; `secured`: with a security layer, which is only played (no cryptography)."""
    walk = _Walk(secured=secured)
    walk.run()
    return Chart(TITLE, LIFELINES, tuple(walk.drawn))


class _Walk:
    """Two libraries on one carrier, and what was taken down of them."""

    def __init__(self, *, secured: bool) -> None:
        self.drawn: list[Drawn] = []
        self.carrier = Simulator(faults=Faults(latency=(LATENCY, LATENCY)), watch=self._seen)
        layer = PlayedSecurity() if secured else None
        self._libraries = [Network(self.carrier, security=layer) for _ in range(2)]
        self._standing = Standing()
        self.objects = self._standing.objects
        self._framers = {"->": Framer(), "<-": Framer()}

    def run(self) -> None:
        """From the first call to the last."""
        requestor, acceptor = self._libraries
        for library, user, own in ((requestor, REQUESTOR_AE, REQUESTOR), (acceptor, ACCEPTOR_AE, LISTENER)):
            self.calls(user, own, "startup", library.startup)
        self.calls(ACCEPTOR_AE, LISTENER, "new network object", lambda: None)
        listener = self.objects[LISTENER] = acceptor.new_object(_Acceptor(self, LISTENER))
        self.calls(ACCEPTOR_AE, LISTENER, f"listen on {WHERE.port}", lambda: listener.listen(WHERE))
        self.calls(REQUESTOR_AE, REQUESTOR, "new network object", lambda: None)
        subject = self.objects[REQUESTOR] = requestor.new_object(_Requestor(self, REQUESTOR))
        self.calls(REQUESTOR_AE, REQUESTOR, "connect", lambda: subject.connect(WHERE))
        over = self.carrier.run(lambda: not requestor.alive and acceptor.alive == (listener,), PATIENCE)
        assert over, "the connection does not come to its end"
        self.calls(ACCEPTOR_AE, LISTENER, "close", listener.close)
        self.calls(REQUESTOR_AE, REQUESTOR, "shutdown", requestor.shutdown)
        self.calls(ACCEPTOR_AE, LISTENER, "shutdown", acceptor.shutdown)
        self.drawn += self._standing.news()
        for library in self._libraries:
            assert not library.errors, library.errors

    def accept(self, listener: NetworkObject) -> None:
        """Give the first request of the queue to a new network object."""
        child = listener.network.new_object(_Acceptor(self, CHILD))
        self.objects[CHILD] = child
        self.calls(ACCEPTOR_AE, LISTENER, "accept into a new network object", lambda: listener.accept(child))

    def calls(self, user: str, subject: str, what: str, call: Callable[[], object]) -> None:
        """A user calls his network object or its library."""
        self._add(Message(self.carrier.now(), user, subject, what))
        call()

    def tells(self, subject: str, what: str) -> None:
        """A network object tells its user."""
        user = REQUESTOR_AE if subject == REQUESTOR else ACCEPTOR_AE
        self._add(Message(self.carrier.now(), subject, user, what))

    def _add(self, drawn: Drawn) -> None:
        """What happened before this has changed the states by now."""
        self.drawn += self._standing.news()
        self.drawn.append(drawn)

    def _seen(self, seen: Happening) -> None:
        """Something arrives, over the network."""
        source, target = (REQUESTOR, CHILD) if seen.way == "->" else (CHILD, REQUESTOR)
        match seen.what, seen.about:
            case "offered", _:
                self._add(Message(seen.when, REQUESTOR, LISTENER, "connection request"))
            case "settled", _ if self.objects[LISTENER].waiting:
                self._add(Note(seen.when, LISTENER, "waits in the FIFO queue"))
            case "open", _:
                self._add(Message(seen.when, CHILD, REQUESTOR, "connection stands"))
            case "octets", bytes() as octets:
                for text, detail in self._texts(seen.way, octets):
                    self._add(Message(seen.when, source, target, text, detail))
            case "end", _ if seen.subject is not None:
                self._add(Message(seen.when, source, target, "end of the connection"))
            case _:
                pass

    def _texts(self, way: str, octets: bytes) -> list[tuple[str, str]]:
        """What octets say, and they themselves: messages of the security layer, or PDUs."""
        records = list(played_records(octets)) or [("data", octets)]
        texts: list[tuple[str, str]] = []
        for name, data in records:
            if name == "data":
                texts += [
                    (describe(pdu), f"{describe(pdu)}\n{len(raw)} octets: {raw.hex()}")
                    for pdu, raw in self._framers[way].feed(data)
                ]
            else:
                texts.append((f"security layer: {name.replace('_', ' ')}", ""))
        return texts


class _User(Verification):
    """A user who has taken down what he is told."""

    def __init__(self, walk: _Walk, name: str) -> None:
        super().__init__()
        self.walk = walk
        self.name = name

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self.walk.tells(self.name, f"on_connect: {outcome}")
        super().on_connect(subject, outcome)

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self.walk.tells(self.name, f"on_secure_link_ready: {outcome}")
        super().on_secure_link_ready(subject, outcome)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self.walk.tells(self.name, f"on_close: {outcome}")

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """See `Handler`."""
        self.walk.tells(self.name, primitive)
        super().on_primitive(subject, primitive, payload)


class _Requestor(_User):
    """Associates as soon as he may, asks for an echo, and releases."""

    def on_ready(self, subject: NetworkObject) -> None:
        """See `Verification`."""
        proposal = echo_request("SCP", "SCU")
        self._asks("A-ASSOCIATE request", lambda: subject.associate(proposal))

    def on_associated(self, subject: NetworkObject, answer: AAssociateAC) -> None:
        """See `Verification`."""
        self._asks("C-ECHO request", lambda: self.echo(subject))

    def on_echo(self, subject: NetworkObject, status: int) -> None:
        """See `Verification`."""
        self._asks("A-RELEASE request", subject.release)

    def _asks(self, what: str, call: Callable[[], object]) -> None:
        self.walk.calls(REQUESTOR_AE, self.name, what, call)


class _Acceptor(_User):
    """Accepts each request after a while, in the order of the queue; the rest is answered at once."""

    def on_accept(self, listener: NetworkObject) -> None:
        """See `Handler`."""
        self.walk.tells(self.name, "on_accept")
        self.walk.carrier.call_later(BUSY, lambda: self.walk.accept(listener))

    def on_associate_request(self, subject: NetworkObject, request: AAssociateRQ) -> None:
        """See `Verification`."""
        self._answers(
            "A-ASSOCIATE response (accept)",
            lambda: super(_Acceptor, self).on_associate_request(subject, request),
        )

    def on_echo_request(self, subject: NetworkObject, request: CEchoRQ) -> int:
        """See `Verification`."""
        self._answers("C-ECHO response: success", lambda: None)
        return super().on_echo_request(subject, request)

    def on_release_request(self, subject: NetworkObject) -> None:
        """See `Verification`."""
        self._answers("A-RELEASE response", subject.respond_release)

    def _answers(self, what: str, call: Callable[[], object]) -> None:
        self.walk.calls(ACCEPTOR_AE, self.name, what, call)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self.walk.tells(self.name, f"on_child_close: {outcome}")
