"""The option `--chart` of the commands that tell what happens step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from dicomnet.diagrams import Chart, chart_mermaid, chart_svg

from .options import OutputFileType, save

WRITERS: Final = {".svg": chart_svg, ".mmd": chart_mermaid}


class ChartFileType(OutputFileType):
    """A file that can be written, whose ending says how a chart is drawn."""

    name = "file.svg|file.mmd"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Look at the ending, then try the file."""
        if Path(value).suffix.lower() not in WRITERS:
            self.fail(f"{str(value)!r} must end in {' or '.join(WRITERS)}", param, ctx)
        return super().convert(value, param, ctx)


CHART: Final = click.option(
    "--chart",
    "chart_file",
    type=ChartFileType(),
    metavar="FILE.svg|FILE.mmd",
    help="Write what is told as a message sequence chart (SVG or Mermaid).",
)


def save_chart(file: Path | None, chart: Chart) -> None:
    """Write a chart, where one is asked for. Raises `NotWrittenError`, which says why."""
    if file is not None:
        save(file, WRITERS[file.suffix.lower()](chart))
