"""The supervisor of work that goes on for as long as a process serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from farshore.runtime.together import first_of

DEFECT_S = 10.0
"""How long work is left alone that met a defect."""

Work = Callable[[asyncio.Event], Awaitable[None]]
"""Goes on until the event is set, and may be begun again after it was broken off."""

log = structlog.get_logger()


async def supervise(work: Work, stop: asyncio.Event, what: str) -> None:
    """Run work until `stop`. A defect in it is logged here, and is nobody else's; it begins anew after a pause.

    Args:
        what: names it in the log.
    """
    while not stop.is_set():
        try:
            await work(stop)
        except Exception:
            log.exception("worker failed", what=what)
            await first_of(stop, within_s=DEFECT_S)
        else:
            return
