"""How a wrong implementation is searched in the tests, and what it took to find its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from dicomnet.conformance.stateful import Adapter, InvariantError, Profile, run_machine
from dicomnet.conformance.stateful import machine_for as any_machine_for

# A fault must be found within so many examples and shrunk to so many steps.
MOST_EXAMPLES = 500
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A fault, the number of the example that showed it first, and the steps of the shortest one."""

    error: InvariantError
    examples: int
    steps: int


def find(
    make_adapter: Callable[[], Adapter], profile: Profile | str = "dicomnet", *, security: bool = False
) -> Found:
    """Check a wrong adapter, with the same examples each time; fail where nothing is found."""
    played = 0
    showed: list[int] = []
    # Hypothesis draws the examples from the text of the class below: it stays as it is for either kind.
    machine_for = partial(any_machine_for, security=security)

    class Counting(machine_for(make_adapter, profile)):  # type: ignore[misc]  # a base that is made by a call
        def teardown(self) -> None:
            nonlocal played
            played += 1
            super().teardown()
            if self.play is not None and self.play.book.broken is not None:
                showed.append(played)

    with pytest.raises(InvariantError) as caught:
        run_machine(Counting, MOST_EXAMPLES, derandomize=True)
    steps = sum(re.match(r" *\d+\. ", line) is not None for line in caught.value.history)
    return Found(caught.value, showed[0], steps)
