"""Where a clause can be read: the address of its section in the current edition of the standard."""

from __future__ import annotations

import re
from typing import Final

ADDRESS: Final = "https://dicom.nema.org/medical/dicom/current/output/html/part{part:02d}.html#{anchor}"
_CLAUSE: Final = re.compile(
    r"PS3\.(?P<part>\d{1,2})(?: \d{4})?(?: section)? (?:(?:Annex )?(?P<annex>[A-Z])(?![\w.])"
    r"|(?P<table>Table) (?P<number>[\dA-Z]+(?:[.-]\d+)*)|(?P<section>(?:\d+|[A-Z])(?:\.\d+)*))"
)


def address_of(clause: str) -> str | None:
    """Where the first section or table that a clause names can be read; None where it names none.

    >>> address_of("PS3.8 2020 Table 9-10")
    'https://dicom.nema.org/medical/dicom/current/output/html/part08.html#table_9-10'
    >>> address_of("PS3.8 2020 section 9.2")
    'https://dicom.nema.org/medical/dicom/current/output/html/part08.html#sect_9.2'
    """
    found = _CLAUSE.search(clause)
    if found is None:
        return None
    if found["annex"]:
        anchor = f"chapter_{found['annex']}"
    elif found["table"]:
        anchor = f"table_{found['number']}"
    else:
        # A whole part of the text is a chapter there, what is below it a section.
        anchor = f"sect_{found['section']}" if "." in found["section"] else f"chapter_{found['section']}"
    return ADDRESS.format(part=int(found["part"]), anchor=anchor)
