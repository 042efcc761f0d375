"""ISCL, one end of a line, as an abstract machine: it is explored and played in memory, and never touches a wire.

What is known. PS3.15 had ISCL as a secure transport connection profile (Annex B.2) until it was retired in 2018. That
annex (2017e) names the "Integrated Secure Communication Layer, V1.00" of MEDIS-DC and says: entity authentication and
integrity checks at least, encryption at choice; where an integrity check fails the connection is dropped, and both
sides hear A-P-ABORT; port 2761 (dicom-iscl). Public manuals of an implementation (LEADTOOLS) tell of four protocols:
the line connection, where the server says the version and the greatest packet that it takes, the client answers, and
the smaller size is used; mutual authentication ("three-pass, four-way"): the server challenges, the client answers and
challenges in its turn, the server answers, each proving that it has the common key; messages; line disconnection.

What is chosen here. The octets of ISCL are not public: messages are names with a value. The request for the line is
the connection request of the transport, so the server speaks first. A challenge names the key by its index in a table
of common keys; a client without that index refuses before it answers. An answer is the key that it was made with. The
one who is asked to disconnect may refuse, and the line goes on; who has messages left does so. Two requests that cross
are an agreement. Whoever finds a fault says so in a last message and lets go of the line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..effects import Effect, Tell
from ..kernel import STAY, Action, Branch, Machine, Payload, State, event_kinds, parse_grid

SOURCE: Final = "ISCL V1.00, as far as it is public; else chosen (PS3.15 2017e B.2, retired 2018)"


@dataclass(frozen=True, slots=True)
class IsclLine:
    """What an end knows: the index of its key, the key, and the greatest packet in octets, at first its own.

    `believes` is set for an end that takes any answer, as one who does not have the key would: to be shown, not used.
    """

    index: int = 0
    key: str = ""
    packet: int = 0
    believes: bool = False


GRID: Final = """
                   DOWN   CHECKED  WAITS   CHALLENGED  LINED   ANSWERED  OPEN    ENDING  ASKED   OVER
begin-server       IS-1   .        .       .           .       .         .       .       .       .
begin-client       IS-2   .        .       .           .       .         .       .       .       .
line-check         .      IS-20    IS-3    IS-20       IS-20   IS-20     IS-20   IS-20   IS-20   IS-22
line-answer        .      IS-4     IS-20   IS-20       IS-20   IS-20     IS-20   IS-20   IS-20   IS-22
challenge          .      IS-20    IS-20   IS-20       IS-5    IS-20     IS-20   IS-20   IS-20   IS-22
answer             .      IS-20    IS-20   IS-6        IS-20   IS-20     IS-20   IS-20   IS-20   IS-22
confirm            .      IS-20    IS-20   IS-20       IS-20   IS-7      IS-20   IS-20   IS-20   IS-22
message            .      IS-20    IS-20   IS-20       IS-20   IS-20     IS-9    IS-9    IS-20   IS-22
disconnect         .      IS-20    IS-20   IS-20       IS-20   IS-20     IS-11   IS-12   IS-20   IS-22
disconnect-agreed  .      IS-20    IS-20   IS-20       IS-20   IS-20     IS-20   IS-12   IS-20   IS-22
disconnect-refused .      IS-20    IS-20   IS-20       IS-20   IS-20     IS-20   IS-13   IS-20   IS-22
fault              .      IS-21    IS-21   IS-21       IS-21   IS-21     IS-21   IS-21   IS-21   IS-22
damaged            .      IS-19    IS-19   IS-19       IS-19   IS-19     IS-19   IS-19   IS-19   IS-22
lost               .      IS-18    IS-18   IS-18       IS-18   IS-18     IS-18   IS-18   IS-18   IS-22
send               .      .        .       .           .       .         IS-8    .       .       .
ask                .      .        .       .           .       .         IS-10   .       .       .
agree              .      .        .       .           .       .         .       .       IS-14   .
refuse             .      .        .       .           .       .         .       .       IS-15   .
give-up            .      IS-16    IS-16   IS-16       IS-16   IS-16     IS-17   IS-17   IS-17   IS-22
"""


def _say(message: str) -> Tell:
    return Tell("peer", message)


def _tell(report: str, outcome: str | None = None) -> Tell:
    return Tell("user", report, outcome)


def _action(
    name: str, part: str, description: str, following: str, *effects: Effect, update: str = ""
) -> Action:
    updates = (update,) if update else ()
    return Action(name, part, description, (Branch(following, effects, updates=updates),))


def _judged(name: str, description: str, holds: str, good: Branch, code: str) -> Action:
    """Where what `holds` says is not so, the line is given up with an outcome code."""
    bad = Branch("OVER", (_say("fault"), _tell("failed", code)), when=f"not-{holds}")
    return Action(name, AUTHENTICATION, description, (replace(good, when=holds), bad))


LINE: Final = "line connection"
AUTHENTICATION: Final = "mutual authentication"
MESSAGES: Final = "messages"
DISCONNECTION: Final = "line disconnection"

ACTIONS: Final = {
    action.name: action
    for action in (
        _action(
            "IS-1",
            LINE,
            "ask the client to check the line, with the greatest packet that this end takes",
            "CHECKED",
            Tell("peer", "line-check", carries="packet"),
        ),
        _action("IS-2", LINE, "wait for the server to check the line", "WAITS"),
        _action(
            "IS-3",
            LINE,
            "answer with the smaller of the two sizes",
            "LINED",
            Tell("peer", "line-answer", carries="smaller"),
            update="take-smaller",
        ),
        _action(
            "IS-4",
            LINE,
            "the line stands: challenge the client, naming the key (first pass)",
            "CHALLENGED",
            Tell("peer", "challenge", carries="index"),
            update="take-smaller",
        ),
        _judged(
            "IS-5",
            "where the key is known, answer, and challenge in return (second pass)",
            "same-index",
            Branch("ANSWERED", (Tell("peer", "answer", carries="key"),)),
            "insufficient_security",
        ),
        _judged(
            "IS-6",
            "where the answer was made with the key, answer too (third pass): this end is done",
            "same-key",
            Branch("OPEN", (Tell("peer", "confirm", carries="key"), _tell("secured"))),
            "verify_failed",
        ),
        _judged(
            "IS-7",
            "where the server's answer was made with the key, this end is done too",
            "same-key",
            Branch("OPEN", (_tell("secured"),)),
            "verify_failed",
        ),
        _action("IS-8", MESSAGES, "send a message", "OPEN", Tell("peer", "message", carries="payload")),
        _action("IS-9", MESSAGES, "hand over a message", STAY, Tell("user", "message", carries="payload")),
        _action("IS-10", DISCONNECTION, "ask to disconnect the line", "ENDING", _say("disconnect")),
        _action("IS-11", DISCONNECTION, "the peer asks: the user decides", "ASKED", _tell("asked")),
        _action("IS-12", DISCONNECTION, "both ends agree, asked or by asking both", "OVER", _tell("ended")),
        _action("IS-13", DISCONNECTION, "the peer refuses: the line goes on", "OPEN", _tell("refused")),
        _action("IS-14", DISCONNECTION, "agree", "OVER", _say("disconnect-agreed"), _tell("ended")),
        _action("IS-15", DISCONNECTION, "refuse: the line goes on", "OPEN", _say("disconnect-refused")),
        _action("IS-16", DISCONNECTION, "give up before the line is open", "OVER"),
        _action("IS-17", DISCONNECTION, "let go of the line without asking", "OVER"),
        _action("IS-18", DISCONNECTION, "the line is gone, and nobody agreed to that", "OVER", _tell("cut")),
        _action(
            "IS-19",
            "PS3.15 2017e B.2",
            "an integrity check failed: drop the connection",
            "OVER",
            _say("fault"),
            _tell("failed", "handshake_failed"),
        ),
        _action(
            "IS-20",
            "chosen",
            "a message out of turn: drop the connection",
            "OVER",
            _say("fault"),
            _tell("failed", "handshake_failed"),
        ),
        _action("IS-21", "chosen", "the peer found a fault", "OVER", _tell("failed", "handshake_failed")),
        _action("IS-22", "chosen", "nothing: it is over", STAY),
    )
}


def _same_index(line: IsclLine, index: Payload) -> bool:
    return bool(line.index == index)


def _same_key(line: IsclLine, key: Payload) -> bool:
    return line.believes or bool(line.key == key)


def _smaller(line: IsclLine, packet: Payload) -> Payload:
    return min(line.packet, packet) if isinstance(packet, int) else line.packet


ISCL: Final[Machine[IsclLine]] = Machine(
    name="iscl",
    title="One end of an ISCL line (abstract: never on a wire)",
    source=SOURCE,
    states=(
        State("DOWN", "no line yet", "idle"),
        State("CHECKED", "server: the line check is sent", "establishment"),
        State("WAITS", "client: the line check is to come", "establishment"),
        State("CHALLENGED", "server: the client is challenged", "establishment"),
        State("LINED", "client: the line stands, the challenge is to come", "establishment"),
        State("ANSWERED", "client: answered, and the server is challenged", "establishment"),
        State("OPEN", "the peer is authenticated at this end", "data-transfer"),
        State("ENDING", "asked to disconnect, awaits the answer", "release"),
        State("ASKED", "the peer asked to disconnect, awaits this end's answer", "release"),
        State("OVER", "the line is given up", "closing"),
    ),
    events=event_kinds(
        ("begin-server", "transport", "the transport stands, at the server's end"),
        ("begin-client", "transport", "the transport stands, at the client's end"),
        ("line-check", "peer-pdu", "the server checks the line: its greatest packet"),
        ("line-answer", "peer-pdu", "the client answers: the smaller of both"),
        ("challenge", "peer-pdu", "first pass: the index of the key"),
        ("answer", "peer-pdu", "second pass: made with the key, and a challenge in return"),
        ("confirm", "peer-pdu", "third pass: made with the key"),
        ("message", "peer-pdu", "a message"),
        ("disconnect", "peer-pdu", "the peer asks to disconnect"),
        ("disconnect-agreed", "peer-pdu", "the peer agrees"),
        ("disconnect-refused", "peer-pdu", "the peer refuses"),
        ("fault", "peer-pdu", "the peer found a fault and gives up"),
        ("damaged", "peer-pdu", "a message that fails the integrity check, or is none"),
        ("lost", "transport", "the transport ended"),
        ("send", "local-user", "send a message"),
        ("ask", "local-user", "ask to disconnect"),
        ("agree", "local-user", "agree to disconnect"),
        ("refuse", "local-user", "refuse to disconnect"),
        ("give-up", "local-user", "let go of the transport without asking"),
    ),
    cells=parse_grid(GRID),
    actions=ACTIONS,
    initial="DOWN",
    context=IsclLine(),
    cell_clause=SOURCE,
    guards={
        "same-index": _same_index,
        "not-same-index": lambda line, index: not _same_index(line, index),
        "same-key": _same_key,
        "not-same-key": lambda line, key: not _same_key(line, key),
    },
    updates={"take-smaller": lambda line, packet: replace(line, packet=_smaller(line, packet))},
    selectors={
        "packet": lambda line, _payload: line.packet,
        "smaller": _smaller,
        "index": lambda line, _payload: line.index,
        "key": lambda line, _payload: line.key,
    },
)
