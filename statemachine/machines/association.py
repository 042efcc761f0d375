"""The association machine: PS3.8 2020, Table 9-10, cell by cell, and the 28 actions of Tables 9-6 to 9-9.

The grid has the shape of the printed table. Its 124 blank cells are refused: what the standard leaves blank
but life brings (a late transport report in Sta1, an abort of a user who has already gone) is absorbed by the
coupling, never here.

Where the standard leaves a value open the action says so and names our choice beside it: AA-7 names no
source for its A-ABORT (we send 2, service provider), AA-7 and AA-8 leave the reason to us (we send it by
cause). AA-1 caused by a PDU in Sta2 carries "service user" although no user acted: the table is followed to
the letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..effects import (
    ArtimStart,
    ArtimStop,
    DiscardPdu,
    Effect,
    Issue,
    SendPdu,
    TransportAccept,
    TransportClose,
    TransportConnect,
)
from ..kernel import Action, Branch, Machine, Payload, State, event_kinds, parse_grid
from ..wire import AAbort, AAssociateRJ, AAssociateRQ
from ..wire.quick import quick

EDITION: Final = "PS3.8 2020"

GRID: Final = """
        Sta1   Sta2   Sta3   Sta4   Sta5   Sta6   Sta7   Sta8   Sta9   Sta10  Sta11  Sta12  Sta13
Evt1    AE-1   .      .      .      .      .      .      .      .      .      .      .      .
Evt2    .      .      .      AE-2   .      .      .      .      .      .      .      .      .
Evt3    .      AA-1   AA-8   .      AE-3   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-6
Evt4    .      AA-1   AA-8   .      AE-4   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-6
Evt5    AE-5   .      .      .      .      .      .      .      .      .      .      .      .
Evt6    .      AE-6   AA-8   .      AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-7
Evt7    .      .      AE-7   .      .      .      .      .      .      .      .      .      .
Evt8    .      .      AE-8   .      .      .      .      .      .      .      .      .      .
Evt9    .      .      .      .      .      DT-1   .      AR-7   .      .      .      .      .
Evt10   .      AA-1   AA-8   .      AA-8   DT-2   AR-6   AA-8   AA-8   AA-8   AA-8   AA-8   AA-6
Evt11   .      .      .      .      .      AR-1   .      .      .      .      .      .      .
Evt12   .      AA-1   AA-8   .      AA-8   AR-2   AR-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-6
Evt13   .      AA-1   AA-8   .      AA-8   AA-8   AR-3   AA-8   AA-8   AR-10  AR-3   AA-8   AA-6
Evt14   .      .      .      .      .      .      .      AR-4   AR-9   .      .      AR-4   .
Evt15   .      .      AA-1   AA-2   AA-1   AA-1   AA-1   AA-1   AA-1   AA-1   AA-1   AA-1   .
Evt16   .      AA-2   AA-3   .      AA-3   AA-3   AA-3   AA-3   AA-3   AA-3   AA-3   AA-3   AA-2
Evt17   .      AA-5   AA-4   AA-4   AA-4   AA-4   AA-4   AA-4   AA-4   AA-4   AA-4   AA-4   AR-5
Evt18   .      AA-2   .      .      .      .      .      .      .      .      .      .      AA-2
Evt19   .      AA-1   AA-8   .      AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-8   AA-7
"""

STATES: Final = (
    State("Sta1", "idle: no connection, no association", "idle"),
    State("Sta2", "connection open, waiting for the A-ASSOCIATE-RQ", "establishment"),
    State("Sta3", "waiting for the local user's answer to the association request", "establishment"),
    State("Sta4", "waiting for the outgoing transport connection", "establishment"),
    State("Sta5", "waiting for A-ASSOCIATE-AC or A-ASSOCIATE-RJ", "establishment"),
    State("Sta6", "association established, data may flow", "data-transfer"),
    State("Sta7", "release asked for, waiting for A-RELEASE-RP", "release"),
    State("Sta8", "the peer asked for release, waiting for the local user's response", "release"),
    State("Sta9", "release collision, requestor: waiting for the local user's response", "release"),
    State("Sta10", "release collision, acceptor: waiting for A-RELEASE-RP", "release"),
    State("Sta11", "release collision, requestor: waiting for A-RELEASE-RP", "release"),
    State("Sta12", "release collision, acceptor: waiting for the local user's response", "release"),
    State("Sta13", "association over, waiting for the transport connection to close", "closing"),
)

EVENTS: Final = event_kinds(
    ("Evt1", "local-user", "A-ASSOCIATE request of the local user"),
    ("Evt2", "transport", "transport connection confirmed"),
    ("Evt3", "peer-pdu", "A-ASSOCIATE-AC received", "A-ASSOCIATE-AC"),
    ("Evt4", "peer-pdu", "A-ASSOCIATE-RJ received", "A-ASSOCIATE-RJ"),
    ("Evt5", "transport", "transport connection indicated"),
    ("Evt6", "peer-pdu", "A-ASSOCIATE-RQ received", "A-ASSOCIATE-RQ"),
    ("Evt7", "local-user", "A-ASSOCIATE response of the local user: accept"),
    ("Evt8", "local-user", "A-ASSOCIATE response of the local user: reject"),
    ("Evt9", "local-user", "P-DATA request of the local user"),
    ("Evt10", "peer-pdu", "P-DATA-TF received", "P-DATA-TF"),
    ("Evt11", "local-user", "A-RELEASE request of the local user"),
    ("Evt12", "peer-pdu", "A-RELEASE-RQ received", "A-RELEASE-RQ"),
    ("Evt13", "peer-pdu", "A-RELEASE-RP received", "A-RELEASE-RP"),
    ("Evt14", "local-user", "A-RELEASE response of the local user"),
    ("Evt15", "local-user", "A-ABORT request of the local user"),
    ("Evt16", "peer-pdu", "A-ABORT received", "A-ABORT"),
    ("Evt17", "transport", "transport connection closed, or not to be had"),
    ("Evt18", "timer", "ARTIM timer expired"),
    ("Evt19", "peer-pdu", "unrecognised or invalid PDU received"),
)

# What A-ABORT of AA-7 and AA-8 says (PS3.8 2020, Table 9-26): 1 unrecognised PDU, 6 invalid PDU parameter
# value, 2 unexpected PDU. A `Violation` names 1 or 6 itself; a well-formed PDU in the wrong place is 2.
REASON_UNEXPECTED_PDU: Final = 2


@dataclass(frozen=True, slots=True)
class Request:
    """A received A-ASSOCIATE-RQ with the provider's own judgement of it (the payload of Evt6).

    `rejection` is the A-ASSOCIATE-RJ of the service provider, or None where the provider can handle the
    request.
    """

    pdu: AAssociateRQ
    rejection: AAssociateRJ | None = None


_new_request = quick(Request)

VERSION_NOT_SUPPORTED: Final = AAssociateRJ(result=1, source=2, reason=2)
LOCAL_LIMIT_EXCEEDED: Final = AAssociateRJ(result=2, source=3, reason=2)


def judge_request(pdu: AAssociateRQ, *, slot_free: bool = True) -> Request:
    """The provider's checks behind AE-6: bit 0 of the protocol version, and local limits.

    PS3.8 2020, Table 9-11 (only bit 0 is tested) and Table 9-21. AE titles, application context and
    presentation contexts are the user's business (Evt7, Evt8).
    """
    if not pdu.protocol_version & 1:
        return _new_request(pdu, VERSION_NOT_SUPPORTED)
    return _new_request(pdu, None if slot_free else LOCAL_LIMIT_EXCEEDED)


def _provider_can(_role: str | None, payload: Payload) -> bool:
    return not isinstance(payload, Request) or payload.rejection is None


def _from_user(_role: str | None, payload: Payload) -> bool:
    return isinstance(payload, AAbort) and payload.source == 0


def _establishment(name: str, description: str, next_state: str, *effects: Effect) -> Action:
    return Action(name, f"{EDITION} Table 9-6", description, (Branch(next_state, effects),))


def _release(name: str, description: str, next_state: str, *effects: Effect) -> Action:
    return Action(name, f"{EDITION} Table 9-8", description, (Branch(next_state, effects),))


def _abort(name: str, description: str, next_state: str, *effects: Effect) -> Action:
    return Action(name, f"{EDITION} Table 9-9", description, (Branch(next_state, effects),))


_AE_1 = Action(
    "AE-1",
    f"{EDITION} Table 9-6",
    "ask the transport service for a connection",
    (Branch("Sta4", (TransportConnect(),), updates=("become-requestor",)),),
)
_AE_5 = Action(
    "AE-5",
    f"{EDITION} Table 9-6",
    "answer the incoming connection, start ARTIM",
    (Branch("Sta2", (TransportAccept(), ArtimStart()), updates=("become-acceptor",)),),
)
_AE_6 = Action(
    "AE-6",
    f"{EDITION} Table 9-6",
    "stop ARTIM; pass the request to the user, or reject it where the provider itself cannot handle it",
    (
        Branch(
            "Sta3",
            (ArtimStop(), Issue("A-ASSOCIATE indication")),
            when="request-acceptable-to-provider",
        ),
        Branch(
            "Sta13",
            (ArtimStop(), SendPdu("A-ASSOCIATE-RJ", source=(2, 3)), ArtimStart()),
            when="request-not-acceptable-to-provider",
        ),
    ),
)
_AR_8 = Action(
    "AR-8",
    f"{EDITION} Table 9-8",
    "both ends asked for release: tell the user, and take the side of this end's role",
    (
        Branch(
            "Sta9",
            (Issue("A-RELEASE indication", collision=True),),
            when="local-end-is-association-requestor",
        ),
        Branch(
            "Sta10",
            (Issue("A-RELEASE indication", collision=True),),
            when="local-end-is-association-acceptor",
        ),
    ),
)
_AA_3 = Action(
    "AA-3",
    f"{EDITION} Table 9-9",
    "tell the user who aborted, close the connection",
    (
        Branch("Sta1", (Issue("A-ABORT indication"), TransportClose()), when="abort-source-is-service-user"),
        Branch(
            "Sta1",
            (Issue("A-P-ABORT indication"), TransportClose()),
            when="abort-source-is-service-provider",
        ),
    ),
)

ACTIONS: Final = {
    action.name: action
    for action in (
        _AE_1,
        _establishment("AE-2", "send the association request", "Sta5", SendPdu("A-ASSOCIATE-RQ")),
        _establishment("AE-3", "tell the user: accepted", "Sta6", Issue("A-ASSOCIATE confirmation (accept)")),
        _establishment(
            "AE-4",
            "tell the user: rejected; close the connection",
            "Sta1",
            Issue("A-ASSOCIATE confirmation (reject)"),
            TransportClose(),
        ),
        _AE_5,
        _AE_6,
        _establishment("AE-7", "send the acceptance", "Sta6", SendPdu("A-ASSOCIATE-AC")),
        _establishment(
            "AE-8",
            "send the user's rejection, start ARTIM",
            "Sta13",
            SendPdu("A-ASSOCIATE-RJ", source=1),
            ArtimStart(),
        ),
        Action(
            "DT-1", f"{EDITION} Table 9-7", "send the user's data", (Branch("Sta6", (SendPdu("P-DATA-TF"),)),)
        ),
        Action(
            "DT-2",
            f"{EDITION} Table 9-7",
            "pass the data to the user",
            (Branch("Sta6", (Issue("P-DATA indication"),)),),
        ),
        _release("AR-1", "send the release request", "Sta7", SendPdu("A-RELEASE-RQ", carries=None)),
        _release(
            "AR-2",
            "tell the user that the peer wants to release",
            "Sta8",
            Issue("A-RELEASE indication", carries=None),
        ),
        _release(
            "AR-3",
            "tell the user that the release is complete, close the connection",
            "Sta1",
            Issue("A-RELEASE confirmation", carries=None),
            TransportClose(),
        ),
        _release(
            "AR-4",
            "send the release response, start ARTIM",
            "Sta13",
            SendPdu("A-RELEASE-RP", carries=None),
            ArtimStart(),
        ),
        _release("AR-5", "the connection has gone: stop ARTIM", "Sta1", ArtimStop()),
        _release(
            "AR-6",
            "pass the data to the user although release was asked for",
            "Sta7",
            Issue("P-DATA indication"),
        ),
        _release("AR-7", "send the user's data before the release response", "Sta8", SendPdu("P-DATA-TF")),
        _AR_8,
        _release(
            "AR-9",
            "collision, requestor: send the release response",
            "Sta11",
            SendPdu("A-RELEASE-RP", carries=None),
        ),
        _release(
            "AR-10",
            "collision, acceptor: tell the user that its release was answered",
            "Sta12",
            Issue("A-RELEASE confirmation", carries=None),
        ),
        _abort(
            "AA-1",
            "send A-ABORT of the service user, start ARTIM afresh",
            "Sta13",
            SendPdu("A-ABORT", source=0, reason=0, chosen_source=0, carries=None),
            ArtimStart(restart_if_running=True),
        ),
        _abort(
            "AA-2",
            "stop ARTIM if it runs, close the connection",
            "Sta1",
            ArtimStop(only_if_running=True),
            TransportClose(),
        ),
        _AA_3,
        _abort("AA-4", "the connection was lost: tell the user", "Sta1", Issue("A-P-ABORT indication")),
        _abort("AA-5", "the connection went before any request: stop ARTIM", "Sta1", ArtimStop()),
        _abort("AA-6", "drop the PDU", "Sta13", DiscardPdu()),
        _abort(
            "AA-7",
            "send A-ABORT, leave ARTIM alone",
            "Sta13",
            SendPdu(
                "A-ABORT",
                source="unspecified",
                reason="implementation-choice",
                chosen_source=2,
                chosen_reason="by-cause",
            ),
        ),
        _abort(
            "AA-8",
            "send A-ABORT of the service provider, tell the user, start ARTIM",
            "Sta13",
            SendPdu(
                "A-ABORT",
                source=2,
                reason="implementation-choice",
                chosen_source=2,
                chosen_reason="by-cause",
            ),
            Issue("A-P-ABORT indication"),
            ArtimStart(),
        ),
    )
}

Role = str | None

ASSOCIATION: Final[Machine[Role]] = Machine(
    name="association",
    title="DICOM upper layer protocol machine",
    source=f"{EDITION} section 9.2",
    states=STATES,
    events=EVENTS,
    cells=parse_grid(GRID),
    actions=ACTIONS,
    initial="Sta1",
    context=None,
    contexts=(None, "requestor", "acceptor"),
    cell_clause=f"{EDITION} Table 9-10",
    guards={
        "request-acceptable-to-provider": _provider_can,
        "request-not-acceptable-to-provider": lambda role, payload: not _provider_can(role, payload),
        "local-end-is-association-requestor": lambda role, _: role == "requestor",
        "local-end-is-association-acceptor": lambda role, _: role == "acceptor",
        "abort-source-is-service-user": _from_user,
        "abort-source-is-service-provider": lambda role, payload: not _from_user(role, payload),
    },
    updates={
        "become-requestor": lambda _role, _payload: "requestor",
        "become-acceptor": lambda _role, _payload: "acceptor",
    },
)

# Which event a received PDU is, by its name; a violation is Evt19.
EVENT_OF_PDU: Final = {kind.pdu: kind for kind in EVENTS if kind.pdu is not None}
INVALID_PDU: Final = ASSOCIATION.event["Evt19"]
