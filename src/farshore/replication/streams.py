"""Versions with blobs on their way from a lane: a few at a time, beside the small changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from farshore.metadata.store import StoreUnavailable
from farshore.replication.outcome import Attempt
from farshore.replication.replicate import Ready

STREAMS_MAX = 4
"""Versions with blobs that a lane streams at the same time."""

STREAMS_WAITING_MAX = 16
"""Versions with blobs that a lane holds claimed; beyond that it claims no more until one is done."""

BATCH_STREAMS_MAX = 2
BATCH_STREAMS_WAITING_MAX = 4
"""As those above, of versions that Batch Replication brings: these hold up no live change."""


class Streams:
    """Of one lane. False when none is under way.

    Args:
        deliver: brings one version. settle: writes what came of it. Both raise nothing but StoreUnavailable.
    """

    def __init__(
        self, deliver: Callable[[Ready], Awaitable[Attempt]], settle: Callable[[Attempt], Awaitable[None]]
    ) -> None:
        self._deliver = deliver
        self._settle = settle
        self._live: set[asyncio.Task[None]] = set()
        self._batch: set[asyncio.Task[None]] = set()
        self._live_places = asyncio.Semaphore(STREAMS_MAX)
        self._batch_places = asyncio.Semaphore(BATCH_STREAMS_MAX)
        self._unavailable: StoreUnavailable | None = None

    def __bool__(self) -> bool:
        return bool(self._live or self._batch)

    @property
    def full(self) -> bool:
        """Whether it holds as many versions as it may."""
        return len(self._live) >= STREAMS_WAITING_MAX

    @property
    def batch_room(self) -> int:
        """How many more it may hold of Batch Replication."""
        return max(0, BATCH_STREAMS_WAITING_MAX - len(self._batch))

    def add(self, ready: Ready) -> None:
        """Let a version go when its turn comes."""
        batch = ready.task.batch
        kind, places = (self._batch, self._batch_places) if batch else (self._live, self._live_places)
        stream = asyncio.create_task(self._run(ready, places))
        kind.add(stream)
        stream.add_done_callback(kind.discard)

    async def wait(self, *events: asyncio.Event, timeout_s: float | None) -> None:
        """Wait until one is done, one of the events comes, or the time is over."""
        waiting = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait(
                (*waiting, *self._live, *self._batch), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in waiting:
                each.cancel()

    def check(self) -> None:
        """Raises StoreUnavailable when that has kept one from being delivered or settled."""
        if self._unavailable is not None:
            raise self._unavailable

    async def end(self) -> None:
        """Break off what is under way."""
        streams = [*self._live, *self._batch]
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        self._unavailable = None

    async def _run(self, ready: Ready, places: asyncio.Semaphore) -> None:
        try:
            async with places:
                attempt = await self._deliver(ready)
            await self._settle(attempt)
        except StoreUnavailable as error:
            self._unavailable = error
