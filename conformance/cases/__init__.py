"""The cases written by hand, one file per group of clauses."""

from ..case import Case
from . import associate_ac, associate_rq, connection, data, ending, framing, user_information

BY_HAND: tuple[Case, ...] = (
    *associate_rq.CASES,
    *associate_ac.CASES,
    *user_information.CASES,
    *framing.CASES,
    *data.CASES,
    *ending.CASES,
    *connection.CASES,
)
"""In the order of running."""
