"""An interruption at any moment: exit code 130, what was learned is written, and nothing but that is said."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from rich.progress import Progress

from dicomnet.conformance import Oracle, Session
from dicomnet.conformance.cli import Interruption
from dicomnet.transports import Address, MemoryTransport, TcpTransport

from .command import finished, read_json, run, started
from .servers import acceptor, serving, until_it_goes

INTERRUPTED = 130
# A silent target, and far more patience than the test has: only an interruption ends it in time.
WAITS = ("--patience", "60")
FEW = ("--select", "ul.sta2.evt10", "--select", "ul.sta2.evt12")
MOMENTS = 40


def interrupt(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


def first_interrupted(method: Callable[..., object], *, after: bool) -> Callable[..., object]:
    """The method, with an interruption in its first call."""
    left = [interrupt]

    def interrupted(*arguments: object, **words: object) -> object:
        if left and not after:
            left.pop()()
        result = method(*arguments, **words)
        if left:
            left.pop()()
        return result

    return interrupted


class Moment:
    """An interruption at the n-th call or return of any function between `Interruption.hold` and `release`."""

    def __init__(self, number: int, patch: pytest.MonkeyPatch) -> None:
        self.number = number
        self.seen = 0
        hold, release = Interruption.hold, Interruption.release

        def begin(interruption: Interruption) -> None:
            hold(interruption)
            sys.setprofile(self._count)

        def end(interruption: Interruption) -> None:
            sys.setprofile(None)
            release(interruption)

        patch.setattr(Interruption, "hold", begin)
        patch.setattr(Interruption, "release", end)

    def _count(self, _frame: FrameType, _event: str, _argument: object) -> None:
        self.seen += 1
        if self.seen == self.number:
            sys.setprofile(None)
            interrupt()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (threading.Condition, "wait"),  # the thread of the progress bar is being started
        (Progress, "start"),
        (socket, "socketpair"),  # the event loop is half made
        (Session, "__init__"),
        (TcpTransport, "connect"),
        (Oracle, "sent"),  # in a callback of the event loop
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_before_the_first_verdict(
    owner: object, name: str, after: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    with serving(until_it_goes) as server, monkeypatch.context() as patch:
        patch.setattr(owner, name, first_interrupted(getattr(owner, name), after=after))
        result = run("test", server.target, *WAITS, *FEW, "--json", str(file))
    assert (result.exit_code, result.stderr) == (INTERRUPTED, "")
    report = read_json(file)
    assert (report["interrupted"], report["cases"]) == (True, [])
    assert "Interrupted: this is what was learned so far" in result.output


def test_while_it_waits(tmp_path: Path) -> None:
    """As a process: the target has its request, and the tester sleeps in its event loop, or soon will."""
    file = tmp_path / "report.json"
    asked = threading.Event()

    def silent(sock: socket.socket) -> None:
        sock.recv(65536)
        asked.set()
        until_it_goes(sock)

    with (
        serving(silent) as server,
        started("test", server.target, *WAITS, "--json", str(file)) as process,
    ):
        assert asked.wait(20)
        process.send_signal(signal.SIGINT)
        code, out, err = finished(process)
    assert (code, err) == (INTERRUPTED, "")
    assert "Interrupted: this is what was learned so far" in out
    assert read_json(file)["cases"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_twice_at_once(number: signal.Signals, tmp_path: Path) -> None:
    """A launcher may pass on what the terminal has sent to all already."""
    file = tmp_path / "report.json"
    with (
        serving(until_it_goes) as server,
        started("test", server.target, *WAITS, "--json", str(file)) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        process.send_signal(number)
        code, _, err = finished(process)
    assert (code, err) == (INTERRUPTED, "")
    assert read_json(file)["cases"] == []


def test_at_any_moment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At moments spread over the whole command, in whatever function of the tester, or of what it uses, that is."""
    file = tmp_path / "report.json"

    def interrupted(moment: int, address: Address) -> tuple[int, int]:
        file.unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            drawn = Moment(moment, patch)
            result = run("test", str(address), *FEW, "--json", str(file))
        assert result.stderr == ""
        read_json(file)
        return result.exit_code, drawn.seen

    with acceptor() as address:
        interrupted(0, address)  # what is made only once is made
        code, total = interrupted(0, address)
        assert code == 0
        codes = [interrupted(1 + number * total // MOMENTS, address)[0] for number in range(MOMENTS)]
    # How many steps a run takes varies a little: the last moment may not come.
    assert codes[:-1] == [INTERRUPTED] * (MOMENTS - 1)


def heard(*moments: float, held: bool = True) -> list[bool]:
    """Which of the interruptions at these seconds are raised where they come."""
    clock = iter(moments)
    interruption = Interruption(lambda: next(clock))
    raised: list[bool] = []
    with interruption:
        if held:
            interruption.hold()
        for _ in moments:
            try:
                interrupt()
            except KeyboardInterrupt:
                raised.append(True)
            else:
                raised.append(False)
    return raised


def test_one_that_is_held_waits_and_one_that_insists_does_not() -> None:
    assert heard(0.0, 1.9, 2.0) == [False, False, True]
    assert heard(0.0, 1.9, 2.0, held=False) == [True, False, True]


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interruption = Interruption()
        with interruption:
            interrupt()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert not interruption.asked
    finally:
        signal.signal(signal.SIGINT, before)


def test_handlers_are_given_back_and_other_threads_set_none() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    codes: list[int] = []
    beside = threading.Thread(target=lambda: codes.append(run("test", "--list").exit_code))
    beside.start()
    beside.join()
    assert codes == [run("test", "--list").exit_code] == [0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_memory_between_two_cases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded acceptor in memory: there is no event loop that could be woken."""
    file = tmp_path / "report.json"
    with monkeypatch.context() as patch:
        patch.setattr(MemoryTransport, "run", first_interrupted(MemoryTransport.run, after=True))
        result = run("test", *FEW, "--json", str(file))
    assert (result.exit_code, result.stderr) == (INTERRUPTED, "")
    report = read_json(file)
    assert (report["interrupted"], report["cases"]) == (True, [])
