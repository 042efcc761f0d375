"""A case of several connections at a time: who is there, who waits, and whether a healthy one is served meanwhile.

Each connection is a run of its own with an oracle of its own; this module begins and ends them and says what became
of them together. Whether a target serves its peers side by side or one at a time is its own choice, so that is told
and no fault, unless the user has stated how many it serves. That whoever waited is served once the others have gone,
and that what was used up comes back, is demanded of every target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from dicomnet.statemachine import AAssociateRJ

from .case import Canary, Case, CrowdStep, Fill, Grade, Leave, Level, Served, Start, Step, Wait
from .evidence import Entry, Evidence, describe
from .run import TRANSIENT, CaseRun
from .target import Target
from .verdict import Ending, Result, Verdict, verdict_of

# The connections of a case are ended by the case, not by a wait of their own.
AS_LONG_AS_IT_TAKES: Final = 3600.0
# A system whose queue is full drops a request; the requestor's repeats it after 1 s and 3 s.
REPEATED_SECONDS: Final = 3.5
RETRY_SECONDS: Final = 1.0
# How long a target that rejects for now is left alone before each further try: what fills it may take 30 s to go.
BUSY_SECONDS: Final = (0.5, 3.0, 31.0)
# Later than this after the others have gone is worth telling; and earlier than that is at once, for a reader.
LATE_SECONDS: Final = 5.0
SOON_SECONDS: Final = 0.2
# Whatever a target does, a case of several connections ends after so many changes that were waited for.
MAX_CHANGES: Final = 20_000
# "Temporary congestion" and "local limit exceeded", said by the service provider (PS3.8 2020 Table 9-21).
PROVIDER, FOR_LACK_OF_ROOM = 3, (1, 2)
MAX_FILL: Final = 200
CANARY: Final = "canary"
# Which of several remarks is the verdict: what is less than the text asks goes before what is only told.
SEVERITY: Final = (Grade.PASS, Grade.INFORMATIONAL, Grade.NON_STRICT, Grade.FAIL)
NEXT: Final = "next"


@dataclass(slots=True, eq=False)
class Member:
    """One connection of the case."""

    who: str
    name: str
    run: CaseRun


@dataclass(slots=True)
class Group:
    """The connections of one `Start` or `Fill`, and in which order they were answered."""

    members: list[Member] = field(default_factory=list[Member])
    answered: list[Member] = field(default_factory=list[Member])
    overlapped: bool = False
    to_come: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is said of the target; `expected` where it is less than was demanded."""

    grade: Grade
    text: str
    expected: str = ""


class Crowd:
    """The run of one case of several connections.

    `healthy` says whether a healthy association went as well as this target lets one go, `whole` whether that is to
    its end. `concurrent` is how many connections the user states the target to serve side by side (0: nothing is
    stated), `recover` (seconds) how long it may take to serve again.
    """

    def __init__(
        self,
        case: Case,
        target: Target,
        healthy: Callable[[Result], bool],
        *,
        whole: bool,
        concurrent: int,
        recover: float,
    ) -> None:
        self._case = case
        self._carrier = target.carrier
        self._patience = target.pace.patience
        long = AS_LONG_AS_IT_TAKES
        self._target = replace(
            target, pace=replace(target.pace, patience=long, connect=long, timer=long, idle=long)
        )
        self._healthy = healthy
        self._whole = whole
        self._concurrent = concurrent
        self._recover = recover
        self._began = self._carrier.now()
        self._entries: list[Entry] = []
        self._logs: list[Evidence] = []
        self._groups: dict[str, Group] = {}
        self._remarks: list[Remark] = []
        self._unclear = ""
        self._taken = 0
        self._left = self._began
        self._starved = False
        self._beside: set[str] = set()

    def run(self) -> Result:
        """Carry out the steps; gives the verdict, with the evidence of all connections in one timeline."""
        try:
            for step in self._case.steps:
                assert isinstance(step, CrowdStep)
                self._do(step)
                if self._unclear:
                    break
        finally:
            self._end_all()
        return self._result()

    def _do(self, step: CrowdStep) -> None:
        match step:
            case Start():
                self._start(step)
            case Fill():
                (self._fill_again if step.again else self._fill)(step)
            case Wait():
                self._wait(step.who)
            case Canary():
                self._canary(step)
            case Leave():
                self._leave(step.who)
            case Served():
                self._served(step)

    # --- the connections ---------------------------------------------------------------------------------

    def _group(self, who: str) -> Group:
        return self._groups.setdefault(who, Group())

    def _begin(
        self, who: str, steps: tuple[Step, ...], done: Callable[[Result], None] | None = None
    ) -> Member:
        group = self._group(who)
        name = f"{who} {len(group.members) + 1}"
        log = Evidence(self._entries, connection=name, since=self._carrier.now() - self._began)
        case = Case(f"{self._case.id}/{name}", name, self._case.clause, self._case.requirement, steps)
        member = Member(who, name, CaseRun(case, self._target, done, log))
        group.members.append(member)
        self._logs.append(log)
        member.run.start()
        return member

    def _start(self, step: Start) -> None:
        if step.one_by_one:
            self._group(step.who).to_come = step.many
            self._next_of(step)
            return
        members = [self._begin(step.who, step.steps) for _ in range(step.many)]
        if not step.lead:
            return
        self._until(members, _at_rest)
        lost = [member for member in members if not _at_rest(member)]
        if lost:
            self._unclear = f"{lost[0].name} does not come to the point of the case: {_fate(lost[0])}"

    def _next_of(self, step: Start) -> None:
        group = self._group(step.who)
        if group.to_come:
            group.to_come -= 1
            self._begin(step.who, step.steps, lambda _result: self._next_of(step))

    def _wait(self, who: str) -> None:
        group = self._group(who)

        def over() -> bool:
            return not group.to_come and all(member.run.idle for member in group.members)

        self._settle(group.members, over, max(self._patience, REPEATED_SECONDS if group.to_come else 0.0))
        group.to_come = 0

    def _leave(self, who: str) -> None:
        self._left = self._carrier.now()
        self._beside = {
            name
            for name, group in self._groups.items()
            if name != who and all(self._is_served(member) for member in group.members)
        }
        members = self._group(who).members
        for member in members:
            member.run.leave()
        self._until(members, _over)
        for member in members:
            member.run.abandon()

    def _end_all(self) -> None:
        for group in self._groups.values():
            group.to_come = 0
        for group in self._groups.values():
            for member in group.members:
                member.run.leave()
                member.run.abandon()

    # --- waiting -----------------------------------------------------------------------------------------

    def _until(
        self, members: list[Member], enough: Callable[[Member], bool], seconds: float | None = None
    ) -> None:
        """Wait for all of these; `seconds` without any change end it (as long as an answer may take)."""
        limit = self._patience if seconds is None else seconds
        self._settle(members, lambda: all(map(enough, members)), limit)

    def _settle(self, members: list[Member], over: Callable[[], bool], seconds: float) -> None:
        """Let things happen until `over`, or until for `seconds` nothing has come to pass on these connections."""
        quiet = 0.0
        for _ in range(MAX_CHANGES):
            if over():
                return
            before = _progress(members)

            def changed(before: list[object] = before) -> bool:
                self._look()
                return over() or _progress(members) != before

            turn = min(self._patience, seconds - quiet)
            if self._carrier.run(changed, turn):
                quiet = 0.0
                continue
            quiet += turn
            # Where a healthy association never goes on to its end, none is to hold up those behind it.
            stuck = [] if self._whole else [m for m in members if m.run.accepted and not m.run.idle]
            for member in stuck:
                member.run.abandon(f"nothing for {self._patience:.3g} s")
            if not stuck and quiet >= seconds:
                return

    def _look(self) -> None:
        """Note who has been answered since, and whether somebody else of the group was being served then."""
        for group in self._groups.values():
            if len(group.answered) == len(group.members):
                continue
            for member in group.members:
                if member.run.answered and member not in group.answered:
                    group.overlapped |= any(other.run.result is None for other in group.answered)
                    group.answered.append(member)

    # --- what is said ------------------------------------------------------------------------------------

    def _say(self, grade: Grade, text: str, expected: str = "") -> None:
        self._remarks.append(Remark(grade, text, expected))

    def _others(self) -> list[Member]:
        """The connections that stand, or wait to."""
        return [
            member
            for group in self._groups.values()
            for member in group.members
            if member.who != CANARY and member.run.result is None
        ]

    def _canary(self, step: Canary) -> None:
        if self._group(NEXT).members:
            return  # somebody healthy waits there already
        there = self._others()
        fleeting = any(group.to_come for group in self._groups.values())
        others = "connections that come and go" if fleeting else _many(there)
        canary = self._begin(CANARY, step.steps)
        self._until([canary], _over)
        result = canary.run.result
        stated = len(there) < self._concurrent
        expected = f"a healthy association is served beside {others}, as stated" if stated else ""
        less = Grade.FAIL if stated else Grade.INFORMATIONAL
        if result is None:
            self._starved = True
            text = (
                f"a healthy association was starved for as long as {others} stayed ({self._patience:.3g} s)"
            )
            self._say(less, text, expected)
        elif self._healthy(result):
            self._say(Grade.PASS, f"a healthy association was served beside {others}")
        elif _accepted(canary):
            text = f"a healthy association beside {others} was accepted, and then: {result.observed}"
            self._say(Grade.FAIL, text, result.expected)
        else:
            grade, how = _refusal(canary)
            text = f"beside {others} a healthy association {how}"
            self._say(grade if step.limit and not stated else less, text, expected)

    def _served(self, step: Served) -> None:
        if step.fresh:
            self._again_well(step.fresh)
            return
        group = self._group(step.who)
        if not group.members or (step.who == CANARY and not self._starved):
            return
        self._until(group.members, _decided, self._recover)
        lost = [member for member in group.members if not _decided(member)]
        turned = [member for member in group.members if _decided(member) and not self._is_served(member)]
        count = len(group.members)
        if lost:
            fate = _fate(lost[0])
            self._say(
                Grade.FAIL,
                f"{len(lost)} of {count} ({lost[0].name} first) never served ({fate})",
                "each good request is answered and served, once there is nobody before it",
            )
        elif step.who == CANARY and not turned:
            self._after_waiting()
        if turned:
            self._turned_away(turned, count)
        if step.order and not lost and not turned:
            self._tell_order(group, beside=step.who in self._beside)
        elif not lost and not turned and step.who != CANARY:
            self._say(Grade.PASS, "whoever waited was answered then")

    def _after_waiting(self) -> None:
        seconds = self._carrier.now() - self._left
        self._say(Grade.PASS, f"it was served {_soon(seconds)} after that")

    def _turned_away(self, turned: list[Member], count: int) -> None:
        """Some were told no, or were cut off."""
        wrong = [member for member in turned if _accepted(member)]
        if wrong:
            result = wrong[0].run.result
            assert result is not None
            text = f"{wrong[0].name} was accepted, and then: {result.observed}"
            self._say(Grade.FAIL, text, result.expected)
            return
        told = all(member.run.busy for member in turned)
        enough = len(turned) + self._concurrent > count if self._concurrent else False
        grade = Grade.FAIL if enough else Grade.INFORMATIONAL if told else Grade.NON_STRICT
        text = f"{len(turned)} of {count} were turned away: {_fate(turned[0])}"
        self._say(grade, text, "as many as stated are served" if enough else "")

    def _tell_order(self, group: Group, *, beside: bool) -> None:
        self._look()
        numbers = [group.members.index(member) + 1 for member in group.answered]
        count = len(group.members)
        if beside or group.overlapped:
            self._say(Grade.PASS, f"all {count} were answered, side by side")
        elif numbers == sorted(numbers):
            self._say(
                Grade.PASS, f"all {count} were answered one at a time, in the order in which they connected"
            )
        else:
            order = " ".join(map(str, numbers))
            self._say(
                Grade.INFORMATIONAL,
                f"all {count} were answered one at a time, in the order {order} of their connects "
                "(the standard fixes no order; a system whose queue was full has requests repeated)",
            )

    def _again_well(self, steps: tuple[Step, ...]) -> None:
        """A new healthy association is served, at the latest when the target has had the time to recover."""
        for member in self._group(CANARY).members:
            member.run.leave()
        began = self._carrier.now()
        while True:
            fresh = self._begin("healthy", steps)
            self._until([fresh], _over)
            fresh.run.leave()
            result = fresh.run.result
            seconds = self._carrier.now() - began
            if result is not None and self._healthy(result):
                late = seconds > max(LATE_SECONDS, 2 * self._patience)
                text = f"a new one was served{' only' * late} {_soon(seconds)} after all had gone"
                # Sta2 x Evt17 ends what was begun for such a peer (AA-5); it is not to be kept until a timer ends it.
                self._say(Grade.NON_STRICT if late else Grade.PASS, text)
                return
            if seconds > self._recover:
                self._say(
                    Grade.FAIL,
                    f"no new one was served for {seconds:.3g} s after all had gone",
                    "a target that serves again when all have gone",
                )
                return
            self._carrier.run(lambda: False, RETRY_SECONDS)

    # --- filling it up -----------------------------------------------------------------------------------

    def _fill(self, step: Fill) -> None:
        most = max(step.most, min(self._concurrent, MAX_FILL))
        # What left before may still hold room, so a target that says "not now" is asked again.
        last = self._take_in_time(step, most, max(self._concurrent, 1), lambda member: member.run.busy)
        if last is None:
            self._say(Grade.PASS, f"no limit up to {most} associations")
            return
        stated = self._taken < self._concurrent
        grade, how = _refusal(last)
        expected = f"{self._concurrent} are served side by side, as stated" if stated else ""
        text = f"{self._taken} association{'s' * (self._taken != 1)} at a time; the next {how}"
        self._say(Grade.FAIL if stated else grade, text, expected)
        if not self._taken:
            self._unclear = text

    def _fill_again(self, step: Fill) -> None:
        before = self._taken
        began = self._carrier.now()
        last = self._take_in_time(step, before, before, lambda _member: True)
        if last is None:
            seconds = self._carrier.now() - began
            if seconds > BUSY_SECONDS[0] + BUSY_SECONDS[1] + before * self._patience:
                self._say(Grade.NON_STRICT, f"all {before} could be had again only after {seconds:.3g} s")
            else:
                self._say(Grade.PASS, f"all {before} could be had again")
            return
        text = f"only {self._taken} of {before} could be had again after {self._recover:.3g} s"
        self._say(Grade.FAIL, f"{text}; the next {_refusal(last)[1]}", "what was held is given back")

    def _take_in_time(
        self, step: Fill, most: int, wanted: int, may_come: Callable[[Member], bool]
    ) -> Member | None:
        """Try again, within the time to recover, while fewer are taken than wanted and more may come."""
        began = self._carrier.now()
        waits = iter(BUSY_SECONDS)
        while True:
            last = self._take(step, most)
            late = self._carrier.now() - began > self._recover
            if last is None or self._taken >= wanted or late or not may_come(last):
                return last
            self._leave(step.who)
            self._leave(NEXT)
            # Not in short turns: what is tried and fails may hold room again.
            self._carrier.run(lambda: False, next(waits, BUSY_SECONDS[-1]))

    def _take(self, step: Fill, most: int) -> Member | None:
        """Open one more at a time; gives the one that was not taken, if any. `_taken` counts the others."""
        self._taken = 0
        for _ in range(most):
            member = self._begin(step.who, step.steps)
            self._until([member], _decided)
            if not _at_rest(member):
                if member.run.result is None:
                    # It may still be served when there is room, so it does not leave with the others.
                    self._group(step.who).members.remove(member)
                    self._group(NEXT).members.append(member)
                return member
            self._taken += 1
            if step.canary and self._taken == self._concurrent - 1:
                self._canary(Canary(step.canary))
        return None

    # --- the verdict -------------------------------------------------------------------------------------

    def _is_served(self, member: Member) -> bool:
        result = member.run.result
        return member.run.idle if result is None else self._healthy(result)

    def _result(self) -> Result:
        grade = max((remark.grade for remark in self._remarks), key=SEVERITY.index, default=Grade.PASS)
        verdict = verdict_of(grade, Level.MUST)
        expected = next((r.expected for r in self._remarks if r.grade is grade and r.expected), "")
        observed = "; ".join(remark.text for remark in self._remarks)
        if self._unclear and verdict is not Verdict.FAIL:
            verdict, observed = Verdict.INCONCLUSIVE, self._unclear
        evidence = Evidence(self._entries, dropped=sum(log.dropped for log in self._logs))
        fault = next((m.run.result for g in self._groups.values() for m in g.members if _failed(m)), None)
        if fault is not None:
            verdict, expected, observed = fault.verdict, fault.expected, fault.observed
            evidence.traceback = fault.evidence.traceback
        return Result(
            self._case,
            self._carrier.name,
            verdict,
            expected or self._case.requirement,
            observed,
            ending=Ending("tester", self._carrier.now() - self._began),
            evidence=evidence,
            seconds=self._carrier.now() - self._began,
        )


def _progress(members: list[Member]) -> list[object]:
    return [member.run.progress for member in members]


def _at_rest(member: Member) -> bool:
    return member.run.result is None and member.run.idle


def _failed(member: Member) -> bool:
    """The tester itself failed on this connection."""
    return member.run.result is not None and member.run.result.verdict is Verdict.ERROR


def _over(member: Member) -> bool:
    return member.run.result is not None


def _decided(member: Member) -> bool:
    """Its request has been answered, or its connection is over."""
    return member.run.idle


def _accepted(member: Member) -> bool:
    return member.run.result is not None and member.run.accepted


def _soon(seconds: float) -> str:
    return "at once" if seconds < SOON_SECONDS else f"{seconds:.3g} s"


def _fate(member: Member) -> str:
    if member.run.result is not None:
        return _answer(member)
    if member.run.accepted:
        return "it was accepted, then nothing came"
    return "nothing came" if member.run.opened else "no connection"


def _answer(member: Member) -> str:
    """What ended it: the last PDU, or how the connection went."""
    result = member.run.result
    assert result is not None
    last = result.evidence.received[-1] if result.evidence.received else None
    # That it was on the way to something is for a case of one connection to say.
    return result.observed.split(", on the way there")[0] if last is None else describe(last)


def _many(members: list[Member]) -> str:
    """How many others, and how many of them the target's system has not let in yet."""
    count = len(members)
    outside = sum(not member.run.opened for member in members)
    told = "nobody else" if not count else "1 other" if count == 1 else f"{count} others"
    return f"{told} ({outside} not let in)" if outside else told


def _refusal(member: Member) -> tuple[Grade, str]:
    """How an association was not taken, and how good that is."""
    result = member.run.result
    if result is None:
        # Whether it is only kept waiting is seen when there is room again.
        return Grade.INFORMATIONAL, "waits without an answer"
    last = result.evidence.received[-1] if result.evidence.received else None
    if isinstance(last, AAssociateRJ):
        right = (last.result, last.source) == (TRANSIENT, PROVIDER) and last.reason in FOR_LACK_OF_ROOM
        return (Grade.PASS if right else Grade.NON_STRICT), f"gets {_answer(member)}"
    return Grade.NON_STRICT, f"is turned away without an A-ASSOCIATE-RJ: {_answer(member)}"
