"""Explores every interleaving of a listener with its queue and some requestors, on the runtime itself."""

from .chart import counterexample_chart
from .counterexample import as_test, sequence
from .coverage import NEVER, everything
from .examine import Fate, examine, examine_all
from .local import SECURITIES
from .moves import moves_of, takes_of
from .packed import Packed
from .planted import PLANTED, plant
from .prove import Coverage, Proof, Question, prove, tables
from .replay import Replay, Step, replay
from .rows import RowFailure, check_rows, fired_by_rows, plays
from .search import Found, search
from .twin import DIFFERS, TwinWorld
from .world import World

__all__ = [
    "DIFFERS",
    "NEVER",
    "PLANTED",
    "SECURITIES",
    "Coverage",
    "Fate",
    "Found",
    "Packed",
    "Proof",
    "Question",
    "Replay",
    "RowFailure",
    "Step",
    "TwinWorld",
    "World",
    "as_test",
    "check_rows",
    "counterexample_chart",
    "everything",
    "examine",
    "examine_all",
    "fired_by_rows",
    "moves_of",
    "plant",
    "plays",
    "prove",
    "replay",
    "search",
    "sequence",
    "tables",
    "takes_of",
]
