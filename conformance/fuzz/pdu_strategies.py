"""PDUs of every type, octets that are nearly PDUs, and segmentations."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from hypothesis import strategies as st

from .. import octets as o
from .request_strategies import requests

MAX_RAW: Final = 64
COMMAND, LAST = 1, 2
DATA_FORMS: Final = ("whole",) * 3 + ("pdvs", "pdus", "bits") * 3 + ("first", "odd", "garbage", "set")
FIXED: Final = (o.AC, o.RJ, o.RELEASE_RQ, o.RELEASE_RP, o.ABORT_USER, o.ABORT_PROVIDER)
WRONG: Final = ("type", "length", "edge", "fitting", "octet", "inner", "inner", "cut", "twice", "more")
TYPES: Final = (0x00, 0x08, 0x0B, 0x10, 0x20, 0x50, 0x7F, 0x80, 0xFF)
EDGES: Final = (0, 1, 2, 3, 5, 6, 8, 67, 68, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def segmentations() -> st.SearchStrategy[tuple[int, ...]]:
    """Sizes of segments: none (all at once), one cut or more, or one size repeated to the end."""
    size = st.integers(1, 40)
    cuts = st.lists(size, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.just(()), st.just(()), cuts, size.map(lambda each: (max(each, 8), 0)), st.just((1, 5))
    )


def raw_octets(longest: int = MAX_RAW) -> st.SearchStrategy[bytes]:
    """Any octets, at least one."""
    return st.binary(min_size=1, max_size=longest)


@st.composite
def data_pdus(draw: st.DrawFn) -> bytes:
    """C-ECHO requests, however they are cut into PDVs and PDUs; and what is nearly one."""
    number = draw(st.one_of(st.just(o.MESSAGE_ID), st.integers(0, 0xFFFF)))
    context = draw(st.sampled_from((1,) * 12 + (3, 5, 255, 0, 2)))
    command = o.echo_command(number)
    form = draw(st.sampled_from(DATA_FORMS))
    if form == "whole":
        return o.pdu(4, o.raw_pdv(context, COMMAND | LAST, command))
    if form == "bits":
        control = draw(st.integers(1, 63)) << 2
        reserved = draw(st.sampled_from((0, 0xFF)))
        return o.pdu(4, o.raw_pdv(context, control | COMMAND | LAST, command), reserved=reserved)
    if form == "garbage":
        return o.pdu(4, o.raw_pdv(context, COMMAND | LAST, draw(raw_octets())))
    if form == "set":
        return o.pdu(4, o.raw_pdv(context, draw(st.sampled_from((0, LAST))), draw(raw_octets())))
    if form == "odd":
        at = draw(st.integers(0, len(command)))
        return o.pdu(
            4, o.raw_pdv(context, COMMAND, command[:at]) + o.raw_pdv(context, COMMAND | LAST, command[at:])
        )
    cuts = sorted(draw(st.sets(st.integers(1, len(command) // 2 - 1), min_size=1, max_size=3)))
    places = [0, *(2 * cut for cut in cuts), len(command)]
    pdvs = [
        o.raw_pdv(context, COMMAND | (LAST if end == len(command) else 0), command[start:end])
        for start, end in pairwise(places)
    ]
    if form == "first":
        return o.pdu(4, pdvs[0])
    return o.pdu(4, b"".join(pdvs)) if form == "pdvs" else b"".join(o.pdu(4, pdv) for pdv in pdvs)


def fixed_pdus() -> st.SearchStrategy[bytes]:
    """PDUs of four octets, with reserved fields and codes of any value."""

    def made(kind: int, body: bytes, odd: int) -> bytes:
        return o.pdu(kind, body, reserved=odd)

    body = st.binary(min_size=4, max_size=4)
    return st.builds(made, st.sampled_from((5, 7, 6, 3)), body, st.sampled_from((0, 0xFF)))


def pdus() -> st.SearchStrategy[bytes]:
    """PDUs of every type whose lengths are right."""
    return st.one_of(st.sampled_from(FIXED), data_pdus(), requests(), fixed_pdus())


@st.composite
def near_valid(draw: st.DrawFn, often: tuple[bytes, ...] = (o.ECHO, o.RQ)) -> bytes:
    """A PDU, and one thing wrong: its type, its length, an octet, an item's or PDV's length, or some octets moved.

    `often` are the PDUs that most are made of.
    """
    whole = draw(st.one_of(st.sampled_from(often), st.sampled_from(FIXED), pdus()))
    how = draw(st.sampled_from(WRONG))
    at = draw(st.integers(6, len(whole) - 1))
    if how == "type":
        return bytes((draw(st.one_of(st.sampled_from(TYPES), st.integers(0, 255))),)) + whole[1:]
    if how in ("length", "edge"):
        lengths = st.integers(-8, 8).map(lambda by: max(len(whole) - 6 + by, 0))
        length = draw(lengths if how == "length" else st.sampled_from(EDGES))
        return whole[:2] + length.to_bytes(4, "big") + whole[6:]
    if how == "octet":
        return whole[:at] + bytes((draw(st.integers(0, 255)),)) + whole[at + 1 :]
    if how == "inner":
        # The length of a PDV, or of the first item of an association PDU.
        place, size = (6, 4) if whole[0] == 4 else (76, 2)
        inner = draw(st.one_of(st.integers(0, 4), st.sampled_from((0xFF, 0x7FFF, (1 << 8 * size) - 1))))
        return whole[:place] + inner.to_bytes(size, "big") + whole[place + size :]
    long = draw(st.integers(1, 24))
    if how == "cut":
        body = whole[6:at] + whole[at + long :]
    elif how == "twice":
        body = whole[6:at] + whole[at : at + long] + whole[at:]
    else:
        body = whole[6:] + draw(raw_octets(8))
    if how == "fitting":
        body = whole[6 : 6 + draw(st.integers(0, 12))]
    return o.pdu(whole[0], body)
