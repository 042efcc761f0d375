"""A script: what is done on one connection, as a value that is text as well.

It has one act on a line, so the same text stands in a report, in a test and, packed, in the token of `--repeat`. The
octets are written as they were drawn: marks stand for the AE titles of the run, as in a case written by hand.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..case import Await, Close, HalfClose, Reset

# Bounds of what may be drawn, and of what a token may hold.
MAX_SENDS: Final = 8
MAX_ACTS: Final = 24
MAX_OCTETS: Final = 8192
MAX_PIECES: Final = 8
MAX_TEXT: Final = 200_000
VERSION: Final = "1"


class ScriptError(ValueError):
    """The text or the token is no script; the message says why."""


@dataclass(frozen=True, slots=True)
class Say:
    """Send octets, in segments of these sizes (as `Send.pieces`)."""

    octets: bytes
    pieces: tuple[int, ...] = ()

    def __str__(self) -> str:
        cut = f" in {','.join(map(str, self.pieces))}" if self.pieces else ""
        return f"send {self.octets.hex()}{cut}"


# What has no octets. `await` waits for the answers that are due, `listen` also for silence behind them.
PLAIN: Final[dict[str, Await | HalfClose | Close | Reset]] = {
    "await": Await(),
    "listen": Await(quiet=True),
    "half-close": HalfClose(),
    "close": Close(),
    "reset": Reset(),
}
ENDINGS: Final = ("half-close", "close", "reset")
# The answer to the user's message, and how it is cut.
ANSWER: Final = "answer"
ANSWERS: Final = (
    ANSWER,
    *(f"{ANSWER}-{how}" for how in ("two-pdvs", "two-pdus", "many-pdus", "control-bits")),
)
# What is said to a requestor that its own words decide, or waited for of its user: `accept` every context, the `answer`
# to his message; his `data`, his `release`, or whatever he does (`serve`: his messages are answered, and he may go).
OF_A_REQUESTOR: Final = ("accept", *ANSWERS, "data", "release", "serve")

Act = Say | str


@dataclass(frozen=True, slots=True)
class Script:
    """Acts on one connection, in order: `Say`, or a word of `PLAIN` or of `OF_A_REQUESTOR`."""

    acts: tuple[Act, ...]

    def lines(self) -> list[str]:
        """One line for each act."""
        return [str(act) for act in self.acts]

    def token(self) -> str:
        """The script as a word for a command line."""
        packed = zlib.compress("\n".join(self.lines()).encode("ascii"), 9)
        return VERSION + urlsafe_b64encode(packed).decode("ascii").rstrip("=")

    @property
    def size(self) -> tuple[int, int, bytes]:
        """The smaller, the simpler."""
        said = [act for act in self.acts if isinstance(act, Say)]
        octets = b"".join(act.octets for act in said)
        return len(self.acts) + sum(len(act.pieces) for act in said), len(octets), octets


def read_script(lines: Iterable[str]) -> Script:
    """The script that `Script.lines` wrote. Raises `ScriptError`, which says what is wrong with which line."""
    acts: list[Act] = []
    ended = False
    for number, line in enumerate(lines, 1):
        text = line.strip()
        act = _say(number, text) if text.startswith("send ") else text
        if isinstance(act, str) and act not in (*PLAIN, *OF_A_REQUESTOR):
            raise ScriptError(f"line {number}: no act is called {act[:40]!r}")
        if ended and act not in ("await", "listen"):
            raise ScriptError(f"line {number}: nothing is done behind the end of the connection but to wait")
        ended = ended or act in ENDINGS
        acts.append(act)
    sends = sum(isinstance(act, Say) for act in acts)
    if not acts or sends > MAX_SENDS or len(acts) > MAX_ACTS:
        raise ScriptError(f"a script has 1 to {MAX_ACTS} acts, and at most {MAX_SENDS} of them send")
    return Script(tuple(acts))


def _say(number: int, text: str) -> Say:
    octets, _, sizes = text.removeprefix("send ").partition(" in ")
    try:
        said = Say(bytes.fromhex(octets), tuple(int(size) for size in sizes.split(",") if sizes))
    except ValueError as error:
        raise ScriptError(f"line {number}: {error}") from None
    if not 1 <= len(said.octets) <= MAX_OCTETS or len(said.pieces) > MAX_PIECES:
        raise ScriptError(f"line {number}: 1 to {MAX_OCTETS} octets, in at most {MAX_PIECES} sizes")
    if any(size < 0 for size in said.pieces) or said.pieces[:1] == (0,) or 0 in said.pieces[:-1]:
        raise ScriptError(f"line {number}: a size is at least 1; a 0 at the end repeats the one before it")
    return said


def read_token(token: str) -> Script:
    """The script of a `--repeat` token. Raises `ScriptError`."""
    if not token.startswith(VERSION):
        raise ScriptError("not a token of this version")
    try:
        packed = urlsafe_b64decode(token[1:] + "=" * (-len(token[1:]) % 4))
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, MAX_TEXT)
        if not unpacking.eof:
            raise ScriptError("the token is cut short, or too long")
        return read_script(text.decode("ascii").splitlines())
    except (ValueError, zlib.error) as error:
        if isinstance(error, ScriptError):
            raise
        raise ScriptError("no token of a script: it is damaged, or cut short") from None
