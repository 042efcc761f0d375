"""Check any implementation of network objects: a Hypothesis state machine that an adapter is plugged into.

    class TestMine(connection_machine(MyAdapter, profile="dicomnet")): ...

or, without a test runner, `check_adapter(MyAdapter, profile="dicomnet", max_examples=500)`. `Adapter` says what an
adapter is, `MemoryAdapter` and `TcpAdapter` are those of this project's own runtime. Needs the extra
`dicomnet[hypothesis]`.
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError("dicomnet.conformance.stateful needs Hypothesis: pip install 'dicomnet[hypothesis]'")

from .adapter import Adapter, CallbackName, Counts, SecureAdapter, Tell, Told
from .broken import INVARIANTS, InvariantError
from .machine import ConnectionMachine, check_adapter, connection_machine, machine_for, run_machine
from .play import HandlerError, Play, replay
from .profiles import DICOMNET, PROFILES, TCP_LINUX, TCP_LINUX_OVERFLOW, TCP_WINSOCK, Profile
from .runtime import MemoryAdapter, RuntimeAdapter, TcpAdapter
from .steps import Reaction, Step, capacities, reactions, steps

__all__ = [
    "DICOMNET",
    "INVARIANTS",
    "PROFILES",
    "TCP_LINUX",
    "TCP_LINUX_OVERFLOW",
    "TCP_WINSOCK",
    "Adapter",
    "CallbackName",
    "ConnectionMachine",
    "Counts",
    "HandlerError",
    "InvariantError",
    "MemoryAdapter",
    "Play",
    "Profile",
    "Reaction",
    "RuntimeAdapter",
    "SecureAdapter",
    "Step",
    "TcpAdapter",
    "Tell",
    "Told",
    "capacities",
    "check_adapter",
    "connection_machine",
    "machine_for",
    "reactions",
    "replay",
    "run_machine",
    "steps",
]
