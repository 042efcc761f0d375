"""Simulated runs whose links have a security layer: its rows, its faults, and that nothing depends on what is sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest

from dicomnet.conformance import Tally, draw_plan, simulate, trace_of
from dicomnet.conformance.simulation.secure import Watched
