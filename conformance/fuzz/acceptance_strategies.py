"""Acceptances of a request that is known, plain or with one or two things that are not usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from dicomnet.statemachine import AAssociateRQ

from .. import octets as o
from ..cases.associate_ac import NO_SYNTAX
from ..cases.requestor_build import syntax_of
from .drafts import SHARED, Change, Draft, changed, drafted, more

REPEATED: Final = 64
# Maximum lengths that leave little room for a message, in octets.
SHORT: Final = (32, 8, 33, 128)
RESULTS: Final = (3, 1, 2, 4, 5, 255, 0)


@dataclass(slots=True)
class Acceptance(Draft):
    """An acceptance in the making; `repeats` are its octets 11 to 74."""

    repeats: bytes = bytes(REPEATED)

    def octets(self) -> bytes:
        """The PDU."""
        return o.ac(
            self.repeats,
            self.items(),
            version=self.version,
            behind=self.reserved[:2],
            header_reserved=self.header,
        )


def _plain(request: AAssociateRQ) -> Callable[[], Acceptance]:
    def made() -> Acceptance:
        contexts = [o.answer(context.id, 0, syntax_of(context)) for context in request.presentation_contexts]
        return Acceptance(
            contexts=contexts, subs=[o.VERSION_NAME], repeats=request.repeats or bytes(REPEATED)
        )

    return made


def _answers(request: AAssociateRQ) -> st.SearchStrategy[bytes]:
    """An answer to a context, proposed or not, with any result and syntaxes."""
    proposed = [context.id for context in request.presentation_contexts]
    names = sorted({name for context in request.presentation_contexts for name in context.transfer_syntaxes})
    syntaxes = st.lists(st.sampled_from((*names, *names, NO_SYNTAX, "")), max_size=2)
    number = st.sampled_from((*proposed, *proposed, 255, 2, 0))

    def made(number: int, result: int, said: list[str]) -> bytes:
        return o.answer(number, result, *said)

    return st.builds(made, number, st.sampled_from(RESULTS), syntaxes)


def _one(request: AAssociateRQ) -> st.SearchStrategy[Change[Acceptance]]:
    """One context has another answer."""
    count = max(len(request.presentation_contexts), 1)

    def change(position: int, result: int, syntax: str | None) -> Change[Acceptance]:
        def changes(draft: Acceptance) -> None:
            if position < len(draft.contexts):
                context = request.presentation_contexts[position]
                name = syntax_of(context) if syntax is None else syntax
                draft.contexts[position] = o.answer(context.id, result, *([name] if name else []))

        return changes

    syntaxes = st.sampled_from((None, None, None, "", NO_SYNTAX))
    return st.builds(change, st.integers(0, count - 1), st.sampled_from(RESULTS), syntaxes)


def _all(request: AAssociateRQ) -> st.SearchStrategy[Change[Acceptance]]:
    """Every context has this result, or the last of its transfer syntaxes; or they are fewer, or in another order."""

    def with_result(result: int) -> list[bytes]:
        return [o.answer(context.id, result, syntax_of(context)) for context in request.presentation_contexts]

    plain = with_result(0)
    last = [
        o.answer(context.id, 0, *context.transfer_syntaxes[-1:]) for context in request.presentation_contexts
    ]
    ways = [*(with_result(result) for result in (3, 1, 2, 4)), last, plain[::-1], plain[1:], plain[:-1], []]
    return st.sampled_from(ways).map(_contexts)


def _contexts(contexts: list[bytes]) -> Change[Acceptance]:
    return lambda draft: setattr(draft, "contexts", list(contexts))


def plain(request: AAssociateRQ) -> bytes:
    """The acceptance of every context, with the first of its transfer syntaxes."""
    return _plain(request)().octets()


def acceptances(request: AAssociateRQ) -> st.SearchStrategy[bytes]:
    """A-ASSOCIATE-AC PDUs for this request whose lengths are right, mostly with one thing that is not usual."""
    changes: tuple[st.SearchStrategy[Change[Acceptance]], ...] = (
        *SHARED,
        changed("repeats", st.sampled_from((bytes(REPEATED), b"\xff" * REPEATED, o.NOBODY * 4))),
        # What becomes of the contexts is what an acceptance is for.
        *(_one(request) for _ in range(6)),
        *(_all(request) for _ in range(6)),
        # And how long what is sent on them may be.
        *(changed("longest", st.sampled_from([o.max_length(each) for each in SHORT])) for _ in range(3)),
        more("contexts", _answers(request)),
        more("contexts", st.builds(o.item, st.just(0x21), st.binary(max_size=40))),
    )
    return drafted(_plain(request), changes)
