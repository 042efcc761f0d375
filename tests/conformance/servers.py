"""Targets on loopback: hostile ones as plain sockets in threads, and acceptors of this project in a thread.

Each listens on a port of the kernel's choice and is gone when its `with` block ends.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from dicomnet.transports import Address, Policy, ReferenceAcceptor, TcpTransport

Talk = Callable[[socket.socket], None]
LOOPBACK = "127.0.0.1"


@dataclass
class Server:
    """Where it listens, and what became of it."""

    target: str
    taken: int = 0
    open: list[socket.socket] = field(default_factory=list[socket.socket])


def listening(backlog: int = 16) -> socket.socket:
    """A listening socket on a free port of loopback."""
    sock = socket.socket()
    sock.bind((LOOPBACK, 0))
    sock.listen(backlog)
    return sock


def target_of(sock: socket.socket) -> str:
    return f"{LOOPBACK}:{sock.getsockname()[1]}"


@contextmanager
def serving(talk: Talk) -> Generator[Server]:
    """A server that talks like this on every connection, each in a thread of its own."""
    listener = listening()
    server = Server(target_of(listener))
    threads: list[threading.Thread] = []

    def one(sock: socket.socket) -> None:
        with suppress(OSError), sock:  # the tester hangs up when it has seen enough
            talk(sock)

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                server.taken += 1
                server.open.append(sock)
                thread = threading.Thread(target=one, args=(sock,))
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listener.close()
        for sock in server.open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@contextmanager
def acceptor(make: Callable[[TcpTransport], Address] | None = None) -> Generator[Address]:
    """An acceptor on TCP in a thread: the reference acceptor, or what `make` sets up on the carrier."""
    carrier = TcpTransport()
    address = (make or _reference)(carrier)
    stop = threading.Event()
    thread = threading.Thread(target=carrier.run, args=(stop.is_set,))
    thread.start()
    try:
        yield Address(LOOPBACK, address.port)
    finally:
        stop.set()
        carrier.loop.call_soon_threadsafe(carrier.turn, _nothing)
        thread.join()
        carrier.end()


def _reference(carrier: TcpTransport) -> Address:
    return ReferenceAcceptor(carrier, Policy()).listen(Address("", 0), 64)


def _nothing() -> None:
    """A turn in which the carrier sees that it is to stop."""


# --- how hostile servers talk -----------------------------------------------------------------------------


def says(octets: bytes) -> Talk:
    """Say this at once, then wait for the tester to go."""

    def talk(sock: socket.socket) -> None:
        sock.sendall(octets)
        until_it_goes(sock)

    return talk


def answers(octets: bytes) -> Talk:
    """Say this when the tester has said something, then wait for it to go."""

    def talk(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(octets)
        until_it_goes(sock)

    return talk


def endless(octets: bytes, first: bytes = b"") -> Talk:
    """When the tester has said something, never stop."""

    def talk(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(first)
        while True:
            sock.sendall(octets)

    return talk


def until_it_goes(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def resets(sock: socket.socket) -> None:
    sock.recv(65536)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(sock: socket.socket) -> None:
    sock.recv(65536)


@contextmanager
def black_hole() -> Generator[str]:
    """A listener whose backlog is full: the kernel answers no further request."""
    listener = listening(backlog=0)
    crowd: list[socket.socket] = []
    try:
        while True:
            sock = socket.socket()
            crowd.append(sock)
            sock.settimeout(0.2)
            try:
                sock.connect(listener.getsockname())
            except TimeoutError:
                break
        yield target_of(listener)
    finally:
        for sock in (*crowd, listener):
            sock.close()


def refused() -> str:
    """A port on which nobody listens."""
    with listening() as sock:
        return target_of(sock)
