"""What is on its way is cut by the octet where it is plain, and by units that say nothing of it where it is sealed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dicomnet.transports import Cargo

SEALED_UNITS, SMALL_UNITS, LARGE_UNIT = 64, 32, 64

SENDS = st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=4)
CUTS = st.lists(st.integers(1, 100), max_size=12)


def cut(sends: list[bytes], cuts: list[int], *, sealed: bool) -> list[bytes]:
    """What comes out when so many units are taken, one after the other, and then the rest."""
    cargo = Cargo(sealed=sealed)
    for each in sends:
        cargo.add(each)
    taken = [cargo.take(units).octets for units in cuts]
    rest = cargo.take(cargo.units)
    assert not cargo
    return [*taken, rest.octets]


@given(SENDS, CUTS)
def test_nothing_is_lost_or_mixed(sends: list[bytes], cuts: list[int]) -> None:
    for sealed in (False, True):
        assert b"".join(cut(sends, cuts, sealed=sealed)) == b"".join(sends)


@given(SENDS, CUTS)
def test_plain_octets_are_cut_by_the_octet(sends: list[bytes], cuts: list[int]) -> None:
    whole, at = b"".join(sends), 0
    for piece, units in zip(cut(sends, cuts, sealed=False), cuts, strict=False):
        assert piece == whole[at : at + units]
        at += units


@given(st.integers(24, 2500), st.integers(1, 4), st.integers(1, SEALED_UNITS - 1))
def test_the_length_of_what_is_sealed_does_not_move_a_cut(length: int, more: int, units: int) -> None:
    """Two flights that differ in length, by a signature at the end: cut alike before it, whole with the last unit."""
    short, long = bytes(length), bytes(length + more)
    first, second = cut([short], [units], sealed=True), cut([long], [units], sealed=True)
    at = min(units, SMALL_UNITS) + max(0, units - SMALL_UNITS) * LARGE_UNIT
    if at < length:
        assert len(first[0]) == len(second[0]) == at
    assert first[1]
    assert second[1]


def test_what_is_put_back_comes_first() -> None:
    cargo, early = Cargo(sealed=True), Cargo(sealed=True)
    cargo.add(b"later")
    early.add(b"sooner")
    cargo.put_first(early)
    assert cargo.units == 2 * SEALED_UNITS
    assert cargo.take(SEALED_UNITS).octets == b"sooner"
    cargo.clear()
    assert not cargo
