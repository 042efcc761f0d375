"""The rules of the house, as tests: who may import whom, what stays pure, how long a thing may get.

Each rule is a function over one file, (path, source) -> faults, so that it can be shown to fail: every rule
is tried on a small bad source before it is trusted with the tree. That public names have docstrings is ruff's
to see.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("statemachine", "transports", "conformance", "diagrams")
# Who may import whom across folders. Never the other way.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "statemachine": (),
    "transports": ("statemachine",),
    "diagrams": ("statemachine",),
    "conformance": ("statemachine", "transports", "diagrams"),
    "tests": FOLDERS,
}
# Public modules that are imported by their full name; each has a stub of its own in .typings.
PUBLIC_MODULES = (
    "dicomnet.conformance.cli",
    "dicomnet.conformance.commands.tls_options",
    "dicomnet.conformance.exploration",
    "dicomnet.conformance.fuzz",
    "dicomnet.conformance.fuzz.strategies",
    "dicomnet.conformance.mutate",
    "dicomnet.conformance.pytest_plugin",
    "dicomnet.conformance.reports.fields",
    "dicomnet.conformance.reports.page",
    "dicomnet.conformance.stateful",
    "dicomnet.conformance.throwaway",
)
# fmt: off
IMPURE = frozenset({
    "asyncio", "concurrent", "ctypes", "datetime", "http", "io", "logging", "multiprocessing", "os",
    "pathlib", "pydicom", "queue", "random", "sched", "secrets", "select", "selectors", "shutil", "signal",
    "socket", "socketserver", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
})
# fmt: on
IMPURE_CALLS = frozenset({"open", "print", "input", "breakpoint", "__import__"})
# What must not come along when the pure folder is imported, by whatever way.
BLOCKED = (
    "asyncio",
    "logging",
    "multiprocessing",
    "pydicom",
    "random",
    "selectors",
    "socket",
    "ssl",
    "subprocess",
)
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
# The carriers, and what reads files of certificates: here an OSError becomes an event or a LocalProtocolError, and
# nowhere else.
OS_ERRORS_IN = ("transports/tcp.py", "transports/resolve.py", "transports/tls_settings.py")
OS_ERRORS = frozenset({"OSError", "IOError", "ConnectionError", "ConnectionResetError", "BrokenPipeError"})

PROFILE_NAMES = frozenset({"dicomnet", "tcp-linux", "tcp-winsock"})

Rule = Callable[[str, str], list[str]]


def imports_keep_their_direction(path: str, source: str) -> list[str]:
    """Across folders only `from dicomnet.<folder> import <exported name>`, and only as MAY_IMPORT says."""
    folder = PurePosixPath(path).parts[0]
    faults: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            faults += [
                f"{path}:{node.lineno}: import {alias.name}: write `from dicomnet.<folder> import <name>`"
                for alias in node.names
                if alias.name.partition(".")[0] == "dicomnet"
            ]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "dicomnet":
            names = [alias.name for alias in node.names]
            faults += [
                f"{path}:{node.lineno}: {fault}" for fault in _across(folder, node.module or "", names)
            ]
    return faults


def _across(folder: str, module: str, names: list[str]) -> list[str]:
    if folder == "tests" and module in PUBLIC_MODULES:
        return []
    _, _, neighbour = module.partition(".")
    if neighbour == folder:
        return [f"{module} is this file's own folder: import it relatively"]
    if neighbour not in MAY_IMPORT[folder]:
        return [f"{folder} may not import {module}"]
    return [f"{name} is not in the __all__ of {module}" for name in names if name not in exported(neighbour)]


@cache
def exported(folder: str) -> frozenset[str]:
    """The names in `__all__` of a folder, read from its source."""
    for node in ast.parse((ROOT / folder / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def relative_imports_stay_in_the_folder(path: str, source: str) -> list[str]:
    """`from ..` may climb to the top of its own folder, not out of it."""
    depth = len(PurePosixPath(path).parts) - 1
    return [
        f"{path}:{node.lineno}: the relative import leaves the folder"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.level > depth
    ]


def no_bare_import_of_a_folder(path: str, source: str) -> list[str]:
    """`import statemachine` works from the repository's root and nowhere else."""
    return [
        f"{path}:{line}: bare import of {name}: say dicomnet.{name}"
        for line, name in _absolute_imports(source)
        if name.partition(".")[0] in FOLDERS
    ]


def the_state_machine_is_pure(path: str, source: str) -> list[str]:
    """Nothing in statemachine/ imports what acts, reads a clock or draws lots, nor any other package."""
    if not path.startswith("statemachine/"):
        return []
    faults: list[str] = []
    for line, name in _absolute_imports(source):
        top = name.partition(".")[0]
        if top in IMPURE or top not in sys.stdlib_module_names:
            faults.append(f"{path}:{line}: the pure folder imports {name}")
    faults += [
        f"{path}:{node.lineno}: the pure folder calls {ast.unparse(node.func)}()"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in IMPURE_CALLS
    ]
    return faults


def _absolute_imports(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.lineno, node.module


def only_carriers_catch_os_errors(path: str, source: str) -> list[str]:
    """In statemachine/ and transports/ an OSError is caught in the carriers alone."""
    if not path.startswith(("statemachine/", "transports/")) or path in OS_ERRORS_IN:
        return []
    return [
        f"{path}:{node.lineno}: an OSError is caught outside the carriers"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        and node.type is not None
        and OS_ERRORS & {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
    ]


def files_and_functions_are_short(path: str, source: str) -> list[str]:
    """At most 600 lines a file and 70 a function, decorators and docstring counted."""
    faults: list[str] = []
    lines = source.count("\n")
    if lines > MAX_FILE_LINES:
        faults.append(f"{path}: {lines} lines")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            length = (node.end_lineno or first) - first + 1
            if length > MAX_FUNCTION_LINES:
                faults.append(f"{path}:{first}: {node.name} has {length} lines")
    return faults


def nothing_sleeps(path: str, source: str) -> list[str]:
    """Time is virtual, or something is awaited; a sleep is a guess. `sleep(0)` only yields the turn."""
    faults: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] != "sleep":
            continue
        if not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0):
            faults.append(f"{path}:{node.lineno}: sleeps")
    return faults


def nothing_asks_for_a_profile(path: str, source: str) -> list[str]:
    """A profile is data: its tables and its traits. No code compares its name."""
    if path.startswith("tests/"):
        return []
    return [
        f"{path}:{node.lineno}: a profile's name is compared: ask for what its tables or traits say"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare | ast.MatchValue)
        and PROFILE_NAMES & {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
    ]


RULES: tuple[Rule, ...] = (
    imports_keep_their_direction,
    relative_imports_stay_in_the_folder,
    no_bare_import_of_a_folder,
    the_state_machine_is_pure,
    only_carriers_catch_os_errors,
    files_and_functions_are_short,
    nothing_sleeps,
    nothing_asks_for_a_profile,
)

# rule, path, a source that breaks it, a source that is near and good
PLANTED: tuple[tuple[Rule, str, str, str], ...] = (
    (
        imports_keep_their_direction,
        "transports/x.py",
        "from dicomnet.conformance import Case",
        "from dicomnet.statemachine import step",
    ),
    (
        imports_keep_their_direction,
        "diagrams/x.py",
        "from dicomnet.transports import Network",
        "from dicomnet.statemachine import MACHINES",
    ),
    (
        imports_keep_their_direction,
        "conformance/x.py",
        "from dicomnet.statemachine.kernel import step",
        "from dicomnet.statemachine import step",
    ),
    (
        imports_keep_their_direction,
        "conformance/x.py",
        "from dicomnet.statemachine import no_such_name",
        "from dicomnet.statemachine import feed",
    ),
    (
        imports_keep_their_direction,
        "conformance/x.py",
        "import dicomnet.statemachine",
        "import dataclasses",
    ),
    (
        imports_keep_their_direction,
        "conformance/x.py",
        "from dicomnet.conformance import Case",
        "from .case import Case",
    ),
    (
        imports_keep_their_direction,
        "tests/x.py",
        "def f():\n    from dicomnet.conformance.session import Session",
        "def f():\n    from dicomnet.conformance import Session",
    ),
    (
        relative_imports_stay_in_the_folder,
        "statemachine/wire/x.py",
        "from ...transports import base",
        "from ..errors import LocalProtocolError",
    ),
    (
        no_bare_import_of_a_folder,
        "tests/x.py",
        "from statemachine.kernel import step",
        "from dicomnet.statemachine import step",
    ),
    (no_bare_import_of_a_folder, "tests/x.py", "import diagrams as d", "import difflib"),
    (the_state_machine_is_pure, "statemachine/x.py", "import time", "import struct"),
    (
        the_state_machine_is_pure,
        "statemachine/wire/x.py",
        "from os.path import join",
        "from struct import pack",
    ),
    (the_state_machine_is_pure, "statemachine/x.py", "import pydicom.uid", "from functools import cache"),
    (the_state_machine_is_pure, "statemachine/x.py", "print(1)", "repr(1)"),
    (
        only_carriers_catch_os_errors,
        "transports/network.py",
        "try:\n    pass\nexcept (ValueError, OSError):\n    pass",
        "try:\n    pass\nexcept ValueError:\n    pass",
    ),
    (files_and_functions_are_short, "tests/x.py", "\n" * 601, "\n" * 600),
    (
        files_and_functions_are_short,
        "tests/x.py",
        "@f\ndef g():\n" + "    pass\n" * 69,
        "@f\ndef g():\n" + "    pass\n" * 68,
    ),
    (nothing_sleeps, "tests/x.py", "import time\ntime.sleep(0.1)", "asyncio.sleep(0)"),
    (
        nothing_asks_for_a_profile,
        "conformance/x.py",
        'if model.name == "tcp-linux":\n    pass',
        "if model.traits.half_open:\n    pass",
    ),
    (
        nothing_asks_for_a_profile,
        "transports/x.py",
        'f = name in ("dicomnet", "tcp-winsock")',
        'f = {"dicomnet": 0}',
    ),
    (nothing_sleeps, "tests/x.py", "from time import sleep\nsleep(1)", "sleeping(1)"),
)


@cache
def tree() -> dict[str, str]:
    """Path to source of every Python file of the project."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for folder in (*FOLDERS, "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps(rule: Rule) -> None:
    faults = [fault for path, source in tree().items() for fault in rule(path, source)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("rule", "path", "bad", "good"), PLANTED)
def test_a_planted_fault_is_found(rule: Rule, path: str, bad: str, good: str) -> None:
    assert rule(path, bad), "the fault was not found"
    assert not rule(path, good)


def test_every_rule_was_seen_failing() -> None:
    assert {row[0] for row in PLANTED} == set(RULES)


def brought_along(statement: str) -> set[str]:
    """The blocked modules that a fresh interpreter holds after `statement`, and did not hold before."""
    script = (
        f"import sys; blocked = set({BLOCKED!r}); before = set(sys.modules)\n{statement}\n"
        "print(*(blocked & (set(sys.modules) - before)))"
    )
    # -S keeps out what an editable install imports by itself, -I what surrounds the user.
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {_paths()!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def _paths() -> list[str]:
    return [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]


def test_the_state_machine_brings_nothing_impure_along() -> None:
    # The folder is a package under its bare name as well; that is what lets it be looked at alone.
    assert brought_along("import statemachine") == set()


def test_the_command_line_brings_no_cryptography_along() -> None:
    script = "import sys, dicomnet.conformance.cli; print('cryptography' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_what_is_brought_along_is_seen() -> None:
    assert "logging" in brought_along("import concurrent.futures")
    assert {"asyncio", "socket"} <= brought_along("import asyncio")


def folders_with_source(paths: list[str]) -> set[str]:
    """The packages that these files make."""
    parents = (PurePosixPath(path).parent.as_posix() for path in paths)
    return {"dicomnet." + parent.replace("/", ".") for parent in parents}


def test_the_wheel_holds_every_package() -> None:
    ours = [path for path in tree() if not path.startswith("tests/")]
    settings: Any = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert sorted(settings["tool"]["setuptools"]["packages"]) == sorted(folders_with_source(ours))


def test_a_package_that_is_missing_is_seen() -> None:
    assert folders_with_source(["diagrams/a.py", "diagrams/b/c.py"]) == {
        "dicomnet.diagrams",
        "dicomnet.diagrams.b",
    }


def test_every_folder_is_typed_and_has_its_stub() -> None:
    for folder in FOLDERS:
        assert (ROOT / folder / "py.typed").exists()
        stub = (ROOT / ".typings" / "dicomnet" / folder / "__init__.pyi").read_text("utf-8")
        assert re.fullmatch(rf"from {folder} import \*\n", stub)
