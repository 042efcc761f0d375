"""Tasks that are cancelled at any turn, side by side: nothing is left of them, and the others are served."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from dicomnet.transports import aio, echo_request

from .loops import Ward, play, with_ward

RQ = echo_request("SCP", "SCU")
# The queue of a ward holds eight requests: none of these is refused.
PEERS = 8
MOST_TURNS = 40


async def converse(ward: Ward) -> int:
    scu = ward.lib.new_object()
    try:
        await scu.connect(ward.address)
        await scu.associate(RQ)
        status = await scu.echo() + await scu.echo()
        await scu.release()
        return status
    finally:
        await scu.close()


async def cancel_later(task: asyncio.Task[int], turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()


async def serve(ward: Ward, children: list[aio.NetworkObject]) -> None:
    async for _ in ward.listener:
        while ward.listener.waiting:
            child = ward.lib.new_object()
            ward.listener.accept(child)
            children.append(child)


@pytest.mark.parametrize("kind", ["memory", "tcp"])
@pytest.mark.parametrize("seed", range(20))
def test_tasks_cancelled_at_any_turn(kind: str, seed: int) -> None:
    lots = Random(seed)

    async def program(ward: Ward) -> None:
        children: list[aio.NetworkObject] = []
        serving = asyncio.create_task(serve(ward, children))
        spared = [asyncio.create_task(converse(ward)) for _ in range(2)]
        others = [asyncio.create_task(converse(ward)) for _ in range(PEERS - 2)]
        async with asyncio.TaskGroup() as group:
            for task in others:
                group.create_task(cancel_later(task, lots.randrange(MOST_TURNS)))
        assert await asyncio.gather(*spared) == [0, 0]
        for result in await asyncio.gather(*others, return_exceptions=True):
            assert result == 0 or isinstance(result, asyncio.CancelledError)
        assert await converse(ward) == 0  # later than all of them, so they have all been accepted
        for child in children:
            await child.wait_closed()
        assert (ward.listener.children, ward.listener.waiting) == (0, 0)
        assert len(ward.lib.network.alive) == 1
        await ward.listener.close()
        await serving

    play(kind, with_ward(program))


def test_the_turns_reach_from_the_first_step_to_the_last() -> None:
    """Else the test above would cancel in the first steps only: with the most turns everything is done."""

    async def program(ward: Ward) -> list[str]:
        serving = asyncio.create_task(serve(ward, []))
        ends: list[str] = []
        for turns in range(MOST_TURNS):
            scu = ward.lib.new_object()
            steps: list[str] = []

            async def steps_of(scu: aio.NetworkObject = scu, steps: list[str] = steps) -> int:
                for name, step in (
                    ("connect", lambda: scu.connect(ward.address)),
                    ("associate", lambda: scu.associate(RQ)),
                    ("echo", scu.echo),
                    ("release", scu.release),
                ):
                    steps.append(name)
                    await step()
                steps.append("done")
                return 0

            task = asyncio.create_task(steps_of())
            await cancel_later(task, turns)
            await asyncio.wait([task])
            ends += steps[-1:]
            await scu.close()
        await ward.listener.close()
        await serving
        return ends

    assert set(play("memory", with_ward(program))) == {"connect", "associate", "echo", "release", "done"}
