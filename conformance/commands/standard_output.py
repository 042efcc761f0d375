"""Standard output that may be closed, or full: the command ends as for a reader who has gone, and says why."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, cast


class Outlet(FileIO):
    """What cannot be written is noted, and told to the writer as a pipe that is broken: each of them knows what to do.

    `failure` is the first error that was no broken pipe.
    """

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever is a buffer
        """See `FileIO`."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.failure = self.failure or error
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error


@contextmanager
def standard_output() -> Generator[Outlet]:
    """Standard output by way of an `Outlet`; where it is closed, what is printed goes nowhere."""
    before = cast("TextIOWrapper | None", sys.stdout)
    number = os.open(os.devnull, os.O_WRONLY) if before is None else before.fileno()
    outlet = Outlet(number, "w", closefd=before is None)
    sys.stdout = TextIOWrapper(
        BufferedWriter(outlet),
        encoding=before.encoding if before is not None else "utf-8",
        errors="backslashreplace",  # a terminal that lacks a character gets its number
        line_buffering=before is not None and (before.line_buffering or before.write_through),
    )
    try:
        yield outlet
    finally:
        sys.stdout = cast("TextIOWrapper", before)
