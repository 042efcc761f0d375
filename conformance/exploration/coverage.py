"""What fired: every branch of every cell of the tables, every rule of the coupling, everything that it absorbs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dicomnet.statemachine import CONNECTION_LAYER, Machine, Model, Rule, Trace

Item = tuple[str, str]
"""A table and what fires in it, in words."""


@dataclass
class Fired:
    """What has fired so far."""

    items: set[Item] = field(default_factory=set[Item])

    def add(self, trace: Trace) -> None:
        """Add what a trace shows."""
        self.items.update((t.machine, _cell(t.state, t.event, t.when)) for t in trace)
        self.items.update(("coupling", rule_words(rule)) for rule in trace.rules)
        self.items.update(("absorbed", absorbed_words(*each)) for each in trace.absorbed)


def rule_words(rule: Rule) -> str:
    """A rule in words."""
    where = "" if rule.where is None else f" [{rule.where[0]} in {', '.join(rule.where[1])}]"
    return f"{rule.part}: {rule.trigger} gives {rule.to} {rule.event}{where}"


def absorbed_words(part: str, event: str, state: str) -> str:
    """What is absorbed, in words."""
    return f"{part}: {event} in {state}"


def _cell(state: str, event: str, when: str | None) -> str:
    return f"{state} x {event}" + ("" if when is None else f" [{when}]")


def of_security(item: Item) -> bool:
    """Whether it can fire only where links have a security layer."""
    table, what = item
    if table == "connection":
        return what.split(" x ")[1].partition(" ")[0] in OF_SECURITY
    if table == "coupling":
        return "security" in what or what.startswith("connection: lost ") or " configure" in what
    return table == "security"


# The events of a network object that only a security layer brings.
OF_SECURITY: Final = frozenset(
    {
        "configure",
        "handshake-failed",
        "handshake-abort",
        "handshake-late",
        "secure-lost",
        "secure-cut",
    }
)


def everything(model: Model, *, secure: bool = False) -> dict[str, tuple[str, ...]]:
    """All that can fire in the tables of the connection layer, by table; refusals change nothing and do not fire.

    What only a security layer brings is left out unless links are `secure`.
    """
    found = _everything(model)
    if secure:
        return found
    return {
        table: tuple([what for what in items if not of_security((table, what))])
        for table, items in found.items()
    }


def _everything(model: Model) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in CONNECTION_LAYER:
        machine: Machine[Any] = getattr(model, name)
        found[machine.name] = tuple(_branches(machine))
    found["coupling"] = tuple(rule_words(rule) for rule in (*model.coupling.rules, *model.coupling.diverted))
    rows = model.coupling.absorbed
    found["absorbed"] = tuple(absorbed_words(row.part, row.event, s) for row in rows for s in row.states)
    return found


def _branches(machine: Machine[Any]) -> Iterator[str]:
    for state in machine.states:
        for kind in machine.events:
            action = machine.action_at(state.name, kind.name)
            if action is None:
                continue
            for branch in action.branches:
                if branch.refuse is None:
                    yield _cell(state.name, kind.name, branch.when)


_BARE: Final = (
    "only whoever holds a bare link does so after the listener has gone: the runtime takes a request back"
)
_REFUSES_NONE: Final = "the listener of Linux refuses none; a bare handler may"
NEVER: Final[dict[str, dict[Item, str]]] = {
    "dicomnet": {},
    "tcp-linux": {
        ("path-tcp-linux", "OVER x end"): _BARE,
        ("path-tcp-linux", "OFFERED x refused [told]"): _REFUSES_NONE,
        ("path-tcp-linux", "OFFERED x refused [not-told]"): _REFUSES_NONE,
    },
    "tcp-winsock": {("path-tcp-winsock", "OVER x end"): _BARE},
}
"""What neither the rows nor the exploration can fire, by profile, with the reason; tests of bare links do."""
