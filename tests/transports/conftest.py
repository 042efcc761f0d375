"""The carriers. A test that asks for `carrier` runs on TCP, and in memory in each profile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from dicomnet.statemachine import PROFILES
from dicomnet.transports import MemoryTransport, TcpTransport, Tls, TlsSettings, TlsTransport, Transport

from ..certificates import Certificates


@pytest.fixture
def tcp() -> Iterator[TcpTransport]:
    """A carrier on real sockets; whatever goes wrong inside its loop fails the test."""
    carrier = TcpTransport()
    wrong: list[Any] = []

    def keep(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        wrong.append(context.get("exception") or context["message"])

    carrier.loop.set_exception_handler(keep)
    yield carrier
    carrier.end()
    for each in wrong:
        if isinstance(each, BaseException):
            raise each
    assert wrong == []


@pytest.fixture
def memory() -> Iterator[MemoryTransport]:
    """A carrier in memory."""
    carrier = MemoryTransport()
    yield carrier
    carrier.end()


@pytest.fixture
def tls(certificates: Certificates) -> Tls:
    """TLS with a good certificate, for both ends."""
    pair = certificates.server
    return Tls(TlsSettings(pair.certificate, pair.key, certificates.ca))


PLAIN = ("memory", "memory-tcp-linux", "memory-tcp-winsock", "tcp")


@pytest.fixture(params=PLAIN)
def carrier(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """The carriers, one after the other: memory in each profile, TCP in its own."""
    yield from carrier_of(request)


@pytest.fixture(params=[*PLAIN, "memory-tls", "tcp-tls"])
def carrier_or_tls(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """The carriers, and TLS over memory and TCP."""
    yield from carrier_of(request)


def carrier_of(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """The carrier that a parameter names."""
    kind, _, profile = str(request.param).partition("-")
    if profile == "tls":
        yield TlsTransport(request.getfixturevalue(kind), request.getfixturevalue("tls"))
    elif profile:
        made = MemoryTransport(tables=PROFILES[profile])
        yield made
        made.end()
    else:
        yield request.getfixturevalue(kind)
