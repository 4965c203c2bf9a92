"""Work that goes on meets defects: what its supervisor does."""

from __future__ import annotations

import asyncio

from tests.support.deployment import MovedLoop
from tests.support.logs import captured_logs

from farshore.runtime.supervision import DEFECT_S, supervise


def test_work_begins_anew_after_a_defect_and_ends_when_it_is_told_to() -> None:
    begun: list[int] = []
    third = asyncio.Event()

    async def work(stop: asyncio.Event) -> None:
        begun.append(len(begun))
        if len(begun) < 3:
            raise ZeroDivisionError("a defect")
        third.set()
        await stop.wait()

    async def run() -> None:
        stop = asyncio.Event()
        supervised = asyncio.create_task(supervise(work, stop, "the work"))
        for number in range(1, 3):
            await logs.seen("worker failed")
            assert begun == list(range(number)), "not before the pause is over"
            logs.entries.clear()
            loop.move(DEFECT_S)
        await third.wait()
        stop.set()
        await supervised

    with captured_logs() as logs, asyncio.Runner(loop_factory=MovedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, MovedLoop)
        runner.run(run())


def test_a_pause_ends_when_it_is_told_to_stop() -> None:
    async def work(_stop: asyncio.Event) -> None:
        raise ZeroDivisionError("a defect")

    async def run() -> None:
        stop = asyncio.Event()
        supervised = asyncio.create_task(supervise(work, stop, "the work"))
        await logs.seen("worker failed")
        stop.set()
        await supervised

    with captured_logs() as logs:
        asyncio.run(run())
