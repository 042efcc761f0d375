"""The registered names of UIDs, for people who read evidence."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

LONGEST: Final = 64
KEPT: Final = 256


@lru_cache(maxsize=KEPT)
def uid_name(text: str) -> str:
    """The name of a registered UID; any other text as it is, cut where it is longer than any UID (PS3.5 2020 9.1).

    The text is what a peer sent: it may be anything, and it is not made fit to show here.

    >>> uid_name("1.2.840.10008.1.2")
    'Implicit VR Little Endian'
    """
    if len(text) > LONGEST:
        return f"{text[:LONGEST]}..."
    # Imported here: it takes a tenth of a second, which a command that shows no UID need not pay.
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    uid = UID(text, validation_mode=IGNORE)
    return uid.name if uid == text else text
