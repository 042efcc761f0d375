"""From DOT to SVG or PNG: by the engine that the package graphviz-pure brings, or else by the system's `dot`.

The package's comes first, so that a picture is the same on every machine, whatever else is installed.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from .theme import adaptive, darkened

FORMATS: Final = ("svg", "png")
# Pixels per inch of a PNG; SVG has none.
PNG_DPI: Final = 120
# Seconds. The largest diagram takes well under one.
PATIENCE: Final = 60.0
MISSING: Final = "install graphviz, or: pip install graphviz-pure"


class RenderError(Exception):
    """No engine drew the picture; the message says why, and what to do."""


def picture(source: str, form: str, theme: str = "auto") -> bytes:
    """The picture of a DOT source as octets of an SVG or PNG file (`form` is one of `FORMATS`).

    `theme` is one of `THEMES`: by "auto" an SVG is light or dark as its reader prefers, and a PNG is light. Engines are
    tried in turn, so that one without the format does not spoil it. Raises `RenderError`.
    """
    if form not in FORMATS:
        raise RenderError(f"{form!r} is no format to draw in; there are: {', '.join(FORMATS)}")
    text = darkened(source) if theme == "dark" else source
    failures: list[str] = []
    for engine in engines():
        drawn = _run(engine, text, form, failures)
        if drawn and form == "svg" and theme == "auto":
            return adaptive(drawn.decode("utf-8")).encode("utf-8")
        if drawn:
            return drawn
    failures.append(MISSING)
    raise RenderError("; ".join(["nothing could draw the diagram", *failures]))


def engines() -> list[str]:
    """The programs that can draw, best first: graphviz-pure, then the system's `dot`.

    The former is looked up in its package, since its folder need not be on the search path.
    """
    found = [_packaged() or shutil.which("graphviz-pure"), shutil.which("dot")]
    return [engine for engine in found if engine is not None]


def engine() -> str:
    """The engine that draws, where it is, and its version, in a line. Raises `RenderError` where none runs."""
    failures: list[str] = []
    for program in engines():
        try:
            run = subprocess.run([program, "-V"], capture_output=True, check=False, timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired) as error:
            failures.append(f"{program}: {error}")
            continue
        said = (run.stdout + run.stderr).decode("utf-8", "replace").strip().splitlines()
        if run.returncode == 0 and said:
            return f"{program}: {said[0]}"
        failures.append(f"{program}: ended with code {run.returncode}")
    raise RenderError("; ".join(["no engine can draw diagrams", *failures, MISSING]))


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
