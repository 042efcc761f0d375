"""ISCL, the abstract machine: what holds is proven, planted faults are found, and it plays in memory alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dicomnet.conformance import explore_iscl
from dicomnet.statemachine import ISCL, STAY, Branch, IsclLine, LocalProtocolError, Machine, Tell, with_cell
from dicomnet.transports import (
    Address,
    IsclSecurity,
    MemoryTransport,
    Network,
    NetworkObject,
    Policy,
    Security,
    TcpTransport,
    Verification,
    echo_request,
)

from .command import output, run, wrong_use


def test_both_ends_agree_in_every_interleaving_and_every_branch_fires() -> None:
    proof = explore_iscl()
    assert proof.broken is None, str(proof.broken)
    assert proof.never == ()
    assert proof.states > 2000
    assert proof.holds


def branch_of(action: str, index: int = 0, **change: object) -> Machine[IsclLine]:
    """The machine with one branch of an action changed."""
    old = ISCL.actions[action]
    branches = list(old.branches)
    branches[index] = replace(branches[index], **change)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    return replace(ISCL, actions={**ISCL.actions, action: replace(old, branches=tuple(branches))})


def believing(action: str) -> Machine[IsclLine]:
    """An end that takes any answer."""
    old = ISCL.actions[action]
    good: Branch = replace(old.branches[0], when=None)
    return replace(ISCL, actions={**ISCL.actions, action: replace(old, branches=(good,))})


# A fault, what is found of it, and the length of the shortest way to it.
PLANTED: dict[str, tuple[Machine[IsclLine], str, int]] = {
    "a message before the peer is authenticated": (
        with_cell(ISCL, "ANSWERED", "message", "IS-9"),
        "'message' before mutual authentication",
        6,
    ),
    "a server that takes any answer": (believing("IS-6"), "its peer does not have the key", 4),
    "a client that takes any answer": (believing("IS-7"), "its peer does not have the key", 5),
    "a client that does not look at the index": (believing("IS-5"), "its peer does not have the key", 4),
    "requests that cross are both put to the users": (
        with_cell(ISCL, "ENDING", "disconnect", "IS-11"),
        "the server is in ASKED, the client in ASKED",
        9,
    ),
    "a refusal is not heard": (branch_of("IS-13", effects=()), "is not told of 'disconnect-refused'", 9),
    "a refusal leaves the asker waiting": (
        branch_of("IS-13", next=STAY),
        "the server is in ENDING, the client in OPEN",
        9,
    ),
    "a hole in the table": (with_cell(ISCL, "OPEN", "lost", None), "table refuses what happens", 6),
    "an end that does not say what it found": (
        branch_of("IS-5", 1, effects=(Tell("user", "failed", "insufficient_security"),)),
        "do not agree",
        5,
    ),
    "the size is not kept": (branch_of("IS-4", updates=()), "the smaller size", 5),
    "told of the end twice": (
        branch_of("IS-12", effects=(Tell("user", "ended"), Tell("user", "ended"))),
        "after 'ended', which is the last",
        8,
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_by_a_shortest_way(fault: str) -> None:
    machine, words, steps = PLANTED[fault]
    broken = explore_iscl(machine).broken
    assert broken is not None
    assert words in broken.text, str(broken)
    assert len(broken.steps) == steps, str(broken)
    assert explore_iscl(machine).broken == broken


def test_a_branch_that_never_fires_is_told() -> None:
    proof = explore_iscl(with_cell(ISCL, "DOWN", "give-up", "IS-16"))
    assert proof.never == (("DOWN", "give-up", None),)
    assert not proof.holds


class User(Verification):
    """Notes what it is told, and echoes once when the link is ready."""

    def __init__(self, name: str, told: list[str], network: Network) -> None:
        super().__init__(Policy())
        self.name = name
        self.told = told
        self.network = network

    def on_accept(self, listener: NetworkObject) -> None:
        listener.accept(self.network.new_object(User("scp", self.told, self.network)))

    def on_secure_link_ready(self, subject: NetworkObject, outcome: str) -> None:
        self.told.append(f"{self.name} {outcome}")
        if self.name == "scu" and outcome == "ok":
            subject.associate(echo_request("SCP", "SCU"))

    def on_associated(self, subject: NetworkObject, answer: object) -> None:
        self.echo(subject)

    def on_echo(self, subject: NetworkObject, status: int) -> None:
        self.told.append(f"{self.name} echo {status}")
        subject.release()

    def on_close(self, subject: NetworkObject, outcome: str) -> None:
        self.told.append(f"{self.name} closed {outcome}")


def played(scp: Security | None, scu: Security | None) -> list[str]:
    """What both users are told."""
    told: list[str] = []
    carrier = MemoryTransport()
    server, client = Network(carrier, security=scp), Network(carrier, security=scu)
    for network in (server, client):
        network.startup()
    where = server.new_object(User("listener", told, server)).listen(Address("", 0))
    client.new_object(User("scu", told, client)).connect(where)
    carrier.run(lambda: False, 100.0)
    assert server.errors + client.errors == []
    assert [
        each.handler.name for each in (*server.alive, *client.alive) if isinstance(each.handler, User)
    ] == ["listener"]
    return told


@pytest.mark.parametrize(
    ("scp", "scu", "told"),
    [
        pytest.param(
            IsclSecurity(3, "k"),
            IsclSecurity(3, "k", packet=5),
            ["scp ok", "scu ok", "scu echo 0", "scp closed ok"],
            id="the same key, and packets of 5 octets",
        ),
        pytest.param(
            IsclSecurity(3, "k"),
            IsclSecurity(4, "k"),
            ["scu insufficient_security", "scp handshake_failed"],
            id="another index",
        ),
        pytest.param(
            IsclSecurity(3, "k"),
            IsclSecurity(3, "other"),
            ["scp verify_failed", "scu handshake_failed"],
            id="another key",
        ),
        pytest.param(
            IsclSecurity(3, "k", table=believing("IS-6")),
            IsclSecurity(3, "other"),
            ["scp ok", "scu verify_failed", "scp closed handshake_failed"],
            id="a server without the key: it hears late that it is refused",
        ),
        pytest.param(
            IsclSecurity(3, "k", refuses_disconnection=True),
            IsclSecurity(3, "k"),
            ["scp ok", "scu ok", "scu echo 0", "scp closed close_notify_missing"],
            id="the peer refuses to disconnect, and the line is cut",
        ),
        pytest.param(IsclSecurity(), None, ["scp timeout", "scu closed ok"], id="a plain requestor"),
        pytest.param(None, IsclSecurity(), ["scu timeout"], id="a plain acceptor"),
    ],
)
def test_two_network_objects_over_iscl(scp: Security | None, scu: Security | None, told: list[str]) -> None:
    heard = played(scp, scu)
    for name in ("scp", "scu"):
        assert [each for each in heard if each.startswith(name)] == [
            each for each in told if each.startswith(name)
        ]


@pytest.mark.parametrize("octets", [b"\x16\x03\x01", b"\xc5\xff\0\0\0\0", b"\xc5\0\xff\0\0\0", b"\0" * 9])
def test_what_is_no_frame_ends_the_line(octets: bytes) -> None:
    for role in ("requestor", "acceptor"):
        engine = IsclSecurity().engine(role, None)
        assert list(engine.begin()) == []
        (heard,) = engine.receive(octets)
        assert getattr(heard, "code", "") == "handshake_failed"
        assert list(engine.receive(octets)) == []


def test_a_foreign_size_or_key_harms_nobody() -> None:
    client = IsclSecurity().engine("requestor", None)
    list(client.begin())
    list(client.receive(b"\xc5\0\0\0\0\x01x"))
    assert client.outgoing().endswith(b"16384")
    (heard,) = client.receive(b"\xc5\x02\0\0\0\x02-1")
    assert getattr(heard, "code", "") == "insufficient_security"


def test_it_never_touches_a_wire() -> None:
    loop = asyncio.new_event_loop()
    network = Network(TcpTransport(loop), security=IsclSecurity())
    network.startup()
    with pytest.raises(LocalProtocolError, match=r"played in memory and protects nothing.*'tcp'") as refused:
        network.new_object()
    assert refused.value.code == "invalid_argument"
    assert network.alive == ()
    loop.close()


@pytest.mark.parametrize("wrong", [{"key_index": -1}, {"packet": 0}, {"packet": 1 << 30}])
def test_an_index_or_packet_that_is_none_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(LocalProtocolError, match="invalid_argument"):
        IsclSecurity(**wrong)  # type: ignore[arg-type]


def test_the_command_proves_it(tmp_path: Path) -> None:
    file = tmp_path / "iscl.json"
    text = output("check", "--security", "iscl", "--json", str(file))
    assert "never touches a wire" in text
    assert "proven" in text
    report = json.loads(file.read_text("ascii"))
    assert (report["verdict"], report["never_fired"], report["counterexample"]) == ("proven", [], None)


def test_a_violation_is_shown_with_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = explore_iscl(believing("IS-6"))
    monkeypatch.setattr("dicomnet.conformance.commands.check_iscl.explore_iscl", lambda: wrong)
    result = run("check", "--security", "iscl")
    assert result.exit_code == 1
    assert "server hears answer" in result.output
    assert "violated" in result.output


@pytest.mark.parametrize(
    "option", [("--clients", "2"), ("--mutants",), ("--profile", "tcp-linux"), ("--jobs", "2")]
)
def test_options_of_connections_are_refused(option: tuple[str, ...]) -> None:
    assert "leave" in wrong_use("check", "--security", "iscl", *option)
