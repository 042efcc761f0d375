"""Faults of requestors: of single states, of the release and its collision, and of A-ABORT."""

from __future__ import annotations

from dicomnet.statemachine import (
    AAssociateAC,
    AReleaseRP,
    AReleaseRQ,
    PDataTF,
    Pdu,
    Violation,
    encode,
)

from .acceptor import STA6, STA13
from .requestor import STA7, STA11, PlainRequestor

# --- the release -------------------------------------------------------------------------------------------


class StaysAfterRelease(PlainRequestor):
    """Does not close when its release was answered. PS3.8 2020 Table 9-8, AR-3."""

    fault = "stays-after-release-rp"
    expects = "requestor.*"

    def released(self) -> None:
        """Wait for the peer to do it."""
        self.wait_for_end()


class ReleaseTwice(PlainRequestor):
    """Asks for the release twice. PS3.8 2020 Table 9-10, Sta7 x Evt11."""

    fault = "asks-release-twice"
    expects = "requestor.*"

    def release(self) -> None:
        """Twice is surer."""
        super().release()
        self.send(encode(AReleaseRQ()))


class ReleaseUnanswered(PlainRequestor):
    """Does not answer a release request. PS3.8 2020 Table 9-10, Sta6 x Evt12 (AR-2), Sta8 x Evt14."""

    fault = "leaves-release-unanswered"
    expects = "requestor.sta6.evt12 requestor.sta8.evt14* requestor.sta8.evt9"

    def release_requested(self) -> None:
        """Only the requestor may ask for it."""


class ReleaseCloses(PlainRequestor):
    """Answers a release request by closing. PS3.8 2020 Table 9-8, AR-4."""

    fault = "closes-at-release-rq"
    expects = "requestor.sta6.* requestor.sta8.*"

    def release_requested(self) -> None:
        """What else should it want."""
        self.close()


class ReleaseUnasked(PlainRequestor):
    """Answers a release that nobody has asked for. PS3.8 2020 Table 9-10, Sta6 x Evt14."""

    fault = "sends-release-rp-unasked"
    expects = "requestor.*"

    def release(self) -> None:
        """The other one of the two PDUs."""
        self.send(encode(AReleaseRP()))
        self.state = STA7


class CollisionUnanswered(PlainRequestor):
    """Does not answer the release request that meets its own. PS3.8 2020 Table 9-10, Sta7 x Evt12 (AR-8, AR-9)."""

    fault = "waits-in-collision"
    expects = "requestor.sta7.evt12 requestor.sta9.*"

    def release_collides(self) -> None:
        """It is the peer's turn."""
        self.state = STA11


class CollisionAborts(PlainRequestor):
    """Aborts when a release request meets its own. PS3.8 2020 Table 9-10, Sta7 x Evt12 (AR-8)."""

    fault = "aborts-in-collision"
    expects = "requestor.sta7.evt12 requestor.sta9.* requestor.sta7.*"

    def release_collides(self) -> None:
        """It expects the answer only."""
        self.abort(2, 2)


class CollisionDies(PlainRequestor):
    """Closes when a release request meets its own. PS3.8 2020 Table 9-10, Sta7 x Evt12 (AR-8)."""

    fault = "closes-in-collision"
    expects = "requestor.sta7.* requestor.sta9.*"

    def release_collides(self) -> None:
        """Both want the end."""
        self.close()


class CollisionCutsShort(PlainRequestor):
    """Closes when it has answered the release that met its own, and awaits no answer. PS3.8 2020 Table 9-8, AR-9."""

    fault = "closes-after-own-rp"
    expects = "requestor.sta7.evt1* requestor.sta9.* requestor.sta11.*"

    def user_responds(self) -> None:
        """That was that."""
        super().user_responds()
        if self.state == STA11:
            self.close()


class CollisionStays(PlainRequestor):
    """Does not take the answer to its release after a collision. PS3.8 2020 Table 9-10, Sta11 x Evt13 (AR-3)."""

    fault = "stays-in-sta11"
    expects = "requestor.sta11.evt13"

    def in_sta11(self, pdu: Pdu | Violation) -> None:
        """All is said."""
        if not isinstance(pdu, AReleaseRP):
            super().in_sta11(pdu)


class LateDataAborts(PlainRequestor):
    """Aborts at data that come after its release request. PS3.8 2020 Table 9-10, Sta7 x Evt10 (AR-6)."""

    fault = "aborts-at-data-in-sta7"
    expects = "requestor.sta7.evt10* requestor.sta7.evt13.late requestor.rel.reply.after-data"

    def data_in_sta7(self, data: PDataTF) -> None:
        """It wants the release, and nothing else."""
        self.unexpected(data)


# --- PDUs that have no business there ----------------------------------------------------------------------


class SecondAccept(PlainRequestor):
    """Takes a second acceptance. PS3.8 2020 Table 9-10, Sta6 x Evt3 (AA-8)."""

    fault = "takes-second-ac"
    expects = "requestor.sta6.* requestor.sta13.*"

    def in_sta6(self, pdu: Pdu | Violation) -> None:
        """Twice is fine."""
        if not isinstance(pdu, AAssociateAC):
            super().in_sta6(pdu)


class UnknownIgnored(PlainRequestor):
    """Ignores a PDU of unknown type. PS3.8 2020 Table 9-10, Evt19 (AA-8)."""

    fault = "ignores-unknown-pdu"
    expects = (
        "requestor.*evt19* requestor.frame.* requestor.*.length* requestor.data.pdv* "
        "requestor.ac.* requestor.pc.*"
    )

    def received(self, pdu: Pdu | Violation) -> None:
        """It may be a new one."""
        if not isinstance(pdu, Violation) or self.state == STA13:
            super().received(pdu)


class UnexpectedCloses(PlainRequestor):
    """Closes at a PDU that is out of place, without an A-ABORT. PS3.8 2020 Table 9-9, AA-8."""

    fault = "closes-at-unexpected-pdu"
    expects = "requestor.*"

    def unexpected(self, pdu: Pdu | Violation) -> None:
        """There is nothing to be said."""
        self.close()


class UnexpectedIgnored(PlainRequestor):
    """Ignores what is out of place in Sta7. PS3.8 2020 Table 9-10, Sta7 (AA-8)."""

    fault = "ignores-unexpected-in-sta7"
    expects = "requestor.sta7.* requestor.rel.reply.* requestor.abort.sta7.*"

    def unexpected(self, pdu: Pdu | Violation) -> None:
        """Only the answer matters."""
        if self.state != STA7:
            super().unexpected(pdu)


# --- A-ABORT and Sta13 -------------------------------------------------------------------------------------


class AbortIgnored(PlainRequestor):
    """Goes on after the peer's abort. PS3.8 2020 Table 9-9, AA-3."""

    fault = "ignores-abort"
    expects = "requestor.*"

    def abort_received(self) -> None:
        """It is not that bad."""


class AbortAnswered(PlainRequestor):
    """Answers an A-ABORT with its own. PS3.8 2020 Table 9-9, AA-3."""

    fault = "answers-abort"
    expects = "requestor.*"

    def abort_received(self) -> None:
        """Politeness."""
        self.abort(0, 0)


class UserAbortOfProvider(PlainRequestor):
    """The abort of its user says that it is the provider's. PS3.8 2020 Table 9-9, AA-1."""

    fault = "user-aborts-as-provider"
    expects = "requestor.sta6.evt10 requestor.sta6.evt15* requestor.sta8.evt15* requestor.*.evt15"

    def user_aborts(self) -> None:
        """Whoever it was."""
        if self.state == STA6:
            self.abort(2, 0)
        else:
            super().user_aborts()


class ProviderAbortOfUser(PlainRequestor):
    """The abort of its provider says that it is the user's. PS3.8 2020 Table 9-9, AA-8."""

    fault = "provider-aborts-as-user"
    expects = "requestor.*"

    def unexpected(self, pdu: Pdu | Violation) -> None:
        """Somebody has to."""
        self.abort(0, 0)


class ReservedSource(PlainRequestor):
    """The abort has a reserved source. PS3.8 2020 Table 9-26."""

    fault = "aborts-with-reserved-source"
    expects = "requestor.*"

    def send_abort(self, source: int, reason: int) -> None:
        """One between the two that there are."""
        super().send_abort(1, reason)


class ReservedReason(PlainRequestor):
    """The abort of its provider has a reserved reason. PS3.8 2020 Table 9-26."""

    fault = "aborts-with-reserved-reason"
    expects = "requestor.*"

    def send_abort(self, source: int, reason: int) -> None:
        """3 is reserved."""
        super().send_abort(source, 3 if source else 0)


class NoArtim(PlainRequestor):
    """Waits for ever for the peer to close. PS3.8 2020 Table 9-10, Sta13 x Evt18 (AA-2)."""

    fault = "sta13-without-artim"
    expects = "requestor.*evt18*"

    def start_artim(self) -> None:
        """The peer will do it."""


class ArtimForEver(PlainRequestor):
    """ARTIM begins anew with whatever comes in Sta13. PS3.8 2020 Table 9-9, AA-6."""

    fault = "sta13-restarts-artim"
    expects = "requestor.*evt18.poked"

    def in_sta13(self, pdu: Pdu | Violation) -> None:
        """There is life in it."""
        self.start_artim()
        super().in_sta13(pdu)


class AnswersInSta13(PlainRequestor):
    """Answers a release request though the association is over. PS3.8 2020 Table 9-10, Sta13 x Evt12 (AA-6)."""

    fault = "answers-release-in-sta13"
    expects = "requestor.sta13.* requestor.*"

    def in_sta13(self, pdu: Pdu | Violation) -> None:
        """Once more."""
        if isinstance(pdu, AReleaseRQ):
            self.respond()
        else:
            super().in_sta13(pdu)


FAULTS: tuple[type[PlainRequestor], ...] = (
    StaysAfterRelease,
    ReleaseTwice,
    ReleaseUnanswered,
    ReleaseCloses,
    ReleaseUnasked,
    CollisionUnanswered,
    CollisionAborts,
    CollisionDies,
    CollisionCutsShort,
    CollisionStays,
    LateDataAborts,
    SecondAccept,
    UnknownIgnored,
    UnexpectedCloses,
    UnexpectedIgnored,
    AbortIgnored,
    AbortAnswered,
    UserAbortOfProvider,
    ProviderAbortOfUser,
    ReservedSource,
    ReservedReason,
    NoArtim,
    ArtimForEver,
    AnswersInSta13,
)
