"""From a host to socket addresses, without making anybody wait who has other things to do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import TypeAlias

from .base import Address

# (address family, socket address)
Candidate: TypeAlias = tuple[int, tuple[object, ...]]


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


def look_up(address: Address) -> list[Candidate]:
    """Every socket address of a name; none where it is not known. This may take many seconds."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError, OverflowError):
        # ValueError: a name that cannot be one, with a label of more than 63 octets or a NUL in it.
        return []
    return [(family, where) for family, _, _, _, where in found]


def look_up_aside(address: Address, tell: Callable[[list[Candidate]], None]) -> None:
    """Look up a name in a thread of its own; `tell` is called in that thread.

    A name server that does not answer holds up neither the carrier nor the end of the process.
    """
    threading.Thread(target=lambda: tell(look_up(address)), name="look-up", daemon=True).start()
