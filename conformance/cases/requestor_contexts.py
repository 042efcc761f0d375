"""How a requestor takes the answers to its presentation contexts: PS3.8 2020, 9.3.3.2 and Table 9-18."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import AAssociateRQ

from ..case import Case, Check, Grade, Level
from ..octets import answer
from . import requestor_checks as checks
from .associate_ac import NO_SYNTAX
from .requestor_build import (
    DISLIKED,
    FREE,
    Make,
    acceptance_of,
    accepted_case,
    contexts_of,
    odd_acceptance,
    syntax_of,
)

CONTEXT_CLAUSE: Final = checks.ANSWER_CLAUSE
RESULTS: Final = (1, 2, 3, 4)
_DATA: Final = checks.within(16384)
_ONE: Final = "only one context is proposed"
_NOTHING: Final = (
    "On a context that is not accepted no data is sent; the user releases or aborts what is of no use to him."
)
_AGREED: Final = "A transfer syntax that was not proposed is not agreed on, and no data set is sent in it."


def _all_rejected(result: int) -> Make:
    return lambda request: acceptance_of(request, contexts_of(request, lambda _: result))


def _bare(result: int) -> Make:
    """Rejected without a transfer syntax, whose value would have no meaning."""
    return lambda request: acceptance_of(
        request, (answer(context.id, result) for context in request.presentation_contexts)
    )


def _rejected() -> tuple[Case, ...]:
    cases: list[Case] = []
    for result in RESULTS:
        for name, what, make in (
            ("", "", _all_rejected(result)),
            (".bare", ", without transfer syntax", _bare(result)),
        ):
            cases.append(
                accepted_case(
                    f"pc.rejected.{result}{name}",
                    f"every context rejected with result {result}{what}",
                    CONTEXT_CLAUSE,
                    _NOTHING,
                    make,
                    readings=odd_acceptance(Grade.PASS, "") if name else DISLIKED,
                    user=FREE,
                    checks=(checks.NO_DATA,),
                )
            )
    return (
        *cases,
        accepted_case(
            "pc.rejected.reserved",
            "every context answered with the reserved result 5",
            CONTEXT_CLAUSE,
            "What is not acceptance (0) is none.",
            _all_rejected(5),
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            checks=(checks.NO_DATA,),
        ),
    )


def _some(last: int, others: int) -> Make:
    def make(request: AAssociateRQ) -> bytes | str:
        count = len(request.presentation_contexts)
        results = contexts_of(request, lambda position: last if position == count - 1 else others)
        return _ONE if count == 1 else acceptance_of(request, results)

    return make


def _missing(request: AAssociateRQ) -> bytes | str:
    contexts = contexts_of(request)
    return _ONE if len(contexts) == 1 else acceptance_of(request, contexts[:-1])


def _partly() -> tuple[Case, ...]:
    return (
        accepted_case(
            "pc.first",
            "every context but the last accepted",
            CONTEXT_CLAUSE,
            _NOTHING,
            _some(3, 0),
            readings=DISLIKED,
            user=FREE,
            checks=_DATA,
        ),
        accepted_case(
            "pc.last",
            "only the last context accepted",
            CONTEXT_CLAUSE,
            _NOTHING,
            _some(0, 3),
            readings=DISLIKED,
            user=FREE,
            checks=_DATA,
        ),
        accepted_case(
            "pc.missing",
            "the last context is not answered",
            CONTEXT_CLAUSE,
            "A context that is not answered is not accepted.",
            _missing,
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            checks=_DATA,
        ),
        accepted_case(
            "pc.none",
            "no context is answered at all",
            CONTEXT_CLAUSE,
            "A context that is not answered is not accepted.",
            lambda request: acceptance_of(request, ()),
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            checks=(checks.NO_DATA,),
        ),
    )


# --- answers that answer nothing --------------------------------------------------------------------------


def _free_id(request: AAssociateRQ) -> int | None:
    taken = {context.id for context in request.presentation_contexts}
    return next((number for number in range(255, 0, -2) if number not in taken), None)


def _extra(request: AAssociateRQ) -> bytes | str:
    number = _free_id(request)
    if number is None:
        return "every context id is proposed"
    syntax = syntax_of(request.presentation_contexts[0])
    return acceptance_of(request, (*contexts_of(request), answer(number, 0, syntax)))


def _only_extra(request: AAssociateRQ) -> bytes | str:
    number = _free_id(request)
    if number is None:
        return "every context id is proposed"
    return acceptance_of(request, (answer(number, 0, syntax_of(request.presentation_contexts[0])),))


def _even(request: AAssociateRQ) -> bytes:
    syntax = syntax_of(request.presentation_contexts[0])
    return acceptance_of(request, (*contexts_of(request), answer(2, 0, syntax), answer(0, 0, syntax)))


def _twice(request: AAssociateRQ) -> bytes:
    rejected = contexts_of(request, lambda _: 3)
    return acceptance_of(request, (*contexts_of(request), *rejected))


Row = tuple[str, str, str, Make, tuple[Check, ...]]
"""Name, title, requirement, the acceptance, and what is checked."""


def _odd_answers(rows: tuple[Row, ...]) -> tuple[Case, ...]:
    return tuple(
        accepted_case(
            f"pc.{name}",
            title,
            CONTEXT_CLAUSE,
            requirement,
            make,
            readings=odd_acceptance(Grade.PASS, ""),
            user=FREE,
            checks=looks,
        )
        for name, title, requirement, make, looks in rows
    )


def _odd() -> tuple[Case, ...]:
    uninvited = "An answer to what was not proposed gives nothing that may be used."
    rows: tuple[Row, ...] = (
        ("extra", "a context accepted that was not proposed, besides the others", uninvited, _extra, _DATA),
        (
            "extra.only",
            "a context accepted that was not proposed, and no other answered",
            uninvited,
            _only_extra,
            (checks.NO_DATA,),
        ),
        ("extra.even", "contexts 0 and 2 accepted, besides those proposed", uninvited, _even, _DATA),
        (
            "twice",
            "every context accepted, and then rejected",
            "Each context has one answer; what a receiver makes of two is not said.",
            _twice,
            (checks.IN_ORDER,),
        ),
    )
    return _odd_answers(rows)


def _odd_syntaxes() -> tuple[Case, ...]:
    rows: tuple[Row, ...] = (
        (
            "syntax.foreign",
            "contexts accepted with a transfer syntax that was not proposed",
            _AGREED,
            lambda request: acceptance_of(
                request, (answer(context.id, 0, NO_SYNTAX) for context in request.presentation_contexts)
            ),
            (checks.AGREED,),
        ),
        (
            "syntax.none",
            "contexts accepted without a transfer syntax",
            _AGREED,
            _bare(0),
            (checks.AGREED,),
        ),
        (
            "syntax.two",
            "contexts accepted with two transfer syntaxes",
            _AGREED,
            lambda request: acceptance_of(
                request,
                (
                    answer(context.id, 0, syntax_of(context), NO_SYNTAX)
                    for context in request.presentation_contexts
                ),
            ),
            (checks.AGREED,),
        ),
        (
            "syntax.empty",
            "contexts accepted with an empty transfer syntax",
            _AGREED,
            lambda request: acceptance_of(
                request, (answer(context.id, 0, "") for context in request.presentation_contexts)
            ),
            (checks.AGREED,),
        ),
    )
    return _odd_answers(rows)


def _other_syntax(request: AAssociateRQ) -> bytes | str:
    contexts = request.presentation_contexts
    if all(len(context.transfer_syntaxes) == 1 for context in contexts):
        return "only one transfer syntax is proposed for each context"
    return acceptance_of(request, (answer(c.id, 0, c.transfer_syntaxes[-1]) for c in contexts))


LAST_SYNTAX: Final = accepted_case(
    "pc.syntax.last",
    "contexts accepted with the last of their transfer syntaxes",
    CONTEXT_CLAUSE,
    "Any transfer syntax that was proposed may be chosen.",
    _other_syntax,
    readings=DISLIKED,
    # A user may have nothing to send in it.
    user=FREE,
    level=Level.SHOULD,
    checks=(*_DATA, checks.AGREED),
)

CASES: Final[tuple[Case, ...]] = (*_rejected(), *_partly(), *_odd(), *_odd_syntaxes(), LAST_SYNTAX)
