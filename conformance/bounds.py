"""What the tester takes from one target in one case, and how long it waits for a requestor's user."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import Limits

from .case import AwaitUser
from .target import Target

# What the tester takes from a target: more than it announces, so that too long a PDU is seen and named.
TESTER_LIMITS: Final = Limits(data=1 << 20)
# Octets and PDUs, from an acceptor, and from a requestor, whose user may have much to say.
MAX_RECEIVED: Final = {"acceptor": 1 << 22, "requestor": 1 << 26}
MAX_PDUS: Final = {"acceptor": 10_000, "requestor": 50_000}
# How long the user of a requestor may take for what he does unasked, at least; and how long it is waited for the
# release of one who sends message after message: in seconds.
USER_PATIENCE: Final = 5.0
USER_SECONDS: Final = 30.0


def too_much(role: str, octets: int, pdus: int) -> str:
    """That a target has sent more than the tester takes of one with this role; nothing where it has not."""
    if pdus > MAX_PDUS[role]:
        return f"more than {MAX_PDUS[role]} PDUs without an end"
    if octets > MAX_RECEIVED[role]:
        return f"more than {MAX_RECEIVED[role]} octets without an end"
    return ""


def waits_for_user(step: AwaitUser, target: Target) -> tuple[float, float]:
    """For how many seconds of silence the target's user is waited for, and for how many in all."""
    patience = target.pace.patience
    if step.event == "Evt11" and not target.releases:
        return patience, patience  # nobody has seen him do it yet
    patience = max(patience, USER_PATIENCE)
    return patience, max(patience, USER_SECONDS)
