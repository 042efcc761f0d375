"""The steps of a case in words: what is sent, and what is allowed then."""

from __future__ import annotations

from dicomnet.statemachine import Framer

from ..bench import Options
from ..bounds import TESTER_LIMITS
from ..case import (
    ACCEPTOR,
    Await,
    AwaitTimer,
    AwaitUser,
    Canary,
    Connect,
    CrowdStep,
    Fill,
    HalfClose,
    Idle,
    Leave,
    Send,
    Served,
    Start,
    Step,
    Wait,
)
from ..evidence import describe
from ..generate import FOREVER
from ..octets import with_titles
from ..oracle import Oracle
from ..tls_steps import Beside, Part, Probe, Renegotiate, Shake, Tell
from .explain_tls import secure_lines

AWAITED = {
    "Evt9": "the target's user sends a message (Evt9), which is not answered yet",
    "Evt11": "the target's user asks for the release (Evt11); what he asks for before is answered with success",
}
# More answers in a row than any case awaits.
MAX_ANSWERS = 8
MAX_DECODED = 4


def step_lines(step: Step, oracle: Oracle, framer: Framer, *, nested: bool = False) -> list[str]:
    """One step in words; the oracle goes along, on the path of a target that does as the tables say."""
    before = "/".join(oracle.states())
    match step:
        case Connect():
            oracle.connected()
            who = "tester" if oracle.side is ACCEPTOR else "target"
            events = " and ".join(oracle.side.opening)
            return [f"{who} connects: {events}; target in {'/'.join(oracle.states())}"]
        case Send():
            return [*_send_lines(step, oracle, before), *_read_lines(step, framer)]
        case AwaitUser():
            oracle.settle()
            if not oracle.may_act(step.event):
                # The path that is told here is the strictest one, which may have ended the association.
                return [f"where the association still stands: {AWAITED[step.event]}"]
            oracle.acts(step.event)
            return [AWAITED[step.event]]
        case AwaitTimer(user=True):
            return [f"the user of the target in {before} gives up, or waits on: reported, not graded"]
        case AwaitTimer():
            poke = f"; every {step.every:g} s the tester sends {step.poke.what}" if step.poke else ""
            return [f"target in {before} closes when ARTIM expires; the time is reported, not graded{poke}"]
        case Idle():
            if step.seconds == FOREVER and nested:
                return [f"tester says nothing until this connection leaves; target in {before}"]
            seconds = min(step.seconds, Options().idle)
            return [f"tester says nothing for {seconds:g} s; target in {before} is to do nothing either"]
        case Await():
            lines: list[str] = []
            for _round in range(MAX_ANSWERS):
                allowed = oracle.expected()
                if not allowed:
                    break
                lines.append("allowed: " + " or ".join(allowed))
                if oracle.all_settled or not oracle.follow():
                    break
            return lines or ["nothing more is expected"]
        case Probe() | Shake() | Renegotiate() | Tell() | Part() | Beside():
            return secure_lines(step)
        case Start() | Fill() | Wait() | Canary() | Leave() | Served():
            return _crowd_lines(step)
        case _:
            name = "half-close" if isinstance(step, HalfClose) else type(step).__name__.lower()
            oracle.ended()
            return [f"tester: {name}: Evt17; target in {before}"]


def _crowd_lines(step: CrowdStep) -> list[str]:
    """One step of a case of several connections; what each connection does stands below it."""
    match step:
        case Start():
            each = ", each" if step.many > 1 else ""
            when = " when the one before is over" if step.one_by_one else " at once" if each else ""
            return [f"{_count(step.many, step.who)}{each}{when}:", *_each(step.steps)]
        case Fill():
            if step.again:
                return ["as many associations again as the target took before; each must be taken, each:"]
            return [
                f"up to {_count(step.most, step.who)}, one more until one is not taken, each:",
                *_each(step.steps),
            ]
        case Wait():
            return [f"wait until nothing more happens on the {step.who!r} connections"]
        case Canary():
            right = "; so many are there that a rejection for lack of room is right" if step.limit else ""
            told = "told, and a failure only where --concurrent states that more are served"
            return [
                f"beside them a canary; whether it is served meanwhile is {told}{right}:",
                *_each(step.steps),
            ]
        case Leave():
            return [f"the {step.who!r} connections go on behind their wait, and end"]
        case Served():
            if step.fresh:
                return ["demanded: a new healthy association is served, within the time to recover"]
            order = "; in which order is told, and the standard fixes none" if step.order else ""
            return [f"demanded: whoever of {step.who!r} has waited is answered now{order}"]


def _count(many: int, who: str) -> str:
    return f"{many} connection{'s' * (many != 1)} {who!r}"


def _each(steps: tuple[Step, ...]) -> list[str]:
    """The steps of one connection, for the target as an oracle of its own knows it."""
    oracle, framer = Oracle(), Framer(TESTER_LIMITS)
    return [f"  {line}" for step in steps for line in step_lines(step, oracle, framer, nested=True)]


def _send_lines(step: Send, oracle: Oracle, before: str) -> list[str]:
    events = {"+".join(s.event for s in reading) or "no event yet" for reading in step.readings}
    octets = with_titles(step.octets, "CALLED", "CALLING")
    oracle.sent(step.readings)
    pieces = " in pieces" if step.pieces else ""
    shown = f"octets ({len(octets)}): {octets[:48].hex(' ')}{' ...' if len(octets) > 48 else ''}"
    return [
        f"tester sends {step.what}{pieces}: {' or '.join(sorted(events))}; target in {before}",
        shown if step.made is None else "octets: made from what the target has said before",
    ]


def _read_lines(step: Send, framer: Framer) -> list[str]:
    """What the octets are to this project's own decoder, once a PDU is whole."""
    if step.made is not None:
        return []
    read = framer.feed(with_titles(step.octets, "CALLED", "CALLING"))
    lines = [f"decoded: {describe(pdu)}" for pdu, _ in read[:MAX_DECODED]]
    return lines if len(read) <= MAX_DECODED else [*lines, f"and {len(read) - MAX_DECODED} more"]
