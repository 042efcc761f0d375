"""How the meaning of a connection differs: the text's own queue, and what TCP does on two systems.

A profile is a value; the machine asks its properties and never its name. An implementation that differs in one
point is checked with `dataclasses.replace(TCP_LINUX, ...)`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Profile:
    """What an implementation promises, where implementations may differ.

    - `connected_at`: the requestor hears on_connect(ok) when its request is accepted ("accept") or as soon as the
      request stands in the queue ("queue").
    - `withdraw_removes`: a requestor that ends while it waits takes its entry out of the queue; otherwise the entry
      stays, is yielded in its turn, and the child then hears of the end.
    - `overflow`: a request that finds the queue full is "refused", or it is "late": it waits unannounced behind the
      queue, and its on_accept comes when there is room; or it is "lost": it comes again by itself after a while, behind
      younger ones, and its requestor may be connected before that, on its own side alone.
    - `spare`: how many entries (requests) above the backlog may be announced, and how many late ones are sure to wait;
      with "lost", how many more than the backlog the queue holds.
    - `on_accept`: one callback per request ("edge"), or at least one between two accepts while requests wait ("level").
    - `accept_reports_reset`: accept() itself may answer "reset" for a request whose requestor has reset.
    - `tables`: the profile of `dicomnet.statemachine.PROFILES` whose tables do this; "" where none does.
    """

    name: str
    connected_at: Literal["accept", "queue"] = "accept"
    withdraw_removes: bool = True
    overflow: Literal["refused", "late", "lost"] = "refused"
    spare: int = 0
    on_accept: Literal["edge", "level"] = "edge"
    accept_reports_reset: bool = False
    tables: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` where requests are lost in a way that no carrier has and no check knows."""
        as_tcp = self.connected_at == "queue" and not self.withdraw_removes and self.on_accept == "edge"
        if self.overflow == "lost" and not as_tcp:
            raise ValueError(
                f"profile {self.name!r}: overflow 'lost' goes with connected_at 'queue', withdraw_removes False "
                "and on_accept 'edge'"
            )


DICOMNET: Final = Profile("dicomnet", tables="dicomnet")
TCP_LINUX: Final = Profile(
    "tcp-linux",
    connected_at="queue",
    withdraw_removes=False,
    overflow="late",
    spare=1,
    tables="tcp-linux",
)
# What Linux does with a request too many takes seconds: to be asked only of a carrier with a virtual clock.
TCP_LINUX_OVERFLOW: Final = replace(TCP_LINUX, name="tcp-linux-overflow", overflow="lost")
TCP_WINSOCK: Final = Profile(
    "tcp-winsock",
    connected_at="queue",
    withdraw_removes=False,
    on_accept="level",
    accept_reports_reset=True,
    tables="tcp-winsock",
)
PROFILES: Final = {
    profile.name: profile for profile in (DICOMNET, TCP_LINUX, TCP_LINUX_OVERFLOW, TCP_WINSOCK)
}


def profile_of(profile: Profile | str) -> Profile:
    """A profile by its name; a profile is taken as it is. Raises `ValueError` for a name that is not known."""
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise ValueError(
            f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}, or pass a Profile"
        )
    return PROFILES[profile]
