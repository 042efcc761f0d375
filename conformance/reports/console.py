"""The report on the console: progress while it runs, then verdicts by clause, what is not a pass, and a summary."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import TypeVar

from click.exceptions import Exit
from rich.box import SIMPLE_HEAD
from rich.console import Console as RichConsole
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column, Table
from rich.text import Text

from ..baseline import NO_BASELINE, Baseline, Comparison, Standing
from ..session import CaseFinished, CaseStarted, Event, Remark, Report, Started
from ..unreachable import cell_counts
from ..verdict import Result, Verdict
from .text import (
    Repeat,
    editions,
    natural,
    printable,
    reason,
    same_failure,
    short_clause,
    without_edition,
)

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
# Headings that leave the clauses their room in a terminal of 80 columns.
HEADING = {
    Verdict.NON_STRICT: "non-\nstrict",
    Verdict.INFORMATIONAL: "infor-\nmational",
    Verdict.UNSUPPORTED: "unsup-\nported",
    Verdict.NOT_APPLICABLE: "not app-\nlicable",
    Verdict.INCONCLUSIVE: "incon-\nclusive",
}
BAD = (Verdict.FAIL, Verdict.ERROR)
# In the order in which they are told; each by its reasons.
MILD = (
    Verdict.NOT_APPLICABLE,
    Verdict.UNSUPPORTED,
    Verdict.INFORMATIONAL,
    Verdict.NON_STRICT,
    Verdict.INCONCLUSIVE,
)
IN_BASELINE = {
    Standing.EXPECTED: "expected",
    Standing.EXPIRED: "expired",
    Standing.GONE: "no longer happening",
}
# What a shell says of a command whose reader has gone.
NOBODY_READS = 141
INDENT = 4
LABEL = 13
# So many cases are named behind one reason or failure; --verbose names all.
NAMED = 12
# Of a terminal that does not tell.
UNKNOWN_WIDTH = 80

K = TypeVar("K", bound=Hashable)


class Screen(RichConsole):
    """Standard output. When its reader goes away the command ends, unless it is to `carry_on`; `gone` then tells."""

    gone = False
    carry_on = False

    def __init__(self, *, highlight: bool = True, soft_wrap: bool = False) -> None:
        super().__init__(highlight=highlight, soft_wrap=soft_wrap)
        if not self.width:  # COLUMNS=0 is what some environments say where nobody knows
            self.width = UNKNOWN_WIDTH

    def on_broken_pipe(self) -> None:
        """From now on nothing is written."""
        self.gone = self.quiet = True
        drop_output()
        if not self.carry_on:
            raise Exit(NOBODY_READS)


def drop_output() -> None:
    """What is still buffered for a reader who has gone goes nowhere, without a word."""
    with suppress(OSError, ValueError, AttributeError):
        assert sys.__stdout__ is not None
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())


class Console:
    """Listens to the events of a session and shows them; `console` is where.

    What a `baseline` expects is told apart from what is news.
    """

    def __init__(
        self, console: RichConsole, *, verbose: bool = False, baseline: Baseline = NO_BASELINE
    ) -> None:
        self.console = console
        self._verbose = verbose
        self._baseline = baseline
        self._compared = Comparison()
        self._task: TaskID | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[case]}", markup=False, table_column=Column(no_wrap=True)),
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

    # --- while it runs -----------------------------------------------------------------------------------

    @property
    def unread(self) -> bool:
        """Whether nobody reads the console any more."""
        return isinstance(self.console, Screen) and self.console.gone

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Started():
                self._task = self._progress.add_task(event.label, total=event.total, case="")
            case CaseStarted():
                if self._task is not None:
                    self._progress.update(self._task, case=event.case.id)
            case CaseFinished():
                if self._task is not None:
                    self._progress.advance(self._task)
                if self._verbose or (event.result.verdict in BAD and not self._known(event.result)):
                    self._short(_headline(event.result))
            case Remark():
                self.say(event.text, "dim")

    def _known(self, result: Result) -> bool:
        alone = Report("", [result])
        return self._baseline.compare(alone).is_(result, Standing.EXPECTED)

    def say(self, text: str, style: str = "") -> None:
        """A paragraph, wrapped where the terminal ends."""
        self.console.print(Text(printable(text), style))

    def _short(self, text: Text) -> None:
        """A line that is cut where the terminal ends; the same is told in full at the end."""
        self.console.print(text, no_wrap=True, overflow="ellipsis", crop=True)

    # --- at the end --------------------------------------------------------------------------------------

    def show(self, report: Report, repeat: Repeat) -> None:
        """The table, what is not a pass, and the summary."""
        self._compared = self._baseline.compare(report)
        if report.results:
            years = editions(result.case.clause for result in report.results)
            self.console.print()
            self.console.print(
                Text(f"Verdicts by clause ({years})" if years else "Verdicts by clause", "bold")
            )
            self.console.print(clause_table(report))
        if self._verbose:
            for result in report.results:
                if result.verdict is not Verdict.PASS:
                    self._explain([result], repeat, report)
        else:
            for verdict in MILD:
                self._reasons(verdict, report)
            bad = [result for result in self._news(report) if result.verdict in BAD]
            for group in _grouped(bad, same_failure):
                self._explain(group, repeat, report)
        for standing in (Standing.EXPECTED, Standing.GONE, Standing.EXPIRED):
            self._standing(standing, report)
        self._summary(report)

    def _news(self, report: Report) -> list[Result]:
        """The results that no baseline expects."""
        return [r for r in report.results if not self._compared.is_(r, Standing.EXPECTED)]

    def _standing(self, standing: Standing, report: Report) -> None:
        """The results that have this standing in the baseline, by what it says of them."""
        results = [result for result in report.results if self._compared.is_(result, standing)]
        if not results:
            return
        style = "yellow" if standing is Standing.EXPECTED else "bold red"
        self.console.print(Text(f"{IN_BASELINE[standing]} ({len(results)})", style))
        for group in _grouped(results, self._compared.words):
            self._indented(Text(printable(self._compared.words(group[0]))), 2)
            self._indented(Text(_names(group), "dim"), 2 + INDENT)
        self.console.print()

    def _reasons(self, verdict: Verdict, report: Report) -> None:
        """All cases with a mild verdict, by reason, each reason said once."""
        results = [
            result
            for result in self._news(report)
            if result.verdict is verdict and not (report.blamed and report.blamed in result.notes)
        ]
        if not results:
            return
        self.console.print(Text(f"{verdict.value} ({len(results)})", STYLE[verdict]))
        for group in _grouped(results, reason):
            self._indented(Text(printable(reason(group[0]))), 2)
            self._indented(Text(_names(group), "dim"), 2 + INDENT)
        self.console.print()

    def _explain(self, group: list[Result], repeat: Repeat, report: Report) -> None:
        """Failures with one cause, or any verdict in full: what was demanded, expected, seen, and how to repeat it."""
        first = group[0]
        self.console.print(_headline(first) if len(group) == 1 else _headline_of(group))
        alike = {result.case.requirement for result in group}
        rows = [
            ("clause", first.case.clause if len(group) == 1 else short_clause(first.case.clause)),
            ("requirement", f"{first.case.level.value}: {first.case.requirement}" if len(alike) == 1 else ""),
            ("expected", first.expected),
            ("observed", first.observed),
            *(("baseline", words) for words in dict.fromkeys(map(self._compared.words, group))),
            *(("note", note) for note in dict.fromkeys(note for result in group for note in result.notes)),
        ]
        if len(labels(report)) > 1:
            rows.append(("on", ", ".join(dict.fromkeys(result.transport for result in group))))
        for name, text in rows:
            self._row(name, text)
        if len(group) > 1:
            for name, result in zip(("cases", *[""] * NAMED), group[:NAMED], strict=False):
                self._row(name, f"{result.case.id}  {result.case.title}", whole=True)
            if len(group) > NAMED:
                self._row("", f"and {len(group) - NAMED} more; --verbose tells all")
        if self._verbose:
            self._timeline(first)
        self._command("repeat", repeat(*dict.fromkeys(result.case.id for result in group)))
        self.console.print()

    def _timeline(self, result: Result) -> None:
        for entry in result.evidence.entries:
            octets = f"  {entry.octets[:16].hex(' ')}{' ...' if entry.total > 16 else ''}" * bool(entry.total)
            text = f"{entry.seconds:8.3f} s  {entry.who:<7}{entry.told}{octets}"
            self._indented(Text(printable(text), "dim"), INDENT)

    def _row(self, name: str, text: str, *, whole: bool = False) -> None:
        """A label and its text, which is wrapped beside the label; `whole` cuts it instead."""
        if not text:
            return
        grid = Table.grid(
            Column(min_width=LABEL), Column(no_wrap=whole, overflow="ellipsis" if whole else "fold")
        )
        grid.add_row(Text(name, "dim"), Text(printable(text)))
        self._indented(grid, INDENT)

    def _command(self, name: str, text: str) -> None:
        """A command is never wrapped: it is there to be copied."""
        line = Text(" " * INDENT).append(f"{name:<{LABEL}}", "dim").append(printable(text))
        self.console.print(line, soft_wrap=True)

    def _indented(self, what: Text | Table, by: int) -> None:
        self.console.print(Padding(what, (0, 0, 0, by), expand=False))

    def _summary(self, report: Report) -> None:
        news = Counter(result.verdict for result in self._news(report))
        expected = Counter(result.verdict for result in report.results) - news
        told = Text(f"{len(report.results)} verdicts on ").append(printable(report.target)).append(": ")
        parts = [Text(f"{news[v]} {v.value}", STYLE[v]) for v in Verdict if news[v]]
        parts += [Text(f"{expected[v]} {v.value} as expected", "yellow") for v in Verdict if expected[v]]
        told.append(Text(", ").join(parts) if parts else Text("none"))
        cells = sum(len(row) for row in report.cells().values())
        told.append(f"; {cells} cells of Table 9-10 driven")
        self.console.print(told)
        if report.results and not report.blamed:
            total, driven, out_of_reach = cell_counts(report.role)
            self.say(
                f"The suite drives {driven} of the {total} cells; {out_of_reach} cannot be reached from outside "
                "(dicomnet test --list says why)",
                "dim",
            )
        if self._baseline.name and report.results and not report.blamed:
            counts = [f"{len(self._compared.entries(s))} {IN_BASELINE[s]}" for s in Standing]
            self.say(f"Baseline {self._baseline.name}, by its entries: {', '.join(counts)}")
        if report.blamed:
            self.console.print(Text("Could not test: ", "bold").append(printable(report.blamed)))
        if report.interrupted:
            self.console.print(Text("Interrupted: ", "bold").append("this is what was learned so far"))


def _headline(result: Result) -> Text:
    style = STYLE[result.verdict]
    case = result.case
    return (
        Text(f"{result.verdict.value:<14}", style)
        .append(printable(case.id), "default")
        .append(printable(f"  {case.title}"), "dim")
    )


def _headline_of(group: list[Result]) -> Text:
    verdict = group[0].verdict
    return Text(f"{verdict.value:<14}", STYLE[verdict]).append(f"{len(group)} cases alike", "default")


def _names(group: list[Result]) -> str:
    counts = Counter(result.case.id for result in group)
    names = [f"{case_id} (x{times})" if times > 1 else case_id for case_id, times in counts.items()]
    more = len(names) - NAMED
    return ", ".join([*names[:NAMED], f"and {more} more"] if more > 1 else names)


def _grouped(results: Iterable[Result], key: Callable[[Result], K]) -> list[list[Result]]:
    groups: dict[K, list[Result]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return list(groups.values())


def labels(report: Report) -> list[str]:
    """The carriers on which there are verdicts."""
    return list(dict.fromkeys(result.transport for result in report.results))


def clause_table(report: Report) -> Table:
    """How many cases of each clause have which verdict."""
    short = [short_clause(result.case.clause) for result in report.results]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("clause", no_wrap=True, overflow="ellipsis")
    shown = [verdict for verdict in Verdict if report.summary()[verdict.value]]
    for verdict in shown:
        heading = HEADING.get(verdict, verdict.value)
        widest = max(len(line) for line in heading.split("\n"))
        table.add_column(
            heading, justify="right", vertical="bottom", style=STYLE[verdict], min_width=widest, no_wrap=True
        )
    counts: dict[str, Counter[Verdict]] = {}
    for clause, result in zip(short, report.results, strict=True):
        counts.setdefault(clause, Counter())[result.verdict] += 1
    for clause in sorted(counts, key=natural):
        row = counts[clause]
        table.add_row(
            Text(printable(without_edition(clause))), *(str(row[verdict] or "") for verdict in shown)
        )
    table.add_section()
    table.add_row("all", *(str(report.summary()[verdict.value]) for verdict in shown))
    return table
