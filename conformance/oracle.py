"""The oracle: which answers the machine allows, given what was sent and what has been seen so far.

The target is a black box: when its user answers, when it reads the next PDU and when ARTIM runs out cannot be seen.
So the oracle holds *hypotheses*. Each is one way a conforming target may have gone: the value of the association
machine, what it has not read yet, what its user still owes, and what it has sent that was not seen yet. `closure`
lets the hypotheses go on in every way the tables allow; an observation keeps those that explain it. When none is left,
the target did what no conforming one can do. The grade of the best that is left is the verdict.

So Sta3 and Sta8, which a target passes through while its user thinks, need no special case: the allowed set is the
union over every moment at which the user may have answered, and the cells in a hypothesis' path say which it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from dicomnet.statemachine import (
    ASSOCIATION,
    AAbort,
    Issue,
    LocalProtocolError,
    Machine,
    PDataTF,
    Pdu,
    SendPdu,
    Transition,
    TransportClose,
    Value,
    step,
)

from .case import ACCEPTOR, Answer, Grade, Reading, Side, Stimulus
from .tolerances import grade_pdu

# More hypotheses than any case needs; reaching it is a fault of the tester, not of the target.
MAX_HYPOTHESES: Final = 20_000
TOO_MANY: Final = "the oracle holds too many hypotheses"
# No ARTIM timer is this short (seconds): a target that closes sooner in Sta2 did so because of what it was sent.
ARTIM_FLOOR: Final = 1.0

# ARTIM runs in these states and in no other.
TIMED: Final = frozenset({"Sta2", "Sta13"})

CLOSED_EARLY: Final = "the target closed as soon as the association was over"

GAVE_UP: Final = "gave up by closing the connection, without an A-ABORT (AA-1)"
# A user can abort here.
_STANDING: Final = frozenset(s.name for s in ASSOCIATION.states if ASSOCIATION.action_at(s.name, "Evt15"))

Cell = tuple[str, str]


def cell_clause(cell: Cell) -> str:
    """Where Table 9-10 and the table of its action say what the cell does. The cell is not blank."""
    action = ASSOCIATION.action_at(*cell)
    assert action is not None, f"{cell[0]} x {cell[1]} is blank"
    return f"{ASSOCIATION.cell_clause}, {cell[0]} x {cell[1]}; {action.name}, {action.clause}"


@dataclass(frozen=True, slots=True)
class Emission:
    """Something the target does that can be seen: a PDU (`effect`) or, without one, the close of the connection."""

    transition: Transition
    effect: SendPdu | None = None
    answer: Answer | None = None
    lead: bool = False

    def __str__(self) -> str:
        if self.effect is None:
            return "close"
        fixed = f"source {self.effect.source}" if isinstance(self.effect.source, int) else ""
        if self.answer is not None and self.answer.codes is not None:
            fixed = "/".join(map(str, self.answer.codes))
        return f"{self.effect.pdu} ({fixed})" if fixed else self.effect.pdu


@dataclass(frozen=True, slots=True)
class Duty:
    """What the target's user owes: one of the answers, or nothing where it is optional."""

    answers: tuple[Answer, ...]
    optional: bool
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One way a conforming target may have gone.

    `told`: a requestor's user has heard something that he may dislike, and has done nothing since.
    """

    value: Value[str | None]
    unread: tuple[Stimulus, ...] = ()
    duties: tuple[Duty, ...] = ()
    unseen: tuple[Emission, ...] = ()
    grade: Grade = Grade.PASS
    notes: tuple[str, ...] = ()
    path: tuple[Cell, ...] = ()
    over: bool = False
    deaf: bool = False
    garbled: bool = False
    told: bool = False

    @property
    def settled(self) -> bool:
        """Nothing more need happen by itself."""
        return not (self.unread or self.unseen or any(not duty.optional for duty in self.duties))

    @property
    def thinking(self) -> bool:
        """Only the target's user has still something to do."""
        return not (self.unread or self.unseen) and any(not duty.optional for duty in self.duties)

    def worse(self, grade: Grade, note: str) -> Hypothesis:
        """The same with a grade at least as bad, and why."""
        if grade is Grade.PASS and not note:
            return self
        notes = (*self.notes, note) if note and note not in self.notes else self.notes
        return replace(self, grade=max(self.grade, grade), notes=notes)


class Oracle:
    """The hypotheses of one connection. `track` keeps the path of cells (evidence), at the price of more of them.

    `side` is the end that the target has. What a requestor's user does unasked is not gone through beforehand, for he
    may do it any number of times: it is tried where it would explain what was seen.
    """

    def __init__(
        self, machine: Machine[str | None] = ASSOCIATION, *, track: bool = True, side: Side = ACCEPTOR
    ) -> None:
        self._machine = machine
        self._track = track
        self.side = side
        self.hypotheses: frozenset[Hypothesis] = frozenset({Hypothesis(machine.start())})

    # --- what the tester does ----------------------------------------------------------------------------

    def connected(self) -> None:
        """The transport connection stands: Evt5 at an acceptor; Evt1 and Evt2 at a requestor."""
        for event in self.side.opening:
            self.hypotheses = frozenset(self._take(h, Stimulus(event), None) for h in self.hypotheses)

    def refused(self) -> None:
        """The requestor got no connection: Evt1, then Evt17 instead of Evt2."""
        for event in (self.side.opening[0], "Evt17"):
            self.hypotheses = frozenset(self._take(h, Stimulus(event), None) for h in self.hypotheses)

    def sent(self, readings: tuple[Reading, ...]) -> None:
        """Octets were sent that the target may take for any of `readings`."""
        self.hypotheses = self._closure(
            replace(h, unread=(*h.unread, *reading)) if not h.over else h
            for h in self.hypotheses
            for reading in readings
        )

    def ended(self) -> None:
        """The tester sends no more: Evt17 at the target."""
        self.sent((((Stimulus("Evt17"),)),))

    def gone(self) -> None:
        """The tester has closed and sees nothing more: what was sent is taken as read, which nobody can check."""
        self.ended()
        self.hypotheses = frozenset(h for h in self.hypotheses if not h.unread)

    def settle(self) -> None:
        """Everything that is due has been read, answered and seen."""
        self.hypotheses = frozenset(
            replace(h, unseen=())
            for h in self.hypotheses
            if not h.unread and all(duty.optional for duty in h.duties)
        )

    # --- what is seen ------------------------------------------------------------------------------------

    def saw(self, pdu: Pdu) -> bool:
        """A PDU arrived; False where no hypothesis explains it (they are kept for the message then)."""
        return self._keep(h for before in self._going_on() for h in _explain(before, pdu))

    def acts(self, event: str) -> None:
        """The target's user does this of himself, and it has been seen."""
        self.hypotheses = frozenset(
            replace(h, unseen=()) for before in self.hypotheses for h in self._unasked(before, event)
        )
        assert self.hypotheses, f"nobody's user can do {event} here"

    def may_act(self, event: str) -> bool:
        """Whether there is a way in which the target's user may do this of himself now."""
        return any(True for before in self.hypotheses for _ in self._unasked(before, event))

    def caught_up(self) -> None:
        """The user has acted on what was sent to him: a target that has read it all explains that best."""
        done = frozenset(h for h in self.hypotheses if not (h.unread or h.told))
        self.hypotheses = done or self.hypotheses

    def saw_close(self, elapsed: float, idle: float) -> bool:
        """The target closed, `elapsed` seconds after the connection was made, `idle` after anything was sent."""
        return self._keep(
            h for before in self.hypotheses for h in _explain_close(before, elapsed, idle, self.side)
        )

    def saw_silence(self, *, patient: bool) -> bool:
        """Nothing came for a while. `patient`: for so long that a user who still owes an answer is overdue."""
        # Who was told something that he dislikes has had the time to say so.
        return self._keep(
            replace(h, told=h.thinking) for h in self.hypotheses if h.settled or (h.thinking and not patient)
        )

    def timed(self) -> bool:
        """Whether ARTIM may be running."""
        return any(h.value.control in TIMED and not h.over for h in self.hypotheses)

    def saw_no_timer(self) -> bool:
        """ARTIM did not expire for very long: the target is in a state without it, if it may be in one."""
        return self._keep(h for h in self.hypotheses if h.value.control not in TIMED and h.settled)

    def tolerate(self, grade: Grade, note: str) -> None:
        """Something was seen that is no difference, but not what a strict target does."""
        self.hypotheses = frozenset(h.worse(grade, note) for h in self.hypotheses)

    def _keep(self, survivors: Iterable[Hypothesis]) -> bool:
        kept = self._closure(survivors)
        if kept:
            self.hypotheses = kept
        return bool(kept)

    # --- what is known -----------------------------------------------------------------------------------

    @property
    def best(self) -> Grade:
        """The grade of the best explanation."""
        return min(h.grade for h in self.hypotheses)

    def explanations(self) -> list[Hypothesis]:
        """The best explanations, those in which the least is left undone first."""
        best = self.best
        return [h for h in self.hypotheses if h.grade == best]

    def notes(self) -> list[str]:
        """What the simplest of the best explanations say."""
        best = self.explanations()
        fewest = min(len(h.notes) for h in best)
        return sorted({note for h in best if len(h.notes) == fewest for note in h.notes})

    @property
    def all_settled(self) -> bool:
        """No hypothesis expects anything more."""
        return all(h.settled for h in self.hypotheses)

    @property
    def any_settled(self) -> bool:
        """Some hypothesis expects nothing more."""
        return any(h.settled for h in self.hypotheses)

    @property
    def over(self) -> bool:
        """The connection is over in every hypothesis."""
        return all(h.over for h in self.hypotheses)

    @property
    def dissolved(self) -> bool:
        """The association is over in every hypothesis, whether or not the connection still stands."""
        return all(h.over or h.value.control == "Sta13" for h in self.hypotheses)

    @property
    def on_the_way(self) -> bool:
        """What is expected next only leads up to the point of the case, whatever the target has read by now."""
        done = [h for h in self.hypotheses if not h.unread and not h.over]
        return bool(done) and all(h.unseen and h.unseen[0].lead for h in done)

    def states(self) -> tuple[str, ...]:
        """The states in which the target may be now."""
        return tuple(sorted({h.value.control for h in self.hypotheses}, key=_state_order))

    def expected(self) -> tuple[str, ...]:
        """What may be seen next, in words."""
        words = {str(h.unseen[0]) for h in self.hypotheses if h.unseen}
        if any(h.settled and not h.over for h in self.hypotheses):
            words.add("nothing")
        words.update(str(h.unseen[0]) for before in self.hypotheses for h in self._unasked(before))
        if any(h.value.control == "Sta13" and not (h.over or h.unseen) for h in self.hypotheses):
            words.add("close")
        return tuple(sorted(words))

    def follow(self) -> bool:
        """Go on as a target that does best would; False when it does nothing more. For explanations only."""
        ahead = [h for h in self.hypotheses if h.unseen]
        if not ahead:
            return False
        chosen = str(min(ahead, key=lambda h: (h.grade, str(h.unseen[0]))).unseen[0])
        same = [h for h in ahead if str(h.unseen[0]) == chosen]
        return self._keep(
            replace(h, over=True, unread=(), duties=(), unseen=())
            if h.unseen[0].effect is None
            else replace(h, unseen=h.unseen[1:])
            for h in same
        )

    def cells(self) -> tuple[frozenset[Cell], frozenset[Cell]]:
        """The cells that were surely driven, and those that may have been, by the best explanations."""
        sure, *others = [frozenset(h.path) for h in self.explanations()]
        return sure.intersection(*others), sure.union(*others)

    # --- how a target may go on by itself ----------------------------------------------------------------

    def _closure(self, start: Iterable[Hypothesis]) -> frozenset[Hypothesis]:
        seen: set[Hypothesis] = set()
        todo = list(start)
        while todo:
            hypothesis = todo.pop()
            if hypothesis in seen:
                continue
            seen.add(hypothesis)
            assert len(seen) <= MAX_HYPOTHESES, TOO_MANY
            if not hypothesis.over:
                todo.extend(self._moves(hypothesis))
        return frozenset(seen)

    def _moves(self, h: Hypothesis) -> Iterable[Hypothesis]:
        if h.unread:
            yield self._read(h)
            if h.unread[0].deafens and not h.deaf:
                yield replace(self._read(h), deaf=True)
        if h.duties:
            duty, *rest = h.duties
            for answer in duty.answers:
                if self._machine.action_at(h.value.control, answer.event) is not None:
                    yield self._take(
                        replace(h, duties=tuple(rest)).worse(answer.grade, answer.note),
                        Stimulus(answer.event, lead=duty.lead),
                        answer,
                    )
            # A user who was asked to release may do so without what he still owed of data.
            if any(a.event == "Evt14" for later in rest for a in later.answers) and not _establishing(duty):
                yield replace(h, duties=tuple(rest)).worse(
                    Grade.PASS, "data left unanswered before the release"
                )

    def _going_on(self) -> Iterable[Hypothesis]:
        """What is held, and what the target's user may have done of himself."""
        for h in self.hypotheses:
            yield h
            yield from self._unasked(h)

    def _unasked(self, h: Hypothesis, only: str = "") -> Iterable[Hypothesis]:
        if h.over or h.unseen:
            return
        for answer in (a for a in self.side.unasked if a.event == "Evt15" or not _to_abort(h)):
            # A user who would give up at the very moment at which something is on its way to him is not believed,
            # unless he has just been told something, or was asked and still owes the answer.
            gives_up = answer.event == "Evt15" and h.unread and not (h.told or h.duties)
            if gives_up or only not in ("", answer.event):
                continue
            if self._machine.action_at(h.value.control, answer.event) is not None:
                yield self._take(h.worse(answer.grade, answer.note), Stimulus(answer.event), answer)

    def _read(self, h: Hypothesis) -> Hypothesis:
        stimulus, *rest = h.unread
        garbled = h.garbled or stimulus.garbles
        following = replace(h, unread=tuple(rest), garbled=garbled).worse(stimulus.grade, stimulus.note)
        if h.deaf and stimulus.event != "Evt17":
            return following
        if self._machine.action_at(h.value.control, stimulus.event) is None:
            return following  # blank: only a connection that is over is left to be told of its end
        return self._take(following, stimulus, None)

    def _take(self, h: Hypothesis, stimulus: Stimulus, answer: Answer | None) -> Hypothesis:
        try:
            value, transition, _ = step(h.value, self._machine.event[stimulus.event], stimulus.payload)
        except LocalProtocolError:
            return h
        unseen = list(h.unseen)
        duties = list(h.duties)
        closes = False
        for effect in transition.effects:
            match effect:
                case SendPdu():
                    unseen.append(Emission(transition, effect, answer, stimulus.lead))
                case TransportClose():
                    closes = True
                case Issue() if stimulus.answers:
                    duties.append(Duty(stimulus.answers, stimulus.optional, stimulus.lead))
                case _:
                    pass
        told = (
            bool(self.side.unasked)
            and answer is None
            and any(isinstance(e, Issue) for e in transition.effects)
        )
        gone = value.control in ("Sta1", "Sta13")
        # The connection layer closes its own side when the peer has ended the connection (AA-4, AA-5, AR-5).
        if closes or stimulus.event == "Evt17":
            unseen.append(Emission(transition, lead=stimulus.lead))
        return Hypothesis(
            value,
            () if value.control == "Sta1" else h.unread,
            () if gone else tuple(duties),
            tuple(unseen),
            h.grade,
            h.notes,
            self._path(h.path, (transition.state, transition.event)),
            deaf=h.deaf,
            garbled=h.garbled,
            told=told,
        )

    def _path(self, path: tuple[Cell, ...], cell: Cell) -> tuple[Cell, ...]:
        if not self._track:
            return ()
        # A requestor's user may go round as often as he likes: of each cell only the last time is kept.
        return (*(c for c in path if c != cell), cell) if self.side.unasked else (*path, cell)


def _establishing(duty: Duty) -> bool:
    return any(answer.event in ("Evt7", "Evt8") for answer in duty.answers)


def _to_abort(h: Hypothesis) -> bool:
    """Whether the user is to abort, so that there is nothing else that he would do."""
    return any(all(answer.event == "Evt15" for answer in duty.answers) for duty in h.duties)


def _state_order(name: str) -> int:
    return int(name.removeprefix("Sta"))


def _explain(h: Hypothesis, pdu: Pdu) -> Iterable[Hypothesis]:
    if h.garbled and h.value.control == "Sta13" and not h.unseen and isinstance(pdu, AAbort):
        yield h  # AA-7, once more for what is left of a stream that cannot be trusted
    if h.over or not h.unseen or h.unseen[0].effect is None:
        return
    head = h.unseen[0]
    assert head.effect is not None
    verdict = grade_pdu(head.effect, head.transition, head.answer, pdu)
    if verdict is None:
        return
    # One message may come in several P-DATA-TF PDUs: the last fragment ends it.
    whole = not isinstance(pdu, PDataTF) or pdu.pdvs[-1].is_last
    yield replace(h, unseen=h.unseen[1:] if whole else h.unseen).worse(*verdict)


def _explain_close(h: Hypothesis, elapsed: float, idle: float, side: Side) -> Iterable[Hypothesis]:
    ended = replace(h, over=True, unread=(), duties=(), unseen=())
    state = h.value.control
    expired = replace(ended, path=(*h.path, (state, "Evt18")) if h.path else ())
    if h.over:
        yield h
    elif h.unseen:
        if h.unseen[0].effect is None:
            yield ended
    elif state == "Sta13":
        # ARTIM, or a target that closes as soon as the association is over: both are right (9.1.4 note 1).
        if idle >= ARTIM_FLOOR and not h.unread:
            yield expired
        else:
            yield replace(ended, notes=(*h.notes, CLOSED_EARLY) if CLOSED_EARLY not in h.notes else h.notes)
    elif state == "Sta2" and (not h.unread or elapsed >= ARTIM_FLOOR):
        yield expired
    elif side.unasked and not h.unread and idle >= ARTIM_FLOOR and state in _STANDING:
        # Nobody waits for ever; but who gives up says so (AA-1), and does not just go.
        yield ended.worse(Grade.NON_STRICT, GAVE_UP)
