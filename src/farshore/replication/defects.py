"""Defects, told apart from trouble that has a name: where a step of a lane may end by whatever it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from farshore.metadata.store import StoreUnavailable

T = TypeVar("T")


async def result_or_defect(step: Awaitable[T]) -> T | Exception:
    """What a step returns, or the defect by which it ended: that is its caller's to see to, not the supervisor's.

    Raises:
        StoreUnavailable: the source's own store; that is no defect.
    """
    (done,) = await asyncio.gather(step, return_exceptions=True)
    if isinstance(done, StoreUnavailable):
        raise done
    if isinstance(done, BaseException) and not isinstance(done, Exception):
        raise done
    return done
