"""Peers that speak raw octets, against the reference peers."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import (
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAbort,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    CEchoRSP,
    Framer,
    Limits,
    PDataTF,
    Pdu,
    PresentationContextRQ,
    Violation,
    decode_command,
    encode,
    encode_command,
)
from dicomnet.transports import (
    Address,
    Policy,
    ReferenceAcceptor,
    Settings,
    Transport,
    echo_request,
    fragments,
    negotiate,
)

from .ears import LOOPBACK, Door, Ear, link_of, until

RQ: Final = echo_request("CALLED", "CALLING")
ECHO: Final = encode_command(CEchoRQ(7))


class Peer:
    """A peer of raw octets: sends what it is told to, keeps the PDUs that come."""

    def __init__(self, carrier: Transport, ear: Ear) -> None:
        self.carrier = carrier
        self.ear = ear
        self.closed = False
        self._framer = Framer(Limits(data=0))
        self._read = 0
        self.pdus: list[Pdu | Violation] = []

    def send(self, *pdus: Pdu | bytes) -> None:
        """Send PDUs or octets."""
        for pdu in pdus:
            link_of(self.ear).send(pdu if isinstance(pdu, bytes) else encode(pdu))

    def seen(self) -> list[Pdu | Violation]:
        """The PDUs that have come so far."""
        octets = self.ear.octets
        fresh, self._read = octets[self._read :], len(octets)
        self.pdus += [pdu for pdu, _ in self._framer.feed(fresh)]
        return self.pdus

    def expect(self, *names: str) -> None:
        """Until PDUs of just these names have come; forget them then."""
        until(self.carrier, lambda: len(self.seen()) >= len(names))
        assert tuple(pdu.name if not isinstance(pdu, Violation) else "?" for pdu in self.pdus) == names
        self.last = self.pdus[-1]
        self.pdus = []

    @property
    def over(self) -> bool:
        """Whether the other end has closed or reset."""
        return self.ear.told[-1:] in (["end"], ["reset"])


class Served:
    """A reference acceptor on a carrier, and what it logs."""

    def __init__(
        self,
        carrier: Transport,
        policy: Policy | None = None,
        settings: Settings | None = None,
        answer_after: float = 0.0,
        backlog: int = 16,
    ) -> None:
        self.carrier = carrier
        self.lines: list[str] = []
        self.acceptor = ReferenceAcceptor(
            carrier, policy or Policy(), settings, answer_after=answer_after, log=self.lines.append
        )
        self.address = self.acceptor.listen(LOOPBACK, backlog)

    def peer(self) -> Peer:
        """A requestor of raw octets whose connection stands."""
        ear = Ear()
        ear.link = self.carrier.connect(self.address, ear)
        until(self.carrier, lambda: "open" in ear.told)
        return Peer(self.carrier, ear)

    def associated(self, max_length: int = 16384) -> Peer:
        """A requestor with an association."""
        peer = self.peer()
        peer.send(echo_request("CALLED", "CALLING", max_length))
        peer.expect("A-ASSOCIATE-AC")
        return peer


class Acceptor:
    """An acceptor of raw octets: what it answers to each PDU that comes, by the PDU's name."""

    def __init__(self, carrier: Transport, answers: dict[str, list[Pdu | bytes]]) -> None:
        self.carrier = carrier
        self.answers = answers
        self.door = Door()
        self.address: Address = carrier.listen(LOOPBACK, 8, self.door).address
        self.met: list[str] = []

    def serve_one(self) -> Peer:
        """Take the next connection; answer from then on."""
        until(self.carrier, lambda: bool(self.door.waiting))
        ear = self.door.take()
        peer = Peer(self.carrier, ear)

        def answer() -> None:
            for pdu in peer.seen()[len(self.met) :]:
                assert not isinstance(pdu, Violation)
                self.met.append(pdu.name)
                peer.send(*self.answers.get(pdu.name, []))

        ear.then["octets"] = answer
        return peer


def echo_response(status: int = 0, message_id: int = 1) -> PDataTF:
    """A C-ECHO response in one PDU."""
    (data,) = fragments(1, encode_command(CEchoRSP(message_id, status)), 0)
    return data


GOOD: Final[dict[str, list[Pdu | bytes]]] = {
    "A-ASSOCIATE-RQ": [negotiate(RQ, Policy())],
    "P-DATA-TF": [echo_response()],
    "A-RELEASE-RQ": [AReleaseRP()],
}


def status_of(*pdus: Pdu | Violation) -> int:
    """The status in the C-ECHO response that these PDUs carry."""
    octets = b"".join(pdv.fragment for pdu in pdus if isinstance(pdu, PDataTF) for pdv in pdu.pdvs)
    response = decode_command(octets)
    assert isinstance(response, CEchoRSP)
    return response.status


def data(fragment: bytes, *, context: int = 1, command: bool = True, last: bool = True) -> PDataTF:
    """A P-DATA-TF of one PDV."""
    return PDataTF((PDV(context, command, last, fragment),))


CONTEXT: Final = PresentationContextRQ(1, VERIFICATION, (IMPLICIT_LE,))
RELEASE: Final = AReleaseRQ()
ABORT: Final = AAbort(0, 0)
