"""From what can be said to an end of the association to scripts: a way to a state, what is done there, and an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from .pdu_strategies import segmentations
from .script import MAX_ACTS, MAX_OCTETS, MAX_SENDS, Act, Say, Script


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What can be said to an end of the association, as data.

    `approaches` lead to a state, and `weights` are their names, each as often as it is drawn. `kinds` draw octets, and
    `often` are their names likewise; `before` are whole PDUs that may come in the same segment. `opened` draws how an
    association is begun in every way there is, and what is said then. `words` are further acts that may be done in a
    state, and `tails` ends.
    """

    approaches: Mapping[str, tuple[Act, ...]]
    weights: tuple[str, ...]
    kinds: Mapping[str, st.SearchStrategy[bytes]]
    often: tuple[str, ...]
    before: tuple[bytes, ...]
    opened: st.SearchStrategy[list[Act]]
    tails: tuple[tuple[Act, ...], ...]
    words: tuple[str, ...] = ()

    def scripts(self) -> st.SearchStrategy[Script]:
        """Scripts of these acts."""
        return _acts(self).map(bounded)


@st.composite
def _octets(draw: st.DrawFn, of: Repertoire) -> bytes:
    """What is sent in a state; two PDUs may come in one segment, or one and a part of the next."""
    octets = draw(of.kinds[draw(st.sampled_from(of.often))])
    if draw(st.integers(0, 5)) < 5:
        return octets
    before = draw(st.sampled_from(of.before))
    cut = draw(st.sampled_from((0, 0, 3, 20)))
    return before + octets[: len(octets) - cut if cut < len(octets) else len(octets)]


@st.composite
def _strokes(draw: st.DrawFn, of: Repertoire) -> list[Act]:
    """One or two acts: octets in some segments, or with a pause inside; then the answers are waited for, or not."""
    if of.words and draw(st.integers(0, 3)) == 3:
        return [draw(st.sampled_from(of.words)), "await"]
    octets = draw(_octets(of))[:MAX_OCTETS]
    waits = draw(st.sampled_from(("await", "await", "await", "listen", "")))
    acts: list[Act] = [Say(octets, draw(segmentations()))]
    if len(octets) > 1 and draw(st.integers(0, 7)) == 7:
        at = draw(st.integers(1, len(octets) - 1))
        acts = [Say(octets[:at]), "await", Say(octets[at:])]
    return [*acts, waits] if waits else acts


@st.composite
def _in_a_state(draw: st.DrawFn, of: Repertoire) -> list[Act]:
    """A way to a state, and what is done there: mostly one thing."""
    acts = list(of.approaches[draw(st.sampled_from(of.weights))])
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 2, 0, 3)))):
        acts += draw(_strokes(of))
    return acts


@st.composite
def _acts(draw: st.DrawFn, of: Repertoire) -> list[Act]:
    middle = draw(of.opened if draw(st.integers(0, 4)) > 2 else _in_a_state(of))
    return [*middle, *draw(st.sampled_from(of.tails))]


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
