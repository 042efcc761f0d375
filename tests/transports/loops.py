"""Programs under asyncio, on both carriers: what they leave behind fails the test."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from dicomnet.transports import Address, MemoryTransport, Policy, Settings, TcpTransport, Transport, aio

T = TypeVar("T")
Program = Callable[[Transport], Coroutine[Any, Any, T]]

# Real seconds; only a program that hangs needs them.
LIMIT = 60.0
LOOPBACK = Address("", 0)
NOBODY = Address("", 1)
ANY = Policy()


def play(kind: str, program: Program[T], *, debug: bool = True) -> T:
    """Run a program on a new carrier, in asyncio's debug mode; its loop must not complain."""
    wrong: list[Any] = []

    async def main() -> T:
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = LIMIT  # a busy machine is nobody's fault
        loop.set_exception_handler(lambda _, context: wrong.append(context))
        carrier = MemoryTransport() if kind == "memory" else TcpTransport(loop)
        async with asyncio.timeout(LIMIT):
            return await program(carrier)

    try:
        return asyncio.run(main(), debug=debug)
    finally:
        gc.collect()  # an unclosed socket or a coroutine that nobody awaited speaks up now
        assert wrong == []


class Ward:
    """A library with a listener, and what the tests do with them again and again."""

    def __init__(self, lib: aio.Library) -> None:
        self.lib = lib
        self.listener = lib.new_object()
        self.address = NOBODY

    @staticmethod
    async def open(lib: aio.Library, backlog: int = 8) -> Ward:
        made = Ward(lib)
        made.address = await made.listener.listen(LOOPBACK, backlog)
        return made

    def call(self) -> tuple[aio.NetworkObject, asyncio.Task[None]]:
        """A requestor that connects, and its task."""
        scu = self.lib.new_object()
        return scu, asyncio.create_task(scu.connect(self.address))

    async def pair(self, policy: Policy | None = ANY) -> tuple[aio.NetworkObject, aio.NetworkObject]:
        """A connection that stands: requestor and child."""
        scu, connecting = self.call()
        await anext(self.listener)
        child = self.lib.new_object(policy)
        self.listener.accept(child)
        await connecting
        return scu, child


def with_ward(
    program: Callable[[Ward], Coroutine[Any, Any, T]], settings: Settings | None = None
) -> Program[T]:
    """A program that begins with a library and a listener, and ends without an error kept."""

    async def whole(carrier: Transport) -> T:
        async with aio.library(carrier, settings) as lib:
            result = await program(await Ward.open(lib))
            assert lib.errors == []
            return result

    return whole
