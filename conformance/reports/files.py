"""Writing a report file: a file of that name is replaced only when the whole text is there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Write a text file by way of a temporary one beside it; a device or pipe is written to as it is."""
    path = path.resolve()  # where a link points to, not the link, is replaced
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
