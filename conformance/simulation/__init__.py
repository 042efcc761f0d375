"""Simulated runs: seeds, faults and peers of every kind against the monitors of the connection layer."""

from .many import run_batch, run_seeds
from .plan import Act, Plan, draw_plan
from .run import shrink, simulate, trace_of
from .tally import Tally

__all__ = ["Act", "Plan", "Tally", "draw_plan", "run_batch", "run_seeds", "shrink", "simulate", "trace_of"]
