"""The suite against the zoo: every fault is caught, and what fails has to do with the fault. The matrix is printed."""

from __future__ import annotations

import fnmatch
import sys
from functools import cache

import pytest

from dicomnet.conformance import Options, Report, Session, Verdict, all_cases
from dicomnet.transports import MemoryTransport

from ..zoo import ZOO, PlainAcceptor

# The areas that a fault names, and the cases that are about them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "abort": (
        "ul.*.evt16*",
        "abort.*",
        "frame.*abort",
        "ul.sta6.*",
        "frame.type.*",
        "frame.length.*",
        "data.pdv*",
    ),
    # Every A-ABORT is wrong, so every cell whose action sends one is.
    "abort-codes": ("*",),
    "ac-fields": ("ac.*", "pc.*", "ui.*"),
    "ae-title": ("rq.called.*", "rq.calling.*"),
    "application-context": ("rq.application.*",),
    "artim": ("ul.*evt18*", "artim.*", "ul.sta6.idle"),
    "close": ("close.*", "ul.*.evt17*"),
    "context-ids": ("pc.ids.*",),
    "contexts": ("pc.*", "ac.contexts"),
    "data": ("data.*", "ul.*.evt15", "ul.sta13.owed.*"),
    "echo": (
        "echo.*",
        "data.*",
        "len.*",
        "pc.second",
        "pc.beside-rejected",
        "ul.*.evt9",
        "ul.sta6.evt10",
        "frame.*",
        "rel.*",
    ),
    "fragments": ("data.*", "abort.in-message", "rel.in-message", "conn.half-message"),
    "framing": ("frame.*", "ul.*evt19*", "data.*", "len.*", "rq.length.*", "artim.*", "close.*"),
    # An acceptor that stops serving does so in whatever case first meets the fault.
    "listener": ("*",),
    "maximum-length": ("len.*",),
    "negotiation": ("ui.*", "ac.*"),
    "reject-codes": ("rq.*", "ul.sta2.evt6.version", "ul.sta3.evt8", "pc.*", "artim.rejected"),
    "release": ("rel.*", "ul.*.evt12*", "ul.sta8.*", "ul.sta13.*", "frame.*release*"),
    "reserved": ("rq.reserved.*", "ac.repeats", "data.control-bits"),
    "items": ("rq.*",),
    "sta13": ("ul.sta13.*", "ul.sta8.evt15", "rel.*", "ul.sta6.evt12", "ul.sta8.*", "frame.*release*"),
    "sta2": ("ul.sta2.*",),
    "sta6": (
        "ul.*",
        "frame.type.*.sta6",
        "frame.length.*",
        "data.pdv*",
        "len.exceeded",
        "frame.after-invalid",
    ),
    "version": ("rq.version.*", "ul.sta2.evt6.version", "ac.form"),
}
# Not one area but every association, or every malformed PDU, is touched by these.
EVERYWHERE = {"accepts-twice", "malformed-pdu-ignored", "unexpected-in-sta6-closes"}


@cache
def judged(name: str) -> dict[str, Verdict]:
    """The verdict of each case on an acceptor of the zoo, or on the sound one (""), in memory."""
    kind = ZOO.get(name, PlainAcceptor)
    carrier = MemoryTransport()
    acceptor = kind(carrier, aet="ZOO")
    report = Report(kind.fault)
    session = Session(
        carrier,
        acceptor.address,
        "ZOO",
        "DICOMNET",
        Options(recover_limit=40.0),
        lambda _event: None,
        "memory",
    )
    session.run(all_cases(), report)
    return {result.case.id: result.verdict for result in report.results}


def differences(name: str) -> dict[str, Verdict]:
    """The cases whose verdict on a faulty acceptor is another than on the sound one."""
    sound = judged("")
    return {case: verdict for case, verdict in judged(name).items() if verdict is not sound.get(case)}


def test_the_sound_acceptor_passes_every_case() -> None:
    verdicts = judged("")
    assert len(verdicts) == len(all_cases())
    assert {v for v in verdicts.values() if v is not Verdict.PASS} <= {Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("name", sorted(ZOO))
def test_each_fault_is_caught(name: str) -> None:
    told = set(differences(name).values())
    assert told & {Verdict.FAIL, Verdict.NON_STRICT, Verdict.INFORMATIONAL}


@pytest.mark.parametrize("name", sorted(set(ZOO) - EVERYWHERE))
def test_what_fails_has_to_do_with_the_fault(name: str) -> None:
    columns = [pattern for area in ZOO[name].expects.split() for pattern in COLUMNS[area]]
    failed = [case for case, verdict in differences(name).items() if verdict is Verdict.FAIL]
    strangers = [case for case in failed if not any(fnmatch.fnmatchcase(case, each) for each in columns)]
    assert strangers == []


def test_the_matrix_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{'fault':40} fail soft open  caught by\n")
        for name in sorted(ZOO):
            told = differences(name)
            fails = [case for case, verdict in told.items() if verdict is Verdict.FAIL]
            unclear = [case for case, verdict in told.items() if verdict is Verdict.INCONCLUSIVE]
            soft = [case for case in told if case not in fails and case not in unclear]
            shown = ", ".join((fails or soft)[:3])
            sys.stdout.write(f"{name:40} {len(fails):4} {len(soft):4} {len(unclear):4}  {shown}\n")
    assert all(differences(name) for name in ZOO)
