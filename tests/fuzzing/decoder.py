"""A coverage-guided run over the decoders: `python -m tests.fuzzing.decoder -max_total_time=60 DIRECTORY`.

It needs atheris (`pip install 'dicomnet[atheris]'`, CPython on Linux). What follows are the arguments of libFuzzer; the
corpus is read, and what is new is written into DIRECTORY, where one is given. An input that breaks a decoder is
written as crash-... and ends the run with another exit code than 0.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["dicomnet.statemachine.wire"]):
    from .samples import CORPUS
    from .total import check

# PDUs begin with their type and length: a header that fits the rest lets a mutant get further.
HEADER = 7
MOST = 512


def mutate(sample: bytes, most: int, seed: int) -> bytes:
    """Change the octets anyhow; in two of three cases let the length of the PDU say what follows."""
    changed = atheris.Mutate(sample, most)
    if seed % 3 and len(changed) >= HEADER and changed[0] % 5 < 2:
        kind = 1 + changed[1] % 8 if seed % 2 else changed[1]
        rest = changed[HEADER:]
        changed = changed[:1] + bytes((kind, changed[2])) + len(rest).to_bytes(4, "big") + rest
    return changed[:most]


def main() -> None:
    """Run until libFuzzer's arguments, or an input that breaks something, end it."""
    atheris.Setup([*sys.argv, str(CORPUS), f"-max_len={MOST}"], check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
