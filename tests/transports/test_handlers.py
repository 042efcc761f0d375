"""Handlers to build on: registered callbacks, and the user of the Verification service, over both carriers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomnet.statemachine import (
    IMPLICIT_LE,
    PDV,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    CEchoRQ,
    CEchoRSP,
    LocalProtocolError,
    PDataTF,
    PresentationContextRQ,
    Violation,
    encode,
    encode_command,
)
from dicomnet.transports import (
    Callbacks,
    Network,
    NetworkObject,
    Policy,
    Transport,
    Verification,
    echo_request,
)

from .ears import LOOPBACK, call, settle, until
from .peers import Peer

RQ = echo_request("SCP", "SCU")


class Told(Verification):
    """Writes down what it is told; `then` acts inside."""

    def __init__(self, name: str, log: list[str], policy: Policy | None = None) -> None:
        super().__init__(policy)
        self.name = name
        self.log = log
        self.then: dict[str, Callable[[NetworkObject], object]] = {}
        self.status = 0

    def _note(self, subject: NetworkObject, what: str, about: str = "") -> None:
        self.log.append(f"{self.name} {what} {about}".rstrip())
        if what in self.then:
            self.then[what](subject)

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self._note(subject, "on_connect", outcome)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self._note(subject, "on_close", outcome)

    def on_associated(self, subject: NetworkObject, answer: AAssociateAC) -> None:
        self._note(subject, "on_associated", answer.called_ae_title)

    def on_rejected(self, subject: NetworkObject, answer: AAssociateRJ) -> None:
        self._note(subject, "on_rejected", f"{answer.result}/{answer.source}/{answer.reason}")

    def on_echo_request(self, subject: NetworkObject, request: CEchoRQ) -> int:
        self._note(subject, "on_echo_request", str(request.message_id))
        return self.status

    def on_echo(self, subject: NetworkObject, status: int) -> None:
        self._note(subject, "on_echo", str(status))

    def on_released(self, subject: NetworkObject) -> None:
        self._note(subject, "on_released")

    def on_aborted(self, subject: NetworkObject, why: str) -> None:
        self._note(subject, "on_aborted", why)


class Stage:
    """A listener that accepts each request into a `Told`, and one requestor."""

    def __init__(self, carrier: Transport, policy: Policy | None = None) -> None:
        self.carrier = carrier
        self.log: list[str] = []
        self.network = Network(carrier)
        self.network.startup()
        self.scp = Told("scp", self.log, policy)
        self.scu = Told("scu", self.log)
        self.child = self.network.new_object(self.scp)
        listener = self.network.new_object(Callbacks(on_accept=lambda each: each.accept(self.child)))
        self.subject = self.network.new_object(self.scu)
        self.scu.then["on_connect"] = lambda subject: subject.associate(RQ)
        self.subject.connect(listener.listen(LOOPBACK))

    def wait(self, line: str) -> None:
        until(self.carrier, lambda: any(each.startswith(line) for each in self.log))

    def associated(self) -> Stage:
        self.wait("scu on_associated")
        self.log.clear()
        return self


def test_registered_callbacks(carrier: Transport) -> None:
    log: list[str] = []
    network = Network(carrier)
    network.startup()
    children: list[NetworkObject] = []

    def accept(listener: NetworkObject) -> None:
        children.append(network.new_object(Callbacks(on_primitive=lambda _s, name, _p: log.append(name))))
        listener.accept(children[-1])

    def note(*what: object) -> None:
        log.append(" ".join(each for each in what if isinstance(each, str)))

    def connected(subject: NetworkObject, outcome: str) -> None:
        note("connect", outcome)
        subject.associate(RQ)

    listener = network.new_object(
        Callbacks(on_accept=accept, on_child_close=lambda _l, _c, outcome: note("child", outcome))
    )
    scu = network.new_object(
        Callbacks(
            on_connect=connected,
            on_close=lambda _s, outcome: note("close", outcome),
        )
    )
    silent = network.new_object(Callbacks())
    address = listener.listen(LOOPBACK)
    scu.connect(address)
    until(carrier, lambda: "A-ASSOCIATE indication" in log)
    children[0].close_forced()
    until(carrier, lambda: "close reset" in log)
    silent.connect(address)  # nothing is registered, nothing is missed
    until(carrier, lambda: len(children) == 2 and silent.endpoint.connection.control == "CONNECTED")
    silent.close()
    until(carrier, lambda: log.count("child ok") == 1)
    assert log == ["connect ok", "A-ASSOCIATE indication", "child aborted", "close reset", "child ok"]
    assert network.errors == []


def test_a_registered_callback_that_raises(carrier: Transport) -> None:
    """Invariant 7: its own object ends by force, unless it was on_accept."""

    def fail(*_what: object) -> None:
        raise ZeroDivisionError

    network = Network(carrier)
    network.startup()
    listener = network.new_object(Callbacks(on_accept=fail, on_child_close=fail))
    scu = network.new_object(Callbacks(on_connect=fail))
    address = listener.listen(LOOPBACK)
    scu.connect(address)
    until(carrier, lambda: listener.waiting == 1)
    listener.accept(network.new_object())
    until(carrier, lambda: len(network.errors) == 3)  # on_accept, on_connect, on_child_close
    assert {type(error) for error in network.errors} == {ZeroDivisionError}
    assert scu.endpoint.connection.control == "CLOSED"
    assert listener.endpoint.connection.control == "LISTENING"


def test_echoes_one_after_the_other_and_the_release(carrier: Transport) -> None:
    stage = Stage(carrier)
    stage.wait("scu on_associated SCP")
    stage.log.clear()
    stage.scp.status = 0x0110
    stage.scu.then["on_echo"] = lambda subject: (
        stage.scu.echo(subject) if stage.scp.status else subject.release()
    )
    stage.scp.then["on_echo_request"] = lambda _s: setattr(
        stage.scp, "status", 0 if len(stage.log) > 2 else 1
    )
    stage.scu.echo(stage.subject)
    stage.wait("scu on_released")
    assert stage.log == [
        "scp on_echo_request 1",
        "scu on_echo 1",
        "scp on_echo_request 2",
        "scu on_echo 0",
        "scu on_released",
    ]
    until(carrier, lambda: stage.child.endpoint.connection.control == "CLOSED")
    assert stage.network.errors == []


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LocalProtocolError) as caught:
        call()
    return caught.value.code


def test_an_echo_is_refused_where_there_is_none_to_send(carrier: Transport) -> None:
    stage = Stage(carrier)
    assert code_of(lambda: stage.scu.echo(stage.subject)) == "wrong_state"
    stage.associated()
    stage.scu.echo(stage.subject)
    assert code_of(lambda: stage.scu.echo(stage.subject)) == "wrong_state"
    stage.wait("scu on_echo 0")
    stage.subject.release()
    assert code_of(lambda: stage.scu.echo(stage.subject)) == "wrong_state"
    stage.wait("scu on_released")
    assert code_of(lambda: stage.scu.echo(stage.subject)) == "wrong_state"


def test_a_request_that_the_policy_rejects(carrier: Transport) -> None:
    stage = Stage(carrier, Policy(aet="OTHER"))
    stage.wait("scu on_rejected 1/1/7")
    assert stage.network.errors == []


def test_a_context_that_the_policy_does_not_accept(carrier: Transport) -> None:
    stage = Stage(carrier, Policy(abstract_syntaxes=())).associated()
    assert code_of(lambda: stage.scu.echo(stage.subject)) == "wrong_state"


def test_both_release_at_the_same_time(carrier: Transport) -> None:
    """The requestor answers first, then the acceptor, who meanwhile was answered (Sta9 to Sta12)."""
    stage = Stage(carrier).associated()
    stage.subject.release()
    stage.child.release()
    stage.wait("scu on_released")
    stage.wait("scp on_released")
    until(carrier, lambda: stage.child.endpoint.connection.control == "CLOSED")
    assert stage.network.errors == []
    until(carrier, lambda: len(stage.log) == 3)
    assert sorted(stage.log) == ["scp on_close ok", "scp on_released", "scu on_released"]


def command(octets: bytes, context: int = 1) -> PDataTF:
    return PDataTF((PDV(context, True, True, octets),))


UNASKED = {
    "an answer to nothing": command(encode_command(CEchoRSP(1))),
    "no command": command(b"\0\0"),
    "a context that was not accepted": command(encode_command(CEchoRQ(1)), 3),
    "a fragment on a context that was not accepted": PDataTF((PDV(3, True, False, b"\0\0"),)),
    "a data set": PDataTF((PDV(1, False, True, b"\0\0"),)),
}


@pytest.mark.parametrize("what", UNASKED)
def test_what_is_no_echo_is_aborted_and_told(carrier: Transport, what: str) -> None:
    stage = Stage(carrier).associated()
    stage.child.send_data(UNASKED[what])
    stage.wait("scu on_aborted the peer sent" if what != "a data set" else "scu on_aborted a data set")
    stage.wait("scp on_aborted the peer aborted")
    assert len(stage.log) == 2
    assert stage.network.errors == []


def test_a_request_that_no_answer_can_name(carrier: Transport) -> None:
    stage = Stage(carrier, Policy(max_length=-1))
    stage.wait("scp on_aborted no answer to the association request")
    stage.wait("scu on_aborted the peer aborted")
    assert stage.network.errors == []


@pytest.mark.parametrize("ending", ["close", "close_forced", "abort", "release"])
def test_an_end_inside_a_callback_is_the_last_thing_told(carrier: Transport, ending: str) -> None:
    """Of two C-ECHO requests in one PDU the second is not told any more, nor is anything answered."""
    log: list[str] = []
    network = Network(carrier)
    network.startup()
    scp = Told("scp", log)
    scp.then["on_echo_request"] = lambda subject: getattr(subject, ending)()
    listener = network.new_object(Callbacks(on_accept=lambda each: each.accept(network.new_object(scp))))
    ear = call(carrier, listener.listen(LOOPBACK))
    until(carrier, lambda: ear.told == ["open"])
    peer = Peer(carrier, ear)
    peer.send(RQ)
    peer.expect("A-ASSOCIATE-AC")
    pdv = encode(command(encode_command(CEchoRQ(1))))[6:]
    peer.send(b"\4\0" + (2 * len(pdv)).to_bytes(4, "big") + 2 * pdv)
    settle(carrier)
    assert log.count("scp on_echo_request 1") == (2 if ending == "release" else 1)
    assert "P-DATA-TF" not in [pdu.name for pdu in peer.seen() if not isinstance(pdu, Violation)]
    assert not [line for line in log if "on_aborted" in line]
    # A second release is the user's own mistake; it is kept, and ends his object.
    assert len(network.errors) == (1 if ending == "release" else 0)


def test_a_maximum_length_that_leaves_no_room(carrier: Transport) -> None:
    """Each end finds out when it has something to send."""
    tiny = AAssociateRQ(
        "SCP",
        "SCU",
        (PresentationContextRQ(1, RQ.presentation_contexts[0].abstract_syntax, (IMPLICIT_LE,)),),
        echo_request("SCP", "SCU", max_length=7).user_information,
    )
    stage = Stage(carrier)
    stage.scu.then["on_connect"] = lambda subject: subject.associate(tiny)
    stage.associated()
    stage.scu.echo(stage.subject)
    stage.wait("scp on_aborted no answer to the C-ECHO is possible")
    other = Stage(carrier, Policy(max_length=7)).associated()
    assert code_of(lambda: other.scu.echo(other.subject)) == "invalid_argument"
    other.subject.release()
    other.wait("scu on_released")
