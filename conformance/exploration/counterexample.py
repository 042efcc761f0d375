"""A counterexample as people read it and as a test that runs."""

from __future__ import annotations

from textwrap import indent

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
        core={core},
    )
'''


def sequence(found: Found) -> str:
    """The steps, one on a line, and what the last one broke."""
    assert found.broken is not None
    lines = [f"{number:3}. {step}" for number, step in enumerate(found.steps, 1)]
    return "\n".join([*lines, f"     breaks invariant {found.broken.invariant}: {found.broken.text}"])


def as_test(found: Found, profile: str, mutant: str | None, clients: int, places: int, *, core: bool) -> str:
    """The steps as a test for pytest: it fails as long as the invariant is broken."""
    assert found.broken is not None
    steps = indent("\n".join(f"{str(step)!r}," for step in found.steps), " " * 12)
    return TEMPLATE.format(
        what=f"invariant {found.broken.invariant}, profile {profile}",
        requestors="one requestor" if clients == 1 else f"{clients} requestors",
        profile=profile,
        mutant=mutant,
        clients=clients,
        room=f"{places} place{'s' if places != 1 else ''}",
        places=places,
        steps=steps,
        core=core,
    )
