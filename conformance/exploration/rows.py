"""The rows of the connection layer, checked one by one on any set of tables.

Each check is a short play on the real runtime over memory in virtual time: what is done, and all that each of those
concerned must note, their states in the end included (`plays`). `check_rows` gives what was otherwise. Tables with a
planted fault may do anything; a check ends all the same, and raises nothing.

An order between two objects is demanded only where a row says so; each object's own notes are compared in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from dicomnet.statemachine import Model

from .coverage import Fired, Item
from .plays import MACROS, PLAYS
from .stage import Note, Stage, Step, parse

PROFILES_OF: Final = {
    "dicomnet": ("dicomnet",),
    "tcp": ("tcp-linux", "tcp-winsock"),
    "linux": ("tcp-linux",),
    "winsock": ("tcp-winsock",),
    "refusing": ("dicomnet", "tcp-winsock"),
    "told-of-each": ("dicomnet", "tcp-linux"),
}
"""What a tag of a play means: the profiles that it holds for."""


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A row that does not hold: its number, and what was done, expected and observed."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """A check of one row: the script, what each actor must note, and what must come before what."""

    row: int
    title: str
    script: str
    steps: tuple[Step, ...]
    notes: dict[str, tuple[str, ...]]
    order: tuple[Note, ...]


def check_rows(model: Model, profile: str, *, first: bool = False) -> tuple[RowFailure, ...]:
    """What does not hold of the rows of `profile` on these tables; with `first` the first failure alone."""
    failures: list[RowFailure] = []
    for play in plays(profile):
        failure = check(play, model)
        if failure is not None:
            failures.append(failure)
            if first:
                break
    return tuple(failures)


def fired_by_rows(model: Model, profile: str) -> set[Item]:
    """What the plays of a profile fire in these tables."""
    fired = Fired()
    for play in plays(profile):
        stage = Stage(model)
        stage.play(play.steps)
        fired.add(stage.trace)
    return fired.items


def check(play: Play, model: Model) -> RowFailure | None:
    """One play on these tables: what was otherwise, or None."""
    notes = Stage(model).play(play.steps)
    observed: dict[str, list[str]] = {}
    for name, note in notes:
        observed.setdefault(name, []).append(note)
    for name in {**play.notes, **observed}:
        expected, seen = play.notes.get(name, ()), tuple(observed.get(name, ()))
        if expected != seen:
            return _failure(play, f"{name} notes {_words(expected)}", _words(seen))
    at = 0
    for index, each in enumerate(notes):
        if at < len(play.order) and each == play.order[at]:
            at += 1
        elif each in play.order[at:]:
            return _failure(play, "in order: " + _told(play.order), _told(notes[: index + 1]))
    return None


def _failure(play: Play, expected: str, observed: str) -> RowFailure:
    return RowFailure(
        play.row, f"{play.title} (row {play.row}): {play.script}: expected: {expected}; observed: {observed}"
    )


def _words(notes: tuple[str, ...]) -> str:
    return " ".join(notes) or "nothing"


def _told(notes: tuple[Note, ...] | list[Note]) -> str:
    return ", ".join(f"{name} {note}" for name, note in notes)


@cache
def plays(profile: str) -> tuple[Play, ...]:
    """The plays of a profile, by row."""
    return tuple(sorted(_read(profile), key=lambda play: play.row))


def _read(profile: str) -> Iterator[Play]:
    for text in PLAYS:
        for block in text.strip().split("\n\n"):
            play = _play(block.replace("\n    ", " ").splitlines(), profile)
            if play is not None:
                yield play


def _play(lines: list[str], profile: str) -> Play | None:
    """A block: `ROW [@tag] title`, `> script`, then `[@tag] actor notes...`, and `~ order, order`."""
    head = lines[0].split()
    if head[1].startswith("@") and profile not in PROFILES_OF[head.pop(1)[1:]]:
        return None
    script = ""
    notes: dict[str, tuple[str, ...]] = {}
    order: tuple[Note, ...] = ()
    for line in lines[1:]:
        words = line.split()
        if words[0].startswith("@") and profile not in PROFILES_OF[words.pop(0)[1:]]:
            continue
        if words[0] == ">":
            script += ("; " if script else "") + " ".join(words[1:])
        elif words[0] == "~":
            told = (each.split() for each in " ".join(words[1:]).split(","))
            order = tuple((each[0], each[1].replace("/", ",")) for each in told)
        else:
            notes[words[0]] = tuple(words[1:])
    full = "; ".join(MACROS.get(step.strip(), step.strip()) for step in script.split(";"))
    return Play(int(head[0]), " ".join(head[1:]), script, parse(full), notes, order)
