"""Writing a report file: a file of that name is replaced only when the whole text is there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def part_of(path: Path) -> Path:
    """The temporary file beside the one that is meant; where a link points to, not the link, is replaced."""
    whole = path.resolve()
    return whole.with_name(f".{whole.name}.part")


def replace_text(path: Path, text: str) -> None:
    """Write a text file by way of a temporary one beside it; a device or pipe is written to as it is."""
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    temporary = part_of(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path.resolve())
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
