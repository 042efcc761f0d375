"""The profiles of the connection layer: what the seed demands, and what real TCP does.

A profile is a set of tables. The listener's table says how many requests wait and when `on_accept` is told, the
path's table what a carrier does with a request until it is taken; all else is the same in each. Where a requestor
resets while its request waits, `tcp-winsock` has both: accept itself may report it, or the first read, as on Linux.
"""

from __future__ import annotations

from typing import Final

from .endpoint import MODEL, Model, Traits
from .machines.listener import LISTENER_LINUX, LISTENER_WINSOCK
from .machines.path import PATH_LINUX, PATH_WINSOCK

TCP_LINUX: Final = Model(
    name="tcp-linux",
    listener=LISTENER_LINUX,
    path=PATH_LINUX,
    traits=Traits(connected_at_accept=False, withdraws=False, half_open=True),
)
TCP_WINSOCK: Final = Model(
    name="tcp-winsock",
    listener=LISTENER_WINSOCK,
    path=PATH_WINSOCK,
    traits=Traits(connected_at_accept=False, withdraws=False, told_of_each=False, accept_tells_reset=True),
)

PROFILES: Final = {profile.name: profile for profile in (MODEL, TCP_LINUX, TCP_WINSOCK)}
"""The tables of each profile, by its name."""
