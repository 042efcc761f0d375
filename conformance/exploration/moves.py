"""What may happen next in an exploration: the moves, each with the condition under which it is there.

A move is done to a scene by public calls, by letting a report arrive, or by letting a timer run out. The core moves are
connect, accept, the end of what was accepted, and withdrawal; with them all that is under way arrives at once, but for
an end, which the other side hears of later. All moves are these and the rest: reports that arrive one by one, ends by
force, timers, what goes wrong on the way, associations, and callbacks that call the API or raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dicomnet.statemachine import LocalProtocolError, Traits
from dicomnet.transports import PLAYED_MESSAGES, NetworkObject, Scene, SceneObject

from ..layer import PlannedError
from .local import ENDS, Deed, Watched


@dataclass(frozen=True, slots=True)
class Move:
    """Something that may happen in a lane (or, with `yard`, to the listener) when `when` holds.

    `head`: the lane at the head of the queue takes part as well.
    """

    name: str
    deed: Deed
    when: Callable[[Watched], bool]
    head: bool = False


def _requestor(watched: Watched) -> str:
    return watched.lane.requestor.endpoint.connection.control


def _child(watched: Watched) -> str:
    child = watched.lane.child
    return "" if child is None else child.endpoint.connection.control


def _unused(watched: Watched) -> bool:
    """It may ask (again): its last request has left no trace.

    A lane holds one request. Two of one object at once, which take a connect timer that runs out while the answer is on
    its way, have a test of their own, as they would double every lane.
    """
    return (
        _requestor(watched) == "IDLE"
        and watched.lane.path is None
        and watched.lane.requestor.endpoint.association.control == "Sta1"
    )


def _of(scene: Scene, who: str, slot: int) -> SceneObject:
    if who == "requestor":
        return scene.requestors[slot]
    child = scene.child_of(slot)
    assert child is not None
    return child


def _connect(scene: Scene, slot: int) -> None:
    scene.note("requestor", slot, "called", "connect")
    scene.requestors[slot].connect(Scene.WHERE)


def _dial(scene: Scene, slot: int) -> None:
    scene.note("requestor", slot, "called", "connect")
    scene.requestors[slot].dial(Scene.WHERE, Scene.PROPOSAL)


def _end(who: str, event: str) -> Deed:
    def deed(scene: Scene, slot: int) -> None:
        scene.note(who, slot, "called", event)
        _of(scene, who, slot).end(event)

    return deed


def _associate(scene: Scene, slot: int) -> None:
    scene.requestors[slot].associate(Scene.PROPOSAL)


def _shut(scene: Scene, slot: int) -> None:
    """What the library's last shutdown does to the objects of a lane."""
    for each in (scene.requestors[slot], scene.child_of(slot)):
        if each is not None and each.endpoint.connection.control != "CLOSED":
            scene.note(each.who, slot, "called", "close-forced")
            scene.hush(each)
            each.give("connection", "shutdown")


def _arrive(*, to_listener: bool) -> Deed:
    def deed(scene: Scene, slot: int) -> None:
        index = scene.under_way(slot, to_listener=to_listener)
        assert index is not None
        scene.stepwise.let(index)

    return deed


def _again(scene: Scene, slot: int) -> None:
    request = scene.requestors[slot].attempt
    assert request is not None
    timers = scene.stepwise.timers
    scene.stepwise.ring(next(index for index, each in enumerate(timers) if each.callback == request.arrive))


def _half_open(deed: Deed) -> Deed:
    def lossy(scene: Scene, slot: int) -> None:
        scene.stepwise.half_open = True
        try:
            deed(scene, slot)
        finally:
            scene.stepwise.half_open = False

    return lossy


def _fails(code: str) -> Deed:
    """The carrier cannot even send the request."""

    def deed(scene: Scene, slot: int) -> None:
        index = scene.under_way(slot, to_listener=True)
        request = scene.requestors[slot].attempt
        assert index is not None
        assert request is not None
        scene.stepwise.under_way.pop(index)
        scene.stepwise.hop(request.requestor.failed, code)

    return deed


def _ring(who: str, timer: str) -> Deed:
    return lambda scene, slot: _of(scene, who, slot).ring(timer)


def accept(scene: Scene, _slot: int = 0) -> None:
    """Accept the first request into a fresh object."""
    scene.listener.accept(scene.spare())


def _accept_inside(scene: Scene, _subject: NetworkObject) -> None:
    try:
        accept(scene)
    except LocalProtocolError as refused:
        scene.note("listener", None, "refused", refused.code)


def _accept_and_close(scene: Scene, _subject: NetworkObject) -> None:
    child = scene.spare()
    scene.listener.accept(child)
    scene.note("child", child.slot, "called", "close")
    child.close()


def _close_inside(scene: Scene, subject: NetworkObject) -> None:
    assert isinstance(subject, SceneObject)
    scene.note(subject.who, subject.slot, "called", "close")
    subject.close()


def _connect_inside(scene: Scene, subject: NetworkObject) -> None:
    assert isinstance(subject, SceneObject)
    if subject.endpoint.connection.control == "IDLE":
        scene.note(subject.who, subject.slot, "called", "connect")
        subject.connect(Scene.WHERE)


def _raise_inside(scene: Scene, subject: NetworkObject) -> None:
    assert isinstance(subject, SceneObject)
    scene.note(subject.who, subject.slot, "raised")
    if subject is not scene.listener:
        scene.note(subject.who, subject.slot, "called", "raised")
    raise PlannedError


def _reacting(deed: Deed, callback: str, reaction: Callable[[Scene, NetworkObject], None]) -> Deed:
    def reacting(scene: Scene, slot: int) -> None:
        scene.react = {callback: reaction}
        deed(scene, slot)

    return reacting


def _next_is(direction: str, *names: str) -> Callable[[Watched], bool]:
    def when(watched: Watched) -> bool:
        way = watched.lane.to_listener if direction == "listener" else watched.lane.to_requestor
        return bool(way) and (not names or way[0][0] in names)

    return when


def _state(of: Callable[[Watched], str], *states: str) -> Callable[[Watched], bool]:
    return lambda watched: of(watched) in states


def _rings(who: str, timer: str) -> Callable[[Watched], bool]:
    def when(watched: Watched) -> bool:
        state = watched.lane.requestor if who == "requestor" else watched.lane.child
        return state is not None and bool(getattr(state.endpoint, timer))

    return when


def _may_associate(watched: Watched) -> bool:
    endpoint = watched.lane.requestor.endpoint
    ready = endpoint.connection.control == "CONNECTED" and endpoint.security.control in ("NONE", "SECURED")
    return ready and endpoint.association.control == "Sta1"


def _comes_again(watched: Watched) -> bool:
    return watched.lane.comes_again


LISTENERWARDS: Final = _arrive(to_listener=True)
REQUESTORWARDS: Final = _arrive(to_listener=False)
_REQUEST: Final = _next_is("listener", "arrive")
_ANSWER: Final = _next_is("requestor", "opened", "failed")
_ENDING: Final = _next_is("listener", "ended", "broken")

CORE: Final = (
    Move("connect", _connect, _unused),
    Move("close", _end("requestor", "close"), _state(_requestor, "CONNECTING", "CONNECTED")),
    Move("child closes", _end("child", "close"), _state(_child, "CONNECTED")),
    Move("comes again", _again, _comes_again),
    Move("end arrives at the listener", LISTENERWARDS, _next_is("listener", *ENDS)),
    Move("end arrives at the requestor", REQUESTORWARDS, _next_is("requestor", *ENDS)),
)

REST: Final = (
    Move("arrives at the listener", LISTENERWARDS, _next_is("listener", "arrive", "arrived", "withdrawn")),
    Move("arrives at the requestor", REQUESTORWARDS, _next_is("requestor", "opened", "failed", "arrived")),
    Move("dial", _dial, _unused),
    Move("close unused", _end("requestor", "close"), _unused),
    Move("end unused by force", _end("requestor", "close-forced"), _unused),
    Move("close by force", _end("requestor", "close-forced"), _state(_requestor, "CONNECTING", "CONNECTED")),
    Move("child closes by force", _end("child", "close-forced"), _state(_child, "CONNECTED")),
    Move("associate", _associate, _may_associate),
    Move("connect timer runs out", _ring("requestor", "connect"), _rings("requestor", "connect_timer")),
    Move("requestor's ARTIM runs out", _ring("requestor", "artim"), _rings("requestor", "artim")),
    Move("child's ARTIM runs out", _ring("child", "artim"), _rings("child", "artim")),
    Move("cannot be sent: unreachable", _fails("unreachable"), _REQUEST),
    Move("cannot be sent: no such name", _fails("name_not_resolved"), _REQUEST),
    Move(
        "arrives; on_accept accepts",
        _reacting(LISTENERWARDS, "on_accept", _accept_inside),
        _REQUEST,
        head=True,
    ),
    Move(
        "arrives; on_accept accepts and closes",
        _reacting(LISTENERWARDS, "on_accept", _accept_and_close),
        _REQUEST,
        head=True,
    ),
    Move("arrives; on_accept raises", _reacting(LISTENERWARDS, "on_accept", _raise_inside), _REQUEST),
    Move("arrives; on_connect closes", _reacting(REQUESTORWARDS, "on_connect", _close_inside), _ANSWER),
    Move("arrives; on_connect raises", _reacting(REQUESTORWARDS, "on_connect", _raise_inside), _ANSWER),
    Move(
        "arrives; on_connect tries again",
        _reacting(REQUESTORWARDS, "on_connect", _connect_inside),
        _next_is("requestor", "failed"),
    ),
    Move("arrives; on_close raises", _reacting(LISTENERWARDS, "on_close", _raise_inside), _ENDING),
    Move(
        "arrives; on_child_close raises", _reacting(LISTENERWARDS, "on_child_close", _raise_inside), _ENDING
    ),
    Move(
        "arrives; on_child_close accepts",
        _reacting(LISTENERWARDS, "on_child_close", _accept_inside),
        _ENDING,
        head=True,
    ),
)
# Only where the carrier loses requests when the queue is full.
LOSSY: Final = (
    Move("arrives half open", _half_open(LISTENERWARDS), _REQUEST),
    Move("comes again half open", _half_open(_again), _comes_again),
    Move(
        "comes again; on_accept accepts",
        _reacting(_again, "on_accept", _accept_inside),
        _comes_again,
        head=True,
    ),
)


# --- where links are secured ------------------------------------------------------------------------------


def _refuse(deed: Deed, message: str) -> Deed:
    """Whoever hears this message of the handshake within the step refuses it."""

    def refusing(scene: Scene, slot: int) -> None:
        scene.played.refuse = message.encode()
        deed(scene, slot)

    return refusing


def _says(direction: str, message: str) -> Callable[[Watched], bool]:
    """Whether this message of the handshake comes next to an end that is SECURING."""

    def when(watched: Watched) -> bool:
        lane = watched.lane
        way, hearer = (
            (lane.to_listener, lane.child) if direction == "listener" else (lane.to_requestor, lane.requestor)
        )
        said = way[:1] == (("arrived", PLAYED_MESSAGES[message]),)
        return said and hearer is not None and hearer.endpoint.security.control == "SECURING"

    return when


def _too_early(scene: Scene, slot: int) -> None:
    _expecting_refusal(
        scene, scene.requestors[slot], lambda: scene.requestors[slot].associate(Scene.PROPOSAL)
    )


def _expecting_refusal(scene: Scene, subject: SceneObject, call: Callable[[], None]) -> None:
    try:
        call()
    except LocalProtocolError as refused:
        scene.note(subject.who, subject.slot, "refused", refused.code)


def _dial_inside(scene: Scene, subject: NetworkObject) -> None:
    assert isinstance(subject, SceneObject)
    _expecting_refusal(scene, subject, lambda: subject.dial(Scene.WHERE, Scene.PROPOSAL))


def _associate_inside(scene: Scene, subject: NetworkObject) -> None:
    assert isinstance(subject, SceneObject)
    _expecting_refusal(scene, subject, lambda: subject.associate(Scene.PROPOSAL))


def _securing(watched: Watched) -> bool:
    return watched.lane.requestor.endpoint.security.control == "SECURING"


def _in_ready(do: str, inside: Callable[[Scene, NetworkObject], None]) -> tuple[Move, ...]:
    """Something is done inside on_secure_link_ready, at either end, of a link that is ready or is not."""
    name = "on_secure_link_ready"
    return (
        Move(
            f"answer arrives; {name} {do}",
            _reacting(REQUESTORWARDS, name, inside),
            _says("requestor", "answer"),
        ),
        Move(
            f"finished arrives; {name} {do}",
            _reacting(LISTENERWARDS, name, inside),
            _says("listener", "finished"),
        ),
        Move(
            f"answer is refused; {name} {do}",
            _refuse(_reacting(REQUESTORWARDS, name, inside), "answer"),
            _says("requestor", "answer"),
        ),
    )


SECURE: Final = (
    Move("hello is refused", _refuse(LISTENERWARDS, "hello"), _says("listener", "hello")),
    Move("answer is refused", _refuse(REQUESTORWARDS, "answer"), _says("requestor", "answer")),
    Move("finished is refused", _refuse(LISTENERWARDS, "finished"), _says("listener", "finished")),
    Move(
        "requestor's handshake timer runs out",
        _ring("requestor", "handshake"),
        _rings("requestor", "handshake_timer"),
    ),
    Move("child's handshake timer runs out", _ring("child", "handshake"), _rings("child", "handshake_timer")),
    Move("associate too early", _too_early, _securing),
    *_in_ready("closes", _close_inside),
    *_in_ready("raises", _raise_inside),
    *_in_ready("associates", _associate_inside),
    *_in_ready("dials", _dial_inside),
)


def moves_of(traits: Traits, *, core: bool, secure: bool = False) -> tuple[Move, ...]:
    """The moves of lanes in a profile with these traits, and, where links are secured, those of the security layer."""
    if core:
        return CORE
    return (*CORE, *REST, *(LOSSY if traits.half_open else ()), *(SECURE if secure else ()))


def _broken(watched: Watched) -> bool:
    """Its requestor has reset it while it waits."""
    path = watched.lane.path
    return path is not None and path.control == "QUEUED" and path.context.reset


def _accept_told(scene: Scene, _slot: int = 0) -> None:
    scene.stepwise.accept_tells = True
    try:
        accept(scene)
    finally:
        scene.stepwise.accept_tells = False


def _end_listener(event: str) -> Deed:
    def deed(scene: Scene, _slot: int) -> None:
        scene.note("listener", None, "called", event)
        scene.listener.end(event)

    return deed


def shut_library(scene: Scene, _slot: int = 0) -> None:
    """The last shutdown; the objects of the lanes have been ended before (children before listeners)."""
    if scene.listener.endpoint.connection.control != "CLOSED":
        scene.note("listener", None, "called", "close-forced")
    scene.shutdown()


SHUT: Final = Move("is ended by shutdown", _shut, lambda _watched: True)
ACCEPT: Final = "accept"
TAKES: Final = {
    name: Move(name, deed, lambda _watched: False)
    for name, deed in (
        (ACCEPT, accept),
        *(
            (f"accept; {message} is refused", _refuse(accept, message))
            for message in ("hello", "answer", "finished")
        ),
    )
}
"""Each way to accept: as it is, and, where all arrives within the step, with a handshake that is refused."""
ACCEPT_TOLD: Final = Move("accept, told of the reset", _accept_told, _broken)
"""Where the carrier lets accept itself report that the first request was reset."""
SHUTDOWN: Final = "shutdown"


def refused_wrongly(move: str, refusal: str) -> str:
    """How a move's refusal ("" where there is none) is not what it should be; "" where it is."""
    if move != ACCEPT_TOLD.name:
        return refusal and f"is refused: {refusal}"
    return "" if refusal == "reset" else f"should raise reset, not {refusal or 'go on'}"


def takes_of(*, core: bool, secure: bool) -> tuple[str, ...]:
    """The ways to accept that there are."""
    return tuple(TAKES) if core and secure else (ACCEPT,)


def told_of(traits: Traits, *, core: bool) -> tuple[Move, ...]:
    """What an accept may be told of the request at the head; nobody ends by force in the core moves."""
    return (ACCEPT_TOLD,) if traits.accept_tells_reset and not core else ()


YARD: Final[dict[str, Deed]] = {
    **{name: take.deed for name, take in TAKES.items()},
    ACCEPT_TOLD.name: ACCEPT_TOLD.deed,
    "listener closes": _end_listener("close"),
    "listener closes by force": _end_listener("close-forced"),
    SHUTDOWN: shut_library,
}
