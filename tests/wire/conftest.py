"""The ordinary request that tests change one thing of."""

from __future__ import annotations

import pytest

from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    VERIFICATION,
    AAssociateRQ,
    PresentationContextRQ,
    UserInformation,
)


@pytest.fixture
def rq() -> AAssociateRQ:
    """A request of one context."""
    context = PresentationContextRQ(1, VERIFICATION, (IMPLICIT_LE, EXPLICIT_LE))
    return AAssociateRQ("STORE", "ECHO", (context,), UserInformation())
