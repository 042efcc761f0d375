"""What `dicomnet test` does once the command line is read: run the suite, and say what it was to repeat a case."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from dicomnet.transports import (
    Address,
    Failed,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    Secured,
    Settings,
    TcpTransport,
    Tls,
    TlsSettings,
    TlsTransport,
    Transport,
)

from ..bench import SANITY, Options
from ..caller import ByHand, Reception, Trigger
from ..case import Case
from ..faults import own_fault
from ..security import TlsTarget
from ..session import CaseStarted, Emit, Event, Remark, Report, Session
from ..target import Caller
from ..tls_contexts import TlsContexts
from ..verdict import Result
from .called import Requestor, words_of_target
from .interruption import Interruption

CALLED, CALLING = "ANY-SCP", "DICOMNET"
EMBEDDED = "the embedded reference acceptor"
# The embedded acceptor's ARTIM on real sockets, so that its expiry is seen within the first command's minute.
EMBEDDED_ARTIM = 3.0
IDLE_FACTOR = 1.5
# A handshake has no bound of its own here: the case that connects has one.
NO_END = 86_400.0
# It answers within a millisecond.
EMBEDDED_QUIET = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line asks for. `given` are options that decide how a case goes, as they were written.

    `expired` is `tls` with a client certificate that has expired.
    """

    address: Address | None
    called: str
    calling: str
    depth: int
    options: Options
    given: tuple[str, ...] = ()
    tls: TlsSettings | None = None
    expired: TlsSettings | None = None
    requestor: Requestor | None = None

    @property
    def role(self) -> str:
        """Which end of the association is tested."""
        return "acceptor" if self.requestor is None else "requestor"

    @property
    def target(self) -> str:
        """Who is tested, in words."""
        if self.requestor is not None:
            return self.requestor.name
        return EMBEDDED if self.address is None else str(self.address)

    def command(self, patterns: tuple[str, ...], *, quick: bool) -> str:
        """The command of the whole run, without the reports that it writes."""
        return replace(self, given=(*self.given, *(["--quick"] if quick else []))).repeat(*patterns)

    def repeat(self, *ids: str) -> str:
        """The command that repeats these cases."""
        titles = self.called, self.calling
        embedded = self.requestor is None and self.address is None and titles == (CALLED, CALLING)
        target, behind = ([], []) if embedded else words_of_target(self.address, self.requestor, titles)
        words = ["dicomnet", "test", *target]
        if self.depth:
            words += ["--depth", str(self.depth)]
        words += self.given
        for case_id in ids:
            words += ["--select", case_id]
        return shlex.join([*words, *behind])


class CarefulTcp(TcpTransport):
    """A fault of our own in a callback ends the run; asyncio would log it and leave the case to hang.

    So does an interruption, between two turns. What arrives is acknowledged at once, so that a target whose answers
    are sent in pieces is not held up by our own system and taken for slow.
    """

    def __init__(self, interruption: Interruption) -> None:
        super().__init__(quick_ack=True)
        self._interruption = interruption
        self._fault: Exception | None = None

    def turn(self, callback: Callable[[], None]) -> None:
        """See `TcpTransport.turn`."""
        try:
            super().turn(callback)
        except Exception as error:  # noqa: BLE001 - it is raised again by `run`
            self._fault = error
            self.loop.stop()

    def run(self, done: Callable[[], bool], limit: float | None = None) -> bool:
        """See `Transport.run`."""
        self._interruption.wake_with(lambda: self.loop.call_soon_threadsafe(self.loop.stop))
        try:
            self._interruption.check()
            over = super().run(done, limit)
            self._interruption.check()
        finally:
            self._interruption.wake_with(None)
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        return over


class Teller:
    """Passes events on, and keeps which case is running: the one to name when the tester itself fails."""

    def __init__(self, emit: Emit, interruption: Interruption) -> None:
        self._emit = emit
        self._interruption = interruption
        self.case = SANITY

    def __call__(self, event: Event) -> None:
        """Pass the event on; between two events a run may be interrupted."""
        self._interruption.check()
        if isinstance(event, CaseStarted):
            self.case = event.case
        self._emit(event)

    def own_fault(self, error: Exception) -> Result:
        """The verdict for a fault of the tester outside any case: it is named after the one that ran last."""
        return own_fault(self.case, "-", error)


def run_suite(
    choice: Choice, cases: tuple[Case, ...], report: Report, emit: Emit, interruption: Interruption
) -> None:
    """Run the cases against the target; without one, on each carrier against the embedded acceptor."""
    if choice.requestor is not None:
        _run_called(choice, choice.requestor, cases, report, emit, interruption)
        return
    if choice.address is not None:
        tcp = CarefulTcp(interruption)
        try:
            _judge(choice, choice.address, tcp, choice.options, "tcp", cases, report, emit)
        finally:
            tcp.end()
        return
    if choice.tls is not None:
        with TemporaryDirectory() as directory:
            acceptor, tester = _throw_away(Path(directory), choice.tls.profile)
            _run_all_embedded(replace(choice, tls=tester), cases, report, emit, interruption, acceptor)
    else:
        _run_all_embedded(choice, cases, report, emit, interruption)


def _run_called(
    choice: Choice,
    requestor: Requestor,
    cases: tuple[Case, ...],
    report: Report,
    emit: Emit,
    interruption: Interruption,
) -> None:
    """Wait for the requestor, which a command starts, or somebody."""
    tcp = CarefulTcp(interruption)
    command = requestor.command()

    def ask(address: Address) -> None:
        emit(Remark(f"waiting on {address} for the requestor to call"))

    try:
        trigger = command or ByHand(ask)
        _judge(choice, requestor.listen, tcp, choice.options, "tcp", cases, report, emit, trigger)
    finally:
        if command is not None:
            command.close()
        tcp.end()


def _judge(
    choice: Choice,
    address: Address,
    carrier: Transport,
    options: Options,
    label: str,
    cases: tuple[Case, ...],
    report: Report,
    emit: Emit,
    trigger: Trigger | None = None,
) -> None:
    """One session, over TLS where that is asked for; `trigger` makes a requestor call."""
    over, below, caller = reached(choice.tls, carrier, address, trigger, choice.expired)
    label = label if below is None else f"{label}, TLS"
    names = (choice.called, choice.calling, options, emit)
    Session(over, address, *names, label, below, caller).run(cases, report)


def reached(
    tls: TlsSettings | None,
    carrier: Transport,
    address: Address,
    trigger: Trigger | None = None,
    expired: TlsSettings | None = None,
) -> tuple[Transport, TlsTarget | None, Caller | None]:
    """What a target is reached by: the carrier, what is below it where that is TLS, and what makes a requestor call.

    `expired` is `tls` with a client certificate that has expired.
    """
    over, below = carrier, None
    if tls is not None:
        seen: list[Secured | Failed] = []
        over = TlsTransport(carrier, Tls(tls), handshake=NO_END, look=seen.append)
        contexts = TlsContexts(tls, address.host, expired)
        below = TlsTarget(carrier, contexts, lambda: seen[-1] if seen else None)
    return over, below, None if trigger is None else Reception(over, address, trigger)


def _throw_away(directory: Path, profile: str) -> tuple[TlsSettings, TlsSettings]:
    """The settings of the embedded acceptor and of the tester, with certificates that live as long as the run."""
    from ..throwaway import Authority

    authority = Authority()
    files = {
        "server": authority.issue("embedded acceptor", "server", ("localhost", "127.0.0.1", "::1")),
        "client": authority.issue("tester", "client"),
    }
    (directory / "ca.pem").write_bytes(authority.certificate)
    made: list[TlsSettings] = []
    for name, issued in files.items():
        certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
        certificate.write_bytes(issued.certificate)
        key.write_bytes(issued.key)
        made.append(TlsSettings(certificate, key, directory / "ca.pem", profile=profile))
    return made[0], made[1]


def _run_all_embedded(
    choice: Choice,
    cases: tuple[Case, ...],
    report: Report,
    emit: Emit,
    interruption: Interruption,
    tls: TlsSettings | None = None,
) -> None:
    # Each carrier is made when its turn comes: an interruption before leaves nothing open.
    embedded: tuple[tuple[str, Callable[[], Transport], float, float], ...] = (
        ("memory", MemoryTransport, 0.0, 30.0),
        ("memory, user answers after 1 s", MemoryTransport, 1.0, 30.0),
        ("tcp", partial(CarefulTcp, interruption), 0.0, EMBEDDED_ARTIM),
    )
    for label, make, answer_after, artim in embedded:
        _run_embedded(choice, cases, report, emit, label, make(), answer_after, artim, tls)


def _run_embedded(
    choice: Choice,
    cases: tuple[Case, ...],
    report: Report,
    emit: Emit,
    label: str,
    carrier: Transport,
    answer_after: float,
    artim: float,
    tls: TlsSettings | None,
) -> None:
    policy = Policy(aet=choice.called)
    security = None if tls is None else Tls(tls)
    acceptor = ReferenceAcceptor(
        carrier, policy, Settings(artim=artim), answer_after=answer_after, security=security
    )
    options = replace(choice.options, idle=IDLE_FACTOR * artim, quiet=EMBEDDED_QUIET)
    try:
        address = acceptor.listen(Address("", 0), 64)
        _judge(choice, address, carrier, options, label, cases, report, emit)
    finally:
        acceptor.close()
        carrier.end()
