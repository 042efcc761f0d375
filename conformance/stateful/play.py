"""One run: steps played on an implementation, with the ledger beside it. No Hypothesis here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeAlias, cast

from .adapter import Adapter, SecureAdapter, Told
from .book import LISTENER, Book, Thing
from .hearing import Fault, adds_up, hear, missing
from .profiles import DICOMNET, Profile, profile_of
from .secure import unready
from .steps import Deed, Reaction, Step

Role: TypeAlias = Literal["listener", "requestor", "child"]
# What a step says of the new object's layer, where links have one.
LAYERS: Final = {
    "connect": "good",
    "connect plain": "",
    "connect wary": "wary",
    "accept": "good",
    "accept plain": "",
    "accept wary": "wary",
}

# An implementation that calls back for ever is stopped asking after so many callbacks in one step.
MOST_CALLBACKS: Final = 2000
ACCEPTED: Final = frozenset({""})


class HandlerError(Exception):
    """What the user's handler raises where a step says so. The implementation must survive it."""


class Play:
    """Plays steps on an adapter; raises `InvariantError` at the end of the step that showed a fault.

    With `security` the listener has a security layer, and so have the others where the step does not say otherwise.
    Raises `TypeError` for an adapter that then offers none (`SecureAdapter`).
    """

    def __init__(
        self,
        adapter: Adapter | SecureAdapter,
        profile: Profile | str = DICOMNET,
        capacity: int = 1,
        *,
        security: bool = False,
    ) -> None:
        self.adapter = adapter
        self._secure = secure_adapter(adapter) if security else None
        self.book = Book(profile_of(profile), capacity)
        self._inside: Told | None = None
        self._reaction: Reaction | None = None
        self._which = 0
        self._made = {"r": 0, "c": 0}
        self._unused: str = ""  # a child that a refused accept has left IDLE
        self._callbacks = 0
        self._heading: tuple[str, str] | None = None
        adapter.begin(self.tell)
        self.number = 0
        self._begin_step("")
        self._note(f"{LISTENER} listens, capacity {capacity}")
        self._new(LISTENER)
        self._configure(LISTENER, "listener", "good")
        self.book.listener.state = "LISTENING"
        self._expect_code(adapter.listen(LISTENER, capacity), ACCEPTED, "row 4")
        self._after(settle=True)

    def do(self, step: Step) -> None:
        """Play one step."""
        late = self.book.profile.connected_at == "queue"
        if not self.book.settled and (step.what in ("again", "unfit") or (late and step.what != "accept")):
            # What these may meet depends on what is still on its way.
            self._settle()
        self._reaction, self._which, self._callbacks = step.reaction, step.which, 0
        handler = f"   [{step.reaction}]" if step.reaction is not None else ""
        self._begin_step(handler + ("" if step.settle else "   [not waiting for anything:]"))
        self._guarded(lambda: self._act(step))
        self._after(step.settle)
        self._reaction = None

    def finish(self) -> None:
        """Let everything happen, check once more, and end the adapter's world."""
        try:
            if self.book.broken is None:
                self._after(settle=True)
        finally:
            self.adapter.end()

    # --- the deeds of a step -----------------------------------------------------------------------------

    def _act(self, step: Step) -> None:
        match step.what:
            case "connect" | "connect plain" | "connect wary":
                self._connect(layer=LAYERS[step.what])
            case "accept" | "accept plain" | "accept wary":
                self._accept(self._child(LAYERS[step.what]))
            case "configure":
                self._configure_again()
            case "associate":
                self._associate([each.name for each in self._others() if unready(each)])
            case "close" | "force":
                self._end_one(step.what)
            case "again":
                used = [each.name for each in self._others() if not each.child]
                self._connect(self._choose(used) if used else LISTENER)
            case "unfit":
                unfit = [LISTENER, *(each.name for each in self._others() if each.state != "IDLE")]
                self._accept(self._choose(unfit))
            case "stop":
                self._end(LISTENER, "close")
            case "stop by force":
                self._end(LISTENER, "force")

    def _connect(self, name: str = "", layer: str = "good") -> None:
        book = self.book
        late = book.profile.overflow == "late"
        if late and book.listening and len(book.entries) >= book.capacity + book.profile.spare:
            self._note("nothing: what one more request would meet is up to the kernel")
            return
        if not name:
            name = self._name("r")
            self._new(name)
            self._configure(name, "requestor", layer)
        elif book.things[name].state == "IDLE":
            # Whom it refuses hangs on its end: a child that was never accepted is made ready for the other.
            self._configure(name, "requestor", book.things[name].layer)
        self._note(f"{name} connects")
        code = book.connecting(name)
        self._expect_code(self.adapter.connect(name, LISTENER), frozenset({code}), "rows 5 to 7")

    def _accept(self, child: str) -> None:
        book = self.book
        codes, found = book.accept_codes(child)
        foretold = len(found) == 1 and "would_block" not in codes
        if foretold:
            book.take(found[0], child)
        else:
            book.offered = found
        self._note(f"{LISTENER} accepts into {child}")
        heard, book.heard = book.heard, book.heard and not found  # on_accept may be due for the next
        code = self.adapter.accept(LISTENER, child)
        book.heard |= heard and code not in ("", "reset")
        book.offered = []
        self._expect_code(code, codes, "rows 8, 9")
        if code == "reset" and foretold:
            book.untake(child)
        if code or book.broken is not None:
            thing = book.things[child]
            fit = thing.state == "IDLE" and (thing.layer == "good" or self._secure is None)
            self._unused = child if fit else self._unused
            return
        got = self.adapter.peer(child)
        taken = next((request for request in found if request.requestor == got), None)
        if taken is None:
            first = " or ".join(request.requestor for request in found)
            book.fault(1, "row 8", f"{first} is the first of the queue", f"{child} got {got or 'nobody'}")
        elif not foretold:
            book.take(taken, child)

    def _end_one(self, how: str, subject: str = LISTENER) -> None:
        others = self._others()
        ended = [each.name for each in others if each.state == "CLOSED"]
        names = [each.name for each in others if each.state != "CLOSED"] + ended[-1:]
        if subject != LISTENER:
            self._end(subject, how)
        elif names:
            self._end(self._choose(names), how)

    def _end(self, name: str, how: str) -> None:
        thing = self.book.things[name]
        asking = thing.state == "CONNECTING" and not self.book.profile.withdraw_removes
        if asking and self._inside is not None:
            self._note(f"nothing: whether the request of {name} has arrived cannot be told")
            return
        self._note(f"{name} is closed" if how == "close" else f"{name} is closed by force")
        self.book.ending(name, how)
        (self.adapter.close if how == "close" else self.adapter.close_forced)(name)

    # --- the security layer ------------------------------------------------------------------------------

    def _configure(self, name: str, role: Role, layer: str) -> None:
        """Give a new object its layer, where links have one."""
        if self._secure is not None and layer:
            self.book.things[name].layer = layer
            code = self._secure.configure(name, role, wary=layer == "wary")
            self._expect_code(code, ACCEPTED, "row 3")

    def _configure_again(self) -> None:
        """Configure an object that is in use."""
        if self._secure is not None:
            used = [LISTENER, *(each.name for each in self._others() if each.state != "IDLE")]
            name = self._choose(used)
            role: Role = "listener" if name == LISTENER else "requestor" if name.startswith("r") else "child"
            self._note(f"{name} is configured with a security layer")
            code = self._secure.configure(name, role, wary=False)
            self._expect_code(code, frozenset({"wrong_state"}), "row 3")

    def _associate(self, names: list[str]) -> None:
        """Ask for an association on a link that is not ready."""
        if self._secure is None or not names:
            self._note("nothing: every link is ready")
            return
        name = self._choose(names)
        self._note(f"{name} asks for an association")
        code = self._secure.associate(name)
        if code != "not_connected":
            expected = f"not_connected: the link of {name} is not ready"
            self.book.fault(6, "row 15", expected, code or "taken")

    # --- names -------------------------------------------------------------------------------------------

    def _new(self, name: str) -> None:
        self.book.new(name)
        self.adapter.new(name)

    def _name(self, kind: str) -> str:
        self._made[kind] += 1
        return f"{kind}{self._made[kind]}"

    def _child(self, layer: str = "good") -> str:
        """An IDLE object to accept into: one that a refused accept has left, or a new one."""
        name = ""
        if layer == "good":
            name, self._unused = self._unused, ""
        if not name or self.book.things[name].state != "IDLE":
            name = self._name("c")
            self._new(name)
            self._configure(name, "child", layer)
        return name

    def _others(self) -> list[Thing]:
        return [thing for thing in self.book.things.values() if thing.name != LISTENER]

    def _choose(self, names: list[str]) -> str:
        return names[self._which % len(names)]

    # --- callbacks ---------------------------------------------------------------------------------------

    def tell(self, told: Told) -> None:
        """What the adapter calls in each callback: enter it, then do what the user's handler is to do."""
        book = self.book
        self._callbacks += 1
        book.history.append(f"       told: {told}")
        if self._inside is not None:
            book.fault(7, "invariant 7", f"{self._inside} is not over: no callback inside it", str(told))
        elif self._callbacks > MOST_CALLBACKS:
            book.fault(7, "invariant 7", f"an end, after {MOST_CALLBACKS} callbacks in one step", str(told))
        if book.broken is not None:
            return
        hear(book, told)
        reaction = self._reaction
        if reaction is not None and reaction.nth <= self._callbacks and not (book.offered or book.broken):
            self._reaction = None
            self._inside = told
            try:
                self._react(told, reaction.deed)
            finally:
                self._inside = None

    def _react(self, told: Told, deed: Deed) -> None:
        who = told.who
        match deed:
            case "raise":
                self._note(f"the handler of {who} raises")
                self.book.raised += 1
                if told.callback not in ("on_accept", "on_child_close"):
                    self.book.ending(who, "force")
                raise HandlerError(str(told))
            case "accept":
                self._guarded(lambda: self._accept(self._child()))
            case "connect":
                self._guarded(self._connect)
            case "stop":
                self._guarded(lambda: self._end(LISTENER, "close"))
            case "associate":
                self._guarded(lambda: self._associate([who] if unready(self.book.things[who]) else []))
            case "close" | "force":
                self._guarded(lambda: self._end_one(deed, who))

    # --- checks ------------------------------------------------------------------------------------------

    def _guarded(self, call: Callable[[], None]) -> None:
        """Make calls of the implementation: whatever one raises is a fault."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the implementation may raise anything; it is reported
            self.book.fault(7, "rows 1 to 24", "a call gives a code and raises nothing", repr(error))

    def _expect_code(self, code: str, codes: frozenset[str], row: str) -> None:
        if code not in codes:
            expected = " or ".join(sorted(each or "taken" for each in codes))
            # A request that waits and cannot be accepted is lost.
            number = 1 if codes == ACCEPTED and code == "would_block" else 0
            self.book.fault(number, row, expected, code or "taken")

    def _after(self, settle: bool) -> None:
        if settle and self.book.broken is None:
            self._settle()
        if self.book.broken is not None:
            raise self.book.broken

    def _settle(self) -> None:
        book = self.book
        self._guarded(lambda: self.adapter.settle(self._done))
        self._check(missing(book))
        book.settle()
        self._check(adds_up(book, self.adapter.counts(LISTENER)))
        reported = self.adapter.errors()
        if reported is not None and reported != book.raised:
            told = f"{reported} reported"
            self._check((7, "invariant 7", f"{book.raised} raises of handlers, each reported once", told))

    def _done(self) -> bool:
        return self.book.broken is not None or missing(self.book) is None

    def _check(self, fault: Fault | None) -> None:
        if fault is not None:
            self.book.fault(*fault)

    def _begin_step(self, more: str) -> None:
        self.number += 1
        self._heading = f"{self.number:3}. ", more

    def _note(self, words: str) -> None:
        """Write down a deed: the first of a step stands beside its number."""
        if self._inside is not None:
            words = f"         in it: {words}"
        elif self._heading is not None:
            words = words.join(self._heading)
            self._heading = None
        else:
            words = f"     {words}"
        self.book.history.append(words)


def secure_adapter(adapter: Adapter | SecureAdapter) -> SecureAdapter:
    """The adapter as one whose links can have a security layer. Raises `TypeError` where it offers none."""
    missing_ones = [name for name in ("configure", "associate") if not callable(getattr(adapter, name, None))]
    if missing_ones:
        raise TypeError(
            f"security=True needs an adapter with the methods {' and '.join(missing_ones)} (see SecureAdapter): "
            f"{type(adapter).__name__} has none"
        )
    return cast("SecureAdapter", adapter)


def replay(
    make_adapter: Callable[[], Adapter],
    profile: Profile | str,
    capacity: int,
    steps: Iterable[Step],
    *,
    security: bool = False,
) -> None:
    """Play given steps, to repeat what a check has found. Raises `InvariantError`."""
    play = Play(make_adapter(), profile, capacity, security=security)
    try:
        for step in steps:
            play.do(step)
    except BaseException:
        play.adapter.end()
        raise
    play.finish()
