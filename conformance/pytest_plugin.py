"""The pytest plugin: the suite as pytest items, one for each case, and peers as fixtures.

    pytest --dicomnet-target 127.0.0.1:11112 --dicomnet-called-aet STORESCP -m dicomnet

A *fail* fails, as does an *inconclusive* MUST and an *error*; *non-strict* and *informational* pass and are told in the
section `dicomnet`; *not-applicable*, *unsupported* and what else is inconclusive are skipped with the reason; what a
baseline expects is xfailed with its reason. All items belong to one session: where the target cannot be tested at
all, each is an error that says why.

Needs pytest (`pip install dicomnet[pytest]`), which finds the plugin by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
import pytest

from dicomnet.statemachine import SecurityError
from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    Settings,
    TcpTransport,
    TlsSettings,
    Transport,
    tls_profile,
)

from .baseline import NO_BASELINE, Baseline, BaselineError, Standing, read_baseline
from .bench import Options
from .case import Case
from .commands.options import ADDRESS, AET
from .commands.runs import CALLED, CALLING, Choice
from .commands.tls_options import made_of
from .reports import in_full, printable, reason
from .scripted import SECONDS, ScriptedAcceptor, ScriptedPeer, scripted_requestor
from .session import Report
from .suite import all_cases, choose
from .threads import Echo, RunningAcceptor, Serve, SuiteInThread, send_echo, serving
from .verdict import Result, Verdict

__all__ = [
    "Echo",
    "RunningAcceptor",
    "Serve",
    "dicomnet_acceptor",
    "dicomnet_echo",
    "dicomnet_memory",
    "dicomnet_scripted_acceptor",
    "dicomnet_scripted_requestor",
    "dicomnet_serve",
]

NAME = "dicomnet"
TOLD = (Verdict.NON_STRICT, Verdict.INFORMATIONAL)
SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.UNSUPPORTED)


TLS_FILES = {
    "ca": "The authorities that are trusted, PEM; without it those of the system.",
    "cert": "The tester's own certificate and its chain, PEM.",
    "key": "Its key, PEM; the password of an encrypted one is taken from DICOMNET_TLS_KEY_PASSWORD.",
}


@dataclass(slots=True)
class _Run:
    """What the options ask for, and the one session that judges."""

    choice: Choice
    cases: tuple[Case, ...]
    baseline: Baseline
    suite: SuiteInThread | None = None


_RUN = pytest.StashKey[_Run]()
T = TypeVar("T")


# --- options ----------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; without a target there are no items."""
    group = parser.getgroup(NAME, "DICOM conformance")
    group.addoption(
        "--dicomnet-target", metavar="HOST:PORT", help="Judge the acceptor there, one item for each case."
    )
    group.addoption(
        "--dicomnet-called-aet", metavar="AET", default=CALLED, help="AE title of the target (%(default)s)."
    )
    group.addoption(
        "--dicomnet-calling-aet",
        metavar="AET",
        default=CALLING,
        help="AE title of the tester (%(default)s).",
    )
    group.addoption(
        "--dicomnet-select",
        metavar="GLOB",
        action="append",
        default=[],
        help="Only cases whose id fits; may be repeated.",
    )
    group.addoption(
        "--dicomnet-quick", action="store_true", help="Leave out the cases that wait for long timers."
    )
    group.addoption("--dicomnet-baseline", metavar="FILE", help="Deviations that are expected.")
    group.addoption("--dicomnet-tls", action="store_true", help="Judge it over TLS, and its TLS as well.")
    for name, text in TLS_FILES.items():
        group.addoption(f"--dicomnet-tls-{name}", metavar="FILE", help=text)
    group.addoption(
        "--dicomnet-tls-profile", metavar="NAME", help="A TLS profile: dicomnet table tls-profiles."
    )
    group.addoption(
        "--dicomnet-tls-server-name", metavar="NAME", help="The name in its certificate, if not its HOST."
    )
    group.addoption("--dicomnet-tls-no-verify", action="store_true", help="Do not check its certificate.")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options. Raises `pytest.UsageError`, which says what is wrong with which."""
    config.addinivalue_line("markers", "dicomnet: a case of dicomnet's suite (--dicomnet-target)")
    if config.getoption("dicomnet_target") is None:
        return
    if config.getoption("tx", None) or hasattr(config, "workerinput"):
        raise pytest.UsageError(
            "--dicomnet-target: the cases share one session, so that none disturbs another: run them with -n 0"
        )
    config.stash[_RUN] = _read(config)


def _read(config: pytest.Config) -> _Run:
    selected: list[str] = config.getoption("dicomnet_select") or []
    patterns = tuple(selected)
    tls = _tls(config)
    cases = all_cases(profile=None if tls is None else tls_profile(tls.profile))
    for pattern in patterns:
        if not choose(cases, (pattern,), quick=False):
            raise pytest.UsageError(f"--dicomnet-select: no case fits {pattern!r}; see dicomnet test --list")
    cases = choose(cases, patterns, quick=bool(config.getoption("dicomnet_quick")))
    choice = Choice(
        _checked(config, "target", ADDRESS),
        _checked(config, "called-aet", AET),
        _checked(config, "calling-aet", AET),
        0,
        Options(),
        tls=tls,
    )
    file: str | None = config.getoption("dicomnet_baseline")
    try:
        baseline = NO_BASELINE if file is None else read_baseline(Path(file))
    except BaselineError as error:
        raise pytest.UsageError(f"--dicomnet-baseline: {error}") from error
    # Those that wait for long timers are judged side by side, after the others.
    return _Run(choice, tuple(sorted(cases, key=lambda case: case.slow)), baseline)


def _tls(config: pytest.Config) -> TlsSettings | None:
    """What the options of TLS make; None without it."""
    names = (*(f"tls_{name}" for name in TLS_FILES), "tls_profile", "tls_server_name", "tls_no_verify")
    given = {name: config.getoption(f"dicomnet_{name}") for name in names}
    if not config.getoption("dicomnet_tls"):
        used = [f"--dicomnet-{name.replace('_', '-')}" for name, value in given.items() if value]
        if used:
            raise pytest.UsageError(f"without --dicomnet-tls there is no TLS: leave {', '.join(used)} out")
        return None
    if given["tls_key"] and not given["tls_cert"]:
        raise pytest.UsageError("--dicomnet-tls-key is the key of --dicomnet-tls-cert: add it")
    try:
        return made_of(given, acceptor=False)[0]
    except SecurityError as error:
        raise pytest.UsageError(f"--dicomnet-tls: {error.message}") from error


def _checked(config: pytest.Config, option: str, kind: click.ParamType[T]) -> T:
    value = config.getoption(f"dicomnet_{option.replace('-', '_')}")
    try:
        converted: T = kind.convert(value, None, None)
    except click.UsageError as error:
        raise pytest.UsageError(f"--dicomnet-{option}: {error.message}") from error
    return converted


# --- items ------------------------------------------------------------------------------------------------


class CaseItem(pytest.Item):
    """One case of the suite."""

    case: Case
    run: _Run

    def setup(self) -> None:
        """Begin the session, with the cases that are left of all; where the target cannot be tested, an error."""
        run = self.run
        if run.suite is None:
            chosen = {item.case.id for item in self.session.items if isinstance(item, CaseItem)}
            run.suite = SuiteInThread(run.choice, tuple(case for case in run.cases if case.id in chosen))
        why = run.suite.begin()
        if why:
            pytest.fail(f"could not test: {why}", pytrace=False)

    def runtest(self) -> None:
        """Go on to this case's verdict, and pass, fail, skip or xfail by it."""
        suite = self.run.suite
        assert suite is not None
        result = suite.result(self.case.id)
        if result is None:
            pytest.fail(f"could not test: {suite.fault or 'the suite ended before this case'}", pytrace=False)
        self._conclude(result)

    def _conclude(self, result: Result) -> None:
        compared = self.run.baseline.compare(Report("", [result]))
        standing = compared.words(result)
        full = in_full(result, self.run.choice.repeat, standing)
        self.user_properties.append(("verdict", result.verdict.value))
        open_must = result.verdict is Verdict.INCONCLUSIVE and result.case.level.value == "MUST"
        if compared.is_(result, Standing.EXPECTED):
            self.add_report_section("call", NAME, full)
            pytest.xfail(f"{result.verdict.value}, {standing}")
        if standing or open_must or result.verdict in (Verdict.FAIL, Verdict.ERROR):
            pytest.fail(full, pytrace=False)
        if result.verdict in (*SKIPPED, Verdict.INCONCLUSIVE):
            pytest.skip(f"{result.verdict.value}: {reason(result)}")
        if result.verdict in TOLD:
            self.add_report_section("call", NAME, full)

    def reportinfo(self) -> tuple[str, None, str]:
        """A case stands in no file. The last are the words above a failure."""
        return NAME, None, f"{self.case.id}: {self.case.title}"


class Suite(pytest.Collector):
    """The cases that the options choose."""

    run: _Run

    def collect(self) -> Iterator[CaseItem]:
        """One item for each."""
        for case in self.run.cases:
            item: CaseItem = CaseItem.from_parent(self, name=case.id)  # pyright: ignore[reportUnknownMemberType]
            item.case, item.run = case, self.run
            item.add_marker(NAME)
            yield item


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Put the suite's items behind the others, before -k and -m choose."""
    run = config.stash.get(_RUN, None)
    if run is not None:
        suite: Suite = Suite.from_parent(session, name=NAME, nodeid=NAME)  # pyright: ignore[reportUnknownMemberType]
        suite.run = run
        items.extend(session.genitems(suite))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what -x or an interruption has left."""
    run = session.config.stash.get(_RUN, None)
    if run is not None and run.suite is not None:
        run.suite.stop()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """How many cases have which verdict, and what else is worth telling of the target."""
    run = config.stash.get(_RUN, None)
    if run is None or run.suite is None:
        return
    report = run.suite.report
    counts = Counter(result.verdict for result in report.results)
    terminalreporter.section(f"{NAME}: {run.choice.target}")
    for remark in report.remarks:
        terminalreporter.line(printable(remark))
    terminalreporter.line(
        ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    )


# --- peers ------------------------------------------------------------------------------------------------


@pytest.fixture
def dicomnet_serve() -> Generator[Serve]:
    """Start reference acceptors: `dicomnet_serve(policy, settings, answer_after=, carrier=)`.

    Each gives a `RunningAcceptor`, on a free port of the loopback and in a thread, or on `carrier` without one (then
    it serves while the carrier runs); each is ended with the test. `answer_after` is in seconds.
    """
    with ExitStack() as stack:

        def serve(
            policy: Policy | None = None,
            settings: Settings | None = None,
            *,
            answer_after: float = 0.0,
            carrier: Transport | None = None,
        ) -> RunningAcceptor:
            return stack.enter_context(serving(policy, settings, answer_after=answer_after, carrier=carrier))

        yield serve


@pytest.fixture
def dicomnet_acceptor(dicomnet_serve: Serve) -> RunningAcceptor:
    """A reference acceptor (Verification SCP, any AE title) on a free port of the loopback, ended with the test."""
    return dicomnet_serve()


@pytest.fixture
def dicomnet_echo() -> Echo:
    """Send a C-ECHO: `dicomnet_echo(address, called_aet, calling_aet, timeout=, carrier=)` gives an `EchoResult`."""
    return send_echo


@pytest.fixture
def dicomnet_scripted_acceptor() -> Generator[Callable[..., ScriptedAcceptor]]:
    """Start acceptors that do what the test says: `dicomnet_scripted_acceptor(carrier=, address=, timeout=)`.

    Each gives a `ScriptedAcceptor`, on a free port of the loopback or on `carrier`; it is closed with the test.
    """
    with ExitStack() as stack:

        def start(
            carrier: Transport | None = None, address: Address | None = None, timeout: float = SECONDS
        ) -> ScriptedAcceptor:
            return stack.enter_context(ScriptedAcceptor(carrier, address, timeout))

        yield start


@pytest.fixture
def dicomnet_scripted_requestor() -> Generator[Callable[..., ScriptedPeer]]:
    """Connect to what is tested: `dicomnet_scripted_requestor(address, carrier=, timeout=)` gives a `ScriptedPeer`.

    Without `carrier` it is over TCP; `address` is an `Address` or "HOST:PORT". It is closed with the test.
    """
    with ExitStack() as stack:

        def connect(
            address: Address | str, carrier: Transport | None = None, timeout: float = SECONDS
        ) -> ScriptedPeer:
            if carrier is None:
                carrier = TcpTransport()
                stack.callback(carrier.end)
            where = address if isinstance(address, Address) else ADDRESS.convert(address, None, None)
            peer = scripted_requestor(where, carrier, timeout)
            stack.callback(peer.close)
            return peer

        yield connect


@pytest.fixture
def dicomnet_memory() -> Generator[MemoryTransport]:
    """A network in memory with virtual time, for `dicomnet_serve(carrier=)` and `dicomnet_echo(carrier=)`."""
    carrier = MemoryTransport()
    yield carrier
    carrier.end()
