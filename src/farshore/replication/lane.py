"""A lane: what waits in one source bucket for one destination, delivered with a concurrency and a back-off of its own.

One slow or dead destination so holds up no other. Small changes go batch by batch; versions with blobs are streamed
beside them, a few at a time. Claims are leases in the store: whatever dies, its tasks become due again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from farshore.metadata.store import BatchLimits, StoreUnavailable, Transaction
from farshore.model.replication import ReplicationTask
from farshore.replication.announcing import Announcing
from farshore.replication.outcome import Attempt, Retry
from farshore.replication.replicate import Ready, Replicator
from farshore.replication.settle import settle
from farshore.runtime.clock import Clock
from farshore.semantics.retry import backoff_s
from farshore.service.bodies import INLINE_BYTES_MAX
from farshore.service.deployment import Region

CLAIMED_MAX = 512
"""Tasks claimed at once."""

SETTLED_MAX = 128
"""Tasks settled in one command of the source's writer, during which others wait."""

STREAMS_MAX = 4
"""Versions with blobs that a lane streams at the same time."""

STREAMS_WAITING_MAX = 16
"""Versions with blobs that a lane holds claimed; beyond that it claims no more until one is done."""

BATCH_STREAMS_MAX = 2
BATCH_STREAMS_WAITING_MAX = 4
"""As those above, of versions that Batch Replication brings: these hold up no live change."""

LEASE_S = 60.0
RENEW_S = 20.0

T = TypeVar("T")

log = structlog.get_logger()


def _nobody_waits() -> None:
    """No jobs are run beside this lane."""


class Lane:
    """One lane of a region. `run` delivers what is due; between runs it remembers how long the destination is to rest.

    Args:
        random: draws from [0, 1), for jitter.
        batch_share: how much of what it delivers may be Batch Replication while live changes wait, from 0 to 1.
        job_went_on: called when a job of Batch Replication has come a step further.
    """

    def __init__(
        self,
        replicator: Replicator,
        region: Region,
        bucket_id: int,
        destination: str,
        *,
        clock: Clock,
        random: Callable[[], float],
        batch_share: float = 0.5,
        job_went_on: Callable[[], None] = _nobody_waits,
    ) -> None:
        self._replicator = replicator
        self._region = region
        self._bucket_id = bucket_id
        self._destination = destination
        self._clock = clock
        self._random = random
        self._batch_share = batch_share
        self._job_went_on = job_went_on
        self._limit = CLAIMED_MAX
        self._failures = 0
        self.rests_until_us = 0
        self._streams: set[asyncio.Task[None]] = set()
        self._batch_streams = 0
        self._more = asyncio.Event()
        self._streaming = asyncio.Semaphore(STREAMS_MAX)
        self._batch_streaming = asyncio.Semaphore(BATCH_STREAMS_MAX)
        self._held: dict[int, ReplicationTask] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until nothing is due, the destination is found unavailable, or `stop` is set.

        Raises:
            StoreUnavailable: the source's own store. What was claimed becomes due when its lease ends.
        """
        renewing = asyncio.create_task(self._renew())
        try:
            tasks = await self._write(self._claim)
            while tasks and not stop.is_set():
                tasks = await self._turn(tasks)
                while len(self._streams) - self._batch_streams >= STREAMS_WAITING_MAX and not stop.is_set():
                    await asyncio.wait(self._streams, return_when=asyncio.FIRST_COMPLETED)
                while not tasks and self._streams and not stop.is_set() and not self._rests():
                    # What is streamed takes long; what comes meanwhile does not wait for it.
                    await self._wait_for_more(stop)
                    tasks = await self._write(self._claim)
            await self._end_streams(stop)
        finally:
            renewing.cancel()
            for stream in self._streams:
                stream.cancel()
            await asyncio.gather(renewing, *self._streams, return_exceptions=True)
            self._streams.clear()
            self._held.clear()

    def wake(self) -> None:
        """Hear, while `run` goes on, that there are due tasks that it may not know of."""
        self._more.set()

    def crashed(self) -> None:
        """Hear that `run` ended by a defect: go task by task for a while, so that one cannot hold up the others."""
        self._limit = 1
        self._rest()

    async def _turn(self, tasks: Sequence[ReplicationTask]) -> Sequence[ReplicationTask]:
        """Deliver claimed tasks and settle them, and claim the next in the same flush."""
        attempts: list[Attempt] = []
        small: list[Ready] = []
        turn = self._replicator.begin(self._region, self._bucket_id, self._destination)
        for task in tasks:
            prepared = self._replicator.prepare(turn, task)
            if isinstance(prepared, Attempt):
                attempts.append(prepared)
            elif prepared.streamed:
                self._stream(prepared)
            else:
                small.append(prepared)
        if small:
            attempts += await self._replicator.deliver_many(self._region, small)
        resting = self._judge(attempts)
        self._limit = min(CLAIMED_MAX, self._limit * 2)
        settling = [
            self._settle(attempts[start : start + SETTLED_MAX]) for start in range(0, len(attempts), SETTLED_MAX)
        ]
        if resting:
            await asyncio.gather(*settling)
            return ()
        *_, claimed = await asyncio.gather(*settling, self._write(self._claim))
        assert claimed is not None
        return claimed

    def _judge(self, attempts: Sequence[Attempt]) -> bool:
        """Whether to leave the destination alone for a while: all that was tried met transient trouble."""
        if not attempts:
            return False
        if all(isinstance(attempt.outcome, Retry) for attempt in attempts):
            self._rest()
            return True
        self._failures = 0
        return False

    def _rests(self) -> bool:
        return self.rests_until_us > self._clock.now_us()

    def _rest(self) -> None:
        self._failures += 1
        self.rests_until_us = self._clock.now_us() + int(backoff_s(self._failures, self._random) * 1e6)

    async def _settle(self, attempts: Sequence[Attempt]) -> None:
        now_us, rests_until_us = self._clock.now_us(), self.rests_until_us
        announcing: list[Announcing] = []

        def command(tx: Transaction) -> bool:
            announcing.append(self._replicator.announcing(self._region, now_us))
            return settle(tx, attempts, now_us, self._random, announcing=announcing[-1], rests_until_us=rests_until_us)

        if await self._write(command):
            self._job_went_on()
        if announcing[-1].told:
            self._replicator.ring(self._region)

    def _claim(self, tx: Transaction) -> Sequence[ReplicationTask]:
        now_us = self._clock.now_us()
        return tx.claim_tasks(
            bucket_id=self._bucket_id,
            destination=self._destination,
            now_us=now_us,
            lease_until_us=now_us + int(LEASE_S * 1e6),
            limit=self._limit,
            batch=BatchLimits(
                share=self._batch_share,
                large=max(0, BATCH_STREAMS_WAITING_MAX - self._batch_streams),
                large_bytes=INLINE_BYTES_MAX,
            ),
        )

    def _stream(self, ready: Ready) -> None:
        self._held[ready.task.id] = ready.task
        stream = asyncio.create_task(self._deliver_streamed(ready))
        self._streams.add(stream)
        stream.add_done_callback(self._streams.discard)

    async def _deliver_streamed(self, ready: Ready) -> None:
        batch = ready.task.batch
        self._batch_streams += batch
        try:
            async with self._batch_streaming if batch else self._streaming:
                attempt = await self._replicator.deliver_streamed(self._region, ready)
        finally:
            self._batch_streams -= batch
        del self._held[ready.task.id]
        self._judge([attempt])
        await self._settle([attempt])

    async def _wait_for_more(self, stop: asyncio.Event) -> None:
        """Wait until something that is streamed is done, there may be new tasks, or the end."""
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self._more)]
        try:
            done, _ = await asyncio.wait((*waiting, *self._streams), return_when=asyncio.FIRST_COMPLETED)
            for stream in done.intersection(self._streams):
                await stream
        finally:
            self._more.clear()
            for each in waiting:
                each.cancel()

    async def _end_streams(self, stop: asyncio.Event) -> None:
        """Wait for what is streamed; told to stop, leave it to be claimed again."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while self._streams and not stop.is_set():
                done, _ = await asyncio.wait((stopping, *self._streams), return_when=asyncio.FIRST_COMPLETED)
                for stream in done - {stopping}:
                    await stream
        finally:
            stopping.cancel()

    async def _renew(self) -> None:
        """Keep the lease of what is streamed for long."""
        while True:
            await asyncio.sleep(RENEW_S)
            until_us = self._clock.now_us() + int(LEASE_S * 1e6)
            held = list(self._held)
            if held:
                try:
                    await self._write(lambda tx, held=held, until_us=until_us: tx.renew_tasks(held, until_us))
                except StoreUnavailable as error:
                    log.warning("leases could not be renewed", region=self._region.name, error=str(error))

    async def _write(self, command: Callable[[Transaction], T]) -> T:
        return await self._region.metadata.write(command)
