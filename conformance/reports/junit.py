"""The report as JUnit XML: one test case per case, as CI systems read it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from ..session import Report
from ..verdict import Result, Verdict
from .jsonfile import replace_text

_ELEMENT = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "skipped",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}


def write_junit(report: Report, repeat: str, path: Path) -> None:
    """Write the report; `repeat` as in the JSON report."""
    summary = report.summary()
    skipped = sum(summary[verdict.value] for verdict, name in _ELEMENT.items() if name == "skipped")
    suite = ElementTree.Element(
        "testsuite",
        name=f"dicomnet {report.target}",
        tests=str(len(report.results)),
        failures=str(summary["fail"]),
        errors=str(summary["error"]),
        skipped=str(skipped),
        time=f"{sum(result.seconds for result in report.results):.3f}",
    )
    for result in report.results:
        suite.append(_case(result, repeat))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=True)
    replace_text(path, text + "\n")


def _case(result: Result, repeat: str) -> ElementTree.Element:
    case = result.case
    element = ElementTree.Element(
        "testcase", classname=f"dicomnet.{result.transport}", name=case.id, time=f"{result.seconds:.3f}"
    )
    kind = _ELEMENT.get(result.verdict)
    if kind is not None:
        child = ElementTree.SubElement(
            element, kind, message=_clean(f"{result.verdict.value}: {result.observed}")
        )
        child.text = _clean(
            f"{case.requirement}\n{case.clause}\nexpected: {result.expected}\nobserved: {result.observed}\n"
            f"repeat: {repeat.format(id=case.id)}"
        )
    lines = [f"verdict: {result.verdict.value}", *result.notes]
    lines.extend(f"{entry.seconds:9.3f} s {entry.who}: {entry.what}" for entry in result.evidence.entries)
    ElementTree.SubElement(element, "system-out").text = _clean("\n".join(lines))
    return element


def _clean(text: str) -> str:
    """XML 1.0 has no control characters; a hostile AE title may hold some."""
    return "".join(
        c if c in "\n\t" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF) else "?" for c in text
    )
