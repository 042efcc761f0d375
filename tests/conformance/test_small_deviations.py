"""Deviations that hurt few: each is seen, none is called a failure, and what is sound is not blamed."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dicomnet.conformance import Result, Verdict

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Codes, Connection
from .targets import judge


def assert_not_strict(result: Result, words: str) -> None:
    """It is said, and it is no failure."""
    assert result.verdict is Verdict.NON_STRICT, (result.verdict, result.observed)
    assert words in " ".join((result.observed, *result.notes))


# --- how an unknown protocol version is rejected ----------------------------------------------------------


class VersionRejectedAs(PlainAcceptor):
    """Rejects an unknown protocol version with these codes."""

    codes: ClassVar[Codes]

    def send_reject(self, at: Connection, codes: Codes) -> None:
        super().send_reject(at, self.codes if codes == (1, 2, 2) else codes)


def rejecting(*codes: int) -> type[PlainAcceptor]:
    return type("Rejecting", (VersionRejectedAs,), {"codes": codes})


@pytest.mark.parametrize("case_id", ["rq.version.0000", "ul.sta2.evt6.version"])
@pytest.mark.parametrize("codes", [(1, 2, 1), (2, 2, 2), (2, 2, 1)])
def test_another_reason_of_the_provider_is_not_strict(codes: Codes, case_id: str) -> None:
    words = f"rejected with {'/'.join(map(str, codes))} where 1/2/2"
    assert_not_strict(judge(rejecting(*codes), case_id), words)


@pytest.mark.parametrize("codes", [(1, 1, 2), (1, 3, 1), (1, 2, 3), (3, 2, 2)])
def test_another_source_or_a_reserved_reason_is_a_failure(codes: Codes) -> None:
    assert judge(rejecting(*codes), "rq.version.0000").verdict is Verdict.FAIL
