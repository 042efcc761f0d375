"""One end of TLS that meets what it should not: whatever comes, it says what was wrong and never raises."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomnet.transports import Address, Ended, Engine, Failed, Heard, Plain, Secured, Tls, TlsSettings

from ..certificates import Certificates

ROLES = ("requestor", "acceptor")
HANDSHAKE, ALERT, DATA = 0x16, 0x15, 0x17
MOST_TURNS = 20


@pytest.fixture(scope="module")
def layer(certificates: Certificates) -> Tls:
    """One layer for both ends."""
    pair = certificates.server
    return Tls(TlsSettings(pair.certificate, pair.key, certificates.ca, server_name="localhost"))


def begun(layer: Tls, role: str) -> Engine:
    """An end that has begun."""
    engine = layer.engine(role, None)
    assert list(engine.begin()) == []
    return engine


def pair(layer: Tls) -> tuple[Engine, Engine, list[Heard]]:
    """Two ends that have shaken hands, and what they have said."""
    ours, theirs = begun(layer, "requestor"), begun(layer, "acceptor")
    heard: list[Heard] = []
    for _ in range(MOST_TURNS):
        octets = ours.outgoing(), theirs.outgoing()
        heard += [*theirs.receive(octets[0]), *ours.receive(octets[1])]
    return ours, theirs, heard


def record(kind: int, body: bytes) -> bytes:
    """A record of TLS 1.2."""
    return bytes((kind, 3, 3)) + len(body).to_bytes(2, "big") + body


def the_failure(heard: Iterable[Heard]) -> Failed:
    """The one thing that was said."""
    (failure,) = heard
    assert isinstance(failure, Failed)
    return failure


def test_two_ends_agree(layer: Tls) -> None:
    ours, theirs, heard = pair(layer)
    assert [type(each) for each in heard] == [Secured, Secured]
    ours.send(b"question")
    assert list(theirs.receive(ours.outgoing())) == [Plain(b"question")]
    theirs.close()
    assert list(ours.receive(theirs.outgoing())) == [Ended()]


def test_octets_come_in_any_pieces(layer: Tls) -> None:
    ours, theirs, _ = pair(layer)
    ours.send(b"question")
    ours.send(b"and another")
    heard = [each for octet in ours.outgoing() for each in theirs.receive(bytes((octet,)))]
    assert heard == [Plain(b"question"), Plain(b"and another")]


def is_no_tls(octets: bytes) -> bool:
    """A record begins with its type and 3; the highest bit may begin a hello in the form of SSL 2 (RFC 5246 E.2)."""
    return octets[0] not in (HANDSHAKE, ALERT) and octets[0] < 0x80 and octets[1] != 3


@pytest.mark.parametrize("role", ROLES)
@given(octets=st.binary(min_size=6, max_size=200).filter(is_no_tls))
def test_what_is_no_tls_is_a_failure(layer: Tls, role: str, octets: bytes) -> None:
    engine = begun(layer, role)
    failure = the_failure(engine.receive(octets))
    assert failure.code in ("handshake_failed", "protocol_version")
    assert failure.text
    assert list(engine.receive(octets)) == []  # said once


@pytest.mark.parametrize("role", ROLES)
@given(
    kind=st.sampled_from((HANDSHAKE, ALERT, DATA, 0x14, 0x18)),
    body=st.binary(max_size=300),
    more=st.binary(max_size=50),
)
def test_records_of_anything_never_raise(layer: Tls, role: str, kind: int, body: bytes, more: bytes) -> None:
    heard = [*begun(layer, role).receive(record(kind, body) + more)]
    assert all(isinstance(each, Failed) for each in heard)
    assert len(heard) <= 1


@given(octets=st.binary(min_size=1, max_size=64), place=st.integers(0, 10_000))
def test_a_secured_link_that_is_tampered_with_breaks(layer: Tls, octets: bytes, place: int) -> None:
    ours, theirs, _ = pair(layer)
    ours.send(b"x" * 100)
    sealed = bytearray(ours.outgoing())
    start = 5 + place % (len(sealed) - 5)
    before = bytes(sealed)
    sealed[start : start + len(octets)] = octets[: len(sealed) - start]
    heard = list(theirs.receive(bytes(sealed)))
    assert heard == [Plain(b"x" * 100)] if bytes(sealed) == before else isinstance(heard[0], Failed)


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        (40, "handshake_failed"),
        (42, "verify_failed"),
        (45, "expired"),
        (48, "unknown_authority"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (116, "verify_failed"),
    ],
)
def test_a_peer_that_speaks_alerts_only(layer: Tls, alert: int, code: str) -> None:
    failure = the_failure(begun(layer, "requestor").receive(record(ALERT, bytes((2, alert)))))
    assert failure.code == code
    assert "alert" in failure.text


def test_a_record_of_the_greatest_length_is_waited_for_and_a_longer_one_is_not(layer: Tls) -> None:
    waiting = begun(layer, "acceptor")
    assert list(waiting.receive(bytes((HANDSHAKE, 3, 1)) + (1 << 14).to_bytes(2, "big") + b"\1")) == []
    longer = begun(layer, "acceptor")
    assert isinstance(the_failure(longer.receive(bytes((HANDSHAKE, 3, 1, 0xFF, 0xFF)) + b"\1" * 99)), Failed)


def test_a_flood_of_empty_records_ends(layer: Tls) -> None:
    _, theirs, _ = pair(layer)
    heard = list(theirs.receive(record(DATA, b"") * 1000))
    assert isinstance(the_failure(heard), Failed)


def test_after_a_failure_nothing_is_sent_but_the_alert(layer: Tls) -> None:
    engine = begun(layer, "acceptor")
    the_failure(engine.receive(b"\1\0\0\0\0\4" + b"DICOM"))
    said = engine.outgoing()
    assert said == b"" or said[0] == ALERT
    engine.send(b"\7\0\0\0\0\4\0\0\0\0")
    engine.close()
    assert b"\7\0\0\0\0\4" not in engine.outgoing()


def test_an_end_that_cannot_begin_says_why(certificates: Certificates) -> None:
    layer = Tls(TlsSettings(authorities=certificates.ca))
    failure = the_failure(layer.engine("acceptor", None).begin())
    assert (failure.code, "needs a certificate" in failure.text) == ("handshake_failed", True)
    for host in (".", "x" * 300, "a..b", "\0"):
        engine = layer.engine("requestor", Address(host, 104))
        heard = [*engine.begin()]
        assert [each.code for each in heard if isinstance(each, Failed)] == ["hostname_mismatch"]
        assert [*engine.receive(b"anything")] == []
