"""S3ReplicateObject: versions of the manifest are made PENDING with replication tasks, which the replication lanes
deliver; a job's task is done when every destination of its version has settled.

A draw sets statuses, adds tasks and moves the job's place in the manifest in one command.
Source: S3 User Guide, "Replicating existing objects with Batch Replication"; "Amazon S3 replication failure reasons".
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from farshore.batch.job import JobMoved, RunningJob, all_or_first_error
from farshore.batch.job_role import JobRole
from farshore.batch.manifest_cursor import Draw, ManifestCursor
from farshore.metadata.store import Transaction
from farshore.model.batch import EMPTY_VERSION, NO_VERSION, Job, JobStatus, JobTask, ManifestRow, TaskResult
from farshore.model.buckets import Bucket
from farshore.model.objects import Version
from farshore.model.replication import FailureCode, ReplicationConfiguration, ReplicationStatus, ReplicationTask
from farshore.semantics.manifest_rows import decode_key
from farshore.service import access, outbox
from farshore.service.deployment import Request
from farshore.service.job_tasks import finish, not_replicated

IN_FLIGHT_MAX = 4096
"""Versions of a job that are on their way; beyond that it draws no more."""

DRAWN_AT_ONCE = 64
"""Versions that are planned in one command, during which others wait."""

DRAWS_AT_ONCE = 8
"""Commands that may share a flush."""

EMPTY_VERSION_MESSAGE = "Object versionID is invalid"
"""AWS's words for a row with an empty version id."""


async def replicate_objects(running: RunningJob) -> None:
    """Draw rows of an Active job until all are drawn and done. Raises JobMoved, StoreUnavailable."""
    cursor = ManifestCursor(running)
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
        draws = await cursor.next(job, [DRAWN_AT_ONCE] * DRAWS_AT_ONCE)
        role = running.role(job)
        await all_or_first_error(_draw(running, role, draw) for draw in draws)
        running.deployment.ring(running.region.name)


async def _draw(running: RunningJob, role: JobRole, draw: Draw) -> None:
    now_us = running.deployment.clock.now_us()

    def change(tx: Transaction, job: Job) -> Job:
        if (job.state.drawn_segments, job.state.drawn_rows) != draw.before:
            raise JobMoved  # The draw before this one did not happen.
        planning = _Planning(running, role, tx, job, now_us)
        for place, row in enumerate(draw.rows, draw.place):
            planning.take(place, row)
        tx.add_tasks(planning.tasks)
        tx.jobs.add_tasks(planning.waiting)
        segments, rows = draw.after
        job = msgspec.structs.replace(
            job,
            drawn=job.drawn + len(draw.rows),
            state=msgspec.structs.replace(job.state, drawn_segments=segments, drawn_rows=rows),
        )
        return finish(tx, job, planning.results, now_us)

    await running.step(JobStatus.ACTIVE, change)


@dataclass(slots=True)
class _Planning:
    """What one draw comes to. tasks: of replication; waiting: of the job; results: of rows that are done at once."""

    running: RunningJob
    role: JobRole
    tx: Transaction
    job: Job
    now_us: int
    tasks: list[ReplicationTask] = field(default_factory=list[ReplicationTask])
    waiting: list[JobTask] = field(default_factory=list[JobTask])
    results: list[TaskResult] = field(default_factory=list[TaskResult])
    _buckets: dict[str, Bucket | FailureCode] = field(default_factory=dict[str, "Bucket | FailureCode"])
    _asking: Request = field(init=False)

    def __post_init__(self) -> None:
        self._asking = self.role.request("InitiateReplication", {})

    def take(self, place: int, row: ManifestRow) -> None:
        """Plan one row of the manifest."""
        failed = self._plan(place, row)
        if failed is not None:
            self.results.append(failed)

    def _plan(self, place: int, row: ManifestRow) -> TaskResult | None:
        """The result of a row that fails at once."""
        if row.version == EMPTY_VERSION:
            return not_replicated(row, FailureCode.SRC_OBJECT_NOT_FOUND, EMPTY_VERSION_MESSAGE)
        bucket = self._bucket(row.bucket)
        if isinstance(bucket, FailureCode):
            return not_replicated(row, bucket)
        version = self._version(bucket, row)
        if isinstance(version, FailureCode):
            return not_replicated(row, version)
        if not self._may_initiate(bucket, version):
            return not_replicated(row, FailureCode.INITIATE_REPLICATION_NOT_PERMITTED)
        configuration = self._configuration(bucket)
        if configuration is None:
            return not_replicated(row, FailureCode.SRC_BUCKET_REPLICATION_CONFIG_MISSING)
        planned = outbox.plan_batch(configuration, version, self.now_us)
        if planned is None:
            return not_replicated(row, FailureCode.SRC_OBJECT_NOT_ELIGIBLE)
        if planned.tasks:
            self.tx.set_replication(version.row, planned.status, planned.destinations)
            self.tasks += planned.tasks
        self.waiting.append(
            JobTask(
                job=self.job.number,
                place=place,
                row=row,
                bucket_id=bucket.id,
                key=version.key,
                version_id=version.version_id,
                destinations=tuple(
                    state.bucket for state in planned.destinations if state.status is ReplicationStatus.PENDING
                ),
            )
        )
        return None

    def _bucket(self, name: str) -> Bucket | FailureCode:
        found = self._buckets.get(name)
        if found is None:
            found = self._buckets[name] = self._find_bucket(name)
        return found

    def _find_bucket(self, name: str) -> Bucket | FailureCode:
        bucket = self.tx.bucket(name)
        if bucket is None:
            elsewhere = self.running.deployment.directory.bucket_home(name) is not None
            return FailureCode.SRC_BUCKET_INVALID_REGION if elsewhere else FailureCode.SRC_BUCKET_NOT_FOUND
        return bucket

    def _may_initiate(self, bucket: Bucket, version: Version) -> bool:
        """Whether the job's role may do `s3:InitiateReplication` on the version."""
        return access.may(
            self._asking, self.running.region, bucket, "s3:InitiateReplication", key=version.key, version=version
        )

    def _configuration(self, bucket: Bucket) -> ReplicationConfiguration | None:
        return self.running.deployment.configurations.get(self.tx, bucket)

    def _version(self, bucket: Bucket, row: ManifestRow) -> Version | FailureCode:
        """The version that a row names; the current one where the manifest has no versions."""
        try:
            key = decode_key(row.key)
        except ValueError:
            return FailureCode.SRC_KEY_NOT_FOUND
        if row.version == NO_VERSION:
            return self.tx.current(bucket.id, key) or FailureCode.SRC_KEY_NOT_FOUND
        version = self.tx.version(bucket.id, key, row.version)
        if version is not None:
            return version
        known = self.tx.current(bucket.id, key) is not None
        return FailureCode.SRC_VERSION_NOT_FOUND if known else FailureCode.SRC_KEY_NOT_FOUND
