"""From a script to the case of an acceptor, or of a requestor where its request is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomnet.statemachine import (
    HEADER_LENGTH,
    AAssociateRQ,
    CEchoRSP,
    PresentationContextRQ,
)

from ..case import ACCEPTOR, Case, Check, Connect, Finding, Grade
from ..cases import checks, undecoded
from ..cases.associate_ac import NO_SOP_CLASS, NO_SYNTAX
from ..cases.build import PS37
from ..evidence import Evidence, not_an_echo_response
from .called import CalledCompiler
from .compiler import Compiled, Compiler
from .framed import Heard
from .request import Proposal, is_served
from .script import Script
from .stream import Stream

# A window that the request states and that the answer keeps, in the checks of the acceptance.
ODD_FOR_CHECKS: Final = frozenset({"version without bit 0"})


def compiled(script: Script, called: str, calling: str, request: AAssociateRQ | None = None) -> Compiled:
    """The case of a script, for a target of these AE titles. What would be too wide to judge is left out at its end.

    A requestor is a target whose `request` is given, as it is when it calls. Raises `ScriptError` for acts that a
    target of this kind does not know.
    """
    if request is not None:
        return CalledCompiler((called, calling), request).compile(script)
    return _AcceptorCompiler((called, calling)).compile(script)


def case_of(
    script: Script, called: str = "ANY-SCP", calling: str = "DICOMNET", request: AAssociateRQ | None = None
) -> Case:
    """The case of a script: an ordinary one, that `CaseRun` runs. See `compiled`."""
    return compiled(script, called, calling, request).case


class _AcceptorCompiler(Compiler[Stream]):
    def __init__(self, titles: tuple[str, str]) -> None:
        super().__init__(titles, Stream(*titles), ACCEPTOR, (Connect(),))
        self._request: bytes = b""

    def hear(self, octets: bytes) -> Heard:
        """See `Compiler`."""
        if len(self.steps) == 1:
            self._request = octets
        return super().hear(octets)

    def checks(self) -> tuple[Check, ...]:
        """What an acceptance and the answers to C-ECHO requests must hold."""
        stream, first = self.stream, self.stream.first
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
