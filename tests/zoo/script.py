"""Plays a script of octets to an acceptor in memory and writes down, in a few words, what came back.

The words: AC (accepted, context 1 with implicit VR and nothing else in it; otherwise what is in it, each
context as id:result and the letter of its transfer syntax), RJ and AB with their codes, RSP with
context:message id/status (xN where it came in N PDUs, an exclamation mark where one was longer than
allowed), RP, BAD (no PDU), END or RESET and after how many seconds.
"""

from __future__ import annotations

from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    AAbort,
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    AReleaseRP,
    CEchoRSP,
    Framer,
    Limits,
    PDataTF,
    Pdu,
    UserInformation,
    Violation,
    decode,
    decode_command,
)
from dicomnet.transports import MemoryTransport, Transport

from .acceptor import PlainAcceptor


class AndEnd(bytes):
    """Octets with the FIN right behind them."""


class AtOnce(int):
    """So many connections more, all at the same moment."""


Step = bytes | float | int | str
"""Octets to send; seconds to wait (float); the connection to use from now on (int);
"end" to half-close, "close", or "reset"."""

STEP_SECONDS = 1.0
LAST_SECONDS = 100.0
_LETTERS = {IMPLICIT_LE: "I", EXPLICIT_LE: "E"}


class Client:
    """One connection of the script, and what came back on it."""

    def __init__(self, carrier: Transport, acceptor: PlainAcceptor) -> None:
        self._carrier = carrier
        self._began = carrier.now()
        self._framer = Framer(Limits(data=0))
        self._request = b""
        self._command = b""
        self._pdus = 0
        self._too_long = False
        self._maximum = 0
        self.words: list[str] = []
        self.opened = False
        self.link = carrier.connect(acceptor.address, self)

    def send(self, octets: bytes) -> None:
        """Send; of a request is kept what the answers have to agree with."""
        if octets[:1] == b"\1" and len(octets) > 74:
            self._request = octets[10:74]
            request = decode(octets)
            if isinstance(request, AAssociateRQ):
                self._maximum = request.user_information.max_length or 0
        self.link.send(octets)

    def on_open(self) -> None:
        """See `LinkHandler`."""
        self.opened = True

    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self.words.append(code)

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        for pdu, raw in self._framer.feed(octets):
            word = self._word(pdu, raw)
            if word:
                self.words.append(word)

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self.words.append(f"END@{self._carrier.now() - self._began:.0f}")

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self.words.append(f"RESET@{self._carrier.now() - self._began:.0f}")

    def transcript(self) -> str:
        """All of it."""
        return " ".join(self.words) if self.opened or self.words else "never taken"

    def _word(self, pdu: Pdu | Violation, raw: bytes) -> str:
        if isinstance(pdu, AAssociateAC):
            return self._accept_word(pdu, raw)
        if isinstance(pdu, AAssociateRJ):
            return f"RJ{pdu.result}/{pdu.source}/{pdu.reason}"
        if isinstance(pdu, AAbort):
            return f"AB{pdu.source}/{pdu.reason}"
        if isinstance(pdu, AReleaseRP):
            return "RP"
        if isinstance(pdu, PDataTF):
            return self._data_word(pdu, raw)
        return "BAD"

    def _accept_word(self, pdu: AAssociateAC, raw: bytes) -> str:
        contexts = ",".join(
            f"{context.id}:{context.result}{_LETTERS.get(context.transfer_syntax or '', '?')}"
            for context in pdu.presentation_contexts
        )
        oddities = ["-title"] if raw[10:74] != self._request else []
        if pdu.protocol_version != 1:
            oddities.append(f"-v{pdu.protocol_version}")
        answer = f"{contexts}{''.join(oddities)}{_user_word(pdu.user_information)}"
        return "AC" if answer == "1:0I" else f"AC({answer})"

    def _data_word(self, pdu: PDataTF, raw: bytes) -> str:
        """Nothing before the last fragment; an exclamation mark where a PDU was longer than allowed."""
        (pdv,) = pdu.pdvs
        self._command += pdv.fragment
        self._pdus += 1
        self._too_long |= 0 < self._maximum < len(raw) - 6
        if not pdv.is_last:
            return ""
        command = decode_command(self._command)
        word = f"BAD{pdv.context_id}"
        if isinstance(command, CEchoRSP):
            word = f"RSP{pdv.context_id}:{command.message_id_responded_to}/{command.status:x}"
        word += (f"x{self._pdus}" if self._pdus > 1 else "") + ("!" if self._too_long else "")
        self._command, self._pdus = b"", 0
        return word


def _user_word(user: UserInformation) -> str:
    words: list[str] = []
    if user.max_length is None:
        words.append("-max")
    if user.implementation_class_uid is None:
        words.append("-class")
    if user.async_window is not None:
        words.append("+window{}/{}".format(*user.async_window))
    words += [f"+role{role.scu_role}{role.scp_role}" for role in user.roles]
    if user.user_identity_response is not None:
        words.append("+identity")
    return "".join(words)


def play(kind: type[PlainAcceptor], steps: list[Step]) -> str:
    """What each connection of the script saw, separated by bars; times are since its beginning."""
    carrier = MemoryTransport()
    acceptor = kind(carrier)
    clients: list[Client] = []

    def use(number: int) -> Client:
        if number == len(clients):
            clients.append(Client(carrier, acceptor))
            carrier.run(lambda: False, 0.0)
        return clients[number]

    client = use(0)
    for step in steps:
        if isinstance(step, bytes):
            client.send(step)
            if isinstance(step, AndEnd):
                client.link.half_close()
        elif isinstance(step, AtOnce):
            clients.extend(Client(carrier, acceptor) for _ in range(step))
            continue
        elif isinstance(step, int):
            client = use(step)
            continue
        elif step == "end":
            client.link.half_close()
        elif step == "close":
            client.link.close()
        elif step == "reset":
            client.link.reset()
        carrier.run(lambda: False, step if isinstance(step, float) else STEP_SECONDS)
    carrier.run(lambda: False, LAST_SECONDS)
    return " | ".join(each.transcript() for each in clients)
