"""From a script to the case of a requestor: what its request and its messages decide is made when they have come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from dicomnet.statemachine import AAssociateRQ, PresentationContextRQ

from ..case import REQUESTOR, AwaitUser, Check, Send
from ..cases import checks as acceptor_checks
from ..cases import requestor_checks as checks
from ..cases.data import fragmented
from ..cases.requestor_build import acceptance_of, contexts_of, of_message
from ..conversation import Asked, accept, response
from ..evidence import Evidence
from ..requestor import ACCEPTS, ANSWERS, CALLED
from .acceptance import OF_CONTEXTS
from .called_stream import REJECTED, CalledStream
from .compiler import Compiler
from .framed import AC, Heard, TooWideError
from .script import ANSWER

CHANGED: Final = (
    "it proposes other contexts than in the healthy association before: what was drawn does not fit"
)
# Nobody knows whether the user has gone on, or has given up: a PDU that has only begun may be refused.
ANYWHERE: Final = ("Sta13",)
WAITS: Final = {
    "data": AwaitUser("Evt9"),
    "release": AwaitUser("Evt11"),
    "serve": AwaitUser("Evt11", prefix=False, free=True),
}


# It is the same each time, and what is wrong in it is said once, behind all that depends on what was sent.
OF_REQUEST: Final = (
    checks.VERSION,
    checks.APPLICATION_NAME,
    checks.TITLES,
    checks.RESERVED,
    checks.ITEM_ORDER,
    checks.IDS,
    checks.SYNTAXES,
    checks.MAXIMUM,
    checks.CLASS,
    checks.VERSION_NAME,
    checks.NEGOTIATED,
)


class CalledCompiler(Compiler[CalledStream]):
    """For a requestor that asks for this association."""

    def __init__(self, titles: tuple[str, str], request: AAssociateRQ) -> None:
        super().__init__(titles, CalledStream(request), REQUESTOR, CALLED)
        self._request = request
        self._free = False

    def hear(self, octets: bytes) -> Heard:
        """See `Compiler`."""
        return self.stream.send(octets, ANYWHERE if self._free else self.oracle.states())

    def send(self, step: Send, odd: frozenset[str] = frozenset()) -> None:
        """See `Compiler`: a drawn acceptance was made for this request, and for no other."""
        if step.made is None and step.octets[:1] == bytes((AC,)):
            step = replace(step, made=_for_request(self._request, step.octets))
        super().send(step, odd)

    def word(self, act: str) -> None:
        """See `Compiler`. Of a stream that is torn nobody can say what one more PDU would be."""
        if self.stream.torn:
            raise TooWideError
        if act in WAITS:
            self._wait_for(WAITS[act], free=act == "serve")
        elif act == "accept":
            self.stream.accepted(acceptance_of(self._request, contexts_of(self._request)))
            self.send(replace(ACCEPTS, made=accept))
        else:
            made = response if act == ANSWER else of_message(_cut(act.removeprefix(f"{ANSWER}-")))
            self.send(Send(ANSWERS.what, b"", self.stream.answer, made=made))

    def _wait_for(self, step: AwaitUser, *, free: bool) -> None:
        last = self.steps[-1]
        if free or (isinstance(last, Send) and last.made is not accept):
            # What the user does next is to be seen behind what answers this, not before it.
            self.wait(quiet=False)
        self.add(step)
        self.oracle.settle()
        self.stream.rested()
        if free:
            self._free = True
        else:
            self.oracle.acts(step.event)

    def checks(self) -> tuple[Check, ...]:
        """See `Compiler`."""
        return (*self._of_data(), checks.PATIENT, *OF_REQUEST)

    def _of_data(self) -> list[Check]:
        first = self.stream.first
        if first is None:
            return []
        if first is REJECTED:
            return [checks.NO_DATA]
        made = [checks.IN_ORDER, acceptor_checks.EVEN_FRAGMENTS]
        if first.maximum is not None:
            made.append(acceptor_checks.data_within(first.maximum))
        if not first.odd & OF_CONTEXTS:
            made += [checks.ON_ACCEPTED, checks.AGREED]
        return made


def _cut(how: str) -> Callable[[Asked], bytes]:
    def made(asked: Asked) -> bytes:
        ways = fragmented(asked.context_id, asked.command())
        return next(octets for name, _, octets, _ in ways if name == how)

    return made


def _for_request(request: AAssociateRQ, octets: bytes) -> Callable[[Evidence], bytes | str]:
    """The octets, or that the target asks for something else today."""
    wanted = _contexts(request)

    def made(evidence: Evidence) -> bytes | str:
        said = evidence.request()
        return octets if said is not None and _contexts(said) == wanted else CHANGED

    return made


def _contexts(request: AAssociateRQ) -> tuple[PresentationContextRQ, ...]:
    return request.presentation_contexts
