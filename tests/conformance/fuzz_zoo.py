"""The fuzzer against the zoo of faulty acceptors, in memory: what it finds, and after how many scripts.

`python -m tests.conformance.fuzz_zoo [EXAMPLES] [SEED] [NAME...]` prints a row for each, and a summary.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

from dicomnet.conformance import Options, Pace, Target
from dicomnet.conformance.fuzz import Effort, Outcome, fuzz
from dicomnet.transports import MemoryTransport

from ..zoo import ZOO, PlainAcceptor

_MANY = "it takes several connections at a time; a script has one"
_ARTIM = "no script waits for ARTIM"
# What no script can show, and why.
OUT_OF_REACH: dict[str, str] = {
    "answers-the-first-peer": _MANY,
    "last-come-first-served": _MANY,
    "leaver-in-queue-wedges": _MANY,
    "limit-answered-by-closing": _MANY,
    "limit-answered-by-silence": _MANY,
    "limit-never-recovers": _MANY,
    "limit-rejected-for-good": _MANY,
    "limit-stops-listening": _MANY,
    "loses-simultaneous-request": _MANY,
    "silent-peer-blocks-accept": _MANY,
    "silent-peer-stalls-for-ever": _MANY,
    "artim-cuts-association": _ARTIM,
    "artim-restarts-with-octets": _ARTIM,
    "no-artim-after-abort": _ARTIM,
    "no-artim-after-reject": _ARTIM,
    "no-artim-after-release": _ARTIM,
    "no-artim-in-sta2": _ARTIM,
    "oversize-data-accepted": "what is too long is what the target announces, which is not known when it is drawn",
}
# What is less than strict, or only told, as in the suite: no finding.
TOLD: dict[str, str] = {
    "abort-at-close": "behind a half-close",
    "abort-reason-reserved": "reserved abort reason",
    "ac-titles-not-repeated": "the AE titles are not the same octets",
    "ae-title-cut-at-space": "the target answers to any called AE title",
    "application-context-ignored": "accepted an application context",
    "associations-share-buffer": "served again only after a while",
    "called-rejected-as-calling": "where 1/1/7 says why",
    "context-results-swapped": "says why",
    "duplicate-context-id-accepted": "two contexts have one id",
    "duplicate-transfer-syntax-aborts": "names a transfer syntax twice",
    "even-context-id-accepted": "its id is even",
    "huge-length-waits": "waits for the rest",
    "sta13-close-lingers": "behind a half-close",
    "unsupported-abstract-syntax-accepted": "where 3 says why",
}


def fuzzed(
    kind: type[PlainAcceptor], examples: int, seed: int = 1, findings: int = 1, shrinking: float = 1.0
) -> Outcome:
    """What the fuzzer learns of an acceptor, on virtual time; `shrinking` are seconds of the real one."""
    carrier = MemoryTransport()
    acceptor = kind(carrier, aet="ZOO")
    outcome = Outcome(kind.fault or "sound", seed)
    target = Target(carrier, acceptor.address, "ZOO", "DICOMNET", Pace())
    effort = Effort(seconds=None, examples=examples, seed=seed, findings=findings, shrinking=shrinking)
    fuzz(target, outcome, effort, Options(recover_limit=40.0))
    return outcome


def found(outcome: Outcome) -> int | None:
    """After how many scripts the fault was found: a finding, or a target that serves no more."""
    if outcome.blamed:
        return 0
    if outcome.findings:
        return min(finding.example for finding in outcome.findings)
    return outcome.examples if outcome.lost is not None else None


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show(runs: Mapping[str, Callable[[], Outcome]], out_of_reach: Mapping[str, str]) -> None:
    """Run each, print a row for it, then a summary."""
    needed: list[int] = []
    told = 0
    for name, run in runs.items():
        outcome = run()
        after = found(outcome)
        if after is not None:
            needed.append(after)
            how = str(outcome.findings[0].root) if outcome.findings else outcome.blamed or "serves no more"
            _print(f"{name:40} {after:5}  {how}")
        else:
            told += bool(outcome.told)
            _print(f"{name:40}        {outcome.told[0].text if outcome.told else 'NOT FOUND'}")
    middle = f", after {median(needed):g} scripts in the median" if needed else ""
    _print(
        f"\n{len(needed)} of {len(runs)} found{middle}; {told} more told; {len(out_of_reach)} out of reach:"
    )
    for name, why in out_of_reach.items():
        _print(f"  {name}: {why}")


def main(arguments: list[str]) -> None:
    """Print what is found of each, or of those that are named."""
    examples = int(arguments[0]) if arguments else 1500
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    names = arguments[2:] or [name for name in sorted(ZOO) if name not in OUT_OF_REACH]
    show({name: partial(fuzzed, ZOO[name], examples, seed) for name in names}, OUT_OF_REACH)


if __name__ == "__main__":
    main(sys.argv[1:])
