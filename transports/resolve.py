"""From a host to socket addresses, without making anybody wait who has other things to do."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from dicomnet.statemachine import LocalProtocolError

from .base import Address

# (address family, socket address)
Candidate: TypeAlias = tuple[int, tuple[object, ...]]
# How an IPv4 address is written as an IPv6 one (RFC 4291, 2.5.5.2).
MAPPED = "::ffff:"


def numeric(address: Address) -> Candidate | None:
    """The socket address of a host that is an IP address already (or "", the loopback); None for a name."""
    host = address.host or "127.0.0.1"
    try:
        socket.inet_pton(socket.AF_INET, host)
    except (OSError, ValueError):
        pass
    else:
        return socket.AF_INET, (host, address.port)
    try:
        socket.inet_pton(socket.AF_INET6, host)
    except (OSError, ValueError):
        return None
    return socket.AF_INET6, (host, address.port, 0, 0)


def to_listen_on(address: Address) -> list[Candidate]:
    """The socket addresses that a listener may bind, best first; none where the name is not known.

    "*" is one socket for both families where the system has such: one port, and one queue of the system, so that
    the order of requests holds across the families too. Where there is no IPv6 it is every IPv4 address.
    """
    if address.host != "*":
        found = numeric(address)
        return look_up(address) if found is None else [found]
    if socket.has_dualstack_ipv6():
        return [(socket.AF_INET6, ("::", address.port, 0, 0))]
    return [(socket.AF_INET, ("0.0.0.0", address.port))]


def told_of(name: tuple[str, int]) -> Address:
    """The address in a socket's name; an IPv4 peer of a socket for both families is shown as what it is."""
    host, port = name[:2]
    return Address(host.removeprefix(MAPPED) if "." in host else host, port)


def look_up(address: Address) -> list[Candidate]:
    """Every socket address of a name; none where it is not known. This may take many seconds."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError, OverflowError):
        # ValueError: a name that cannot be one, with a label of more than 63 octets or a NUL in it.
        return []
    return [(family, where) for family, _, _, _, where in found]


async def bindable(address: Address) -> Address:
    """An address to listen on whose host is no name any more, looked up while the loop goes on.

    Raises `LocalProtocolError("name_not_resolved")`.
    """
    if address.host == "*" or numeric(address) is not None:
        return address
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Candidate]] = loop.create_future()

    def tell(candidates: list[Candidate]) -> None:
        if not found.done():
            found.set_result(candidates)

    def tell_from_aside(candidates: list[Candidate]) -> None:
        with suppress(RuntimeError):  # the loop is closed, nobody waits any more
            loop.call_soon_threadsafe(tell, candidates)

    look_up_aside(address, tell_from_aside)
    candidates = await found
    if not candidates:
        raise LocalProtocolError("name_not_resolved", f"cannot listen on {address}: no such name")
    return Address(str(candidates[0][1][0]), address.port)


def look_up_aside(address: Address, tell: Callable[[list[Candidate]], None]) -> None:
    """Look up a name in a thread of its own; `tell` is called in that thread.

    A name server that does not answer holds up neither the carrier nor the end of the process.
    """
    threading.Thread(target=lambda: tell(look_up(address)), name="look-up", daemon=True).start()
