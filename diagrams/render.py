"""From DOT to SVG or PNG: by the system's `dot`, or else by the engine that the package graphviz-pure brings."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

FORMATS: Final = ("svg", "png")
# Pixels per inch of a PNG; SVG has none.
PNG_DPI: Final = 120
# Seconds. The largest diagram takes well under one.
PATIENCE: Final = 60.0


class RenderError(Exception):
    """No engine drew the picture; the message says why, and what to do."""


def picture(source: str, form: str) -> bytes:
    """The picture of a DOT source as octets of an SVG or PNG file (`form` is one of `FORMATS`).

    Engines are tried in turn, so that a `dot` without the format does not spoil it. Raises `RenderError`.
    """
    if form not in FORMATS:
        raise RenderError(f"{form!r} is no format to draw in; there are: {', '.join(FORMATS)}")
    failures: list[str] = []
    for engine in engines():
        drawn = _run(engine, source, form, failures)
        if drawn:
            return drawn
    failures.append("install graphviz, or: pip install graphviz-pure")
    raise RenderError("; ".join(["nothing could draw the diagram", *failures]))


def engines() -> list[str]:
    """The programs that can draw, best first: the system's `dot`, then graphviz-pure.

    The latter is looked up in its package, since its folder need not be on the search path.
    """
    found = [shutil.which("dot"), _packaged() or shutil.which("graphviz-pure")]
    return [engine for engine in found if engine is not None]


def _packaged() -> str | None:
    try:
        files = distribution("graphviz-pure").files or []
    except PackageNotFoundError:
        return None
    for file in files:
        path = Path(str(file.locate()))
        if path.stem == "graphviz-pure" and path.is_file():
            return str(path)
    return None


def _run(engine: str, source: str, form: str, failures: list[str]) -> bytes | None:
    command = [engine, f"-T{form}", *([f"-Gdpi={PNG_DPI}"] if form == "png" else [])]
    try:
        run = subprocess.run(
            command, input=source.encode("utf-8"), capture_output=True, check=False, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        failures.append(f"{engine}: {error}")
        return None
    if run.returncode == 0 and run.stdout:
        return run.stdout
    lines = run.stderr.decode("utf-8", "replace").strip().splitlines()
    failures.append(f"{engine}: {lines[0] if lines else f'ended with code {run.returncode}'}")
    return None
