"""The report as JUnit XML: one test case per case, as CI systems read it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from ..baseline import NO_BASELINE, Baseline, Comparison, Standing
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


def write_junit(report: Report, repeat: Repeat, path: Path, baseline: Baseline = NO_BASELINE) -> None:
    """Write the report. What a baseline expects is skipped, with its reason; what is gone from it is a failure."""
    compared = baseline.compare(report)
    suite = ElementTree.Element("testsuite")
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(report):
        ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
    kinds: Counter[str] = Counter()
    for result in report.results:
        kind = _kind(result, report, compared)
        kinds[kind] += 1
        suite.append(_case(result, kind, repeat, compared.words(result)))
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


def _kind(result: Result, report: Report, compared: Comparison) -> str:
    """The element for the verdict. A configuration to blame is an error: a skipped test would look harmless."""
    if report.blamed and report.blamed in result.notes:
        return "error"
    standing = compared.of(result)
    if standing is not None:
        return "skipped" if standing[0] is Standing.EXPECTED else "failure"
    return _ELEMENT.get(result.verdict, "")


def _case(result: Result, kind: str, repeat: Repeat, standing: str) -> ElementTree.Element:
    case = result.case
    element = ElementTree.Element(
        "testcase",
        classname=_clean(f"dicomnet.{result.transport}"),
        name=_clean(case.id),
        time=f"{result.seconds:.3f}",
    )
    if kind:
        message = _clean(standing or f"{result.verdict.value}: {result.observed}")
        child = ElementTree.SubElement(element, kind, message=message)
        child.text = _clean(
            f"{case.title}\n{case.level.value}: {case.requirement}\n{case.clause}\n"
            f"expected: {result.expected}\nobserved: {result.observed}\nrepeat: {repeat(case.id)}"
        )
    lines = [f"verdict: {result.verdict.value}", *filter(None, (standing,)), *result.notes]
    lines.extend(f"{entry.seconds:9.3f} s {entry.who}: {entry.told}" for entry in result.evidence.entries)
    ElementTree.SubElement(element, "system-out").text = _clean("\n".join(lines))
    return element


def _clean(text: str) -> str:
    return printable(text, keep="\n\t")
