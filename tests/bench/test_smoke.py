"""That the benchmarks run: each with next to no effort, and also where nothing to compare with is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("bench_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_runs(script: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(script), "--quick"], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "dicomnet" in run.stdout or "endpoints" in run.stdout
    assert run.stderr == ""


def test_there_are_some() -> None:
    assert len(SCRIPTS) == 6
