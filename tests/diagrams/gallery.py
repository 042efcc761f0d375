"""The gallery: every diagram as text, and the pictures that the README shows.

`python -m tests.diagrams.gallery` draws all of it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dicomnet.conformance import walk_through
from dicomnet.diagrams import DIAGRAMS, chart_mermaid, chart_svg, dot_of, mermaid_of, picture

GALLERY = Path(__file__).parent.parent.parent / "diagrams" / "gallery"
# The pictures that stand in the README.
SHOWN = ("association-requestor", "connection")
AGAIN = "the tables or the drawing changed; look at the new pictures, then: python -m tests.diagrams.gallery"


def drawn() -> dict[str, bytes]:
    """What each file of the gallery holds."""
    texts = {f"{name}.dot": dot_of(name) for name in DIAGRAMS}
    texts |= {f"{name}.mmd": mermaid_of(name) for name in DIAGRAMS}
    walk = walk_through()
    texts |= {"walk-through.svg": chart_svg(walk), "walk-through.mmd": chart_mermaid(walk)}
    pictures = {f"{name}.svg": picture(dot_of(name), "svg") for name in SHOWN}
    return {name: text.encode("utf-8") for name, text in texts.items()} | pictures


def main() -> None:
    """Write what has changed, and remove what is no more."""
    files = drawn()
    for path in GALLERY.iterdir():
        if path.name not in files:
            path.unlink()
    for name, octets in sorted(files.items()):
        (GALLERY / name).write_bytes(octets)
    sys.stdout.write(f"{len(files)} files in {GALLERY}\n")


if __name__ == "__main__":
    main()
