"""The command line as a user meets it: in this process, or as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from click.testing import CliRunner, Result

from dicomnet.conformance.cli import cli

COMMAND = (sys.executable, "-c", "from dicomnet.conformance.cli import main; main()")
PATIENCE = ("--patience", "0.4")


def run(*arguments: str, columns: int = 80) -> Result:
    """Run in this process."""
    result = CliRunner().invoke(cli, arguments, env={"COLUMNS": str(columns)})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def output(*arguments: str, columns: int = 80) -> str:
    """What a run that goes well prints."""
    result = run(*arguments, columns=columns)
    assert result.exit_code == 0, result.output
    return result.output


def wrong_use(*arguments: str) -> str:
    """What is said of wrong usage."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return flat(result.output)


def flat(text: str) -> str:
    """The text without its line breaks, which depend on the width of the terminal."""
    return " ".join(text.split())


@contextmanager
def started(*arguments: str, program: str = "") -> Generator[subprocess.Popen[str]]:
    """Run as a process of its own (`program`: by this script); it is ended when the block ends."""
    command = (sys.executable, program) if program else COMMAND
    with subprocess.Popen(
        (*command, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(process: subprocess.Popen[str], seconds: float = 20.0) -> tuple[int, str, str]:
    """Its exit code and what it still printed."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def read_json(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text("ascii"))
    return report


def read_junit(path: Path) -> ElementTree.Element:
    """The one test suite of the file; its counts agree with what it holds."""
    root = ElementTree.fromstring(path.read_bytes())
    assert root.tag == "testsuites"
    (suite,) = root
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[count]) == len(suite.findall(f"testcase/{kind}"))
    return suite
