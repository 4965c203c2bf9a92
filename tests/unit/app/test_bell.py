"""The bell: heard across processes, never waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from farshore.app.bell import Bell, Why


class Heard:
    """Rings in the order heard; `until` waits for some of them."""

    def __init__(self) -> None:
        self.rings: list[tuple[Why, str]] = []
        self._changed = asyncio.Event()

    def __call__(self, why: Why, region: str) -> None:
        self.rings.append((why, region))
        self._changed.set()

    async def until(self, holds: Callable[[list[tuple[Why, str]]], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds(self.rings):
                self._changed.clear()
                await self._changed.wait()


def test_rings_of_one_turn_are_heard_once_for_each_region_and_cause() -> None:
    async def main() -> list[tuple[Why, str]]:
        with contextlib.closing(Bell()) as bell:
            heard = Heard()
            bell.listen(heard)
            for _ in range(100):
                bell.ring(Why.TASKS, "us-east-1")
                bell.ring(Why.TASKS, "eu-west-1")
                bell.ring(Why.EVENTS, "us-east-1")
            await heard.until(lambda rings: len(rings) == 3)
            bell.ring(Why.JOBS, "last")
            await heard.until(lambda rings: (Why.JOBS, "last") in rings)
            bell.deafen()
            return heard.rings

    assert asyncio.run(main()) == [
        (Why.EVENTS, "us-east-1"),
        (Why.TASKS, "eu-west-1"),
        (Why.TASKS, "us-east-1"),
        (Why.JOBS, "last"),
    ]


def test_ringing_goes_on_when_nobody_listens_and_is_heard_later() -> None:
    async def main() -> None:
        with contextlib.closing(Bell()) as bell:
            for _ in range(5000):
                bell.ring(Why.TASKS, "us-east-1")
                await asyncio.sleep(0)
            heard = Heard()
            bell.listen(heard)
            await heard.until(lambda rings: (Why.TASKS, "us-east-1") in rings)
            bell.deafen()

    asyncio.run(main())
