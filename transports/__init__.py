"""What acts: the carriers (memory, TCP), the one interpreter, the runtime, and the reference peers."""

from . import aio
from .base import Address, Link, LinkHandler, ListenHandler, Listening, Request, Timer, Transport
from .cargo import Cargo
from .certificates import CertificateFacts, date_of, facts_of, peer_certificate, printable
from .faults import FAULTS, NO_FAULTS, Faults
from .handlers import Callbacks, Verification
from .iscl import IsclSecurity
from .memory import MemoryTransport
from .messages import Assembler, Message, fragments
from .negotiation import Policy, negotiate
from .network import Network, NetworkObject
from .played import PLAYED_MESSAGES, PlayedSecurity, played_data, played_records
from .reference import EchoResult, ReferenceAcceptor, ReferenceRequestor, echo_request
from .scene import NO_LAYERS, Hub, Lane, Layers, Noted, ObjectState, Scene, SceneObject
from .secure import Ended, Engine, Failed, Heard, Plain, Secured, SecureHandler, SecureLink, Security
from .simulator import Happening, Simulator
from .stepwise import StepwiseTransport
from .tcp import TcpTransport
from .tls import Tls, TlsEngine, TlsTransport
from .tls_outcome import outcome_of
from .tls_settings import (
    TlsSettings,
    client_context,
    missing_suites,
    own_facts,
    server_context,
    suites_in_order,
    tls_profile,
    tls_remarks,
)
from .user import Handler, Settings

__all__ = [
    "FAULTS",
    "NO_FAULTS",
    "NO_LAYERS",
    "PLAYED_MESSAGES",
    "Address",
    "Assembler",
    "Callbacks",
    "Cargo",
    "CertificateFacts",
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
    "Layers",
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
    "Tls",
    "TlsEngine",
    "TlsSettings",
    "TlsTransport",
    "Transport",
    "Verification",
    "aio",
    "client_context",
    "date_of",
    "echo_request",
    "facts_of",
    "fragments",
    "missing_suites",
    "negotiate",
    "outcome_of",
    "own_facts",
    "peer_certificate",
    "played_data",
    "played_records",
    "printable",
    "server_context",
    "suites_in_order",
    "tls_profile",
    "tls_remarks",
]
