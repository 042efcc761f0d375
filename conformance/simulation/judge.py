"""What must always hold, watched from outside while a simulated run goes on.

The judge sees calls, callbacks and the wire, never the machines under test. The tables of the monitors decide; here it
is said which observation is which event of theirs, and what only one who sees the whole can say (7, 8 and 9).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from dicomnet.statemachine import (
    LIFE,
    LIFE_INVARIANT,
    LINE_INVARIANT,
    LINES,
    PROFILES,
    Broken,
    Line,
    Value,
    look,
)
from dicomnet.transports import Handler, Happening, NetworkObject

INVARIANTS: Final = tuple(range(1, 10))
# The one that is about secured links.
SECURE_INVARIANT: Final = 4
# That nothing is left to happen is no observation of an object: it is counted apart, at the end.
NOT_COUNTED: Final = ("rest", "end-of-time")


class Breach(NamedTuple):
    """An invariant that broke: its number, when (seconds of the virtual clock), and what was seen."""

    invariant: int
    when: float
    text: str


class WatchedUser(Handler):
    """A local user whose object is watched."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.life: Value[Any] = LIFE.start()
        # A listener whose library stops: its children end before it, and it hears of them.
        self.ends_last = False
        # A dial that failed is told twice, first by the association. Who asks again at once is still owed an outcome.
        self.owed = 0
        # What leaves its link has passed a security layer.
        self.secure = False


class _Attempt:
    """A connection request, as seen on the wire."""

    __slots__ = ("listener", "near", "state")

    def __init__(self, near: object) -> None:
        self.near = near
        self.state = "sent"
        self.listener: object = None


class _Line:
    """The monitor of a listener. An accept is judged when it is seen what it took; what follows waits for that."""

    __slots__ = ("entries", "inside", "value")

    def __init__(self, profile: str) -> None:
        # Accept was called inside a callback: by level, what was to be told then is told after what follows in it.
        self.inside = False
        self.value: Value[Line] = LINES[profile].start()
        self.entries: deque[list[Any]] = deque()


class Judge:
    """The monitors of one run. `broken` is the first breach; `judged` counts what each monitor has looked at."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.traits = PROFILES[profile].traits
        self.broken: Breach | None = None
        self.judged: Counter[int] = Counter()
        self.rows: Counter[int] = Counter()
        self.now = 0.0
        self.inside: str | None = None
        self._lines: dict[NetworkObject, _Line] = {}
        self._attempts: dict[int, _Attempt] = {}
        self._pending: tuple[NetworkObject, int] | None = None
        self._silent: set[int] = set()
        self._cut: set[int] = set()
        self._looks: dict[str, Callable[[Happening], None]] = {
            "request": self._request,
            "offered": self._offered,
            "dropped": self._dropped,
            "settled": self._settled,
            "taken": self._taken,
            "withdrawn": self._withdrawn,
            "open": self._open,
            "sends": self._sends,
            "falls silent": self._falls_silent,
            "is reset on the way": self._is_cut,
        }

    def breaks(self, invariant: int, text: str) -> None:
        """Note a breach; the first one counts."""
        if self.broken is None:
            self.broken = Breach(invariant, self.now, text)

    # --- one object ---------------------------------------------------------------------------------------

    def life(self, user: WatchedUser, event: str) -> None:
        """An event of an object's life."""
        if event == "connect" and user.life.control == "ASKED" and self.inside is not None:
            user.owed += 1
            return
        if event == "failed" and user.owed:
            user.owed -= 1
            return
        if user.ends_last and event in ("closed", "rest"):
            user.ends_last = False
            self.life(user, "forced")
        number = LIFE_INVARIANT.get(event)
        if number is not None and event not in NOT_COUNTED:
            self.judged[number] += 1
        seen = look(user.life, event)
        if isinstance(seen, Broken):
            self.breaks(seen.invariant, f"{user.name}: {seen.text}")
        else:
            user.life = seen

    def ready(self, user: WatchedUser, outcome: str) -> None:
        """on_secure_link_ready was told."""
        self.life(user, "ready" if outcome == "ok" else "not-ready")

    def ends(self, subject: NetworkObject, user: WatchedUser, event: str) -> None:
        """The local user ends an object by close, or by force.

        For one that has ended already force means nothing (row 24); after a close nobody hears of that end any more.
        """
        if subject.endpoint.connection.control != "CLOSED":
            self.queue_event(subject, "close", known_only=True)
            self.life(user, event)
        elif event == "close":
            self.life(user, event)

    def aborts(self, subject: NetworkObject, user: WatchedUser) -> None:
        """The local user has aborted: while his link was still asked for, that was its end (AA-2)."""
        if user.life.control in ("ASKED", "LINKED") and subject.endpoint.connection.control == "CLOSED":
            self.life(user, "close")

    def stops(self, subject: NetworkObject, user: WatchedUser) -> None:
        """Its library stops."""
        if user.life.control == "LISTENS":
            user.ends_last = True
        else:
            self.ends(subject, user, "forced")

    def enters(self, user: WatchedUser, callback: str) -> None:
        """A callback begins."""
        self.judged[7] += 1
        if self.inside is not None:
            self.breaks(7, f"{user.name}: {callback} inside {self.inside}")
        self.inside = f"{callback} of {user.name}"

    def leaves(self) -> None:
        """A callback ends."""
        self.inside = None

    def primitive(self, user: WatchedUser, name: str) -> None:
        """A primitive of the association was issued."""
        self.judged[5] += 1
        if user.life.control in ("OVER", "FORCED", "LISTENS"):
            self.breaks(5, f"{user.name}: {name} after the object's end")

    # --- one listener -------------------------------------------------------------------------------------

    def queue_event(
        self, listener: NetworkObject, event: str, payload: object = None, *, known_only: bool = False
    ) -> None:
        """An event of a listener's queue."""
        line = self._lines.get(listener)
        if line is None:
            if known_only:
                return
            line = self._lines[listener] = _Line(self.profile)
        self._settle()
        line.entries.append([event, payload])
        self._drain(listener, line)

    def accepting(self, listener: NetworkObject, child: NetworkObject) -> list[Any]:
        """An accept is called: its place among the listener's events."""
        self._settle()
        line = self._lines.get(listener) or _Line(self.profile)
        line.inside = line.inside or self.inside is not None
        entry: list[Any] = ["accepted", None, child]
        line.entries.append(entry)
        return entry

    def not_accepted(self, listener: NetworkObject, entry: list[Any]) -> None:
        """It was refused."""
        line = self._lines.get(listener)
        if line is not None and entry in line.entries:
            line.entries.remove(entry)
            self._drain(listener, line)

    @staticmethod
    def told_of_reset(entry: list[Any]) -> None:
        """It raised reset; which request that was is seen when it is dropped, now or, inside a callback, later."""
        entry[0] = "gone"

    def _drain(self, listener: NetworkObject, line: _Line) -> None:
        while line.entries and not _open_call(line.entries[0]):
            event, payload = line.entries.popleft()[:2]
            number = LINE_INVARIANT.get(event)
            if number is not None:
                self.judged[number] += 1
            if event == "queued":
                line.inside = False
            stale = not line.value.context.waiting or line.value.context.silent
            if event == "told" and line.inside and stale and not self.traits.told_of_each:
                continue
            if event == "told" and len(line.value.context.waiting) > 1:
                self.rows[10] += 1
            seen = look(line.value, event, payload)
            if isinstance(seen, Broken):
                waiting = ", ".join(str(each) for each in line.value.context.waiting) or "none"
                about = f" (link {payload[0]})" if event == "accepted" else ""
                self.breaks(seen.invariant, f"{name_of(listener)}: {seen.text}{about}; waiting: {waiting}")
                return
            line.value = seen

    def _settle(self) -> None:
        """The request that was just offered stands in the queue, if it was not dropped."""
        if self._pending is not None:
            (listener, link), self._pending = self._pending, None
            self._attempts[link].state = "queued"
            self.queue_event(listener, "queued", link)

    # --- the wire -----------------------------------------------------------------------------------------

    def happened(self, seen: Happening) -> None:
        """Something happened on the wire."""
        self.now = seen.when
        look_at = self._looks.get(seen.what)
        if look_at is not None:
            look_at(seen)

    def _request(self, seen: Happening) -> None:
        self._attempts[seen.link] = _Attempt(seen.subject)

    def _offered(self, seen: Happening) -> None:
        attempt = self._attempts[seen.link]
        attempt.listener = seen.subject
        if attempt.state != "sent":
            self.breaks(8, f"link {seen.link}: its request came again after it was {attempt.state}")
        attempt.state = "offered"
        if isinstance(seen.subject, NetworkObject):
            self._pending = (seen.subject, seen.link)

    def _dropped(self, seen: Happening) -> None:
        attempt = self._attempts[seen.link]
        if self._pending is not None and self._pending[1] == seen.link:
            self._pending = None
            attempt.state = "sent" if seen.about in ("overflow", "half-open") else "refused"
        elif attempt.state == "queued":
            attempt.state = "dropped"
            if seen.about == "gone":
                self._gone(seen.link, attempt)
        else:
            self.breaks(8, f"link {seen.link}: dropped, after it was {attempt.state}")

    def _gone(self, link: int, attempt: _Attempt) -> None:
        """An accept reports that its request was reset."""
        listener, near = attempt.listener, attempt.near
        # Who resets is closed by it; what was reset on the way may be asked for anew.
        alive = isinstance(near, NetworkObject) and near.endpoint.connection.control != "CLOSED"
        if alive and link not in self._cut:
            self.breaks(1, f"link {link}: accept tells of a reset, and {name_of(near)} has not reset it")
        line = self._lines.get(listener) if isinstance(listener, NetworkObject) else None
        calls = [entry for entry in line.entries if _open_call(entry)] if line is not None else []
        if not calls or line is None or not isinstance(listener, NetworkObject):
            self.breaks(1, f"link {link}: dropped by an accept that nobody called")
            return
        # Inside a callback the call has raised before; else it is the only one that is under way.
        entry = next((entry for entry in calls if entry[0] == "gone"), calls[0])
        entry[:2] = ["gone", (link, None)]
        self._drain(listener, line)

    def _settled(self, seen: Happening) -> None:
        self._settle()
        if isinstance(seen.subject, NetworkObject):
            self.at_rest(seen.subject)

    def _taken(self, seen: Happening) -> None:
        self._settle()
        attempt = self._attempts[seen.link]
        if attempt.state == "taken":
            self.breaks(8, f"link {seen.link}: accepted twice")
        attempt.state = "taken"
        listener = attempt.listener
        if not isinstance(listener, NetworkObject):
            return
        line = self._lines.get(listener)
        for entry in line.entries if line is not None else ():
            if len(entry) == 3 and entry[2] is seen.subject and entry[1] is None:
                entry[1] = (seen.link, seen.subject)
                break
        else:
            self.breaks(1, f"link {seen.link}: taken, but nobody called accept for it")
        if line is not None:
            self._drain(listener, line)

    def _withdrawn(self, seen: Happening) -> None:
        attempt = self._attempts[seen.link]
        if attempt.state == "queued" and isinstance(attempt.listener, NetworkObject):
            attempt.state = "withdrawn"
            self.queue_event(attempt.listener, "withdrawn", seen.link)

    def _open(self, seen: Happening) -> None:
        """Where requestors wait to be accepted, none is connected before."""
        if self.traits.connected_at_accept and self._attempts[seen.link].state != "taken":
            self.breaks(3, f"link {seen.link}: connected before it was accepted")

    def _sends(self, seen: Happening) -> None:
        if isinstance(seen.subject, NetworkObject) and isinstance(seen.subject.handler, WatchedUser):
            self.life(seen.subject.handler, "pdu")
            if seen.subject.handler.secure:
                self.breaks(6, f"{seen.subject.handler.name}: octets leave that no security layer has sealed")

    # --- the whole ----------------------------------------------------------------------------------------

    def at_rest(self, listener: NetworkObject) -> None:
        """Nothing is left to be done now: the queue is told of, and is what was seen to come and go."""
        line = self._lines.get(listener)
        if line is None:
            return
        self.queue_event(listener, "rest")
        self.judged[8] += 1
        if line.value.control == "OPEN" and listener.waiting != len(line.value.context.waiting):
            seen = len(line.value.context.waiting)
            self.breaks(8, f"{name_of(listener)} says {listener.waiting} wait, seen were {seen}")

    def _falls_silent(self, seen: Happening) -> None:
        self._silent.add(seen.link)

    def _is_cut(self, seen: Happening) -> None:
        self._cut.add(seen.link)

    def nobody_waits_in_vain(self) -> None:
        """Where requests are withdrawn, an entry goes when its requestor has gone, unless nothing passed any more."""
        if not self.traits.withdraws:
            return
        for link, attempt in self._attempts.items():
            near = attempt.near
            if attempt.state != "queued" or link in self._silent:
                continue
            if isinstance(near, NetworkObject) and near.endpoint.connection.control != "CONNECTING":
                self.breaks(8, f"link {link}: {name_of(near)} has gone, and its request still waits")

    def handshakes_end(self, users: list[WatchedUser]) -> None:
        """Nothing is left to happen, and every timer has run out: no link is still to be secured."""
        for user in users:
            if user.life.control == "LINKED":
                self.life(user, "end-of-time")

    def children_add_up(self) -> None:
        """Nothing is left to be told: a listener counts those children of whose end it was not told."""
        for listener, line in self._lines.items():
            alive = len(line.value.context.children)
            if line.value.control == "OPEN" and listener.children != alive:
                self.breaks(8, f"{name_of(listener)} counts {listener.children} children, seen were {alive}")

    def end_of_time(self, users: list[WatchedUser]) -> None:
        """Nothing is left to happen, and every timer has run out."""
        for user in users:
            self.judged[3] += 1
            self.life(user, "rest")
            self.life(user, "end-of-time")
        for listener, line in self._lines.items():
            self.at_rest(listener)
            for child in line.value.context.children:
                if isinstance(child, NetworkObject) and child.endpoint.connection.control == "CLOSED":
                    self.breaks(5, f"{name_of(listener)} was not told that {name_of(child)} ended")
        for link, attempt in self._attempts.items():
            self._account(link, attempt)

    def _account(self, link: int, attempt: _Attempt) -> None:
        """Every attempt ended in one way, or still waits in a queue that is open."""
        self.judged[8] += 1
        if attempt.state == "offered" and isinstance(attempt.listener, NetworkObject):
            self.breaks(8, f"link {link}: offered to {name_of(attempt.listener)}, and nothing became of it")
        if attempt.state == "queued" and isinstance(attempt.listener, NetworkObject):
            line = self._lines.get(attempt.listener)
            if line is None or link not in line.value.context.waiting:
                self.breaks(8, f"link {link}: neither accepted, withdrawn nor dropped, and it does not wait")


def _open_call(entry: list[Any]) -> bool:
    """An accept of which it is not known yet what it took."""
    return len(entry) == 3 and entry[1] is None


def name_of(handler: object) -> str:
    """What an actor is called."""
    who = handler.handler if isinstance(handler, NetworkObject) else handler
    return str(getattr(who, "name", "?"))
