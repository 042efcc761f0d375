"""Links with a security layer in the ledger: what on_secure_link_ready may say, and what must be told in the end.

Whether an end is ready is its own half alone: where one end refuses the other, the refused one may have been told `ok`
before, and then hears on_close. Before its link is ready an object hears of no on_close: what ends it is told by
on_secure_link_ready, and that is then the last callback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .adapter import Told

if TYPE_CHECKING:
    from .book import Book, Thing

OUTCOMES: Final = frozenset(
    {
        "aborted",
        "close_notify_missing",
        "expired",
        "handshake_failed",
        "hostname_mismatch",
        "insufficient_security",
        "ok",
        "protocol_version",
        "reset",
        "unknown_authority",
        "verify_failed",
    }
)
"""How a link may end that one end refuses: codes of on_close, and but for ok of on_secure_link_ready."""
REFUSED: Final = OUTCOMES - {"ok", "reset"}


def meet(requestor: Thing, child: Thing) -> None:
    """A request was given to a child: the two ends secure their link. With a plain peer a child waits."""
    if requestor.layer and child.layer:
        refused = "wary" in (requestor.layer, child.layer)
        for thing in (requestor, child):
            thing.ready_due = not refused
            thing.close_due |= OUTCOMES if refused else frozenset()


def unready(thing: Thing) -> bool:
    """Whether it has a layer, and was not told yet that its link is ready."""
    return bool(thing.layer) and not thing.ready and not thing.ended


def outcomes(book: Book, thing: Thing) -> frozenset[str]:
    """What on_secure_link_ready may say to this object now."""
    peer = book.things.get(thing.peer)
    if thing.state != "CONNECTED" or thing.ready or not thing.layer:
        return frozenset()
    if peer is None:
        return frozenset({"aborted"}) if thing.close_due else frozenset()
    refused = "wary" in (thing.layer, peer.layer)
    bad = (REFUSED if refused else frozenset({"aborted"})) if thing.close_due else frozenset[str]()
    good = {"ok"} if peer.layer and thing.layer != "wary" else set[str]()
    return bad | good


def hear_ready(book: Book, thing: Thing, told: Told) -> None:
    """Enter an on_secure_link_ready in the ledger."""
    allowed = outcomes(book, thing)
    if told.outcome not in allowed:
        if not thing.layer:
            expected = f"none: {told.who} has no security layer"
        elif thing.ready:
            expected = f"one for each object: {told.who} was told {thing.ready}"
        elif not allowed:
            expected = f"none yet: the connection of {told.who} does not stand"
        else:
            expected = f"{told.who}: {' or '.join(sorted(allowed))}"
        book.fault(4, "rows 12, 13", f"on_secure_link_ready: {expected}", str(told))
        return
    thing.ready = told.outcome
    thing.ready_due = False
    if told.outcome != "ok":
        thing.state, thing.told_close, thing.close_due = "CLOSED", True, frozenset()
        if thing.child:
            book.child_ended(thing, frozenset({told.outcome}))
        book.hang_up(thing, set(OUTCOMES))
