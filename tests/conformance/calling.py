"""A requestor of the zoo, made to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from dicomnet.conformance import Nothing
from dicomnet.transports import Address, Transport

from ..zoo import PlainRequestor


class Call:
    """Makes a requestor of the zoo call."""

    watches: ClassVar[bool] = False

    def __init__(self, kind: type[PlainRequestor]) -> None:
        self._kind = kind

    def start(
        self, carrier: Transport, address: Address, tell: Callable[[str], None], gone: Callable[[str], None]
    ) -> Nothing:
        """See `Trigger`."""
        self._kind(carrier, address)
        return Nothing()
