"""Targets that are no DICOM acceptor, or wish us ill: the user is told what is wrong, in bounded time and memory."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from dicomnet.conformance import Oracle, Report
from dicomnet.statemachine import PDV, AAbort, AReleaseRP, CEchoRSP, PDataTF, encode
from dicomnet.transports import Address, TcpTransport

from ..zoo import PlainAcceptor
from ..zoo.acceptor import Connection
from .command import COMMAND, PATIENCE, finished, flat, read_json, read_junit, run, started
from .servers import (
    Talk,
    acceptor,
    answers,
    black_hole,
    endless,
    hangs_up,
    refused,
    resets,
    says,
    serving,
    until_it_goes,
)

FEW = ("--select", "ul.sta2.evt10", "--select", "ul.sta2.evt12")
HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.2p1\r\n"
TLS_ALERT = bytes.fromhex("15030100020246")
FRAGMENT = encode(PDataTF((PDV(1, True, False, b"\0" * 8),)))
NOT_WRITTEN, UNREAD = 4, 141


def could_not_test(target: str, folder: Path) -> str:
    """Run against the target: exit code 3, both reports written, and what is blamed."""
    json_file, junit_file = folder / "report.json", folder / "report.xml"
    result = run(
        "test",
        target,
        *PATIENCE,
        "--connect-limit",
        "0.3",
        *FEW,
        "--json",
        str(json_file),
        "--junit",
        str(junit_file),
        columns=200,
    )
    assert result.exit_code == 3, result.output
    report = read_json(json_file)
    assert report["target"] == target
    assert report["summary"]["inconclusive"] == len(report["cases"]) == 1
    assert read_junit(junit_file).attrib["errors"] == "1"
    assert f"Could not test: {flat(report['blamed'])}" in flat(result.output)
    return str(report["blamed"])


def test_refused(tmp_path: Path) -> None:
    blamed = could_not_test(refused(), tmp_path)
    assert "no connection: refused" in blamed
    assert "Is the target running" in blamed


def test_no_such_name(tmp_path: Path) -> None:
    # Too long for a name, so that nobody is asked.
    assert "no connection: name_not_resolved" in could_not_test(f"{'x' * 64}:104", tmp_path)


def test_unreachable(tmp_path: Path) -> None:
    assert "no connection: unreachable" in could_not_test("255.255.255.255:104", tmp_path)


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (says(HTTP), "speaks HTTP, not DICOM: is the port right?"),
        (answers(HTTP), "speaks HTTP, not DICOM: is the port right?"),
        (says(SSH), "speaks SSH, not DICOM: is the port right?"),
        (answers(TLS_ALERT), "speaks TLS: a plain association is not possible on this port"),
        (says(b"220 mail ready\r\n"), "does not complete a plain association"),
        (until_it_goes, "observed nothing for"),
        (hangs_up, "observed closed (FIN)"),
        (resets, "observed closed (RST)"),
        (answers(b"\x02\0\xff\xff\xff\xff"), "observed no valid PDU"),
        (answers(encode(AReleaseRP())), "observed A-RELEASE-RP"),
        (answers(encode(AAbort(2, 1))), "observed A-ABORT"),
        (answers(bytes.fromhex("0300 00000004 00010107")), "--called-aet (now 'ANY-SCP')"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_no_acceptor_is_named(talk: Talk, words: str, tmp_path: Path) -> None:
    with serving(talk) as server:
        assert words in could_not_test(server.target, tmp_path)


def test_a_black_hole(tmp_path: Path) -> None:
    with black_hole() as target:
        assert "no connection: timeout" in could_not_test(target, tmp_path)


def test_an_echo_is_bounded_too() -> None:
    with black_hole() as target:
        result = run("echo", target, "--timeout", "0.3")
    assert result.exit_code == 1
    assert "Error:" in result.output


@pytest.mark.parametrize(
    "talk",
    [
        endless(b"\xff" * 65536),
        endless(b"\0" * 65536),
        endless(encode(AAbort(0, 0)) * 4096),
        endless(b"\x04\0\xff\xff\xff\xff" + b"\0" * 65536),
        endless(b"\x02\0\0\x0f\xff\xff" + b"\0" * 65536),
    ],
    ids=["ff", "00", "aborts", "one huge data PDU", "one huge acceptance"],
)
def test_what_never_stops_is_cut_off(talk: Talk, tmp_path: Path) -> None:
    with serving(talk) as server:
        could_not_test(server.target, tmp_path)


class Mortal(PlainAcceptor):
    """Dies of an association request with a version that it does not know."""

    def knows_version(self, version: int) -> bool:
        if version & 1 == 0:
            self.listening.close()
            for connection in tuple(self.connections):
                self.connections.discard(connection)
                self.stop_artim(connection)
                connection.link.reset()
        return True


def mortal(carrier: TcpTransport) -> Address:
    return Mortal(carrier, "MORTAL").address


KILLER = "ul.sta2.evt6.version"
AFTER = ("ul.sta2.evt17.close", "ul.sta2.evt17.reset")


def test_a_target_that_dies_in_the_middle(tmp_path: Path) -> None:
    json_file, junit_file = tmp_path / "report.json", tmp_path / "report.xml"
    with acceptor(mortal) as address:
        result = run(
            *("test", str(address), "--called-aet", "MORTAL", *PATIENCE, "--recover-limit", "0.2"),
            *("--select", "ul.sta2.evt1[02]", "--select", KILLER, "--select", "ul.sta2.evt17.[cr]*"),
            *("--json", str(json_file), "--junit", str(junit_file)),
        )
    assert result.exit_code == 1, result.output
    verdicts = {case["id"]: case["verdict"] for case in read_json(json_file)["cases"]}
    assert verdicts == {
        "ul.sta2.evt10": "pass",
        "ul.sta2.evt12": "pass",
        KILLER: "fail",
        **dict.fromkeys(AFTER, "inconclusive"),
    }
    assert read_junit(junit_file).attrib["failures"] == "1"
    assert "the target no longer serves" in flat(result.output)
    assert "the target stopped serving before this case" in flat(result.output)


class Flood(PlainAcceptor):
    """Answers a C-ECHO with fragments of a command that never ends."""

    octets = FRAGMENT * 4096

    def respond(self, at: Connection, context_id: int, response: CEchoRSP) -> None:
        at.link.send(self.octets)
        if at.state == "Sta6":
            self.carrier.call_later(0.0, lambda: self.respond(at, context_id, response))


def flood(carrier: TcpTransport) -> Address:
    return Flood(carrier, "FLOOD").address


LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_DATA, (200 << 20,) * 2)"
LIMITED = (sys.executable, "-c", f"{LIMIT}; {COMMAND[-1]}")


FLOODED = ("--select", "ul.sta6.evt10")


def test_a_flood_takes_no_more_than_200_megabytes() -> None:
    """The limit turns more into a MemoryError, which would be exit code 4."""
    with acceptor(flood) as address:
        flooded = subprocess.run(
            # The flood is never silent; only a machine that is busy with it is slow to begin.
            (*LIMITED, "test", str(address), "--called-aet", "FLOOD", "--patience", "10", *FLOODED),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (flooded.returncode, flooded.stderr) == (1, ""), flooded.stdout
    assert "PDUs without an end" in flooded.stdout


def test_the_limit_is_felt() -> None:
    tight = [word.replace("200 << 20", "20 << 20") for word in LIMITED]
    starved = subprocess.run((*tight, "--version"), capture_output=True, check=False)
    assert starved.returncode != 0


def read_until(stream: IO[str] | None, words: str) -> str:
    """The first line that holds these words."""
    assert stream is not None
    for line in stream:
        if words in line:
            return line
    raise AssertionError(f"nothing said {words!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_was_learned(number: signal.Signals, tmp_path: Path) -> None:
    json_file, junit_file = tmp_path / "report.json", tmp_path / "report.xml"
    with (
        acceptor() as address,
        started(
            *("test", str(address), "--verbose", "--json", str(json_file), "--junit", str(junit_file))
        ) as process,
    ):
        read_until(process.stdout, "pass          ul.sta2.evt4")
        process.send_signal(number)
        code, out, err = finished(process)
    assert (code, err) == (130, "")
    assert "Interrupted: this is what was learned so far" in out
    report = read_json(json_file)
    assert report["interrupted"] is True
    assert [case["id"] for case in report["cases"]][:2] == ["ul.sta2.evt3", "ul.sta2.evt4"]
    assert len(report["cases"]) == report["summary"]["pass"] < 100
    assert int(read_junit(junit_file).attrib["tests"]) == len(report["cases"])


def test_a_second_interruption_does_not_cost_the_reports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It comes while the first report is written."""
    summary = Report.summary

    def interrupted(report: Report) -> dict[str, int]:
        signal.raise_signal(signal.SIGINT)
        return summary(report)

    files = [tmp_path / "report.json", tmp_path / "report.xml"]
    with monkeypatch.context() as patch:
        patch.setattr(Report, "summary", interrupted)
        run("test", refused(), "--json", str(files[0]), "--junit", str(files[1]))
    assert read_json(files[0])["summary"]["inconclusive"] == 1
    assert read_junit(files[1]).attrib["errors"] == "1"


def test_when_nobody_reads_the_run_ends(tmp_path: Path) -> None:
    with acceptor() as address, started("test", str(address), "--verbose") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == UNREAD
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_when_nobody_reads_a_report_is_still_finished(tmp_path: Path) -> None:
    json_file = tmp_path / "report.json"
    with (
        acceptor() as address,
        started(
            *("test", str(address), "--verbose", "--select", "ul.sta2.evt[134]*", "--quick"),
            *("--json", str(json_file)),
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 0
    report = read_json(json_file)
    assert report["interrupted"] is False
    assert report["summary"]["pass"] == len(report["cases"]) > 5


@pytest.mark.parametrize(
    "arguments", [("test", "--list"), ("table", "association"), ("explain", "ul.sta2.evt10")]
)
def test_a_listing_whose_reader_goes_away(arguments: tuple[str, ...]) -> None:
    with started(*arguments) as process:
        assert process.stdout is not None
        process.stdout.close()
        code = process.wait(20)
        assert process.stderr is not None
        assert (code, process.stderr.read()) == (UNREAD, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(("full", "other"), [("--json", "--junit"), ("--junit", "--json")])
def test_a_full_disk_costs_one_report_and_not_the_other(full: str, other: str, tmp_path: Path) -> None:
    file = tmp_path / "report"
    result = run("test", refused(), full, "/dev/full", other, str(file))
    assert result.exit_code == NOT_WRITTEN
    assert "cannot write '/dev/full': No space left on device" in result.output
    assert "no connection: refused" in file.read_text()
    assert "Could not test" in result.output
    assert list(tmp_path.iterdir()) == [file]


def test_a_fault_of_the_tester_is_a_verdict_and_costs_no_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(oracle: Oracle, pdu: object) -> bool:
        raise RuntimeError("planted")

    json_file, junit_file = tmp_path / "report.json", tmp_path / "report.xml"
    with acceptor() as address:
        monkeypatch.setattr(Oracle, "saw", fails)  # it is called from a callback of the carrier
        result = run("test", str(address), *FEW, "--json", str(json_file), "--junit", str(junit_file))
    assert result.exit_code == 4
    (case,) = read_json(json_file)["cases"]
    assert case["verdict"] == "error"
    assert "RuntimeError: planted" in case["observed"]
    assert "in fails" in case["traceback"]
    assert read_junit(junit_file).attrib["errors"] == "1"
    assert "please report this" in flat(result.output)
