"""A requestor that is a command: started once for each case, watched, and ended with all that it has started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from typing import ClassVar, Final

from dicomnet.transports import Address, Transport

from .caller import Running

POLL_SECONDS: Final = 0.01
# How long a command may take to end by itself when its case is over, and then to heed the demand to end.
GRACE_SECONDS: Final = 2.0
TERM_SECONDS: Final = 1.0
# Octets of output that are kept, the last ones; what is told of them; and read at a time.
KEPT: Final = 4096
TOLD: Final = 300
CHUNK: Final = 65536
CHUNKS: Final = 16


class NoCommandError(Exception):
    """The command cannot be started; the text says why."""


class Command:
    """A command line with {host}, {port} and {aet} to be filled in (see `Trigger`). Its exit status is never believed.

    Raises `NoCommandError` where there is no such program.
    """

    watches: ClassVar[bool] = True

    def __init__(self, words: tuple[str, ...], aet: str) -> None:
        if shutil.which(words[0]) is None:
            raise NoCommandError(f"there is no program {words[0]!r}")
        self._words = words
        self._aet = aet
        self._running: list[_Process] = []

    def filled(self, address: Address) -> list[str]:
        """The words for a requestor that is to connect to this address."""
        host = address.host if address.host not in ("", "*", "0.0.0.0", "::") else "127.0.0.1"
        values = {"{host}": host, "{port}": str(address.port), "{aet}": self._aet}
        filled: list[str] = []
        for word in self._words:
            for mark, value in values.items():
                word = word.replace(mark, value)  # noqa: PLW2901
            filled.append(word)
        return filled

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Running:
        """See `Trigger`."""
        self._running = [process for process in self._running if not process.over]
        words = self.filled(address)
        try:
            process = _Process(words, carrier, tell, gone)
        except OSError as error:
            raise NoCommandError(f"cannot start {words[0]!r}: {error.strerror}") from error
        self._running.append(process)
        return process

    def close(self) -> None:
        """End at once whatever still runs."""
        for process in self._running:
            process.kill()


class _Process:
    """One run of the command, in a process group of its own."""

    def __init__(
        self,
        words: list[str],
        carrier: Transport,
        tell: Callable[[str], None],
        gone: Callable[[str], None],
    ) -> None:
        self._carrier = carrier
        self._tell = tell
        self._gone = gone
        self._output = b""
        self._deadline: float | None = None
        self._sent: list[int] = []
        self.over = False
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        tell(f"started: {' '.join(words)}")
        carrier.call_later(POLL_SECONDS, self._look)

    def _look(self) -> None:
        if self.over:
            return
        self._read()
        if self._exited():
            status = self._clear_up()
            text = f"the command ended with {_status(status)}{self._said()}"
            self._tell(text)
            self._gone(text)
            return
        if self._deadline is not None and self._carrier.now() >= self._deadline:
            self._demand()
        self._carrier.call_later(POLL_SECONDS, self._look)

    def _read(self) -> None:
        """What it has said, so that it is never held up by a full pipe; only the end is kept."""
        assert self._process.stdout is not None
        for _ in range(CHUNKS):
            try:
                octets = os.read(self._process.stdout.fileno(), CHUNK)
            except OSError:
                return
            if not octets:
                return
            self._output = (self._output + octets)[-KEPT:]

    def _exited(self) -> bool:
        """Whether it has ended. It is not reaped yet, so that its group's number is still its own."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _clear_up(self) -> int:
        """End what it has left behind, then reap it."""
        self._signal(signal.SIGKILL)
        self.over = True
        self._read()
        status = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status

    def _demand(self) -> None:
        """It has not ended by itself: ask, then do it."""
        kind = signal.SIGTERM if not self._sent else signal.SIGKILL
        self._sent.append(kind)
        self._signal(kind)
        self._deadline = self._carrier.now() + TERM_SECONDS

    def _signal(self, kind: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, kind)

    def end(self) -> None:
        """See `Running`."""
        if self._deadline is None:
            self._deadline = self._carrier.now() + GRACE_SECONDS

    def kill(self) -> None:
        """End it now."""
        if not self.over:
            self._clear_up()

    def _said(self) -> str:
        text = " / ".join(self._output.decode("utf-8", "replace").split("\n")).strip(" /")
        return f"; it said: {text[-TOLD:]}" if text else "; it said nothing"


def _status(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"
