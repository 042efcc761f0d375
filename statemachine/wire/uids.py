"""UIDs: the registered names the codec needs, their text on the wire, and the project's own names.

UIDs repeat: an association proposes the same few dozen again and again. So both directions go through one
small bounded memo each, and a UID is checked in full only when it is new. What is refused is never
remembered, and text too long to be a UID is not either, so that a peer cannot make the memo large.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from ..errors import LocalProtocolError

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
VERIFICATION: Final = "1.2.840.10008.1.1"
IMPLICIT_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_LE: Final = "1.2.840.10008.1.2.1"

# Under the arc 2.25 a UUID, read as an integer, is a UID that needs no registration (PS3.5 2020 B.2).
IMPLEMENTATION_CLASS_UID: Final = "2.25.181552876822540333285662852692920423593"
IMPLEMENTATION_VERSION_NAME: Final = "DICOMNET_0_1"

UID_MAXIMUM: Final = 64
UID_CACHE_SIZE: Final = 1024
_VALID_UID: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*", re.ASCII)
_PADDING: Final = "\0 "

Key = TypeVar("Key", bound=str | bytes)
Result = TypeVar("Result", bound=str | bytes)


class Memo(dict[Key, Result]):
    """Remembers a function of UIDs: `memo[uid]` computes what is not there yet.

    At most UID_CACHE_SIZE entries of at most UID_MAXIMUM characters; when it is full it starts afresh. A
    look-up that hits is a plain look-up in a dict, half the price of `functools.lru_cache`.
    """

    def __init__(self, compute: Callable[[Key], Result]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, key: Key) -> Result:
        result = self._compute(key)
        if len(key) <= UID_MAXIMUM:
            if len(self) >= UID_CACHE_SIZE:
                self.clear()
            self[key] = result
        return result


def _field(uid: str) -> bytes:
    if len(uid) > UID_MAXIMUM or _VALID_UID.fullmatch(uid) is None:
        raise LocalProtocolError(
            "invalid_argument",
            f"{uid[:80]!r} is not a UID: at most {UID_MAXIMUM} characters, components of digits joined "
            "by dots, no leading zeros (PS3.8 2020 Annex F)",
        )
    return len(uid).to_bytes(2, "big") + uid.encode("ascii")


def _text(octets: bytes) -> str:
    return octets.decode("latin-1").rstrip(_PADDING)


UID_FIELD: Final[Memo[str, bytes]] = Memo(_field)
"""The UID as it is sent: a 2-octet length and the characters, without padding (PS3.8 2020 Annex F).

Every place that holds a UID has a 2-octet length right before it, be it an item or a field in one.
Raises LocalProtocolError("invalid_argument") for text that is not a UID.
"""

UID_TEXT: Final[Memo[bytes, str]] = Memo(_text)
"""The text of a received UID; never raises.

Padding with NUL or space is taken off, and other text is kept as it is: a receiver bears with what peers
send, and whether the name is known is the user's question.
"""
