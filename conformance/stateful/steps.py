"""What is drawn: steps of users and peers, and what a user's handler does inside a callback. The strategies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from hypothesis import strategies as st

What: TypeAlias = Literal[
    "connect", "accept", "close", "force", "again", "unfit", "stop", "stop by force",
    "connect plain", "connect wary", "accept plain", "accept wary", "configure", "associate",
]  # fmt: skip
Deed: TypeAlias = Literal["raise", "accept", "connect", "close", "force", "stop", "associate"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the user's handler does inside a callback: in the first one that a step leads to, or the `nth`.

    raise an exception; accept into a new child; connect a new requestor; stop the listener; close or force the object
    that is told, or, in a callback of the listener, the object that the step chooses.
    """

    deed: Deed
    nth: int = 1

    def __str__(self) -> str:
        return f"handler of the {'first' if self.nth == 1 else f'{self.nth}.'} callback: {self.deed}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done.

    connect a new requestor; accept into a new child; close or force an object; connect one again that is in use;
    accept into a child that is unfit, since it is not IDLE; stop the listener. Where links have a security layer:
    connect and accept also objects that have none (plain), or refuse their peer (wary); configure one that is in use;
    ask for an association before the link is ready. `which` chooses the object, modulo their number. Without `settle`
    the next step follows while things are under way.
    """

    what: What
    which: int = 0
    reaction: Reaction | None = None
    settle: bool = True


def _often(what: What, times: int) -> tuple[tuple[What, int], ...]:
    drawn: tuple[What, int] = (what, 0)
    return (drawn,) * times


# What is drawn, simplest first: Hypothesis shrinks towards the beginning. What stands here more often comes more often.
_DEEDS: Final[tuple[tuple[What, int], ...]] = (
    *_often("connect", 24),
    *_often("accept", 20),
    *(("close", which) for which in range(8) for _ in range(2)),
    *(("force", which) for which in range(5) for _ in range(2)),
    *(("unfit", which) for which in range(3)),
    *(("again", which) for which in range(3)),
    ("stop", 0),
    ("stop by force", 0),
)
_SECURE_DEEDS: Final[tuple[tuple[What, int], ...]] = (
    *_DEEDS,
    *_often("connect plain", 5),
    *_often("connect wary", 5),
    *_often("accept plain", 4),
    *_often("accept wary", 4),
    *(("configure", which) for which in range(2)),
    *(("associate", which) for which in range(3) for _ in range(2)),
)
_DEEDS_INSIDE: Final[tuple[Deed, ...]] = ("raise", "accept", "connect", "close", "force")
_REACTIONS: Final[tuple[Reaction, ...]] = (
    *(Reaction(deed, nth) for nth in (1, 1, 1, 1, 1, 2, 2) for deed in _DEEDS_INSIDE),
    Reaction("stop"),
)
# A handler that does nothing in half of the steps; three of four steps wait until everything has settled.
_MANNERS: Final[tuple[tuple[Reaction | None, bool], ...]] = (
    *((None, True),) * 3 * len(_REACTIONS),
    *((reaction, True) for reaction in _REACTIONS * 3),
    *((None, False),) * len(_REACTIONS),
    *((reaction, False) for reaction in _REACTIONS),
)

_SECURE_MANNERS: Final[tuple[tuple[Reaction | None, bool], ...]] = (
    *_MANNERS,
    *((Reaction("associate", nth), True) for nth in (1, 2) for _ in range(4)),
)


def capacities() -> st.SearchStrategy[int]:
    """How many requests the listener's queue holds."""
    return st.integers(1, 4)


def reactions() -> st.SearchStrategy[Reaction]:
    """What a handler may do inside a callback."""
    return st.sampled_from(_REACTIONS)


def deeds(*, security: bool = False) -> st.SearchStrategy[tuple[What, int]]:
    """What is done, and to which object."""
    return st.sampled_from(_SECURE_DEEDS if security else _DEEDS)


def manners(*, security: bool = False) -> st.SearchStrategy[tuple[Reaction | None, bool]]:
    """What a handler does in a step, and whether the step waits until everything has settled."""
    return st.sampled_from(_SECURE_MANNERS if security else _MANNERS)


def step_of(deed: tuple[What, int], manner: tuple[Reaction | None, bool]) -> Step:
    """A step of what was drawn."""
    return Step(*deed, *manner)


def steps() -> st.SearchStrategy[Step]:
    """One step, for machines of one's own."""
    return st.builds(step_of, deeds(), manners())
