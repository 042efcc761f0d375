"""What a fuzz run found out, and how far it may go: plain values that reports read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..unreachable import driven
from ..verdict import Cell, Result
from .root import Root
from .script import Script

# However wrong a target is, so many findings are enough to begin with.
MAX_FINDINGS: Final = 25
MAX_REMARKS: Final = 50


@dataclass(frozen=True, slots=True)
class Effort:
    """How far to go: the first bound that is reached ends the run.

    `seconds` and `examples` bound the drawing (None: not bounded), `findings` how many roots are told apart,
    `shrinking` (seconds) how long one finding is made smaller.
    """

    seconds: float | None = 60.0
    examples: int | None = None
    seed: int = 0
    findings: int = MAX_FINDINGS
    shrinking: float = 12.0


@dataclass(slots=True)
class Finding:
    """A breach that was seen again when its script was run alone, with longer waits.

    `script` is as small as it could be made; `example` is how many scripts had been run when it was first seen.
    """

    root: Root
    script: Script
    result: Result
    example: int


@dataclass(frozen=True, slots=True)
class Told:
    """Something worth telling that is no breach: in words, and a script that shows it."""

    text: str
    script: Script


@dataclass(slots=True)
class Outcome:
    """What was learned by now. `cells` are those of Table 9-10 that were surely driven.

    `blamed` says why nothing could be tested. `lost` is the script after which the target served no more, and `good`
    the last one after which it did. `flaky` are breaches that were not seen again.
    """

    target: str
    seed: int
    examples: int = 0
    cells: set[Cell] = field(default_factory=set[Cell])
    findings: list[Finding] = field(default_factory=list[Finding])
    flaky: list[Told] = field(default_factory=list[Told])
    told: list[Told] = field(default_factory=list[Told])
    remarks: list[str] = field(default_factory=list[str])
    blamed: str = ""
    lost: Script | None = None
    good: Script | None = None
    interrupted: bool = False
    role: str = "acceptor"

    def exit_code(self) -> int:
        """0 nothing found, 1 findings, 3 could not test (any more), 130 interrupted."""
        if self.interrupted:
            return 130
        if self.blamed or self.lost is not None:
            return 3
        return 1 if self.findings else 0

    def covered(self) -> tuple[int, int]:
        """How many of the cells that can be driven from outside were driven, and how many there are."""
        reachable = driven(self.role)
        return len(self.cells & reachable), len(reachable)
