"""What judges: cases as values, the machine as oracle, verdicts with evidence, reports, and the command line."""

from .case import Answer, Case, Finding, Grade, Level, Stimulus
from .oracle import Hypothesis, Oracle
from .run import CaseRun, Pace, Target
from .session import Options, Report, Session
from .suite import all_cases, choose
from .verdict import Result, Verdict

__all__ = [
    "Answer",
    "Case",
    "CaseRun",
    "Finding",
    "Grade",
    "Hypothesis",
    "Level",
    "Options",
    "Oracle",
    "Pace",
    "Report",
    "Result",
    "Session",
    "Stimulus",
    "Target",
    "Verdict",
    "all_cases",
    "choose",
]
