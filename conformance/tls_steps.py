"""The steps of a case that judges a peer's TLS, and what is heard in them: data, and how it is looked at.

A probe says octets that this project wrote itself, a ClientHello mostly, and reads the answer as far as it is in the
clear: so it can offer what no library offers. A handshake is made by this machine's library over the same raw
connection, so that what goes into which record and which segment is the case's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from dicomnet.statemachine import AAbort, AAssociateAC, Pdu, Violation, tls

if TYPE_CHECKING:
    from .case import Finding
    from .verdict import Verdict

ANSWER_MAX: Final = 1 << 18
"""How many octets of a target's answer in the clear are kept."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The case ends here, with this verdict and why: nothing more can be learned, or it does not concern the target."""

    verdict: Verdict
    text: str


Said: TypeAlias = "Finding | Stop"


class Until(Enum):
    """What a step waits for; each is bounded by the time that an answer may take."""

    ANSWER = "the answer in the clear, an alert or the end"
    END = "an alert or the end"
    QUIET = "nothing: the target is to do nothing"
    TIMER = "an alert or the end, for as long as a long timer may run"


@dataclass(slots=True)
class Heard:
    """What has come on one connection since it was opened.

    `opened`: the transport connection stood. `answer` is what was in the clear, decoded. `ending`: FIN, RST or empty
    (it is still open), `after` how many seconds after the last thing was sent. `waited`: how long was waited at most.
    `secured`: the handshake is done on our side; `error` is what this machine's library said of a failure, `alert` the
    target's alert in it, `verify` the number of what is wrong with the certificate; `closed`: a close_notify came.
    `pdus` came inside TLS, in `data` octets. `before` are those of the connections before this one in the case.
    `certificate`: the user gave a client certificate. `asked`: a renegotiation was asked for, in octets that were sent;
    `renewed`: it was made.
    """

    what: str = ""
    opened: bool = False
    failed: str = ""
    octets: bytearray = field(default_factory=bytearray)
    answer: tls.ServerAnswer = field(default_factory=tls.ServerAnswer)
    ending: str = ""
    after: float = 0.0
    waited: float = 0.0
    secured: bool = False
    version: str = ""
    suite: str = ""
    error: str = ""
    reason: str = ""
    alert: str = ""
    verify: int = 0
    closed: bool = False
    pdus: list[Pdu | Violation] = field(default_factory=list[Pdu | Violation])
    data: int = 0
    before: tuple[Heard, ...] = ()
    certificate: bool = False
    asked: bool = False
    renewed: bool = False

    @property
    def refused(self) -> bool:
        """A fatal alert, or the end, without a ServerHello and without a PDU."""
        alert = self.answer.alert
        fatal = alert is not None and alert.level == tls.names.FATAL
        ended = bool(self.ending or self.alert or self.failed)
        return (fatal or ended) and self.answer.hello is None and not self.pdus

    @property
    def shut(self) -> bool:
        """The target has ended it, or said that it does: a fatal alert, FIN or RST."""
        alert = self.answer.alert
        return bool(self.ending or self.alert) or (alert is not None and alert.level == tls.names.FATAL)

    @property
    def accepted(self) -> bool:
        """An association was accepted inside."""
        return any(isinstance(pdu, AAssociateAC) for pdu in self.pdus)

    @property
    def speaks_plainly(self) -> bool:
        """PDUs came in the clear."""
        return bool(self.octets) and 1 <= self.octets[0] <= AAbort.pdu_type

    def told(self) -> str:
        """It in words."""
        words = [tls.describe_part(part) for part in self.answer.parts if not isinstance(part, tls.Sealed)]
        if self.secured:
            words = [f"secured: {self.version}, {self.suite}"]
        words += ["renegotiated"] if self.renewed else []
        words += [f"alert: {self.alert}"] if self.alert else []
        words += [self.reason] if self.reason and not self.alert else []
        words += [pdu.reason if isinstance(pdu, Violation) else pdu.name for pdu in self.pdus]
        if self.failed:
            words.append(f"no connection: {self.failed}")
        elif self.ending:
            words.append(f"closed ({self.ending})")
        elif not words:
            words.append(f"nothing for {self.waited:.3g} s")
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Want:
    """What a step demands: in words, and how to look at what was heard."""

    says: str
    look: Callable[[Heard], Iterable[Said]]


@dataclass(frozen=True, slots=True)
class Probe:
    """Open a raw connection and say something: a ClientHello in records of these sizes, then `octets` behind it.

    `record` is the version that the records name. `pieces` are the sizes of the segments, as in `Send`. `part`: only so
    many octets of it all are sent. With `keep` the connection stays open until `Beside`. `named`: the ClientHello names
    the target (server_name), where it has extensions and the target a name.
    """

    what: str
    want: Want
    hello: tls.ClientHello | None = None
    octets: bytes = b""
    record: int = tls.names.TLS10
    records: tuple[int, ...] = ()
    pieces: tuple[int, ...] = ()
    part: int | None = None
    until: Until = Until.ANSWER
    keep: bool = False
    named: bool = True


class Credential(Enum):
    """Which client certificate a handshake offers."""

    GIVEN = "the client certificate that the user gave, if any"
    NONE = "no client certificate"
    STRANGE = "a client certificate of an authority that nobody knows"
    EXPIRED = "a client certificate that is out of date"


class Verify(Enum):
    """What of the target's certificate is verified."""

    NOTHING = ""
    CHAIN = "the chain"
    NAME = "the chain and the name"


@dataclass(frozen=True, slots=True)
class Shake:
    """Open a raw connection and make a handshake with this machine's library.

    `oldest` and `newest` bound the versions (0: what the library does). `pieces` are the sizes of the segments.
    `verify`: what of the target's certificate is held against the user's authority; nothing means that any will do.
    `behind` goes out in one segment with the last of the handshake.
    """

    what: str
    want: Want
    credential: Credential = Credential.GIVEN
    oldest: int = 0
    newest: int = 0
    pieces: tuple[int, ...] = ()
    verify: Verify = Verify.NOTHING
    behind: bytes = b""


@dataclass(frozen=True, slots=True)
class Renegotiate:
    """Open a raw connection, make a handshake of TLS 1.2, and ask for a renegotiation (RFC 5246 7.4.1.2)."""

    what: str
    want: Want


@dataclass(frozen=True, slots=True)
class Tell:
    """Say PDUs inside, in records of these sizes (`records`) and segments of these (`pieces`), each as in `Send`.

    So many PDUs in all (`answers`) must have come on the connection before the step is over, or the end.
    """

    what: str
    want: Want
    octets: bytes
    records: tuple[int, ...] = ()
    pieces: tuple[int, ...] = ()
    answers: int = 1


class Way(Enum):
    """How the tester ends a connection."""

    NOTIFY = "the tester sends close_notify, then FIN"
    FIN = "the tester sends FIN without close_notify"
    RST = "the tester sends RST"


@dataclass(frozen=True, slots=True)
class Part:
    """End the connection in this way. With `want` the target's own end is waited for, and looked at."""

    way: Way
    want: Want | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """A healthy association over TLS beside the connections that are kept; then these leave, and it must be served."""


SecureStep = Probe | Shake | Renegotiate | Tell | Part | Beside
