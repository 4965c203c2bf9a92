"""Wait for commits of a region's store: told at once of those of this process, and looking for those of others now and
then, as long as somebody waits.

A look costs a microsecond, whoever waits. Many commits become one waking, so that a busy store does not keep its
waiters reading.
"""

from __future__ import annotations

import asyncio

from farshore.metadata.store import MetadataStore, StoreUnavailable

LOOK_S = 0.025
"""Between looks for commits of other processes."""

WAITERS_MAX = 1000

_PAUSE_S_PER_WAITER = 0.0001
"""After a waking, for each that was woken: a hundred waiters read at most a hundred times a second each."""


class TooManyWait(Exception):  # noqa: N818 - named for what is so.
    """As many as may wait do so already."""


class CommitWatch:
    """Of one store. Serves one event loop; costs nothing while nobody waits.

    since = watch.wakings
    … read what is waited for …
    await watch.changed(since, seconds)
    """

    def __init__(self, metadata: MetadataStore, *, waiters_max: int = WAITERS_MAX) -> None:
        self.wakings = 0
        self._metadata = metadata
        self._waiters_max = waiters_max
        self._waiting = 0
        self._next = asyncio.Event()
        self._rung = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def ended(self) -> bool:
        """Nobody is to wait any more: the server drains."""
        return self._ended

    def end(self) -> None:
        """Wake all that wait, for good."""
        self._ended = True
        self._wake()

    async def changed(self, since: int, seconds: float) -> None:
        """Wait until something was committed since `wakings` was `since`, at most so long. May return for nothing.

        Raises:
            TooManyWait.
        """
        if self._ended or self.wakings != since:
            return
        if self._waiting >= self._waiters_max:
            raise TooManyWait
        self._waiting += 1
        try:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            async with asyncio.timeout(max(0.0, seconds)):
                await self._next.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    async def _look(self) -> None:
        """Wake whoever waits, as long as anybody does."""
        mark = self._mark()
        forget = self._metadata.watch(self._rung.set)
        try:
            self._wake()  # For what was committed after the first waiter had read, and before now.
            while self._waiting:
                await asyncio.sleep(self._waiting * _PAUSE_S_PER_WAITER)
                self._rung.clear()
                if self._mark() == mark:
                    await self._ring()
                now = self._mark()
                if now != mark:
                    mark = now
                    self._wake()
        finally:
            forget()

    async def _ring(self) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self._rung.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self.wakings += 1
        self._next.set()
        self._next = asyncio.Event()

    def _mark(self) -> int:
        try:
            return self._metadata.change_mark()
        except StoreUnavailable:
            return -1
