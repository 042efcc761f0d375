"""The report on the console: progress while it runs, then verdicts by clause, what is not a pass, and a summary."""

from __future__ import annotations

from collections import Counter
from types import TracebackType

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from ..session import CaseFinished, CaseStarted, Event, Remark, Report, Started
from ..verdict import Result, Verdict

STYLE = {
    Verdict.PASS: "green",
    Verdict.NON_STRICT: "yellow",
    Verdict.INFORMATIONAL: "cyan",
    Verdict.FAIL: "bold red",
    Verdict.UNSUPPORTED: "dim",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.ERROR: "bold red",
}


class Console:
    """Listens to the events of a session and shows them; `console` is where."""

    def __init__(self, console: RichConsole, *, verbose: bool = False) -> None:
        self.console = console
        self._verbose = verbose
        self._task: TaskID | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[case]}"),
            console=console,
            transient=True,
        )

    def __enter__(self) -> Console:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Started():
                self._task = self._progress.add_task(escape(event.label), total=event.total, case="")
            case CaseStarted():
                if self._task is not None:
                    self._progress.update(self._task, case=escape(event.case.id))
            case CaseFinished():
                if self._task is not None:
                    self._progress.advance(self._task)
                verdict = event.result.verdict
                if self._verbose or verdict in (Verdict.FAIL, Verdict.ERROR):
                    self.console.print(_line(event.result), highlight=False, soft_wrap=True)
            case Remark():
                self.console.print(f"[dim]{escape(event.text)}[/dim]", highlight=False)

    def show(self, report: Report, repeat: str) -> None:
        """The tables and the summary at the end."""
        self.console.print(clause_table(report))
        for result in report.results:
            if result.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE):
                self._explain(result, repeat)
        counts = ", ".join(
            f"[{STYLE[verdict]}]{report.summary()[verdict.value]} {verdict.value}[/]"
            for verdict in Verdict
            if report.summary()[verdict.value]
        )
        cells = sum(len(row) for row in report.cells().values())
        self.console.print(
            f"{len(report.results)} verdicts on {escape(report.target)}: {counts or 'none'}; "
            f"{cells} cells of Table 9-10 driven",
            highlight=False,
        )
        if report.blamed:
            self.console.print(f"[bold]Could not test:[/] {escape(report.blamed)}", highlight=False)
        if report.interrupted:
            self.console.print("[bold]Interrupted:[/] this is what was learned so far", highlight=False)

    def _explain(self, result: Result, repeat: str) -> None:
        self.console.print(_line(result), highlight=False, soft_wrap=True)
        case = result.case
        rows = [
            ("clause", case.clause),
            ("requirement", f"{case.level.value}: {case.requirement}"),
            ("expected", result.expected),
            ("observed", result.observed),
            *(("note", note) for note in result.notes),
            ("repeat", repeat.format(id=case.id)),
        ]
        for name, text in rows:
            if text:
                self.console.print(f"    {name:<12}{escape(text)}", highlight=False, soft_wrap=True)


def _line(result: Result) -> str:
    style = STYLE[result.verdict]
    return (
        f"[{style}]{result.verdict.value:<14}[/]{escape(result.case.id)}  "
        f"[dim]{escape(result.case.title)} ({escape(result.transport)})[/]"
    )


def clause_table(report: Report) -> Table:
    """How many cases of each clause have which verdict."""
    table = Table(title="Verdicts by clause", title_justify="left")
    table.add_column("clause")
    shown = [verdict for verdict in Verdict if report.summary()[verdict.value]]
    for verdict in shown:
        table.add_column(verdict.value, justify="right", style=STYLE[verdict])
    counts: dict[str, Counter[Verdict]] = {}
    for result in report.results:
        counts.setdefault(short_clause(result.case.clause), Counter())[result.verdict] += 1
    for clause in sorted(counts, key=_natural):
        row = counts[clause]
        table.add_row(escape(clause), *(str(row[verdict] or "") for verdict in shown))
    return table


def short_clause(clause: str) -> str:
    """The clause without the cell: what stands before the event, the action or the second source."""
    return clause.split(" x ")[0].split(";")[0]


def _natural(text: str) -> list[tuple[int, str | int]]:
    parts: list[tuple[int, str | int]] = []
    for word in text.replace(",", " ").replace("-", " ").split():
        digits = "".join(c for c in word if c.isdigit())
        parts.append((0, int(digits)) if digits else (1, word))
    return parts
