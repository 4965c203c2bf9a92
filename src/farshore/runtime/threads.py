"""Blocking work in threads, for the event loop's sake.

A thread cannot be stopped. So a caller that is cancelled goes on waiting until its work has ended, and only then lets
the cancellation through: what the work used (a file, a buffer) is then free to be closed or reused.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from threading import Lock
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def in_thread(pool: Executor | None, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """Run blocking work in a pool (None: the loop's own) and return its result.

    Never returns or raises while the work is still running.
    """
    job = asyncio.get_running_loop().run_in_executor(pool, function, *args)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await ended([job])
        raise


class ThreadLane:
    """Runs blocking jobs one after another in a pool, in order, with no turn of the event loop between them.

    Belongs to one event loop. A job takes a thread only while it or others of its lane run.
    """

    __slots__ = ("_jobs", "_lock", "_loop", "_pool", "_running")

    def __init__(self, pool: Executor | None) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._jobs: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._lock = Lock()
        self._running = False

    def submit(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a job. Do not cancel the future: the job runs nevertheless; wait with `ended`."""
        future: asyncio.Future[T] = self._loop.create_future()
        with self._lock:
            self._jobs.append((job, future))
            idle = not self._running
            self._running = True
        if idle:
            self._loop.run_in_executor(self._pool, self._drain)
        return future

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running = False
                    return
                job, future = self._jobs.popleft()
            try:
                result = job()
            except Exception as error:  # noqa: BLE001 - it is raised where the job's future is awaited.
                self._loop.call_soon_threadsafe(future.set_exception, error)
            else:
                self._loop.call_soon_threadsafe(future.set_result, result)


async def ended(jobs: Collection[asyncio.Future[Any]]) -> None:
    """Wait until all have ended, through any cancellation, and leave their results and errors aside.

    For clean-up: the caller has an error or a cancellation of its own to raise.
    """
    while pending := [job for job in jobs if not job.done()]:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(pending)
    for job in jobs:
        if not job.cancelled():
            job.exception()
