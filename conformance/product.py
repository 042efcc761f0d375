"""Product search: can a faulty machine be told from a right one from outside, and does it break the standard?

The faulty machine runs in the real endpoint with the reference user of its role (a `Player`); the oracle runs beside
it. Every input that an outside peer has is given in every reachable pair, so the answer is exhaustive, not sampled: a
mutant is *observable* when some sequence leads to an answer that no conforming target gives, *tolerated* when the worst
is an answer that is less than strict, else *unobservable*.

What a requestor's user does, nobody asks of him; so that a machine keeps him from it is no breach of the tables. But a
requestor that never gets through a whole association cannot be judged, and the sanity case says so: a mutant that
breaks the course of a healthy one is observable as well.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Final

from dicomnet.statemachine import AReleaseRQ, Machine, Model, PDataTF

from .case import Grade
from .conversation import Conversation
from .oracle import TIMED, Hypothesis, Oracle
from .players import MAX_PENDING, Faulty, Input, Player, Seen, apply, begin

LONG: Final = 1e9
MAX_PAIRS: Final = 20_000
OPENING: Final = Input("connect")
# More messages of the user than the sane course has.
MOST_MESSAGES: Final = 4


class Kind(Enum):
    """What a mutant is, seen from outside."""

    UNOBSERVABLE = "unobservable"
    TOLERATED = "tolerated"
    OBSERVABLE = "observable"


Hypotheses = frozenset[Hypothesis]


class Judge:
    """The oracle as a table that fills itself: (hypotheses, input, what was seen) to (hypotheses, grade).

    The true machine has few sets of hypotheses, so all mutants share what was computed for the first.
    """

    def __init__(self, player: Player) -> None:
        self._known: dict[tuple[Hypotheses, str, Seen, bool], tuple[Hypotheses, Grade]] = {}
        self._side = player.side
        oracle = Oracle(track=False, side=player.side)
        oracle.connected()
        self.first = oracle.hypotheses

    def __call__(
        self, before: Hypotheses, given: Input, seen: Seen, *, waits: bool
    ) -> tuple[Hypotheses, Grade]:
        """`waits`: the user still has something to answer, so silence is not overdue."""
        key = (before, given.name, seen, waits)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._judge(before, given, seen, waits)
        return known

    def _judge(self, before: Hypotheses, given: Input, seen: Seen, waits: bool) -> tuple[Hypotheses, Grade]:
        oracle = Oracle(track=False, side=self._side)
        oracle.hypotheses = before
        if given.name == "end":
            oracle.ended()
        elif given.readings:
            oracle.sent(given.readings)
        elapsed = LONG if given.name in ("expiry", "overdue") else 0.0
        # Only a half-close lets the outside see what the end of the connection does, and only a long wait what a user
        # does who gives up: cases for these are no more than a SHOULD.
        wrong = Grade.NON_STRICT if given.name in ("end", "overdue") else Grade.FAIL
        for each in seen:
            if not (oracle.saw_close(elapsed, elapsed) if each is None else oracle.saw(each)):
                return before, wrong
        grade = Grade.PASS
        if (
            given.name == "expiry"
            and not seen
            and all(h.value.control in TIMED and not h.over for h in before)
        ):
            # ARTIM is due and nothing happens: its value is nobody's business, its absence is.
            grade = Grade.NON_STRICT
        elif not oracle.over and not oracle.saw_silence(patient=not waits):
            return before, wrong
        grade = max(grade, oracle.best)
        clean = frozenset(replace(h, grade=Grade.PASS, notes=()) for h in oracle.hypotheses)
        return clean, grade


def classify(
    mutant: Machine[str | None], player: Player, judge: Judge, *, late: bool, states: set[str] | None = None
) -> tuple[Kind, tuple[str, ...]]:
    """What the mutant is, and the shortest sequence of inputs that shows it.

    The association states of the pairs that were reached are added to `states`.
    """
    model = Model(association=mutant)
    start, seen = begin(player, model)
    first, grade = judge(judge.first, OPENING, seen, waits=False)
    if grade is not Grade.PASS or None in seen:  # nobody closes what has only just been opened
        return Kind.OBSERVABLE, ()
    broken = _breaks_course(start, player, model, late=late)
    if broken is not None:
        return Kind.OBSERVABLE, broken
    todo: deque[tuple[Faulty, Hypotheses, tuple[str, ...]]] = deque([(start, first, ())])
    known = {(start, first)}
    tolerated: tuple[str, ...] | None = None
    while todo:
        faulty, hypotheses, path = todo.popleft()
        if states is not None:
            states.add(faulty.endpoint.association.control)
        for given in player.inputs:
            if given.readings and any(len(h.duties) >= MAX_PENDING for h in hypotheses):
                continue  # see `apply`
            applied = apply(faulty, player, model, given, late=late)
            if applied is None:
                continue
            following, seen = applied
            after, grade = judge(hypotheses, given, seen, waits=late and bool(following.pending))
            steps = (*path, given.name)
            if grade is Grade.FAIL:
                return Kind.OBSERVABLE, steps
            if grade is not Grade.PASS and tolerated is None:
                tolerated = steps
            pair = (following, after)
            if following.closed or given.name == "end" or pair in known:
                continue
            known.add(pair)
            assert len(known) <= MAX_PAIRS, "the product search does not end"
            todo.append((*pair, steps))
    return (Kind.TOLERATED, tolerated) if tolerated is not None else (Kind.UNOBSERVABLE, ())


def _breaks_course(start: Faulty, player: Player, model: Model, *, late: bool) -> tuple[str, ...] | None:
    """The inputs after which the user of a healthy association has still not asked for the release, if so."""
    if player.course is None:
        return None
    accepts, answers = player.course
    faulty, talk = start, Conversation()
    path: tuple[str, ...] = (accepts,)
    for _ in range(MOST_MESSAGES):
        faulty, seen = _take_in(faulty, player, model, path[-1], late=late)
        if any(isinstance(each, AReleaseRQ) for each in seen):
            return None
        # As the tester does it: what is no message that asks for something is not answered.
        for each in seen:
            if isinstance(each, PDataTF):
                talk.feed(each)
        if not talk.waiting:
            break
        talk.waiting.clear()
        path = (*path, answers)
    return path


def _take_in(faulty: Faulty, player: Player, model: Model, name: str, *, late: bool) -> tuple[Faulty, Seen]:
    """One input of the course, and all that the user does then."""
    seen: Seen = ()
    for each in (name, *(["user"] * MAX_PENDING if late else [])):
        applied = apply(faulty, player, model, player.input(each), late=late)
        if applied is not None:
            faulty, seen = applied[0], (*seen, *applied[1])
    return faulty, seen
