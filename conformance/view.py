"""How cases follow from Table 9-10, whichever end of the association the target is.

A case leads the target to a state, gives an event, lets the oracle say what may come, then checks which state was
reached, and ends. What drives the target and what checks it differs from end to end, and is data: a `View`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dicomnet.statemachine import ASSOCIATION

from .case import (
    Await,
    AwaitTimer,
    AwaitUser,
    Case,
    Close,
    Connect,
    HalfClose,
    Level,
    Reading,
    Reset,
    Send,
    Side,
    Step,
)
from .oracle import Cell, Oracle, cell_clause


@dataclass(frozen=True, slots=True)
class Stroke:
    """One way to cause an event at the target: a name for the id, octets and what they may be taken for."""

    name: str
    event: str
    what: str
    octets: bytes
    readings: tuple[Reading, ...]

    def send(self) -> Send:
        """The step that sends it."""
        return Send(self.what, self.octets, self.readings)


@dataclass(frozen=True, slots=True)
class Approach:
    """A way to a state: the id's middle, the state, the steps, how it is said, and see `Case.rests_on`."""

    name: str
    state: str
    steps: tuple[Step, ...]
    said: str
    rests_on: Cell | None = None


ENDS: tuple[tuple[str, str, Step], ...] = (
    ("evt17.close", "close of the connection", Close()),
    ("evt17.reset", "reset of the connection", Reset()),
)


def lead(what: str, octets: bytes, readings: tuple[Reading, ...]) -> tuple[Step, ...]:
    """A step on the way to the point of a case."""
    return (Send(what, octets, readings, prefix=True), Await(prefix=True))


def ends_of(steps: tuple[Step, ...], side: Side) -> set[str]:
    """The states in which a conforming target may be after these steps, once its user has answered."""
    oracle = Oracle(track=False, side=side)
    for step in steps:
        match step:
            case Connect():
                oracle.connected()
            case Send():
                oracle.sent(step.readings)
            case Await():
                oracle.settle()
            case AwaitUser():
                oracle.settle()
                oracle.acts(step.event)
            case _:
                pass
    oracle.settle()
    return set(oracle.states())


@dataclass(frozen=True, slots=True)
class View:
    """The cases for one end of the association.

    `prefix` begins every id. `only` are strokes that one state has besides those of all. `probe` checks which state
    was reached, `closing` does so where the association may be over, `slowly` where the user may still be thinking;
    `end` ends from everywhere. `waits` are the approaches from which ARTIM is waited for; with True also while a
    PDU that is to be dropped is sent again and again (`poke`). `after_timer` sees whether the target is where it was.
    """

    side: Side
    prefix: str
    approaches: tuple[Approach, ...]
    strokes: tuple[Stroke, ...]
    only: Mapping[str, tuple[Stroke, ...]]
    probe: tuple[Step, ...]
    closing: tuple[Step, ...]
    slowly: tuple[Step, ...]
    end: tuple[Step, ...]
    waits: tuple[tuple[Approach, bool], ...]
    poke: Send
    after_timer: tuple[Step, ...]

    def finish(self, *steps: Step) -> tuple[Step, ...]:
        """Steps of a case, then the check of the state that was reached, and the end."""
        over = "Sta13" in ends_of(steps, self.side)
        return (*steps, *(self.closing if over else self.probe), *self.end)

    def case(
        self,
        approach: Approach,
        name: str,
        event: str,
        what: str,
        steps: tuple[Step, ...],
        *,
        level: Level = Level.MUST,
        slow: bool = False,
    ) -> Case:
        """The case for the cell of the approach's state with this event."""
        action = ASSOCIATION.action_at(approach.state, event)
        assert action is not None, f"{approach.state} x {event} is blank"
        does = f"{action.name}: {action.description}"
        return Case(
            id=f"{self.prefix}.{approach.name}.{name}",
            title=f"{what} {approach.said}",
            clause=cell_clause((approach.state, event)),
            requirement=f"A target in {approach.state} that meets {event} ({what}) does {does}.",
            steps=steps,
            level=level,
            cell=(approach.state, event),
            slow=slow,
            kind=f"{approach.state}.{name}",
            role=self.side.name,
            rests_on=approach.rests_on,
        )

    def cells(self) -> list[Case]:
        """A case for each approach with each stroke and each end of the connection."""
        return [case for approach in self.approaches for case in self._cells(approach)]

    def _cells(self, approach: Approach) -> Iterable[Case]:
        for stroke in (*self.strokes, *self.only.get(approach.state, ())):
            steps = self.finish(*approach.steps, stroke.send(), Await())
            yield self.case(approach, stroke.name, stroke.event, stroke.what, steps)
        for name, what, step in ENDS:
            yield self.case(approach, name, "Evt17", what, (*approach.steps, step))
        half = (*approach.steps, HalfClose(), Await())
        yield self.case(
            approach, "evt17.half", "Evt17", "half-close of the connection", half, level=Level.SHOULD
        )

    def timers(self) -> list[Case]:
        """Expiry of ARTIM in every state that has it."""
        return [
            self.case(way, "evt18", "Evt18", "expiry of ARTIM", self._until_expiry(way.steps), slow=True)
            for way, _ in self.waits
        ] + [
            self.case(
                way,
                "evt18.poked",
                "Evt18",
                "expiry of ARTIM in spite of PDUs that are to be dropped,",
                self._until_expiry(way.steps, AwaitTimer(self.poke)),
                slow=True,
            )
            for way, poked in self.waits
            if poked
        ]

    def _until_expiry(self, steps: tuple[Step, ...], wait: AwaitTimer | None = None) -> tuple[Step, ...]:
        # Whenever its user answered, every conforming target is in Sta13 then.
        waiting = ends_of(steps, self.side) == {"Sta13"}
        probe = self.closing if waiting else ()
        return (*steps, wait or AwaitTimer(), *probe, *self.after_timer, *self.end)

    def _then_timer(self, case: Case, before: tuple[Step, ...]) -> Case:
        """The case, and instead of the check the wait for ARTIM, which every way into Sta13 starts."""
        return replace(
            case,
            id=f"{case.id}+evt18",
            title=f"{case.title}, then expiry of ARTIM",
            steps=self._until_expiry(before),
            slow=True,
            depth=1,
        )

    def _before_check(self, case: Case) -> tuple[Step, ...] | None:
        """The steps of a case without the check of the state and the end; None where it has none."""
        for check in (self.slowly, self.closing, self.probe):
            tail = (*check, *self.end)
            if case.steps[-len(tail) :] == tail and not case.slow:
                return case.steps[: -len(tail)]
        return None

    def deeper(self, cases: list[Case]) -> list[Case]:
        """Each case that ends with the check of the state, with one more input before the check."""
        deeper: list[Case] = []
        for case in cases:
            before = self._before_check(case)
            if before is None:
                continue
            if "Sta13" in ends_of(before, self.side):
                deeper.append(self._then_timer(case, before))
            for stroke in self.strokes:
                more = replace(stroke.send(), check=stroke.event)
                steps = self.finish(*before, more, Await())
                title = f"{case.title}, then {stroke.what}"
                deeper.append(replace(case, id=f"{case.id}+{stroke.name}", title=title, steps=steps, depth=1))
        return deeper


def table_of(cases: Iterable[Case]) -> dict[Cell, tuple[Case, ...]]:
    """The cases that drive each cell, without those that wait for a timer."""
    table: dict[Cell, tuple[Case, ...]] = {}
    for case in cases:
        if case.cell is not None and not case.slow:
            table[case.cell] = (*table.get(case.cell, ()), case)
    return table
