"""The pytest plugin, in runs of pytest of its own: each case is an item, and the fixtures serve and end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from dicomnet.conformance import all_cases, choose
from dicomnet.conformance.pytest_plugin import RunningAcceptor
from dicomnet.transports import Address, Policy, ReferenceAcceptor, TcpTransport, Tls, TlsSettings

from ..certificates import Certificates
from ..zoo.faults_state import AbortAsUser
from .command import read_junit
from .servers import acceptor, hangs_up, refused, serving, until_it_goes

# Whatever is installed beside it stays out of the run; this plugin comes in by its module alone.
WORDS = (
    *("-p", "no:dicomnet", "-p", "dicomnet.conformance.pytest_plugin"),
    *("-p", "no:cacheprovider", "-W", "error"),
)
ALONE = ("-p", "no:xdist")
FAILS, PASSES = "ul.sta6.evt19", "ul.sta6.evt12"

Pytest = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Pytest:
    """Run pytest as a process of its own, in a folder of its own."""

    def runs(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(*WORDS, *ALONE, *arguments, timeout=60)

    return runs


def _abort_as_user(carrier: TcpTransport) -> Address:
    return AbortAsUser(carrier, "ZOO").address


@pytest.fixture(scope="module")
def target() -> Generator[tuple[str, ...]]:
    """The words that name an acceptor with one fault."""
    with acceptor(_abort_as_user) as address:
        yield "--dicomnet-target", str(address), "--dicomnet-called-aet", "ZOO"


def select(*ids: str) -> tuple[str, ...]:
    return tuple(word for case in ids for word in ("--dicomnet-select", case))


# --- items ------------------------------------------------------------------------------------------------


def test_it_is_an_entry_point_that_this_run_leaves_alone(request: pytest.FixtureRequest) -> None:
    (found,) = entry_points(group="pytest11", name="dicomnet")
    assert found.value == "dicomnet.conformance.pytest_plugin"
    assert not request.config.pluginmanager.hasplugin("dicomnet")


def test_the_command_line_needs_no_pytest() -> None:
    script = "import sys, dicomnet.conformance.cli; print('pytest' in sys.modules, '_pytest' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "False False\n"


def test_without_a_target_there_are_no_items(run: Pytest) -> None:
    assert run("--collect-only").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_case_is_an_item_with_its_verdict(
    run: Pytest, pytester: pytest.Pytester, target: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_mine(): pass")
    told = run(*target, *select(FAILS, PASSES), "-v", "--junitxml", "r.xml")
    told.assert_outcomes(passed=2, failed=1)
    told.stdout.fnmatch_lines(
        [
            "*collected 3 items",
            "*::test_mine PASSED*",
            f"dicomnet::{PASSES} PASSED*",
            f"dicomnet::{FAILS} FAILED*",
            f"*_ {FAILS}: PDU of unknown type*_",
            f"fail  {FAILS}  PDU of unknown type*",
            "  clause       PS3.8 2020 Table 9-10, Sta6 x Evt19*",
            "  expected     A-ABORT (source 2)",
            "  observed     A-ABORT: aborted by the service user*",
            "  evidence *",
            f"  repeat       dicomnet test 127.0.0.1:* --select {FAILS}",
            "*dicomnet: 127.0.0.1:*",
            "1 pass, 1 fail",
        ],
        consecutive=False,
    )
    assert "Traceback" not in told.stdout.str()
    assert "pytest_plugin.py" not in told.stdout.str()
    suite = read_junit(pytester.path / "r.xml")
    names = {(case.attrib["classname"], case.attrib["name"]) for case in suite.findall("testcase")}
    assert {("dicomnet", FAILS), ("dicomnet", PASSES)} < names


def test_an_item_is_chosen_by_k_and_m(
    run: Pytest, pytester: pytest.Pytester, target: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_mine(): pass")
    told = run(*target, "--collect-only", "-q", "--dicomnet-quick", "-m", "dicomnet", "-k", "sta6.evt1")
    ids = [line for line in told.outlines if "::" in line]
    assert f"dicomnet::{FAILS}" in ids
    assert all(line.startswith("dicomnet::ul.sta6.evt1") for line in ids)
    chosen = choose(all_cases(), ("ul.sta6.evt1*",), quick=False)
    told = run(*target, *select("ul.sta6.evt1*"), "-k", PASSES, "--strict-markers")
    told.assert_outcomes(passed=1, deselected=len(chosen) - 1 + 1)


def test_x_ends_the_session(run: Pytest, target: tuple[str, ...]) -> None:
    told = run(*target, *select("ul.sta6.evt3", "ul.sta6.evt4", FAILS), "-x")
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(["1 fail", "*stopping after 1 failures*"])


def test_an_interruption_ends_what_is_going_on(pytester: pytest.Pytester) -> None:
    connected = threading.Event()

    def talk(sock: socket.socket) -> None:
        connected.set()
        until_it_goes(sock)

    with serving(talk) as server:
        command = (sys.executable, "-m", "pytest", *WORDS, *ALONE, "--dicomnet-target", server.target)
        with subprocess.Popen(
            (*command, *select(FAILS)), stdout=subprocess.PIPE, text=True, cwd=pytester.path
        ) as process:
            try:
                assert connected.wait(60)
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=9)  # less than the answer would be waited for
            finally:
                process.kill()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in out


def test_a_target_that_cannot_be_tested_makes_each_an_error(run: Pytest) -> None:
    told = run("--dicomnet-target", refused(), *select(FAILS, PASSES))
    told.assert_outcomes(errors=2)
    told.stdout.fnmatch_lines(["could not test: *Is the target running, and are host and port right?"])
    assert "Traceback" not in told.stdout.str()
    with serving(hangs_up) as server:
        run("--dicomnet-target", server.target, *select(FAILS)).assert_outcomes(errors=1)


def test_what_does_not_apply_is_skipped_and_what_is_informational_passes_both_with_the_reason(
    run: Pytest,
) -> None:
    with acceptor() as address:
        told = run("--dicomnet-target", str(address), *select("ul.sta3.evt8", "ui.window.used"), "-rsP")
    told.assert_outcomes(passed=1, skipped=1)
    told.stdout.fnmatch_lines(["*Captured dicomnet call*", "informational  ul.sta3.evt8  *"])
    told.stdout.fnmatch_lines(["SKIPPED * not-applicable: the target takes one operation at a time"])


def test_what_a_baseline_expects_is_xfailed(
    run: Pytest, pytester: pytest.Pytester, target: tuple[str, ...]
) -> None:
    def known(case: str, expires: str) -> tuple[str, ...]:
        row = {"case": case, "verdict": "fail", "reason": "we know", "expires": expires}
        Path(pytester.path / "known.json").write_text(
            json.dumps({"schema": "dicomnet-baseline/1", "expected": [row]})
        )
        return "--dicomnet-baseline", "known.json", *target, *select(FAILS, PASSES), "-rxf"

    told = run(*known(FAILS, "9999-12-31"))
    told.assert_outcomes(passed=1, xfailed=1)
    told.stdout.fnmatch_lines([f"XFAIL dicomnet::{FAILS} - fail, expected until 9999-12-31: we know"])
    told = run(*known(PASSES, "9999-12-31"))
    told.assert_outcomes(failed=2)
    told.stdout.fnmatch_lines(["*baseline *the baseline expects fail, which no longer happens (now pass)*"])
    told = run(*known(FAILS, "2020-02-29"))
    told.assert_outcomes(failed=1, passed=1)
    told.stdout.fnmatch_lines(["*baseline *was expected until 2020-02-29, which is over: we know"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--dicomnet-target", "here"), "--dicomnet-target: 'here' is not HOST:PORT"),
        (("--dicomnet-called-aet", "\\"), "--dicomnet-called-aet: '\\\\' is no AE title"),
        (("--dicomnet-select", "x.*"), "--dicomnet-select: no case fits 'x.*'"),
        (("--dicomnet-baseline", "none.json"), "--dicomnet-baseline: cannot read 'none.json'"),
        (("-n", "2"), "run them with -n 0"),
    ],
)
def test_wrong_options_are_told(pytester: pytest.Pytester, words: tuple[str, ...], told: str) -> None:
    result = pytester.runpytest_subprocess(*WORDS, "--dicomnet-target", "127.0.0.1:104", *words, timeout=60)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


# --- fixtures ---------------------------------------------------------------------------------------------


def test_the_fixtures_serve_and_end(run: Pytest, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        dedent("""
        import socket
        import threading
        import pytest
        from dicomnet.transports import Policy

        ports = []

        def test_loopback(dicomnet_acceptor, dicomnet_echo):
            assert dicomnet_acceptor.host == "127.0.0.1"
            ports.append(dicomnet_acceptor.port)
            result = dicomnet_echo(dicomnet_acceptor.address, "ANY", "ME", timeout=20)
            assert result.ok, result.text
            assert any("'ME' accepted" in line for line in dicomnet_acceptor.log)

        def test_it_is_over():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", ports[0]))
            assert "dicomnet acceptor" not in {thread.name for thread in threading.enumerate()}

        def test_two(dicomnet_serve, dicomnet_echo):
            one, two = dicomnet_serve(Policy(aet="ONE")), dicomnet_serve(Policy(aet="TWO"))
            assert (one.aet, one.port != two.port) == ("ONE", True)
            assert dicomnet_echo(one.address, "ONE", timeout=20).ok
            assert not dicomnet_echo(two.address, "ONE", timeout=20).ok

        def test_memory(dicomnet_memory, dicomnet_serve, dicomnet_echo):
            served = dicomnet_serve(carrier=dicomnet_memory, answer_after=3.0)
            result = dicomnet_echo(served.address, carrier=dicomnet_memory, timeout=60)
            assert result.ok and result.seconds >= 9, result
        """)
    )
    run("-q").assert_outcomes(passed=4)


def test_peers_by_a_script_are_fixtures(run: Pytest, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        dedent("""
        from dicomnet.statemachine import AAbort, AAssociateAC, AAssociateRJ, AAssociateRQ, AReleaseRP, AReleaseRQ
        from dicomnet.transports import ReferenceRequestor, echo_request

        def test_requestor(dicomnet_scripted_requestor, dicomnet_acceptor):
            peer = dicomnet_scripted_requestor(str(dicomnet_acceptor.address))
            peer.send(echo_request("ANY", "SCRIPT"))
            peer.expect(AAssociateAC)
            peer.send(AReleaseRQ())
            peer.expect(AReleaseRP)

        def test_acceptor(dicomnet_scripted_acceptor, dicomnet_memory):
            acceptor = dicomnet_scripted_acceptor(dicomnet_memory)
            requestor = ReferenceRequestor(dicomnet_memory, acceptor.address, "SCRIPT", "ME")
            peer = acceptor.accept()
            peer.expect(AAssociateRQ)
            peer.send(AAssociateRJ(1, 1, 1))
            peer.expect_close()
            assert "rejected" in requestor.result.text

        def test_told(dicomnet_scripted_requestor, dicomnet_acceptor):
            peer = dicomnet_scripted_requestor(dicomnet_acceptor.address)
            peer.send(echo_request("ANY", "SCRIPT"))
            peer.expect(AAbort)
        """)
    )
    result = run("-q")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["E *expected A-ABORT, observed: A-ASSOCIATE-AC: *"])
    assert "def expect(" not in result.stdout.str()


def test_the_suite_over_tls(run: Pytest, certificates: Certificates) -> None:
    pair = certificates.server
    settings = TlsSettings(pair.certificate, pair.key, certificates.ca)

    def secured(carrier: TcpTransport) -> Address:
        return ReferenceAcceptor(carrier, Policy(), security=Tls(settings)).listen(Address("", 0))

    with acceptor(secured) as address:
        words = (
            "--dicomnet-target",
            str(address),
            "--dicomnet-tls",
            "--dicomnet-tls-ca",
            str(certificates.ca),
        )
        chosen = select("ul.sta6.evt12", "tls.version.1-2", "tls.version.1-1")
        run(*words, *chosen, "-m", "dicomnet").assert_outcomes(passed=3)
        stranger = (*words[:-1], str(certificates.other_ca))
        result = run(*stranger, *select("ul.sta6.evt12"), "-m", "dicomnet")
        result.assert_outcomes(errors=1)
        assert "unknown_authority" in result.stdout.str()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--dicomnet-tls-no-verify",),
            "without --dicomnet-tls there is no TLS: leave --dicomnet-tls-no-verify out",
        ),
        (
            ("--dicomnet-tls", "--dicomnet-tls-key", "k"),
            "--dicomnet-tls-key is the key of --dicomnet-tls-cert",
        ),
        (("--dicomnet-tls", "--dicomnet-tls-ca", "none.pem"), "none.pem"),
        (("--dicomnet-tls", "--dicomnet-tls-profile", "bpc195"), "did you mean bcp195"),
    ],
)
def test_wrong_use_of_tls_is_told(run: Pytest, words: tuple[str, ...], said: str) -> None:
    result = run("--dicomnet-target", "127.0.0.1:104", *words)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()


def test_a_running_acceptor_is_a_value() -> None:
    one = RunningAcceptor(Address("", 104))
    assert (one.host, one.port, one.aet, one.log) == ("127.0.0.1", 104, None, [])
