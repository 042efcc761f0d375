"""A counterexample as a chart: what is done step by step, who is told of it, and the states that follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomnet.diagrams import Chart, Happening, Message, Note, Parting, lifelines_of
from dicomnet.statemachine import FORMS
from dicomnet.transports import Noted

from ..standing import Standing
from .prove import Proof, tables
from .replay import Replay, Step

LISTENER: Final = "listener"
# What the deed itself says already.
_SAID: Final = frozenset({"called", "raised"})


def counterexample_chart(proof: Proof) -> Chart:
    """The chart of the steps that broke an invariant; its times are numbers of steps.

    Each step is done once more by the runtime. `proof` has found something that broke.
    """
    question, found = proof.question, proof.found
    assert found.broken is not None
    model = tables(question.profile, question.mutant)
    replay = Replay(model, question.clients, question.places, core=question.core, security=question.security)
    standing = Standing()
    happenings: list[Happening] = []
    seen = 0
    for number, step in enumerate(found.steps, 1):
        happenings.append(Note(number, _who(step), step.move))
        replay.do(step)
        noted, seen = replay.scene.noted[seen:], len(replay.scene.noted)
        for each in noted:
            happenings += _drawn(number, each)
        _look(standing, replay)
        happenings += standing.news()
    happenings.append(Parting(FORMS[found.broken.invariant][question.profile], found.broken.text))
    title = f"{question}: invariant {found.broken.invariant} is broken"
    return Chart(title, _in_order(lifelines_of(happenings)), tuple(happenings), counted=True)


def _who(step: Step) -> str:
    return LISTENER if step.client is None else f"requestor {step.client}"


def _look(standing: Standing, replay: Replay) -> None:
    """Keep in sight all that are there by now."""
    scene = replay.scene
    standing.objects[LISTENER] = scene.listener
    for slot, requestor in scene.requestors.items():
        if requestor.endpoint.connection.control != "IDLE":
            standing.objects[f"requestor {slot + 1}"] = requestor
    for child in (*scene.children.values(), *scene.spares):
        if child.slot is not None:
            standing.objects[f"child {child.slot + 1}"] = child


def _drawn(number: int, noted: Noted) -> Iterator[Message | Note]:
    client = 0 if noted.slot is None else noted.slot + 1
    requestor, child = f"requestor {client}", f"child {client}"
    match noted:
        case Noted(what="queued") if client:
            yield Message(number, requestor, LISTENER, "connection request: queued")
        case Noted(what="withdrawn") if client:
            yield Message(number, requestor, LISTENER, "request withdrawn")
        case Noted(what="accepted") if client:
            yield Message(number, LISTENER, child, f"accept: requestor {client}")
        case Noted(what="pdu", who="requestor" | "child" as who) if client:
            ends = (requestor, child) if who == "requestor" else (child, requestor)
            yield Message(number, *ends, str(noted.about))
        case Noted(what=what) if what in _SAID:
            pass
        case _:
            at = f"{noted.who} {client}" if client and noted.who in ("requestor", "child") else LISTENER
            about = f": {noted.about}" if isinstance(noted.about, str) else ""
            yield Note(number, at, f"{noted.what}{about}")


def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """Requestors, the listener, children."""
    kinds = ("requestor", LISTENER, "child")
    return tuple(sorted(names, key=lambda name: (kinds.index(name.split()[0]), _number(name))))


def _number(name: str) -> int:
    return int(name.partition(" ")[2] or 0)
