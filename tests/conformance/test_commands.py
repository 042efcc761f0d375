"""The commands that list, explain, serve, echo and mutate, as a user meets them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dicomnet.conformance import all_cases
from dicomnet.statemachine import PDV, PDataTF, encode

from .command import COMMAND, finished, flat, output, read_json, run, started, wrong_use
from .servers import acceptor, answers, hangs_up, refused, serving

NOBODY = "127.0.0.1:1"


def ids_in(listing: str) -> list[str]:
    """The ids of a listing; its last line counts them. What is out of reach stands behind it."""
    *lines, last = listing.partition("\n\n")[0].splitlines()
    assert last.startswith(f"{len(lines)} cases (")
    return [line.split()[0] for line in lines]


def test_list_names_every_case_and_touches_nobody() -> None:
    with serving(hangs_up) as server:
        assert ids_in(output("test", server.target, "--list")) == [case.id for case in all_cases()]
    assert server.taken == 0


def test_dry_run_says_what_would_be_run() -> None:
    listing = output("test", NOBODY, "--called-aet", "SCP", "--dry-run", "--select", "ul.sta2.evt1[02]")
    assert ids_in(listing) == ["ul.sta2.evt10", "ul.sta2.evt12"]
    assert f"would be run against {NOBODY}, called SCP by DICOMNET" in listing


def test_select_adds_up_in_the_order_of_the_suite() -> None:
    listing = output("test", "--list", "--select", "ul.sta6.evt10", "--select", "ul.sta2.evt10")
    assert ids_in(listing) == ["ul.sta2.evt10", "ul.sta6.evt10"]


def test_quick_leaves_out_what_waits_for_long_timers() -> None:
    everything, quick = (set(ids_in(output("test", "--list", *more))) for more in ((), ("--quick",)))
    assert everything - quick == {case.id for case in all_cases() if case.slow}
    assert quick < everything


def test_depth_adds_one_input() -> None:
    shallow, deep = (ids_in(output("test", "--list", "--depth", depth)) for depth in "01")
    assert set(shallow) < set(deep)
    assert all("+" in case_id for case_id in set(deep) - set(shallow))
    assert "no case fits 'ul.sta2.evt3+evt3'" in wrong_use("test", "--list", "--select", "ul.sta2.evt3+evt3")
    assert "Sta2" in output("explain", "ul.sta2.evt3+evt3")


def test_a_case_is_explained() -> None:
    text = flat(output("explain", "ul.sta2.evt10"))
    for words in (
        "clause PS3.8 2020 Table 9-10, Sta2 x Evt10",
        "level MUST",
        "role acceptor",
        "cell Sta2 x Evt10",
        "tester connects: Evt5; target in Sta2",
        "tester sends P-DATA-TF (C-ECHO request): Evt10; target in Sta2",
        "octets (80): 04 00 00 00 00 4a",
        "allowed: A-ABORT (source 0)",
    ):
        assert words in text


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_every_case_can_be_explained(case: object) -> None:
    case_id = getattr(case, "id", "")
    text = output("explain", case_id)
    assert text.startswith(case_id)
    assert "clause      PS3." in text
    assert "allowed: \n" not in text


def test_silence_is_explained_as_silence() -> None:
    text = output("explain", "ul.sta6.idle")
    assert "tester says nothing for 45 s; target in Sta6 is to do nothing either" in text
    assert "Evt17" not in text


# --- serve and echo ---------------------------------------------------------------------------------------


def address_of(lines: Iterator[str]) -> str:
    """Where the server says that it listens."""
    found = re.fullmatch(r"listening on (127\.0\.0\.1:\d+) as .*\n", next(lines))
    assert found is not None
    return found[1]


def test_serve_picks_a_port_and_echo_gets_its_answer() -> None:
    with started("serve", "--aet", "SERVED", "--port", "0") as server:
        assert server.stdout is not None
        address = address_of(iter(server.stdout))
        said = output("echo", address, "--called-aet", "SERVED", "--calling-aet", "ME")
        refusal = run("echo", address, "--called-aet", "OTHER")
        server.send_signal(signal.SIGINT)
        code, out, err = finished(server)
    assert re.fullmatch(rf"{address}: C-ECHO answered with status 0x0000 \([\d.]+ ms\)\n", said)
    assert refusal.exit_code == 1
    assert "association rejected" in refusal.output
    assert "association of 'ME' accepted" in out
    assert "C-ECHO answered" in out
    assert out.endswith("stopped\n")
    assert (code, err) == (0, "")


def test_serve_may_think_and_be_quiet() -> None:
    with started("serve", "--port", "0", "--answer-after", "0.2", "--quiet") as server:
        assert server.stdout is not None
        said = output("echo", address_of(iter(server.stdout)))
        server.terminate()
        _, out, _ = finished(server)
    milliseconds = re.search(r"\(([\d.]+) ms\)", said)
    assert milliseconds is not None
    assert float(milliseconds[1]) >= 3 * 200  # the association, the echo, the release
    assert out == "stopped\n"


def test_a_port_that_is_taken_is_named() -> None:
    with acceptor() as address:
        result = run("serve", "--port", str(address.port))
    assert result.exit_code == 1
    assert "choose another --port or --host" in result.output


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "broke the protocol"),
        (answers(encode(PDataTF((PDV(1, True, True, b"\0\0"),)))), "out of turn"),
        (hangs_up, "the connection was lost"),
    ],
    ids=["http", "data", "hangs up"],
)
def test_an_echo_without_an_answer_says_why(target: Callable[..., None], words: str) -> None:
    with serving(target) as server:
        result = run("echo", server.target, "--timeout", "5")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {server.target}: ")
    assert words in result.output


def test_an_echo_to_nobody() -> None:
    target = refused()
    assert f"Error: {target}: no connection: refused" in run("echo", target).output


# --- mutate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "every", "least"), [("acceptor", 1, 0), ("requestor", 107, 10)])
def test_mutate_examines_on_two_processes(tmp_path: Path, role: str, every: int, least: int) -> None:
    """A few mutants only: .ci/run examines them all."""
    file = tmp_path / "matrix.json"
    script = (
        "import dicomnet.conformance.cli as c, sys\n"
        "m = sys.modules['dicomnet.conformance.mutate']; whole = m.mutants\n"
        f"m.mutants = lambda machine: list(whole(machine))[::{every}][:96]\n"
        "if __name__ == '__main__': c.main()\n"
    )
    program = tmp_path / "few.py"
    program.write_text(script)
    arguments = ("mutate", "--role", role, "--jobs", "2", "--json", str(file))
    with started(*arguments, program=str(program)) as process:
        code, out, err = finished(process, 60)
    assert (code, err) == (0, "")
    matrix = read_json(file)
    assert matrix["total"] == 96 == matrix["unobservable"] + matrix["tolerated"] + matrix["observable"]
    assert matrix["killed"] == matrix["observable"] >= least
    assert matrix["survivors"] == []
    assert "96 mutants:" in out


def busy(process: int) -> int:
    """How many children leave interruptions to their parent: the workers once they have started, and a tracker."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    statuses = [Path(f"/proc/{child}/status") for child in children]
    ignored = [
        int(line.split()[1], 16)
        for status in statuses
        if status.exists()
        for line in status.read_text().splitlines()
        if line.startswith("SigIgn:")
    ]
    return sum(bool(mask >> (signal.SIGINT - 1) & 1) for mask in ignored)


def group_interrupted(*arguments: str, deaf: int) -> tuple[int, str, str]:
    """Ctrl-C as a terminal sends it, to the whole group, once so many children leave that to their parent."""
    with subprocess.Popen(
        (*COMMAND, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            while busy(process.pid) < deaf:
                assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)
            return finished(process, 60)
        finally:
            process.kill()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process ignores")
def test_mutate_ends_when_it_is_interrupted() -> None:
    with started("mutate", "--jobs", "2") as process:
        while busy(process.pid) < 3:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        code, _, err = finished(process, 6)  # what its workers had begun would take longer
    assert (code, err.strip()) == (130, "Interrupted")
