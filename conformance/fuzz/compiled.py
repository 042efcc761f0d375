"""From a script to an ordinary case: what each act may be taken for, and what the answers must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dicomnet.statemachine import (
    HEADER_LENGTH,
    AAssociateRQ,
    CEchoRSP,
    PresentationContextRQ,
)

from ..case import Await, Case, Check, Close, Connect, Finding, Grade, HalfClose, Reset, Send, Step
from ..cases import checks, undecoded
from ..cases.associate_ac import NO_SOP_CLASS, NO_SYNTAX
from ..cases.build import PS37
from ..evidence import NAMES, Evidence, not_an_echo_response
from ..octets import with_titles
from ..oracle import Oracle
from .request import Proposal, is_served
from .script import PLAIN, Say, Script
from .stream import Stream, TooWideError

# More ways to go on than this are not waited out: the next act first waits for the answers.
CROWDED: Final = 100
TOO_CROWDED: Final = 800
CLAUSE: Final = "PS3.8 2020 Table 9-10, 9.3"
HELD_BACK: Final = "the answer to a whole PDU is held back until the PDU behind it is whole"
# A window that the request states and that the answer keeps, in the checks of the acceptance.
ODD_FOR_CHECKS: Final = frozenset({"version without bit 0"})


@dataclass(frozen=True, slots=True)
class Compiled:
    """A case, and for each of its steps what is odd in its octets, and how many acts of the script led there.

    `lenient_from` is the position from which on nothing is a MUST.
    """

    case: Case
    odd: tuple[frozenset[str], ...]
    acts: tuple[int, ...]
    lenient_from: int

    def until(self, position: int, script: Script) -> Script:
        """The part of the script that a run needs which ends at this step."""
        return Script(script.acts[: max(self.acts[min(position, len(self.acts) - 1)], 1)])

    def odd_until(self, position: int) -> frozenset[str]:
        """What is odd in all that was sent by this step."""
        return frozenset[str]().union(*self.odd[: position + 1])

    def odd_at(self, position: int) -> frozenset[str]:
        """What is odd in what was sent last, at this step or before it, with nothing waited for in between."""
        steps = self.case.steps
        last = position
        while last > 0 and not isinstance(steps[last], Send):
            last -= 1
        first = last
        while first > 0 and isinstance(steps[first - 1], Send):
            first -= 1
        return frozenset[str]().union(*self.odd[first : last + 1])


def compiled(script: Script, called: str, calling: str) -> Compiled:
    """The case of a script, for a target of these AE titles. What would be too wide to judge is left out at its end."""
    return _Compiler(called, calling).compile(script)


def case_of(script: Script, called: str = "ANY-SCP", calling: str = "DICOMNET") -> Case:
    """The case of a script: an ordinary one, that `CaseRun` runs."""
    return compiled(script, called, calling).case


class _Compiler:
    def __init__(self, called: str, calling: str) -> None:
        self._titles = called, calling
        self._stream = Stream(called, calling)
        self._oracle = Oracle(track=False)
        self._steps: list[Step] = [Connect()]
        self._odd: list[frozenset[str]] = [frozenset()]
        self._acts: list[int] = [0]
        self._done = 0
        self._oracle.connected()
        self._open_end = False
        self._request: bytes = b""

    def compile(self, script: Script) -> Compiled:
        """Act by act; a half-close, and what is behind it, is no MUST."""
        lenient = len(script.acts) * 3 + 3
        try:
            for act in script.acts:
                self._done += 1
                match act:
                    case Say():
                        self._say(act)
                    case "half-close":
                        lenient = min(lenient, len(self._steps))
                        self._add(HalfClose())
                        self._oracle.ended()
                    case _:
                        step = PLAIN[act]
                        if isinstance(step, Await):
                            self._wait(quiet=step.quiet)
                        else:
                            self._add(step)
            if not isinstance(self._steps[-1], (Close, Reset)):
                self._wait(quiet=True)
        except (TooWideError, AssertionError):
            self._wait(quiet=True)
        case = Case(
            f"fuzz.{script.token()[-12:]}",
            "a drawn script",
            CLAUSE,
            "What is sent is answered as Table 9-10 says, whichever way it may be taken.",
            tuple(self._steps),
            checks=self._checks(),
            kind="fuzz",
        )
        return Compiled(case, tuple(self._odd), tuple(self._acts), lenient)

    def _add(self, step: Step, odd: frozenset[str] = frozenset()) -> None:
        self._steps.append(step)
        self._odd.append(odd)
        self._acts.append(self._done)

    def _wait(self, *, quiet: bool) -> None:
        last = self._steps[-1]
        if isinstance(last, Await):
            if quiet and not last.quiet:
                self._steps[-1] = Await(quiet=True, late=last.late)
                self._acts[-1] = self._done
            return
        if isinstance(last, (Close, Reset)):
            return
        self._add(Await(quiet=quiet, late=HELD_BACK if self._open_end else ""))
        self._oracle.settle()
        self._stream.rested()
        self._open_end = False

    def _say(self, act: Say) -> None:
        octets = with_titles(act.octets, *self._titles)
        if len(self._oracle.hypotheses) > CROWDED:
            self._wait(quiet=False)
        heard = self._stream.send(octets, self._oracle.states())
        self._oracle.sent(heard.readings)
        if len(self._oracle.hypotheses) > TOO_CROWDED:
            raise TooWideError
        self._open_end = self._open_end or heard.open_end
        if len(self._steps) == 1:
            self._request = octets
        self._add(Send(_named(octets, heard.odd), octets, heard.readings, act.pieces), heard.odd)

    # --- checks ------------------------------------------------------------------------------------------

    def _checks(self) -> tuple[Check, ...]:
        """What an acceptance and the answers to C-ECHO requests must hold."""
        stream, first = self._stream, self._stream.first
        if first is None or first.request is None or first.odd & ODD_FOR_CHECKS:
            return ()
        if first.free:
            even = [each.id for each in first.request.presentation_contexts if each.id % 2 == 0]
            return tuple(checks.not_accepted(number, "its id is even") for number in even)
        length = HEADER_LENGTH + int.from_bytes(self._request[2:HEADER_LENGTH], "big")
        whole = self._request[:1] == b"\1" and length <= len(self._request)
        made = [
            checks.AC_FORM,
            undecoded.NAMES_NOT_PADDED,
            undecoded.SYNTAXES_NOT_PADDED,
            undecoded.ONE_SYNTAX,
        ]
        if whole:
            made.append(checks.AC_REPEATS)
        made += _negotiated(first, first.request)
        made += _contexts(first.request)
        maximum = first.user.max_length or 0
        if maximum == 0 or not first.cramped:
            made.append(checks.data_within(maximum))
        if not stream.wild:
            made += [echo_responses(tuple(stream.echoes)), checks.IMPLICIT_COMMANDS, checks.EVEN_FRAGMENTS]
        return tuple(made)


def _negotiated(first: Proposal, request: AAssociateRQ) -> Iterator[Check]:
    user = request.user_information
    yield checks.NO_COMMON_EXTENDED
    if not first.odd & {"asynchronous window", "role selection", "extended negotiation", "user identity"}:
        yield checks.UNINVITED
    if user.async_window is not None:
        yield checks.window_within(*user.async_window)
    if len(user.roles) == 1:
        (role,) = user.roles
        yield checks.roles_within(role.sop_class_uid, role.scu_role, role.scp_role)


def _contexts(request: AAssociateRQ) -> Iterator[Check]:
    contexts = request.presentation_contexts
    yield checks.one_answer_each(*(context.id for context in contexts))
    for context in contexts:
        yield checks.syntax_among(context.id, *context.transfer_syntaxes)
    served = [context.id for context in contexts if is_served(context)]
    if served:
        yield checks.is_accepted(*served)
    for context in contexts:
        yield from _refused(context)


def _refused(context: PresentationContextRQ) -> Iterator[Check]:
    """Names of the project's own: no device serves them, and the result says why."""
    unknown_class = context.abstract_syntax == NO_SOP_CLASS
    unknown_syntax = set(context.transfer_syntaxes) == {NO_SYNTAX}
    if unknown_class and not unknown_syntax:
        yield checks.result_of(context.id, 3, right=(1, 2), accepted_is=Grade.NON_STRICT)
    elif unknown_syntax and not unknown_class:
        yield checks.result_of(context.id, 4, right=(1, 2, 3), accepted_is=Grade.NON_STRICT)


def echo_responses(requests: tuple[tuple[int, int], ...]) -> Check:
    """Every response answers one of these requests (context, Message ID), in their order, with success."""

    def look(evidence: Evidence) -> Iterator[Finding]:
        clause = f"{PS37} 9.3.5.2, Table 9.3-13"
        left = list(requests)
        for context_id, response in checks.whole_commands(evidence):
            if not isinstance(response, CEchoRSP):
                yield Finding(clause, f"the answer is {not_an_echo_response(response)}")
                continue
            answered = context_id, response.message_id_responded_to
            if answered not in left:
                text = (
                    f"an answer to message {answered[1]} on context {answered[0]}, where none was asked for"
                )
                yield Finding(clause, text)
            else:
                del left[: left.index(answered) + 1]
            if response.status != 0:
                yield Finding(
                    f"{PS37} 9.1.5.1.4", f"status 0x{response.status:04X} instead of success (0x0000)"
                )

    return Check("each C-ECHO response names its request: same context, Message ID, status success", look)


def _named(octets: bytes, odd: frozenset[str]) -> str:
    name = NAMES.get(octets[0], "octets")
    return f"{name} ({', '.join(sorted(odd))})" if odd else name
