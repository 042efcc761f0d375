"""What may be told when, and what must have been told in the end: the invariants as checks of the ledger."""

from __future__ import annotations

from typing import TypeAlias

from .adapter import Counts, Told
from .book import LISTENER, Book, Request, Thing
from .secure import hear_ready, unready

# number of the invariant, row, what was expected, what was told
Fault: TypeAlias = tuple[int, str, str, str]
ONE_FOR_EACH = "one on_accept for each request that reached the queue"


def hear(book: Book, told: Told) -> None:
    """Enter a callback in the ledger. What may not be told now is a fault."""
    book.settled = False
    thing = book.things.get(told.who)
    about_requests = told.callback in ("on_accept", "on_child_close")
    if thing is None or (told.callback != "on_close" and about_requests != (told.who == LISTENER)):
        book.fault(7, "rows 5 to 22", "a callback that this object has", str(told))
        return
    if thing.told_close and not (thing.ended and told.callback == "on_connect"):
        book.fault(5, "rows 16 to 18", f"on_close is the last callback of {told.who}", str(told))
    elif thing.ended and (thing.ended == "close" or told.callback != "on_close"):
        _after_its_end(book, thing, told)
    elif told.callback == "on_connect":
        _hear_connect(book, thing, told)
    elif told.callback == "on_close":
        _hear_close(book, thing, told)
    elif told.callback == "on_accept":
        _hear_accept(book, told)
    elif told.callback == "on_secure_link_ready":
        hear_ready(book, thing, told)
    else:
        _hear_child(book, told)


def _after_its_end(book: Book, thing: Thing, told: Told) -> None:
    number = 3 if told.callback == "on_connect" else 5
    word = "close()" if thing.ended == "close" else "close_forced()"
    only = "nothing" if thing.ended == "close" else "on_close(aborted) only"
    book.fault(number, "rows 16, 17, 19", f"{only} after {told.who}'s own {word}", str(told))


def _hear_connect(book: Book, thing: Thing, told: Told) -> None:
    request = thing.request
    if request is None or request.answered:
        book.fault(3, "rows 6 to 8", f"one on_connect for each connect call of {told.who}", str(told))
        return
    answers = book.answers(request)
    if told.outcome not in answers:
        expected = (
            " or ".join(sorted(answers)) if answers else "no on_connect yet: it waits and was not accepted"
        )
        book.fault(3, "rows 5 to 8, 19", f"{told.who}: {expected}", str(told))
        return
    request.answered = True
    if told.outcome == "ok":
        _connected(book, thing, request, told)
        return
    if request.dropped and told.outcome == "reset":
        _told_in_queue_order(book, request, told)
    if told.outcome == "refused":
        _swap_announcement(book, request)
    if request in book.entries:
        book.entries.remove(request)
    thing.state, thing.request, thing.close_due, thing.peer = "IDLE", None, frozenset(), ""


def _connected(book: Book, thing: Thing, request: Request, told: Told) -> None:
    thing.state = "CONNECTED"
    if request in book.entries and book.profile.connected_at == "queue":
        ahead = book.entries.index(request)
        if book.profile.overflow == "refused" and ahead >= book.capacity:
            book.fault(8, "row 7", f"refused: {book.capacity} requests fill the queue", str(told))
        request.joined |= book.profile.on_accept == "level"
        book.waited = True
    elif request.dropped:
        thing.close_due = frozenset({"reset"})


def _told_in_queue_order(book: Book, request: Request, told: Told) -> None:
    for earlier in book.dropped[: book.dropped.index(request)]:
        if earlier.joined and not earlier.answered and not earlier.withdrawn:
            book.fault(1, "row 19", f"in queue order: {earlier.requestor} is told first", str(told))


def _swap_announcement(book: Book, refused: Request) -> None:
    """Two requests on their way at once: an on_accept that was counted for this one was the later one's."""
    if refused.announced:
        after = book.entries.index(refused) + 1 if refused in book.entries else 0
        for request in (*book.unheard, *book.entries[after:]):
            if not request.announced:
                request.announced = request.joined = True
                break


def _hear_accept(book: Book, told: Told) -> None:
    if book.profile.on_accept == "level":
        book.heard = True
        if not book.entries and not book.waited:
            book.fault(2, "rows 5, 10", "an on_accept only while a request waits", str(told))
        return
    if book.loses:
        _hear_place(book, told)
        return
    left = [request for request in (*book.unheard, *book.entries) if not request.announced]
    if not left:
        book.fault(2, "rows 5, 10", ONE_FOR_EACH, f"{told} once more")
        return
    request = left[0]
    request.announced = True
    # If this one was refused, and is not told so yet, the callback is about a later one.
    request.joined = request is left[-1] or not book.may_be_full(request)
    request.doubtful = book.leaves(request)
    held = sum(each.announced and not book.leaves(each) for each in book.entries)
    if held > book.room:
        told_of = f"{told} for request number {held}"
        book.fault(8, "row 7", f"refused: the queue has room for {book.room}", told_of)


def _hear_place(book: Book, told: Told) -> None:
    """Overflow "lost": whose on_accept it is may not be known."""
    if book.unheard:
        del book.unheard[0]
    elif not book.places.add(book.entries):
        book.fault(2, "rows 5, 10", ONE_FOR_EACH, f"{told} once more")
    elif len(book.places) > book.room:
        told_of = f"{told} for request number {len(book.places)}"
        book.fault(8, "row 7", f"lost: the queue has room for {book.room}", told_of)


def _hear_close(book: Book, thing: Thing, told: Told) -> None:
    request = thing.request
    if unready(thing):
        expected = f"on_secure_link_ready(aborted): the link of {told.who} is not ready"
        book.fault(4, "rows 13, 16, 17", expected, str(told))
        return
    if told.outcome not in thing.close_due:
        expected = " or ".join(sorted(thing.close_due)) or f"none: nobody has ended {told.who}"
        book.fault(5, "rows 11, 16, 17", f"on_close: {expected}", str(told))
        return
    if request is not None and not request.answered and not thing.ended:
        book.fault(3, "row 11", f"on_connect before on_close for {told.who}", str(told))
    thing.told_close = True
    thing.close_due = frozenset()
    if thing.state != "CLOSED":
        thing.state = "CLOSED"
        if thing.child:
            book.child_ended(thing, frozenset({told.outcome}))
    elif thing.child and thing.report_due:
        # Ended from both sides at once: as the child was told, so its listener.
        thing.report_due = frozenset({told.outcome})


def _hear_child(book: Book, told: Told) -> None:
    child = book.things.get(told.about)
    if child is None or not child.child:
        book.fault(5, "row 18", "a child that was accepted", str(told))
    elif child.reported:
        book.fault(5, "row 18", f"{told.about} is reported once", f"{told} again")
    elif told.outcome not in child.report_due:
        wanted = " or ".join(sorted(child.report_due))
        expected = (
            f"on_child_close: {wanted}" if wanted else f"none before {told.about} has ended and was told so"
        )
        book.fault(5, "row 18", expected, str(told))
    else:
        child.reported = True
        child.report_due = frozenset()


def missing(book: Book) -> Fault | None:
    """What must have been told by now and was not, if everything under way has happened."""
    for thing in book.things.values():
        if thing.state == "CONNECTED" and unready(thing) and (thing.ready_due or thing.close_due):
            wanted = "ok" if thing.ready_due else "aborted, or why it failed"
            return 4, "rows 12, 13, 16, 17", f"{thing.name} on_secure_link_ready({wanted})", "nothing"
        if thing.close_due:
            wanted = " or ".join(sorted(thing.close_due))
            return 5, "rows 11, 16, 17, 19", f"{thing.name} on_close({wanted})", "nothing"
        if thing.report_due and book.listening:
            wanted = " or ".join(sorted(thing.report_due))
            return 5, "row 18", f"{LISTENER} on_child_close({thing.name}, {wanted})", "nothing"
        request = thing.request
        if request is None or request.answered or thing.ended or _is_lost(book, request):
            continue
        if request.taken or request.dropped or request.nobody or book.profile.connected_at == "queue":
            wanted = " or ".join(sorted(book.answers(request)))
            return 3, "rows 6 to 8, 19", f"{thing.name} on_connect({wanted})", "nothing"
    return _missing_accept(book)


def _is_lost(book: Book, request: Request) -> bool:
    """Whether nobody need know of a request yet: it was lost, perhaps, and comes again."""
    certain = book.places.certain if request.astray else ()
    return request.astray and not (request.taken or request.dropped or request in certain)


def _missing_accept(book: Book) -> Fault | None:
    if book.loses:
        out = [*book.unheard, *book.places.left_out(book.entries)]
        if out and (book.unheard or len(book.places) < book.room) and book.listening:
            return 2, "rows 5 to 7; overflow", f"on_accept for {out[0].requestor}: there is room", "nothing"
        return None
    if book.profile.on_accept == "level":
        if book.entries and not book.heard:
            return 2, "row 5", "on_accept at least once while requests wait and none was accepted", "nothing"
        return None
    staying = [request for request in book.entries if not book.leaves(request)]
    room = book.capacity if book.profile.overflow == "late" else len(staying)
    untold = [each for each in (*book.unheard, *staying[:room]) if not (each.announced or book.leaves(each))]
    for request in untold[sum(each.doubtful for each in book.entries) :]:
        full = book.may_be_full(request)
        wanted = f"{request.requestor} on_connect(refused), or on_accept" if full else "on_accept"
        return 2, "rows 5 to 7", f"{wanted} for the request of {request.requestor}", "nothing"
    return None


def adds_up(book: Book, counts: Counts | None) -> Fault | None:
    """Whether the numbers that a listener gives, once all has settled, are those of the ledger."""
    if counts is None:
        return None
    most = len(book.entries)
    least = min(most, book.capacity) if book.profile.overflow == "late" else most
    if book.loses:
        least = most = len(book.places)
    if not least <= counts.waiting <= most:
        wanted = str(most) if least == most else f"{least} to {most}"
        names = ", ".join(request.requestor for request in book.entries)
        return 8, "rows 5 to 9, 19, 20", f"{wanted} waiting ({names or 'none'})", f"{counts.waiting} waiting"
    if counts.children != book.children:
        return 8, "rows 8, 18", f"{book.children} children alive", f"{counts.children} counted"
    return None
