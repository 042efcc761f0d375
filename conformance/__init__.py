"""What judges: cases as values, the machine as oracle, verdicts with evidence, reports, and the command line."""

from .case import Answer, Case, Finding, Grade, Level, Send, Stimulus
from .evidence import Evidence
from .exploration.planted import PLANTED, Planted, plant
from .exploration.rows import NOT_YET, RowFailure, check_rows, plays
from .exploration.rows_coverage import CANNOT_FIRE, arrows_of, fired_by_rows
from .oracle import Hypothesis, Oracle
from .reports import Console, Screen, report_as_dict, write_json, write_junit
from .run import CaseRun, Pace, Target
from .session import CaseFinished, CaseStarted, Emit, Event, Options, Remark, Report, Session, Started
from .suite import all_cases, choose
from .verdict import Ending, Result, Verdict, verdict_of

__all__ = [
    "CANNOT_FIRE",
    "NOT_YET",
    "PLANTED",
    "Answer",
    "Case",
    "CaseFinished",
    "CaseRun",
    "CaseStarted",
    "Console",
    "Emit",
    "Ending",
    "Event",
    "Evidence",
    "Finding",
    "Grade",
    "Hypothesis",
    "Level",
    "Options",
    "Oracle",
    "Pace",
    "Planted",
    "Remark",
    "Report",
    "Result",
    "RowFailure",
    "Screen",
    "Send",
    "Session",
    "Started",
    "Stimulus",
    "Target",
    "Verdict",
    "all_cases",
    "arrows_of",
    "check_rows",
    "choose",
    "fired_by_rows",
    "plant",
    "plays",
    "report_as_dict",
    "verdict_of",
    "write_json",
    "write_junit",
]
