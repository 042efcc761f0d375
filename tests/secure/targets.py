"""Servers of TLS in memory, judged by the suite on virtual time."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace

from dicomnet.conformance import (
    Case,
    Event,
    Options,
    Pace,
    Report,
    Result,
    SecureRun,
    Session,
    Target,
    TlsContexts,
    TlsTarget,
    choose,
    tls_cases,
)
from dicomnet.statemachine import TLS_PROFILES
from dicomnet.transports import Address, Failed, MemoryTransport, Secured, Tls, TlsSettings, TlsTransport

from ..certificates import Certificates
from ..zoo import PlainAcceptor
from .server import Served, TlsGate, server_context

CALLED, CALLING, HOST = "ZOO", "TESTER", "localhost"


@dataclass
class Judged:
    """What was learned of one server."""

    results: dict[str, Result]
    report: Report
    events: list[Event] = field(default_factory=list[Event])


def settings_of(certificates: Certificates, *, client: bool = False) -> TlsSettings:
    """The tester's own settings: it trusts the authority, and may show a good client certificate."""
    own = certificates.client if client else None
    return TlsSettings(
        certificate=None if own is None else own.certificate,
        key=None if own is None else own.key,
        authorities=certificates.ca,
        server_name=HOST,
    )


def contexts_of(certificates: Certificates, *, client: bool = False) -> TlsContexts:
    """What the tester's handshakes are made of; it has a client certificate that is out of date as well."""
    settings = settings_of(certificates, client=client)
    past = certificates.client_expired
    return TlsContexts(settings, HOST, replace(settings, certificate=past.certificate, key=past.key))


def run_alone(case: Case, carrier: MemoryTransport, address: Address, contexts: TlsContexts) -> Result:
    """One case, once, without a session around it."""
    target = Target(carrier, address, CALLED, CALLING, Pace(), TlsTarget(carrier, contexts))
    return SecureRun(case, target).run()


def judge(
    certificates: Certificates,
    *patterns: str,
    kind: type[Served] = Served,
    context: ssl.SSLContext | None = None,
    profile: str = "bcp195",
    client: bool = False,
    options: Options | None = None,
    acceptor: type[PlainAcceptor] = PlainAcceptor,
    verify: bool = True,
) -> Judged:
    """The verdicts of the TLS cases that fit on this server."""
    carrier = MemoryTransport()
    gate = TlsGate(carrier, context or server_context(certificates.server), kind)
    target = acceptor(gate, CALLED)
    settings = settings_of(certificates, client=client)
    contexts = contexts_of(certificates, client=client)
    # What is wrong with the server's certificate is for the cases to say, not for the carrier.
    own = Tls(settings if verify else replace(settings, verify=False))
    seen: list[Secured | Failed] = []
    secured = TlsTransport(carrier, own, look=seen.append)
    report = Report("target")
    events: list[Event] = []
    cases = choose(tls_cases(TLS_PROFILES[profile]), patterns, quick=False)
    session = Session(
        secured,
        target.address,
        CALLED,
        CALLING,
        options or Options(recover_limit=20.0),
        events.append,
        "memory",
        TlsTarget(carrier, contexts, lambda: seen[-1] if seen else None),
    )
    session.run(cases, report)
    return Judged({result.case.id: result for result in report.results}, report, events)
