"""A job under way: where it lives, and how its steps read and change it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from farshore.batch.job_role import SESSION, JobRole
from farshore.metadata.store import Transaction
from farshore.model.batch import Job, JobFailure, JobStatus
from farshore.runtime.together import first_of
from farshore.semantics.job_events import STATUS_CHANGED, job_event
from farshore.semantics.job_states import moved
from farshore.service.deployment import Deployment, Region
from farshore.service.roles import BATCH_SERVICE, NotAssumable, assume_role_as_service

LOOK_EVERY_S = 5.0
"""A job that waits looks at itself now and then: a call may be lost."""

T = TypeVar("T")

log = structlog.get_logger()


class JobMoved(Exception):  # noqa: N818 - named for what is so.
    """The job is not in the state any more in which the step was begun: it was cancelled, paused, failed."""


class JobFails(Exception):  # noqa: N818 - named for what is so.
    """The job cannot go on, for the reason that DescribeJob will show."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.failure = JobFailure(code, reason[:256])


@dataclass(frozen=True, slots=True)
class RunningJob:
    """One job on its way through its states, driven by one task of the event loop.

    news: set when something of the job may have changed. stop: the process ends.
    """

    deployment: Deployment
    region: Region
    number: int
    stop: asyncio.Event
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self) -> Job:
        job = self.region.metadata.reader.jobs.by_number(self.number)
        assert job is not None, self.number
        return job

    def role(self, job: Job) -> JobRole:
        """What the job acts as, by the role's policies as they are now. Raises JobFails when it cannot be assumed."""
        assumed = assume_role_as_service(
            self.deployment.identities,
            job.request.role_arn,
            source_account=job.account_id,
            source_arn=job.arn(self.region.name),
            service=BATCH_SERVICE,
            session_name=SESSION,
        )
        if isinstance(assumed, NotAssumable):
            raise JobFails("AssumeRoleNotPermitted", f"The job's role cannot be assumed: {assumed.detail}")
        return JobRole(self.deployment, self.region.name, assumed.principal, assumed.policies)

    async def write(self, command: Callable[[Transaction], T]) -> T:
        return await self.region.metadata.write(command)

    async def step(self, expected: JobStatus, change: Callable[[Transaction, Job], Job]) -> Job:
        """Change the job in one command.

        Raises:
            JobMoved: it is not in the expected state.
        """

        def command(tx: Transaction) -> Job:
            job = self.job_in(tx, expected)
            changed = change(tx, job)
            tx.jobs.put(changed)
            return changed

        return await self.write(command)

    def job_in(self, tx: Transaction, expected: JobStatus) -> Job:
        """Inside a command: the job. Raises JobMoved when it is not in the expected state."""
        job = tx.jobs.by_number(self.number)
        assert job is not None, self.number
        if job.status is not expected:
            raise JobMoved
        return job

    async def move(self, expected: JobStatus, status: JobStatus, *, failure: JobFailure | None = None) -> None:
        """Bring the job into its next state. Raises JobMoved."""
        now_us = self.deployment.clock.now_us()
        log_status(self.region, await self.step(expected, lambda _tx, job: moved(job, status, now_us, failure=failure)))

    async def wait(self, seconds: float = LOOK_EVERY_S) -> None:
        """Wait for news, the end, or the time. Clear `news` before looking at what is waited for."""
        await first_of(self.news, self.stop, within_s=seconds)


def log_status(region: Region, job: Job) -> None:
    """Tell that a job has come into another state."""
    log.info(
        "job changed its status",
        region=region.name,
        job=job.id,
        status=job.status.value,
        tasks=job.total,
        succeeded=job.succeeded,
        failed=job.failed,
        reasons=[failure.reason for failure in job.state.failures],
        job_event=job_event(STATUS_CHANGED, job, region.name, str(uuid.uuid4())),
    )
