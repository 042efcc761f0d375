"""One cell of the running table is changed, and everything that reads the table shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from dicomnet.conformance import Answer, Oracle, Stimulus
from dicomnet.conformance.cli import cli
from dicomnet.diagrams import dot_of, machine_dot
from dicomnet.statemachine import (
    ASSOCIATION,
    MACHINES,
    AAbort,
    AReleaseRP,
    AReleaseRQ,
    Machine,
    Model,
    Pdu,
    judge_request,
    table_as_dict,
    with_cell,
)
from dicomnet.transports import Policy, Settings, TcpTransport, echo_request, negotiate

from .transports.ears import link_of, until
from .transports.peers import Served

# The peer asks for release in Sta6: AR-2 tells the user. Here it is treated as a PDU out of turn instead.
STATE, EVENT, TRUE, CHANGED = "Sta6", "Evt12", "AR-2", "AA-8"
RQ = echo_request("CALLED", "CALLING")
ABORT, RELEASED = AAbort(2, 2), AReleaseRP()


@pytest.fixture(params=[TRUE, CHANGED])
def action(request: pytest.FixtureRequest) -> str:
    """The action that stands in the cell: the true one, then the other."""
    name: str = request.param
    return name


@pytest.fixture
def machine(action: str, monkeypatch: pytest.MonkeyPatch) -> Machine[str | None]:
    """The association machine with that action in the cell, also where the commands look it up."""
    running = with_cell(ASSOCIATION, STATE, EVENT, action)
    monkeypatch.setitem(MACHINES, "association", running)
    return running


@pytest.fixture
def tcp() -> Iterator[TcpTransport]:
    """Real sockets."""
    carrier = TcpTransport()
    yield carrier
    carrier.end()


def answer_to_release(tcp: TcpTransport, machine: Machine[str | None]) -> Pdu:
    """What the reference acceptor, as `serve` runs it, answers to a release on a real socket."""
    here = Served(tcp, settings=Settings(tables=Model(association=machine)))
    peer = here.associated()
    peer.send(AReleaseRQ())
    until(tcp, lambda: bool(peer.seen()))
    (answer,) = peer.pdus
    link_of(peer.ear).close()
    assert isinstance(answer, ABORT.__class__ | RELEASED.__class__)
    return answer


def allowed_by(machine: Machine[str | None]) -> tuple[str, ...]:
    """What the oracle allows a target to answer to a release."""
    oracle = Oracle(machine)
    oracle.connected()
    oracle.sent(((Stimulus("Evt6", judge_request(RQ), answers=(Answer("Evt7"),)),),))
    assert oracle.saw(negotiate(RQ, Policy()))
    oracle.sent(((Stimulus("Evt12", answers=(Answer("Evt14"),)),),))
    return tuple(word for word in oracle.expected() if word.startswith("A-"))


def test_the_wire_shows_it(tcp: TcpTransport, machine: Machine[str | None], action: str) -> None:
    assert answer_to_release(tcp, machine) == (RELEASED if action == TRUE else ABORT)


def test_the_oracle_shows_it(machine: Machine[str | None], action: str) -> None:
    assert allowed_by(machine) == (("A-RELEASE-RP",) if action == TRUE else ("A-ABORT (source 2)",))


def test_the_printed_table_shows_it(machine: Machine[str | None], action: str) -> None:
    said = CliRunner().invoke(cli, ["table", "association", "--format", "json"])
    assert said.exit_code == 0, said.output
    printed = json.loads(said.output)
    assert printed == table_as_dict(machine)
    assert printed["cells"][STATE][EVENT]["action"] == action
    true = table_as_dict(ASSOCIATION)
    rest = {state: dict(row) for state, row in printed["cells"].items()}
    wanted = json.loads(json.dumps(true["cells"]))
    for cells in (rest, wanted):
        del cells[STATE][EVENT]
    assert rest == wanted


def arrow_from(dot: str, state: str, event: str) -> str:
    """The arrow in DOT text whose tooltip names this event, out of this state."""
    (line,) = (
        line for line in dot.splitlines() if line.strip().startswith(f"{state} -> ") and f"{event}: " in line
    )
    return line


def test_the_diagram_shows_it(machine: Machine[str | None], action: str) -> None:
    assert MACHINES["association"] is machine
    dot = dot_of("association")
    assert dot == machine_dot(machine)
    arrow = arrow_from(dot, STATE, EVENT)
    assert f"/ {action}<" in arrow
    assert arrow.strip().startswith(f"{STATE} -> {'Sta8' if action == TRUE else chr(34) + 'Sta13'}")
    assert (dot == machine_dot(ASSOCIATION)) is (action == TRUE)
