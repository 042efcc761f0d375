"""A raw connection of the tester, and TLS inside it, made by this machine's library from octets alone.

What goes out is held until it is asked for, so that the case says how it is cut into records and segments; what comes
is decoded as far as it is in the clear, and by the library where there is one. Nothing here judges.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from dicomnet.statemachine import Framer, Limits, tls
from dicomnet.transports import Address, Link, Transport

from .tls_steps import ANSWER_MAX, Heard

READ_OCTETS: Final = 1 << 16
# More than the target is told that it may send, so that too long a PDU is seen and named.
LIMITS: Final = Limits(data=1 << 20)
MAX_PDUS: Final = 1000
MAX_INSIDE: Final = 1 << 22
_ALERT: Final = "ALERT_"


class Side(Protocol):
    """TLS of the tester's side on octets, whatever makes it."""

    def feed(self, octets: bytes) -> None:
        """Octets of the target; none at all: the stream has ended."""
        ...

    def turn(self) -> None:
        """Go on with the handshake, and read what is there when it is done."""
        ...

    def out(self) -> bytes:
        """What is to be sent now."""
        ...


class Asking(Side, Protocol):
    """One that can ask for a renegotiation."""

    def ask(self) -> str:
        """Make the ClientHello that asks for one; gives why there is none to send, or nothing."""
        ...


class Inside:
    """TLS of the tester's side on octets: what the target sends goes in, what is to be sent comes out.

    `context` and `host` as in `ssl.SSLContext.wrap_bio`; what is learned goes into `heard`.
    """

    def __init__(self, context: ssl.SSLContext, host: str | None, heard: Heard) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._heard = heard
        self._framer = Framer(LIMITS)
        self._pending = 0

    def feed(self, octets: bytes) -> None:
        """Octets of the target; none at all: the stream has ended."""
        if octets:
            self._incoming.write(octets)
        else:
            self._incoming.write_eof()
        self.turn()

    def turn(self) -> None:
        """Go on with the handshake, and read what is there when it is done."""
        if self._heard.error:
            return
        try:
            if not self._heard.secured:
                self._object.do_handshake()
                self._heard.secured = True
                self._heard.version = self._object.version() or ""
                self._heard.suite = (self._object.cipher() or ("", "", 0))[0]
            self._read()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except ssl.SSLZeroReturnError:
            self._heard.closed = True
        except ssl.SSLError as error:
            self._failed(error)

    def _read(self) -> None:
        while True:
            octets = self._object.read(READ_OCTETS)
            if not octets:
                self._heard.closed = True
                return
            self._heard.data += len(octets)
            if self._heard.data > MAX_INSIDE or len(self._heard.pdus) > MAX_PDUS:
                self._heard.error, self._heard.reason = "TOO_MUCH", "more was sent than any answer needs"
                return
            self._heard.pdus += [pdu for pdu, _ in self._framer.feed(octets)]

    def _failed(self, error: ssl.SSLError) -> None:
        reason = error.reason or type(error).__name__
        self._heard.error = reason
        if isinstance(error, ssl.SSLCertVerificationError):
            self._heard.reason = f"certificate: {error.verify_message}"
            self._heard.verify = error.verify_code
        elif _ALERT in reason:
            self._heard.alert = reason.partition(_ALERT)[2].lower()
        elif isinstance(error, ssl.SSLEOFError) or reason == "UNEXPECTED_EOF_WHILE_READING":
            self._heard.error, self._heard.reason = "", ""
        else:
            self._heard.reason = reason.replace("_", " ").lower()

    def write(self, chunk: bytes) -> str:
        """Data for one record; gives why it could not be written, or nothing."""
        try:
            self._object.write(chunk)
        except ssl.SSLError as error:
            return error.reason or type(error).__name__
        return ""

    def made_record(self) -> bool:
        """Whether what was written since the last time is there as octets to send."""
        before, self._pending = self._pending, self._outgoing.pending
        return self._pending > before

    def notify(self) -> None:
        """Say close_notify."""
        with suppress(ssl.SSLError, ValueError):  # the answer to it is not waited for
            self._object.unwrap()

    def out(self) -> bytes:
        """What is to be sent now."""
        self._pending = 0
        return self._outgoing.read()


class Wire:
    """One raw connection (a `LinkHandler`); `changed` is called when something came."""

    def __init__(self, carrier: Transport, address: Address, what: str) -> None:
        self.heard = Heard(what)
        self.inside: Side | None = None
        self.changed: Callable[[], None] = lambda: None
        self.note: Callable[[str, bytes], None] = lambda _what, _octets: None
        self._carrier = carrier
        self.sent = carrier.now()
        self._told = 0
        self.link: Link | None = carrier.connect(address, self)

    def on_open(self) -> None:
        """See `LinkHandler`."""
        self.heard.opened = True
        self.changed()

    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self.link = None
        self.heard.failed = code
        self.changed()

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        if len(self.heard.octets) < ANSWER_MAX:
            self.heard.octets += octets
        if self.inside is not None:
            before = len(self.heard.pdus)
            self.inside.feed(octets)
            self._tell_inside(before, octets)
        else:
            self.heard.answer = tls.decode_answer(bytes(self.heard.octets))
            self._tell_parts(octets)
        self.changed()

    def _tell_parts(self, octets: bytes) -> None:
        parts = self.heard.answer.parts
        told = [tls.describe_part(part) for part in parts[self._told :]]
        self._told = len(parts)
        self.note(", ".join(told) or "octets of a record that is not whole yet", octets)

    def _tell_inside(self, before: int, octets: bytes) -> None:
        heard = self.heard
        told = [getattr(pdu, "name", None) or "no valid PDU" for pdu in heard.pdus[before:]]
        told += [f"alert: {heard.alert}"] if heard.alert else []
        told += [heard.reason] if heard.reason and not heard.alert else []
        told += ["close_notify"] if heard.closed else []
        self.note(f"inside TLS: {', '.join(told)}" if told else "records of TLS", octets)

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self._ended("FIN")

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self.link = None
        self._ended("RST")

    def _ended(self, how: str) -> None:
        if self.heard.ending:
            return
        if self.inside is not None:
            self.inside.feed(b"")
        self.heard.ending = how
        self.heard.after = self._carrier.now() - self.sent
        self.note(f"closed ({how})", b"")
        self.changed()

    def send(self, octets: bytes) -> None:
        """Send octets as one segment."""
        self.sent = self._carrier.now()
        if self.link is not None and octets:
            self.link.send(octets)

    def flush(self) -> None:
        """Send what TLS has to say."""
        if self.inside is not None:
            self.send(self.inside.out())

    def close(self) -> None:
        """Close; nothing more is heard."""
        link, self.link = self.link, None
        if link is not None:
            link.close()

    def reset(self) -> None:
        """Reset; nothing more is heard."""
        link, self.link = self.link, None
        if link is not None:
            link.reset()
