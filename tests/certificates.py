"""Certificates for the tests of TLS, made once for a process: good ones, and each kind of bad one.

A test asks for the fixture `certificates`, of tests/conftest.py; the type is `Certificates`. Where there is no
fixture at hand: `make_certificates(directory)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dicomnet.conformance.throwaway import Authority, Issued, Validity, past_validity, self_signed

PASSWORD = "open sesame"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OTHER_NAME = "elsewhere.example"


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one end, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """All are of one authority, `ca`, but for those of another one, `other_ca`, and the self-signed.

    A server's names are localhost, 127.0.0.1 and ::1; that of `server_other_name` is elsewhere.example.
    """

    ca: Path
    other_ca: Path
    server: Pair
    server_ec: Pair
    server_expired: Pair
    server_other_name: Pair
    server_of_other_ca: Pair
    server_self_signed: Pair
    # 1024 bits of RSA: less than what any profile of today allows.
    server_small: Pair
    # Its key is encrypted with PASSWORD.
    server_encrypted: Pair
    client: Pair
    client_ec: Pair
    client_expired: Pair
    client_of_other_ca: Pair


def make_certificates(directory: Path) -> Certificates:
    """Make them all in that directory, as PEM files."""
    authority, other = Authority(key_type="ec"), Authority("dicomnet other authority", key_type="ec")
    past = past_validity()

    def put(name: str, issued: Issued) -> Pair:
        pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
        pair.certificate.write_bytes(issued.certificate)
        pair.key.write_bytes(issued.key)
        return pair

    def ca(name: str, of: Authority) -> Path:
        path = directory / f"{name}.pem"
        path.write_bytes(of.certificate)
        return path

    def server(
        of: Authority = authority, hosts: tuple[str, ...] = LOOPBACK, validity: Validity | None = None
    ) -> Issued:
        return of.issue("dicomnet test server", "server", hosts, validity=validity)

    def client(of: Authority = authority, validity: Validity | None = None) -> Issued:
        return of.issue("dicomnet test client", "client", validity=validity)

    rsa = authority.issue("dicomnet test server", "server", LOOPBACK, key_type="rsa")
    small = authority.issue("dicomnet small", "server", LOOPBACK, key_type="rsa", rsa_bits=1024)
    encrypted = authority.issue("dicomnet encrypted", "server", LOOPBACK, password=PASSWORD.encode())
    return Certificates(
        ca=ca("ca", authority),
        other_ca=ca("other-ca", other),
        server=put("server", rsa),
        server_ec=put("server-ec", server()),
        server_expired=put("server-expired", server(validity=past)),
        server_other_name=put("server-other-name", server(hosts=(OTHER_NAME,))),
        server_of_other_ca=put("server-of-other-ca", server(other)),
        server_self_signed=put("server-self-signed", self_signed("dicomnet alone", "server", LOOPBACK)),
        server_small=put("server-small", small),
        server_encrypted=put("server-encrypted", encrypted),
        client=put("client", authority.issue("dicomnet test client", "client", key_type="rsa")),
        client_ec=put("client-ec", client()),
        client_expired=put("client-expired", client(validity=past)),
        client_of_other_ca=put("client-of-other-ca", client(other)),
    )
