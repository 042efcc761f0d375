"""A second transcription of PS3.8 2020 Table 9-10 and of its 28 actions, laid out by event.

The tables that run are laid out by state and action. This page was written out apart from them, row by row
of the events, so that a slip of the pen in one of the two shows as a difference.

A row says, for each action, in which states the event leads to it; where a state is missing, the cell is
blank.
"""

from __future__ import annotations

from typing import Final

NEGOTIATING_TO_RELEASING: Final = (3, 6, 7, 8, 9, 10, 11, 12)

BY_EVENT: Final[dict[str, dict[str, tuple[int, ...]]]] = {
    # The local user asks for an association; the transport has opened the connection.
    "Evt1": {"AE-1": (1,)},
    "Evt2": {"AE-2": (4,)},
    # A-ASSOCIATE-AC and -RJ of the peer.
    "Evt3": {"AA-1": (2,), "AE-3": (5,), "AA-8": NEGOTIATING_TO_RELEASING, "AA-6": (13,)},
    "Evt4": {"AA-1": (2,), "AE-4": (5,), "AA-8": NEGOTIATING_TO_RELEASING, "AA-6": (13,)},
    # An incoming connection; A-ASSOCIATE-RQ of the peer; the local user accepts or rejects.
    "Evt5": {"AE-5": (1,)},
    "Evt6": {"AE-6": (2,), "AA-8": (3, 5, 6, 7, 8, 9, 10, 11, 12), "AA-7": (13,)},
    "Evt7": {"AE-7": (3,)},
    "Evt8": {"AE-8": (3,)},
    # Data: of the local user, of the peer.
    "Evt9": {"DT-1": (6,), "AR-7": (8,)},
    "Evt10": {
        "AA-1": (2,),
        "DT-2": (6,),
        "AR-6": (7,),
        "AA-8": (3, 5, 8, 9, 10, 11, 12),
        "AA-6": (13,),
    },
    # Release: asked for here, asked for by the peer, answered by the peer, answered here.
    "Evt11": {"AR-1": (6,)},
    "Evt12": {
        "AA-1": (2,),
        "AR-2": (6,),
        "AR-8": (7,),
        "AA-8": (3, 5, 8, 9, 10, 11, 12),
        "AA-6": (13,),
    },
    "Evt13": {
        "AA-1": (2,),
        "AR-3": (7, 11),
        "AR-10": (10,),
        "AA-8": (3, 5, 6, 8, 9, 12),
        "AA-6": (13,),
    },
    "Evt14": {"AR-4": (8, 12), "AR-9": (9,)},
    # Abort: of the local user, of the peer.
    "Evt15": {"AA-2": (4,), "AA-1": (3, 5, 6, 7, 8, 9, 10, 11, 12)},
    "Evt16": {"AA-2": (2, 13), "AA-3": (3, 5, 6, 7, 8, 9, 10, 11, 12)},
    # The connection is gone; ARTIM ran out; something that is no PDU arrived.
    "Evt17": {"AA-5": (2,), "AA-4": (3, 4, 5, 6, 7, 8, 9, 10, 11, 12), "AR-5": (13,)},
    "Evt18": {"AA-2": (2, 13)},
    "Evt19": {"AA-1": (2,), "AA-8": (3, 5, 6, 7, 8, 9, 10, 11, 12), "AA-7": (13,)},
}

Effect = dict[str, object]
# (guard or None, effects in order, number of the next state)
Outcome = tuple[str | None, list[Effect], int]


def _send(pdu: str, **details: object) -> Effect:
    return {"op": "send-pdu", "pdu": pdu, **details}


def _tell(primitive: str, **details: object) -> Effect:
    return {"op": "issue", "primitive": primitive, **details}


_OPEN: Final[Effect] = {"op": "transport-connect"}
_ANSWER: Final[Effect] = {"op": "transport-accept"}
_CLOSE: Final[Effect] = {"op": "transport-close"}
_START: Final[Effect] = {"op": "artim-start"}
_STOP: Final[Effect] = {"op": "artim-stop"}

OUTCOMES: Final[dict[str, list[Outcome]]] = {
    "AE-1": [(None, [_OPEN], 4)],
    "AE-2": [(None, [_send("A-ASSOCIATE-RQ")], 5)],
    "AE-3": [(None, [_tell("A-ASSOCIATE confirmation (accept)")], 6)],
    "AE-4": [(None, [_tell("A-ASSOCIATE confirmation (reject)"), _CLOSE], 1)],
    "AE-5": [(None, [_ANSWER, _START], 2)],
    "AE-6": [
        ("request-acceptable-to-provider", [_STOP, _tell("A-ASSOCIATE indication")], 3),
        (
            "request-not-acceptable-to-provider",
            [_STOP, _send("A-ASSOCIATE-RJ", source=[2, 3]), _START],
            13,
        ),
    ],
    "AE-7": [(None, [_send("A-ASSOCIATE-AC")], 6)],
    "AE-8": [(None, [_send("A-ASSOCIATE-RJ", source=1), _START], 13)],
    "DT-1": [(None, [_send("P-DATA-TF")], 6)],
    "DT-2": [(None, [_tell("P-DATA indication")], 6)],
    "AR-1": [(None, [_send("A-RELEASE-RQ")], 7)],
    "AR-2": [(None, [_tell("A-RELEASE indication")], 8)],
    "AR-3": [(None, [_tell("A-RELEASE confirmation"), _CLOSE], 1)],
    "AR-4": [(None, [_send("A-RELEASE-RP"), _START], 13)],
    "AR-5": [(None, [_STOP], 1)],
    "AR-6": [(None, [_tell("P-DATA indication")], 7)],
    "AR-7": [(None, [_send("P-DATA-TF")], 8)],
    "AR-8": [
        ("local-end-is-association-requestor", [_tell("A-RELEASE indication", collision=True)], 9),
        ("local-end-is-association-acceptor", [_tell("A-RELEASE indication", collision=True)], 10),
    ],
    "AR-9": [(None, [_send("A-RELEASE-RP")], 11)],
    "AR-10": [(None, [_tell("A-RELEASE confirmation")], 12)],
    "AA-1": [
        (None, [_send("A-ABORT", source=0, reason=0), {"op": "artim-start", "restart_if_running": True}], 13)
    ],
    "AA-2": [(None, [{"op": "artim-stop", "only_if_running": True}, _CLOSE], 1)],
    "AA-3": [
        ("abort-source-is-service-user", [_tell("A-ABORT indication"), _CLOSE], 1),
        ("abort-source-is-service-provider", [_tell("A-P-ABORT indication"), _CLOSE], 1),
    ],
    "AA-4": [(None, [_tell("A-P-ABORT indication")], 1)],
    "AA-5": [(None, [_STOP], 1)],
    "AA-6": [(None, [{"op": "discard-pdu"}], 13)],
    "AA-7": [(None, [_send("A-ABORT", source="unspecified", reason="implementation-choice")], 13)],
    "AA-8": [
        (
            None,
            [
                _send("A-ABORT", source=2, reason="implementation-choice"),
                _tell("A-P-ABORT indication"),
                _START,
            ],
            13,
        )
    ],
}
