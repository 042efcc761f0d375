"""The way in from the console: `dicomnet` begins here, in a package that imports nothing that takes time.

The command line itself takes a third of a second to import. Who interrupts it meanwhile (Ctrl-C) gets no traceback.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

# The exit code of what was interrupted, as shells give it (128 + SIGINT).
_INTERRUPTED = 130


def main() -> None:
    """Import the command line and run it; always raises `SystemExit`, with code 130 where it was interrupted."""
    try:
        from dicomnet.conformance.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
