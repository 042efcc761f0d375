"""The names of the result, source and reason numbers (PS3.8 2020 Tables 9-18, 9-21 and 9-26).

A number that the standard reserves, or does not list, is no fault of a PDU: it is described as the number
it is.
"""

from __future__ import annotations

from typing import Final

REJECT_RESULTS: Final[dict[int, str]] = {1: "rejected for good", 2: "rejected for now"}
REJECT_SOURCES: Final[dict[int, str]] = {
    1: "the service user",
    2: "the service provider (ACSE)",
    3: "the service provider (presentation)",
}
REJECT_REASONS: Final[dict[int, dict[int, str]]] = {
    1: {
        1: "no reason given",
        2: "application context name not supported",
        3: "calling AE title not recognised",
        7: "called AE title not recognised",
    },
    2: {1: "no reason given", 2: "protocol version not supported"},
    3: {1: "temporary congestion", 2: "local limit exceeded"},
}

ABORT_SOURCES: Final[dict[int, str]] = {0: "the service user", 2: "the service provider"}
ABORT_REASONS: Final[dict[int, str]] = {
    0: "reason not specified",
    1: "unrecognised PDU",
    2: "unexpected PDU",
    4: "unrecognised PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}

CONTEXT_ACCEPTED: Final = 0
CONTEXT_RESULTS: Final[dict[int, str]] = {
    CONTEXT_ACCEPTED: "accepted",
    1: "rejected by the user",
    2: "no reason given by the provider",
    3: "abstract syntax not supported",
    4: "transfer syntaxes not supported",
}


def describe_reject(result: int, source: int, reason: int) -> str:
    """A sentence for an A-ASSOCIATE-RJ, with its three numbers. Total: reserved numbers are named as such."""
    what = REJECT_RESULTS.get(result, f"reserved result {result}")
    who = REJECT_SOURCES.get(source, f"reserved source {source}")
    why = REJECT_REASONS.get(source, {}).get(reason, f"reserved reason {reason}")
    return f"{what} by {who}: {why} ({result}/{source}/{reason})"


def describe_abort(source: int, reason: int) -> str:
    """A sentence for an A-ABORT, with its two numbers. Total.

    The reason has a meaning only when the source is the provider (2).
    """
    who = ABORT_SOURCES.get(source, f"reserved source {source}")
    if source == 0:
        return f"aborted by {who} ({source}/{reason})"
    why = ABORT_REASONS.get(reason, f"reserved reason {reason}")
    return f"aborted by {who}: {why} ({source}/{reason})"


def describe_context_result(result: int) -> str:
    """A few words for the result of a presentation context. Total."""
    return CONTEXT_RESULTS.get(result, f"reserved result {result}")
