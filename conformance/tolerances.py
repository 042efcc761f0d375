"""Where the standard leaves room, or peers are known to differ harmlessly: one PDU seen against one PDU expected.

Each rule has its source: the clause, or the reading chosen where the text is open.
"""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import (
    REJECT_REASONS,
    REJECT_RESULTS,
    AAbort,
    AAssociateRJ,
    Pdu,
    SendPdu,
    Transition,
)

from .case import Answer, Grade

DEFINED_ABORT_REASONS: Final = frozenset({0, 1, 2, 4, 5, 6})
# Of a rejection (PS3.8 2020 Table 9-21): a source, and a result with a reason.
PROVIDER_ACSE: Final = 2
VERSION_NOT_SUPPORTED: Final = (1, 2)


def grade_pdu(
    effect: SendPdu, transition: Transition, answer: Answer | None, seen: Pdu
) -> tuple[Grade, str] | None:
    """How well `seen` agrees with what the transition sends; None where it does not. The text says why not fully."""
    if seen.name != effect.pdu:
        return None
    if isinstance(seen, AAbort):
        return _grade_abort(effect, transition, seen)
    if isinstance(seen, AAssociateRJ):
        return _grade_reject(effect, transition, answer, seen)
    return Grade.PASS, ""


def _grade_abort(effect: SendPdu, transition: Transition, seen: AAbort) -> tuple[Grade, str] | None:
    if isinstance(effect.source, int) and seen.source != effect.source:
        # AA-1 for a PDU in Sta2 says "service user" although no user acted; many send "service provider", which
        # is what happened. Table 9-9 is the letter, so it is noted, not failed.
        if transition.action == "AA-1" and transition.state == "Sta2" and seen.source == 2:
            return Grade.NON_STRICT, "A-ABORT of the provider (2) where AA-1 says service user (0)"
        return None
    if seen.source not in (0, 2):
        # AA-7 names no source, but Table 9-26 reserves 1 and everything above 2.
        return Grade.NON_STRICT, f"reserved abort source {seen.source} (PS3.8 2020 Table 9-26)"
    if seen.source == 0 and seen.reason != 0:
        return Grade.NON_STRICT, f"reason {seen.reason} with source 0 is to be 0 (PS3.8 2020 Table 9-26)"
    if seen.source == 2 and seen.reason not in DEFINED_ABORT_REASONS:
        return Grade.NON_STRICT, f"reserved abort reason {seen.reason} (PS3.8 2020 Table 9-26)"
    return Grade.PASS, ""


def _grade_reject(
    effect: SendPdu, transition: Transition, answer: Answer | None, seen: AAssociateRJ
) -> tuple[Grade, str] | None:
    codes = (seen.result, seen.source, seen.reason)
    if seen.result not in REJECT_RESULTS or seen.reason not in REJECT_REASONS.get(seen.source, {}):
        return None  # Table 9-21 has no such result, or no such reason of that source
    if answer is None:
        return _grade_provider_reject(effect, seen)
    if answer.codes is None or codes == answer.codes:
        return Grade.PASS, ""
    wanted_text = "/".join(map(str, answer.codes))
    text = f"rejected with {'/'.join(map(str, codes))} where {wanted_text} says why"
    return (answer.other_codes, text) if answer.other_codes is not Grade.FAIL else None


def _grade_provider_reject(effect: SendPdu, seen: AAssociateRJ) -> tuple[Grade, str] | None:
    """The service provider's own rejection: the source is said by AE-6, the reason by Table 9-21 (PS3.8 2020) alone.

    The suite sends just one kind of request that the provider must reject: a version it does not support.
    """
    sources = effect.source if isinstance(effect.source, tuple) else (effect.source,)
    if seen.source != PROVIDER_ACSE or PROVIDER_ACSE not in sources:
        return None
    if (seen.result, seen.reason) == VERSION_NOT_SUPPORTED:
        return Grade.PASS, ""
    codes = f"{seen.result}/{seen.source}/{seen.reason}"
    return Grade.NON_STRICT, f"rejected with {codes} where 1/2/2 (protocol version not supported) says why"
