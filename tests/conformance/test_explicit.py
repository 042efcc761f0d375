"""The command set of an answer on a context with explicit VR little endian."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dicomnet.conformance import Verdict
from dicomnet.statemachine import IMPLICIT_LE, CEchoRSP

from ..zoo import ZOO, PlainAcceptor
from ..zoo.acceptor import Connection
from .targets import judge


class ImplicitAlone(PlainAcceptor):
    """What every application supports, and no more."""

    transfer_syntaxes: ClassVar[tuple[str, ...]] = (IMPLICIT_LE,)


class BigEndianCommands(PlainAcceptor):
    """The tags of the command set are written the other way round."""

    def encoded(self, at: Connection, context_id: int, response: CEchoRSP) -> bytes:
        octets = super().encoded(at, context_id, response)
        return octets[:4] + octets[7:3:-1] + octets[8:]


@pytest.mark.parametrize(
    ("kind", "verdict", "words"),
    [
        (PlainAcceptor, Verdict.PASS, ""),
        (ImplicitAlone, Verdict.NOT_APPLICABLE, "does not accept a context with explicit VR"),
        (ZOO["explicit-command-set"], Verdict.FAIL, "has explicit VR: its first element has the VR 'UL'"),
        (
            BigEndianCommands,
            Verdict.FAIL,
            "is not implicit VR little endian: it begins with 00 00 00 00 00 00 00 04",
        ),
    ],
)
def test_a_command_set_has_implicit_vr(kind: type[PlainAcceptor], verdict: Verdict, words: str) -> None:
    result = judge(kind, "echo.explicit")
    assert result.verdict is verdict
    assert words in result.observed
