"""The carrier in memory with faults: latency, loss, resets, slow readers, limited buffers, cut and joined segments.

All is drawn from one seed, for each connection apart: what one connection suffers does not depend on the others,
so that a run with fewer of them goes on as before. Nothing is drawn on what a security layer has sealed (see `cargo`).
What goes one way on one connection keeps its order, always.
Who gives a `watch` is told of everything that happens on the wire.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from heapq import heappush
from random import Random
from typing import Any, NamedTuple

from dicomnet.statemachine import MODEL, Model

from .base import Address, Link, LinkHandler, ListenHandler
from .cargo import Cargo
from .faults import NO_FAULTS, Faults
from .memory import MemoryEnd, MemoryRequest, MemoryTransport
from .secure import SecureLink

# Seconds for which octets wait for what may be sent after them.
MERGE_SECONDS = 0.2
# Seconds after which a slow reader reads on, at most, and how many units he takes then.
SLOW_SECONDS = 0.5
SLOW_UNITS = 64
# Seconds after which an end hears that its connection went silent (least, most).
SILENCE_SECONDS = (1.0, 30.0)
# How long a partition lasts, in seconds (least, most).
CUT_SECONDS = (0.5, 10.0)
# An end with so many units that still wait to be sent reads no more, as on TCP.
MOST_UNSENT = 4096
# How often in a row a request is lost at most.
MOST_LOST = 4


class Happening(NamedTuple):
    """One thing that happened on a simulated network.

    `when` in seconds of the virtual clock; `link` is the number of the connection; `way` is "->" from the requestor,
    "<-" towards him, or "" for both; `subject` is the handler that did it or is told of it, if any; `about` is what
    it carries: octets, the code of a failure, the request.
    """

    when: float
    link: int
    way: str
    what: str
    subject: object = None
    about: object = None


Watch = Callable[[Happening], None]


class Simulator(MemoryTransport):
    """A carrier in memory whose faults are drawn from a seed. `met` counts the faults that occurred, by name."""

    def __init__(
        self, seed: int = 0, faults: Faults = NO_FAULTS, tables: Model = MODEL, watch: Watch | None = None
    ) -> None:
        super().__init__(0.0, tables)
        self.faults = faults
        self.watch = watch
        self.met: Counter[str] = Counter()
        self._seed = seed
        self._wires = 0
        self._latest = (-1.0, 0)
        chance = Random(seed)
        self._cuts = [
            (start, start + chance.uniform(*CUT_SECONDS))
            for start in sorted(chance.uniform(0.0, faults.within) for _ in range(faults.partitions))
        ]

    def connect(self, address: Address, handler: LinkHandler) -> Link:
        """See `Transport.connect`."""
        self._wires += 1
        wire = _Wire(self, self._wires, Random(self._draw()), handler, address)
        wire.begin()
        return wire.near

    def _draw(self) -> int:
        """A seed for a connection, of nothing but this run's seed and the moment."""
        moment, nth = self._latest
        self._latest = (self._now, nth + 1 if moment == self._now else 0)
        return (self._seed << 64) + (int(self._now * 1e9) << 8) + self._latest[1]

    def at(self, when: float, call: Callable[[Any], None], about: object = None) -> None:
        """Let `call(about)` be made at a time."""
        heappush(self._heap, (when, next(self._sequence), call, about))

    def through(self, sent: float, arrives: float) -> float:
        """When something arrives that must pass where partitions are."""
        for start, end in self._cuts:
            if start <= arrives and sent < end:
                self.met["partitions"] += 1
                arrives = end + (arrives - sent)
        return arrives

    def tell(self, wire: _Wire, way: str, what: str, subject: object = None, about: object = None) -> None:
        """Tell who watches."""
        if self.watch is not None:
            self.watch(Happening(self._now, wire.number, way, what, subject, about))


class _Wire:
    """One connection, from its request to its end, and its fate."""

    __slots__ = ("carrier", "chance", "down", "exposed", "near", "number", "request", "silent", "up")

    def __init__(
        self, carrier: Simulator, number: int, chance: Random, handler: LinkHandler, address: Address
    ) -> None:
        self.carrier = carrier
        self.number = number
        self.chance = chance
        self.silent = False
        self.exposed = bool(carrier.faults.partitions) and chance.random() < 0.5
        self.up = _Pipe(self, "->")
        self.down = _Pipe(self, "<-")
        self.up.back, self.down.back = self.down, self.up
        self.near = _SimulatedEnd(carrier, handler, address, self.up)
        self.request = _SimulatedRequest(self, address.port)
        self.near.request = self.request
        self.down.sink = self.near
        self.up.seal(handler)

    def begin(self) -> None:
        """Send the request, and draw what will become of the connection."""
        faults, chance, carrier = self.carrier.faults, self.chance, self.carrier
        self.carrier.tell(self, "->", "request", self.near.handler)
        late, tries = 0.0, 0
        while faults.lost_request and tries < MOST_LOST and chance.random() < faults.lost_request:
            late += 2.0**tries
            tries += 1
            carrier.met["lost-request"] += 1
            carrier.tell(self, "->", "request lost")
        self.up.carry(self.request.arrive, None, late)
        if faults.lost or faults.reset or faults.half_close:
            fate = chance.random()
            # Sooner is more often: most connections do not live long.
            when = carrier.now() + faults.within * chance.random() ** 3
            for likely, happens in (
                (faults.lost, self._fall_silent),
                (faults.reset, self._break),
                (faults.half_close, self._half_close),
            ):
                if fate < likely:
                    carrier.at(when, happens)
                    break
                fate -= likely

    def delay(self) -> float:
        """Seconds that something is on its way."""
        faults, chance = self.carrier.faults, self.chance
        low, high = faults.latency
        seconds = low if low == high else chance.uniform(low, high)
        return seconds + (chance.uniform(0.0, faults.disorder) if faults.disorder else 0.0)

    @property
    def over(self) -> bool:
        """Whether no end is left that could suffer."""
        far = self.request.acceptor
        return self.near.closed and (far is None or far.closed)

    def _fall_silent(self, _about: object = None) -> None:
        if self.over:
            return
        self.carrier.met["lost"] += 1
        self.carrier.tell(self, "", "falls silent")
        self.silent = True
        for end in (self.near, self.request.far):
            if end is not None:
                self.late(end.lose)

    def late(self, call: Callable[[Any], None], about: object = None) -> None:
        """Tell an end of a silent connection, much later."""
        self.carrier.at(self.carrier.now() + self.chance.uniform(*SILENCE_SECONDS), call, about)

    def _break(self, _about: object = None) -> None:
        if self.over:
            return
        self.carrier.met["reset"] += 1
        self.carrier.tell(self, "", "is reset on the way")
        self.up.stop()
        self.down.stop()
        far = self.request.far
        if far is None:
            self.request.give("break")
        else:
            far.broken()
        self.near.lose("reset")

    def _half_close(self, _about: object = None) -> None:
        if self.over or self.request.far is None:
            return
        self.carrier.met["half-close"] += 1
        pipe = self.up if self.chance.random() < 0.5 else self.down
        self.carrier.tell(self, pipe.way, "ends early on the way")
        pipe.finish()


class _Pipe:
    """One way of a connection: what waits to be sent, what is on its way, what is not read yet.

    `_flying` counts the units (see `Cargo`) that were sent and are not read; a write beyond the buffer's size waits.
    """

    __slots__ = (
        "_due", "_early", "_finishing", "_flying", "_held", "_joining", "_pumping", "_reading", "_size", "_slow",
        "_stopped", "_unsent", "_wire", "back", "sink", "way",
    )  # fmt: skip

    back: _Pipe
    sink: _SimulatedEnd

    def __init__(self, wire: _Wire, way: str) -> None:
        faults, chance = wire.carrier.faults, wire.chance
        self._wire = wire
        self.way = way
        low, high = faults.buffer
        self._size = low if low == high else chance.randint(low, high)
        self._slow = bool(faults.slow_reader) and chance.random() < faults.slow_reader
        self._due = 0.0
        self._unsent = Cargo()
        self._early = Cargo()  # sent before there was another end
        self._flying = 0
        self._held: deque[Cargo | None] = deque()  # None is the end
        self._finishing = False  # the end follows what is unsent
        self._stopped = False  # nothing more is taken
        self._joining = self._pumping = self._reading = False

    def seal(self, sender: LinkHandler) -> None:
        """Learn who sends this way, before he does."""
        self._unsent.sealed = self._early.sealed = isinstance(sender, SecureLink)

    @property
    def unsent(self) -> int:
        """How many units wait to be sent."""
        return self._unsent.units

    def say(self, what: str, subject: object, about: object = None) -> None:
        """Tell who watches what happens this way."""
        self._wire.carrier.tell(self._wire, self.way, what, subject, about)

    # The sender's side.

    def put(self, octets: bytes) -> None:
        """Take octets to be sent."""
        if self._stopped or self._finishing:
            return
        wire = self._wire
        self._unsent.add(octets)
        if self._joining:
            return
        if wire.carrier.faults.merge and wire.chance.random() < wire.carrier.faults.merge:
            self._joining = True
            wire.carrier.met["merge"] += 1
            wire.carrier.at(wire.carrier.now() + wire.chance.uniform(0.0, MERGE_SECONDS), self._joined)
        else:
            self.pump()

    def put_early(self, octets: bytes) -> bytes:
        """Take octets that are sent before the connection has another end: those that have room go at once."""
        nothing_waits = not self._unsent
        self._unsent.add(octets)
        now = self._unsent.take(max(0, self._size - self._flying) if nothing_waits else 0)
        if self._unsent:
            self._wire.carrier.met["buffer"] += 1
        self._flying += now.units
        self._early.put_last(now)
        return now.octets

    def put_kept(self) -> None:
        """Send first what had room and was kept for the other end."""
        self._flying = 0
        self._unsent.put_first(self._early)
        self._early.clear()

    def finish(self) -> None:
        """Send the end behind everything else."""
        if not self._stopped and not self._finishing:
            self._finishing = True
            self.pump()

    def finish_later(self) -> bool:
        """Send the end as soon as what waits is sent; False where nothing waits."""
        self._finishing = bool(self._unsent)
        return self._finishing

    def stop(self) -> None:
        """Take and send no more."""
        self._stopped = True
        self._unsent.clear()

    def reset(self) -> None:
        """Throw away what waits, and send a reset behind what is on its way."""
        if self._stopped:
            return
        self.stop()
        if self._wire.silent:
            return  # each end hears of the silence by itself
        self._wire.carrier.tell(self._wire, self.way, "reset")
        self.carry(self._arrive_reset)

    def _joined(self, _about: object = None) -> None:
        self._joining = False
        self.pump()

    def pump(self, _about: object = None) -> None:
        """Send what there is room for."""
        wire, chance = self._wire, self._wire.chance
        self._pumping = False
        split = wire.carrier.faults.split
        while self._unsent:
            size = min(self._unsent.units, self._size - self._flying)
            if size <= 0:
                wire.carrier.met["buffer"] += 1
                return
            if split and size > 1 and chance.random() < split:
                size = chance.randint(1, size - 1)
                wire.carrier.met["split"] += 1
            self._flying += size
            self.carry(self._arrive, self._unsent.take(size))
        if self._finishing and not self._stopped:
            self._stopped = True
            wire.carrier.tell(wire, self.way, "end")
            self.carry(self._arrive_end)
        self.back.read_on()

    def carry(self, call: Callable[[Any], None], about: object = None, late: float = 0.0) -> None:
        """Let `call(about)` be made at the other end, behind all that went this way before."""
        wire = self._wire
        if wire.silent:
            return
        now = wire.carrier.now()
        when = now + late + wire.delay()
        if wire.exposed:
            when = wire.carrier.through(now, when)
        self._due = max(self._due, when)
        if wire.carrier.faults.disorder:
            wire.carrier.met["disorder"] += 1
        if wire.carrier.faults.latency[1]:
            wire.carrier.met["latency"] += 1
        wire.carrier.at(self._due, call, about)

    # The receiver's side.

    def _arrive(self, segment: Cargo) -> None:
        if self._wire.silent:
            return
        if self.sink.closed:
            # As on a real wire: octets for an end that was closed are answered by a reset.
            self._flying -= segment.units
            self.back.reset()
        elif self._slow or self._held or self._stalled:
            self._held.append(segment)
            self.read_on()
        else:
            self._give(segment)

    @property
    def _stalled(self) -> bool:
        return self.back.unsent > MOST_UNSENT

    def read_on(self) -> None:
        """Let the reader come back to what is held."""
        if self._held and not self._reading and not self._stalled:
            self._reading = True
            wire = self._wire
            wait = wire.chance.uniform(0.0, SLOW_SECONDS) if self._slow else 0.0
            wire.carrier.at(wire.carrier.now() + wait, self._read)

    def _read(self, _about: object = None) -> None:
        self._reading = False
        if not self._held:
            return
        item = self._held.popleft()
        if item is None:
            self.sink.ended()
        else:
            size = item.units
            if self._slow:
                size = min(size, self._wire.chance.randint(1, SLOW_UNITS))
                self._wire.carrier.met["slow-reader"] += 1
            read = item.take(size)
            if item:
                self._held.appendleft(item)
            self._give(read)
        self.read_on()

    def _give(self, segment: Cargo) -> None:
        self._flying -= segment.units
        if self._unsent and not self._pumping and not self._joining and not self._wire.silent:
            # That there is room again must travel to the sender.
            self._pumping = True
            self.back.carry(self.pump)
        self.sink.arrived(segment.octets)

    def _arrive_end(self, _about: object = None) -> None:
        if self._held:
            self._held.append(None)
        elif not self._wire.silent:
            self.sink.ended()

    def _arrive_reset(self, _about: object = None) -> None:
        if not self._wire.silent:
            self._held.clear()
            self.sink.broken()


class _SimulatedRequest(MemoryRequest):
    """A request on a wire with faults."""

    __slots__ = ("far", "wire")

    def __init__(self, wire: _Wire, port: int) -> None:
        super().__init__(wire.carrier, wire.near, port, wire.carrier.next_address())
        self.wire = wire
        self.far: _SimulatedEnd | None = None

    def _tell_of(self, what: str, about: object = None) -> None:
        listening = self.listening
        handler: ListenHandler | None = None if listening is None else listening.handler
        self.wire.carrier.tell(self.wire, "->", what, handler, about)

    def tells(self) -> bool:
        """See `MemoryRequest.tells`."""
        wire = self.wire
        return not wire.silent and wire.chance.random() < wire.carrier.faults.accept_tells

    def take(self, handler: LinkHandler) -> Link:
        """See `Request.take`."""
        self.wire.carrier.tell(self.wire, "<-", "taken", handler, self)
        return super().take(handler)

    def drop(self, code: str) -> None:
        """See `Request.drop`."""
        faults = self.wire.carrier.faults
        if code == "overflow" and faults.half_open and self.wire.chance.random() < faults.half_open:
            self.wire.carrier.met["half-open"] += 1
            code = "half-open"
        self.wire.carrier.met["accept-tells"] += code == "gone"
        self._tell_of("dropped", code)
        super().drop(code)

    def arrive(self, _about: None = None) -> None:
        """It comes to its address, unless its connection went silent."""
        if not self.wire.silent:
            super().arrive()

    def withdrawn(self, _about: None = None) -> None:
        """See `MemoryRequest.withdrawn`."""
        if not self.wire.silent:
            self._tell_of("withdrawn", self)
            super().withdrawn()

    def make_end(self, handler: LinkHandler) -> MemoryEnd:
        """See `MemoryRequest.make_end`."""
        wire = self.wire
        self.far = wire.up.sink = _SimulatedEnd(wire.carrier, handler, self.peer, wire.down)
        wire.down.seal(handler)
        if wire.silent:
            wire.late(self.far.lose)
        return self.far

    def toward_requestor(self, report: Callable[[Any], None], about: object = None) -> None:
        """See `MemoryRequest.toward_requestor`."""
        if self.wire.silent and report != self.wire.near.opened:
            self.wire.late(report, about)
        else:
            self.wire.down.carry(report, about)

    def toward_listener(self, report: Callable[[Any], None], about: object = None) -> None:
        """See `MemoryRequest.toward_listener`."""
        self.wire.up.carry(report, about)

    def _offer(self) -> None:
        self._tell_of("offered", self)
        super()._offer()
        self._tell_of("settled", self)

    def _deliver(self, kept: tuple[tuple[str, bytes], ...]) -> None:
        up = self.wire.up
        up.put_kept()
        reports = {report for report, _ in kept}
        if "reset" in reports:
            up.reset()
        elif "end" in reports:
            up.finish()
        else:
            up.pump()


class _SimulatedEnd(MemoryEnd):
    """An end of a wire with faults."""

    __slots__ = ("_out",)

    def __init__(self, carrier: Simulator, handler: LinkHandler, peer: Address, out: _Pipe) -> None:
        super().__init__(carrier, handler, peer)
        self._out = out

    @property
    def handler(self) -> LinkHandler:
        """Who is told what happens to it."""
        return self._handler

    @property
    def unsent(self) -> int:
        """How many octets wait to be sent."""
        return self._out.unsent

    def send(self, octets: bytes) -> None:
        """See `Link.send`."""
        if self.closed or self.sent_end or not octets:
            return
        if self.other is not None:
            self._out.say("sends", self._handler, octets)
            self._out.put(octets)
        elif self.open and self.request is not None:
            self._out.say("sends", self._handler, octets)
            now = self._out.put_early(octets)
            if now:
                self.request.give("octets", now)

    def half_close(self) -> None:
        """See `Link.half_close`."""
        if self.closed or self.sent_end:
            return
        if self.other is not None:
            self.sent_end = True
            self._out.finish()
        elif self.open and self.request is not None:
            self.sent_end = True
            if not self._out.finish_later():
                self.request.give("end")

    def close(self) -> None:
        """See `Link.close`."""
        if self.closed:
            return
        if self.other is not None:
            self.half_close()
        elif self.request is not None and not self._out.finish_later():
            self.request.give("leave")
        self.closed = True

    def reset(self) -> None:
        """See `Link.reset`."""
        if self.closed:
            return
        if self.other is not None:
            self._out.reset()
        elif self.request is not None:
            self._out.stop()
            self.request.give("break")
        self.closed = True

    def lose(self, code: str | None = None) -> None:
        """The connection went silent, or was reset (code) on the way."""
        if self.open or self.request is None:
            self.broken()
        else:
            self.failed(code or "timeout")

    def opened(self, _about: None = None) -> None:
        """The connection stands."""
        if not self.closed:
            self._out.say("open", self._handler)
        super().opened()

    def failed(self, code: str) -> None:
        """It could not be made."""
        if not self.closed:
            self._out.say("failed", self._handler, code)
        super().failed(code)

    def arrived(self, octets: bytes) -> None:
        """Octets of the other end."""
        self._out.back.say("octets", self._handler, octets)
        self._handler.on_octets(octets)

    def ended(self, _about: None = None) -> None:
        """The other end sends no more."""
        if not self.closed:
            self._out.back.say("end", self._handler)
        super().ended()

    def broken(self, _about: None = None) -> None:
        """It was reset."""
        if not self.closed:
            self._out.back.say("reset", self._handler)
        super().broken()
