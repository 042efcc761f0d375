"""The report as one page that people read: self-contained, made from the data of the JSON report alone."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dicomnet.diagrams import SIGN, Mark, Marks, Message, RenderError, chart_svg, dot_of, picture
from dicomnet.statemachine import ASSOCIATION

from ..baseline import NO_BASELINE, Baseline
from ..charts import chart_of
from ..coverage import marks_of
from ..session import Report
from ..verdict import Verdict
from .fields import Field, fields_of
from .files import replace_text
from .jsonfile import report_as_dict
from .text import Repeat, printable

# So many cases have a chart each; of more, only those that are no pass, so that the page can still be read.
MOST_CHARTS: Final = 400
HERE: Final = "dicomnet.conformance.reports"
# The worst first: that is what a reader comes for.
UNHAPPY: Final = ("error", "fail", "inconclusive", "non-strict", "informational")
_STYLE: Final = re.compile(r"<style>(.*?)</style>\s*", re.DOTALL)
_INDENT: Final = re.compile(r"\n\s*")
_PROLOG: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]")

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Octets:
    """Octets of the evidence, decoded; `said` tells how many there are, and whether some were cut off."""

    said: str
    fields: list[Field]


@dataclass(slots=True)
class _Shared:
    """What many cases show alike stands in the page once."""

    style: str = ""
    octets: dict[str, tuple[str, Octets]] = field(default_factory=dict[str, tuple[str, Octets]])

    def chart(self, case: Data) -> str:
        """The chart of a case without its style, which is the same for all."""
        try:
            chart = chart_of(case)
            # The octets stand beside it, field by field.
            plain = tuple(replace(e, detail="") if isinstance(e, Message) else e for e in chart.happenings)
            svg = chart_svg(replace(chart, happenings=plain))
        except ValueError:  # more steps than a picture can show
            return ""
        style = _STYLE.search(svg)
        if style is not None:
            self.style = style[1]
        return Markup(_INDENT.sub("", _STYLE.sub("", svg)))

    def key(self, octets: str, total: int) -> str:
        """The name under which these octets are decoded; none where they are not written as octets."""
        # The same first octets may be those of a longer whole.
        kept = f"{total} {octets}"
        if kept not in self.octets:
            try:
                raw = bytes.fromhex(octets)
            except ValueError:
                return ""
            said = f"{total} octets" + (
                f", of which the first {len(raw)} were kept" if total > len(raw) else ""
            )
            self.octets[kept] = f"octets-{len(self.octets)}", Octets(said, _printed(fields_of(raw)))
        return self.octets[kept][0]


def _printed(fields: list[Field]) -> list[Field]:
    return [replace(each, name=printable(each.name), value=printable(each.value)) for each in fields]


def page_of(report: Data) -> str:
    """The page of a JSON report (schema `dicomnet-report/1`)."""
    here = files(HERE)
    script = (here / "page.js").read_text("utf-8")
    digest = b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string((here / "page.html.j2").read_text("utf-8"))
    return template.render(
        page=_page(report),
        css=Markup((here / "page.css").read_text("utf-8")),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
    )


def write_html(report: Report, repeat: Repeat, path: Path, baseline: Baseline = NO_BASELINE) -> None:
    """Write the page."""
    replace_text(path, page_of(report_as_dict(report, repeat, baseline)))


def _page(report: Data) -> dict[str, Any]:
    shared = _Shared()
    rows = [cast("Data", row) for row in _list(report, "cases") if isinstance(row, dict)]
    rows.sort(key=_badness)
    whole = len(rows) <= MOST_CHARTS
    cases = [
        _case(row, number, shared, chart=whole or _badness(row) < len(UNHAPPY))
        for number, row in enumerate(rows)
    ]
    counts = Counter(_text(row, "verdict") for row in rows)
    marks = marks_of(report)
    return {
        "target": _text(report, "target"),
        "verdict": _outcome(counts, len(rows)),
        "told": list(_told(report)),
        "facts": [(name, value) for name, value in _facts(report) if value],
        "command": _text(report, "command"),
        "counts": [(verdict.value, counts[verdict.value]) for verdict in Verdict],
        "remarks": [printable(str(each)) for each in _list(report, "remarks")],
        "states": [(state.name, state.meaning) for state in ASSOCIATION.states],
        "events": list(_events(marks, {tuple(map(str, _list(row, "cell"))) for row in rows})),
        "marks": _legend(marks),
        "diagram": _diagram(marks),
        "cases": cases,
        "left_out": "" if whole else f"Of {len(rows)} cases only those that are no pass have a chart.",
        "octets": [shared.octets[each] for each in shared.octets],
        "chart_style": Markup(shared.style),
        "footer": f"Made by dicomnet {_text(report, 'version')} from its report ({_text(report, 'schema')}).",
    }


def _badness(row: Data) -> int:
    verdict = _text(row, "verdict")
    return UNHAPPY.index(verdict) if verdict in UNHAPPY else len(UNHAPPY)


def _outcome(counts: Counter[str], cases: int) -> str:
    """The run in a few words."""
    told = [
        f"{counts[verdict]} {verdict}" for verdict in ("fail", "error", "inconclusive") if counts[verdict]
    ]
    return ", ".join(told) + f" of {cases} cases" if told else f"no failure in {cases} cases"


def _told(report: Data) -> Iterator[str]:
    if report.get("interrupted"):
        yield "The run was interrupted: what is here is what was learned until then."
    if report.get("blamed"):
        yield f"Could not test: {printable(str(report['blamed']))}"


def _facts(report: Data) -> Iterator[tuple[str, str]]:
    yield "The target is", f"the {_text(report, 'role')} of the association"
    yield "Finished", _text(report, "date")
    yield "dicomnet", _text(report, "version")
    baseline = report.get("baseline")
    if isinstance(baseline, dict):
        yield "Baseline", _text(cast("Data", baseline), "file")


# --- Table 9-10 -------------------------------------------------------------------------------------------


def _events(marks: Marks, driven: set[tuple[str, ...]]) -> Iterator[tuple[str, str, list[Any]]]:
    for event in ASSOCIATION.events:
        row: list[Any] = []
        for state in ASSOCIATION.states:
            cell = state.name, event.name
            action = ASSOCIATION.action_at(*cell)
            if action is None:
                row.append(None)
                continue
            mark = marks.get(cell, Mark.UNSEEN)
            name = " x ".join(cell)
            said = f"{name}: {mark.value}. {action.name}: {action.description} ({action.clause})"
            row.append(
                {
                    "mark": mark.name.lower(),
                    "sign": SIGN[mark],
                    "action": action.name,
                    "said": said,
                    "link": name if cell in driven else "",
                }
            )
        yield event.name, event.meaning, row


def _legend(marks: Marks) -> list[dict[str, object]]:
    counts = Counter(marks.values())
    return [
        {"mark": mark.name.lower(), "sign": SIGN[mark], "count": counts[mark], "said": mark.value}
        for mark in Mark
    ]


def _diagram(marks: Marks) -> str:
    """The state diagram; where no engine draws, the table alone has to do."""
    try:
        svg = picture(dot_of(ASSOCIATION.name, marks, key=False), "svg").decode("utf-8")
    except RenderError:
        return ""
    return Markup(_PROLOG.sub("", svg))


# --- a case -----------------------------------------------------------------------------------------------


def _case(row: Data, number: int, shared: _Shared, *, chart: bool) -> dict[str, Any]:
    case_id, cell = _text(row, "id"), " x ".join(map(str, _list(row, "cell")))
    entries = [cast("Data", each) for each in _list(row, "evidence") if isinstance(each, dict)]
    words = (cell, _text(row, "observed"), _text(row, "transport"), *map(str, _list(row, "notes")))
    return {
        "anchor": f"case-{number}-{_UNSAFE.sub('-', case_id)}",
        "id": case_id,
        "title": _text(row, "title"),
        "verdict": _text(row, "verdict"),
        "standing": _text(row, "baseline"),
        "clause": _text(row, "clause").split(";")[0],
        "seconds": _seconds(row),
        "text": printable(" ".join(words)).lower(),
        "facts": [(name, value) for name, value in _facts_of(row, cell) if value],
        "chart": shared.chart(row) if chart and entries else "",
        "entries": [_entry(each, shared) for each in entries],
        "dropped": row.get("evidence_dropped") or 0,
        "traceback": printable(str(row.get("traceback") or ""), keep="\n"),
        "repeat": _text(row, "repeat"),
    }


def _facts_of(row: Data, cell: str) -> Iterator[tuple[str, str]]:
    yield "Requirement", f"{_text(row, 'level')}: {_text(row, 'requirement')}"
    yield "Clause", _text(row, "clause")
    yield "Cell", cell
    yield "Expected", _text(row, "expected")
    yield "Observed", _text(row, "observed")
    for note in _list(row, "notes"):
        yield "Note", printable(str(note))
    close = row.get("close")
    if isinstance(close, dict):
        yield "Ended", f"{_text(cast('Data', close), 'how')} after {_seconds(cast('Data', close), 'after')}"
    yield "Carried by", _text(row, "transport")
    attempts = row.get("attempts")
    yield "Attempts", str(attempts) if attempts not in (None, 1) else ""


def _entry(entry: Data, shared: _Shared) -> dict[str, str]:
    octets, connection = str(entry.get("octets") or ""), _text(entry, "connection")
    given = entry.get("total")
    total = given if isinstance(given, int) else 0
    return {
        "time": _seconds(entry),
        "who": f"{_text(entry, 'who')} {connection}".strip(),
        "what": _text(entry, "what"),
        "octets": shared.key(octets, total) if octets else "",
        "size": f"{total} octet{'s' * (total != 1)}",
    }


# --- reading ----------------------------------------------------------------------------------------------


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    return "" if value is None else printable(str(value))


def _list(data: Data, name: str) -> Sequence[object]:
    value = data.get(name)
    return cast("list[object]", value) if isinstance(value, list) else ()


def _seconds(data: Data, name: str = "seconds") -> str:
    value = data.get(name)
    if not isinstance(value, (int, float)):
        return ""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
