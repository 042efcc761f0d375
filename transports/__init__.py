"""What acts: the carriers (memory, TCP), the one interpreter, the runtime, and the reference peers."""

from .base import Address, Link, LinkHandler, ListenHandler, Listening, Request, Timer, Transport
from .memory import MemoryTransport
from .messages import Assembler, Message, fragments
from .negotiation import Policy, negotiate
from .network import Handler, Network, NetworkObject, Settings
from .reference import EchoResult, ReferenceAcceptor, ReferenceRequestor, echo_request
from .scene import Hub, Lane, Noted, ObjectState, Scene, SceneObject
from .stepwise import StepwiseTransport
from .tcp import TcpTransport

__all__ = [
    "Address",
    "Assembler",
    "EchoResult",
    "Handler",
    "Hub",
    "Lane",
    "Link",
    "LinkHandler",
    "ListenHandler",
    "Listening",
    "MemoryTransport",
    "Message",
    "Network",
    "NetworkObject",
    "Noted",
    "ObjectState",
    "Policy",
    "ReferenceAcceptor",
    "ReferenceRequestor",
    "Request",
    "Scene",
    "SceneObject",
    "Settings",
    "StepwiseTransport",
    "TcpTransport",
    "Timer",
    "Transport",
    "echo_request",
    "fragments",
    "negotiate",
]
