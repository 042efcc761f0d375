"""What the TLS cases share: ClientHellos, and what may be demanded of an answer.

Nothing is drawn: the random is the same in each, and the key shares are the base points of their groups, which are
valid public values; no secret of the tester is ever needed, as nothing sealed is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from dicomnet.statemachine import SUITES, TlsProfile, tls

from ..case import Case, Finding, Grade, Level
from ..tls_steps import Heard, Probe, Said, SecureStep, Stop, Want
from ..verdict import Verdict

names = tls.names

RFC8446: Final = "RFC 8446"
RANDOM: Final = bytes(range(0x40, 0x60))
SESSION: Final = bytes(range(0x20, 0x40))
GROUPS: Final = (
    *(names.X25519, names.SECP256R1, names.SECP384R1, names.SECP521R1, names.FFDHE2048),
    # Those that few speak are offered last: X448, and brainpool for TLS 1.2 (RFC 7027) and TLS 1.3 (RFC 8734).
    *(names.X448, 26, 27, 28, 31, 32, 33),
)
# What is no TLS is known by its first octets: who ends it later than this has waited for a timer.
LATE_SECONDS: Final = 5.0
# ECDSA, RSA-PSS and RSA PKCS#1, each with SHA-2; Ed25519 and Ed448, RSA-PSS for a key that is for it alone, ECDSA with
# brainpool: a target has one certificate, and whatever goes with it is offered. Then those with SHA-1 for who knows
# nothing else.
SIGNATURES: Final = (
    *(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601),
    *(0x0807, 0x0808, 0x0809, 0x080A, 0x080B, 0x081A, 0x081B, 0x081C),
)
OLD_SIGNATURES: Final = (*SIGNATURES, 0x0203, 0x0201)
# The base points: 9 (RFC 7748 4.1), and G of secp256r1 (SEC 2, 2.4.2).
_X25519: Final = b"\x09" + bytes(31)
_P256: Final = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
KEY_SHARES: Final = ((names.X25519, _X25519), (names.SECP256R1, _P256))

# From the suites that are known: what a client of today offers, and what one offers that is to get on with anybody.
TLS13_SUITES: Final = tuple(suite.code for suite in SUITES if suite.version == "TLSv1.3")
TLS12_SUITES: Final = tuple(
    suite.code
    for suite in SUITES
    if suite.version != "TLSv1.3" and suite.exchange in ("ECDHE", "DHE", "RSA") and suite.bits >= 112
    if suite.authentication != "anon"
)
OLD_SUITES: Final = tuple(suite.code for suite in SUITES if suite.version == "TLSv1")

NUMBERS: Final = {
    "TLSv1": names.TLS10,
    "TLSv1.1": names.TLS11,
    "TLSv1.2": names.TLS12,
    "TLSv1.3": names.TLS13,
}


def hello12(suites: tuple[int, ...] = TLS12_SUITES) -> tls.ClientHello:
    """TLS 1.2 alone, with these suites."""
    return tls.ClientHello(suites, RANDOM, groups=GROUPS, signatures=OLD_SIGNATURES, renegotiation=True)


def hello13(suites: tuple[int, ...] = TLS13_SUITES) -> tls.ClientHello:
    """TLS 1.3 alone, with these suites."""
    return tls.ClientHello(
        suites,
        RANDOM,
        versions=(names.TLS13,),
        groups=GROUPS,
        key_shares=KEY_SHARES,
        signatures=SIGNATURES,
        session_id=SESSION,
        extensions=((names.PSK_MODES, b"\x01\x01"),),
    )


def hello_both() -> tls.ClientHello:
    """TLS 1.3 and TLS 1.2, as clients of today say it."""
    both = (names.TLS13, names.TLS12)
    return replace(hello13((*TLS13_SUITES, *TLS12_SUITES)), versions=both, renegotiation=True)


def hello_old(version: int) -> tls.ClientHello:
    """A version before TLS 1.2 alone, with all that it ever had: what is refused is the version, not the suites."""
    suites = (*OLD_SUITES, names.EMPTY_RENEGOTIATION)
    if version == names.SSL3:
        return tls.ClientHello(suites, RANDOM, version)
    return tls.ClientHello(suites, RANDOM, version, groups=GROUPS)


# --- what is demanded ---------------------------------------------------------------------------------------

Look = Callable[[Heard], Iterable[Said]]


def fail(clause: str, text: str) -> Finding:
    """Something is wrong."""
    return Finding(clause, text)


def lax(clause: str, text: str, grade: Grade = Grade.NON_STRICT) -> Finding:
    """Something is less than strict, or only told."""
    return Finding(clause, text, grade)


def not_applicable(text: str) -> Stop:
    """The case does not concern this target."""
    return Stop(Verdict.NOT_APPLICABLE, text)


def nothing(_heard: Heard) -> Iterable[Said]:
    """Whatever comes is right: a later step looks at it."""
    return ()


ANYTHING: Final = Want("whatever it answers: what follows looks at it", nothing)


def refused(clause: str, alert: str = "", other: Grade = Grade.NON_STRICT) -> Want:
    """No ServerHello: an alert (this one where it is named; any `other` is graded so), or at least the end."""

    def look(heard: Heard) -> Iterable[Said]:
        if heard.answer.hello is not None:
            yield fail(clause, f"accepted: {heard.told()}")
        elif heard.speaks_plainly:
            yield fail(clause, f"answered without TLS: {heard.told()}")
        elif not heard.refused:
            yield fail(clause, f"neither answered nor refused: {heard.told()}")
        elif heard.answer.alert is None:
            yield lax(f"{RFC8446} 6.2; RFC 5246 7.2", f"refused without an alert: {heard.told()}")
        elif alert and names.alert_name(heard.answer.alert.description) != alert:
            yield lax(clause, f"refused by another alert than {alert}: {heard.told()}", other)

    return Want(
        f"refused: {f'the alert {alert}' if alert else 'a fatal alert'}, or the end, and no ServerHello", look
    )


def hello_wanted(says: str, look: Callable[[tls.ServerHello, Heard], Iterable[Said]], clause: str) -> Want:
    """A ServerHello, which is looked at."""

    def outer(heard: Heard) -> Iterable[Said]:
        hello = heard.answer.hello
        if hello is None:
            return (fail(clause, f"no ServerHello: {heard.told()}"),)
        return look(hello, heard)

    return Want(says, outer)


def version_chosen(version: int, clause: str) -> Want:
    """A ServerHello of this version."""

    def look(hello: tls.ServerHello, heard: Heard) -> Iterable[Said]:
        if hello.version != version:
            yield fail(clause, f"another version was chosen: {heard.told()}")

    return hello_wanted(f"a ServerHello of {names.version_name(version)}", look, clause)


def no_more(_hello: tls.ServerHello, _heard: Heard) -> Iterable[Said]:
    """A ServerHello is enough, whichever."""
    return ()


def answered(
    probe: Probe, clause: str, look: Callable[[tls.ServerHello, Heard], Iterable[Said]] = no_more
) -> tuple[Probe, ...]:
    """A ServerHello to this odd probe, which is looked at; a fault only where one of the usual kind is answered.

    A target with no suite, group or signature in common with the tester refuses every ClientHello, and is not
    intolerant for it.
    """

    def first(heard: Heard) -> Iterable[Said]:
        hello = heard.answer.hello
        if hello is not None:
            yield from look(hello, heard)
            yield Stop(Verdict.PASS, heard.told())

    def last(heard: Heard) -> Iterable[Said]:
        odd, usual = heard.before[-2:]
        twelve, thirteen = usual.answer.hello, heard.answer.hello
        # One of another version than was offered has understood nothing.
        if thirteen is None and (twelve is None or twelve.version != names.TLS12):
            yield not_applicable(f"the usual ClientHellos are refused as well: {heard.told()}")
        else:
            yield fail(clause, f"no ServerHello: {odd.told()}")

    return (
        replace(probe, want=Want("a ServerHello; without one, what follows tells why", first)),
        Probe("ClientHello: TLS 1.2 alone", ANYTHING, hello12()),
        Probe("ClientHello: TLS 1.3 alone", Want("no ServerHello, here and before it", last), hello13()),
    )


def _is_tls(heard: Heard) -> Iterable[Said]:
    begins = bytes(heard.octets[:2])
    if begins in (bytes((names.ALERT, 3)), bytes((names.HANDSHAKE, 3))):
        yield Stop(Verdict.PASS, heard.told())


def spoken() -> Case:
    """Whether a ClientHello of any age is answered by TLS at all: passed, or not."""
    each = (hello_both(), hello12(), hello_old(names.TLS11), hello_old(names.TLS10))
    never = Want("a record of TLS", lambda heard: (*_is_tls(heard), fail(RFC8446, heard.told())))
    probes = [Probe("ClientHello", Want("a record of TLS, or the next is tried", _is_tls), h) for h in each]
    text = "A ClientHello is answered by a record of TLS."
    return tls_case("tls.spoken", text, RFC8446, text, *probes[:-1], replace(probes[-1], want=never))


def speaks(version: int) -> Probe:
    """Finds out whether the target speaks this version; where it does not, the case does not concern it."""

    def look(heard: Heard) -> Iterable[Said]:
        hello = heard.answer.hello
        if hello is None or hello.version != version:
            yield not_applicable(f"the target does not speak {names.version_name(version)}: {heard.told()}")

    hello = hello13() if version == names.TLS13 else hello12()
    name = names.version_name(version)
    return Probe(
        f"ClientHello: {name} alone", Want(f"finds out whether the target speaks {name}", look), hello
    )


def shut(clause: str, grade: Grade = Grade.FAIL) -> Want:
    """The connection is ended, within the time that an answer may take, and nothing is said in the clear."""

    def look(heard: Heard) -> Iterable[Said]:
        if heard.speaks_plainly or heard.pdus:
            yield fail(clause, f"a PDU came without TLS: {heard.told()}")
        elif not heard.shut:
            yield lax(clause, f"still open after {heard.waited:.3g} s: {heard.told()}", grade)
        elif heard.after > LATE_SECONDS:
            yield lax(clause, f"ended only after {heard.after:.3g} s: {heard.told()}")

    return Want("an alert or the end, in bounded time, and no PDU in the clear", look)


def tls_case(
    case_id: str,
    title: str,
    clause: str,
    requirement: str,
    *steps: SecureStep,
    level: Level = Level.MUST,
    slow: bool = False,
) -> Case:
    """A case that judges TLS."""
    return Case(case_id, title, clause, requirement, steps, level, slow=slow, kind=case_id)


def below(profile: TlsProfile, version: int) -> bool:
    """Whether this version is older than the profile allows."""
    return version < NUMBERS[profile.minimum]
