"""TLS as octets: what is written is what was meant, whatever comes is read without a fault, and real servers agree."""

from __future__ import annotations

import ssl
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from dicomnet.statemachine import LocalProtocolError, Violation, tls

from ..certificates import Certificates, Pair
from ..secure.hellos import offered

names = tls.names
RANDOM = bytes(range(32))
X25519_BASE = b"\x09" + bytes(31)

uint16 = st.integers(0, 0xFFFF)
hellos = st.builds(
    tls.ClientHello,
    suites=st.lists(uint16, min_size=1, max_size=40).map(tuple),
    random=st.binary(min_size=32, max_size=32),
    version=st.integers(0x0300, 0x0305),
    versions=st.lists(uint16, max_size=6).map(tuple),
    groups=st.lists(uint16, max_size=6).map(tuple),
    key_shares=st.lists(st.tuples(uint16, st.binary(max_size=80)), max_size=2).map(tuple),
    signatures=st.lists(uint16, max_size=6).map(tuple),
    server_name=st.sampled_from(["", "pacs.example"]),
    session_id=st.binary(max_size=32),
    compressions=st.lists(st.integers(0, 255), min_size=1, max_size=3).map(tuple),
    renegotiation=st.booleans(),
    extensions=st.lists(st.tuples(st.integers(0x1000, 0xFEFF), st.binary(max_size=40)), max_size=3).map(
        tuple
    ),
)


@given(hellos, st.lists(st.integers(1, 50), max_size=5).map(tuple))
def test_a_client_hello_says_what_its_fields_say(hello: tls.ClientHello, sizes: tuple[int, ...]) -> None:
    found = offered(tls.client_hello_record(hello, sizes=sizes))
    assert found.suites == list(hello.suites)
    assert found.version == hello.version
    assert found.versions == list(hello.versions or (hello.version,))
    assert found.compressions == list(hello.compressions)
    assert (0xFF01 in found.extensions) == hello.renegotiation
    assert (0 in found.extensions) == bool(hello.server_name)
    assert all(found.extensions[number] for number, content in dict(hello.extensions).items() if content)


@pytest.mark.parametrize(
    "change",
    [{"random": b"short"}, {"session_id": bytes(300)}, {"server_name": "a" * 70 + ".example"}],
)
def test_what_cannot_be_written_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        tls.encode_client_hello(replace(tls.ClientHello((0x1301,), RANDOM), **change))  # type: ignore[arg-type]
    assert caught.value.code == "invalid_argument"


@given(st.binary(max_size=600))
def test_any_octets_give_an_answer(octets: bytes) -> None:
    answer = tls.decode_answer(octets)
    assert answer.pending <= len(octets)
    for part in answer.parts:
        assert tls.describe_part(part)
    assert sum(isinstance(part, Violation) for part in answer.parts) <= 1


@given(st.lists(st.tuples(st.sampled_from((2, 11, 12, 13, 14, 4)), st.binary(max_size=120)), max_size=6))
def test_any_handshake_messages_give_an_answer(messages: list[tuple[int, bytes]]) -> None:
    whole = b"".join(bytes((kind,)) + len(body).to_bytes(3, "big") + body for kind, body in messages)
    answer = tls.decode_answer(tls.encode_records(names.HANDSHAKE, whole, names.TLS12))
    assert len(answer.parts) <= len(messages)


@given(st.binary(max_size=300))
def test_any_octets_are_a_certificate_or_none(octets: bytes) -> None:
    assert isinstance(tls.public_key(octets), tls.PublicKey | Violation)


# --- what real servers say --------------------------------------------------------------------------------------


def hello(
    *versions: int, suites: tuple[int, ...] = (0x1301, 0x1302, 0xC02F, 0xC030, 0xC02B)
) -> tls.ClientHello:
    return tls.ClientHello(
        suites,
        RANDOM,
        versions=versions,
        groups=(names.X25519, names.SECP256R1),
        key_shares=((names.X25519, X25519_BASE),) if names.TLS13 in versions else (),
        signatures=(0x0403, 0x0804, 0x0401),
        renegotiation=True,
    )


def context_of(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def said(context: ssl.SSLContext, octets: bytes) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(octets)
    with suppress(ssl.SSLError):
        server.do_handshake()
    return outgoing.read()


def asked(pair: Pair, question: tls.ClientHello) -> tls.ServerAnswer:
    return tls.decode_answer(said(context_of(pair), tls.client_hello_record(question)))


def test_tls_1_3_is_read_up_to_what_is_sealed(certificates: Certificates) -> None:
    answer = asked(certificates.server, hello(names.TLS13, names.TLS12))
    assert answer.hello is not None
    assert answer.hello.version == names.TLS13
    assert answer.hello.legacy == names.TLS12
    assert isinstance(answer.parts[-1], tls.Sealed)
    assert answer.whole
    assert answer.certificates is None


def test_a_retry_is_told_from_a_hello(certificates: Certificates) -> None:
    context = context_of(certificates.server)
    context.set_ecdh_curve("prime256v1")
    question = hello(names.TLS13)
    answer = tls.decode_answer(said(context, tls.client_hello_record(question)))
    assert answer.hello is not None
    assert answer.hello.retry
    assert tls.describe_part(answer.parts[0]).startswith("HelloRetryRequest: TLS 1.3")


def test_tls_1_2_is_read_up_to_its_end(certificates: Certificates) -> None:
    context = context_of(certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates.ca)
    octets = said(context, tls.client_hello_record(hello(suites=(0xC02F,))))
    answer = tls.decode_answer(octets)
    told = [tls.describe_part(part) for part in answer.parts]
    assert told[0] == "ServerHello: TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert told[1].endswith("RSA 2048")
    assert told[2:] == ["ServerKeyExchange: x25519", "CertificateRequest", "ServerHelloDone"]
    assert answer.asks_certificate
    assert answer.whole
    assert not answer.pending
    assert answer.hello is not None
    assert answer.hello.could_do == names.TLS12
    assert answer.hello.extension(names.RENEGOTIATION) == b"\0"
    # Cut anywhere, it is the beginning of the same.
    for size in range(len(octets)):
        part = tls.decode_answer(octets[:size])
        assert part.parts == answer.parts[: len(part.parts)]
        assert not part.whole


@pytest.mark.parametrize(
    ("pair", "key"), [("server", "RSA 2048"), ("server_small", "RSA 1024"), ("server_ec", "EC 256")]
)
def test_the_key_of_a_certificate(certificates: Certificates, pair: str, key: str) -> None:
    found: Pair = getattr(certificates, pair)
    answer = asked(found, hello())
    assert answer.certificates is not None
    assert str(answer.certificates.key) == key
    whole = der_of(found.certificate)
    assert answer.certificates.chain[0] == whole
    for size in range(len(whole)):
        assert isinstance(tls.public_key(whole[:size]), Violation)


def der_of(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


def test_a_prime_is_measured(certificates: Certificates) -> None:
    octets = said(context_of(certificates.server), tls.client_hello_record(hello(suites=(0xC030,))))
    prime = (1 << 1023).to_bytes(128, "big")
    exchange = len(prime).to_bytes(2, "big") + prime + b"\0\x01\x02\0\x01\x02"
    made = bytes((12,)) + len(exchange).to_bytes(3, "big") + exchange
    first = tls.decode_answer(octets).hello
    assert first is not None
    at = octets.index(b"\xc0\x30", 43)
    dhe = octets[:at] + b"\x00\x9e" + octets[at + 2 :]
    begin = dhe[: 5 + int.from_bytes(dhe[3:5], "big")]
    answer = tls.decode_answer(begin + tls.encode_record(names.HANDSHAKE, made, names.TLS12))
    assert answer.key_exchange is not None
    assert answer.key_exchange.group is None
    assert answer.key_exchange.bits == 1024


REFUSED = (
    (b"\x01\x00\x00\x00\x00\x44", "content type 0x01", 0),
    (b"HTTP/1.1 400", "content type 0x48", 0),
    (b"\x16\x04\x00\x00\x01\x00", "version 4.x", 1),
    (b"\x16\x03\x03\x40\x01", "16385 octets", 3),
    (b"\x15\x03\x03\x00\x01\x02", "an alert of 1 octets", 5),
    (b"\x16\x03\x03\x00\x00", "without an octet", 5),
    (b"\x16\x03\x03\x00\x04\x02\xff\xff\xff", "a handshake message of 16777215 octets", 5),
    (b"\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03", "a random of 32 octets", 11),
)


@pytest.mark.parametrize(("octets", "reason", "offset"), REFUSED)
def test_what_is_wrong_is_named_with_its_octet(octets: bytes, reason: str, offset: int) -> None:
    found = tls.decode_answer(octets).violation
    assert found is not None
    assert reason in found.reason
    assert found.offset == offset


def test_an_alert_has_its_names() -> None:
    answer = tls.decode_answer(tls.alert_record(names.FATAL, 70))
    assert [tls.describe_part(part) for part in answer.parts] == ["alert: protocol_version (fatal)"]
    assert answer.whole
    assert not tls.decode_answer(tls.alert_record(names.WARNING, 112)).whole


def test_an_endless_answer_is_bounded() -> None:
    answer = tls.decode_answer(tls.alert_record(names.WARNING, 90) * 1000)
    assert len(answer.parts) <= 201
    assert answer.violation is not None
