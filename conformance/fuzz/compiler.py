"""From a script to an ordinary case: what each act may be taken for, and what the answers must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ..case import Await, Case, Check, Close, HalfClose, Reset, Send, Side, Step
from ..evidence import NAMES
from ..octets import with_titles
from ..oracle import Oracle
from .framed import Framed, Heard, TooWideError
from .script import PLAIN, Say, Script, ScriptError

# More ways to go on than this are not waited out: the next act first waits for the answers.
CROWDED: Final = 100
TOO_CROWDED: Final = 800
CLAUSE: Final = "PS3.8 2020 Table 9-10, 9.3"
HELD_BACK: Final = "the answer to a whole PDU is held back until the PDU behind it is whole"

StreamT = TypeVar("StreamT", bound=Framed)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A case, and for each of its steps what is odd in its octets, and how many acts of the script led there.

    `lenient_from` is the position from which on nothing is a MUST.
    """

    case: Case
    odd: tuple[frozenset[str], ...]
    acts: tuple[int, ...]
    lenient_from: int

    def until(self, position: int, script: Script) -> Script:
        """The part of the script that a run needs which ends at this step."""
        return Script(script.acts[: max(self.acts[min(position, len(self.acts) - 1)], 1)])

    def odd_until(self, position: int) -> frozenset[str]:
        """What is odd in all that was sent by this step."""
        return frozenset[str]().union(*self.odd[: position + 1])

    def odd_at(self, position: int) -> frozenset[str]:
        """What is odd in what was sent last, at this step or before it, with nothing waited for in between."""
        steps = self.case.steps
        last = position
        while last > 0 and not isinstance(steps[last], Send):
            last -= 1
        first = last
        while first > 0 and isinstance(steps[first - 1], Send):
            first -= 1
        return frozenset[str]().union(*self.odd[first : last + 1])


class Compiler(Generic[StreamT]):
    """Act by act; what an end of the association knows of its stream, and may be asked, is for its own compiler.

    `begun` are the steps before the first act.
    """

    def __init__(self, titles: tuple[str, str], stream: StreamT, side: Side, begun: Sequence[Step]) -> None:
        self.stream = stream
        self.oracle = Oracle(track=False, side=side)
        self.steps: list[Step] = list(begun)
        self._titles = titles
        self._odd: list[frozenset[str]] = [frozenset()] * len(begun)
        self._acts: list[int] = [0] * len(begun)
        self._done = 0
        self._open_end = False
        self.oracle.connected()

    def compile(self, script: Script) -> Compiled:
        """Act by act; a half-close, and what is behind it, is no MUST."""
        lenient = len(script.acts) * 3 + 3
        try:
            for act in script.acts:
                self._done += 1
                if act == "half-close":
                    lenient = min(lenient, len(self.steps))
                self._act(act)
            if not isinstance(self.steps[-1], (Close, Reset)):
                self.wait(quiet=True)
        except (TooWideError, AssertionError):
            self.wait(quiet=True)
        case = Case(
            f"fuzz.{script.token()[-12:]}",
            "a drawn script",
            CLAUSE,
            "What is sent is answered as Table 9-10 says, whichever way it may be taken.",
            tuple(self.steps),
            checks=self.checks(),
            kind="fuzz",
            role=self.oracle.side.name,
        )
        return Compiled(case, tuple(self._odd), tuple(self._acts), lenient)

    def _act(self, act: Say | str) -> None:
        if isinstance(act, Say):
            self._say(act)
            return
        step = PLAIN.get(act)
        if step is None:
            self.word(act)
        elif isinstance(step, Await):
            self.wait(quiet=step.quiet)
        else:
            self.add(step)
            if isinstance(step, HalfClose):
                self.oracle.ended()

    def _say(self, act: Say) -> None:
        octets = with_titles(act.octets, *self._titles)
        if len(self.oracle.hypotheses) > CROWDED:
            self.wait(quiet=False)
        heard = self.hear(octets)
        self._open_end = self._open_end or heard.open_end
        self.send(Send(_named(octets, heard.odd), octets, heard.readings, act.pieces), heard.odd)

    def send(self, step: Send, odd: frozenset[str] = frozenset()) -> None:
        """Send something. Raises `TooWideError` where it cannot be followed any more."""
        self.oracle.sent(step.readings)
        if len(self.oracle.hypotheses) > TOO_CROWDED:
            raise TooWideError
        self.add(step, odd)

    def add(self, step: Step, odd: frozenset[str] = frozenset()) -> None:
        """One more step of the act."""
        self.steps.append(step)
        self._odd.append(odd)
        self._acts.append(self._done)

    def wait(self, *, quiet: bool) -> None:
        """Wait for what is due; once is enough."""
        last = self.steps[-1]
        if isinstance(last, Await) and not last.prefix:
            if quiet and not last.quiet:
                self.steps[-1] = Await(quiet=True, late=last.late)
                self._acts[-1] = self._done
            return
        if isinstance(last, (Close, Reset)):
            return
        self.add(Await(quiet=quiet, late=HELD_BACK if self._open_end else ""))
        self.oracle.settle()
        self.stream.rested()
        self._open_end = False

    # --- what differs -------------------------------------------------------------------------------------

    def hear(self, octets: bytes) -> Heard:
        """What the target may take the octets for that come next."""
        return self.stream.send(octets, self.oracle.states())

    def word(self, act: str) -> None:
        """An act that not every end of the association knows. Raises `ScriptError` for what this one does not."""
        raise ScriptError(f"{act!r} is done to a requestor only")

    def checks(self) -> tuple[Check, ...]:
        """What all that the target has sent must hold."""
        raise NotImplementedError


def _named(octets: bytes, odd: frozenset[str]) -> str:
    name = NAMES.get(octets[0], "octets")
    return f"{name} ({', '.join(sorted(odd))})" if odd else name
