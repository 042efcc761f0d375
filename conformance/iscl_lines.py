"""Every interleaving of the two ends of an ISCL line, on the table that is drawn: agreement, order, no deadlock.

Two ends with a way to each other are explored from the first message to the end of the line: messages come one at a
time, users send, ask, agree, refuse and give up, once a message is damaged or the transport lost, at any point. The
settings (`SETTINGS`) say what the ends know, and whether a foe is in the place of one of them, who sends whatever he
likes. The search is breadth first, so a counterexample is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Final, NamedTuple

from dicomnet.statemachine import (
    ISCL,
    IsclLine,
    LocalProtocolError,
    Machine,
    Tell,
    Transition,
    Value,
    step,
)

NAMES: Final = ("server", "client")
Message = tuple[str, Any]
Moves = Iterator[tuple[str, Callable[[], "World"]]]
DEEDS: Final = ("send", "ask", "agree", "refuse", "give-up")
# What one user sends is told from what the other sends.
SAID: Final = ("from the server", "from the client")
# Two ends that follow the table have less under way; a faulty one might go on for ever.
MOST_UNDER_WAY: Final = 8
# What an end must be told, when it is open, of what its peer sends.
DUE: Final = {
    "message": ("message",),
    "disconnect": ("asked", "ended"),
    "disconnect-agreed": ("ended",),
    "disconnect-refused": ("refused",),
}
LAST: Final = ("ended", "failed", "cut")
# Where server and client may stand while nothing is on its way.
AT_REST: Final = frozenset({("OPEN", "OPEN"), ("ENDING", "ASKED"), ("ASKED", "ENDING"), ("OVER", "OVER")})
SERVER: Final = IsclLine(1, "k", 2)
CLIENT: Final = IsclLine(1, "k", 1)
OUTCOMES: Final = {
    "ended": "both ends must agree that the line has ended",
    "failed": "where nothing was spoiled and the keys are the same, nothing fails",
    "cut": "nobody has cut the line",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the two ends know. `foe` is the place of one who keeps no table: "", "server" or "client"."""

    name: str
    server: IsclLine = SERVER
    client: IsclLine = CLIENT
    foe: str = ""

    @property
    def trust(self) -> tuple[bool, bool]:
        """Whether server and client may take each other for authenticated."""
        same = (self.server.index, self.server.key) == (self.client.index, self.client.key)
        return (same or self.server.believes, same)


SETTINGS: Final = (
    Setting("the same key"),
    Setting("another index", client=IsclLine(2, "k", 1)),
    Setting("another key under the same index", client=IsclLine(1, "other", 1)),
    Setting("a server without the key", server=IsclLine(1, "other", 2, believes=True)),
    Setting("a foe for a server, without the key", server=IsclLine(1, "other", 2), foe="server"),
    Setting("a foe for a client, without the key", client=IsclLine(1, "other", 1), foe="client"),
    Setting("a foe for a server, with the key", foe="server"),
    Setting("a foe for a client, with the key", foe="client"),
)


class World(NamedTuple):
    """Both ends (None: a foe), what is on its way to each, what each was told, and whether anything was spoiled."""

    ends: tuple[Value[IsclLine] | None, Value[IsclLine] | None]
    ways: tuple[tuple[Message, ...], tuple[Message, ...]]
    secured: tuple[bool, bool]
    last: tuple[str, str]
    spoiled: bool


class Broken(NamedTuple):
    """What does not hold, in which setting, and the shortest way to it."""

    text: str
    setting: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        numbered = (f"  {number}. {each}" for number, each in enumerate(self.steps, 1))
        return "\n".join((f"{self.text} ({self.setting})", *numbered))


@dataclass(slots=True)
class LineProof:
    """What was explored. It `holds` where nothing broke and every branch of every cell fired."""

    states: int = 0
    transitions: int = 0
    seconds: float = 0.0
    broken: Broken | None = None
    fired: set[tuple[str, str, str | None]] = field(default_factory=set[tuple[str, str, str | None]])
    never: tuple[tuple[str, str, str | None], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether all is proven."""
        return self.broken is None and not self.never


class _FaultError(Exception):
    """Something that must hold does not."""


class _Lines:
    """The moves of one setting on one table."""

    def __init__(self, setting: Setting, machine: Machine[IsclLine], fired: set[Any]) -> None:
        self.setting = setting
        self._machine = machine
        self._fired = fired

    def start(self) -> World:
        """Both transports stand."""
        lines = (self.setting.server, self.setting.client)
        first = self._machine.initial
        server, client = (
            None if name == self.setting.foe else self._machine.value(first, line)
            for name, line in zip(NAMES, lines, strict=True)
        )
        world = World((server, client), ((), ()), (False, False), ("", ""), bool(self.setting.foe))
        for me, name in enumerate(NAMES):
            if name != self.setting.foe:
                world = self._give(world, me, f"begin-{name}", None)
        return world

    def moves(self, world: World) -> Moves:
        """What may happen next; what is yielded raises `_FaultError` where something then does not hold."""
        for me, name in enumerate(NAMES):
            if world.ways[me]:
                (what, about), rest = world.ways[me][0], world.ways[me][1:]
                came = world._replace(ways=_put(world.ways, me, rest))
                yield f"{name} hears {what}", partial(self._give, came, me, what, about)
                if not world.spoiled and what not in ("lost", "damaged"):
                    bad = _put(world.ways, me, (("damaged", None), *rest))
                    yield f"{what} to the {name} is damaged", partial(world._replace, ways=bad, spoiled=True)
            yield from self._of_user(world, me, name)
        if not world.spoiled and any(end is not None and end.control != "OVER" for end in world.ends):
            cut = tuple(way if ("lost", None) in way else (("lost", None),) for way in world.ways)
            yield "the transport is lost", partial(world._replace, ways=(cut[0], cut[1]), spoiled=True)

    def _of_user(self, world: World, me: int, name: str) -> Moves:
        end, out = world.ends[me], world.ways[1 - me]
        if end is None:
            if not out:
                for what, about in self._foul(me):
                    words = f"the foe sends {what} {about or ''}".strip()
                    yield words, partial(self._send, world, me, what, about)
            return
        for deed in DEEDS:
            if deed == "send" and any(what == "message" for what, _ in out):
                continue
            if deed in end.machine.legal_events(end.control):
                spoils = deed == "give-up" and end.control != "OVER"
                before = world._replace(spoiled=True) if spoils else world
                yield f"{name}: {deed}", partial(self._give, before, me, deed, SAID[me])

    def _foul(self, me: int) -> Iterator[Message]:
        """All that a foe may send; he lets go of the transport as well."""
        line = (self.setting.server, self.setting.client)[me]
        fit: dict[str, Any] = {
            "line-check": line.packet,
            "line-answer": line.packet,
            "challenge": line.index,
            "answer": line.key,
            "confirm": line.key,
        }
        for kind in self._machine.events:
            if kind.origin == "peer-pdu":
                yield kind.name, fit.get(kind.name)
        yield "lost", None

    def _send(self, world: World, me: int, what: str, about: Any) -> World:  # noqa: ANN401 - of any message
        other = 1 - me
        end = world.ends[other]
        if end is None or ("lost", None) in world.ways[other]:
            return world
        if len(world.ways[other]) > MOST_UNDER_WAY:
            raise _FaultError(f"more than {MOST_UNDER_WAY} messages are on their way to the {NAMES[other]}")
        return world._replace(ways=_put(world.ways, other, (*world.ways[other], (what, about))))

    def _give(self, world: World, me: int, event: str, about: Any) -> World:  # noqa: ANN401 - of any message
        before = world.ends[me]
        assert before is not None
        kind = self._machine.event.get(event)
        if kind is None:
            raise _FaultError(f"the {NAMES[me]} hears {event!r}, which is no message")
        try:
            after, taken, carried = step(before, kind, about)
        except LocalProtocolError as error:
            raise _FaultError(f"the {NAMES[me]}'s table refuses what happens: {error.message}") from error
        self._fired.add((taken.state, taken.event, taken.when))
        ready = world.secured[me] and not world.last[me]
        world = world._replace(ends=_put(world.ends, me, after))
        if event == "give-up" and not world.last[me]:
            world = world._replace(last=_put(world.last, me, "gone"))
        told: list[str] = []
        for index, effect in enumerate(taken.effects):
            assert isinstance(effect, Tell)
            what = carried[index] if carried else None
            if effect.to == "peer":
                world = self._send(world, me, effect.report, what)
            else:
                told.append(effect.report)
                world = self._told(world, me, effect.report, what)
        self._look(world, me, taken, told, about, ready=ready)
        if after.control == "OVER" and before.control != "OVER":
            world = self._send(world, me, "lost", None)
        return world

    def _told(self, world: World, me: int, report: str, about: Any) -> World:  # noqa: ANN401 - of any message
        who = f"the {NAMES[me]} is told {report!r}"
        if world.last[me]:
            raise _FaultError(f"{who} after {world.last[me]!r}, which is the last")
        if report in LAST:
            return world._replace(last=_put(world.last, me, report))
        if report == "secured":
            if world.secured[me]:
                raise _FaultError(f"{who} twice")
            if not self.setting.trust[me]:
                raise _FaultError(f"{who}, and its peer does not have the key")
            world = world._replace(secured=_put(world.secured, me, value=True))
            self._agree(world)
        elif not world.secured[me]:
            raise _FaultError(f"{who} before mutual authentication")
        elif report == "message" and about != SAID[1 - me] and not self.setting.foe:
            raise _FaultError(f"{who}: {about!r}, which its peer has not sent")
        return world

    def _agree(self, world: World) -> None:
        """Both are authenticated: they use the same key and the smaller of their sizes."""
        server, client = world.ends
        if all(world.secured) and server is not None and client is not None:
            smaller = min(self.setting.server.packet, self.setting.client.packet)
            if {server.context.packet, client.context.packet} != {smaller}:
                raise _FaultError(f"the ends do not both use packets of {smaller}, the smaller size")

    def _look(
        self,
        world: World,
        me: int,
        taken: Transition,
        told: list[str],
        about: Any,  # noqa: ANN401 - of any message
        *,
        ready: bool,
    ) -> None:
        """What is sent and told in one step."""
        honest = not self.setting.foe
        due = DUE.get(taken.event)
        if ready and honest and due is not None and not any(each in due for each in told):
            raise _FaultError(f"the {NAMES[me]} is not told of {taken.event!r}")
        over = taken.next == "OVER" and taken.state != "OVER"
        if over and not world.last[me]:
            raise _FaultError(f"the {NAMES[me]} is not told that the line is over")
        if world.last[me] and taken.next != "OVER":
            raise _FaultError(f"the {NAMES[me]} goes on after {world.last[me]!r}")
        out = world.ways[1 - me]
        if taken.event == "send" and honest and not {("message", about), ("lost", None)}.intersection(out):
            raise _FaultError(f"what the {NAMES[me]} sends is not sent")

    def at_rest(self, world: World) -> None:
        """Nothing is on its way, and nothing was spoiled: the ends stand where they may wait for their users."""
        if world.spoiled or any(world.ways):
            return
        server, client = (end.control for end in world.ends if end is not None)
        if (server, client) not in AT_REST:
            raise _FaultError(f"nothing is on its way, and the server is in {server}, the client in {client}")

    def ended(self, world: World) -> None:
        """Nothing is left to happen."""
        for end, name in zip(world.ends, NAMES, strict=True):
            if end is not None and end.control != "OVER":
                raise _FaultError(f"deadlock: the {name} stays in {end.control}")
        if world.spoiled:
            return
        if world.last[0] != world.last[1]:
            raise _FaultError(
                f"the ends do not agree: the server says {world.last[0]}, the client {world.last[1]}"
            )
        wanted = "ended" if all(self.setting.trust) else "failed"
        if world.last[0] != wanted:
            raise _FaultError(f"the line {world.last[0]}: {OUTCOMES[world.last[0]]}")


def _put(pair: tuple[Any, Any], me: int, value: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a pair of anything
    return (value, pair[1]) if me == 0 else (pair[0], value)


def explore_iscl(machine: Machine[IsclLine] = ISCL, *, whole: bool = True) -> LineProof:
    """Explore every setting. With `whole`, every branch of every cell must fire, too."""
    proof = LineProof()
    started = monotonic()
    for setting in SETTINGS:
        proof.broken = _explore(_Lines(setting, machine, proof.fired), proof)
        if proof.broken is not None:
            break
    else:
        if whole:
            proof.never = tuple(each for each in branches(machine) if each not in proof.fired)
    proof.seconds = monotonic() - started
    return proof


def branches(machine: Machine[IsclLine] = ISCL) -> tuple[tuple[str, str, str | None], ...]:
    """Every branch of every cell: state, event, condition."""
    return tuple(
        (state.name, event, branch.when)
        for state in machine.states
        for event in machine.legal_events(state.name)
        for branch in machine.actions[machine.cells[state.name][event]].branches
    )


def _explore(lines: _Lines, proof: LineProof) -> Broken | None:
    """Breadth first, then backwards from the ends: from everywhere the line can come to its end."""
    came: dict[World, tuple[World, str] | None] = {}
    back: dict[World, list[World]] = {}
    ends: list[World] = []
    world: World | None = None
    last = ""
    try:
        world = lines.start()
        came[world] = None
        waiting = deque([world])
        while waiting:
            world = waiting.popleft()
            proof.states += 1
            any_move = False
            for last, make in lines.moves(world):
                following = make()
                any_move = any_move or following != world
                proof.transitions += 1
                back.setdefault(following, []).append(world)
                if following not in came:
                    came[following] = (world, last)
                    waiting.append(following)
            if all(end is None or end.control == "OVER" for end in world.ends):
                ends.append(world)
            last = ""
            lines.at_rest(world)
            if not any_move:
                lines.ended(world)
        world = _stuck(came, back, ends)
        if world is not None:
            raise _FaultError("from here the line never comes to an end")
    except _FaultError as fault:
        return Broken(str(fault), lines.setting.name, (*_way(came, world), *((last,) if last else ())))
    return None


def _stuck(came: dict[World, Any], back: dict[World, list[World]], ends: list[World]) -> World | None:
    """The first state from which no end can be reached."""
    good, waiting = set(ends), deque(ends)
    while waiting:
        for before in back.get(waiting.popleft(), ()):
            if before not in good:
                good.add(before)
                waiting.append(before)
    return next((world for world in came if world not in good), None)


def _way(came: dict[World, tuple[World, str] | None], world: World | None) -> tuple[str, ...]:
    steps: list[str] = []
    while world is not None:
        before = came.get(world)
        if before is None:
            break
        world, label = before
        steps.append(label)
    return tuple(reversed(steps))
