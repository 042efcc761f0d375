"""A simulated run as a chart: what arrives where, who calls what and is told of what, and the states that follow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from dicomnet.diagrams import MAX_STEPS, Chart, Message, Note, Parting, lifelines_of
from dicomnet.diagrams import Happening as Drawn
from dicomnet.statemachine import FORMS, Framer
from dicomnet.transports import Happening, NetworkObject

from ..evidence import describe
from ..standing import Standing
from .judge import Breach, name_of
from .plan import Plan
from .run import QUIET, simulated

# How many happenings are drawn of a run that has more, the newest.
MOST: Final = MAX_STEPS // 2
# What the network does to a connection, at neither end.
_AT_THE_REQUESTOR: Final = ("request lost", "falls silent", "is reset on the way", "ends early on the way")


def run_chart(plan: Plan, broken: Breach | None) -> Chart:
    """Run a plan again, and draw it: up to `MOST` happenings, and where the invariant broke, if one did."""
    drawing = _Drawing()
    simulated(plan, watch=drawing)
    drawn = list(drawing.drawn)
    if broken is not None:
        # At the end of a run its libraries are shut down: that comes after what broke, and tells nothing of it.
        place = next((at for at, each in enumerate(drawn) if _ends(each, broken.when)), len(drawn))
        drawn[place:] = [Parting(FORMS[broken.invariant][plan.profile], broken.text)]
    said = "every invariant held" if broken is None else f"invariant {broken.invariant} broke"
    left = f"; the last {len(drawing.drawn)} of {drawing.met}" if drawing.met > len(drawing.drawn) else ""
    title = f"seed {plan.seed}, profile {plan.profile}, faults {plan.faults}: {said}{left}"
    return Chart(title, lifelines_of(drawn) or ("nobody",), tuple(drawn))


def _ends(drawn: Drawn, when: float) -> bool:
    return isinstance(drawn, Note) and drawn.seconds >= when and drawn.text == "calls shutdown"


class _Drawing:
    """Takes down a run; `met` counts what was to be drawn."""

    def __init__(self) -> None:
        self.drawn: deque[Drawn] = deque(maxlen=MOST)
        self.met = 0
        self._standing = Standing()
        self._ends: dict[int, list[str]] = {}
        self._framers: dict[tuple[int, str], Framer] = {}

    def __call__(self, seen: Happening) -> None:
        """Take down one thing. What happened before it has changed the states by now."""
        self._add(*self._standing.news())
        if isinstance(seen.subject, NetworkObject):
            self._standing.objects[name_of(seen.subject)] = seen.subject
        self._add(*(self._of_link(seen) if seen.link else self._of_user(seen)))

    def _add(self, *drawn: Drawn) -> None:
        self.met += len(drawn)
        self.drawn.extend(drawn)

    def _of_user(self, seen: Happening) -> Iterator[Drawn]:
        """Someone calls, is told, or says something through his security layer."""
        about = f": {seen.about}" if isinstance(seen.about, str) else ""
        if isinstance(seen.about, bytes):
            about = f": {self._octets(0, f'{seen.subject} {seen.what}', seen.about)[0]}"
        yield Note(seen.when, str(seen.subject), f"{seen.what}{about}")

    def _of_link(self, seen: Happening) -> Iterator[Drawn]:
        """Something on the network: what is on its way is drawn when it arrives."""
        who = "" if seen.subject is None else name_of(seen.subject)
        if seen.what == "request":
            self._ends[seen.link] = [who, ""]
            yield Note(seen.when, who, f"asks for a connection (link {seen.link})")
            return
        ends = self._ends.setdefault(seen.link, ["?", ""])
        if who and seen.what in ("offered", "taken"):
            ends[1] = who
        requestor, other = ends[0], ends[1] or "nobody"
        way = (requestor, other) if seen.way == "->" else (other, requestor)
        if seen.what.startswith(_AT_THE_REQUESTOR):
            yield Note(seen.when, requestor, f"link {seen.link} {seen.what}")
        elif seen.what == "taken":
            yield Note(seen.when, who, f"is accepted: link {seen.link}, of {requestor}")
        elif seen.what == "offered":
            yield Message(seen.when, requestor, other, f"connection request (link {seen.link})")
        elif seen.what in QUIET or seen.what.startswith("sends") or not who:
            return
        elif seen.what in ("dropped", "withdrawn", "failed", "open"):
            back = way if seen.what == "withdrawn" else (other, requestor)
            about = f": {seen.about}" if isinstance(seen.about, str) else ""
            yield Message(seen.when, *back, f"{seen.what}{about}")
        else:
            text, detail = self._octets(seen.link, seen.way, seen.about)
            yield Message(seen.when, *way, text or seen.what, detail)

    def _octets(self, link: int, way: str, octets: object) -> tuple[str, str]:
        """What octets say that arrive, and they themselves."""
        if not isinstance(octets, bytes):
            return "", ""
        framer = self._framers.setdefault((link, way), Framer())
        pdus = [describe(pdu) for pdu, _ in framer.feed(octets)]
        return ", ".join(pdus) or f"{len(octets)} octets", f"{len(octets)} octets: {octets.hex()}"
