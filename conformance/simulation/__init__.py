"""Simulated runs: seeds, faults and peers of every kind against the monitors of the connection layer."""

from .many import run_batch, run_seeds
from .plan import Act, Plan, draw_plan
from .run import shrink, simulate, simulated, trace_of
from .secure import Layer as SimulationLayer
from .tally import Tally

__all__ = [
    "Act",
    "Plan",
    "SimulationLayer",
    "Tally",
    "draw_plan",
    "run_batch",
    "run_seeds",
    "shrink",
    "simulate",
    "simulated",
    "trace_of",
]
