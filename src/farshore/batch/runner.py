"""The runner of a region's Batch Operations jobs: decides which run, and drives each by itself through its states.

It is woken by a bell when a job changes, and now and then for itself. One process of a deployment runs it.

    New -> Preparing -> (Suspended ->) Ready -> Active <-> Pausing, Paused -> Completing, Cancelling, Failing -> end
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from farshore.batch.finishing import ENDS, finish_job
from farshore.batch.job import JobFails, JobMoved, RunningJob, log_status
from farshore.batch.object_operations import operate_on_objects
from farshore.batch.preparing import prepare
from farshore.batch.replicate_objects import replicate_objects
from farshore.blobs.store import BlobsUnavailable
from farshore.metadata.store import StoreUnavailable, Transaction
from farshore.model.batch import ENDED, Job, JobFailure, JobStatus, OperationName
from farshore.runtime.together import first_of
from farshore.semantics.job_schedule import schedule
from farshore.semantics.job_states import moved
from farshore.service.deployment import Deployment, Region

LOOK_EVERY_S = 5.0
UNAVAILABLE_S = 1.0
"""How long a job leaves a store alone that cannot be used."""

DEFECT_S = 60.0
"""How long a job is left alone that met a defect."""

PREPARED_AT_ONCE = 2
"""Jobs of a region whose manifests are made at the same time."""

SUSPENDED_US_MAX = 30 * 24 * 3600 * 1_000_000
KEPT_US = 90 * 24 * 3600 * 1_000_000
"""How long a job waits for its confirmation, and how long one that has ended is kept."""

_HOUSEKEEPING_US = 3600 * 1_000_000
_FORGOTTEN_AT_ONCE = 100
_DRIVEN = frozenset(
    (
        JobStatus.NEW,
        JobStatus.PREPARING,
        JobStatus.ACTIVE,
        JobStatus.PAUSING,
        JobStatus.COMPLETING,
        JobStatus.CANCELLING,
        JobStatus.FAILING,
    )
)
"""Statuses in which a job has something to do."""

_FROM_OUTSIDE = frozenset((JobStatus.CANCELLING, JobStatus.FAILING))
"""Statuses that a job is also given by others, who do not tell of it: by a request, by failed tasks."""

_NOT_CONFIRMED = JobFailure("ConfirmationExpired", "The job was not confirmed within 30 days.")

log = structlog.get_logger()


class BatchRunner:
    """Runs the jobs of every region of the deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._regions = {name: RegionRunner(deployment, region) for name, region in deployment.regions.items()}

    def ring(self, region: str) -> None:
        """Jobs of a region may have changed. Never blocks."""
        runner = self._regions.get(region)
        if runner is not None:
            runner.bell.set()

    def job_went_on(self, region: str) -> None:
        """Replication has settled what jobs of a region wait for."""
        runner = self._regions.get(region)
        if runner is not None:
            runner.wake_jobs()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Jobs go on where they were when the next runner starts."""
        async with asyncio.TaskGroup() as group:
            for runner in self._regions.values():
                group.create_task(runner.run(stop))


class RegionRunner:
    """The jobs of one region. `bell` wakes it."""

    def __init__(self, deployment: Deployment, region: Region) -> None:
        self.bell = asyncio.Event()
        self._deployment = deployment
        self._region = region
        self._clock = deployment.clock
        self._running: dict[int, tuple[RunningJob, asyncio.Task[None]]] = {}
        self._resting_until_us: dict[int, int] = {}
        self._preparing = asyncio.Semaphore(PREPARED_AT_ONCE)
        self._housekeeping_us = 0

    def wake_jobs(self) -> None:
        for running, _ in self._running.values():
            running.news.set()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.bell.clear()
            await first_of(self.bell, stop, within_s=await self._look(stop))
        await asyncio.gather(*(task for _, task in self._running.values()))

    async def _look(self, stop: asyncio.Event) -> float:
        """Schedule, and drive the jobs that have something to do; returns the seconds until the next look."""
        try:
            await self._keep_house()
            jobs = self._region.metadata.reader.jobs.unfinished()
            if schedule(jobs):
                for job in await self._region.metadata.write(self._schedule):
                    log_status(self._region, job)
                jobs = self._region.metadata.reader.jobs.unfinished()
        except StoreUnavailable as error:
            log.warning("jobs cannot be read", region=self._region.name, error=str(error))
            return UNAVAILABLE_S
        now_us = self._clock.now_us()
        waits_s = LOOK_EVERY_S
        for job in jobs:
            if job.number in self._running:
                self._running[job.number][0].news.set()
            elif job.status in _DRIVEN:
                rests_us = self._resting_until_us.get(job.number, 0) - now_us
                if rests_us <= 0:
                    self._start(job, stop)
                else:
                    waits_s = min(waits_s, rests_us / 1e6)
        return waits_s

    def _schedule(self, tx: Transaction) -> list[Job]:
        """Inside a command: let jobs begin, pause and go on; returns those that changed."""
        now_us = self._clock.now_us()
        changed = [moved(job, status, now_us) for job, status in schedule(tx.jobs.unfinished())]
        for job in changed:
            tx.jobs.put(job)
        return changed

    def _start(self, job: Job, stop: asyncio.Event) -> None:
        running = RunningJob(self._deployment, self._region, job.number, stop)
        task = asyncio.create_task(self._supervise(running))
        self._running[job.number] = (running, task)

    async def _supervise(self, running: RunningJob) -> None:
        """Drive a job; a defect in it is logged here, and stops no other."""
        try:
            await self._drive(running)
            self._resting_until_us.pop(running.number, None)
        except (StoreUnavailable, BlobsUnavailable) as error:
            log.warning("a job cannot go on now", region=self._region.name, number=running.number, error=str(error))
            self._rest(running.number, UNAVAILABLE_S)
        except Exception:
            log.exception("job failed", region=self._region.name, number=running.number)
            self._rest(running.number, DEFECT_S)
        finally:
            del self._running[running.number]
            self.bell.set()

    def _rest(self, number: int, seconds: float) -> None:
        self._resting_until_us[number] = self._clock.now_us() + int(seconds * 1e6)

    async def _drive(self, running: RunningJob) -> None:
        """Take a job from state to state until it waits for somebody else, has ended, or the process ends."""
        told: JobStatus | None = None
        while not running.stop.is_set():
            job = running.read()
            status = job.status
            if status not in _DRIVEN:
                return
            if status in _FROM_OUTSIDE and status is not told:
                log_status(self._region, job)
            try:
                await self._take_step(running, status)
            except JobMoved:
                continue
            except JobFails as error:
                with suppress(JobMoved):
                    await running.move(status, JobStatus.FAILING, failure=error.failure)
                    told = JobStatus.FAILING

    async def _take_step(self, running: RunningJob, status: JobStatus) -> None:
        match status:
            case JobStatus.NEW:
                await running.move(JobStatus.NEW, JobStatus.PREPARING)
            case JobStatus.PREPARING:
                async with self._preparing:
                    await prepare(running)
                self.bell.set()
            case JobStatus.ACTIVE:
                await self._work(running)
            case JobStatus.PAUSING:
                await _pause(running)
                self.bell.set()
            case _:
                assert status in ENDS, status
                await finish_job(running, status)
                self.bell.set()

    async def _work(self, running: RunningJob) -> None:
        if running.read().request.operation is OperationName.REPLICATE:
            await replicate_objects(running)
        else:
            await operate_on_objects(running)
        if not running.stop.is_set():
            await running.move(JobStatus.ACTIVE, JobStatus.COMPLETING)

    async def _keep_house(self) -> None:
        """Now and then: fail what was never confirmed, forget what ended long ago."""
        now_us = self._clock.now_us()
        if now_us < self._housekeeping_us:
            return
        self._housekeeping_us = now_us + _HOUSEKEEPING_US

        def expire(tx: Transaction) -> None:
            for job in tx.jobs.unfinished():
                if job.status is JobStatus.SUSPENDED and job.state.since_us < now_us - SUSPENDED_US_MAX:
                    tx.jobs.put(moved(job, JobStatus.FAILING, now_us, failure=_NOT_CONFIRMED))

        def forget(tx: Transaction) -> int:
            jobs = tx.jobs.ended_before(now_us - KEPT_US, _FORGOTTEN_AT_ONCE)
            for job in jobs:
                assert job.status in ENDED, job.id
                tx.jobs.delete(job.number)
            return len(jobs)

        await self._region.metadata.write(expire)
        while await self._region.metadata.write(forget) == _FORGOTTEN_AT_ONCE:
            continue


async def _pause(running: RunningJob) -> None:
    """Let what is in flight come to its end, and pause."""
    while not running.stop.is_set():
        running.news.clear()
        job = running.read()
        if job.status is not JobStatus.PAUSING:
            raise JobMoved
        if not job.in_flight:
            await running.move(JobStatus.PAUSING, JobStatus.PAUSED)
            return
        await running.wait()
