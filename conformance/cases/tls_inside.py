"""Cases for which the handshake is really made: certificates, PDUs in records and segments, and the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dicomnet.statemachine import AAssociateAC, AReleaseRP, PDataTF, Pdu

from ..case import Case, Grade, Level
from ..octets import ECHO, RELEASE_RQ, RQ
from ..tls_steps import Credential, Heard, Part, Said, Shake, Stop, Tell, Verify, Want, Way
from ..verdict import Verdict
from .tls_build import ANYTHING, RFC8446, fail, lax, names, not_applicable, tls_case

RECORDS: Final = f"{RFC8446} 5.1; RFC 5246 6.2.1; PS3.8 2020 9.3.1"
CERTIFICATE: Final = f"{RFC8446} 4.4.2; RFC 5280 6; PS3.15 2024e B.12"
CLIENT: Final = f"{RFC8446} 4.4.2.4; RFC 5246 7.4.6"
CLOSE: Final = f"{RFC8446} 6.1; RFC 5246 7.2.1"
# What OpenSSL calls it: X509_V_ERR_CERT_HAS_EXPIRED, ..._NOT_YET_VALID, ..._HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH.
_OUT_OF_DATE: Final = (10, 9)
_OTHER_NAME: Final = (62, 64)
_VERSIONS: Final = ((names.TLS12, "1-2"), (names.TLS13, "1-3"))


def _secured(clause: str) -> Want:
    def look(heard: Heard) -> Iterable[Said]:
        if not heard.secured:
            yield fail(clause, f"no handshake: {heard.told()}")

    return Want("the handshake is done", look)


def _pdus(clause: str, *kinds: type[Pdu]) -> Want:
    """These PDUs and no others have come since the connection was opened."""
    says = ", ".join(kind.name for kind in kinds)

    def look(heard: Heard) -> Iterable[Said]:
        if len(heard.pdus) != len(kinds) or not all(map(isinstance, heard.pdus, kinds)):
            yield fail(clause, f"not answered as it is without TLS: {heard.told()}")

    return Want(f"inside: {says}", look)


SHAKE: Final = Shake("handshake", _secured(CERTIFICATE))
ASSOCIATE: Final = Tell("A-ASSOCIATE-RQ", _pdus(RECORDS, AAssociateAC), RQ)
_ECHOED: Final = _pdus(RECORDS, AAssociateAC, PDataTF)
_RELEASED: Final = _pdus(RECORDS, AAssociateAC, PDataTF, AReleaseRP)
ECHOES: Final = Tell("C-ECHO request", _ECHOED, ECHO, answers=2)
RELEASES: Final = Tell("A-RELEASE-RQ", _RELEASED, RELEASE_RQ, answers=3)
GOES: Final = Part(Way.NOTIFY)


def records() -> tuple[Case, ...]:
    """Records and segments are no PDUs: where one ends means nothing to the other."""
    return (
        tls_case(
            "tls.data.octets",
            "a handshake octet by octet, then an association",
            RECORDS,
            "A slow handshake is a handshake: where a segment ends means nothing.",
            Shake("handshake octet by octet", _secured(RECORDS), pieces=(1, 0)),
            ASSOCIATE,
            ECHOES,
            RELEASES,
            GOES,
        ),
        tls_case(
            "tls.data.two-in-one",
            "a C-ECHO request and an A-RELEASE-RQ in one record",
            RECORDS,
            "Each PDU of a record is read.",
            SHAKE,
            ASSOCIATE,
            Tell("C-ECHO request and A-RELEASE-RQ in one record", _RELEASED, ECHO + RELEASE_RQ, answers=3),
            GOES,
        ),
        tls_case(
            "tls.data.many-records",
            "an A-ASSOCIATE-RQ over many records, each in a segment with the others",
            RECORDS,
            "A PDU may lie in several records.",
            SHAKE,
            Tell("A-ASSOCIATE-RQ over records of 16 octets", _pdus(RECORDS, AAssociateAC), RQ, (16, 0)),
            Tell("C-ECHO request over records of 1 octet", _ECHOED, ECHO, (1, 0), answers=2),
            RELEASES,
            GOES,
        ),
        tls_case(
            "tls.data.split-segments",
            "records cut into segments of 7 octets",
            RECORDS,
            "A record may come in several segments.",
            SHAKE,
            Tell("A-ASSOCIATE-RQ in segments of 7 octets", _pdus(RECORDS, AAssociateAC), RQ, pieces=(7, 0)),
            Tell("C-ECHO request in segments of 7 octets", _ECHOED, ECHO, pieces=(7, 0), answers=2),
            RELEASES,
            GOES,
        ),
        tls_case(
            "tls.data.behind-finished",
            "an A-ASSOCIATE-RQ in one segment with the end of the handshake",
            f"{RECORDS}; {RFC8446} 4.4.4",
            "Data may follow the client's Finished at once.",
            Shake("handshake, A-ASSOCIATE-RQ behind it", _secured(RECORDS), behind=RQ),
            Tell("nothing more", _pdus(RECORDS, AAssociateAC), b""),
            ECHOES,
            RELEASES,
            GOES,
        ),
    )


def endings() -> tuple[Case, ...]:
    """The end of the connection: with and without close_notify, from either side."""
    return (
        tls_case(
            "tls.close.notify",
            "the tester says close_notify after the release",
            CLOSE,
            "Who closes says close_notify first.",
            SHAKE,
            ASSOCIATE,
            ECHOES,
            RELEASES,
            Part(Way.NOTIFY, Want("close_notify, then the end", _notified)),
            level=Level.SHOULD,
        ),
        *(
            tls_case(
                f"tls.close.{slug}",
                f"{way.value}, {told}",
                CLOSE,
                "A connection that ends without close_notify ends this association and nothing else.",
                *before,
                Part(way),
            )
            for slug, way, told, before in (
                ("truncated", Way.FIN, "in an association", (SHAKE, ASSOCIATE)),
                ("truncated-handshake", Way.FIN, "right behind the handshake", (SHAKE,)),
                ("reset", Way.RST, "in an association", (SHAKE, ASSOCIATE)),
            )
        ),
    )


def _notified(heard: Heard) -> Iterable[Said]:
    if heard.closed:
        return
    if heard.ending:
        yield lax(CLOSE, f"the end without close_notify: {heard.ending}")
    else:
        yield fail(CLOSE, f"neither close_notify nor the end for {heard.waited:.3g} s")


# --- certificates ---------------------------------------------------------------------------------------------


def server_certificate() -> tuple[Case, ...]:
    """The target's certificate, held against the authority that the user gave."""

    def case(slug: str, title: str, requirement: str, wrong: Want, verify: Verify = Verify.CHAIN) -> Case:
        shake = Shake(f"handshake, {verify.value} of the certificate verified", wrong, verify=verify)
        return tls_case(f"tls.certificate.{slug}", title, CERTIFICATE, requirement, shake, GOES)

    def chain(heard: Heard) -> Iterable[Said]:
        if heard.verify and heard.verify not in (*_OUT_OF_DATE, *_OTHER_NAME):
            yield fail(CERTIFICATE, heard.reason)
        elif not heard.verify and not heard.secured:
            yield Stop(Verdict.INCONCLUSIVE, f"no handshake: {heard.told()}")

    def dates(heard: Heard) -> Iterable[Said]:
        if heard.verify in _OUT_OF_DATE:
            yield fail("RFC 5280 4.1.2.5, 6.1.3", heard.reason)
        else:
            yield from _other(heard, _OTHER_NAME)

    def name(heard: Heard) -> Iterable[Said]:
        if heard.verify in _OTHER_NAME:
            yield fail("RFC 9525 6; RFC 9325 7.1", heard.reason)
        else:
            yield from _other(heard, ())

    return (
        case(
            "chain",
            "the chain of the target's certificate",
            "The chain leads to the authority.",
            Want("a chain that leads to the authority", chain),
        ),
        case(
            "dates",
            "the dates of the target's certificate",
            "The certificate is not out of date.",
            Want("a certificate that is not out of date", dates),
        ),
        case(
            "name",
            "the name in the target's certificate",
            "The certificate names the host.",
            Want("a certificate that names the host", name),
            Verify.NAME,
        ),
    )


def _other(heard: Heard, harmless: tuple[int, ...]) -> Iterable[Said]:
    """Where something else is wrong, this is not seen."""
    if heard.verify and heard.verify not in harmless:
        yield Stop(Verdict.INCONCLUSIVE, f"not seen, for something else is wrong: {heard.reason}")
    elif not heard.verify and not heard.secured:
        yield Stop(Verdict.INCONCLUSIVE, f"no handshake: {heard.told()}")


def client_certificate() -> tuple[Case, ...]:
    """A certificate of ours that is missing, or not to be trusted, in each version.

    In TLS 1.3 the handshake is done for us before the server has seen our certificate; so its refusal comes later.
    """
    cases: list[Case] = []
    for version, slug in _VERSIONS:
        told = names.version_name(version)
        cases.append(
            tls_case(
                f"tls.client.missing.{slug}",
                f"no client certificate, {told}",
                CLIENT,
                "A target that demands a client certificate serves nobody without one.",
                _shake(Credential.NONE, version),
                Tell("A-ASSOCIATE-RQ", Want("a refusal, where a certificate is demanded", _missing), RQ),
            )
        )
        for name, credential, what, look in (
            ("strange", Credential.STRANGE, "of an authority that nobody knows", _untrusted),
            ("expired", Credential.EXPIRED, "that is out of date", _out_of_date),
        ):
            cases.append(
                tls_case(
                    f"tls.client.{name}.{slug}",
                    f"a client certificate {what}, {told}",
                    CLIENT,
                    "A target that demands a client certificate demands one that it can trust.",
                    _shake(Credential.NONE, version),
                    Tell("A-ASSOCIATE-RQ", ANYTHING, RQ),
                    _shake(credential, version),
                    Tell(
                        "A-ASSOCIATE-RQ",
                        Want("a refusal, where a certificate is demanded", look),
                        RQ,
                    ),
                )
            )
    return tuple(cases)


def _shake(credential: Credential, version: int) -> Shake:
    def look(heard: Heard) -> Iterable[Said]:
        if (
            heard.alert in ("protocol_version", "unsupported_version")
            or "unsupported protocol" in heard.reason
        ):
            yield not_applicable(f"the target does not speak {names.version_name(version)}: {heard.told()}")
        elif not heard.secured and not heard.ending and not heard.alert:
            yield fail(CLIENT, f"the handshake neither succeeds nor fails: {heard.told()}")

    want = Want("the handshake, or a refusal in it or behind it", look)
    return Shake(f"handshake, {names.version_name(version)}", want, credential, version, version)


def _served(heard: Heard) -> bool | None:
    """Whether the association was taken; None where nothing came at all."""
    if heard.pdus:
        return True
    return False if heard.ending or heard.alert or heard.closed else None


def _missing(heard: Heard) -> Iterable[Said]:
    served = _served(heard)
    if served is None:
        yield fail(CLIENT, f"neither served nor refused: {heard.told()}")
    elif served and heard.certificate:
        text = "serves without a client certificate, though one was given for it"
        yield lax(CLIENT, text, Grade.INFORMATIONAL)
    elif served:
        yield not_applicable("the target does not demand a client certificate")
    elif not heard.alert:
        yield lax(f"{RFC8446} 6.2; RFC 5246 7.2", f"refused without an alert: {heard.told()}")


def _untrusted(heard: Heard) -> Iterable[Said]:
    demanded = _served(heard.before[0]) is False
    served = _served(heard)
    if served is None:
        yield fail(CLIENT, f"neither served nor refused: {heard.told()}")
    elif served and demanded:
        yield fail(CLIENT, f"demands a certificate, and takes one that it cannot trust: {heard.told()}")
    elif served:
        yield not_applicable("the target does not demand a client certificate")
    elif not heard.alert:
        yield lax(f"{RFC8446} 6.2; RFC 5246 7.2", f"refused without an alert: {heard.told()}")


def _out_of_date(heard: Heard) -> Iterable[Said]:
    if heard.alert == "unknown_ca":
        text = (
            f"the target does not trust the authority of the certificate, whatever its dates: {heard.told()}"
        )
        yield Stop(Verdict.UNSUPPORTED, text)
    else:
        yield from _untrusted(heard)
