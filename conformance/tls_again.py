"""TLS 1.2 of the tester's side that can ask for a renegotiation, which Python's `ssl` cannot: by pyOpenSSL.

Imported when it is used, as pyOpenSSL comes with the extra `renegotiation` alone. Nothing here judges.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from .tls_wire import MAX_INSIDE, READ_OCTETS

if TYPE_CHECKING:
    from dicomnet.transports import TlsSettings

    from .tls_steps import Heard

_ALERT: Final = "alert "
# What OpenSSL says where a warning no_renegotiation (RFC 5246 7.2.2) has answered our ClientHello.
_REFUSED: Final = "no renegotiation"


def asking(settings: TlsSettings, name: str) -> Callable[[Heard], Again] | str:
    """What makes such a TLS, or why there is none: the client certificate does not serve here.

    `settings` are the user's: the client certificate is shown, the target's is not verified. `name` goes into
    server_name, where there is one.
    """
    try:
        return partial(Again, _context(settings), name)
    except (SSL.Error, ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = _reason(error) if isinstance(error, SSL.Error) else str(error)
        return f"pyOpenSSL does not take the client certificate or its key: {reason}"


class Again:
    """A requestor's TLS on octets (see `tls_wire.Side`), whose handshake can be made a second time.

    What is learned goes into `heard`.
    """

    def __init__(self, context: SSL.Context, name: str, heard: Heard) -> None:
        self._connection = SSL.Connection(context)
        if name:
            self._connection.set_tlsext_host_name(name.encode("idna"))
        self._connection.set_connect_state()
        self._heard = heard

    def feed(self, octets: bytes) -> None:
        """See `Side`."""
        if octets:
            self._connection.bio_write(octets)
        else:
            self._connection.bio_shutdown()
        self.turn()

    def turn(self) -> None:
        """See `Side`."""
        heard = self._heard
        if heard.error or heard.closed:
            return
        try:
            if not heard.secured:
                self._connection.do_handshake()
                heard.secured = True
                heard.version = self._connection.get_protocol_version_name()
                heard.suite = self._connection.get_cipher_name() or ""
            elif self._connection.renegotiate_pending():
                self._connection.do_handshake()
                heard.renewed = self._connection.total_renegotiations() > 0
            self._read()
        except (SSL.WantReadError, SSL.WantWriteError):
            pass
        except SSL.ZeroReturnError:
            heard.closed = True
        except SSL.SysCallError:
            # The end without close_notify, which the wire tells.
            pass
        except SSL.Error as error:
            self._failed(error)

    def _read(self) -> None:
        """An alert is found by reading; data is counted, and not looked at."""
        while True:
            self._heard.data += len(self._connection.recv(READ_OCTETS))
            if self._heard.data > MAX_INSIDE:
                self._heard.error, self._heard.reason = "TOO_MUCH", "more was sent than any answer needs"
                return

    def _failed(self, error: SSL.Error) -> None:
        heard = self._heard
        heard.error = _reason(error)
        before, found, alert = heard.error.partition(_ALERT)
        if found:
            heard.alert = alert.replace(" ", "_")
        elif heard.error == _REFUSED:
            heard.alert = "no_renegotiation"
        else:
            heard.reason = before

    def ask(self) -> str:
        """Make the ClientHello that asks for a renegotiation; gives why there is none to send, or nothing."""
        heard = self._heard
        if heard.version != "TLSv1.2":
            return f"{heard.version or 'what is not secured'} has no renegotiation"
        try:
            if not self._connection.renegotiate():
                return "one is going on already"
            self._connection.do_handshake()
        except (SSL.WantReadError, SSL.WantWriteError):
            pass
        except SSL.Error as error:
            return _reason(error)
        return ""

    def out(self) -> bytes:
        """See `Side`."""
        octets = b""
        while True:
            try:
                octets += self._connection.bio_read(READ_OCTETS)
            except SSL.WantReadError:
                return octets


def _reason(error: SSL.Error) -> str:
    """What OpenSSL says, as far as it says anything."""
    queue: object = error.args[0] if error.args else ()
    if isinstance(queue, list) and queue and isinstance(queue[0], tuple):
        return str(queue[0][-1])  # pyright: ignore[reportUnknownArgumentType]
    return type(error).__name__


def _context(settings: TlsSettings) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_verify(SSL.VERIFY_NONE)
    if settings.certificate is None:
        return context
    context.use_certificate_chain_file(os.fspath(settings.certificate))
    pem = (settings.key or settings.certificate).read_bytes()
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        # It is encrypted.
        password = settings.password() if settings.password is not None else None
        key = load_pem_private_key(pem, password.encode() if isinstance(password, str) else password)
    context.use_privatekey(key)  # type: ignore[arg-type]
    return context
