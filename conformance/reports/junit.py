"""The report as JUnit XML: one test case per case, as CI systems read it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from ..session import Report
from ..verdict import Result, Verdict
from .files import replace_text
from .text import Repeat, printable

_ELEMENT = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "skipped",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}


def write_junit(report: Report, repeat: Repeat, path: Path) -> None:
    """Write the report."""
    suite = ElementTree.Element("testsuite")
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(report):
        ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
    kinds: Counter[str] = Counter()
    for result in report.results:
        kind = _kind(result, report)
        kinds[kind] += 1
        suite.append(_case(result, kind, repeat))
    suite.attrib.update(
        name=_clean(f"dicomnet {report.target}"),
        tests=str(len(report.results)),
        failures=str(kinds["failure"]),
        errors=str(kinds["error"]),
        skipped=str(kinds["skipped"]),
        time=f"{sum(result.seconds for result in report.results):.3f}",
    )
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    replace_text(path, f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n")


def _properties(report: Report) -> list[tuple[str, str]]:
    rows = [("target", report.target), ("blamed", report.blamed), *(("remark", r) for r in report.remarks)]
    if report.interrupted:
        rows.append(("interrupted", "true"))
    return [(name, value) for name, value in rows if value]


def _kind(result: Result, report: Report) -> str:
    """The element for the verdict. A configuration to blame is an error: a skipped test would look harmless."""
    if report.blamed and report.blamed in result.notes:
        return "error"
    return _ELEMENT.get(result.verdict, "")


def _case(result: Result, kind: str, repeat: Repeat) -> ElementTree.Element:
    case = result.case
    element = ElementTree.Element(
        "testcase",
        classname=_clean(f"dicomnet.{result.transport}"),
        name=_clean(case.id),
        time=f"{result.seconds:.3f}",
    )
    if kind:
        message = _clean(f"{result.verdict.value}: {result.observed}")
        child = ElementTree.SubElement(element, kind, message=message)
        child.text = _clean(
            f"{case.title}\n{case.level.value}: {case.requirement}\n{case.clause}\n"
            f"expected: {result.expected}\nobserved: {result.observed}\nrepeat: {repeat(case.id)}"
        )
    lines = [f"verdict: {result.verdict.value}", *result.notes]
    lines.extend(f"{entry.seconds:9.3f} s {entry.who}: {entry.told}" for entry in result.evidence.entries)
    ElementTree.SubElement(element, "system-out").text = _clean("\n".join(lines))
    return element


def _clean(text: str) -> str:
    return printable(text, keep="\n\t")
