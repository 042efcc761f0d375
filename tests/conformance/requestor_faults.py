"""Faults of requestors, one deed each, and the cases by hand that see them."""

from __future__ import annotations

from collections.abc import Callable

from .requestor_faults_sent import (
    DATA_FAULTS,
    IMPLICIT,
    INFORMATIONAL,
    NON_STRICT,
    REQUESTS,
    Change,
    Fault,
    command_of,
    data_pdu,
)
from .requestors import (
    ABORT,
    AC,
    DATA,
    RELEASE_RP,
    RELEASE_RQ,
    RJ,
    RQ,
    Meddler,
    Wire,
    changing,
    hearing,
    item,
    of_user,
    pdus,
    sized,
    split,
    tell_as_it_is,
    two_contexts,
)

# --- how the acceptance is taken ----------------------------------------------------------------------------


def _unusual(then: Callable[[Wire], None]) -> Meddler:
    """Minds every acceptance that is not the one which it has met first, in a healthy association."""
    usual: list[bytes] = []

    def hears(wire: Wire, octets: bytes) -> None:
        if octets[:1] == bytes((AC,)):
            usual.append(octets)
        if octets[:1] == bytes((AC,)) and octets != usual[0]:
            then(wire)
        else:
            wire.tell(octets)

    return Meddler(hears=hears)


def _abort(wire: Wire) -> None:
    wire.leave(ABORT)


def _close(wire: Wire) -> None:
    wire.leave()


def _nameless(wire: Wire, octets: bytes) -> None:
    """Needs an implementation version name in the acceptance."""
    if octets[:1] == bytes((AC,)) and 0x55 not in [kind for kind, _ in split(split(octets[74:])[-1][1])]:
        wire.leave(ABORT)
    else:
        wire.tell(octets)


def _impatient(wire: Wire, octets: bytes) -> None:
    """A PDU that is not whole in its first segment is the end of everything."""
    if pdus(octets)[1]:
        wire.leave()
    else:
        wire.tell(octets)


TAKEN = (
    "ac.reserved",
    "ac.titles*",
    "ac.version.0003",
    "ac.version.8001",
    "ac.version.ffff",
    "ac.unknown.item",
    "ac.unknown.user",
    "ac.order.sub-items",
    "len.zero",
    "len.4096",
    "len.signed",
    "len.huge",
    "ui.version-name.none",
)
DISLIKED = (
    "frame.length.68",
    "ac.version.000[02]",
    "ac.application.*",
    "ac.user.*",
    "ac.item.*",
    "ac.sub-item.*",
    "pc.rejected.*",
    "pc.none",
    "pc.extra*",
    "pc.twice",
    "pc.syntax.foreign",
    "pc.syntax.none",
    "pc.syntax.two",
    "pc.syntax.empty",
    "len.odd",
    "len.128",
    "len.16",
    "len.8",
    "len.1",
    "ui.length.*",
)
MAY_BE_MINDED = ("ac.application", "ac.order.user", "len.missing", "ui.class.missing", "ui.window", "ui.role*",
                 "ui.extended", "ui.identity*")  # fmt: skip

TWO = Meddler(changing(RQ, two_contexts()))


def _two(
    name: str, hears: Callable[[Wire, bytes], None], case: str, sends: Change = lambda raw: raw
) -> Fault:
    def deed(wire: Wire, octets: bytes) -> None:
        wire.send(
            two_contexts()(octets) if octets[0] == RQ else sends(octets) if octets[0] == DATA else octets
        )

    return Fault(name, Meddler(deed, hears), (case,), words="")


def _all_accepted(raw: bytes) -> bytes:
    """Every answer is taken for an acceptance with the default transfer syntax; where there is none, it is made up."""
    whole, _ = pdus(raw)
    items = [item(0x21, b"\1\0\0\0" + item(0x40, IMPLICIT))]
    items += [item(kind, value) for kind, value in split(whole[0][74:]) if kind != 0x21]
    return sized(whole[0][:74] + items[1] + items[0] + b"".join(items[2:]))


def _blind(raw: bytes) -> bytes:
    """Hears the acceptance with no limit on the length of its PDUs."""
    return of_user(lambda kind, value: item(kind, bytes(4) if kind == 0x51 else value))(raw)


def _with_data_set(raw: bytes) -> bytes:
    return raw + data_pdu(1, 2, b"\0\0")


ACCEPTANCES = (
    Fault("aborts what is not usual", _unusual(_abort), TAKEN, words="A-ABORT"),
    Fault(
        "aborts unknown sub-items of contexts",
        _unusual(_abort),
        ("ac.unknown.context",),
        NON_STRICT,
        "A-ABORT",
    ),
    Fault("closes what is not usual", _unusual(_close), DISLIKED, words="closed (FIN)"),
    Fault(
        "closes what may be minded",
        _unusual(_close),
        MAY_BE_MINDED,
        INFORMATIONAL,
        "closed (FIN)",
    ),
    Fault(
        "sends whatever the answers are",
        Meddler(hears=hearing(AC, _all_accepted)),
        ("pc.rejected.*", "pc.none", "pc.extra.only"),
        words="where there is no association for data",
    ),
    Fault(
        "does not mind the transfer syntax",
        Meddler(changing(DATA, _with_data_set), hearing(AC, _all_accepted)),
        ("pc.syntax.foreign", "pc.syntax.none", "pc.syntax.empty"),
        words="no transfer syntax was agreed on",
    ),
    Fault(
        "does not mind the maximum length",
        Meddler(hears=hearing(AC, _blind)),
        ("len.8", "len.16", "len.1"),
        words="where the maximum length is",
    ),
    _two("minds only the first answer", hearing(AC, _all_accepted), "pc.last"),
    _two(
        "uses the last context always", tell_as_it_is, "pc.first", lambda raw: data_pdu(3, 3, command_of(raw))
    ),
    _two(
        "uses the context that is not answered",
        tell_as_it_is,
        "pc.missing",
        lambda raw: data_pdu(3, 3, command_of(raw)),
    ),
    _two("closes at another order", _unusual(_close).hears, "ac.order.contexts"),
    Fault(
        "closes at another syntax",
        Meddler(changing(RQ, two_contexts()), _unusual(_close).hears),
        ("pc.syntax.last",),
        NON_STRICT,
        "closed (FIN)",
    ),
    Fault(
        "needs a version name",
        Meddler(hears=_nameless),
        ("ui.version-name.none",),
        words="A-ABORT",
    ),
)

# --- refusals -----------------------------------------------------------------------------------------------


def _deaf_to(*kinds: int) -> Meddler:
    def deed(wire: Wire, octets: bytes) -> None:
        if octets[0] not in kinds:
            wire.tell(octets)

    return Meddler(hears=deed)


def _echo_anyway(wire: Wire, octets: bytes) -> None:
    if octets[:1] == bytes((RJ,)):
        wire.send(data_pdu(1, 3, b"\0\0"))
    wire.tell(octets)


def _calls_again(wire: Wire) -> None:
    for _ in range(12):
        wire.carrier.connect(wire.address, _Nobody())


class _Nobody:
    def on_open(self) -> None: ...
    def on_failed(self, code: str) -> None: ...
    def on_octets(self, octets: bytes) -> None: ...
    def on_end(self) -> None: ...
    def on_reset(self) -> None: ...


def _again_when_told(wire: Wire, octets: bytes) -> None:
    if octets[0] in (RJ, 7):
        _calls_again(wire)
    wire.tell(octets)


def _again_at_end(wire: Wire) -> None:
    _calls_again(wire)
    wire.requestor.on_end()


REFUSALS = (
    Fault(
        "hears no rejection",
        _deaf_to(RJ),
        ("rj.?-*", "rj.length.*", "rj.reserved", "rj.trailed"),
        words="nothing for",
    ),
    Fault(
        "sends data after a rejection",
        Meddler(hears=_echo_anyway),
        ("rj.1-1-1", "rj.2-3-2"),
        words="P-DATA-TF",
    ),
    Fault("hears no abort", _deaf_to(7), ("abort.*",), words="nothing for"),
    Fault(
        "calls again and again",
        Meddler(hears=_again_when_told, ends=_again_at_end),
        ("again.rejected", "again.aborted", "again.half", "again.closed"),
        NON_STRICT,
        "connects 9 times",
    ),
)

# --- the stream ---------------------------------------------------------------------------------------------


def _whole_segments_only(wire: Wire, octets: bytes) -> None:
    """A segment that is not one or more whole PDUs is thrown away."""
    if not pdus(octets)[1]:
        wire.tell(octets)


def _one_for_each_segment(wire: Wire, octets: bytes) -> None:
    """What is behind the first PDU of a segment is thrown away."""
    whole, rest = pdus(octets)
    wire.tell(whole[0] if whole else rest)


def _believes_at_once(wire: Wire, octets: bytes) -> None:
    """An acceptance is taken as whole, whatever its length says."""
    wire.tell(sized(octets) if octets[:1] == bytes((AC,)) else octets)


def _ignores_nonsense(wire: Wire, octets: bytes) -> None:
    """What cannot be a PDU is thrown away."""
    whole, _ = pdus(octets)
    least = {RQ: 100, AC: 100}
    if whole and 0 < whole[0][0] < 8 and len(whole[0]) >= least.get(whole[0][0], 10):
        wire.tell(octets)


def _tires(wire: Wire, octets: bytes) -> None:
    """Half a PDU is waited for two seconds, then it just goes."""
    wire.tell(octets)
    if pdus(wire.seen)[1]:
        wire.carrier.call_later(0.5, lambda: wire.leave() if pdus(wire.seen)[1] else None)


STREAM = (
    Fault(
        "needs whole segments", Meddler(hears=_whole_segments_only), ("frame.split.*", "rj.split"), words=""
    ),
    Fault(
        "needs whole segments, with pauses",
        Meddler(hears=_whole_segments_only),
        ("frame.pause.*",),
        NON_STRICT,
    ),
    Fault(
        "loses what is behind a PDU",
        Meddler(hears=_one_for_each_segment),
        ("frame.joined.*",),
    ),
    Fault("does not wait for the length", Meddler(hears=_believes_at_once), ("frame.length.longer",)),
    Fault(
        "ignores nonsense",
        Meddler(hears=_ignores_nonsense),
        ("frame.length.0", "frame.length.67", "frame.foreign.*"),
        words="nothing for",
    ),
    Fault(
        "takes any length",
        Meddler(hears=_impatient),
        ("frame.length.huge", "frame.length.shorter"),
        words="closed",
    ),
    Fault("goes when half a PDU has come", Meddler(hears=_tires), ("frame.stalled.*",), NON_STRICT, "closed"),
)

# --- answers, and the end -----------------------------------------------------------------------------------


def _takes_no_fragments(wire: Wire, octets: bytes) -> None:
    """Of a P-DATA-TF only a plain one is heard: one PDV, the last one, no bit more."""
    whole, _ = pdus(octets)
    plain = octets[0] != DATA or (
        len(whole) == 1 and whole[0][1] == 0 and whole[0][11:12] == b"\3" and _single(whole[0])
    )
    if plain:
        wire.tell(octets)


def _single(raw: bytes) -> bool:
    return 10 + int.from_bytes(raw[6:10], "big") == len(raw)


def _closes_at_odd_data(wire: Wire, octets: bytes) -> None:
    """A response that is not success, or none at all, is taken as the end of everything."""
    good = octets[0] != DATA or (len(pdus(octets)[0]) == 1 and octets[10:12] == b"\1\3" and octets[-2:] == b"\0\0"
                                 and b"\x20\1\2\0\0\0\1\0" in octets)  # fmt: skip
    if good:
        wire.tell(octets)
    else:
        wire.leave()


def _keeps_quiet(wire: Wire) -> None:
    """The peer's FIN is not minded."""


def _ignores_unusual_releases(wire: Wire, octets: bytes) -> None:
    if octets[0] not in (RELEASE_RQ, RELEASE_RP) or octets == bytes((octets[0],)) + b"\0\0\0\0\4\0\0\0\0":
        wire.tell(octets)


OTHER_ANSWERS = (
    "status.*",
    *(f"response.{name}" for name in ("other-*", "context-*", "re*", "g*", "c*", "e*", "i*")),
)


def _one_answer(wire: Wire, octets: bytes) -> None:
    """A second P-DATA-TF right behind the first is the end of everything."""
    if [whole[0] for whole in pdus(octets)[0]] == [DATA, DATA]:
        wire.leave()
    else:
        wire.tell(octets)


def _release_between_messages(wire: Wire, octets: bytes) -> None:
    """A release that comes in the middle of a message is lost."""
    if octets[0] == RELEASE_RQ and any(
        whole[0] == DATA and not whole[11] & 2 for whole in pdus(wire.seen)[0]
    ):
        return
    wire.tell(octets)


ANSWERS = (
    Fault(
        "takes one answer at a time",
        Meddler(hears=_one_answer),
        ("response.twice", "response.data-set", "response.data-set.first"),
        words="closed",
    ),
    Fault(
        "takes no fragments",
        Meddler(hears=_takes_no_fragments),
        ("data.two-*", "data.many-*", "data.control-bits", "data.reserved"),
    ),
    Fault(
        "takes no empty fragments",
        Meddler(hears=_takes_no_fragments),
        ("data.empty*", "data.pdv-*"),
        NON_STRICT,
    ),
    Fault(
        "closes at any other answer",
        Meddler(hears=_closes_at_odd_data),
        OTHER_ANSWERS,
        words="closed",
    ),
    Fault("takes too long data", _deaf_to(DATA), ("len.exceeded",), NON_STRICT, "longer than its own"),
)
ENDS = (
    Fault("never closes", Meddler(closes=False), ("rel.reply.[!l]*", "close.half.r*"), words="nothing for"),
    Fault(
        "minds no FIN",
        Meddler(ends=_keeps_quiet),
        ("close.half.sta*", "close.half.early", "close.half.accepted"),
        NON_STRICT,
        "nothing for",
    ),
    Fault(
        "minds reserved fields",
        Meddler(hears=_ignores_unusual_releases),
        ("rel.reserved", "rel.reply.reserved", "rel.reply.length.*"),
        words="nothing for",
    ),
    Fault("loses a release inside a message", Meddler(hears=_release_between_messages), ("rel.in-message",)),
)

FAULTS = (*REQUESTS, *DATA_FAULTS, *ACCEPTANCES, *REFUSALS, *STREAM, *ANSWERS, *ENDS)
