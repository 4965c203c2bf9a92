"""S3ReplicateObject: versions of the manifest are made PENDING with replication tasks, which the replication lanes
deliver; a job's task is done when every destination of its version has settled.

A draw sets statuses, adds tasks and moves the job's place in the manifest in one command.
Source: S3 User Guide, "Replicating existing objects with Batch Replication"; "Amazon S3 replication failure reasons".
"""

from __future__ import annotations

import msgspec

from farshore.batch.job import JobMoved, RunningJob
from farshore.batch.manifest_cursor import Draw, ManifestCursor
from farshore.batch.planning import Initiator, Planning
from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobStatus
from farshore.runtime.together import all_or_first_error
from farshore.service.job_tasks import finish

IN_FLIGHT_MAX = 4096
"""Versions of a job that are on their way; beyond that it draws no more."""

DRAWN_AT_ONCE = 128
"""Versions that are planned in one command, during which others wait."""

DRAWS_AT_ONCE = 8
"""Commands that may share a flush."""


async def replicate_objects(running: RunningJob) -> None:
    """Draw rows of an Active job until all are drawn and done. Raises JobMoved, StoreUnavailable."""
    cursor = ManifestCursor(running.region.metadata.reader.jobs, running.number)
    while not running.stop.is_set():
        running.news.clear()
        job = running.read()
        if job.status is not JobStatus.ACTIVE:
            raise JobMoved
        all_drawn = job.drawn == job.total
        if all_drawn and not job.in_flight:
            return
        if all_drawn or job.in_flight > IN_FLIGHT_MAX - DRAWN_AT_ONCE * DRAWS_AT_ONCE:
            await running.wait()
            continue
        draws = await cursor.draws(job, [DRAWN_AT_ONCE] * DRAWS_AT_ONCE)
        initiator = Initiator(running.role(job), running.region)
        await all_or_first_error(_draw(running, initiator, draw) for draw in draws)
        running.deployment.ring(running.region.name)


async def _draw(running: RunningJob, initiator: Initiator, draw: Draw) -> None:
    now_us = running.deployment.clock.now_us()

    def change(tx: Transaction, job: Job) -> Job:
        if job.drawn != draw.place:
            raise JobMoved  # The draw before this one did not happen.
        planning = Planning(running.deployment, initiator, tx, job.number, now_us)
        planning.take(draw)
        planning.write()
        drawn = msgspec.structs.replace(job, drawn=job.drawn + len(draw.rows))
        return finish(tx, drawn, planning.results, now_us)

    await running.step(JobStatus.ACTIVE, change)
