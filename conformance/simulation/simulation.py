"""One run: a simulated network, two libraries on it, and the actors of a plan who do their deeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from dicomnet.statemachine import LocalProtocolError, Model, Transition
from dicomnet.transports import Address, Happening, Network, NetworkObject, Settings, Simulator

from ..exploration import tables as tables_of
from ..layer import PlannedError
from .foes import Foe, Trap
from .judge import Judge, WatchedUser
from .octets import ACCEPTANCE, ANSWER, PROPOSAL, QUESTION, REJECTION
from .plan import Act, Plan
from .secure import SECURITIES, STALLS, TWICE, Layer, Lots, Watched, unsealed

PORTS: Final = {"scp": 11112, "trap": 11113, "nobody": 11114}
# So many deeds of one actor are enough; two who answer each other would never end.
MOST_DEEDS: Final = 40
# Turns in which every run comes to its end.
MOST_TURNS: Final = 200_000
MOST_ASSOCIATIONS: Final = 3


class Simulation:
    """One run, from its plan. `tables` are those of another model than the plan's: a planted fault.

    `layer` gives the objects' security layers, in place of those that the plan names.
    """

    def __init__(
        self,
        plan: Plan,
        tables: Model | None = None,
        watch: Callable[[Happening], None] | None = None,
        layer: Layer | None = None,
    ) -> None:
        self.plan = plan
        self.judge = Judge(plan.profile)
        self.rows = self.judge.rows
        self.refusals: Counter[str] = Counter()
        self.turns = 0
        self._watch = watch
        model = tables or tables_of(plan.profile, plan.mutant)
        self.carrier = Simulator(plan.seed, plan.options, model, self._happened)
        self.path: list[Transition] = []
        self.carrier.trace = self.path
        self._lots = Lots(plan.seed, layer or SECURITIES[plan.security])
        settings = Settings(
            plan.artim, plan.connect, max_associations=MOST_ASSOCIATIONS, handshake=plan.handshake
        )
        self.libraries = {"lib-a": Network(self.carrier, settings), "lib-r": Network(self.carrier, settings)}
        self.started: Counter[str] = Counter()
        self.objects: dict[str, NetworkObject] = {}
        self.users: list[User] = []
        self.foes: dict[str, Foe] = {}
        self._raised: Counter[str] = Counter()
        self._children = 0
        self._caught = 0
        self._heard: Counter[tuple[str, str]] = Counter()
        self._done: Counter[str] = Counter()
        self._reactions: dict[tuple[str, str], list[Act]] = {}
        self._deeds = _deeds(self)

    # --- the run ------------------------------------------------------------------------------------------

    def run(self) -> None:
        """From the first deed to the end of time; `judge.broken` tells whether all held."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - the runtime under test may raise anything
            self.judge.breaks(7, f"the runtime raised {type(error).__name__}: {error}")

    def _run(self) -> None:
        for name, network in self.libraries.items():
            network.trace = []
            self._library(name, "startup")
        for act in self.plan.acts:
            if act.on:
                self._reactions.setdefault((act.actor, act.on), []).append(act)
            else:
                self.carrier.call_later(act.when, partial(self._do, act))
        self._let()
        self._empty_queues()
        self._let()
        self.judge.handshakes_end(list(self.users))
        for name in self.libraries:
            for _ in range(self.started[name]):
                self._library(name, "shutdown")
            self._library(name, "shutdown")  # one too many
        self._let()
        if self.judge.broken is None:
            self.judge.end_of_time(list(self.users))
            self._look_at_errors()

    def _let(self) -> None:
        """Let everything happen that is due."""
        if self.judge.broken is None and not self.carrier.run(self._enough) and self.turns > MOST_TURNS:
            self.judge.breaks(9, f"no end after {MOST_TURNS} turns")

    def _enough(self) -> bool:
        self.turns += 1
        return self.judge.broken is not None or self.turns > MOST_TURNS

    def _empty_queues(self) -> None:
        """Every request that waits can still be accepted."""
        self.judge.nobody_waits_in_vain()
        self.judge.children_add_up()
        for name in ("scp", "spare"):
            listener = self.objects.get(name)
            while listener is not None and listener.waiting and self.judge.broken is None:
                self.judge.judged[9] += 1
                before, unfit = listener.waiting, self.refusals["wrong_security_mode"]
                self.accept(listener, name)
                if self.refusals["wrong_security_mode"] > unfit:
                    continue  # a child without a layer, on a listener that has one: the next may have one
                if listener.waiting >= before and self.judge.broken is None:
                    self.judge.breaks(9, f"{name}: {before} wait, and none of them can be accepted")

    def _look_at_errors(self) -> None:
        """Each callback that raised was reported once, and nothing else was."""
        for name, network in self.libraries.items():
            for error in network.errors:
                if not isinstance(error, PlannedError):
                    self.judge.breaks(7, f"{name}: {type(error).__name__}: {error}")
            if len(network.errors) != self._raised[name]:
                told = len(network.errors)
                self.judge.breaks(7, f"{name}: {self._raised[name]} callbacks raised, {told} were reported")

    def _happened(self, seen: Happening) -> None:
        known = unsealed(seen)
        if self._watch is not None:
            self._watch(known)
        self.judge.happened(known)

    def say(self, name: str, what: str, about: object = None) -> None:
        """Tell who watches of a call or a callback."""
        if self._watch is not None:
            self._watch(Happening(self.carrier.now(), 0, "", what, name, about))

    # --- reactions ----------------------------------------------------------------------------------------

    def react(self, name: str, *triggers: str) -> bool:
        """Do what an actor does in a callback; True where the callback is to raise."""
        raises = False
        for trigger in triggers:
            self._heard[name, trigger] += 1
            for act in self._reactions.get((name, trigger), ()):
                if act.nth not in (0, self._heard[name, trigger]):
                    continue
                if act.deed == "raise":
                    raises = True
                elif act.when:
                    self.carrier.call_later(act.when, partial(self._do, act))
                else:
                    self._do(act)
        return raises

    def raised(self, name: str) -> PlannedError:
        """What the callback of an actor raises."""
        self._raised[library_of(name)] += 1
        return PlannedError(f"raised in a callback of {name}")

    def _do(self, act: Act) -> None:
        if self._done[act.actor] >= MOST_DEEDS or self.judge.broken is not None:
            return
        self._done[act.actor] += 1
        self.judge.now = self.carrier.now()
        if act.actor.startswith("lib-"):
            self._library(act.actor, act.deed)
        elif act.actor == "trap":
            self.carrier.listen(Address("", PORTS["trap"]), 0, Trap(self._catch))
        elif act.actor.startswith(("foe", "catch")):
            self._do_raw(act)
        else:
            self._do_local(act)

    # --- raw peers ----------------------------------------------------------------------------------------

    def react_raw(self, name: str, trigger: str) -> None:
        """Do what a raw peer does when it hears something."""
        self.react(name, trigger)

    def _catch(self) -> Foe:
        self._caught += 1
        return self._foe(f"catch{self._caught}")

    def _foe(self, name: str) -> Foe:
        layer, chance = self._lots.draw(name)
        foe = self.foes[name] = Foe(name, self.react_raw, layer, stalls=chance.random() < STALLS)
        return foe

    def _do_raw(self, act: Act) -> None:
        if act.deed == "connect":
            self._foe(act.actor).connect(partial(self.carrier.connect, Address("", PORTS["scp"])))
        elif act.actor in self.foes:
            self.foes[act.actor].do(act.deed, act.what)

    # --- local users --------------------------------------------------------------------------------------

    def _library(self, name: str, deed: str) -> None:
        network = self.libraries[name]
        if deed == "startup":
            network.startup()
            self.started[name] += 1
            self.rows[1] += 1
            return
        if self.started[name] == 1:
            for each in network.alive:
                if isinstance(each.handler, User):
                    self.judge.stops(each, each.handler)
            self.rows[21] += 1
        elif self.started[name]:
            self.rows[23] += 1
        self.say(name, "calls shutdown")
        try:
            network.shutdown()
        except LocalProtocolError as refusal:
            self.refusals[refusal.code] += 1
            self.rows[23] += 1
        else:
            self.started[name] -= 1

    def make(self, name: str) -> NetworkObject | None:
        """A network object for an actor; None where its library is not started."""
        user = User(self, name)
        try:
            made = self.libraries[library_of(name)].new_object(user)
        except LocalProtocolError as refusal:
            self.refusals[refusal.code] += 1
            return None
        self.rows[2] += 1
        self.users.append(user)
        self.objects[name] = made
        self._secure(made, user)
        return made

    def _secure(self, made: NetworkObject, user: User) -> None:
        """Configure the security layer of an object that has one."""
        layer, chance = self._lots.draw(user.name)
        if layer is not None:
            user.secure = True
            watched = Watched(layer, partial(self._plain, user))
            for _ in range(2 if chance.random() < TWICE else 1):
                if self.call(made, partial(made.configure_security, watched)):
                    self.judge.life(user, "configured")

    def _plain(self, user: User, what: str, octets: object) -> None:
        """Plaintext passes the security layer of an object."""
        self.judge.now = self.carrier.now()
        self.say(user.name, what, octets)
        if what == "says":
            self.judge.life(user, "pdu")

    def _do_local(self, act: Act) -> None:
        subject = self.objects.get(act.actor)
        if act.deed == "again" or (subject is None and act.deed in ("connect", "dial", "listen")):
            subject = self.make(act.actor)
        if subject is not None and isinstance(subject.handler, User):
            deed = "connect" if act.deed == "again" else act.deed
            self.say(act.actor, f"calls {deed}", act.number)
            self._deeds[deed](subject, subject.handler, act)

    def call(self, subject: NetworkObject, call: Callable[[], object], late: str = "") -> bool:
        """Make a call; True where it was taken on. A refused one has changed nothing, unless its code is `late`."""
        before = subject.endpoint
        try:
            call()
        except LocalProtocolError as refusal:
            self.refusals[refusal.code] += 1
            changed = subject.endpoint is not before and subject.endpoint != before
            if changed and refusal.code != late:
                self.judge.breaks(7, f"refused with {refusal.code}, and yet something changed")
            return False
        return True

    def accept(
        self, listener: NetworkObject, name: str, child: NetworkObject | None = None
    ) -> NetworkObject | None:
        """Accept into a child, a new one unless given; None where it was refused."""
        if child is None:
            self._children += 1
            child = self.make(f"child{self._children}")
        if child is None or not isinstance(child.handler, User):
            return None
        entry = self.judge.accepting(listener, child)
        used = child.endpoint.connection.control != "IDLE"
        if not used:
            self.judge.life(child.handler, "taken")
        resets = self.refusals["reset"]
        if self.call(listener, partial(listener.accept, child), late="reset"):
            if used:
                self.judge.breaks(1, f"{name}: accepted into an object that was not idle")
            if entry[0] == "gone":
                self.judge.breaks(1, f"{name}: the request was dropped as reset, and accept raised nothing")
            return child
        if self.refusals["reset"] > resets:
            self.judge.told_of_reset(entry)
        else:
            self.judge.not_accepted(listener, entry)
        if not used:
            self._give_back(child, child.handler)
        return None

    def _give_back(self, child: NetworkObject, user: User) -> None:
        """A child that was made for nothing."""
        self._children -= 1
        self.users.remove(user)
        self.objects.pop(user.name, None)
        user.life = WatchedUser(user.name).life
        self.judge.ends(child, user, "close")
        child.close()


def library_of(name: str) -> str:
    """Which library an actor's objects belong to."""
    return "lib-r" if name.startswith("scu") else "lib-a"


def _not_ready(subject: NetworkObject) -> bool:
    """Whether an association was asked for too early (row 15)."""
    endpoint = subject.endpoint
    return endpoint.connection.control != "CONNECTED" or endpoint.security.control == "SECURING"


Deed = Callable[[NetworkObject, "User", Act], object]


def _abort(simulation: Simulation, subject: NetworkObject, user: User) -> None:
    """One that has ended already, and only is still to tell of it, is not ended by the abort."""
    stood = subject.endpoint.connection.control != "CLOSED"
    if simulation.call(subject, subject.abort) and stood:
        simulation.judge.aborts(subject, user)


def _deeds(simulation: Simulation) -> dict[str, Deed]:
    """What local users do, by name."""

    def reach(subject: NetworkObject, user: User, act: Act) -> None:
        where = Address("", PORTS.get(act.what, PORTS["scp"]))
        dial, connect = partial(subject.dial, where, PROPOSAL), partial(subject.connect, where)
        if simulation.call(subject, dial if act.deed == "dial" else connect):
            simulation.judge.life(user, "connect")

    def listen(subject: NetworkObject, user: User, _act: Act) -> None:
        backlog = simulation.plan.backlog
        if simulation.call(subject, partial(subject.listen, Address("", PORTS["scp"]), backlog)):
            simulation.judge.life(user, "listen")
            simulation.judge.queue_event(subject, "open", backlog)

    def accept_all(subject: NetworkObject, user: User, _act: Act) -> None:
        while subject.waiting and accept(subject, user.name) is not None:
            pass

    def accept_and_close(subject: NetworkObject, user: User, _act: Act) -> None:
        child = accept(subject, user.name)
        if child is not None and isinstance(child.handler, User):
            simulation.rows[11] += 1
            close(child, child.handler, _act)

    def accept_used(subject: NetworkObject, user: User, _act: Act) -> None:
        accept(subject, user.name, simulation.objects.get("child1", subject))

    def close(subject: NetworkObject, user: User, _act: Act) -> None:
        simulation.judge.ends(subject, user, "close")
        subject.close()

    def close_forced(subject: NetworkObject, user: User, _act: Act) -> None:
        simulation.judge.ends(subject, user, "forced")
        subject.close_forced()

    def associate(subject: NetworkObject, _user: User, _act: Act) -> None:
        if not simulation.call(subject, partial(subject.associate, PROPOSAL)):
            simulation.rows[15] += _not_ready(subject)

    def primitive(call: Callable[[NetworkObject], object]) -> Deed:
        return lambda subject, _user, _act: simulation.call(subject, partial(call, subject))

    def data(subject: NetworkObject, user: User, _act: Act) -> None:
        pdu = QUESTION if user.name.startswith("scu") else ANSWER
        simulation.call(subject, partial(subject.send_data, pdu))

    accept = simulation.accept
    return {
        "connect": reach,
        "dial": reach,
        "listen": listen,
        "accept": lambda subject, user, _act: accept(subject, user.name),
        "accept-all": accept_all,
        "accept-and-close": accept_and_close,
        "accept-used": accept_used,
        "close": close,
        "close-forced": close_forced,
        "associate": associate,
        "accept-association": primitive(lambda subject: subject.respond(ACCEPTANCE)),
        "reject-association": primitive(lambda subject: subject.respond(REJECTION)),
        "data": data,
        "release": primitive(lambda subject: subject.release()),
        "respond-release": primitive(lambda subject: subject.respond_release()),
        "abort": lambda subject, user, _act: _abort(simulation, subject, user),
    }


class User(WatchedUser):
    """A local user: every callback is judged, and the plan says what he does in it."""

    def __init__(self, simulation: Simulation, name: str) -> None:
        super().__init__(name)
        self._simulation = simulation

    def _called(self, subject: NetworkObject, *triggers: str, harmless: bool = False) -> None:
        simulation = self._simulation
        simulation.judge.now = simulation.carrier.now()
        simulation.judge.enters(self, triggers[0])
        simulation.say(self.name, "is told", triggers[-1])
        try:
            if simulation.react(self.name, *triggers):
                if not harmless:
                    simulation.judge.ends(subject, self, "forced")
                raise simulation.raised(self.name)
        finally:
            simulation.judge.leaves()

    def on_accept(self, listener: NetworkObject) -> None:
        """See `Handler`."""
        self._simulation.judge.life(self, "heard")
        self._simulation.judge.queue_event(listener, "told")
        self._called(listener, "on_accept", harmless=True)

    def on_child_close(self, listener: NetworkObject, child: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self._simulation.judge.life(self, "heard")
        self._simulation.judge.queue_event(listener, "child-closed", child)
        self._called(listener, "on_child_close", harmless=True)

    def on_connect(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        self._simulation.judge.life(self, "connected" if outcome == "ok" else "failed")
        self._called(subject, "on_connect", f"on_connect {outcome}")

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`. Where the link is ready it is now that a requestor goes on, as others do in on_connect."""
        self._simulation.judge.ready(self, outcome)
        # Octets that are no record of the layer: the other end has none.
        self._simulation.rows[14] += outcome == "protocol_version"
        more = ("on_connect ok",) if outcome == "ok" else ("on_close",)
        self._called(subject, "on_secure_link_ready", *more, f"on_secure_link_ready {outcome}")

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        """See `Handler`."""
        if self.ends_last:
            self._simulation.judge.queue_event(subject, "close", known_only=True)
        self._simulation.judge.life(self, "closed")
        self._called(subject, "on_close", f"on_close {outcome}")

    def on_primitive(self, subject: NetworkObject, primitive: str, payload: object) -> None:
        """See `Handler`."""
        self._simulation.judge.primitive(self, primitive)
        self._called(subject, primitive)
