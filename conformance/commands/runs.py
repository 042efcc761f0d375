"""What `dicomnet test` does once the command line is read: run the suite, and say what it was to repeat a case."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace

from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    Settings,
    TcpTransport,
    Transport,
)

from ..case import Case
from ..faults import own_fault
from ..session import SANITY, CaseStarted, Emit, Event, Options, Report, Session
from ..verdict import Result

CALLED, CALLING = "ANY-SCP", "DICOMNET"
EMBEDDED = "the embedded reference acceptor"
# The embedded acceptor's ARTIM on real sockets, so that its expiry is seen within the first command's minute.
EMBEDDED_ARTIM = 3.0
IDLE_FACTOR = 1.5
# It answers within a millisecond.
EMBEDDED_QUIET = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line asks for. `given` are options that decide how a case goes, as they were written."""

    address: Address | None
    called: str
    calling: str
    depth: int
    options: Options
    given: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """Who is tested, in words."""
        return EMBEDDED if self.address is None else str(self.address)

    def repeat(self, *ids: str) -> str:
        """The command that repeats these cases."""
        words = ["dicomnet", "test"]
        if self.address is not None:
            words += [str(self.address)]
        if self.address is not None or (self.called, self.calling) != (CALLED, CALLING):
            words += ["--called-aet", self.called, "--calling-aet", self.calling]
        if self.depth:
            words += ["--depth", str(self.depth)]
        words += self.given
        for case_id in ids:
            words += ["--select", case_id]
        return shlex.join(words)


class CarefulTcp(TcpTransport):
    """A fault of our own in a callback ends the run; asyncio would log it and leave the case to hang."""

    _fault: Exception | None = None

    def turn(self, callback: Callable[[], None]) -> None:
        """See `TcpTransport.turn`."""
        try:
            super().turn(callback)
        except Exception as error:  # noqa: BLE001 - it is raised again by `run`
            self._fault = error
            self.loop.stop()

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """See `Transport.run`."""
        over = super().run(done, limit)
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        return over


class Teller:
    """Passes events on, and keeps which case is running: the one to name when the tester itself fails."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.case = SANITY

    def __call__(self, event: Event) -> None:
        """Pass the event on."""
        if isinstance(event, CaseStarted):
            self.case = event.case
        self._emit(event)

    def own_fault(self, error: Exception) -> Result:
        """The verdict for a fault of the tester outside any case: it is named after the one that ran last."""
        return own_fault(self.case, "-", error)


def run_suite(choice: Choice, cases: tuple[Case, ...], report: Report, emit: Emit) -> None:
    """Run the cases against the target; without one, on each carrier against the embedded acceptor."""
    if choice.address is not None:
        tcp = CarefulTcp()
        try:
            session = Session(tcp, choice.address, choice.called, choice.calling, choice.options, emit, "tcp")
            session.run(cases, report)
        finally:
            tcp.end()
        return
    embedded: tuple[tuple[str, Transport, float, float], ...] = (
        ("memory", MemoryTransport(), 0.0, 30.0),
        ("memory, user answers after 1 s", MemoryTransport(), 1.0, 30.0),
        ("tcp", CarefulTcp(), 0.0, EMBEDDED_ARTIM),
    )
    for label, carrier, answer_after, artim in embedded:
        _run_embedded(choice, cases, report, emit, label, carrier, answer_after, artim)


def _run_embedded(
    choice: Choice,
    cases: tuple[Case, ...],
    report: Report,
    emit: Emit,
    label: str,
    carrier: Transport,
    answer_after: float,
    artim: float,
) -> None:
    policy = Policy(aet=choice.called)
    acceptor = ReferenceAcceptor(carrier, policy, Settings(artim=artim), answer_after=answer_after)
    options = replace(choice.options, idle=IDLE_FACTOR * artim, quiet=EMBEDDED_QUIET)
    try:
        address = acceptor.listen(Address("", 0), 64)
        session = Session(carrier, address, choice.called, choice.calling, options, emit, label)
        session.run(cases, report)
    finally:
        acceptor.close()
        carrier.end()
