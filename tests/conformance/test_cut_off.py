"""A target whose last words break off: by its end it has said half a PDU, by a reset they may have been lost."""

from __future__ import annotations

import pytest

from dicomnet.conformance import Options, Report, Session, Verdict, all_cases
from dicomnet.statemachine import AAbort, encode
from dicomnet.transports import MemoryTransport

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Connection

HALF = encode(AAbort(2, 2))[:6]


class Half(PlainAcceptor):
    """Says half an A-ABORT, and ends the connection."""

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        at.link.send(HALF)
        at.link.close()


class HalfAndReset(PlainAcceptor):
    """Says half an A-ABORT, and resets the connection."""

    def send_abort(self, at: Connection, source: int, reason: int) -> None:
        at.link.send(HALF)
        at.link.reset()


@pytest.mark.parametrize(("kind", "verdict"), [(Half, Verdict.FAIL), (HalfAndReset, Verdict.INCONCLUSIVE)])
def test_half_a_pdu_before_the_end(kind: type[PlainAcceptor], verdict: Verdict) -> None:
    carrier = MemoryTransport()
    acceptor = kind(carrier, aet="ZOO")
    report = Report("half")
    case = next(case for case in all_cases() if case.id == "ul.sta6.evt3")
    Session(carrier, acceptor.address, "ZOO", "DICOMNET", Options(), lambda _event: None, "memory").run(
        (case,), report
    )
    (result,) = report.results
    assert result.verdict is verdict
    assert result.observed.startswith("closed inside a PDU, after 6 octets of it")
    assert ("may be lost" in result.observed) is (verdict is Verdict.INCONCLUSIVE)
