"""A counterexample as people read it and as a test that runs."""

from __future__ import annotations

from textwrap import indent

from .prove import Proof
from .search import Found

TEMPLATE = '''"""Found by `dicomnet check`: {what}."""

from dicomnet.conformance.exploration import replay, tables


def test_the_counterexample() -> None:
    """{requestors}, {room} in the listener's queue; the last step breaks an invariant."""
    replay(
        tables({profile!r}, {mutant!r}),
        clients={clients},
        places={places},
        steps=(
{steps}
        ),
        core={core},{security}
    )
'''


def sequence(found: Found) -> str:
    """The steps, one on a line, and what the last one broke."""
    assert found.broken is not None
    lines = [f"{number:3}. {step}" for number, step in enumerate(found.steps, 1)]
    return "\n".join([*lines, f"     breaks invariant {found.broken.invariant}: {found.broken.text}"])


def as_test(proof: Proof) -> str:
    """The steps as a test for pytest: it fails as long as the invariant is broken."""
    question, found = proof.question, proof.found
    assert found.broken is not None
    clients, places = question.clients, question.places
    return TEMPLATE.format(
        what=f"invariant {found.broken.invariant}, profile {question.profile}",
        requestors="one requestor" if clients == 1 else f"{clients} requestors",
        room="one place" if places == 1 else f"{places} places",
        profile=question.profile,
        mutant=question.mutant,
        clients=clients,
        places=places,
        steps=indent("\n".join(f"{str(step)!r}," for step in found.steps), " " * 12),
        core=question.core,
        security="" if question.security == "none" else f"\n        security={question.security!r},",
    )
