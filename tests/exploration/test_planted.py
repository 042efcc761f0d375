"""The named faults: each is found by the rows, and the row that it breaks is among those that say so."""

from __future__ import annotations

import pytest

from dicomnet.conformance.exploration import PLANTED, check_rows, plant
from dicomnet.statemachine import PROFILES

# The row that each fault breaks.
BREAKS = {
    "lifo": 8,
    "swap-from-three": 8,
    "accepts-any": 8,
    "jumps-the-queue": 8,
    "lost-tail-on-withdraw": 20,
    "wrong-one-withdrawn": 20,
    "one-too-many": 7,
    "no-slot-back": 18,
    "queue-survives-close": 19,
    "timer-leaves-entry": 22,
    "double-on-connect": 8,
    "on-connect-before-accept": 8,
    "on-connect-after-close": 16,
    "silent-refusal": 6,
    "on-accept-twice": 5,
    "close-tells-twice": 16,
    "child-told-twice": 18,
    "close-aborts": 16,
    "silent-loss": 16,
    "ready-twice": 12,
    "ready-before-accept": 12,
    "closed-after-failed-handshake": 13,
    "associates-before-ready": 15,
    "artim-covers-handshake": 12,
    "endless-handshake": 13,
    "takes-plain-child": 3,
}
# The security layer lets nothing out where the handshake failed: only who looks at the object itself sees it.
UNSEEN = {"abort-after-failed-handshake"}


def test_each_fault_has_a_row_and_a_sentence() -> None:
    assert set(BREAKS) | UNSEEN == set(PLANTED)
    assert all(fault.sentence and name == fault.name for name, fault in PLANTED.items())


@pytest.mark.parametrize(
    ("name", "profile"), [(name, profile) for name, fault in PLANTED.items() for profile in fault.profiles]
)
def test_each_fault_is_found(name: str, profile: str) -> None:
    rows = {failure.row for failure in check_rows(plant(name, PROFILES[profile]), profile)}
    assert (BREAKS[name] in rows) if name in BREAKS else not rows


def test_an_unknown_fault_is_none() -> None:
    with pytest.raises(KeyError):
        plant("no-such-fault", PROFILES["dicomnet"])
