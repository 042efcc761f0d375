"""What a case sends in a row: whether it is the point of the case, or only checks the state that was reached."""

from __future__ import annotations

from dicomnet.statemachine import ASSOCIATION

from .case import Send
from .oracle import Cell, Oracle


class Row:
    """What was sent with nothing waited for in between, each with the states in which the target may have been."""

    def __init__(self) -> None:
        self._sent: list[tuple[tuple[str, ...], Send]] = []

    def add(self, states: tuple[str, ...], step: Send) -> None:
        """One more is sent."""
        self._sent.append((states, step))

    def state_check(self) -> Cell | None:
        """The cell by which the state that was reached is being checked; None where the case itself goes on."""
        if not self._sent:
            return None
        before, sent = self._sent[-1]
        return (before[0], sent.check) if sent.check and len(before) == 1 else None

    def checked(self, oracle: Oracle, point: Cell | None) -> list[Cell]:
        """The cells that what was sent last drives, where it only checks the state behind the `point` of the case."""
        if not all(sent.check for _, sent in self._sent):
            return []
        # Where something is due whatever the target has read, it is due in a certain cell.
        done = [h for h in oracle.hypotheses if not h.unread and not h.over]
        if done and all(h.unseen for h in done):
            due = {(h.unseen[0].transition.state, h.unseen[0].transition.event) for h in done}
            return [] if point in due else sorted(due)
        cells = dict.fromkeys((state, sent.check) for before, sent in self._sent for state in before)
        return [cell for cell in cells if ASSOCIATION.action_at(*cell) is not None]

    def behind(self, oracle: Oracle, point: Cell | None) -> list[str]:
        """What is to be said of the point of the case, where the difference was seen only behind it."""
        notes = oracle.notes()
        return [*notes, f"{point[0]} x {point[1]} itself showed what the tables allow"] if point else notes
