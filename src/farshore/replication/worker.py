"""The replication worker: finds lanes with due tasks in every region of this process, and runs each by itself.

It is woken by a bell when tasks are written, by the time when the next one is due, and now and then for itself, since a
ring may be lost. One process of a deployment runs it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog

from farshore.metadata.store import StoreUnavailable
from farshore.replication.lane import Lane
from farshore.replication.replicate import Replicator
from farshore.service.deployment import Deployment, Region
from farshore.service.exposition import WORKER

LOOK_EVERY_S = 5.0
UNAVAILABLE_S = 1.0
"""How long a region's store that cannot be read is left alone."""

LANES_MAX = 256
"""Lanes of a region that run at the same time; others wait for their turn."""

_RELEASED_AT_ONCE = 1000

LaneKey = tuple[int, str]
"""(source bucket id, destination bucket name)."""

log = structlog.get_logger()


def _nobody_waits(_region: str) -> None:
    """No jobs are run beside this worker."""


class ReplicationWorker:
    """Replicates from every region of the deployment.

    Args:
        jitter: draws from [0, 1).
        batch_share: how much of what is delivered to a destination may be Batch Replication while live changes wait
            for it, from 0 to 1.
        job_went_on: called with the region in which a job of Batch Replication has come a step further.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        jitter: Callable[[], float] = random.random,
        batch_share: float = 0.5,
        job_went_on: Callable[[str], None] = _nobody_waits,
    ) -> None:
        replicator = Replicator(deployment)
        self._regions = {
            name: RegionWorker(
                deployment, replicator, region, jitter=jitter, batch_share=batch_share, job_went_on=job_went_on
            )
            for name, region in deployment.regions.items()
        }

    def ring(self, region: str) -> None:
        """A region has new tasks. Never blocks; a region that is not served here is nobody's business."""
        worker = self._regions.get(region)
        if worker is not None:
            worker.bell.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. What is under way then is finished, or left to be claimed again."""
        async with asyncio.TaskGroup() as group:
            for worker in self._regions.values():
                group.create_task(worker.run(stop))


class RegionWorker:
    """The lanes of one region. `bell` wakes it."""

    def __init__(
        self,
        deployment: Deployment,
        replicator: Replicator,
        region: Region,
        *,
        jitter: Callable[[], float],
        batch_share: float,
        job_went_on: Callable[[str], None],
    ) -> None:
        self.bell = asyncio.Event()
        self._clock = deployment.clock
        self._replicator = replicator
        self._region = region
        self._jitter = jitter
        self._batch_share = batch_share
        self._job_went_on = partial(job_went_on, region.name)
        self._lanes: dict[LaneKey, Lane] = {}
        self._running: dict[LaneKey, asyncio.Task[None]] = {}
        self._shown = deployment.counters.block(WORKER, region.name)

    async def run(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            await self._release(stop)
            while not stop.is_set():
                self.bell.clear()
                await self._sleep(self._look(stop), stopping)
            await asyncio.gather(*self._running.values())
        finally:
            stopping.cancel()

    def _look(self, stop: asyncio.Event) -> float:
        """Start the lanes that are due; returns the seconds until the next one is."""
        now_us = self._clock.now_us()
        try:
            found = self._region.metadata.reader.due_lanes()
        except StoreUnavailable as error:
            log.warning("replication cannot read its tasks", region=self._region.name, error=str(error))
            return UNAVAILABLE_S
        waits_s = LOOK_EVERY_S
        standing: set[LaneKey] = set()
        for due in found:
            key = (due.bucket_id, due.destination)
            standing.add(key)
            lane = self._lanes.get(key)
            if key in self._running:
                if lane is not None and due.due_us <= now_us:
                    lane.wake()
                continue
            due_us = due.due_us if lane is None else lane.due_us(due.due_us)
            if due_us > now_us:
                waits_s = min(waits_s, (due_us - now_us) / 1e6)
            elif len(self._running) < LANES_MAX:
                self._start(key, lane or self._new_lane(key), stop)
        for key in self._lanes.keys() - standing - self._running.keys():
            del self._lanes[key]
        self._show(now_us, len(standing))
        return waits_s

    def _show(self, now_us: int, lanes: int) -> None:
        """Tell monitoring that this worker lives, and what its lanes do."""
        resting = sum(lane.rests_until_us > now_us for lane in self._lanes.values())
        running = len(self._running)
        for slot, value in enumerate((now_us // 1_000_000, running, resting, max(0, lanes - running - resting))):
            self._shown[slot] = value

    def _new_lane(self, key: LaneKey) -> Lane:
        lane = self._lanes[key] = Lane(
            self._replicator,
            self._region,
            *key,
            clock=self._clock,
            random=self._jitter,
            batch_share=self._batch_share,
            job_went_on=self._job_went_on,
        )
        return lane

    def _start(self, key: LaneKey, lane: Lane, stop: asyncio.Event) -> None:
        self._running[key] = asyncio.create_task(self._supervise(key, lane, stop))

    async def _supervise(self, key: LaneKey, lane: Lane, stop: asyncio.Event) -> None:
        """Run a lane; a defect in it is logged here, and stops no other."""
        try:
            await lane.run(stop)
        except StoreUnavailable as error:
            log.warning("replication cannot use its store", region=self._region.name, error=str(error))
            lane.crashed()
        except Exception:
            log.exception("replication lane failed", region=self._region.name, bucket_id=key[0], destination=key[1])
            lane.crashed()
        finally:
            del self._running[key]
            self.bell.set()

    async def _sleep(self, seconds: float, stopping: asyncio.Task[bool]) -> None:
        """Wait for the bell, the time, or the end."""
        ringing = asyncio.create_task(self.bell.wait())
        try:
            await asyncio.wait((ringing, stopping), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ringing.cancel()
            with suppress(asyncio.CancelledError):
                await ringing

    async def _release(self, stop: asyncio.Event) -> None:
        """Make what an earlier worker had claimed due at once: there is one worker, so it is dead."""
        metadata = self._region.metadata
        try:
            for lane in metadata.reader.due_lanes():
                released = _RELEASED_AT_ONCE
                while released == _RELEASED_AT_ONCE and not stop.is_set():
                    now_us = self._clock.now_us()
                    released = await metadata.write(
                        lambda tx, lane=lane, now_us=now_us: tx.release_tasks(
                            bucket_id=lane.bucket_id,
                            destination=lane.destination,
                            now_us=now_us,
                            limit=_RELEASED_AT_ONCE,
                        )
                    )
        except StoreUnavailable as error:
            log.warning("claims of an earlier run stand until they end", region=self._region.name, error=str(error))
