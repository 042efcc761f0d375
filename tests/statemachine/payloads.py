"""Small payloads that steer a step into one branch or the other."""

from __future__ import annotations

from typing import Final

from dicomnet.statemachine import (
    IMPLICIT_LE,
    VERIFICATION,
    AAbort,
    AAssociateRQ,
    PresentationContextRQ,
    Request,
    UserInformation,
    judge_request,
)

RQ: Final = AAssociateRQ(
    "STORE", "ECHO", (PresentationContextRQ(1, VERIFICATION, (IMPLICIT_LE,)),), UserInformation(16384)
)
FIT: Final[Request] = judge_request(RQ)
UNFIT: Final[Request] = judge_request(RQ, slot_free=False)
USER_ABORT: Final = AAbort(0, 0)
PROVIDER_ABORT: Final = AAbort(2, 1)

# For each guard the role and the payload under which it holds, where the branch depends on one.
STEERING: Final[dict[str | None, tuple[str, object]]] = {
    None: ("requestor", None),
    "request-acceptable-to-provider": ("acceptor", FIT),
    "request-not-acceptable-to-provider": ("acceptor", UNFIT),
    "local-end-is-association-requestor": ("requestor", None),
    "local-end-is-association-acceptor": ("acceptor", None),
    "abort-source-is-service-user": ("requestor", USER_ABORT),
    "abort-source-is-service-provider": ("requestor", PROVIDER_ABORT),
}
