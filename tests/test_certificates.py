"""The certificates of the tests are what their names say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dicomnet.conformance.throwaway import Authority, self_signed

from .certificates import LOOPBACK, OTHER_NAME, PASSWORD, Certificates, Pair


def loaded(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


def names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in found]


def test_they_are_what_their_names_say(certificates: Certificates) -> None:
    ca = x509.load_pem_x509_certificate(certificates.ca.read_bytes())
    now = datetime.now(UTC)
    for good in (certificates.server, certificates.server_ec, certificates.client, certificates.client_ec):
        certificate = loaded(good)
        certificate.verify_directly_issued_by(ca)
        assert certificate.not_valid_before_utc < now < certificate.not_valid_after_utc
    for old in (certificates.server_expired, certificates.client_expired):
        loaded(old).verify_directly_issued_by(ca)
        assert loaded(old).not_valid_after_utc < now
    for strange in (certificates.server_of_other_ca, certificates.client_of_other_ca):
        with pytest.raises((InvalidSignature, ValueError)):
            loaded(strange).verify_directly_issued_by(ca)
    assert names(loaded(certificates.server)) == list(LOOPBACK)
    assert names(loaded(certificates.server_other_name)) == [OTHER_NAME]
    alone = loaded(certificates.server_self_signed)
    assert alone.issuer == alone.subject


def test_the_keys_are_what_their_names_say(certificates: Certificates) -> None:
    small = loaded(certificates.server_small).public_key()
    assert isinstance(small, rsa.RSAPublicKey)
    assert small.key_size == 1024
    assert isinstance(loaded(certificates.server_ec).public_key(), ec.EllipticCurvePublicKey)
    encrypted = certificates.server_encrypted.key.read_bytes()
    with pytest.raises(TypeError):
        serialization.load_pem_private_key(encrypted, None)
    key = serialization.load_pem_private_key(encrypted, PASSWORD.encode())
    assert key.public_key() == loaded(certificates.server_encrypted).public_key()


@pytest.mark.parametrize("host", ["", "münchen.example"])
def test_a_host_that_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        self_signed("x", "server", [host])
    with pytest.raises(ValueError, match=r".+"):
        Authority(key_type="ec").issue("x", "server", [host])
