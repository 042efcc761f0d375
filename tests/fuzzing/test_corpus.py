"""The corpus is what the script makes, is small, and every decoder is total on it and around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomnet.statemachine import Violation, decode

from . import total
from .samples import CORPUS, samples
from .total import check

SAMPLES = samples()


def test_the_corpus_is_what_the_script_writes() -> None:
    kept = {file.stem: file.read_bytes() for file in CORPUS.iterdir()}
    assert kept == SAMPLES, "run: python -m tests.fuzzing.samples"


def test_the_corpus_is_small_and_has_of_everything() -> None:
    assert len(SAMPLES) > 40
    assert sum(map(len, SAMPLES.values())) < 100_000
    results = [decode(octets[1:]) for octets in SAMPLES.values() if octets[0] == total.PDU]
    kinds = {type(result) for result in results}
    assert Violation in kinds
    assert len(kinds) == 8  # and each of the seven PDUs


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_has_a_result(name: str) -> None:
    check(SAMPLES[name])


@given(st.sampled_from(sorted(SAMPLES.values())), st.data())
def test_what_is_nearly_a_sample_has_a_result(sample: bytes, data: st.DataObject) -> None:
    octets = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets)))
        match data.draw(st.sampled_from(("change", "insert", "cut", "splice"))):
            case "change":
                octets[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "insert":
                octets[at:at] = data.draw(st.binary(max_size=8))
            case "cut":
                del octets[at : at + data.draw(st.integers(1, 8))]
            case _:
                other = data.draw(st.sampled_from(sorted(SAMPLES.values())))
                octets[at:] = other[data.draw(st.integers(0, len(other))) :]
    check(bytes(octets))


@given(st.binary(max_size=200))
def test_any_octets_have_a_result(octets: bytes) -> None:
    check(octets)


def raises(octets: bytes) -> Violation:
    raise IndexError(len(octets))


def points_beyond(octets: bytes) -> Violation:
    return Violation("PS3.8 2020 9.3", len(octets) + 1, "x", 6)


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(total, "decode", raises)
    with pytest.raises(IndexError):
        check(b"\0\1")
    monkeypatch.setattr(total, "decode", points_beyond)
    with pytest.raises(AssertionError):
        check(b"\0\1")
