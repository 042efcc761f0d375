"""What judges: cases as values, the machine as oracle, verdicts with evidence, reports, and the command line."""

from .baseline import (
    Baseline,
    BaselineError,
    Comparison,
    ExpectedDeviation,
    Standing,
    baseline_text,
    read_baseline,
)
from .bench import Bench, Options
from .caller import ByHand, Nothing, Reception, Running, Trigger
from .case import (
    ACCEPTOR,
    REQUESTOR,
    SIDES,
    Answer,
    Canary,
    Case,
    Check,
    Connect,
    Fill,
    Finding,
    Grade,
    Leave,
    Level,
    Send,
    Served,
    Side,
    Start,
    Stimulus,
    Wait,
)
from .cases import BY_HAND_REQUESTOR
from .cases.tls import every_tls_case, tls_cases
from .charts import NoChartError, chart_from, chart_of
from .command_trigger import Command, NoCommandError
from .conversation import Asked, Conversation
from .evidence import Evidence, describe
from .iscl_lines import LineProof, explore_iscl
from .oracle import Hypothesis, Oracle
from .reports import Console, Screen, report_as_dict, write_json, write_junit
from .run import CaseRun
from .scripted import ScriptedAcceptor, ScriptedPeer, ScriptError, scripted_requestor
from .security import SecureRun, TlsTarget
from .session import CaseFinished, CaseStarted, Emit, Event, Remark, Report, Session, Started
from .simulation import (
    Act,
    Plan,
    SimulationLayer,
    Tally,
    draw_plan,
    run_batch,
    run_seeds,
    shrink,
    simulate,
    simulated,
    trace_of,
)
from .suite import all_cases, choose
from .target import Pace, Target
from .tls_contexts import TlsContexts
from .tls_steps import Beside, Credential, Heard, Probe, Renegotiate, Shake, Tell, Verify, Want
from .uid_names import uid_name
from .unreachable import unreachable
from .verdict import Ending, Result, Verdict, verdict_of
from .walkthrough import walk_through
from .workers import worker_processes

__all__ = [
    "ACCEPTOR",
    "BY_HAND_REQUESTOR",
    "REQUESTOR",
    "SIDES",
    "Act",
    "Answer",
    "Asked",
    "Baseline",
    "BaselineError",
    "Bench",
    "Beside",
    "ByHand",
    "Canary",
    "Case",
    "CaseFinished",
    "CaseRun",
    "CaseStarted",
    "Check",
    "Command",
    "Comparison",
    "Connect",
    "Console",
    "Conversation",
    "Credential",
    "Emit",
    "Ending",
    "Event",
    "Evidence",
    "ExpectedDeviation",
    "Fill",
    "Finding",
    "Grade",
    "Heard",
    "Hypothesis",
    "Leave",
    "Level",
    "LineProof",
    "NoChartError",
    "NoCommandError",
    "Nothing",
    "Options",
    "Oracle",
    "Pace",
    "Plan",
    "Probe",
    "Reception",
    "Remark",
    "Renegotiate",
    "Report",
    "Result",
    "Running",
    "Screen",
    "ScriptError",
    "ScriptedAcceptor",
    "ScriptedPeer",
    "SecureRun",
    "Send",
    "Served",
    "Session",
    "Shake",
    "Side",
    "SimulationLayer",
    "Standing",
    "Start",
    "Started",
    "Stimulus",
    "Tally",
    "Target",
    "Tell",
    "TlsContexts",
    "TlsTarget",
    "Trigger",
    "Verdict",
    "Verify",
    "Wait",
    "Want",
    "all_cases",
    "baseline_text",
    "chart_from",
    "chart_of",
    "choose",
    "describe",
    "draw_plan",
    "every_tls_case",
    "explore_iscl",
    "read_baseline",
    "report_as_dict",
    "run_batch",
    "run_seeds",
    "scripted_requestor",
    "shrink",
    "simulate",
    "simulated",
    "tls_cases",
    "trace_of",
    "uid_name",
    "unreachable",
    "verdict_of",
    "walk_through",
    "worker_processes",
    "write_json",
    "write_junit",
]
