"""Links with a security layer: rows 3 and 12 to 17 of the connection layer, on each carrier, played and real TLS."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dicomnet.statemachine import LocalProtocolError
from dicomnet.transports import (
    Address,
    Link,
    MemoryTransport,
    Network,
    NetworkObject,
    PlayedSecurity,
    Security,
    Settings,
    TcpTransport,
    Tls,
    TlsSettings,
    Transport,
    Verification,
    echo_request,
)

from ..certificates import PASSWORD, Certificates
from .ears import LOOPBACK, Ear, settle, until

RQ = echo_request("CALLED", "CALLING")


@pytest.fixture(params=["memory", "tcp"])
def wire(request: pytest.FixtureRequest) -> Transport:
    """The carriers below the security layer."""
    carrier: Transport = request.getfixturevalue(request.param)
    return carrier


class _User(Verification):
    """Notes what it is told; a requestor associates, echoes and releases when its link is ready."""

    def __init__(self, name: str, bench: Bench) -> None:
        super().__init__()
        self.name = name
        self.bench = bench

    def _note(self, *words: object) -> None:
        self.bench.log.append(" ".join((self.name, *map(str, words))))

    def on_accept(self, listener: NetworkObject) -> None:
        child = self.bench.acceptor.new_object(_User("child", self.bench))
        self.bench.children.append(child)
        listener.accept(child)

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        self._note("on_connect", outcome)

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        self._note("on_secure_link_ready", outcome)
        if self.name == "scu" and outcome == "ok" and self.bench.associates:
            subject.associate(RQ)

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self._note("on_close", outcome)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        self._note("on_child_close", outcome)

    def on_associated(self, subject: NetworkObject, answer: object) -> None:
        self.echo(subject)

    def on_echo(self, subject: NetworkObject, status: int) -> None:
        self._note("echo", status)
        subject.release()

    def on_released(self, subject: NetworkObject) -> None:
        self._note("released")

    def on_aborted(self, subject: NetworkObject, why: str) -> None:
        self._note("aborted")


@dataclass(slots=True)
class Bench:
    """An acceptor that accepts and a requestor, each with a layer or without, on one carrier."""

    carrier: Transport
    acceptor: Network
    requestor: Network
    log: list[str] = field(default_factory=list[str])
    children: list[NetworkObject] = field(default_factory=list[NetworkObject])
    associates: bool = True
    host: str = "localhost"

    def listen(self) -> Address:
        """The acceptor listens."""
        listener = self.acceptor.new_object(_User("listener", self))
        return replace_host(listener.listen(LOOPBACK), self.host)

    def call(self, address: Address) -> NetworkObject:
        """A requestor that connects."""
        scu = self.requestor.new_object(_User("scu", self))
        scu.connect(address)
        return scu

    def go(self) -> NetworkObject:
        """Until everything has happened that happens without a timer."""
        scu = self.call(self.listen())
        until(self.carrier, lambda: any("on_child_close" in line for line in self.log))
        settle(self.carrier)
        assert self.acceptor.errors == self.requestor.errors == []
        return scu

    def of(self, name: str) -> list[str]:
        """What one of them was told."""
        return [line.removeprefix(f"{name} ") for line in self.log if line.startswith(f"{name} ")]


def one_turn(carrier: MemoryTransport) -> None:
    """Let one thing happen."""
    steps = iter((False, True))
    carrier.run(lambda: next(steps))


def replace_host(address: Address, host: str) -> Address:
    """The same port at a name."""
    return Address(host, address.port)


def bench_of(carrier: Transport, acceptor: Security | None, requestor: Security | None) -> Bench:
    """A bench with started libraries."""
    settings = Settings(handshake=1.0)
    bench = Bench(carrier, Network(carrier, settings, acceptor), Network(carrier, settings, requestor))
    bench.acceptor.startup()
    bench.requestor.startup()
    return bench


@pytest.fixture
def server(certificates: Certificates) -> TlsSettings:
    """An acceptor's settings."""
    return TlsSettings(certificates.server.certificate, certificates.server.key, certificates.ca)


@pytest.fixture
def client(certificates: Certificates) -> TlsSettings:
    """A requestor's settings, without a certificate of his own."""
    return TlsSettings(authorities=certificates.ca)


@pytest.fixture(params=["played", "tls"])
def layers(
    request: pytest.FixtureRequest, server: TlsSettings, client: TlsSettings
) -> tuple[Security, Security]:
    """The acceptor's layer and the requestor's."""
    if request.param == "played":
        return PlayedSecurity(), PlayedSecurity()
    return Tls(server), Tls(client)


def test_both_ends_hear_of_a_secured_link_before_anything_is_associated(
    wire: Transport, layers: tuple[Security, Security]
) -> None:
    bench = bench_of(wire, *layers)
    scu = bench.go()
    assert bench.of("scu") == ["on_connect ok", "on_secure_link_ready ok", "echo 0", "released"]
    assert bench.of("child") == ["on_secure_link_ready ok", "on_close ok"]
    assert bench.of("listener") == ["on_child_close ok"]
    assert scu.secured is not None
    assert scu.security_failure is None


def test_to_associate_before_the_link_is_ready_is_refused(layers: tuple[Security, Security]) -> None:
    carrier = MemoryTransport()
    bench = bench_of(carrier, *layers)
    scu = bench.call(bench.listen())
    refused: list[str] = []
    while not any("on_secure_link_ready" in line for line in bench.of("scu")):
        with pytest.raises(LocalProtocolError) as caught:
            scu.associate(RQ)
        refused.append(
            f"{scu.endpoint.connection.control} {scu.endpoint.security.control} {caught.value.code}"
        )
        one_turn(carrier)
    assert {"CONNECTING UNSECURED not_connected", "CONNECTED SECURING not_connected"} <= set(refused)


def test_dial_associates_when_the_link_is_secured(wire: Transport, layers: tuple[Security, Security]) -> None:
    bench = bench_of(wire, *layers)
    bench.associates = False
    scu = bench.requestor.new_object(_User("scu", bench))
    scu.dial(bench.listen(), RQ)
    until(wire, lambda: "released" in bench.of("scu"))
    assert bench.of("scu") == ["on_connect ok", "on_secure_link_ready ok", "echo 0", "released"]


def test_no_layer_is_inherited(layers: tuple[Security, Security]) -> None:
    """A plain child on a listener that has a layer is refused, and takes nothing from the queue."""
    carrier = MemoryTransport()
    bench = bench_of(carrier, None, layers[1])
    listener = bench.acceptor.new_object()
    listener.configure_security(layers[0])
    bench.call(replace_host(listener.listen(LOOPBACK), "localhost"))
    until(carrier, lambda: listener.waiting == 1)
    with pytest.raises(LocalProtocolError) as caught:
        listener.accept(bench.acceptor.new_object())
    assert caught.value.code == "wrong_security_mode"
    assert listener.waiting == 1
    child = bench.acceptor.new_object(_User("child", bench))
    child.configure_security(layers[0])
    listener.accept(child)
    until(carrier, lambda: "released" in bench.of("scu"))


def test_only_an_idle_object_is_configured(wire: Transport, layers: tuple[Security, Security]) -> None:
    bench = bench_of(wire, None, None)
    listener = bench.acceptor.new_object()
    listener.listen(LOOPBACK)
    with pytest.raises(LocalProtocolError) as caught:
        listener.configure_security(layers[0])
    assert caught.value.code == "wrong_state"
    assert listener.endpoint.security.control == "NONE"


def test_a_plain_requestor_on_a_secure_acceptor(wire: Transport, layers: tuple[Security, Security]) -> None:
    """He says nothing, so that the acceptor's own timer ends it; what he says is no handshake, so that it fails."""
    silent = bench_of(wire, layers[0], None)
    silent.go()
    assert silent.of("child") == ["on_secure_link_ready timeout"]
    assert silent.of("listener") == ["on_child_close timeout"]
    assert silent.of("scu") == ["on_connect ok", "on_close ok"]
    speaks = bench_of(wire, layers[0], None)
    scu = speaks.requestor.new_object(_User("scu", speaks))
    scu.dial(speaks.listen(), RQ)
    until(wire, lambda: bool(speaks.of("listener")))
    settle(wire)
    assert speaks.of("child") in (
        ["on_secure_link_ready handshake_failed"],
        ["on_secure_link_ready protocol_version"],
    )


def test_a_secure_requestor_on_a_plain_acceptor(wire: Transport, layers: tuple[Security, Security]) -> None:
    """The acceptor sees a PDU type that is none, and aborts; the requestor sees that this is no handshake."""
    bench = bench_of(wire, None, layers[1])
    bench.go()
    assert bench.of("scu")[0] == "on_connect ok"
    assert bench.of("scu")[1] in (
        "on_secure_link_ready handshake_failed",
        "on_secure_link_ready protocol_version",
    )
    assert len(bench.of("scu")) == 2


@pytest.mark.parametrize("ending", ["close", "close_forced"])
def test_an_end_in_the_middle_of_the_handshake(wire: Transport, ending: str) -> None:
    bench = bench_of(wire, PlayedSecurity(), PlayedSecurity())
    address = bench.listen()
    ear = Ear()
    ear.link = wire.connect(address, ear)
    until(wire, lambda: bool(bench.children) and ear.told == ["open"])
    link: Link = ear.link
    (link.close if ending == "close" else link.reset)()
    until(wire, lambda: bool(bench.of("listener")))
    assert bench.of("child") == ["on_secure_link_ready aborted"]
    assert bench.of("listener") == ["on_child_close aborted"]


def test_a_missing_client_certificate_is_told_to_the_requestor_afterwards(
    wire: Transport, server: TlsSettings, client: TlsSettings
) -> None:
    """With TLS 1.3 the requestor has finished before the acceptor refuses him: on_secure_link_ready(ok), on_close."""
    bench = bench_of(wire, Tls(replace(server, require_client_certificate=True)), Tls(client))
    scu = bench.go()
    assert bench.of("child") == ["on_secure_link_ready verify_failed"]
    assert bench.of("scu") == [
        "on_connect ok",
        "on_secure_link_ready ok",
        "aborted",
        "on_close verify_failed",
    ]
    assert scu.security_failure is not None
    assert "certificate_required" in scu.security_failure.text


def test_a_client_certificate_is_known_to_the_child(
    wire: Transport, server: TlsSettings, client: TlsSettings, certificates: Certificates
) -> None:
    own = certificates.client
    bench = bench_of(
        wire,
        Tls(replace(server, require_client_certificate=True)),
        Tls(replace(client, certificate=own.certificate, key=own.key)),
    )
    bench.go()
    secured = bench.children[0].secured
    assert secured is not None
    assert secured.certificate is not None
    assert bench.of("scu")[-1] == "released"


def test_each_reason_to_refuse_the_acceptor(
    wire: Transport, server: TlsSettings, client: TlsSettings, certificates: Certificates
) -> None:
    for pair, code in (
        (certificates.server_expired, "expired"),
        (certificates.server_other_name, "hostname_mismatch"),
        (certificates.server_of_other_ca, "unknown_authority"),
        (certificates.server_self_signed, "unknown_authority"),
    ):
        bad = replace(server, certificate=pair.certificate, key=pair.key)
        bench = bench_of(wire, Tls(bad), Tls(client))
        scu = bench.go()
        assert bench.of("scu") == ["on_connect ok", f"on_secure_link_ready {code}"]
        assert scu.security_failure is not None
        assert scu.security_failure.text
        assert len(bench.of("child")) == 1


def test_the_password_of_a_key_is_asked_of_the_handler(
    memory: MemoryTransport, certificates: Certificates
) -> None:
    pair = certificates.server_encrypted
    layer = Tls(TlsSettings(pair.certificate, pair.key, certificates.ca))
    network = Network(memory)
    network.startup()

    class Knows(Verification):
        def on_private_key_password(self, subject: NetworkObject) -> str:
            return PASSWORD.decode() if isinstance(PASSWORD, bytes) else PASSWORD

    network.new_object(Knows()).configure_security(layer)
    forgetful = network.new_object()
    with pytest.raises(LocalProtocolError) as caught:
        forgetful.configure_security(Tls(TlsSettings(Path(pair.certificate), pair.key)))
    assert caught.value.code == "invalid_argument"
    assert forgetful.endpoint.security.control == "NONE"


def test_an_end_without_close_notify_is_told(
    tcp: TcpTransport, server: TlsSettings, client: TlsSettings
) -> None:
    bench = bench_of(tcp, Tls(server), Tls(client))
    bench.associates = False
    scu = bench.call(bench.listen())
    until(tcp, lambda: "on_secure_link_ready ok" in bench.of("child"))
    link = scu._secure  # pyright: ignore[reportPrivateUsage] # an end of the transport alone cannot be had from outside
    assert link is not None
    assert link.link is not None
    link.link.close()
    until(tcp, lambda: bool(bench.of("listener")))
    assert bench.of("child") == ["on_secure_link_ready ok", "on_close close_notify_missing"]


def test_a_callback_that_raises_ends_its_object_alone(wire: Transport) -> None:
    bench = bench_of(wire, PlayedSecurity(), PlayedSecurity())

    class Raises(_User):
        def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
            super().on_secure_link_ready(subject, outcome)
            raise ValueError("planned")

    bench.associates = False
    scu = bench.requestor.new_object(Raises("scu", bench))
    scu.connect(bench.listen())
    until(wire, lambda: bool(bench.of("listener")))
    assert bench.of("scu") == ["on_connect ok", "on_secure_link_ready ok", "on_close aborted"]
    assert [str(error) for error in bench.requestor.errors] == ["planned"]
