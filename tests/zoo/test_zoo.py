"""The zoo itself: the sound acceptor is sound, each fault shows, and each animal has one fault only."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from dicomnet.transports import MemoryTransport, TcpTransport, Transport

from . import ZOO, PlainAcceptor
from . import octets as o
from .probes import PROBES, Probe
from .script import Client, Step, play

STIMULI = {
    "AC": o.AC,
    "RJ": o.RJ,
    "RQ": o.RQ,
    "P-DATA": o.ECHO,
    "RELEASE-RQ": o.RELEASE,
    "RELEASE-RP": o.RELEASE_RP,
    "ABORT": o.ABORT,
    "unknown": o.HTTP,
    "invalid": o.MALFORMED,
}

# PS3.8 2020 Table 9-10, the columns of an acceptor: the steps that lead there (the stimulus stands right
# behind the last octets), what they are answered, and what comes then. A connection begins at 0, each step
# takes a second and ARTIM thirty; only an A-ABORT closes at once.
COLUMNS: dict[str, tuple[list[bytes], str, dict[str, str]]] = {
    "Sta2": (
        [b""],
        "",
        {
            **dict.fromkeys(STIMULI, "AB0/0 END@30"),
            "RQ": "AC",
            "ABORT": "END@0",
        },
    ),
    "Sta3": (
        [o.RQ],
        "",
        {
            **dict.fromkeys(STIMULI, "AB2/2 END@30"),
            "ABORT": "END@0",
            "unknown": "AB2/1 END@30",
            "invalid": "AB2/6 END@30",
        },
    ),
    "Sta6": (
        [o.RQ, b""],
        "AC",
        {
            **dict.fromkeys(STIMULI, "AB2/2 END@31"),
            "P-DATA": "RSP1:7/0",
            "RELEASE-RQ": "RP END@31",
            "ABORT": "END@1",
            "unknown": "AB2/1 END@31",
            "invalid": "AB2/6 END@31",
        },
    ),
    "Sta8": (
        [o.RQ, o.RELEASE],
        "AC",
        {
            **dict.fromkeys(STIMULI, "AB2/2 END@31"),
            "ABORT": "END@1",
            "unknown": "AB2/1 END@31",
            "invalid": "AB2/6 END@31",
        },
    ),
    "Sta13": (
        [o.RQ, o.RELEASE, b""],
        "AC RP",
        {
            **dict.fromkeys(STIMULI, "END@31"),
            "RQ": "AB2/2 END@31",
            "ABORT": "END@2",
            "unknown": "AB2/1 END@31",
            "invalid": "AB2/6 END@31",
        },
    ),
}
CELLS = [(state, stimulus) for state in COLUMNS for stimulus in STIMULI]

PLAIN_ECHO: list[Step] = [o.RQ, o.ECHO, o.RELEASE, "end"]
SERVED = "AC RSP1:7/0 RP END@3"

# The faults that lie in the path of a plain echo: the only ones that it may show.
IN_THE_PATH = {
    "sta13-close-lingers",
    "extra-context",
    "transfer-syntax-not-proposed",
    "async-window-uninvited",
    "role-uninvited",
    "identity-response-uninvited",
    "ac-without-maximum-length",
    "ac-without-implementation-class-uid",
    "ac-titles-not-repeated",
    "ac-version-zero",
    "accepts-twice",
    "echo-on-unknown-context",
    "wrong-message-id",
    "echo-fails",
    "echo-answered-twice",
    "release-unanswered",
    "release-aborted",
    "release-closes",
    "release-answered-twice",
}


@pytest.mark.parametrize(("state", "stimulus"), CELLS)
def test_the_plain_acceptor_does_what_the_table_says(state: str, stimulus: str) -> None:
    steps, before, answers = COLUMNS[state]
    script: list[Step] = [*steps[:-1], steps[-1] + STIMULI[stimulus]]
    assert play(PlainAcceptor, script) == f"{before} {answers[stimulus]}".strip()


def test_a_peer_that_says_nothing_is_closed_after_artim() -> None:
    assert play(PlainAcceptor, []) == "END@30"


def test_artim_is_a_setting() -> None:
    carrier = MemoryTransport()
    client = Client(carrier, PlainAcceptor(carrier, artim=2.0))
    carrier.run(lambda: False, 10.0)
    assert client.transcript() == "END@2"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([o.RQ, "end"], "AC END@1"),
        ([o.RQ, o.ECHO[:9], "end"], "AC END@2"),
        ([o.RQ[:3], "end"], "END@1"),
        ([o.RQ, "reset"], "AC"),
    ],
)
def test_the_plain_acceptor_closes_when_the_peer_does(steps: list[Step], words: str) -> None:
    assert play(PlainAcceptor, steps) == words


@pytest.mark.parametrize(
    ("request_octets", "words"),
    [
        (o.WITH_UNSUPPORTED, "AC(1:0I,3:3I)"),
        (o.WITH_UNKNOWN_SYNTAX, "AC(1:0I,3:4I)"),
        (o.EXPLICIT, "AC(1:0E)"),
        (o.WINDOW, "AC(1:0I+window1/1)"),
        (o.SCU_ROLE, "AC(1:0I+role10)"),
        (o.NO_VERSION, "RJ1/2/2 END@30"),
        (o.WRONG_APPLICATION, "RJ1/1/2 END@30"),
        (o.WRONG_CALLED, "RJ1/1/7 END@30"),
        (o.RESERVED, "AC"),
    ],
)
def test_the_plain_acceptor_negotiates(request_octets: bytes, words: str) -> None:
    assert play(PlainAcceptor, [request_octets]) == words


def test_octets_that_come_one_by_one_are_served() -> None:
    octets = o.RQ + o.ECHO + o.RELEASE
    carrier = MemoryTransport()
    client = Client(carrier, PlainAcceptor(carrier))
    carrier.run(lambda: False, 0.0)
    for each in octets:
        client.send(bytes((each,)))
        carrier.run(lambda: False, 0.01)
    # The client has seen the request in pieces only and knows nothing of its titles.
    assert client.transcript().replace("(1:0I-title)", "") == "AC RSP1:7/0 RP"


def _serve(carrier: Transport) -> str:
    acceptor = PlainAcceptor(carrier)
    client = Client(carrier, acceptor)

    def heard(words: int) -> Callable[[], bool]:
        return lambda: len(client.words) >= words

    try:
        assert carrier.run(lambda: client.opened, 5.0)
        for number, octets in enumerate((o.RQ, o.ECHO, o.RELEASE), 1):
            client.send(octets)
            assert carrier.run(heard(number), 5.0)
        client.link.close()
        assert carrier.run(lambda: not acceptor.connections, 5.0)
    finally:
        carrier.end()
    return client.transcript()


@pytest.mark.parametrize("carrier", [MemoryTransport, TcpTransport])
def test_the_plain_acceptor_serves_on_any_carrier(carrier: type[MemoryTransport | TcpTransport]) -> None:
    assert _serve(carrier()) == "AC RSP1:7/0 RP"


@pytest.mark.parametrize("name", sorted(ZOO))
def test_each_animal_serves_a_plain_echo_unless_its_fault_lies_there(name: str) -> None:
    assert (play(ZOO[name], PLAIN_ECHO) == SERVED) is (name not in IN_THE_PATH)


def test_the_plain_acceptor_serves_a_plain_echo() -> None:
    assert play(PlainAcceptor, PLAIN_ECHO) == SERVED


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.fault)
def test_each_fault_shows(probe: Probe) -> None:
    assert probe.plain != probe.faulty
    assert play(PlainAcceptor, probe.steps) == probe.plain
    assert play(ZOO[probe.fault], probe.steps) == probe.faulty


def test_each_fault_has_one_probe() -> None:
    assert sorted(probe.fault for probe in PROBES) == sorted(ZOO)


@pytest.mark.parametrize("name", sorted(ZOO))
def test_each_fault_says_what_it_is(name: str) -> None:
    kind = ZOO[name]
    assert kind.fault == name
    assert kind.expects
    assert "PS3." in (inspect.getdoc(kind) or "")


def test_in_the_path_names_faults_that_exist() -> None:
    assert set(ZOO) >= IN_THE_PATH
