"""The two ends of a connection, followed through Table 9-10 by what went over it.

A report says what was sent, not in which state the ends were. Here both are taken through the association's table by
the PDUs alone. What an end received is an event for it; what it sent is either what its last action sends, or what its
user asked for. An end may answer before it reads what is on its way to it: where its answer does not follow from what
it was sent last, that is taken to be read afterwards. What follows in no such way is not by the table: the state stays,
and is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from dicomnet.diagrams import State
from dicomnet.statemachine import (
    ASSOCIATION,
    EVENT_OF_PDU,
    HEADER_LENGTH,
    ArtimStart,
    ArtimStop,
    Framer,
    LocalProtocolError,
    SendPdu,
    Transition,
    Value,
    Violation,
    effect_words,
    event_of,
    step,
)

from .bounds import TESTER_LIMITS
from .evidence import NAMES

# What the user of an end has asked for, where it sends this PDU without being made to.
_ASKED: Final[Mapping[str, str]] = {
    "A-ASSOCIATE-AC": "Evt7",
    "A-ASSOCIATE-RJ": "Evt8",
    "P-DATA-TF": "Evt9",
    "A-RELEASE-RQ": "Evt11",
    "A-RELEASE-RP": "Evt14",
    "A-ABORT": "Evt15",
}
OFF: Final = "not by the table"


@dataclass(frozen=True, slots=True)
class Point:
    """Where an end is: its machine's value, the PDUs that its last action still sends, whether ARTIM runs.

    `last` led there; `off`: the end did what the table does not have.
    """

    value: Value[str | None]
    owed: tuple[str, ...] = ()
    timed: bool = False
    last: Transition | None = None
    off: bool = False

    def after(self, event: str, payload: object = None) -> Point | None:
        """Where an event leads; None where the table has none in this state."""
        try:
            value, transition, _ = step(self.value, ASSOCIATION.event[event], payload)
        except LocalProtocolError:
            return None
        owed, timed = list(self.owed), self.timed
        for effect in transition.effects:
            if isinstance(effect, SendPdu):
                owed.append(effect.pdu)
            elif isinstance(effect, (ArtimStart, ArtimStop)):
                timed = isinstance(effect, ArtimStart)
        return Point(value, tuple(owed), timed, transition)

    def said(self, pdu: str) -> Point | None:
        """Where it leads to have sent this PDU (an empty name: what is no PDU); None where the table does not."""
        point: Point | None = self
        if pdu not in self.owed:
            event = "Evt2" if self.value.control == "Sta4" else _ASKED.get(pdu)
            point = None if event is None else self.after(event)
        if point is None or pdu not in point.owed:
            return None
        at = point.owed.index(pdu)
        return replace(point, owed=(*point.owed[:at], *point.owed[at + 1 :]), off=False)

    def shown(self, name: str) -> State:
        """This as the state on a lifeline."""
        control = self.value.control
        text = f"{control}, ARTIM runs" if self.timed else control
        detail = f"{control}: {ASSOCIATION.state[control].meaning}"
        if self.last is not None:
            effects = "; ".join(effect_words(effect) for effect in self.last.effects) or "nothing is done"
            cell = f"{self.last.state} x {self.last.event}, {self.last.action}"
            detail = f"{detail}\n{cell}: {effects} ({self.last.clause})"
        return State(name, f"{text} ({OFF})" if self.off else text, detail, self.off)


class _Taken(NamedTuple):
    """An event that came to an end: in which row, where the end was before, and what came."""

    row: int
    before: Point
    event: str
    payload: object


class _End:
    """One end: where it is, where it was after each row, and what came to it since it last said something."""

    def __init__(self) -> None:
        self.now = Point(ASSOCIATION.start())
        self.story: list[Point] = []
        self._since: list[_Taken] = []

    def takes(self, event: str, payload: object = None) -> None:
        """Something comes to it; where the table has nothing for it, nothing changes."""
        self._since.append(_Taken(len(self.story), self.now, event, payload))
        self.now = self.now.after(event, payload) or self.now

    def says(self, pdu: str) -> None:
        """It has sent a PDU; of what came last as little as can be is taken to be read only afterwards."""
        point = self.now.said(pdu)
        if point is not None:
            self.now, self._since = point, []
            return
        for late in range(1, len(self._since) + 1):
            unread = self._since[-late:]
            point = unread[0].before.said(pdu)
            if point is not None:
                self.story[unread[0].row :] = [unread[0].before] * (len(self.story) - unread[0].row)
                self.now, self._since = point, []
                for each in unread:
                    self.takes(each.event, each.payload)
                return
        self.now = replace(self.now, off=True)

    def leaves(self) -> None:
        """It has closed the connection: by its action, or as ARTIM has run out."""
        expired = self.now.after("Evt18") if self.now.timed else None
        if expired is not None:
            self.now = expired
        elif self.now.value.control != "Sta1":
            self.now = Point(ASSOCIATION.start(), off=True)


class Followed:
    """A connection: who asks for it, who is asked, and what was sent and has not become a PDU yet.

    Each call is a row of what happened.
    """

    def __init__(self, requestor: str, acceptor: str) -> None:
        self._ends = {requestor: _End(), acceptor: _End()}
        self._requestor, self._acceptor = self._ends.values()
        self._framers = {name: Framer(TESTER_LIMITS) for name in self._ends}

    def asks(self) -> None:
        """The requestor asks for the connection."""
        self._requestor.takes("Evt1")
        self.nothing()

    def opens(self) -> None:
        """The connection stands."""
        if self._requestor.now.value.control == "Sta1":
            self._requestor.takes("Evt1")
        self._acceptor.takes("Evt5")
        self.nothing()

    def sends(self, who: str, octets: bytes, total: int) -> None:
        """One end has sent octets, of which a report may hold only the first."""
        sender, other = self._pair(who)
        for name, (event, payload) in self._pdus(who, octets, total):
            sender.says(name)
            other.takes(event, payload)
        self.nothing()

    def leaves(self, who: str) -> None:
        """One end has closed the connection, or reset it."""
        sender, other = self._pair(who)
        sender.leaves()
        other.takes("Evt17")
        self.nothing()

    def half_closes(self, who: str) -> None:
        """One end sends no more."""
        self._pair(who)[1].takes("Evt17")
        self.nothing()

    def nothing(self) -> None:
        """Nothing more happens in this row."""
        for end in self._ends.values():
            end.story.append(end.now)

    def states(self, row: int, *names: str) -> tuple[State, ...]:
        """The states of these ends that are news after a row, from 0: known when all has been followed."""
        told: list[State] = []
        for name in names:
            story = self._ends[name].story
            state = story[row].shown(name)
            if row == 0 or state.text != story[row - 1].shown(name).text:
                told.append(state)
        return tuple(told)

    def _pair(self, who: str) -> tuple[_End, _End]:
        sender = self._ends[who]
        return sender, self._acceptor if sender is self._requestor else self._requestor

    def _pdus(self, who: str, octets: bytes, total: int) -> list[tuple[str, tuple[str, object]]]:
        """The PDUs that these octets complete: the name, and the event that each is for the other end."""
        if len(octets) >= total:
            received = [pdu for pdu, _ in self._framers[who].feed(octets)]
            if any(isinstance(pdu, Violation) for pdu in received):
                self._framers[who] = Framer(TESTER_LIMITS)  # what comes next is told by itself
            return [("" if isinstance(pdu, Violation) else pdu.name, event_of(pdu)[1:]) for pdu in received]
        whole = HEADER_LENGTH + int.from_bytes(octets[2:HEADER_LENGTH], "big") == total
        name = NAMES.get(octets[0], "") if whole else ""
        return [(name, (EVENT_OF_PDU[name].name if name else "Evt19", None))]
