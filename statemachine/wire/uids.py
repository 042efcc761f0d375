"""UIDs: the registered names the codec needs, their text on the wire, and the project's own names."""

from __future__ import annotations

import re
from typing import Final

from ..errors import LocalProtocolError
from .memo import Memo

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
VERIFICATION: Final = "1.2.840.10008.1.1"
IMPLICIT_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_LE: Final = "1.2.840.10008.1.2.1"

# Under the arc 2.25 a UUID, read as an integer, is a UID that needs no registration (PS3.5 2020 B.2).
IMPLEMENTATION_CLASS_UID: Final = "2.25.181552876822540333285662852692920423593"
IMPLEMENTATION_VERSION_NAME: Final = "DICOMNET_0_1"

UID_MAXIMUM: Final = 64
_VALID_UID: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*", re.ASCII)
_PADDING: Final = "\0 "


def uid_text(octets: bytes) -> str:
    """The text of a received UID; never raises.

    Padding with NUL or space is taken off, and other text is kept as it is: a receiver bears with what peers
    send, and whether the name is known is the user's question.
    """
    return octets.decode("latin-1").rstrip(_PADDING)


def _field(uid: str) -> bytes:
    if len(uid) > UID_MAXIMUM or _VALID_UID.fullmatch(uid) is None:
        raise LocalProtocolError(
            "invalid_argument",
            f"{uid[:80]!r} is not a UID: at most {UID_MAXIMUM} characters, components of digits joined "
            "by dots, no leading zeros (PS3.8 2020 Annex F)",
        )
    return len(uid).to_bytes(2, "big") + uid.encode("ascii")


UID_FIELD: Final[Memo[str, bytes]] = Memo(_field)
"""The UID as it is sent: a 2-octet length and the characters, without padding (PS3.8 2020 Annex F).

Every place that holds a UID has a 2-octet length right before it, be it an item or a field in one.
Raises LocalProtocolError("invalid_argument") for text that is not a UID.
"""
