"""How fast the codec is beside pynetdicom's: `python tests/bench/bench_codec.py`.

What is said twice by a peer is remembered, so requests that were never seen before are measured as well.
"""

from __future__ import annotations

import sys
from functools import partial
from itertools import cycle
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

from harness import Effort, Task, best_times, compare, effort, heading, optional, show

RQ = "A-ASSOCIATE-RQ, 1 context"
DATA = "P-DATA-TF, 16 KiB"
# (PDU, what is done) to how many times faster than pynetdicom it is to be.
GOALS: dict[tuple[str, str], float] = {
    (RQ, "decode"): 20,
    (RQ, "encode"): 9,
    (DATA, "decode"): 2.5,
    (DATA, "encode to buffers"): 10,
}


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
        RQ: (few, "A_ASSOCIATE_RQ"),
        "A-ASSOCIATE-RQ, 64 contexts": (many, "A_ASSOCIATE_RQ"),
        DATA: (PDataTF((PDV(1, False, True, fragment[:-6]),)), "P_DATA_TF"),
        "A-RELEASE-RQ": (AReleaseRQ(), "A_RELEASE_RQ"),
        "A-ABORT": (AAbort(2, 1), "A_ABORT_RQ"),
    }


def their_codec(module: Any, name: str, octets: bytes) -> tuple[Task, Task]:  # noqa: ANN401
    """Decode and encode of the same PDU by pynetdicom; each decode fills a new object."""
    kind = getattr(module, name)
    whole = kind()
    whole.decode(octets)

    def decode_theirs() -> object:
        return kind().decode(octets)

    return decode_theirs, whole.encode


def measure_pdu(effort: Effort, module: Any, title: str, pdu: Pdu, name: str) -> None:  # noqa: ANN401
    """One PDU: decode, encode, and encode to a list of buffers, which copies no fragment."""
    octets = encode(pdu)
    decode_theirs, encode_theirs = (None, None) if module is None else their_codec(module, name, octets)
    deeds: list[tuple[str, Task, Task | None]] = [
        ("decode", partial(decode, octets), decode_theirs),
        ("encode", partial(encode, pdu), encode_theirs),
        ("encode to buffers", partial(encode_buffers, pdu), encode_theirs),
    ]
    for deed, ours, theirs in deeds:
        heading(f"{title}: {deed}")
        compare(effort, ours, [("pynetdicom", theirs, GOALS.get((title, deed)))], 1)


def measure_fresh(effort: Effort, module: Any) -> None:  # noqa: ANN401
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
    decode_theirs, encode_theirs = (None, None)
    if module is not None:
        decode_theirs, encode_theirs = their_codec(module, "A_ASSOCIATE_RQ", next(endless_octets))
    heading("A-ASSOCIATE-RQ, never seen: decode")
    compare(effort, lambda: decode(next(endless_octets)), [("pynetdicom", decode_theirs, None)], 1)
    heading("A-ASSOCIATE-RQ, never seen: encode")
    compare(effort, lambda: encode(next(endless_pdus)), [("pynetdicom", encode_theirs, None)], 1)


def measure(effort: Effort) -> None:
    """Measure and print."""
    module = optional("pynetdicom.pdu")
    for title, (pdu, name) in sample_pdus().items():
        measure_pdu(effort, module, title, pdu, name)
    measure_fresh(effort, module)
    heading("C-ECHO-RQ command set")
    command = CEchoRQ(7)
    octets = encode_command(command)
    decoding, encoding = best_times(
        [partial(decode_command, octets), partial(encode_command, command)], effort
    )
    show("decode", decoding)
    show("encode", encoding)


if __name__ == "__main__":
    measure(effort(__doc__))
    sys.exit(0)
