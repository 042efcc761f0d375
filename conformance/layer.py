"""What those share who check the connection layer: its rows, every interleaving of it, and simulated runs."""

from __future__ import annotations


class PlannedError(Exception):
    """What a user's callback raises because a script, a plan or an exploration wants it to."""
