"""What must have happened: a ledger of objects and requests, kept beside the implementation that is checked.

Every call is entered before it is made, so that a callback from inside the call finds it. What happens later is not
computed in advance: the ledger knows what each object may still be told and what it must have been told once
everything has settled. So the order of callbacks is free where the specification leaves it free (across the two
ends), and two calls on their way at the same time may meet in either order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .broken import InvariantError
from .lost import Places
from .profiles import Profile
from .secure import meet

LISTENER: Final = "listener"


@dataclass(slots=True, eq=False)
class Request:
    """One connect call that was taken: on its way, then in the queue, then taken, refused, dropped or withdrawn."""

    requestor: str
    # The most requests that it can have found in the queue.
    most: int
    # Nobody listened when it was made.
    nobody: bool
    # It may have found no room and been lost: it comes again later (overflow "lost").
    astray: bool = False
    # Its on_accept was told.
    announced: bool = False
    # It was withdrawn before that: the callback may have been about the next one.
    doubtful: bool = False
    # It stands in the queue for certain.
    joined: bool = False
    # Its on_connect was told.
    answered: bool = False
    taken: bool = False
    # The listener stopped while it was in the queue or on its way.
    dropped: bool = False
    # Its requestor ended before it was taken: "close" or "force".
    withdrawn: str = ""


@dataclass(slots=True, eq=False)
class Thing:
    """One network object, as its user must see it."""

    name: str
    state: str = "IDLE"
    request: Request | None = None
    # The object at the other end, once a request was taken.
    peer: str = ""
    child: bool = False
    # By its own user: "close" or "force".
    ended: str = ""
    told_close: bool = False
    # The outcomes with which an on_close must still come; none must come where it is empty.
    close_due: frozenset[str] = frozenset()
    # The same for the listener's on_child_close about this child.
    report_due: frozenset[str] = frozenset()
    reported: bool = False
    # Its security layer: "" for none, "good", or "wary": it refuses its peer.
    layer: str = ""
    # What on_secure_link_ready said; whether it must still come.
    ready: str = ""
    ready_due: bool = False


@dataclass(slots=True)
class Book:
    """The ledger of one run: one listener, any number of requestors and children."""

    profile: Profile
    capacity: int
    things: dict[str, Thing] = field(default_factory=dict[str, Thing])
    # Requests that no child was given, in the order of their connect calls; oldest first.
    entries: list[Request] = field(default_factory=list[Request])
    # Those that a listener left behind when it stopped, in queue order.
    dropped: list[Request] = field(default_factory=list[Request])
    # During an accept call whose request cannot be foretold: those that it may yield.
    offered: list[Request] = field(default_factory=list[Request])
    # Taken before their on_accept was told: it still comes.
    unheard: list[Request] = field(default_factory=list[Request])
    # Overflow "lost": who may stand where in the queue.
    places: Places = field(default_factory=Places)
    children: int = 0
    # on_accept "level": whether it was told since the last accept, and whether there was a reason to.
    heard: bool = False
    waited: bool = False
    # Nothing is under way.
    settled: bool = True
    raised: int = 0
    history: list[str] = field(default_factory=list[str])
    broken: InvariantError | None = None

    def fault(self, number: int, row: str, expected: str, told: str) -> None:
        """An invariant is broken. The first fault counts: what comes after it may follow from it."""
        if self.broken is None:
            self.broken = InvariantError(number, row, expected, told, self.history)

    @property
    def listener(self) -> Thing:
        """The one listener."""
        return self.things[LISTENER]

    @property
    def listening(self) -> bool:
        """Whether the listener has not ended."""
        return self.listener.state == "LISTENING"

    def new(self, name: str) -> None:
        """An object is made."""
        self.things[name] = Thing(name)

    def leaves(self, request: Request) -> bool:
        """Whether a request is withdrawn and will be gone, or is gone already."""
        return bool(request.withdrawn) and self.profile.withdraw_removes

    # --- connect -----------------------------------------------------------------------------------------

    def connecting(self, name: str) -> str:
        """A connect call is about to be made; the code that it must give."""
        thing = self.things[name]
        if thing.state != "IDLE":
            return "already_connected"
        self.settled = False
        thing.state = "CONNECTING"
        thing.request = Request(name, most=len(self.entries), nobody=not self.listening)
        thing.request.astray = self.loses and thing.request.most >= self.room
        if self.listening:
            self.entries.append(thing.request)
        return ""

    @property
    def loses(self) -> bool:
        """Whether a request that finds the queue full is lost, and comes again."""
        return self.profile.overflow == "lost"

    @property
    def room(self) -> int:
        """How many requests the queue holds."""
        return self.capacity + self.profile.spare

    def may_be_full(self, request: Request) -> bool:
        """Whether a request may have found the queue full, and been refused."""
        return self.profile.overflow == "refused" and request.most >= self.capacity

    def answers(self, request: Request) -> frozenset[str]:
        """The outcomes that on_connect may have for this request now."""
        if request.nobody:
            return frozenset({"refused"})
        full = self.may_be_full(request)
        if self.profile.connected_at == "queue":
            found = {"ok", "refused"} if full else {"ok"}
            other = self.things.get(self.things[request.requestor].peer)
            if request.dropped:
                return frozenset(found | {"reset", "refused"})
            return frozenset(found | {"reset"} if other is not None and other.ended else found)
        if request.taken or request in self.offered:
            return frozenset({"ok"})
        if request.dropped:
            return frozenset({"reset"} if request.joined else {"reset", "refused"})
        return frozenset({"refused"} if full else set())

    # --- accept ------------------------------------------------------------------------------------------

    def offers(self) -> tuple[list[Request], bool]:
        """The requests that an accept may yield now, and whether it may also find the queue empty."""
        found: list[Request] = []
        if self.loses:
            return list(self.places.first or self.entries), not self.places.first
        for request in self.entries:
            found.append(request)
            optional = self.leaves(request) or (not request.joined and self.may_be_full(request))
            if not optional:
                return found, not request.joined
        return found, True

    def accept_codes(self, child: str) -> tuple[frozenset[str], list[Request]]:
        """What an accept call may give, by the order of precedence, and the requests that it may yield."""
        if not self.listening:
            return frozenset({"not_listening"}), []
        if self.things[child].state != "IDLE":
            return frozenset({"wrong_state"}), []
        if self.listener.layer and not self.things[child].layer:
            return frozenset({"wrong_security_mode"}), []
        found, may_block = self.offers()
        codes = ({""} if found else set[str]()) | ({"would_block"} if may_block else set[str]())
        if self.profile.accept_reports_reset and any(each.withdrawn == "force" for each in found):
            codes.add("reset")
        return frozenset(codes), found

    def take(self, request: Request, child: str) -> None:
        """A request is given to a child."""
        self.settled = False
        self.remove(request)
        request.taken = True
        self.children += 1
        taker, requestor = self.things[child], self.things[request.requestor]
        taker.state, taker.child, taker.peer = "CONNECTED", True, request.requestor
        if not request.withdrawn:
            requestor.peer = child
            meet(requestor, taker)
        elif self.profile.withdraw_removes and request.withdrawn == "close":  # it was on its way out
            taker.close_due = frozenset({"ok", "reset"})
        else:
            taker.close_due = frozenset({"ok" if request.withdrawn == "close" else "reset"})

    def remove(self, request: Request) -> None:
        """An accept call took a request out of the queue, perhaps before its on_accept was told."""
        if not (self.places.first if self.loses else request.announced):
            self.unheard.append(request)
        if self.loses:
            self.places.take(request)
        self.entries.remove(request)

    def untake(self, child: str) -> None:
        """An accept call was taken back: it reported the reset of the request that it took out."""
        taker = self.things[child]
        taker.state, taker.child, taker.peer, taker.close_due = "IDLE", False, "", frozenset()
        taker.ready_due = False
        self.children -= 1

    # --- close, close_forced -----------------------------------------------------------------------------

    def ending(self, name: str, how: str) -> None:
        """A close ("close") or close_forced ("force") is about to be made, or a handler has raised ("force")."""
        thing = self.things[name]
        if thing.state == "CLOSED":
            return
        self.settled = False
        before, thing.state, thing.ended = thing.state, "CLOSED", how
        outcome, heard = ("ok", "ok") if how == "close" else ("aborted", "reset")
        if thing.child:
            self.child_ended(thing, frozenset({outcome}) | thing.close_due)
        thing.close_due = frozenset({"aborted"}) | thing.close_due if how == "force" else frozenset()
        request = thing.request
        if before == "LISTENING":
            self._stop()
        elif thing.peer:
            # A close before its on_connect may be told as a withdrawal; a forced end is a reset at any time.
            early = request is not None and not request.answered and how == "close"
            self.hang_up(thing, {"ok", "reset"} if early else {heard})
        elif request is not None and not request.taken:
            request.withdrawn = how

    def child_ended(self, child: Thing, outcomes: frozenset[str]) -> None:
        """An accepted child has ended: one child less, and its listener is to hear of it."""
        self.children -= 1
        if self.listening:
            child.report_due = outcomes

    def hang_up(self, thing: Thing, outcomes: set[str]) -> None:
        """An object has ended: its peer is to hear of it."""
        peer = self.things.get(thing.peer)
        if peer is not None:
            # Who ends before its own half is done cannot say so by the security layer.
            more = {"close_notify_missing"} if thing.layer and thing.ready != "ok" else set[str]()
            self._is_left(peer, outcomes | more)

    def _is_left(self, thing: Thing, outcomes: set[str]) -> None:
        if thing.state != "CLOSED":
            thing.close_due |= outcomes
            thing.ready_due = False

    def _stop(self) -> None:
        """The listener ended: what waits is dropped, and it hears no more of its children."""
        for thing in self.things.values():
            thing.report_due = frozenset()
        for request in self.entries:
            request.dropped = True
            requestor = self.things[request.requestor]
            if request.answered:
                self._is_left(requestor, {"reset"})
        self.dropped, self.entries = self.entries, []
        self.unheard.clear()
        self.places.clear()

    # --- everything has settled ----------------------------------------------------------------------------

    def settle(self) -> None:
        """Nothing is under way any more: what was in doubt is known."""
        self.entries = [request for request in self.entries if not self.leaves(request)]
        if self.loses:
            self.places.nowhere(request for request in self.entries if not request.answered)
            if not self.places.possible:
                self.fault(3, "rows 5, 8", "on_connect(ok) for each request in the queue", "nothing")
            over = self.places.over(self.entries)
            self.entries = [request for request in self.entries if request not in over]
        self.dropped.clear()
        self.unheard.clear()
        for request in self.entries:
            if (
                self.profile.overflow == "refused"
            ):  # it stands in the queue, and as many were told of as there are
                request.announced = True
            request.joined = request.announced
        self.waited = bool(self.entries)
        self.settled = True
