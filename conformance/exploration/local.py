"""One step of an exploration: the real runtime, thawed around the lanes that the step concerns, and watched.

What one step does depends on the listener, on how many wait, and on the lanes that take part; the other requests in
the queue are strangers to it. So the outcome of a step is computed once for each such situation, by the runtime, and
looked up ever after. That the listener's table treats requests alike, whoever sent them, is what this rests on; the
tests compare it with whole scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, cast

from dicomnet.statemachine import (
    LIFE,
    LINES,
    Broken,
    Endpoint,
    Line,
    LocalProtocolError,
    Model,
    Trace,
    Value,
    feed,
    look,
)
from dicomnet.transports import NO_LAYERS, Hub, Lane, Layers, Noted, ObjectState, Scene

from ..layer import PlannedError

Life = Value[str]
MAX_ARRIVALS: Final = 100


class Watched(NamedTuple):
    """A lane and its monitors."""

    lane: Lane
    requestor: Life
    child: Life


class Yard(NamedTuple):
    """The listener and the library, and their monitors; the queue is kept by whoever holds the lanes."""

    hub: Hub
    life: Life
    line: Value[Line]


class Outcome(NamedTuple):
    """What a step led to.

    `queue` names the entries after it, from the head: a place (from 0) before it, or -1 - slot for a lane of the
    scene. `dropped` are the places whose requests the listener dropped, with the code, in order; `took` is the place
    that an accept took (-1: a lane of the scene, None: no accept).
    """

    yard: Yard
    lanes: tuple[Watched, ...]
    queue: tuple[int, ...]
    dropped: tuple[tuple[int, str], ...]
    took: int | None
    refusal: str
    broken: Broken | None
    noted: tuple[Noted, ...]
    trace: Trace


SECURITIES: Final = {
    "none": NO_LAYERS,
    "played": Layers(requestor=True, acceptor=True),
    "played-requestor": Layers(requestor=True),
    "played-acceptor": Layers(acceptor=True),
}
"""Who has a security layer, by the name that an exploration gives to it."""

Deed = Callable[[Scene, int], None]
"""What a step does to a scene, by the lane that acts."""

_LIFE_OF: Final = {"on_close": "closed", "pdu": "pdu"}
CALLS: Final = {"close": "close", "close-forced": "forced", "connect": "connect", "raised": "forced"}


class Ground:
    """Where steps are run: the tables, whether all that is under way, but for ends, arrives within the step.

    `layers` says who has a security layer.
    """

    def __init__(self, model: Model, *, atomic: bool, layers: Layers = NO_LAYERS) -> None:
        self.model = model
        self.atomic = atomic
        self.layers = layers

    def begin(self, places: int) -> Yard:
        """A started library and an object that listens, with so many places in its queue."""
        model = self.model
        hub = Hub(Endpoint.new(model), model.library.value("STARTED", 1), open=False)
        scene = Scene(model, hub, (), {}, self.layers)
        if self.layers.acceptor:
            scene.listener.configure_security(scene.played)
        scene.listener.listen(Scene.WHERE, places)
        line = look(LINES[model.name].start(), "open", places)
        life = look(LIFE.start(), "listen")
        assert isinstance(line, Value)
        assert isinstance(life, Value)
        return Yard(scene.listener.frozen_hub(), life, line)

    def newcomer(self) -> Watched:
        """A requestor that has done nothing yet."""
        endpoint = Endpoint.new(self.model)
        if self.layers.requestor:
            endpoint, _ = feed(endpoint, self.model, "connection", "configure")
        return Watched(Lane(ObjectState(endpoint)), begun(self.layers.requestor), begun(self.layers.acceptor))

    def run(
        self, yard: Yard, waiting: int, lanes: Sequence[tuple[Watched, int | None]], deed: Deed
    ) -> Outcome:
        """Run a deed: so many requests wait; each lane of the scene with its place among them, or None."""
        queue: list[int | None] = [None] * waiting
        for slot, (_, place) in enumerate(lanes):
            if place is not None:
                queue[place] = slot
        there = {slot: each.lane for slot, (each, _) in enumerate(lanes)}
        scene = Scene(self.model, yard.hub, queue, there, self.layers)
        refusal, failed = attempt(scene, deed, 0, atomic=self.atomic)
        trace = scene.trace
        assert isinstance(trace, Trace)
        watch = Watch(self.model, yard, queue, [each for each, _ in lanes], self.layers)
        broken = watch.see(scene.noted) or failed or watch.rest(scene)
        frozen = [scene.frozen_lane(slot) for slot in range(len(lanes))]
        hub = scene.listener.frozen_hub()
        if broken is None:
            broken = kept(scene) or watch.adds_up(yard.hub, hub, frozen)
        after = tuple(watch.lane(slot, lane) for slot, lane in enumerate(frozen))
        in_line = scene.listener.in_line()
        return Outcome(
            Yard(hub, watch.life, watch.bare_line()),
            after,
            tuple(place if kind == "stranger" else -1 - place for kind, place in in_line),
            tuple((each.slot or 0, str(each.about)) for each in scene.noted if each.who == "stranger"),
            next((_place(each) for each in scene.noted if each.what == "accepted"), None),
            refusal,
            broken,
            tuple(scene.noted),
            trace,
        )


# What waits to be let go even where all else arrives at once: an end of one side is news to the other.
ENDS: Final = frozenset({"ended", "broken"})


def attempt(scene: Scene, deed: Deed, slot: int, *, atomic: bool) -> tuple[str, Broken | None]:
    """Do a step: the code with which it is refused, or "", and what broke where faulty tables stop the runtime."""
    refusal = ""
    try:
        try:
            deed(scene, slot)
        except LocalProtocolError as refused:
            refusal = refused.code
        if atomic:
            let_arrive(scene)
    except Exception as error:  # noqa: BLE001 - whatever a fault in the tables leads to
        return refusal, Broken(7, f"the runtime fails: {type(error).__name__}: {error}")
    return refusal, None


def let_arrive(scene: Scene) -> None:
    """Let everything arrive that is no end; nothing is ever sent after an end."""
    for _ in range(MAX_ARRIVALS):
        way = scene.stepwise.under_way
        index = next((index for index, (report, _) in enumerate(way) if report.__name__ not in ENDS), None)
        if index is None:
            return
        scene.stepwise.let(index)
    raise AssertionError("one step led to more reports than any right tables lead to")


def _place(accepted: Noted) -> int:
    assert isinstance(accepted.about, int)
    return accepted.about


def kept(scene: Scene) -> Broken | None:
    """A report that the tables refused, a run that was cut, or a callback that raised and is not reported once."""
    for error in scene.errors:
        if not isinstance(error, PlannedError):
            return Broken(7, f"the runtime met what cannot be: {error}")
    if scene.harmed:
        return Broken(7, "an object was ended that had nothing to do with what was done")
    if scene.listener.held != scene.listener.waiting:
        return Broken(8, "the listener holds a request that does not wait, and that it has not answered")
    raised = sum(each.what == "raised" for each in scene.noted)
    if raised != len(scene.errors):
        return Broken(7, f"callbacks raised {raised} times, and {len(scene.errors)} errors are reported")
    return None


def begun(layered: bool) -> Life:
    """The monitor of a new object, with a security layer or without."""
    life = LIFE.start()
    if layered:
        configured = look(life, "configured")
        assert isinstance(configured, Value)
        life = configured
    return life


class Watch:
    """The monitors over one step."""

    def __init__(
        self,
        model: Model,
        yard: Yard,
        queue: Iterable[int | None],
        lanes: Sequence[Watched],
        layers: Layers = NO_LAYERS,
    ) -> None:
        self.new_child = begun(layers.acceptor)
        self.life = yard.life
        self.tokens = tuple(
            ("stranger", place) if slot is None else ("lane", slot) for place, slot in enumerate(queue)
        )
        # Its listener is told of a child's end at once, so that it knows those that are alive.
        alive = frozenset(slot for slot, each in enumerate(lanes) if is_alive(each.lane))
        listening = yard.line.control == "OPEN"
        context = replace(
            yard.line.context, waiting=self.tokens, children=alive if listening else frozenset()
        )
        self.line: Value[Line] = LINES[model.name].value(yard.line.control, context)
        self.before = lanes
        self.traits = model.traits
        self.lives: dict[tuple[str, int], Life] = {}
        for slot, each in enumerate(lanes):
            self.lives["requestor", slot] = each.requestor
            self.lives["child", slot] = each.child

    def see(self, noted: Iterable[Noted]) -> Broken | None:
        """Everything that was observed, in order; the first that breaks an invariant."""
        for each in noted:
            broken = self._see(each)
            if broken is not None:
                return broken
        return None

    def _see(self, each: Noted) -> Broken | None:
        match each.what:
            case "re-entered":
                return Broken(7, f"{each.about} inside another callback")
            case "dropped" | "on_primitive" | "refused" | "raised":
                return None
            case "queued" | "withdrawn":
                return self._line(each.what, ("lane", each.slot))
            case "gone":
                return self._line("gone", (("lane", each.slot), None))
            case "accepted":
                token = ("stranger", each.about) if each.slot is None else ("lane", each.slot)
                broken = self._line("accepted", (token, each.slot))
                if each.slot is not None and self.lives["child", each.slot].control == "OVER":
                    self.lives["child", each.slot] = self.new_child
                return broken or (None if each.slot is None else self._live("child", each.slot, "taken"))
            case "on_accept":
                return self._heard() or self._line("told")
            case "on_child_close":
                child, _ = cast("tuple[int | None, str]", each.about)
                return self._heard() or (None if child is None else self._line("child-closed", child))
            case "on_connect" if each.about == "ok":
                if self.traits.connected_at_accept and self.lives["child", each.slot or 0].control == "FRESH":
                    return Broken(3, "requestor: on_connect(ok), and its request was not accepted")
                return self._live(each.who, each.slot, "connected")
            case "on_connect":
                return self._live(each.who, each.slot, "failed")
            case "on_secure_link_ready":
                return self._live(each.who, each.slot, "ready" if each.about == "ok" else "not-ready")
            case "called":
                return self._called(each)
            case _:
                return self._live(each.who, each.slot, _LIFE_OF[each.what])

    def _called(self, each: Noted) -> Broken | None:
        event = CALLS[str(each.about)]
        if each.who != "listener":
            return self._live(each.who, each.slot, event)
        return self._live("listener", None, event) or self._line("close")

    def _heard(self) -> Broken | None:
        return self._live("listener", None, "heard")

    def _live(self, who: str, slot: int | None, event: str) -> Broken | None:
        if who != "listener" and slot is None:
            return None  # a child of a stranger
        value = self.life if slot is None else self.lives[who, slot]
        seen = look(value, event)
        if isinstance(seen, Broken):
            return replace(seen, text=f"{who}: {seen.text}")
        if slot is None:
            self.life = seen
        else:
            self.lives[who, slot] = seen
        return None

    def _line(self, event: str, payload: object = None) -> Broken | None:
        seen = look(self.line, event, payload)
        if isinstance(seen, Broken):
            return replace(seen, text=f"listener: {seen.text}")
        self.line = seen
        return None

    def rest(self, scene: Scene) -> Broken | None:
        """At the end of a step nothing is owed to anybody, and the queue is what it should be."""
        for who, slot in self.lives:
            broken = self._live(who, slot, "rest")
            if broken is not None:
                return broken
        broken = self._live("listener", None, "rest") or self._line("rest")
        if broken is None and scene.listener.in_line() != self.line.context.waiting:
            if self.line.control != "OPEN":
                return Broken(8, "a listener that has ended keeps requests that it dropped nowhere")
            broken = Broken(1, "the queue does not hold the requests in the order in which they came")
        return broken

    def adds_up(self, before: Hub, after: Hub, frozen: Sequence[Lane]) -> Broken | None:
        """The listener's count of children follows their lives; a request is queued where its path says so."""
        alive = sum(is_alive(lane) for lane in frozen) - sum(is_alive(each.lane) for each in self.before)
        counted = after.listener.listener.context.children - before.listener.listener.context.children
        strangers = sum(1 for kind, _ in self.tokens if kind == "stranger")
        left = len(self.line.context.waiting) - sum(
            ("lane", slot) in self.line.context.waiting for slot in range(len(frozen))
        )
        if counted != alive and strangers == left:
            return Broken(8, f"the listener counts {counted:+d} children, and there are {alive:+d}")
        return self.sound(frozen)

    def sound(self, frozen: Sequence[Lane]) -> Broken | None:
        """Each lane says of its request what is so, and something can still wake it."""
        for slot, lane in enumerate(frozen):
            if slot in self.line.context.children and not is_alive(lane):
                return Broken(5, "listener: a child has ended, and it was not told")
            queued = ("lane", slot) in self.line.context.waiting
            life = self.lives["requestor", slot]
            broken = _unsound(lane, life, queued) or _stuck(lane, life, self.lives["child", slot])
            gone = self.traits.withdraws and _waits(lane) and life.control != "ASKED"
            if broken is None and queued and gone:
                broken = Broken(8, "the queue holds a request whose requestor waits no more")
            if broken is not None:
                return broken
        return None

    def bare_line(self) -> Value[Line]:
        """The listener's monitor without what belongs to lanes."""
        context = replace(self.line.context, waiting=(), children=frozenset())
        return self.line.machine.value(self.line.control, context)

    def lane(self, slot: int, lane: Lane) -> Watched:
        """A lane after the step, with its monitors."""
        # The lane may have another child when this one has left no trace.
        child = self.new_child if lane.child is None else self.lives["child", slot]
        return Watched(lane, self.lives["requestor", slot], child)


def is_alive(lane: Lane) -> bool:
    """Whether the lane's child is connected."""
    return lane.child is not None and lane.child.endpoint.connection.control == "CONNECTED"


def _waits(lane: Lane) -> bool:
    return lane.path is not None and lane.path.control == "QUEUED"


def _stuck(lane: Lane, *lives: Life) -> Broken | None:
    """An end whose handshake nothing can bring to an end."""
    for state, life in zip((lane.requestor, lane.child), lives, strict=True):
        if life.control == "LINKED" and not (state is not None and state.endpoint.handshake_timer):
            return Broken(4, "deadlock: a handshake that nothing can end")
    return None


def _unsound(lane: Lane, life: Life, queued: bool) -> Broken | None:
    """A lane that says of its request what is not so, or that nothing can ever wake."""
    waits = _waits(lane)
    leaving = ("withdrawn", None) in lane.to_listener
    if queued and not waits and not leaving:
        return Broken(8, "the queue holds a request that is over")
    if waits and not queued:
        return Broken(8, "a request that stands in the queue is not in it")
    moving = lane.to_listener or lane.to_requestor or lane.comes_again
    if life.control == "ASKED" and not queued and not moving:
        return Broken(3, "deadlock: a connect whose outcome nothing can bring")
    return None
