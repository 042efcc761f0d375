"""The async style over both carriers: the steps, their order, and every way in which a wait can end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from dicomnet.statemachine import PROFILES, AAssociateRJ, LocalProtocolError
from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    Settings,
    TcpTransport,
    Transport,
    aio,
    echo_request,
    negotiate,
)

from .loops import LOOPBACK, NOBODY, Ward, play, with_ward

RQ = echo_request("SCP", "SCU")
BOTH = pytest.mark.parametrize("kind", ["memory", "tcp"])


async def outcome_of(awaitable: Awaitable[object]) -> str:
    with pytest.raises(aio.OutcomeError) as caught:
        await awaitable
    assert str(caught.value).startswith(f"{caught.value.code}: ")
    return caught.value.code


async def refusal_of(call: Callable[[], object]) -> str:
    """The code with which a call, or what it gives to await, refuses."""
    try:
        result = call()
        if isinstance(result, Awaitable):
            await result
    except LocalProtocolError as error:
        return error.code
    raise AssertionError("it was not refused")


async def accept_all(ward: Ward, number: int) -> None:
    for _ in range(number):
        await anext(ward.listener)
        ward.listener.accept(ward.lib.new_object())


def test_accept_may_report_a_reset_and_the_next_notice_comes() -> None:
    """Inside a program: what accept led to is told though it raised."""

    async def program() -> None:
        carrier = MemoryTransport(tables=PROFILES["tcp-winsock"])
        carrier.accept_tells = True
        async with aio.Library(carrier) as lib:
            listener = lib.new_object()
            address = await listener.listen(Address("", 0), 4)
            first, second = lib.new_object(), lib.new_object()
            await first.connect(address)
            await anext(listener)
            await second.connect(address)
            await first.close_forced()
            child = lib.new_object()
            assert await refusal_of(lambda: listener.accept(child)) == "reset"
            await anext(listener)
            listener.accept(child)
            assert (child.state, listener.waiting) == ("CONNECTED", 0)

    asyncio.run(asyncio.wait_for(program(), 5.0))


# --- the steps --------------------------------------------------------------------------------------------


@BOTH
def test_the_steps_of_a_connection(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, child = await ward.pair()
        assert (scu.state, child.state, ward.listener.state) == ("CONNECTED", "CONNECTED", "LISTENING")
        assert child.listener is ward.listener
        assert scu.listener is None
        assert child.peer is not None
        assert scu.peer == ward.address
        answer = await scu.associate(RQ)
        assert answer.called_ae_title == "SCP"
        assert child.request == RQ
        assert [await scu.echo() for _ in range(3)] == [0, 0, 0]
        assert ward.listener.children == 1
        await scu.release()
        await scu.close()
        assert (await scu.wait_closed(), await child.wait_closed()) == ("ok", "ok")
        assert ward.listener.children == 0
        await scu.close()  # again: nothing
        await scu.close_forced()

    play(kind, with_ward(program))


@BOTH
def test_accept_takes_the_first_of_the_queue_whichever_notice_prompted_it(kind: str) -> None:
    async def program(ward: Ward) -> None:
        tasks: list[asyncio.Task[None]] = []

        async def request(title: str) -> None:
            scu = ward.lib.new_object()
            await scu.connect(ward.address)
            await scu.associate(echo_request("SCP", title))

        for number, title in enumerate(("FIRST", "SECOND"), 1):
            tasks.append(asyncio.create_task(request(title)))
            notice = await anext(ward.listener)  # the first one is not acted upon
            assert notice.number == number
            assert not hasattr(notice, "accept")
        for title in ("FIRST", "SECOND"):
            child = ward.lib.new_object()
            ward.listener.accept(child)
            assert (await child.requested()).calling_ae_title == title
        await asyncio.gather(*tasks)

    play(kind, with_ward(program))


@BOTH
def test_one_notice_for_each_request_until_the_listener_ends(kind: str) -> None:
    async def program(ward: Ward) -> list[int]:
        seen: list[int] = []

        async def read() -> None:
            async for notice in ward.listener:
                seen.append(notice.number)
                ward.listener.accept(ward.lib.new_object())
                if notice.number == 3:
                    await ward.listener.close()

        reading = asyncio.create_task(read())
        for _ in range(3):
            await ward.call()[1]
        await reading
        assert [notice async for notice in ward.listener] == []
        return seen

    assert play(kind, with_ward(program)) == [1, 2, 3]


def test_unread_notices_take_no_room_and_none_is_lost() -> None:
    """10,000 requests on a queue of 8: eight notices, one for each that joined, the others are refused."""

    async def program(ward: Ward) -> None:
        codes: list[str] = []
        rest_refused = asyncio.Event()

        async def ask() -> None:
            try:
                await ward.lib.new_object().connect(ward.address)
            except aio.OutcomeError as error:
                codes.append(error.code)
                if len(codes) == 9_992:
                    rest_refused.set()

        async with asyncio.TaskGroup() as group:
            for _ in range(10_000):
                group.create_task(ask())
            await rest_refused.wait()
            assert codes == ["refused"] * 9_992
            assert ward.listener.waiting == 8
            await accept_all(ward, 8)
        assert await refusal_of(lambda: ward.listener.accept(ward.lib.new_object())) == "would_block"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(ward.listener), 0.01)

    play("memory", with_ward(program), debug=False)


@BOTH
def test_the_user_may_answer_himself(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, child = await ward.pair(policy=None)
        assert await refusal_of(lambda: child.respond(AAssociateRJ(1, 1, 1))) == "wrong_state"
        associating = asyncio.create_task(scu.associate(RQ))
        request = await child.requested()
        assert await child.requested() is request
        assert not associating.done()
        child.respond(negotiate(request, Policy()))
        await associating
        assert await scu.echo() == 0
        await scu.release()

    play(kind, with_ward(program))


@BOTH
def test_both_release_at_the_same_time(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, child = await ward.pair()
        await scu.associate(RQ)
        await asyncio.gather(scu.release(), child.release())
        assert (await scu.wait_closed(), await child.wait_closed()) == ("ok", "ok")

    play(kind, with_ward(program))


# --- failures ---------------------------------------------------------------------------------------------


@BOTH
def test_a_connect_that_fails_may_be_tried_again(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu = ward.lib.new_object()
        assert await outcome_of(scu.connect(NOBODY)) == "refused"
        assert scu.state == "IDLE"
        connecting = asyncio.create_task(scu.connect(ward.address))
        await anext(ward.listener)
        ward.listener.accept(ward.lib.new_object())
        await connecting
        assert scu.state == "CONNECTED"

    play(kind, with_ward(program))


@BOTH
def test_a_rejection_says_why(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, child = await ward.pair(Policy(aet="OTHER"))
        with pytest.raises(aio.RejectedError) as caught:
            await scu.associate(RQ)
        assert caught.value.code == "refused"
        assert caught.value.answer == AAssociateRJ(1, 1, 7)
        await child.wait_closed()
        await scu.wait_closed()

    play(kind, with_ward(program))


@BOTH
def test_no_presentation_context_was_accepted(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, _ = await ward.pair(Policy(abstract_syntaxes=()))
        await scu.associate(RQ)
        assert await refusal_of(scu.echo) == "wrong_state"
        await scu.release()

    play(kind, with_ward(program))


@BOTH
@pytest.mark.parametrize(
    ("ending", "code"), [("close", "aborted"), ("close_forced", "reset"), ("abort", "aborted")]
)
def test_the_peer_ends_while_an_answer_is_awaited(kind: str, ending: str, code: str) -> None:
    async def program(ward: Ward) -> None:
        scu, child = await ward.pair(policy=None)
        associating = asyncio.create_task(scu.associate(RQ))
        await child.requested()
        await getattr(child, ending)()
        assert await outcome_of(associating) == code
        assert await scu.wait_closed() == {"close": "ok", "close_forced": "reset", "abort": "aborted"}[ending]
        expected = {"close": "ok", "close_forced": "aborted", "abort": "ok"}[ending]
        assert await child.wait_closed() == expected

    play(kind, with_ward(program))


@BOTH
def test_a_step_is_bounded_in_time_and_then_given_up(kind: str) -> None:
    """A user who does not answer the association request: the requestor aborts after its bound."""

    async def program(ward: Ward) -> None:
        scu, child = await ward.pair(policy=None)
        assert await outcome_of(scu.associate(RQ, seconds=0.05)) == "timeout"
        assert await child.wait_closed() == "aborted"
        assert await scu.wait_closed() == "ok"
        assert await refusal_of(lambda: scu.associate(RQ)) == "not_connected"

    play(kind, with_ward(program))


@BOTH
def test_nobody_asks_for_an_association(kind: str) -> None:
    """ARTIM ends the child, which no callback tells of; the wait ends nevertheless."""

    async def program(ward: Ward) -> None:
        scu, child = await ward.pair()
        assert await outcome_of(child.requested(0.01)) == "timeout"
        assert await outcome_of(child.requested(1e9)) == "aborted"
        assert await child.wait_closed() == "ok"
        assert await scu.wait_closed() == "ok"
        assert await refusal_of(child.requested) == "not_connected"

    play(kind, with_ward(program, Settings(artim=0.1)))


def test_the_connect_timer() -> None:
    async def program(ward: Ward) -> None:
        scu, connecting = ward.call()
        assert await outcome_of(connecting) == "timeout"
        assert (scu.state, ward.listener.waiting) == ("IDLE", 0)
        assert ward.lib.carrier.now() == 7.0

    play("memory", with_ward(program, Settings(connect=7.0)))


# --- cancellation -----------------------------------------------------------------------------------------


@BOTH
def test_a_cancelled_connect_takes_its_request_back(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, connecting = ward.call()
        await anext(ward.listener)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert scu.state == "CLOSED"
        if kind == "tcp":  # the entry stays, and yields the end
            child = ward.lib.new_object()
            ward.listener.accept(child)
            assert await child.wait_closed() == "ok"
            return
        other, waiting = ward.call()
        await anext(ward.listener)
        assert ward.listener.waiting == 1  # the first entry is gone
        ward.listener.accept(ward.lib.new_object())
        await waiting
        assert other.state == "CONNECTED"

    play(kind, with_ward(program))


def test_a_connect_cancelled_before_its_request_arrived() -> None:
    async def program(_: Transport) -> None:
        async with aio.library(MemoryTransport(latency=1.0)) as lib:
            ward = await Ward.open(lib)
            scu, connecting = ward.call()
            await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.wait([connecting])
            assert scu.state == "CLOSED"
            await ward.pair()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(ward.listener), 0.01)

    play("memory", program)


@BOTH
def test_a_cancelled_wait_aborts_the_association(kind: str) -> None:
    async def program(ward: Ward) -> None:
        for step in ("associate", "echo"):
            scu, child = await ward.pair(policy=None if step == "associate" else Policy())
            if step == "associate":
                doing: asyncio.Task[object] = asyncio.create_task(scu.associate(RQ))
                await child.requested()
            else:
                await scu.associate(RQ)
                doing = asyncio.create_task(scu.echo())
                await asyncio.sleep(0)
            doing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await doing
            assert await child.wait_closed() == "aborted"
            assert await scu.wait_closed() == "ok"

    play(kind, with_ward(program))


def test_a_time_limit_around_a_step_works_as_everywhere() -> None:
    async def program(ward: Ward) -> None:
        scu, child = await ward.pair(policy=None)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scu.associate(RQ, 1e9), 0.01)
        assert await child.wait_closed() == "aborted"

    play("tcp", with_ward(program))


# --- the end of the context -------------------------------------------------------------------------------


@BOTH
def test_leaving_the_context_ends_everything(kind: str) -> None:
    async def program(carrier: Transport) -> None:
        async with aio.library(carrier) as lib:
            ward = await Ward.open(lib)
            scu, child = await ward.pair(policy=None)
            associating = asyncio.create_task(scu.associate(RQ))
            closing = asyncio.create_task(child.wait_closed())
            reading = asyncio.create_task(anext(ward.listener))
            await child.requested()
            idle = lib.new_object()
        assert [each.state for each in (scu, child, ward.listener, idle)] == ["CLOSED"] * 4
        assert await outcome_of(associating) == "aborted"
        assert await closing == "aborted"
        with pytest.raises(StopAsyncIteration):
            await reading
        assert await refusal_of(lib.new_object) == "not_initialised"
        async with aio.library(carrier) as again:
            assert await again.new_object().listen(ward.address) == ward.address

    play(kind, program)


@BOTH
def test_an_error_in_the_program_ends_everything_too(kind: str) -> None:
    kept: list[aio.NetworkObject] = []

    async def program(ward: Ward) -> None:
        kept.extend(await ward.pair())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play(kind, with_ward(program))
    assert [each.state for each in kept] == ["CLOSED"] * 2


@BOTH
def test_two_libraries_on_one_carrier(kind: str) -> None:
    """The one that leaves first does not take the other with it."""

    async def program(carrier: Transport) -> None:
        async with aio.library(carrier) as scp:
            ward = await Ward.open(scp)
            async with aio.library(carrier) as scu:
                caller = scu.new_object()
                connecting = asyncio.create_task(caller.connect(ward.address))
                await anext(ward.listener)
                child = scp.new_object()
                ward.listener.accept(child)
                await connecting
                assert caller.listener is None
            assert await child.wait_closed() == "reset"
            one, _ = await ward.pair()
            await one.associate(RQ)
            assert await one.echo() == 0

    play(kind, program)


# --- calls that are not allowed ---------------------------------------------------------------------------


@BOTH
def test_wrong_calls_give_the_code_and_change_nothing(kind: str) -> None:
    async def program(ward: Ward) -> None:
        lib, listener = ward.lib, ward.listener
        idle = lib.new_object()
        assert await refusal_of(lambda: idle.accept(lib.new_object())) == "not_listening"
        assert await refusal_of(lambda: listener.accept(listener)) == "wrong_state"
        assert await refusal_of(lambda: listener.accept(idle)) == "would_block"
        assert await refusal_of(lambda: idle.associate(RQ)) == "not_connected"
        assert await refusal_of(lambda: anext(idle)) == "not_listening"
        assert await refusal_of(idle.requested) == "not_connected"
        assert await refusal_of(idle.echo) == "wrong_state"
        assert await refusal_of(idle.release) == "wrong_state"
        await idle.abort()
        assert await refusal_of(lambda: idle.connect(Address("", 0))) == "invalid_argument"
        assert await refusal_of(lambda: idle.listen(LOOPBACK, -1)) == "invalid_argument"
        assert await refusal_of(lambda: idle.listen(ward.address)) == "address_in_use"
        assert await refusal_of(lambda: listener.listen(LOOPBACK)) == "already_connected"
        assert await refusal_of(lambda: listener.connect(ward.address)) == "already_connected"
        assert idle.state == "IDLE"
        scu, child = await ward.pair()
        assert await refusal_of(lambda: scu.connect(ward.address)) == "already_connected"
        assert await refusal_of(lambda: listener.accept(child)) == "wrong_state"
        await scu.associate(RQ)
        assert await refusal_of(lambda: scu.associate(RQ)) == "wrong_state"
        echoing = asyncio.create_task(scu.echo())
        await asyncio.sleep(0)
        assert await refusal_of(scu.echo) == "wrong_state"
        assert await echoing == 0

    play(kind, with_ward(program))


@BOTH
def test_a_second_connect_does_not_disturb_the_first(kind: str) -> None:
    async def program(ward: Ward) -> None:
        scu, connecting = ward.call()
        await asyncio.sleep(0)
        assert await refusal_of(lambda: scu.connect(ward.address)) in ("wrong_state", "already_connected")
        await scu.abort()  # there is no association: nothing
        await anext(ward.listener)
        ward.listener.accept(ward.lib.new_object())
        await connecting

    play(kind, with_ward(program))


@BOTH
def test_calls_from_another_thread_are_refused(kind: str) -> None:
    async def program(ward: Ward) -> list[str]:
        told: list[str] = []
        idle = ward.lib.new_object()

        def elsewhere() -> None:
            for call in (
                lambda: ward.listener.accept(idle),
                ward.lib.new_object,
                lambda: asyncio.run(ward.lib.new_object().connect(ward.address)),
                lambda: asyncio.run(idle.connect(ward.address)),
                lambda: asyncio.run(idle.close()),
            ):
                try:
                    call()
                except LocalProtocolError as error:
                    told.append(error.code)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert idle.state == "IDLE"
        return told

    assert play(kind, with_ward(program)) == ["wrong_state"] * 5


def test_a_library_is_entered_once_and_in_its_own_loop() -> None:
    async def program(carrier: Transport) -> None:
        lib = aio.library(carrier)
        assert await refusal_of(lib.new_object) == "not_initialised"
        async with lib:
            assert await refusal_of(lib.__aenter__) == "wrong_state"
        assert await refusal_of(lib.__aenter__) == "wrong_state"
        other = TcpTransport()
        assert await refusal_of(aio.library(other).__aenter__) == "invalid_argument"
        other.loop.close()

    play("memory", program)


# --- virtual time -----------------------------------------------------------------------------------------


def test_time_stands_while_a_task_can_go_on() -> None:
    """Wake-ups through queues, groups and limits take turns of the loop; ARTIM must not run out meanwhile."""

    async def program(ward: Ward) -> float:
        scu, child = await ward.pair()
        queue: asyncio.Queue[int] = asyncio.Queue()

        async def relay(left: int) -> None:
            if left:
                async with asyncio.TaskGroup() as group:
                    group.create_task(relay(left - 1))
            queue.put_nowait(left)

        async with asyncio.timeout(30):
            await asyncio.gather(relay(5), asyncio.wait_for(queue.get(), 30))
        await scu.associate(RQ)
        assert child.state == "CONNECTED"
        return ward.lib.carrier.now()

    assert play("memory", with_ward(program)) == 0.0


def test_a_run_in_memory_takes_virtual_time_only() -> None:
    async def program(carrier: Transport) -> float:
        async with aio.library(carrier, Settings(artim=3600.0)) as lib:
            ward = await Ward.open(lib)
            _, child = await ward.pair()
            await child.wait_closed()
            return carrier.now()

    assert play("memory", program) == 3600.0


def test_latency_of_the_memory_carrier() -> None:
    async def main() -> float:
        carrier = MemoryTransport(latency=0.25)
        async with aio.library(carrier) as lib:
            ward = await Ward.open(lib)
            await ward.pair()
        return carrier.now()

    assert asyncio.run(main(), debug=True) == 0.5
