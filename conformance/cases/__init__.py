"""The cases written by hand, one file per group of clauses."""

from ..case import Case
from . import (
    associate_ac,
    associate_rq,
    connection,
    data,
    ending,
    framing,
    requestor_accept,
    requestor_contexts,
    requestor_data,
    requestor_ending,
    requestor_framing,
    requestor_refusal,
    requestor_request,
    requestor_user,
    user_information,
)

BY_HAND: tuple[Case, ...] = (
    *associate_rq.CASES,
    *associate_ac.CASES,
    *user_information.CASES,
    *framing.CASES,
    *data.CASES,
    *ending.CASES,
    *connection.CASES,
)
"""Where the target is the acceptor, in the order of running."""

BY_HAND_REQUESTOR: tuple[Case, ...] = (
    *requestor_request.CASES,
    *requestor_accept.CASES,
    *requestor_contexts.CASES,
    *requestor_user.CASES,
    *requestor_refusal.CASES,
    *requestor_framing.CASES,
    *requestor_data.CASES,
    *requestor_ending.CASES,
)
"""Where it is the requestor."""
