"""What is said to a requestor, once it has called."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from dicomnet.statemachine import PDV, AAssociateRQ, CEchoRSP, encode_command

from .. import octets as o
from ..requestor import STRAY
from .acceptance_strategies import acceptances, plain
from .pdu_strategies import FIXED, data_pdus, fixed_pdus, near_valid, raw_octets, segmentations
from .repertoire import Repertoire
from .request_strategies import requests
from .script import ANSWERS, Act, Say

COMMAND: Final = 1
BEGUN: Final[tuple[Act, ...]] = ("accept", "data")
RELEASING: Final[tuple[Act, ...]] = ("accept", "release")
RELEASE: Final = Say(o.RELEASE_RQ)
PART: Final = o.pdu(4, o.raw_pdv(1, COMMAND, encode_command(CEchoRSP(o.MESSAGE_ID))[:30]))
APPROACHES: Final[dict[str, tuple[Act, ...]]] = {
    "Sta6": BEGUN,
    "Sta5": (),
    "Sta7": RELEASING,
    "Sta8": (*BEGUN, RELEASE),
    "Sta9": (*RELEASING, RELEASE),
    "Sta11": (*RELEASING, RELEASE, "await"),
    "Sta13, released": (*BEGUN, RELEASE, "await"),
    "Sta13, aborted": (*BEGUN, Say(o.AC), "await"),
    "Sta13, rejected": (Say(o.RJ), "await"),
    "Sta13, collided": (*RELEASING, RELEASE, "await", Say(o.RELEASE_RP), "await"),
    "accepted": ("accept",),
    "answered": (*BEGUN, "answer", "await"),
    "in a message": (*BEGUN, Say(PART)),
}
WEIGHTS: Final = ("Sta6",) * 4 + ("Sta5",) * 3 + ("Sta7",) * 2 + tuple(APPROACHES)
WELL: Final[tuple[Act, ...]] = ("serve", Say(o.RELEASE_RP), "listen")
TAILS: Final[tuple[tuple[Act, ...], ...]] = (
    (RELEASE, "listen"),
    (Say(o.AC), "listen"),
    WELL,
    WELL,
    (RELEASE, "await", Say(o.AC), "listen"),
    (Say(o.ABORT_USER), "listen"),
    (Say(o.RELEASE_RP), "listen"),
    ("listen",),
    ("half-close", "listen"),
    ("close",),
    ("reset",),
)


@st.composite
def response_pdus(draw: st.DrawFn) -> bytes:
    """C-ECHO responses that nobody has asked for, on any context, with any id and status."""
    context = draw(st.sampled_from((1, 1, 1, 3, 5, 255)))
    command = encode_command(
        CEchoRSP(draw(st.integers(0, 0xFFFF)), status=draw(st.sampled_from((0, 0xA700, 0x0110))))
    )
    return o.data(PDV(context, True, True, command))


@st.composite
def _accepted(draw: st.DrawFn, request: AAssociateRQ) -> list[Act]:
    """An acceptance of any kind; then the user's messages are answered."""
    said = st.one_of(*(acceptances(request),) * 3, near_valid((plain(request),)))
    acts: list[Act] = [Say(draw(said), draw(segmentations())), "await"]
    return [*acts, *draw(st.sampled_from((WELL, WELL, ("serve",), ())))]


def answering(request: AAssociateRQ) -> Repertoire:
    """What can be said to a requestor that sends this request."""
    return Repertoire(
        approaches=APPROACHES,
        weights=WEIGHTS,
        kinds={
            "known": st.sampled_from((*FIXED, o.RQ, STRAY, o.UNKNOWN_TYPE)),
            "data": st.one_of(response_pdus(), data_pdus()),
            "nearly": near_valid((STRAY, o.AC)),
            "fixed": fixed_pdus(),
            "acceptance": acceptances(request),
            "request": requests(),
            "raw": raw_octets(12),
        },
        often=("known",) * 5
        + ("data",) * 3
        + ("nearly",) * 5
        + ("fixed", "fixed", "acceptance", "request", "raw"),
        before=(STRAY, o.RELEASE_RQ, o.AC),
        opened=_accepted(request),
        tails=TAILS,
        words=ANSWERS,
    )
