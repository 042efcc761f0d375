"""What a finding is about: the cell, what was seen instead, and what was odd in the octets. It is what is said once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..evidence import silent
from ..oracle import Cell, Hypothesis, cell_clause
from ..run import CaseRun
from .compiler import Compiled

AFTER: Final = ("", "Sta13")
_NUMBER: Final = re.compile(r"\d+|'[^']*'")
_ABORT_SOURCE: Final = re.compile(r"A-ABORT: [^,(;]*")


@dataclass(frozen=True, slots=True)
class Root:
    """`state` and `event` are the cell (empty where the content of an answer is wrong), `clause` is violated.

    `seen` is what came instead, without its numbers; `odd` is what was odd in what was sent last, or,
    where the content of an answer is wrong, in all that was sent.
    """

    state: str
    event: str
    clause: str
    seen: str
    odd: frozenset[str]

    @property
    def gist(self) -> tuple[str, str, str, str]:
        """All but what was odd: it does not change while a script is made smaller."""
        return self.state, self.event, self.clause, self.seen

    def covers(self, other: Root) -> bool:
        """Whether the other tells nothing new."""
        return self.gist == other.gist and self.odd <= other.odd

    def __str__(self) -> str:
        where = f"{self.state} x {self.event}: " if self.state else ""
        odd = f" ({', '.join(sorted(self.odd))})" if self.odd else ""
        return f"{where}{self.seen}{odd}"


def root_of(run: CaseRun, made: Compiled) -> Root:
    """The root of a failure. The run is over, and its verdict is a failure."""
    result = run.result
    assert result is not None
    position = run.progress[0]
    if result.expected == made.case.requirement:
        # The content of an answer: the first finding has its clause in brackets.
        text, _, rest = result.observed.partition(" (PS3")
        return Root("", "", f"PS3{rest.partition(')')[0]}", _NUMBER.sub("#", text), made.odd_until(position))
    cell = _cell(run.hypotheses)
    clause = cell_clause(cell) if cell is not None else made.case.clause
    state, event = cell or ("", "")
    # What is dropped or only ended by is not looked into.
    odd = made.odd_at(position) if state not in AFTER or event == "Evt19" else frozenset[str]()
    return Root(state, event, clause, _seen(result.observed), odd)


def _cell(hypotheses: frozenset[Hypothesis]) -> Cell | None:
    """The cell whose action is due in the best explanation, or that was driven last in it."""
    # What is only lenient explains less than what is strict.
    strictest = min((h.grade for h in hypotheses), default=None)
    ordered = sorted((h for h in hypotheses if h.grade is strictest), key=_goodness)
    for hypothesis in ordered:
        if hypothesis.unseen:
            transition = hypothesis.unseen[0].transition
            return transition.state, transition.event
    return next((hypothesis.path[-1] for hypothesis in ordered if hypothesis.path), None)


def _goodness(hypothesis: Hypothesis) -> tuple[int, ...]:
    """The best first; of equal ones that in which everything was read and the least happened."""
    h = hypothesis
    marks = [int(part.removeprefix("Sta").removeprefix("Evt")) for cell in h.path for part in cell]
    return (h.grade, len(h.notes), len(h.unread), h.deaf, len(h.duties), len(h.path), *marks)


def _seen(observed: str) -> str:
    if silent(observed):
        return "an incomplete PDU" if observed.startswith("an incomplete") else "nothing"
    if observed.startswith("closed ("):
        return "closed"
    if observed.startswith("closed inside"):
        return "closed inside a PDU"
    abort = _ABORT_SOURCE.match(observed)
    if abort is not None:
        return abort[0].strip()
    if observed.startswith("no valid PDU"):
        return _NUMBER.sub("#", observed.partition(" (octet")[0])
    return observed.partition(":")[0] if observed.startswith(("A-", "P-")) else _NUMBER.sub("#", observed)
