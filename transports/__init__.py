"""What acts: the carriers (memory, TCP), the one interpreter, the runtime, and the reference peers."""

from . import aio
from .base import Address, Link, LinkHandler, ListenHandler, Listening, Request, Timer, Transport
from .faults import FAULTS, NO_FAULTS, Faults
from .handlers import Callbacks, Verification
from .iscl import IsclSecurity
from .memory import MemoryTransport
from .messages import Assembler, Message, fragments
from .negotiation import Policy, negotiate
from .network import Network, NetworkObject
from .played import PlayedSecurity
from .reference import EchoResult, ReferenceAcceptor, ReferenceRequestor, echo_request
from .scene import Hub, Lane, Noted, ObjectState, Scene, SceneObject
from .secure import Ended, Engine, Failed, Heard, Plain, Secured, SecureHandler, SecureLink, Security
from .simulator import Happening, Simulator
from .stepwise import StepwiseTransport
from .tcp import TcpTransport
from .user import Handler, Settings

__all__ = [
    "FAULTS",
    "NO_FAULTS",
    "Address",
    "Assembler",
    "Callbacks",
    "EchoResult",
    "Ended",
    "Engine",
    "Failed",
    "Faults",
    "Handler",
    "Happening",
    "Heard",
    "Hub",
    "IsclSecurity",
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
    "Plain",
    "PlayedSecurity",
    "Policy",
    "ReferenceAcceptor",
    "ReferenceRequestor",
    "Request",
    "Scene",
    "SceneObject",
    "SecureHandler",
    "SecureLink",
    "Secured",
    "Security",
    "Settings",
    "Simulator",
    "StepwiseTransport",
    "TcpTransport",
    "Timer",
    "Transport",
    "Verification",
    "aio",
    "echo_request",
    "fragments",
    "negotiate",
]
