"""The samples with which a coverage-guided run begins. `python -m tests.fuzzing.samples` writes them anew."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dicomnet.conformance import Send, all_cases
from dicomnet.statemachine import CEchoRQ, CEchoRSP, OtherCommand, encode, encode_command, tls
from dicomnet.transports import Policy, echo_request, negotiate

from .total import ANSWER, COMMAND, PDU, STREAM

CORPUS: Final = Path(__file__).parent / "corpus"
LONGEST: Final = 400
RANDOM: Final = bytes(range(32))
# Cases whose octets are told apart by what they are, not by when they are sent.
OF_FORM: Final = (
    "rq.",
    "ac.",
    "ui.",
    "pc.",
    "data.",
    "requestor.ac.",
    "requestor.pc.",
    "requestor.ui.",
    "frame.",
)


def samples() -> dict[str, bytes]:
    """The samples by name, from our own encoder and from the cases of the suites."""
    made = {
        "command-echo-rq": encode_command(CEchoRQ(7)),
        "command-echo-rsp": encode_command(CEchoRSP(7)),
        "command-store-rq": encode_command(OtherCommand(1, 2, None, 1, None, "1.2.840.10008.5.1.4.1.1.7")),
        "command-short": encode_command(CEchoRQ(7))[:-3],
    }
    found = {name: bytes((COMMAND,)) + octets for name, octets in made.items()}
    hello = tls.ClientHello((0x1301, 0xC02F), RANDOM, versions=(0x0304, 0x0303))
    records = tls.encode_client_hello(hello)
    found["tls-hello"] = bytes((ANSWER,)) + records
    found["tls-alert"] = bytes((ANSWER,)) + bytes.fromhex("15030300020228")
    found["associate-ac"] = bytes((PDU,)) + encode(negotiate(echo_request("SCP", "SCU"), Policy()))
    seen: set[bytes] = set()
    for case in (*all_cases(), *all_cases(role="requestor")):
        if not case.id.startswith((*OF_FORM, "ul.sta6.", "requestor.sta6.")):
            continue
        for step in case.steps:
            octets = octets_of(step)
            if octets and octets not in seen:
                seen.add(octets)
                kind = STREAM if case.id.startswith("frame.") else PDU
                found[case.id] = bytes((kind,)) + octets
    return found


def octets_of(step: object) -> bytes:
    """What a step sends, where it is written down and short."""
    return step.octets if isinstance(step, Send) and 0 < len(step.octets) <= LONGEST else b""


def main() -> None:
    """Write the samples, and nothing else into their directory."""
    CORPUS.mkdir(exist_ok=True)
    for old in CORPUS.iterdir():
        old.unlink()
    for name, octets in samples().items():
        (CORPUS / f"{name}.bin").write_bytes(octets)


if __name__ == "__main__":
    main()
