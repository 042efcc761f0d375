"""How one end secures its links with TLS, and the `SSLContext` that this makes, one for each configuration.

What is wrong with a configuration is said before anything is connected: which file, which certificate, what to do.
"""

from __future__ import annotations

import difflib
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from dicomnet.statemachine import SUITE, TLS_PROFILES, VERSIONS, SecurityError, TlsProfile

from .certificates import CertificateFacts, facts_of, note_certificates, printable

# It is imported late, as in certificates.py.
if TYPE_CHECKING:
    from cryptography import x509

# A file of certificates is not longer than this, in octets.
LONGEST_FILE: Final = 1 << 22
# OpenSSL takes no longer one.
LONGEST_PASSWORD: Final = 1024
# The group ffdhe2048 of RFC 7919 A.1: a server's DHE needs one, and Python chooses none.
FFDHE2048: Final = """-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""
_VERSIONS: Final = {
    "TLSv1": (ssl.TLSVersion.TLSv1, ssl.HAS_TLSv1),
    "TLSv1.1": (ssl.TLSVersion.TLSv1_1, ssl.HAS_TLSv1_1),
    "TLSv1.2": (ssl.TLSVersion.TLSv1_2, ssl.HAS_TLSv1_2),
    "TLSv1.3": (ssl.TLSVersion.TLSv1_3, ssl.HAS_TLSv1_3),
}

Password = Callable[[], str | bytes | None]


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How one end secures its links.

    `certificate` (PEM) is the end's own, followed by those between it and its authority; `key` (PEM) is its key, or
    stands in the same file. `authorities` (PEM) are the trusted ones; None stands for those of the system.
    A requestor verifies its acceptor with `verify`, and the name in its certificate with `check_name`:
    `server_name`, which is also sent to the acceptor (SNI), or else the host that is connected to. An acceptor with
    `require_client_certificate` asks its requestors for one and verifies it. `profile` is a name in
    `TLS_PROFILES`. `key_log` is a file to which the secrets of every session are appended, so that Wireshark can
    read a capture: whoever has it reads all. `password` is called when the key is encrypted
    (on_private_key_password); None, or no password, is refused then.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    verify: bool = True
    require_client_certificate: bool = False
    server_name: str | None = None
    check_name: bool = True
    profile: str = "bcp195"
    key_log: Path | None = None
    password: Password | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Take the names of files as text as well. Raises `SecurityError` where something can be no name of a file."""
        for name in ("certificate", "key", "authorities", "key_log"):
            given: object = getattr(self, name)
            if given is None or isinstance(given, Path):
                continue
            if not isinstance(given, str) or not given:
                raise SecurityError(f"{name} is to be the name of a file, and is {printable(repr(given))}")
            object.__setattr__(self, name, Path(given))


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """The context of a requestor; the same one again as long as the settings and their files are the same.

    Raises `SecurityError` (invalid_argument) where a file, a password, a key or the profile does not serve.
    """
    return _cached(settings, False, settings.password, _stamps(settings))


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """The context of an acceptor, which needs a certificate; for the rest see `client_context`."""
    if settings.certificate is None:
        raise SecurityError("an acceptor with TLS needs a certificate and its key: none was given")
    return _cached(settings, True, settings.password, _stamps(settings))


def tls_profile(name: str) -> TlsProfile:
    """The profile of that name. Raises `SecurityError`, which tells the nearest names."""
    # A caller without a type checker may give anything.
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SecurityError(f"a TLS profile is given by its name, not by {printable(repr(name))}")
    profile = TLS_PROFILES.get(name)
    if profile is None:
        by_clause = [each for each, its in TLS_PROFILES.items() if name.upper() in its.source.split()]
        near = by_clause or difflib.get_close_matches(name.lower(), TLS_PROFILES, n=3, cutoff=0.4)
        rather = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(TLS_PROFILES)}"
        raise SecurityError(f"unknown TLS profile {name!r}: {rather}")
    return profile


def missing_suites(profile: TlsProfile) -> tuple[str, ...]:
    """The suites that the profile requires and this machine's `ssl` cannot speak, by IANA name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    known = {each["name"] for each in context.get_ciphers()}
    return tuple(name for name in profile.required if SUITE[name].openssl not in known)


def tls_remarks(settings: TlsSettings) -> tuple[str, ...]:
    """What the user should be told though it is not refused, a sentence each.

    An own certificate that is out of date, a check that is left out, secrets that are written down, a profile that
    is retired or beyond what this machine can. Raises `SecurityError` as `client_context` does.
    """
    profile = tls_profile(settings.profile)
    remarks: list[str] = []
    if not settings.verify:
        remarks.append(
            "TLS without verification: the peer's certificate is not checked, anybody may pose as it"
        )
    elif not settings.check_name:
        remarks.append("the name in the peer's certificate is not checked")
    if settings.key_log is not None:
        remarks.append(
            f"the secrets of every session are written to {str(settings.key_log)!r}: whoever has it reads all"
        )
    if profile.retired:
        remarks.append(
            f"the TLS profile {profile.name} ({profile.source}) is retired: for judging old peers only"
        )
    lacking = missing_suites(profile)
    if lacking:
        remarks.append(
            f"{ssl.OPENSSL_VERSION} lacks suites that {profile.name} requires: {', '.join(lacking)}"
        )
    facts = own_facts(settings)
    if facts is not None:
        wrong = facts.out_of_date()
        if wrong:
            remarks.append(f"our own certificate {wrong} ({str(settings.certificate)!r}): {facts}")
    return tuple(remarks)


def own_facts(settings: TlsSettings) -> CertificateFacts | None:
    """What stands in this end's own certificate; None without one, or where it cannot be read.

    Raises `SecurityError` where the file cannot be.
    """
    return None if settings.certificate is None else facts_of(_certificates(settings.certificate)[0])


def _stamps(settings: TlsSettings) -> tuple[tuple[int, int] | None, ...]:
    """What tells that a file was renewed."""
    return tuple(
        _stamp(path)
        for path in (settings.certificate, settings.key, settings.authorities)
        if path is not None
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _cached(
    settings: TlsSettings,
    is_server: bool,
    _password: Password | None,
    _stamps: tuple[tuple[int, int] | None, ...],
) -> ssl.SSLContext:
    # The password's giver counts, though settings that differ in it alone are equal: who gives a wrong one is refused.
    profile = tls_profile(settings.profile)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    _set_profile(context, profile, is_server)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # Some builds of Python let OpenSSL take a torn connection for a proper end.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    # No session is ever resumed: every connection is judged by a handshake of its own.
    context.options |= ssl.OP_NO_TICKET
    if is_server:
        context.num_tickets = 0
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    _set_trust(context, settings, is_server)
    if settings.certificate is not None:
        _load_own(context, settings, profile)
    elif settings.key is not None:
        raise SecurityError(f"a key without a certificate: {str(settings.key)!r}; give the certificate too")
    if settings.server_name is not None and not is_server:
        _check_name(context, settings.server_name)
    if settings.key_log is not None:
        try:
            context.keylog_filename = str(settings.key_log)
        except (OSError, ValueError) as error:
            raise _unreadable("key log", settings.key_log, error, "written") from error
    return context


def _set_profile(context: ssl.SSLContext, profile: TlsProfile, is_server: bool) -> None:
    """Versions, suites and key sizes.

    The groups for ECDHE are OpenSSL's own: all have 256 bits or more, and those that the profiles name are among
    them. Python can set but one alone (`set_ecdh_curve`), which would take the others away.
    """
    for version in (profile.minimum, profile.maximum):
        if not _VERSIONS[version][1]:
            raise SecurityError(f"{ssl.OPENSSL_VERSION} has no {version}, which {profile.name} names")
    with warnings.catch_warnings():
        # Python warns of TLS 1.0, which only a retired profile names.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[profile.minimum][0]
        context.maximum_version = _VERSIONS[profile.maximum][0]
    names = suites_in_order(profile, is_server)
    older = [SUITE[name].openssl for name in names if SUITE[name].version != "TLSv1.3"]
    try:
        context.set_ciphers(f"{':'.join(filter(None, older))}:@SECLEVEL={_level(profile)}")
        newest = [SUITE[name].openssl for name in names if SUITE[name].version == "TLSv1.3"]
        # Since Python 3.15; before, OpenSSL's own three are offered, which every profile with TLS 1.3 allows.
        choose: Any = getattr(context, "set_ciphersuites", None)
        if choose is not None and newest:
            choose(":".join(newest))
    except ssl.SSLError as error:
        raise SecurityError(
            f"{ssl.OPENSSL_VERSION} can speak none of the cipher suites of {profile.name}: {error.reason}"
        ) from error
    if is_server and any(SUITE[name].exchange == "DHE" for name in names):
        _load_dh(context)


def suites_in_order(profile: TlsProfile, is_server: bool) -> tuple[str, ...]:
    """What an end offers or accepts, best first.

    A requestor begins with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, an acceptor prefers what is stronger
    (RFC 9325 4.2.1, RFC 7525 4.2.1); both prefer forward secrecy (4.1).
    """

    def rank(name: str) -> tuple[bool, bool, int]:
        suite = SUITE[name]
        return suite.exchange == "RSA", "CBC" in suite.cipher, -suite.bits if is_server else 0

    names = sorted(profile.offered, key=rank)
    first = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    if not is_server and first in names:
        names.remove(first)
        names.insert(0, first)
    return tuple(names)


def _check_name(context: ssl.SSLContext, name: str) -> None:
    """Let `ssl` look at the name now, not when a link is made."""
    try:
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)
    except (ValueError, TypeError) as error:
        raise SecurityError(f"{printable(name)!r} can be no server name: {error}") from error


def _level(profile: TlsProfile) -> int:
    """OpenSSL's security level: 2 demands 112 bits everywhere (RSA and DH of 2048), 1 80 bits, 0 nothing.

    TLS 1.0 and 1.1 sign with SHA-1, which only level 0 bears.
    """
    if VERSIONS.index(profile.minimum) < VERSIONS.index("TLSv1.2"):
        return 0
    return 2 if profile.rsa.demanded or profile.dh.demanded else 1


def _load_dh(context: ssl.SSLContext) -> None:
    # `ssl` reads the group from a file and nothing else.
    with TemporaryDirectory() as directory:
        path = Path(directory, "ffdhe2048.pem")
        path.write_text(FFDHE2048, "ascii")
        context.load_dh_params(str(path))


def _set_trust(context: ssl.SSLContext, settings: TlsSettings, is_server: bool) -> None:
    asks = settings.require_client_certificate if is_server else settings.verify
    # The name first: `ssl` refuses to look at names of certificates that it does not look at.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
    if not asks:
        if settings.authorities is not None:
            _certificates(settings.authorities)
        return
    context.check_hostname = not is_server and settings.check_name
    if is_server:
        note_certificates(context)
    if settings.authorities is None:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH if is_server else ssl.Purpose.SERVER_AUTH)
        return
    from cryptography.hazmat.primitives import serialization

    certificates = _certificates(settings.authorities)
    context.load_verify_locations(
        cadata=b"".join(each.public_bytes(serialization.Encoding.DER) for each in certificates)
    )


def _load_own(context: ssl.SSLContext, settings: TlsSettings, profile: TlsProfile) -> None:
    """Load the own certificate and key, each looked at before OpenSSL does, which would not say what is wrong."""
    path = settings.certificate
    assert path is not None
    own = _certificates(path)[0]
    key_path = settings.key or path
    password = _password_for(key_path, settings.password)
    if _public_key(key_path, password) != own.public_key():
        raise SecurityError(
            f"the key in {str(key_path)!r} does not belong to the certificate in {str(path)!r}: {facts_of(own)}"
        )
    facts = facts_of(own)
    if facts is not None and facts.key == "RSA":
        size = profile.rsa
        if size.demanded and facts.bits < size.bits:
            raise SecurityError(
                f"the RSA key of {str(path)!r} has {facts.bits} bits, {profile.name} demands {size.bits}"
                f" ({size.clause}); make a larger key, or choose another profile"
            )
    try:
        context.load_cert_chain(path, key_path, password=lambda: password or b"")
    except ssl.SSLError as error:
        raise SecurityError(
            f"OpenSSL refuses the certificate in {str(path)!r} or its key: {error.reason or error}"
        ) from error
    except OSError as error:
        raise _unreadable("certificate or key", path, error) from error


def key_is_encrypted(settings: TlsSettings) -> bool:
    """Whether the own key needs a password. Raises `SecurityError` where its file cannot be read."""
    path = settings.key or settings.certificate
    if path is None:
        return False
    return _needs_password("key" if settings.key else "certificate", path, _stamp(path))


@lru_cache(maxsize=64)
def _needs_password(what: str, path: Path, _stamp: tuple[int, int] | None) -> bool:
    # PKCS#8 says so in its first line, the older forms in a header (RFC 7468 11, RFC 1421 4.6.1.1).
    return b"ENCRYPTED" in _read(what, path)


def _password_for(path: Path, ask: Password | None) -> bytes | None:
    content = _read("key", path)
    if b"PRIVATE KEY-----" not in content:
        raise SecurityError(f"{str(path)!r} holds no key in PEM (-----BEGIN PRIVATE KEY-----)")
    if b"BEGIN ENCRYPTED" not in content and b"4,ENCRYPTED" not in content:
        return None
    given = None if ask is None else ask()
    if not given:
        raise SecurityError(f"the key in {str(path)!r} is encrypted, and no password was given")
    if not isinstance(given, str | bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(given).__name__
        raise SecurityError(f"the password for {str(path)!r} is to be text or octets, and a {kind} was given")
    password = given.encode("utf-8", "surrogateescape") if isinstance(given, str) else given
    if len(password) > LONGEST_PASSWORD:
        raise SecurityError(
            f"the password for {str(path)!r} is longer than {LONGEST_PASSWORD} octets, OpenSSL's limit"
        )
    return password


def _public_key(path: Path, password: bytes | None) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        return serialization.load_pem_private_key(
            _read("key", path), password, unsafe_skip_rsa_key_validation=True
        ).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The cause is not shown: nobody knows what of a key or password it may hold.
        text = (
            "is not the password of the key" if password else "cannot be read as a key: not PEM, or damaged"
        )
        what = f"what was given {text} in {str(path)!r}" if password else f"{str(path)!r} {text}"
        raise SecurityError(what) from error


def _certificates(path: Path) -> list[x509.Certificate]:
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return x509.load_pem_x509_certificates(_read("certificate", path))
    except ValueError as error:
        raise SecurityError(
            f"{str(path)!r} holds no certificate in PEM (-----BEGIN CERTIFICATE-----), or a damaged one"
        ) from error


def _read(what: str, path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise SecurityError(f"the {what} file {str(path)!r} is no file but a directory or a device")
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(what, path, error) from error
    if len(content) > LONGEST_FILE:
        raise SecurityError(
            f"the {what} file {str(path)!r} is too long to be one: more than {LONGEST_FILE} octets"
        )
    return content


def _unreadable(what: str, path: Path, error: Exception, done: str = "read") -> SecurityError:
    reason = getattr(error, "strerror", None) or error
    return SecurityError(f"the {what} file {str(path)!r} cannot be {done}: {reason}")
