"""The bell: heard across processes, never waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from farshore.app.bell import Bell, Why, message, read


class Heard:
    """Regions in the order heard; `until` waits for a number of them."""

    def __init__(self) -> None:
        self.regions: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, region: str) -> None:
        self.regions.append(region)
        self._changed.set()

    async def until(self, holds: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds(self.regions):
                self._changed.clear()
                await self._changed.wait()


def test_rings_of_one_turn_are_heard_once_for_each_region() -> None:
    async def main() -> list[str]:
        with contextlib.closing(Bell()) as bell:
            heard = Heard()
            bell.listen(heard)
            for _ in range(100):
                bell.ring("us-east-1")
                bell.ring("eu-west-1")
            await heard.until(lambda regions: len(regions) == 2)
            bell.ring("last")
            await heard.until(lambda regions: "last" in regions)
            bell.deafen()
            return heard.regions

    assert asyncio.run(main()) == ["eu-west-1", "us-east-1", "last"]


def test_ringing_goes_on_when_nobody_listens_and_is_heard_later() -> None:
    async def main() -> None:
        with contextlib.closing(Bell()) as bell:
            for _ in range(5000):
                bell.ring("us-east-1")
                await asyncio.sleep(0)
            heard = Heard()
            bell.listen(heard)
            await heard.until(lambda regions: "us-east-1" in regions)
            bell.deafen()

    asyncio.run(main())


@pytest.mark.parametrize("why", list(Why))
def test_a_ring_says_of_which_region_and_why(why: Why) -> None:
    assert read(message("us-east-1", why)) == ("us-east-1", why)
    assert read("us-east-1") == ("us-east-1", Why.TASKS)
