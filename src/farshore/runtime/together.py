"""Several steps at the same time, and waiting for the first of several events."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def first_of(*events: asyncio.Event, within_s: float) -> None:
    """Wait until one of the events is set, or for the time. Which it was, the events say."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def all_or_first_error(steps: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do steps at the same time, and wait for all of them: their results, or the first error, in their order."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            task.cancel()
    return [task.result() for task in tasks]
