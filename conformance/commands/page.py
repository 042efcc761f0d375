"""`dicomnet page`: the JSON report of an earlier run as a page that people read."""

from __future__ import annotations

from pathlib import Path

import click

from ..charts import NoChartError
from ..coverage import read_report
from .options import OUTPUT, refuse_same_file, save


@click.command()
@click.argument("report", type=click.Path(path_type=Path), metavar="REPORT")
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    required=True,
    metavar="FILE",
    help="The page, one file that needs no other.",
)
def page(report: Path, output: Path) -> None:
    """Make the page of a run from REPORT, the JSON that `dicomnet test --json` wrote.

    It is what `dicomnet test --html` writes: the verdicts, Table 9-10 with what was covered, and of every case the
    requirement, the clause, the sequence chart, and the octets with their fields. Nothing is fetched from anywhere.

    Example: dicomnet page report.json -o report.html
    """
    refuse_same_file(report, output, "REPORT and -o")
    try:
        read = read_report(report)
    except NoChartError as error:
        raise click.UsageError(str(error)) from error
    # Imported here: a template engine is no load for those who make no page.
    from ..reports.page import page_of

    save(output, page_of(read))
