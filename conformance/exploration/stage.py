"""A stage for short plays: network objects on the memory carrier, told what to do by a script, noting all they hear.

A script is a line of steps, `a connect; run; L accept k`. Whoever is named is there: a network object of the library
under test (`far-...` belongs to a second library on the same carrier, `wire-...` is a bare end of a connection that
speaks no DICOM of its own). What an actor notes, in order: the callbacks it is told, the refusal of a call
(`connect!already_connected`), and in the end its state. Time is virtual, and a play that will not end is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dicomnet.statemachine import (
    PDV,
    AAbort,
    AAssociateRJ,
    AReleaseRP,
    AReleaseRQ,
    Framer,
    Limits,
    LocalProtocolError,
    Model,
    PDataTF,
    Trace,
    Violation,
    encode,
    feed,
    step,
)
from dicomnet.transports import (
    PLAYED_MESSAGES,
    Address,
    Handler,
    Link,
    LinkHandler,
    MemoryTransport,
    Network,
    NetworkObject,
    PlayedSecurity,
    Policy,
    Request,
    Settings,
    echo_request,
    negotiate,
    played_data,
    played_records,
)

from ..layer import PlannedError

REQUEST = echo_request("CALLED", "CALLING")
ACCEPTANCE = negotiate(REQUEST, Policy())
REJECTION = AAssociateRJ(1, 1, 1)
DATA = PDataTF((PDV(1, True, True, b"\0\0"),))
NOWHERE = Address("", 1)
NO_SUCH_PORT = Address("", 70_000)
# No play on true tables has a tenth of it.
MAX_TURNS = 400
OCTETS = {
    "release": encode(AReleaseRQ()),
    "released": encode(AReleaseRP()),
    "accept": encode(ACCEPTANCE),
    "reject": encode(AAssociateRJ(1, 2, 1)),
    "data": encode(PDataTF((PDV(1, True, True, bytes(2)),))),
    "abort": encode(AAbort(0, 0)),
    "associate": encode(REQUEST),
    "rubbish": b"\x16\x03\x01\x00\x10" * 4,
    **PLAYED_MESSAGES,
}

Step = tuple[str, str, tuple[str, ...]]
Note = tuple[str, str]


class PlayTooLongError(Exception):
    """The play does not end."""


class Actor(Handler):
    """The user of one network object: notes what it is told, and acts inside a callback as the script says."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage = stage
        self._name = name
        self.then: dict[str, list[Step]] = {}
        self.subject: NetworkObject | None = None

    def _hear(self, what: str) -> None:
        self._stage.hear(self._name, what, self.then.get(what.partition("(")[0], []))

    def on_accept(self, listener: NetworkObject) -> None:
        """See `Handler`."""
        self._hear("on_accept" if listener is self.subject else "on_accept(of another)")

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self._hear(f"on_connect({outcome})")

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self._hear(f"on_close({outcome})")

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self._hear(f"on_child_close({self._stage.name_of(child)},{outcome})")

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self._hear(f"on_secure_link_ready({outcome})")

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """See `Handler`."""
        self._hear(primitive.replace(" ", "."))


class Offered:
    """A request that a carrier reports by itself."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear
        self.peer = NOWHERE
        self.gone = False

    def take(self, handler: LinkHandler) -> Link:
        """See `Request`."""
        raise AssertionError("this request is there to be dropped")

    def drop(self, code: str) -> None:
        """See `Request`."""
        self._hear(f"dropped({code})")


class Wire:
    """A bare end of a connection, and a bare listener: what is seen of the other side on the wire."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage = stage
        self._name = name
        self._framer = Framer(Limits())
        self.link: Link | None = None
        self.requests: list[Request] = []
        self.eager = False  # it takes a request while it hears of it

    def _hear(self, what: str) -> None:
        self._stage.hear(self._name, what, [])

    def on_open(self) -> None:
        """See `LinkHandler`."""
        self._hear("open")

    def on_failed(self, code: str) -> None:
        """See `LinkHandler`."""
        self._hear(f"failed({code})")

    def on_octets(self, octets: bytes) -> None:
        """See `LinkHandler`."""
        said = tuple(played_records(octets))
        for message, protected in said:
            if message == "data":
                self._pdus("secured:", protected)
            else:
                self._hear(message)
        if not said:
            self._pdus("", octets)

    def _pdus(self, how: str, octets: bytes) -> None:
        for received, _ in self._framer.feed(octets):
            self._hear(how + ("violation" if isinstance(received, Violation) else received.name))

    def on_end(self) -> None:
        """See `LinkHandler`."""
        self._hear("end")

    def on_reset(self) -> None:
        """See `LinkHandler`."""
        self._hear("reset")

    def has_room(self) -> bool:
        """See `ListenHandler`."""
        return True

    def on_request(self, request: Request) -> None:
        """See `ListenHandler`."""
        self._hear("request")
        if self.eager:
            self.link = request.take(self)
        else:
            self.requests.append(request)

    def on_withdrawn(self, request: Request) -> None:
        """See `ListenHandler`."""
        self._hear("withdrawn")

    def act(self, verb: str, words: tuple[str, ...]) -> None:
        """What the script lets it do."""
        carrier = self._stage.carrier
        if verb == "eager":
            self.eager = True
        elif verb == "listen":
            self._stage.at[self._name] = carrier.listen(Address("", 0), 4, self).address
        elif verb == "connect":
            self.link = carrier.connect(self._stage.place(words), self)
        elif verb == "offer":
            self._stage.subject(words[0]).on_request(Offered(self._hear))
        elif verb == "take":
            self.link = self.requests.pop(0).take(self)
        elif verb == "drop":
            self.requests.pop(0).drop(words[0])
        elif self.link is not None:
            match verb:
                case "send":
                    self.link.send(OCTETS[words[0]])
                case "secured":
                    self.link.send(played_data(OCTETS[words[0]]))
                case "half_close":
                    self.link.half_close()
                case "close":
                    self.link.close()
                case _:
                    self.link.reset()


@lru_cache(maxsize=2048)
def parse(script: str) -> tuple[Step, ...]:
    """The steps of a script: (actor, verb, words)."""
    steps: list[Step] = []
    for text in script.split(";"):
        words = text.split()
        if words[0] in WHOLE:
            steps.append(("", words[0], tuple(words[1:])))
        else:
            steps.append((words[0], words[1], tuple(words[2:])))
    return tuple(steps)


# Steps that belong to nobody.
WHOLE = frozenset(
    {
        "run",
        "wait",
        "cold",
        "startup",
        "shutdown",
        "clear",
        "when",
        "new",
        "far-shutdown",
        "lossy",
        "telling",
        "timers",
        "library",
        "secure",
        "refuse",
    }
)


class Stage:
    """One play on these tables."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.carrier = MemoryTransport(tables=model)
        self.notes: list[Note] = []
        self.at: dict[str, Address] = {}
        self._settings = Settings(tables=model)
        self._network = Network(self.carrier, self._settings)
        self.trace = self._network.trace = self.carrier.trace = Trace()
        self._played = PlayedSecurity()
        self._far: Network | None = None
        self._actors: dict[str, Actor] = {}
        self._wires: dict[str, Wire] = {}
        self._inside = False
        self._turns = 0

    def play(self, steps: tuple[Step, ...]) -> list[Note]:
        """Play it to its end, whatever happens; gives all that was noted."""
        try:
            if steps[0][1] != "cold":
                self._network.startup()
            for each in steps:
                self._do(each)
            for name, actor in self._actors.items():
                if actor.subject is not None:
                    self.notes.append((name, state_of(actor.subject)))
                    if actor.subject.held != actor.subject.waiting:
                        self.notes.append((name, f"holds({actor.subject.held})"))
        except Exception as error:  # noqa: BLE001 - changed tables may raise anything; it is what is reported
            self.notes.append(("play", f"raised({type(error).__name__})"))
        for network in (self._network, self._far):
            if network is not None:
                self.notes += (("errors", kind_of(error)) for error in network.errors)
        return self.notes

    def hear(self, name: str, what: str, then: list[Step]) -> None:
        """Somebody is told something, and does what the script has for that."""
        self.notes.append((name, f"inside({what})" if self._inside else what))
        if then:
            before, self._inside = self._inside, True
            try:
                for each in then:
                    self._do(each)
            finally:
                self._inside = before

    def name_of(self, subject: NetworkObject) -> str:
        """The name of an object in the script."""
        return next((name for name, actor in self._actors.items() if actor.subject is subject), "?")

    def place(self, words: tuple[str, ...]) -> Address:
        """Where a connect goes: to a named listener, or to the only one."""
        if words and words[0] in ("nowhere", "no-port"):
            return NOWHERE if words[0] == "nowhere" else NO_SUCH_PORT
        return self.at.get(words[0] if words else "L", NOWHERE)

    # --- steps -------------------------------------------------------------------------------------------

    def _do(self, each: Step) -> None:
        name, verb, words = each
        try:
            if not name:
                self._whole(verb, words)
            elif name.startswith("wire"):
                self._wires.setdefault(name, Wire(self, name)).act(verb, words)
            else:
                self._act(name, verb, words)
        except LocalProtocolError as error:
            self.notes.append((name or "library", f"{verb}!{error.code}"))

    def _whole(self, verb: str, words: tuple[str, ...]) -> None:
        match verb:
            case "run" | "wait":
                self.carrier.run(self._count, float(words[0]) if words else 0.0)
            case "startup":
                self._network.startup()
            case "shutdown":
                self._network.shutdown()
            case "far-shutdown":
                assert self._far is not None
                self._far.shutdown()
            case "new":
                self.subject(words[0])
            case "clear":
                self.notes[:] = [note for note in self.notes if "!" in note[1]]
            case "timers":
                self.notes.append(("carrier", f"timers({self.carrier.running})"))
            case "library":
                self._library(words)
            case "lossy":
                self.carrier.half_open = True
            case "telling":
                self.carrier.accept_tells = True
            case "when":
                self._when(*words)
            case "secure":
                self._network.security = self._played
            case "refuse":
                self._played.refuse = words[0].encode()
            case _:
                pass

    def _when(self, name: str, callback: str, *words: str) -> None:
        """`when a on_connect a close`; several steps are parted by a comma."""
        self.subject(name)
        steps = parse(" ".join(words).replace(",", ";"))
        self._actors[name].then.setdefault(callback, []).extend(steps)

    def _count(self) -> bool:
        self._turns += 1
        if self._turns > MAX_TURNS:
            raise PlayTooLongError
        return False

    def subject(self, name: str) -> NetworkObject:
        """The network object of this name; it is made where there is none."""
        actor = self._actors.get(name)
        if actor is None:
            actor = self._actors[name] = Actor(self, name)
        if actor.subject is None:
            actor.subject = self._home(name).new_object(actor)
        return actor.subject

    def _home(self, name: str) -> Network:
        if not name.startswith("far"):
            return self._network
        if self._far is None:
            self._far = Network(self.carrier, self._settings)
            self._far.trace = self.trace
            self._far.startup()
        return self._far

    def _act(self, name: str, verb: str, words: tuple[str, ...]) -> None:
        subject = self.subject(name)
        match verb:
            case "listen":
                self._listen(name, subject, words)
            case "connect":
                subject.connect(self.place(words))
            case "dial":
                subject.dial(self.place(words), REQUEST)
            case "accept":
                subject.accept(self.subject(words[0]))
            case "secure":
                subject.configure_security(self._played)
            case "see":
                self.notes.append((name, state_of(subject)))
            case "knows":
                self._knows(name, subject)
            case "boom":
                raise PlannedError
            case "hears":
                REPORTS[words[0]](subject)
            case "feed":
                self._feed(name, subject, words)
            case _:
                CALLS[verb](subject)

    def _listen(self, name: str, subject: NetworkObject, words: tuple[str, ...]) -> None:
        backlog, *there = words
        where = self.at[there[0]] if there else Address("", 0)
        self.at[name] = subject.listen(where, int(backlog))

    def _knows(self, name: str, subject: NetworkObject) -> None:
        listener = "nobody" if subject.listener is None else self.name_of(subject.listener)
        peer = "no" if subject.peer is None or subject.peer.port == 0 else "a"
        self.notes.append((name, f"child-of({listener})"))
        self.notes.append((name, f"has({peer}-peer)"))

    def _feed(self, name: str, subject: NetworkObject, words: tuple[str, ...]) -> None:
        """The pure step alone: its refusal is noted; what it gives is thrown away."""
        part, _, event = words[0].partition(".")
        before = subject.endpoint
        try:
            after, outputs = feed(before, self.model, part, event)
        except LocalProtocolError as error:
            self.notes.append((name, f"{event}:{error.code}"))
            return
        told = "+".join(output.effect.op for output in outputs) or "nothing"
        if after == before:
            self.notes.append((name, f"{event}:{told}"))
        else:
            states = (after.connection.control, after.association.control, after.listener.control)
            self.notes.append((name, f"{event}:{told}:{'.'.join(states)}"))

    def _library(self, words: tuple[str, ...]) -> None:
        """The library's pure steps from its start: what each asks for."""
        value = self.model.library.start()
        for word in words:
            value, transition, _ = step(value, self.model.library.event[word])
            told = "+".join(effect.op for effect in transition.effects) or "nothing"
            self.notes.append(("library", f"{word}:{told}"))


def state_of(subject: NetworkObject) -> str:
    """The state in a word: CONNECTED, CONNECTED/Sta6, SECURED/Sta2, LISTENING[waiting+children]."""
    endpoint = subject.endpoint
    connection, association = endpoint.connection.control, endpoint.association.control
    if connection == "CONNECTED" and endpoint.security.control != "NONE":
        connection = endpoint.security.control
    text = connection if association == "Sta1" else f"{connection}/{association}"
    if connection == "LISTENING" or subject.waiting or subject.children:
        text += f"[{subject.waiting}+{subject.children}]"
    return text


def kind_of(error: Exception) -> str:
    """What was kept of an error: the code of a refusal, or what kind it is."""
    return error.code if isinstance(error, LocalProtocolError) else type(error).__name__


REPORTS: dict[str, Callable[[NetworkObject], None]] = {
    "open": NetworkObject.on_open,
    "end": NetworkObject.on_end,
    "reset": NetworkObject.on_reset,
    "octets": lambda subject: subject.on_octets(OCTETS["release"]),
    **{
        code: lambda subject, code=code: subject.on_failed(code)  # type: ignore[misc]
        for code in ("refused", "unreachable", "name_not_resolved", "timeout")
    },
    "dropped": lambda subject: subject.on_failed("reset"),
    "cut": NetworkObject.on_cut,
    "insecure": lambda subject: subject.on_security_failed("expired"),
}
CALLS: dict[str, Callable[[NetworkObject], None]] = {
    "close": NetworkObject.close,
    "close_forced": NetworkObject.close_forced,
    "associate": lambda subject: subject.associate(REQUEST),
    "respond": lambda subject: subject.respond(ACCEPTANCE),
    "reject": lambda subject: subject.respond(REJECTION),
    "send": lambda subject: subject.send_data(DATA),
    "release": NetworkObject.release,
    "respond_release": NetworkObject.respond_release,
    "abort": NetworkObject.abort,
}
