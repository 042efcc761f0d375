"""How the reference acceptor's user answers a request: a pure function of the request and a policy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dicomnet.statemachine import (
    APPLICATION_CONTEXT,
    EXPLICIT_LE,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    IMPLICIT_LE,
    VERIFICATION,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    PresentationContextAC,
    PresentationContextRQ,
    UserInformation,
)

ACCEPTED, NO_ABSTRACT_SYNTAX, NO_TRANSFER_SYNTAX = 0, 3, 4
NO_REASON = AAssociateRJ(1, 1, 1)
CONTEXT_NAME_NOT_SUPPORTED = AAssociateRJ(1, 1, 2)
CALLING_NOT_RECOGNISED = AAssociateRJ(1, 1, 3)
CALLED_NOT_RECOGNISED = AAssociateRJ(1, 1, 7)


@dataclass(frozen=True, slots=True)
class Policy:
    """What an acceptor takes. `aet` None answers to any called AE title; `max_length` is in octets."""

    aet: str | None = None
    max_length: int = 16384
    abstract_syntaxes: tuple[str, ...] = (VERIFICATION,)
    transfer_syntaxes: tuple[str, ...] = (IMPLICIT_LE, EXPLICIT_LE)


def negotiate(request: AAssociateRQ, policy: Policy) -> AAssociateAC | AAssociateRJ:
    """The user's answer to a request (Evt7 or Evt8): PS3.8 2020, 7.1.1 and Table 9-18.

    A title of spaces alone is no application's title: it is rejected. Context ids that are even or used twice
    leave nothing that an answer could name one by one, so the whole request is rejected.
    """
    if request.application_context != APPLICATION_CONTEXT:
        return CONTEXT_NAME_NOT_SUPPORTED
    if not request.called_ae_title or (policy.aet is not None and request.called_ae_title != policy.aet):
        return CALLED_NOT_RECOGNISED
    if not request.calling_ae_title:
        return CALLING_NOT_RECOGNISED
    ids = [context.id for context in request.presentation_contexts]
    if len(set(ids)) < len(ids) or any(number % 2 == 0 for number in ids):
        return NO_REASON
    return AAssociateAC(
        request.called_ae_title,
        request.calling_ae_title,
        tuple([_answer(context, policy) for context in request.presentation_contexts]),
        _user_information(policy.max_length),
        repeats=request.repeats,
    )


@lru_cache(maxsize=64)
def _user_information(max_length: int) -> UserInformation:
    """What an acceptor says of itself; it says the same to every peer."""
    return UserInformation(
        max_length=max_length,
        implementation_class_uid=IMPLEMENTATION_CLASS_UID,
        implementation_version_name=IMPLEMENTATION_VERSION_NAME,
    )


def _answer(context: PresentationContextRQ, policy: Policy) -> PresentationContextAC:
    # With a result other than 0 the transfer syntax means nothing, but some peers stumble when it is missing.
    first = next((ts for ts in context.transfer_syntaxes if ts in policy.transfer_syntaxes), None)
    if context.abstract_syntax not in policy.abstract_syntaxes:
        return PresentationContextAC(context.id, NO_ABSTRACT_SYNTAX, first or IMPLICIT_LE)
    if first is None:
        return PresentationContextAC(context.id, NO_TRANSFER_SYNTAX, IMPLICIT_LE)
    return PresentationContextAC(context.id, ACCEPTED, first)
