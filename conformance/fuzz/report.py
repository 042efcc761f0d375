"""What was found, as plain data and as tests that run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from textwrap import indent
from typing import Final

from ..reports.jsonfile import entry_as_dict
from ..reports.text import printable
from .outcome import Finding, Outcome, Told
from .script import Script

SCHEMA: Final = "dicomnet-fuzz/1"
HEAD: Final = '''"""Found by `dicomnet fuzz`: {who}, seed {seed}. Each test fails as long as the breach is there.

The target is {target}, or what the environment variable DICOMNET_TARGET names as HOST:PORT.
"""

import os

from dicomnet.conformance.fuzz import repeat

TARGET = os.environ.get("DICOMNET_TARGET", {target!r})
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
    repeat(TARGET, script, called={called!r}, calling={calling!r})
'''


def as_test(outcome: Outcome, findings: Iterable[Finding], called: str, calling: str) -> str:
    """A file of tests for pytest, one for each of these findings: it needs `dicomnet`, and the target."""
    text = HEAD.format(who=f"{called} called by {calling}", seed=outcome.seed, target=outcome.target)
    for number, finding in enumerate(findings, 1):
        root = finding.root
        text += TEST.format(
            name=f"{name_of(finding)}_{number}",
            said=_safe(str(root)),
            clause=_safe(root.clause),
            expected=_safe(finding.result.expected),
            observed=_safe(finding.result.observed),
            lines=indent("\n".join(f'"{line}",' for line in finding.script.lines()), " " * 8),
            called=called,
            calling=calling,
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
