"""The async style with a security layer: a step waits until the link is ready, and says why it could not be."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dicomnet.statemachine import LocalProtocolError
from dicomnet.transports import (
    Address,
    PlayedSecurity,
    Security,
    Settings,
    Tls,
    TlsSettings,
    Transport,
    aio,
    echo_request,
)

from ..certificates import Certificates
from .loops import LOOPBACK, play
from .test_aio import BOTH, outcome_of

RQ = echo_request("SCP", "SCU")
SETTINGS = Settings(handshake=1.0)


async def reach(
    carrier: Transport, acceptor: Security | None, requestor: Security | None, *, associates: bool = True
) -> list[str]:
    """Connect, associate and echo; what became of each step at either end."""
    told: list[str] = []
    async with (
        aio.library(carrier, SETTINGS, acceptor) as theirs,
        aio.library(carrier, SETTINGS, requestor) as ours,
    ):
        listener = theirs.new_object()
        where = await listener.listen(LOOPBACK)

        async def serve() -> None:
            await anext(listener)
            child = theirs.new_object()
            listener.accept(child)
            try:
                await child.ready()
                told.append("child ready")
            except aio.OutcomeError as error:
                told.append(f"child {error.code}")
            await child.wait_closed()

        serving = asyncio.create_task(serve())
        scu = ours.new_object()
        try:
            await scu.connect(Address("localhost", where.port))
            told.append("scu connected")
            if associates:
                await scu.associate(RQ)
                told.append(f"scu echo {await scu.echo()}")
                await scu.release()
        except aio.OutcomeError as error:
            told.append(f"scu {error.code}")
        await scu.close()
        await serving
    return sorted(told)


@pytest.fixture
def server(certificates: Certificates) -> TlsSettings:
    """An acceptor's settings, its files read before any loop runs."""
    settings = TlsSettings(certificates.server.certificate, certificates.server.key, certificates.ca)
    Tls(settings).load(lambda: None)
    return settings


@BOTH
def test_connect_is_done_when_the_link_is_secured(kind: str, server: TlsSettings) -> None:
    for layer in (Tls(server), PlayedSecurity()):
        told = play(kind, lambda carrier, layer=layer: reach(carrier, layer, layer))  # type: ignore[misc]
        assert told == ["child ready", "scu connected", "scu echo 0"]


@BOTH
def test_why_a_link_could_not_be_secured(kind: str, server: TlsSettings, certificates: Certificates) -> None:
    trusts_others = Tls(TlsSettings(authorities=certificates.other_ca))
    told = play(kind, lambda carrier: reach(carrier, Tls(server), trusts_others))
    assert told == ["child unknown_authority", "scu unknown_authority"]


@BOTH
def test_an_acceptor_that_refuses_afterwards(
    kind: str, server: TlsSettings, certificates: Certificates
) -> None:
    """With TLS 1.3 the requestor is connected; the next step hears of it."""
    demands = Tls(replace(server, require_client_certificate=True))
    plain = Tls(TlsSettings(authorities=certificates.ca))
    told = play(kind, lambda carrier: reach(carrier, demands, plain))
    assert told == ["child verify_failed", "scu connected", "scu verify_failed"]


@BOTH
def test_a_plain_acceptor(kind: str, server: TlsSettings) -> None:
    told = play(kind, lambda carrier: reach(carrier, None, Tls(server), associates=False))
    assert told[-1] in ("scu handshake_failed", "scu protocol_version")


@BOTH
def test_the_wait_of_a_child_that_hears_nothing_ends(kind: str) -> None:
    async def program(carrier: Transport) -> str:
        async with aio.library(carrier, SETTINGS, PlayedSecurity()) as theirs, aio.library(carrier) as ours:
            listener = theirs.new_object()
            where = await listener.listen(LOOPBACK)
            scu = ours.new_object()
            connecting = asyncio.create_task(scu.connect(where))
            await anext(listener)
            child = theirs.new_object()
            listener.accept(child)
            await connecting
            return await outcome_of(child.ready())

    assert play(kind, program) == "timeout"


def test_a_layer_for_one_object_alone() -> None:
    async def program(carrier: Transport) -> None:
        async with aio.library(carrier) as lib:
            listener = lib.new_object()
            listener.configure_security(PlayedSecurity())
            where = await listener.listen(LOOPBACK)
            with pytest.raises(LocalProtocolError) as late:
                listener.configure_security(PlayedSecurity())
            assert late.value.code == "wrong_state"
            scu = lib.new_object()
            scu.configure_security(PlayedSecurity())
            connecting = asyncio.create_task(scu.connect(where))
            await anext(listener)
            with pytest.raises(LocalProtocolError) as plain:
                listener.accept(lib.new_object())
            assert plain.value.code == "wrong_security_mode"
            child = lib.new_object()
            child.configure_security(PlayedSecurity())
            listener.accept(child)
            await connecting
            assert scu.secured is not None

    play("memory", program)
