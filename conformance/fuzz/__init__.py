"""Drawn scripts: what a target is sent is drawn, what it may answer is what the machine says.

A `Script` is text, a token for a command line, and by `case_of` an ordinary case. `repeat` runs one against a target in
a test; it needs no Hypothesis. `fuzz` is what `dicomnet fuzz` does. The strategies are those of
`dicomnet.conformance.fuzz.strategies`, which needs Hypothesis as `fuzz` does.
"""

from .acceptance import Acceptance, acceptance
from .again import CouldNotTestError, repeat, repeat_requestor
from .compiled import case_of, compiled
from .compiler import Compiled
from .framed import Heard, TooWideError
from .outcome import Effort, Finding, Outcome, Told
from .report import as_test, outcome_as_dict
from .root import Root, root_of
from .running import NoHypothesisError, fuzz
from .script import Act, Say, Script, ScriptError, read_script, read_token
from .stream import Stream, readings_of

__all__ = [
    "Acceptance",
    "Act",
    "Compiled",
    "CouldNotTestError",
    "Effort",
    "Finding",
    "Heard",
    "NoHypothesisError",
    "Outcome",
    "Root",
    "Say",
    "Script",
    "ScriptError",
    "Stream",
    "Told",
    "TooWideError",
    "acceptance",
    "as_test",
    "case_of",
    "compiled",
    "fuzz",
    "outcome_as_dict",
    "read_script",
    "read_token",
    "readings_of",
    "repeat",
    "repeat_requestor",
    "root_of",
]
