"""What is no handshake, or half of one: it is ended in bounded time, and keeps nobody else waiting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dicomnet.statemachine import tls

from ..case import Case, Grade, Level
from ..octets import RQ
from ..tls_steps import Beside, Heard, Probe, Said, Until, Want
from .tls_build import (
    ANYTHING,
    RFC8446,
    answered,
    fail,
    hello12,
    hello13,
    hello_both,
    lax,
    names,
    shut,
    speaks,
    tls_case,
)

RECORDS: Final = f"{RFC8446} 5.1; RFC 5246 6.2.1"
OVERFLOW: Final = f"{RFC8446} 5.1, 5.2; RFC 5246 6.2.1"
FATAL: Final = f"{RFC8446} 6.2; RFC 5246 7.2.2"
FIRST: Final = f"{RFC8446} 4; RFC 5246 7.4"
PROTECT: Final = "PS3.15 2024e B.12; PS3.8 2020 9.1.1"
# No edition bounds a handshake in time; that the others are served is a matter of the upper layer's own clauses.
BOUNDED: Final = "PS3.8 2020 9.1.4; PS3.8 2020 9.2"
_PADDING: Final = 21
_ALERTS: Final = 1000
_HALF: Final = 60
_NO_RENEGOTIATION: Final = 100


def _full(hello: tls.ClientHello, octets: int) -> tls.ClientHello:
    """The ClientHello filled up (RFC 7685) until its message has this length."""
    missing = octets - len(tls.encode_client_hello(hello)) - 4
    return replace(hello, extensions=((_PADDING, bytes(missing)), *hello.extensions))


def strangers() -> tuple[Case, ...]:
    """What begins without a ClientHello."""
    garbage = bytes(range(255, 191, -1))
    return (
        tls_case(
            "tls.stranger.plain-request",
            "an A-ASSOCIATE-RQ without TLS",
            f"{PROTECT}; {FIRST}",
            "What is not TLS is not answered by a PDU; the connection is ended in bounded time.",
            Probe("A-ASSOCIATE-RQ in the clear", shut(PROTECT), octets=RQ, until=Until.END),
        ),
        tls_case(
            "tls.stranger.http",
            "an HTTP request without TLS",
            FIRST,
            "What is not TLS is refused, and the connection is ended in bounded time.",
            Probe("an HTTP request", shut(FIRST), octets=b"GET / HTTP/1.0\r\n\r\n", until=Until.END),
        ),
        tls_case(
            "tls.stranger.garbage",
            "64 octets that are no record",
            RECORDS,
            "A record of an unknown type is an unexpected message: the connection is ended.",
            Probe("64 octets that are no record", shut(RECORDS), octets=garbage, until=Until.END),
        ),
        tls_case(
            "tls.stranger.application-data",
            "a record of application data before any handshake",
            RECORDS,
            "Application data before the handshake is an unexpected message: the connection is ended.",
            Probe(
                "application data that holds an A-ASSOCIATE-RQ",
                shut(RECORDS),
                octets=tls.encode_record(names.APPLICATION_DATA, RQ, names.TLS12),
                until=Until.END,
            ),
        ),
    )


def alerts() -> tuple[Case, ...]:
    """What is TLS, and leads to no handshake."""
    return (
        tls_case(
            "tls.alert.fatal",
            "a fatal alert instead of a ClientHello",
            FATAL,
            "After a fatal alert both ends close the connection.",
            Probe(
                "alert: handshake_failure (fatal)",
                shut(FATAL),
                octets=tls.alert_record(names.FATAL, 40),
                until=Until.END,
            ),
        ),
        tls_case(
            "tls.alert.flood",
            f"{_ALERTS} warnings and nothing else",
            f"{FATAL}; {BOUNDED}",
            "A peer that sends alerts alone is not listened to for ever.",
            Probe(
                f"{_ALERTS} alerts: no_renegotiation (warning)",
                shut(FATAL),
                octets=tls.alert_record(names.WARNING, _NO_RENEGOTIATION) * _ALERTS,
                until=Until.END,
            ),
            level=Level.MAY,
        ),
        tls_case(
            "tls.record.empty",
            f"{_ALERTS} handshake records without an octet",
            RECORDS,
            "Handshake records are never empty: a peer that sends such alone is not listened to for ever.",
            Probe(
                f"{_ALERTS} empty records",
                shut(RECORDS),
                octets=tls.encode_record(names.HANDSHAKE, b"", names.TLS12) * _ALERTS,
                until=Until.END,
            ),
            level=Level.MAY,
        ),
    )


def records() -> tuple[Case, ...]:
    """How a ClientHello may lie in records and segments, and how it may not."""
    return (
        tls_case(
            "tls.record.split",
            "a ClientHello over many records, the first of them with one octet",
            RECORDS,
            "A handshake message may lie in several records.",
            *answered(
                Probe(
                    "ClientHello over records of 1, 3, 40, 40 ... octets",
                    ANYTHING,
                    hello_both(),
                    records=(1, 3, 40, 40, 40, 40, 40),
                ),
                RECORDS,
            ),
        ),
        tls_case(
            "tls.record.octets",
            "a ClientHello over many segments of one octet",
            RECORDS,
            "Where a segment ends means nothing.",
            *answered(Probe("ClientHello octet by octet", ANYTHING, hello_both(), pieces=(1, 0)), RECORDS),
        ),
        tls_case(
            "tls.record.headers",
            "a ClientHello over several records, cut inside their headers",
            RECORDS,
            "Where a segment ends means nothing, inside the header of a record either.",
            *answered(
                Probe(
                    "ClientHello in two records, segments of 3 octets, then of 100",
                    ANYTHING,
                    hello_both(),
                    records=(95,),
                    pieces=(3, 100, 0),
                ),
                RECORDS,
            ),
        ),
    )


def limits() -> tuple[Case, ...]:
    """How long a record may be."""
    return (
        tls_case(
            "tls.record.full",
            "a ClientHello that fills a record to its limit of 16384 octets",
            f"{RECORDS}; RFC 7685",
            "A record may have 16384 octets.",
            *answered(
                Probe(
                    "ClientHello of 16384 octets in one record",
                    ANYTHING,
                    _full(hello_both(), tls.RECORD_LIMIT),
                    named=False,
                ),
                RECORDS,
            ),
            level=Level.SHOULD,
        ),
        *(
            tls_case(
                f"tls.record.{slug}",
                f"a record in the clear of {octets} octets",
                OVERFLOW,
                f"A record over the limit of {limit} octets is refused by record_overflow.",
                Probe(
                    f"a handshake record of {octets} octets",
                    _overflow(),
                    octets=tls.encode_record(
                        names.HANDSHAKE, tls.encode_client_hello(_full(hello_both(), octets)), names.TLS12
                    ),
                    until=Until.END,
                ),
            )
            for slug, limit, octets in (
                ("overflow", tls.SEALED_LIMIT, tls.SEALED_LIMIT + 1),
                ("slightly-over", tls.RECORD_LIMIT, tls.RECORD_LIMIT + 1),
            )
        ),
    )


def _overflow() -> Want:
    def look(heard: Heard) -> Iterable[Said]:
        alert = heard.answer.alert
        if heard.answer.hello is not None:
            yield fail(OVERFLOW, f"a record over the limit was taken: {heard.told()}")
        elif not heard.shut:
            yield fail(OVERFLOW, f"still open after {heard.waited:.3g} s: {heard.told()}")
        elif alert is None or names.alert_name(alert.description) != "record_overflow":
            yield lax(OVERFLOW, f"refused, but not by record_overflow: {heard.told()}")

    return Want("the alert record_overflow, and the end", look)


def unfinished() -> tuple[Case, ...]:
    """A PDU before the link is secure, and data before its time."""
    early = _early()
    return (
        tls_case(
            "tls.early.plain",
            "an A-ASSOCIATE-RQ in the clear behind the ClientHello",
            f"{PROTECT}; {RECORDS}",
            "No PDU is taken before the handshake is done: the connection is ended.",
            Probe("ClientHello, A-ASSOCIATE-RQ in the clear", shut(PROTECT), hello12(), RQ, until=Until.END),
        ),
        tls_case(
            "tls.early.record",
            "an A-ASSOCIATE-RQ in an unprotected record of application data behind the ClientHello",
            f"{PROTECT}; {RECORDS}",
            "Data that is not protected is not taken: the connection is ended.",
            speaks(names.TLS12),
            Probe(
                "ClientHello of TLS 1.2, application data with an A-ASSOCIATE-RQ",
                shut(PROTECT),
                hello12(),
                tls.encode_record(names.APPLICATION_DATA, RQ, names.TLS12),
                until=Until.END,
            ),
        ),
        tls_case(
            "tls.early.data",
            "early data behind a ClientHello with a ticket that nobody gave",
            f"{RFC8446} 4.2.10",
            "Early data that is not accepted is passed over, and the handshake goes on.",
            speaks(names.TLS13),
            Probe(
                "ClientHello of TLS 1.3 with early_data and an unknown ticket, then a record of early data",
                _passed_over(),
                early,
                tls.encode_record(names.APPLICATION_DATA, bytes(range(64)), names.TLS12),
                until=Until.QUIET,
            ),
            level=Level.SHOULD,
        ),
    )


def _early() -> tls.ClientHello:
    ticket = b"a ticket that nobody ever gave!!"
    identity = len(ticket).to_bytes(2, "big") + ticket + bytes(4)
    binder = bytes((32,)) + bytes(range(32))
    content = len(identity).to_bytes(2, "big") + identity + len(binder).to_bytes(2, "big") + binder
    base = hello13()
    return replace(
        base, extensions=(*base.extensions, (names.EARLY_DATA, b""), (names.PRE_SHARED_KEY, content))
    )


def _passed_over() -> Want:
    clause = f"{RFC8446} 4.2.10"

    def look(heard: Heard) -> Iterable[Said]:
        if heard.answer.hello is None or heard.shut:
            yield fail(clause, f"early data ended the handshake: {heard.told()}")

    return Want("a ServerHello, and the connection stays open", look)


def stalls() -> tuple[Case, ...]:
    """A handshake that does not go on: for how long it is borne, and whether a healthy association is served beside."""
    kinds = (
        ("silent", "a connection that says nothing", None, None),
        ("half-hello", "half a ClientHello, and silence", hello_both(), _HALF),
        ("hello", "a ClientHello, and silence behind the answer", hello_both(), None),
    )
    cases: list[Case] = []
    for slug, told, hello, part in kinds:
        keep = Probe(
            told,
            ANYTHING,
            hello,
            part=part,
            until=Until.ANSWER if hello is not None and part is None else Until.QUIET,
            keep=True,
        )
        cases.append(
            tls_case(
                f"tls.stall.{slug}",
                f"{told}, and a healthy association beside it",
                BOUNDED,
                "A stalled handshake may keep the target busy: it is told whether a healthy association is served "
                "beside it; when it has gone, one must be.",
                keep,
                Beside(),
            )
        )
    for slug, told, hello, part in kinds:
        cases.append(
            tls_case(
                f"tls.timeout.{slug}",
                f"{told}: when does the target end it?",
                BOUNDED,
                "A handshake that does not go on is ended some time; no edition says when.",
                Probe(told, _ended_some_time(), hello, part=part, until=Until.TIMER),
                level=Level.MAY,
                slow=True,
            )
        )
    return tuple(cases)


def _ended_some_time() -> Want:
    def look(heard: Heard) -> Iterable[Said]:
        if heard.shut:
            text = f"ended after {heard.after:.3g} s: {heard.told()}"
            yield lax(BOUNDED, text, Grade.PASS)
        else:
            text = f"still open after {heard.waited:.3g} s: no timer for the handshake, or a longer one"
            yield lax(BOUNDED, text, Grade.INFORMATIONAL)

    return Want("the end, some time", look)
