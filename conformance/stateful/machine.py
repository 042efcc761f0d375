"""The state machine that Hypothesis runs, and the two ways to use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final
from unittest import TestCase

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from .adapter import Adapter
from .play import Play
from .profiles import DICOMNET, Profile, profile_of
from .steps import Reaction, What, capacities, deeds, manners, step_of

# How many steps an example has at most.
STEPS: Final = 30


class ConnectionMachine(RuleBasedStateMachine):
    """Steps of users and peers, drawn by one rule; the checks are made by `Play`.

    Subclass it, or use `connection_machine`; `profile` and `make_adapter` say what is checked.
    """

    profile: ClassVar[Profile] = DICOMNET
    security: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.play: Play | None = None
        self.adapter: Adapter | None = None

    def make_adapter(self) -> Adapter:
        """A fresh adapter."""
        raise NotImplementedError

    @initialize(capacity=capacities())
    def listen(self, capacity: int) -> None:
        """A fresh world with a listener."""
        self.adapter = self.make_adapter()
        self.play = Play(self.adapter, self.profile, capacity, security=self.security)

    @rule(deed=deeds(), manner=manners())
    def do(self, deed: tuple[What, int], manner: tuple[Reaction | None, bool]) -> None:
        """One step, in two draws: drawing is what a run costs, and one rule is much faster than a rule for each."""
        assert self.play is not None
        self.play.do(step_of(deed, manner))

    def teardown(self) -> None:
        """Everything that is under way happens, and is checked."""
        if self.play is not None:
            self.play.finish()
        elif self.adapter is not None:
            self.adapter.end()


class SecureMachine(ConnectionMachine):
    """The same where links have a security layer: the adapter is a `SecureAdapter`."""

    security = True

    @rule(deed=deeds(security=True), manner=manners(security=True))
    def do(self, deed: tuple[What, int], manner: tuple[Reaction | None, bool]) -> None:
        """See `ConnectionMachine.do`."""
        assert self.play is not None
        self.play.do(step_of(deed, manner))


def machine_for(
    make_adapter: Callable[[], Adapter], profile: Profile | str = DICOMNET, *, security: bool = False
) -> type[ConnectionMachine]:
    """A state machine for one implementation, for those who run it themselves.

    With `security` links have a security layer: `make_adapter` makes a `SecureAdapter`.
    """
    promised = profile_of(profile)
    base = SecureMachine if security else ConnectionMachine

    class Machine(base):  # type: ignore[valid-type,misc]  # one of two classes
        profile = promised

        def make_adapter(self) -> Adapter:
            return make_adapter()

    return Machine


def connection_machine(
    make_adapter: Callable[[], Adapter], profile: Profile | str = DICOMNET, *, security: bool = False
) -> type[TestCase]:
    """A test case to subclass: `class TestMine(connection_machine(MyAdapter)): ...`; pytest and unittest run it.

    `make_adapter` makes a fresh adapter for each example: the class itself will do. Raises `ValueError` for a
    profile that is not known. A class attribute `settings` (`hypothesis.settings`) sets the effort; without one, runs
    have up to 30 steps, and no time goes into explaining a fault, since the message has its history. With `security`
    links have a security layer, and the adapter is a `SecureAdapter`.
    """
    case = machine_for(make_adapter, profile, security=security).TestCase
    case.settings = settings(
        case.settings,
        stateful_step_count=STEPS,
        report_multiple_bugs=False,
        phases=[phase for phase in settings().phases if phase is not Phase.explain],
    )
    return case


def check_adapter(
    make_adapter: Callable[[], Adapter],
    profile: Profile | str = DICOMNET,
    max_examples: int = 200,
    *,
    derandomize: bool = False,
    security: bool = False,
) -> None:
    """Check an implementation without a test runner. Raises `InvariantError` with the shortest history found.

    `max_examples` is how many runs of up to 30 steps are made; with `derandomize` they are the same each time; with
    `security` links have a security layer, and the adapter is a `SecureAdapter`. Raises `ValueError` for a profile that
    is not known.
    """
    run_machine(machine_for(make_adapter, profile, security=security), max_examples, derandomize=derandomize)


def run_machine(
    machine: type[ConnectionMachine], max_examples: int = 200, *, derandomize: bool = False
) -> None:
    """The same for a machine of one's own, made with `machine_for` or by subclassing."""
    effort = settings(
        max_examples=max_examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=derandomize,
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=effort)
