"""Targets in memory, judged by single cases on virtual time."""

from __future__ import annotations

from dicomnet.conformance import Case, Event, Options, Report, Result, Session, all_cases, choose
from dicomnet.transports import MemoryTransport

from ..zoo import PlainAcceptor

CALLED, CALLING = "ZOO", "TESTER"


def case_of(case_id: str) -> Case:
    (case,) = choose(all_cases(), (case_id,), quick=False)
    return case


def session(
    kind: type[PlainAcceptor], *patterns: str, options: Options | None = None
) -> tuple[Report, PlainAcceptor, list[Event]]:
    """Run the cases that fit against this acceptor: the report, the acceptor, and what was told meanwhile."""
    carrier = MemoryTransport()
    target = kind(carrier, CALLED)
    events: list[Event] = []
    report = Report("target")
    cases = choose(all_cases(), patterns, quick=False)
    Session(carrier, target.address, CALLED, CALLING, options or Options(), events.append, "memory").run(
        cases, report
    )
    return report, target, events


def judge(kind: type[PlainAcceptor], case_id: str, options: Options | None = None) -> Result:
    """The verdict of one case on this acceptor."""
    report, _, _ = session(kind, case_id, options=options)
    (result,) = report.results
    return result
