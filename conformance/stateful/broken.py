"""What is raised when an implementation breaks an invariant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

INVARIANTS: Final = {
    0: "refusals: the code of a refused call, and nothing changed",
    1: "FIFO: accept yields the first request of the queue",
    2: "one on_accept per request that reached the queue",
    3: "each connect ends once",
    4: "on_secure_link_ready at most once, and not before the connection stands",
    5: "at most one on_close, and last; a listener hears of each child once",
    6: "no association before the link is ready",
    7: "callbacks run to completion, and may call and raise",
    8: "capacity, and the counts add up",
}
# Steps of the history that a message shows, the newest ones.
STEPS_SHOWN = 40


class InvariantError(AssertionError):
    """An implementation broke invariant `number` of the connection layer (0: the refusals), at `row`.

    `expected` and `told` say what should have been and what was; `history` is what was done, step by step.
    """

    def __init__(self, number: int, row: str, expected: str, told: str, history: Sequence[str] = ()) -> None:
        self.number = number
        self.row = row
        self.expected = expected
        self.told = told
        self.history = tuple(history)
        super().__init__(str(self))

    def __str__(self) -> str:
        name = f"invariant {self.number}" if self.number else "refusals"
        title = INVARIANTS[self.number].removeprefix("refusals: ")
        lines = [
            f"{name} ({title}), {self.row}",
            f"  expected: {self.expected}",
            f"  told:     {self.told}",
            "  history:",
            *(f"    {line}" for line in self.history[-STEPS_SHOWN:]),
        ]
        return "\n".join(lines)
