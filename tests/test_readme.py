"""The programs in the README run on both carriers, and print what the README says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple
from itertools import dropwhile, pairwise, takewhile
from pathlib import Path
from textwrap import dedent

import pytest

from .certificates import Certificates

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def programs(text: str, section: str) -> list[tuple[str, str]]:
    """Each program of a section with its output: the indented blocks before and after a line "prints"."""
    _, _, rest = text.partition(f"## {section}\n")
    parts = [part.splitlines() for part in rest.partition("\n## ")[0].split("\nprints\n")]
    return [(_text(_block(before[::-1])[::-1]), _text(_block(after))) for before, after in pairwise(parts)]


def _block(lines: list[str]) -> list[str]:
    """The indented block that these lines begin with."""
    filled = dropwhile(lambda line: not line, lines)
    return list(takewhile(lambda line: not line or line.startswith("    "), filled))


def _text(lines: list[str]) -> str:
    return dedent("\n".join(lines)).strip()


def printed(program: str, *arguments: str, where: Path | None = None) -> list[str]:
    """What a program prints. Whatever Python has to warn of makes it fail."""
    strict = ("-X", "dev", "-W", "error")
    run = subprocess.run(
        [sys.executable, *strict, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=where,
    )
    assert run.stderr == ""
    assert run.returncode == 0
    return run.stdout.splitlines()


PROGRAMS = programs(README, "Make a connection in code")


def test_the_programs_are_found() -> None:
    assert len(PROGRAMS) == 2
    text = "## A\n\ntext\n\n    x = 1\n\n    print(x)\n\nprints\n\n    1\n\nmore\n\n## B\n"
    assert programs(text, "A") == [("x = 1\n\nprint(x)", "1")]
    assert programs(text, "B") == []


@pytest.mark.parametrize(("program", "output"), PROGRAMS, ids=["callbacks", "async"])
def test_a_program_in_memory_prints_what_the_readme_says(program: str, output: str) -> None:
    assert printed(program) == output.splitlines()


@pytest.mark.parametrize(("program", "output"), PROGRAMS, ids=["callbacks", "async"])
def test_a_program_over_tcp_prints_it_too(program: str, output: str) -> None:
    """The two ends may come in another order there; each by itself does not."""
    here, there = printed(program, "tcp"), output.splitlines()
    for end in ("SCP", "SCU"):
        assert [line for line in here if line.startswith(end)] == [
            line for line in there if line.startswith(end)
        ]


@pytest.mark.parametrize("section", ["Use the pure state machine", "Check your own implementation"])
def test_the_program_of_a_section(section: str) -> None:
    ((program, output),) = programs(README, section)
    assert printed(program) == output.splitlines()


def test_the_program_of_the_security_layer(certificates: Certificates, tmp_path: Path) -> None:
    ((program, output),) = programs(README, "Secure it")
    (tmp_path / "certs").symlink_to(certificates.ca.parent)
    assert printed(program, where=tmp_path) == output.splitlines()


@pytest.mark.parametrize("arguments", [(), ("tcp",)], ids=["memory", "tcp"])
@pytest.mark.parametrize(("program", "output"), PROGRAMS, ids=["callbacks", "async"])
def test_one_argument_secures_a_program(
    program: str, output: str, arguments: tuple[str, ...], certificates: Certificates
) -> None:
    """What each end prints is the same; the certificate's name is the address, as the host is not named."""
    layer = "Tls(TlsSettings(Path({!r}), Path({!r}), Path({!r})))".format(
        *(str(each) for each in (*astuple(certificates.server), certificates.ca))
    )
    # The files are read before any loop runs, which would complain of the time that takes.
    imports = "from pathlib import Path\nfrom dicomnet.transports import Tls, TlsSettings\n"
    imports += f"{layer}.load(lambda: None)\n"
    secured = program.replace("Network(carrier)", f"Network(carrier, security={layer})")
    secured = secured.replace("aio.library(carrier)", f"aio.library(carrier, security={layer})")
    assert secured != program
    here, there = printed(imports + secured, *arguments), output.splitlines()
    for end in ("SCP", "SCU"):
        assert [line for line in here if line.startswith(end)] == [
            line for line in there if line.startswith(end)
        ]
