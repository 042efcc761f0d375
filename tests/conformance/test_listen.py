"""`dicomnet test --listen`: a requestor is started, judged and ended; what is wrong with it is said."""

from __future__ import annotations

import shlex
import socket
import sys
import textwrap
from pathlib import Path

import pytest

from dicomnet.conformance import all_cases, unreachable
from dicomnet.statemachine import ASSOCIATION

from .command import COMMAND, flat, output, read_json, run, wrong_use
from .test_unreachable import astray

ECHO = (*COMMAND, "echo", "{host}:{port}")
ONE = ("--select", "requestor.sta5.evt3")


def listen(*options: str, command: tuple[str, ...] = ECHO, code: int = 0) -> str:
    """What is told of the requestor that the command starts."""
    result = run("test", "--listen", "0", "--quick", *options, "--", *command, columns=300)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return flat(result.output)


def script(tmp_path: Path, text: str) -> tuple[str, ...]:
    """A requestor as a Python script; it gets host and port."""
    path = tmp_path / "requestor.py"
    path.write_text("import os, socket, subprocess, sys, time\n" + textwrap.dedent(text), "utf-8")
    return (sys.executable, str(path), "{host}", "{port}")


def alive(pid: int) -> bool:
    """Whether it runs. What has ended may wait for a parent that does not ask for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


TALKS = """
from dicomnet.conformance.octets import ECHO, RELEASE_RQ, RQ, with_titles

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))

def ask(octets):
    s.sendall(octets)
    if not s.recv(65536):
        sys.exit()

ask(with_titles(RQ, "ANY-SCP", "TALKER"))
"""


def talker(tmp_path: Path, text: str) -> tuple[str, ...]:
    """A requestor that is accepted, and then does this."""
    return script(tmp_path, TALKS + textwrap.dedent(text))


# --- a sound requestor ------------------------------------------------------------------------------------


def test_a_command_is_judged_once_for_each_case(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    titled = (*COMMAND, "echo", "--called-aet", "{aet}", "{host}:{port}")
    cases = ("--select", "requestor.sta5.evt3", "--select", "requestor.sta4.*")
    told = listen("--aet", "HERE", *cases, "--json", str(report), command=titled)
    assert "3 pass" in told
    data = read_json(report)
    assert data["role"] == "requestor"
    assert data["unreachable"] == unreachable("requestor")
    assert {case["role"] for case in data["cases"]} == {"requestor"}
    first = data["cases"][0]
    start = "dicomnet test --listen 127.0.0.1:0 --aet HERE --select requestor.sta5.evt3 -- "
    assert first["repeat"] == start + shlex.join(titled)
    happened = [entry["what"] for entry in first["evidence"]]
    assert any("calls 'HERE'" in what for what in happened)
    # The association was aborted, and the command says so; the protocol was kept, and that is what counts.
    assert first["verdict"] == "pass"
    assert any(what.startswith("the command ended with status 1; it said: ") for what in happened)


def test_a_user_with_many_messages_is_sound(tmp_path: Path) -> None:
    many = talker(tmp_path, "for _ in range(150): ask(ECHO)\nask(RELEASE_RQ)")
    assert "3 pass" in listen(
        "--select", "requestor.len.4096", "--select", "requestor.data.[eo]*er", *ONE, command=many
    )


def test_a_user_whose_messages_have_no_end_is_told_and_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomnet.conformance.bounds.USER_SECONDS", 0.3)
    monkeypatch.setattr("dicomnet.conformance.bounds.USER_PATIENCE", 0.3)
    endless = talker(tmp_path, "while True: ask(ECHO)")
    told = listen("--patience", "0.3", "--select", "requestor.sta6.evt11", *ONE, command=endless, code=3)
    assert (
        "still sends messages after 0.3 s, which is more than the tester takes: give it less to send" in told
    )
    assert "1 pass, 1 inconclusive" in told


def test_who_sends_more_than_is_taken_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomnet.conformance.bounds.MAX_PDUS", {"requestor": 20})
    many = talker(tmp_path, "for _ in range(40): ask(ECHO)\nask(RELEASE_RQ)")
    told = listen("--select", "requestor.sta6.evt11", command=many, code=3)
    assert "more than 20 PDUs without an end, which is more than the tester takes" in told
    assert "1 inconclusive" in told


def test_the_list_tells_cases_and_what_is_out_of_reach() -> None:
    told = output("test", "--listen", "11112", "--list", columns=200)
    assert "requestor.sta9.evt14  MUST  release response" in told
    assert "The suite drives 77 of the 123 cells of Table 9-10; 46 cannot be reached" in told
    assert "ul.sta2" not in told


def test_each_cell_is_driven_or_listed_with_a_reason() -> None:
    driven = {case.cell for case in all_cases(role="requestor") if case.cell is not None}
    listed = [(state, event) for state, row in unreachable("requestor").items() for event in row]
    assert len(driven) + len(listed) == sum(len(row) for row in ASSOCIATION.cells.values())
    assert astray(driven, listed) == set()


def test_a_case_is_explained() -> None:
    told = flat(output("explain", "requestor.sta7.evt12"))
    assert "target connects: Evt1 and Evt2; target in Sta5" in told
    assert "the target's user asks for the release (Evt11)" in told
    assert "allowed: A-ABORT (source 0) or A-RELEASE-RP" in told


# --- a requestor that does not call -----------------------------------------------------------------------


def test_a_command_that_does_not_exist() -> None:
    told = wrong_use("test", "--listen", "0", "--", "no-such-program", "{port}")
    assert "there is no program 'no-such-program': give the path of one, behind --" in told


def test_a_command_that_ends_at_once(tmp_path: Path) -> None:
    told = listen(command=script(tmp_path, "print('out of film'); sys.exit(7)"), code=3)
    assert "did not call: the command ended with status 7; it said: out of film." in told


def test_a_command_that_never_calls(tmp_path: Path) -> None:
    told = listen("--connect-limit", "0.5", command=script(tmp_path, "time.sleep(600)"), code=3)
    assert "the requestor did not call" in told
    assert "within 0.5 s" in told


def test_a_command_that_calls_another_port(tmp_path: Path) -> None:
    other = script(tmp_path, "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.connect_ex(s.getsockname())")
    assert "the requestor did not call: the command ended with status 0" in listen(command=other, code=3)


def test_a_command_that_speaks_something_else(tmp_path: Path) -> None:
    web = script(
        tmp_path,
        """
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n" + b"x" * 64)
        s.recv(9)
        """,
    )
    assert "the requestor does not complete a plain association" in listen(command=web, code=3)


def test_a_command_that_speaks_tls_where_it_should_not(tmp_path: Path) -> None:
    tls = script(
        tmp_path,
        """
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        s.sendall(bytes.fromhex("160301002f0100002b0303") + bytes(41))
        s.recv(9)
        """,
    )
    assert "the requestor speaks TLS: judge it with --tls-cert FILE --tls-key FILE" in listen(
        command=tls, code=3
    )


def test_a_command_that_calls_again_and_again(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    again = script(
        tmp_path,
        """
        where = (sys.argv[1], int(sys.argv[2]))
        first = subprocess.Popen(sys.argv[3:])
        first.wait()
        for _ in range(20):
            socket.create_connection(where).close()
        """,
    )
    listen(*ONE, "--json", str(report), command=(*again, *ECHO))
    (case,) = read_json(report)["cases"]
    assert case["verdict"] == "pass"


def test_what_a_command_leaves_behind_is_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    forks = script(
        tmp_path,
        f"""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open({str(pids)!r}, "a") as file:
            print(child.pid, file=file)
        os.execv(sys.argv[3], sys.argv[3:])
        """,
    )
    listen(*ONE, command=(*forks, *ECHO))
    children = [int(line) for line in pids.read_text("ascii").split()]
    assert len(children) >= 4  # three sane associations, the case, and one more to see that it still calls
    assert not any(map(alive, children))


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stays = script(
        tmp_path,
        f"""
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open({str(pids)!r}, "a") as file:
            print(os.getpid(), file=file)
        while True:
            time.sleep(600)
        """,
    )
    listen("--connect-limit", "0.5", command=stays, code=3)
    assert not any(alive(int(line)) for line in pids.read_text("ascii").split())


# --- wrong usage ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "0"), "without a COMMAND nobody would know the port"),
        (("--listen", "70000"), "'70000' is not [HOST:]PORT"),
        (("--listen", "here"), "'here' is not [HOST:]PORT"),
        (("--aet", "X"), "it is for --listen: leave --aet out"),
        (("127.0.0.1:104", "more"), "one target at a time"),
        (("--listen", "0", "--concurrent", "2", "--", sys.executable), "it is the target that calls"),
        (("--listen", "0", "--called-aet", "X", "--", sys.executable), "it is the target that calls"),
        (("--listen", "0", "--select", "ul.*", "--", sys.executable), "no case fits 'ul.*'"),
        (("--listen", "0", "--tls", "--", sys.executable), "an acceptor with TLS needs --tls-cert"),
        (
            ("127.0.0.1:104", "--tls", "--tls-require-client-cert"),
            "it is for an acceptor, and this end is none",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], said: str) -> None:
    assert said in wrong_use("test", *arguments)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run("test", "--listen", port, "--", *ECHO, columns=300)
    assert result.exit_code == 2
    assert "address" in result.output
    assert "Traceback" not in result.output
