"""The fuzzer against the zoo of faulty requestors, in memory: what it finds, and after how many scripts.

`python -m tests.conformance.fuzz_zoo_requestors [EXAMPLES] [SEED] [NAME...]` prints a row for each, and a summary.
"""

from __future__ import annotations

import sys
from functools import partial

from dicomnet.conformance import Options, Pace, Reception, Target, Trigger
from dicomnet.conformance.fuzz import Effort, Outcome, fuzz
from dicomnet.transports import Address, MemoryTransport

from ..zoo import REQUESTORS, PlainRequestor
from .calling import Call
from .fuzz_zoo import show

# What no script can show, and why.
OUT_OF_REACH: dict[str, str] = {
    "connects-again-after-rj": "no script watches who connects when all is over",
    "sta13-restarts-artim": "no script waits for ARTIM",
    "sta13-without-artim": "no script waits for ARTIM",
}
# What is less than strict, or only told, as in the suite: no finding.
TOLD: dict[str, str] = {
    "aborts-with-reserved-reason": "reserved abort reason",
    "ignores-end-of-connection": "behind a half-close",
    "requests-with-reserved-octets": "not sent as zero",
}


def answered(
    trigger: Trigger,
    fault: str,
    examples: int,
    seed: int = 1,
    findings: int = 1,
) -> Outcome:
    """What the fuzzer learns of a requestor, on virtual time."""
    carrier = MemoryTransport()
    here = Address("", 0)
    outcome = Outcome(fault, seed)
    reception = Reception(carrier, here, trigger)
    target = Target(carrier, here, "ZOO", "DICOMNET", Pace(), caller=reception)
    effort = Effort(seconds=None, examples=examples, seed=seed, findings=findings, shrinking=1.0)
    fuzz(target, outcome, effort, Options(recover_limit=40.0))
    return outcome


def fuzzed(kind: type[PlainRequestor], examples: int, seed: int = 1, findings: int = 1) -> Outcome:
    """What the fuzzer learns of a requestor of the zoo."""
    return answered(Call(kind), kind.fault or "sound", examples, seed, findings)


def main(arguments: list[str]) -> None:
    """Print what is found of each, or of those that are named."""
    examples = int(arguments[0]) if arguments else 1500
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    names = arguments[2:] or [name for name in sorted(REQUESTORS) if name not in OUT_OF_REACH]
    show({name: partial(fuzzed, REQUESTORS[name], examples, seed) for name in names}, OUT_OF_REACH)


if __name__ == "__main__":
    main(sys.argv[1:])
