"""The replication worker: finds lanes with due tasks in every region of this process, and runs each by itself.

It is woken by a bell when tasks are written, by the time when the next one is due, and now and then for itself, since a
ring may be lost. One process of a deployment runs it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from farshore.metadata.store import StoreUnavailable
from farshore.metadata.tasks import DueLane
from farshore.replication.lane import Lane
from farshore.replication.replicate import Replicator
from farshore.replication.schedule import LaneKey, Schedule
from farshore.runtime.together import first_of
from farshore.service.deployment import Deployment, Region
from farshore.service.exposition import WORKER

LOOK_EVERY_S = 5.0
UNAVAILABLE_S = 1.0
"""How long a region's store that cannot be read is left alone."""

LANES_MAX = 256

_RELEASED_AT_ONCE = 1000

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
        lanes_max: of a region that run at the same time; others wait for their turn.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        jitter: Callable[[], float] = random.random,
        batch_share: float = 0.5,
        job_went_on: Callable[[str], None] = _nobody_waits,
        lanes_max: int = LANES_MAX,
    ) -> None:
        replicator = Replicator(deployment)
        self._regions = {
            name: RegionWorker(
                deployment,
                replicator,
                region,
                jitter=jitter,
                batch_share=batch_share,
                job_went_on=job_went_on,
                lanes_max=lanes_max,
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
        lanes_max: int,
    ) -> None:
        self.bell = asyncio.Event()
        self._clock = deployment.clock
        self._replicator = replicator
        self._region = region
        self._jitter = jitter
        self._batch_share = batch_share
        self._job_went_on = partial(job_went_on, region.name)
        self._lanes_max = lanes_max
        self._lanes: dict[LaneKey, Lane] = {}
        self._running: dict[LaneKey, asyncio.Task[None]] = {}
        self._schedule = Schedule()
        self._ended: set[LaneKey] = set()
        self._resting: set[LaneKey] = set()
        self._newest = 0
        self._all_again_s = float("-inf")
        self._shown = deployment.counters.block(WORKER, region.name)

    async def run(self, stop: asyncio.Event) -> None:
        await self._release(stop)
        while not stop.is_set():
            self.bell.clear()
            await first_of(self.bell, stop, within_s=await self._look(stop))
        await asyncio.gather(*self._running.values())

    async def _look(self, stop: asyncio.Event) -> float:
        """Start the lanes that are due; returns the seconds until the next one is, or all are to be looked at."""
        now_s = asyncio.get_running_loop().time()
        try:
            if now_s >= self._all_again_s:
                await self._look_at_all()
                self._all_again_s = now_s + LOOK_EVERY_S
            else:
                self._look_at_changed()
        except StoreUnavailable as error:
            log.warning("replication cannot read its tasks", region=self._region.name, error=str(error))
            return UNAVAILABLE_S
        now_us = self._clock.now_us()
        while len(self._running) < self._lanes_max and (key := self._schedule.take(now_us)) is not None:
            self._start(key, self._lanes.get(key) or self._new_lane(key), stop)
        self._show(now_us)
        waits_s = self._all_again_s - now_s
        next_us = self._schedule.next_us()
        if next_us is not None and len(self._running) < self._lanes_max:
            waits_s = min(waits_s, (next_us - now_us) / 1e6)
        return max(0.0, waits_s)

    async def _look_at_all(self) -> None:
        """Learn of every lane that has tasks; a ring may have been lost. In a thread: there may be many."""
        self._ended.clear()
        newest, found = await self._region.metadata.read(lambda reader: (reader.newest_task(), reader.due_lanes()))
        self._newest = newest
        standing = {(due.bucket_id, due.destination) for due in found}
        self._schedule.keep(standing | self._ended)
        for key in self._lanes.keys() - standing - self._running.keys() - self._ended:
            self._forget(key)
        self._note(found)

    def _look_at_changed(self) -> None:
        """Learn of tasks that are new, and of what lanes left that have ended. Costs by these, however many wait."""
        reader = self._region.metadata.reader
        newest = reader.newest_task()
        if newest > self._newest:
            self._note(reader.lanes_since(self._newest))
            self._newest = newest
        while self._ended:
            key = next(iter(self._ended))
            due_us = reader.lane_due(*key)
            self._ended.discard(key)
            if due_us is not None:
                self._note([DueLane(bucket_id=key[0], destination=key[1], due_us=due_us)])
            elif key not in self._running:
                self._forget(key)

    def _note(self, found: Sequence[DueLane]) -> None:
        """Let lanes that run hear of due tasks; note for others when they are to run."""
        now_us = self._clock.now_us()
        for due in found:
            key = (due.bucket_id, due.destination)
            lane = self._lanes.get(key)
            if key not in self._running:
                self._schedule.put(key, due.due_us if lane is None else lane.due_us(due.due_us))
            elif lane is not None and due.due_us <= now_us:
                lane.wake()

    def _forget(self, key: LaneKey) -> None:
        self._lanes.pop(key, None)
        self._resting.discard(key)

    def _show(self, now_us: int) -> None:
        """Tell monitoring that this worker lives, and what its lanes do."""
        running, resting = len(self._running), len(self._resting)
        for slot, value in enumerate((now_us // 1_000_000, running, resting, max(0, len(self._schedule) - resting))):
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
        self._resting.discard(key)
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
            self._ended.add(key)
            if lane.rests_until_us > self._clock.now_us():
                self._resting.add(key)
            self.bell.set()

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
