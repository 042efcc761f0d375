"""How fast the codec is against pynetdicom's, side by side in one run: `python tests/bench/bench_codec.py`.

Both sides take turns in short rounds and the best round of each counts, because what disturbs a machine only ever
slows. Ratios are what to look at: absolute times differ from machine to machine. Without pynetdicom
only our own times are printed. No test depends on any of this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateRQ,
    AReleaseRQ,
    CEchoRQ,
    PDataTF,
    Pdu,
    PresentationContextRQ,
    UserInformation,
    decode,
    decode_command,
    encode,
    encode_buffers,
    encode_command,
)

ROUNDS = 60
ROUND_SECONDS = 0.004

Task = Callable[[], object]


def sample_pdus() -> dict[str, tuple[Pdu, str]]:
    """The PDUs measured, by title, each with the name of its class in pynetdicom."""
    echo = PresentationContextRQ(1, VERIFICATION, (IMPLICIT_LE, EXPLICIT_LE))
    storage = tuple(
        PresentationContextRQ(2 * n + 1, f"1.2.840.10008.5.1.4.1.1.{n + 1}", (IMPLICIT_LE, EXPLICIT_LE))
        for n in range(64)
    )
    fragment = bytes(range(256)) * 64
    return {
        "A-ASSOCIATE-RQ, 1 context": (AAssociateRQ("STORE", "ECHO", (echo,), UserInformation()), "A_ASSOCIATE_RQ"),
        "A-ASSOCIATE-RQ, 64 contexts": (
            AAssociateRQ("STORE", "ECHO", storage, UserInformation()),
            "A_ASSOCIATE_RQ",
        ),
        "P-DATA-TF, 16 KiB": (PDataTF((PDV(1, False, True, fragment[:-6]),)), "P_DATA_TF"),
        "A-RELEASE-RQ": (AReleaseRQ(), "A_RELEASE_RQ"),
        "A-ABORT": (AAbort(2, 1), "A_ABORT_RQ"),
    }


def best_times(tasks: list[Task]) -> list[float]:
    """Seconds for one run of each task: the best of many short rounds in which they take turns."""
    repeats: list[int] = []
    for task in tasks:
        start = perf_counter()
        for _ in range(20):
            task()
        repeats.append(max(1, int(ROUND_SECONDS * 20 / (perf_counter() - start))))
    best = [float("inf")] * len(tasks)
    for _ in range(ROUNDS):
        for index, (task, count) in enumerate(zip(tasks, repeats, strict=True)):
            start = perf_counter()
            for _ in range(count):
                task()
            best[index] = min(best[index], (perf_counter() - start) / count)
    return best


def their_codec(module: Any, name: str, octets: bytes) -> tuple[Task, Task]:  # noqa: ANN401
    """Decode and encode of the same PDU by pynetdicom; each decode fills a new object, as its reactor does."""
    kind = getattr(module, name)
    whole = kind()
    whole.decode(octets)

    def decode_theirs() -> object:
        return kind().decode(octets)

    return decode_theirs, whole.encode


def report(title: str, ours: float, theirs: float | None) -> None:
    """One line: our time in microseconds, theirs, and how many times faster ours is."""
    line = f"{title:44} {ours * 1e6:9.2f} us"
    if theirs is not None:
        line += f" {theirs * 1e6:9.2f} us {theirs / ours:7.1f} x"
    print(line)


def main() -> int:
    """Measure and print."""
    try:
        module: Any = import_module("pynetdicom.pdu")
    except ImportError:
        module = None
        print("pynetdicom is not installed: our own times alone")
    print(f"{'':44} {'ours':>12} {'pynetdicom':>12} {'ratio':>9}")
    for title, (pdu, name) in sample_pdus().items():
        octets = encode(pdu)
        ours: list[Task] = [lambda o=octets: decode(o), lambda p=pdu: encode(p), lambda p=pdu: encode_buffers(p)]
        theirs = [] if module is None else list(their_codec(module, name, octets))
        times = best_times([*ours, *theirs])
        report(f"{title}: decode", times[0], times[3] if theirs else None)
        report(f"{title}: encode", times[1], times[4] if theirs else None)
        report(f"{title}: encode_buffers", times[2], times[4] if theirs else None)
    command = CEchoRQ(7)
    octets = encode_command(command)
    decoding, encoding = best_times([lambda: decode_command(octets), lambda: encode_command(command)])
    report("C-ECHO-RQ command set: decode", decoding, None)
    report("C-ECHO-RQ command set: encode", encoding, None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
