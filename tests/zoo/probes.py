"""One probe for each fault: what is sent, what the sound acceptor does, and what the faulty one does."""

from __future__ import annotations

from typing import NamedTuple

from . import octets as o
from .script import AndEnd, AtOnce, Step


class Probe(NamedTuple):
    """What a fault is shown by; the words are those of `script`."""

    fault: str
    steps: list[Step]
    plain: str
    faulty: str


CROWD: list[Step] = [step for number in range(7) for step in (number, o.RQ)]
LEAVING: list[Step] = [step for number in range(7) for step in (number, "end")]

CROWD_SERVED = "AC END@7 | " * 7 + "AC"
CROWD_LIMITED = "AC END@7 | " * 6 + "RJ2/3/2 END@7 | RJ2/3/2 END@30"

FULL: list[Step] = [step for number in range(5) for step in (number, o.RQ)]
FULL_SERVED = " | ".join(["AC"] * 5)

PROBES: tuple[Probe, ...] = (
    Probe("silent-peer-blocks-accept", [1, o.RQ, o.RELEASE], "END@30 | AC RP END@31", "END@30 | END@60"),
    Probe("limit-never-recovers", [*CROWD, *LEAVING, 7, o.RQ], CROWD_SERVED, CROWD_LIMITED),
    Probe(
        "dies-of-malformed-pdu",
        [o.RQ, o.MALFORMED, 1, o.RQ],
        "AC AB2/6 END@31 | AC",
        "AC AB2/6 END@31 | refused",
    ),
    Probe(
        "quick-leaver-wedges", [o.RQ, AndEnd(o.RELEASE), 1, o.RQ], "AC END@1 | AC", "AC END@1 | never taken"
    ),
    Probe("abort-behind-request-wedges", [o.RQ + o.ABORT, 1, o.RQ], "END@0 | AC", " | never taken"),
    Probe("silent-peer-stalls-for-ever", [1, o.RQ], "END@30 | AC", "END@30 | never taken"),
    Probe(
        "limit-stops-listening",
        [step for n in range(10) for step in (n, o.RQ)],
        " | ".join(["AC"] * 10),
        " | ".join([*["AC"] * 9, "never taken"]),
    ),
    Probe(
        "loses-simultaneous-request",
        [AtOnce(2), 0.0, 1, o.RQ, 2, o.RQ],
        "END@30 | AC | AC",
        "END@30 | never taken | AC",
    ),
    Probe("quick-close-ends-listening", ["end", 1, o.RQ], "END@0 | AC", "END@0 | refused"),
    Probe("reset-ends-listening", ["reset", 1, o.RQ], " | AC", " | refused"),
    Probe(
        "reset-leaks-slot",
        [*[step for n in range(33) for step in (n, o.RQ, "reset")], 33, o.RQ],
        "AC | " * 33 + "AC",
        "AC | " * 32 + "RJ2/3/2 | RJ2/3/2 END@30",
    ),
    Probe(
        "abort-leaks-slot",
        [*[step for n in range(33) for step in (n, o.RQ, o.ABORT)], 33, o.RQ],
        "AC END@1 | " * 33 + "AC",
        "AC END@1 | " * 32 + "RJ2/3/2 END@1 | RJ2/3/2 END@30",
    ),
    Probe(
        "last-come-first-served",
        [o.RQ, 1, 2, 0, "end"],
        "AC END@1 | END@30 | END@30",
        "AC END@1 | END@60 | END@30",
    ),
    Probe("limit-answered-by-silence", FULL, FULL_SERVED, "AC | AC | AC | AC | "),
    Probe("limit-answered-by-closing", FULL, FULL_SERVED, "AC | AC | AC | AC | END@0"),
    Probe("limit-rejected-for-good", FULL, FULL_SERVED, "AC | AC | AC | AC | RJ1/1/1 END@30"),
    Probe(
        "leaver-in-queue-wedges",
        [o.RQ, 1, "close", 0, "end", 2, o.RQ],
        "AC END@2 |  | AC",
        "AC END@2 | never taken | never taken",
    ),
    Probe("answers-the-first-peer", [o.RQ, 1, o.RQ], "AC | AC", "AC AC | "),
    Probe("no-artim-in-sta2", [40.0], "END@30", ""),
    Probe("no-artim-after-reject", [o.WRONG_CALLED], "RJ1/1/7 END@30", "RJ1/1/7"),
    Probe("no-artim-after-abort", [o.HTTP], "AB0/0 END@30", "AB0/0"),
    Probe("no-artim-after-release", [o.RQ, o.RELEASE], "AC RP END@31", "AC RP"),
    Probe("artim-restarts-with-octets", [o.RQ[:10], 20.0, o.RQ[10:11], 20.0], "END@30", "END@51"),
    Probe("artim-cuts-association", [o.RQ, 50.0, o.ECHO], "AC RSP1:7/0", "AC END@30 RESET@51"),
    Probe("half-close-lingers", [o.RQ, "end"], "AC END@1", "AC"),
    Probe("end-inside-pdu-lingers", [o.RQ, o.ECHO[:20], "end"], "AC END@2", "AC"),
    Probe("sta13-close-lingers", [o.RQ, o.RELEASE, "end"], "AC RP END@2", "AC RP END@31"),
    Probe("abort-at-close", [o.RQ, "end"], "AC END@1", "AC AB2/0 END@1"),
    Probe(
        "sta13-pdu-crashes", [o.RQ, o.RELEASE, o.ECHO, 1, o.RQ], "AC RP END@31 | AC", "AC RP END@2 | refused"
    ),
    Probe("split-pdu-aborts", [o.RQ, o.ECHO[:20], o.ECHO[20:]], "AC RSP1:7/0", "AC AB2/6 END@31"),
    Probe(
        "partial-tail-lost",
        [o.RQ, o.ECHO + o.ECHO[:20], o.ECHO[20:]],
        "AC RSP1:7/0 RSP1:7/0",
        "AC RSP1:7/0 AB2/1 END@32",
    ),
    Probe("second-pdu-waits", [o.RQ, o.ECHO + o.RELEASE, "end"], "AC RSP1:7/0 RP END@2", "AC RSP1:7/0 END@2"),
    Probe("second-pdu-lost", [o.RQ, o.ECHO + o.RELEASE, "end"], "AC RSP1:7/0 RP END@2", "AC RSP1:7/0 END@2"),
    Probe("unknown-type-waits", [o.RQ, o.HTTP], "AC AB2/1 END@31", "AC"),
    Probe("huge-length-waits", [o.RQ, o.HUGE], "AC AB2/6 END@31", "AC"),
    Probe("oversize-data-accepted", [o.RQ, o.OVERSIZE], "AC AB2/6 END@31", "AC"),
    Probe("zero-length-loops", [o.RQ, o.ZERO_LENGTH, 1, o.RQ], "AC AB2/6 END@31 | AC", "AC | never taken"),
    Probe("malformed-pdu-ignored", [o.RQ, o.MALFORMED], "AC AB2/6 END@31", "AC"),
    Probe("data-in-sta2-answered", [o.ECHO], "AB0/0 END@30", "RSP1:7/0 END@30"),
    Probe("unexpected-in-sta2-ignored", [o.ECHO], "AB0/0 END@30", "END@30"),
    Probe("release-in-sta2-answered", [o.RELEASE], "AB0/0 END@30", "RP END@30"),
    Probe("abort-in-sta2-answered", [o.ABORT], "END@0", "AB0/0 END@30"),
    Probe("unexpected-in-sta6-ignored", [o.RQ, o.AC], "AC AB2/2 END@31", "AC"),
    Probe("unexpected-in-sta6-closes", [o.RQ, o.RJ], "AC AB2/2 END@31", "AC END@1"),
    Probe("second-request-in-sta6-accepted", [o.RQ, o.RQ], "AC AB2/2 END@31", "AC AC"),
    Probe("unsolicited-rp-releases", [o.RQ, o.RELEASE_RP], "AC AB2/2 END@31", "AC END@1"),
    Probe("sta13-answers-with-abort", [o.RQ, o.RELEASE, o.ECHO], "AC RP END@31", "AC RP AB2/2 END@31"),
    Probe("sta13-request-ignored", [o.RQ, o.RELEASE, o.RQ], "AC RP AB2/2 END@31", "AC RP END@31"),
    Probe("sta13-invalid-ignored", [o.RQ, o.RELEASE, o.HTTP], "AC RP AB2/1 END@31", "AC RP END@31"),
    Probe("sta13-abort-answered", [o.RQ, o.RELEASE, o.ABORT], "AC RP END@2", "AC RP AB2/2 END@31"),
    Probe("second-association-accepted", [o.RQ, o.RELEASE, o.RQ], "AC RP AB2/2 END@31", "AC RP AC"),
    Probe("data-after-release-answered", [o.RQ, o.RELEASE, o.ECHO], "AC RP END@31", "AC RP RSP1:7/0 END@31"),
    Probe("provider-abort-as-user", [o.RQ, o.AC], "AC AB2/2 END@31", "AC AB0/0 END@31"),
    Probe("abort-source-reserved", [o.RQ, o.AC], "AC AB2/2 END@31", "AC AB1/2 END@31"),
    Probe("abort-reason-reserved", [o.RQ, o.AC], "AC AB2/2 END@31", "AC AB2/3 END@31"),
    Probe("abort-of-wrong-length", [o.RQ, o.AC], "AC AB2/2 END@31", "AC BAD END@31"),
    Probe("abort-answered", [o.RQ, o.ABORT], "AC END@1", "AC AB0/0 END@1"),
    Probe("abort-leaves-open", [o.RQ, o.ABORT], "AC END@1", "AC"),
    Probe("version-by-equality", [o.TWO_VERSIONS], "AC", "RJ1/2/2 END@30"),
    Probe("version-not-tested", [o.NO_VERSION], "RJ1/2/2 END@30", "AC"),
    Probe("unknown-item-refused", [o.UNKNOWN_ITEM], "AC", "AB2/6 END@30"),
    Probe("unknown-user-item-refused", [o.UNKNOWN_USER_ITEM], "AC", "RJ1/1/1 END@30"),
    Probe("reserved-fields-tested", [o.RESERVED], "AC", "AB2/6 END@30"),
    Probe("user-item-order-tested", [o.MAXIMUM_LENGTH_LAST], "AC", "AB2/6 END@30"),
    Probe("ae-title-not-trimmed", [o.LEADING_SPACE], "AC", "RJ1/1/7 END@30"),
    Probe("ae-title-cut-at-space", [o.INNER_SPACE], "RJ1/1/7 END@30", "AC"),
    Probe("full-length-title-aborts", [o.FULL_CALLING], "AC", "AB2/6 END@30"),
    Probe("blank-title-crashes", [o.BLANK_CALLED, 1, o.RQ], "RJ1/1/7 END@30 | AC", "END@0 | refused"),
    Probe("control-character-closes", [o.CONTROL_CHARACTER], "AC", "END@0"),
    Probe("called-rejected-by-provider", [o.WRONG_CALLED], "RJ1/1/7 END@30", "RJ1/2/7 END@30"),
    Probe("called-rejected-as-calling", [o.WRONG_CALLED], "RJ1/1/7 END@30", "RJ1/1/3 END@30"),
    Probe("version-rejected-by-user", [o.NO_VERSION], "RJ1/2/2 END@30", "RJ1/1/2 END@30"),
    Probe("reject-result-reserved", [o.WRONG_CALLED], "RJ1/1/7 END@30", "RJ0/1/7 END@30"),
    Probe("rejects-by-closing", [o.WRONG_CALLED], "RJ1/1/7 END@30", "END@0"),
    Probe("rejects-by-aborting", [o.WRONG_CALLED], "RJ1/1/7 END@30", "AB0/0 END@30"),
    Probe("application-context-ignored", [o.WRONG_APPLICATION], "RJ1/1/2 END@30", "AC"),
    Probe("even-context-id-accepted", [o.EVEN_ID], "RJ1/1/1 END@30", "AC(2:0I)"),
    Probe("duplicate-context-id-accepted", [o.DUPLICATE_ID], "RJ1/1/1 END@30", "AC(1:0I,1:0I)"),
    Probe("duplicate-transfer-syntax-aborts", [o.SAME_SYNTAX_TWICE], "AC", "AB0/0 END@30"),
    Probe("extra-context", [o.RQ], "AC", "AC(1:0I,3:3I)"),
    Probe("missing-context", [o.WITH_UNSUPPORTED], "AC(1:0I,3:3I)", "AC"),
    Probe("high-context-ids-lost", [o.HIGH_ID], "AC(1:0I,129:0I)", "AC"),
    Probe("contexts-merged", [o.TWO_CONTEXTS], "AC(1:0I,3:0I)", "AC(3:0I)"),
    Probe("unsupported-abstract-syntax-accepted", [o.WITH_UNSUPPORTED], "AC(1:0I,3:3I)", "AC(1:0I,3:0I)"),
    Probe("transfer-syntax-not-proposed", [o.RQ], "AC", "AC(1:0E)"),
    Probe("unknown-transfer-syntax-accepted", [o.WITH_UNKNOWN_SYNTAX], "AC(1:0I,3:4I)", "AC(1:0I,3:0I)"),
    Probe("context-results-swapped", [o.WITH_UNSUPPORTED], "AC(1:0I,3:3I)", "AC(1:0I,3:4I)"),
    Probe("context-result-reserved", [o.WITH_UNSUPPORTED], "AC(1:0I,3:3I)", "AC(1:0I,3:7I)"),
    Probe("async-window-uninvited", [o.RQ], "AC", "AC(1:0I+window1/1)"),
    Probe("async-window-widened", [o.WINDOW], "AC(1:0I+window1/1)", "AC(1:0I+window0/0)"),
    Probe("role-uninvited", [o.RQ], "AC", "AC(1:0I+role01)"),
    Probe("role-not-proposed-granted", [o.SCU_ROLE], "AC(1:0I+role10)", "AC(1:0I+role11)"),
    Probe("identity-response-uninvited", [o.IDENTITY], "AC", "AC(1:0I+identity)"),
    Probe("ac-without-maximum-length", [o.RQ], "AC", "AC(1:0I-max)"),
    Probe("ac-without-implementation-class-uid", [o.RQ], "AC", "AC(1:0I-class)"),
    Probe("ac-titles-not-repeated", [o.RQ], "AC", "AC(1:0I-title)"),
    Probe("ac-version-zero", [o.RQ], "AC", "AC(1:0I-v0)"),
    Probe("accepts-twice", [o.RQ], "AC", "AC AC"),
    Probe("maximum-length-zero-aborts", [o.with_maximum(0), o.ECHO], "AC RSP1:7/0", "AC AB0/0 END@31"),
    Probe("maximum-length-ignored", [o.with_maximum(32), o.ECHO], "AC RSP1:7/0x3", "AC RSP1:7/0!"),
    Probe("maximum-length-without-headers", [o.with_maximum(32), o.ECHO], "AC RSP1:7/0x3", "AC RSP1:7/0x3!"),
    Probe("huge-maximum-length-aborts", [o.with_maximum(0xFFFFFFFF), o.ECHO], "AC RSP1:7/0", "AB0/0 END@30"),
    Probe("split-command-aborts", [o.RQ, o.TWO_PDVS], "AC RSP1:7/0", "AC AB0/0 END@31"),
    Probe("command-over-pdus-aborts", [o.RQ, o.HALF_ECHO, o.REST_OF_ECHO], "AC RSP1:7/0", "AC AB0/0 END@31"),
    Probe("second-pdv-lost", [o.RQ, o.TWO_PDVS], "AC RSP1:7/0", "AC"),
    Probe("control-bits-tested", [o.RQ, o.CONTROL_BITS], "AC RSP1:7/0", "AC AB2/6 END@31"),
    Probe(
        "associations-share-buffer",
        [o.RQ, o.HALF_ECHO, 1, o.RQ, o.ECHO],
        "AC | AC RSP1:7/0",
        "AC | AC AB0/0 END@31",
    ),
    Probe("unknown-context-answered", [o.RQ, o.echo(7, 5)], "AC AB0/0 END@31", "AC RSP5:7/0"),
    Probe(
        "echo-on-first-context",
        [o.TWO_CONTEXTS, o.echo(7, 3)],
        "AC(1:0I,3:0I) RSP3:7/0",
        "AC(1:0I,3:0I) RSP1:7/0",
    ),
    Probe("echo-on-unknown-context", [o.RQ, o.ECHO], "AC RSP1:7/0", "AC RSP3:7/0"),
    Probe("wrong-message-id", [o.RQ, o.ECHO], "AC RSP1:7/0", "AC RSP1:8/0"),
    Probe("message-id-truncated", [o.RQ, o.echo(0x1234)], "AC RSP1:4660/0", "AC RSP1:52/0"),
    Probe("echo-fails", [o.RQ, o.ECHO], "AC RSP1:7/0", "AC RSP1:7/110"),
    Probe("second-echo-unanswered", [o.RQ, o.ECHO, o.ECHO], "AC RSP1:7/0 RSP1:7/0", "AC RSP1:7/0"),
    Probe("echo-answered-twice", [o.RQ, o.ECHO], "AC RSP1:7/0", "AC RSP1:7/0 RSP1:7/0"),
    Probe("explicit-command-set", [o.EXPLICIT, o.ECHO], "AC(1:0E) RSP1:7/0", "AC(1:0E) BAD1"),
    Probe("release-unanswered", [o.RQ, o.RELEASE], "AC RP END@31", "AC"),
    Probe("release-aborted", [o.RQ, o.RELEASE], "AC RP END@31", "AC AB2/2 END@31"),
    Probe("release-closes", [o.RQ, o.RELEASE], "AC RP END@31", "AC END@1"),
    Probe("release-answered-twice", [o.RQ, o.RELEASE], "AC RP END@31", "AC RP RP END@31"),
    Probe("release-stays-open", [o.RQ, o.RELEASE], "AC RP END@31", "AC RP"),
    Probe("release-in-message-unanswered", [o.RQ, o.HALF_ECHO, o.RELEASE], "AC RP END@32", "AC"),
    Probe("data-during-release-deadlocks", [o.RQ, o.RELEASE + o.ECHO], "AC AB2/2 END@31", "AC"),
    Probe(
        "data-during-release-answered", [o.RQ, o.RELEASE + o.ECHO], "AC AB2/2 END@31", "AC RP RSP1:7/0 END@31"
    ),
)
