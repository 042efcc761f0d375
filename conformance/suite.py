"""The suite: every case there is, and how some of them are chosen."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from dicomnet.statemachine import TlsProfile

from . import requestor
from .case import Case
from .cases import BY_HAND
from .cases.tls import tls_cases
from .generate import generated


def all_cases(depth: int = 0, profile: TlsProfile | None = None, role: str = "acceptor") -> tuple[Case, ...]:
    """The generated cases, then those written by hand, for a target of this role; the order is the order of running.

    With a `profile` the target is reached over TLS, and those that judge an acceptor's TLS come last.
    """
    if role == "requestor":
        return requestor.generated(depth)
    return (*generated(depth), *BY_HAND, *(tls_cases(profile) if profile is not None else ()))


def choose(cases: Iterable[Case], patterns: tuple[str, ...], *, quick: bool) -> tuple[Case, ...]:
    """The cases whose id fits one of the patterns (all, where there is none), without long timers for `quick`."""
    return tuple(
        case
        for case in cases
        if not (quick and case.slow)
        and (not patterns or any(fnmatch.fnmatchcase(case.id, pattern) for pattern in patterns))
    )


def distinct(cases: Iterable[Case]) -> int:
    """How many cases there are when those with the same clause, state and kind of stimulus count once."""
    return len({(case.clause, case.cell, _stimulus(case)) for case in cases})


def _stimulus(case: Case) -> str:
    # Sta13 is reached in several ways; the cell and what is sent in it are the same.
    return case.kind.rsplit(".", 1)[-1] if case.cell is not None else case.kind or case.id
