"""The reports that `dicomnet test` writes at the end: where, and that each has a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from ..baseline import Baseline
from ..reports import Repeat, write_json, write_junit
from ..session import Report
from .earlier import Earlier
from .options import OUTPUT, refuse_shared_file

P = ParamSpec("P")
R = TypeVar("R")

Writer = Callable[[Report, Repeat, Path], None]
Places = Mapping[str, Path | None]
"""Each option, as it is written, and the file that it names."""

# The parameter of each option.
NAMES: Final = {"json_file": "--json", "junit_file": "--junit", "html_file": "--html"}
_OPTIONS: Final = (
    click.option("--json", "json_file", type=OUTPUT, default=None, help="Write a report as JSON."),
    click.option("--junit", "junit_file", type=OUTPUT, default=None, help="Write a report as JUnit XML."),
    click.option(
        "--html",
        "html_file",
        type=OUTPUT,
        default=None,
        help="Write a report as a page for people, in one file.",
    ),
)


def written_reports(function: Callable[P, R]) -> Callable[..., R]:
    """Add the options that name reports; the command gets `reports`, a `Places`."""

    def command(*args: Any, **values: Any) -> R:  # noqa: ANN401 - whatever the command takes
        places = {option: values.pop(name) for name, option in NAMES.items()}
        return function(*args, **values, reports=places)  # type: ignore[arg-type]

    wrapped: Callable[..., R] = update_wrapper(command, function)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _write_page(report: Report, repeat: Repeat, path: Path, baseline: Baseline) -> None:
    # Imported here: a template engine is no load for those who make no page.
    from ..reports.page import write_html

    write_html(report, repeat, path, baseline)


WRITERS: Final = {"--json": write_json, "--junit": write_junit, "--html": _write_page}


def files_of(reports: Places, earlier: Earlier) -> list[tuple[Writer, Path]]:
    """What is written at the end, and where. Each has a file of its own."""
    refuse_shared_file({**reports, "--write-baseline": earlier.write_to})
    written: list[tuple[Writer, Path | None]] = [
        (partial(WRITERS[option], baseline=earlier.baseline), path) for option, path in reports.items()
    ]
    written.append((earlier.write, earlier.write_to))
    return [(write, path) for write, path in written if path is not None]


def write_each(files: list[tuple[Writer, Path]], report: Report, repeat: Repeat) -> bool:
    """Write each report, whatever becomes of the others; tells whether all were written."""
    written = True
    for write, path in files:
        try:
            write(report, repeat, path)
        except Exception as error:  # noqa: BLE001 - the next report is not to suffer
            text = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            click.echo(f"Error: cannot write {str(path)!r}: {text}", err=True)
            written = False
    return written
