"""What holds of the decoders for any octets whatever: a result, never an exception, and no more of it than octets."""

from __future__ import annotations

from dicomnet.statemachine import (
    Command,
    Framer,
    LocalProtocolError,
    Pdu,
    Violation,
    decode,
    decode_command,
    encode,
    encode_command,
    tls,
)

PDU, STREAM, COMMAND, ANSWER, KEY = range(5)
"""The first octet of a sample says what the rest is given to."""
# The largest PDU that the framer is given room for, and the pieces in which a stream is fed to it, in octets.
PIECES = (1, 5, 6, 7, 64)


def check(sample: bytes) -> None:
    """Give the octets to one of the decoders; an assertion fails, or an exception rises, where one is not total."""
    if not sample:
        return
    octets = sample[1:]
    match sample[0] % 5:
        case 0:
            check_pdu(octets)
        case 1:
            check_stream(octets)
        case 2:
            check_command(octets)
        case 3:
            answer = tls.decode_answer(octets)
            assert answer.pending <= len(octets)
            assert len(answer.parts) <= len(octets)
            assert all(map(tls.describe_part, answer.parts))
        case _:
            assert isinstance(tls.public_key(octets), tls.PublicKey | Violation)


def check_pdu(octets: bytes) -> None:
    """A PDU, or a violation that points into the octets; what may be sent is stable."""
    result = decode(octets)
    if isinstance(result, Violation):
        assert 0 <= result.offset <= len(octets)
        assert result.reason
        return
    assert items_of(result) <= len(octets)
    again = sent(result)
    if again is not None:
        assert sent(decode(again)) == again


def sent(pdu: Pdu | Violation) -> bytes | None:
    """What is sent of it; nothing where a receiver bears with what may not be sent."""
    if isinstance(pdu, Violation):
        return None
    try:
        return encode(pdu)
    except LocalProtocolError:
        return None


def items_of(pdu: Pdu) -> int:
    """How many parts a PDU has come to."""
    return sum(len(getattr(pdu, name, ())) for name in ("presentation_contexts", "pdvs"))


def check_stream(octets: bytes) -> None:
    """However a stream is cut, the same comes out of it."""
    whole = Framer()
    expected = whole.feed(octets)
    assert sum(len(raw) for _, raw in expected) <= len(octets)
    for size in PIECES[len(octets) % len(PIECES) :][:1]:
        framer = Framer()
        pieces = (octets[start : start + size] for start in range(0, len(octets), size))
        assert [each for piece in pieces for each in framer.feed(piece)] == expected
        assert framer.pending == whole.pending


def check_command(octets: bytes) -> None:
    """A command, or a violation that points into the octets; what may be sent is stable."""
    result = decode_command(octets)
    if isinstance(result, Violation):
        assert 0 <= result.offset <= len(octets)
        return
    again = said(result)
    if again is not None:
        assert decode_command(again) == result


def said(command: Command) -> bytes | None:
    """The command set as it is sent; nothing where it may not be."""
    try:
        return encode_command(command)
    except LocalProtocolError:
        return None
