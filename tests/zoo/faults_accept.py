"""Faults in the A-ASSOCIATE-AC."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    VERIFICATION,
    AAssociateRQ,
    PresentationContextRQ,
)

from .acceptor import Answer, Connection, PlainAcceptor, item, role_selection

# --- presentation contexts ---------------------------------------------------------------------------------


class ExtraContext(PlainAcceptor):
    """The acceptance answers a context that was not proposed. PS3.8 2020 9.3.3.2, Table 9-18."""

    fault = "extra-context"
    expects = "ac-fields contexts"

    def answers(self, request: AAssociateRQ) -> list[Answer]:
        """One more, with the next free id."""
        answers = super().answers(request)
        used = {answer.id for answer in answers}
        free = next((number for number in range(1, 257, 2) if number not in used), None)
        return answers if free is None or free > 255 else [*answers, Answer(free, 3, IMPLICIT_LE)]


class MissingContext(PlainAcceptor):
    """Contexts that are not accepted are left out of the acceptance.

    PS3.8 2020 9.3.3.2: each has its answer.
    """

    fault = "missing-context"
    expects = "ac-fields contexts"

    def answers(self, request: AAssociateRQ) -> list[Answer]:
        """Those that are accepted, or all where none is."""
        answers = super().answers(request)
        return [answer for answer in answers if answer.result == 0] or answers


class HighIdsLost(PlainAcceptor):
    """Context ids above 127 are read as negative numbers and left out. PS3.8 2020 Table 9-13: 1 to 255."""

    fault = "high-context-ids-lost"
    expects = "context-ids"

    def answers(self, request: AAssociateRQ) -> list[Answer]:
        """A signed octet."""
        answers = super().answers(request)
        return [answer for answer in answers if answer.id < 128] or answers[:1]


class ContextsMergedByAbstractSyntax(PlainAcceptor):
    """Of two contexts with one abstract syntax only the last is answered. PS3.8 2020 9.3.3.2."""

    fault = "contexts-merged"
    expects = "contexts"

    def answers(self, request: AAssociateRQ) -> list[Answer]:
        """A table with the abstract syntax as its key."""
        last = {context.abstract_syntax: context for context in request.presentation_contexts}
        return [self.answer(context) for context in last.values()]


class UnsupportedAccepted(PlainAcceptor):
    """A context with an abstract syntax that is not supported is accepted.

    PS3.8 2020 Table 9-18: result 3.
    """

    fault = "unsupported-abstract-syntax-accepted"
    expects = "contexts"

    def answer(self, context: PresentationContextRQ) -> Answer:
        """Any abstract syntax is as good as Verification."""
        return super().answer(replace(context, abstract_syntax=VERIFICATION))


class TransferSyntaxNotProposed(PlainAcceptor):
    """The accepted transfer syntax is a favourite, proposed or not.

    PS3.8 2020 9.3.3.2: one of those proposed.
    """

    fault = "transfer-syntax-not-proposed"
    expects = "contexts"

    def answer(self, context: PresentationContextRQ) -> Answer:
        """Explicit VR where that was not proposed, and the other way round."""
        answer = super().answer(context)
        if answer.result:
            return answer
        other = EXPLICIT_LE if EXPLICIT_LE not in context.transfer_syntaxes else "1.2.840.10008.1.2.2"
        return replace(answer, transfer_syntax=other)


class UnknownTransferSyntaxAccepted(PlainAcceptor):
    """A context with no known transfer syntax is accepted with the default one.

    PS3.8 2020 Table 9-18: result 4.
    """

    fault = "unknown-transfer-syntax-accepted"
    expects = "contexts"

    def answer(self, context: PresentationContextRQ) -> Answer:
        """Everybody knows implicit VR."""
        answer = super().answer(context)
        return replace(answer, result=0) if answer.result == 4 else answer


class ResultsSwapped(PlainAcceptor):
    """Result 4 for an abstract syntax that is not supported, 3 for transfer syntaxes.

    PS3.8 2020 Table 9-18.
    """

    fault = "context-results-swapped"
    expects = "contexts"

    def answer(self, context: PresentationContextRQ) -> Answer:
        """Mix them up."""
        answer = super().answer(context)
        return replace(answer, result={3: 4, 4: 3}.get(answer.result, answer.result))


class ReservedContextResult(PlainAcceptor):
    """A context is refused with a result that does not exist. PS3.8 2020 Table 9-18: 0 to 4."""

    fault = "context-result-reserved"
    expects = "contexts"

    def answer(self, context: PresentationContextRQ) -> Answer:
        """A number from elsewhere."""
        answer = super().answer(context)
        return replace(answer, result=7) if answer.result else answer


# --- the rest of the PDU -----------------------------------------------------------------------------------


class _FaultyUserItems(PlainAcceptor):
    """Sends further sub-items, or leaves one out."""

    without: ClassVar[int] = 0

    def further_items(self, request: AAssociateRQ) -> list[bytes]:
        """What is put behind the right sub-items."""
        return []

    def user_items(self, request: AAssociateRQ) -> list[bytes]:
        """The right sub-items, and then what is wrong."""
        items = [each for each in super().user_items(request) if each[0] != self.without]
        return items + self.further_items(request)


class AsyncWindowUninvited(_FaultyUserItems):
    """An asynchronous operations window in the acceptance that was not proposed. PS3.7 2020 D.3.3.3."""

    fault = "async-window-uninvited"
    expects = "ac-fields negotiation"

    def further_items(self, request: AAssociateRQ) -> list[bytes]:
        """Always tell one's window."""
        return [item(0x53, b"\0\1\0\1")] if request.user_information.async_window is None else []


class AsyncWindowWidened(PlainAcceptor):
    """The window answered is larger than the one proposed. PS3.7 2020 D.3.3.3: it may only be narrowed."""

    fault = "async-window-widened"
    expects = "negotiation"

    def user_items(self, request: AAssociateRQ) -> list[bytes]:
        """0 stands for no limit at all."""
        items = super().user_items(request)
        return [item(0x53, bytes(4)) if each[0] == 0x53 else each for each in items]


class RoleUninvited(_FaultyUserItems):
    """A role selection in the acceptance that was not proposed. PS3.7 2020 D.3.3.4."""

    fault = "role-uninvited"
    expects = "ac-fields negotiation"

    def further_items(self, request: AAssociateRQ) -> list[bytes]:
        """Always tell one's roles."""
        return [] if request.user_information.roles else [role_selection(0, 1)]


class RoleNotProposedGranted(PlainAcceptor):
    """A role is granted that was proposed as 0. PS3.7 2020 D.3.3.4: 1 only where 1 was proposed."""

    fault = "role-not-proposed-granted"
    expects = "negotiation"

    def role_item(self, scu_role: int, scp_role: int) -> bytes:
        """Both, whatever was asked."""
        return role_selection(1, 1)


class IdentityResponseUninvited(_FaultyUserItems):
    """A user identity response that nobody asked for. PS3.7 2020 D.3.3.7."""

    fault = "identity-response-uninvited"
    expects = "ac-fields negotiation"

    def further_items(self, request: AAssociateRQ) -> list[bytes]:
        """Always answer."""
        identity = request.user_information.user_identity
        return [] if identity is not None and identity.response_requested else [item(0x59, b"\0\0")]


class NoMaximumLength(_FaultyUserItems):
    """An acceptance without the maximum length sub-item. PS3.8 2020 D.1: it is mandatory."""

    fault = "ac-without-maximum-length"
    expects = "ac-fields"
    without: ClassVar[int] = 0x51


class NoImplementationClass(_FaultyUserItems):
    """An acceptance without the implementation class UID. PS3.7 2020 D.3.3.2: it is mandatory."""

    fault = "ac-without-implementation-class-uid"
    expects = "ac-fields"
    without: ClassVar[int] = 0x52


class TitlesNotRepeated(PlainAcceptor):
    """The acceptance does not repeat the titles of the request. PS3.8 2020 Table 9-17: the same octets."""

    fault = "ac-titles-not-repeated"
    expects = "ac-fields"

    def repeated(self, raw: bytes) -> bytes:
        """Nothing instead."""
        return bytes(64)


class AcceptVersionZero(PlainAcceptor):
    """Protocol version 0 in the acceptance. PS3.8 2020 Table 9-17: bit 0 is set."""

    fault = "ac-version-zero"
    expects = "ac-fields version"

    def accept_octets(self, raw: bytes, answers: list[Answer], user_items: bytes) -> bytes:
        """Leave the version out."""
        octets = super().accept_octets(raw, answers, user_items)
        return octets[:6] + b"\0\0" + octets[8:]


class AcceptTwice(PlainAcceptor):
    """The A-ASSOCIATE-AC is sent twice. PS3.8 2020 Table 9-6, AE-7: once."""

    fault = "accepts-twice"
    expects = "ac-fields"

    def send_accept(self, at: Connection, octets: bytes) -> None:
        """And again."""
        super().send_accept(at, octets + octets)


FAULTS: tuple[type[PlainAcceptor], ...] = (
    ExtraContext,
    MissingContext,
    HighIdsLost,
    ContextsMergedByAbstractSyntax,
    UnsupportedAccepted,
    TransferSyntaxNotProposed,
    UnknownTransferSyntaxAccepted,
    ResultsSwapped,
    ReservedContextResult,
    AsyncWindowUninvited,
    AsyncWindowWidened,
    RoleUninvited,
    RoleNotProposedGranted,
    IdentityResponseUninvited,
    NoMaximumLength,
    NoImplementationClass,
    TitlesNotRepeated,
    AcceptVersionZero,
    AcceptTwice,
)
