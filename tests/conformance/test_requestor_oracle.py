"""The requestor's side of the oracle, what its user's messages are, and how it is made to call."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dicomnet.conformance import (
    REQUESTOR,
    Answer,
    Asked,
    Conversation,
    Grade,
    Oracle,
    Reception,
    Running,
    Stimulus,
)
from dicomnet.statemachine import (
    PDV,
    VERIFICATION,
    AAbort,
    AAssociateRQ,
    AReleaseRP,
    AReleaseRQ,
    CEchoRQ,
    Framer,
    OtherCommand,
    PDataTF,
    Pdu,
    decode_command,
    encode_command,
)
from dicomnet.transports import Address, Link, MemoryTransport, Transport, echo_request

RQ: AAssociateRQ = echo_request("SCP", "SCU")
ECHO = PDataTF((PDV(1, True, True, encode_command(CEchoRQ(9))),))
RELEASE = AReleaseRQ()
USER, PROVIDER = AAbort(0, 0), AAbort(2, 0)


def oracle(*happened: Pdu | str) -> Oracle:
    """After the request was seen: events are sent to the target, PDUs are seen of it."""
    made = Oracle(side=REQUESTOR)
    made.connected()
    assert made.saw(RQ)
    for each in happened:
        if isinstance(each, str):
            answers = ("Evt14",) if each == "Evt12" else ()
            made.sent(((stimulus(each, *answers),),))
        else:
            assert made.saw(each), each
    return made


def stimulus(event: str, *answers: str) -> Stimulus:
    return Stimulus(event, None, tuple(map(Answer, answers)))


@pytest.mark.parametrize(
    ("happened", "seen", "allowed"),
    [
        (("Evt3",), ECHO, True),  # data in an association
        (("Evt3",), RELEASE, True),
        (("Evt3",), USER, True),  # a user who dislikes what was accepted
        (("Evt3",), PROVIDER, False),
        ((), ECHO, False),  # no data before the acceptance
        ((), RELEASE, False),
        ((), USER, True),  # who waits may give up
        (("Evt4",), ECHO, False),  # no data after a rejection
        (("Evt3", ECHO), ECHO, True),  # as many messages as he likes
        (("Evt3", ECHO, "Evt3"), PROVIDER, True),  # AA-8
        (("Evt3", ECHO, "Evt3"), USER, False),  # he was not told of it, and waits for his answer
        (("Evt3", ECHO, "Evt10"), USER, True),  # he was told of it
        (("Evt3", ECHO, "Evt10"), PROVIDER, False),
        (("Evt3", RELEASE), ECHO, False),  # no data after his own release
        (("Evt3", RELEASE), RELEASE, False),
        (("Evt3", ECHO, "Evt12"), AReleaseRP(), True),
        (("Evt3", ECHO, "Evt12"), ECHO, True),  # AR-7
        (("Evt3", ECHO, "Evt12"), USER, True),
        (("Evt3", RELEASE, "Evt12"), AReleaseRP(), True),  # AR-9
        (("Evt3", RELEASE, "Evt12", AReleaseRP()), AReleaseRP(), False),
    ],
)
def test_what_a_requestor_may_send(happened: tuple[Pdu | str, ...], seen: Pdu, allowed: bool) -> None:
    assert oracle(*happened).saw(seen) is allowed


@pytest.mark.parametrize(
    ("happened", "idle", "grade"),
    [
        (("Evt4",), 0.0, Grade.PASS),  # AE-4
        (("Evt3", RELEASE, "Evt13"), 0.0, Grade.PASS),  # AR-3
        (("Evt3", "Evt16"), 0.0, Grade.PASS),  # AA-3
        (("Evt3",), 0.5, None),  # nobody closes an association without a word
        (("Evt3",), 5.0, Grade.NON_STRICT),  # but somebody who has waited long enough
        ((), 5.0, Grade.NON_STRICT),
        (("Evt3", ECHO, "Evt3"), 5.0, None),  # here an A-ABORT is due
        (("Evt3", ECHO, USER), 0.0, Grade.PASS),  # its own abort is the end
    ],
)
def test_when_a_requestor_may_close(
    happened: tuple[Pdu | str, ...], idle: float, grade: Grade | None
) -> None:
    made = oracle(*happened)
    assert (made.best if made.saw_close(idle, idle) else None) is grade


def test_a_user_who_acts_has_read_what_was_sent() -> None:
    made = oracle("Evt3", ECHO, "Evt10", RELEASE)
    assert any(h.unread for h in made.hypotheses)
    made.caught_up()
    assert made.states() == ("Sta7",)
    assert not any(h.unread for h in made.hypotheses)
    assert made.expected() == ("A-ABORT (source 0)", "nothing")


def test_a_user_with_many_messages_needs_no_more_hypotheses_for_each() -> None:
    made = oracle("Evt3")
    held: list[int] = []
    for _ in range(60):
        assert made.saw(ECHO)
        made.caught_up()
        made.sent(((stimulus("Evt10"),),))
        held.append(len(made.hypotheses))
    assert held[-1] == held[3]
    assert made.cells()[0] >= {("Sta5", "Evt3"), ("Sta6", "Evt9")}


def test_a_refused_connection_is_a_cell_of_its_own() -> None:
    made = Oracle(side=REQUESTOR)
    made.refused()
    assert made.cells()[0] == {("Sta1", "Evt1"), ("Sta4", "Evt17")}


# --- the user's messages ----------------------------------------------------------------------------------


def store(data_set_type: int = 1) -> bytes:
    return encode_command(OtherCommand(1, message_id=5, data_set_type=data_set_type))


def talk(*pdvs: PDV) -> list[Asked]:
    """What is asked, when each PDV comes in a PDU of its own."""
    conversation = Conversation()
    for pdv in pdvs:
        conversation.feed(PDataTF((pdv,)))
    return list(conversation.waiting)


@pytest.mark.parametrize(
    ("pdvs", "asked"),
    [
        ((PDV(1, True, True, encode_command(CEchoRQ(9))),), [(1, 0x30, 9)]),
        ((PDV(3, True, False, store()[:8]), PDV(3, True, True, store()[8:])), []),  # its data set is to come
        ((PDV(3, True, True, store()), PDV(3, False, False, b"\0\0")), []),
        ((PDV(3, True, True, store()), PDV(3, False, True, b"\0\0")), [(3, 1, 5)]),
        ((PDV(3, True, True, store(0x0101)),), [(3, 1, 5)]),
        ((PDV(1, False, True, b"\0\0"),), []),
        ((PDV(1, True, True, b"no command"),), []),
        ((PDV(1, True, True, encode_command(OtherCommand(0x8001, message_id_responded_to=1))),), []),
        ((PDV(1, True, True, encode_command(OtherCommand(0x0FFF, message_id=1))),), []),  # C-CANCEL
        ((PDV(1, True, True, encode_command(OtherCommand(0x20))),), []),  # nothing to respond to
    ],
)
def test_a_message_is_whole_before_it_is_answered(
    pdvs: tuple[PDV, ...], asked: list[tuple[int, int, int]]
) -> None:
    assert [(each.context_id, each.command_field, each.message_id) for each in talk(*pdvs)] == asked


@pytest.mark.parametrize(("longest", "parts"), [(0, 1), (16384, 1), (32, 3), (7, 1)])
def test_an_answer_is_as_long_as_the_target_takes_it(longest: int, parts: int) -> None:
    octets = Asked(3, 1, 5, VERIFICATION).answer(longest)
    received = [pdu for pdu, _ in Framer().feed(octets)]
    pdvs = [pdv for pdu in received if isinstance(pdu, PDataTF) for pdv in pdu.pdvs]
    assert len(received) == len(pdvs) == parts
    command = decode_command(b"".join(pdv.fragment for pdv in pdvs))
    assert command == OtherCommand(0x8001, None, 5, 0x0101, 0, VERIFICATION)
    assert {pdv.context_id for pdv in pdvs} == {3}


def test_an_answer_needs_no_name_that_cannot_be_sent() -> None:
    (received, _), *_ = Framer().feed(Asked(3, 1, 5, "no UID at all" * 9).answer(0))
    assert isinstance(received, PDataTF)
    assert decode_command(received.pdvs[0].fragment) == OtherCommand(0x8001, None, 5, 0x0101, 0, None)


# --- calls ------------------------------------------------------------------------------------------------


class Heard:
    """A run that only listens, and notes what it hears."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.link: Link | None = None

    def on_visit(self, link: Link) -> None:
        self.link = link
        self.said.append("visit")

    def tell(self, what: str) -> None:
        self.said.append(what)

    def on_open(self) -> None:
        self.said.append("open")

    def on_failed(self, code: str) -> None:
        self.said.append(f"failed {code}")

    def on_octets(self, octets: bytes) -> None:
        self.said.append(octets.decode())

    def on_end(self) -> None:
        self.said.append("end")

    def on_reset(self) -> None:
        self.said.append("reset")


class Calls:
    """Connects so many times."""

    watches: ClassVar[bool] = True

    def __init__(self, times: int) -> None:
        self.callers = [Heard() for _ in range(times)]
        self.over = False

    def start(self, carrier: Transport, address: Address, tell: object, gone: object) -> Running:
        for caller in self.callers:
            caller.link = carrier.connect(address, caller)
        return self

    def end(self) -> None:
        self.over = True


def settle(carrier: MemoryTransport) -> None:
    carrier.run(lambda: False, 1.0)


def test_the_first_call_is_the_case_and_others_are_reset_and_told() -> None:
    carrier, run, calls = MemoryTransport(), Heard(), Calls(7)
    visit = Reception(carrier, Address("", 0), calls).expect(run)
    settle(carrier)
    again = [f"connects again (connection {number}); it is reset" for number in (2, 3, 4)]
    assert run.said == ["visit", *again]
    assert [caller.said[-1] for caller in calls.callers] == ["open", *["failed reset"] * 6]
    assert not visit.over
    visit.leave()
    assert visit.over
    assert calls.over


def test_nobody_is_let_in_when_the_case_is_over() -> None:
    carrier, run, calls = MemoryTransport(), Heard(), Calls(1)
    visit = Reception(carrier, Address("", 0), calls).expect(run)
    visit.leave()
    settle(carrier)
    assert run.said == []
    assert calls.callers[0].said == []  # it was not even started


def test_a_call_that_is_to_be_refused_meets_nobody() -> None:
    carrier, run, calls = MemoryTransport(), Heard(), Calls(1)
    Reception(carrier, Address("", 0), calls).expect(run, refused=True)
    settle(carrier)
    assert calls.callers[0].said == ["failed refused"]
    assert run.said == []
