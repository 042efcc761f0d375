"""Whose fault it is that nothing was learned: the tester's own, or the configuration's."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dicomnet.statemachine import CONTEXT_ACCEPTED
from dicomnet.transports import Failed

from .case import Case
from .evidence import Evidence
from .verdict import Result, Verdict

if TYPE_CHECKING:
    from .run import CaseRun
    from .target import Target


# What to do about a presentation context that was rejected with this result (PS3.8 2020 Table 9-18).
CONFIGURE: Final = {
    3: "serve the Verification SOP class",
    4: "take Implicit VR Little Endian as well, the default transfer syntax (PS3.5 2020 10.1)",
}


# What to do where the tester's own handshake failed, by the code of the outcome.
ADVICE: Final = {
    "unknown_authority": ". Name the authority that the target's certificate is of: --tls-ca FILE",
    "hostname_mismatch": ". Name the one that is in the certificate: --tls-server-name NAME",
    "expired": ". To judge the rest as well, do not verify: --tls-no-verify",
    "verify_failed": ". If the target demands a certificate, give one: --tls-cert FILE --tls-key FILE",
    "protocol_version": ". Another profile may allow its versions: --tls-profile NAME",
    "insufficient_security": ". Another profile may allow its suites and keys: --tls-profile NAME",
}


# Where there may be no TLS at all; and how the link is told to have ended before anything was secured.
WITHOUT: Final = ". Does it speak TLS on this port? If not, leave --tls out"
ENDED_EARLY: Final = ("no connection: aborted", "no connection: reset")


class TesterFault(Exception):  # noqa: N818 - the fault is ours
    """The tester itself failed in the run of a case; `result` says where."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.observed)
        self.result = result


def own_fault(case: Case, transport: str, error: Exception, evidence: Evidence | None = None) -> Result:
    """The verdict where the tester itself failed in this case: what and where; the evidence keeps the traceback."""
    place = ""
    for frame in traceback.extract_tb(error.__traceback__)[-1:]:
        place = f" ({Path(frame.filename).name}:{frame.lineno})"
    text = f"{type(error).__name__}: {error}{place}; please report this with the traceback, which --json FILE writes"
    kept = evidence or Evidence()
    kept.traceback = "".join(traceback.format_exception(error))
    return Result(case, transport, Verdict.ERROR, "no fault of the tester itself", text, evidence=kept)


def carry_on(runs: list[CaseRun], turn: Callable[[], bool]) -> None:
    """A fault of our own that is none of one case ends those that are not over."""
    try:
        turn()
    except Exception as error:  # noqa: BLE001 - it becomes the verdict
        for run in runs:
            if run.result is None:
                run.break_off(error)


def blame(result: Result, target: Target) -> str:
    """Why nothing could be tested, and what to do about it."""
    return _blame_acceptor(result, target) if target.caller is None else _blame_requestor(result, target)


def _blame_requestor(result: Result, target: Target) -> str:
    first, observed = result.evidence.first, result.observed
    failure = None if target.tls is None else target.tls.said()
    if observed == "no connection: timeout":
        # With port 0 each case has another one, which only its evidence tells.
        where = f" {target.address}" if target.address.port else f" {target.address.host}"
        return (
            f"the requestor did not call{where} within {target.pace.connect:.3g} s. Is it told to call this "
            "host and port ({host} and {port} in a COMMAND)?"
        )
    if "no connection" in observed:
        why = observed.removeprefix("no connection: ")
        return f"the requestor did not call: {why}. Does it call {{host}} and {{port}}?"
    if isinstance(failure, Failed):
        return f"the requestor calls, but the link could not be secured ({failure.code}): {failure.text}"
    if first[:2] in (b"\x15\x03", b"\x16\x03"):
        return "the requestor speaks TLS: judge it with --tls-cert FILE --tls-key FILE"
    return (
        f"the requestor does not complete a plain association: expected {result.expected}, observed {observed}. "
        "Does it associate, send a message, and release when that is answered with success?"
    )


def _blame_acceptor(result: Result, target: Target) -> str:
    first = result.evidence.first
    where = str(target.address)
    if first[:4] in (b"HTTP", b"SSH-"):
        return f"{where} speaks {first[:4].decode().strip('-')}, not DICOM: is the port right?"
    if first[:2] in (b"\x15\x03", b"\x16\x03"):
        return f"{where} speaks TLS: a plain association is not possible on this port; judge it with --tls"
    failure = None if target.tls is None else target.tls.said()
    if isinstance(failure, Failed) and "A-ASSOCIATE-RJ" not in result.observed:
        advice = ADVICE.get(failure.code, "")
        if failure.code == "handshake_failed" and "alert" not in failure.text:
            advice = WITHOUT
        return f"{where}: the link could not be secured ({failure.code}): {failure.text}{advice}"
    if target.tls is not None and result.observed in ENDED_EARLY:
        return f"{where}: the connection was ended in the handshake, without an alert{WITHOUT}"
    if "no connection" in result.observed:
        return f"{where}: {result.observed}. Is the target running, and are host and port right?"
    if "A-ASSOCIATE-RJ" in result.observed:
        return (
            f"{where} rejects the association ({result.observed}). Give the AE titles that it knows with "
            f"--called-aet (now {target.called!r}) and --calling-aet (now {target.calling!r})"
        )
    context = result.evidence.context(1)
    if context is not None and context.result != CONTEXT_ACCEPTED:
        what = CONFIGURE.get(context.result, "accept the context")
        return (
            f"{where} accepts the association, but in it {result.observed}. It was proposed for the Verification SOP "
            f"class with Implicit VR Little Endian; configure the target to {what}"
        )
    if target.tls is None and not first and result.observed.startswith("closed"):
        return (
            f"{where} ends the connection without an answer: observed {result.observed}. Does it speak DICOM on "
            "this port, or DICOM over TLS (--tls)?"
        )
    return (
        f"{where} does not complete a plain association with C-ECHO: expected {result.expected}, observed "
        f"{result.observed}. Does it serve the Verification SOP class?"
    )
