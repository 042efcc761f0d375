"""`dicomnet fuzz` as a user meets it: what it finds, says and writes, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dicomnet.conformance.fuzz import Say, Script, read_token
from dicomnet.statemachine import AReleaseRQ, encode
from dicomnet.transports import Address, TcpTransport, echo_request

from ..zoo import ZOO, PlainAcceptor
from .command import COMMAND, PATIENCE, finished, flat, output, read_json, run, started, wrong_use
from .servers import acceptor, refused, serving, until_it_goes

AS_ZOO = ("--called-aet", "ZOO")
FEW = ("--examples", "40", "--seed", "1", *PATIENCE)
RQ, RELEASE = encode(echo_request("ZOO", "DICOMNET")), encode(AReleaseRQ())


def faulty(carrier: TcpTransport) -> Address:
    return ZOO["abort-answered"](carrier, "ZOO").address


def sound(carrier: TcpTransport) -> Address:
    return PlainAcceptor(carrier, "ZOO").address


def dies(carrier: TcpTransport) -> Address:
    return ZOO["sta13-pdu-crashes"](carrier, "ZOO").address


def pytest_of(file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a written test, with these variables of the environment: another target, or command, than its own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=file.parent,
        env={**os.environ, **environment},
    )


def test_a_finding_is_said_written_and_repeated(tmp_path: Path) -> None:
    json_file, test_file = tmp_path / "found.json", tmp_path / "test_found.py"
    with acceptor(faulty) as address:
        result = run(
            *("fuzz", str(address), *AS_ZOO, *FEW, "--findings", "1"),
            *("--json", str(json_file), "--test", str(test_file)),
        )
        assert result.exit_code == 1, result.output
        report = read_json(json_file)
        (finding,) = report["findings"]
        again = run("fuzz", str(address), *AS_ZOO, *PATIENCE, "--repeat", finding["token"])
        assert again.exit_code == 1, again.output
        assert "A-ABORT: aborted by the service user" in again.output
        failed = pytest_of(test_file, DICOMNET_TARGET=str(address))
    assert failed.returncode == 1, failed.stdout
    assert "A-ABORT: aborted by the service user" in failed.stdout
    assert (report["schema"], report["seed"], report["role"]) == ("dicomnet-fuzz/1", 1, "acceptor")
    assert (finding["state"], finding["event"]) == ("Sta6", "Evt16")
    assert "AA-3" in finding["clause"]
    assert read_token(finding["token"]).lines() == finding["script"]
    assert f"--repeat {finding['token']}" in finding["repeat"]
    assert finding["repeat"] in flat(result.output)
    assert "seed 1" in result.output
    assert 1 <= report["scripts"] <= 40 + finding["first_seen"] + 400
    assert report["cells"]["covered"] <= report["cells"]["reachable"]
    with acceptor(sound) as address:
        passed = pytest_of(test_file, DICOMNET_TARGET=str(address))
        fine = run("fuzz", str(address), *AS_ZOO, *PATIENCE, "--repeat", finding["token"])
    assert passed.returncode == 0, passed.stdout
    assert fine.exit_code == 0, fine.output


def test_a_test_for_each_finding_in_a_directory(tmp_path: Path) -> None:
    with acceptor(faulty) as address:
        result = run("fuzz", str(address), *AS_ZOO, *FEW, "--findings", "1", "--test", str(tmp_path))
        assert result.exit_code == 1, result.output
        (file,) = tmp_path.glob("*.py")
        assert file.name == "test_fuzz_1_sta6_evt16.py"
        assert pytest_of(file, DICOMNET_TARGET=str(address)).returncode == 1


def test_nothing_found(tmp_path: Path) -> None:
    with acceptor(sound) as address:
        text = output(
            "fuzz", str(address), *AS_ZOO, "--examples", "15", "--seed", "3", *PATIENCE,
            "--test", str(tmp_path / "none.py"),
        )  # fmt: skip
    assert "15 scripts, seed 3: 0 findings" in flat(text)
    assert not (tmp_path / "none.py").exists()


@pytest.mark.parametrize("how", ["refused", "mute"])
def test_a_target_that_is_not_there(how: str, tmp_path: Path) -> None:
    json_file = tmp_path / "found.json"
    with serving(until_it_goes) as server:
        target = refused() if how == "refused" else server.target
        result = run("fuzz", target, *FEW, "--json", str(json_file))
    assert result.exit_code == 3
    assert "Could not test: " in result.output
    assert read_json(json_file)["blamed"]


def test_a_target_that_dies_is_told_with_the_script(tmp_path: Path) -> None:
    json_file = tmp_path / "found.json"
    with acceptor(dies) as address:
        result = run(
            *("fuzz", str(address), *AS_ZOO, *FEW, "--recover-limit", "0.2", "--json", str(json_file))
        )
    assert result.exit_code == 3, result.output
    report = read_json(json_file)
    assert "The target serves no more since this script" in result.output
    assert report["lost"]["token"] in result.output
    assert report["lost"]["script"]
    if report["last_good"] is not None:
        assert report["last_good"]["token"] in result.output


def test_without_hypothesis_the_extra_is_named() -> None:
    program = (
        "import importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'hypothesis' else found(name, *rest)\n"
        + COMMAND[-1]
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "fuzz", "127.0.0.1:1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'dicomnet[hypothesis]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_hypothesis_is_loaded_for_drawing_alone() -> None:
    token = Script((Say(RQ), "await")).token()
    program = (
        "import sys\nfrom dicomnet.conformance import cli\nfrom dicomnet.conformance.fuzz import read_token\n"
        f"read_token({token!r})\nassert 'hypothesis' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--repeat", "1abc"), "no token of a script"),
        (("--repeat", Script((Say(RQ),)).token(), "--seed", "1"), "leave --seed out"),
        (("--seed", "-1"), "--seed"),
        (("--examples", "0"), "--examples"),
        (("--seconds", "0"), "--seconds"),
        (("--tls", "--test", "x.py"), "leave --test out"),
        (("--json", "x", "--test", "x"), "name the same file"),
        (("--test", "no-such-directory/x.py"), "cannot write"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in wrong_use("fuzz", "127.0.0.1:1", *arguments)


def test_an_interruption_keeps_what_was_found(tmp_path: Path) -> None:
    json_file = tmp_path / "found.json"
    with (
        acceptor(faulty) as address,
        started(
            "fuzz",
            str(address),
            *AS_ZOO,
            "--seed",
            "1",
            "--seconds",
            "60",
            *PATIENCE,
            "--json",
            str(json_file),
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("found: "):
                break
        process.send_signal(signal.SIGINT)
        code, out, err = finished(process)
    assert (code, err) == (130, "")
    assert "Interrupted: " in out
    report = read_json(json_file)
    assert report["interrupted"] is True
    assert len(report["findings"]) >= 1


def test_the_help_has_an_example() -> None:
    assert "Example: dicomnet fuzz" in flat(output("fuzz", "--help"))


def test_a_script_that_ends_the_target_fails_when_repeated() -> None:
    """What is seen on the connection is right; that nobody serves any more is not."""
    token = Script((Say(RQ), "await", Say(RELEASE), "await", Say(RQ), "listen")).token()
    options = (*AS_ZOO, "--recover-limit", "0.2", *PATIENCE, "--repeat", token)
    with acceptor(dies) as address:
        result = run("fuzz", str(address), *options)
    assert result.exit_code == 1, result.output
    assert "since then the target serves no more" in flat(result.output)
    with acceptor(sound) as address:
        assert run("fuzz", str(address), *options).exit_code == 0
