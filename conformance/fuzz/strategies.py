"""What is drawn: PDUs of every type, octets that are nearly PDUs, segmentations, and scripts that hold them.

They are ordinary Hypothesis strategies, to be used in tests of one's own as well. Whatever they draw is bounded: a
script has up to 8 sends. Most scripts first lead the peer to a state, since most of what can be sent to one that has
just been connected to ends there. Needs the extra `dicomnet[hypothesis]`.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from typing import Final

if find_spec("hypothesis") is None:
    raise ImportError(
        "dicomnet.conformance.fuzz.strategies needs Hypothesis: pip install 'dicomnet[hypothesis]'"
    )

from hypothesis import strategies as st

from .. import octets as o
from .request_strategies import requests
from .script import MAX_ACTS, MAX_OCTETS, MAX_SENDS, Act, Say, Script

__all__ = [
    "data_pdus",
    "fixed_pdus",
    "near_valid",
    "pdus",
    "raw_octets",
    "requests",
    "scripts",
    "segmentations",
]

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
def near_valid(draw: st.DrawFn) -> bytes:
    """A PDU, and one thing wrong: its type, its length, an octet, an item's or PDV's length, or some octets moved."""
    whole = draw(st.one_of(st.sampled_from((o.ECHO, o.RQ)), st.sampled_from(FIXED), pdus()))
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
        # The length of a PDV, or of the first item of a request.
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


# --- scripts ----------------------------------------------------------------------------------------------


APPROACHES: Final[dict[str, tuple[Act, ...]]] = {
    "Sta6": (Say(o.RQ), "await"),
    "Sta2": (),
    "Sta3": (Say(o.RQ),),
    "Sta8": (Say(o.RQ), "await", Say(o.RELEASE_RQ)),
    "Sta13, released": (Say(o.RQ), "await", Say(o.RELEASE_RQ), "await"),
    "Sta13, aborted": (Say(o.RQ), "await", Say(o.RQ)),
    "Sta13, rejected": (Say(o.RQ_BAD_VERSION), "await"),
    "in a message": (Say(o.RQ), "await", Say(o.pdu(4, o.raw_pdv(1, COMMAND, o.echo_command()[:30])))),
    "after data": (Say(o.RQ), "await", Say(o.ECHO), "await"),
}
# How often each is drawn. What can be said in an association is the most.
WEIGHTS: Final = ("Sta6",) * 5 + ("Sta2",) * 3 + ("in a message",) + tuple(APPROACHES)
PROBE: Final[tuple[Act, ...]] = (Say(o.ECHO), "listen")
TAILS: Final[tuple[tuple[Act, ...], ...]] = (
    (*PROBE, Say(o.ABORT_USER), "await"),
    (*PROBE, Say(o.RELEASE_RQ), "listen"),
    (Say(o.ECHO), "await", Say(o.AC), "listen"),
    (Say(o.ABORT_USER), "listen"),
    (Say(o.RELEASE_RQ), "await", Say(o.ECHO), "listen", Say(o.RQ), "listen"),
    (Say(o.ECHO[:40]), "half-close", "listen"),
    ("listen",),
    ("half-close", "listen"),
    ("close",),
    ("reset",),
)


KINDS: Final[dict[str, st.SearchStrategy[bytes]]] = {
    "known": st.sampled_from((*FIXED, o.RQ, o.ECHO, o.UNKNOWN_TYPE)),
    "data": data_pdus(),
    "nearly": near_valid(),
    "fixed": fixed_pdus(),
    "request": requests(),
    "raw": raw_octets(12),
}
OFTEN: Final = ("known",) * 5 + ("data",) * 4 + ("nearly",) * 5 + ("fixed", "request", "raw")


@st.composite
def _octets(draw: st.DrawFn) -> bytes:
    """What is sent in a state; two PDUs may come in one segment, or one and a part of the next."""
    octets = draw(KINDS[draw(st.sampled_from(OFTEN))])
    if draw(st.integers(0, 5)) < 5:
        return octets
    before = draw(st.sampled_from((o.ECHO, o.RELEASE_RQ, o.RQ)))
    cut = draw(st.sampled_from((0, 0, 3, 20)))
    return before + octets[: len(octets) - cut if cut < len(octets) else len(octets)]


@st.composite
def _strokes(draw: st.DrawFn) -> list[Act]:
    """One or two acts: octets in some segments, or with a pause inside; then the answers are waited for, or not."""
    octets = draw(_octets())[:MAX_OCTETS]
    waits = draw(st.sampled_from(("await", "await", "await", "listen", "")))
    acts: list[Act] = [Say(octets, draw(segmentations()))]
    if len(octets) > 1 and draw(st.integers(0, 7)) == 7:
        at = draw(st.integers(1, len(octets) - 1))
        acts = [Say(octets[:at]), "await", Say(octets[at:])]
    return [*acts, waits] if waits else acts


@st.composite
def _in_a_state(draw: st.DrawFn) -> list[Act]:
    """A way to a state, and what is done there: mostly one thing."""
    acts = list(APPROACHES[draw(st.sampled_from(WEIGHTS))])
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 2, 0, 3)))):
        acts += draw(_strokes())
    return acts


@st.composite
def _requested(draw: st.DrawFn) -> list[Act]:
    """A request of any kind, and what is said on the contexts that it proposes."""
    acts: list[Act] = [Say(draw(requests()), draw(segmentations())), "await"]
    for number in draw(st.sampled_from(((1,), (3,), (), (1, 1), (1, 3)))):
        acts += [Say(o.echo(number, draw(st.sampled_from((o.MESSAGE_ID, 0x1234))))), "await"]
    return acts


@st.composite
def _acts(draw: st.DrawFn) -> list[Act]:
    middle = draw(_requested() if draw(st.integers(0, 4)) > 2 else _in_a_state())
    return [*middle, *draw(st.sampled_from(TAILS))]


def scripts(role: str = "acceptor") -> st.SearchStrategy[Script]:
    """Scripts for a peer of this role. Raises `ValueError` where there are none for it."""
    if role != "acceptor":
        raise ValueError(f"there are no scripts for a peer that is {role}")
    return _acts().map(bounded)


def bounded(acts: list[Act]) -> Script:
    """A script of the first of these acts, as many as a script may have."""
    kept: list[Act] = []
    sends = 0
    for act in acts[:MAX_ACTS]:
        sends += isinstance(act, Say)
        if sends > MAX_SENDS:
            break
        kept.append(act)
    return Script(tuple(kept))
