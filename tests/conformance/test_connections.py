"""Cases of several connections: what is told, what is demanded, and what only the user's own statement demands."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from dicomnet.conformance import (
    Case,
    Connect,
    Evidence,
    Options,
    Report,
    Result,
    Send,
    Session,
    Start,
    Verdict,
    Wait,
    all_cases,
    choose,
)
from dicomnet.statemachine import AAssociateRQ
from dicomnet.transports import (
    Address,
    MemoryTransport,
    Policy,
    ReferenceAcceptor,
    Settings,
    TcpTransport,
    Transport,
)

from ..zoo import ZOO, PlainAcceptor
from ..zoo.acceptor import STA2, STA6, Connection
from ..zoo.mishaps import OneAtATime
from .command import flat, output, read_json, run
from .servers import acceptor
from .targets import CALLED, judge, session

CASES = choose(all_cases(), ("conn.*",), quick=False)
PASS, NON_STRICT, TOLD, FAIL = Verdict.PASS, Verdict.NON_STRICT, Verdict.INFORMATIONAL, Verdict.FAIL
STARVED = "starved for as long as 1 other stayed"


def several(kind: type[PlainAcceptor], concurrent: int = 0) -> dict[str, Result]:
    """What every case of several connections says of this acceptor."""
    report, _, _ = session(kind, "conn.*", options=Options(concurrent=concurrent, recover_limit=40.0))
    return {result.case.id: result for result in report.results}


# --- which cases ------------------------------------------------------------------------------------------


def test_what_is_several_is_known_by_its_steps() -> None:
    assert len(CASES) == 16
    assert all(case.several for case in CASES)
    assert not any(case.several for case in all_cases() if case not in CASES)


def test_quick_leaves_out_those_that_may_fill_a_target_for_long() -> None:
    quick = choose(CASES, (), quick=True)
    assert {case.id for case in CASES} - {case.id for case in quick} == {
        "conn.churn.close",
        "conn.churn.reset",
        "conn.backlog",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_of_several_is_explained(case: Case) -> None:
    text = flat(output("explain", case.id))
    assert case.requirement in text
    assert "demanded:" in text or "must be taken" in text


def test_each_connection_is_explained() -> None:
    text = flat(output("explain", "conn.queue.reset"))
    assert "2 connections 'mute', each at once: tester connects: Evt5; target in Sta2" in text
    assert "tester says nothing until this connection leaves; target in Sta2 tester: reset: Evt17" in text
    assert "the standard fixes none" in text


# --- one at a time, or side by side -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "verdict", "words"),
    [
        (PlainAcceptor, PASS, "served beside 1 other"),
        (OneAtATime, TOLD, f"{STARVED} (0.9 s); it was served at once after that"),
        (ZOO["silent-peer-blocks-accept"], NON_STRICT, f"{STARVED} (0.9 s); it was served"),
        (ZOO["silent-peer-stalls-for-ever"], FAIL, "never served"),
    ],
)
def test_a_silent_peer_tells_acceptors_apart(kind: type[PlainAcceptor], verdict: Verdict, words: str) -> None:
    result = judge(kind, "conn.silent-peer", Options(recover_limit=40.0))
    assert result.verdict is verdict
    assert words in result.observed


def test_serving_side_by_side_passes_everywhere() -> None:
    told = several(PlainAcceptor)
    assert {result.verdict for result in told.values()} == {PASS}
    assert told["conn.queue.order"].observed == "all 5 were answered, side by side"
    assert told["conn.at-once"].observed == "all 8 were answered, side by side"


def test_serving_one_at_a_time_is_told_and_is_no_failure() -> None:
    told = several(OneAtATime)
    assert {result.verdict for result in told.values()} == {PASS, TOLD}
    assert "1 association at a time; the next waits" in told["conn.limit"].observed
    assert "whoever waited was answered then" in told["conn.limit"].observed
    in_order = "all 5 were answered one at a time, in the order in which they connected"
    assert told["conn.queue.order"].observed == in_order
    assert told["conn.queue.order"].verdict is PASS


def test_another_order_is_told_and_is_no_fault() -> None:
    result = judge(ZOO["last-come-first-served"], "conn.queue.order")
    assert result.verdict is TOLD
    assert "in the order 5 4 3 2 1 of their connects (the standard fixes no order" in result.observed


# --- what the user states ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "concurrent", "failed"),
    [
        (PlainAcceptor, 32, set[str]()),
        (PlainAcceptor, 33, {"conn.limit", "conn.slots.close", "conn.slots.reset", "conn.slots.abort"}),
        (OneAtATime, 1, set[str]()),
        (
            OneAtATime,
            2,
            {
                "conn.silent-peer",
                "conn.second-association",
                "conn.slow-peer",
                "conn.half-message",
                "conn.limit",
                "conn.slots.close",
                "conn.slots.reset",
                "conn.slots.abort",
            },
        ),
    ],
)
def test_starving_beside_fewer_than_stated_is_a_failure(
    kind: type[PlainAcceptor], concurrent: int, failed: set[str]
) -> None:
    told = several(kind, concurrent)
    assert {name for name, result in told.items() if result.verdict is FAIL} == failed
    assert all("as stated" in told[name].expected for name in failed)
    assert all(told[name].attempts == 2 for name in failed)


# --- what is demanded of everybody ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "case_id", "verdict", "words"),
    [
        ("limit-stops-listening", "conn.limit", FAIL, "only 0 of 9 could be had again"),
        ("limit-never-recovers", "conn.limit", FAIL, "only 0 of 6 could be had again"),
        (
            "loses-simultaneous-request",
            "conn.at-once",
            FAIL,
            "7 of 8 (requestor 1 first) never served",
        ),
        ("reset-leaks-slot", "conn.slots.reset", FAIL, "only 0 of 32 could be had again"),
        ("reset-leaks-slot", "conn.slots.close", PASS, "all 32 could be had again"),
        ("abort-leaks-slot", "conn.slots.abort", FAIL, "only 0 of 32 could be had again"),
        ("abort-leaks-slot", "conn.slots.close", PASS, "all 32 could be had again"),
        ("half-close-lingers", "conn.slots.close", FAIL, "could be had again"),
        ("limit-answered-by-silence", "conn.limit", FAIL, "never served"),
        ("limit-answered-by-closing", "conn.limit", NON_STRICT, "turned away without an A-ASSOCIATE-RJ"),
        ("limit-rejected-for-good", "conn.limit", NON_STRICT, "(1/1/1)"),
        ("leaver-in-queue-wedges", "conn.queue.close", FAIL, "5 of 5 (queued 1 first) never served"),
        ("answers-the-first-peer", "conn.half-message", FAIL, "never served"),
        ("associations-share-buffer", "conn.half-message", FAIL, "was accepted, and then: A-ABORT"),
    ],
)
def test_a_fault_is_named(fault: str, case_id: str, verdict: Verdict, words: str) -> None:
    result = judge(ZOO[fault], case_id, Options(recover_limit=40.0))
    assert result.verdict is verdict
    assert words in result.observed


@pytest.mark.parametrize("fault", ["quick-close-ends-listening", "reset-ends-listening"])
def test_a_listener_that_ends_fails_the_case_that_did_it(fault: str) -> None:
    name = "close" if "close" in fault else "reset"
    result = judge(ZOO[fault], f"conn.churn.{name}", Options(recover_limit=10.0))
    assert result.verdict is FAIL
    assert "no new one was served for" in result.observed


class KeepsGonePeers(PlainAcceptor):
    """Sees that a silent peer has gone only when ARTIM runs out."""

    limit: ClassVar[int] = 9

    def peer_ended(self, at: Connection) -> None:
        if at.state != STA2:
            super().peer_ended(at)


def test_places_held_for_gone_peers_are_told_and_waited_for() -> None:
    told = several(KeepsGonePeers)
    assert {result.verdict for result in told.values()} <= {PASS, NON_STRICT, TOLD}
    assert told["conn.churn.close"].verdict is NON_STRICT
    assert "a new one was served only" in told["conn.churn.close"].observed


def test_room_that_comes_back_late_is_waited_for() -> None:
    told = several(ZOO["sta13-close-lingers"])
    assert FAIL not in {result.verdict for result in told.values()}
    assert told["conn.limit"].verdict is NON_STRICT
    assert "could be had again only after" in told["conn.limit"].observed


def test_what_a_healthy_association_lacks_everywhere_is_no_starvation() -> None:
    told = several(ZOO["release-unanswered"])
    assert {result.verdict for result in told.values()} == {PASS}


class ServesTwo(PlainAcceptor):
    """Two at a time; the next wait."""

    def blocked(self) -> bool:
        return len(self.connections) >= 2

    def close(self, at: Connection) -> None:
        super().close(at)
        self.carrier.call_later(0.0, self.admit)


def test_two_at_a_time_is_neither_one_nor_a_crowd() -> None:
    told = several(ServesTwo)
    assert FAIL not in {result.verdict for result in told.values()}
    assert "2 associations at a time; the next waits" in told["conn.limit"].observed
    assert told["conn.silent-peer"].verdict is PASS
    assert "starved" in told["conn.crowd"].observed


class FewWorkers(PlainAcceptor):
    """Accepts whoever comes, and reads the data of those who came first only; the others have to wait."""

    workers: ClassVar[int] = 4
    limit: ClassVar[int] = 99

    def __init__(self, carrier: Transport, aet: str) -> None:
        self.order: list[Connection] = []
        self.kept: dict[Connection, bytes] = {}
        super().__init__(carrier, aet)

    def octets_arrived(self, at: Connection, octets: bytes) -> None:
        if at not in self.order:
            self.order.append(at)
        if at.state == STA6 and at not in self.order[: self.workers]:
            self.kept[at] = self.kept.get(at, b"") + octets
        else:
            super().octets_arrived(at, octets)

    def close(self, at: Connection) -> None:
        super().close(at)
        if at in self.order:
            self.order.remove(at)
        for next_one in self.order[: self.workers]:
            octets = self.kept.pop(next_one, b"")
            if octets:
                self.octets_arrived(next_one, octets)


def test_to_be_accepted_and_then_to_wait_is_to_starve_and_no_fault() -> None:
    told = several(FewWorkers)
    assert FAIL not in {result.verdict for result in told.values()}
    assert told["conn.limit"].verdict is TOLD
    assert "starved for as long as" in told["conn.limit"].observed
    assert several(FewWorkers, concurrent=4)["conn.silent-peer"].verdict is PASS
    assert several(FewWorkers, concurrent=33)["conn.limit"].verdict is FAIL


class SlowToAccept(PlainAcceptor):
    """Its user thinks for a second about whatever he is asked."""

    think_seconds: ClassVar[float] = 1.0


def test_a_user_who_thinks_is_no_starvation() -> None:
    assert {result.verdict for result in several(SlowToAccept).values()} == {PASS}


class Turncoat(PlainAcceptor):
    """Aborts an association that stands beside another as soon as it has accepted it."""

    def accept(self, at: Connection, request: AAssociateRQ, raw: bytes) -> None:
        super().accept(at, request, raw)
        if len(self.connections) > 1:
            self.abort(at, 2, 0)


@pytest.mark.parametrize("case_id", ["conn.second-association", "conn.at-once"])
def test_what_goes_wrong_only_beside_others_is_a_failure(case_id: str) -> None:
    result = judge(Turncoat, case_id)
    assert result.verdict is FAIL
    assert "was accepted, and then: A-ABORT" in result.observed


def test_a_limit_told_as_such_passes() -> None:
    carrier = MemoryTransport()
    target = ReferenceAcceptor(carrier, Policy(aet=CALLED), Settings(max_associations=8))
    address = target.listen(Address("", 0), 64)
    report = Report("target")
    Session(carrier, address, CALLED, "TESTER", Options(), lambda _event: None, "memory").run(CASES, report)
    assert {result.verdict for result in report.results} <= {PASS, TOLD}
    limit = next(result for result in report.results if result.case.id == "conn.limit")
    assert limit.verdict is PASS
    assert "8 associations at a time; the next gets A-ASSOCIATE-RJ" in limit.observed
    assert "(2/3/2)" in limit.observed


# --- evidence ---------------------------------------------------------------------------------------------


def test_the_timeline_says_which_connection() -> None:
    result = judge(OneAtATime, "conn.queue.order")
    names = {entry.connection for entry in result.evidence.entries}
    assert names == {"busy 1", *(f"queued {number}" for number in range(1, 6))}
    times = [entry.seconds for entry in result.evidence.entries]
    assert times == sorted(times)


def test_the_timeline_is_one_of_the_case() -> None:
    entries = judge(OneAtATime, "conn.crowd").evidence.entries
    times = [entry.seconds for entry in entries]
    assert times == sorted(times)
    assert min(entry.seconds for entry in entries if entry.connection == "healthy 1") >= 0.3


# --- faults of our own ------------------------------------------------------------------------------------


def _fails(_evidence: Evidence) -> bytes:
    raise RuntimeError("planted")


def test_a_fault_of_the_tester_on_one_connection_costs_that_case_alone() -> None:
    broken = (Connect(), Send("what cannot be made", b"", ((),), made=_fails))
    case = Case("x.broken", "x", "PS3.8 2020 9", "x", (Start("broken", broken, 2), Wait("broken")))
    carrier = MemoryTransport()
    target, report = PlainAcceptor(carrier, CALLED), Report("target")
    told = Session(carrier, target.address, CALLED, "TESTER", Options(), lambda _event: None, "memory")
    told.run((case, *CASES[:1]), report)
    assert [result.verdict for result in report.results] == [Verdict.ERROR, PASS]
    assert "planted" in report.results[0].observed
    assert "planted" in report.results[0].evidence.traceback
    assert report.exit_code() == 4


# --- on TCP -----------------------------------------------------------------------------------------------


def one_at_a_time(carrier: TcpTransport) -> Address:
    return OneAtATime(carrier, CALLED).address


def test_one_at_a_time_on_tcp(tmp_path: Path) -> None:
    file, words = tmp_path / "report.json", ("--called-aet", CALLED, "--select", "conn.silent-peer")
    with acceptor(one_at_a_time) as address:
        told = run("test", str(address), *words, "--json", str(file))
        stated = run("test", str(address), *words, "--concurrent", "2")
    assert (told.exit_code, stated.exit_code) == (0, 1)
    (case,) = read_json(file)["cases"]
    assert case["verdict"] == "informational"
    assert STARVED in case["observed"]
    assert {entry["connection"] for entry in case["evidence"]} == {"silent 1", "canary 1"}
    assert "--concurrent 2 --select conn.silent-peer" in flat(stated.output)


def test_the_whole_crowd_on_tcp(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with acceptor(one_at_a_time) as address:
        told = run("test", str(address), "--called-aet", CALLED, "--select", "conn.*", "--json", str(file))
    assert told.exit_code == 0, told.output
    cases = {case["id"]: case for case in read_json(file)["cases"]}
    assert len(cases) == len(CASES)
    assert "in the order in which they connected" in cases["conn.queue.order"]["observed"]


@pytest.mark.parametrize("words", ["0", "201", "x"])
def test_a_bad_number_of_associations_is_explained(words: str) -> None:
    result = run("test", "--concurrent", words)
    assert result.exit_code == 2
    assert "--concurrent" in result.output
