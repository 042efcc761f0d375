"""Two ends of TLS that talk through memory, without a carrier: what `ssl` itself makes of a configuration."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from dicomnet.transports import outcome_of


@dataclass(slots=True)
class End:
    """One end: its link, what it has to send, and the first thing that went wrong, as code and sentence."""

    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    link: ssl.SSLObject
    outcome: tuple[str, str] = ("ok", "")
    secured: bool = False
    received: bytes = field(default=b"")

    def go(self) -> None:
        """Do what can be done now: shake hands, then read."""
        if self.outcome[0] != "ok":
            return
        try:
            if not self.secured:
                self.link.do_handshake()
                self.secured = True
            self.received += self.link.read(65536)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.outcome = outcome_of(error, self.link, secured=self.secured)

    @property
    def code(self) -> str:
        return self.outcome[0]

    @property
    def text(self) -> str:
        return self.outcome[1]


def end_of(context: ssl.SSLContext, *, server: bool = False, host: str = "localhost") -> End:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    link = context.wrap_bio(incoming, outgoing, server, None if server else host)
    return End(incoming, outgoing, link)


def shake(client: ssl.SSLContext, server: ssl.SSLContext, host: str = "localhost") -> tuple[End, End]:
    """Let the two talk until they have nothing more to say."""
    one, other = end_of(client, host=host), end_of(server, server=True)
    exchange(one, other)
    return one, other


def exchange(one: End, other: End) -> None:
    while True:
        one.go()
        other.go()
        there, back = one.outgoing.read(), other.outgoing.read()
        if not there and not back:
            return
        other.incoming.write(there)
        one.incoming.write(back)


def hears(end: End, octets: bytes, *, ends: bool = False) -> End:
    """The end hears these octets in the midst of its handshake, and the end of the connection where asked."""
    end.go()
    end.incoming.write(octets)
    if ends:
        end.incoming.write_eof()
    end.go()
    return end
