"""Servers of TLS with one fault each, and the cases that must see it.

What no library would say is written here: a ServerHello that takes whatever was offered is a few octets.
"""

from __future__ import annotations

import ssl
import struct
from typing import Final

from dicomnet.statemachine import AAssociateRQ, Framer, tls
from dicomnet.transports import ListenHandler, Request

from ..zoo.octets import AC
from .hellos import Offered, offered
from .renegotiating import RENEGOTIATING
from .server import SecuredRequest, Served, TlsGate, names

KEY_EXCHANGE, DONE = 12, 14
SEALED: Final = names.APPLICATION_DATA
# The prime of 1024 bits of RFC 2409 6.2 is as good as any here: nobody computes with it.
SMALL_PRIME = bytes(range(128, 256))


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def server_hello(version: int, suite: int, *, compression: int = 0, random: bytes = bytes(32)) -> bytes:
    """A ServerHello in its record, without extensions."""
    body = (
        struct.pack(">H", min(version, names.TLS12)) + random + b"\0" + struct.pack(">HB", suite, compression)
    )
    return tls.encode_record(names.HANDSHAKE, message(names.SERVER_HELLO, body), min(version, names.TLS12))


class Raw(Served):
    """A server that looks at the ClientHello itself before the library does."""

    hello: Offered | None = None

    def on_octets(self, octets: bytes) -> None:
        if self.hello is None and not self.secured and self.begins_well(bytes(self.seen) + octets):
            self.hello = offered(bytes(self.seen) + octets)
            if self.looked_at(self.hello):
                self.seen += octets
                return
        super().on_octets(octets)

    def begins_well(self, octets: bytes) -> bool:
        """Whether a whole ClientHello is there."""
        if octets[:1] != b"\x16" or len(octets) < 9:
            return False
        length, at, held = 4 + int.from_bytes(octets[6:9], "big"), 0, 0
        while at + 5 <= len(octets) and octets[at] == names.HANDSHAKE:
            size = int.from_bytes(octets[at + 3 : at + 5], "big")
            held += min(size, len(octets) - at - 5)
            at += 5 + size
        return held >= length

    def looked_at(self, hello: Offered) -> bool:
        """Whether the fault has dealt with it, and the library is not to see it."""
        return False

    def says(self, octets: bytes) -> bool:
        """Say this in place of the library, and go on listening."""
        self.below.send(octets)
        return True

    def refuses(self) -> bool:
        """Refuse in place of the library."""
        self.below.send(tls.alert_record(names.FATAL, 40))
        self.shut()
        return True


class Obliging(Raw):
    """Takes any version and any suite: what the library would refuse, it accepts by a ServerHello of its own."""

    fault = "accepts whatever is offered"
    fails = (
        "tls.version.ssl3",
        "tls.version.1-0",
        "tls.version.1-1",
        "tls.refuses.null",
        "tls.refuses.anon",
        "tls.refuses.export",
        "tls.refuses.rc4",
        "tls.refuses.des",
    )
    told = (
        "tls.refuses.3des.discouraged",
        "tls.refuses.static-rsa.discouraged",
        "tls.refuses.static-dh.discouraged",
        "tls.refuses.dhe.discouraged",
        "tls.refuses.cbc.discouraged",
        "tls.version.fallback",
    )

    def failed(self, _error: ssl.SSLError) -> None:
        if self.hello is None:
            super().failed(_error)
            return
        self.outgoing.read()
        self.says(server_hello(self.hello.versions[0], self.hello.suites[0]))


class OtherSuite(Raw):
    """Answers with a suite that was not offered."""

    fault = "chooses a suite that was not offered"
    told = ("tls.suite.ecdhe-rsa-with-aes-128-gcm-sha256", "tls.suite.ecdhe-rsa-with-aes-256-gcm-sha384")

    def looked_at(self, hello: Offered) -> bool:
        if hello.suites not in ([0xC02F], [0xC030]):
            return False
        return self.says(server_hello(names.TLS12, hello.suites[0] ^ 0x1F))


class Lacks(Raw):
    """Refuses single suites."""

    fault = "lacks suites that are required"
    fails = ("tls.suite.aes-128-gcm-sha256",)
    told = (
        "tls.suite.aes-256-gcm-sha384",
        "tls.suite.chacha20-poly1305-sha256",
        "tls.suite.ecdhe-rsa-with-aes-128-gcm-sha256",
        "tls.suite.ecdhe-rsa-with-aes-256-gcm-sha384",
    )

    def looked_at(self, hello: Offered) -> bool:
        return len(hello.suites) == 1 and self.refuses()


class Only13(Raw):
    """Speaks TLS 1.3 alone."""

    fault = "does not speak TLS 1.2"
    fails = ("tls.version.1-2",)

    def looked_at(self, hello: Offered) -> bool:
        return names.TLS13 not in hello.versions and self.refuses()


class Only11(Raw):
    """Speaks TLS 1.1 alone, as old devices do: none of today's can be associated with it."""

    def looked_at(self, hello: Offered) -> bool:
        if hello.versions == [names.TLS11]:
            return self.says(server_hello(names.TLS11, hello.suites[0]))
        return self.refuses()


class Only12(Raw):
    """Speaks TLS 1.2 alone, which is allowed."""

    fault = "does not speak TLS 1.3"
    told = ("tls.version.1-3",)

    def wrap(self, context: ssl.SSLContext) -> ssl.SSLObject:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return super().wrap(context)


class Patched(Raw):
    """Says something else in its first flight than the library; nobody completes such a handshake in these cases."""

    def sends(self, octets: bytes) -> bytes:
        if self.said or self.hello is None or not self.is_probe(self.hello):
            return octets
        return self.patched(octets)

    def is_probe(self, hello: Offered) -> bool:
        """Whether it is one of the tester's own ClientHellos, whose handshake is never completed."""
        return hello.versions == [names.TLS12] and not self.secured

    def patched(self, octets: bytes) -> bytes:
        return octets

    @staticmethod
    def after_random(octets: bytes) -> int:
        """Where the suite stands in the ServerHello: behind headers, version, random and session id."""
        return 5 + 4 + 2 + 32 + 1 + octets[43]


class NoSentinel(Patched):
    fault = "does not say that it could do TLS 1.3"
    fails = ("tls.version.downgrade-sentinel",)

    def patched(self, octets: bytes) -> bytes:
        return octets[:35] + bytes(8) + octets[43:]


class Compresses(Patched):
    fault = "chooses compression"
    fails = ("tls.compression",)

    def patched(self, octets: bytes) -> bytes:
        if self.hello is None or self.hello.compressions == [0]:
            return octets
        at = self.after_random(octets) + 2
        return octets[:at] + b"\x01" + octets[at + 1 :]


class NoRenegotiationInfo(Patched):
    fault = "has no secure renegotiation"
    fails = ("tls.renegotiation.extension", "tls.renegotiation.scsv")

    def patched(self, octets: bytes) -> bytes:
        return octets.replace(b"\xff\x01\x00\x01\x00", b"\x7f\x01\x00\x01\x00", 1)


class Prefers12(Raw):
    """Chooses TLS 1.2 where it may."""

    fault = "prefers TLS 1.2"
    fails = ("tls.version.prefers-1-3",)

    def looked_at(self, hello: Offered) -> bool:
        if (
            names.TLS12 not in hello.versions
            or names.TLS13 not in hello.versions
            or hello.suites[0] != 0x1301
        ):
            return False
        return bool(hello.extensions.get(0x2D) == b"\x01\x01") and self.says(
            server_hello(names.TLS12, 0xC02F)
        )


class BlindToFallback(Raw):
    fault = "takes a fallback"
    told = ("tls.version.fallback",)

    def looked_at(self, hello: Offered) -> bool:
        return names.FALLBACK in hello.suites and self.says(server_hello(names.TLS12, 0xC02F))


class Intolerant(Raw):
    """Refuses what it does not know."""

    fault = "refuses what it does not know"
    fails = (
        "tls.version.future",
        "tls.version.future-field",
        "tls.ignores.unknown-suites",
        "tls.ignores.unknown-extensions",
        "tls.ignores.grease",
    )

    def looked_at(self, hello: Offered) -> bool:
        strange = (
            max(hello.version, *hello.versions) > names.TLS13
            or any(0xD100 <= suite < 0xD180 for suite in hello.suites)
            or names.GREASE in hello.suites
            or any(0x7000 < number < 0xFF00 or number == names.GREASE for number in hello.extensions)
        )
        return strange and self.refuses()


class SmallGroups(Raw):
    """Uses a small prime and a small curve, where that alone is offered."""

    fault = "uses a small prime and a small curve"
    fails = ("tls.key.dhe", "tls.key.ecdhe")

    def looked_at(self, hello: Offered) -> bool:
        known = [names.suite_name(suite) for suite in hello.suites]
        if all("_DHE_" in name for name in known):
            prime = struct.pack(">H", len(SMALL_PRIME)) + SMALL_PRIME
            return self.exchange(hello, prime + b"\0\x01\x02" + b"\0\x01\x02")
        if len(known) > 2 and all("_ECDHE_" in name for name in known):
            return self.exchange(hello, b"\x03" + struct.pack(">H", 19) + b"\x01\x04")
        return False

    def exchange(self, hello: Offered, parameters: bytes) -> bool:
        both = message(KEY_EXCHANGE, parameters) + message(DONE, b"")
        first = server_hello(names.TLS12, hello.suites[0])
        return self.says(first + tls.encode_record(names.HANDSHAKE, both, names.TLS12))


class Mute(Served):
    """Leaves a connection open and says nothing where TLS fails."""

    fault = "neither answers nor ends what is no TLS"
    fails = (
        "tls.version.ssl3",
        "tls.version.1-0",
        "tls.version.1-1",
        "tls.stranger.plain-request",
        "tls.stranger.http",
        "tls.stranger.garbage",
        "tls.stranger.application-data",
        "tls.alert.fatal",
        "tls.record.overflow",
        "tls.record.slightly-over",
        "tls.early.plain",
        "tls.early.record",
    )
    told = ("tls.alert.flood", "tls.record.empty")

    def failed(self, _error: ssl.SSLError) -> None:
        self.over = True
        self.outgoing.read()


class MuteToStrangers(Served):
    """Waits without a word where no client certificate, or a wrong one, is shown."""

    fault = "neither serves nor refuses who shows no certificate"
    fails = (
        "tls.client.missing.1-2",
        "tls.client.strange.1-2",
        "tls.client.missing.1-3",
        "tls.client.strange.1-3",
    )

    def failed(self, _error: ssl.SSLError) -> None:
        self.over = True
        self.outgoing.read()


class Clear(Served):
    """Speaks plainly to who speaks plainly."""

    fault = "answers in the clear"
    fails = ("tls.stranger.plain-request", "tls.early.plain", "tls.early.record")

    def on_octets(self, octets: bytes) -> None:
        where = octets.find(b"\x01\x00\x00\x00\x00")
        framer = Framer()
        if not self.secured and where >= 0 and where + 74 < len(octets):
            for pdu, _ in framer.feed(octets[where:]):
                if isinstance(pdu, AAssociateRQ):
                    self.below.send(AC)
                    return
        super().on_octets(octets)


class NeedsOneRecord(Raw):
    """Takes a ClientHello in one record and one segment alone."""

    fault = "takes a ClientHello in one record and one segment alone"
    fails = ("tls.record.split", "tls.record.octets", "tls.record.headers", "tls.data.octets")
    told = ("tls.record.full",)

    def on_octets(self, octets: bytes) -> None:
        if not self.seen:
            length = int.from_bytes(octets[3:5], "big") if len(octets) >= 9 else -1
            inside = 4 + int.from_bytes(octets[6:9], "big")
            if octets[:1] == b"\x16" and (len(octets) < 5 + length or length < inside or length > 8192):
                self.seen += octets
                self.refuses()
                return
        super().on_octets(octets)


class NeedsOneSegment(Served):
    """Reads a record of data in one segment alone."""

    fault = "reads a record in one segment alone"
    fails = ("tls.data.split-segments",)

    def on_octets(self, octets: bytes) -> None:
        if self.secured and len(octets) < 5 + int.from_bytes(octets[3:5], "big"):
            self.shut()
            return
        super().on_octets(octets)


class TakesOversize(Raw):
    """Knows no limit of a record."""

    fault = "takes a record over the limit"
    fails = ("tls.record.overflow", "tls.record.slightly-over")

    def on_octets(self, octets: bytes) -> None:
        if not self.secured and (self.seen or octets[:1] == b"\x16"):
            whole = bytes(self.seen) + octets
            if len(whole) >= 5 and int.from_bytes(whole[3:5], "big") > tls.RECORD_LIMIT:
                self.seen += octets
                if len(whole) >= 5 + int.from_bytes(whole[3:5], "big"):
                    self.says(server_hello(names.TLS12, 0xC02F))
                return
        super().on_octets(octets)


class OtherAlert(Raw):
    """Refuses a record that is too long, by another alert."""

    fault = "has another alert for a record over the limit"
    told = ("tls.record.overflow", "tls.record.slightly-over")

    def on_octets(self, octets: bytes) -> None:
        if not self.seen and len(octets) > 5 and int.from_bytes(octets[3:5], "big") > tls.RECORD_LIMIT:
            self.refuses()
            return
        super().on_octets(octets)


class OnePduARecord(Served):
    """Reads the first PDU of a record and no more."""

    fault = "reads one PDU of each record"
    fails = ("tls.data.two-in-one",)

    def plain(self, octets: bytes) -> None:
        length = 6 + int.from_bytes(octets[2:6], "big")
        super().plain(octets[:length])


class OneRecordAPdu(Served):
    """Takes each record for a whole PDU."""

    fault = "takes each record for a whole PDU"
    fails = ("tls.data.many-records",)

    def plain(self, octets: bytes) -> None:
        if len(octets) < 6 + int.from_bytes(octets[2:6], "big"):
            self.shut()
            return
        super().plain(octets)


class ForgetsEarly(Served):
    """Loses what came together with the end of the handshake."""

    fault = "loses what comes right behind the handshake"
    fails = ("tls.data.behind-finished",)
    fresh = False

    def on_octets(self, octets: bytes) -> None:
        self.fresh = not self.secured
        super().on_octets(octets)

    def plain(self, octets: bytes) -> None:
        if not self.fresh:
            super().plain(octets)


class NeverNotifies(Served):
    fault = "answers no close_notify"
    told = ("tls.close.notify",)

    def notified(self) -> None:
        self.over = True
        self.handler.on_end()


class EndsRudely(Served):
    fault = "ends without close_notify"
    told = ("tls.close.notify",)

    def notified(self) -> None:
        self.over = True
        self.below.close()
        self.handler.on_end()


class DiesOfTruncation(Served):
    """The whole server is gone when a peer leaves without close_notify."""

    fault = "dies when a secured connection is cut"
    fails = ("tls.close.truncated", "tls.close.truncated-handshake", "tls.close.reset")
    deadly = True

    def peer_gone(self) -> None:
        # The tester's healthy associations are released, and end as they should.
        if self.secured:
            self.gate.dead = True


class ShunsEarlyData(Raw):
    fault = "refuses a ClientHello with early data"
    told = ("tls.early.data",)

    def looked_at(self, hello: Offered) -> bool:
        return names.EARLY_DATA in hello.extensions and self.refuses()


class OneAtATime(Served):
    """Makes one handshake at a time: who stalls in it keeps the others waiting, until he goes."""

    fault = "makes one handshake at a time"
    told: tuple[str, ...] = ("tls.stall.silent", "tls.stall.half-hello", "tls.stall.hello")

    def taken(self) -> None:
        self.gate.busy = self

    def shaken(self) -> None:
        self.done()

    def done(self) -> None:
        if self.gate.busy is self:
            self.gate.free()

    def on_end(self) -> None:
        super().on_end()
        self.done()

    def on_reset(self) -> None:
        super().on_reset()
        self.done()

    def shut(self) -> None:
        super().shut()
        self.done()

    def close(self) -> None:
        super().close()
        self.done()

    @staticmethod
    def admit(gate: TlsGate, handler: ListenHandler, request: Request) -> None:
        """Who comes meanwhile waits."""

        def go_on() -> None:
            handler.on_request(SecuredRequest(gate, request))

        if gate.busy is None:
            go_on()
        else:
            gate.waiting.append(go_on)


class NeverAgain(OneAtATime):
    """As before, and who went away in the middle of his handshake is waited for, for ever."""

    fault = "waits for ever for who went away in his handshake"
    fails = ("tls.stall.silent", "tls.stall.half-hello", "tls.stall.hello")
    told = ()
    deadly = True

    def done(self) -> None:
        if self.secured:
            super().done()


FAULTS: tuple[type[Served], ...] = (
    Obliging,
    OtherSuite,
    Lacks,
    Only13,
    Only12,
    NoSentinel,
    Compresses,
    NoRenegotiationInfo,
    Prefers12,
    BlindToFallback,
    Intolerant,
    SmallGroups,
    Mute,
    Clear,
    NeedsOneRecord,
    NeedsOneSegment,
    TakesOversize,
    OtherAlert,
    OnePduARecord,
    OneRecordAPdu,
    ForgetsEarly,
    NeverNotifies,
    EndsRudely,
    DiesOfTruncation,
    ShunsEarlyData,
    OneAtATime,
    NeverAgain,
    *RENEGOTIATING,
)
"""Faults that a sound configuration has; those of certificates are planted by the configuration."""
