"""The walk-through is what both ends do, and the picture that is kept is the one that is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomnet.conformance import walk_through
from dicomnet.diagrams import Chart, Message, Note, States, chart_svg

from ..conformance.command import output, wrong_use

GALLERY = Path(__file__).parents[2] / "diagrams" / "gallery"
REQUESTOR, OBJECT, LISTENER, CHILD, ACCEPTOR = walk_through().lifelines


def texts(chart: Chart) -> list[str]:
    """What happens, in order, and between whom."""
    told: list[str] = []
    for each in chart.happenings:
        match each:
            case Message():
                told.append(f"{each.source} > {each.target}: {each.text.partition(':')[0]}")
            case Note():
                told.append(f"{each.at}: {each.text}")
            case States():
                told += [f"{state.at} = {state.text}" for state in each.each]
            case _:
                raise AssertionError(f"{each} in a connection that goes well")
    return told


def in_order(told: list[str], *expected: str) -> bool:
    rest = iter(told)
    return all(any(line == each for line in rest) for each in expected)


@pytest.mark.parametrize("form", ["svg", "mmd"])
def test_the_kept_picture_is_what_is_made(form: str, tmp_path: Path) -> None:
    made, kept = tmp_path / f"walk-through.{form}", GALLERY / f"walk-through.{form}"
    output("diagram", "walk-through", "-o", str(made))
    assert made.read_bytes() == kept.read_bytes(), (
        f"dicomnet diagram walk-through -o diagrams/gallery/{kept.name}"
    )


def test_every_step_of_both_ends_is_there_in_its_order() -> None:
    told = texts(walk_through())
    assert in_order(
        told,
        f"{ACCEPTOR} > {LISTENER}: startup",
        f"{ACCEPTOR} > {LISTENER}: listen on 11112",
        f"{LISTENER} = LISTENING, queue: 0",
        f"{REQUESTOR} > {OBJECT}: connect",
        f"{OBJECT} = CONNECTING",
        f"{OBJECT} > {LISTENER}: connection request",
        f"{LISTENER} = LISTENING, queue: 1",
        f"{LISTENER} > {ACCEPTOR}: on_accept",
        f"{LISTENER}: waits in the FIFO queue",
        f"{ACCEPTOR} > {LISTENER}: accept into a new network object",
        f"{LISTENER} = LISTENING, queue: 0",
        f"{CHILD} > {OBJECT}: connection stands",
        f"{OBJECT} > {REQUESTOR}: on_connect",
        f"{OBJECT} = CONNECTED, SECURED",
        f"{OBJECT} > {REQUESTOR}: on_secure_link_ready",
        f"{CHILD} = CONNECTED, SECURED, Sta2 (ARTIM runs)",
        f"{OBJECT} > {CHILD}: A-ASSOCIATE-RQ",
        f"{CHILD} = CONNECTED, SECURED, Sta6",
        f"{CHILD} > {OBJECT}: A-ASSOCIATE-AC",
        f"{OBJECT} = CONNECTED, SECURED, Sta6",
        f"{OBJECT} > {CHILD}: P-DATA-TF",
        f"{CHILD} > {OBJECT}: P-DATA-TF",
        f"{OBJECT} > {CHILD}: A-RELEASE-RQ",
        f"{CHILD} = CONNECTED, SECURED, Sta13 (ARTIM runs)",
        f"{CHILD} > {OBJECT}: A-RELEASE-RP",
        f"{CHILD} > {ACCEPTOR}: on_close",
        f"{LISTENER} > {ACCEPTOR}: on_child_close",
        f"{REQUESTOR} > {OBJECT}: shutdown",
        f"{ACCEPTOR} > {LISTENER}: shutdown",
    ), "\n".join(told)


def test_without_a_layer_nothing_is_secured() -> None:
    told = texts(walk_through(secured=False))
    assert not any("security" in line or "SECUR" in line for line in told)
    assert in_order(told, f"{OBJECT} > {REQUESTOR}: on_connect", f"{OBJECT} > {CHILD}: A-ASSOCIATE-RQ")


def test_it_is_the_same_each_time() -> None:
    assert chart_svg(walk_through()) == chart_svg(walk_through())


def test_wrong_use_is_said() -> None:
    assert "as svg or mermaid, not as png" in wrong_use("diagram", "walk-through", "--format", "png")
    assert "leave them out" in wrong_use("diagram", "walk-through", "--case", "x")
    assert "there is no diagram 'walkthrough'; near: walk-through" in wrong_use("diagram", "walkthrough")
