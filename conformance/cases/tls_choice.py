"""Which versions, suites and keys a target takes and which it refuses; what it must ignore.

What is offered is written here, so it is offered whatever the TLS library of this machine can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from dicomnet.statemachine import SUITE, SUITES, KeySize, Suite, TlsProfile, judge_suite, tls

from ..case import Case, Grade, Level
from ..tls_steps import Heard, Probe, Renegotiate, Said, Stop, Want
from ..verdict import Verdict
from .tls_build import (
    ANYTHING,
    NUMBERS,
    RFC8446,
    TLS12_SUITES,
    answered,
    below,
    fail,
    hello12,
    hello13,
    hello_both,
    hello_old,
    hello_wanted,
    lax,
    names,
    not_applicable,
    refused,
    speaks,
    tls_case,
    version_chosen,
)

_SLUGS: Final = {
    names.SSL3: "ssl3",
    names.TLS10: "1-0",
    names.TLS11: "1-1",
    names.TLS12: "1-2",
    names.TLS13: "1-3",
}
_WHY_OLD: Final = {
    names.SSL3: "RFC 7568 3",
    names.TLS10: "RFC 8996 4",
    names.TLS11: "RFC 8996 5",
    names.TLS12: "PS3.15 2020d B.11",
}
IGNORE: Final = f"{RFC8446} 4.1.2, 4.2, 9.3; RFC 8701"
RENEGOTIATE: Final = "RFC 5746 3.6; RFC 9325 3.5"
ASKED: Final = "RFC 5246 7.2.2"
# What OpenSSL says where renegotiation_info is missing, or holds something else than the first handshake's Finished.
_UNBOUND: Final = (
    "unsafe legacy renegotiation disabled",
    "renegotiation mismatch",
    "renegotiation encoding err",
)
_UNKNOWN_EXTENSIONS: Final = ((names.GREASE, b""), (0xFAFA, b"\0"), (0x7F7F, bytes(20)))


# --- versions -------------------------------------------------------------------------------------------------


def versions(profile: TlsProfile) -> tuple[Case, ...]:
    """One case for each version, and those in which a version is chosen."""
    cases = [_old(profile, version) for version in (names.SSL3, names.TLS10, names.TLS11)]
    name = "tls.version"
    cases.append(
        tls_case(
            f"{name}.1-2",
            "TLS 1.2 alone is offered",
            f"{profile.source}; {profile.bcp} 3.1.1",
            "TLS 1.2 is supported.",
            Probe(
                "ClientHello: TLS 1.2 alone", version_chosen(names.TLS12, f"{profile.bcp} 3.1.1"), hello12()
            ),
        )
    )
    cases.append(_tls13(profile))
    cases += _chosen(profile)
    return tuple(cases)


def _old(profile: TlsProfile, version: int) -> Case:
    told = names.version_name(version)
    forbidden = below(profile, version)
    clause = f"{profile.source}; {_WHY_OLD[version]}" if forbidden else f"{profile.bcp} 3.1.1"
    alert = "protocol_version" if version != names.SSL3 else ""
    return tls_case(
        f"tls.version.{_SLUGS[version]}",
        f"{told} alone is offered",
        clause,
        f"{told} {'must' if forbidden else 'should'} not be negotiated.",
        Probe(
            f"ClientHello: {told} alone",
            # The version may be known, and the suites that go with it not be: then the alert says that.
            refused(clause, alert, Grade.INFORMATIONAL),
            hello_old(version),
            record=min(version, names.TLS10),
        ),
        level=Level.MUST if forbidden else Level.SHOULD,
    )


def _tls13(profile: TlsProfile) -> Case:
    if NUMBERS[profile.maximum] < names.TLS13:
        clause = f"{profile.source}: no suite of TLS 1.3 is in its list"
        return tls_case(
            "tls.version.1-3",
            "TLS 1.3 alone is offered",
            clause,
            "Only suites of the profile's list are used, and none of TLS 1.3 is in it.",
            Probe("ClientHello: TLS 1.3 alone", refused(clause), hello13()),
        )
    clause = f"{profile.bcp} 3.1.1"

    def look(heard: Heard) -> Iterable[Said]:
        hello = heard.answer.hello
        if hello is None:
            yield lax(
                clause, f"TLS 1.3 is not supported, which is allowed: {heard.told()}", Grade.INFORMATIONAL
            )
        elif hello.version != names.TLS13:
            yield fail(f"{RFC8446} 4.1.3", f"a version was chosen that was not offered: {heard.told()}")

    return tls_case(
        "tls.version.1-3",
        "TLS 1.3 alone is offered",
        f"{profile.source}; {clause}",
        "TLS 1.3 may be supported; who does not support it says so by an alert.",
        Probe("ClientHello: TLS 1.3 alone", Want("a ServerHello of TLS 1.3, or a refusal", look), hello13()),
    )


def _chosen(profile: TlsProfile) -> list[Case]:
    future = (names.FUTURE, 0x7A7A, names.TLS13, names.TLS12)
    cases = [
        tls_case(
            "tls.version.future",
            "an unknown version 0x0305 is offered before TLS 1.3 and TLS 1.2",
            f"{RFC8446} 4.2.1",
            "Versions in supported_versions that the server does not know are ignored.",
            *answered(
                Probe(
                    "ClientHello: 0x0305, GREASE, TLS 1.3, TLS 1.2",
                    ANYTHING,
                    replace(hello_both(), versions=future),
                ),
                f"{RFC8446} 4.2.1",
                _known_version,
            ),
        ),
        tls_case(
            "tls.version.future-field",
            "the version field itself says 0x0305, without supported_versions",
            "RFC 5246 E.1; RFC 8446 4.1.2, D.2",
            "A version field above what the server knows is answered by its own highest version, TLS 1.2.",
            speaks(names.TLS12),
            Probe(
                "ClientHello: the version field is 0x0305",
                version_chosen(names.TLS12, "RFC 5246 E.1"),
                replace(hello12(), version=names.FUTURE),
            ),
        ),
        tls_case(
            "tls.version.downgrade-sentinel",
            "TLS 1.2 alone is offered to a server that speaks TLS 1.3",
            f"{RFC8446} 4.1.3",
            "A server of TLS 1.3 that negotiates TLS 1.2 says so in the last octets of its random.",
            speaks(names.TLS13),
            speaks(names.TLS12),
            Probe(
                "ClientHello: TLS 1.2 alone",
                hello_wanted("DOWNGRD and 01 at the end of the random", _sentinel, f"{RFC8446} 4.1.3"),
                hello12(),
            ),
        ),
        tls_case(
            "tls.version.fallback",
            "TLS 1.2 alone is offered as a fallback to a server that speaks TLS 1.3",
            "RFC 7507 3",
            "A fallback to less than both ends speak is refused by inappropriate_fallback.",
            speaks(names.TLS13),
            speaks(names.TLS12),
            Probe(
                "ClientHello: TLS 1.2 alone, TLS_FALLBACK_SCSV",
                refused("RFC 7507 3", "inappropriate_fallback"),
                hello12((*TLS12_SUITES, names.FALLBACK)),
            ),
            level=Level.SHOULD,
        ),
    ]
    if profile.prefers_tls13:
        cases.append(_prefers_tls13(profile))
    return cases


def _prefers_tls13(profile: TlsProfile) -> Case:
    return tls_case(
        "tls.version.prefers-1-3",
        "TLS 1.2 and TLS 1.3 are offered to a server that speaks both",
        f"{profile.source}; {profile.bcp} 3.1.1",
        "A server that supports TLS 1.3 prefers it to older versions.",
        speaks(names.TLS13),
        Probe(
            "ClientHello: TLS 1.3 and TLS 1.2",
            version_chosen(names.TLS13, f"{profile.bcp} 3.1.1"),
            hello_both(),
        ),
    )


def _known_version(hello: tls.ServerHello, heard: Heard) -> Iterable[Said]:
    if hello.version not in (names.TLS13, names.TLS12):
        yield fail(f"{RFC8446} 4.2.1", f"a version was chosen that nobody knows: {heard.told()}")


def _sentinel(hello: tls.ServerHello, heard: Heard) -> Iterable[Said]:
    if hello.version == names.TLS12 and hello.could_do != names.TLS12:
        end = hello.random[-8:].hex(" ")
        yield fail(
            f"{RFC8446} 4.1.3", f"the random ends in {end}, which says nothing of TLS 1.3: {heard.told()}"
        )


# --- suites ---------------------------------------------------------------------------------------------------


def suites(profile: TlsProfile) -> tuple[Case, ...]:
    """Required and recommended suites one by one; the others by what is wrong with them."""
    wanted = [_suite(profile, SUITE[name], Level.MUST) for name in profile.required]
    wanted += [_suite(profile, SUITE[name], Level.SHOULD) for name in profile.recommended]
    return (*wanted, *_unwanted(profile))


def _slug(name: str) -> str:
    return name.removeprefix("TLS_").lower().replace("_", "-")


def _suite(profile: TlsProfile, suite: Suite, level: Level) -> Case:
    modern = suite.version == "TLSv1.3"
    version = names.TLS13 if modern else names.TLS12
    clause = profile.source if level is Level.MUST and not modern else f"{profile.source}; {profile.bcp} 4.2"
    if modern:
        clause = f"{profile.source}; {RFC8446} 9.1"

    def look(heard: Heard) -> Iterable[Said]:
        hello = heard.answer.hello
        if hello is None:
            other = _other_key(suite, heard)
            yield not_applicable(other) if other else fail(clause, f"refused: {heard.told()}")
        elif hello.suite != suite.code:
            yield fail(f"{RFC8446} 4.1.3", f"a suite was chosen that was not offered: {heard.told()}")

    return tls_case(
        f"tls.suite.{_slug(suite.name)}",
        f"{suite.name} alone is offered",
        clause,
        f"{suite.name} is supported, where the target's certificate and its versions allow it.",
        speaks(version),
        Probe(
            f"ClientHello: {names.version_name(version)}, {suite.name}",
            Want(f"a ServerHello with {suite.name}", look),
            (hello13 if modern else hello12)((suite.code,)),
        ),
        level=level,
    )


def _other_key(suite: Suite, heard: Heard) -> str:
    """Why the target's certificate does not go with the suite, as far as the first probe has shown it."""
    shown = heard.before[0].answer.certificates if heard.before else None
    key = None if shown is None else shown.key
    if not isinstance(key, tls.PublicKey):
        return ""
    needed = {"RSA": ("RSA",), "ECDSA": ("EC", "Ed25519", "Ed448")}.get(suite.authentication)
    if needed is None or key.kind in needed:
        return ""
    return f"the target's certificate has a key of the kind {key.kind}, which does not go with {suite.name}"


_KINDS: Final[tuple[tuple[str, str, Callable[[Suite], bool]], ...]] = (
    ("null", "no encryption", lambda s: "NULL" in s.cipher),
    ("anon", "nobody is authenticated", lambda s: s.authentication == "anon"),
    ("export", "export ciphers of 40 bits", lambda s: "EXPORT" in s.name),
    ("rc4", "RC4", lambda s: "RC4" in s.cipher),
    ("des", "single DES", lambda s: s.bits < 112),
    ("3des", "3DES", lambda s: "3DES" in s.cipher),
    ("static-rsa", "static RSA, without forward secrecy", lambda s: s.exchange == "RSA"),
    ("static-dh", "static DH and ECDH, without forward secrecy", lambda s: s.exchange in ("DH", "ECDH")),
    ("dhe", "ephemeral DH over a prime", lambda s: s.exchange == "DHE"),
    ("cbc", "CBC without encrypt_then_mac", lambda s: "CBC" in s.cipher),
    ("other", "what the profile does not list", lambda _s: True),
)


def _unwanted(profile: TlsProfile) -> tuple[Case, ...]:
    """Suites that must not, or should not, be negotiated, together where the same is wrong with them."""
    groups: dict[tuple[str, Level], tuple[str, str, list[Suite]]] = {}
    for suite in SUITES:
        reason = profile.why_forbidden(suite.name)
        level = Level.MUST
        if not reason:
            standing, reason = judge_suite(suite, profile.bcp)
            level = Level.SHOULD
            if standing != "discouraged" or suite.name in profile.offered:
                continue
        slug, told = next((slug, told) for slug, told, fits in _KINDS if fits(suite))
        groups.setdefault((slug, level), (told, reason, []))[2].append(suite)
    return tuple(
        _refused_suites(slug, level, told, reason, tuple(each))
        for (slug, level), (told, reason, each) in groups.items()
        if any(suite.version != "TLSv1.3" for suite in each)
    )


def _refused_suites(slug: str, level: Level, told: str, reason: str, each: tuple[Suite, ...]) -> Case:
    clause = reason.partition(":")[0]
    codes = tuple(suite.code for suite in each if suite.version != "TLSv1.3")
    again = "" if level is Level.MUST else ".discouraged"
    return tls_case(
        f"tls.refuses.{slug}{again}",
        f"only suites are offered with {told}: {len(codes)}",
        clause,
        f"{reason}.",
        Probe(f"ClientHello: TLS 1.2, {len(codes)} suites with {told}", refused(clause), hello12(codes)),
        level=level,
    )


# --- keys -----------------------------------------------------------------------------------------------------


def keys(profile: TlsProfile) -> tuple[Case, ...]:
    """How long the keys are, as far as TLS 1.2 shows them in the clear."""
    dhe = tuple(suite.code for suite in SUITES if suite.exchange == "DHE" and suite.authentication == "RSA")
    return (
        tls_case(
            "tls.key.certificate",
            "the key of the target's certificate, and how it is signed",
            f"{profile.source}; {_clause(profile, profile.rsa)}",
            f"The key has at least {profile.rsa.bits} bits (RSA), or {profile.ec.bits} (elliptic curves).",
            speaks(names.TLS12),
            Probe(
                "ClientHello: TLS 1.2",
                Want("a certificate with a key of that size", _certificate(profile)),
                hello12(),
            ),
        ),
        tls_case(
            "tls.key.ecdhe",
            "the curve of an ephemeral key exchange",
            f"{profile.source}; {_clause(profile, profile.ec)}",
            f"The curve has at least {profile.ec.bits} bits.",
            speaks(names.TLS12),
            Probe(
                "ClientHello: TLS 1.2, ECDHE alone",
                _exchange(_clause(profile, profile.ec), profile.ec, "curve"),
                hello12(tuple(c for c in TLS12_SUITES if "ECDHE" in names.suite_name(c))),
            ),
        ),
        tls_case(
            "tls.key.dhe",
            "the prime of an ephemeral key exchange",
            f"{profile.source}; {_clause(profile, profile.dh)}",
            f"A prime has at least {profile.dh.bits} bits, where DHE is spoken at all.",
            speaks(names.TLS12),
            Probe(
                "ClientHello: TLS 1.2, DHE alone",
                _exchange(_clause(profile, profile.dh), profile.dh, "prime"),
                hello12(dhe),
            ),
        ),
    )


def _clause(profile: TlsProfile, size: KeySize) -> str:
    return size.clause if size.clause.startswith("RFC") else f"PS3.15 {profile.edition} {size.clause}"


def _small(clause: str, size: KeySize, bits: int, text: str) -> Iterable[Said]:
    if 0 < bits < size.bits:
        yield lax(clause, f"{text} of {bits} bits", Grade.FAIL if size.demanded else Grade.NON_STRICT)


def _certificate(profile: TlsProfile) -> Callable[[Heard], Iterable[Said]]:
    def look(heard: Heard) -> Iterable[Said]:
        shown = heard.answer.certificates
        key = None if shown is None else shown.key
        if not isinstance(key, tls.PublicKey):
            yield Stop(Verdict.INCONCLUSIVE, f"no certificate that can be read: {heard.told()}")
            return
        if key.kind == "RSA":
            yield from _small(_clause(profile, profile.rsa), profile.rsa, key.bits, "a key of RSA")
        elif key.kind == "DSA":
            yield fail(profile.source, f"a key of DSA, of {key.bits} bits")
        else:
            yield from _small(
                _clause(profile, profile.ec), profile.ec, key.bits, f"a key of the kind {key.kind}"
            )
        if key.weak:
            yield fail("RFC 9155; RFC 9325 4.1", f"the certificate is signed by {key.weak}")

    return look


def _exchange(clause: str, size: KeySize, what: str) -> Want:
    def look(heard: Heard) -> Iterable[Said]:
        found = heard.answer.key_exchange
        if heard.answer.hello is None or found is None:
            yield not_applicable(f"no such key exchange is spoken: {heard.told()}")
        else:
            yield from _small(clause, size, found.bits, f"a {what}")

    return Want(f"a {what} of at least {size.bits} bits", look)


# --- what must be ignored or answered ---------------------------------------------------------------------------


def tolerance() -> tuple[Case, ...]:
    """Numbers that nobody knows."""
    greasy = replace(
        hello_both(),
        suites=(names.GREASE, 0x1A1A, *hello_both().suites),
        groups=(names.GREASE, *hello_both().groups),
        signatures=(*hello_both().signatures, 0xFAFA),
    )
    many = replace(hello_both(), suites=(*range(0xD100, 0xD180), *hello_both().suites))
    return (
        tls_case(
            "tls.ignores.unknown-suites",
            "128 unknown suites stand before the known ones",
            f"{RFC8446} 4.1.2; RFC 5246 7.4.1.2",
            "Suites that the server does not know are ignored.",
            *answered(Probe("ClientHello: unknown suites first", ANYTHING, many), f"{RFC8446} 4.1.2"),
        ),
        tls_case(
            "tls.ignores.unknown-extensions",
            "three unknown extensions",
            f"{RFC8446} 4.1.2, 4.2; RFC 5246 7.4.1.4",
            "Extensions that the server does not know are ignored.",
            *answered(
                Probe(
                    "ClientHello: unknown extensions",
                    ANYTHING,
                    replace(hello_both(), extensions=(*_UNKNOWN_EXTENSIONS, *hello_both().extensions)),
                ),
                f"{RFC8446} 4.2",
            ),
        ),
        tls_case(
            "tls.ignores.grease",
            "GREASE among the suites, the groups, the signatures and the extensions",
            IGNORE,
            "What is reserved to be unknown is ignored.",
            *answered(
                Probe(
                    "ClientHello: GREASE everywhere",
                    ANYTHING,
                    replace(greasy, extensions=(*_UNKNOWN_EXTENSIONS[:2], *hello_both().extensions)),
                ),
                IGNORE,
            ),
        ),
    )


def old_dangers() -> tuple[Case, ...]:
    """Compression and renegotiation, which TLS 1.3 has not."""
    return (
        tls_case(
            "tls.compression",
            "compression (DEFLATE) is offered beside none",
            "RFC 9325 3.3; RFC 5246 7.4.1.3",
            "No compression is chosen.",
            speaks(names.TLS12),
            Probe(
                "ClientHello: TLS 1.2, DEFLATE and null",
                hello_wanted("a ServerHello with null compression", _no_compression, "RFC 9325 3.3"),
                replace(hello12(), compressions=(1, 0)),
            ),
        ),
        *(
            tls_case(
                f"tls.renegotiation.{slug}",
                f"secure renegotiation is offered by {told}",
                RENEGOTIATE,
                "The server answers by renegotiation_info, which is empty in a first handshake.",
                speaks(names.TLS12),
                Probe(
                    f"ClientHello: TLS 1.2, {told}",
                    hello_wanted(
                        "renegotiation_info, empty, in the ServerHello", _renegotiation, RENEGOTIATE
                    ),
                    hello,
                ),
            )
            for slug, told, hello in (
                ("extension", "an empty renegotiation_info", hello12()),
                (
                    "scsv",
                    "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
                    replace(hello12((*TLS12_SUITES, names.EMPTY_RENEGOTIATION)), renegotiation=False),
                ),
            )
        ),
        tls_case(
            "tls.renegotiation.refused",
            "a renegotiation is asked for by the client",
            f"{ASKED}; RFC 5746 3.7; RFC 9325 3.5",
            "A renegotiation that the client asks for is refused by no_renegotiation; one that is made is bound to the "
            "first handshake by renegotiation_info.",
            speaks(names.TLS12),
            Renegotiate(
                "handshake of TLS 1.2, and a ClientHello inside it",
                Want("no_renegotiation, or a renegotiation that is bound to the first handshake", _asked),
            ),
        ),
    )


def _no_compression(hello: tls.ServerHello, heard: Heard) -> Iterable[Said]:
    if hello.compression:
        yield fail("RFC 9325 3.3", f"compression method {hello.compression} was chosen: {heard.told()}")


def _renegotiation(hello: tls.ServerHello, heard: Heard) -> Iterable[Said]:
    content = hello.extension(names.RENEGOTIATION)
    if content is None:
        yield fail("RFC 5746 3.6", f"no renegotiation_info: {heard.told()}")
    elif content != b"\0":
        yield fail("RFC 5746 3.6", f"renegotiation_info is not empty: {content[:16].hex(' ')}")


def _asked(heard: Heard) -> Iterable[Said]:
    """No clause bids a server to refuse: RFC 9325 3.5 demands that a renegotiation is secure, RFC 5246 the alert."""
    if not heard.asked:
        if heard.error in _UNBOUND:
            yield not_applicable(
                f"the target has no secure renegotiation, so none is asked for: {heard.told()}"
            )
        else:
            yield Stop(Verdict.INCONCLUSIVE, f"no renegotiation could be asked for: {heard.told()}")
    elif heard.renewed:
        text = f"renegotiates when a client asks, which no clause forbids: {heard.told()}"
        yield lax("RFC 5746 3.7", text, Grade.INFORMATIONAL)
    elif heard.alert == "no_renegotiation":
        return
    elif heard.error in _UNBOUND:
        yield fail("RFC 5746 3.7", f"the renegotiation is not bound to the first handshake: {heard.told()}")
    elif heard.alert or heard.closed or heard.ending:
        yield lax(ASKED, f"refused, but not by no_renegotiation: {heard.told()}")
    elif heard.error:
        yield Stop(Verdict.INCONCLUSIVE, f"the renegotiation failed on our side: {heard.told()}")
    else:
        yield lax(ASKED, f"neither refused nor made for {heard.waited:.3g} s: {heard.told()}")
