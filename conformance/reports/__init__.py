"""Reports: each reads the same results and knows no other."""

from .console import NOBODY_READS, Console, Screen, drop_output
from .files import part_of, replace_text
from .jsonfile import report_as_dict, write_json
from .junit import write_junit
from .text import Repeat, in_full, printable, reason

__all__ = [
    "NOBODY_READS",
    "Console",
    "Repeat",
    "Screen",
    "drop_output",
    "in_full",
    "part_of",
    "printable",
    "reason",
    "replace_text",
    "report_as_dict",
    "write_json",
    "write_junit",
]
