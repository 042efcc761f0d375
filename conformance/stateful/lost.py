"""A queue that loses what it has no room for, and what is lost comes again later: the order is not known in advance.

A request that found room has its place for certain. One that was lost stands behind younger ones when it is let in,
and its requestor may know itself connected before. So each place of the queue holds those requests that may stand
there, and becomes narrower: when nothing is under way, who is not connected was not let in; who is accepted stood
nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .book import Request


class Places:
    """The places that were announced, the oldest first; each with the requests that may stand there."""

    def __init__(self) -> None:
        self._places: list[list[Request]] = []

    def __len__(self) -> int:
        return len(self._places)

    @property
    def first(self) -> list[Request]:
        """Those that may stand first; none where no place is taken."""
        return self._places[0] if self._places else []

    @property
    def certain(self) -> list[Request]:
        """Those whose place is known."""
        return [place[0] for place in self._places if len(place) == 1]

    @property
    def doubtful(self) -> int:
        """How many places may be one's or another's."""
        return sum(len(place) > 1 for place in self._places)

    @property
    def possible(self) -> bool:
        """Whether somebody may stand in each place."""
        return all(self._places)

    def add(self, entries: Iterable[Request]) -> bool:
        """An on_accept is told: whose, of these. False where it can be nobody's."""
        certain, doubtful = self.certain, self.doubtful
        left = [request for request in entries if request not in certain]
        able = [request for request in left if request.withdrawn != "force"]
        if len(left) <= doubtful or not able:
            return False
        sure = next((request for request in able if not request.astray), None)
        lost = [request for request in able if request.astray]
        if doubtful:
            self._places.append(able)
        else:
            self._places.append(lost if sure is None else [sure, *lost])
        return True

    def take(self, request: Request) -> None:
        """A request was accepted: the first place is free, and the request stands nowhere else."""
        if self._places:
            del self._places[0]
        self.nowhere([request])

    def nowhere(self, requests: Iterable[Request]) -> None:
        """These do not stand in the queue; nor does one whose place is known stand in another."""
        gone = list(requests)
        while gone:
            known = self.certain
            for place in self._places:
                if len(place) > 1:
                    place[:] = [request for request in place if request not in gone]
            gone = [request for request in self.certain if request not in known]

    def clear(self) -> None:
        """The listener has stopped."""
        self._places.clear()

    def left_out(self, entries: Iterable[Request]) -> list[Request]:
        """Those that have no place, and must come to one when there is room. As many as are sure to be without."""
        certain = self.certain
        coming = [request for request in entries if request not in certain and comes(request)]
        return coming[self.doubtful :]

    def over(self, entries: Iterable[Request]) -> list[Request]:
        """Those that ended while they were lost, and come no more."""
        return [
            each for each in entries if not comes(each) and not any(each in place for place in self._places)
        ]


def comes(request: Request) -> bool:
    """Whether a request that is lost will come again: its requestor lives, or was connected and ended in order."""
    return not request.withdrawn or (request.withdrawn == "close" and request.answered)
