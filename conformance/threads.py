"""What runs beside a test runner, which has the main thread: a suite that goes on when asked, and an acceptor.

The library itself has no threads. A test runner asks for one case after the other, while a session runs from its
beginning to its end; so the session waits, between two events, in a thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Protocol

from dicomnet.transports import (
    Address,
    EchoResult,
    Policy,
    ReferenceAcceptor,
    ReferenceRequestor,
    Settings,
    TcpTransport,
    Transport,
)

from .bench import SANITY
from .case import Case
from .commands.interruption import Interruption
from .commands.runs import CALLED, CALLING, Choice, Teller, run_suite
from .session import CaseFinished, CaseStarted, Event, Report
from .verdict import Result

BACKLOG = 64
# How long a thread may take to end once it was asked to; it is left alone then, and ends with the process.
END_SECONDS = 10.0
MARGIN = 1.0


class SuiteInThread:
    """A session that goes on only while somebody waits for a result."""

    def __init__(self, choice: Choice, cases: tuple[Case, ...]) -> None:
        self.report = Report(choice.target)
        self._choice = choice
        self._cases = cases
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._go = threading.Semaphore(0)
        self._interruption = Interruption()
        # Held back it would be a process that does not end; its waits are bounded all the same.
        self._thread = threading.Thread(target=self._run, name="dicomnet suite", daemon=True)
        self._results: dict[str, Result] = {}
        self._begun = self._over = False
        self.fault = ""

    def begin(self) -> str:
        """Try whether the target can be tested, once; gives why not, "" where it can."""
        while not (self._begun or self._over):
            self._begun = isinstance(self._advance(), CaseStarted)
        if self._begun:
            return ""
        sanity = self._results.get(SANITY.id)
        return self.report.blamed or self.fault or (sanity.observed if sanity else "nothing was run")

    def result(self, case_id: str) -> Result | None:
        """Go on until this case has its verdict; None where the suite ended without one (see `fault`)."""
        while case_id not in self._results and not self._over:
            self._advance()
        return self._results.get(case_id)

    def stop(self) -> None:
        """End the session where it is, with its connections, and wait for that in bounded time."""
        if not self._thread.is_alive():
            return
        with suppress(RuntimeError):  # the loop may have ended meanwhile
            self._interruption.ask()
        self._go.release()
        self._thread.join(END_SECONDS)

    def _advance(self) -> Event | None:
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        event = self._events.get()
        self._over = event is None
        if isinstance(event, CaseFinished):
            self._results[event.result.case.id] = event.result
        return event

    def _run(self) -> None:
        teller = Teller(self._emit, self._interruption)
        try:
            run_suite(self._choice, self._cases, self.report, teller, self._interruption)
        except KeyboardInterrupt:
            self.report.interrupted = True
        except Exception as error:  # noqa: BLE001 - a fault of our own is a verdict too
            result = teller.own_fault(error)
            self.report.results.append(result)
            self.fault = result.observed
        finally:
            self._events.put(None)

    def _emit(self, event: Event) -> None:
        self._events.put(event)
        self._go.acquire()
        self._interruption.check()


@dataclass(frozen=True, slots=True)
class RunningAcceptor:
    """A reference acceptor that serves: where, as whom (None: it answers to any AE title), and what it logged."""

    address: Address
    aet: str | None = None
    log: list[str] = field(default_factory=list[str])

    @property
    def host(self) -> str:
        """Where it listens."""
        return self.address.host or "127.0.0.1"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.address.port


@contextmanager
def serving(
    policy: Policy | None = None,
    settings: Settings | None = None,
    *,
    answer_after: float = 0.0,
    carrier: Transport | None = None,
) -> Generator[RunningAcceptor]:
    """The reference acceptor while the block lasts: on a free port of the loopback, in a thread.

    On a `carrier` of the caller's it has no thread: it serves while the caller runs the carrier. `answer_after`
    (seconds) delays whatever its user answers.
    """
    policy = policy or Policy()
    log: list[str] = []
    own = TcpTransport()
    used = own if carrier is None else carrier
    acceptor = ReferenceAcceptor(used, policy, settings, answer_after=answer_after, log=log.append)
    try:
        address = acceptor.listen(Address(None, 0), BACKLOG)
        running = RunningAcceptor(address, policy.aet, log)
        with _turning(own) if carrier is None else nullcontext():
            yield running
    finally:
        acceptor.close()
        own.end()


@contextmanager
def _turning(carrier: TcpTransport) -> Generator[None]:
    """The carrier runs in a thread while the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=carrier.run, args=(stop.is_set,), name="dicomnet acceptor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        carrier.loop.call_soon_threadsafe(carrier.turn, _nothing)
        thread.join(END_SECONDS)


def _nothing() -> None:
    """A turn in which the carrier sees that it is to stop."""


def send_echo(
    address: Address,
    called_aet: str = CALLED,
    calling_aet: str = CALLING,
    *,
    timeout: float = 10.0,
    carrier: Transport | None = None,
) -> EchoResult:
    """Associate, C-ECHO, release; within `timeout` seconds. On TCP, or on a carrier of the caller's."""
    own: Transport = TcpTransport() if carrier is None else carrier
    try:
        requestor = ReferenceRequestor(own, address, called_aet, calling_aet, timeout=timeout)
        own.run(lambda: requestor.result.done, timeout + MARGIN)
        return requestor.result
    finally:
        if carrier is None:
            own.end()


class Serve(Protocol):
    """Starts a reference acceptor, which ends with the test; see `serving`."""

    def __call__(
        self,
        policy: Policy | None = None,
        settings: Settings | None = None,
        *,
        answer_after: float = 0.0,
        carrier: Transport | None = None,
    ) -> RunningAcceptor:
        """Start one."""
        ...


class Echo(Protocol):
    """Sends one C-ECHO; see `send_echo`."""

    def __call__(
        self,
        address: Address,
        called_aet: str = CALLED,
        calling_aet: str = CALLING,
        *,
        timeout: float = 10.0,
        carrier: Transport | None = None,
    ) -> EchoResult:
        """Send it."""
        ...
