"""What was found, as plain data and as tests that run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from textwrap import indent
from typing import Final

from ..reports.jsonfile import entry_as_dict
from ..reports.text import printable
from .outcome import Finding, Outcome, Told
from .script import Script

SCHEMA: Final = "dicomnet-fuzz/1"
HEAD: Final = '''"""Found by `dicomnet fuzz`: {who}, seed {seed}. Each test fails as long as the breach is there.

{where}
"""

import os
{imports}
from dicomnet.conformance.fuzz import {function}

{target}
'''
TEST: Final = '''

def test_{name}() -> None:
    """{said}."""
    # {clause}
    # expected: {expected}
    # observed: {observed}
    script = (
{lines}
    )
    {call}
'''


@dataclass(frozen=True, slots=True)
class Acceptor:
    """An acceptor that a written test is for: where it is, and the AE titles."""

    where: str
    called: str
    calling: str

    def head(self, seed: int) -> str:
        """How a file of tests begins."""
        return HEAD.format(
            who=f"{self.called} called by {self.calling}",
            seed=seed,
            where=f"The target is {self.where}, or what the environment variable DICOMNET_TARGET names as HOST:PORT.",
            imports="",
            function="repeat",
            target=f'TARGET = os.environ.get("DICOMNET_TARGET", {self.where!r})',
        )

    def call(self) -> str:
        """What a test does with its script."""
        return f"repeat(TARGET, script, called={self.called!r}, calling={self.calling!r})"


@dataclass(frozen=True, slots=True)
class Commanded:
    """A requestor that a written test is for: the command that starts it, and the tester's AE title."""

    words: tuple[str, ...]
    aet: str

    def head(self, seed: int) -> str:
        """How a file of tests begins."""
        line = shlex.join(self.words)
        return HEAD.format(
            who=f"a requestor that calls {self.aet}",
            seed=seed,
            where="The requestor is started by COMMAND, or by what the environment variable DICOMNET_COMMAND holds.",
            imports="import shlex\n",
            function="repeat_requestor",
            target=f'COMMAND = shlex.split(os.environ.get("DICOMNET_COMMAND", {line!r}))',
        )

    def call(self) -> str:
        """What a test does with its script."""
        return f"repeat_requestor(COMMAND, script, aet={self.aet!r})"


Subject = Acceptor | Commanded


def as_test(outcome: Outcome, findings: Iterable[Finding], subject: Subject) -> str:
    """A file of tests for pytest, one for each of these findings: it needs `dicomnet`, and the target."""
    text = subject.head(outcome.seed)
    for number, finding in enumerate(findings, 1):
        root = finding.root
        text += TEST.format(
            name=f"{name_of(finding)}_{number}",
            said=_safe(str(root)),
            clause=_safe(root.clause),
            expected=_safe(finding.result.expected),
            observed=_safe(finding.result.observed),
            lines=indent("\n".join(f'"{line}",' for line in finding.script.lines()), " " * 8),
            call=subject.call(),
        )
    return text


def name_of(finding: Finding) -> str:
    """The finding as a part of a name: its cell, or that it is about the content of an answer."""
    root = finding.root
    return re.sub(r"\W", "", f"{root.state}_{root.event}".lower()) if root.state else "content"


def _safe(text: str) -> str:
    """Text of a target in a comment or docstring of a program."""
    return printable(text).replace("\\", "/").replace('"', "'")[:200]


def outcome_as_dict(outcome: Outcome, repeat: Callable[[Script], str]) -> dict[str, object]:
    """What was found, as plain data (schema `dicomnet-fuzz/1`); `repeat` gives the command that repeats a script."""
    covered, reachable = outcome.covered()
    return {
        "schema": SCHEMA,
        "target": outcome.target,
        "role": outcome.role,
        "seed": outcome.seed,
        "interrupted": outcome.interrupted,
        "blamed": outcome.blamed or None,
        "scripts": outcome.examples,
        "cells": {
            "covered": covered,
            "reachable": reachable,
            "driven": sorted(map(" x ".join, outcome.cells)),
        },
        "findings": [_finding(finding, repeat) for finding in outcome.findings],
        "flaky": [_told(told, repeat) for told in outcome.flaky],
        "told": [_told(told, repeat) for told in outcome.told],
        "remarks": outcome.remarks,
        "lost": None if outcome.lost is None else _script(outcome.lost, repeat),
        "last_good": None if outcome.good is None else _script(outcome.good, repeat),
    }


def _script(script: Script, repeat: Callable[[Script], str]) -> dict[str, object]:
    return {"script": script.lines(), "token": script.token(), "repeat": repeat(script)}


def _told(told: Told, repeat: Callable[[Script], str]) -> dict[str, object]:
    return {"text": told.text, **_script(told.script, repeat)}


def _finding(finding: Finding, repeat: Callable[[Script], str]) -> dict[str, object]:
    root, result = finding.root, finding.result
    return {
        "state": root.state or None,
        "event": root.event or None,
        "clause": root.clause,
        "seen": root.seen,
        "odd": sorted(root.odd),
        "expected": result.expected,
        "observed": result.observed,
        "notes": result.notes,
        "first_seen": finding.example,
        "evidence": [entry_as_dict(entry) for entry in result.evidence.entries],
        **_script(finding.script, repeat),
    }
