"""Reports: each reads the same results and knows no other."""

from .console import Console
from .jsonfile import report_as_dict, write_json
from .junit import write_junit

__all__ = ["Console", "report_as_dict", "write_json", "write_junit"]
