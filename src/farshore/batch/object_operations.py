"""Operations of jobs on single objects, as the job's role: tags, ACLs, copies, checksums.

A task is stored as being in flight before it is begun, and its result with its end in one command; a task that a crash
interrupted is begun again. A copy is made in the very command that ends its task, so that none is made twice; the rest
may be repeated without a difference.
Source: S3 User Guide, "Operations supported by S3 Batch Operations".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog

from farshore.batch.copying import check_target, copy
from farshore.batch.job import JobMoved, RunningJob
from farshore.batch.job_role import JobRole
from farshore.batch.manifest_cursor import Draw, ManifestCursor
from farshore.batch.object_task import ObjectTask
from farshore.batch.single_objects import compute_checksum, delete_tagging, put_acl, put_tagging
from farshore.blobs.store import BlobMissing
from farshore.metadata.store import Transaction
from farshore.model.batch import EMPTY_VERSION, Job, JobStatus, JobTask, ManifestRow, OperationName, TaskResult
from farshore.model.errors import InternalError, InvalidRequest, NoSuchKey, S3Error
from farshore.runtime.together import all_or_first_error
from farshore.semantics.manifest_rows import decode_key
from farshore.service.job_tasks import finish

DRAWN_AT_ONCE = 64
PERFORMED_AT_ONCE = 16

MISSING_VERSION = "Task failed due to missing VersionId"
"""AWS's words for a row with an empty version id."""

log = structlog.get_logger()

Perform = Callable[[JobRole, ObjectTask], Awaitable[str | None]]
"""Does an operation on one object and returns its ResultMessage; None when it has ended the task itself.

Raises S3Error; BlobMissing: the object's bytes are lost; StoreUnavailable, BlobsUnavailable.
"""

_PERFORMERS: Mapping[OperationName, Perform] = {
    OperationName.COPY: copy,
    OperationName.PUT_ACL: put_acl,
    OperationName.PUT_TAGGING: put_tagging,
    OperationName.DELETE_TAGGING: delete_tagging,
    OperationName.COMPUTE_CHECKSUM: compute_checksum,
}


async def operate_on_objects(running: RunningJob) -> None:
    """Draw and perform the tasks of an Active job until all are done.

    Raises:
        JobMoved, JobFails. StoreUnavailable, BlobsUnavailable: the tasks in flight are begun again the next time.
    """
    job = running.read()
    role = running.role(job)
    if job.request.operation is OperationName.COPY:
        check_target(role, job.request.parameters)
    cursor = ManifestCursor(running.region.metadata.reader.jobs, running.number)
    while not running.stop.is_set():
        job = running.read()
        left = running.region.metadata.reader.jobs.places(job.number, -1, DRAWN_AT_ONCE)
        if left:
            await _perform_all(running, role, job, {place: await cursor.row(place) for place in left})
        if job.status is not JobStatus.ACTIVE:
            raise JobMoved
        if left:
            continue
        draws = await cursor.draws(job, [DRAWN_AT_ONCE])
        if not draws:
            return
        await _draw(running, draws[0])


async def _draw(running: RunningJob, draw: Draw) -> None:
    tasks = [JobTask(job=running.number, place=draw.place + number) for number in range(len(draw.rows))]

    def change(tx: Transaction, job: Job) -> Job:
        assert job.drawn == draw.place, (job.id, job.drawn, draw.place)
        tx.jobs.add_tasks(tasks)
        return msgspec.structs.replace(job, drawn=job.drawn + len(tasks))

    await running.step(JobStatus.ACTIVE, change)


async def _perform_all(running: RunningJob, role: JobRole, job: Job, rows: Mapping[int, ManifestRow]) -> None:
    at_once = asyncio.Semaphore(PERFORMED_AT_ONCE)
    await all_or_first_error(_perform(running, role, job, place, row, at_once) for place, row in rows.items())


async def _perform(
    running: RunningJob, role: JobRole, job: Job, place: int, row: ManifestRow, at_once: asyncio.Semaphore
) -> None:
    async with at_once:
        now_us = running.deployment.clock.now_us()

        def end(tx: Transaction, result: TaskResult) -> None:
            still = tx.jobs.by_number(job.number)
            assert still is not None, job.id
            tx.jobs.remove_tasks([JobTask(job=job.number, place=place)])
            tx.jobs.put(finish(tx, still, [result], now_us))

        async def fail(error: S3Error) -> None:
            result = TaskResult(place, error.status, error.code, error.message)
            await running.write(lambda tx: end(tx, result))

        def end_well(tx: Transaction, message: str) -> None:
            end(tx, TaskResult(place, 200, "", message))

        try:
            message = await _PERFORMERS[job.request.operation](role, _object_task(job, row, end_well))
        except S3Error as error:
            await fail(error)
        except BlobMissing as missing:
            log.error("stored bytes are missing", job=job.id, bucket=row.bucket, key=row.key, blob=str(missing))
            await fail(InternalError())
        else:
            if message is not None:
                await running.write(lambda tx: end_well(tx, message))


def _object_task(job: Job, row: ManifestRow, end: Callable[[Transaction, str], None]) -> ObjectTask:
    if row.version == EMPTY_VERSION:
        raise InvalidRequest(MISSING_VERSION)
    try:
        key = decode_key(row.key)
    except ValueError:
        raise NoSuchKey(Key=row.key) from None
    return ObjectTask(
        bucket=row.bucket, key=key, version_id=row.version or None, parameters=job.request.parameters, end=end
    )
