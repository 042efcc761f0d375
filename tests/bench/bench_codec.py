"""How fast the codec is against pynetdicom's, side by side in one run: `python tests/bench/bench_codec.py`.

Both sides take turns in short rounds and the best round of each counts, because what disturbs a machine only
ever slows it. Ratios are what to look at: absolute times differ from machine to machine. Without pynetdicom
only our own times are printed. No test depends on any of this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import cycle
from time import perf_counter
from typing import Any

from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    PDV,
    UID_CACHE_SIZE,
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
    few = AAssociateRQ("STORE", "ECHO", (echo,), UserInformation())
    many = AAssociateRQ("STORE", "ECHO", storage, UserInformation())
    return {
        "A-ASSOCIATE-RQ, 1 context": (few, "A_ASSOCIATE_RQ"),
        "A-ASSOCIATE-RQ, 64 contexts": (many, "A_ASSOCIATE_RQ"),
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
    """Decode and encode of the same PDU by pynetdicom; each decode fills a new object."""
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


def report_fresh(module: Any) -> None:  # noqa: ANN401
    """Requests that were never seen before, so that no item and no UID of them is remembered."""
    fresh = [
        AAssociateRQ(
            "STORE",
            "ECHO",
            (PresentationContextRQ(1, f"1.2.840.{n}", (f"1.2.841.{n}", f"1.2.842.{n}")),),
            UserInformation(implementation_class_uid=f"1.2.843.{n}"),
        )
        for n in range(4 * UID_CACHE_SIZE)
    ]
    endless_pdus = cycle(fresh)
    endless_octets = cycle([encode(pdu) for pdu in fresh])
    tasks: list[Task] = [lambda: decode(next(endless_octets)), lambda: encode(next(endless_pdus))]
    if module is not None:
        tasks += their_codec(module, "A_ASSOCIATE_RQ", next(endless_octets))
    times = best_times(tasks)
    report("A-ASSOCIATE-RQ, never seen: decode", times[0], times[2] if times[2:] else None)
    report("A-ASSOCIATE-RQ, never seen: encode", times[1], times[3] if times[2:] else None)


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
        ours: list[Task] = [partial(decode, octets), partial(encode, pdu), partial(encode_buffers, pdu)]
        theirs = [] if module is None else list(their_codec(module, name, octets))
        times = best_times([*ours, *theirs])
        report(f"{title}: decode", times[0], times[3] if theirs else None)
        report(f"{title}: encode", times[1], times[4] if theirs else None)
        report(f"{title}: encode_buffers", times[2], times[4] if theirs else None)
    report_fresh(module)
    command = CEchoRQ(7)
    octets = encode_command(command)
    decoding, encoding = best_times([partial(decode_command, octets), partial(encode_command, command)])
    report("C-ECHO-RQ command set: decode", decoding, None)
    report("C-ECHO-RQ command set: encode", encoding, None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
