"""What happens in one simulated run, drawn from its seed: a list of acts, each of which can be left out.

An act is a deed of an actor at a time, or inside or after one of his callbacks. Actors are network objects with local
users (`scp`, `spare`, `scu1`.., `child1`..: the k-th accepted), raw peers that send octets past any machine (`foe1`..
as requestors, `trap` as a listener, `catch1`..: its connections), and the two libraries (`lib-a`, `lib-r`). A plan is
data, so a reproduction is a seed and the numbers of the acts that it needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from dicomnet.transports import FAULTS, Faults

from .octets import RAW

# In this many seconds of the virtual clock everybody begins what he does of himself.
SPAN: Final = 12.0
MOST_REQUESTORS = 6
MOST_FOES = 3
MOST_CHILDREN = 8


@dataclass(frozen=True, slots=True)
class Act:
    """A deed of an actor: at `when` seconds, or, with `on`, in the `nth` callback of that name (0: in each).

    With `on`, `when` is how many seconds later; 0 is inside the callback. `what` is what the deed takes: the name of
    raw octets, of a target, a number.
    """

    number: int
    actor: str
    deed: str
    when: float = 0.0
    on: str = ""
    nth: int = 0
    what: str = ""

    def __str__(self) -> str:
        deed = f"{self.deed} {self.what}".strip()
        if not self.on:
            return f"{self.number:3} {self.actor}: {deed} at {self.when:.3f} s"
        times = f"callback {self.nth} of" if self.nth else "each"
        later = f" {self.when:.3f} s after" if self.when else " in"
        return f"{self.number:3} {self.actor}: {deed}{later} {times} {self.on!r}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run: its acts are all that the seed gives, or those that are left of them (`only`).

    `artim`, `connect` and `handshake` are the timers' seconds; `mutant` names a planted fault of the tables, None for
    the true ones; `security` names the layer of its links.
    """

    seed: int
    profile: str
    faults: str
    backlog: int
    artim: float
    connect: float
    acts: tuple[Act, ...]
    mutant: str | None = None
    security: str = "none"
    handshake: float = 30.0

    @property
    def options(self) -> Faults:
        """The faults of its network."""
        return FAULTS[self.faults]

    def only(self, numbers: frozenset[int]) -> Plan:
        """The plan with these acts alone."""
        return replace(self, acts=tuple(act for act in self.acts if act.number in numbers))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its acts."""
        return tuple(act.number for act in self.acts)

    @property
    def actors(self) -> tuple[str, ...]:
        """Who acts in it."""
        return tuple(dict.fromkeys(act.actor for act in self.acts))


def draw_plan(
    seed: int,
    profile: str = "dicomnet",
    faults: str = "rough",
    mutant: str | None = None,
    security: str = "none",
) -> Plan:
    """The plan of a seed. The acts do not depend on the profile, the faults, the mutant and the security layer."""
    drawing = _Drawing(Random(seed))
    drawing.all()
    chance = drawing.chance
    return Plan(
        seed,
        profile,
        faults,
        backlog=chance.choice((0, 1, 1, 2, 2, 3, 4, 8)),
        artim=chance.choice((1.0, 5.0, 30.0)),
        connect=chance.choice((2.0, 10.0, 30.0, 80.0)),
        acts=tuple(drawing.acts),
        mutant=mutant,
        security=security,
        handshake=chance.choice((1.0, 5.0, 30.0)),
    )


# Callbacks in which a local user acts, and what he may do there or at any time.
CALLBACKS: Final = (
    "on_connect ok",
    "on_close",
    "A-ASSOCIATE indication",
    "A-ASSOCIATE confirmation (accept)",
    "P-DATA indication",
    "A-RELEASE indication",
    "A-RELEASE confirmation",
    "A-ABORT indication",
    "A-P-ABORT indication",
)
PRIMITIVES: Final = (
    "associate", "accept-association", "reject-association", "data", "release", "respond-release", "abort",
)  # fmt: skip
ENDINGS: Final = ("close", "close-forced")
WRONG: Final = ("connect", "dial", "listen", "accept")
HEARD: Final = (
    "A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "A-ASSOCIATE-RJ", "P-DATA-TF", "A-RELEASE-RQ", "A-RELEASE-RP", "A-ABORT",
)  # fmt: skip
RAW_ENDINGS: Final = ("half-close", "close", "reset")


class _Drawing:
    """Draws the acts of a plan, actor by actor."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.acts: list[Act] = []

    def add(
        self, actor: str, deed: str, when: float = 0.0, on: str = "", nth: int = 0, what: str = ""
    ) -> None:
        """One more act."""
        self.acts.append(Act(len(self.acts), actor, deed, round(when, 6), on, nth, what))

    def often(self, likely: float) -> bool:
        """Whether something that is so likely happens."""
        return self.chance.random() < likely

    def moment(self) -> float:
        """A time in the run."""
        return self.chance.uniform(0.0, SPAN)

    def all(self) -> None:
        """Everybody."""
        chance = self.chance
        self.add("scp", "listen")
        trap = self.often(0.6)
        if trap:
            self.add("trap", "listen")
            for number in range(1, 4):
                self._foe(f"catch{number}", answers=True)
        self._listener()
        for number in range(1, chance.randint(1, MOST_REQUESTORS) + 1):
            self._requestor(f"scu{number}", trap)
        for number in range(1, chance.randint(0, MOST_FOES) + 1):
            self.add(f"foe{number}", "connect", self.moment())
            self._foe(f"foe{number}", answers=self.often(0.5))
        for number in range(1, MOST_CHILDREN + 1):
            self._child(f"child{number}")
        self._libraries()

    def _listener(self) -> None:
        """How the listener accepts, and what else happens to it."""
        chance = self.chance
        manner = chance.randrange(5)
        if manner == 0:
            self.add("scp", "accept", on="on_accept")
        elif manner == 1:
            self.add("scp", "accept", chance.uniform(0.1, 4.0), on="on_accept")
        elif manner == 2:
            for _ in range(chance.randint(1, 3)):
                self.add("scp", "accept-all", chance.uniform(0.0, 2 * SPAN))
        elif manner == 3:
            self.add("scp", "accept-all", on="on_accept", nth=chance.randint(1, 4))
            self.add("scp", "accept", on="on_accept")
        else:
            for _ in range(chance.randint(1, 8)):
                self.add("scp", "accept", chance.uniform(0.0, 2 * SPAN))
        if self.often(0.3):
            self.add("scp", "accept", on="on_child_close")
        for deed, likely in (
            ("accept-and-close", 0.2), ("accept-used", 0.2), ("accept", 0.3), ("raise", 0.2),
            ("close", 0.1), ("close-forced", 0.1), ("dial", 0.1), ("associate", 0.1),
        ):  # fmt: skip
            if self.often(likely):
                on = chance.choice(("on_accept", "on_accept", "on_child_close", ""))
                nth = chance.randint(1, 3)
                if deed != "raise" and not on:
                    self.add("scp", deed, self.moment())
                else:
                    self.add("scp", deed, on=on or "on_accept", nth=nth)
        if self.often(0.15):
            self.add("spare", "listen", chance.uniform(SPAN / 2, SPAN))
            self.add("spare", "accept", on="on_accept")

    def _requestor(self, name: str, trap: bool) -> None:
        """A requestor that mostly does what is right, and now and then what comes to mind."""
        chance = self.chance
        target = "trap" if trap and self.often(0.4) else "scp" if self.often(0.95) else "nobody"
        self.add(name, "dial" if self.often(0.3) else "connect", self.moment(), what=target)
        for on, deed in (
            ("on_connect ok", "associate"),
            ("A-ASSOCIATE confirmation (accept)", "data"),
            ("P-DATA indication", "release"),
            ("A-RELEASE confirmation", "close"),
        ):
            self._mostly(name, on, deed)
        self._collided(name)
        if self.often(0.2):
            self.add(
                name,
                chance.choice(("connect", "dial")),
                chance.uniform(0.0, 3.0),
                on="on_connect",
                what=target,
            )
        if self.often(0.2):
            self.add(name, "again", on="on_close", what=target)
        self._whims(name, chance.choice((0, 0, 1, 1, 2, 4)))

    def _child(self, name: str) -> None:
        chance = self.chance
        for on, deed in (
            ("A-ASSOCIATE indication", "accept-association"),
            ("P-DATA indication", "release" if self.often(0.3) else "data"),
        ):
            self._mostly(name, on, deed)
        if self.often(0.15):
            self.add(name, "release", chance.uniform(0.0, 3.0), on="A-ASSOCIATE indication")
        self._collided(name)
        self._whims(name, chance.choice((0, 0, 1, 1, 2, 4)))

    def _mostly(self, name: str, on: str, deed: str) -> None:
        """What is right, at once or after a while."""
        if self.often(0.85):
            self.add(name, deed, self.chance.uniform(0.0, 2.0) if self.often(0.3) else 0.0, on=on)

    def _whims(self, name: str, count: int) -> None:
        chance = self.chance
        for _ in range(count):
            deed = chance.choice((*PRIMITIVES, *PRIMITIVES, *ENDINGS, chance.choice(WRONG), "raise"))
            if deed == "raise" or self.often(0.6):
                later = chance.uniform(0.0, 1.0) if deed != "raise" and self.often(0.4) else 0.0
                self.add(name, deed, later, on=chance.choice(CALLBACKS), nth=chance.randint(1, 2), what="scp")
            else:
                self.add(name, deed, self.moment(), what="scp")

    def _foe(self, name: str, answers: bool) -> None:
        """A raw peer: with right answers or none, and any octets at any time."""
        chance = self.chance
        if answers:
            for on, what in (
                ("A-ASSOCIATE-RQ", "A-ASSOCIATE-AC"),
                ("P-DATA-TF", "P-DATA-TF"),
                ("A-RELEASE-RQ", "A-RELEASE-RP"),
            ):
                if self.often(0.7):
                    self.add(
                        name, "send", chance.uniform(0.0, 0.5) if self.often(0.3) else 0.0, on=on, what=what
                    )
        if name.startswith("foe"):
            if self.often(0.85):
                self.add(name, "send", on="open", what="A-ASSOCIATE-RQ")
            if self.often(0.3):
                self.add(name, "send", on="A-ASSOCIATE-AC", what=chance.choice(("A-RELEASE-RQ", "P-DATA-TF")))
        if self.often(0.5):
            self._collide(name)
        for _ in range(chance.randint(0, 4)):
            deed, what = (
                ("send", chance.choice(RAW_NAMES)) if self.often(0.9) else (chance.choice(RAW_ENDINGS), "")
            )
            if self.often(0.75):
                later = chance.uniform(0.0, 1.0) if self.often(0.4) else 0.0
                on = chance.choice((*HEARD, "open"))
                self.add(name, deed, later, on=on, nth=chance.choice((0, 1, 1)), what=what)
            else:
                self.add(name, deed, self.moment(), what=what)

    def _collide(self, name: str) -> None:
        """A raw peer that wants to release when its peer does, and then sends something."""
        chance = self.chance
        self.add(name, "send", on="A-RELEASE-RQ", nth=1, what="A-RELEASE-RQ")
        when = 0.0
        if self.often(0.5):
            self.add(name, "send", 0.05, on="A-RELEASE-RQ", nth=1, what="A-RELEASE-RP")
        for _ in range(chance.randint(0, 3)):
            when += chance.uniform(0.1, 1.5)
            if self.often(0.85):
                self.add(name, "send", when, on="A-RELEASE-RQ", nth=1, what=chance.choice(RAW_NAMES))
            else:
                self.add(name, chance.choice(RAW_ENDINGS), when, on="A-RELEASE-RQ", nth=1)

    def _collided(self, name: str) -> None:
        """What a local user does in the middle of a release, answered or not."""
        chance = self.chance
        if self.often(0.7):
            self.add(
                name,
                "respond-release",
                chance.uniform(0.0, 2.0) if self.often(0.5) else 0.0,
                on="A-RELEASE indication",
            )
        if self.often(0.25):
            deed = chance.choice(("abort", "abort", *ENDINGS, *PRIMITIVES))
            self.add(name, deed, chance.uniform(0.1, 2.0), on="A-RELEASE indication", nth=1)

    def _libraries(self) -> None:
        chance = self.chance
        for name in ("lib-a", "lib-r"):
            if self.often(0.1):
                self.add(name, "startup", self.moment())
            if self.often(0.1):
                when = self.moment()
                self.add(name, "shutdown", when)
                if self.often(0.5):
                    self.add(name, "startup", when + chance.uniform(0.0, 2.0))


RAW_NAMES: Final = tuple(RAW)


def as_ranges(numbers: tuple[int, ...]) -> str:
    """Numbers in short: 0-3,7."""
    parts: list[str] = []
    start = last = -2
    for number in (*sorted(numbers), -9):
        if number == last + 1:
            last = number
            continue
        if start >= 0:
            parts.append(f"{start}-{last}" if last > start else str(start))
        start = last = number
    return ",".join(parts)


def from_ranges(text: str) -> frozenset[int]:
    """Read what `as_ranges` writes. Raises `ValueError` where it is none."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        low, high = int(first), int(last if dash else first)
        if not 0 <= low <= high < MOST_ACTS:
            raise ValueError(f"{part!r} is not a range of acts")
        numbers.update(range(low, high + 1))
    return frozenset(numbers)


MOST_ACTS: Final = 1000
