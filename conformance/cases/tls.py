"""The cases that judge a target's TLS, for a profile of PS3.15 Annex B."""

from __future__ import annotations

from functools import cache

from dicomnet.statemachine import TLS_PROFILES, TlsProfile

from ..case import Case
from . import tls_choice, tls_inside, tls_peers


@cache
def tls_cases(profile: TlsProfile) -> tuple[Case, ...]:
    """In the order of running: what is chosen, what is ignored, certificates, records, the end, odd peers, stalls."""
    return (
        *tls_choice.versions(profile),
        *tls_choice.suites(profile),
        *tls_choice.keys(profile),
        *tls_choice.tolerance(),
        *tls_choice.old_dangers(),
        *tls_inside.server_certificate(),
        *tls_inside.client_certificate(),
        *tls_peers.records(),
        *tls_peers.limits(),
        *tls_inside.records(),
        *tls_inside.endings(),
        *tls_peers.strangers(),
        *tls_peers.alerts(),
        *tls_peers.unfinished(),
        *tls_peers.stalls(),
    )


def every_tls_case() -> dict[str, Case]:
    """By id, each case that any profile has; where several have it, that of the first."""
    known: dict[str, Case] = {}
    for profile in TLS_PROFILES.values():
        for case in tls_cases(profile):
            known.setdefault(case.id, case)
    return known
