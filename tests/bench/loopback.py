"""The two sides of the acceptor benchmark, each run as a process of its own: `python loopback.py ROLE ...`.

The servers say on which port they listen. The client knows octets and nothing else, so that it costs the same
whatever it talks to; it drives some connections at a time and prints how many exchanges it had in a second.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, NoReturn

from dicomnet.statemachine import (
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAssociateAC,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    CEchoRSP,
    PDataTF,
    PresentationContextAC,
    UserInformation,
    encode,
    encode_command,
)
from dicomnet.transports import (
    Address,
    Policy,
    ReferenceAcceptor,
    Settings,
    TcpTransport,
    Tls,
    TlsSettings,
    echo_request,
)

from harness import optional

LOOPBACK = "127.0.0.1"
RQ, AC, DATA, RELEASE_RQ, RELEASE_RP = 1, 2, 4, 5, 6
ECHO = encode(PDataTF((PDV(1, True, True, encode_command(CEchoRQ(1))),)))
RELEASE = encode(AReleaseRQ())
HEADER = 6
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0


# --- servers -----------------------------------------------------------------------------------------------


def say(port: int) -> None:
    """Tell whoever started this process where the server is."""
    print(port, flush=True)


def serve_dicomnet(certificate: str = "", key: str = "") -> None:
    """The reference acceptor, as `dicomnet serve` runs it; over TLS with a certificate and its key."""
    carrier = TcpTransport()
    security = Tls(TlsSettings(Path(certificate), Path(key))) if certificate else None
    acceptor = ReferenceAcceptor(carrier, Policy(), Settings(), security=security)
    say(acceptor.listen(Address(LOOPBACK, 0), 64).port)
    carrier.run(lambda: False)


class Canned(asyncio.Protocol):
    """Answers by the type of each PDU with octets made beforehand: no state, no check, no codec."""

    transport: asyncio.Transport
    answers: ClassVar[dict[int, bytes]] = {
        RQ: encode(
            AAssociateAC(
                "ECHO",
                "BENCH",
                (PresentationContextAC(1, 0, IMPLICIT_LE),),
                UserInformation(max_length=16384, implementation_class_uid="1.2.3"),
            )
        ),
        DATA: encode(PDataTF((PDV(1, True, True, encode_command(CEchoRSP(1, 0, VERIFICATION))),))),
        RELEASE_RQ: encode(AReleaseRP()),
    }

    def __init__(self) -> None:
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        octets = self.held + data if self.held else data
        while len(octets) >= HEADER:
            length = HEADER + int.from_bytes(octets[2:HEADER])
            if len(octets) < length:
                break
            self.transport.write(self.answers[octets[0]])
            octets = octets[length:]
        self.held = octets


def serve_asyncio() -> None:
    """The least that an asyncio server can do and still answer."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, LOOPBACK, 0, backlog=64)
        say(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def serve_pynetdicom(certificate: str = "", key: str = "") -> None:
    """pynetdicom's acceptor; over TLS with a certificate and its key."""
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    entity = optional("pynetdicom").AE()
    entity.maximum_associations = 64
    entity.add_supported_context(VERIFICATION)
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    server = entity.start_server((LOOPBACK, 0), block=False, ssl_context=context)
    say(server.socket.getsockname()[1])
    signal.pause()


# --- the client --------------------------------------------------------------------------------------------


class Client:
    """Keeps `width` connections busy for some seconds and counts what was answered."""

    def __init__(self, port: int, width: int, seconds: float, *, echo_only: bool) -> None:
        self.port = port
        self.echo_only = echo_only
        self.count = 0
        self.request = encode(echo_request("ECHO", "BENCH"))
        self.selector = selectors.DefaultSelector()
        self.left = width
        self.start = perf_counter()
        self.end = self.start + seconds
        for _ in range(width):
            self.open()

    def open(self) -> None:
        """A new connection, with the association request on its way."""
        sock = socket.create_connection((LOOPBACK, self.port), CONNECT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(self.request)
        self.selector.register(sock, selectors.EVENT_READ, bytearray())

    def rate(self) -> float:
        """Run; gives exchanges a second."""
        while self.left:
            for key, _ in self.selector.select(ANSWER_SECONDS) or silent():
                sock: Any = key.fileobj
                self.read(sock, key.data)
        return self.count / (perf_counter() - self.start)

    def read(self, sock: socket.socket, held: bytearray) -> None:
        """Octets of a server."""
        octets = sock.recv(65536)
        if not octets:
            raise ConnectionError("the server closed the connection")
        held += octets
        while len(held) >= HEADER and len(held) >= (length := HEADER + int.from_bytes(held[2:HEADER])):
            kind = held[0]
            del held[:length]
            self.react(sock, kind)

    def react(self, sock: socket.socket, kind: int) -> None:
        """A whole PDU of a server."""
        if kind == AC:
            sock.sendall(ECHO)
        elif kind == DATA and self.echo_only and perf_counter() < self.end:
            self.count += 1
            sock.sendall(ECHO)
        elif kind == DATA:
            sock.sendall(RELEASE)
        elif kind == RELEASE_RP:
            self.selector.unregister(sock)
            sock.close()
            if not self.echo_only:
                self.count += 1
            if perf_counter() < self.end:
                self.open()
            else:
                self.left -= 1
        else:
            raise ConnectionError(f"the server sent a PDU of type {kind}")


def silent() -> NoReturn:
    """Nobody says anything any more."""
    raise TimeoutError("the server does not answer")


SERVERS: dict[str, Callable[..., None]] = {
    "dicomnet": serve_dicomnet,
    "asyncio": serve_asyncio,
    "pynetdicom": serve_pynetdicom,
}


def main() -> None:
    """`loopback.py serve NAME [CERTIFICATE KEY]`, or `loopback.py drive PORT WIDTH SECONDS associate|echo`."""
    match sys.argv[1:]:
        case ["serve", name, *certificate_and_key]:
            SERVERS[name](*certificate_and_key)
        case ["drive", port, width, seconds, mode]:
            print(Client(int(port), int(width), float(seconds), echo_only=mode == "echo").rate())
        case _:
            sys.exit(main.__doc__)


if __name__ == "__main__":
    main()
