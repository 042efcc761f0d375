"""The one interpreter: the only code that turns the effects of the tables into deeds, on every carrier."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from dicomnet.statemachine import (
    ArtimStart,
    ArtimStop,
    AskAgain,
    Callback,
    ConnectTimerStart,
    ConnectTimerStop,
    CreateObject,
    Deliver,
    DiscardPdu,
    EndAllObjects,
    FailCall,
    HandshakeTimerStart,
    HandshakeTimerStop,
    Issue,
    Offer,
    Output,
    Reply,
    SecureBegin,
    SendPdu,
    Signal,
    TakeChild,
    Tell,
    TellListener,
    TransportAccept,
    TransportClose,
    TransportConnect,
    WireClose,
    WireListen,
    WireRequest,
    WireReset,
    WireTake,
    WireUnlisten,
    WireWithdraw,
    pdu_of,
)

if TYPE_CHECKING:
    from .network import NetworkObject


def execute(target: NetworkObject, output: Output) -> None:
    """Do what one output asks of `target`."""
    effect = output.effect
    match effect:
        case SendPdu():
            payload = output.payload if output.payload is not None else target.proposal
            target.send_pdu(pdu_of(effect, payload))
        case Issue():
            target.issue(effect.primitive, output.payload)
        case Callback():
            target.call_back(effect.name, effect.outcome, output.payload)
        case ArtimStart() | ConnectTimerStart() | HandshakeTimerStart():
            target.start_timer(output.payload)
        case ArtimStop() | ConnectTimerStop() | HandshakeTimerStop():
            target.stop_timer(output.payload)
        case Reply():
            # The head of the queue comes as `Taken`, and only where it was accepted.
            target.answer_requests(effect.outcome, output.payload)
        case FailCall():
            # Whoever made the call looks for it (`NetworkObject.accept`), as a deed may come after the call's end.
            pass
        case DiscardPdu() | TransportAccept() | Signal() | TransportClose() | TransportConnect():
            # Nothing to do outside: a PDU already read, a connection already accepted; the last three are
            # the coupling's business and leave the endpoint only where a planted fault misplaced them.
            pass
        case WireRequest():
            target.open_link()
        case SecureBegin():
            target.secure_link(effect.role)
        case WireTake():
            target.take_link(output.payload)
        case WireClose() | WireWithdraw():
            target.close_link()
        case WireReset():
            target.reset_link()
        case WireListen():
            target.open_listening()
        case WireUnlisten():
            target.close_listening()
        case TakeChild() | TellListener() | CreateObject() | EndAllObjects():
            raise AssertionError("what goes between objects is the network's own")
        case Offer() | Tell() | Deliver() | AskAgain():
            raise AssertionError("the path of a request is the carrier's own")
        case _:
            assert_never(effect)
