"""What those share who check the connection layer: its rows, every interleaving of it, and simulated runs."""

from __future__ import annotations

from typing import Final

_NO_SECURITY: Final = "there is no security layer yet"
ROWS_NOT_YET: Final = dict.fromkeys((3, 12, 13, 14), _NO_SECURITY)
"""The rows that nothing checks, each with the reason."""
INVARIANTS_NOT_YET: Final = {4: _NO_SECURITY}
"""The invariants that no monitor watches, each with the reason."""


class PlannedError(Exception):
    """What a user's callback raises because a script, a plan or an exploration wants it to."""
