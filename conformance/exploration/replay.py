"""Steps done one after the other in one whole scene: what a counterexample is, outside the search that found it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dicomnet.statemachine import Broken, Model
from dicomnet.transports import Scene

from .local import SECURITIES, Deed, Ground, Watch, Watched, Yard, attempt, is_alive, kept
from .moves import SHUT, SHUTDOWN, TAKES, YARD, moves_of, refused_wrongly


@dataclass(frozen=True, slots=True)
class Step:
    """A step: what happens, and to which client (from 1; None: to the listener or the library)."""

    move: str
    client: int | None = None

    def __str__(self) -> str:
        return self.move if self.client is None else f"client {self.client}: {self.move}"

    @staticmethod
    def read(text: str) -> Step:
        """The step that `str` wrote. Raises `ValueError`."""
        who, colon, move = text.partition(": ")
        if not colon or not who.startswith("client "):
            return Step(text)
        return Step(move, int(who.removeprefix("client ")))


class Replay:
    """One listener with `places` in its queue and some clients, and the monitors over all of it."""

    def __init__(
        self, model: Model, clients: int, places: int, *, core: bool, security: str = "none"
    ) -> None:
        layers = SECURITIES[security]
        ground = Ground(model, atomic=core, layers=layers)
        self._atomic = core
        self._clients = range(clients)
        self._moves = {move.name: move for move in moves_of(model.traits, core=core, secure=any(layers))}
        newcomer = ground.newcomer()
        yard = ground.begin(places)
        self.scene = Scene(model, yard.hub, (), dict.fromkeys(self._clients, newcomer.lane), layers)
        self._watch = Watch(model, yard, (), [newcomer for _ in self._clients], layers)
        self._seen = 0

    def queue(self) -> list[int]:
        """The clients that wait, from the head, counted from 0."""
        return [slot for _, slot in self.scene.listener.in_line()]

    def yard(self) -> Yard:
        """The listener and the library, with their monitors."""
        return Yard(self.scene.listener.frozen_hub(), self._watch.life, self._watch.bare_line())

    def lane(self, client: int) -> Watched:
        """A client's lane, with its monitors."""
        return self._watch.lane(client, self.scene.frozen_lane(client))

    def do(self, step: Step) -> Broken | None:
        """Do one step; gives the invariant that it broke. Raises `ValueError` where there is no such step."""
        scene = self.scene
        deed, slot = self._deed(step)
        scene.played.refuse = b""
        refusal, failed = attempt(scene, deed, slot, atomic=self._atomic)
        noted, self._seen = scene.noted[self._seen :], len(scene.noted)
        broken = self._watch.see(noted) or failed or self._watch.rest(scene) or kept(scene)
        wrong = refused_wrongly(step.move, refusal)
        if broken is None and wrong:
            broken = Broken(9, f"{step} {wrong}")
        if broken is None and step.move in TAKES and not any(each.what == "accepted" for each in noted):
            broken = Broken(9, "accept took nothing, and requests wait")
        return broken or self._adds_up()

    def _deed(self, step: Step) -> tuple[Deed, int]:
        """What is to be done, and by which lane."""
        if step.client is not None:
            move = self._moves.get(step.move)
            if move is None or step.client - 1 not in self._clients:
                raise ValueError(f"there is no step {str(step)!r} with {len(self._clients)} clients")
            return move.deed, step.client - 1
        if step.move == SHUTDOWN:
            return self._shutdown, 0
        if step.move in YARD:
            return YARD[step.move], 0
        raise ValueError(f"there is no step {str(step)!r}")

    def _shutdown(self, scene: Scene, _slot: int) -> None:
        for client in self._clients:
            SHUT.deed(scene, client)
        YARD[SHUTDOWN](scene, 0)

    def _adds_up(self) -> Broken | None:
        frozen = [self.scene.frozen_lane(client) for client in self._clients]
        alive = sum(is_alive(lane) for lane in frozen)
        counted = self.scene.listener.children
        if counted != alive:
            return Broken(8, f"the listener counts {counted} children, and there are {alive}")
        return self._watch.sound(frozen)


def replay(
    model: Model,
    clients: int,
    places: int,
    steps: Iterable[str],
    *,
    core: bool = False,
    security: str = "none",
) -> None:
    """Do the steps of a counterexample. Raises `AssertionError` with the invariant that the last one broke.

    `clients` requestors, a listener with `places` in its queue; `core` as in `dicomnet check --events core`, `security`
    as in `--security`.
    """
    running = Replay(model, clients, places, core=core, security=security)
    for text in steps:
        broken = running.do(Step.read(text))
        if broken is not None:
            raise AssertionError(f"{text}: invariant {broken.invariant}: {broken.text}")
