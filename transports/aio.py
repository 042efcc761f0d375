"""The same steps with async and await, in any asyncio program, on any carrier.

    async with aio.library(TcpTransport(asyncio.get_running_loop())) as lib:
        scu = lib.new_object()
        await scu.connect(Address("", 11112))
        await scu.associate(echo_request("SCP", "SCU"))
        print(await scu.echo())
        await scu.release()

A step that fails raises `OutcomeError` with one of the outcome codes; a call that the tables do not allow raises
`LocalProtocolError` and changes nothing. Every wait has a bound, in seconds of the carrier's clock. A wait that is
given up, by its bound or because its task is cancelled, leaves nothing half done: `connect` takes the request back
(the object is closed then), the others abort the association. Leaving the context ends all objects by force.
Everything belongs to the loop in which the context was entered: called from elsewhere it raises
`LocalProtocolError("wrong_state")`.

The memory carrier keeps virtual time in the loop: while a task can go on time stands, and when all wait it jumps.
So no task on that carrier should wait in real time; it would find that all timers have run out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from dicomnet.statemachine import (
    AAssociateAC,
    AAssociateRJ,
    AAssociateRQ,
    LocalProtocolError,
    describe_reject,
)

from . import network as core
from .base import Address, Transport
from .handlers import Verification
from .memory import MemoryTransport
from .negotiation import Policy
from .resolve import bindable
from .secure import Secured, Security
from .tcp import TcpTransport
from .user import Settings
from .virtual import Driver, driver_of

STEP_SECONDS = 30.0


class OutcomeError(Exception):
    """A step did not succeed. `code` is an outcome code: refused, reset, timeout, unreachable, aborted, ..."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[OutcomeError], tuple[str, str]]:
        return (type(self), (self.code, self.message))


class RejectedError(OutcomeError):
    """The peer rejected the association: code refused; `answer` says with what result, source and reason."""

    def __init__(self, answer: AAssociateRJ) -> None:
        super().__init__("refused", describe_reject(answer.result, answer.source, answer.reason))
        self.answer = answer

    def __reduce__(self) -> tuple[type[RejectedError], tuple[AAssociateRJ]]:  # type: ignore[override]
        return (type(self), (self.answer,))


@dataclass(frozen=True, slots=True)
class Notice:
    """One on_accept: a request has joined the queue. It names none, as `accept` takes the first of the queue.

    Notices are numbered from 1; so those not read yet need no more room than one.
    """

    number: int


def library(
    carrier: Transport, settings: Settings | None = None, security: Security | None = None
) -> Library:
    """The library, to be started by `async with`. Entering raises `LocalProtocolError`, see `Library`.

    With `security` every link is secured; a step on it waits until it is.
    """
    return Library(carrier, settings, security)


class Library:
    """The started library on a carrier: it makes network objects. Leaving its context ends them all.

    The last library to leave a TCP carrier also ends the carrier: closed connections that a peer did not read to the
    end deliver nothing more then. Entering raises `LocalProtocolError`: invalid_argument (the carrier lives in another
    loop), wrong_state (entered before).
    """

    def __init__(
        self, carrier: Transport, settings: Settings | None = None, security: Security | None = None
    ) -> None:
        self.carrier = carrier
        self.network = _Network(carrier, settings, security)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._driver: Driver | None = None

    async def __aenter__(self) -> Library:
        """Start the library in the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not None:
            raise LocalProtocolError("wrong_state", "this library was started before; make another")
        if isinstance(self.carrier, TcpTransport):
            if self.carrier.loop is not loop:
                text = (
                    "the carrier lives in another loop: make it by TcpTransport(asyncio.get_running_loop())"
                )
                raise LocalProtocolError("invalid_argument", text)
            self.carrier.users += 1
        elif isinstance(self.carrier, MemoryTransport):
            self._driver = driver_of(self.carrier, loop)
        self._loop = loop
        self.network.startup()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all objects by force, and stop."""
        self.network.shutdown()
        self.wake()
        if isinstance(self.carrier, TcpTransport):
            self.carrier.users -= 1
            if not self.carrier.users:
                self.carrier.end()
        await asyncio.sleep(0)  # whoever waits for an object hears of its end

    @property
    def errors(self) -> list[Exception]:
        """What went wrong inside callbacks, the newest of many."""
        return self.network.errors

    def new_object(self, policy: Policy | None = Policy()) -> NetworkObject:  # noqa: B008 - a frozen value
        """A new network object, IDLE. Raises `LocalProtocolError("not_initialised")` outside the context.

        As the child of a listener it answers an association request by `policy`; with None the user does so, by
        `requested` and `respond`.
        """
        if self._loop is not None:
            self.here()
        return NetworkObject(self, policy)

    def here(self) -> asyncio.AbstractEventLoop:
        """The loop of this library. Raises `LocalProtocolError("wrong_state")` where another, or none, runs."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is None or running is not self._loop:
            text = "called from outside the loop (or the thread) in which the library was started"
            raise LocalProtocolError("wrong_state", text)
        return running

    def wake(self) -> None:
        """Something was asked of the carrier: where its clock is virtual, it goes on."""
        if self._driver is not None:
            self._driver.wake()


class _Network(core.Network):
    """The runtime, which tells an object when it has ended, however that came."""

    def forget(self, ended: core.NetworkObject) -> None:
        super().forget(ended)
        if isinstance(ended.handler, _Ears):
            ended.handler.owner.settle_soon()


class NetworkObject:
    """One network object. See `Library.new_object`; codes of `LocalProtocolError` are those of the runtime's calls.

    `data` is the user's own. A listener is iterated over: `async for notice in listener` gives one notice for each
    on_accept and ends when the listener does.
    """

    def __init__(self, owner: Library, policy: Policy | None) -> None:
        self.library = owner
        self.data: object = None
        self.request: AAssociateRQ | None = None  # what the peer asked for; its AE titles are there
        self._ears = _Ears(self, policy)
        self._core = owner.network.new_object(self._ears)
        self._waiting: dict[str, asyncio.Future[object]] = {}
        self._ended = asyncio.Event()
        self._outcome: str | None = None
        self._aborted = ""
        self._settling = False
        self._said = self._read = 0
        self._news = asyncio.Event()

    # --- what is known -----------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """IDLE, LISTENING, CONNECTING, CONNECTED or CLOSED."""
        return self._core.endpoint.connection.control

    @property
    def peer(self) -> Address | None:
        """The other end's address, once it is known."""
        return self._core.peer

    @property
    def secured(self) -> Secured | None:
        """What the security layer agreed on, and the peer's certificate; None before, and without one."""
        return self._core.secured

    @property
    def listener(self) -> NetworkObject | None:
        """The listener that accepted this child."""
        made = self._core.listener
        return made.handler.owner if made is not None and isinstance(made.handler, _Ears) else None

    @property
    def waiting(self) -> int:
        """How many requests wait in this listener's queue."""
        return self._core.waiting

    @property
    def children(self) -> int:
        """How many accepted children of this listener have not ended."""
        return self._core.children

    # --- the steps of making a connection ----------------------------------------------------------------

    async def listen(self, address: Address, backlog: int = core.DEFAULT_BACKLOG) -> Address:
        """Listen; port 0 is any free one. Gives the address with the real port.

        Raises `LocalProtocolError`: already_connected, invalid_argument, address_in_use, address_unavailable,
        name_not_resolved.
        """
        self.library.here()
        if isinstance(self.library.carrier, TcpTransport):
            address = await bindable(address)
        return self._core.listen(address, backlog)

    def accept(self, child: NetworkObject) -> None:
        """Give the first request of the queue to `child`, whichever notice prompted it.

        Raises `LocalProtocolError`: not_listening, wrong_state (the child), would_block (nothing waits), reset (the
        first request was reset and waits no more: tcp-winsock).
        """
        self.library.here()
        try:
            self._core.accept(child._core)
        finally:
            self.library.wake()

    def __aiter__(self) -> NetworkObject:
        """The notices of this listener."""
        return self

    async def __anext__(self) -> Notice:
        """The next notice. Raises `LocalProtocolError("not_listening")` where it never listened."""
        self.library.here()
        if self.state not in ("LISTENING", "CLOSED"):
            raise LocalProtocolError("not_listening", f"an object in {self.state} has no notices")
        while self.state != "CLOSED" and self._read == self._said:
            self._news.clear()
            await self._news.wait()
        if self.state == "CLOSED":
            raise StopAsyncIteration
        self._read += 1
        return Notice(self._read)

    async def connect(self, address: Address) -> None:
        """Connect; `Settings.connect` bounds the wait. After a failure the object is IDLE and may try again.

        With a security layer this is until the link is secured, which `Settings.handshake` bounds; when that fails
        the object is CLOSED.

        Raises `OutcomeError`: refused, reset, timeout, unreachable, name_not_resolved, and what `on_secure_link_ready`
        tells; `LocalProtocolError`: already_connected, invalid_argument (no such port).
        """
        outcome = await self._ask("connect", lambda: self._core.connect(address), self._core.close)
        if outcome != "ok":
            failure = self._core.security_failure
            text = f"no connection to {address}" if failure is None else failure.text
            raise OutcomeError(str(outcome), text)

    async def ready(self, seconds: float = STEP_SECONDS) -> None:
        """Until this child's link is secured; at once where it has no security layer.

        Raises `OutcomeError` with what `on_secure_link_ready` tells; `LocalProtocolError`: not_connected.
        """
        if self.state == "CONNECTED" and self._core.endpoint.security.control in ("NONE", "SECURED"):
            return
        await self._ask("ready", self._refuse_unless_connected, lambda: None, seconds)

    def configure_security(self, security: Security) -> None:
        """Let this object's link be secured in this way; see the runtime's call of that name."""
        self.library.here()
        self._core.configure_security(security)

    async def close(self) -> None:
        """End in an orderly way, in whatever state."""
        await self._end(self._core.close)

    async def close_forced(self) -> None:
        """End by reset."""
        await self._end(self._core.close_forced)

    async def wait_closed(self) -> str:
        """Until the object has ended: ok (closed by either side), reset, or aborted. It has no bound of its own."""
        self.library.here()
        await self._ended.wait()
        return self._outcome or "ok"

    # --- the association ---------------------------------------------------------------------------------

    async def associate(self, request: AAssociateRQ, seconds: float = STEP_SECONDS) -> AAssociateAC:
        """Ask for an association on a connection that stands.

        Raises `RejectedError`; `OutcomeError`: aborted, reset, timeout; `LocalProtocolError`: not_connected,
        wrong_state, invalid_argument.
        """
        answer = await self._ask(
            "associate", lambda: self._core.associate(request), self._core.abort, seconds
        )
        if isinstance(answer, AAssociateRJ):
            raise RejectedError(answer)
        assert isinstance(answer, AAssociateAC)
        return answer

    async def requested(self, seconds: float = STEP_SECONDS) -> AAssociateRQ:
        """The peer's association request. ARTIM bounds the wait as well; to give it up changes nothing.

        Raises `OutcomeError`: aborted, reset, timeout; `LocalProtocolError`: not_connected.
        """
        if self.request is None:
            await self._ask("request", self._refuse_unless_connected, lambda: None, seconds)
        assert self.request is not None
        return self.request

    def respond(self, answer: AAssociateAC | AAssociateRJ) -> None:
        """Answer the association request (see `negotiate`). Raises `LocalProtocolError`: wrong_state, ..."""
        self.library.here()
        if self.request is None:
            raise LocalProtocolError("wrong_state", "no association was asked for")
        self._ears.respond(self._core, self.request, answer)
        self.library.wake()

    async def echo(self, seconds: float = STEP_SECONDS) -> int:
        """Send a C-ECHO and wait for its status, 0 for success.

        Raises `OutcomeError`: aborted, reset, timeout; `LocalProtocolError`: wrong_state (no association, none with
        the Verification SOP class, another C-ECHO waits), invalid_argument.
        """
        status = await self._ask("echo", lambda: self._ears.echo(self._core), self._core.abort, seconds)
        assert isinstance(status, int)
        return status

    async def release(self, seconds: float = STEP_SECONDS) -> None:
        """Release the association; the connection is closed with it (PS3.8 2020, 9.2, AR-3).

        Raises `OutcomeError`: aborted, reset, timeout; `LocalProtocolError`: wrong_state.
        """
        await self._ask("release", self._core.release, self._core.abort, seconds)

    async def abort(self) -> None:
        """Abort the association, if there is one, and wait until the peer has closed; ARTIM bounds the wait."""
        self.library.here()
        alive = self._core.endpoint.association.control != "Sta1"
        self._core.abort()
        if alive:
            self._fail("aborted", "the association was aborted here")
        self.library.wake()
        if self._core.endpoint.association.control == "Sta13" or self.state == "CLOSED":
            await self._ended.wait()

    # --- waiting -----------------------------------------------------------------------------------------

    def _refuse_unless_connected(self) -> None:
        if self.state != "CONNECTED":
            raise LocalProtocolError("not_connected", f"no request comes to an object in {self.state}")

    async def _ask(
        self,
        what: str,
        start: Callable[[], None],
        give_up: Callable[[], None],
        seconds: float | None = None,
    ) -> object:
        """Do `start`, which may refuse, and wait for the answer. Whatever ends the wait otherwise gives it up."""
        loop = self.library.here()
        if what in self._waiting:
            raise LocalProtocolError("wrong_state", f"another task waits for the answer to {what}")
        start()
        future: asyncio.Future[object] = loop.create_future()
        self._waiting[what] = future
        timer = None
        if seconds is not None:
            timer = self.library.carrier.call_later(seconds, lambda: self._expire(what, seconds))
        self.library.wake()
        try:
            answer = await future
            if isinstance(answer, OutcomeError):
                raise answer
        except BaseException:
            give_up()
            self.library.wake()
            raise
        else:
            return answer
        finally:
            if timer is not None:
                timer.cancel()
            if self._waiting.get(what) is future:
                del self._waiting[what]

    async def _end(self, end: Callable[[], None]) -> None:
        self.library.here()
        end()
        self.library.wake()
        await self._ended.wait()

    def _expire(self, what: str, seconds: float) -> None:
        self.tell(what, OutcomeError("timeout", f"no answer to {what} within {seconds:g} s"))

    def _fail(self, code: str, message: str) -> None:
        for what in list(self._waiting):
            self.tell(what, OutcomeError(code, f"{what}: {message}"))

    # --- what happens, told by the runtime ---------------------------------------------------------------

    def tell(self, what: str, answer: object) -> None:
        """The answer that a task may wait for."""
        future = self._waiting.pop(what, None)
        if future is not None and not future.done():
            future.set_result(answer)

    def note_request(self) -> None:
        """A request has joined the queue."""
        self._said += 1
        self._news.set()

    def note_end(self, outcome: str) -> None:
        """The connection ended, not by this end's close."""
        self._outcome = outcome
        self.settle_soon()

    def note_security(self, outcome: str) -> None:
        """The link is secured, or could not be: then the object has ended."""
        if outcome == "ok":
            self.tell("connect", outcome)
            self.tell("ready", outcome)
            return
        self._outcome = outcome
        self.tell("connect", outcome)
        failure = self._core.security_failure
        self._aborted = "the link could not be secured" if failure is None else failure.text
        self.settle_soon()

    def note_abort(self, why: str) -> None:
        """The association ended; a reset of the connection may be told next."""
        self._outcome = self._outcome or "aborted"
        self._aborted = why
        self.settle_soon()

    def settle_soon(self) -> None:
        """The object may have ended: see when all that belongs to it was told."""
        if not self._settling:
            self._settling = True
            self.library.here().call_soon(self._settle)

    def _settle(self) -> None:
        self._settling = False
        code = self._outcome if self._outcome not in (None, "ok") else "aborted"
        if self.state == "CLOSED":
            self._fail(code, self._aborted or "the connection ended before there was an answer")
            self._ended.set()
            self._news.set()
        elif self._aborted:
            self._fail(code, self._aborted)


class _Ears(Verification):
    """Passes on to the object what its callbacks tell."""

    def __init__(self, owner: NetworkObject, policy: Policy | None) -> None:
        super().__init__(policy)
        self.owner = owner
        self._by_user = policy is None

    def on_accept(self, listener: core.NetworkObject) -> None:
        self.owner.note_request()

    def on_connect(self, subject: core.NetworkObject, outcome: str) -> None:
        # With a security layer the link is not ready yet.
        if outcome != "ok" or subject.endpoint.security.control == "NONE":
            self.owner.tell("connect", outcome)

    def on_secure_link_ready(self, subject: core.NetworkObject, outcome: str) -> None:
        self.owner.note_security(outcome)

    def on_close(self, subject: core.NetworkObject, outcome: str) -> None:
        self.owner.note_end(outcome)

    def on_associate_request(self, subject: core.NetworkObject, request: AAssociateRQ) -> None:
        self.owner.request = request
        if not self._by_user:
            super().on_associate_request(subject, request)
        self.owner.tell("request", request)

    def on_associated(self, subject: core.NetworkObject, answer: AAssociateAC) -> None:
        self.owner.tell("associate", answer)

    def on_rejected(self, subject: core.NetworkObject, answer: AAssociateRJ) -> None:
        self.owner.tell("associate", answer)

    def on_echo(self, subject: core.NetworkObject, status: int) -> None:
        self.owner.tell("echo", status)

    def on_released(self, subject: core.NetworkObject) -> None:
        self.owner.tell("release", True)

    def on_aborted(self, subject: core.NetworkObject, why: str) -> None:
        self.owner.note_abort(why)
