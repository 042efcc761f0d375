"""How a stream is cut into PDUs, and how early a fault of its frame is told."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomnet.statemachine import (
    ASSOCIATE_LIMIT,
    DATA_CEILING,
    DEFAULT_MAXIMUM_LENGTH,
    AAbort,
    AReleaseRQ,
    Framer,
    Limits,
    LocalProtocolError,
    PDataTF,
    Pdu,
    Violation,
    decode,
    encode,
    frame_length,
)

from .octets import pdu, pdv
from .strategies import pdus

WIDE = Limits(data=0)
RELEASE = b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00"


def in_pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    """The octets cut at these places."""
    places = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in pairwise(places)]


@given(st.lists(pdus(), max_size=4), st.binary(max_size=12), st.lists(st.integers(0, 2000), max_size=8))
def test_any_split_gives_the_same(sent: list[Pdu], rest: bytes, cuts: list[int]) -> None:
    stream = b"".join(map(encode, sent)) + rest
    whole = Framer(WIDE)
    expected = whole.feed(stream)
    assert [result for result, _ in expected[: len(sent)]] == sent
    split = Framer(WIDE)
    assert [each for piece in in_pieces(stream, cuts) for each in split.feed(piece)] == expected
    assert split.pending == whole.pending


@given(st.lists(pdus(), max_size=3), st.binary(max_size=8))
def test_one_octet_at_a_time_gives_the_same(sent: list[Pdu], rest: bytes) -> None:
    stream = b"".join(map(encode, sent)) + rest
    framer = Framer(WIDE)
    received = [each for octet in stream for each in framer.feed(bytes([octet]))]
    assert received == Framer(WIDE).feed(stream)


@given(st.lists(pdus(), min_size=1, max_size=3))
def test_each_pdu_comes_with_its_octets_and_no_later_than_its_last_one(sent: list[Pdu]) -> None:
    framer = Framer(WIDE)
    for each in sent:
        octets = encode(each)
        assert framer.feed(octets[:-1]) == []
        assert framer.pending == len(octets) - 1
        assert framer.feed(octets[-1:]) == [(each, octets)]
        assert framer.pending == 0


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_stream_is_taken(pieces: list[bytes]) -> None:
    framer = Framer(WIDE)
    broken = False
    taken = 0
    for piece in pieces:
        for result, octets in framer.feed(piece):
            assert not broken
            broken = isinstance(result, Violation) and result.framing
            taken += len(octets)
            assert broken or decode(octets) == result
        taken += len(piece) if broken else 0
    assert broken or taken + framer.pending == sum(map(len, pieces))
    assert not broken or framer.pending == 0


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_framer_keeps_no_hold_of_what_it_is_fed(kind: type[bytes | bytearray | memoryview]) -> None:
    framer = Framer()
    source = bytearray(RELEASE[:7])
    assert framer.feed(kind(source)) == []
    source[:] = bytes(7)
    assert framer.feed(kind(RELEASE[7:] + RELEASE)) == [(AReleaseRQ(), RELEASE)] * 2


def test_wrong_content_does_not_stop_the_stream() -> None:
    wrong = pdu(4, b"\0\0\0\0\1\3")
    (first, raw), second = Framer().feed(wrong + RELEASE)
    assert isinstance(first, Violation)
    assert not first.framing
    assert raw == wrong
    assert second == (AReleaseRQ(), RELEASE)


@pytest.mark.parametrize(
    ("octets", "shown"),
    [(b"\x16\x03\x01\x02\x00\x01", 1), (pdu(7, bytes(5)), 6), (b"\x04\0\xff\xff\xff\xff", 6)],
)
def test_a_broken_frame_stops_the_stream(octets: bytes, shown: int) -> None:
    framer = Framer()
    (first, (violation, raw)) = framer.feed(RELEASE + octets + RELEASE)
    assert first == (AReleaseRQ(), RELEASE)
    assert isinstance(violation, Violation)
    assert violation.framing
    assert raw == octets[:shown]
    assert framer.feed(RELEASE) == []
    assert framer.pending == 0


# --- frame_length ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", range(256))
def test_an_unknown_type_is_known_at_its_first_octet(kind: int) -> None:
    result = frame_length(bytes([kind]), 0, Limits())
    if 1 <= kind <= 7:
        assert result is None
    else:
        assert isinstance(result, Violation)
        assert (result.offset, result.abort_reason, result.framing) == (0, 1, True)


def test_a_header_is_waited_for() -> None:
    for length in range(6):
        assert frame_length(RELEASE[:length], 0, Limits()) is None
    assert frame_length(RELEASE[:6], 0, Limits()) == 10
    assert frame_length(b"junk" + RELEASE, 4, Limits()) == 10
    assert frame_length(RELEASE, 10, Limits()) is None
    assert frame_length(RELEASE, 99, Limits()) is None


def header(kind: int, length: int) -> bytes:
    """The six octets before a body of this length."""
    return bytes([kind, 0]) + length.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("kind", "length", "limits", "fits"),
    [
        (1, 67, Limits(), False),
        (1, 68, Limits(), True),
        (2, 67, Limits(), False),
        (2, 68, Limits(), True),
        (3, 3, Limits(), False),
        (3, 4, Limits(), True),
        (3, 5, Limits(), False),
        (5, 0, Limits(), False),
        (6, 5, Limits(), False),
        (7, 0xFFFFFFFF, Limits(), False),
        (7, 4, Limits(0, 1), True),
        (1, ASSOCIATE_LIMIT, Limits(), True),
        (1, ASSOCIATE_LIMIT + 1, Limits(), False),
        (2, 1000, Limits(associate=1000), True),
        (2, 1001, Limits(associate=1000), False),
        (1, 1000, Limits(data=6), True),
        (4, 5, Limits(), False),
        (4, 6, Limits(), True),
        (4, DEFAULT_MAXIMUM_LENGTH, Limits(), True),
        (4, DEFAULT_MAXIMUM_LENGTH + 1, Limits(), False),
        (4, 1000, Limits(associate=0, data=1000), True),
        (4, 1001, Limits(data=1000), False),
        (4, DATA_CEILING, Limits(data=0), True),
        (4, DATA_CEILING + 1, Limits(data=0), False),
        (4, 0xFFFFFFFF, Limits(data=0xFFFFFFFF), True),
    ],
)
def test_lengths_that_can_be(kind: int, length: int, limits: Limits, fits: bool) -> None:
    result = frame_length(header(kind, length), 0, limits)
    if fits:
        assert result == length + 6
    else:
        assert isinstance(result, Violation)
        assert (result.offset, result.abort_reason, result.framing) == (2, 6, True)
        assert str(length) in result.reason


def test_over_the_announced_maximum_length_cites_it() -> None:
    result = frame_length(header(4, 101), 0, Limits(data=100))
    assert isinstance(result, Violation)
    assert result.clause == "PS3.8 2020 D.1"
    assert "100" in result.reason


@pytest.mark.parametrize("limits", [(-1, 0), (0, -1)])
def test_limits_are_not_negative(limits: tuple[int, int]) -> None:
    with pytest.raises(LocalProtocolError, match="invalid_argument"):
        Limits(*limits)


def test_small_pieces_are_not_gone_through_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looks at a header are counted, not time: there are a few for a PDU, not one for each piece."""
    looks = 0

    def counting(octets: bytes, start: int, limits: Limits) -> int | Violation | None:
        nonlocal looks
        looks += 1
        return frame_length(octets, start, limits)

    monkeypatch.setattr("dicomnet.statemachine.wire.framer.frame_length", counting)
    framer = Framer(WIDE)
    octets = pdu(4, pdv(1, 2, bytes(20_000))) + encode(AAbort(0, 0))
    received = [each for at in range(0, len(octets), 7) for each in framer.feed(octets[at : at + 7])]
    assert [type(result) for result, _ in received] == [PDataTF, AAbort]
    assert looks < 12
