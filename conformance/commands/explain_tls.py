"""A step of a case that judges TLS, in words."""

from __future__ import annotations

from dicomnet.statemachine import tls

from ..tls_steps import Beside, Part, Probe, Renegotiate, SecureStep, Shake, Tell, Want

MAX_SUITES = 6


def secure_lines(step: SecureStep) -> list[str]:
    """What is done, what it is made of, and what is demanded."""
    match step:
        case Probe():
            lines = [f"tester opens a raw connection and sends {step.what}{_cut(step.records, step.pieces)}"]
            lines += [] if step.hello is None else _hello(step.hello)
            if step.part is not None:
                lines.append(f"of it all the first {step.part} octets alone")
            kept = "; the connection is kept" if step.keep else ""
            return [*lines, f"tester waits for {step.until.value}{kept}", _want(step.want)]
        case Shake():
            verified = f"; verified: {step.verify.value}" if step.verify.value else ""
            return [
                f"tester connects: {step.what}{_cut((), step.pieces)}",
                f"it shows {step.credential.value}{verified}",
                _want(step.want),
            ]
        case Renegotiate():
            return [f"tester connects: {step.what}", _want(step.want)]
        case Tell():
            return [f"inside TLS: {step.what}{_cut(step.records, step.pieces)}", _want(step.want)]
        case Part():
            return [step.way.value, *([_want(step.want)] if step.want is not None else [])]
        case Beside():
            return [
                "beside the connections that are kept a healthy association: handshake, C-ECHO, release",
                "whether it is served meanwhile is told; a failure only where --concurrent states that more are served",
                "the connections that are kept are closed",
                "demanded: it is served then, at the latest",
            ]


def _want(want: Want) -> str:
    return f"demanded: {want.says}"


def _cut(records: tuple[int, ...], pieces: tuple[int, ...]) -> str:
    told = [
        f"{what} of {', '.join('...' if size == 0 else str(size) for size in sizes)} octets"
        for what, sizes in (("records", records), ("segments", pieces))
        if sizes
    ]
    return f" (in {' and '.join(told)})" if told else ""


def _hello(hello: tls.ClientHello) -> list[str]:
    names = tls.names
    versions = hello.versions or (hello.version,)
    suites = [names.suite_name(suite) for suite in hello.suites[:MAX_SUITES]]
    more = f" and {len(hello.suites) - MAX_SUITES} more" if len(hello.suites) > MAX_SUITES else ""
    return [
        f"versions: {', '.join(map(names.version_name, versions))}",
        f"suites: {', '.join(suites)}{more}",
    ]
