"""Several steps at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def all_or_first_error(steps: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do steps at the same time, and wait for all of them: their results, or the first error, in their order."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            task.cancel()
    return [task.result() for task in tasks]
