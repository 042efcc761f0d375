"""What the tester's own handshakes are made of: the user's settings, loosened where the target is what is judged.

Versions, suites and key sizes are the cases' to judge, so every handshake of a case offers all that this machine has;
a target that is weak is to be heard and named, not to be cut off by the tester's own library.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from dicomnet.statemachine import tls

from .tls_steps import Credential, Heard, Shake, Verify

if TYPE_CHECKING:
    from dicomnet.transports import TlsSettings

    from .throwaway import Issued
    from .tls_again import Again

_VERSIONS: Final = {
    tls.names.TLS12: (ssl.TLSVersion.TLSv1_2, ssl.HAS_TLSv1_2),
    tls.names.TLS13: (ssl.TLSVersion.TLSv1_3, ssl.HAS_TLSv1_3),
}
_EVERYTHING: Final = "ALL:@SECLEVEL=0"


@dataclass(slots=True)
class TlsContexts:
    """The contexts for one target (see `security.Contexts`).

    `settings` are the user's; `address` is the host that is connected to; `expired` has a client certificate that is
    out of date, of an authority that the target trusts, where the user has one.
    """

    settings: TlsSettings
    address: str
    expired: TlsSettings | None = None
    _strange: Issued | None = field(default=None, init=False)

    @property
    def host(self) -> str:
        """The name by which the target's certificate is to know it."""
        return self.settings.server_name or self.address or "localhost"

    @property
    def certificate(self) -> bool:
        """Whether the user gave a client certificate."""
        return self.settings.certificate is not None

    def context(self, step: Shake) -> ssl.SSLContext | str:
        """The context for this handshake; or why it cannot be made."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers(_EVERYTHING)
        # Python makes OpenSSL take a torn connection for a proper end.
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        for version in (step.oldest, step.newest):
            if version and not _VERSIONS[version][1]:
                return f"the TLS library of this machine lacks {tls.names.version_name(version)}"
        if step.oldest:
            context.minimum_version = _VERSIONS[step.oldest][0]
        if step.newest:
            context.maximum_version = _VERSIONS[step.newest][0]
        return self._verify(context, step.verify) or self._credential(context, step.credential) or context

    def asking(self, name: str) -> Callable[[Heard], Again] | str:
        """What makes TLS that can ask for a renegotiation, `name` in server_name; or why there is none."""
        try:
            from .tls_again import asking
        except ImportError:
            return "Python's ssl cannot ask for a renegotiation, pyOpenSSL can: pip install 'dicomnet[renegotiation]'"
        return asking(self.settings, name)

    def _verify(self, context: ssl.SSLContext, verify: Verify) -> str:
        settings = self.settings
        if verify is Verify.NOTHING:
            return ""
        if settings.authorities is not None:
            context.load_verify_locations(settings.authorities)
        elif settings.verify:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            return "certificates are not verified, and no authority is given to hold the target's against: --tls-ca"
        if verify is Verify.NAME and not settings.check_name:
            return "the name in the target's certificate is not to be checked"
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = verify is Verify.NAME
        return ""

    def _credential(self, context: ssl.SSLContext, credential: Credential) -> str:
        match credential:
            case Credential.GIVEN:
                _load(context, self.settings)
            case Credential.STRANGE:
                self._load_strange(context)
            case Credential.EXPIRED:
                if self.expired is None:
                    return (
                        "no client certificate is given that is out of date and of an authority the target trusts: "
                        "--tls-expired-cert"
                    )
                _load(context, self.expired)
            case Credential.NONE:
                pass
        return ""

    def _load_strange(self, context: ssl.SSLContext) -> None:
        """A certificate of an authority that was made a moment ago. `ssl` reads certificates from files alone."""
        if self._strange is None:
            from .throwaway import Authority

            self._strange = Authority("an authority that nobody knows", key_type="ec").issue(
                "nobody", "client"
            )
        with TemporaryDirectory() as directory:
            certificate, key = Path(directory, "client.pem"), Path(directory, "client.key")
            certificate.write_bytes(self._strange.certificate)
            key.write_bytes(self._strange.key)
            context.load_cert_chain(certificate, key)


def _load(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.certificate is not None:
        ask = settings.password
        context.load_cert_chain(
            settings.certificate, settings.key, password=None if ask is None else lambda: ask() or b""
        )
