"""The two carriers. A test that asks for `carrier` runs on both of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from dicomnet.transports import MemoryTransport, TcpTransport, Transport


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


@pytest.fixture(params=["memory", "tcp"])
def carrier(request: pytest.FixtureRequest) -> Transport:
    """Both carriers, one after the other."""
    made: Transport = request.getfixturevalue(request.param)
    return made
