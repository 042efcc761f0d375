"""What a case is: a frozen value. Its steps say what is done and how what is sent may be read by the target.

The tester sends octets past any machine. Each `Send` says which events of Table 9-10 the octets may be for the
target (`readings`); the machine then says which answers are allowed. So a case never lists answers for a state by
hand: it says what was sent, and how a conforming user may answer where the standard leaves it to the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

from dicomnet.statemachine import AAbort, AAssociateRJ, Request
from dicomnet.transports import echo_request

from .tls_steps import SecureStep

if TYPE_CHECKING:
    from .evidence import Evidence


class Level(Enum):
    """How binding the requirement is: what a deviation is called follows from it."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Grade(IntEnum):
    """How well what was seen agrees with the standard; the higher, the worse."""

    PASS = 0
    NON_STRICT = 1
    INFORMATIONAL = 2
    FAIL = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One way the target's user may answer: the event he causes, and how good that is.

    `codes` (result, source, reason) are those of a rejection that are wanted; a rejection with other codes is
    graded `other_codes`.
    """

    event: str
    grade: Grade = Grade.PASS
    note: str = ""
    codes: tuple[int, int, int] | None = None
    other_codes: Grade = Grade.NON_STRICT


ACCEPT: Final = Answer("Evt7")
DATA_ANSWER: Final = Answer("Evt9")
RELEASE_ANSWER: Final = Answer("Evt14")


def reject(result: int, source: int, reason: int, grade: Grade = Grade.PASS, note: str = "") -> Answer:
    """The user rejects with these codes."""
    return Answer("Evt8", grade, note, (result, source, reason))


@dataclass(frozen=True, slots=True)
class Side:
    """Which end of the association the target is: the events that open it, and what its user may do unasked."""

    name: str
    opening: tuple[str, ...]
    unasked: tuple[Answer, ...] = ()


ACCEPTOR: Final = Side("acceptor", ("Evt5",))
# The requestor's user has asked for the association; data, the release and an abort are his to begin.
REQUESTOR: Final = Side("requestor", ("Evt1", "Evt2"), (Answer("Evt9"), Answer("Evt11"), Answer("Evt15")))
SIDES: Final = {side.name: side for side in (ACCEPTOR, REQUESTOR)}


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One event that the target may take what was sent for.

    `answers` are what its user then owes (one of them); empty where the user owes nothing. `optional` means that
    the user may also do nothing at all. `deafens`: what follows on the stream need not be read any more. `garbles`: or
    it may be read as PDUs that are none, as many as there are, so that AA-7 may answer any number of times. `lead`: it
    only leads up to the point of the case.
    """

    event: str
    payload: object = None
    answers: tuple[Answer, ...] = ()
    optional: bool = False
    grade: Grade = Grade.PASS
    note: str = ""
    deafens: bool = False
    garbles: bool = False
    lead: bool = False


Reading = tuple[Stimulus, ...]


@dataclass(frozen=True, slots=True)
class Connect:
    """A transport connection: opened by the tester (Evt5 at the target), or by the target (Evt1 and Evt2 there).

    `refused`: the target finds nobody at the port (Evt1 and Evt17 there), and that is the end of it.
    """

    refused: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Send octets. `readings` are the alternatives: each is the events that the target may take them for, in order.

    `pieces` are the sizes of the segments (a 0 at the end repeats the size before it to the end); empty sends the
    octets as one segment. `prefix` marks what only leads up to the point of the case, `check` what looks at the state
    that was reached (the event by which it does). `made` makes the octets from
    what the target has said so far; a text instead says why the case does not apply to this target. With `released`
    it is sent only where the target's user has asked for the release (True), or has not (False).
    """

    what: str
    octets: bytes
    readings: tuple[Reading, ...]
    pieces: tuple[int, ...] = ()
    prefix: bool = False
    check: str = ""
    made: Callable[[Evidence], bytes | str] | None = None
    released: bool | None = None

    @property
    def heard(self) -> tuple[Reading, ...]:
        """The readings, marked where they only lead up to the point of the case."""
        if not self.prefix:
            return self.readings
        return tuple(tuple(replace(each, lead=True) for each in reading) for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for the answers that the machine allows. `quiet` also waits for silence after them.

    With `patient` silence alone counts only when a user who owes an answer would be overdue: he is not thinking then.
    With `late` an answer that is overdue may still come in a later step; the text says what is not strict in that.
    """

    quiet: bool = False
    prefix: bool = False
    late: str = ""
    patient: bool = False


@dataclass(frozen=True, slots=True)
class AwaitUser:
    """Wait for what the target's user does unasked: a message of his (Evt9), or his release (Evt11).

    Where the release is waited for, each of his messages is answered with success, whatever it asks for; a message
    that is waited for is left to the case to answer. `late`: it need not come in time where none came in a
    healthy association; what follows shows whether he is there. `free`: nor anywhere, and he may give up instead.
    """

    event: str
    prefix: bool = True
    late: bool = False
    free: bool = False

    @property
    def wanted(self) -> str:
        """What is waited for, in words."""
        return (
            "a message of the target's user"
            if self.event == "Evt9"
            else "the A-RELEASE-RQ of the target's user"
        )


@dataclass(frozen=True, slots=True)
class AwaitTimer:
    """Wait for the target's ARTIM timer, at most as long as the run allows; its value is reported, not graded.

    With `poke` that is sent every `every` seconds meanwhile; it must not keep the target from its timer. `user`: it is
    the target's user who is waited for, that he gives up; no clause says that he must.
    """

    poke: Send | None = None
    every: float = 7.0
    user: bool = False


@dataclass(frozen=True, slots=True)
class Idle:
    """Say nothing for `seconds`; the target is to do nothing either."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Send no more (FIN), go on reading (Evt17 at the target)."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection (Evt17 at the target)."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection (Evt17 at the target)."""


@dataclass(frozen=True, slots=True)
class Start:
    """Several connections: `many` more of them, each with these steps, all at once.

    `one_by_one`: each begins when the one before it is over. `lead`: the point of the case needs each of them at rest
    (an `Idle`); a target on which they do not come there gives no verdict.
    """

    who: str
    steps: tuple[Step, ...]
    many: int = 1
    one_by_one: bool = False
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """Several connections: associations with these steps, one more each time, until the target takes no more.

    At most `most` are tried. The first that is kept waiting is `next`, and does not leave with the others. `again`:
    as many as the target took before must be taken again, for what held them is gone. `canary`: the steps of a
    healthy one, tried when there is one less than the user states that the target serves.
    """

    who: str
    steps: tuple[Step, ...]
    most: int
    again: bool = False
    canary: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Several connections: wait until those of `who` are over or at rest, or nothing more happens on them."""

    who: str


@dataclass(frozen=True, slots=True)
class Canary:
    """Several connections: a healthy one with these steps, beside all that are there.

    Whether it is served meanwhile is told; it is a failure only where the user states that the target serves as many.
    Where it is not served, it goes on waiting. `limit`: there are so many that a rejection for lack of room is right.
    """

    steps: tuple[Step, ...]
    limit: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Several connections: those of `who` go on behind their `Idle`; one that has not come there ends as they do."""

    who: str


@dataclass(frozen=True, slots=True)
class Served:
    """Several connections: each of `who` must be served by now, or as soon as the target can.

    `order` also tells in which order they were answered. `fresh` makes a new canary with these steps for it: one that
    waited in a queue that was overfull may rightly have been lost.
    """

    who: str
    order: bool = False
    fresh: tuple[Step, ...] = ()


CrowdStep = Start | Fill | Wait | Canary | Leave | Served
Step = (
    Connect
    | Send
    | Await
    | AwaitUser
    | AwaitTimer
    | Idle
    | HalfClose
    | Close
    | Reset
    | CrowdStep
    | SecureStep
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found wrong in what the target sent."""

    clause: str
    text: str
    grade: Grade = Grade.FAIL


# So many different findings are told of one case.
TOLD_FINDINGS: Final = 5


def told_of(findings: Iterable[Finding]) -> str:
    """The findings in words, each said once; of very many only the first."""
    told = list(dict.fromkeys(f"{finding.text} ({finding.clause})" for finding in findings))
    more = len(told) - TOLD_FINDINGS
    return "; ".join([*told[:TOLD_FINDINGS], *([f"and {more} more"] if more > 0 else [])])


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is read off the decoded evidence when all steps are done: what it demands, and how to look."""

    says: str
    look: Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `id` is permanent; `clause` names the edition; `requirement` is one sentence of ours.

    `cell` (state, event) is what a generated case drives. `checks` read the decoded evidence at the end. `slow`
    cases wait for long timers and are left out by `--quick`; `kind` groups cases with the same stimulus. Where the
    target fails in the cell that the case `rests_on` in the same way, it is that cell's failure and not this one's.
    For so many seconds as it `lingers` it is watched, when all is over, whether a requestor connects again.
    """

    id: str
    title: str
    clause: str
    requirement: str
    steps: tuple[Step, ...]
    level: Level = Level.MUST
    cell: tuple[str, str] | None = None
    checks: tuple[Check, ...] = ()
    slow: bool = False
    depth: int = 0
    kind: str = ""
    role: str = "acceptor"
    rests_on: tuple[str, str] | None = None
    lingers: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def several(self) -> bool:
        """Whether the case is one of several connections at a time."""
        return isinstance(self.steps[0], CrowdStep) if self.steps else False

    @property
    def secure(self) -> bool:
        """Whether the case judges TLS: it has steps of its own, below the association."""
        return isinstance(self.steps[0], SecureStep) if self.steps else False

    def findings(self, evidence: Evidence) -> list[Finding]:
        """What its checks find wrong in this evidence."""
        return [finding for check in self.checks for finding in check.look(evidence)]


# --- readings that many cases share ---------------------------------------------------------------------


# The machine's guard asks only whether the provider rejects; what the request says is the user's business.
ANY_REQUEST: Final = echo_request("ANY-SCP", "ANY-SCU")


def as_request(*answers: Answer, rejection: AAssociateRJ | None = None) -> tuple[Reading, ...]:
    """Octets that are an association request; the user may answer in these ways (accept, where none is said)."""
    return ((Stimulus("Evt6", Request(ANY_REQUEST, rejection), answers or (ACCEPT,)),),)


def as_event(event: str, payload: object = None) -> tuple[Reading, ...]:
    """Octets that are one event to which the user owes nothing."""
    return ((Stimulus(event, payload),),)


AS_ECHO: Final[tuple[Reading, ...]] = ((Stimulus("Evt10", None, (DATA_ANSWER,)),),)
AS_RELEASE: Final[tuple[Reading, ...]] = ((Stimulus("Evt12", None, (RELEASE_ANSWER,)),),)
# Octets that end inside a PDU: they are no event yet.
AS_NOTHING: Final[tuple[Reading, ...]] = ((),)
AS_ABORT: Final = as_event("Evt16", AAbort(0, 0))
AS_ABORT_PROVIDER: Final = as_event("Evt16", AAbort(2, 0))
# After a PDU that is none the stream cannot be trusted, so a target may stop reading it.
AS_INVALID: Final[tuple[Reading, ...]] = ((Stimulus("Evt19", deafens=True, garbles=True),),)

# A known type whose length or content is wrong: Table 9-10 says "invalid PDU" without a list of what is invalid, so
# a target that takes it for what it nearly is, is lenient rather than wrong (PS3.8 2020, Evt19).
_LENIENT: Final = "took an invalid PDU for a valid one"
AS_ODD_RELEASE: Final[tuple[Reading, ...]] = (
    *AS_INVALID,
    (Stimulus("Evt12", None, (RELEASE_ANSWER,), grade=Grade.NON_STRICT, note=_LENIENT),),
)
# Here the end of the PDU is where its length says, so what follows is no garbage.
AS_MALFORMED: Final[tuple[Reading, ...]] = ((Stimulus("Evt19", deafens=True),),)
AS_LENIENT_DATA: Final[Reading] = (Stimulus("Evt10", grade=Grade.NON_STRICT, note=_LENIENT, deafens=True),)
AS_ODD_DATA: Final[tuple[Reading, ...]] = (
    *AS_MALFORMED,
    (
        Stimulus(
            "Evt10",
            None,
            (Answer("Evt15", Grade.NON_STRICT, "the user aborted what is no valid PDU"),),
            note=_LENIENT,
            deafens=True,
        ),
    ),
)

# Which event a context id or an order of fragments is that may not be is not said: an abort of the user or of the
# provider is right; a target that says nothing is lenient; an answer is data where none may be.
_IGNORES: Final[Reading] = (
    Stimulus("Evt10", None, grade=Grade.NON_STRICT, note="ignores data that may not be sent"),
)
AS_FORBIDDEN: Final[tuple[Reading, ...]] = (
    (Stimulus("Evt10", None, (Answer("Evt15"),)),),
    *AS_INVALID,
    _IGNORES,
)
