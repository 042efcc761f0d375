"""The states on the lifelines of a case are those of Table 9-10."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dicomnet.conformance import chart_of
from dicomnet.diagrams import Message, Parting, States
from dicomnet.statemachine import AAbort, AAssociateRJ, AReleaseRP, AReleaseRQ, Pdu, encode
from dicomnet.transports import Policy, echo_request, negotiate

from ..conformance.command import output

REQUEST = echo_request("SCP", "SCU")
ACCEPT = negotiate(REQUEST, Policy())
UNKNOWN = bytes.fromhex("0b000000000400000000")


def row(who: str, what: str | bytes | Pdu, *, cut: int | None = None) -> dict[str, object]:
    """A line of evidence: a deed, octets, or a PDU, of which only the first octets may be kept."""
    match what:
        case str():
            text, octets = what, b""
        case bytes():
            text, octets = "octets", what
        case _:
            text, octets = what.name, encode(what)
    return {"seconds": 0, "who": who, "what": text, "octets": octets[:cut].hex(), "total": len(octets)}


def case(*rows: object, **more: object) -> dict[str, object]:
    return {"id": "x", "role": "acceptor", "verdict": "pass", "evidence": list(rows), **more}


def states(of: dict[str, object]) -> list[str]:
    """The states in their order: t for the tester's, T for the target's; a dash where what was done is off."""
    return [
        f"{'t' if state.at == 'tester' else 'T'}{'-' if state.off else ' '}{state.text.partition(' (')[0]}"
        for each in chart_of(of).happenings
        if isinstance(each, States)
        for state in each.each
    ]


BEGUN = (row("tester", "connect"), row("target", "connection open"))
STANDS = (*BEGUN, row("tester", REQUEST), row("target", ACCEPT))
CALLED = (row("target", "connection open"), row("target", REQUEST), row("tester", ACCEPT))


def test_an_association_from_its_beginning_to_its_end() -> None:
    told = states(
        case(*STANDS, row("tester", AReleaseRQ()), row("target", AReleaseRP()), row("tester", "close (FIN)"))
    )
    assert told == [
        *("t Sta4", "T Sta1", "T Sta2, ARTIM runs", "t Sta5", "T Sta3", "t Sta6", "T Sta6"),
        *("t Sta7", "T Sta8", "t Sta1", "T Sta13, ARTIM runs", "T Sta1"),
    ]


def test_a_rejection_ends_it() -> None:
    told = states(
        case(
            *BEGUN,
            row("tester", REQUEST),
            row("target", AAssociateRJ(1, 1, 1)),
            row("target", "closed (FIN)"),
        )
    )
    assert told[-3:] == ["t Sta1", "T Sta13, ARTIM runs", "T Sta1"]


def test_what_the_table_does_not_have_is_marked_and_the_state_stays() -> None:
    told = states(case(*STANDS, row("tester", UNKNOWN), row("target", AAbort(2, 1))))
    assert told[-3:] == ["t-Sta6", "T Sta13, ARTIM runs", "t Sta1"]
    # What comes after octets that are no PDU is told by itself.
    assert states(case(*STANDS, row("tester", UNKNOWN), row("tester", AReleaseRQ())))[-1] == "t Sta7"
    # An acceptance that nobody asked for, and a close without a word.
    assert states(case(*STANDS, row("target", ACCEPT)))[-1] == "T-Sta6"
    assert states(case(*STANDS, row("target", "closed (FIN)")))[-2:] == ["t Sta1", "T-Sta1"]


def test_two_releases_meet_at_either_end() -> None:
    both = (row("tester", AReleaseRQ()), row("target", AReleaseRQ()))
    # The target has asked before it read that it was asked.
    assert states(case(*STANDS, *both))[-3:] == ["t Sta7", "t Sta9", "T Sta10"]
    assert states(case(*CALLED, *both, role="requestor"))[-3:] == ["t Sta7", "t Sta10", "T Sta9"]


def test_who_answers_before_he_reads_on_is_not_blamed() -> None:
    """The acceptance was on its way when the abort came: what was drawn before is put right."""
    told = states(case(*BEGUN, row("tester", REQUEST), row("tester", AAbort(0, 0)), row("target", ACCEPT)))
    assert told[4:] == ["T Sta3", "t Sta13, ARTIM runs", "T Sta1"]


def test_of_long_pdus_the_first_octets_are_enough() -> None:
    cut = [row("tester", REQUEST, cut=100), row("target", ACCEPT, cut=64)]
    assert states(case(*BEGUN, *cut)) == states(case(*STANDS))


def test_a_pdu_may_come_in_pieces() -> None:
    octets = encode(REQUEST)
    pieces = [row("tester", octets[:50]), row("tester", octets[50:])]
    assert states(case(*BEGUN, *pieces, row("target", ACCEPT))) == states(case(*STANDS))


@pytest.mark.parametrize("number", ["nan", "x", None, "1e999"])
def test_a_report_that_was_written_by_others_is_drawn_all_the_same(number: object) -> None:
    odd = {"seconds": number, "who": "target", "what": "A-ABORT", "octets": "zz", "total": number}
    chart = chart_of(case(*BEGUN, odd, "no row", id=None))
    messages = [each for each in chart.happenings if isinstance(each, Message)]
    assert [each.seconds for each in messages] == [0, 0, 0]


def test_it_parts_where_the_target_did_what_was_not_expected() -> None:
    rows = (*STANDS, row("tester", AReleaseRQ()), row("target", "closed (FIN)"), row("tester", "close (FIN)"))
    failed = chart_of(case(*rows, verdict="fail", expected="A-RELEASE-RP", observed="closed (FIN)"))
    after = failed.happenings[failed.happenings.index(Parting("A-RELEASE-RP", "closed (FIN)")) + 1 :]
    assert [each.text for each in after if isinstance(each, Message)] == ["close (FIN)"]
    nothing = chart_of(case(*rows, verdict="fail", expected="A-RELEASE-RP", observed="nothing for 3 s"))
    assert isinstance(nothing.happenings[-1], Parting)


def test_a_handshake_has_no_states_and_several_connections_have_the_targets() -> None:
    assert states(case(*STANDS, id="tls.version.1_2")) == []
    several = [dict(each, connection=name) for name in ("a", "b") for each in STANDS]
    assert {told[0] for told in states(case(*several))} == {"T"}


def test_a_correct_target_is_in_the_cells_that_its_cases_drive(tmp_path: Path) -> None:
    """Of every case of one cell: when it is driven, the state that is drawn is that cell's."""
    file = tmp_path / "report.json"
    output("test", "--quick", "--select", "ul.sta*.evt1?", "--json", str(file))
    report: dict[str, Any] = json.loads(file.read_text("ascii"))
    cells = [each for each in report["cases"] if each["cell"] and not each["id"].startswith("ul.sta1.")]
    assert len(cells) > 50
    for each in cells:
        drawn = states(each)
        assert any(told.startswith(f"T {each['cell'][0]}") for told in drawn), (each["id"], drawn)
        assert not any(told.startswith("T-") for told in drawn), (each["id"], drawn)
