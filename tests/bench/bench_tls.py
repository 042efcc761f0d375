"""What TLS costs: `python tests/bench/bench_tls.py`.

In memory, a handshake of two ends as our runtime drives it, beside a bare pair of `ssl.MemoryBIO` ends with the same
contexts. On loopback, associations with a C-ECHO over TLS that our acceptor serves in a second, beside DCMTK's storescp
and pynetdicom's acceptor; one client of Python's blocking `ssl` drives each in turn. What is not installed is left out
and said.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter

from bench_acceptor import LOOPBACK, QUICK_ROUNDS, QUICK_SECONDS, ROUNDS, SECONDS, running, wait_for_listener
from loopback import ECHO, HEADER, RELEASE

from dicomnet.conformance.throwaway import Authority
from dicomnet.statemachine import encode
from dicomnet.transports import (
    Address,
    Handler,
    MemoryTransport,
    Network,
    NetworkObject,
    Request,
    Secured,
    Tls,
    TlsSettings,
    TlsTransport,
    client_context,
    echo_request,
    server_context,
)

from harness import NOT_INSTALLED, Effort, compare, effort, heading, optional, show

NAMES = {"dicomnet": None, "storescp": 0.9, "pynetdicom": 12.0}
HOST = "127.0.0.1"
REQUEST = encode(echo_request("ECHO", "BENCH"))


def settings_in(directory: Path) -> tuple[TlsSettings, TlsSettings]:
    """An acceptor's settings, and a requestor's."""
    authority = Authority()
    issued = authority.issue("bench", "server", ("localhost", HOST))
    for name, octets in (
        ("ca.pem", authority.certificate),
        ("server.pem", issued.certificate),
        ("server.key", issued.key),
    ):
        (directory / name).write_bytes(octets)
    server = TlsSettings(directory / "server.pem", directory / "server.key", directory / "ca.pem")
    return server, TlsSettings(authorities=directory / "ca.pem")


def bare_handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Two ends of `ssl`, as few calls as can be."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    left = [ours, theirs]
    while left:
        for end in list(left):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            left.remove(end)


class Ear:
    """Hears of one secured link, and counts; as a listener it takes what comes."""

    def __init__(self) -> None:
        self.ready = 0

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        request.take(self)

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""

    def on_open(self) -> None:
        """See `LinkHandler`."""

    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        raise ConnectionError(code)

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""

    def on_end(self) -> None:
        """See `LinkHandler`."""

    def on_reset(self) -> None:
        """See `LinkHandler`."""

    def look(self, said: object) -> None:
        """A link was secured, or could not be."""
        self.ready += isinstance(said, Secured)


class Carrier:
    """TLS as a carrier over memory: a listener that takes every request."""

    def __init__(self, server: TlsSettings, client: TlsSettings) -> None:
        below, self.ear = MemoryTransport(), Ear()
        listens = TlsTransport(below, Tls(server).load(lambda: None), look=self.ear.look)
        self.connects = TlsTransport(below, Tls(client).load(lambda: None), look=self.ear.look)
        self.address = Address("localhost", listens.listen(Address("", 0), 8, self.ear).address.port)

    def handshake(self) -> None:
        """Connect, and secure both ends."""
        self.ear.ready = 0
        self.connects.connect(self.address, self.ear)
        self.connects.run(lambda: self.ear.ready == 2)
        assert self.ear.ready == 2


class Accepts(Handler):
    """Accepts whatever comes, and counts the links that are ready."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.ready = 0

    def on_accept(self, listener: NetworkObject) -> None:
        """Accept."""
        listener.accept(self.network.new_object(self))

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """One end is ready."""
        self.ready += outcome == "ok"


class Runtime:
    """Two libraries on one memory carrier, an object that listens."""

    def __init__(self, server: TlsSettings, client: TlsSettings) -> None:
        self.carrier = MemoryTransport()
        acceptor = Network(self.carrier, security=Tls(server))
        acceptor.startup()
        self.handler = Accepts(acceptor)
        self.requestor = Network(self.carrier, security=Tls(client))
        self.requestor.startup()
        port = acceptor.new_object(self.handler).listen(Address("", 0)).port
        self.address = Address("localhost", port)

    def handshake(self) -> None:
        """Connect, secure both ends, close."""
        self.handler.ready = 0
        ours = self.requestor.new_object(self.handler)
        ours.connect(self.address)
        self.carrier.run(lambda: self.handler.ready == 2)
        assert self.handler.ready == 2
        ours.close()
        self.carrier.run(lambda: False)


def measure_memory(server: TlsSettings, client: TlsSettings, much: Effort) -> None:
    """The handshake alone; and with two network objects: made, connected, accepted, told, closed."""
    contexts = server_context(server), client_context(client)

    def bare() -> None:
        bare_handshake(*contexts)

    heading("TLS handshake in memory, both ends")
    compare(much, Carrier(server, client).handshake, [("bare ssl.MemoryBIO pair", bare, 1 / 1.2)], 1)
    heading("the same with two network objects")
    compare(much, Runtime(server, client).handshake, [("bare ssl.MemoryBIO pair", bare, None)], 1)


# --- on loopback -------------------------------------------------------------------------------------------


@contextmanager
def server_of(name: str, tls: TlsSettings) -> Generator[int | None]:
    """A server over TLS and its port; None where it is not installed."""
    if name == "storescp":
        with storescp(tls) as port:
            yield port
    elif name == "pynetdicom" and optional(name) is None:
        yield None
    else:
        command = [sys.executable, str(LOOPBACK), "serve", name, str(tls.certificate), str(tls.key)]
        with running(command) as process:
            assert process.stdout is not None
            yield int(process.stdout.readline())


@contextmanager
def storescp(tls: TlsSettings) -> Generator[int | None]:
    """DCMTK's acceptor."""
    program = shutil.which("storescp")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    security = ["+tls", str(tls.key), str(tls.certificate), "+cf", str(tls.authorities), "-ic"]
    with (
        tempfile.TemporaryDirectory() as folder,
        running([program, "-q", *security, "-od", folder, str(port)], {"TCP_NODELAY": "1"}) as process,
    ):
        wait_for_listener(process, port)
        yield port


def associations(port: int, context: ssl.SSLContext, seconds: float) -> float:
    """Associations a second: connect, handshake, association, C-ECHO, release."""
    count, start = 0, perf_counter()
    while perf_counter() - start < seconds or not count:
        with socket.create_connection((HOST, port), 5.0) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, server_hostname=HOST) as secured:
                for octets in (REQUEST, ECHO, RELEASE):
                    secured.sendall(octets)
                    read_pdu(secured)
        count += 1
    return count / (perf_counter() - start)


def read_pdu(secured: ssl.SSLSocket) -> None:
    """One whole PDU."""
    held = b""
    while len(held) < HEADER or len(held) < HEADER + int.from_bytes(held[2:HEADER]):
        octets = secured.recv(65536)
        if not octets:
            raise ConnectionError("the server closed the connection")
        held += octets


def measure_loopback(server: TlsSettings, client: TlsSettings, much: Effort) -> None:
    """All servers run all the time and are driven by turns; the best round of each counts."""
    heading("TLS, association + C-ECHO + release, one client")
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if much.quick else (ROUNDS, SECONDS)
    context = client_context(client)
    best: dict[str, float] = {}
    with ExitStack() as stack:
        ports = {name: stack.enter_context(server_of(name, server)) for name in NAMES}
        for _ in range(rounds):
            for name, port in ports.items():
                if port is not None:
                    best[name] = max(best.get(name, 0.0), associations(port, context, seconds))
    for name, goal in NAMES.items():
        if name not in best:
            show(f"{name}: {NOT_INSTALLED}", None)
        else:
            show(name, 1 / best[name], None if goal is None else best["dicomnet"] / best[name], goal)


def measure(much: Effort) -> None:
    """Both."""
    with tempfile.TemporaryDirectory() as directory:
        server, client = settings_in(Path(directory))
        measure_memory(server, client, much)
        measure_loopback(server, client, much)


if __name__ == "__main__":
    measure(effort(__doc__))
