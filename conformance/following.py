"""The two ends of a connection, followed through Table 9-10 by what went over it.

A report says what was sent, not in which state the ends were. Here both are taken through the association's table by
the PDUs alone. What an end received is an event for it; what it sent is either what its last action sends, or what its
user asked for. What follows from neither is not by the table: the state stays, and is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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


class End:
    """One end: the value of its association machine, and what its last action still sends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._value = ASSOCIATION.start()
        self._owed: list[str] = []
        self._timer = False
        self._last: Transition | None = None
        self._off = False
        self._shown = ""

    def takes(self, event: str, payload: object = None) -> bool:
        """Give it an event; False, and nothing changes, where the table has none in this state."""
        try:
            self._value, transition, _ = step(self._value, ASSOCIATION.event[event], payload)
        except LocalProtocolError:
            return False
        self._last, self._off = transition, False
        for effect in transition.effects:
            if isinstance(effect, SendPdu):
                self._owed.append(effect.pdu)
            elif isinstance(effect, (ArtimStart, ArtimStop)):
                self._timer = isinstance(effect, ArtimStart)
        return True

    def says(self, pdu: str) -> None:
        """It has sent this PDU; an empty name stands for what is no PDU."""
        self._off = False
        if pdu not in self._owed:
            event = "Evt2" if self._value.control == "Sta4" else _ASKED.get(pdu, "")
            if not event or not self.takes(event) or pdu not in self._owed:
                self._off = True
                return
        self._owed.remove(pdu)

    def leaves(self) -> None:
        """It has closed the connection: by its action, or as ARTIM has run out."""
        self._off = not (self._value.control == "Sta1" or (self._timer and self.takes("Evt18")))
        self._timer = False
        if self._off:
            self._value = ASSOCIATION.start()

    def state(self) -> State | None:
        """Its state, where it is another one than was last told."""
        name = self._value.control
        text = f"{name}, ARTIM runs" if self._timer else name
        text = f"{text} ({OFF})" if self._off else text
        if text == self._shown:
            return None
        self._shown = text
        return State(self.name, text, self._detail(), self._off)

    def _detail(self) -> str:
        """The state in words, and how it came to it."""
        words = f"{self._value.control}: {ASSOCIATION.state[self._value.control].meaning}"
        if self._last is None:
            return words
        last = self._last
        effects = "; ".join(effect_words(effect) for effect in last.effects) or "nothing is done"
        return f"{words}\n{last.state} x {last.event}, {last.action}: {effects} ({last.clause})"


class Followed:
    """A connection: who asks for it, who is asked, and what was sent and has not become a PDU yet."""

    def __init__(self, requestor: str, acceptor: str) -> None:
        self.ends = {requestor: End(requestor), acceptor: End(acceptor)}
        self._requestor, self._acceptor = self.ends[requestor], self.ends[acceptor]
        self._framers = {requestor: Framer(TESTER_LIMITS), acceptor: Framer(TESTER_LIMITS)}

    def asks(self) -> None:
        """The requestor asks for the connection."""
        self._requestor.takes("Evt1")

    def opens(self) -> None:
        """The connection stands."""
        self._requestor.takes("Evt1")
        self._acceptor.takes("Evt5")

    def sends(self, who: str, octets: bytes, total: int) -> None:
        """One end has sent octets, of which a report may hold only the first."""
        sender, other = self._pair(who)
        for name, (event, payload) in self._pdus(who, octets, total):
            sender.says(name)
            other.takes(event, payload)

    def leaves(self, who: str) -> None:
        """One end has closed the connection, or reset it."""
        sender, other = self._pair(who)
        sender.leaves()
        other.takes("Evt17")

    def half_closes(self, who: str) -> None:
        """One end sends no more."""
        self._pair(who)[1].takes("Evt17")

    def states(self, *names: str) -> tuple[State, ...]:
        """The states of these ends, where they are news."""
        told = (self.ends[name].state() for name in names if name in self.ends)
        return tuple(state for state in told if state is not None)

    def _pair(self, who: str) -> tuple[End, End]:
        sender = self.ends[who]
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
