"""How the check is used, and what a user is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from dicomnet.conformance.stateful import (
    InvariantError,
    MemoryAdapter,
    Reaction,
    Step,
    check_adapter,
    connection_machine,
    replay,
)

from .plain import Plain
from .wrong import Lifo, TakesTheOneThatFired


class TestMemory(connection_machine(MemoryAdapter)):  # type: ignore[misc]  # a base that is made by a call
    settings = settings(max_examples=50, derandomize=True, deadline=None)


LIFO_MESSAGE = """\
invariant 1 (FIFO: accept yields the first request of the queue), row 8
  expected: r1 is the first of the queue
  told:     c1 got r2
  history:
      1. listener listens, capacity 2
      2. r1 connects
           told: listener on_accept(ok)
      3. r2 connects   [handler of the first callback: accept]
           told: listener on_accept(ok)
             in it: listener accepts into c1"""


def test_the_message_names_the_invariant_the_row_and_the_history() -> None:
    steps = [Step("connect"), Step("connect", reaction=Reaction("accept"))]
    with pytest.raises(InvariantError) as caught:
        replay(TakesTheOneThatFired, "dicomnet", 2, steps)
    error = caught.value
    assert str(error) == LIFO_MESSAGE
    assert (error.number, error.row) == (1, "row 8")
    replay(Plain, "dicomnet", 2, steps)


@pytest.mark.parametrize(("base", "passes"), [("Plain", True), ("Lifo", False)])
def test_the_class_is_collected_by_pytest(tmp_path: Path, base: str, passes: bool) -> None:
    here = Path(__file__).parents[2]
    (tmp_path / "test_mine.py").write_text(
        f"import sys\nsys.path.insert(0, {str(here)!r})\n"
        "from hypothesis import settings\n"
        "from dicomnet.conformance.stateful import connection_machine\n"
        "from tests.stateful.wrong import Lifo, Plain\n"
        f"class TestMine(connection_machine({base})):\n    pass\n"
        "TestMine.settings = settings(TestMine.settings, max_examples=50, derandomize=True, database=None)\n",
        "utf-8",
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode == 0) is passes, run.stdout
    assert ("1 passed" if passes else "invariant 1 (FIFO") in run.stdout


def test_an_unknown_profile_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="unknown profile 'tcp-bsd': choose one of dicomnet, tcp-linux"):
        check_adapter(Lifo, "tcp-bsd")
    with pytest.raises(ValueError, match="tcp-bsd"):
        connection_machine(Lifo, "tcp-bsd")


class Crashes(Plain):
    """A call raises where it should refuse."""

    def accept(self, listener: str, child: str) -> str:
        if not self.queue:
            raise IndexError("pop from empty list")
        return super().accept(listener, child)


class Swallows(Plain):
    """What a handler raises is not reported."""

    def errors(self) -> int:
        return 0


class Unasked(Plain):
    """A requestor is told of a child's end."""

    def connected(self, name: str) -> None:
        super().connected(name)
        self.post(name, "on_child_close", "ok", name)


@pytest.mark.parametrize(
    ("make", "number", "words"),
    [
        (Crashes, 7, "told:     IndexError('pop from empty list')"),
        (Swallows, 7, "expected: 1 raises of handlers, each reported once"),
        (Unasked, 7, "expected: a callback that this object has"),
    ],
)
def test_other_ways_to_be_broken(make: type[Plain], number: int, words: str) -> None:
    with pytest.raises(InvariantError) as caught:
        check_adapter(make, max_examples=500, derandomize=True)
    assert caught.value.number == number
    assert words in str(caught.value)


def test_the_judging_package_needs_no_hypothesis() -> None:
    """Only this part of it does, and says so where it is missing."""
    script = (
        "import sys; import dicomnet.conformance; assert 'hypothesis' not in sys.modules\n"
        "import importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'hypothesis' else found(name, *rest)\n"
        "import dicomnet.conformance.stateful"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.endswith(
        "ImportError: dicomnet.conformance.stateful needs Hypothesis: pip install 'dicomnet[hypothesis]'\n"
    )
