"""Faults in reading and judging an A-ASSOCIATE-RQ."""

from __future__ import annotations

from typing import ClassVar

from dicomnet.statemachine import AAssociateRQ, Pdu, Violation

from .acceptor import Codes, Connection, PlainAcceptor
from .mishaps import CrashingAcceptor

ITEMS_AT = 74
USER_INFORMATION = 0x50
KNOWN_ITEMS = frozenset({0x10, 0x20, USER_INFORMATION})
KNOWN_USER_ITEMS = frozenset(range(0x51, 0x5A))


def items_of(octets: bytes) -> list[tuple[int, bytes]]:
    """The type and the value of each item; the octets are known to be sound."""
    items: list[tuple[int, bytes]] = []
    start = 0
    while start < len(octets):
        end = start + 4 + int.from_bytes(octets[start + 2 : start + 4], "big")
        items.append((octets[start], octets[start + 4 : end]))
        start = end
    return items


class _PickyAcceptor(PlainAcceptor):
    """Refuses requests for what it ought not to look at; by an A-ABORT unless said otherwise."""

    def dislikes(self, raw: bytes) -> bool:
        """Whether the request is refused."""
        raise NotImplementedError

    def refuse(self, at: Connection) -> None:
        """How it is refused."""
        self.abort(at, 2, 6)

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """Look at it first."""
        if self.dislikes(raw):
            self.refuse(at)
        else:
            super().request_received(at, request, raw)


# --- what is to be skipped or not to be tested -------------------------------------------------------------


class VersionByEquality(PlainAcceptor):
    """A request with further version bits beside bit 0 is rejected.

    PS3.8 2020 Table 9-11: test bit 0 only.
    """

    fault = "version-by-equality"
    expects = "version"

    def knows_version(self, version: int) -> bool:
        """Compare the field as a number."""
        return version == 1


class VersionNotTested(PlainAcceptor):
    """A request without version 1 is accepted. PS3.8 2020 Table 9-11 and AE-6."""

    fault = "version-not-tested"
    expects = "version"

    def knows_version(self, version: int) -> bool:
        """Never look."""
        return True


class UnknownItemRefused(_PickyAcceptor):
    """An item of an unknown type in the request makes it invalid. PS3.8 2020 9.3.1: skip it."""

    fault = "unknown-item-refused"
    expects = "items"

    def dislikes(self, raw: bytes) -> bool:
        """Any top-level item that is not known."""
        return any(kind not in KNOWN_ITEMS for kind, _ in items_of(raw[ITEMS_AT:]))


class UnknownUserItemRefused(_PickyAcceptor):
    """An unknown sub-item of the user information gets the request rejected. PS3.8 2020 9.3.1: skip it."""

    fault = "unknown-user-item-refused"
    expects = "items"

    def dislikes(self, raw: bytes) -> bool:
        """Any sub-item of the user information that is not known."""
        return any(
            sub_kind not in KNOWN_USER_ITEMS
            for kind, value in items_of(raw[ITEMS_AT:])
            if kind == USER_INFORMATION
            for sub_kind, _ in items_of(value)
        )

    def refuse(self, at: Connection) -> None:
        """Reject it."""
        self.reject(at, (1, 1, 1))


class ReservedFieldsTested(_PickyAcceptor):
    """A request whose reserved octets are not zero is aborted. PS3.8 2020 Table 9-11: they are not tested."""

    fault = "reserved-fields-tested"
    expects = "reserved"

    def dislikes(self, raw: bytes) -> bool:
        """The reserved octets of the header and of the fixed part."""
        return any(raw[1:2] + raw[8:10] + raw[42:74])


class UserItemOrderTested(_PickyAcceptor):
    """User information that does not begin with the maximum length is aborted.

    PS3.8 2020 9.3.2.3: the order of the sub-items has no meaning.
    """

    fault = "user-item-order-tested"
    expects = "items"

    def dislikes(self, raw: bytes) -> bool:
        """Anything but 0x51 in front."""
        return any(
            kind == USER_INFORMATION and value[:1] != b"\x51" for kind, value in items_of(raw[ITEMS_AT:])
        )


# --- AE titles ---------------------------------------------------------------------------------------------


class TitleNotTrimmed(PlainAcceptor):
    """Spaces before the called AE title count. PS3.8 2020 Table 9-11, PS3.5 2020 6.2: they do not."""

    fault = "ae-title-not-trimmed"
    expects = "ae-title"

    def is_called(self, title: str, raw: bytes) -> bool:
        """Compare all sixteen octets."""
        return raw[10:26] == self.aet.encode("ascii").ljust(16)


class TitleCutAtSpace(PlainAcceptor):
    """The called AE title is cut at its first space, so "ZOO X" is taken for "ZOO".

    PS3.5 2020 6.2: only spaces around a title do not count.
    """

    fault = "ae-title-cut-at-space"
    expects = "ae-title"

    def is_called(self, title: str, raw: bytes) -> bool:
        """Trim too much."""
        return title.partition(" ")[0] == self.aet


class FullLengthTitleAborts(_PickyAcceptor):
    """A title that fills its sixteen octets, with no space behind it, is invalid. PS3.8 2020 Table 9-11."""

    fault = "full-length-title-aborts"
    expects = "ae-title"

    def dislikes(self, raw: bytes) -> bool:
        """A buffer that is one octet too short."""
        return raw[25:26] != b" " or raw[41:42] != b" "


class BlankTitleCrashes(CrashingAcceptor):
    """A title of spaces alone brings the server down. PS3.8 2020 7.1.1.3 and 7.1.1.4: reject the request."""

    fault = "blank-title-crashes"
    expects = "ae-title listener"

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """The first character of an empty text."""
        if request.called_ae_title and request.calling_ae_title:
            super().request_received(at, request, raw)
        else:
            self.crash()


class ControlCharacterCloses(PlainAcceptor):
    """A control character in the calling AE title closes the connection without a word.

    PS3.8 2020 Table 9-10, Evt6 in Sta2: AE-6 ends in an answer, whatever it is.
    """

    fault = "control-character-closes"
    expects = "ae-title"

    def request_received(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        """The log cannot be written."""
        if any(character < " " for character in request.calling_ae_title):
            self.close(at)
        else:
            super().request_received(at, request, raw)


# --- codes of a rejection ----------------------------------------------------------------------------------


class _WrongCodes(PlainAcceptor):
    """Sends other codes in place of some."""

    wrong: ClassVar[dict[Codes, Codes]]

    def send_reject(self, at: Connection, codes: Codes) -> None:
        """With the wrong codes."""
        super().send_reject(at, self.wrong.get(codes, codes))


class CalledRejectedByProvider(_WrongCodes):
    """An unknown called AE title is rejected with source 2, where reason 7 is not defined.

    PS3.8 2020 Table 9-21.
    """

    fault = "called-rejected-by-provider"
    expects = "reject-codes"
    wrong: ClassVar[dict[Codes, Codes]] = {(1, 1, 7): (1, 2, 7)}


class CalledRejectedAsCalling(_WrongCodes):
    """An unknown called AE title is rejected as an unknown calling one (reason 3). PS3.8 2020 Table 9-21."""

    fault = "called-rejected-as-calling"
    expects = "reject-codes"
    wrong: ClassVar[dict[Codes, Codes]] = {(1, 1, 7): (1, 1, 3)}


class VersionRejectedByUser(_WrongCodes):
    """An unknown protocol version is rejected with source 1.

    PS3.8 2020 Table 9-6, AE-6, Table 9-21: 1/2/2.
    """

    fault = "version-rejected-by-user"
    expects = "reject-codes version"
    wrong: ClassVar[dict[Codes, Codes]] = {(1, 2, 2): (1, 1, 2)}


class ReservedResult(PlainAcceptor):
    """A rejection with the reserved result 0. PS3.8 2020 Table 9-21."""

    fault = "reject-result-reserved"
    expects = "reject-codes"

    def send_reject(self, at: Connection, codes: Codes) -> None:
        """Count the results from zero."""
        super().send_reject(at, (codes[0] - 1, *codes[1:]))


class RejectsByClosing(PlainAcceptor):
    """A request that is not accepted is not answered; the connection closes. PS3.8 2020 Table 9-6, AE-8."""

    fault = "rejects-by-closing"
    expects = "reject-codes"

    def reject(self, at: Connection, codes: Codes) -> None:
        """Just close."""
        self.close(at)


class RejectsByAborting(PlainAcceptor):
    """A request that is not accepted is answered by an A-ABORT. PS3.8 2020 Table 9-6, AE-8: reject it."""

    fault = "rejects-by-aborting"
    expects = "reject-codes"

    def reject(self, at: Connection, codes: Codes) -> None:
        """Abort it."""
        self.abort(at, 0, 0)


class ApplicationContextIgnored(PlainAcceptor):
    """Any application context name is accepted. PS3.8 2020 7.1.1.2, PS3.7 2020 A.2.1: there is one."""

    fault = "application-context-ignored"
    expects = "application-context"

    def knows_application_context(self, name: str) -> bool:
        """Never look."""
        return True


# --- context ids -------------------------------------------------------------------------------------------


class EvenIdsAccepted(PlainAcceptor):
    """Even presentation context ids are accepted. PS3.8 2020 9.3.2.2: they are odd."""

    fault = "even-context-id-accepted"
    expects = "context-ids"

    def are_proper(self, ids: list[int]) -> bool:
        """Look at duplicates only."""
        return len(set(ids)) == len(ids)


class DuplicateIdsAccepted(PlainAcceptor):
    """A presentation context id used twice is accepted. PS3.8 2020 9.3.2.2: each is used once."""

    fault = "duplicate-context-id-accepted"
    expects = "context-ids"

    def are_proper(self, ids: list[int]) -> bool:
        """Look at parity only."""
        return all(number % 2 for number in ids)


class DuplicateTransferSyntaxAborts(PlainAcceptor):
    """A transfer syntax proposed twice in one context aborts the request.

    PS3.8 2020 9.3.2.2 does not call it invalid; the context can be answered.
    """

    fault = "duplicate-transfer-syntax-aborts"
    expects = "contexts"

    def in_sta2(self, at: Connection, pdu: Pdu | Violation, raw: bytes) -> None:
        """A table with a unique key."""
        if isinstance(pdu, AAssociateRQ) and any(
            len(set(context.transfer_syntaxes)) < len(context.transfer_syntaxes)
            for context in pdu.presentation_contexts
        ):
            self.abort(at, 0, 0)
        else:
            super().in_sta2(at, pdu, raw)


FAULTS: tuple[type[PlainAcceptor], ...] = (
    VersionByEquality,
    VersionNotTested,
    UnknownItemRefused,
    UnknownUserItemRefused,
    ReservedFieldsTested,
    UserItemOrderTested,
    TitleNotTrimmed,
    TitleCutAtSpace,
    FullLengthTitleAborts,
    BlankTitleCrashes,
    ControlCharacterCloses,
    CalledRejectedByProvider,
    CalledRejectedAsCalling,
    VersionRejectedByUser,
    ReservedResult,
    RejectsByClosing,
    RejectsByAborting,
    ApplicationContextIgnored,
    EvenIdsAccepted,
    DuplicateIdsAccepted,
    DuplicateTransferSyntaxAborts,
)
